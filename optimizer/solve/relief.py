"""Relief columns: what one more unit of a limit is worth, at one place and in one period, over all hours together.

A family is many rows: every hour of a year, the rate of the queue and the bound on what can be built. A relief column
enters them all: one unit of it loosens each by one. Fixed at zero it changes nothing, and minus its reduced cost is the
price of the family there, also where several of its limits hold back the same thing and each alone is worth nothing.
Its upper bound is the ladder of relief, and with a cost and no bound it says by how much the family would have to give
way for a plan to exist.

    a x <= b  becomes  a x - r <= b          a x >= b  becomes  a x + r >= b          a x == b  becomes  a x + r == b

Bounds of decisions that belong to the family are moved into rows first, since a column cannot enter a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation
from optimizer.scenario.errors import nearest_name
from optimizer.solve.linear_program import Block, LinearProgram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optimizer.solve.editing import EditableLp, Side
    from optimizer.solve.session import Solution

HOURS = ("snapshot", "day")  # axes within a period: a relief column covers them all


@dataclass(frozen=True)
class Place:
    """What one relief column loosens: a family at some labels.

    ``axes`` and ``labels`` go together, without hours. ``side`` is ``"limit"``; ``"equation"`` for rows with ``==``,
    where a unit is added to the left side; ``"floor"`` for the lower ends of rows with two.
    """

    axes: tuple[str, ...]
    labels: tuple[Label, ...]
    per: str
    side: str = "limit"


@dataclass
class Relief:
    """The relief columns of one family, one for each of ``places``; ``columns`` are their positions in the session.

    A rebuild of the case brings both up to date.
    """

    family: str
    columns: NDArray[np.int64]
    places: tuple[Place, ...]

    def prices(self, solution: Solution) -> NDArray[np.float64]:
        """What a unit is worth while nothing is relieved and relief is free, MUSD per unit, (len(places),).

        Where the bill has a kink just there, any price between what one more unit saves and what one less costs is
        right, and this is one of them; a small step of relief and another solve give the slope on one side.
        """
        return -solution.z[self.columns]

    def used(self, solution: Solution) -> NDArray[np.float64]:
        """How much relief a plan takes, in the unit of each place, (len(places),)."""
        return solution.x[self.columns]


def add_relief(
    session: EditableLp, formulation: Formulation, instance: Instance, lp: LinearProgram, family: str
) -> Relief:
    """Append the relief columns of a family to a session that holds ``lp``, all fixed at zero.

    KeyError for a family that no limit and no bound belongs to.
    """
    found = _Columns(instance)
    for part in parts_of(formulation, lp, family):
        rows = part.block.offset + part.members
        if part.bound_of is not None:
            rows = session.move_bounds(rows, part.bound_of)
        found.enter(part.block, part.members, rows, part.sign, part.per, part.side)
    nothing = np.zeros(len(found.places))
    columns = session.add_columns(nothing, nothing, nothing, *found.by_columns())
    return Relief(family, columns, tuple(found.places))


@dataclass(frozen=True)
class Part:
    """Members of one limit (``bound_of`` None), or one side of the bounds of a decision, that a relief column enters.

    ``members`` are positions in ``block``. A unit of relief enters their rows with ``sign``.
    """

    block: Block
    members: NDArray[np.int64]
    sign: float
    per: str
    side: str
    bound_of: Side | None


def parts_of(formulation: Formulation, lp: LinearProgram, family: str) -> Iterator[Part]:
    """Everything that relief of a family loosens. KeyError for a family that no limit and no bound belongs to."""
    limits = [limit for limit in formulation.limits.values() if limit.family == family]
    decisions = [decision for decision in formulation.decisions.values() if decision.family == family]
    if not limits and not decisions:
        known = {limit.family for limit in formulation.limits.values()}
        known |= {decision.family for decision in formulation.decisions.values() if decision.family is not None}
        close = nearest_name(family, sorted(known))
        nearest = f"the nearest is '{close}'" if close else f"there are {', '.join(sorted(known))}"
        raise KeyError(f"no family '{family}'; {nearest}")
    for limit in limits:
        block = lp.rows[limit.name]
        low, high = lp.row_lower[block.span], lp.row_upper[block.span]
        equal, two_sided = low == high, np.isfinite(low) & np.isfinite(high)
        for side, sign, there in (
            ("equation", 1.0, equal),
            ("floor", 1.0, two_sided & ~equal),
            ("limit", 1.0, np.isfinite(low) & ~two_sided),
            ("limit", -1.0, np.isfinite(high) & ~equal),
        ):
            members = np.flatnonzero(there)
            if len(members):
                yield Part(block, members, sign, limit.per, side, None)
    sides: tuple[tuple[Side, float], ...] = (("lower", 1.0), ("upper", -1.0))
    for decision in decisions:
        block = lp.columns[decision.name]
        for bound_of, sign in sides:
            named = decision.lower if bound_of == "lower" else decision.upper
            bound = (lp.col_lower if bound_of == "lower" else lp.col_upper)[block.span]
            members = np.flatnonzero(np.isfinite(bound))
            if named is not None and len(members):
                yield Part(block, members, sign, decision.unit, "limit", bound_of)


def leaning(formulation: Formulation, lp: LinearProgram, family: str) -> bytes:
    """Which bounds of a family exist and which rows are equations: with another answer relief needs other columns."""
    found = []
    for limit in formulation.limits.values():
        if limit.family == family:
            low, high = (bound[lp.rows[limit.name].span] for bound in (lp.row_lower, lp.row_upper))
            found += [np.isfinite(low), np.isfinite(high), low == high]
    for decision in formulation.decisions.values():
        if decision.family == family:
            span = lp.columns[decision.name].span
            found += [np.isfinite(lp.col_lower[span]), np.isfinite(lp.col_upper[span])]
    return b"".join(np.packbits(mask).tobytes() for mask in found)


def places_of(
    instance: Instance, block: Block, members: NDArray[np.int64], per: str, side: str
) -> tuple[list[Place], NDArray[np.int64]]:
    """The places of some members of a block (positions in it), all hours of one together, and which is each member's.

    Places come in the order of the block, each once; the second array has the length of ``members``.
    """
    flat = members if block.kept is None else block.kept[members]
    index = np.unravel_index(flat, block.shape) if block.axes else ()
    kept = [i for i, axis in enumerate(block.axes) if axis not in HOURS]
    axes = tuple(block.axes[i] for i in kept)
    shape = tuple(block.shape[i] for i in kept)
    group = np.ravel_multi_index([index[i] for i in kept], shape) if kept else np.zeros(len(flat), np.int64)
    groups, of = np.unique(group, return_inverse=True)
    found = []
    for one in groups:
        position = np.unravel_index(one, shape) if kept else ()
        labels = tuple(instance.sets[axis][int(k)] for axis, k in zip(axes, position, strict=True))
        found.append(Place(axes, labels, per, side))
    return found, of


class _Columns:
    """Relief columns in the making: places in the order found, and their coefficients as triplets."""

    def __init__(self, instance: Instance) -> None:
        self.places: dict[Place, int] = {}
        self._instance = instance
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []

    def enter(
        self, block: Block, members: NDArray[np.int64], rows: NDArray[np.int64], sign: float, per: str, side: str
    ) -> None:
        """Let ``members`` of a block (positions in it), which stand in ``rows``, join the columns of their places."""
        found, of = places_of(self._instance, block, members, per, side)
        numbers = np.array([self.places.setdefault(place, len(self.places)) for place in found], np.int64)
        self._parts.append((numbers[of], rows, np.full(len(rows), sign)))

    def by_columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Start, rows and values by columns."""
        if not self._parts:
            return np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0)
        columns, rows, values = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        order = np.argsort(columns, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=len(self.places)))])
        return start, rows[order], values[order]
