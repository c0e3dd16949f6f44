"""Power: plants, load and fuel as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .draft import Draft, Label, World
from .finance import Floats, capital_recovery_factor, vintage_charge
from .fleet import Fleet
from .network import network_load

WEATHER = ("wind", "offshore_wind", "solar")  # values of technologies.profile whose output is what the weather gives
HEAT_RATE_CEILING = 15.0  # MMBtu/MWh: higher figures come from tiny units and starts, not from running plant


def build(world: World, out: Draft, fleet: Fleet) -> None:
    """Sets region, plant, generator, hydro, programme and all arrays of the power room."""
    table, shots = fleet.table, world.snapshots
    names = [f"{r}:{k}" for r, k in zip(table["region"], table["technology"], strict=True)]
    table.index = pd.Index(names)
    columns = {"region": table["region"], "technology": table["technology"], "country": table["country"]}
    regions = world.regions
    out.set(
        "region",
        regions.index,
        country=regions["country"],
        zone=regions["zone"],
        grid_region=regions["grid_region"],
        name=regions["name"],
    )
    out.set("plant", names, **columns)
    on_grid = (table["role"] == "generation").to_numpy() & (table["site"] == "grid").to_numpy()
    is_weather = on_grid & table["profile"].isin(WEATHER).to_numpy()
    is_generator = on_grid & ~is_weather
    is_hydro = is_generator & (table["profile"] == "hydro").to_numpy()

    def subset(name: str, rows: np.ndarray) -> tuple[Label, ...]:
        return out.set(name, table.index[rows], **{key: values[rows] for key, values in columns.items()})

    generators, weather = subset("generator", is_generator), subset("weather_plant", is_weather)
    subset("hydro", is_hydro)
    out.relation("generators_in", regions.index, zip(table["region"][is_generator], generators, strict=True))
    out.relation("weather_plants_in", regions.index, zip(table["region"][is_weather], weather, strict=True))
    out.relation("generators_of_country", world.countries, zip(table["country"][is_generator], generators, strict=True))

    periods, discount = world.periods, world.discount
    shape = (len(generators), len(periods), len(shots))
    standing = fleet.standing_mw[is_generator]
    grows = np.maximum.accumulate(fleet.build_max_mw[is_generator] > 0, axis=1)
    may_retire = np.zeros(len(names))
    if world.scenario.power.allow_retirement:
        may_retire = ((fleet.standing_mw[:, -1] > 0) & is_generator & ~is_hydro).astype(float)
        grows |= may_retire[is_generator][:, None] > 0
    availability = thermal_availability(world, table[is_generator])
    available = np.repeat(availability[:, None, :], len(periods), axis=1)
    varies = np.broadcast_to(grows[:, :, None], shape) & (available > 0)
    must_run = (
        table["min_output_share"].fillna(0.0).to_numpy(float)[is_generator][:, None, None]
        * available
        * standing[:, :, None]
    )
    load = base_load(world)
    out.put(
        base_load_mw=load,
        shed_max_mw=np.maximum(load, 0.0) if world.scenario.power.load_shedding else np.zeros(load.shape),
        spill_max_mw=np.full(load.shape, np.inf if world.scenario.power.spill else 0.0),
        standing_mw=fleet.standing_mw,
        build_max_mw=fleet.build_max_mw,
        retire_max_mw=may_retire[:, None] * fleet.standing_mw[:, [-1]] * np.ones(len(periods)),
        plant_alive=fleet.alive,
        availability=available,
        output_max_mw=np.where(varies, np.inf, available * standing[:, :, None]),
        output_min_mw=must_run,
        capacity_varies=varies,
        has_potential=np.isfinite(fleet.potential_mw) & (fleet.build_max_mw.max(axis=1) > 0),
        potential_mw=np.where(np.isfinite(fleet.potential_mw), fleet.potential_mw, 0.0),
        may_ramp=np.zeros(shape),
        ramp_mw=np.zeros(shape),
        ramp_share=np.zeros(len(generators)),
        shed_cost=world.scenario.power.voll_usd_per_mwh * 1e-6,
    )
    _ramps(world, out, table[is_generator], standing, shape)
    share = weather_output(world, out, table[is_weather])
    rows = [out.position("region")[r] for r in table["region"][is_weather]]
    given = np.zeros((len(regions), *shape[1:]))
    np.add.at(given, rows, fleet.standing_mw[is_weather][:, :, None] * share[:, None, :])
    out.put(weather_share=share, weather_mw=given)
    _programmes(world, out, fleet)
    _takes(world, out, fleet, is_generator, availability)
    _costs(world, out, fleet, is_generator, discount)
    out.put(water_mwh=_water(world, table[is_hydro], fleet.standing_mw[is_hydro]))
    _carbon_cap(world, out)


def growth(world: World) -> tuple[Floats, Floats]:
    """Factors of energy and peak since the recorded year, per region and period: means over the period's years."""
    table = world.scenario.table("power.load_growth")
    table = table[table["path"] == world.scenario.power.growth_path]
    energy = np.ones((len(world.regions), len(world.periods)))
    peak = np.ones_like(energy)
    own = world.regions[["country", "load_year"]].astype({"load_year": float})
    for country, since in own.dropna().drop_duplicates().itertuples(index=False):  # a tariff region has no load to grow
        rows = table[table["country"] == country]
        where = ((own["country"] == country) & (own["load_year"] == since)).to_numpy()
        for i, period in enumerate(world.periods):
            for target, column in ((energy, "energy_pct_per_yr"), (peak, "peak_pct_per_yr")):
                target[where, i] = _grown(rows, column, int(since), period, world.length_yr)
    return energy, peak


