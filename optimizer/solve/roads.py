"""The ladder: which solver tries first, which ones follow, and why.

A road is one attempt at a solve. The order is measured (docs/performance.md, "Choosing the solver"), not believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from optimizer.solve.options import SolverOptions

HOT_ITERATIONS_PER_ROW = 0.5  # a hot start that needs more has lost against a cold one with presolve
HOT_MIN_ITERATIONS = 2000
HOT_MIN_SECONDS = 2.0
BOUNDS_SHARE_OF_COLD = 0.5  # seconds allowed to a hot start after edits of bounds, as a share of the last cold solve
COST_SHARE_OF_COLD = 0.1  # the same after edits of costs or coefficients: a bet, so a small stake
RACE_FROM_S = 2.0  # a cold solve that takes less is not worth a second core
HEAD_START = 0.03  # share of a cold solve that a hot start has for itself: small changes need no second core
RACED_SHARE = 0.5  # of a cold solve after which a hot start has little left to win, and slows the cold one down
SIMILAR_COLUMNS = 0.01  # share of columns fixed or freed beyond which it counts as another LP
SIMILAR_COST = 0.5  # change of the cost vector, as a share of its size, beyond which it counts as another objective
FEW_PRIMAL = 1000  # rows that a basis breaks: up to here the exact weights of steepest edge cost more than they gain
FEW_DUAL = 0.03  # reduced costs of the wrong sign per row: up to here primal simplex is the better bet, ...
MANY_DUAL = 0.08  # ... beyond this a cold start
ALWAYS_FEW = 100  # whatever the size
TIGHTER = 1e-2  # of the tolerance, for a second try from a basis whose plan missed the certificate
BESIDE_S_PER_ROW = 1e-3  # about what an interior point takes: a wait that doubles it at most
SMALL_ROWS = 10_000  # up to here simplex is the quickest
CROSSOVER_ROWS = 100_000  # up to here crossover adds little; it makes prices exact and leaves a basis


class Simplex(Enum):
    """Which simplex: what differs is the start-up cost and how it goes about a basis that does not fit."""

    DUAL = "dual simplex"  # steepest edge, costs perturbed: HiGHS's own choice
    DEVEX = "dual simplex, devex"  # no weights to set up, no perturbation to take back: for small repairs
    COLD_DEVEX = "dual simplex, devex, costs perturbed"  # from nothing, where steps are many and each is cheap
    PRIMAL = "primal simplex"  # keeps a plan whose bounds still hold while costs moved


@dataclass(frozen=True)
class Misfit:
    """How many basic values break a bound (primal) and how many reduced costs have the wrong sign (dual)."""

    primal: int
    dual: int


@dataclass(frozen=True)
class Road:
    """One attempt: a HiGHS solver, with or without crossover, from the last basis (hot) or from nothing (cold)."""

    solver: str
    crossover: bool
    hot: bool
    why: str
    tolerance: float | None = None  # feasibility tolerance of this attempt; the options' where None
    simplex: Simplex = Simplex.DUAL

    @property
    def name(self) -> str:
        """Short name for logs: ``hot dual simplex``, ``ipx + crossover``, ``hipo``, ``simplex``."""
        if self.hot:
            return f"hot {self.simplex.value}"
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


def close_road() -> Road:
    """Simplex from the basis of a plan that the caller knows to be close to optimal."""
    return Road("simplex", True, True, "the last plan is known to be close")


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
    if options.network == "steered" and first != "simplex":
        first, why = "simplex", "steered flows: quickest where measured"
    if options.solver != "auto":
        first, why = options.solver, "named in the options"
    if first == "hipo" and not hipo_is_available():
        first, why = "ipx", "hipo was named, but HiGHS does not accept it here: highspy-extras is missing or differs"

    ladder = [
        Road("ipx", True, False, "an interior point that ends in a vertex"),
        Road("hipo", True, False, "another interior point"),
        _simplex(options, "slow but sure"),
    ]
    if not hipo_is_available():
        del ladder[1]
    ladder.sort(key=lambda road: road.solver != first)  # stable: the others keep their order
    ladder[0] = replace(ladder[0], why=why)
    if first != "simplex" and not crossover:
        ladder.insert(0, Road(first, False, False, f"{why}; no basis needed"))
        ladder[1] = replace(ladder[1], why="a vertex is exact where an interior point is not")
    return ladder


def worth_a_look(cost_change: float, fixed_or_freed: float) -> bool:
    """Whether a basis made for these bounds and costs may be near at all.

    Args:
        cost_change: sum |new - old| over sum |old| of the costs since the basis was made; 0 when only bounds moved.
        fixed_or_freed: share of the columns that bounds fixed or freed since then; presolve makes another LP of them.
    """
    return fixed_or_freed <= SIMILAR_COLUMNS and cost_change <= SIMILAR_COST


def hot_road(misfit: Misfit, num_row: int, edited: str, raced: bool = False) -> Road | None:
    """Simplex from the basis at hand, or None where a cold start is the better bet.

    Right-hand sides and bounds leave the reduced costs as they were: dual simplex. Costs leave the plan as it was:
    primal simplex, unless too many reduced costs turned. Coefficients may do both.

    Args:
        misfit: how the basis fits now. num_row: rows of the LP.
        edited: what changed since the basis was made, in words. raced: a cold solve will run beside it, so that a long
            shot costs nothing.
    """
    words = f"{edited}: {misfit.primal:,} bounds broken, {misfit.dual:,} reduced costs turned"
    if misfit.dual > max(ALWAYS_FEW, MANY_DUAL * num_row) and not raced:
        return None
    if misfit.dual == 0:
        kind = Simplex.DEVEX if misfit.primal <= FEW_PRIMAL else Simplex.DUAL
    elif misfit.primal == 0 and misfit.dual <= max(ALWAYS_FEW, FEW_DUAL * num_row):
        kind = Simplex.PRIMAL
    else:
        kind = Simplex.DUAL
    return Road("simplex", True, True, words, simplex=kind)


def beside_after(options: SolverOptions, num_row: int) -> float:
    """Seconds after which another solver starts beside the first one from nothing; infinite where none does.

    For networks: what suits one may take ten times as long with another, and nothing in the arrays tells which it is.
    """
    if options.network is None or options.solver != "auto" or num_row <= SMALL_ROWS:
        return math.inf
    return BESIDE_S_PER_ROW * num_row


def beside_road(first: Road, options: SolverOptions) -> Road:
    """The other kind of solver from nothing, beside ``first``."""
    why = f"{first.name} took long, and nobody knows which is quicker"
    return Road("ipx", True, False, why) if first.solver == "simplex" else _simplex(options, why)


def _simplex(options: SolverOptions, why: str) -> Road:
    """Simplex from nothing: devex halves its time on steered flows, and adds as much where the voltage law holds."""
    kind = Simplex.COLD_DEVEX if options.network == "steered" else Simplex.DUAL
    return Road("simplex", True, False, why, simplex=kind)


def in_a_race(begin: Road) -> list[Road]:
    """The hot lane of a race: on with what the head start began, then dual simplex from the same basis to the end.

    From where primal simplex gave up, dual simplex took two to six times as long as from the basis it had begun with.
    """
    last = replace(begin, simplex=Simplex.DUAL, why=f"{begin.why}; a cold solve runs beside it")
    return [replace(begin, why=last.why), last] if begin.simplex is Simplex.PRIMAL else [last]


@dataclass(frozen=True)
class Cap:
    """What a hot start may use before another road takes over."""

    seconds: float
    iterations: int


def hot_cap(num_row: int, cold_seconds: float, costs_moved: bool) -> Cap:
    """The cap of a hot start, from the rows of the LP and the seconds that the last cold solve took.

    ``costs_moved``: whether costs or coefficients changed since the basis was made.
    """
    if costs_moved:
        seconds = max(COST_SHARE_OF_COLD * cold_seconds, min(HOT_MIN_SECONDS, cold_seconds))
    else:
        seconds = max(BOUNDS_SHARE_OF_COLD * cold_seconds, HOT_MIN_SECONDS)
    return Cap(seconds, max(HOT_MIN_ITERATIONS, int(HOT_ITERATIONS_PER_ROW * num_row)))
