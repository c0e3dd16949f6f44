"""Slopes of the bill along a relief: the price of one more unit and of one less, and how far each price holds.

The least bill V(t) of an LP whose bounds move by t times a direction is convex and made of straight pieces. Its two
slopes at t = 0 are the least and the largest that the direction's price can be over all optimal duals. A place's relief
column (relief.py) that is fixed at t moves exactly the bounds of the place by t; moving them directly says the same and
adds no column and no row.  Every point is a certified solve that starts from the last basis.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.case import Case
from optimizer.solve.errors import SolveError
from optimizer.solve.linear_program import LinearProgram
from optimizer.solve.relief import Place, parts_of, places_of
from optimizer.solve.session import Solution

Floats = NDArray[np.float64]

SAME = 0.01  # two prices this near, relative to the larger, are one: hours and plants make many tiny pieces
SOLVES = 10  # at most, to find one piece
SECONDS = 20.0  # at most, for one point


@dataclass(frozen=True)
class Direction:
    """How bounds move for each unit: steps of row_lower, row_upper (num_row,) and col_lower, col_upper (num_col,)."""

    row_lower: Floats
    row_upper: Floats
    col_lower: Floats
    col_upper: Floats

    @classmethod
    def none(cls, lp: LinearProgram) -> Direction:
        """No bound moves yet."""
        return cls(*(np.zeros(n) for n in (lp.num_row, lp.num_row, lp.num_col, lp.num_col)))

    def price(self, y: Floats, z: Floats) -> float:
        """What a unit saves at these duals: minus dual x step, over the side that each dual leans on."""
        rows = np.where(y > 0.0, self.row_lower, self.row_upper) @ y
        return -float(rows + np.where(z > 0.0, self.col_lower, self.col_upper) @ z)

    def kept(self, lp: LinearProgram, back: float) -> Direction:
        """The direction without bounds that ``back`` units the other way would carry past their opposite bound.

        Where nothing may be built, one less cannot be built either.
        """
        row = lp.row_lower - back * self.row_lower <= lp.row_upper - back * self.row_upper
        col = lp.col_lower - back * self.col_lower <= lp.col_upper - back * self.col_upper
        return Direction(self.row_lower * row, self.row_upper * row, self.col_lower * col, self.col_upper * col)


def relief_of(case: Case, family: str, place: Place) -> Direction:
    """What the relief column of a family at a place moves: its limits there, in all hours, by one unit each."""
    lp, found = case.lp, Direction.none(case.lp)
    for part in parts_of(case.formulation, lp, family):
        if (part.per, part.side) != (place.per, place.side):
            continue
        places, of = places_of(case.instance, part.block, part.members, part.per, part.side)
        if place not in places:
            continue
        at = part.block.offset + part.members[of == places.index(place)]
        if part.bound_of is not None:
            step = found.col_lower if part.bound_of == "lower" else found.col_upper
            step[at] = -part.sign
        elif place.side == "equation":
            found.row_lower[at] = found.row_upper[at] = -1.0
        else:
            step = found.row_lower if part.sign > 0 else found.row_upper
            step[at] = -part.sign
    return found


@dataclass(frozen=True)
class Point:
    """The bill, the price and the plan at some relief."""

    relief: float
    objective: float
    price: float
    solution: Solution


@dataclass(frozen=True)
class Piece:
    """The straight piece of V that begins at zero relief and goes one way.

    ``price`` holds, within a hundredth, from zero at least up to ``holds``; from ``ends`` on it does not (infinite: no
    end was found). Both are amounts, of less where the piece goes back. ``beyond`` is a point at the end or past it;
    None where none was found or no plan is left there. ``found`` is False where the solves that were allowed did not
    part the pieces: then ``price`` is that of the base.
    """

    price: float
    holds: float
    ends: float
    beyond: Point | None
    points: tuple[Point, ...]
    found: bool = True


class Probe:
    """Solves a case with its bounds moved along a direction; what was moved goes back at the end of ``open``."""

    def __init__(self, case: Case, base: Solution, direction: Direction) -> None:
        self._case, self._direction = case, direction
        lp = case.lp
        self.base = Point(0.0, base.objective, self._price(direction, base), base)
        self._rows = np.flatnonzero((direction.row_lower != 0) | (direction.row_upper != 0))
        self._cols = np.flatnonzero((direction.col_lower != 0) | (direction.col_upper != 0))
        self._row_ends = lp.row_lower[self._rows], lp.row_upper[self._rows]
        self._col_ends = lp.col_lower[self._cols], lp.col_upper[self._cols]

    @contextmanager
    def open(self) -> Iterator[Probe]:
        """Put all bounds back when done, whatever happens. No point takes longer than ``SECONDS``."""
        session = self._case.session
        options = session.options
        left = SECONDS if options.time_limit_s is None else min(SECONDS, options.time_limit_s)
        session.options = replace(options, time_limit_s=left)
        try:
            yield self
        finally:
            session.options = options
            self._move(0.0, self._direction)

    def at(self, relief: float) -> Point | None:
        """A certified plan at some relief (negative: of so much less); None where there is none, or none in time.

        Raises SolveError for any other reason.
        """
        direction = self._direction if relief >= 0 else self._direction.kept(self._case.lp, -relief)
        self._move(relief, direction)
        try:
            solution = self._case.solve()
        except SolveError as error:
            if error.reason in ("infeasible", "time_limit"):
                return None
            raise
        return Point(relief, solution.objective, self._price(direction, solution), solution)

    def _move(self, relief: float, direction: Direction) -> None:
        session = self._case.session
        if len(self._rows):
            low, high = self._row_ends
            steps = direction.row_lower[self._rows], direction.row_upper[self._rows]
            session.set_row_bounds(self._rows, low + relief * steps[0], high + relief * steps[1])
        if len(self._cols):
            low, high = self._col_ends
            steps = direction.col_lower[self._cols], direction.col_upper[self._cols]
            session.set_col_bounds(self._cols, low + relief * steps[0], high + relief * steps[1])

    def _price(self, direction: Direction, solution: Solution) -> float:
        lp = self._case.lp
        return direction.price(solution.y[: lp.num_row], solution.z[: lp.num_col])


def piece(probe: Probe, first: float, most: float, forward: bool = True) -> Piece:
    """The piece of V from zero forward, looked for up to ``most`` units; ``first`` is the amount to try first.

    V is convex. So all is straight up to a point that has the price of the base, or whose tangent passes through V(0);
    and a point on the first line that has another price is a kink, where the piece ends. Otherwise the tangent meets
    the first line where the end may be, and that is the next point. Backwards the price alone is looked for.
    """
    base, sign = probe.base, 1.0 if forward else -1.0
    points: list[Point] = []
    line, holds, ends, found = base.price, 0.0, np.inf, False
    beyond: Point | None = None
    noise = 1e-10 * (1.0 + abs(base.objective))
    step = first
    while len(points) < SOLVES:
        point = probe.at(sign * step)
        if point is None:
            if found or step < 1e-3 * first:
                return Piece(line, holds, step, None, tuple(points), found)
            ends, step = step, step / 8.0
            continue
        points.append(point)
        secant = sign * (base.objective - point.objective) / step
        slack = noise / step
        if _same(point.price, line, slack) or _same(secant, point.price, slack):
            line, holds, found = line if _same(point.price, line, slack) else point.price, step, True
            if not forward or step >= most:
                break
        elif _same(secant, line, slack):
            holds, ends, beyond, found = step, step, point, True
        else:
            ends, beyond = step, point
        if found and beyond is not None and ends - holds <= SAME * ends:
            break
        if beyond is None:
            step = min(4.0 * step, most, ends if np.isfinite(ends) else np.inf)
            continue
        meets = _crossing(base, beyond, line, sign)
        if found and meets <= holds * (1.0 + SAME):
            ends = holds
            break
        step = meets if holds < meets < ends else 0.5 * (holds + ends)
    return Piece(line, holds, ends, beyond, tuple(points), found)


def _same(one: float, other: float, slack: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other)) + slack


def _crossing(base: Point, other: Point, line: float, sign: float) -> float:
    """Where the line from V(0) at price ``line`` meets the tangent at another point, as a distance from zero."""
    reach = abs(other.relief)
    slope, first = -sign * other.price, -sign * line
    if slope == first:
        return reach
    return (base.objective - (other.objective - slope * reach)) / (slope - first)
