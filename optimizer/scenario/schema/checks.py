"""Published figures that a run of a known year is held against."""

from __future__ import annotations

from optimizer.scenario.columns import COUNTRY, REGION, TableSpec, integer, number, optional, text
from optimizer.scenario.schema.base import Section, TableFiles


class Checks(Section):
    """Tables of published results; never an input of the model."""

    published_mix: TableFiles = ()
    """CSV of generation by fuel."""
    published_thermal: TableFiles = ()
    """CSV of thermal generation by region."""
    uhv_published: TableFiles = ()
    """CSV of energy over ultra-high-voltage lines."""


TABLES = (
    TableSpec(
        "checks.published_mix",
        "Published generation by fuel.",
        (
            COUNTRY,
            integer("year", "year", "year", minimum=1990, maximum=2100),
            text("fuel", "fuel or group"),
            number("twh", "generation", "TWh", minimum=0, plausible=(0, 20_000)),
            optional(number("share_pct", "share of the total, in per cent", "%", minimum=0, maximum=100)),
        ),
        key=("country", "year", "fuel"),
    ),
    TableSpec(
        "checks.published_thermal",
        "Published thermal generation (coal, gas, oil, biomass, waste heat) by region.",
        (
            REGION,
            integer("year", "year", "year", minimum=1990, maximum=2100),
            number("twh", "generation", "TWh", minimum=0, plausible=(0, 5_000)),
        ),
        key=("region", "year"),
    ),
    TableSpec(
        "checks.uhv_published",
        "Published energy over ultra-high-voltage lines.",
        (
            text("corridor", "corridor, or total"),
            integer("year", "year", "year", minimum=1990, maximum=2100),
            number("twh", "energy", "TWh", minimum=0, plausible=(0, 5_000)),
            optional(text("outside_grid_region", "total: lines that start in this grid region do not count")),
        ),
        key=("corridor", "year"),
    ),
)