def _grown(rows: pd.DataFrame, column: str, since: int, period: int, length: int) -> float:
    """Mean over the years of a period of the compound growth since a year."""
    first, last, percent = (rows[name].to_numpy(float) for name in ("from_year", "to_year", column))
    factors = []
    for year in range(period, period + length):
        factor = 1.0
        for step in range(since + 1, year + 1):
            match = np.flatnonzero((first <= step) & (step <= last))
            factor *= 1.0 + (percent[match[0]] / 100.0 if len(match) else 0.0)
        factors.append(factor)
    return float(np.mean(factors))


def ai_draw_recorded_mw(world: World) -> Floats:
    """AI draw that the recorded load already holds, MW per region: it is modelled again and must not count twice."""
    centres = world.scenario.table("facility.data_centres").set_index("region")["ai_it_mw"]
    it_mw = centres.reindex(world.regions.index).fillna(0.0).to_numpy(float)
    own = [world.scenario.countries[c].connection_base for c in world.regions["country"]]
    return it_mw * np.asarray([b.ai_draw_2024_share * b.ai_draw_2024_pue * b.ai_draw_2024_load_factor for b in own])


def base_load(world: World) -> Floats:
    """Load without the modelled AI sites, MW (regions, periods, snapshots).

    The recorded shape x growth, less the AI draw that it holds, and the loads of `network.loads`.
    """
    energy, _ = growth(world)
    load = (
        energy[:, :, None] * world.on_snapshots(world.load_mw)[:, None, :] - ai_draw_recorded_mw(world)[:, None, None]
    )
    return np.maximum(load, 0.0) + network_load(world)


def thermal_availability(world: World, table: pd.DataFrame) -> Floats:
    """Share of capacity that can run by month, (generators, snapshots); planned outages lie off the peaks."""
    return world.snapshots.monthly(availability_by_month(table)).T


def availability_by_month(table: pd.DataFrame) -> Floats:
    """Share of capacity that can run, (12, generators)."""
    from .profiles import monthly_availability

    forced = table["forced_outage_rate"].fillna(0.0).to_numpy(float)
    planned = table["planned_outage_rate"].fillna(0.0).to_numpy(float)
    return monthly_availability(forced, planned)


def weather_output(world: World, out: Draft, table: pd.DataFrame) -> Floats:
    """Output of wind and solar plants as a share of capacity, (plants, snapshots)."""
    position = out.position("region")
    factors = {name: world.on_snapshots(series) for name, series in world.weather.items()}
    if not len(table):
        return np.zeros((0, len(world.snapshots)))
    share = np.stack(
        [factors[profile][position[region]] for region, profile in zip(table["region"], table["profile"], strict=True)]
    )
    return np.where(share < 1e-3, 0.0, share)  # dawn and dusk: a share this small only widens the range of coefficients


def _ramps(world: World, out: Draft, table: pd.DataFrame, standing: Floats, shape: tuple[int, ...]) -> None:
    """Ramp limits where the table of technologies gives a share of capacity an hour.

    A long snapshot may hold a full swing.
    """
    share = table["ramp_share_per_h"].to_numpy(float)
    step = np.nan_to_num(share, nan=1.0)[:, None] * world.snapshots.step_h[None, :]
    limit = np.where(step < 1.0, step, 0.0)[:, None, :] * standing[:, :, None]
    out.put(may_ramp=np.broadcast_to((step < 1.0)[:, None, :], shape), ramp_mw=limit, ramp_share=np.nan_to_num(share))


