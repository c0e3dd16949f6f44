"""A plan run through every hour of many years: does what was chosen on representative days survive real hours?

The plan is taken as it is: what it built, what its campuses draw, what its chips make. Every hour of the record behind
the scenario is dispatched in order (`kernels/replay.py`), once as recorded and then for many drawn years
(`kernels/weather_years.py`). Tokens lost are the campus energy not served times the tokens that a MWh makes over the
plan's year in that region, shared by all work alike. They are counted before any work is put off: what may wait (the
flexible share of a class, other AI work) could be made up later where chips are idle then, and nothing here credits it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kernels.replay import LEDGER, Outcome, replay
from kernels.weather_years import draw, recorded
from optimizer.instance.hours import DAYS, MONTH_OF_HOUR, date_of_day
from optimizer.instance.real_hours import RealHours, real_hours
from optimizer.solve.errors import SolveError

from .plan import run_about
from .replay_system import OUTAGE_MEMORY, RESERVE_SHARE, UNIT_MW, Replayed, replayed, scatter
from .section import Section
from .store import Run, save_run

if TYPE_CHECKING:
    from pathlib import Path

    from .planner import Plan, Planner

CHUNK = 32  # samples drawn at a time: 90 MB of drawn numbers for 30 regions and 220 plants
LOLE_TARGET_H = 2.4  # hours a year: one day in ten years, the usual criterion of adequacy in North America
AI_TARGET = 0.001  # assumed: share of campus energy that may be lost; nobody has set a criterion
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


@dataclass(frozen=True)
class Years:
    """One period of a plan, run: as recorded (one sample), and drawn."""

    period: int
    ready: Replayed
    record: Outcome
    drawn: Outcome


def _check_real_hours(planner: Planner, plan: Plan) -> None:
    if planner.prepared.world.snapshots.first_hour is not None:
        raise SolveError(
            "unknown", "the scenario lists its own snapshots (time.snapshots): no year of hours is behind them"
        )
    named = [name for name in ("unit", "link", "reservoir", "tank", "branch") if plan.instance.sets[name]]
    if named:
        raise SolveError(
            "unknown", f"a replay knows plants and corridors by technology, not the {named[0]}s of `network`"
        )


def run_years(
    planner: Planner,
    plan: Plan,
    periods: list[int],
    samples: int,
    seed: int,
    reserve_share: float = RESERVE_SHARE,
    report: Callable[[str], None] | None = None,
) -> tuple[RealHours, list[Years]]:
    """Run periods of a plan (their labels) through the record and ``samples`` drawn years.

    SolveError for a plan with elements of `network`, or on snapshots that its scenario lists: neither has real hours.
    """
    _check_real_hours(planner, plan)
    hours = real_hours(planner.prepared.world, plan.instance)
    group = MONTH_OF_HOUR[hours.hour] * 24 + hours.hour % 24
    moved, found = scatter(hours), []
    for period in periods:
        ready = replayed(plan, hours, plan.instance.sets["period"].index(period), reserve_share)
        regions, plants = hours.base_load_mw.shape[2], len(ready.system.plants.region)
        record = replay(ready.system, recorded(DAYS, regions, plants), group)
        parts = []
        for first in range(0, samples, CHUNK):
            if report is not None:
                report(f"replaying {period}, years {first + 1} to {min(first + CHUNK, samples)} of {samples}")
            years = draw(seed, first, min(CHUNK, samples - first), DAYS, plants, moved)
            parts.append(replay(ready.system, years, group))
        found.append(Years(period, ready, record, joined(parts) if parts else record))
    return hours, found


def joined(parts: list[Outcome]) -> Outcome:
    """Outcomes of chunks of samples as one; hours of the record are added up."""
    fields = {}
    for name in Outcome._fields:
        values = [getattr(part, name) for part in parts]
        fields[name] = np.sum(values, axis=0) if name.endswith("_by_hour") else np.concatenate(values)
    return Outcome(**fields)


def period_rows(years: Years) -> dict[str, object]:
    """What a period came to, means over drawn years unless the name says otherwise."""
    drawn, record, ready = years.drawn, years.record, years.ready
    ledger = dict(zip(LEDGER, drawn.ledger.mean(axis=0), strict=True))
    lost = drawn.campus + drawn.held
    tokens = lost @ ready.tokens_mtok_per_mwh * 1e-9  # Ptok
    wanted = ready.system.campuses.want_mw.sum(axis=0)
    made = float(wanted @ ready.tokens_mtok_per_mwh) * 1e-9
    eue = drawn.base.sum(axis=1)
    return {
        "period": years.period,
        "lole_h_per_yr": drawn.lole_h.mean(),
        "lole_p95_h_per_yr": np.percentile(drawn.lole_h, 95),
        "lole_as_recorded_h_per_yr": record.lole_h[0],
        "eue_mwh_per_yr": eue.mean(),
        "eue_p95_mwh_per_yr": np.percentile(eue, 95),
        "eue_as_recorded_mwh_per_yr": record.base.sum(),
        "eue_share": _share(eue.mean(), ledger["base_load"]),
        "ai_hours_short_per_yr": drawn.campus_lole_h.mean(),
        "ai_energy_lost_mwh_per_yr": lost.sum(axis=1).mean(),
        "ai_held_by_connection_mwh_per_yr": drawn.held.sum(axis=1).mean(),
        "ai_energy_share_lost": _share(lost.sum(axis=1).mean(), ledger["campus_load"]),
        "ai_energy_share_lost_p95": _share(np.percentile(lost.sum(axis=1), 95), ledger["campus_load"]),
        "ai_energy_share_lost_as_recorded": _share(
            record.campus.sum() + record.held.sum(), record.ledger[0, LEDGER.index("campus_load")]
        ),
        "tokens_lost_ptok_per_yr": tokens.mean(),
        "tokens_share_lost": _share(tokens.mean(), made),
        "other_ai_tokens_lost_ptok_per_yr": (lost @ ready.other_ai_mtok_per_mwh).mean() * 1e-9,
        "curtailed_gwh_per_yr": ledger["curtailed"] * 1e-3,
        "curtailed_share": _share(ledger["curtailed"], ledger["free"]),
        "samples": len(drawn.lole_h),
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def tables(plan: Plan, hours: RealHours, runs: list[Years]) -> dict[str, pd.DataFrame]:
    """All tables of a replay: by period, by region, by month, hour and region, by hour of the record, by sample."""
    regions = np.asarray(plan.instance.sets["region"])
    by_region, by_group, by_hour, by_sample = [], [], [], []
    for years in runs:
        drawn, lost = years.drawn, years.drawn.campus + years.drawn.held
        count = len(drawn.lole_h)
        worst = drawn.worst_mwh.argmax(axis=0)
        place = drawn.worst_hour[worst, np.arange(len(regions))]
        by_region.append(
            pd.DataFrame(
                {
                    "period": years.period,
                    "region": regions,
                    "hours_short_per_yr": drawn.short_h.mean(axis=0),
                    "eue_mwh_per_yr": drawn.base.mean(axis=0),
                    "ai_hours_short_per_yr": drawn.campus_short_h.mean(axis=0),
                    "ai_energy_lost_mwh_per_yr": lost.mean(axis=0),
                    "ai_held_by_connection_mwh_per_yr": drawn.held.mean(axis=0),
                    "ai_energy_wanted_mwh_per_yr": years.ready.system.campuses.want_mw.sum(axis=0),
                    "tokens_lost_ptok_per_yr": lost.mean(axis=0) * years.ready.tokens_mtok_per_mwh * 1e-9,
                    "curtailed_mwh_per_yr": drawn.curtailed.mean(axis=0),
                    "samples_short_share": (drawn.short_h > 0).mean(axis=0),
                    "worst_mwh_in_an_hour": drawn.worst_mwh.max(axis=0),
                    "worst_hour_of_record_utc": [
                        None if at < 0 else moment(int(hours.hour[at])) for at in place.tolist()
                    ],
                }
            )
        )
        base, campus = (values.mean(axis=0) for values in (drawn.base_by_group, drawn.campus_by_group))
        short = ((drawn.base_by_group + drawn.campus_by_group) > 0).mean(axis=0)
        group, region = np.nonzero(base + campus)
        by_group.append(
            pd.DataFrame(
                {
                    "period": years.period,
                    "month": group // 24 + 1,
                    "hour_utc": group % 24,
                    "region": regions[region],
                    "base_mwh_per_yr": base[group, region],
                    "ai_mwh_per_yr": campus[group, region],
                    "samples_share": short[group, region],
                }
            ).sort_values("base_mwh_per_yr", ascending=False, kind="stable")
        )
        at = np.flatnonzero(drawn.short_by_hour)
        by_hour.append(
            pd.DataFrame(
                {
                    "period": years.period,
                    "hour_of_record_utc": [moment(int(hours.hour[i])) for i in at],
                    "times_short_per_yr": drawn.short_by_hour[at] / count,
                    "base_mwh_per_yr": drawn.base_by_hour[at] * 1e-6 / count,
                    "ai_mwh_per_yr": drawn.campus_by_hour[at] * 1e-6 / count,
                }
            )
        )
        by_sample.append(
            pd.DataFrame(
                {
                    "period": years.period,
                    "sample": np.arange(count),
                    "hours_short": drawn.lole_h,
                    "base_mwh": drawn.base.sum(axis=1),
                    "ai_hours_short": drawn.campus_lole_h,
                    "ai_mwh": lost.sum(axis=1),
                    "tokens_lost_ptok": lost @ years.ready.tokens_mtok_per_mwh * 1e-9,
                    **{f"{name}_twh": drawn.ledger[:, i] * 1e-6 for i, name in enumerate(LEDGER)},
                }
            )
        )
    return {
        "replay": pd.DataFrame([period_rows(years) for years in runs]),
        "replay_by_region": pd.concat(by_region, ignore_index=True),
        "replay_by_month_and_hour": pd.concat(by_group, ignore_index=True),
        "replay_by_hour_of_record": pd.concat(by_hour, ignore_index=True),
        "replay_by_sample": pd.concat(by_sample, ignore_index=True),
    }


def moment(hour: int) -> str:
    """Month, day and hour of an hour of the year: "07-19 21:00"."""
    return f"{date_of_day(hour // 24)} {hour % 24:02d}:00"


def verdict(row: pd.Series) -> str:
    """One plain sentence on a period."""
    load_holds, ai_holds = row["lole_h_per_yr"] <= LOLE_TARGET_H, row["ai_energy_share_lost"] <= AI_TARGET
    year, lole, lost = int(row["period"]), row["lole_h_per_yr"], row["ai_energy_share_lost"]
    load = f"other load is short in {lole:.1f} hours a year, against {LOLE_TARGET_H} that are usually allowed"
    if load_holds and ai_holds:
        return f"{year}: the plan survives: {load}, and AI loses {lost:.2%} of its energy."
    if load_holds:
        return f"{year}: the plan survives for other load, not for AI: {load}, but AI loses {lost:.2%} of its energy."
    return f"{year}: the plan does not survive: {load}, and AI, shed first, loses {lost:.2%} of its energy."


def replay_sections(
    planner: Planner,
    plan: Plan,
    periods: list[int],
    samples: int = 200,
    seed: int = 0,
    top: int = 10,
    reserve_share: float = RESERVE_SHARE,
    out: Path | None = None,
    report: Callable[[str], None] | None = None,
) -> tuple[list[Section], Run | None]:
    """The tables for a reader, and the run folder where one is wanted. StoreError when ``out`` cannot be written."""
    hours, runs = run_years(planner, plan, periods, samples, seed, reserve_share, report)
    made = tables(plan, hours, runs)
    said = notes(plan, hours, samples, seed, reserve_share)
    sections = [
        _summary(plan, made["replay"], said),
        _worst(made, top),
        _regions(made["replay_by_region"], top),
    ]
    if out is None:
        return sections, None
    run = run_about(plan, "replay", made, sections, objective=float("nan"), notes=said)
    return sections, save_run(run, out, csv=True)


def notes(plan: Plan, hours: RealHours, samples: int, seed: int, reserve_share: float) -> tuple[str, ...]:
    """What the numbers rest on, and what is synthetic."""
    instance, calm = plan.instance, not hours.scatter_cv.any()
    moved = (
        "days are not moved: the scenario asks for no scatter"
        if calm
        else "each moved by a synthetic factor on load and on the odds of wind and sun (smoothed bootstrap: "
        "0.53 of the variation of days within a month as measured in the US in 2019)"
    )
    said = [
        f"{samples} drawn years, seed {seed}: runs of five days of the record from within 15 days of their place, all "
        f"regions together, {moved}; no year holds weather that is not near a recorded day",
        f"outages by chance are synthetic: units of {UNIT_MW:g} MW (assumed) fail one by one at the forced outage "
        f"rates of the tables, {OUTAGE_MEMORY:g} of a day's outages lasting into the next (assumed); no cold snap "
        "takes out many at once. As recorded: the hours of the record, outages at their mean",
        f"hours are dispatched one after the other without foresight: {reserve_share:.0%} of every store is kept for "
        "shortage, water and yearly energy limits are spread evenly; a plan with foresight would lose less",
        f"allowed: {LOLE_TARGET_H} hours a year with any region short (one day in ten years, as North American "
        f"planners ask of one system), and {AI_TARGET:.1%} of AI energy (assumed)",
        "AI is shed before other load, and its tokens count as lost before any work is put off; energy and tokens "
        "are those of the plan, not of what users asked for",
    ]
    left_out = []
    if instance.sets["cycle"]:
        left_out.append("the voltage law")
    if plan.param("may_ramp").any():
        left_out.append("ramp limits")
    if plan.param("has_co2_cap").any():
        left_out.append("the carbon cap")
    if plan.param("has_line_take").any():
        left_out.append("minimum takes of lines")
    if left_out:
        said.append(f"the plan keeps {', '.join(left_out)}; the replay does not")
    synthetic = [note for note in plan.instance.notes if "synthetic" in note]
    return (*said, *synthetic)


def _summary(plan: Plan, table: pd.DataFrame, said: tuple[str, ...]) -> Section:
    shown = pd.DataFrame(
        {
            "period": [str(int(year)) for year in table["period"]],
            "hours short": table["lole_h_per_yr"],
            "95 %": table["lole_p95_h_per_yr"],
            "as recorded": table["lole_as_recorded_h_per_yr"],
            "EUE MWh": table["eue_mwh_per_yr"],
            "share": table["eue_share"],
            "AI hours short": table["ai_hours_short_per_yr"],
            "AI MWh lost": table["ai_energy_lost_mwh_per_yr"],
            "AI share": table["ai_energy_share_lost"],
            "Ptok lost": table["tokens_lost_ptok_per_yr"],
            "curtailed GWh": table["curtailed_gwh_per_yr"],
            "of free": table["curtailed_share"],
        }
    )
    sentences = tuple(verdict(row) for _, row in table.iterrows())
    digits = {"hours short": 1, "95 %": 1, "as recorded": 1, "EUE MWh": 0, "AI hours short": 1, "AI MWh lost": 0}
    digits |= {"share": 6, "AI share": 5, "curtailed GWh": 0, "of free": 3}
    title = f"{plan.scenario.title}: the plan in real hours, means of a year"
    return Section.from_frame(title, shown, (*sentences, *said), digits)


def _worst(made: dict[str, pd.DataFrame], top: int) -> Section:
    """The months, hours and regions that lose most, base load first."""
    table = made["replay_by_month_and_hour"]
    weight = table["base_mwh_per_yr"] + 1e-6 * table["ai_mwh_per_yr"]
    rows = table.assign(weight=weight).sort_values("weight", ascending=False, kind="stable")
    rows = rows.groupby("period", sort=True).head(top).sort_values(["period", "weight"], ascending=[True, False])
    shown = pd.DataFrame(
        {
            "period": [str(int(year)) for year in rows["period"]],
            "month": [MONTHS[int(month) - 1] for month in rows["month"]],
            "hour UTC": [f"{int(hour):02d}" for hour in rows["hour_utc"]],
            "region": rows["region"],
            "EUE MWh": rows["base_mwh_per_yr"],
            "AI MWh lost": rows["ai_mwh_per_yr"],
            "samples": rows["samples_share"],
        }
    )
    note = "means of a year; samples: share of the drawn years that are short in that month, hour and region"
    digits = {"EUE MWh": 0, "AI MWh lost": 0, "samples": 2}
    return Section.from_frame("Hours that break the plan", shown, (note,), digits)


def _regions(table: pd.DataFrame, top: int) -> Section:
    rows = table[table["eue_mwh_per_yr"] + table["ai_energy_lost_mwh_per_yr"] > 0]
    rows = rows.assign(weight=rows["eue_mwh_per_yr"] + 1e-6 * rows["ai_energy_lost_mwh_per_yr"])
    rows = rows.sort_values(["period", "weight"], ascending=[True, False]).groupby("period").head(top)
    wanted = rows["ai_energy_wanted_mwh_per_yr"]
    shown = pd.DataFrame(
        {
            "period": [str(int(year)) for year in rows["period"]],
            "region": rows["region"],
            "hours short": rows["hours_short_per_yr"],
            "EUE MWh": rows["eue_mwh_per_yr"],
            "samples": rows["samples_short_share"],
            "AI MWh lost": rows["ai_energy_lost_mwh_per_yr"],
            "held": rows["ai_held_by_connection_mwh_per_yr"],
            "AI share": (rows["ai_energy_lost_mwh_per_yr"] / wanted).where(wanted > 0),
            "worst hour MWh": rows["worst_mwh_in_an_hour"],
            "in the record": rows["worst_hour_of_record_utc"],
        }
    )
    note = "held: AI energy that a flexible connection may not draw when the region's load nears its seasonal peak"
    digits = {"hours short": 1, "EUE MWh": 0, "samples": 2, "AI MWh lost": 0, "held": 0, "AI share": 4}
    return Section.from_frame("Regions that are short", shown, (note,), digits | {"worst hour MWh": 0})
