"""Evaluating trees on arrays: parameters by broadcasting, decisions as blocks of matrix entries.

Nothing here works index by index. :meth:`Evaluator.constant` gives the values of a tree without decisions in a frame;
:meth:`Evaluator.entries` takes a linear tree apart into blocks of (row numbers, column numbers, coefficients).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation
from optimizer.solve.compile.frames import Frame, Structure
from optimizer.solve.compile.nodes import (
    Axis,
    Decision,
    Function,
    Index,
    Lookup,
    Negation,
    Node,
    Number,
    Param,
    Power,
    Product,
    Quotient,
    Sum,
    Total,
    axes_of_index,
    axes_used,
    holds_decision,
)
from optimizer.solve.linear_program import Block

_FUNCTIONS = {"abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}


class CompileError(ValueError):
    """Data that no linear program can be made of; the message names the limit, cost or decision."""


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

    @property
    def size(self) -> int:
        """Number of cells."""
        return prod(self.frame.sizes)

    def fill(self, rows: np.ndarray | None, columns: np.ndarray, values: np.ndarray) -> None:
        """Write the block into flat arrays of its size (no row numbers for costs)."""
        assert self.columns is not None
        sizes = self.frame.sizes
        if rows is not None:
            add_up(self.frame.row_parts(), rows.reshape(sizes))
        add_up(self.columns, columns.reshape(sizes))
        values.reshape(sizes)[...] = self.value


def add_up(parts: list[np.ndarray], out: np.ndarray) -> None:
    """The broadcast sum of ``parts`` into ``out``; only the last addition runs over the whole box."""
    if len(parts) < 2:
        out[...] = parts[0] if parts else 0
        return
    partial = parts[0]
    for part in parts[1:-1]:
        partial = partial + part
    np.add(partial, parts[-1], out=out, casting="same_kind")


class Evaluator:
    """Trees of one formulation on the arrays of one instance."""

    def __init__(self, formulation: Formulation, instance: Instance, columns: Mapping[str, Block]) -> None:
        self.formulation = formulation
        self.structure = Structure.of(formulation, instance)
        self.columns = columns
        self._params = instance.params
        self._encoded: dict[str, np.ndarray] = {}
        self.what = ""  # what is being compiled, for messages

    def fail(self, text: str) -> CompileError:
        """An error that names what is being compiled."""
        return CompileError(f"{self.what}: {text}")

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
        opened = self._opened(node, small)
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

    def entries(self, node: Node, frame: Frame, sign: float = 1.0) -> list[Entries]:
        """The blocks of a linear tree; parts without decisions come as constants."""
        out: list[Entries] = []
        with np.errstate(all="ignore"):  # what is not finite is refused by name below
            self._walk(node, frame, sign, (), out)
        return out

    def _walk(
        self, node: Node, frame: Frame, sign: float, factors: tuple[tuple[Node, bool], ...], out: list[Entries]
    ) -> None:
        """``factors`` are trees still to be multiplied in (or divided by: True), in whatever frame the leaf ends up."""
        if not holds_decision(node):
            out.append(self._entry(None, self.constant(node, frame), frame, sign, factors))
            return
        match node:
            case Decision(name, index):
                block = self._entry(self._column_parts(name, index, frame), None, frame, sign, factors)
                out.append(replace(block, first_column=self.columns[name].offset))
            case Sum(terms):
                for term in terms:
                    self._walk(term, frame, sign, factors, out)
            case Negation(term):
                self._walk(term, frame, -sign, factors, out)
            case Product(left, right):
                body, factor = (left, right) if holds_decision(left) else (right, left)
                self._walk(body, frame, sign, (*factors, (factor, False)), out)
            case Quotient(top, bottom):
                self._walk(top, frame, sign, (*factors, (bottom, True)), out)
            case Total(_, body):
                self._walk(body, self._opened(node, frame), sign, factors, out)
            case _:
                raise AssertionError(f"{node} is not linear")

    def _entry(
        self,
        columns: list[np.ndarray] | None,
        value: np.ndarray | None,
        frame: Frame,
        sign: float,
        factors: tuple[tuple[Node, bool], ...],
    ) -> Entries:
        for factor, divides in factors:
            other = self.constant(factor, frame)
            if divides:
                value = 1.0 / other if value is None else value / other
            else:
                value = other if value is None else value * other
        if value is None:
            value = np.full((1,) * len(frame.sizes), sign)
        elif sign != 1.0:
            value = value * sign
        if prod(frame.sizes) and not np.isfinite(value).all():
            raise self.fail("a coefficient is not finite: a parameter is inf or nan, or a division by zero")
        return Entries(frame, columns, value)

    def _column_parts(self, name: str, index: tuple[Index, ...], frame: Frame) -> list[np.ndarray]:
        block, axes = self.columns[name], self.formulation.decisions[name].axes
        parts = [np.full((1,) * len(frame.sizes), block.offset, np.int32)]
        for i, (item, axis) in enumerate(zip(index, axes, strict=True)):
            stride = np.int32(prod(block.shape[i + 1 :]))
            parts.append(self._positions(item, axis, frame) * stride)
        parts.sort(key=lambda part: part.size)
        return parts

    # -- indices

    def _opened(self, node: Total, frame: Frame) -> Frame:
        for loop in node.loops:
            if loop.key is None:
                frame = frame.opened(loop.number, loop.over, self.structure.sizes[loop.over])
                continue
            relation = self.structure.relations[loop.over]
            small, axes = frame.part(axes_of_index(loop.key))
            keys = np.zeros(small.sizes, np.int64)
            for item, axis in zip(loop.key, relation.key, strict=True):
                keys = keys * self.structure.sizes[axis] + self._positions(item, axis, small)
            frame = frame.paired(loop.number, relation, axes, keys.ravel())
        return frame

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
