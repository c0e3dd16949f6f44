"""Every setting of the YAML is read: changing it in a small world changes what the model is made of.

A setting that nobody reads misleads the one who writes it. The list of exceptions is short and says why.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from optimizer.instance.build import build_instance
from optimizer.instance.instance import Instance
from optimizer.results.planner import Planner
from optimizer.scenario.scenario import Scenario
from optimizer.scenario.schema import TABLES, Sections
from optimizer.scenario.schema.power import FlatProfiles, HourlyProfiles, MonthHourProfiles, Panels, Turbine
from tests.cases.small_world import SmallWorld, demand
from tests.model.test_supply_chain import rules

NOT_READ = {
    "name": "label of the run",
    "title": "label",
    "description": "label",
    "countries.name": "label",
    "money.currency_year": "label of the unit; the factors do the work",
    "transmission.physics": "one choice only",
    "connection.lead": "one choice only",
    "policy.clean_share_scope": "one choice only",
}
"""Settings that change nothing in the model, and why they may."""


def leaves(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[str]:
    """YAML paths of all settings; the keys of a mapping of models (countries) are left out of the path."""
    for name, field in model.model_fields.items():
        models = list(_models_in(field.annotation))
        for inner in models:
            yield from leaves(inner, (*prefix, name))
        if not models:
            yield ".".join((*prefix, name))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)


def settings_of_the_schema() -> set[str]:
    found = {path for path in leaves(Sections) if path not in TABLES}
    return {path for path in found if not path.startswith("power.profiles.")} | {
        f"power.profiles.{name}"
        for model in (HourlyProfiles, MonthHourProfiles, FlatProfiles)
        for name in leaves(model)
    }


def rich_world(folder: Path) -> SmallWorld:
    """A small world in which every setting has something to act on."""
    world = SmallWorld(folder).region("E", hub=1, zone="z2").edit("power.technologies", planned_outage_rate=0.05)
    world.add("reserve.zones", {"zone": "z2", "country": "x", "planning_reserve_margin": 0.1})
    world.by_hour({"R": [60.0] * 23 + [140.0], "E": [70.0] * 12 + [90.0] * 12}, sun=[0.0] * 8 + [0.5] * 8 + [0.0] * 8)
    world.technology("solar", profile="solar", capex_per_kw=800, buildable=1, clean=1, variable_om_per_mwh=0).plant(
        "R", "solar", 30
    )
    world.technology("wind", profile="wind", capex_per_kw=900, buildable=1, variable_om_per_mwh=0).plant(
        "R", "wind", 30
    )
    world.technology("coal", variable_om_per_mwh=20, co2_t_per_mwh=0.9, fixed_om_per_kw_yr=30).plant("R", "coal", 50)
    world.technology("engine", site="campus", variable_om_per_mwh=50, capex_per_kw=900, buildable=1)
    world.add("power.plants_2024", {"region": "R", "technology": "gas", "existing_mw": 700, "as_of_year": 2024})
    for path, percent in (("low", 0), ("central", 1), ("high", 3)):
        row = {
            "country": "x",
            "path": path,
            "from_year": 2025,
            "to_year": 2040,
            "energy_pct_per_yr": percent,
            "peak_pct_per_yr": percent,
        }
        world.add("power.load_growth", row)
    line = {
        "forward_n1_mw": 30,
        "expandable": 1,
        "expansion_cost_per_mw": 300_000,
        "max_expansion_mw": 20,
        "lead_time_yr": 1,
    }
    world.corridor("L", "R", "E", 50, **line)
    world.corridor("U", "R", "E", 50, backward_mw=0, max_utilisation=0.5, min_take_twh=0.1).corridor(
        "P", "R", "E", 10, status="planned", in_service_year=2028
    )
    world.edit(
        "connection.limits", limit_low_mw_per_yr=500, limit_high_mw_per_yr=2000, months_to_power=18, flexible_months=6
    )
    world.edit(
        "facility.data_centres", ai_it_mw=4, existing_it_mw=9, existing_facility_mw=12, under_construction_facility_mw=3
    )
    world.edit("facility.climate", pue_daily_swing=0.05)
    world.add("compute.chips", {**world.tables["compute.chips"][0], "chip": "C2"})
    world.edit("compute.supply", {"year": 2028}, units_low_thousand=50, units_high_thousand=200)
    for kind in ("forecast", "diverted"):
        world.add(
            "compute.supply", {"chip": "C2", "destination_bloc": "x", "year": 2028, "units_thousand": 5, "kind": kind}
        )
    world.add(
        "compute.supply", {"chip": "C2", "destination_bloc": "y", "year": 2028, "units_thousand": 9, "kind": "forecast"}
    )
    for name, rate in (("same_date", 900), ("planning", 1800)):
        world.add(
            "compute.throughput", {"chip": "C2", "chip_set": name, "operating_point": "standard", "tokens_per_s": rate}
        )
        world.add(
            "compute.throughput", {"chip": "C2", "chip_set": name, "operating_point": "batch", "tokens_per_s": rate}
        )
    fleet = {"group": "x", "chip": "C1", "stock_date": "2026-06", "retire_year": 2029}
    world.add(
        "compute.fleet",
        {**fleet, "fleet_region": "home", "units_thousand": 4},
        {**fleet, "fleet_region": "away", "units_thousand": 2},
    )
    world.add(
        "demand.workloads",
        {**world.tables["demand.workloads"][0], "workload": "batch", "deferral_window_h": 24, "flexible_share": 0.9},
    )
    world.tables["demand.diurnal"] += [{**row, "workload": "batch"} for row in world.tables["demand.diurnal"]]
    world.add(
        "demand.markets",
        {**world.tables["demand.markets"][0], "market": "N"},
        {**world.tables["demand.markets"][0], "market": "O", "group": "y"},
    )
    for market in "MNO":
        world.add("demand.latency", {"market": market, "site": "E", "rtt_ms": 120})
    for market in "NO":
        world.add("demand.latency", {"market": market, "site": "R", "rtt_ms": 10})
    world.tables["demand.demand"] = [
        demand(m, w, k)
        for m, w, k in (("M", "chat", 4), ("M", "batch", 2), ("N", "chat", 1), ("N", "batch", 1), ("O", "chat", 3))
    ]
    world.add("demand.other_ai_shares", {"demand_group": "y", "share_of_fleet": 0.4})
    world.rules = rules("ban").replace("{other: ban}", "{tier1: ban, other: free}").replace("2023-01-01", "2027-01-01")
    world.rules = world.rules + MORE_RULES
    world.country(fleet_region="home", clean_share=0.5, destination="US", connection_base={"ai_draw_2024_share": 0.3})
    return world.set(
        periods={"years": [2028, 2030], "length_yr": 2, "decided_from": 2027, "build_from": 2028},
        money={"discount_rate": 0.05, "factors": {"USD-2024": 1.0}},
        reserve={"enabled": True},
        connection={"flexible": {"enabled": True, "curtailed_share": 0.05}},
        export_control={"as_of": "2026-11-23"},
        time={"segments": 4, "peak_day": False},
    )


MORE_RULES = """\
  - id: dormant
    name: never came into force
    effective_from: 2025-01-01
    status: never_enforced
    destinations: [world]
    classes: [{class: a, predicate: {all: [{metric: tpp, op: '>=', value: 4800}]}}]
    outcome_by_class: {a: {other: ban}}
    sources: [none]
  - id: licence
    name: a volume
    effective_from: 2024-01-01
    status: in_force
    destinations: [world]
    classes: [{class: a, predicate: {all: [{metric: tpp, op: '>=', value: 4800}]}}]
    outcome_by_class: {a: {other: licence}}
    caps_reported: {per_customer_units: 500, customers_cleared: 3}
    sources: [none]
