"""The relief ladder: each family of limits relaxed by a tenth, by half and entirely, and what that gains.

In tokens: the first stage of `most_tokens` is solved again under the relaxed limits; load shed and missing reserve stay
where they were held. In cost: the least bill of the scenario's demand path. Either is one number over all periods, each
weighted by its discounted years, so a wider rung never gains less.

    gain(family, rung) = value(limits of the family x rung) - value(limits as they are)

Prices say two things without a solve. Put the prices y of a plan into the dual of the relaxed program, and weak duality
bounds what the relaxation can gain:

    gain <= value of the plan as priced by y under its own limits - the same under the relaxed limits

So a rung whose bound is next to nothing is not solved; its gain is zero, and proved. And the family that would *hold
next* after a rung is the one, other than those relaxed, whose tenth is worth most at the prices of the relaxed plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.solve.certificate import evaluate
from optimizer.solve.compile import recompile
from optimizer.solve.errors import SolveError

from .rungs import FAMILIES, PICTURE, RUNGS, SINGLE, Family, confidence

if TYPE_CHECKING:
    from .planner import Plan, Planner

NOTHING = 1e-6  # of all tokens or of the bill: what a bound below it allows is no gain
NONE_OF_THESE = "none of these"
NO_LIMIT = "no limit"
PATHS = ("low", "high")
COLUMNS = (
    "family", "rung", "path", "gain", "gain_pct", "last_period", "last_period_pct", "next_limit",
    "next_bound_pct", "solved", "unit", "confidence", "has_data",
)  # fmt: skip


@dataclass(frozen=True)
class _Base:
    """The plan that rungs are measured from, on one path of the limits."""

    plan: Plan
    path: str
    value: float  # Ptok or MUSD, to be raised or lowered
    last: float  # the scale in the last period


def climb(
    planner: Planner,
    plan: Plan,
    families: Sequence[str] = PICTURE,
    ranges: Sequence[str] = ("connection queue", "chips"),
) -> pd.DataFrame:
    """The ladder of a plan: a row for each family, rung and path of its limit.

    Args:
        planner: the one that made ``plan``: the first stage of most tokens (`Planner.largest_scale`), or least cost.
        families: names of `FAMILIES`.
        ranges: families that are climbed on the low and the high path of their limit as well, where it is assumed.

    Columns: ``family``, ``rung``, ``path`` (of the family's own limit: own, low, high); ``gain`` in ``unit`` (Ptok more
    or MUSD less, present value over all periods) and in percent of the plan on that path; the scale of the last period,
    million tokens a second, and its rise in percent (tokens only; the split over periods need not be unique);
    ``next_limit`` and the most that a tenth of it could add, in percent; ``solved`` is false where prices proved that
    there is nothing to gain. ``has_data`` is false in the one row of a family without data. A gain without end is inf.
    """
    unknown = [name for name in (*families, *ranges) if name not in {family.name for family in FAMILIES}]
    if unknown:
        raise KeyError(f"no family '{unknown[0]}'; there are {', '.join(family.name for family in FAMILIES)}")
    ladder = _Ladder(planner)
    own = ladder.base(plan, "own")
    rows: list[dict[str, Any]] = []
    for family in (f for f in FAMILIES if f.name in families):
        word = confidence(planner.scenario, family)
        planner.say(f"relief ladder: {family.name}")
        if not family.is_there(own.plan.instance):
            nothing = dict.fromkeys(("gain", "gain_pct", "last_period", "last_period_pct"), np.nan)
            row = {"family": family.name, "rung": "", "path": "own", "has_data": False, "solved": False}
            rows.append(row | nothing | _next_limit("", 0.0) | {"confidence": word})
            continue
        found = ladder.rungs(family, own)
        if family.name in ranges and family.path and word == "assumed":
            for path in PATHS:
                found += ladder.rungs(family, ladder.other_base(own, family, path))
        rows += [row | {"confidence": word, "has_data": True} for row in found]
    unit = "Ptok" if ladder.tokens(own.plan) else "MUSD"
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(unit=unit)


class _Ladder:
    """Solves rungs with one planner."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    @staticmethod
    def tokens(plan: Plan) -> bool:
        return plan.price_unit == "Ptok"

    def base(self, plan: Plan, path: str) -> _Base:
        """Solve a plan's own question once more, from its basis: what later solves start from."""
        return self._measured(self._planner.ask_again(plan, plan.question, {}), path)

    def other_base(self, own: _Base, family: Family, path: str) -> _Base:
        prepared = self._planner.prepared
        changes = prepared.queue_path(path) if family.path == "queue" else prepared.supply_path(path)
        question = f"{own.plan.question}:{family.name} {path}"
        return self._measured(self._planner.ask_again(replace(own.plan, start=None), question, changes), path)

    def _measured(self, plan: Plan, path: str) -> _Base:
        return _Base(plan, path, abs(plan.solution.objective), _last_scale(plan))

    def rungs(self, family: Family, base: _Base) -> list[dict[str, Any]]:
        """The rows of one family, from its narrowest rung to its widest."""
        rows = []
        for rung, factor in RUNGS.items():
            changes = family.edit(base.plan.instance, factor)
            row: dict[str, Any] = {"family": family.name, "rung": rung, "path": base.path}
            if self.tokens(base.plan) and family.name == "everything" and not np.isfinite(factor):
                rows.append(row | _endless(solved=False))
                continue
            if self._bound(base.plan, changes) <= NOTHING * base.value:
                best, price = self._next(base.plan, family, base.value)
                rows.append(row | self._gain(base, base.plan) | _next_limit(best, price) | {"solved": False})
                continue
            question = f"{base.plan.question}:{family.name} {rung}"
            try:
                plan = self._planner.ask_again(replace(base.plan, start=None), question, changes)
            except SolveError as error:
                if error.reason != "unbounded":
                    raise
                rows.append(row | _endless(solved=True))
                continue
            best, price = self._next(plan, family, base.value)
            rows.append(row | self._gain(base, plan) | _next_limit(best, price) | {"solved": True})
        return rows

    def _gain(self, base: _Base, plan: Plan) -> dict[str, Any]:
        gain = base.plan.solution.objective - plan.solution.objective  # both minimise: minus tokens, or the bill
        last = _last_scale(plan)
        return {
            "gain": gain,
            "gain_pct": 100.0 * gain / base.value if base.value > 0 else np.nan,
            "last_period": last,
            "last_period_pct": 100.0 * (last / base.last - 1.0) if base.last > 0 else np.nan,
        }

    def _bound(self, plan: Plan, changes: dict[str, np.ndarray]) -> float:
        """The most that relaxed limits can gain, by the prices of a plan (weak duality); never below zero."""
        lp, solution = plan.lp, plan.solution
        instance = plan.instance
        differ = [name for name, values in changes.items() if not np.array_equal(values, instance.params[name])]
        relaxed = recompile(lp, self._planner.formulation, instance.replace(**changes), params=differ)
        cost, offset = self._planner.objective_of(plan)
        priced = evaluate(relaxed, cost, solution.x[: lp.num_col], solution.y[: lp.num_row], offset=offset).certificate
        return max(0.0, solution.objective - priced.dual_objective)

    def _next(self, plan: Plan, family: Family, value: float) -> tuple[str, float]:
        """The family, other than those relaxed, whose tenth is worth most at a plan's prices, and that in percent."""
        best, most = NONE_OF_THESE, NOTHING * value
        for other in SINGLE:
            if other.name not in family.parts and other.is_there(plan.instance):
                bound = self._bound(plan, other.edit(plan.instance, RUNGS["+10 %"]))
                if bound > most:
                    best, most = other.name, bound
        return best, 100.0 * most / value if best != NONE_OF_THESE and value > 0 else 0.0


def _next_limit(name: str, percent: float) -> dict[str, Any]:
    return {"next_limit": name, "next_bound_pct": percent}


def _endless(solved: bool) -> dict[str, Any]:
    endless = dict.fromkeys(("gain", "gain_pct", "last_period", "last_period_pct"), np.inf)
    return endless | _next_limit("", 0.0) | {"solved": solved}


def _last_scale(plan: Plan) -> float:
    """Scale of the fixed mix in the last period, million reference tokens a second; nan at least cost."""
    if plan.price_unit != "Ptok":
        return float("nan")
    mix = plan.param("mix") @ plan.param("hours")
    return float(plan.value("scale")[-1] * mix[:, -1].sum()) * 1e6 / 3600.0 / 8760.0
