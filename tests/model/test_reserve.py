"""Reserve by hand: a zone's margin, new AI load, imports between zones, coincident peaks, a priced shortfall."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.results.token_cost import yearly_cost_musd
from tests.cases.small_world import SmallWorld, assert_binds, assert_bound_binds, at, price_at, rent


def tight(folder: Path, mw: float = 120.0, price: float = 300.0) -> SmallWorld:
    """The default region with a reserve of 15 % and few MW; 4 kchip of AI, 5 MW at the meter."""
    return (
        SmallWorld(folder)
        .edit("power.plants", existing_mw=mw)
        .set(reserve={"enabled": True, "shortfall_usd_per_kw_yr": price})
    )


def test_ai_load_needs_reserve_and_pays_for_what_is_missing(tmp_path: Path) -> None:
    # 120 MW stand for 1.15 x (100 + 5) = 120.75: 0.75 MW are missing at 0.3 MUSD/MW-yr. AI pays 5 x 1.15 x 0.3 a year.
    plan = tight(tmp_path).plan()
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0.75)
    assert price_at(plan, "reserve_margin", "z") == pytest.approx([0.3])
    assert price_at(plan, "growth_of_firm_load", "R") == pytest.approx([-1.15 * 0.3])
    assert plan.bill_musd["reserve shortfall"] == pytest.approx(0.75 * 0.3)
    assert yearly_cost_musd(plan)["reserve"] == pytest.approx([5 * 1.15 * 0.3])
    assert_binds(plan, "reserve_margin", "growth_of_firm_load")


def test_a_new_plant_is_built_for_its_credit(tmp_path: Path) -> None:
    # A peaker at 100 USD/kW over 20 years, 5,000 USD/MW-yr, counts for 0.8: 0.75 / 0.8 MW are built, and a firm MW
    # costs 0.005 / 0.8.
    world = tight(tmp_path).technology(
        "peaker", variable_om_per_mwh=200, capex_per_kw=100, capacity_credit=0.8, buildable=1
    )
    plan = world.plan()
    assert at(plan, "capacity_built", "R:peaker") == pytest.approx([0.75 / 0.8])
    assert price_at(plan, "reserve_margin", "z") == pytest.approx([0.005 / 0.8])


def zones(folder: Path, donor_mw: float, start: str, end: str) -> SmallWorld:
    """R short by 0.75 MW, E with a load of 100 MW and plant; a line of 50 MW, 0.5 MW when one circuit is lost."""
    world = tight(folder).region("E", zone="z2").plant("E", "gas", donor_mw)
    world.add("reserve.zones", {"zone": "z2", "country": "x", "planning_reserve_margin": 0.1})
    return world.corridor("L", start, end, 50, forward_n1_mw=0.5, backward_n1_mw=0.5, loss=0.1)


def test_a_zone_leans_on_its_neighbour_forward(tmp_path: Path) -> None:
    # 0.5 MW leave E, 0.45 arrive: 0.3 MW are still missing. A MW more of n-1 rating saves 0.9 x 0.3 MUSD a year.
    plan = zones(tmp_path, 1000, "E", "R").plan()
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0.3)
    assert at(plan, "firm_forward", "L") == pytest.approx([0.5])
    assert rent(plan, "firm_forward") == pytest.approx(0.27)
    assert_bound_binds(plan, "firm_forward")


def test_a_zone_leans_on_its_neighbour_backward(tmp_path: Path) -> None:
    plan = zones(tmp_path, 1000, "R", "E").plan()
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0.3)
    assert at(plan, "firm_backward", "L") == pytest.approx([0.5])
    assert rent(plan, "firm_backward") == pytest.approx(0.27)
    assert_bound_binds(plan, "firm_backward")


def test_the_giving_zone_is_debited(tmp_path: Path) -> None:
    # E holds exactly its own 1.1 x 100 MW: what it gave would be missing there, and a tenth would be lost on the way.
    plan = zones(tmp_path, 110, "E", "R").plan()
    assert at(plan, "firm_forward", "L") == pytest.approx([0])
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0.75)


def test_a_zone_counts_its_peaks_together(tmp_path: Path) -> None:
    # R peaks by day, E by night: 140 + 60 = 200 MW at any hour, not 280.
    world = tight(tmp_path, mw=0).region("E")
    world.by_hour({"R": [60.0] * 12 + [140.0] * 12, "E": [140.0] * 12 + [60.0] * 12}, segments=2)
    assert world.instance().params["reserve_gap_mw"].item() == pytest.approx(1.15 * 200)


def test_no_requirement_where_it_is_switched_off(tmp_path: Path) -> None:
    plan = tight(tmp_path).plan(**{"reserve.enabled": False})
    assert plan.value("reserve_shortfall").sum() == 0
    assert "reserve_margin" not in plan.lp.rows or plan.dual("reserve_margin").sum() == 0


def test_ai_that_stands_is_in_the_requirement_already(tmp_path: Path) -> None:
    # 4 MW of servers stand (5 MW at the meter): they are part of the requirement, growth is nothing. A system without
    # AI needs no reserve for them: 1.15 x 100 MW out of 120.
    world = tight(tmp_path).edit("facility.data_centres", ai_it_mw=4)
    planner = world.planner()
    with_ai, without = planner.least_cost(), planner.without_ai()
    assert with_ai.value("reserve_shortfall").sum() == pytest.approx(0.75)
    assert without.value("reserve_shortfall").sum() == pytest.approx(0)
    assert with_ai.value("firm_growth").sum() == pytest.approx(0)
