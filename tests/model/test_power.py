"""Power by hand: merit order, carbon, takes, water, build rates, resources, ramps, retirement, shed load, growth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.results.prices import lmp_usd_per_mwh
from tests.cases.small_world import (
    HOURS,
    SmallWorld,
    assert_binds,
    assert_bound_binds,
    at,
    musd_per_mw_year,
    price_at,
    rent,
)

NIGHT_AND_DAY = [60.0] * 12 + [140.0] * 12


def grid(folder: Path, gas: float = 1000.0) -> SmallWorld:
    """The default region without AI, its gas plant (30 USD/MWh) of a size."""
    world = SmallWorld(folder).set(demand={"workload_list": []})
    return world.edit("power.plants", existing_mw=gas)


def oil(world: SmallWorld, mw: float = 1000.0, cost: float = 80.0, **columns: Any) -> SmallWorld:
    return world.technology("oil", variable_om_per_mwh=cost, **columns).plant("R", "oil", mw)


def carbon_world(folder: Path) -> SmallWorld:
    """Coal at 20 USD/MWh and 0.9 t/MWh, gas at 40 and 0.4, 80 MW each, for a load of 100 MW."""
    world = grid(folder, gas=80).edit(
        "power.technologies", {"technology": "gas"}, variable_om_per_mwh=40, co2_t_per_mwh=0.4
    )
    return world.technology("coal", variable_om_per_mwh=20, co2_t_per_mwh=0.9).plant("R", "coal", 80)


def test_the_dearest_plant_that_runs_sets_the_price(tmp_path: Path) -> None:
    # 80 MW of gas at 30, the other 20 MW from oil at 80. A MW of gas capacity is worth 50 USD in each hour.
    plan = oil(grid(tmp_path, gas=80)).plan()
    assert at(plan, "output", "R:gas") == pytest.approx(80)
    assert lmp_usd_per_mwh(plan).ravel() == pytest.approx([80])
    assert plan.reduced_cost("output").ravel()[0] == pytest.approx(-musd_per_mw_year(50))
    assert_bound_binds(plan, "output")


def test_fuel_heat_rate_and_money_make_the_cost(tmp_path: Path) -> None:
    # 8 MMBtu/MWh x 4 USD/MMBtu x 1.5 (a price year) + 2 x 1.5 = 51 USD/MWh; the plant's own heat rate of 10 gives 63.
    world = grid(tmp_path).set(money={"factors": {"USD-2024": 1.0, "old": 1.5}})
    columns = {"variable_om_per_mwh": 2, "heat_rate_mmbtu_per_mwh": 8, "fuel": "gas", "fuel_price_per_mmbtu": 4}
    world.edit("power.technologies", {"technology": "gas"}, money="old", **columns)
    assert world.instance().params["output_cost"] == pytest.approx(51e-6)
    world.edit("power.plants", heat_rate_mmbtu_per_mwh=10)
    assert world.instance().params["output_cost"] == pytest.approx(63e-6)
    # A row of fuel prices for the region wins over the technology's own figure: 10 x 2 + 3 = 23.
    world.add(
        "power.fuel_prices", {"region": "R", "fuel": "gas", "year": 2028, "price_per_mmbtu": 2, "money": "USD-2024"}
    )
    assert world.instance().params["output_cost"] == pytest.approx(23e-6)


def test_a_carbon_price_turns_the_merit_order(tmp_path: Path) -> None:
    # Coal 20 + 0.9 p, gas 40 + 0.4 p: they meet at 40 USD/t. At 50: coal 65, gas 60, so gas runs first.
    plan = carbon_world(tmp_path).plan(**{"power.co2_price_usd_per_t": 50.0})
    assert at(plan, "output", "R:gas") == pytest.approx(80)
    assert at(plan, "output", "R:coal") == pytest.approx(20)
    assert lmp_usd_per_mwh(plan).ravel() == pytest.approx([65])
    assert plan.bill_musd["carbon"] == pytest.approx(50e-6 * HOURS * (80 * 0.4 + 20 * 0.9))


def test_a_carbon_cap_costs_what_the_switch_costs(tmp_path: Path) -> None:
    # Without a cap: coal 80, gas 20 MW, 80 t an hour, 0.7008 Mt a year. A cap of 0.6 Mt takes 0.1008 Mt, and each MWh
    # that moves from coal to gas saves 0.5 t for 20 USD: 100,800 t / 0.5 / 8760 h = 23.0137 MW move, at 40 USD/t.
    plan = carbon_world(tmp_path).plan(**{"power.co2_cap_mt_per_yr": 0.6})
    assert at(plan, "output", "R:coal") == pytest.approx(80 - 0.1008e6 / 0.5 / HOURS)
    assert price_at(plan, "emissions_within_cap", "x", 2028) == pytest.approx(-40)  # MUSD per Mt = USD per t
    assert lmp_usd_per_mwh(plan).ravel() == pytest.approx([20 + 0.9 * 40])
    assert_binds(plan, "emissions_within_cap")


def test_a_minimum_take_keeps_a_dear_plant_running(tmp_path: Path) -> None:
    # Half of the historical output of 100 MW x 0.4: 20 MW on average. The contract costs 80 - 30 USD/MWh.
    world = grid(tmp_path).technology("oil", variable_om_per_mwh=80).plant("R", "oil", 100, hist_capacity_factor=0.4)
    world.add("power.minimum_take", {"country": "x", "technology": "oil", "year": 2028, "share": 0.5})
    plan = world.plan()
    assert at(plan, "output", "R:oil") == pytest.approx(20)
    assert price_at(plan, "minimum_take", "R:oil", 2028) == pytest.approx(0.05)  # MUSD per GWh
    assert_binds(plan, "minimum_take")


def test_a_ceiling_on_full_load_hours(tmp_path: Path) -> None:
    # 100 MW of gas may run 30 % of the year: 30 MW on average, oil makes the rest. A GWh more is worth 1000 x 50 USD.
    world = oil(grid(tmp_path, gas=100)).edit("power.technologies", {"technology": "gas"}, max_capacity_factor=0.3)
    plan = world.plan()
    assert at(plan, "output", "R:gas") == pytest.approx(30)
    assert price_at(plan, "output_within_year", "R:gas", 2028) == pytest.approx(-0.05)
    assert_binds(plan, "output_within_year")


def test_water_goes_to_the_dearest_hours(tmp_path: Path) -> None:
    # Load 60 MW by night and 140 by day; 80 MW of gas. 100 MW of hydro with a factor of 0.2: 480 MWh a day, which is
    # 40 MW by day; oil fills the other 20. A MWh of water a day saves 80 USD on 365 days.
    world = oil(grid(tmp_path, gas=80)).by_hour({"R": NIGHT_AND_DAY}, segments=2)
    world.technology("hydro", variable_om_per_mwh=0, profile="hydro").plant("R", "hydro", 100, hist_capacity_factor=0.2)
    plan = world.plan()
    assert at(plan, "output", "R:hydro", 2028) == pytest.approx([0, 40])
    assert at(plan, "output", "R:oil", 2028) == pytest.approx([0, 20])
    assert price_at(plan, "output_within_water", "R:hydro", 2028) == pytest.approx(-80e-6 * 365)
    assert_binds(plan, "output_within_water")


def test_water_of_the_months(tmp_path: Path) -> None:
    # The day stands for the whole year: the mean of monthly ceilings weighted by days, 0.1 but 0.5 in January.
    world = grid(tmp_path).technology("hydro", profile="hydro").plant("R", "hydro", 100, hist_capacity_factor=0.9)
    ceilings = {f"m{month:02d}": 0.5 if month == 1 else 0.1 for month in range(1, 13)}
    world.add("power.hydro_monthly", {"region": "R", "technology": "hydro", **ceilings})
    water = world.instance().params["water_mwh"]
    assert water == pytest.approx(100 * 24 * (0.1 + 0.4 * 31 / 365))


def new_plant(world: SmallWorld, **columns: Any) -> SmallWorld:
    """A plant at 20 USD/MWh that may be built: 876 USD/kW over 20 years at no interest, 43.8 USD/kW-yr = 5 USD/MWh."""
    return world.technology("new", variable_om_per_mwh=20, capex_per_kw=876, buildable=1, **columns)


def test_a_build_rate_is_shared_by_the_country(tmp_path: Path) -> None:
    # Oil at 80 in both regions; a new MW saves 80 - 20 - 5 = 55 USD in each hour. The country builds 30 MW in the year.
    world = grid(tmp_path, gas=0).region("E").technology("oil", variable_om_per_mwh=80)
    new_plant(world.plant("R", "oil", 500).plant("E", "oil", 500), max_build_mw_per_yr=30)
    plan = world.plan()
    assert plan.value("capacity_built").sum() == pytest.approx(30)
    assert price_at(plan, "built_within_rate", "x:new", 2028) == pytest.approx(-musd_per_mw_year(55))
    assert plan.bill_musd["generation capacity"] == pytest.approx(30 * 0.0438)
    assert_binds(plan, "built_within_rate", "output_within_capacity")


def test_a_bound_of_one_region_within_the_rate(tmp_path: Path) -> None:
    # With one region the rate stands as a bound of the variable and as a row; together they carry the 55 USD/MWh.
    world = new_plant(
        oil(grid(tmp_path, gas=0)).edit("power.plants", {"technology": "oil"}, existing_mw=500), max_build_mw_per_yr=30
    )
    plan = world.plan()
    worth = rent(plan, "capacity_built") - plan.dual("built_within_rate").sum()
    assert worth == pytest.approx(musd_per_mw_year(55))
    assert price_at(plan, "output_within_capacity", "R:new") == pytest.approx(-musd_per_mw_year(60))


def test_the_resource_of_a_region_ends(tmp_path: Path) -> None:
    # 15 MW a year in 2028 and 2029, 25 MW of resource: 15 in the first year, 10 in the second. The marginal MW is one
    # of 2029, which saves 55 USD/MWh for one year; a MW of resource is worth that. A MW of 2028 serves twice as long,
    # so permission to build in 2028 is worth another 55.
    world = oil(grid(tmp_path, gas=0), mw=500).set(periods={"years": [2028, 2029]})
    new_plant(world, max_build_mw_per_yr=15)
    world.add("power.resource_potential", {"region": "R", "technology": "new", "potential_mw": 25, "money": "USD-2024"})
    plan = world.plan()
    assert at(plan, "capacity_built", "R:new") == pytest.approx([15, 10])
    assert price_at(plan, "built_within_potential", "R:new") == pytest.approx(-musd_per_mw_year(55))
    worth = rent(plan, "capacity_built") - plan.dual("built_within_rate").sum()
    assert worth == pytest.approx(musd_per_mw_year(55))
    assert_binds(plan, "built_within_potential")


def test_one_region_may_hold_less_than_the_rate(tmp_path: Path) -> None:
    # The country could build 30 MW, region R holds 12: the bound of the variable carries the rent.
    world = oil(grid(tmp_path, gas=0), mw=500)
    new_plant(world, max_build_mw_per_yr=30)
    world.add(
        "power.resource_potential",
        {
            "region": "R",
            "technology": "new",
            "potential_mw": 12,
            "grid_connection_cost_per_kw": 100,
            "money": "USD-2024",
        },
    )
    plan = world.plan()
    assert at(plan, "capacity_built", "R:new") == pytest.approx([12])
    assert plan.bill_musd["generation capacity"] == pytest.approx(12 * (876 + 100) * 1e-3 / 20)
    worth = rent(plan, "capacity_built") - plan.dual("built_within_potential").sum()
    assert worth == pytest.approx(musd_per_mw_year(60) - (876 + 100) * 1e-3 / 20)


def test_lead_times_and_lives_of_plants(tmp_path: Path) -> None:
    # Decided 2026, three years to build: a plant of period 2028-29 stands from 2029 on, half of the period; one life
    # of 2 years ends with 2030, half of the next. Both halves pay and give half (A6, B5).
    world = new_plant(grid(tmp_path), lead_time_yr=3, max_build_mw_per_yr=10).edit(
        "power.technologies", {"technology": "new"}, lifetime_yr=2
    )
    world.set(periods={"years": [2026, 2028, 2030], "length_yr": 2, "decided_from": 2026, "build_from": 2028})
    arrays = world.instance().params
    row = list(world.instance().sets["plant"]).index("R:new")
    assert arrays["build_max_mw"][row] == pytest.approx([0, 10 * 2 * 0.5, 20])
    assert arrays["plant_alive"][row, 1] == pytest.approx([0, 0.5, 0.5])
    assert arrays["plant_alive"][row, 2] == pytest.approx([0, 0, 1])
    assert arrays["plant_cost"][row] == pytest.approx([0, 876e-3 / 2 * (0.5 * 2 + 0.5 * 2), 876e-3 / 2 * 2])


def test_what_stands_changes_in_mid_year(tmp_path: Path) -> None:
    # 1000 MW at the end of 2025; 100 more in 2027 and 200 fewer in 2029. Period 2026-27 has half a year in two of the
    # first: 1000 + 100 x 0.25; period 2028-29 all of it and a quarter of the second: 1100 - 50; then 900.
    world = grid(tmp_path).set(periods={"years": [2026, 2028, 2030], "length_yr": 2, "decided_from": 2026})
    for year, change, kind in ((2027, 100, "committed"), (2029, -200, "retirement")):
        world.add(
            "power.plant_changes", {"region": "R", "technology": "gas", "year": year, "change_mw": change, "kind": kind}
        )
    assert world.instance().params["standing_mw"] == pytest.approx(np.array([[1025, 1050, 900]]))


def test_output_rises_no_faster_than_the_plant_can(tmp_path: Path) -> None:
    # Gas 200 MW that moves by 20 % an hour = 40 MW; load steps from 60 to 140 MW and back. Oil at 80 bridges the step:
    # gas may rise from 60 to 100 in the first hour, so oil makes 40 there. On the way down gas falls to 100 at once.
    # In that night hour it may not fall below 100: 40 MW are spilled.
    world = oil(grid(tmp_path, gas=200)).by_hour({"R": NIGHT_AND_DAY})
    world.edit("power.technologies", {"technology": "gas"}, ramp_share_per_h=0.2)
    plan = world.plan()
    output = at(plan, "output", "R:gas", 2028)
    assert (abs(output - output[list(range(-1, 23))]) <= 40 + 1e-6).all()
    # Before the step up gas could run higher and spill (30 USD) to save oil (80 - 30): the cheaper way, for each hour
    # of the step: gas 100 in the hour before costs 30 x 40 and saves 50 x 40.
    assert at(plan, "output", "R:oil", 2028) == pytest.approx([0] * 24)
    assert at(plan, "spill", "R", 2028).sum() == pytest.approx(80)
    assert_binds(plan, "ramp_up", "ramp_down")


def test_new_capacity_ramps_too(tmp_path: Path) -> None:
    # A technology with a ramp that has no standing plant: what is built may move by its own share, not by nothing.
    world = oil(grid(tmp_path, gas=0), mw=500).by_hour({"R": NIGHT_AND_DAY})
    new_plant(world, ramp_share_per_h=0.9)
    plan = world.plan()
    assert at(plan, "capacity_built", "R:new") == pytest.approx([140])
    assert at(plan, "output", "R:new", 2028) == pytest.approx(NIGHT_AND_DAY)


def test_must_run_output_that_finds_no_use_is_spilled(tmp_path: Path) -> None:
    # 300 MW of coal must run at half: 150 MW for a load of 100. The price is zero, 50 MW are spilled.
    world = (
        grid(tmp_path, gas=0).technology("coal", variable_om_per_mwh=20, min_output_share=0.5).plant("R", "coal", 300)
    )
    plan = world.plan()
    assert at(plan, "output", "R:coal") == pytest.approx(150)
    assert at(plan, "spill", "R") == pytest.approx(50)
    assert lmp_usd_per_mwh(plan).ravel() == pytest.approx([0])
    assert_bound_binds(plan, "output")


def test_idle_plants_retire_once(tmp_path: Path) -> None:
    # Oil costs 40 USD/kW-yr to keep and never runs. Retired in the first of two years it saves 2 x 0.04 MUSD a MW; no
    # more than the 50 MW that stand can go, and what is gone does not come back.
    world = grid(tmp_path).technology("oil", variable_om_per_mwh=80, fixed_om_per_kw_yr=40).plant("R", "oil", 50)
    world.set(periods={"years": [2028, 2029]})
    kept, freed = world.plan(), world.plan(**{"power.allow_retirement": True})
    assert at(freed, "capacity_retired", "R:oil") == pytest.approx([50, 0])
    assert freed.solution.objective == pytest.approx(kept.solution.objective - 50 * 0.04 * 2)
    assert freed.bill_musd["standing plant"] + freed.bill_musd["generation capacity"] == pytest.approx(0)
    assert_bound_binds(freed, "capacity_retired")


def test_load_is_shed_at_its_value(tmp_path: Path) -> None:
    # 90 MW for a load of 100: 10 MW are shed, and power is worth the value of lost load.
    plan = grid(tmp_path, gas=90).plan(**{"power.voll_usd_per_mwh": 3000.0})
    assert at(plan, "load_shed", "R") == pytest.approx(10)
    assert lmp_usd_per_mwh(plan).ravel() == pytest.approx([3000])
    assert plan.bill_musd["load shed"] == pytest.approx(10 * musd_per_mw_year(3000))


def test_no_more_is_shed_than_there_is(tmp_path: Path) -> None:
    # A must-take line drains R: 150 MW must leave, 120 MW stand. All 100 MW of load are shed and the rest is missing:
    # the bound on shedding is what makes the row infeasible, so here the take is 110 and the bound just holds.
    world = grid(tmp_path, gas=105).region("E", annual_load_twh=0, peak_load_mw=0)
    world.corridor("L", "R", "E", 500, backward_mw=0, min_take_twh=105 * HOURS * 1e-6)
    plan = world.plan()
    assert at(plan, "load_shed", "R") == pytest.approx(100)


def test_base_load_grows_by_the_table(tmp_path: Path) -> None:
    # 10 % a year from 2025 on, load of 2024: 1.1^4 in 2028; a period of two years takes the mean of 1.1^4 and 1.1^5.
    # The peak has a rate of its own, 5 %, which only the reserve sees.
    world = grid(tmp_path).set(reserve={"enabled": True})
    for path, energy, peak in (("low", 0, 0), ("central", 10, 5), ("high", 20, 20)):
        row = {
            "country": "x",
            "path": path,
            "from_year": 2025,
            "to_year": 2040,
            "energy_pct_per_yr": energy,
            "peak_pct_per_yr": peak,
        }
        world.add("power.load_growth", row)
    arrays = world.instance().params
    assert arrays["base_load_mw"] == pytest.approx(100 * 1.1**4)
    assert arrays["reserve_gap_mw"] == pytest.approx(1.15 * 100 * 1.05**4 - 1000)
    assert world.instance(**{"power.growth_path": "low"}).params["base_load_mw"] == pytest.approx(100)
    two = world.instance(**{"periods.length_yr": 2}).params
    assert two["base_load_mw"] == pytest.approx(100 * (1.1**4 + 1.1**5) / 2)


def test_ai_inside_the_recorded_load_is_taken_out(tmp_path: Path) -> None:
    # 10 MW of AI servers today; half of them stood in 2024 and drew 0.6 of full power at a PUE of 1.2: 3.6 MW. The
    # reserve counts all ten at the PUE of the worst hour in their place.
    world = grid(tmp_path).edit("facility.data_centres", ai_it_mw=10)
    base = {"ai_draw_2024_share": 0.5, "ai_draw_2024_pue": 1.2, "ai_draw_2024_load_factor": 0.6}
    world.country(connection_base=base).set(reserve={"enabled": True})
    arrays = world.instance().params
    assert arrays["base_load_mw"] == pytest.approx(100 - 3.6)
    assert arrays["reserve_gap_mw"] == pytest.approx(1.15 * (100 - 3.6 + 10 * 1.25) - 1000)


def test_outages_and_maintenance(tmp_path: Path) -> None:
    # 5 % forced all year; 5 % planned in the five months March, April, May, October, November (153 days), none at the
    # peaks: over the year 90 % of capacity can run.
    world = grid(tmp_path).edit(
        "power.technologies", {"technology": "gas"}, forced_outage_rate=0.05, planned_outage_rate=0.05
    )
    assert world.instance().params["availability"] == pytest.approx(0.9)
    yearly = world.instance(**{"time.days": 4}).params
    assert yearly["availability"].max() == pytest.approx(0.95)
    assert (yearly["availability"][0, 0] @ yearly["hours"]) / HOURS == pytest.approx(0.9)


def test_sun_feeds_what_the_weather_gives(tmp_path: Path) -> None:
    # 200 MW of sun at a factor of 0.5 for 12 hours: 100 MW of the 140 by day. 50 MW more may be built for 10 USD/kW-yr,
    # free power for half of the day: each saves 30 USD x 12 h while gas runs, so 80 MW more would fit, 50 are allowed.
    sun = [0.0] * 12 + [0.5] * 12
    world = grid(tmp_path).by_hour({"R": NIGHT_AND_DAY}, segments=2, sun=sun)
    world.technology(
        "solar", variable_om_per_mwh=0, profile="solar", capex_per_kw=200, buildable=1, max_build_mw_per_yr=50
    )
    plan = world.plant("R", "solar", 200).plan()
    assert plan.param("weather_mw").ravel() == pytest.approx([0, 100])
    assert at(plan, "capacity_built", "R:solar") == pytest.approx([50])
    assert at(plan, "output", "R:gas", 2028) == pytest.approx([60, 15])
    worth = rent(plan, "capacity_built") - plan.dual("built_within_rate").sum()
    assert worth == pytest.approx(0.5 * 30e-6 * HOURS / 2 - 0.010)
