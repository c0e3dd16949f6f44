"""The power system: plants, what may be built, fuel, load and its growth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from optimizer.scenario.columns import (
    COUNTRY,
    MONEY,
    REGION,
    TECHNOLOGY,
    Column,
    ProfileSpec,
    TableSpec,
    choice,
    flag,
    integer,
    number,
    optional,
    share,
    text,
)
from optimizer.scenario.schema.base import NonNegative, Section, Share, TableFiles, Year

ProfileName = Literal["load", "onshore_wind", "offshore_wind", "solar", "monthly"]


class Synthetic(Section):
    """Scatter added to a profile of monthly means, so that its days differ as real ones do. Labelled synthetic."""

    seed: Annotated[int, Field(ge=0)] = 2026
    """Seed of the scatter; results are reported for several."""
    wind_cv: Share = 0.59
    """Standard deviation over mean of hourly wind within a month; as measured in the United States in 2019."""
    solar_cv: Share = 0.30
    """The same for the day's sun, around the middle of its yearly swing."""
    load_cv: Share = 0.076
    """The same for the day's load."""


class HourlyProfiles(Section):
    """8760 rows a file, hour 0 = 1 January 00:00 of the clock given by utc_offset_h; one column a region."""

    country: str
    """Country whose regions the columns are."""
    kind: Literal["hourly"]
    """Marks this shape of profile."""
    load: str
    """CSV of load; the shape counts, it is stretched to the region's peak and energy."""
    onshore_wind: str | None = None
    """CSV of capacity factors, 0 to 1."""
    offshore_wind: str | None = None
    """CSV of capacity factors, 0 to 1."""
    solar: str | None = None
    """CSV of capacity factors, 0 to 1."""
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)] = 0.0
    """Clock of the files, hours ahead of UTC."""


class MonthHourProfiles(Section):
    """A mean day a month: 12 rows a region, columns h00 to h23."""

    country: str
    """Country whose regions the rows are."""
    kind: Literal["month_hour"]
    """Marks this shape of profile."""
    load: str
    """CSV of load; the shape counts, it is stretched to the region's peak and energy."""
    solar: str | None = None
    """CSV of solar capacity factors, 0 to 1."""
    monthly: str | None = None
    """CSV of monthly capacity factors of wind, solar and hydro, delivered and potential."""
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)] = 0.0
    """Clock of the files, hours ahead of UTC."""
    synthetic: Synthetic = Synthetic()
    """Scatter from day to day."""


class FlatProfiles(Section):
    """No profile: constant load. For regions that buy at a tariff."""

    country: str
    """Country, or `third` for every country without a profile of its own."""
    kind: Literal["flat"]
    """Marks this shape of profile."""


Profiles = Annotated[HourlyProfiles | MonthHourProfiles | FlatProfiles, Field(discriminator="kind")]


class Power(Section):
    """Generation, storage, load and the prices that hold them together."""

    technologies: TableFiles = ()
    """CSV of technologies per country."""
    plants: TableFiles = ()
    """CSV of plants standing at the end of their as_of_year."""
    plant_changes: TableFiles = ()
    """CSV of dated additions and retirements after that."""
    plants_2024: TableFiles = ()
    """CSV of the mean fleet of 2024, for the check against a known year."""
    tariffs: TableFiles = ()
    """CSV from which the delivery adder (network, taxes, levies) is made."""
    fuel_prices: TableFiles = ()
    """CSV of fuel prices by region and year; without a row the technology's own price counts."""
    capex_multipliers: TableFiles = ()
    """CSV of regional cost multipliers."""
    resource_potential: TableFiles = ()
    """CSV of how much wind and solar a region can hold, and the cost of connecting it."""
    hydro_monthly: TableFiles = ()
    """CSV of monthly ceilings on hydro output."""
    minimum_take: TableFiles = ()
    """CSV of the share of historical output that must run (contracts, heat, self-scheduling)."""
    load_growth: TableFiles = ()
    """CSV of growth of the load that is not AI."""
    profiles: tuple[Profiles, ...] = ()
    """Load, wind and solar through the year, one entry a country."""
    growth_path: Literal["low", "central", "high"] = "central"
    """Which path of load_growth counts."""
    voll_usd_per_mwh: NonNegative = 10000.0
    """Price of load that is not served (value of lost load)."""
    co2_price_usd_per_t: NonNegative = 0.0
    """Price on CO2 from power, the same everywhere."""
    co2_cap_mt_per_yr: NonNegative | None = None
    """Cap on CO2 from power over all regions, million tonnes a year; null: none."""
    base_fleet_year: Literal[2024] | None = None
    """2024: the mean fleet of 2024 (plants_2024), without later changes; null: plants and plant_changes."""
    allow_retirement: bool = False
    """Plants may be closed early, which saves their fixed cost."""
    wind_solar: Literal["potential", "delivered"] = "potential"
    """Capacity factors before or after curtailment, where the data tell them apart."""
    ramps: bool = False
    """Holds thermal plants to their ramp rates; matters only with hourly days."""


