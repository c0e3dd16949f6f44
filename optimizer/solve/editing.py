"""What can be told to a session: other costs, bounds and coefficients, more columns and rows. HiGHS follows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays
from optimizer.solve.engine import Engine
from optimizer.solve.held import HeldLp
from optimizer.solve.options import SolverOptions

Floats = NDArray[np.float64]
Side = Literal["lower", "upper"]


class SolvableLp(LpArrays, Protocol):
    """What a session reads of a compiled LP: its arrays, its cost (num_col,) and the constant part of each cost."""

    @property
    def cost(self) -> Floats: ...
    @property
    def cost_offset(self) -> Mapping[str, float]: ...


@dataclass(frozen=True)
class Edit:
    """How many numbers an edit changed in HiGHS."""

    costs: int = 0
    column_bounds: int = 0
    row_bounds: int = 0
    coefficients: int = 0


class EditableLp:
    """An LP and the HiGHS object that holds it, edited together. Appended columns and rows come last in x, y and z.

    Args:
        lp: the compiled LP; its arrays are copied where they are edited.
        options: of the engine. cost, offset: the objective to minimise, (num_col,), and its constant part; the LP's own
            where ``cost`` is None.
    """

    def __init__(self, lp: SolvableLp, options: SolverOptions, cost: Floats | None = None, offset: float = 0.0) -> None:
        self.options = options
        self._offset = float(sum(lp.cost_offset.values())) if cost is None else offset
        self._cost = _checked_cost(lp.cost if cost is None else cost, len(lp.col_lower))
        self._lp = HeldLp(lp)
        self._engine = Engine(self._lp, self._cost, self.options)
        self._matrix = 0  # how often coefficients were edited

    @property
    def lp(self) -> LpArrays:
        """The LP as it stands now, appended columns and rows included. Treat it as read-only."""
        return self._lp

    def set_cost(self, cost: Floats, offset: float = 0.0) -> None:
        """Replace the objective, (num_col,), and its constant part; appended columns keep theirs where it is shorter.

        ValueError when the length fits neither the base nor all columns, or a cost is not a number.
        """
        if len(cost) == self._lp.base_columns:
            cost = np.concatenate([cost, self._cost[self._lp.base_columns :]])
        cost = _checked_cost(cost, len(self._lp.col_lower))
        if not np.array_equal(cost, self._cost):
            self._engine.change_cost(cost)
        self._cost, self._offset = cost, offset

    def set_costs(self, columns: Sequence[int] | NDArray[Any], values: Any) -> None:
        """Replace the costs of some columns: positions, then one value each or one for all."""
        cost = self._cost.copy()
        cost[np.asarray(columns, dtype=np.int64)] = values
        self.set_cost(cost, self._offset)

    def set_row_bounds(self, rows: Sequence[int] | NDArray[Any], lower: Any, upper: Any) -> None:
        """Replace the bounds of some rows: positions, then one value each or one for all; -inf and inf mean none."""
        at, low, high = _edit(rows, lower, upper, len(self._lp.row_lower), "row")
        self._engine.change_row_bounds(at, low, high)
        self._lp.row_lower[at], self._lp.row_upper[at] = low, high

    def set_col_bounds(self, columns: Sequence[int] | NDArray[Any], lower: Any, upper: Any) -> None:
        """Replace the bounds of some columns: positions, then one value each or one for all."""
        at, low, high = _edit(columns, lower, upper, len(self._lp.col_lower), "column")
        self._engine.change_col_bounds(at, low, high)
        self._lp.col_lower[at], self._lp.col_upper[at] = low, high

    def become(self, lp: SolvableLp, cost: Floats | None = None, offset: float = 0.0) -> Edit:
        """Turn the base into another LP of the same shape; only numbers that differ travel to HiGHS.

        Args:
            lp: as many rows and columns as the base. cost, offset: as for the session itself.

        Raises:
            ValueError: when the shapes differ.
        """
        held = self._lp
        if len(lp.row_lower) != held.base_rows or len(lp.col_lower) != held.base_columns:
            raise ValueError(
                f"{len(lp.row_lower)} rows and {len(lp.col_lower)} columns cannot take the place of "
                f"{held.base_rows} and {held.base_columns}: make a new session"
            )
        columns, rows = slice(0, held.base_columns), slice(0, held.base_rows)
        low, high = np.array(lp.col_lower), np.array(lp.col_upper)
        moved = 0
        for side, bound, none in (("lower", low, -np.inf), ("upper", high, np.inf)):
            at, in_rows = held.moved[side]
            now = (held.row_lower if side == "lower" else held.row_upper)[in_rows]
            differs = now != bound[at]
            moved += int(differs.sum())
            ends = (bound[at][differs], np.inf) if side == "lower" else (-np.inf, bound[at][differs])
            self._edit_rows(in_rows[differs], *ends)
            bound[at] = none
        changed_rows = _changed(held.row_lower[rows], held.row_upper[rows], lp.row_lower, lp.row_upper)
        self._edit_rows(changed_rows, lp.row_lower[changed_rows], lp.row_upper[changed_rows])
        changed_columns = _changed(held.col_lower[columns], held.col_upper[columns], low, high)
        if len(changed_columns):
            self.set_col_bounds(changed_columns, low[changed_columns], high[changed_columns])
        places = held.changed_coefficients(lp)
        with self._in_step():
            if len(places[0]):
                self._engine.change_coefficients(*places)
                self._matrix += 1
            held.take_matrix(lp)
        if cost is None:
            cost, offset = lp.cost, float(sum(lp.cost_offset.values()))
        changed_costs = int((np.asarray(cost) != self._cost[: len(cost)]).sum())
        self.set_cost(cost, offset)
        return Edit(changed_costs, len(changed_columns) + moved, len(changed_rows), len(places[0]))

    def add_columns(
        self, lower: Any, upper: Any, cost: Any, start: Sequence[int] | NDArray[Any], rows: Any, values: Any
    ) -> NDArray[np.int64]:
        """Append columns and return their positions; the basis at hand stays usable.

        Args:
            lower, upper, cost: one value each, (count,).
            start: (count + 1,). rows, values: coefficients by columns, those of column i from ``start[i]`` on.
        """
        low, high, price = (np.asarray(a, dtype=np.float64) for a in (lower, upper, cost))
        first, at, worth = _appended(start, rows, values, len(low), len(self._lp.row_lower), "row")
        _checked_bounds(low, high, "column")
        price = _checked_cost(price, len(low))
        positions = len(self._lp.col_lower) + np.arange(len(low))
        columns = np.repeat(positions, np.diff(first)).astype(np.int32)
        with self._in_step():
            self._engine.add_columns(price, low, high, first, at, worth)
            self._lp.append((low, high), None, (at, columns, worth))
            self._cost = np.concatenate([self._cost, price])
        self._grown()
        return positions

    def add_rows(
        self, lower: Any, upper: Any, start: Sequence[int] | NDArray[Any], columns: Any, values: Any
    ) -> NDArray[np.int64]:
        """Append rows (cuts) and return their positions; the basis at hand stays usable.

        Args:
            lower, upper: (count,). start: (count + 1,). columns, values: coefficients by rows.
        """
        low, high = (np.asarray(a, dtype=np.float64) for a in (lower, upper))
        first, at, worth = _appended(start, columns, values, len(low), len(self._lp.col_lower), "column")
        _checked_bounds(low, high, "row")
        positions = len(self._lp.row_lower) + np.arange(len(low))
        rows = np.repeat(positions, np.diff(first)).astype(np.int32)
        with self._in_step():
            self._engine.add_rows(low, high, first, at, worth)
            self._lp.append(None, (low, high), (rows, at, worth))
        self._grown()
        return positions

    def move_bounds(self, columns: Sequence[int] | NDArray[Any], side: Side) -> NDArray[np.int64]:
        """Let rows hold columns of the base where their lower or upper bounds did; the positions of those rows.

        A bound can carry no relief column, a row can. ValueError for columns without such a bound, moved before,
        appended or named twice.
        """
        at = np.asarray(columns, dtype=np.int64)
        bound = (self._lp.col_lower if side == "lower" else self._lp.col_upper)[at]
        if not np.isfinite(bound).all() or (at >= self._lp.base_columns).any() or len(np.unique(at)) < len(at):
            raise ValueError(f"only finite {side} bounds of compiled columns can be moved into rows")
        none = np.full(len(at), np.inf)
        low, high = (bound, none) if side == "lower" else (-none, bound)
        rows = self.add_rows(low, high, np.arange(len(at) + 1), at, np.ones(len(at)))
        low, high = self._lp.col_lower[at], self._lp.col_upper[at]
        self.set_col_bounds(at, *((-none, high) if side == "lower" else (low, none)))
        before, before_rows = self._lp.moved[side]
        self._lp.moved[side] = np.concatenate([before, at]), np.concatenate([before_rows, rows])
        return rows

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        """Let HiGHS and the held LP change together: where something breaks in between, HiGHS gets what is held."""
        try:
            yield
        except BaseException:
            self._engine = Engine(self._lp, self._cost, self.options)
            self._restarted()
            raise

    def _restarted(self) -> None:
        """Called when HiGHS was made anew and holds no basis."""

    def _edit_rows(self, rows: NDArray[np.int64], lower: Any, upper: Any) -> None:
        if len(rows):
            self.set_row_bounds(rows, lower, upper)

    def _grown(self) -> None:
        """Called after columns or rows were appended."""


def _checked_cost(cost: Floats, num_col: int) -> Floats:
    cost = np.array(cost, dtype=np.float64)
    if cost.shape != (num_col,):
        raise ValueError(f"cost has shape {cost.shape}, the LP has {num_col} columns")
    if not np.isfinite(cost).all():
        raise ValueError(f"cost of column {np.flatnonzero(~np.isfinite(cost))[0]} is not a number")
    return cost


def _checked_bounds(low: Floats, high: Floats, kind: str) -> None:
    wrong = np.flatnonzero(~(low <= high))  # NaN counts as wrong
    if len(wrong):
        first = wrong[0]
        raise ValueError(f"{kind} {first}: lower bound {low[first]} and upper bound {high[first]} leave nothing")


def _changed(low: Floats, high: Floats, new_low: Floats, new_high: Floats) -> NDArray[np.int64]:
    return np.flatnonzero((low != new_low) | (high != new_high))


def _appended(
    start: Sequence[int] | NDArray[Any], places: Any, values: Any, count: int, across: int, kind: str
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Coefficients of appended columns or rows in the form HiGHS wants, or a ValueError."""
    first, at = np.asarray(start, dtype=np.int32), np.asarray(places, dtype=np.int32)
    worth = np.asarray(values, dtype=np.float64)
    if len(first) != count + 1 or len(at) != len(worth) or first[0] != 0 or first[-1] != len(at):
        raise ValueError(f"{count} bounds, {len(first)} starts, {len(at)} places and {len(worth)} values do not fit")
    if len(at) and not (at.min() >= 0 and at.max() < across):
        raise ValueError(f"a {kind} position is outside 0 to {across - 1}")
    if not np.isfinite(worth).all():
        raise ValueError("a coefficient is not a number")
    return first, at, worth


def _edit(
    positions: Sequence[int] | NDArray[Any], lower: Any, upper: Any, count: int, kind: str
) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Positions and bounds in the form HiGHS wants, or a ValueError that names the first fault."""
    at = np.asarray(positions, dtype=np.int64).ravel()
    if len(at) and not (at.min() >= 0 and at.max() < count):
        raise ValueError(f"a {kind} position is outside 0 to {count - 1}")
    if len(np.unique(at)) != len(at):
        raise ValueError(f"a {kind} is named twice in one edit")
    low = np.array(np.broadcast_to(np.asarray(lower, dtype=np.float64), at.shape))
    high = np.array(np.broadcast_to(np.asarray(upper, dtype=np.float64), at.shape))
    wrong = np.flatnonzero(~(low <= high))  # NaN counts as wrong
    if len(wrong):
        first = wrong[0]
        raise ValueError(f"{kind} {at[first]}: lower bound {low[first]} and upper bound {high[first]} leave nothing")
    return at.astype(np.int32), low, high
