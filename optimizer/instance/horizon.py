"""Horizon: countries, periods, snapshots and discounting as arrays."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World


def build(world: World, out: Draft) -> None:
    """Sets country, period, day, snapshot; hours, step_h, discount and the order of hours within a day."""
    shots = world.snapshots
    out.set("country", world.countries)
    out.set("period", world.periods)
    labels = [int(label) for label in shots.labels]
    days = sorted({int(day) for day in shots.day})
    out.set("day", days)
    out.set(
        "snapshot",
        labels,
        day=[int(day) for day in shots.day],
        utc_hour=[float(hour) for hour in shots.start_hour],
        length_h=[float(hours) for hours in shots.step_h],
        is_peak_day=[int(flag) for flag in shots.is_peak_day],
    )
    out.relation("snapshots_of_day", days, zip((int(day) for day in shots.day), labels, strict=True))
    out.put(
        hours=shots.weight_h,
        step_h=shots.step_h,
        energy_h=shots.weight_h if shots.energy_h is None else shots.energy_h,
        follows=np.arange(len(shots)) > 0,
        discount=world.discount,
        by_then=np.triu(np.ones((len(world.periods),) * 2)),
    )
    previous = np.empty(len(labels), dtype=object)
    previous[:] = [labels[int(i)] for i in shots.previous]
    out.params["previous"] = previous
    closing = np.empty(len(world.periods), dtype=object)
    closing[:] = labels[-1]
    out.params["closing"] = closing
    if world.periods[-1] + world.length_yr > 2032:
        out.note(f"period {world.periods[-1]} is extrapolated: chip supply and most forecasts end in 2030")
