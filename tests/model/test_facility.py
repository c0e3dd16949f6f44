"""Facility and on-site supply by hand: halls, PUE by hour and at the peak, delivery, plants behind the meter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.results.token_cost import yearly_cost_musd
from tests.cases.small_world import (
    HOURS,
    TTOK_PER_KCHIP_YEAR,
    SmallWorld,
    assert_binds,
    assert_bound_binds,
    at,
    musd_per_mw_year,
    price_at,
    rent,
)


def test_halls_hold_the_chips(tmp_path: Path) -> None:
    # Halls take ten years: only the 2 MW that stand are there, so 2 kchip run of the 4 wanted. A MW more of hall earns
    # the tokens of a kchip (15.768 MUSD) less chips 2, energy 1.25 MW and 1.25 MW of new connection.
    world = SmallWorld(tmp_path).edit("facility.data_centres", ai_it_mw=2).edit("facility.halls", lead_time_yr=10)
    plan = world.plan()
    assert plan.value("chips_powered").sum() == pytest.approx(2)
    worth = TTOK_PER_KCHIP_YEAR * 0.5 - 2 - 1.25 * musd_per_mw_year(30)
    # The connection of the first 2.5 MW stands; the next MW of hall would need a new one.
    assert -price_at(plan, "chips_within_halls", "R").item() == pytest.approx(
        worth - 1.25 * 0.01, abs=1.25 * 0.01 + 1e-9
    )
    assert_binds(plan, "chips_within_halls")


def test_a_hall_is_paid_with_upkeep(tmp_path: Path) -> None:
    # 10 MUSD over 20 years plus 3 % upkeep: 0.8 MUSD/MW-yr, 4 MW.
    plan = SmallWorld(tmp_path).edit("facility.halls", fixed_om_share=0.03).plan()
    assert plan.bill_musd["halls"] == pytest.approx(4 * 0.8)


def test_energy_at_the_hour_and_connection_at_the_peak(tmp_path: Path) -> None:
    # PUE 1.25 on average and 1.5 at worst: energy for 4 x 1.25 = 5 MW, a connection of 4 x 1.5 = 6.
    plan = SmallWorld(tmp_path).edit("facility.climate", pue_peak=1.5).plan()
    assert at(plan, "grid_draw", "R") == pytest.approx(np.array([[5]]))
    assert at(plan, "firm_built", "R") == pytest.approx([6])
    assert yearly_cost_musd(plan)["energy"] == pytest.approx([5 * musd_per_mw_year(30)])


def test_pue_follows_the_hour(tmp_path: Path) -> None:
    # A daily swing of 0.1: 1.35 at 15 h, 1.15 at 3 h, 1.25 on the mean; the draw follows, the year does not move.
    world = SmallWorld(tmp_path).by_hour({"R": [100.0] * 23 + [101.0]})
    plan = world.edit("facility.climate", pue_peak=1.35, pue_daily_swing=0.1).plan()
    pue = plan.param("pue")[0]
    assert pue.mean() == pytest.approx(1.25)
    assert pue.max() == pytest.approx(1.35, abs=1e-3)
    assert at(plan, "grid_draw", "R", 2028) == pytest.approx(4 * pue)
    assert yearly_cost_musd(plan)["energy"] == pytest.approx([5 * musd_per_mw_year(30)])


def test_a_legal_ceiling_on_pue(tmp_path: Path) -> None:
    assert SmallWorld(tmp_path).edit("facility.climate", pue_cap=1.2).instance().params["pue"] == pytest.approx(1.2)


def test_idle_racks_of_others_may_be_converted(tmp_path: Path) -> None:
    # 15 MW of servers stand, 6 of them AI: a quarter of the other 9 is taken over, hall and connection alike.
    world = SmallWorld(tmp_path).edit("facility.data_centres", existing_it_mw=15, ai_it_mw=6)
    arrays = world.instance(**{"facility.convert_idle_share": 0.25}).params
    assert arrays["hall_mw"].item() == pytest.approx(6 + 2.25)
    assert arrays["connected_mw"].item() == pytest.approx((6 + 2.25) * 1.25)


TARIFFS = {
    # industrial less wholesale price: 80 - 40
    "difference": ({"method": "difference", "industrial_price_per_mwh": 80, "wholesale_price_per_mwh": 40}, 40.0),
    # a wholesale price above the industrial one leaves nothing to add
    "no less than nothing": (
        {"method": "difference", "industrial_price_per_mwh": 40, "wholesale_price_per_mwh": 60},
        0.0,
    ),
    # 20 for the network, 5 for funds, 6.205 USD/kW-month spread over 730 h at a load factor of 0.85: 10; VAT 13 % out
    "components": (
        {
            "method": "components",
            "energy_tariff_per_mwh": 20,
            "funds_per_mwh": 5,
            "demand_charge_per_kw_month": 6.205,
            "vat_rate": 0.13,
        },
        35.0 / 1.13,
    ),
    # a tariff is the price of the supply itself
    "flat": ({"method": "flat", "industrial_price_per_mwh": 80}, 0.0),
}


@pytest.mark.parametrize("name", TARIFFS)
def test_the_delivery_adder_has_one_definition(tmp_path: Path, name: str) -> None:
    row, usd = TARIFFS[name]
    world = SmallWorld(tmp_path).add("power.tariffs", {"region": "R", "money": "USD-2024", **row})
    assert world.instance().params["delivery_adder"].item() == pytest.approx(usd * 1e-6)


def test_the_adder_is_paid_on_what_is_drawn(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).add("power.tariffs", {"region": "R", "money": "USD-2024", **TARIFFS["difference"][0]})
    plan = world.plan()
    assert plan.bill_musd["delivery"] == pytest.approx(5 * musd_per_mw_year(40))
    assert yearly_cost_musd(plan)["delivery"] == pytest.approx([5 * musd_per_mw_year(40)])


# on-site supply


def onsite(folder: Path, **engine: Any) -> SmallWorld:
    """The default world with a gas engine behind the meter: 40 USD/MWh, 438 USD/kW over 20 years = 2.5 USD/MWh."""
    columns: dict[str, Any] = {"site": "campus", "variable_om_per_mwh": 40, "capex_per_kw": 438, "buildable": 1}
    return SmallWorld(folder).technology("engine", **(columns | engine))


def test_a_campus_without_grid_holds_spare_units(tmp_path: Path) -> None:
    # No connection at all: 5 MW at the peak from engines that count for 0.8 each, so 6.25 MW; energy for 5 MW at 40.
    world = onsite(tmp_path, capacity_credit=0.8).edit("connection.limits", limit_mw_per_yr=0)
    plan = world.plan()
    assert at(plan, "capacity_built", "R:engine") == pytest.approx([6.25])
    assert plan.value("grid_draw").sum() == pytest.approx(0)
    assert plan.bill_musd["on-site energy"] == pytest.approx(5 * musd_per_mw_year(40))
    assert price_at(plan, "campus_peak", "R") == pytest.approx([-0.0219 / 0.8])
    assert yearly_cost_musd(plan)["on-site"] == pytest.approx([5 * musd_per_mw_year(40) + 6.25 * 0.0219])
    assert_binds(plan, "campus_peak", "campus_balance", "onsite_energy_by_plant")


def test_what_breaks_cannot_run(tmp_path: Path) -> None:
    # Full credit but a tenth of the time broken: 5 / 0.9 MW so that 5 MW run in every hour.
    world = onsite(tmp_path, forced_outage_rate=0.1).edit("connection.limits", limit_mw_per_yr=0)
    plan = world.plan()
    assert at(plan, "capacity_built", "R:engine") == pytest.approx([5 / 0.9])
    # An engine MW gives 0.9 MW in every hour and 7.884 GWh a year; the two say the same for a flat load.
    hours = price_at(plan, "onsite_within_capacity", "R").sum() * 0.9
    year = price_at(plan, "onsite_energy_within_year", "R:engine").sum() * 8.76 * 0.9
    assert hours + year + price_at(plan, "campus_peak", "R").item() == pytest.approx(-0.0219)


def test_on_site_power_follows_the_hour(tmp_path: Path) -> None:
    # Tokens are wanted by day only (factor 2): 8 kchip and 10 MW for half of the day, on engines broken a tenth of
    # the time: 10 / 0.9 MW, half used. The year leaves room, the hours of the day bind: a MW of output is worth the
    # engine's year over 0.9.
    world = onsite(tmp_path, forced_outage_rate=0.1).edit("connection.limits", limit_mw_per_yr=0)
    day = [0.0] * 12 + [2.0] * 12
    world.by_hour({"R": [99.0] * 12 + [101.0] * 12}, segments=2)
    world.asks_by_hour(day)
    plan = world.plan()
    assert at(plan, "onsite_output", "R", 2028) == pytest.approx([0, 10])
    assert at(plan, "capacity_built", "R:engine") == pytest.approx([10 / 0.9])
    assert price_at(plan, "onsite_within_capacity", "R").sum() == pytest.approx(-0.0219 / 0.9)
    assert_binds(plan, "onsite_within_capacity")


def test_the_cheap_engine_runs_all_year(tmp_path: Path) -> None:
    # Standing engines of 3 MW at 20 and 3 MW at 60 USD/MWh for 5 MW: the cheap one makes its 26.28 GWh, the dear one
    # the other 17.52. A GWh more of cheap energy saves 1000 x 40 USD.
    world = onsite(tmp_path, buildable=0, variable_om_per_mwh=20).technology(
        "spare", site="campus", variable_om_per_mwh=60
    )
    plan = world.plant("R", "engine", 3).plant("R", "spare", 3).edit("connection.limits", limit_mw_per_yr=0).plan()
    assert plan.value("onsite_energy").ravel() == pytest.approx([26.28, 17.52])
    assert price_at(plan, "onsite_energy_within_year", "R:engine") == pytest.approx([-0.04])
    assert_binds(plan, "onsite_energy_within_year")


def test_standing_engines_give_what_they_can(tmp_path: Path) -> None:
    # 2 MW on the campus at 20 USD/MWh beside the grid at 30: they run flat out and each MW more saves 10 USD/MWh, in
    # the hour or in the year; the other 3 MW come over the grid.
    world = onsite(tmp_path, buildable=0, variable_om_per_mwh=20, capacity_credit=0).plant("R", "engine", 2)
    plan = world.plan()
    assert at(plan, "onsite_output", "R") == pytest.approx(np.array([[2]]))
    year = price_at(plan, "onsite_energy_within_year", "R:engine").sum() * 8.76
    assert rent(plan, "onsite_output") - year == pytest.approx(musd_per_mw_year(10))


def test_hours_bind_where_the_year_does_not(tmp_path: Path) -> None:
    # The same engine, needed by day only: the bound of the hours carries the rent of half a year.
    world = onsite(tmp_path, buildable=0, variable_om_per_mwh=20, capacity_credit=0).plant("R", "engine", 2)
    day = [0.0] * 12 + [2.0] * 12
    world.by_hour({"R": [99.0] * 12 + [101.0] * 12}, segments=2)
    world.asks_by_hour(day)
    plan = world.plan()
    assert rent(plan, "onsite_output") == pytest.approx(musd_per_mw_year(10) / 2)
    assert_bound_binds(plan, "onsite_output")


def test_a_campus_draws_no_more_than_its_connection(tmp_path: Path) -> None:
    # 2 MW of connection and 3 MW of engines at 50 USD/MWh for 5 MW: the grid at 30 is cheaper, but only 2 MW may come.
    world = (
        onsite(tmp_path, buildable=0, variable_om_per_mwh=50)
        .plant("R", "engine", 3)
        .edit("connection.limits", limit_mw_per_yr=2)
    )
    plan = world.plan()
    assert at(plan, "grid_draw", "R") == pytest.approx(np.array([[2]]))
    assert price_at(plan, "draw_within_connection", "R").sum() == pytest.approx(-musd_per_mw_year(20))
    assert_binds(plan, "draw_within_connection")


def test_a_region_has_gas_and_permits_for_some_engines_only(tmp_path: Path) -> None:
    # 2 MW a year behind the meter, no connection: 1.6 kchip. One more MW earns 0.8 kchip of tokens less chips, halls,
    # energy at 40 USD/MWh and the engine itself.
    world = onsite(tmp_path).edit("connection.limits", limit_mw_per_yr=0, onsite_limit_mw_per_yr=2)
    plan = world.plan()
    assert at(plan, "capacity_built", "R:engine") == pytest.approx([2])
    worth = 0.8 * (TTOK_PER_KCHIP_YEAR * 0.5 - 2.5) - musd_per_mw_year(40) - 0.0219
    assert price_at(plan, "onsite_within_region", "R") == pytest.approx([-worth])
    assert_binds(plan, "onsite_within_region")


def test_on_site_power_can_be_ruled_out(tmp_path: Path) -> None:
    world = onsite(tmp_path).edit("connection.limits", limit_mw_per_yr=0)
    plan = world.plan(**{"connection.behind_the_meter.enabled": False})
    assert plan.value("serve").sum() == pytest.approx(0)


def test_on_site_plants_pay_for_carbon_and_count_under_the_cap(tmp_path: Path) -> None:
    # 5 MW of engine at 0.5 t/MWh: 21,900 t. At 10 USD/t that is 0.219 MUSD; a cap of half lets half of them run.
    world = onsite(tmp_path, co2_t_per_mwh=0.5).edit("connection.limits", limit_mw_per_yr=0)
    taxed = world.plan(**{"power.co2_price_usd_per_t": 10.0})
    assert taxed.bill_musd["on-site energy"] == pytest.approx(5 * musd_per_mw_year(40 + 0.5 * 10))
    capped = world.plan(**{"power.co2_cap_mt_per_yr": 0.01095})
    assert capped.value("onsite_energy").sum() == pytest.approx(0.5 * 5 * HOURS * 1e-3)


# regions that buy at a tariff


def test_a_region_without_a_grid_buys_at_its_tariff(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).edit("regions.table", grid=0, annual_load_twh=0, peak_load_mw=0)
    world.tables["power.plants"] = []
    world.edit("power.technologies", technology="grid_supply", variable_om_per_mwh=0)
    world.add("power.tariffs", {"region": "R", "money": "USD-2024", "method": "flat", "industrial_price_per_mwh": 90})
    plan = world.plan()
    assert yearly_cost_musd(plan)["energy"] == pytest.approx([5 * musd_per_mw_year(90)])
    assert yearly_cost_musd(plan)["delivery"] == pytest.approx([0])
