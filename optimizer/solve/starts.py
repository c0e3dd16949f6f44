"""Where a hot start may begin: the basis of the last plan, of the last cold one or of the first, whichever is nearest.

Questions about one LP often lie around one of them: low and high demand around central. From low to high is far, from
central it is half the way, and simplex needs more than twice the time for twice the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Start:
    """A certified basis and the question that it answers: ``cost`` (num_col,), bounds of columns and rows.

    ``basis`` is HiGHS's own object; its bounds are kept in the order col_lower, col_upper, row_lower, row_upper.
    ``matrix`` counts the edits of coefficients that came before.
    """

    basis: Any
    cost: Floats
    bounds: tuple[Floats, Floats, Floats, Floats]
    matrix: int = 0

    @classmethod
    def of(cls, basis: Any, cost: Floats, lp: LpArrays, matrix: int = 0) -> Start:
        """The start that a plan of this LP leaves; bounds are copied."""
        bounds = (lp.col_lower.copy(), lp.col_upper.copy(), lp.row_lower.copy(), lp.row_upper.copy())
        return cls(basis, cost, bounds, matrix)

    def grown(self, basis: Any, cost: Floats, lp: LpArrays) -> Start:
        """This start after columns or rows were appended, with the basis that HiGHS extended by itself."""
        added = zip(self.bounds, _now(lp), strict=True)
        low, high, row_low, row_high = (np.concatenate([old, new[len(old) :]]) for old, new in added)
        known = np.concatenate([self.cost, cost[len(self.cost) :]])
        return Start(basis, known, (low, high, row_low, row_high), self.matrix)

    def edited(self, cost: Floats, matrix: int) -> str:
        """What changed since this basis was made, in words."""
        words = []
        moved = int((cost != self.cost).sum())
        if moved:
            words.append(f"{moved:,} costs changed")
        if matrix != self.matrix:
            words.append("coefficients changed")
        return " and ".join(words) or "only right-hand sides or bounds changed"

    def cost_change(self, cost: Floats) -> float:
        """Sum |new - old| over sum |old| of the costs."""
        return float(np.abs(cost - self.cost).sum()) / max(float(np.abs(self.cost).sum()), 1e-300)

    def cost_distance(self, cost: Floats) -> float:
        """Sum over columns of |new - old| over |new| + |old|: a dear column counts no more than a cheap one."""
        size = np.abs(cost) + np.abs(self.cost)
        return float((np.abs(cost - self.cost)[size > 0] / size[size > 0]).sum())

    def fixed_or_freed(self, lp: LpArrays) -> float:
        """Share of the columns that are fixed now and were not, or the other way round."""
        return float(np.mean((self.bounds[0] < self.bounds[1]) != (lp.col_lower < lp.col_upper)))

    def fits(self, lp: LpArrays) -> bool:
        """Whether the same bounds are finite: a basis can only lean on a bound that exists."""
        pairs = zip(self.bounds, _now(lp), strict=True)
        return all(np.array_equal(np.isfinite(old), np.isfinite(new)) for old, new in pairs)

    def distance(self, lp: LpArrays) -> float:
        """Sum of the changes of finite bounds, each relative to 1 + its size."""
        total = 0.0
        for old, new in zip(self.bounds, _now(lp), strict=True):
            finite = np.isfinite(old) & np.isfinite(new)
            total += float((np.abs(new[finite] - old[finite]) / (1.0 + np.abs(old[finite]))).sum())
        return total


def nearest(starts: Sequence[Start], lp: LpArrays, cost: Floats, matrix: int = 0) -> Start | None:
    """The start whose question is nearest: same coefficients first, then by cost, then by bounds; the first of equals.

    Later ones must fit.
    """
    fitting = [start for place, start in enumerate(starts) if place == 0 or start.fits(lp)]
    return min(fitting, key=lambda s: (s.matrix != matrix, s.cost_distance(cost), s.distance(lp)), default=None)


def _now(lp: LpArrays) -> tuple[Floats, Floats, Floats, Floats]:
    return lp.col_lower, lp.col_upper, lp.row_lower, lp.row_upper