def _programmes(world: World, out: Draft, fleet: Fleet) -> None:
    """Build rates: plants of one technology in one country share what its industry delivers in a period."""
    table = fleet.table
    rated = (fleet.build_max_mw.max(axis=1) > 0) & table["max_build_mw_per_yr"].notna().to_numpy()
    pairs = table[rated][["country", "technology", "max_build_mw_per_yr", "lead_time_yr"]].drop_duplicates(
        ["country", "technology"]
    )
    names = [f"{c}:{k}" for c, k in zip(pairs["country"], pairs["technology"], strict=True)]
    out.set("programme", names, country=pairs["country"], technology=pairs["technology"])
    member = [f"{c}:{k}" for c, k in zip(table["country"], table["technology"], strict=True)]
    out.relation(
        "plants_of_programme", names, ((g, k) for g, k, r in zip(member, table.index, rated, strict=True) if r)
    )
    first = {g: i for i, g in reversed(list(enumerate(member))) if rated[i]}
    available = fleet.available[[first[g] for g in names]] if names else np.zeros((0, len(world.periods)))
    rate = pairs["max_build_mw_per_yr"].to_numpy(float)[:, None] * world.length_yr * available
    out.put(has_build_rate=rate > 0, build_rate_mw=rate)


def _takes(world: World, out: Draft, fleet: Fleet, is_generator: np.ndarray, availability: Floats) -> None:
    """Minimum yearly output (a share of historic output) and ceilings on full-load hours."""
    table, standing = fleet.table[is_generator], fleet.standing_mw[is_generator]
    hours = availability @ world.snapshots.weight_h
    take = np.zeros((len(table), len(world.periods)))
    rules = dict(tuple(world.scenario.table("power.minimum_take").groupby(["technology", "country"])))
    for i, (region, country, technology, history) in enumerate(
        zip(table["region"], table["country"], table["technology"], table["hist_capacity_factor"], strict=True)
    ):
        own = rules.get((technology, country))
        if own is None or np.isnan(history):
            continue
        here = (own["region"] == region).to_numpy()
        own = own[here] if here.any() else own[own["region"].isna()]
        if len(own):
            share = np.interp(world.periods, own["year"].to_numpy(float), own["share"].to_numpy(float))
            take[i] = share * history * 8.76 * standing[i]
    ceiling = pd.to_numeric(table["max_capacity_factor"]).to_numpy(float)
    limited = ~np.isnan(ceiling)
    yearly = np.where(limited, ceiling * 8760.0, hours)
    take = np.minimum(take, 0.95 * 0.001 * np.minimum(hours, yearly)[:, None] * standing)
    out.put(
        has_take=take > 1e-3,
        take_gwh=take,
        has_yearly_limit=np.broadcast_to((limited & (yearly < hours))[:, None], take.shape),
        yearly_limit_h=yearly,
    )


def _costs(world: World, out: Draft, fleet: Fleet, is_generator: np.ndarray, discount: Floats) -> None:
    """Running cost, carbon, annuities of vintages and fixed operation of what stands."""
    table, periods = fleet.table, world.periods
    fixed = table["fixed_om_per_kw_yr"].fillna(0.0).to_numpy(float) * 1e-3  # USD/kW-yr = MUSD/GW-yr
    multiplier = _multiplier(world, table)
    wacc = np.asarray(
        [
            world.wacc(c, "campus" if s == "campus" else "grid")
            for c, s in zip(table["country"], table["site"], strict=True)
        ]
    )
    life = table["lifetime_yr"].fillna(30).to_numpy(float)
    capex = (table["capex_per_kw"].fillna(0.0) * multiplier + table["grid_connection_cost_per_kw"]).to_numpy(
        float
    ) * 1e-3
    yearly = (capex * capital_recovery_factor(wacc, life) + fixed)[:, None] * np.ones(len(periods))
    later = np.cumsum(discount[::-1])[::-1]
    out.put(
        plant_cost=vintage_charge(fleet.alive, discount, yearly),
        retirement_saving=fixed[:, None] * later[None, :],
        standing_cost=fixed[:, None] * fleet.standing_mw * discount[None, :],
    )
    makes = table[is_generator]
    rate = (
        makes["own_heat_rate"]
        .fillna(makes["heat_rate_mmbtu_per_mwh"])
        .fillna(0.0)
        .clip(upper=HEAT_RATE_CEILING)
        .to_numpy(float)
    )
    running = makes["variable_om_per_mwh"].fillna(0.0).to_numpy(float)[:, None] + rate[:, None] * fuel_price(
        world, makes
    )
    tariff = _tariff_per_mwh(world, makes)
    emissions = np.where(
        makes["heat_rate_mmbtu_per_mwh"].fillna(0.0) > 0,
        makes["co2_t_per_mwh"].fillna(0.0)
        * rate
        / makes["heat_rate_mmbtu_per_mwh"].where(makes["heat_rate_mmbtu_per_mwh"] > 0),
        makes["co2_t_per_mwh"].fillna(0.0),
    ).astype(float)
    emissions = np.nan_to_num(emissions)
    out.put(
        output_cost=(running + tariff[:, None]) * 1e-6,
        carbon_cost=emissions[:, None] * world.scenario.power.co2_price_usd_per_t * 1e-6 * np.ones(len(periods)),
        co2_kt_per_gwh=emissions,
    )


