"""Evaluating trees on arrays: parameters by broadcasting, decisions as blocks of matrix entries.

Nothing here works index by index. :meth:`Evaluator.constant` gives the values of a tree without decisions in a frame;
:meth:`Evaluator.entries` takes a linear tree apart into blocks of (row numbers, column numbers, coefficients), each
a few vectors and one small array of values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from kernels.csr import Grid
from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation
from optimizer.solve.compile.frames import Frame, Structure
from optimizer.solve.compile.nodes import (
    Axis,
    Decision,
    Function,
    Index,
    Lookup,
    Loop,
    Negation,
    Node,
    Number,
    Param,
    Power,
    Product,
    Quotient,
    Sum,
    Term,
    Total,
    axes_of_index,
    axes_used,
)
from optimizer.solve.linear_program import Block

LONG = 64  # of axes at least this long the last is the inner one of a block: neighbours there are neighbours in memory
_FUNCTIONS = {"abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}


class CompileError(ValueError):
    """Data that no linear program can be made of; the message names the limit, cost or decision."""


class NeverHoldsError(CompileError):
    """A row that no decision can change, and that is false: the data admit no plan."""


@dataclass(frozen=True)
class Entries:
    """One block in a frame: coefficients of columns, or, where ``columns`` is None, constants.

    ``columns`` are broadcastable arrays whose sum is the column number of every cell; ``value`` broadcasts too.
    ``first_column`` is where the decision's columns begin.
    """

    frame: Frame
    columns: list[np.ndarray] | None
    value: np.ndarray
    first_column: int = -1

    def grid(self, with_rows: bool = True) -> Grid:
        """The block for the kernels; without rows (costs) every cell stands in row 0.

        Along its inner axis rows and columns step alike wherever the other axes stand. Where there is no such axis, all
        cells are outer ones.
        """
        assert self.columns is not None
        sizes = self.frame.sizes
        rows = self.frame.row_parts() if with_rows else []
        inner = _inner_axis(sizes, [*rows, *self.columns])
        outer = tuple(1 if axis == inner else size for axis, size in enumerate(sizes))
        values = np.ascontiguousarray(self.value, np.float64)
        steps = [0 if n == 1 else prod(values.shape[axis + 1 :]) for axis, n in enumerate(values.shape)]
        offsets = [
            self.frame.along(axis, np.arange(size) * steps[axis])
            for axis, size in enumerate(sizes)
            if steps[axis] and axis != inner
        ]
        return Grid(
            *_split(rows, inner, sizes, outer),
            *_split(self.columns, inner, sizes, outer),
            values.ravel(),
            add_up(offsets, np.empty(outer, np.int64)).ravel(),
            0 if inner is None else steps[inner],
        )


def _inner_axis(sizes: tuple[int, ...], parts: list[np.ndarray]) -> int | None:
    tangled: set[int] = set()
    for part in parts:
        varying = [axis for axis, size in enumerate(part.shape) if size != 1]  # an axis without members is one too
        if len(varying) > 1:
            tangled.update(varying)
    free = [axis for axis in range(len(sizes)) if axis not in tangled]
    return max(free, key=lambda axis: (min(sizes[axis], LONG), axis), default=None)


def _split(
    parts: list[np.ndarray], inner: int | None, sizes: tuple[int, ...], outer: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The sum of ``parts`` as the sum of a vector over the outer cells and one along the inner axis."""
    along, others = [], []
    for part in parts:
        if inner is None or part.shape[inner] == 1:
            others.append(part)
        else:
            along.append(part.ravel())
    across = add_up(along, np.empty(1 if inner is None else sizes[inner], np.int32))
    return add_up(others, np.empty(outer, np.int32)).ravel(), across


def add_up(parts: list[np.ndarray], out: np.ndarray) -> np.ndarray:
    """The broadcast sum of ``parts`` into ``out``; only the last addition runs over the whole box."""
    if len(parts) < 2:
        out[...] = parts[0] if parts else 0
        return out
    partial = parts[0]
    for part in parts[1:-1]:
        partial = partial + part
    np.add(partial, parts[-1], out=out, casting="same_kind")
    return out


