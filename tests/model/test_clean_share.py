"""Clean share by hand: a mandated hub signs with new clean plants of its own grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cases.small_world import SmallWorld, assert_binds, at, price_at


def hub(folder: Path, share: float = 0.8) -> SmallWorld:
    """R is a hub; geothermal power at 8,760 USD/kW over 20 years is 438 USD/kW-yr or 50 USD/MWh, gas is 30."""
    world = SmallWorld(folder).edit("regions.table", hub=1).country(clean_share=share)
    return world.technology("geo", variable_om_per_mwh=0, capex_per_kw=8760, buildable=1, clean=1)


def test_a_mandate_builds_what_it_contracts(tmp_path: Path) -> None:
    # 5 MW of draw, 80 % of it clean: 4 MW are built. A GWh under contract costs 1000 x (50 - 30) USD.
    plan = hub(tmp_path).plan()
    assert at(plan, "capacity_built", "R:geo") == pytest.approx([4])
    assert plan.value("contracted").sum() == pytest.approx(4 * 8.76)
    assert price_at(plan, "mandate_met", "g") == pytest.approx([0.02])
    assert price_at(plan, "contracted_from_new", "R:geo") == pytest.approx([-0.02])
    assert_binds(plan, "mandate_met", "contracted_from_new")


def test_no_mandate_outside_hubs(tmp_path: Path) -> None:
    plan = hub(tmp_path).edit("regions.table", hub=0).plan()
    assert at(plan, "capacity_built", "R:geo") == pytest.approx([0])
    assert plan.instance.sets["clean_area"] == ()


def test_old_plants_are_not_sold_again(tmp_path: Path) -> None:
    # 100 MW of geothermal stand since before 2025 and count for nothing; 3 MW that came in 2026 count in full in 2028.
    world = hub(tmp_path).plant("R", "geo", 100)
    assert at(world.plan(), "capacity_built", "R:geo") == pytest.approx([4])
    world.add(
        "power.plant_changes", {"region": "R", "technology": "geo", "year": 2026, "change_mw": 3, "kind": "committed"}
    )
    assert at(world.plan(), "capacity_built", "R:geo") == pytest.approx([1])


def test_contracts_stay_within_the_grid(tmp_path: Path) -> None:
    # Cheaper geothermal stands in another grid region: it cannot serve the hub's mandate.
    world = hub(tmp_path).region("E", grid_region="other", hub=0).plant("E", "gas", 1000)
    plan = world.plan()
    assert plan.instance.sets["clean_plant"] == ("R:geo",)
    assert at(plan, "capacity_built", "R:geo") == pytest.approx([4])


def test_sun_and_wind_are_sold_for_what_they_give(tmp_path: Path) -> None:
    # Sun at a factor of 0.5 for half of the day, 2190 hours a year: 4 MW x 8760 h need 16 MW of it.
    world = SmallWorld(tmp_path).edit("regions.table", hub=1).country(clean_share=0.8)
    world.by_hour({"R": [60.0] * 12 + [140.0] * 12}, segments=2, sun=[0.0] * 12 + [0.5] * 12)
    world.technology("solar", profile="solar", variable_om_per_mwh=0, capex_per_kw=4000, buildable=1, clean=1)
    plan = world.plan()
    assert plan.param("clean_hours") == pytest.approx(np.array([2190]))
    assert at(plan, "capacity_built", "R:solar") == pytest.approx([16])
