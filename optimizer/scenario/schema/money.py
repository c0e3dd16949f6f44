"""One currency year for all costs, and the one rate that adds up years."""

from __future__ import annotations

from pydantic import Field

from optimizer.scenario.schema.base import Positive, Rate, Section, Year


class Money(Section):
    """All results are in real US dollars of `currency_year`."""

    currency_year: Year = 2024
    """Price year of every result."""
    discount_rate: Rate = 0.05
    """Real rate per year that discounts to the start of the first period, the same for all countries."""
    factors: dict[str, Positive] = Field(default_factory=lambda: {"USD-2024": 1.0})
    """USD of the currency year for one unit of a table's `money` column, such as `USD-2023` or `CNY`."""
