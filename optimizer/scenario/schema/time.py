"""How a year is cut into representative days."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from optimizer.scenario.columns import TableSpec, integer, number, optional, text
from optimizer.scenario.schema.base import Section, TableFiles, Year


class Time(Section):
    """Snapshots per period are about `days` times `segments`, plus the peak day by the hour; or they are listed."""

    snapshots: TableFiles = ()
    """CSV of snapshots as they shall be, in order; then `days`, `segments`, `peak_day` and `full_year` do not count."""
    days: Annotated[int, Field(ge=1, le=365)] = 4
    """Representative days a year."""
    segments: Annotated[int, Field(ge=1, le=24)] = 4
    """Segments a representative day; 24 keeps every hour."""
    peak_day: bool = True
    """Adds the peak day of the year, by the hour."""
    full_year: bool = False
    """All 8760 hours instead of representative days; for small scenarios only."""
    seed: Annotated[int, Field(ge=0)] = 2026
    """Seed of synthetic profiles that name none of their own."""
    weather_year: Year = 2019
    """Year of the hourly weather in the profiles, and of the dates at which a clear-sky sun stands."""
    month_means_for: tuple[str, ...] = ()
    """Countries whose hourly profiles are first reduced to a mean day a month, to show what that method alone does."""


TABLES = (
    TableSpec(
        "time.snapshots",
        "Snapshots in place of representative days, the same in every period, in the order of time.",
        (
            integer("snapshot", "0, 1, 2, ...", "1", minimum=0),
            optional(text("utc", "when it begins, such as 2013-01-01T15:00; hourly profiles are read at this hour")),
            number("weight_h", "hours of a year that it stands for", "h", minimum=0),
            number("length_h", "its length on the clock: what a store gains at 1 MW", "MWh", minimum=0),
            optional(
                number("energy_h", "hours that it counts for in limits on energy; blank: weight_h", "h", minimum=0)
            ),
        ),
        key=("snapshot",),
    ),
)
