"""Demand by hand: stepped willingness to pay, waiting in a window, the sun, other AI work, reach and trust."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.results.prices import token_price_usd_per_mtok
from optimizer.results.token_cost import marginal_cost
from tests.cases.small_world import (
    TTOK_PER_KCHIP_YEAR,
    SmallWorld,
    assert_binds,
    assert_bound_binds,
    at,
    demand,
    diurnal,
    musd_per_mw_year,
    price_at,
)
from tests.model.test_compute import KCHIP_YEAR, two_hosts

USD_PER_MTOK = KCHIP_YEAR / TTOK_PER_KCHIP_YEAR  # full cost of the default world, 0.090088 USD per million tokens


def test_who_pays_less_than_it_costs_is_not_served(tmp_path: Path) -> None:
    # A quarter would pay 0.05 USD/Mtok, three quarters 0.5; a token costs 0.0901. The first quarter leaves, the rest is
    # served, and the price is the cost.
    world = SmallWorld(tmp_path).set(
        demand={"unserved_steps_usd_per_mtok": [0.05, 0.5], "unserved_step_shares": [0.25, 0.75]}
    )
    plan = world.plan()
    assert yearly_share(plan) == pytest.approx([0.25, 0])
    assert marginal_cost(plan)["marginal_usd_per_mtok"].item() == pytest.approx(USD_PER_MTOK)
    assert plan.bill_musd["unserved"] == pytest.approx(0.25 * 4 * TTOK_PER_KCHIP_YEAR * 0.05)
    assert_bound_binds(plan, "unserved")
    assert_binds(plan, "hourly_demand")


def yearly_share(plan) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Share of demand that leaves, by step."""
    hours = plan.param("hours")
    return (plan.value("unserved") @ hours).sum(axis=(0, 2)) / (plan.param("demand") @ hours).sum()


def test_a_shortage_is_priced_at_the_step_it_has_reached(tmp_path: Path) -> None:
    # 2 kchip for 4: the quarter at 0.05 is gone, and another at 0.5. A kchip more is worth 0.5 USD x 31,536,000 Mtok
    # less what it costs; users at the margin pay 0.5.
    world = SmallWorld(tmp_path).set(
        demand={"unserved_steps_usd_per_mtok": [0.05, 0.5], "unserved_step_shares": [0.25, 0.75]}
    )
    plan = world.edit("compute.supply", {"year": 2028}, units_thousand=2).plan()
    assert yearly_share(plan) == pytest.approx([0.25, 0.25])
    assert price_at(plan, "chips_within_supply", "x", "C1") == pytest.approx(
        [-(0.5 * TTOK_PER_KCHIP_YEAR - KCHIP_YEAR)]
    )
    assert marginal_cost(plan)["marginal_usd_per_mtok"].item() == pytest.approx(0.5)


def test_steps_share_equally_unless_told(tmp_path: Path) -> None:
    bounds = SmallWorld(tmp_path).set(demand={"unserved_steps_usd_per_mtok": [0.5, 2, 10]}).instance().params
    assert bounds["unserved_max"][0, :, 0, 0] == pytest.approx(bounds["demand"][0, 0, 0] / 3)


def test_demand_is_tokens_times_work(tmp_path: Path) -> None:
    # 4 kchip of output tokens, 2.5 reference tokens of work each, a model of 1.2 times the size, a share of 0.75.
    world = SmallWorld(tmp_path).edit("demand.workloads", work_multiplier=2.5).country(served_share=0.75)
    asked = world.instance(**{"demand.model_size_factor": 1.2}).params["demand"]
    assert asked.item() == pytest.approx(4 * 3.6e-3 * 2.5 * 1.2 * 0.75)
    assert world.instance(**{"demand.path": "high"}).params["demand"].item() == pytest.approx(
        2 * 4 * 3.6e-3 * 2.5 * 0.75
    )


def test_demand_between_the_years_of_the_table(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path)
    world.tables["demand.demand"] = [demand("M", "chat", 2, year=2026), demand("M", "chat", 6, year=2030)]
    assert world.instance().params["demand"].item() == pytest.approx(4 * 3.6e-3)


# waiting

NIGHT_AND_DAY = [60.0] * 12 + [140.0] * 12


def batch_world(folder: Path, window: float, load: list[float], segments: int, fleet: float = 10) -> SmallWorld:
    """Nine tenths of 4 kchip of work may wait; idle chips abound; 100 MW of gas at 30, then oil at 80 USD/MWh."""
    world = SmallWorld(folder).by_hour({"R": load}, segments=segments)
    world.edit("power.plants", existing_mw=100).technology("oil", variable_om_per_mwh=80).plant("R", "oil", 1000)
    world.edit("demand.workloads", deferral_window_h=window, flexible_share=0.9)
    world.edit("facility.data_centres", ai_it_mw=fleet).country(fleet_region="home").edit(
        "compute.supply", units_thousand=0
    )
    row = {"group": "x", "fleet_region": "home", "units_thousand": fleet, "stock_date": "2026-06", "retire_year": 2040}
    return world.add("compute.fleet", {**row, "chip": "C1"})


