"""Connection by hand: the queue and its price, months to power, committed sites, flexible connections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.results.measures import limits
from tests.cases.small_world import (
    HOURS,
    TTOK_PER_KCHIP_YEAR,
    SmallWorld,
    assert_binds,
    assert_bound_binds,
    at,
    checked,
    musd_per_mw_year,
    price_at,
    rent,
    solve_instance,
)

# What one MW of facility earns in a year when users would pay 0.5 USD per million tokens: 0.8 kchip of work, less
# chips (2 MUSD/kchip-yr), hall (0.5 MUSD/MW-yr of IT) and energy (1 MW at 30 USD/MWh, 0.2628 MUSD).
TOKENS_OF_MW = 0.8 * TTOK_PER_KCHIP_YEAR * 0.5  # 12.6144 MUSD
COST_OF_MW = 0.8 * 2.0 + 0.8 * 0.5 + musd_per_mw_year(30)


def test_the_queue_binds_and_its_price_is_plain(tmp_path: Path) -> None:
    # 4 kchip need 5 MW; 4 MW a year are energised. A fifth of the demand leaves at 0.5 USD/Mtok. One more MW earns
    # 12.6144 - 2.2628 and pays 0.01 for its connection: 10.3416 MUSD, or 10,341,600 USD per MW-year.
    plan = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4).plan()
    assert at(plan, "firm_built", "R") == pytest.approx([4])
    assert plan.value("chips_powered").sum() == pytest.approx(3.2)
    assert plan.value("unserved").sum() / plan.param("demand").sum() == pytest.approx(0.2)
    worth = rent(plan, "firm_built") - plan.dual("queue").sum()
    assert worth == pytest.approx(10.3416)
    assert worth == pytest.approx(TOKENS_OF_MW - COST_OF_MW - 0.01)
    table = limits(plan).set_index("family")
    assert table.loc["connection queue", "price"] == pytest.approx(10_341_600)
    assert table.loc["connection queue", "share"] == pytest.approx(1)


def test_low_and_high_paths_of_the_limit(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).edit(
        "connection.limits", limit_mw_per_yr=4, limit_low_mw_per_yr=2, limit_high_mw_per_yr=8
    )
    found = [
        world.instance(**{"connection.path": path}).params["queue_mw"].item() for path in ("low", "central", "high")
    ]
    assert found == [2, 4, 8]


def test_a_lead_time_takes_its_share_of_the_period(tmp_path: Path) -> None:
    # Decided 2026, three years to power: half of period 2028-29 is left. 4 MW a year for one year may be asked for;
    # they stand for half of the period and pay for half (A6). Chips of the last period are paid over 3 years, not 5.
    # One more MW of queue is half a MW for two years: 0.4 kchip x 2 yr of tokens less chips 10/3 a year, hall, energy.
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4, months_to_power=36)
    world.set(periods={"years": [2026, 2028], "length_yr": 2, "decided_from": 2026, "build_from": 2028})
    plan = world.plan()
    assert plan.param("firm_queue_mw") == pytest.approx(np.array([[0, 4 * 2 * 0.5]]))
    assert plan.param("firm_alive")[0] == pytest.approx(np.array([[0, 0], [0, 0.5]]))
    assert plan.param("firm_cost")[0] == pytest.approx([0, 0.01 * 0.5 * 2])
    assert at(plan, "chips_powered", "R", "C1") == pytest.approx([0, 4 * 0.5 * 0.8])
    worth = rent(plan, "firm_built") - plan.dual("queue").sum()
    by_hand = 2 * (0.4 * TTOK_PER_KCHIP_YEAR * 0.5 - 0.4 * 10 / 3 - 0.4 * 0.5 - 0.5 * musd_per_mw_year(30)) - 0.01
    assert worth == pytest.approx(by_hand)
    table = limits(plan).set_index(["family", "period"])
    assert table.loc[("connection queue", 2028), "price"] == pytest.approx(by_hand * 1e6 / (2 * 0.5))


@pytest.mark.parametrize(("months", "left"), [(12, 1.0), (24, 1.0), (30, 0.75), (36, 0.5), (48, 0.0)])
def test_months_are_not_rounded_to_periods(tmp_path: Path, months: float, left: float) -> None:
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=10, months_to_power=months)
    world.set(periods={"years": [2026, 2028], "length_yr": 2, "decided_from": 2026, "build_from": 2028})
    assert world.instance().params["firm_queue_mw"][0, 1] == pytest.approx(10 * 2 * left)


def test_committed_sites_arrive_over_the_lead_time(tmp_path: Path) -> None:
    # 10 MW under construction in mid 2026 with 24 months to power: three quarters stand at the start of 2028, all from
    # mid 2028 on. Mean of the year 0.5 x 0.875 + 0.5 x 1 = 0.9375. Sites of today: 2 MW of servers, peak PUE 1.25.
    world = SmallWorld(tmp_path).edit("connection.limits", months_to_power=24)
    world.edit("facility.data_centres", ai_it_mw=2, under_construction_facility_mw=10)
    arrays = world.instance().params
    assert arrays["connected_mw"].item() == pytest.approx(2.5 + 9.375)
    assert arrays["hall_mw"].item() == pytest.approx(2 + 9.375 / 1.25)
    without = world.instance(**{"connection.committed": False}).params
    assert without["connected_mw"].item() == pytest.approx(2.5)


def test_what_stands_is_free_and_what_is_new_pays(tmp_path: Path) -> None:
    # 2.5 MW stand, 2.5 more are built at 10,000 USD/MW-yr; the dual of the place is the price of a new one.
    plan = SmallWorld(tmp_path).edit("facility.data_centres", ai_it_mw=2).plan()
    assert at(plan, "firm_built", "R") == pytest.approx([2.5])
    assert plan.bill_musd["connection"] == pytest.approx(2.5 * 0.01)
    assert price_at(plan, "firm_load_within_connection", "R") == pytest.approx([-0.01])
    assert_binds(plan, "firm_load_within_connection", "campus_peak")


def flexible_world(folder: Path, kchip: float = 20.0) -> SmallWorld:
    """Load 60 MW but for one hour of 140; flexible connections at once, firm ones not within the horizon."""
    world = SmallWorld(folder).by_hour({"R": [60.0] * 23 + [140.0]})
    world.edit("connection.limits", months_to_power=120, flexible_months=0)
    world.asks(kchip)
    return world.set(connection={"flexible": {"enabled": True, "curtailed_share": 0.06}})


def test_headroom_of_8760_hours(tmp_path: Path) -> None:
    # Headroom is 80 MW below the seasonal peak in 23 hours and nothing in one. A flexible load F gives up F in the peak
    # hour and F - 80 in the others: F + 23 (F - 80) = 0.06 x 24 F, so F = 1840 / 22.56 = 81.56 MW.
    instance = flexible_world(tmp_path).instance()
    assert instance.params["flexible_room_mw"].item() == pytest.approx(1840 / 22.56)
    assert sorted(instance.params["headroom_mw"].ravel()) == pytest.approx([0] + [80] * 23)
    assert instance.params["firm_queue_mw"].item() == 0


def test_a_flexible_connection_stops_in_the_peak_hour(tmp_path: Path) -> None:
    # 4 kchip, 5 MW of flexible connection at 5,000 USD/MW-yr: served in 23 hours, gone in the one without headroom.
    world = flexible_world(tmp_path, kchip=4).set(reserve={"enabled": True, "shortfall_usd_per_kw_yr": 300})
    world.edit("power.plants", existing_mw=161)  # exactly 1.15 x 140: no reserve is left for firm load
    plan = world.plan()
    draw = at(plan, "grid_draw", "R", 2028)
    assert sorted(draw) == pytest.approx([0] + [5] * 23)
    assert draw[plan.param("base_load_mw")[0, 0].argmax()] == pytest.approx(0)
    assert at(plan, "flexible_built", "R") == pytest.approx([5])
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0)  # outside the reserve: it gives way at the peak
    assert plan.bill_musd["connection"] == pytest.approx(5 * 0.005)
    assert_bound_binds(plan, "draw_flexible")
    assert_binds(plan, "draw_beyond_firm")


def test_the_curtailment_budget_limits_the_connection(tmp_path: Path) -> None:
    # By hand: 4 MW of headroom in one hour of the day, 20 MW in the others, 1 % of energy to give up, 20 kchip wanted.
    # F - 4 is given up on 365 hours: 0.365 (F - 4) <= 8.76 x 0.01 x F, so F = 1.46 / 0.2774 = 5.2632 MW.
    # One more GWh of budget allows 1 / 0.2774 MW more, each at work in 23 of 24 hours.
    scenario = flexible_world(tmp_path).load()
    prepared = flexible_world(tmp_path).instance()
    peak = int(prepared.params["base_load_mw"][0, 0].argmax())
    headroom = np.full((1, 1, 24), 20.0)
    headroom[0, 0, peak] = 4.0
    room = {"headroom_mw": headroom, "headroom_tight": np.ones((1, 1, 24)), "flexible_room_mw": [[1000.0]]}
    plan = solve_instance(scenario, prepared.replace(curtailed_share=0.01, flexible_build_max_mw=[[1000.0]], **room))
    assert at(plan, "flexible_built", "R") == pytest.approx([1.46 / 0.2774])
    value = 23 / 24 * (TOKENS_OF_MW - musd_per_mw_year(30)) - 0.8 * 2.5 - 0.005
    assert price_at(plan, "curtailed_within_share", "R") == pytest.approx([-value / 0.2774])
    assert_binds(plan, "curtailed_within_share", "right_to_draw", "draw_beyond_firm")


def test_the_headroom_kernel_bounds_the_connection(tmp_path: Path) -> None:
    # 5 MW fit by 8760 hours: a MW more would work all year, 10.3466 MUSD.
    world = flexible_world(tmp_path)
    prepared = world.instance()
    room = {
        "headroom_mw": np.full((1, 1, 24), 1000.0),
        "headroom_tight": np.zeros((1, 1, 24)),
        "flexible_room_mw": [[5.0]],
    }
    plan = solve_instance(world.load(), prepared.replace(flexible_build_max_mw=[[1000.0]], **room))
    assert at(plan, "flexible_built", "R") == pytest.approx([5])
    assert price_at(plan, "flexible_within_room", "R") == pytest.approx([-(TOKENS_OF_MW - COST_OF_MW - 0.005)])
    assert_binds(plan, "flexible_within_room")


def test_firm_and_flexible_share_the_queue(tmp_path: Path) -> None:
    # 3 MW of flexible at 5,000 and the rest firm at 10,000 USD/MW-yr, 4 MW in the queue. One more MW is a firm one:
    # 10.3416 MUSD; permission for one more flexible MW is worth the difference of the two, 0.005.
    world = flexible_world(tmp_path).edit("connection.limits", months_to_power=0, limit_mw_per_yr=4)
    prepared = world.instance()
    room = {
        "headroom_mw": np.full((1, 1, 24), 1000.0),
        "headroom_tight": np.zeros((1, 1, 24)),
        "flexible_room_mw": [[500.0]],
    }
    plan = solve_instance(world.load(), prepared.replace(flexible_build_max_mw=[[3.0]], **room))
    assert at(plan, "flexible_built", "R") == pytest.approx([3])
    assert at(plan, "firm_built", "R") == pytest.approx([1])
    assert price_at(plan, "queue", "R") == pytest.approx([-(TOKENS_OF_MW - COST_OF_MW - 0.01)])
    assert rent(plan, "flexible_built") == pytest.approx(0.005)
    assert_binds(plan, "queue")
    assert_bound_binds(plan, "flexible_built")


def test_firm_requests_wait_longer_than_flexible_ones(tmp_path: Path) -> None:
    # Firm takes 18 of 24 months of the period, flexible 6: the queue of 8 MW serves both, at most 2 MW of it firm.
    world = flexible_world(tmp_path).edit("connection.limits", months_to_power=18, flexible_months=6, limit_mw_per_yr=4)
    world.set(periods={"years": [2028], "length_yr": 2, "decided_from": 2028, "build_from": 2028})
    prepared = world.instance()
    assert prepared.params["queue_mw"].item() == pytest.approx(8 * 0.75)
    assert prepared.params["firm_queue_mw"].item() == pytest.approx(8 * 0.25)
    room = {
        "headroom_mw": np.full((1, 1, 24), 1000.0),
        "headroom_tight": np.zeros((1, 1, 24)),
        "flexible_room_mw": [[1.0]],
    }
    plan = solve_instance(world.load(), prepared.replace(**room))
    assert at(plan, "firm_built", "R") == pytest.approx([2])
    assert_bound_binds(plan, "firm_built")


def test_no_flexible_connection_where_none_is_offered(tmp_path: Path) -> None:
    world = flexible_world(tmp_path, kchip=4)
    for changed in (
        world.instance(**{"connection.flexible.enabled": False}),
        world.edit("connection.limits", flexible_months="").instance(),
    ):
        assert changed.params["flexible_build_max_mw"].sum() == 0
        assert changed.params["offers_flexible"].sum() == 0
    plan = checked(world.planner().least_cost())
    assert plan.value("serve").sum() == pytest.approx(0)
    assert plan.bill_musd["unserved"] == pytest.approx(4 * TTOK_PER_KCHIP_YEAR * 0.5)
    assert plan.param("hours").sum() == HOURS


def test_transformers_hold_back_what_is_connected(tmp_path: Path) -> None:
    # 6 MVA a year at 1.5 MVA per MW: 4 MW of connection, where 5 are asked for. The same shortage as a queue of 4 MW:
    # one more MVA earns 10.3416 / 1.5 MUSD.
    world = SmallWorld(tmp_path)
    world.add(
        "connection.transformers",
        {
            "country": "x",
            "from_year": 2026,
            "supply_mva_per_yr": 6,
            "mva_per_mw_load": 1.5,
            "mva_per_mw_plant": 1.15,
            "mva_per_mw_line_end": 2,
        },
    )
    plan = world.plan()
    assert at(plan, "firm_built", "R") == pytest.approx([4])
    assert plan.dual("transformers_within_supply").sum() * 1e-3 == pytest.approx(
        -(TOKENS_OF_MW - COST_OF_MW - 0.01) / 1.5
    )
    assert_binds(plan, "transformers_within_supply")


def test_without_a_figure_transformers_have_no_say(tmp_path: Path) -> None:
    assert len(SmallWorld(tmp_path).plan().lp.rows["transformers_within_supply"].kept) == 0
