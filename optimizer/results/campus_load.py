"""What campuses draw in the real hours of the year that the snapshots of a plan stand for.

A plan knows a few days. Every hour of the year is shown by one of its snapshots, so the IT power of a campus in that
hour is the plan's; the PUE is that of the hour itself. This gives peaks, their hours and load-duration points, which
snapshots hide: in a plan the PUE of a snapshot is a mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kernels.load import Loads, load, pue_as_given
from optimizer.instance.facility import campus_pue
from optimizer.instance.hours import HOURS, date_of_day

from .planner import Plan
from .section import Section

if TYPE_CHECKING:
    from optimizer.instance.draft import World

SHARES = {"reached_1pct_mw": 0.01, "reached_10pct_mw": 0.1, "reached_50pct_mw": 0.5, "reached_90pct_mw": 0.9}
SHOWN = 9  # rows of the section; the table has all


def campus_load(plan: Plan, world: World) -> pd.DataFrame:
    """One row a host and period, MW at the campus, on-site supply included.

    ``it_twh`` is the plan's; ``facility_twh`` follows the PUE of every hour and ``planned_facility_twh`` that of the
    snapshots, as the plan pays for it. ``peak_mw`` is the highest hour and ``sized_for_mw`` what connections are sized
    for: all chips busy in the worst hour. ``country_peak_mw`` is the highest hour of all hosts of the country together,
    of which this host draws ``at_country_peak_mw``. ``reached_10pct_mw`` is reached or passed in a tenth of the hours.
    """
    hosts, periods = plan.instance.sets["host"], plan.instance.sets["period"]
    country = np.asarray(plan.instance.attributes["host"]["country"])
    shape = len(hosts), len(periods)
    frame = pd.MultiIndex.from_product([hosts, periods], names=["region", "period"]).to_frame(index=False)
    frame["country"] = np.repeat(country, len(periods))
    idle = np.maximum(plan.value("idle_mw"), 0.0)
    active = np.maximum(plan.value("active_mw"), 0.0)
    use = plan.value("it_use")
    share = np.clip(np.divide(use, active[:, :, None], out=np.zeros_like(use), where=active[:, :, None] > 0), 0.0, 1.0)
    of_hour, pue, length, utc = _hours(plan, world, hosts)
    found = {name: np.zeros(shape) for name in ("it_twh", "facility_twh", "peak_mw", *SHARES)}
    found |= {name: np.zeros(shape) for name in ("country_peak_mw", "at_country_peak_mw")}
    hours = {name: np.zeros(shape, np.int64) for name in ("peak_hour", "country_peak_hour")}
    for name in dict.fromkeys(country.tolist()):
        rows = np.flatnonzero(country == name)
        loads: Loads = load(
            utilisation=share[rows][:, :, of_hour].transpose(1, 0, 2),
            idle_mw=idle[rows].T,
            full_mw=(idle[rows] + active[rows]).T,
            wet_bulb_c=pue.T[None, rows],
            cooling=pue_as_given(len(rows)),
            hours=length,
            shares=list(SHARES.values()),
        )
        found["it_twh"][rows], found["facility_twh"][rows] = loads.it_energy.T * 1e-6, loads.energy.T * 1e-6
        found["peak_mw"][rows], hours["peak_hour"][rows] = loads.peak.T, loads.peak_hour.T
        found["country_peak_mw"][rows], hours["country_peak_hour"][rows] = loads.together, loads.together_hour
        for p, hour in enumerate(loads.together_hour.tolist()):
            it = idle[rows, p] + active[rows, p] * share[rows, p, of_hour[hour]]
            found["at_country_peak_mw"][rows, p] = it * pue[hour, rows]
        for i, point in enumerate(SHARES):
            found[point][rows] = loads.duration[:, :, i].T
    found["planned_facility_twh"] = (
        (use + idle[:, :, None]) * plan.param("pue")[:, None, :] @ plan.param("hours") * 1e-6
    )
    found["sized_for_mw"] = plan.param("pue_peak")[:, None] * (idle + active)
    order = ["it_twh", "facility_twh", "planned_facility_twh", "sized_for_mw", "peak_mw"]
    for column in (*order, "peak_hour", "country_peak_mw", "country_peak_hour", "at_country_peak_mw", *SHARES):
        values = utc[hours[column]] if column in hours else found[column]
        frame[f"{column}_utc" if column in hours else column] = values.ravel()
    return frame


def _hours(plan: Plan, world: World, hosts: Sequence[str | int]) -> tuple[np.ndarray, ...]:
    """What is gone through: the snapshot, the PUE (hour, host), the length and the hour of the year of each hour.

    Snapshots that a scenario lists stand for themselves: no hour of the year is theirs but the one at which they begin.
    """
    steps = world.snapshots
    if steps.first_hour is None:
        return steps.of_hour, campus_pue(world, hosts), np.ones(HOURS), np.arange(HOURS)
    return np.arange(len(steps)), plan.param("pue").T, steps.weight_h, steps.first_hour


def sections(frame: pd.DataFrame) -> list[Section]:
    """The campuses of each country together, from `campus_load`; nothing where no campus draws power."""
    groups = frame.groupby(["country", "period"], sort=False)
    table = groups[["it_twh", "facility_twh", "sized_for_mw", "peak_mw"]].sum()
    table = table.join(groups[["country_peak_mw", "country_peak_hour_utc"]].first()).reset_index()
    table = table[table["facility_twh"] > 0.0]
    if table.empty:
        return []
    notes = ["every hour of the year has the IT power of the snapshot that stands for it and a PUE of its own"]
    if len(table) > SHOWN:
        table = table.loc[table["facility_twh"].nlargest(SHOWN).index]
        notes.append("the largest; all stand in summary_campus_load")
    shown = pd.DataFrame(
        {
            "country": table["country"],
            "period": table["period"].map(lambda year: str(int(year))),
            "IT TWh": table["it_twh"],
            "facility TWh": table["facility_twh"],
            "peak together GW": table["country_peak_mw"] / 1e3,
            "at (UTC)": [hour_in_words(int(hour)) for hour in table["country_peak_hour_utc"]],
            "sum of own peaks GW": table["peak_mw"] / 1e3,
            "sized for GW": table["sized_for_mw"] / 1e3,
        }
    )
    return [Section.from_frame("campus load in the hours of the year", shown, tuple(notes))]


def hour_in_words(hour: int) -> str:
    """Date and hour of an hour of the year: 21 is "01-01 21:00"."""
    return f"{date_of_day(hour // 24)} {hour % 24:02d}:00"
