"""The ladder: which solver tries first, which ones follow, and why.

A road is one attempt at a solve. The order is measured (docs/performance.md, "Choosing the solver"), not believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from optimizer.solve.options import SolverOptions

HOT_ITERATIONS_PER_ROW = 0.5  # a hot start that needs more has lost against a cold one with presolve
HOT_MIN_ITERATIONS = 2000
HOT_MIN_SECONDS = 2.0
HOT_SHARE_OF_COLD = {"bounds": 0.5, "cost": 0.3}  # seconds allowed to a hot start, as a share of the last cold solve
SIMILAR_COLUMNS = 0.01  # share of columns fixed or freed beyond which it counts as another LP
SIMILAR_COST = 0.5  # change of the cost vector, as a share of its size, beyond which it counts as another objective
TIGHTER = 1e-2  # of the tolerance, for a second try from a basis whose plan missed the certificate
SMALL_ROWS = 10_000  # up to here simplex is the quickest
CROSSOVER_ROWS = 100_000  # up to here crossover adds little; it makes prices exact and leaves a basis


@dataclass(frozen=True)
class Road:
    """One attempt: a HiGHS solver, with or without crossover, from the last basis (hot) or from nothing (cold)."""

    solver: str
    crossover: bool
    hot: bool
    why: str
    tolerance: float | None = None  # feasibility tolerance of this attempt; the options' where None

    @property
    def name(self) -> str:
        """Short name for logs: ``hot simplex``, ``ipx + crossover``, ``hipo``, ``simplex``."""
        if self.hot:
            return f"hot {self.solver}"
        if self.solver == "simplex":
            return self.solver
        return f"{self.solver} + crossover" if self.crossover else self.solver


@cache
def hipo_is_available() -> bool:
    """Ask HiGHS itself: HiPO needs highspy-extras of the very version of highspy."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    return bool(highs.setOptionValue("solver", "hipo") == highspy.HighsStatus.kOk)


def tighter_road(options: SolverOptions) -> Road:
    """Simplex once more from the basis at hand, with tighter tolerances: a narrow miss needs few steps."""
    why = "the hot plan missed the certificate: once more, with tighter tolerances"
    return Road("simplex", True, True, why, max(options.tolerance * TIGHTER, 1e-10))


def cold_roads(options: SolverOptions, num_row: int, reuse: bool) -> list[Road]:
    """The ladder of a solve that starts from nothing.

    Args:
        options: a named solver goes first; ``crossover`` decides for the first interior point.
        num_row: rows of the LP; small ones start with simplex, very large ones without crossover.
        reuse: whether the session will solve again, so that a basis is worth having at any size.
    """
    crossover = options.crossover
    if crossover == "auto":
        crossover = reuse or num_row <= CROSSOVER_ROWS
    first, why = (
        ("simplex", f"at most {SMALL_ROWS} rows") if num_row <= SMALL_ROWS else ("ipx", "quickest where measured")
    )
    if options.solver != "auto":
        first, why = options.solver, "named in the options"
    if first == "hipo" and not hipo_is_available():
        first, why = "ipx", "hipo was named, but HiGHS does not accept it here: highspy-extras is missing or differs"

    ladder = [
        Road("ipx", True, False, "an interior point that ends in a vertex"),
        Road("hipo", True, False, "another interior point"),
        Road("simplex", True, False, "slow but sure"),
    ]
    if not hipo_is_available():
        del ladder[1]
    ladder.sort(key=lambda road: road.solver != first)  # stable: the others keep their order
    ladder[0] = replace(ladder[0], why=why)
    if first != "simplex" and not crossover:
        ladder.insert(0, Road(first, False, False, f"{why}; no basis needed"))
        ladder[1] = replace(ladder[1], why="a vertex is exact where an interior point is not")
    return ladder


def hot_road(cost_change: float, fixed_or_freed: float = 0.0, near: bool = False) -> Road | None:
    """Simplex from the last basis, or None where a cold start is the better bet.

    Args:
        cost_change: sum |new - old| over sum |old| of the costs since the basis was made; 0 when only bounds moved.
        fixed_or_freed: share of the columns that bounds fixed or freed since then; presolve makes another LP of them.
        near: the caller vouches that the last plan is close to optimal.
    """
    if near:
        return Road("simplex", True, True, "the last plan is known to be close")
    if fixed_or_freed > SIMILAR_COLUMNS:
        return None
    if cost_change == 0.0:
        return Road("simplex", True, True, "only right-hand sides or bounds changed since the last basis")
    if cost_change <= SIMILAR_COST:
        return Road("simplex", True, True, f"costs changed by {cost_change:.1%} since the last basis")
    return None


@dataclass(frozen=True)
class Cap:
    """What a hot start may use before a cold one takes over."""

    seconds: float
    iterations: int


def hot_cap(num_row: int, cold_seconds: float, cost_change: float) -> Cap:
    """The cap of a hot start, from the rows of the LP and the seconds that the last cold solve took."""
    share = HOT_SHARE_OF_COLD["cost" if cost_change else "bounds"]
    return Cap(
        seconds=max(HOT_MIN_SECONDS, share * cold_seconds),
        iterations=max(HOT_MIN_ITERATIONS, int(HOT_ITERATIONS_PER_ROW * num_row)),
    )
