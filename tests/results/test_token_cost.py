"""Costs of a token by hand: full, marginal, incremental; the parts sum and meet the published identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.results.identity import cost_per_mtok
from optimizer.results.prices import token_price_usd_per_mtok
from optimizer.results.token_cost import PARTS, article_ratio, full_cost, incremental_system_cost, marginal_cost
from tests.cases.small_world import (
    TTOK_PER_KCHIP_YEAR,
    SmallWorld,
    checked,
    musd_per_mw_year,
    solve_instance,
)
from tests.model.test_compute import KCHIP_YEAR
from tests.model.test_demand import NIGHT_AND_DAY, batch_world

PER_MTOK = 1 / TTOK_PER_KCHIP_YEAR  # USD per million tokens of one MUSD a year and kchip


def test_full_cost_has_parts_that_sum(tmp_path: Path) -> None:
    # A kchip year: chips 2, hall 0.5, connection 1.25 x 0.01, energy 1.25 MW at 30 USD/MWh, adder 40 USD/MWh on it.
    world = SmallWorld(tmp_path)
    row = {
        "region": "R",
        "money": "USD-2024",
        "method": "difference",
        "industrial_price_per_mwh": 80,
        "wholesale_price_per_mwh": 40,
    }
    table = full_cost(world.add("power.tariffs", row).plan()).iloc[0]
    by_hand = {
        "chips": 2.0,
        "fees": 0.0,
        "hall": 0.5,
        "connection": 0.0125,
        "energy": 1.25 * musd_per_mw_year(30),
        "reserve": 0.0,
        "delivery": 1.25 * musd_per_mw_year(40),
        "on-site": 0.0,
        "idle share": 0.0,
    }
    assert set(by_hand) == set(PARTS)
    for part, musd in by_hand.items():
        assert table[part] == pytest.approx(musd * PER_MTOK, abs=1e-12)
    assert table["full_cost_usd_per_mtok"] == pytest.approx(sum(by_hand.values()) * PER_MTOK)
    assert table["chip_share"] == pytest.approx(2 / sum(by_hand.values()))
    energy = by_hand["energy"] + by_hand["delivery"]
    assert table["energy_share"] == pytest.approx(energy / sum(by_hand.values()))
    assert table["use_of_chips"] == pytest.approx(1)


def test_full_cost_is_the_published_identity(tmp_path: Path) -> None:
    # Users want half as much by night as on average: 6 kchip stand for 4 busy ones. Per provisioned kWh (7.5 MW of
    # facility all year): K = 6 kchip of capital, p = 3 c, u = 4/6; eta = 6 kchip of tokens; sold: 4/6.
    world = SmallWorld(tmp_path).by_hour({"R": [99.0] * 12 + [101.0] * 12}, segments=2)
    plan = world.asks_by_hour([0.5] * 12 + [1.5] * 12).plan()
    table = full_cost(plan).iloc[0]
    provisioned_kwh = 6 * 1.25 * 1000 * 8760
    capital = 6 * 2.5125e6 / provisioned_kwh
    identity = cost_per_mtok(capital, 0.03, 4 / 6, 6 * TTOK_PER_KCHIP_YEAR * 1e12 / provisioned_kwh, 4 / 6)
    assert table["full_cost_usd_per_mtok"] == pytest.approx(identity)
    assert table["idle share"] == pytest.approx(6 * 2.5125 * (1 - 4 / 6) / 4 * PER_MTOK)
    assert table["full_cost_usd_per_mtok"] == pytest.approx(sum(table[part] for part in PARTS))


def test_old_equipment_counts_at_replacement(tmp_path: Path) -> None:
    # All 4 kchip, halls and connections stand and cost the plan nothing; their full cost is that of new ones, while the
    # marginal token costs what the next new kchip does.
    world = SmallWorld(tmp_path).edit("facility.data_centres", ai_it_mw=4).country(fleet_region="home")
    row = {
        "group": "x",
        "fleet_region": "home",
        "chip": "C1",
        "units_thousand": 4,
        "stock_date": "2026-06",
        "retire_year": 2040,
    }
    plan = world.add("compute.fleet", row).asks(3.999).plan()
    assert plan.bill_musd["chips"] == pytest.approx(0)
    assert full_cost(plan)["full_cost_usd_per_mtok"].item() == pytest.approx(KCHIP_YEAR * PER_MTOK, rel=1e-3)
    assert marginal_cost(plan)["marginal_usd_per_mtok"].item() == pytest.approx(1.25 * musd_per_mw_year(30) * PER_MTOK)


def test_other_ai_pays_for_itself(tmp_path: Path) -> None:
    # A fifth of the fleet trains models: tokens cost as much as without it.
    world = SmallWorld(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=10)
    with_other, alone = world.plan(**{"demand.other_ai": True}), world.plan()
    assert with_other.value("chips_powered").sum() == pytest.approx(4 + 0.2 * 10)
    cost = [full_cost(plan)["full_cost_usd_per_mtok"].item() for plan in (with_other, alone)]
    assert cost[0] == pytest.approx(cost[1])


def test_marginal_cost_is_what_one_more_token_costs(tmp_path: Path) -> None:
    # The dual against a second solve with a thousandth more demand, for a class at once and for one that may wait.
    for world in (SmallWorld(tmp_path), batch_world(tmp_path, 24, NIGHT_AND_DAY, 2)):
        planner = world.planner()
        plan = checked(planner.least_cost())
        base = planner.prepared.instance
        more = {name: 1.001 * base.params[name] for name in ("demand", "unserved_max")}
        again = solve_instance(world.load(), base.replace(**more))
        tokens = 0.001 * float((base.params["demand"] @ base.params["hours"]).sum())  # Ttok a year
        slope = (again.solution.objective - plan.solution.objective) / tokens
        assert marginal_cost(plan)["marginal_usd_per_mtok"].item() == pytest.approx(slope, rel=1e-6)
        assert token_price_usd_per_mtok(plan).item() == pytest.approx(slope, rel=1e-6)


def test_incremental_cost_is_the_difference_of_two_bills(tmp_path: Path) -> None:
    # Gas for 102 MW and oil at 80: without AI 100 MW of gas; AI takes 5 MW, 2 of gas and 3 of oil, and raises the
    # price for everyone to 80. Incremental energy is 2 x 30 + 3 x 80 over 4 kchip; full cost pays 80 for all five.
    world = SmallWorld(tmp_path).edit("power.plants", existing_mw=102).technology("oil", variable_om_per_mwh=80)
    planner = world.plant("R", "oil", 1000).planner()
    with_ai, without = checked(planner.least_cost()), checked(planner.without_ai())
    assert without.solution.objective == pytest.approx(100 * musd_per_mw_year(30))
    extra = 4 * 2.5125 + 2 * musd_per_mw_year(30) + 3 * musd_per_mw_year(80)
    assert incremental_system_cost(with_ai, without) == pytest.approx(extra / 4 * PER_MTOK)
    assert full_cost(with_ai)["full_cost_usd_per_mtok"].item() == pytest.approx(
        (2.5125 + 1.25 * musd_per_mw_year(80)) * PER_MTOK
    )
    assert article_ratio(with_ai)["energy_usd_per_mtok"].item() == pytest.approx(1.25 * musd_per_mw_year(80) * PER_MTOK)


def test_every_part_of_the_bill_is_the_objective(tmp_path: Path) -> None:
    plan = SmallWorld(tmp_path).set(reserve={"enabled": True}).edit("power.plants", existing_mw=110).plan()
    assert sum(plan.bill_musd.values()) == pytest.approx(plan.solution.objective)
