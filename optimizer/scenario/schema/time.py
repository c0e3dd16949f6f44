"""How a year is cut into representative days."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from optimizer.scenario.schema.base import Section, Year


class Time(Section):
    """Snapshots per period are about `days` times `segments`, plus the peak day by the hour."""

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
