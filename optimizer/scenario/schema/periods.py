"""Which years are modelled and from when on something new can be decided."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from optimizer.scenario.schema.base import FractionalYear, Section, Year


class Periods(Section):
    """Investment periods. Period y stands for the years [y, y + length)."""

    years: tuple[Year, ...] = Field(default=(2026, 2028, 2030), min_length=1)
    """First year of each period, strictly ascending."""
    length_yr: Annotated[int, Field(ge=1, le=30)] = 2
    """Years that each period stands for; its weight in the total."""
    discounted_years: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    """What a yearly cost in each period is worth, one figure a period; null: the years of the period, discounted at
    `money.discount_rate`."""
    decided_from: FractionalYear = 2026.9
    """When new projects can be decided (2026.9 = late November 2026); a lead time counts from here."""
    build_from: Year = 2028
    """First period in which new projects may appear; earlier ones hold what stands and what is committed.
    A year after the last period: nothing new at all."""

    @property
    def end(self) -> int:
        """End of the last period, as a year."""
        return self.years[-1] + self.length_yr

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        years = self.years
        if any(later <= earlier for earlier, later in pairwise(years)):
            raise ValueError(f"years must be strictly ascending, got {list(years)}")
        for earlier, later in pairwise(years):
            if earlier + self.length_yr > later:
                raise ValueError(
                    f"period {earlier} lasts {self.length_yr} years and runs into period {later}: "
                    "choose a shorter length_yr or years further apart"
                )
        if self.discounted_years is not None and len(self.discounted_years) != len(years):
            raise ValueError(
                f"discounted_years needs one figure for each of the {len(years)} periods, "
                f"got {len(self.discounted_years)}"
            )
        if not years[0] - 1 <= self.decided_from <= self.end:
            raise ValueError(
                f"decided_from {self.decided_from:g} lies outside {years[0] - 1} to {self.end}, "
                "the year before the first period to the end of the last"
            )
        return self
