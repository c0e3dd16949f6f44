"""Horizon: the periods that are planned, the hours that stand for their years, and what a year is worth today.

    sum_t hours[t] = 8760                      every snapshot t stands for hours[t] hours of each year of a period;
                                               a scenario that lists its own snapshots says what they stand for
    discount[p] = sum_{years v of p} (1 + rate)^-(v + 0.5 - base year)

A yearly cost times discount[p] is its present value over the period. Time is UTC. `previous` wraps inside a
representative day; `step_h` is the length of the snapshot within its day, `hours` its weight in the year.
"""

from __future__ import annotations

from .room import Room

room = Room("horizon", doc=__doc__)

# what it reads
room.set("country", "a country or bloc with its own policies, chips and costs")
room.set("period", "an investment period, named by its first year")
room.set("day", "a representative day")
room.set(
    "snapshot", "an hour, or a block of hours, of a representative day", columns="day utc_hour length_h is_peak_day"
)
room.relation("snapshots_of_day", "day", "snapshot", "the snapshots of a representative day, in order")
room.lookup("previous", "snapshot", "snapshot", "the snapshot before, wrapping within its day")
room.lookup("closing", "period", "snapshot", "the last snapshot of a period")
room.param("follows", "snapshot", "0/1", "0 at the first snapshot of a year, which follows none of the same year")
room.param("hours", "snapshot", "h", "hours of a year that the snapshot stands for")
room.param("energy_h", "snapshot", "h", "hours that it counts for in limits on energy; those of the year unless given")
room.param("step_h", "snapshot", "h", "length of the snapshot within its day")
room.param("discount", "period", "yr", "discounted years of the period")
room.param("by_then", "period period", "1", "1 where the first period is not later than the second")
