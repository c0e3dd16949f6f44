"""Power: plants feed regions, and what a region draws is served or shed.

    output[k,p,t] <= availability[k,p,t] * capacity[k,p]
    capacity[k,p] = standing[k,p] + sum_b alive[k,b,p] built[k,b] - sum_{b<=p} retired[k,b]
    sum_{k in r} output + weather output + storage + net import + shed - spill - campus draw = base load    [r,p,t]

`alive[k,b,p]` is the share of period p in which a vintage built in period b stands: below one where the lead time
eats into the first period or the life ends within the last. It multiplies capacity and charge alike. Where nothing
can be added or retired, the limit on output is a bound of the variable, not a row. Wind and sun have no variable at
all: they feed what the weather gives to their capacity, and what a region cannot use is spilled at no cost, as
must-run output is.

Dual of `power_balance` over hours x discount: the locational marginal price (LMP) in MUSD/MWh.
"""

from __future__ import annotations

from .room import Room

room = Room("power", doc=__doc__, block="base system")

# what it reads
room.set("region", "a grid node", columns="country zone grid_region name")
room.set("plant", "one technology in one region, storage included", columns="region technology country")
room.set("generator", "a plant that makes power", within="plant", columns="region technology country")
room.set(
    "weather_plant",
    "a plant whose output is what wind or sun gives",
    within="plant",
    columns="region technology country",
)
room.set("hydro", "a generator with a daily water budget", within="plant", columns="region technology country")
room.set(
    "programme", "all plants of one technology in one country: they share its build rate", columns="country technology"
)
room.relation("generators_in", "region", "generator", "grid-side generators of a region")
room.relation("weather_plants_in", "region", "weather_plant", "wind and solar plants of a region")
room.relation("plants_of_programme", "programme", "plant", "plants that share a build rate")
room.relation("generators_of_country", "country", "generator", "generators of a country")

room.param(
    "base_load_mw",
    "region period snapshot",
    "MW",
    "load without the modelled AI sites",
    origin="regions.table:annual_load_twh power.load_growth:energy_pct_per_yr",
)
room.param(
    "spill_max_mw",
    "region period snapshot",
    "MW",
    "bound on spill: infinite, or zero where none is allowed",
    origin="power.spill",
)
room.param(
    "shed_max_mw",
    "region period snapshot",
    "MW",
    "bound on load shed: the base load, or less",
    origin="regions.table:annual_load_twh power.load_growth:energy_pct_per_yr",
)
room.param("weather_share", "weather_plant snapshot", "1", "output of wind and sun as a share of capacity")
room.param("weather_mw", "region period snapshot", "MW", "output of wind and solar plants that stand or are committed")
room.param(
    "standing_mw",
    "plant period",
    "MW",
    "capacity standing or committed, planned retirements taken off",
    origin="power.plants:existing_mw power.plant_changes:change_mw",
)
room.param(
    "build_max_mw",
    "plant period",
    "MW",
    "what can be built by then, lead time and resource counted",
    origin="power.technologies:max_build_mw_per_yr power.technologies:lead_time_yr",
)
room.param(
    "retire_max_mw",
    "plant period",
    "MW",
    "capacity that may be retired before its time",
    origin="power.allow_retirement power.plants:existing_mw",
)
room.param(
    "plant_alive", "plant period period", "1", "share of the second period in which a vintage of the first stands"
)
room.param("availability", "generator period snapshot", "1", "share of capacity that can run: weather, outages")
room.param(
    "output_max_mw",
    "generator period snapshot",
    "MW",
    "bound on output where capacity is fixed, else infinite",
    origin="power.plants:existing_mw power.plant_changes:change_mw",
)
room.param(
    "output_min_mw",
    "generator period snapshot",
    "MW",
    "must-run output of standing plant",
    origin="power.technologies:min_output_share power.plants:existing_mw",
)
room.param(
    "capacity_varies", "generator period snapshot", "0/1", "hours in which output leans on what is built or retired"
)
room.param("has_potential", "plant", "0/1", "plants with a resource limit")
room.param("potential_mw", "plant", "MW", "resource left to build", origin="power.resource_potential:potential_mw")
room.param("has_build_rate", "programme period", "0/1", "programmes with a yearly limit")
room.param(
    "build_rate_mw",
    "programme period",
    "MW",
    "what a country can add in the period, lead time counted",
    origin="power.technologies:max_build_mw_per_yr",
)
room.param("has_take", "generator period", "0/1", "generators with a minimum yearly output")
room.param("take_gwh", "generator period", "GWh/yr", "minimum yearly output", origin="power.minimum_take:share")
room.param("has_yearly_limit", "generator period", "0/1", "generators with a yearly capacity factor ceiling")
room.param(
    "yearly_limit_h",
    "generator",
    "h/yr",
    "full-load hours a year that fuel or contracts allow",
    origin="power.technologies:max_capacity_factor",
)
room.param(
    "water_mwh",
    "hydro period day",
    "MWh/day",
    "water budget of the representative day",
    origin="power.hydro_monthly power.plants:hist_capacity_factor",
)
room.param("may_ramp", "generator period snapshot", "0/1", "hours with a ramp limit")
room.param(
    "ramp_mw",
    "generator period snapshot",
    "MW",
    "largest rise or fall of output of what stands, from the snapshot before",
    origin="power.technologies:ramp_share_per_h",
)
room.param("ramp_share", "generator", "1/h", "largest rise or fall an hour, as a share of capacity")
room.param("output_cost", "generator period", "MUSD/MWh", "fuel and variable operation")
room.param("carbon_cost", "generator period", "MUSD/MWh", "emissions at the carbon price")
room.param("plant_cost", "plant period", "MUSD/MW", "annuities and fixed operation of a vintage, discounted")
room.param("retirement_saving", "plant period", "MUSD/MW", "fixed operation saved from the period on, discounted")
room.param("standing_cost", "plant period", "MUSD", "fixed operation of what stands, discounted")
room.param("shed_cost", "", "MUSD/MWh", "value of lost load")
room.param("has_co2_cap", "country period", "0/1", "countries with a cap on emissions")
room.param(
    "co2_cap_mt", "country period", "Mt/yr", "cap on emissions of the power sector", origin="power.co2_cap_mt_per_yr"
)
room.param("co2_kt_per_gwh", "generator", "kt/GWh", "emissions, equal to t/MWh")