def _multiplier(world: World, table: pd.DataFrame) -> Floats:
    """Regional capex multipliers, one where none is published."""
    rows = world.scenario.table("power.capex_multipliers")
    known = rows.groupby(["region", "technology"])["multiplier"].mean() if len(rows) else None
    if known is None:
        return np.ones(len(table))
    index = pd.MultiIndex.from_frame(table[["region", "technology"]])
    return known.reindex(index).fillna(1.0).to_numpy(float)


def fuel_price(world: World, table: pd.DataFrame) -> Floats:
    """Fuel price per generator and period, USD/MMBtu: the region's row at mid period, else the technology's figure."""
    rows = world.scenario.table("power.fuel_prices").copy()
    rows["price"] = rows["price_per_mmbtu"].to_numpy(float) * world.money(rows["money"])
    by = {key: group.sort_values("year") for key, group in rows.groupby(["region", "fuel"])}
    middle = np.asarray(world.periods) + (world.length_yr - 1) / 2
    result = np.zeros((len(table), len(world.periods)))
    for i, (region, fuel, own) in enumerate(
        zip(table["region"], table["fuel"], table["fuel_price_per_mmbtu"], strict=True)
    ):
        group = by.get((region, fuel))
        if group is not None:
            result[i] = np.interp(middle, group["year"].to_numpy(float), group["price"].to_numpy(float))
        elif not np.isnan(own):
            result[i] = own
    return result


def _tariff_per_mwh(world: World, table: pd.DataFrame) -> Floats:
    """Energy tariff of `grid_supply`, value-added tax taken out: regions without a modelled power system buy at it."""
    rows = world.scenario.table("power.tariffs").set_index("region")
    price = (
        rows["industrial_price_per_mwh"].astype(float)
        / (1.0 + rows["vat_rate"].fillna(0.0))
        * world.money(rows["money"])
    )
    buys = (table["technology"] == "grid_supply").to_numpy()
    return np.where(buys, price.reindex(table["region"]).fillna(0.0).to_numpy(float), 0.0)


def _water(world: World, table: pd.DataFrame, standing: Floats) -> Floats:
    """Water of a representative day, MWh: the ceiling of the months that the day stands for. (hydro, periods, days)."""
    shots = world.snapshots
    days = sorted({int(day) for day in shots.day})
    share = np.stack([shots.month_share[np.flatnonzero(shots.day == day)[0]] for day in days])
    hours = np.asarray([shots.step_h[shots.day == day].sum() for day in days])
    factor = water_by_month(world, table) @ share.T
    return standing[:, :, None] * (factor * hours[None, :])[:, None, :]


def water_by_month(world: World, table: pd.DataFrame) -> Floats:
    """Ceiling on the mean output of hydro plants as a share of capacity, (plants, 12): the region's, else history's."""
    months = world.scenario.table("power.hydro_monthly").set_index("region")[[f"m{i:02d}" for i in range(1, 13)]]
    found = months.groupby(level=0).mean().reindex(table["region"]).to_numpy(float).copy()
    missing = np.isnan(found).any(axis=1)
    found[missing] = np.nan_to_num(table["hist_capacity_factor"].to_numpy(float), nan=0.4)[missing, None]
    return found


def _carbon_cap(world: World, out: Draft) -> None:
    """A cap on yearly emissions, the same figure for each country that has plants."""
    cap = world.scenario.power.co2_cap_mt_per_yr
    shape = (len(world.countries), len(world.periods))
    out.put(
        has_co2_cap=np.full(shape, 0.0 if cap is None else 1.0),
        co2_cap_mt=np.full(shape, 0.0 if cap is None else float(cap)),
    )
