"""Chips a country can get: dates of stock and supply, denials, fees, licences, caps on units and processing power."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.instance.supply_chain import period_share_of_year
from optimizer.results.token_cost import yearly_cost_musd
from tests.cases.small_world import SmallWorld, assert_binds, assert_bound_binds, at, price_at
from tests.model.test_compute import KCHIP_YEAR, TTOK_PER_KCHIP_YEAR

WORTH = TTOK_PER_KCHIP_YEAR * 0.5 - KCHIP_YEAR  # what one more kchip earns in its year, MUSD


def rules(outcome: str, **more: Any) -> str:
    """One rule in force on every chip of 4,800 TPP and more."""
    extra = "".join(f"    {key}: {value}\n" for key, value in more.items())
    return f"""\
schema_version: 1
known_until: 2026-06-30
destination_groups: {{d5: [XX], tier1: [YY], us_allied: [YY]}}
rules:
  - id: r
    name: rule
    effective_from: 2023-01-01
    status: in_force
    destinations: [world]
    classes: [{{class: a, predicate: {{all: [{{metric: tpp, op: '>=', value: 4800}}]}}}}]
    outcome_by_class: {{a: {{other: {outcome}}}}}
    sources: [none]
{extra}"""


def ruled(folder: Path, outcome: str, **more: Any) -> SmallWorld:
    world = SmallWorld(folder)
    world.rules = rules(outcome, **more)
    return world


def test_half_of_2026_is_not_counted_twice(tmp_path: Path) -> None:
    # The stock is counted in mid 2026, so the first period takes half of that year's chips (B6); a period has what was
    # shipped to the end of its first year: 2028 adds 2027 and 2028, 2030 adds 2029 and 2030.
    periods = (2026, 2028, 2030)
    shares = np.array([period_share_of_year(periods, year) for year in range(2025, 2032)])
    assert shares == pytest.approx(
        np.array([[0, 0, 0], [0.5, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]])
    )


def by_year(folder: Path, **settings: Any) -> SmallWorld:
    world = SmallWorld(folder).set(
        periods={"years": [2026, 2028, 2030], "length_yr": 2, "decided_from": 2026, "build_from": 2028}
    )
    rows = ((2026, 10), (2027, 20), (2028, 40), (2029, 80))
    world.tables["compute.supply"] = [
        {
            "chip": "C1",
            "destination_bloc": "x",
            "year": year,
            "units_thousand": units,
            "units_low_thousand": 0.5 * units,
            "units_high_thousand": 2 * units,
            "kind": "forecast",
        }
        for year, units in rows
    ]
    return world.set(**settings)


def test_supply_by_period_and_what_follows_the_last_row(tmp_path: Path) -> None:
    # 5, then 20 + 40, then 80 of 2029 and as many again for 2030, for which no row is known. A country takes its share.
    world = by_year(tmp_path)
    assert world.instance().params["chip_supply"][0, 0] == pytest.approx([5, 60, 160])
    assert any("2029" in note and "extrapolated" in note for note in world.instance().notes)
    assert world.instance(**{"compute.supply_path": "low"}).params["chip_supply"][0, 0] == pytest.approx([2.5, 30, 80])
    assert world.instance(**{"compute.supply_path": "high"}).params["chip_supply"][0, 0] == pytest.approx(
        [10, 120, 320]
    )
    assert world.country(chip_share=0.25).instance().params["chip_supply"][0, 0] == pytest.approx([1.25, 15, 40])


def test_a_plan_that_begins_later_has_the_chips_of_the_years_before(tmp_path: Path) -> None:
    # From 2028 on: the second half of 2026, 2027 and 2028, as in a plan that begins in 2026.
    world = by_year(tmp_path, periods={"years": [2028, 2030], "length_yr": 2, "decided_from": 2027, "build_from": 2028})
    assert world.instance().params["chip_supply"][0, 0] == pytest.approx([5 + 20 + 40, 160])


def test_diverted_chips_count_only_when_asked(tmp_path: Path) -> None:
    world = by_year(tmp_path)
    for kind in ("diverted", "licence_cap"):
        row = {"chip": "C1", "destination_bloc": "x", "year": 2027, "units_thousand": 7, "kind": kind}
        world.add("compute.supply", {**row, "units_low_thousand": 7, "units_high_thousand": 7})
    assert world.instance().params["chip_supply"][0, 0] == pytest.approx([5, 60, 160])
    assert world.instance(**{"compute.leakage": True}).params["chip_supply"][0, 0] == pytest.approx([5, 67, 160])


def test_chips_are_the_limit(tmp_path: Path) -> None:
    # 2 kchip for 4: half of the demand leaves at 0.5 USD/Mtok. One more kchip earns 15.768 - 2.841 MUSD.
    plan = SmallWorld(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=2).plan()
    assert plan.value("unserved").sum() / plan.param("demand").sum() == pytest.approx(0.5)
    assert price_at(plan, "chips_within_supply", "x", "C1") == pytest.approx([-WORTH])


@pytest.mark.parametrize("outcome", ["ban", "presumption_of_denial", "unknown"])
def test_a_denied_chip_is_not_bought(tmp_path: Path, outcome: str) -> None:
    plan = ruled(tmp_path, outcome).plan()
    assert plan.value("chips_built").sum() == pytest.approx(0)
    assert plan.value("serve").sum() == pytest.approx(0)


def test_a_denial_for_one_destination_frees_another(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path)
    world.rules = rules("free").replace("{other: free}", "{d5: ban, other: free}")
    assert world.instance().params["chips_max"].item() == np.inf
    assert world.country(destination="XX").instance().params["chips_max"].item() == 0


def test_a_fee_is_paid_on_the_price(tmp_path: Path) -> None:
    # A quarter of the price on top: 0.5 MUSD/kchip-yr, its own part of the full cost.
    plan = ruled(tmp_path, "fee", fee="{share_of_price: 0.25}").plan()
    assert plan.bill_musd["chips"] == pytest.approx(4 * 2.5)
    assert yearly_cost_musd(plan)["fees"] == pytest.approx([4 * 0.5])
    assert yearly_cost_musd(plan)["chips"] == pytest.approx([4 * 2.0])


def test_a_licence_caps_units(tmp_path: Path) -> None:
    # 3 buyers of 500 units each: 1.5 kchip from today on, although 100 are for sale.
    plan = ruled(tmp_path, "licence", caps_reported="{per_customer_units: 500, customers_cleared: 3}").plan()
    assert plan.value("chips_built").sum() == pytest.approx(1.5)
    assert plan.dual("chips_within_licence").sum() == pytest.approx(-WORTH)
    assert_binds(plan, "chips_within_licence")


def test_switches_choose_the_hurdles_of_a_licence(tmp_path: Path) -> None:
    world = ruled(tmp_path, "licence", caps_reported="{per_customer_units: 500, customers_cleared: 3}")
    without = world.instance(**{"export_control.switches": ["china_clearance"]})
    assert len(without.sets["volume_cap"]) < len(world.instance().sets["volume_cap"])


def test_a_share_of_home_sales_is_data(tmp_path: Path) -> None:
    # Half of what is sold at home, in the year before: exports of 2027 and 2028 lean on the rows of 2026 and 2027 of
    # the market outside China, 1 and 3 kchip, so 2 kchip may come. What this plan buys has no part in it (B12).
    world = ruled(tmp_path, "licence", conditions="{volume_cap_share_of_us_shipments: 0.5}")
    for year, sold in ((2025, 50), (2026, 1), (2027, 3), (2028, 70)):
        row = {
            "chip": "C1",
            "destination_bloc": "world_ex_china",
            "year": year,
            "units_thousand": sold,
            "kind": "forecast",
        }
        world.add("compute.supply", row)
    plan = world.plan()
    assert plan.param("volume_cap_kchip").ravel() == pytest.approx([2])
    assert plan.value("chips_built").sum() == pytest.approx(2)
    assert plan.instance.attributes["volume_cap"]["rule"] == ["share of home sales"]


def test_a_cap_on_processing_power(tmp_path: Path) -> None:
    # 16 million TPP at 8000 a chip: 2 kchip. One million TPP more is 125 chips.
    world = ruled(
        tmp_path, "cap", numbers="{tier2_country_cap_total_tpp: 16000000, government_to_government_factor: 2}"
    )
    plan = world.plan()
    assert plan.value("chips_built").sum() == pytest.approx(2)
    assert price_at(plan, "chips_within_tpp_cap", "x") == pytest.approx([-WORTH / 0.008])
    assert_binds(plan, "chips_within_tpp_cap")


def test_a_chip_below_the_threshold_is_free(tmp_path: Path) -> None:
    plan = ruled(tmp_path, "ban").edit("compute.chips", tpp=4799).plan()
    assert plan.value("chips_built").sum() == pytest.approx(4)


def test_chips_that_a_host_bars(tmp_path: Path) -> None:
    # The country has supply of two countries' chips but bars one: the bound of the host carries the rent.
    world = SmallWorld(tmp_path).country(barred_chips=["C1"])
    plan = world.plan()
    assert plan.value("chips_built").sum() == pytest.approx(0)
    assert_bound_binds(plan, "chips_built")
    assert at(plan, "serve").sum() == pytest.approx(0)