def test_work_waits_for_the_cheap_hours(tmp_path: Path) -> None:
    # Gas has room by night, oil is at the margin by day. The tenth that cannot wait is served by day, 0.4 kchip; all
    # else by night: (96 - 4.8) / 12 = 7.6 kchip. A kchip hour takes 1.25 MWh and makes 3600 Mtok: a token that waits
    # costs 1.25 x 30 / 3600, one by day 1.25 x 50 / 3600 more. One more token of the stream is a tenth in its hour.
    plan = batch_world(tmp_path, 24, NIGHT_AND_DAY, 2).plan()
    assert plan.value("serve").ravel() / 3.6e-3 == pytest.approx([7.6, 0.4])
    assert plan.dual("window_demand").item() == pytest.approx(365 * 1.25 * 30 / 3600)
    assert price_at(plan, "firm_demand").ravel() == pytest.approx([0, 4380 * 1.25 * 50 / 3600])
    by_hand = 1.25 * (0.1 * 12 * 80 + (24 - 1.2) * 30) / (24 * 3600)
    assert token_price_usd_per_mtok(plan).item() == pytest.approx(by_hand)
    assert_binds(plan, "window_demand", "firm_demand")


def test_work_waits_no_longer_than_its_window(tmp_path: Path) -> None:
    # Cheap and dear hours by sixes; all tokens are asked for in the first half of the day. With a window of twelve
    # hours they are served there, in the cheap six but for the tenth in the dear six: 0.8 and (96 - 4.8) / 6 = 15.2
    # kchip. With 24 hours both cheap blocks serve. Without a window everything is served as it comes.
    load = [60.0] * 6 + [140.0] * 6 + [60.0] * 6 + [140.0] * 6
    world = batch_world(tmp_path, 12, load, 4, fleet=20).asks_by_hour([2.0] * 12 + [0.0] * 12)
    assert world.plan().value("serve").ravel() / 3.6e-3 == pytest.approx([15.2, 0.8, 0, 0])
    whole = world.edit("demand.workloads", deferral_window_h=24).plan().value("serve").ravel() / 3.6e-3
    assert whole[1] == pytest.approx(0.8)
    assert whole[3] == pytest.approx(0)
    assert 6 * whole.sum() == pytest.approx(96)
    at_once = world.edit("demand.workloads", deferral_window_h=0.5).plan()
    assert at_once.value("serve").ravel() / 3.6e-3 == pytest.approx([8, 8, 0, 0])


# the sun


def test_demand_follows_the_sun(tmp_path: Path) -> None:
    # Two markets on opposite clocks, busy from noon to midnight: together flat. One alone is not.
    half = [0.5] * 12 + [1.5] * 12
    world = SmallWorld(tmp_path).by_hour({"R": NIGHT_AND_DAY}).asks_by_hour(half)
    assert world.instance().params["demand"].ravel() / (4 * 3.6e-3) == pytest.approx(half)
    world.add("demand.markets", {**world.tables["demand.markets"][0], "market": "N", "utc_offset_h": 12})
    world.add("demand.latency", {"market": "N", "site": "R", "rtt_ms": 10}).add("demand.demand", demand("N", "chat", 4))
    both = world.country(markets=["M", "N"]).instance()
    assert len(both.sets["stream"]) == 1  # the same hosts in reach: one stream
    assert both.params["demand"].ravel() / (8 * 3.6e-3) == pytest.approx([1] * 24)


def test_half_hours_and_weekends(tmp_path: Path) -> None:
    # India's clock: at 6 UTC it is 11:30, halfway between 0.5 and 1.5. Weekends at half the weekday level: the mean day
    # is five parts weekday and two weekend, brought back to a mean of one.
    half = [0.5] * 12 + [1.5] * 12
    world = SmallWorld(tmp_path).by_hour({"R": NIGHT_AND_DAY}).edit("demand.markets", utc_offset_h=5.5)
    world.tables["demand.diurnal"] = diurnal("chat", half, [0.5] * 24)
    mean = np.array([(5 * a + 2 * 0.5) / 7 for a in half])
    shape = world.instance().params["demand"].ravel() / (4 * 3.6e-3)
    assert shape[6] == pytest.approx((mean[11] + mean[12]) / 2 / mean.mean())
    assert shape[0] == pytest.approx(mean[5] / mean.mean())
    assert shape.mean() == pytest.approx(1)


# other AI work


