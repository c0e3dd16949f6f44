"""Near-optimal plans that differ most: which sites a plan cannot do without, and which could stand elsewhere.

The optimum is one plan of many that cost almost the same. With the bill held to ``(1 + slack)`` times the least, two
kinds of questions are asked of the same linear program, hot, one after the other:

* **Each site by itself.** The least and the most IT power that it may have on in the last period. A site whose least is
  most of what the optimum gives it is a must-have; one whose least is nothing is interchangeable.
* **Whole plans far apart** (hop, skip and jump: Brill, Chang and Hopkins 1982). Each further plan keeps away from the
  sites that earlier ones use: it minimises the sum over sites of IT power times how much of it earlier plans had there.

A row that holds the bill would touch every column, and simplex stalls on it. So the bill stays the objective and the
question gets a price, ``minimise bill + price x question``: two such plans, one within the bill and one beyond it, give
by their line the next price, until no better plan lies beyond that line. The mixture of the two that uses the slack up
is a plan as well, since the program is convex, and then the best answer (Lagrange). Every plan that is mixed is
certified. Where solves run out first, the range shown is narrower than the true one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimizer.solve.errors import SolveError

from .plan import run_about
from .planner import Plan, Planner, Report
from .section import Section
from .store import Run, save_run

if TYPE_CHECKING:
    from optimizer.solve.session import Solution

Floats = np.ndarray

SMALL = 0.01  # of all IT power: a site below it counts as none
MOST_OF_IT = 0.5  # of what the optimum has there
MUST, PARTLY, FREE, CLOSED = "must-have", "partly", "interchangeable", "could open"
SOLVES = 5  # at most, for one question
CLOSE = 1e-3  # relative: prices and answers this near are one


@dataclass(frozen=True)
class Alternatives:
    """In the last period. ``sites``: host, IT MW in the optimum, least, most, a word; ``plans``: IT MW, host by plan.

    ``bills`` (plan,): MUSD, the optimum first; ``moved`` (plan,): share of IT power that stands elsewhere than in it.
    """

    slack: float
    sites: pd.DataFrame
    plans: pd.DataFrame
    bills: tuple[float, ...]
    moved: tuple[float, ...]
    sections: tuple[Section, ...]
    run: Run | None = None


def alternatives_of_run(
    path: str | Path,
    slack: float,
    plans: int = 2,
    sites: int = 3,
    out: str | Path | None = None,
    report: Report | None = None,
) -> Alternatives:
    """Alternatives to a stored plan; tables are kept under ``out`` where given. Raises as `reopen` and `save_run`."""
    from .reopen import reopen

    planner, plan = reopen(path, report)
    made = alternatives(planner, plan, slack, plans, sites, report)
    if out is None:
        return made
    tables = {"sites": made.sites, "plans": made.plans.reset_index(names="host")}
    return replace(made, run=save_run(run_about(plan, "alternatives", tables, made.sections), out, csv=True))


def alternatives(
    planner: Planner, plan: Plan, slack: float, plans: int = 2, sites: int = 3, report: Report | None = None
) -> Alternatives:
    """``plans`` further plans, and the range of the ``sites`` largest sites, at a bill of at most (1 + slack) x least.

    ValueError for a slack below zero, SolveError for a plan without any region that may host AI.
    """
    if not slack >= 0.0:
        raise ValueError(f"the slack is a share of the bill, zero or more, not {slack}")
    say = report or (lambda line: None)
    hosts = np.asarray(plan.instance.sets["host"])
    if not len(hosts):
        raise SolveError("unknown", "the plan has no region that may host AI, so nothing could stand elsewhere")
    case = planner.case
    case.become(plan.instance)
    case.aim(None)
    base = case.solve()
    search = _Search(planner, plan, base, slack)
    first = search.base
    found, used = [first], np.zeros(len(hosts))
    for number in range(plans):
        say(f"plan {number + 2} of {plans + 1}")
        used += found[-1].power / max(float(found[-1].power.sum()), 1e-9)
        found.append(search.away_from(used))
    power, bills = [one.power for one in found], [one.bill for one in found]
    rows = []
    order = np.argsort(-first.power, kind="stable")[:sites]
    for number, h in enumerate(order):
        say(f"site {number + 1} of {len(order)}: {hosts[h]}")
        weights = np.zeros(len(hosts))
        weights[h] = 1.0
        least, most = (float(search.away_from(sign * weights).power[h]) for sign in (1.0, -1.0))
        rows.append(
            {
                "host": hosts[h],
                "optimum_mw": float(first.power[h]),
                "least_mw": least,
                "most_mw": most,
                "word": _word(float(first.power[h]), least, float(first.power.sum())),
            }
        )
    case.aim(None)
    table = pd.DataFrame(rows, columns=["host", "optimum_mw", "least_mw", "most_mw", "word"])
    names = ["optimum", *(f"plan {i + 2}" for i in range(len(power) - 1))]
    shown = pd.DataFrame(dict(zip(names, power, strict=True)), index=pd.Index(hosts, name="host"))
    total = max(float(power[0].sum()), 1e-9)
    moved = tuple(float(np.maximum(power[0] - other, 0.0).sum() / total) for other in power)
    period = plan.instance.sets["period"][-1]
    sections = (_sites(plan, slack, period, table), _plans(slack, period, shown, bills, moved))
    return Alternatives(slack, table, shown, tuple(bills), moved, sections)


@dataclass(frozen=True)
class _Found:
    """IT power of a plan in the last period, MW (host,), and its bill, MUSD."""

    power: Floats
    bill: float


class _Search:
    """Plans within a bill, far from given weights of sites."""

    def __init__(self, planner: Planner, plan: Plan, base: Solution, slack: float) -> None:
        self._case, self._cost, self._offset = planner.case, planner.lp.cost, planner.lp.offset
        self._block, self._kw = planner.case.lp.columns["chips_powered"], plan.param("it_kw")
        self.base = self._read(base)
        self._room = slack * abs(self.base.bill)

    def away_from(self, weights: Floats) -> _Found:
        """The plan within the bill with the least sum of weights (host,) times IT power, or near it."""
        within, beyond = self.base, None
        question = float(weights @ within.power)
        scale = max(abs(question), SMALL * float(within.power.sum() * np.abs(weights).max()), 1e-9)
        price = self._room / scale  # at this price no plan can cost more than the slack allows
        best = self.base.bill + self._room * (1.0 + 1e-9)
        for _ in range(SOLVES if self._room > 0.0 else 0):
            found = self._solved(price * weights)
            if found is None:
                break
            asked, before = float(weights @ found.power), float(weights @ within.power)
            if found.bill <= best:
                gained = before - asked
                if gained > CLOSE * scale:
                    within = found
                elif beyond is not None:
                    break
            elif beyond is not None and float(weights @ beyond.power) - asked >= -CLOSE * scale:
                break
            else:
                beyond = found
            asked = float(weights @ within.power)
            if beyond is None:
                if 0.0 <= asked <= CLOSE * scale and (weights >= 0.0).all():
                    break
                price *= 4.0
                continue
            nearer = (beyond.bill - within.bill) / max(asked - float(weights @ beyond.power), 1e-12)
            if abs(nearer - price) <= CLOSE * price:
                break
            price = nearer
        if beyond is None:
            return within
        share = min(max((best - within.bill) / (beyond.bill - within.bill), 0.0), 1.0)
        mixed = (1.0 - share) * within.power + share * beyond.power
        return _Found(mixed, (1.0 - share) * within.bill + share * beyond.bill)

    def _solved(self, priced: Floats) -> _Found | None:
        """The plan with the least bill plus price (host,) times IT power; None where there was no time."""
        cost = self._cost.copy()
        values = np.zeros(self._block.shape)
        values[:, :, -1] = priced[:, None] * self._kw[None, :]
        cost[self._block.span] += values.ravel()
        self._case.aim(cost, self._offset)
        try:
            return self._read(self._case.solve())
        except SolveError as error:
            if error.reason != "time_limit":
                raise
            return None

    def _read(self, solution: Solution) -> _Found:
        on = self._case.lp.column_values("chips_powered", solution.x)[:, :, -1]
        bill = float(self._cost @ solution.x[: len(self._cost)] + self._offset)
        return _Found(np.maximum(on @ self._kw, 0.0), bill)


def _word(optimum: float, least: float, total: float) -> str:
    if optimum <= SMALL * total:
        return CLOSED
    if least >= MOST_OF_IT * optimum:
        return MUST
    return FREE if least <= SMALL * optimum else PARTLY


def _sites(plan: Plan, slack: float, period: object, table: pd.DataFrame) -> Section:
    names = {"host": "site", "optimum_mw": "optimum", "least_mw": "least", "most_mw": "most", "word": "it is"}
    must = [str(host) for host, word in zip(table["host"], table["word"], strict=True) if word == MUST]
    free = [str(host) for host, word in zip(table["host"], table["word"], strict=True) if word == FREE]
    said = [
        f"must-haves: {', '.join(must) or 'none'}; interchangeable: {', '.join(free) or 'none'}",
        f"least and most: of any plan whose bill is at most {slack:.3g} above the least in all; each site by itself",
        "the bill holds the whole power system, so a small share of it is a large one of what AI costs",
        f"must-have: at least half of the optimum in every such plan; interchangeable: down to {SMALL:.0%} of it",
    ]
    return Section.from_frame(
        f"{plan.scenario.title}: sites at {slack:.1%} above the least bill, IT MW on in {period}",
        table.rename(columns=names),
        tuple(said),
        dict.fromkeys(("optimum", "least", "most"), 0),
    )


def _plans(slack: float, period: object, shown: pd.DataFrame, bills: list[float], moved: tuple[float, ...]) -> Section:
    some = shown[shown.max(axis=1) > SMALL * max(float(shown["optimum"].sum()), 1e-9)]
    rows: list[tuple[object, ...]] = [
        (host, *map(float, values)) for host, values in zip(some.index, some.to_numpy(), strict=True)
    ]
    rows.append(("all sites", *map(float, shown.sum())))
    rows.append(("bill over the least, %", *(100.0 * (bill / bills[0] - 1.0) if bills[0] else 0.0 for bill in bills)))
    rows.append(("stands elsewhere than in the optimum, %", *(100.0 * share for share in moved)))
    return Section(
        f"Plans far apart at {slack:.1%} above the least bill, IT MW on in {period}",
        ("site", *shown.columns),
        tuple(rows),
        (f"sites below {SMALL:.0%} of all IT power in every plan are left out",),
    )