# what it decides
room.decide(
    "capacity_built",
    "plant period",
    "MW",
    "new capacity",
    upper="build_max_mw",
    family="build rate",
    block="AI",
    serves="plant_alive",
)
room.decide(
    "capacity_retired", "plant period", "MW", "capacity retired early", upper="retire_max_mw", family="generation"
)
room.decide(
    "output",
    "generator period snapshot",
    "MW",
    "generation",
    lower="output_min_mw",
    upper="output_max_mw",
    family="generation",
)
room.decide(
    "load_shed",
    "region period snapshot",
    "MW",
    "load not served",
    upper="shed_max_mw",
    family="load shed",
    role="demand",
)
room.decide(
    "spill",
    "region period snapshot",
    "MW",
    "output of weather and must-run plant that finds no use",
    upper="spill_max_mw",
    family="spill",
)


def capacity_added(m, k, p):
    """New vintages that stand, less what was retired early, MW."""
    return sum(m.plant_alive[k, b, p] * m.capacity_built[k, b] for b in m.period) - sum(
        m.by_then[b, p] * m.capacity_retired[k, b] for b in m.period
    )


# what holds it back
@room.limit("generator period snapshot", family="generation", per="MW", where="capacity_varies")
def output_within_capacity(m, k, p, t):
    "Output stays within the share of capacity that weather and outages leave."
    return (
        m.output[k, p, t] - m.availability[k, p, t] * capacity_added(m, k, p)
        <= m.availability[k, p, t] * m.standing_mw[k, p]
    )


@room.limit("plant", family="resource", per="MW", where="has_potential", block="AI")
def built_within_potential(m, k):
    "All vintages together stay within the resource of the region."
    return sum(m.capacity_built[k, b] for b in m.period) <= m.potential_mw[k]


@room.limit("programme period", family="build rate", per="MW", where="has_build_rate", block="AI", serves="plant_alive")
def built_within_rate(m, g, p):
    "A country adds no more of a technology in a period than its industry can deliver."
    return sum(m.capacity_built[k, p] for k in m.plants_of_programme[g]) <= m.build_rate_mw[g, p]


@room.limit("generator period", family="minimum take", per="GWh", where="has_take", role="policy")
def minimum_take(m, k, p):
    "Contracts, heat and self-scheduling keep a plant running: a minimum of yearly output."
    return sum(0.001 * m.hours[t] * m.output[k, p, t] for t in m.snapshot) >= m.take_gwh[k, p]


