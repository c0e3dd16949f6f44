"""World scenario: tariff regions, trust, chips that stay apart. A small world is solved, the whole one is compiled."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from optimizer.model.formulation import formulation
from optimizer.results.ledger import ledger
from optimizer.results.ledger_tables import ledger_tables
from optimizer.results.planner import Plan, Planner
from optimizer.results.prices import lmp_usd_per_mwh
from optimizer.results.truth_check import BASE_YEAR_VARIANT, check
from optimizer.scenario.load import load_scenario

KEEP = ("ERC_N", "PJM_W", "CN-NMW", "CN-GZ", "R-UAE", "R-NOR", "R-JPN")
THIRD = ("R-UAE", "R-NOR", "R-JPN")


@cache
def small_world() -> Plan:
    """Two regions of the United States, two of China, three that buy at a tariff; one day of four segments."""
    regions = load_scenario("world").table("regions")["region"]
    left_out = [region for region in regions if region not in KEEP]
    scenario = load_scenario("world", "one_day", {"regions.leave_out": left_out})
    return Planner(scenario).least_cost()


def at(plan: Plan, name: str, set_name: str = "host") -> int:
    return plan.position(set_name)[name]


def test_tariff_regions_have_no_grid() -> None:
    plan = small_world()
    regions = [at(plan, name, "region") for name in THIRD]
    assert not plan.param("base_load_mw")[regions].any()
    lines = plan.instance.attributes["corridor"]
    assert not set(THIRD) & {*lines["from_region"], *lines["to_region"]}
    zones = plan.instance.relations["hosts_in_zone"]
    assert not any(name in hosts for hosts in zones.values() for name in THIRD)
    assert set(plan.instance.sets["zone"]) == set(zones)


@pytest.mark.parametrize("name", THIRD)
def test_tariff_region_pays_its_tariff_and_nothing_on_top(name: str) -> None:
    plan = small_world()
    tariffs = plan.scenario.table("power.tariffs").set_index("region")
    tariff = tariffs.at[name, "industrial_price_per_mwh"] * plan.scenario.money.factors[tariffs.at[name, "money"]]
    price = lmp_usd_per_mwh(plan)[at(plan, name, "region")]
    np.testing.assert_allclose(price, tariff, rtol=1e-6)
    assert plan.param("delivery_adder")[at(plan, name)] == 0.0


def test_the_ledger_adds_up_and_knows_the_countries() -> None:
    plan = small_world()
    made = ledger(plan, formulation())
    assert abs(made.residual) < 1e-6 * made.gross
    table = ledger_tables(made, plan, formulation())["ledger"]
    assert {"us", "china"} <= set(table["country"].dropna())
    assert set(table.loc[table["family"] == "demand for power", "region"]) <= set(KEEP)


@pytest.mark.parametrize("name", THIRD)
def test_tariff_region_is_held_by_its_connection_not_by_its_supply(name: str) -> None:
    plan = small_world()
    plants = plan.instance.relations["generators_in"][name]
    assert plants == [f"{name}:grid_supply"]
    plant, host = at(plan, plants[0], "generator"), at(plan, name)
    output, draw = plan.value("output")[plant], plan.value("grid_draw")[host]
    np.testing.assert_allclose(output, draw, atol=1e-5)
    assert (output < 0.9 * plan.param("output_max_mw")[plant]).all()
    assert (draw[0] > 0.0).all()  # the fleet of 2026 runs, though nothing can be built yet
    assert not plan.param("build_max_mw")[at(plan, plants[0], "plant")].any()
    built = plan.value("firm_built")[host] @ plan.param("firm_alive")[host]
    assert (draw.max(axis=1) <= plan.param("connected_mw")[host] + built + 1e-5).all()


def test_supply_can_follow_every_connection_that_is_possible() -> None:
    plan = small_world()
    for name in THIRD:
        host, plant = at(plan, name), at(plan, f"{name}:grid_supply", "generator")
        possible = plan.param("connected_mw")[host] + np.cumsum(plan.param("queue_mw")[host])
        assert (possible <= plan.param("output_max_mw")[plant].min(axis=1)).all()


def test_countries_are_joined_by_tokens_only() -> None:
    plan = small_world()
    country = dict(zip(plan.instance.sets["region"], plan.instance.attributes["region"]["country"], strict=True))
    lines = plan.instance.attributes["corridor"]
    assert all(country[a] == country[b] for a, b in zip(lines["from_region"], lines["to_region"], strict=True))
    streams = dict(zip(plan.instance.sets["stream"], plan.instance.attributes["stream"]["country"], strict=True))
    routes = plan.instance.attributes["route"]
    abroad = [pool for stream, pool in zip(routes["stream"], routes["pool"], strict=True) if streams[stream] != pool]
    assert set(abroad) == {"are", "nor", "jpn"}  # demand outside China may go there


def test_routes_respect_trust() -> None:
    """China's users are served in China only; no other market is served there."""
    plan = small_world()
    group = plan.scenario.table("demand.markets").set_index("market")["group"]
    routes = plan.instance.attributes["route"]
    seen = set()
    for workload, markets, pool in zip(routes["workload"], routes["market"], routes["pool"], strict=True):
        if workload == "other_ai":
            continue
        groups = set(group[markets.split("+")])
        assert groups == ({"china"} if pool == "china" else {"world_ex_china"}), (markets, pool)
        seen.add(pool)
    assert seen == set(plan.instance.sets["pool"])