"""


def profile(**changes: Any) -> Callable[[SmallWorld], SmallWorld]:
    def change(world: SmallWorld) -> SmallWorld:
        entry = world.settings["power"]["profiles"][0]
        synthetic = {**entry["synthetic"], **changes.pop("synthetic", {})}
        return world.set(power={"profiles": [{**entry, **changes, "synthetic": synthetic}]})

    return change


def country(**changes: Any) -> Callable[[SmallWorld], SmallWorld]:
    return lambda world: world.country(**changes)


def other_load(world: SmallWorld) -> SmallWorld:
    world.profiles["load"] = [{**row, "h05": 100.0} for row in world.profiles["load"]]
    return world


def no_sun(world: SmallWorld) -> SmallWorld:
    world.profiles["solar"] = [{**row, "h12": 0.1} for row in world.profiles["solar"]]
    return world


def windier(world: SmallWorld) -> SmallWorld:
    world.profiles["monthly"] = [{**row, "wind_cf_potential": 0.6} for row in world.profiles["monthly"]]
    return world


def other_group(world: SmallWorld) -> SmallWorld:
    return world.country(demand_group="y", fleet_region=None)


CHANGES: dict[str, Any] = {
    "countries.demand_group": other_group,
    "countries.served_share": country(served_share=0.5),
    "countries.markets": country(markets=["M", "N"]),
    "countries.foreign_markets": country(foreign_markets={"chat": ["O"]}),
    "countries.chip_bloc": country(chip_bloc="y"),
    "countries.chip_share": country(chip_share=0.5),
    "countries.fleet_region": country(fleet_region="away"),
    "countries.fleet_share": country(fleet_share=0.5),
    "countries.destination": lambda world: world.country(destination="YY").set(export_control={"as_of": "2028-01-01"}),
    "countries.trust_bloc": lambda world: world.country(trust_bloc="china"),
    "countries.barred_chips": country(barred_chips=["C2"]),
    "countries.wacc.grid": country(wacc={"grid": 0.07}),
    "countries.wacc.campus": country(wacc={"campus": 0.07}),
    "countries.wacc.chips": country(wacc={"chips": 0.07}),
    "countries.other_ai_share": country(other_ai_share=0.7),
    "countries.clean_share": country(clean_share=0.6),
    "countries.connection_base.ai_draw_2024_share": country(connection_base={"ai_draw_2024_share": 0.5}),
    "countries.connection_base.ai_draw_2024_pue": country(connection_base={"ai_draw_2024_pue": 1.5}),
    "countries.connection_base.ai_draw_2024_load_factor": country(connection_base={"ai_draw_2024_load_factor": 0.9}),
    "periods.years": [2028, 2031],
    "periods.length_yr": 1,
    "periods.decided_from": 2027.5,
    "periods.build_from": 2030,
    "money.discount_rate": 0.1,
    "money.factors": {"USD-2024": 1.1},
    "time.days": 2,
    "time.segments": 3,
    "time.peak_day": True,
    "time.full_year": True,
    "time.seed": lambda world: profile(synthetic={"wind_cv": 0.5, "seed": None})(world).set(time={"seed": 7}),
    "regions.leave_out": ["E"],
    "power.growth_path": "high",
    "power.voll_usd_per_mwh": 5000.0,
    "power.co2_price_usd_per_t": 30.0,
    "power.co2_cap_mt_per_yr": 1.0,
    "power.base_fleet_year": 2024,
    "power.allow_retirement": True,
    "power.wind_solar": "delivered",
    "transmission.security": "n-0",
    "transmission.hurdle_usd_per_mwh": 1.0,
    "transmission.use_caps": False,
    "transmission.minimum_takes": False,
    "transmission.planned": True,
    "reserve.enabled": False,
    "reserve.shortfall_usd_per_kw_yr": 100.0,
    "connection.path": "low",
    "connection.flexible.enabled": False,
    "connection.flexible.curtailed_share": 0.08,
    "connection.behind_the_meter.enabled": False,
    "connection.committed": False,
    "facility.convert_idle_share": 0.5,
    "compute.chip_list": ["C1"],
    "compute.chip_set": "planning",
    "compute.supply_path": "low",
    "compute.idle_power_share": 0.3,
    "compute.availability": 0.8,
    "compute.last_period_economic_life_yr": 2.0,
    "compute.software_gain_pct_per_yr": 5.0,
    "compute.leakage": True,
    "export_control.rules": lambda world: _without_rules(world),
    "export_control.rule_set": "2023-06-01",
    "export_control.as_of": "2023-06-01",
    "export_control.assume": ["dormant"],
    "export_control.switches": ["china_clearance"],
    "demand.path": "high",
    "demand.workload_list": ["chat", "batch"],
    "demand.other_ai": True,
    "demand.model_size_factor": 2.0,
    "demand.latency_limit": "loose",
    "demand.last_mile_ms": 95.0,
    "demand.trust.hosts": lambda world: world.set(demand={"trust": {"x": {"hosts": ["china"]}}}),
    "demand.unserved_steps_usd_per_mtok": [0.7],
    "demand.unserved_step_shares": lambda world: world.set(
        demand={"unserved_steps_usd_per_mtok": [0.5, 2.0], "unserved_step_shares": [0.3, 0.7]}
    ),
    "objective.mix_workloads": ["batch"],
    "power.profiles.load": other_load,
    "power.profiles.solar": no_sun,
    "power.profiles.monthly": windier,
    "power.profiles.utc_offset_h": profile(utc_offset_h=5),
    "power.profiles.synthetic.seed": profile(synthetic={"seed": 2, "wind_cv": 0.5}),
    "power.profiles.synthetic.wind_cv": profile(synthetic={"wind_cv": 0.5}),
    "power.profiles.synthetic.solar_cv": profile(synthetic={"solar_cv": 0.3}),
    "power.profiles.synthetic.load_cv": profile(synthetic={"load_cv": 0.05}),
    "periods.discounted_years": [3.0, 2.0],
    "power.load_shedding": False,
}
"""A value other than that of the rich world, or a function that changes it."""

COMPARED_WITH = {
    # setting -> the change it is compared with, where the plain rich world has nothing to tell apart
    "countries.trust_bloc": lambda world: world.set(demand={"trust": {"x": {"hosts": ["open"]}}}),
    "countries.other_ai_share": lambda world: world.set(demand={"other_ai": True}),
    "demand.unserved_step_shares": lambda world: world.set(demand={"unserved_steps_usd_per_mtok": [0.5, 2.0]}),
    "objective.mix_workloads": lambda world: world.set(
        demand={"workload_list": ["chat", "batch"], "last_mile_ms": 0}
    ).edit("demand.latency", rtt_ms=10),
    "time.seed": profile(synthetic={"wind_cv": 0.5, "seed": None}),
    "power.profiles.synthetic.seed": profile(synthetic={"wind_cv": 0.5}),
    "countries.destination": lambda world: world.set(export_control={"as_of": "2028-01-01"}),
}

WIND_AND_SUN = [f"power.profiles.{at}_turbine.{key}" for at in ("onshore", "offshore") for key in Turbine.model_fields]
WIND_AND_SUN += [f"power.profiles.panels.{key}" for key in Panels.model_fields]
WIND_AND_SUN += ["power.profiles.onshore_wind_speed", "power.profiles.offshore_wind_speed", "time.weather_year"]

ELSEWHERE = {
    "power.profiles.country": "whose columns they are: tests/instance/test_profiles.py and the world scenario",
    "power.profiles.kind": "the discriminator of the three shapes of profile",
    "power.profiles.onshore_wind": "hourly files of the United States: tests/solve and base_year_2024",
    "power.profiles.offshore_wind": "the same",
    **dict.fromkeys(WIND_AND_SUN, "each in tests/instance/test_wind_and_sun.py"),
    "time.month_means_for": "needs hourly files: variant us_12x24, below",
    "network.series": "tests/model/test_network.py and every imported network",
    "network.usd_per_currency": "tests/model/test_network.py",
    "power.spill": "tests/model/test_network.py",
    "objective.goal": "chooses the question: tests/model/test_most_tokens.py",
    "objective.tokens_tolerance": "tests/model/test_most_tokens.py",
    "solver.solver": "below",
    "solver.threads": "below",
    "solver.tolerance": "below",
    "solver.time_limit_s": "below",
    "solver.seed": "below",
    "solver.crossover": "below",
}
"""Settings whose effect is shown by another test."""


def _without_rules(world: SmallWorld) -> SmallWorld:
    world.rules = None
    return world


def test_every_setting_is_on_a_list() -> None:
    known = settings_of_the_schema()
    listed = {*CHANGES, *NOT_READ, *ELSEWHERE}
    assert known - listed == set(), "settings of the schema that no test changes"
    assert listed - known == set(), "settings that the schema does not hold"
    assert not set(CHANGES) & set(NOT_READ)


@cache
def plain_scenario() -> Scenario:
    """Loaded once: most changes need neither tables nor checks of their own."""
    return rich_world(Path()).load()


def with_setting(scenario: Scenario, path: str, value: Any) -> Scenario:
    """The scenario with one value exchanged, as the loader would hold it."""
    *sections, name = path.split(".")
    models: list[BaseModel] = [scenario]
    for section in sections:
        models.append(getattr(models[-1], section))
    if isinstance(getattr(models[-1], name), date):
        value = date.fromisoformat(value)
    inner: Any = tuple(value) if isinstance(value, list) else value
    for model, key in zip(reversed(models), (name, *reversed(sections)), strict=True):
        inner = model.model_copy(update={key: inner})
    return inner


@cache
def plain(path: str | None) -> Instance:
    if path is None:
        return build_instance(plain_scenario())
    return COMPARED_WITH[path](rich_world(Path())).instance()


@pytest.mark.parametrize("path", CHANGES)
def test_a_setting_changes_the_instance(path: str, tmp_path: Path) -> None:
    change = CHANGES[path]
    if not callable(change) and path not in COMPARED_WITH and path not in ("time.full_year", "regions.leave_out"):
        after = build_instance(with_setting(plain_scenario(), path, change))
        assert differs(plain(None), after), f"{path} changes nothing in the model"
        return
    world = rich_world(tmp_path)
    if path in COMPARED_WITH:
        world = COMPARED_WITH[path](world)
    before = plain(path if path in COMPARED_WITH else None)
    if path == "time.full_year":
        with pytest.MonkeyPatch.context() as patch:  # 8,760 snapshots of every array are not needed to see it is read
            patch.setattr("optimizer.instance.build.make_snapshots", _stop)
            with pytest.raises(_Stop, match="True"):
                world.instance(**{path: change})
        return
    after = change(world).instance() if callable(change) else world.instance(**{path: change})
    assert differs(before, after), f"{path} changes nothing in the model"


class _Stop(Exception):
    pass


def _stop(*arguments: Any) -> None:
    raise _Stop(arguments[2].full_year)


def differs(a: Instance, b: Instance) -> bool:
    if dict(a.sets) != dict(b.sets) or {k: dict(v) for k, v in a.relations.items()} != {
        k: dict(v) for k, v in b.relations.items()
    }:
        return True
    return any(not np.array_equal(values, b.params[name]) for name, values in a.params.items())


def test_the_same_scenario_gives_the_same_bits(tmp_path: Path) -> None:
    assert not differs(plain(None), rich_world(tmp_path).instance())


def test_solver_settings_reach_the_solver(tmp_path: Path) -> None:
    given = {"solver": "ipx", "threads": 3, "tolerance": 1e-6, "time_limit_s": 77.0, "seed": 5, "crossover": True}
    options = Planner(SmallWorld(tmp_path).load(**{f"solver.{key}": value for key, value in given.items()})).options
    assert options is not None
    assert {key: getattr(options, key) for key in given} == given


def test_month_means_change_hourly_profiles(tmp_path: Path) -> None:
    hours = np.arange(8760)
    world = SmallWorld(tmp_path)
    load = (
        80
        + 20 * np.sin(hours / 24 / 365 * 2 * np.pi)
        + 10 * np.sin(hours / 24 * 2 * np.pi)
        + 5 * ((hours // 24) % 7 < 5)
    )
    lines = ["hour,R", *(f"{hour},{value:.6f}" for hour, value in zip(hours, load, strict=True))]
    world.files["load-8760.csv"] = "\n".join(lines)
    world.edit("regions.table", peak_load_mw=float(load.max()), annual_load_twh=float(load.sum()) / 1e6)
    world.set(power={"profiles": [{"country": "x", "kind": "hourly", "load": "load-8760.csv"}]}, time={"segments": 4})
    plain_days = build_instance(world.load()).params["base_load_mw"]
    means = build_instance(world.load(**{"time.month_means_for": ["x"]})).params["base_load_mw"]
    assert not np.array_equal(plain_days, means)
