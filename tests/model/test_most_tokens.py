"""most_tokens by hand: the largest scale of a fixed mix, then the cheapest plan of that scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.results.measures import limits
from tests.cases.small_world import (
    TTOK_PER_KCHIP_YEAR,
    SmallWorld,
    assert_binds,
    assert_bound_binds,
    at,
    checked,
    demand,
    diurnal,
    musd_per_mw_year,
)
from tests.model.test_compute import KCHIP_YEAR

TOLERANCE = 1e-4


def most(world: SmallWorld) -> SmallWorld:
    return world.set(objective={"goal": "most_tokens"})


def test_the_queue_sets_the_scale(tmp_path: Path) -> None:
    # 4 MW are energised: 3.2 kchip, 3.2 x 3.6e-3 Ttok an hour, whatever demand there is. The plan of the second stage
    # makes 1 - 1e-4 of that at 2.841 MUSD a kchip; a Ptok of the floor costs 2.841 / 0.031536 MUSD.
    plan = most(SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4)).plan()
    assert plan.tokens is not None
    checked(plan.tokens)
    assert plan.tokens.value("scale").item() == pytest.approx(3.2 * 3.6e-3)
    assert plan.value("scale").item() == pytest.approx(3.2 * 3.6e-3 * (1 - TOLERANCE))
    assert plan.solution.objective == pytest.approx(100 * musd_per_mw_year(30) + 3.2 * (1 - TOLERANCE) * KCHIP_YEAR)
    assert plan.dual("tokens_kept").item() == pytest.approx(KCHIP_YEAR / TTOK_PER_KCHIP_YEAR * 1e3)
    assert plan.value("unserved").sum() == 0
    assert_binds(plan, "tokens_kept")
    # The first stage prices a MW in tokens: 0.8 kchip x 1000 tokens/s.
    table = limits(plan.tokens).set_index("family")
    assert table.loc["connection queue", "price"] == pytest.approx(0.8e6)
    assert table.loc["connection queue", "price_unit"] == "tokens/s per MW"


def test_chips_set_the_scale(tmp_path: Path) -> None:
    plan = most(SmallWorld(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=7)).plan()
    assert plan.tokens is not None
    assert plan.tokens.value("scale").item() == pytest.approx(7 * 3.6e-3)
    assert plan.tokens.dual("chips_within_supply").sum() == pytest.approx(-TTOK_PER_KCHIP_YEAR * 1e-3)  # Ptok per kchip


def test_ai_does_not_grow_by_shedding_other_load(tmp_path: Path) -> None:
    # 103 MW for a load of 100: 3 MW are left, 2.4 kchip, although a kchip earns more than anything else in this goal.
    plan = most(SmallWorld(tmp_path).edit("power.plants", existing_mw=103)).plan()
    assert plan.value("scale").item() == pytest.approx(2.4 * 3.6e-3 * (1 - TOLERANCE))
    assert plan.value("load_shed").sum() == pytest.approx(0, abs=1e-6)


def test_a_system_that_is_short_already_has_nothing_to_give(tmp_path: Path) -> None:
    # 90 MW for 100: 10 MW are shed with or without AI, and AI gets nothing (to one in ten thousand of what is shed).
    plan = most(SmallWorld(tmp_path).edit("power.plants", existing_mw=90)).plan()
    assert plan.value("load_shed").sum() == pytest.approx(10, rel=2e-4)
    assert plan.value("scale").item() < 2e-4 * 10 * 0.8 * 3.6e-3


def test_ai_does_not_lean_on_missing_reserve(tmp_path: Path) -> None:
    # 120 MW for 1.15 x (100 + AI): 4.3478 MW, 3.478 kchip.
    world = SmallWorld(tmp_path).edit("power.plants", existing_mw=120).set(reserve={"enabled": True})
    plan = most(world).plan()
    assert plan.value("scale").item() == pytest.approx((120 / 1.15 - 100) * 0.8 * 3.6e-3 * (1 - TOLERANCE))
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0, abs=1e-6)


def test_the_cheaper_plan_does_not_lean_on_missing_reserve_either(tmp_path: Path) -> None:
    # A peaker at 500 USD/kW-yr is dearer than a shortfall at 300; the second stage must build it all the same. The
    # queue of 5 MW sets the scale: 0.75 MW of peaker, and one more MW of permitted shortfall would save 0.5 - 0.3.
    world = SmallWorld(tmp_path).edit("power.plants", existing_mw=120).edit("connection.limits", limit_mw_per_yr=5)
    world.technology("peaker", variable_om_per_mwh=200, capex_per_kw=10000, buildable=1).set(reserve={"enabled": True})
    plan = most(world).plan()
    assert plan.value("reserve_shortfall").sum() == pytest.approx(0, abs=1e-6)
    assert at(plan, "capacity_built", "R:peaker").item() == pytest.approx(1.15 * (100 + 5 * (1 - TOLERANCE)) - 120)
    assert_bound_binds(plan, "reserve_shortfall")


def test_load_is_not_shed_to_make_the_plan_cheaper(tmp_path: Path) -> None:
    # Lost load is valued at 10 USD/MWh only, below the cost of power: the plan may still not shed any of it.
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=5).set(power={"voll_usd_per_mwh": 10})
    plan = most(world).plan()
    assert plan.value("load_shed").sum() == pytest.approx(0, abs=1e-6)
    assert_bound_binds(plan, "load_shed")


def two_classes(folder: Path) -> SmallWorld:
    """chat of 3 kchip and batch of 1 kchip of output tokens with twice the work; hours of their own."""
    world = SmallWorld(folder)
    world.add("demand.workloads", {**world.tables["demand.workloads"][0], "workload": "batch", "work_multiplier": 2})
    world.tables["demand.diurnal"] += diurnal("batch", [1.0] * 24)
    world.tables["demand.demand"] = [demand("M", "chat", 3), demand("M", "batch", 1)]
    return world.set(demand={"workload_list": ["chat", "batch"]})


def test_the_mix_is_fixed_by_work(tmp_path: Path) -> None:
    # Work 3 x 1 to 1 x 2: three fifths and two fifths of every reference token, at any scale and on any path.
    world = most(two_classes(tmp_path))
    plan = world.plan()
    served = plan.value("serve").sum(axis=(1, 2))
    assert served / served.sum() == pytest.approx([0.6, 0.4])
    high = world.instance(**{"demand.path": "high"})
    np.testing.assert_allclose(high.params["mix"], plan.param("mix"))
    only = world.instance(**{"objective.mix_workloads": ["chat"]})
    assert only.params["mix"][:, 0, 0] == pytest.approx([1, 0])


def test_periods_count_by_their_discounted_years(tmp_path: Path) -> None:
    # Tokens of 2028 and 2030 weigh with their discounted years; each period is as large as its chips allow.
    world = SmallWorld(tmp_path).set(
        periods={"years": [2028, 2030], "length_yr": 2, "decided_from": 2027, "build_from": 2028},
        money={"discount_rate": 0.1},
    )
    world.edit("compute.supply", {"year": 2028}, units_thousand=2)
    world.add(
        "compute.supply", {"chip": "C1", "destination_bloc": "x", "year": 2030, "units_thousand": 3, "kind": "forecast"}
    )
    plan = most(world).plan()
    assert plan.tokens is not None
    assert plan.tokens.value("scale") == pytest.approx(np.array([2, 5]) * 3.6e-3)
    weights = [1.1**-0.5 + 1.1**-1.5, 1.1**-2.5 + 1.1**-3.5]
    assert -plan.tokens.solution.objective == pytest.approx(np.dot(weights, [2, 5]) * TTOK_PER_KCHIP_YEAR * 1e-3)


def test_the_tolerance_is_a_setting(tmp_path: Path) -> None:
    world = most(SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4))
    plan = world.plan(**{"objective.tokens_tolerance": 0.05})
    assert plan.value("scale").item() == pytest.approx(0.95 * 3.2 * 3.6e-3)
