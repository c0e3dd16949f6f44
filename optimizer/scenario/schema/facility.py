"""Halls, cooling and the data centres that stand."""

from __future__ import annotations

from optimizer.scenario.columns import COUNTRY, MONEY, REGION, TableSpec, cost, number, optional, share, text
from optimizer.scenario.schema.base import Section, Share, TableFiles


class Facility(Section):
    """Buildings, power and cooling around the servers."""

    data_centres: TableFiles = ()
    """CSV of the existing stock and what is under construction."""
    halls: TableFiles = ()
    """CSV of hall costs."""
    climate: TableFiles = ()
    """CSV of cooling and PUE."""
    convert_idle_share: Share = 0.0
    """Share of idle contracted capacity of other data centres that AI may take over."""


TABLES = (
    TableSpec(
        "facility.data_centres",
        "Existing stock. Facility MW is contracted power at the meter, IT MW is servers.",
        (
            REGION,
            number("existing_facility_mw", "all data centres", "MW", minimum=0, plausible=(0, 100_000)),
            number("existing_it_mw", "all data centres, servers", "MW", minimum=0, plausible=(0, 100_000)),
            number("ai_it_mw", "AI servers", "MW", minimum=0, plausible=(0, 100_000)),
            optional(number("under_construction_facility_mw", "under construction", "MW", minimum=0), 0.0),
            text("as_of_date", "date of the stock, such as 2026-06"),
        ),
        key=("region",),
    ),
    TableSpec(
        "facility.halls",
        "Halls: building, power and cooling, without servers.",
        (
            COUNTRY,
            cost("capex_per_mw_it", "cost per MW of servers", "money/MW", (500_000, 50_000_000)),
            optional(cost("capex_low", "low case", "money/MW", (500_000, 50_000_000))),
            optional(cost("capex_high", "high case", "money/MW", (500_000, 50_000_000))),
            share("fixed_om_share", "fixed O&M per year as a share of capex"),
            number("lifetime_yr", "life", "yr", minimum=1, maximum=60),
            number("lead_time_yr", "decision to operation", "yr", minimum=0, maximum=10),
            optional(number("max_build_mw_it_per_yr", "most that the country can build a year", "MW/yr", minimum=0)),
            MONEY,
        ),
        key=("country",),
        ordered=(("capex_low", "capex_per_mw_it", "capex_high"),),
    ),
    TableSpec(
        "facility.climate",
        "Cooling and power usage effectiveness (PUE). Swings are labelled synthetic.",
        (
            REGION,
            text("cooling", "kind of cooling"),
            number("pue_mean", "annual mean", "1", minimum=1, maximum=3),
            number("pue_peak", "at the hottest hour", "1", minimum=1, maximum=3),
            optional(number("pue_seasonal_swing", "summer minus winter", "1", minimum=0, maximum=1), 0.0),
            optional(number("pue_daily_swing", "afternoon minus night", "1", minimum=0, maximum=1), 0.0),
            optional(number("pue_cap", "legal ceiling", "1", minimum=1, maximum=3)),
        ),
        key=("region",),
    ),
)