class Evaluator:
    """Trees of one formulation on the arrays of one instance."""

    def __init__(self, formulation: Formulation, instance: Instance, columns: Mapping[str, Block]) -> None:
        self.formulation = formulation
        self.structure = Structure.of(formulation, instance)
        self.columns = columns
        self._params = instance.params
        self._encoded: dict[str, np.ndarray] = {}
        self.what = ""  # what is being compiled, for messages

    def fail(self, text: str, kind: type[CompileError] = CompileError) -> CompileError:
        """An error that names what is being compiled."""
        return kind(f"{self.what}: {text}")

    def param(self, name: str) -> np.ndarray:
        """The array of a parameter; :class:`CompileError` when it is missing or misshapen."""
        record = self.formulation.params[name]
        values, shape = self._params.get(name), self.structure.shape(record.axes)
        if values is None:
            raise self.fail(f"the instance holds no '{name}'")
        if values.shape != shape:
            raise self.fail(f"'{name}' has shape {values.shape}, but '{' '.join(record.axes)}' is {shape}")
        return values

    # -- trees without decisions

    def spread(self, node: Node, frame: Frame) -> np.ndarray:
        """Values of a tree without decisions at every cell of the frame, flat."""
        return np.broadcast_to(self.constant(node, frame), frame.sizes).ravel()

    def constant(self, node: Node, frame: Frame) -> np.ndarray:
        """Values of a tree without decisions, broadcastable in the frame."""
        match node:
            case Number(value):
                return np.full((1,) * len(frame.sizes), value)
            case Param(name, index):
                return self._gather(self.param(name), self.formulation.params[name].axes, index, frame)
            case Sum(terms):
                total = self.constant(terms[0], frame)
                for term in terms[1:]:
                    total = total + self.constant(term, frame)
                return total
            case Product(left, right):
                return self.constant(left, frame) * self.constant(right, frame)
            case Quotient(top, bottom):
                return self.constant(top, frame) / self.constant(bottom, frame)
            case Negation(term):
                return -self.constant(term, frame)
            case Power(base, exponent):
                return self.constant(base, frame) ** self.constant(exponent, frame)
            case Function(name, argument):
                values: np.ndarray = _FUNCTIONS[name](self.constant(argument, frame))
                return values
            case Total():
                return self._constant_total(node, frame)
            case _:
                raise AssertionError(f"{node} holds a decision")

    def _constant_total(self, node: Total, frame: Frame) -> np.ndarray:
        """A sum of parameters, made in the box of only those axes that it uses."""
        small, axes = frame.part(axes_used(node))
        opened = self._opened(node.loops, {(): small})
        values = np.broadcast_to(self.constant(node.body, opened), opened.sizes)
        if opened.sizes[: len(small.sizes)] == small.sizes and len(opened.sizes) == len(small.sizes) + len(node.loops):
            summed = values.sum(axis=tuple(range(len(small.sizes), len(opened.sizes))))
        else:
            summed = sum_by_row(opened, values, prod(small.sizes)).reshape(small.sizes)
        shape = [1] * len(frame.sizes)
        for axis, size in zip(axes, small.sizes, strict=True):
            shape[axis] = size
        return np.asarray(summed).reshape(shape)

    # -- linear trees

    def entries(self, terms: tuple[Term, ...], frame: Frame) -> list[Entries]:
        """The blocks of some terms; those without decisions come as constants."""
        frames: dict[tuple[Loop, ...], Frame] = {(): frame}
        with np.errstate(all="ignore"):  # what is not finite is refused by name below
            return [self._entry(term, self._opened(term.loops, frames)) for term in terms]

    def _entry(self, term: Term, frame: Frame) -> Entries:
        ones = (1,) * len(frame.sizes)
        columns, first_column = None, -1
        factors = [(self.constant(factor.node, frame), factor.divides) for factor in term.factors]
        if isinstance(term.leaf, Decision):
            first_column = self.columns[term.leaf.name].offset
            columns = self._column_parts(term.leaf.name, term.leaf.index, frame)
            value = np.full(ones, term.sign)
        else:
            value = self.constant(term.leaf, frame) * term.sign
        factors.sort(key=lambda factor: factor[0].size)  # few passes over the whole box
        for other, divides in factors:
            value = value / other if divides else value * other
        # A sum is finite only if all it adds are; it needs no array of its own.
        if prod(frame.sizes) and not np.isfinite(value.sum()) and not np.isfinite(value).all():
            raise self.fail("a coefficient is not finite: a parameter is inf or nan, or a division by zero")
        return Entries(frame, columns, value, first_column)

    def _column_parts(self, name: str, index: tuple[Index, ...], frame: Frame) -> list[np.ndarray]:
        block, axes = self.columns[name], self.formulation.decisions[name].axes
        parts = [np.full((1,) * len(frame.sizes), block.offset, np.int32)]
        stride = 1
        for item, axis in zip(reversed(index), reversed(axes), strict=True):
            positions = self._positions(item, axis, frame)
            parts.append(positions if stride == 1 else positions * np.int32(stride))
            stride *= self.structure.sizes[axis]
        parts.sort(key=lambda part: part.size)
        return parts

    # -- indices

    def _opened(self, loops: tuple[Loop, ...], frames: dict[tuple[Loop, ...], Frame]) -> Frame:
        """The frame with some loops opened; ``frames`` holds those that are open already, and grows."""
        if loops in frames:
            return frames[loops]
        frame, loop = self._opened(loops[:-1], frames), loops[-1]
        if loop.key is None:
            frames[loops] = frame.opened(loop.number, loop.over, self.structure.sizes[loop.over])
            return frames[loops]
        relation = self.structure.relations[loop.over]
        small, axes = frame.part(axes_of_index(loop.key))
        keys = np.zeros(small.sizes, np.int64)
        for item, axis in zip(loop.key, relation.key, strict=True):
            keys = keys * self.structure.sizes[axis] + self._positions(item, axis, small)
        frames[loops] = frame.paired(loop.number, relation, axes, keys.ravel())
        return frames[loops]

    def _positions(self, item: Index, wanted: str, frame: Frame) -> np.ndarray:
        """Positions in the set ``wanted`` that an index takes, broadcastable in the frame."""
        if isinstance(item, Axis):
            bound = frame.bound[item.number]
            given, positions = bound.over, frame.along(bound.axis, frame.positions(item.number))
        else:
            record = self.formulation.params[item.name]
            assert record.of is not None
            given = record.of
            positions = self._gather(self._lookup(item), record.axes, item.index, frame)
        places = self.structure.translate(positions, given, wanted)
        if places is not positions and places.size and prod(frame.sizes) and places.min() < 0:
            label = self.structure.labels((given,), int(positions.ravel()[places.ravel().argmin()]))[0]
            raise self.fail(f"{label!r} of set '{given}' is used as an index of '{wanted}', but is no member of it")
        return places

    def _lookup(self, item: Lookup) -> np.ndarray:
        """A lookup's labels as positions in the set that they belong to."""
        if item.name in self._encoded:
            return self._encoded[item.name]
        labels, of = self.param(item.name), self.formulation.params[item.name].of
        assert of is not None
        try:
            places = self.structure.encode(of, labels.ravel().tolist()).reshape(labels.shape)
            return self._encoded.setdefault(item.name, places)
        except KeyError as error:
            raise self.fail(f"lookup '{item.name}' holds {error.args[0]!r}, which is no member of '{of}'") from error

    def _gather(self, values: np.ndarray, axes: tuple[str, ...], index: tuple[Index, ...], frame: Frame) -> np.ndarray:
        """``values[index]`` in the frame.

        Dimensions whose index runs over the whole set in its order stay slices (views, long runs); the others are
        picked by position.
        """
        if not axes:
            return values.reshape((1,) * len(frame.sizes))
        whole: list[tuple[int, int]] = []  # (dimension, axis of the frame)
        picked: list[int] = []
        used: set[int] = set()
        for d, (item, name) in enumerate(zip(index, axes, strict=True)):
            bound = frame.bound[item.number] if isinstance(item, Axis) else None
            if bound is not None and bound.positions is None and bound.over == name:
                whole.append((d, bound.axis))
            else:
                picked.append(d)
                used |= {frame.bound[number].axis for number in axes_of_index((item,))}
        for d, axis in list(whole):
            if axis in used or [a for _, a in whole].count(axis) > 1:
                whole.remove((d, axis))
                picked.append(d)
                used.add(axis)
        order = [*sorted(used), *(axis for _, axis in whole)]
        out = values.transpose([*picked, *(d for d, _ in whole)])
        if picked:
            positions = [self._positions(index[d], axes[d], frame) for d in picked]
            out = out[tuple(p.reshape([p.shape[axis] for axis in sorted(used)]) for p in positions)]
        out = out.transpose(np.argsort(order))
        shape = [1] * len(frame.sizes)
        for axis in order:
            shape[axis] = frame.sizes[axis]
        return out.reshape(shape)


def sum_by_row(frame: Frame, values: np.ndarray, num_row: int) -> np.ndarray:
    """Values at the cells of a frame added up by row number."""
    rows = np.empty(frame.sizes, np.int64)
    add_up(frame.row_parts(), rows)
    return np.bincount(rows.ravel(), np.broadcast_to(values, frame.sizes).ravel(), num_row)
