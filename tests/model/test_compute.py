"""Compute by hand: which chips work, idle power, vintages and stocks, pools of hosts with different power prices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.instance.finance import capital_recovery_factor
from tests.cases.small_world import (
    TTOK_PER_KCHIP_YEAR,
    SmallWorld,
    assert_binds,
    at,
    musd_per_mw_year,
    price_at,
)

# Full yearly cost of one kchip of the default kind: chips, hall, connection, energy, MUSD.
KCHIP_YEAR = 2 + 0.5 + 1.25 * 0.01 + 1.25 * musd_per_mw_year(30)


def second_chip(world: SmallWorld, units: float, rate: float = 5000, **columns: Any) -> SmallWorld:
    """C2: 2 kW, 5000 tokens/s, 30,000 USD over 5 years."""
    row = {**world.tables["compute.chips"][0], "chip": "C2", "all_in_w_per_chip": 2000, "price_per_chip": 30000}
    world.add("compute.chips", row | columns)
    for point in ("interactive", "standard", "batch"):
        world.add(
            "compute.throughput",
            {"chip": "C2", "chip_set": "same_date", "operating_point": point, "tokens_per_s": rate},
        )
    for year, number in ((2026, 0), (2027, 0), (2028, units)):
        world.add(
            "compute.supply",
            {"chip": "C2", "destination_bloc": "x", "year": year, "units_thousand": number, "kind": "forecast"},
        )
    return world


def test_the_better_chip_is_bought_first(tmp_path: Path) -> None:
    # C2 costs 6 + 2 x 0.5 + 2.5 x (0.01 + 0.2628) = 7.682 MUSD a year and does the work of 5 kchip of C1, which cost
    # 5 x 2.841: its 0.5 kchip are all bought, C1 does the rest. One more kchip of C2 saves 14.205 - 7.682 MUSD.
    plan = second_chip(SmallWorld(tmp_path), 0.5).plan()
    assert at(plan, "chips_built", "R").ravel() == pytest.approx([1.5, 0.5])
    assert price_at(plan, "chips_within_supply", "x", "C2").item() == pytest.approx(
        -(5 * KCHIP_YEAR - (6 + 1 + 2.5 * (0.01 + musd_per_mw_year(30))))
    )
    assert_binds(
        plan,
        "chips_within_supply",
        "powered_within_fleet",
        "pool_is_its_hosts",
        "work_within_chip_time",
        "served_is_worked",
    )


def test_only_listed_chips_are_bought(tmp_path: Path) -> None:
    world = second_chip(SmallWorld(tmp_path), 0.5)
    assert world.instance(**{"compute.chip_list": ["C1"]}).sets["chip"] == ("C1",)
    assert world.country(barred_chips=["C2"]).instance().params["chips_max"].ravel().tolist() == [np.inf, 0]


def test_broken_and_idle_chips_cost_too(tmp_path: Path) -> None:
    # A tenth is broken at any time: 4 / 0.9 kchip. An idle chip draws a quarter, a busy one the other three quarters on
    # top: 0.25 x 4.444 + 0.75 x 4 MW of IT power.
    plan = SmallWorld(tmp_path).plan(**{"compute.availability": 0.9, "compute.idle_power_share": 0.25})
    assert plan.value("chips_powered").sum() == pytest.approx(4 / 0.9)
    assert at(plan, "grid_draw", "R") == pytest.approx(np.array([[1.25 * (0.25 * 4 / 0.9 + 0.75 * 4)]]))
    assert_binds(plan, "idle_power_of_host", "use_is_work")


def test_software_makes_chips_faster(tmp_path: Path) -> None:
    # 21 % a year over two years, counted from the first period: a chip hour makes 1.4641 times the tokens.
    world = SmallWorld(tmp_path).set(periods={"years": [2026, 2028], "decided_from": 2026})
    hours = world.instance(**{"compute.software_gain_pct_per_yr": 21.0}).params["chip_hours"][0, 0]
    assert hours[0] / hours[1] == pytest.approx(1.21**2)
    assert hours[0] == pytest.approx(1 / 3.6e-3)


def test_the_chip_set_chooses_the_rates(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path)
    world.add(
        "compute.throughput",
        {"chip": "C1", "chip_set": "planning", "operating_point": "standard", "tokens_per_s": 2000},
    )
    assert world.instance(**{"compute.chip_set": "planning"}).params["chip_hours"].item() == pytest.approx(0.5 / 3.6e-3)


def test_a_chip_life_of_five_years_on_periods_of_two(tmp_path: Path) -> None:
    # Bought in 2026 a chip lives to the end of 2030: all of 2026-27 and 2028-29 and half of 2030-31; it pays as much
    # (B5). Discounted years of the periods at 5 %, mid-year: D = 1.05^-0.5 + 1.05^-1.5, then / 1.05^2 each. In the last
    # period the price is spread over 3 years. Servers cost 8 %.
    world = SmallWorld(tmp_path).set(
        periods={"years": [2026, 2028, 2030], "length_yr": 2, "decided_from": 2026, "build_from": 2028},
        money={"discount_rate": 0.05},
    )
    arrays = world.country(wacc={"chips": 0.08}).instance().params
    first = 1.05**-0.5 + 1.05**-1.5
    weights = [first, first / 1.05**2, first / 1.05**4]
    assert arrays["discount"] == pytest.approx(weights)
    assert arrays["chip_alive"][0] == pytest.approx(np.array([[1, 1, 0.5], [0, 1, 1], [0, 0, 1]]))
    five, three = (0.08 / (1 - 1.08**-life) for life in (5, 3))
    assert float(capital_recovery_factor(0.08, 5)) == pytest.approx(five)
    charge = [
        10 * five * (weights[0] + weights[1] + 0.5 * weights[2]),
        10 * five * (weights[1] + weights[2]),
        10 * three * weights[2],
    ]
    assert arrays["chip_cost"][0, 0] == pytest.approx(charge)


def test_old_chips_leave_in_their_year(tmp_path: Path) -> None:
    # 10 kchip that are gone from 2029 on stand in 2028, the first year of 2028-29; the country holds 80 % of them.
    world = (
        SmallWorld(tmp_path).edit("facility.data_centres", ai_it_mw=10).country(fleet_region="home", fleet_share=0.8)
    )
    world.set(periods={"years": [2026, 2028, 2030], "length_yr": 2, "decided_from": 2026, "build_from": 2028})
    row = {
        "group": "x",
        "fleet_region": "home",
        "chip": "C1",
        "units_thousand": 10,
        "stock_date": "2026-06",
        "retire_year": 2029,
    }
    assert world.add("compute.fleet", row).instance().params["chip_stock"][0, 0] == pytest.approx([8, 8, 0])


def test_a_fleet_stands_where_its_halls_are(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).region("E").country(fleet_region="home")
    world.edit("facility.data_centres", {"region": "R"}, ai_it_mw=6).edit(
        "facility.data_centres", {"region": "E"}, ai_it_mw=2
    )
    row = {
        "group": "x",
        "fleet_region": "home",
        "chip": "C1",
        "units_thousand": 8,
        "stock_date": "2026-06",
        "retire_year": 2040,
    }
    assert world.add("compute.fleet", row).instance().params["chip_stock"][:, 0, 0] == pytest.approx([6, 2])


def two_hosts(folder: Path, cheap: float = 30, dear: float = 50, kchip: float = 1.5) -> SmallWorld:
    """One pool of two hosts: E with cheap power and R with dear power; one kchip of C1 stands in each, nothing new."""
    world = SmallWorld(folder).region("E").technology("oil", variable_om_per_mwh=cheap).plant("E", "oil", 1000)
    world.edit("power.technologies", {"technology": "gas"}, variable_om_per_mwh=dear)
    world.edit("facility.data_centres", ai_it_mw=1).country(fleet_region="home")
    world.add("demand.latency", {"market": "M", "site": "E", "rtt_ms": 10})
    row = {"group": "x", "fleet_region": "home", "units_thousand": 2, "stock_date": "2026-06", "retire_year": 2040}
    world.add("compute.fleet", {**row, "chip": "C1"}).edit("compute.supply", units_thousand=0)
    return world.asks(kchip)


def test_work_goes_where_power_is_cheap(tmp_path: Path) -> None:
    # 1.5 kchip of work for two kchip: E runs full, R half. A token more costs R's energy: 1.25 MWh x 50 per kchip hour.
    plan = two_hosts(tmp_path).plan()
    assert at(plan, "it_use", "E").item() == pytest.approx(1)
    assert at(plan, "it_use", "R").item() == pytest.approx(0.5)
    assert abs(plan.dual("served_is_worked").item()) == pytest.approx(1.25 * musd_per_mw_year(50) / 3.6e-3)


def test_a_host_cannot_use_more_than_its_chips(tmp_path: Path) -> None:
    # By night 0.8 kchip of work, all of it in E; by day 1.6: E is full in those hours and R does 0.6. The hour binds,
    # the year does not: one more MW in E saves 1.25 x 20 USD in half of the hours.
    world = two_hosts(tmp_path, kchip=1.2).by_hour({"R": [99.0] * 12 + [101.0] * 12, "E": [100.0] * 24}, segments=2)
    day = [2 / 3] * 12 + [4 / 3] * 12
    world.asks_by_hour(day)
    plan = world.plan()
    assert at(plan, "it_use", "E", 2028) == pytest.approx([0.8, 1])
    assert at(plan, "it_use", "R", 2028) == pytest.approx([0, 0.6])
    assert price_at(plan, "use_within_powered", "E").sum() == pytest.approx(-1.25 * musd_per_mw_year(20) / 2)
    assert_binds(plan, "use_within_powered", "active_power_of_host")


def test_power_follows_the_chips_that_work(tmp_path: Path) -> None:
    # E also holds half a kchip of C2: 2 kW for the same 1000 tokens, so a MWh in R at 50 beats two in E at 30. C1 in E
    # works all year; without the yearly balance its idle neighbours would lend it their cheap power. One more kchip
    # thousand hours of C1 in E, 1 GWh of IT, saves 1.25 GWh x 20 USD/MWh.
    world = second_chip(two_hosts(tmp_path), 0, rate=1000)
    world.edit("facility.data_centres", {"region": "E"}, ai_it_mw=2).edit(
        "compute.fleet", {"chip": "C1"}, units_thousand=1.5
    )
    # Stocks are spread as halls are (E 2/3, R 1/3): C1 1.0 and 0.5 kchip; C2 0.75, of which E holds 0.5.
    row = {**world.tables["compute.fleet"][0], "chip": "C2", "units_thousand": 0.75}
    world.add("compute.fleet", row).asks(1.2)
    plan = world.plan()
    assert at(plan, "it_use", "E").item() == pytest.approx(1)
    assert at(plan, "it_use", "R").item() == pytest.approx(0.2)
    assert price_at(plan, "busy_within_year", "E", "C1").item() == pytest.approx(-1.25e-3 * 20)
    assert_binds(plan, "busy_within_year", "yearly_use_of_host", "yearly_use_of_chip")


def test_marginal_tokens_are_energy_alone_where_chips_are_idle(tmp_path: Path) -> None:
    # The fleet is slack: the price of a token is the energy of R, 62.5 USD per 3600 million tokens.
    from optimizer.results.token_cost import marginal_cost

    plan = two_hosts(tmp_path).plan()
    assert marginal_cost(plan)["marginal_usd_per_mtok"].item() == pytest.approx(1.25 * 50 / 3600)
    assert pytest.approx(3.6e-3 * 8760) == TTOK_PER_KCHIP_YEAR
