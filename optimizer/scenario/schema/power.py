"""The power system: plants, what may be built, fuel, load and its growth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from optimizer.scenario.schema.base import NonNegative, Positive, Section, Share, TableFiles


class Synthetic(Section):
    """Scatter added to a profile of monthly means, so that its days differ as real ones do. Labelled synthetic."""

    seed: Annotated[int, Field(ge=0)] | None = None
    """Seed of the scatter of this country; none: time.seed. Results are reported for several."""
    wind_cv: Share = 0.59
    """Standard deviation over mean of hourly wind within a month; as measured in the United States in 2019."""
    solar_cv: Share = 0.30
    """The same for the day's sun, around the middle of its yearly swing."""
    load_cv: Share = 0.076
    """The same for the day's load."""


class Turbine(Section):
    """How wind speeds become capacity factors. Between cut-in and rated speed power grows with the cube of the speed.
    Speeds and hub are those of the 5 MW reference turbine of NREL (recalled), the rest is assumed: give your own.
    """

    measured_m: Positive = 100.0
    """Height above ground of the wind speeds, m."""
    hub_m: Positive = 90.0
    """Height of the hub, m; the speed changes with height by the logarithmic law."""
    roughness_m: Annotated[float, Field(gt=0, le=5)] = 0.05
    """Roughness length of the ground, m: 0.0002 open sea, 0.03 to 0.1 farmland, 0.5 and more woods."""
    cut_in_m_per_s: NonNegative = 3.0
    """Wind speed at which turbines start."""
    rated_m_per_s: Positive = 11.4
    """Wind speed from which they give their full power."""
    cut_out_m_per_s: Positive = 25.0
    """Wind speed at which they stop."""
    spread_m_per_s: Annotated[float, Field(ge=0, le=5)] = 1.0
    """Standard deviation of the wind speeds that the turbines of a region see at the same time."""
    losses: Share = 0.1
    """Share lost to wakes, outages and cables."""


class SeaTurbine(Turbine):
    """The same at sea, where the ground is smoother."""

    roughness_m: Annotated[float, Field(gt=0, le=5)] = 0.0002
    """Roughness length of the sea, m."""


class Panels(Section):
    """Panels under a clear sky, where no mean days of the sun are published. Only the shape of the year counts."""

    mount: Literal["steady", "tracking"] = "steady"
    """steady: tilted towards the equator; tracking: on horizontal axes from north to south."""
    tilt_deg: Annotated[float, Field(ge=0, le=90)] | None = None
    """Tilt of steady panels, degrees; null: latitude less 5."""
    linke_turbidity: Annotated[float, Field(ge=1, le=10)] = 3.0
    """Haze: 2 clear and cold, 3 clear and warm, 4 to 6 humid or dusty. The same all year."""


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
    onshore_wind_speed: str | None = None
    """CSV of wind speeds, m/s, instead of onshore_wind; `onshore_turbine` turns them into capacity factors."""
    offshore_wind_speed: str | None = None
    """CSV of wind speeds, m/s, instead of offshore_wind."""
    solar: str | None = None
    """CSV of capacity factors, 0 to 1."""
    onshore_turbine: Turbine = Turbine()
    """Turbines on land."""
    offshore_turbine: SeaTurbine = SeaTurbine()
    """Turbines at sea."""
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
    """CSV of solar capacity factors, 0 to 1; none: a clear sky on `panels`, scaled to the monthly factors."""
    panels: Panels = Panels()
    """Panels under a clear sky, where `solar` is not given."""
    monthly: str
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
    load_shedding: bool = True
    """Load may stay unserved at that price; false: it must be served, or there is no plan."""
    spill: bool = True
    """Output that finds no use may be spilled; false: it must be used, and prices may fall below zero."""
    co2_price_usd_per_t: NonNegative = 0.0
    """Price on CO2 from power, the same everywhere."""
    co2_cap_mt_per_yr: NonNegative | None = None
    """Cap on CO2 from the power plants of each country, million tonnes a year; null: none."""
    base_fleet_year: Literal[2024] | None = None
    """2024: the mean fleet of 2024 (plants_2024), without later changes; null: plants and plant_changes."""
    allow_retirement: bool = False
    """Plants may be closed early, which saves their fixed cost."""
    wind_solar: Literal["potential", "delivered"] = "potential"
    """Capacity factors before or after curtailment, where the data tell them apart."""
