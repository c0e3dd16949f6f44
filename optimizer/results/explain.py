"""A plan explained: the limits that hold it back most, one sentence each, and every number of a sentence in a table.

    The connection queue in PJM_DOM holds back 2028: one more MW is worth 412,000 USD a year; after 1,150 MW of relief
    it is worth 300,000, and the hall in PJM_DOM gains most.

Prices are in USD for a unit and a year of its service, or in reference tokens per second for a unit where the question
is most tokens. What they are made of is in holding_back.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import measures
from .holding_back import Held, RentRange, held_back, rent_ranges, stage_to_explain
from .ledger import ledger
from .ledger_tables import ledger_tables
from .plan import run_about, slack_notes
from .planner import Plan, Planner, Report
from .reopen import reopen
from .section import Section
from .store import Run, save_run
from .whereabouts import Whereabouts

if TYPE_CHECKING:
    from optimizer.solve.relief import Place

USD, TOKENS = "USD a year", "tokens/s"
SECONDS_A_YEAR = 8760.0 * 3600.0
ONE_MORE = {"kchip": "thousand chips", "GWh": "GWh a year", "Ttok/h": "Ttok/h of capacity"}
UNIQUE = 1e-6  # prices of one more and one less that differ by less are one


@dataclass(frozen=True)
class Explanation:
    """``limits``, ``ladder`` and ``ranges`` are tables; ``sections`` show them; ``run`` is where they were kept."""

    tables: Mapping[str, pd.DataFrame]
    sections: tuple[Section, ...]
    run: Run | None = None


def explain_run(
    path: str | Path,
    top: int = 10,
    everything: bool = False,
    out: str | Path | None = None,
    report: Report | None = None,
) -> Explanation:
    """Explain a stored run; tables are kept under ``out`` where given.

    Raises StoreError as `reopen` does or where ``out`` cannot be written, SolveError where a solve ends without a plan.
    """
    planner, plan = reopen(path, report)
    made = explain(planner, plan, top, everything, report)
    if out is None:
        return made
    run = run_about(plan, "explained", made.tables, made.sections, summary={"explains": str(path)})
    return replace(made, run=save_run(run, out, csv=True))


def explain(
    planner: Planner, plan: Plan, top: int = 10, everything: bool = False, report: Report | None = None
) -> Explanation:
    """The dearest limits of a plan, with prices, how far they hold, and the ranges of their families' rents.

    ``everything`` takes the base system's own limits in: plants, lines, water and stores as they stand.
    """
    if report is not None:
        report("taking up the plan")
    stage = stage_to_explain(planner, plan)
    found = held_back(planner, stage, top, everything, report)
    where = Whereabouts(stage.instance, planner.formulation)
    of_family = [(held.family, where.of(held.place)["period"]) for held in found]
    ranges = rent_ranges(planner, stage, list(dict.fromkeys(of_family)), report)
    limits = limits_table(stage, found, where)
    tables = {
        "limits": limits,
        "ladder": ladder_table(stage, found),
        "ranges": ranges_table(stage, ranges),
        "ledger_summary": ledger_tables(ledger(stage, planner.formulation), stage, planner.formulation)[
            "ledger_summary"
        ],
    }
    return Explanation(tables, (_sentences(plan, stage, limits), _numbers(limits), _ranges(tables["ranges"])))


def last_steps(plan: Plan) -> dict[str, float]:
    """By period in which requests of users leave: the highest price at which any do, USD per million tokens."""
    mine = ~measures.is_other_ai(plan)
    unserved = measures.yearly(plan, plan.value("unserved"))[mine].sum(axis=0)
    asked = measures.yearly(plan, plan.param("demand"))[mine].sum(axis=0)
    leave = unserved > 1e-6 * np.maximum(asked, 1e-9)
    return {
        str(period): float(plan.param("willingness")[leave[:, p]].max())
        for p, period in enumerate(plan.instance.sets["period"])
        if leave[:, p].any()
    }


# -- tables


def limits_table(stage: Plan, found: list[Held], where: Whereabouts) -> pd.DataFrame:
    """One row a limit, in the order of rents; prices in ``price_unit`` per ``per``, amounts in ``per``.

    ``holds_up_to`` is the relief up to which ``price_one_more`` was seen to hold, ``ends_at`` where it does not any
    more (infinite: not found). ``tokens_per_s`` is what one more unit lets the plan serve, other AI work included.
    """
    rows = []
    for held in found:
        place = where.of(held.place)
        scale, unit = plain_unit(stage, held)
        tokens = tokens_per_s(stage, held, held.more * scale) if unit == USD else math.nan
        rows.append(
            {
                "family": held.family,
                "place": words(held.place),
                **place,
                "per": held.place.per,
                "amount": held.amount,
                "price_one_more": held.more * scale,
                "price_one_less": math.nan if held.less is None else held.less * scale,
                "price_unit": unit,
                "holds_up_to": held.piece.holds,
                "ends_at": held.piece.ends,
                "price_after": math.nan if held.after is None else held.after * scale + 0.0,
                "next_family": None if held.next is None else held.next[0],
                "next_place": None if held.next is None else words(held.next[1]),
                "tokens_per_s": tokens,
                f"rent_{stage.price_unit.lower()}": held.rent,
                "sentence": sentence(held, scale, unit, tokens),
            }
        )
    frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["family", "sentence"])
    frame.insert(0, "rank", np.arange(1, len(frame) + 1))
    return frame


def ladder_table(stage: Plan, found: list[Held]) -> pd.DataFrame:
    """Every solve that was made for a limit: relief, price there, and what the objective gains in all."""
    rows = []
    for rank, held in enumerate(found, 1):
        scale, unit = plain_unit(stage, held)
        for point in sorted(held.piece.points, key=lambda one: one.relief):
            gain = stage.solution.objective - point.objective
            rows.append((rank, held.family, words(held.place), point.relief, point.price * scale, unit, gain))
    names = ["rank", "family", "place", "relief", "price", "price_unit", f"gain_{stage.price_unit.lower()}"]
    return pd.DataFrame(rows, columns=names)


def ranges_table(stage: Plan, ranges: list[RentRange]) -> pd.DataFrame:
    """One row a family and period: its rent in this plan's prices, and the least and most over all optimal prices."""
    unit = stage.price_unit.lower()
    rows = [(one.family, one.period, one.rent, one.least, one.most) for one in ranges]
    frame = pd.DataFrame(rows, columns=["family", "period", f"rent_{unit}", f"least_{unit}", f"most_{unit}"])
    frame["period"] = frame["period"].astype("Int64")
    return frame