_PLANT_COLUMNS: tuple[Column, ...] = (
    REGION,
    TECHNOLOGY,
    number("existing_mw", "capacity standing", "MW", minimum=0, plausible=(0, 400_000)),
    integer("as_of_year", "standing at the end of this year", "year", minimum=1990, maximum=2100),
    optional(number("energy_mwh", "stored energy when full (storage)", "MWh", minimum=0)),
    optional(
        number("heat_rate_mmbtu_per_mwh", "fuel burnt per MWh", "MMBtu/MWh", minimum=0, plausible=(3, 40)),
    ),
    optional(share("hist_capacity_factor", "historical annual output over capacity")),
)

TABLES = (
    TableSpec(
        "power.technologies",
        "Technologies: cost, life, lead time, efficiency, reliability. One row a country and technology.",
        (
            COUNTRY,
            text("technology", "name, the same in every country: gas_cc, coal, solar, battery ..."),
            choice("role", "what it does", ("generation", "storage")),
            choice("site", "at the grid, or behind the meter of a campus", ("grid", "campus")),
            optional(text("fuel", "fuel, a key of fuel_prices")),
            optional(number("capex_per_kw", "overnight cost", "money/kW", minimum=0, plausible=(50, 30_000), is_money=True)),
            optional(number("fixed_om_per_kw_yr", "fixed O&M", "money/kW/yr", minimum=0, plausible=(0, 1000), is_money=True)),
            optional(number("variable_om_per_mwh", "O&M per MWh", "money/MWh", minimum=0, plausible=(0, 500), is_money=True), 0.0),
            optional(number("heat_rate_mmbtu_per_mwh", "fuel per MWh, new plant", "MMBtu/MWh", minimum=0, plausible=(3, 40))),
            optional(number("fuel_price_per_mmbtu", "price where fuel_prices has none", "money/MMBtu", minimum=0, plausible=(0, 100), is_money=True)),
            number("lifetime_yr", "economic life", "yr", minimum=1, maximum=120),
            optional(number("lead_time_yr", "decision to operation", "yr", minimum=0, maximum=25), 0.0),
            optional(number("co2_t_per_mwh", "CO2, new plant", "t/MWh", minimum=0, maximum=3), 0.0),
            optional(number("max_build_mw_per_yr", "most that the country can build a year", "MW/yr", minimum=0)),
            optional(number("storage_hours", "hours at full power, new storage", "h", minimum=0, maximum=1000)),
            optional(share("round_trip_efficiency", "energy out over energy in (storage)")),
            optional(share("forced_outage_rate", "unplanned outage"), 0.0),
            optional(share("planned_outage_rate", "maintenance, in spring and autumn"), 0.0),
            optional(share("capacity_credit", "share of capacity that counts for reserve"), 0.0),
            optional(share("min_output_share", "share of available capacity that must run"), 0.0),
            optional(choice("profile", "hourly availability", ("none", "wind", "solar", "offshore_wind", "hydro")), "none"),
            optional(flag("clean", "1: counts as clean energy"), 0),
            optional(flag("buildable", "1: may be built"), 1),
            optional(share("max_capacity_factor", "ceiling on annual output over capacity")),
            MONEY,
        ),
        key=("country", "technology"),
    ),
    TableSpec(
        "power.plants",
        "Plants by region and technology.",
        _PLANT_COLUMNS,
        key=("region", "technology"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.plants_2024",
        "Mean fleet of 2024, the same columns as plants.",
        _PLANT_COLUMNS,
        key=("region", "technology"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.plant_changes",
        "Dated additions and retirements after the plants table.",
        (
            REGION,
            TECHNOLOGY,
            integer("year", "year in which it happens", "year", minimum=1990, maximum=2100),
            number("change_mw", "added; negative: retired", "MW", plausible=(-100_000, 200_000)),
            choice("kind", "why", ("committed", "retirement")),
            optional(number("energy_mwh", "stored energy when full (storage)", "MWh")),
        ),
        key=("region", "technology", "year", "kind"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.tariffs",
        "Delivery adder: what a large user pays above the wholesale price.",
        (
            REGION,
            choice("method", "how the adder is made", ("difference", "components", "flat")),
            optional(number("industrial_price_per_mwh", "price to industry", "money/MWh", minimum=0, plausible=(5, 500), is_money=True)),
            optional(number("wholesale_price_per_mwh", "wholesale price", "money/MWh", plausible=(1, 400), is_money=True)),
            optional(number("energy_tariff_per_mwh", "network charge per MWh", "money/MWh", minimum=0, plausible=(0, 300), is_money=True)),
            optional(number("funds_per_mwh", "government funds and surcharges", "money/MWh", plausible=(-50, 200), is_money=True)),
            optional(number("demand_charge_per_kw_month", "capacity charge", "money/kW/month", minimum=0, plausible=(0, 60), is_money=True)),
            optional(share("vat_rate", "value-added tax contained in the figures"), 0.0),
            MONEY,
        ),
        key=("region",),
    ),
    TableSpec(
        "power.fuel_prices",
        "Fuel prices in long form.",
        (
            REGION,
            text("fuel", "fuel name as in technologies", of="fuel"),
            integer("year", "year", "year", minimum=1990, maximum=2100),
            number("price_per_mmbtu", "delivered price", "money/MMBtu", minimum=0, plausible=(0, 100), is_money=True),
            MONEY,
        ),
        key=("region", "fuel", "year"),
    ),
    TableSpec(
        "power.capex_multipliers",
        "Regional cost multipliers.",
        (REGION, TECHNOLOGY, number("multiplier", "times the national capex", "1", minimum=0, plausible=(0.2, 5))),
        key=("region", "technology"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.resource_potential",
        "How much a region can hold.",
        (
            REGION,
            TECHNOLOGY,
            number("potential_mw", "most that may stand", "MW", minimum=0),
            optional(number("grid_connection_cost_per_kw", "spur line and reinforcement", "money/kW", minimum=0, plausible=(0, 5000), is_money=True)),
            MONEY,
        ),
        key=("region", "technology"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.hydro_monthly",
        "Monthly ceilings on hydro output as capacity factors.",
        (REGION, TECHNOLOGY, *(share(f"m{month:02d}", f"month {month}") for month in range(1, 13))),
        key=("region", "technology"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.minimum_take",
        "Share of historical output that must run.",
        (
            COUNTRY,
            TECHNOLOGY,
            integer("year", "year", "year", minimum=1990, maximum=2100),
            share("share", "share of historical output"),
            optional(text("region", "blank: the whole country", of="region")),
        ),
        key=("country", "technology", "year", "region"),
        row_checks=("technology_known",),
    ),
    TableSpec(
        "power.load_growth",
        "Growth of the load that is not AI.",
        (
            COUNTRY,
            choice("path", "path", ("low", "central", "high")),
            integer("from_year", "first year of growth", "year", minimum=1990, maximum=2100),
            integer("to_year", "last year", "year", minimum=1990, maximum=2100),
            number("energy_pct_per_yr", "growth of energy, in per cent", "%/yr", minimum=-20, maximum=30),
            number("peak_pct_per_yr", "growth of the peak, in per cent", "%/yr", minimum=-20, maximum=30),
        ),
        key=("country", "path", "from_year"),
    ),
    TableSpec(
        "power.profiles.monthly",
        "Monthly capacity factors of wind, solar and hydro.",
        (
            REGION,
            integer("month", "month", "1", minimum=1, maximum=12),
            optional(share("wind_cf_delivered", "wind after curtailment")),
            optional(share("wind_cf_potential", "wind before curtailment")),
            optional(share("solar_cf_delivered", "solar after curtailment")),
            optional(share("solar_cf_potential", "solar before curtailment")),
            optional(share("hydro_cf_delivered", "hydro")),
        ),
        key=("region", "month"),
        row_checks=("twelve_months",),
    ),
)

PROFILES = (
    ProfileSpec("load", "load, any unit", "hourly", None),
    ProfileSpec("onshore_wind", "capacity factor", "hourly", 1.0),
    ProfileSpec("offshore_wind", "capacity factor", "hourly", 1.0),
    ProfileSpec("solar", "capacity factor", "hourly", 1.0),
    ProfileSpec("load", "load, any unit", "month_hour", None),
    ProfileSpec("solar", "capacity factor", "month_hour", 1.0),
)
