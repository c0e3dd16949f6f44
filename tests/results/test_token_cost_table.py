"""Cost of tokens by place, chip and class, by hand: rows add up to the full cost and each is the published identity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.results.identity import cost_per_mtok
from optimizer.results.measures import fleet
from optimizer.results.plan import slack_notes
from optimizer.results.planner import Plan
from optimizer.results.token_cost import full_cost, marginal_cost
from optimizer.results.token_cost_table import TABLE_PARTS, marginal_by_stream, token_cost
from tests.cases.small_world import TTOK_PER_KCHIP_YEAR, SmallWorld, demand, diurnal, musd_per_mw_year
from tests.model.test_compute import KCHIP_YEAR, second_chip, two_hosts

PER_MTOK = 1 / TTOK_PER_KCHIP_YEAR


def rows(plan: Plan) -> pd.DataFrame:
    return token_cost(plan).set_index(["region", "chip", "workload"])


def assert_adds_up(plan: Plan) -> None:
    """Parts sum to rows, rows weighed by tokens to full cost, tokens to what is served."""
    table, whole = token_cost(plan), full_cost(plan)
    np.testing.assert_allclose(table[list(TABLE_PARTS)].sum(axis=1), table["full_cost_usd_per_mtok"])
    for period, part in table.groupby("period"):
        mean = np.average(part["full_cost_usd_per_mtok"], weights=part["tokens_ptok"])
        assert mean == pytest.approx(whole.set_index("period").loc[period, "full_cost_usd_per_mtok"], rel=1e-9)
        made = fleet(plan).set_index("period").loc[period, "served_mtok_per_s"] * 3600 * 8760e-9
        assert part["tokens_ptok"].sum() == pytest.approx(made)


def two_classes(world: SmallWorld) -> SmallWorld:
    """A second class of which a chip of the first kind makes twice as many tokens."""
    load = {**world.tables["demand.workloads"][0], "workload": "crawl", "operating_point": "batch"}
    world.add("demand.workloads", load).add("demand.diurnal", *diurnal("crawl", [1.0] * 24))
    world.add("demand.demand", demand("M", "crawl", 2.0)).set(demand={"workload_list": ["chat", "crawl"]})
    return world.edit("compute.throughput", {"operating_point": "batch", "chip": "C1"}, tokens_per_s=2000)


def test_each_chip_and_class_has_its_own_cost(tmp_path: Path) -> None:
    # C2 makes 5 x the tokens of C1 in chat and 2.5 x in crawl at 7.682 against 2.841 MUSD a year. Half a kchip of it is
    # all there is; both are always busy, so a token costs the year of its chip over what that makes in a year.
    plan = two_classes(second_chip(SmallWorld(tmp_path), 0.5)).plan()
    assert plan.value("chips_powered").sum() > 0.5
    second = 6 + 2 * 0.5 + 2.5 * (0.01 + musd_per_mw_year(30))
    cost = rows(plan)["full_cost_usd_per_mtok"]
    # C2 is five times as fast in chat, 2.5 times in crawl: the plan gives it chat only, and saves hours that the rule
    # (each chip does its share of each class) does not see. So all rows carry the same saving.
    saving = cost["R", "C1", "chat"] / (KCHIP_YEAR * PER_MTOK)
    assert saving <= 1 + 1e-9
    assert cost["R", "C1", "crawl"] == pytest.approx(saving * KCHIP_YEAR / 2 * PER_MTOK)
    assert cost["R", "C2", "chat"] == pytest.approx(saving * second / 5 * PER_MTOK)
    assert cost["R", "C2", "crawl"] == pytest.approx(saving * second / 5 * PER_MTOK)
    assert rows(plan)["it_kwh_per_mtok"]["R", "C2", "chat"] == pytest.approx(2.0 / 5000 / 3600 * 1e6)
    assert_adds_up(plan)


def test_parts_by_hand_and_the_identity(tmp_path: Path) -> None:
    # One chip, busy all year: K 2.5125 MUSD, p 30 USD/MWh, u 1, eta and s as in the test of full cost.
    plan = SmallWorld(tmp_path).plan()
    row = token_cost(plan).iloc[0]
    by_hand = {"chips": 2.0, "hall": 0.5, "connection": 0.0125, "energy": 1.25 * musd_per_mw_year(30)}
    for part in TABLE_PARTS:
        assert row[part] == pytest.approx(by_hand.get(part, 0.0) * PER_MTOK, abs=1e-12), part
    kwh = 1.25 * 1000 * 8760
    identity = cost_per_mtok(2.5125e6 / kwh, 0.03, 1.0, TTOK_PER_KCHIP_YEAR * 1e12 / kwh, 1.0)
    assert row["full_cost_usd_per_mtok"] == pytest.approx(identity)
    assert row["article_ratio_usd_per_mtok"] == pytest.approx(by_hand["energy"] * PER_MTOK)
    assert row["mw_month_at_full_cost_usd"] == pytest.approx(KCHIP_YEAR / 12 * 1e6)


def test_server_and_network_leave_the_bare_chip(tmp_path: Path) -> None:
    row = token_cost(SmallWorld(tmp_path).edit("compute.chips", price_usd=7500).plan()).iloc[0]
    assert (row["chips"], row["network"]) == pytest.approx((1.5 * PER_MTOK, 0.5 * PER_MTOK))


def test_places_differ_by_their_power(tmp_path: Path) -> None:
    plan = two_hosts(tmp_path).asks(6).plan()
    cost = rows(plan)
    assert len(cost.index.unique("region")) == 2
    energy = cost["energy"].xs("chat", level="workload")
    assert energy.max() > energy.min() * 1.1
    assert_adds_up(plan)


def test_idle_hours_are_a_part_of_their_own(tmp_path: Path) -> None:
    # By night users want half as much as on average: 6 kchip for 4 busy ones.
    world = SmallWorld(tmp_path).by_hour({"R": [99.0] * 12 + [101.0] * 12}, segments=2)
    plan = world.asks_by_hour([0.5] * 12 + [1.5] * 12).plan()
    row = token_cost(plan).iloc[0]
    assert row["idle share"] == pytest.approx(6 * 2.5125 * (1 - 4 / 6) / 4 * PER_MTOK)
    assert row["chips"] == pytest.approx(2.0 * PER_MTOK)
    assert_adds_up(plan)


def test_other_ai_and_a_chip_that_cannot_serve_a_class(tmp_path: Path) -> None:
    world = two_classes(second_chip(SmallWorld(tmp_path), 0.5))
    world.tables["compute.throughput"] = [
        row for row in world.tables["compute.throughput"] if (row["chip"], row["operating_point"]) != ("C2", "batch")
    ]
    plan = world.edit("compute.supply", {"year": 2028, "chip": "C1"}, units_thousand=10).plan(
        **{"demand.other_ai": True}
    )
    table = rows(plan)
    assert ("R", "C2", "crawl") not in table.index
    assert ("R", "C2", "chat") in table.index
    assert_adds_up(plan)


def test_carbon_is_told_apart_from_energy(tmp_path: Path) -> None:
    # Gas at 0.5 t/MWh and 40 USD/t sets the LMP: 30 + 20. All generation is gas, so the mean emissions are its own.
    world = SmallWorld(tmp_path).set(power={"co2_price_usd_per_t": 40})
    plan = world.edit("power.technologies", {"technology": "gas"}, co2_t_per_mwh=0.5).plan()
    row = token_cost(plan).iloc[0]
    assert row["energy"] == pytest.approx(1.25 * musd_per_mw_year(30) * PER_MTOK)
    assert row["carbon"] == pytest.approx(1.25 * musd_per_mw_year(20) * PER_MTOK)
    assert_adds_up(plan)


def test_marginal_price_of_each_stream(tmp_path: Path) -> None:
    plan = two_classes(SmallWorld(tmp_path)).plan()
    table = marginal_by_stream(plan).set_index("workload")
    assert table["marginal_usd_per_mtok"]["chat"] == pytest.approx(KCHIP_YEAR * PER_MTOK)
    assert table["marginal_usd_per_mtok"]["crawl"] == pytest.approx(KCHIP_YEAR / 2 * PER_MTOK)
    weighed = np.average(table["marginal_usd_per_mtok"], weights=table["asked_ptok"])
    assert weighed == pytest.approx(marginal_cost(plan)["marginal_usd_per_mtok"].item())


def test_a_slack_fleet_is_said_although_its_idle_chips_are_off(tmp_path: Path) -> None:
    # 10 kchip stand, 4 are wanted. Those that are on are always busy: only the fleet as a whole shows the slack.
    world = SmallWorld(tmp_path).edit("facility.data_centres", ai_it_mw=10).country(fleet_region="home")
    row = {"group": "x", "fleet_region": "home", "chip": "C1", "stock_date": "2026-06", "retire_year": 2040}
    made = fleet(world.add("compute.fleet", row | {"units_thousand": 10}).set(compute={"idle_power_share": 0.2}).plan())
    assert made["use_of_chips"].item() == pytest.approx(1)
    assert made["use_of_fleet"].item() == pytest.approx(0.4)
    assert "fleet is slack in 2028" in slack_notes(made)[0]
    assert slack_notes(fleet(SmallWorld(tmp_path).plan())) == []