def tokens_per_s(stage: Plan, held: Held, usd: float) -> float:
    """Reference tokens per second that one more unit lets the plan serve in the years of its service.

    Zero where they are not even worth a hundredth of its price ``usd`` to those who would pay most.
    """
    if held.years is None:
        return math.nan
    mtok = held.tokens_ttok * 1e6 / held.years
    willing = float(stage.param("willingness").max(initial=0.0))
    return mtok * 1e6 / SECONDS_A_YEAR if mtok * willing > 0.01 * usd else 0.0


def plain_unit(stage: Plan, held: Held) -> tuple[float, str]:
    """What to multiply a price of the objective with, and the unit that it has then."""
    if stage.price_unit == "MUSD":
        return (1e6, "USD in present value") if held.years is None else (1e6 / held.years, USD)
    if held.years is None:
        return 1e15, "tokens"
    return 1e15 / SECONDS_A_YEAR / held.years, TOKENS


# -- words


def sentence(held: Held, scale: float, unit: str, tokens: float) -> str:
    """One limit in one sentence; ``scale`` and ``unit`` as `plain_unit` gives them."""
    period = dict(zip(held.place.axes, held.place.labels, strict=True)).get("period")
    verb = "hold" if held.family.endswith("s") and not held.family.endswith("ss") else "holds"
    one = ONE_MORE.get(held.place.per, held.place.per)
    more = held.more * scale
    said = f"The {held.family}{inside(held.place)} {verb} back {'the plan' if period is None else period}: "
    if more <= UNIQUE * (held.less or 0.0) * scale:
        less = (
            "no plan is left with less" if held.less is None else f"one less costs {number(held.less * scale)} {unit}"
        )
        return said + f"one more {one} alone is worth nothing, since limits in series bind with it; {less}"
    said += f"one more {one} is worth {number(more)} {unit}"
    if tokens > 0.0:
        said += f" ({number(tokens)} tokens/s)"
    if held.less is None:
        said += ", and no plan is left with less"
    elif held.less > held.more * (1.0 + UNIQUE):
        said += f", one less costs {number(held.less * scale)}"
    if not math.isfinite(held.piece.ends):
        return said + f"; that holds for at least {number(held.piece.holds)} more"
    said += f"; {number(held.piece.ends)} {one} of relief before the next limit binds"
    if held.next is not None:
        said += f", the {held.next[0]}{inside(held.next[1], other_than=period)}"
    return said + (f"; then {number((held.after or 0.0) * scale + 0.0)}" if held.after is not None else "")


