"""What could give way where there is no plan: limits and bounds that state a number of the scenario.

Rows and bounds are gathered into groups as a planner would name them: one for each family, place and period, over all
hours together, and for the direction in which the stated number would have to move. A row states a number where its
right-hand side (or a parameter that its record names) has an origin in the scenario. Balances, bookkeeping between
decisions and bounds at zero by nature state none and stay hard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation
from optimizer.solve.certificate import LpArrays
from optimizer.solve.compile.nodes import RowTemplate, holds_decision, names_read
from optimizer.solve.compile.templates import templates_of
from optimizer.solve.linear_program import Block, LinearProgram
from optimizer.solve.relief import HOURS

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Direction = Literal["larger", "smaller"]


@dataclass(frozen=True)
class StatedLimit:
    """A group in words: what the scenario states, where, and which way it would have to move.

    ``records``: the limits and decisions (for their bounds) in it. ``params``: the parameters that state the number,
    ``origin``: the keys of the scenario behind them. Both are empty for a limit that follows from others (a balance).
    ``size``: the number as it stands, in ``per``; the largest over the hours.
    """

    family: str
    direction: Direction
    axes: tuple[str, ...]
    labels: tuple[Label, ...]
    per: str
    records: tuple[str, ...]
    params: tuple[str, ...]
    origin: tuple[str, ...]
    size: float


@dataclass(frozen=True)
class Members:
    """Rows or bounds of columns, each in a group. ``sign``: what one unit of relief adds to the left side."""

    group: Whole
    at: Whole
    sign: Floats

    def of(self, groups: NDArray[np.bool_]) -> Members:
        """Those of some groups, a mask over all groups."""
        chosen = groups[self.group]
        return Members(self.group[chosen], self.at[chosen], self.sign[chosen])

    def joined(self, more: Members) -> Members:
        """These and more."""
        return Members(
            np.concatenate([self.group, more.group]),
            np.concatenate([self.at, more.at]),
            np.concatenate([self.sign, more.sign]),
        )

    @staticmethod
    def none() -> Members:
        """No members."""
        return Members(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


class _Key(NamedTuple):
    """What groups of one kind share. ``origin`` is the first key of the scenario behind them, ``hard`` the record of a
    row that states nothing; the other one of the two is empty."""

    family: str
    origin: str
    hard: str
    direction: Direction
    axes: tuple[str, ...]
    per: str


@dataclass
class _Kind:
    """Groups of one kind, numbered from ``first`` on over ``shape``."""

    key: _Key
    first: int
    shape: tuple[int, ...]
    records: dict[str, None]
    params: dict[str, None]

    @property
    def span(self) -> slice:
        return slice(self.first, self.first + prod(self.shape))


class SoftLimits:
    """The groups of a linear program and their members.

    Attributes:
        count: number of groups. rows, bounds: their members; a bound with sign +1 is a lower one, with -1 an upper one.
        size: largest stated number of each group, (count,); where it is zero, what is usual among its like.
        nought: whether all that a group states is zero, (count,).
        hard: whether a group states no number of the scenario, (count,).

    Args:
        lp: arrays whose first rows and columns are those of ``blocks``; later rows are the user's own cuts.
        everything: take in rows that state nothing as well, each hour by itself.
    """

    def __init__(
        self,
        formulation: Formulation,
        instance: Instance,
        lp: LpArrays,
        blocks: LinearProgram,
        everything: bool = False,
    ) -> None:
        self._instance, self._formulation = instance, formulation
        self._kinds: dict[_Key, _Kind] = {}
        self.count = 0
        self._rows: list[tuple[Whole, Whole, Floats]] = []
        self._bounds: list[tuple[Whole, Whole, Floats]] = []
        self._sizes: list[tuple[Whole, Floats]] = []
        stated = stated_params(formulation)
        for name, limit in formulation.limits.items():
            block, params = blocks.rows[name], stated[name]
            if params or everything:
                low, high = lp.row_lower[block.span], lp.row_upper[block.span]
                self._enter(self._rows, block, limit.family, limit.per, name, params, low, high)
        for name, decision in formulation.decisions.items():
            block = blocks.columns[name]
            none = np.full(block.size, np.inf)
            for param, low, high in (
                (decision.lower, lp.col_lower[block.span], none),
                (decision.upper, -none, lp.col_upper[block.span]),
            ):
                if param is not None and formulation.params[param].origin:
                    self._enter(self._bounds, block, decision.family or name, decision.unit, name, (param,), low, high)
        own = np.arange(blocks.num_row, len(lp.row_lower))
        if len(own):
            cut = Block(blocks.num_row, (len(own),), ("cut",))
            low, high = lp.row_lower[own], lp.row_upper[own]
            self._enter(self._rows, cut, "cut", "unit", "cut", ("cut",), low, high)
        self.rows, self.bounds = _joined(self._rows), _joined(self._bounds)
        self.size = self._size()
        self.nought = self._plain_size == 0.0
        self.hard = self.where(lambda family, origin: not origin)

    def limit(self, group: int) -> StatedLimit:
        """A group in words."""
        kind = next(kind for kind in self._kinds.values() if kind.span.start <= group < kind.span.stop)
        key, known = kind.key, self._formulation.params
        position = np.unravel_index(group - kind.first, kind.shape) if kind.shape else ()
        labels = tuple(
            int(i) + 1 if axis == "cut" else self._instance.sets[axis][int(i)]
            for axis, i in zip(key.axes, position, strict=True)
        )
        origin = dict.fromkeys(word for name in kind.params if name in known for word in known[name].origin)
        return StatedLimit(
            key.family, key.direction, key.axes, labels, key.per, tuple(kind.records), tuple(kind.params),
            tuple(origin), float(self._plain_size[group]),
        )  # fmt: skip

    def where(self, asked: Callable[[str, str], bool]) -> NDArray[np.bool_]:
        """The groups for which ``asked(family, first key of the scenario)`` is true, a mask over all."""
        found = np.zeros(self.count, bool)
        for kind in self._kinds.values():
            found[kind.span] = asked(kind.key.family, kind.key.origin)
        return found

    def _enter(
        self,
        into: list[tuple[Whole, Whole, Floats]],
        block: Block,
        family: str,
        per: str,
        record: str,
        params: tuple[str, ...],
        low: Floats,
        high: Floats,
    ) -> None:
        """Let the finite ends of a block join their groups. A lower end gives way downwards, an upper end upwards.

        An equation has both ends. A lower bound of zero is no statement.
        """
        ends: tuple[tuple[Direction, float, Floats], ...] = (("smaller", 1.0, low), ("larger", -1.0, high))
        for direction, sign, end in ends:
            members = np.flatnonzero(np.isfinite(end) & ((end != 0.0) | (sign < 0) | (into is self._rows)))
            if not len(members):
                continue
            flat = members if block.kept is None else block.kept[members]
            index = np.unravel_index(flat, block.shape) if block.axes else ()
            kept = [i for i, axis in enumerate(block.axes) if not params or axis not in HOURS]
            axes, shape = tuple(block.axes[i] for i in kept), tuple(block.shape[i] for i in kept)
            known = self._formulation.params
            origin = next((known[p].origin[0] if p in known else p for p in params), "")
            key = _Key(family, origin, "" if params else record, direction, axes, per)
            if key not in self._kinds:
                self._kinds[key] = _Kind(key, self.count, shape, {}, {})
                self.count += prod(shape)
            kind = self._kinds[key]
            kind.records[record] = None
            kind.params.update(dict.fromkeys(params))
            place = np.ravel_multi_index([index[i] for i in kept], shape) if kept else np.zeros(len(flat), np.int64)
            group = kind.first + place.astype(np.int64)
            into.append((group, block.offset + members, np.full(len(members), sign)))
            self._sizes.append((group, np.abs(end[members])))

    def _size(self) -> Floats:
        size = np.zeros(self.count)
        for group, value in self._sizes:
            np.maximum.at(size, group, value)
        self._plain_size = size.copy()
        for kind in self._kinds.values():  # a limit of zero is measured by its like, else by others in its unit
            span, unit = kind.span, kind.key.per.replace("/", " ").split()[:1]
            if (self._plain_size[span] > 0.0).all():
                continue
            for like in (
                [kind],
                [other for other in self._kinds.values() if other.key.per.replace("/", " ").split()[:1] == unit],
            ):
                some = np.concatenate([self._plain_size[other.span] for other in like])
                if (some > 0.0).any():
                    size[span] = np.where(size[span] > 0.0, size[span], some[some > 0.0].min())
                    break
        return np.where(size > 0.0, size, 1.0)


def stated_params(formulation: Formulation) -> Mapping[str, tuple[str, ...]]:
    """By limit, the parameters with an origin that state how tight it is; none for balances and bookkeeping."""
    known, found = formulation.params, {}
    for name, template in templates_of(formulation).rows.items():
        limit = formulation.limits[name]
        read = [] if limit.balance else [*limit.states, *_constant_part(template)]
        found[name] = tuple(dict.fromkeys(p for p in read if p in known and known[p].origin))
    return found


def _constant_part(template: RowTemplate) -> Sequence[str]:
    """Names read by the parts of a row that hold no decision."""
    nodes = [node for node in (template.lower, template.upper) if node is not None]
    for term in template.terms:
        if not holds_decision(term.leaf):
            nodes += [term.leaf, *(factor.node for factor in term.factors)]
    return [name for node in nodes for name in names_read(node)]


def _joined(parts: list[tuple[Whole, Whole, Floats]]) -> Members:
    if not parts:
        return Members.none()
    return Members(*(np.concatenate(part) for part in zip(*parts, strict=True)))
