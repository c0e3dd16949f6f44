"""The irreducible conflict: limits that cannot hold together, while any of them left out lets the others hold.

The certified relaxation (diagnosis.py) ends in duals that prove that there is no plan: the rows and bounds with a dual
contradict each other by themselves. That is a small linear program. A deletion filter then leaves out one group of
limits after the other (a limit or bound at one place and period, all its hours together); what stays infeasible
without it stays without it. What is left is irreducible over groups. Decisions being at least zero, or at zero where
nothing can be, is nature and no member.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation
from optimizer.solve.diagnosis import Elastic
from optimizer.solve.engine import Engine
from optimizer.solve.linear_program import Block
from optimizer.solve.options import SolverOptions
from optimizer.solve.relief import HOURS
from optimizer.solve.roads import Road
from optimizer.solve.soft_limits import stated_params

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOUGHT = 1e-9  # duals below this share of the largest prove nothing
COLD = Road("simplex", True, False, "is there any plan at all?")
AGAIN = Road("simplex", True, True, "is there any plan without this limit?")


@dataclass(frozen=True)
class Member:
    """A limit (or a bound of a decision) at one place and period, as part of a conflict.

    ``side``: which end holds: ``"at least"``, ``"at most"`` or ``"equal"``. ``asked``: from the least to the most that
    the end states over ``hours`` rows, in ``per``. ``origin``: the scenario's keys behind it; empty for balances.
    """

    record: str
    family: str
    side: str
    axes: tuple[str, ...]
    labels: tuple[Label, ...]
    per: str
    asked: tuple[float, float]
    hours: int
    params: tuple[str, ...]
    origin: tuple[str, ...]


@dataclass(frozen=True)
class _End:
    """One end of rows or columns that takes part: positions in the LP, +1 for a lower end and -1 for an upper one."""

    is_row: bool
    at: Whole
    sign: Floats
    group: Whole


@dataclass
class _Arrays:
    """A linear program, by rows."""

    col_lower: Floats
    col_upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int64]
    index: NDArray[np.int32]
    value: Floats


def irreducible(formulation: Formulation, instance: Instance, elastic: Elastic) -> tuple[Member, ...]:
    """One irreducible conflict of the LP behind a relaxation, stated limits first; empty where its duals prove none."""
    rows, columns = _support(elastic)
    nature = _nature(formulation, elastic)
    part, row_of, column_of = _part(elastic, rows, columns, nature)
    groups = _Groups(formulation, instance, elastic, rows, columns, nature)
    kept = _filtered(part, groups, row_of, column_of)
    members = [groups.member(int(g)) for g in np.flatnonzero(kept)]
    return tuple(sorted(members, key=lambda member: (not member.origin, member.family)))


def _nature(formulation: Formulation, elastic: Elastic) -> tuple[Mask, Mask]:
    """Lower and upper bounds of zero that nobody has stated, each (num_col,)."""
    lower, upper = elastic.arrays.col_lower == 0.0, elastic.arrays.col_upper == 0.0
    for name, block in elastic.lp.columns.items():
        param = formulation.decisions[name].upper
        if param is not None and formulation.params[param].origin:
            upper[block.span] = False
    return lower, upper


def _support(elastic: Elastic) -> tuple[Floats, Floats]:
    """Duals of the rows and bounds that the proof leans on, with zeros elsewhere; the sign says which end."""
    arrays, y, z = elastic.arrays, elastic.solution.y, elastic.solution.z
    rows = y[: len(arrays.row_lower)].copy()
    columns = z[: len(arrays.col_lower)].copy()
    lp = elastic.session.lp
    for row in elastic.bound_rows.at:  # bounds that stand in rows
        column = lp.index[lp.start[row]]
        columns[column] += y[row]
    size = max(np.abs(rows).max(initial=0.0), np.abs(columns).max(initial=0.0))
    rows[np.abs(rows) <= NOUGHT * size] = 0.0
    columns[np.abs(columns) <= NOUGHT * size] = 0.0
    return rows, columns


def _part(elastic: Elastic, rows: Floats, columns: Floats, nature: tuple[Mask, Mask]) -> tuple[_Arrays, Whole, Whole]:
    """The LP of the rows in the proof and the columns in them; where each row and column went, -1 for nowhere."""
    lp = elastic.arrays
    chosen = np.flatnonzero(rows)
    counts = np.diff(lp.start)[chosen]
    entries = np.concatenate([np.arange(lp.start[r], lp.start[r + 1]) for r in chosen] or [np.empty(0, np.int64)])
    used, index = np.unique(lp.index[entries], return_inverse=True)
    row_of, column_of = np.full(len(rows), -1, np.int64), np.full(len(columns), -1, np.int64)
    row_of[chosen], column_of[used] = np.arange(len(chosen)), np.arange(len(used))
    low, high = lp.col_lower[used], lp.col_upper[used]
    return (
        _Arrays(
            np.where((columns[used] > 0) | nature[0][used], low, -np.inf),
            np.where((columns[used] < 0) | nature[1][used], high, np.inf),
            np.where(rows[chosen] > 0, lp.row_lower[chosen], -np.inf),
            np.where(rows[chosen] < 0, lp.row_upper[chosen], np.inf),
            np.concatenate([[0], np.cumsum(counts)]),
            index.astype(np.int32),
            lp.value[entries],
        ),
        row_of,
        column_of,
    )


class _Groups:
    """Ends by limit or decision, place and period."""

    def __init__(
        self,
        formulation: Formulation,
        instance: Instance,
        elastic: Elastic,
        rows: Floats,
        columns: Floats,
        nature: tuple[Mask, Mask],
    ) -> None:
        self._formulation, self._instance, self._elastic = formulation, instance, elastic
        self._kinds: list[tuple[str, bool, Block, tuple[int, ...], int]] = []  # record, is_row, block, kept axes, first
        self.ends: list[_End] = []
        self.count = 0
        lp = elastic.lp
        for name, block in lp.rows.items():
            self._enter(name, True, block, rows, np.ones(block.size, bool))
        for name, block in lp.columns.items():
            lower, upper = (mask[block.span] for mask in nature)
            self._enter(name, False, block, columns, ~np.where(columns[block.span] > 0, lower, upper))
        cuts = np.arange(lp.num_row, len(rows))
        if len(cuts):
            self._enter("cut", True, Block(lp.num_row, (len(cuts),), ("cut",)), rows, np.ones(len(cuts), bool))

    def _enter(self, name: str, is_row: bool, block: Block, duals: Floats, counts: Mask) -> None:
        members = np.flatnonzero((duals[block.span] != 0.0) & counts)
        if not len(members):
            return
        flat = members if block.kept is None else block.kept[members]
        index = np.unravel_index(flat, block.shape) if block.axes else ()
        kept = tuple(i for i, axis in enumerate(block.axes) if axis not in HOURS)
        shape = tuple(block.shape[i] for i in kept)
        place = np.ravel_multi_index([index[i] for i in kept], shape) if kept else np.zeros(len(flat), np.int64)
        at = block.offset + members
        self.ends.append(_End(is_row, at, np.sign(duals[at]), self.count + place.astype(np.int64)))
        self._kinds.append((name, is_row, block, kept, self.count))
        self.count += prod(shape)

    def member(self, group: int) -> Member:
        """A group in words."""
        at = max(i for i, kind in enumerate(self._kinds) if kind[-1] <= group)
        (name, is_row, block, kept, first), end = self._kinds[at], self.ends[at]
        chosen = end.at[end.group == group]
        signs = end.sign[end.group == group]
        arrays, known = self._elastic.arrays, self._formulation.params
        low, high = (arrays.row_lower, arrays.row_upper) if is_row else (arrays.col_lower, arrays.col_upper)
        stated = np.where(signs > 0, low[chosen], high[chosen])
        equal = is_row and bool((low[chosen] == high[chosen]).all())
        side = "equal" if equal else "at least" if (signs > 0).all() else "at most"
        shape = tuple(block.shape[i] for i in kept)
        position = np.unravel_index(group - first, shape) if kept else ()
        axes = tuple(block.axes[i] for i in kept)
        labels = tuple(
            int(i) + 1 if axis == "cut" else self._instance.sets[axis][int(i)]
            for axis, i in zip(axes, position, strict=True)
        )
        params: tuple[str, ...]
        if name == "cut":
            family, per, params = "cut", "unit", ("cut",)
        elif is_row:
            limit = self._formulation.limits[name]
            family, per, params = limit.family, limit.per, stated_params(self._formulation)[name]
        else:
            decision = self._formulation.decisions[name]
            named = decision.lower if (signs > 0).all() else decision.upper
            family, per, params = decision.family or name, decision.unit, (named,) if named else ()
        origin = tuple(dict.fromkeys(key for p in params if p in known for key in known[p].origin))
        asked = (float(stated.min()), float(stated.max()))
        return Member(name, family, side, axes, labels, per, asked, len(chosen), params, origin)


def _filtered(part: _Arrays, groups: _Groups, row_of: Whole, column_of: Whole) -> Mask:
    """The groups that an irreducible conflict holds, (groups.count,); none where the part turns out to be feasible."""
    present = np.zeros(groups.count, bool)
    engine = Engine(part, np.zeros(len(part.col_lower)), SolverOptions())
    if engine.run(COLD).status != "Infeasible":
        return present
    places: dict[int, list[tuple[bool, NDArray[np.int32]]]] = {}
    for end in groups.ends:
        where = (row_of if end.is_row else column_of)[end.at]
        for group in np.unique(end.group):
            at = where[(end.group == group) & (where >= 0)].astype(np.int32)
            if len(at):
                places.setdefault(int(group), []).append((end.is_row, at))
    # Balances go last: a conflict told in limits that somebody has stated is the better one.
    for group, ends in sorted(places.items(), key=lambda item: not any(is_row for is_row, _ in item[1])):
        for is_row, at in ends:
            free = np.full(len(at), np.inf)
            (engine.change_row_bounds if is_row else engine.change_col_bounds)(at, -free, free)
        if engine.run(AGAIN).status == "Infeasible":
            continue
        present[group] = True
        for is_row, at in ends:
            if is_row:
                engine.change_row_bounds(at, part.row_lower[at], part.row_upper[at])
            else:
                engine.change_col_bounds(at, part.col_lower[at], part.col_upper[at])
    return present
