"""Storage by hand: a day of charging by night and giving back by day, with what is lost on both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.results.prices import lmp_usd_per_mwh
from tests.cases.small_world import SmallWorld, assert_binds, assert_bound_binds, at, price_at, rent

NIGHT_AND_DAY = [60.0] * 12 + [140.0] * 12


def day(folder: Path, **store: Any) -> SmallWorld:
    """Load 60 MW for twelve hours and 140 for twelve; 100 MW of gas at 30 and oil at 80 USD/MWh; no AI."""
    world = SmallWorld(folder).set(demand={"workload_list": []}).by_hour({"R": NIGHT_AND_DAY}, segments=2)
    world.edit("power.plants", existing_mw=100).technology("oil", variable_om_per_mwh=80).plant("R", "oil", 1000)
    columns: dict[str, Any] = {
        "role": "storage",
        "variable_om_per_mwh": 0,
        "storage_hours": 4,
        "round_trip_efficiency": 0.81,
    }
    return world.technology("battery", **(columns | store))


def test_a_small_store_is_full_every_night(tmp_path: Path) -> None:
    # 160 MWh, 0.9 each way: 160 / 0.9 / 12 = 14.815 MW go in by night, 160 x 0.9 / 12 = 12 MW come out by day.
    # Gas 60 + 14.815 by night, 100 by day; oil 140 - 12 - 100 = 28. A MWh of store saves 0.9 x 80 - 30 / 0.9 a day.
    plan = day(tmp_path).plant("R", "battery", 20, energy_mwh=160).plan()
    assert at(plan, "charge", "R:battery", 2028) == pytest.approx([160 / 0.9 / 12, 0])
    assert at(plan, "discharge", "R:battery", 2028) == pytest.approx([0, 12])
    assert at(plan, "output", "R:oil", 2028) == pytest.approx([0, 28])
    assert lmp_usd_per_mwh(plan).ravel() == pytest.approx([30, 80])
    assert rent(plan, "state_of_charge") == pytest.approx(365e-6 * (72 - 30 / 0.9))
    assert_bound_binds(plan, "state_of_charge")
    assert_binds(plan, "charge_carried_over")


def test_a_weak_store_is_held_back_by_its_power(tmp_path: Path) -> None:
    # 10 MW with room enough: 10 MW go in for twelve hours, 8.1 come out. A MW saves 12 h x (0.81 x 80 - 30) a day.
    plan = day(tmp_path).plant("R", "battery", 10, energy_mwh=500).plan()
    assert at(plan, "charge", "R:battery", 2028) == pytest.approx([10, 0])
    assert at(plan, "discharge", "R:battery", 2028) == pytest.approx([0, 8.1])
    assert rent(plan, "charge") == pytest.approx(365e-6 * 12 * (0.81 * 80 - 30))
    assert_bound_binds(plan, "charge")


def test_giving_back_may_be_the_narrow_side(tmp_path: Path) -> None:
    # Eight hours of night and sixteen of day: what 20 MW take in for sixteen cheap hours must leave in eight dear ones.
    # Load 60 MW for 16 hours, 140 for 8: 20 MW out for 8 h need 20 x 8 / 0.9 = 177.8 MWh, in at 12.3 MW.
    world = day(tmp_path).by_hour({"R": [60.0] * 16 + [140.0] * 8}, segments=2)
    plan = world.plant("R", "battery", 20, energy_mwh=500).plan()
    assert at(plan, "discharge", "R:battery", 2028) == pytest.approx([0, 20])
    assert at(plan, "charge", "R:battery", 2028) == pytest.approx([20 * 8 / 0.81 / 16, 0])
    assert rent(plan, "discharge") == pytest.approx(365e-6 * 8 * (80 - 30 / 0.81))
    assert_bound_binds(plan, "discharge")


def test_pumped_hydro_returns_three_quarters(tmp_path: Path) -> None:
    # 75 % there and back, whatever the split between the two ways; nothing pays below a price ratio of 4/3.
    plan = day(tmp_path, round_trip_efficiency=0.75).plant("R", "battery", 10, energy_mwh=500).plan()
    out, taken = at(plan, "discharge", "R:battery", 2028).sum(), at(plan, "charge", "R:battery", 2028).sum()
    assert out / taken == pytest.approx(0.75)


def test_a_store_that_loses_too_much_stands_still(tmp_path: Path) -> None:
    # 80 / 30 < 1 / 0.36: filling it would cost more than it saves.
    plan = day(tmp_path, round_trip_efficiency=0.36).plant("R", "battery", 10, energy_mwh=500).plan()
    assert at(plan, "charge", "R:battery", 2028).sum() == pytest.approx(0)


def test_wear_is_paid_on_what_comes_back(tmp_path: Path) -> None:
    plan = day(tmp_path, variable_om_per_mwh=5).plant("R", "battery", 10, energy_mwh=500).plan()
    oil, gas = at(plan, "output", "R:oil", 2028)[1] * 12 * 365, at(plan, "output", "R:gas", 2028).sum() * 12 * 365
    assert plan.bill_musd["energy"] == pytest.approx(1e-6 * (80 * oil + 30 * gas + 5 * 8.1 * 12 * 365))


def test_new_stores_share_power_and_hours(tmp_path: Path) -> None:
    # A battery of 12 hours at 20 USD/kW-yr, 10 MW a year. 10 x 12 = 120 MWh fill at 120 / 0.9 / 12 = 11.1 MW: more than
    # its rating of 10, so power binds: 10 MW in, 108 MWh stored, 8.1 MW out.
    world = day(tmp_path, storage_hours=12, capex_per_kw=400, buildable=1, max_build_mw_per_yr=10)
    plan = world.plan()
    assert at(plan, "capacity_built", "R:battery") == pytest.approx([10])
    assert at(plan, "charge", "R:battery", 2028) == pytest.approx([10, 0])
    assert price_at(plan, "power_within_rating", "R:battery", 2028) == pytest.approx(
        [-365e-6 * 12 * (0.81 * 80 - 30), 0]
    )
    assert_binds(plan, "power_within_rating")


def test_new_stores_of_few_hours_are_full_first(tmp_path: Path) -> None:
    # Four hours: 40 MWh, 40 x 0.9 / 12 = 3 MW by day. Each MWh of room saves 0.9 x 80 - 30 / 0.9 USD a day.
    plan = day(tmp_path, capex_per_kw=400, buildable=1, max_build_mw_per_yr=10).plan()
    assert at(plan, "discharge", "R:battery", 2028) == pytest.approx([0, 3])
    assert price_at(plan, "energy_within_store", "R:battery", 2028).sum() == pytest.approx(-365e-6 * (72 - 30 / 0.9))
    assert_binds(plan, "energy_within_store")


def test_a_full_day_wraps_onto_itself(tmp_path: Path) -> None:
    # What is stored at the end of the day is what it began with: over the day nothing appears or vanishes.
    world = day(tmp_path).by_hour({"R": NIGHT_AND_DAY}).plant("R", "battery", 20, energy_mwh=100)
    plan = world.plan()
    charge, out = at(plan, "charge", "R:battery", 2028), at(plan, "discharge", "R:battery", 2028)
    assert 0.9 * charge.sum() == pytest.approx(out.sum() / 0.9)
    level = at(plan, "state_of_charge", "R:battery", 2028)
    assert level.max() == pytest.approx(100)
    assert level[0] - level[-1] == pytest.approx(0.9 * charge[0] - out[0] / 0.9)