def inside(place: Place, other_than: object = None) -> str:
    """Where a place lies: " in PJM_DOM", " in us (TPU v7)"; with a period where it is another one than given."""
    named = [(axis, str(label)) for axis, label in zip(place.axes, place.labels, strict=True) if axis != "period"]
    first = next((label for axis, label in named if axis in ("host", "region", "zone", "country")), None)
    others = [label for _, label in named if label != first]
    period = dict(zip(place.axes, place.labels, strict=True)).get("period")
    if other_than is not None and period is not None and period != other_than:
        others.append(str(period))
    said = "" if first is None else f" in {first}"
    if first is None and others:
        return f" of {', '.join(others)}"
    return said + (f" ({', '.join(others)})" if others else "")


def words(place: Place) -> str:
    """The labels of a place, its period left out."""
    return ", ".join(str(label) for axis, label in zip(place.axes, place.labels, strict=True) if axis != "period")


def number(value: float) -> str:
    """Three significant figures, thousands apart."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(digits, 0)}f}"


# -- sections


def _sentences(plan: Plan, stage: Plan, limits: pd.DataFrame) -> Section:
    notes, last_step = [], last_steps(plan)
    if stage.price_unit == "MUSD" and last_step:
        steps = ", ".join(f"{period}: {step:g}" for period, step in last_step.items())
        notes.append(
            f"requests leave for want of capacity, the last at ({steps}) USD per million tokens: prices there are that "
            "step of willingness to pay times the tokens that a unit lets the plan serve, less what they cost; "
            "tokens a second stand beside them"
        )
    notes += slack_notes(measures.fleet(plan))
    notes.append("a limit at a place is all its rows and bounds of one family there; prices hold within a hundredth")
    title = "what holds the plan back most" + ("" if stage.price_unit == "MUSD" else ", in reference tokens a second")
    return Section(
        f"{plan.scenario.title}: {title}",
        ("#", "limit"),
        tuple(zip(limits["rank"].tolist(), limits["sentence"].tolist(), strict=True)),
        tuple(notes),
    )


def _numbers(limits: pd.DataFrame) -> Section:
    names = {
        "rank": "#", "family": "family", "place": "place", "period": "period", "per": "per", "amount": "there is",
        "price_one_more": "one more", "price_one_less": "one less", "price_unit": "price unit",
        "ends_at": "holds for", "price_after": "then",
    }  # fmt: skip
    shown = limits[[name for name in names if name in limits]].rename(columns=names)
    if "holds for" in shown:
        shown["holds for"] = shown["holds for"].where(shown["one more"] > 0)
    if "period" in shown:
        shown["period"] = shown["period"].map(lambda year: None if pd.isna(year) else str(int(year)))
    return Section.from_frame("the same in numbers", shown)


def _ranges(ranges: pd.DataFrame) -> Section:
    shown = ranges.assign(period=ranges["period"].map(lambda year: None if pd.isna(year) else str(int(year))))
    return Section.from_frame(
        "rents of families, over all optimal prices",
        shown.rename(columns=lambda name: name.replace("_", " ")),
        ("least and most are slopes of the objective as all limits of the family in the period grow and shrink",),
    )