def test_other_ai_work_stays_at_home() -> None:
    plan = small_world()
    routes = plan.instance.attributes["route"]
    for stream, workload, pool in zip(routes["stream"], routes["workload"], routes["pool"], strict=True):
        assert workload != "other_ai" or stream == f"other_ai:{pool}"


def test_chip_pools_stay_apart() -> None:
    plan = small_world()
    countries, pools = plan.instance.sets["country"], plan.instance.relations["hosts_in_pool"]
    assert sorted(host for hosts in pools.values() for host in hosts) == sorted(KEEP)
    owner = np.asarray(plan.instance.attributes["host"]["country"])
    bought = plan.value("chips_built")
    supply = np.cumsum(plan.param("chip_supply"), axis=2)
    for c, name in enumerate(countries):
        assert (np.cumsum(bought[owner == name].sum(axis=0), axis=1) <= supply[c] + 1e-6).all(), name
    chinese = np.asarray(plan.instance.attributes["chip"]["origin"]) == "china"
    stock = plan.param("chip_stock")
    assert chinese.any()
    assert not stock[owner != "china"][:, chinese].any()
    assert stock[owner == "china"][:, chinese].any()


def test_shares_of_the_chips_outside_china_come_to_one_at_most() -> None:
    countries = load_scenario("world").countries
    shares = [c.chip_share for c in countries.values() if c.chip_bloc == "world_ex_china"]
    assert 0.9 < sum(shares) <= 1.0
    fleets: dict[str, float] = {}
    for country in countries.values():
        fleets[country.fleet_region] = fleets.get(country.fleet_region, 0.0) + country.fleet_share
    assert max(fleets.values()) < 1.0 + 1e-9


def test_small_world_serves_and_is_certified() -> None:
    plan = small_world()
    assert plan.solution.certificate.relative_gap < 1e-6
    assert plan.value("serve").sum() > 0.0
    assert plan.value("load_shed").sum() < 1e-6


def test_truth_check_leaves_tariff_regions_out() -> None:
    regions = load_scenario("world").table("regions")["region"]
    left_out = [region for region in regions if region not in KEEP]
    found = check(load_scenario("world", BASE_YEAR_VARIANT, {"regions.leave_out": left_out}))
    assert set(found.mix["country"]) == {"us", "china"}
    assert len(found.section().rows) == (found.mix["verdict"] != "").sum() + len(found.thermal)


@pytest.mark.slow
def test_whole_world_at_one_day_is_moderate() -> None:
    planner = Planner(load_scenario("world", "one_day"))
    assert len(planner.prepared.instance.sets["host"]) == 86
    assert planner.lp.num_row < 80_000
    assert planner.lp.num_col < 200_000
    assert sum(planner.timings_s.values()) < 30.0
