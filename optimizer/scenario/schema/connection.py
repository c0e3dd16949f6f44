"""Getting a campus connected: the yearly limit, the queue, flexible and behind-the-meter power."""

from __future__ import annotations

from typing import Literal

from optimizer.scenario.columns import COUNTRY, MONEY, REGION, TableSpec, choice, cost, integer, number, optional
from optimizer.scenario.schema.base import Section, Share, TableFiles


class Flexible(Section):
    """Connections that the grid may curtail for a few hours a year."""

    enabled: bool = True
    """Whether they are offered."""
    curtailed_share: Share = 0.005
    """Share of the year's energy right that may be cut."""


class BehindTheMeter(Section):
    """Power plants on the campus."""

    enabled: bool = True
    """Whether technologies with site `campus` may be built."""


class Connection(Section):
    """How many MW can be energised where and by when."""

    limits: TableFiles = ()
    """CSV of yearly limits and months to power."""
    costs: TableFiles = ()
    """CSV of connection costs."""
    transformers: TableFiles = ()
    """CSV of large transformers that can be had; none: the limit has no data and no say."""
    path: Literal["low", "central", "high"] = "central"
    """Which yearly limit counts."""
    lead: Literal["central"] = "central"
    """Which months to power count."""
    flexible: Flexible = Flexible()
    """Connections that may be curtailed."""
    behind_the_meter: BehindTheMeter = BehindTheMeter()
    """On-site power."""
    committed: bool = True
    """Sites under construction arrive on their own, their connection already paid."""


TABLES = (
    TableSpec(
        "connection.limits",
        "New large loads: MW a year and months to power, counted from request to energisation.",
        (
            REGION,
            number("limit_mw_per_yr", "most that can be energised a year", "MW/yr", minimum=0, plausible=(0, 50_000)),
            optional(number("limit_low_mw_per_yr", "low case", "MW/yr", minimum=0)),
            optional(number("limit_high_mw_per_yr", "high case", "MW/yr", minimum=0)),
            number("months_to_power", "request to energisation", "months", minimum=0, maximum=240),
            optional(number("months_low", "low case", "months", minimum=0, maximum=240)),
            optional(number("months_high", "high case", "months", minimum=0, maximum=240)),
            optional(
                number(
                    "flexible_months",
                    "the same when flexible; blank: not offered",
                    "months",
                    minimum=0,
                    maximum=240,
                )
            ),
            optional(number("onsite_limit_mw_per_yr", "most on-site power a year", "MW/yr", minimum=0)),
        ),
        key=("region",),
        ordered=(
            ("limit_low_mw_per_yr", "limit_mw_per_yr", "limit_high_mw_per_yr"),
            ("months_low", "months_to_power", "months_high"),
        ),
    ),
    TableSpec(
        "connection.transformers",
        "Large power transformers free for new connections, plants and lines, from a year on.",
        (
            COUNTRY,
            integer("from_year", "first year of the figure", "year", minimum=2000, maximum=2100),
            number("supply_mva_per_yr", "what is left after replacement and other load", "MVA/yr", minimum=0),
            number(
                "mva_per_mw_load", "per MW of new connection, spares included", "MVA/MW", minimum=0, plausible=(0.2, 10)
            ),
            number("mva_per_mw_plant", "per MW of new plant", "MVA/MW", minimum=0, plausible=(0.2, 10)),
            number("mva_per_mw_line_end", "per MW of new line and end", "MVA/MW", minimum=0, plausible=(0, 10)),
        ),
        key=("country", "from_year"),
    ),
    TableSpec(
        "connection.costs",
        "Cost of a connection.",
        (
            COUNTRY,
            choice("item", "kind of connection", ("firm", "flexible")),
            cost("capex_per_kw", "cost", "money/kW", (5, 5000)),
            number("lifetime_yr", "life", "yr", minimum=1, maximum=100),
            MONEY,
        ),
        key=("country", "item"),
    ),
)