def test_other_ai_takes_a_share_of_the_fleet(tmp_path: Path) -> None:
    # 5 kchip stand, 10 arrive, a tenth is out of service; a fifth of what is left works for training and ranking. The
    # country may set its own share. It is no token of users.
    world = SmallWorld(tmp_path).edit("facility.data_centres", ai_it_mw=5).country(fleet_region="home")
    row = {
        "group": "x",
        "fleet_region": "home",
        "chip": "C1",
        "units_thousand": 5,
        "stock_date": "2026-06",
        "retire_year": 2040,
    }
    world.add("compute.fleet", row).edit("compute.supply", {"year": 2028}, units_thousand=10)
    plan = world.plan(**{"demand.other_ai": True, "compute.availability": 0.9})
    stream = plan.position("stream")["other_ai:x"]
    assert plan.param("demand")[stream].item() == pytest.approx(0.2 * 0.9 * 15 * 3.6e-3)
    own = world.country(other_ai_share=0.5).instance(**{"demand.other_ai": True, "compute.availability": 0.9})
    assert own.params["demand"][stream].item() == pytest.approx(0.5 * 0.9 * 15 * 3.6e-3)
    from optimizer.results.measures import fleet

    table = fleet(plan)
    assert table["served_mtok_per_s"].item() == pytest.approx(4)  # 4 kchip x 1000 tokens/s
    assert table["other_ai_mtok_per_s"].item() == pytest.approx(0.2 * 0.9 * 15)


# reach and trust


def near_world(folder: Path) -> SmallWorld:
    """Users reach R (dear power, 50 USD/MWh) in time but not E (30); both may host; chips can be bought."""
    world = two_hosts(folder, kchip=4).edit("compute.supply", {"year": 2028}, units_thousand=100)
    world.tables["compute.fleet"] = []
    world.edit("facility.data_centres", ai_it_mw=0).country(fleet_region=None)
    return world.edit("demand.latency", {"site": "E"}, rtt_ms=300)


def test_tight_limits_keep_chips_close(tmp_path: Path) -> None:
    # 2 kchip by night, 6 by day: 6 kchip stand in R although power is cheaper in E. They cost 6 x (2 + 0.5 + 0.0125)
    # MUSD and draw 5 MW on average at 50 USD/MWh.
    world = near_world(tmp_path).by_hour({"R": [99.0] * 12 + [101.0] * 12, "E": [100.0] * 24}, segments=2)
    plan = world.asks_by_hour([0.5] * 12 + [1.5] * 12).plan()
    assert at(plan, "chips_powered", "R").sum() == pytest.approx(6)
    assert at(plan, "chips_powered", "E").sum() == pytest.approx(0)
    assert plan.value("set_aside").sum() == pytest.approx(6)
    assert plan.value("near_capacity").sum() == pytest.approx(6 * 3.6e-3)
    ai = sum(plan.bill_musd.values()) - 100 * (musd_per_mw_year(30) + musd_per_mw_year(50))
    assert ai == pytest.approx(6 * 2.5125 + 5 * musd_per_mw_year(50))
    assert_binds(plan, "served_nearby", "set_aside_makes_capacity", "set_aside_within_powered")


def test_the_limit_has_three_cases_and_a_last_mile(tmp_path: Path) -> None:
    # 10 ms to R, 300 to E; limits 50, 100 and 200 ms; a last mile of 95 ms leaves nothing within 100.
    world = near_world(tmp_path)

    def hosts(**settings: object) -> int:
        return len(world.instance(**settings).sets["near_arc"])

    assert hosts() == 1
    world.edit("demand.latency", {"site": "E"}, rtt_ms=150)
    assert hosts() == 1
    assert hosts(**{"demand.latency_limit": "loose"}) == 0  # both in reach: no longer a near route
    assert world.instance(**{"demand.latency_limit": "loose"}).sets["route"] != ()
    assert world.instance(**{"demand.last_mile_ms": 95.0}).sets["route"] == ()


def test_a_case_without_a_figure_takes_the_central_limit(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).edit("demand.workloads", rtt_limit_strict_ms="")
    assert len(world.instance(**{"demand.latency_limit": "strict"}).sets["route"]) == 1


def test_users_choose_whom_they_trust(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).set(demand={"trust": {"x": {"hosts": ["us_allied"]}}})
    assert world.country(trust_bloc="us_allied").instance().sets["route"] != ()
    assert world.country(trust_bloc="open").instance().sets["route"] == ()


def test_markets_abroad_enter_once(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path)
    world.add("demand.markets", {**world.tables["demand.markets"][0], "market": "N"})
    world.add("demand.latency", {"market": "N", "site": "R", "rtt_ms": 10}).add("demand.demand", demand("N", "chat", 1))
    assert world.instance().params["demand"].sum() == pytest.approx(4 * 3.6e-3)
    for abroad in (["N"], "all", ["M", "N"]):
        found = world.country(foreign_markets={"chat": abroad}).instance().params["demand"]
        assert found.sum() == pytest.approx(5 * 3.6e-3)