@room.limit("generator period", family="generation", per="GWh", where="has_yearly_limit")
def output_within_year(m, k, p):
    "Full-load hours a year are limited by fuel or contracts."
    return (
        sum(0.001 * m.hours[t] * m.output[k, p, t] for t in m.snapshot)
        - 0.001 * m.yearly_limit_h[k] * capacity_added(m, k, p)
        <= 0.001 * m.yearly_limit_h[k] * m.standing_mw[k, p]
    )


@room.limit("hydro period day", family="water", per="MWh")
def output_within_water(m, k, p, d):
    "The day's hydro output stays within the water of the months that the day stands for."
    return sum(m.step_h[t] * m.output[k, p, t] for t in m.snapshots_of_day[d]) <= m.water_mwh[k, p, d]


@room.limit("generator period snapshot", family="ramping", per="MW", where="may_ramp")
def ramp_up(m, k, p, t):
    "Output rises no faster than the plant can."
    return (
        m.output[k, p, t] - m.output[k, p, m.previous[t]] - m.ramp_share[k] * m.step_h[t] * capacity_added(m, k, p)
        <= m.ramp_mw[k, p, t]
    )


@room.limit("generator period snapshot", family="ramping", per="MW", where="may_ramp")
def ramp_down(m, k, p, t):
    "Output falls no faster than the plant can."
    return (
        m.output[k, p, m.previous[t]] - m.output[k, p, t] - m.ramp_share[k] * m.step_h[t] * capacity_added(m, k, p)
        <= m.ramp_mw[k, p, t]
    )


@room.limit("country period", family="carbon cap", per="Mt", where="has_co2_cap", role="policy")
def emissions_within_cap(m, c, p):
    "Yearly emissions of the country's plants, those behind the meter included, stay within the cap."
    return (
        sum(
            0.000001 * m.hours[t] * m.co2_kt_per_gwh[k] * m.output[k, p, t]
            for k in m.generators_of_country[c]
            for t in m.snapshot
        )
        + sum(
            0.000001 * m.hours[t] * m.unit_co2_t_per_mwh[u] * m.unit_fuel[u, p, t] * m.unit_output[u, p, t]
            for u in m.units_of_country[c]
            for t in m.snapshot
        )
        + sum(0.001 * m.campus_co2_kt_per_gwh[k] * m.onsite_energy[k, p] for k in m.campus_plants_of_country[c])
        <= m.co2_cap_mt[c, p]
    )


@room.balance("region period snapshot", family="demand for power", per="MWh", role="demand")
def power_balance(m, r, p, t):
    "Everything that feeds a region equals its base load, less what standing wind and solar plants give."
    return m.base_load_mw[r, p, t] - m.weather_mw[r, p, t]


# what it feeds to shared balances
@room.feeds("power_balance")
def generation(m, r, p, t):
    return sum(m.output[k, p, t] for k in m.generators_in[r]) + m.load_shed[r, p, t] - m.spill[r, p, t]


@room.feeds("power_balance")
def new_wind_and_sun(m, r, p, t):
    return sum(m.weather_share[k, t] * capacity_added(m, k, p) for k in m.weather_plants_in[r])


# what it costs
@room.cost("energy")
def running(m):
    return sum(
        m.discount[p] * m.hours[t] * m.output_cost[k, p] * m.output[k, p, t]
        for k in m.generator
        for p in m.period
        for t in m.snapshot
    )


@room.cost("carbon")
def emissions(m):
    return sum(
        m.discount[p] * m.hours[t] * m.carbon_cost[k, p] * m.output[k, p, t]
        for k in m.generator
        for p in m.period
        for t in m.snapshot
    )


@room.cost("generation capacity")
def plants(m):
    return sum(
        m.plant_cost[k, p] * m.capacity_built[k, p] - m.retirement_saving[k, p] * m.capacity_retired[k, p]
        for k in m.plant
        for p in m.period
    )


@room.cost("standing plant")
def standing(m):
    return sum(m.standing_cost[k, p] for k in m.plant for p in m.period)


@room.cost("load shed")
def shedding(m):
    return sum(
        m.discount[p] * m.hours[t] * m.shed_cost * m.load_shed[r, p, t]
        for r in m.region
        for p in m.period
        for t in m.snapshot
    )
