"""A network element by element, by hand: units, links, reservoirs, tanks, branches, and limits on their sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.results.planner import Plan
from optimizer.scenario.errors import ScenarioErrors
from tests.cases.small_world import SmallWorld, assert_binds, assert_bound_binds, at, price_at


def network(folder: Path, hours: int = 2, regions: str = "R", **tables: list[dict[str, Any]]) -> SmallWorld:
    """A world of listed hours with nothing in it but the elements given: no plant, no recorded load, no shedding."""
    world = SmallWorld(folder)
    for region in regions[1:]:
        world.region(region)
    world.tables["power.plants"] = []
    world.edit("regions.table", peak_load_mw=0, annual_load_twh=0)
    world.tables["time.snapshots"] = [{"snapshot": t, "weight_h": 1, "length_h": 1} for t in range(hours)]
    for name, rows in tables.items():
        world.tables[f"network.{name}"] = rows
    world.set(power={"load_shedding": False, "spill": False}, demand={"workload_list": []})
    return world.set(transmission={"physics": "dc"}, periods={"discounted_years": [1.0]})


def with_series(world: SmallWorld, **columns: dict[str, list[float]]) -> SmallWorld:
    """Series by column (`units__max_share`), each a mapping of elements to values an hour."""
    series = {}
    for name, values in columns.items():
        hours = len(next(iter(values.values())))
        lines = ["period,snapshot," + ",".join(values)]
        lines += [f",{t}," + ",".join(str(values[each][t]) for each in values) for t in range(hours)]
        file = f"series_{name}_{world.folder.name}.csv"
        world.files[file] = "\n".join(lines) + "\n"
        series[name.replace("__", ".")] = file
    return world.set(network={"series": series})


def load(mw: float, region: str = "R", name: str = "L") -> dict[str, Any]:
    return {"load": name, "region": region, "load_mw": mw}


def unit(name: str, mw: float | None, cost: float, region: str = "R", **more: Any) -> dict[str, Any]:
    return {"unit": name, "region": region, "capacity_mw": mw, "cost_per_mwh": cost, **more}


def bill_usd(plan: Plan) -> float:
    return plan.solution.objective * 1e6


def price_usd(plan: Plan, region: str = "R") -> list[float]:
    """Prices of the first period; every hour weighs one and a year counts once."""
    return list(price_at(plan, "power_balance", region)[0] * 1e6)


def test_the_dear_unit_sets_the_price(tmp_path: Path) -> None:
    # 30 MW at 10 and 20 MW at 50 serve 50 MW: two hours of 300 + 1,000
    plan = network(tmp_path, loads=[load(50)], units=[unit("cheap", 30, 10), unit("dear", 90, 50)]).plan()
    assert bill_usd(plan) == pytest.approx(2 * 1300)
    assert price_usd(plan) == pytest.approx([50, 50])
    assert plan.reduced_cost("unit_output")[0, 0] * 1e6 == pytest.approx([-40, -40])
    assert_bound_binds(plan, "unit_output")


def test_money_of_another_kind_is_converted(tmp_path: Path) -> None:
    world = network(tmp_path, loads=[load(50)], units=[unit("cheap", 90, 10)]).set(network={"usd_per_currency": 1.25})
    assert bill_usd(world.plan()) == pytest.approx(2 * 50 * 10 * 1.25)


def test_capacity_is_built_to_its_worst_hour_and_to_its_limits(tmp_path: Path) -> None:
    # the unit gives half in the second hour, so 40 MW of load need 80 MW; no more than 60 may stand, a dear one helps
    grows = unit("grows", None, 0, grows=1, capital_per_yr=7, capacity_max=60)
    world = network(tmp_path, loads=[load(40)], units=[grows, unit("dear", 90, 500)])
    plan = with_series(world, units__max_share={"grows": [1.0, 0.5]}).plan()
    assert at(plan, "unit_capacity", "grows") == pytest.approx(60)
    assert bill_usd(plan) == pytest.approx(60 * 7 + 10 * 500)
    assert plan.reduced_cost("unit_capacity")[0] * 1e6 == pytest.approx(7 - 0.5 * 500)
    assert_bound_binds(plan, "unit_capacity")
    assert_binds(plan, "unit_below_most")


def test_what_must_run_holds_capacity_down(tmp_path: Path) -> None:
    # 20 MW must stand and run at half: 10 MW at 90, which the price of 5 does not want
    must = unit("must", None, 90, grows=1, capacity_min=20, min_share=0.5)
    plan = network(tmp_path, loads=[load(40)], units=[must, unit("cheap", 99, 5)]).plan()
    assert bill_usd(plan) == pytest.approx(2 * (10 * 90 + 30 * 5))
    assert_binds(plan, "unit_above_least")


def test_without_spill_a_price_may_be_negative(tmp_path: Path) -> None:
    # 30 MW must run against 20 MW of load; only a sink that costs 7 takes the rest. With spill it is free
    units = [unit("must", 30, 1, min_share=1), unit("sink", 50, 7, sign=-1)]
    world = network(tmp_path, loads=[load(20)], units=units)
    plan = world.plan()
    assert price_usd(plan) == pytest.approx([-7, -7])
    assert_bound_binds(plan, "spill")
    assert bill_usd(plan) == pytest.approx(2 * (30 + 10 * 7))
    assert bill_usd(world.plan(power={"spill": True})) == pytest.approx(2 * 30)


def test_a_unit_rises_and_falls_as_it_can(tmp_path: Path) -> None:
    # before the first hour it ran at 10; it may rise by 20 and fall by 10 of its 100 MW an hour
    slow = unit("slow", 100, 1, ramp_up_share=0.2, ramp_down_share=0.1, before_mw=10)
    world = network(tmp_path, 3, loads=[load(50)], units=[slow, unit("dear", 99, 40), unit("sink", 99, 3, sign=-1)])
    plan = with_series(world, loads__load_mw={"L": [50, 80, 10]}).plan()
    # 30 at most, then 50, then it may fall to 40 only: 30 MW go to the sink
    assert at(plan, "unit_output", "slow")[0] == pytest.approx([30, 50, 40])
    assert bill_usd(plan) == pytest.approx(120 + 40 * 20 + 40 * 30 + 3 * 30)
    assert_binds(plan, "unit_rise", "unit_fall")


def test_energy_of_a_unit_is_rationed_and_promised(tmp_path: Path) -> None:
    units = [
        unit("little fuel", 50, 1, energy_max_mwh=30),
        unit("promised", 50, 90, energy_min_mwh=12),
        unit("rest", 99, 20),
    ]
    plan = network(tmp_path, loads=[load(40)], units=units).plan()
    assert bill_usd(plan) == pytest.approx(30 * 1 + 12 * 90 + 38 * 20)
    assert plan.dual("unit_energy_most")[0] == pytest.approx(-0.019)  # MUSD a GWh: 20 less 1 USD a MWh
    assert plan.dual("unit_energy_least")[1] == pytest.approx(0.070)
    assert_binds(plan, "unit_energy_most", "unit_energy_least")


def test_carbon_costs_what_its_fuel_holds(tmp_path: Path) -> None:
    # 0.2 t a MWh of fuel at 40 %: half a tonne a MWh; at 30 USD a tonne that adds 15
    world = network(tmp_path, loads=[load(40)], units=[unit("gas", 99, 10, efficiency=0.4, co2_t_per_mwh=0.2)])
    assert bill_usd(world.plan(power={"co2_price_usd_per_t": 30})) == pytest.approx(2 * 40 * 25)


def test_a_cap_of_the_country_counts_units(tmp_path: Path) -> None:
    # 40 tonnes allow 80 MWh of gas; 20 MWh come from the clean one
    units = [unit("gas", 99, 10, efficiency=0.4, co2_t_per_mwh=0.2), unit("clean", 99, 60)]
    plan = network(tmp_path, loads=[load(50)], units=units).plan(power={"co2_cap_mt_per_yr": 40e-6})
    assert bill_usd(plan) == pytest.approx(80 * 10 + 20 * 60)


def link(name: str, mw: float | None, start: str = "R", **more: Any) -> dict[str, Any]:
    return {"link": name, "from": start, "capacity_mw": mw, **more}


def port(name: str, to: str, efficiency: float = 1.0, number: int = 1) -> dict[str, Any]:
    return {"link": name, "port": number, "to": to, "efficiency": efficiency}


def test_a_link_loses_on_the_way_and_gives_in_two_places(tmp_path: Path) -> None:
    # 20 MW taken give 16 in E and 2 in S; the rest is made there at 100 and 60
    units = [unit("cheap", 99, 10), unit("at E", 99, 100, "E"), unit("at S", 99, 60, "S")]
    world = network(tmp_path, 1, "RES", loads=[load(30, "E"), load(10, "S", "LS")], units=units)
    world.tables["network.links"] = [link("x", 20, cost_per_mwh=1)]
    world.tables["network.link_ports"] = [port("x", "E", 0.8), port("x", "S", 0.1, 2)]
    plan = world.plan()
    assert bill_usd(plan) == pytest.approx(20 * 11 + 14 * 100 + 8 * 60)
    assert plan.reduced_cost("link_flow").ravel() * 1e6 == pytest.approx([-(0.8 * 100 + 0.1 * 60 - 11)])
    assert_bound_binds(plan, "link_flow")


def test_a_link_grows_within_its_shares_and_ramps(tmp_path: Path) -> None:
    # E asks for 30, then 50. The link may grow to 40, must carry a tenth and may rise by half of its capacity an hour
    units = [unit("cheap", 99, 10), unit("at E", 99, 100, "E")]
    world = network(tmp_path, 2, "RE", loads=[load(0, "E")], units=units)
    world.tables["network.links"] = [link("x", None, grows=1, capacity_max=40, capital_per_yr=5)]
    world.tables["network.link_ports"] = [port("x", "E")]
    with_series(world, loads__load_mw={"L": [30, 50]})
    plan = world.plan()
    assert bill_usd(plan) == pytest.approx(40 * 5 + 70 * 10 + 10 * 100)
    assert_bound_binds(plan, "link_capacity")
    assert_binds(plan, "link_below_most")

    world.tables["network.links"][0] |= {"ramp_up_share": 0.1, "ramp_down_share": 0.1, "before_mw": 20}
    plan = world.plan()  # 24, then 28
    assert at(plan, "link_flow", "x")[0] == pytest.approx([24, 28])
    assert_binds(plan, "link_rise")

    world.tables["network.links"][0] |= {"before_mw": 40}
    world.tables["network.units"] = [*units, unit("sink", 99, 0, "E", sign=-1)]
    with_series(world, loads__load_mw={"L": [30, 50]}, links__cost_per_mwh={"x": [500, 500]})
    plan = world.plan()  # too dear to use, but it may only fall by 4 an hour: 36 and 32, of which E takes 30 and 32
    assert_binds(plan, "link_fall")


def test_a_link_that_must_flow(tmp_path: Path) -> None:
    units = [unit("dear", 99, 50), unit("at E", 99, 10, "E")]
    world = network(tmp_path, 1, "RE", loads=[load(30, "E")], units=units)
    world.tables["network.links"] = [link("x", None, grows=1, capacity_min=20, min_share=0.5)]
    world.tables["network.link_ports"] = [port("x", "E")]
    plan = world.plan()
    assert bill_usd(plan) == pytest.approx(10 * 50 + 20 * 10)
    assert_binds(plan, "link_above_least")


def reservoir(**more: Any) -> dict[str, Any]:
    return {"reservoir": "S", "region": "R", "capacity_mw": 10, "hours": 2, "min_share": -1, "wraps": "period", **more}


def test_a_reservoir_moves_energy_and_loses_some(tmp_path: Path) -> None:
    # nine tenths are stored, all comes back, a tenth of the level is lost in each of the three hours of the circle
    units = [unit("night", 99, 0), unit("day", 99, 0)]
    world = network(
        tmp_path, 3, loads=[load(20)], units=units, reservoirs=[reservoir(efficiency_in=0.9, loss_per_h=0.1)]
    )
    with_series(world, units__cost_per_mwh={"night": [10, 100, 100], "day": [11, 100, 100]})
    plan = world.plan()
    # 10 MW pumped store 9 MWh; 8.1 are left an hour later. Releasing them then saves 810 for 100
    assert at(plan, "release", "S")[0] == pytest.approx([0, 8.1, 0])
    assert bill_usd(plan) == pytest.approx(10 * 30 + 100 * (20 - 8.1) + 100 * 20)
    assert_bound_binds(plan, "pumping")
    assert_binds(plan, "level_carried_over")


def test_a_growing_reservoir_is_held_by_power_and_hours(tmp_path: Path) -> None:
    grows = reservoir(capacity_mw=None, grows=1, capital_per_yr=1, capacity_max=8, hours=1.5)
    world = network(tmp_path, 4, loads=[load(20)], units=[unit("u", 99, 0)], reservoirs=[grows])
    with_series(world, units__cost_per_mwh={"u": [10, 10, 100, 100]})
    plan = world.plan()
    # 8 MW and 12 MWh: filled in two hours, emptied in two
    assert at(plan, "release", "S")[0].sum() == pytest.approx(12)
    assert bill_usd(plan) == pytest.approx(8 + 10 * 52 + 100 * 28)
    assert_bound_binds(plan, "reservoir_capacity")
    assert_binds(plan, "level_within_hours")
    world.tables["network.reservoirs"][0]["hours"] = 9
    with_series(world, units__cost_per_mwh={"u": [10, 20, 20, 100]}, reservoirs__min_share={"S": [-0.5, 0, -1, -1]})
    assert_binds(world.plan(), "release_within_power", "pumping_within_power")


def test_a_dam_lets_water_go_at_a_cost_and_starts_with_a_level(tmp_path: Path) -> None:
    # 30 MW flow in, 10 MW may be released, 20 MWh are the whole store: what is left over is let go at 2 a MWh
    dam = reservoir(min_share=0, wraps="no", initial_mwh=15, inflow_mw=30, spill_cost_per_mwh=2, level_cost_per_mwh=0.5)
    plan = network(tmp_path, 2, loads=[load(20)], units=[unit("u", 99, 40)], reservoirs=[dam]).plan()
    # 75 MWh come in all, 20 are released and 20 stay, which costs less than to spill them. A level of 5 after the first
    # hour is the least that spilling all of its inflow leaves
    assert at(plan, "reservoir_spill", "S")[0] == pytest.approx([30, 5])
    assert bill_usd(plan) == pytest.approx(2 * 35 + 0.5 * (5 + 20) + 40 * 20)
    assert_bound_binds(plan, "release", "reservoir_spill")


def test_levels_and_flows_may_be_laid_down(tmp_path: Path) -> None:
    # the level must be 12 after the first hour: 12 pumped at 10, given back at 100. The net flow of the third hour is 4
    world = network(tmp_path, 3, loads=[load(20)], units=[unit("u", 99, 0)], reservoirs=[reservoir(capacity_mw=20)])
    blank: Any = ""
    with_series(
        world,
        units__cost_per_mwh={"u": [10, 100, 10]},
        reservoirs__set_mwh={"S": [12, blank, blank]},
        reservoirs__set_mw={"S": [blank, blank, 4]},
    )
    plan = world.plan()
    assert at(plan, "reservoir_level", "S")[0] == pytest.approx([12, 4, 0])
    assert bill_usd(plan) == pytest.approx(10 * 32 + 100 * 12 + 10 * 16)
    assert_bound_binds(plan, "reservoir_level")
    assert_binds(plan, "net_release_laid_down")


def tank(**more: Any) -> dict[str, Any]:
    return {"tank": "T", "region": "R", "capacity_mwh": 12, "wraps": "period", **more}


def test_a_tank_has_a_level_and_no_power(tmp_path: Path) -> None:
    world = network(tmp_path, 2, loads=[load(20)], units=[unit("u", 99, 0)], tanks=[tank()])
    with_series(world, units__cost_per_mwh={"u": [10, 100]})
    plan = world.plan()
    assert at(plan, "tank_output", "T")[0] == pytest.approx([-12, 12])
    assert bill_usd(plan) == pytest.approx(10 * 32 + 100 * 8)
    assert_bound_binds(plan, "tank_level")
    assert_binds(plan, "tank_carried_over")


def test_a_tank_grows_between_its_least_and_most_level(tmp_path: Path) -> None:
    # a quarter must stay in: 16 MWh of capacity move 12
    grows = tank(capacity_mwh=None, grows=1, capacity_max=16, capital_per_yr=3, min_share=0.25)
    world = network(tmp_path, 2, loads=[load(20)], units=[unit("u", 99, 0)], tanks=[grows])
    with_series(world, units__cost_per_mwh={"u": [10, 100]})
    plan = world.plan()
    assert bill_usd(plan) == pytest.approx(16 * 3 + 10 * 32 + 100 * 8)
    assert_bound_binds(plan, "tank_capacity")
    assert_binds(plan, "tank_above_least", "tank_below_most")


def test_a_tank_that_gives_what_is_laid_down(tmp_path: Path) -> None:
    world = network(tmp_path, 2, loads=[load(20)], units=[unit("u", 99, 0)], tanks=[tank(wraps="no", initial_mwh=12)])
    blank: Any = ""
    with_series(world, units__cost_per_mwh={"u": [10, 100]}, tanks__set_mw={"T": [5, blank]})
    plan = world.plan()
    assert at(plan, "tank_output", "T")[0] == pytest.approx([5, 7])
    assert_bound_binds(plan, "tank_output")


def branch(name: str, start: str, end: str, x: float, mw: float | None = 99, **more: Any) -> dict[str, Any]:
    return {"branch": name, "from": start, "to": end, "reactance": x, "capacity_mw": mw, **more}


def triangle(folder: Path, limit: float = 99, **more: Any) -> SmallWorld:
    """90 MW of load at E; cheap power at R comes straight (x 1) and by way of S (x 1 + 1), two to one."""
    units = [unit("cheap", 99, 10), unit("dear", 99, 40, "E")]
    lines = [branch("RE", "R", "E", 1, limit, **more), branch("RS", "R", "S", 1), branch("SE", "S", "E", 1)]
    return network(folder, 1, "RES", loads=[load(90, "E")], units=units, branches=lines)


def test_power_splits_by_reactance(tmp_path: Path) -> None:
    plan = triangle(tmp_path).plan()
    assert plan.value("branch_flow").ravel() == pytest.approx([60, 30, 30])
    # with 40 MW on the direct line no more than 60 leave R: 30 MW are made at E; S sees the mean of both ends
    plan = triangle(tmp_path, 40).plan()
    assert plan.value("branch_flow").ravel() == pytest.approx([40, 20, 20])
    assert bill_usd(plan) == pytest.approx(60 * 10 + 30 * 40)
    assert [price_usd(plan, region)[0] for region in "RSE"] == pytest.approx([10, 25, 40])
    assert_binds(plan, "angles_round_loop")
    assert_bound_binds(plan, "branch_flow")
    # as wished, the detour carries the rest
    assert bill_usd(triangle(tmp_path, 40).plan(transmission={"physics": "transport"})) == pytest.approx(900)


def test_an_angle_pushes_power_round(tmp_path: Path) -> None:
    # the angle adds 30 to x times flow: f + 30 = 2 (90 - f), so f is 50
    plan = triangle(tmp_path, kind="transformer", phase_shift_rad=30).plan()
    assert plan.value("branch_flow").ravel() == pytest.approx([50, 40, 40])


def test_a_branch_grows_both_ways(tmp_path: Path) -> None:
    line = branch("B", "R", "E", 1, None, grows=1, capacity_max=15, capital_per_yr=4)
    units = [unit("at R", 99, 0), unit("at E", 99, 0, "E")]
    world = network(tmp_path, 2, "RE", loads=[load(20), load(20, "E", "LE")], units=units, branches=[line])
    with_series(world, units__cost_per_mwh={"at R": [10, 100], "at E": [100, 10]})
    plan = world.plan()
    assert plan.value("branch_flow").ravel() == pytest.approx([15, -15])
    assert bill_usd(plan) == pytest.approx(15 * 4 + 2 * (35 * 10 + 5 * 100))
    assert_bound_binds(plan, "branch_capacity")
    assert_binds(plan, "branch_forward", "branch_backward")


def test_limits_add_up_fuel_energy_and_capacity(tmp_path: Path) -> None:
    # 50 tonnes of CO2 allow 100 MWh of coal at 0.5 t; at least 30 MWh must be gas; no more than 10 MW of sun
    units = [
        unit("coal", 99, 10, efficiency=0.4),
        unit("gas", 99, 90),
        unit("oil", 99, 50),
        unit("sun", None, 0, grows=1, capital_per_yr=1),
    ]
    limits = [
        {"limit": "carbon", "sense": "<=", "amount": 50},
        {"limit": "take", "sense": ">=", "amount": 30},
        {"limit": "site", "sense": "==", "amount": 10},
    ]
    terms = [
        {"limit": "carbon", "term": "fuel", "name": "coal", "factor": 0.2},
        {"limit": "take", "term": "energy", "name": "gas", "factor": 1},
        {"limit": "site", "term": "unit_capacity", "name": "sun", "factor": 1},
    ]
    plan = network(tmp_path, 2, loads=[load(90)], units=units, limits=limits, limit_terms=terms).plan()
    # 180 MWh: 20 of sun, 100 of coal, 30 of gas, 30 of oil
    assert bill_usd(plan) == pytest.approx(10 + 100 * 10 + 30 * 90 + 30 * 50)
    # a tonne more is two MWh of coal in the place of oil; the row is scaled by its largest weight, 0.2
    assert plan.dual("sum_at_most")[0] * 1e6 / 0.2 == pytest.approx(-2 * 40)
    assert_binds(plan, "sum_at_most", "sum_at_least")


def test_what_is_left_in_store_counts(tmp_path: Path) -> None:
    # the level at the end must be 6 of the 10 that were there: 4 are released in the dear hour
    limits = [{"limit": "left", "sense": ">=", "amount": 6}]
    terms = [{"limit": "left", "term": "reservoir_level", "name": "S", "factor": 1}]
    store = reservoir(wraps="no", initial_mwh=10, min_share=0)
    world = network(tmp_path, 2, loads=[load(20)], units=[unit("u", 99, 0)], reservoirs=[store])
    world.tables["network.limits"], world.tables["network.limit_terms"] = limits, terms
    plan = with_series(world, units__cost_per_mwh={"u": [10, 100]}).plan()
    assert at(plan, "release", "S")[0] == pytest.approx([0, 4])


def test_elements_stand_for_their_years_only(tmp_path: Path) -> None:
    units = [unit("old", 99, 10, build_year=2020, lifetime_yr=10), unit("new", 99, 50, build_year=2030)]
    world = network(tmp_path, 1, loads=[load(20)], units=units)
    world.set(periods={"years": [2028, 2030], "length_yr": 2, "discounted_years": [2.0, 1.5]})
    plan = world.plan()
    assert bill_usd(plan) == pytest.approx(2.0 * 20 * 10 + 1.5 * 20 * 50)
    assert at(plan, "unit_output", "old").ravel() == pytest.approx([20, 0])


@pytest.mark.parametrize("wraps, bill", [("no", 0), ("each", 200), ("period", 400), ("horizon", 400)])
def test_what_comes_before_a_period(wraps: str, bill: float, tmp_path: Path) -> None:
    """Two periods of one hour, 10 MW of load at 20 a MWh, and a store that begins with 20, 10 or nothing."""
    initial = {"no": 20, "each": 5}.get(wraps, 9)
    store = reservoir(wraps=wraps, initial_mwh=initial, min_share=0)
    world = network(tmp_path, 1, loads=[load(10)], units=[unit("u", 99, 20)], reservoirs=[store])
    world.set(periods={"years": [2028, 2030], "length_yr": 2, "discounted_years": [1.0, 1.0]})
    assert bill_usd(world.plan()) == pytest.approx(bill)


def test_mistakes_of_a_network_are_told(tmp_path: Path) -> None:
    world = network(tmp_path, loads=[load(50)], units=[unit("a", None, 1, grows=1, capacity_min=9, capacity_max=3)])
    world.tables["network.limits"] = [{"limit": "v", "sense": "<=", "amount": 1}]
    world.tables["network.limit_terms"] = [{"limit": "v", "term": "energy", "name": "aa", "factor": 1}]
    world.tables["network.branches"] = [branch("B", "R", "R", 1)]
    with_series(world, units__max_share={"a": [1.0, 0.5, 0.5]})
    with pytest.raises(ScenarioErrors) as caught:
        world.load()
    text = str(caught.value)
    for part in ("capacity_min exceeds", "a branch to itself", "unknown name in units", "2 snapshots for each", "'a'?"):
        assert part in text


def test_mistakes_of_a_series_are_told(tmp_path: Path) -> None:
    world = network(tmp_path, loads=[load(50)], units=[unit("a", 9, 1)])
    with_series(world, units__max_shares={"a": [1.0, 1.0]}, units__max_share={"b": [1.0, "x"]})  # type: ignore[list-item]
    with pytest.raises(ScenarioErrors) as caught:
        world.load()
    text = str(caught.value)
    for part in (
        "no such series",
        "did you mean 'units.max_share'",
        "unknown unit in the header",
        "holds numbers only",
    ):
        assert part in text


def test_a_listed_hour_is_read_from_hourly_profiles_at_its_time(tmp_path: Path) -> None:
    world = network(tmp_path, loads=[load(50)], units=[unit("a", 99, 1)])
    world.tables["time.snapshots"] = [
        {"snapshot": 0, "utc": "2020-02-29T03:00", "weight_h": 5, "length_h": 1, "energy_h": 4},
        {"snapshot": 1, "utc": "2020-03-01T00:00", "weight_h": 5, "length_h": 2, "energy_h": 4},
    ]
    instance = world.instance()
    shots = world.planner().prepared.world.snapshots
    assert shots.first_hour is not None
    assert list(shots.first_hour) == [58 * 24 + 3, 59 * 24]  # the 29th counts as the 28th
    assert shots.aggregate(np.arange(8760.0))[:, 0] == pytest.approx([58 * 24 + 3, 59 * 24 + 0.5])
    assert list(instance.params["energy_h"]) == [4, 4]
