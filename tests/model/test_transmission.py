"""Transmission by hand: prices at the ends of a line, losses on receipt, widening, caps on use, takes, sending caps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.results.prices import lmp_usd_per_mwh
from tests.cases.small_world import (
    SmallWorld,
    assert_binds,
    assert_bound_binds,
    at,
    musd_per_mw_year,
    price_at,
)


def two_regions(folder: Path, mw: float, hurdle: float = 0.0, **line: Any) -> SmallWorld:
    """R with gas at 30 and E with oil at 80 USD/MWh, 100 MW of load each, and a line L from R to E. No AI."""
    world = SmallWorld(folder).region("E").technology("oil", variable_om_per_mwh=80).plant("E", "oil", 1000)
    world.corridor("L", "R", "E", mw, **line)
    return world.set(transmission={"hurdle_usd_per_mwh": hurdle}, demand={"workload_list": []})


def test_a_congested_line_parts_the_prices(tmp_path: Path) -> None:
    # 60 MW leave, 10 % are lost, 54 arrive; E makes the other 46 itself. Prices are those of local plants: 30 and 80.
    # One more MW of line saves 0.9 x 80 - 30 - 0.5 = 41.5 USD in each hour, 0.363540 MUSD a year.
    plan = two_regions(tmp_path, 60, hurdle=0.5, loss=0.1).plan()
    assert at(plan, "flow_forward", "L") == pytest.approx(60)
    assert at(plan, "output", "E:oil") == pytest.approx(46)
    assert at(plan, "output", "R:gas") == pytest.approx(160)
    assert lmp_usd_per_mwh(plan)[:, 0, 0] == pytest.approx([30, 80])
    assert plan.reduced_cost("flow_forward").ravel() == pytest.approx([-musd_per_mw_year(41.5)])
    assert_bound_binds(plan, "flow_forward")
    assert_binds(plan, "power_balance")


def test_an_open_line_joins_the_prices_but_for_loss_and_hurdle(tmp_path: Path) -> None:
    # E lives on imports: 100 / 0.9 MW leave R. Its price is what a MWh costs there: (30 + 0.5) / 0.9 = 33.8889.
    plan = two_regions(tmp_path, 200, hurdle=0.5, loss=0.1).plan()
    assert at(plan, "flow_forward", "L") == pytest.approx(100 / 0.9)
    assert lmp_usd_per_mwh(plan)[:, 0, 0] == pytest.approx([30, 30.5 / 0.9])
    assert sum(plan.bill_musd.values()) == pytest.approx(
        musd_per_mw_year(30) * (100 + 100 / 0.9) + musd_per_mw_year(0.5) * 100 / 0.9
    )


def test_backward_flow_pays_the_same_loss(tmp_path: Path) -> None:
    # The same line seen from its second end: L now runs from E to R, so cheap power flows backward.
    world = SmallWorld(tmp_path).region("E").technology("oil", variable_om_per_mwh=80).plant("E", "oil", 1000)
    plan = world.corridor("L", "E", "R", 60, loss=0.1).set(demand={"workload_list": []}).plan()
    assert at(plan, "flow_backward", "L") == pytest.approx(60)
    assert at(plan, "output", "E:oil") == pytest.approx(46)
    assert plan.reduced_cost("flow_backward").ravel() == pytest.approx([-musd_per_mw_year(0.9 * 80 - 30)])
    assert_bound_binds(plan, "flow_backward")


@pytest.mark.parametrize(
    ("start", "end", "row"), [("R", "E", "forward_within_corridor"), ("E", "R", "backward_within_corridor")]
)
def test_a_line_widens_while_it_pays(tmp_path: Path, start: str, end: str, row: str) -> None:
    # One MW costs 350,400 USD over 40 years at no interest: 8,760 USD a year, or 1 USD/MWh; it saves 80 - 30 = 50.
    # So all 20 MW that may be added are added: 80 MW flow, a MW of line is worth 50, one of permission 49 USD/MWh.
    world = SmallWorld(tmp_path).region("E").technology("oil", variable_om_per_mwh=80).plant("E", "oil", 1000)
    world.corridor(
        "L", start, end, 60, expandable=1, expansion_cost_per_mw=350_400, max_expansion_mw=20, lead_time_yr=0
    )
    plan = world.set(demand={"workload_list": []}).plan()
    assert at(plan, "line_built", "L", 2028) == pytest.approx(20)
    assert plan.value("flow_forward").sum() + plan.value("flow_backward").sum() == pytest.approx(80)
    assert price_at(plan, row, "L") == pytest.approx(-musd_per_mw_year(50))
    assert plan.reduced_cost("line_built").ravel() == pytest.approx([-musd_per_mw_year(49)])
    assert plan.bill_musd["transmission"] == pytest.approx(20 * 0.00876)
    assert_bound_binds(plan, "line_built")
    if start == "R":
        assert_binds(plan, "forward_within_corridor")
    else:
        assert_binds(plan, "backward_within_corridor")


def test_a_yearly_cap_on_use(tmp_path: Path) -> None:
    # 200 MW x 8760 h x 0.4 = 700.8 GWh a year: 80 MW on average, where E would take 100.
    # One more GWh saves 1000 x (80 - 30) USD = 0.05 MUSD.
    world = two_regions(tmp_path, 200, max_utilisation=0.4)
    plan = world.plan()
    assert at(plan, "flow_forward", "L") == pytest.approx(80)
    assert price_at(plan, "flow_within_year", "L", 2028) == pytest.approx(-0.05)
    assert_binds(plan, "flow_within_year")
    free = world.plan(**{"transmission.use_caps": False})
    assert at(free, "flow_forward", "L") == pytest.approx(100)


def test_a_minimum_take_moves_dear_power(tmp_path: Path) -> None:
    # The line runs from dear E to cheap R and carries no power back; 0.438 TWh = 50 MW must flow all the same.
    # Each GWh of the contract costs 1000 x (80 - 30) USD.
    world = SmallWorld(tmp_path).region("E").technology("oil", variable_om_per_mwh=80).plant("E", "oil", 1000)
    world.corridor("L", "E", "R", 200, backward_mw=0, min_take_twh=0.438).set(demand={"workload_list": []})
    plan = world.plan()
    assert at(plan, "flow_forward", "L") == pytest.approx(50)
    assert at(plan, "output", "E:oil") == pytest.approx(150)
    assert price_at(plan, "line_minimum_take", "L", 2028) == pytest.approx(0.05)
    assert_binds(plan, "line_minimum_take")
    free = world.plan(**{"transmission.minimum_takes": False})
    assert at(free, "flow_forward", "L") == pytest.approx(0)


def test_a_take_on_a_two_way_corridor_is_not_met_by_circling(tmp_path: Path) -> None:
    # 50 MW forward under contract and 50 MW straight back would keep the contract and move nothing (B11).
    world = SmallWorld(tmp_path).region("E").technology("oil", variable_om_per_mwh=80).plant("E", "oil", 1000)
    plan = world.corridor("L", "E", "R", 200, min_take_twh=0.438).set(demand={"workload_list": []}).plan()
    assert at(plan, "flow_forward", "L") == pytest.approx(50)
    assert at(plan, "flow_backward", "L") == pytest.approx(0)


def test_legs_share_their_sending_station(tmp_path: Path) -> None:
    # Two legs of 80 MW from R to E and F behind a station of 100 MW. One more MW saves 80 - 30 USD in each hour.
    world = SmallWorld(tmp_path).region("E").region("F").technology("oil", variable_om_per_mwh=80)
    world.plant("E", "oil", 1000).plant("F", "oil", 1000)
    for end in ("E", "F"):
        world.corridor(f"L-{end}", "R", end, 80, backward_mw=0, joint_cap="station")
    world.add("transmission.joint_caps", {"joint_cap": "station", "forward_mw": 100})
    plan = world.set(demand={"workload_list": []}).plan()
    assert plan.value("flow_forward").sum() == pytest.approx(100)
    assert price_at(plan, "legs_within_sending_station", "station") == pytest.approx(-musd_per_mw_year(50))
    assert_binds(plan, "legs_within_sending_station")


def test_planned_lines_and_dates(tmp_path: Path) -> None:
    # A planned line counts only where the scenario says so; one that comes in 2028 stands for half of that year.
    world = two_regions(tmp_path, 60, status="planned", in_service_year=2028, backward_mw=0)
    assert world.instance().sets["corridor"] == ()
    instance = world.instance(**{"transmission.planned": True})
    assert instance.params["line_mw"][0, 0] == pytest.approx(30)


def test_security_chooses_the_rating(tmp_path: Path) -> None:
    world = two_regions(tmp_path, 60, forward_n1_mw=40)
    assert world.instance().params["line_mw"][0, 0] == pytest.approx(40)
    assert world.instance(**{"transmission.security": "n-0"}).params["line_mw"][0, 0] == pytest.approx(60)


def triangle(folder: Path, physics: str, direct_mw: float = 1000.0) -> SmallWorld:
    """R with gas at 30, E with oil at 80 USD/MWh and 90 MW of load, W in between.

    Three like lines, so the direct path from R to E has half the reactance of the way over W.
    """
    world = SmallWorld(folder).region("E", peak_load_mw=90, annual_load_twh=0.7884)
    world.region("W", peak_load_mw=0.001, annual_load_twh=8.76e-9)
    world.technology("oil", variable_om_per_mwh=80).plant("E", "oil", 1000)
    world.corridor("RE", "R", "E", direct_mw, reactance_pu=1.0)
    world.corridor("RW", "R", "W", 1000, reactance_pu=1.0).corridor("WE", "W", "E", 1000, reactance_pu=1.0)
    return world.set(transmission={"hurdle_usd_per_mwh": 0.5, "physics": physics}, demand={"workload_list": []})


def test_power_splits_over_a_loop_by_reactance(tmp_path: Path) -> None:
    # 90 MW to E: two thirds on the direct line, one third over W. Transport would put all of it on the direct line.
    plan = triangle(tmp_path / "dc", "dc").plan()
    assert at(plan, "flow_forward", "RE") == pytest.approx(60, abs=1e-2)
    assert at(plan, "flow_forward", "WE") == pytest.approx(30, abs=1e-2)
    free = triangle(tmp_path / "free", "transport").plan()
    assert at(free, "flow_forward", "RE") == pytest.approx(90, abs=1e-2)


def test_a_full_line_holds_back_the_loop(tmp_path: Path) -> None:
    # The direct line takes 40 MW, so by the voltage law the other path takes 20: 60 MW reach E, which burns oil for the
    # other 30. Under transport the other path would bring the missing 50 MW.
    plan = triangle(tmp_path / "dc", "dc", direct_mw=40).plan()
    assert at(plan, "flow_forward", "RE") == pytest.approx(40, abs=1e-2)
    assert at(plan, "flow_forward", "WE") == pytest.approx(20, abs=1e-2)
    assert at(plan, "output", "E:oil") == pytest.approx(30, abs=1e-2)
    assert_binds(plan, "kirchhoff")
    free = triangle(tmp_path / "free", "transport", direct_mw=40).plan()
    assert at(free, "output", "E:oil") == pytest.approx(0, abs=1e-2)
