"""The relief ladder: rungs worked out by hand, what prices prove, what no data mean, and that wider is never worse."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.results.ladder import NONE_OF_THESE, climb
from optimizer.results.ladder_run import ladder_of_run, ladder_of_scenario
from optimizer.results.ladder_section import NO_DATA, ladder_section
from optimizer.results.plan import solve_scenario
from optimizer.results.rungs import FAMILIES, RUNGS, confidence
from optimizer.results.store import load_run
from optimizer.scenario.load import load_scenario
from tests.cases.small_world import TTOK_PER_KCHIP_YEAR, SmallWorld
from tests.model.test_compute import KCHIP_YEAR

NAMES = [family.name for family in FAMILIES]


def in_tokens(world: SmallWorld, ranges: tuple[str, ...] = ()) -> pd.DataFrame:
    planner = world.planner()
    return climb(planner, planner.largest_scale(), NAMES, ranges)


def gains(table: pd.DataFrame, family: str, path: str = "own", column: str = "gain_pct") -> list[float]:
    rows = table[(table["family"] == family) & (table["path"] == path)]
    assert list(rows["rung"]) == list(RUNGS)
    return [float(value) for value in rows[column]]


def after(table: pd.DataFrame, family: str) -> list[str]:
    return list(table.loc[(table["family"] == family) & (table["path"] == "own"), "next_limit"])


def test_the_queue_gives_way_until_chips_hold(tmp_path: Path) -> None:
    # 4 MW a year make room for 3.2 kchip; 4 kchip can be bought. Ten per cent more queue is ten per cent more tokens,
    # half as much again runs into the chips at 4 / 3.2 = 1.25. At half the queue the way to the chips is twice as long.
    world = SmallWorld(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=4)
    world.edit(
        "connection.limits", limit_mw_per_yr=4, limit_low_mw_per_yr=2, limit_high_mw_per_yr=8, confidence="assumed"
    )
    table = in_tokens(world, ("connection queue",))
    assert gains(table, "connection queue") == pytest.approx([10, 25, 25])
    assert after(table, "connection queue") == [NONE_OF_THESE, "chips", "chips"]
    assert gains(table, "connection queue", "low") == pytest.approx([10, 50, 150])
    assert gains(table, "connection queue", "high") == pytest.approx([0, 0, 0])
    assert gains(table, "chips") == pytest.approx([0, 0, 0])
    assert after(table, "chips") == ["connection queue"] * 3
    assert gains(table, "all MW limits") == pytest.approx([10, 25, 25])
    assert gains(table, "everything") == pytest.approx([10, 50, np.inf])
    ptok = 3.2 * TTOK_PER_KCHIP_YEAR * 1e-3
    assert gains(table, "connection queue", column="gain") == pytest.approx([0.1 * ptok, 0.25 * ptok, 0.25 * ptok])
    assert gains(table, "connection queue", column="last_period") == pytest.approx([3.52, 4, 4])  # Mtok/s
    # What a tenth of the chips could add once they hold: a tenth of 4 kchip, in per cent of 3.2.
    rows = table[(table["family"] == "connection queue") & (table["path"] == "own")]
    assert list(rows["next_bound_pct"]) == pytest.approx([0, 12.5, 12.5])


def test_what_prices_prove_is_not_solved_and_right(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4)
    planner = world.planner()
    plan = planner.largest_scale()
    table = climb(planner, plan, NAMES, ())
    solved = table.groupby("family", sort=False)["solved"].any()
    assert list(solved[solved].index) == ["connection queue", "all MW limits", "everything"]
    for family in FAMILIES:
        if family.name in ("generation build rate", "chips", "transmission", "UHV", "reserve"):
            for factor in RUNGS.values():
                again = planner.ask_again(plan, "by hand", family.edit(plan.instance, factor))
                assert again.solution.objective == pytest.approx(plan.solution.objective, rel=1e-9)


def test_a_tenth_of_the_margin_is_firm_capacity(tmp_path: Path) -> None:
    # 120 MW hold 1.15 x (100 + AI). A tenth off the margin over the 100 MW frees 1.5 MW, half of it 7.5; without any
    # requirement 20 MW of plant are left for AI.
    world = SmallWorld(tmp_path).edit("power.plants", existing_mw=120).set(reserve={"enabled": True})
    table = in_tokens(world)
    ai = 120 / 1.15 - 100
    expected = [100 * (mw / ai - 1) for mw in ((120 - 113.5) / 1.15, (120 - 107.5) / 1.15, 20)]
    assert gains(table, "reserve") == pytest.approx(expected)
    assert after(table, "reserve")[-1] == NONE_OF_THESE  # the plant that stands
    assert not table.loc[table["family"] == "generation and reserve", "has_data"].any()  # nothing can be built


def beyond_the_line(folder: Path, **line: object) -> SmallWorld:
    """All plant to spare is in E; R has what its load takes, hosts the sites, and a line of 10 MW from E."""
    world = SmallWorld(folder).region("E", annual_load_twh=0, peak_load_mw=0)
    world.add("demand.latency", {"market": "M", "site": "E", "rtt_ms": 10})  # a stream of the mix reaches every host
    world.edit("power.plants", existing_mw=100).plant("E", "gas", 60)
    world.edit("connection.limits", {"region": "E"}, limit_mw_per_yr=0)
    return world.corridor("L", "E", "R", 10, **line)


def test_a_line_is_relaxed_by_its_rating(tmp_path: Path) -> None:
    table = in_tokens(beyond_the_line(tmp_path))
    assert gains(table, "transmission") == pytest.approx([10, 50, 500])  # in the end all 60 MW
    assert list(table.loc[table["family"] == "UHV", "has_data"]) == [False]


def test_a_uhv_line_is_relaxed_by_its_use_first(tmp_path: Path) -> None:
    # 80 % of 10 MW on average. By a tenth: 88 %. By half: full use of 12 MW.
    world = beyond_the_line(tmp_path, kind="uhvdc_800", max_utilisation=0.8)
    planner = world.planner()
    plan = planner.largest_scale()
    table = climb(planner, plan, NAMES, ())
    assert gains(table, "UHV") == pytest.approx([10, 50, 650])
    assert list(table.loc[table["family"] == "transmission", "has_data"]) == [False]
    (uhv,) = (family for family in FAMILIES if family.name == "UHV")
    tenth, half = uhv.edit(plan.instance, 1.1), uhv.edit(plan.instance, 1.5)
    assert (tenth["use_limit_h"].item() / 8760, tenth["line_mw"].item()) == pytest.approx((0.88, 10))
    assert (half["use_limit_h"].item() / 8760, half["line_mw"].item()) == pytest.approx((1.0, 12))


def test_relief_in_money(tmp_path: Path) -> None:
    # 4 kchip are wanted, the queue lets 3.2 in, what leaves would have paid 0.5 USD per million tokens.
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4)
    planner = world.planner()
    table = climb(planner, planner.least_cost(), NAMES, ())
    each = 0.5 * TTOK_PER_KCHIP_YEAR - KCHIP_YEAR
    assert gains(table, "connection queue", column="gain") == pytest.approx([0.32 * each, 0.8 * each, 0.8 * each])
    assert gains(table, "everything", column="gain")[-1] == pytest.approx(0.8 * each)
    assert set(table["unit"]) == {"MUSD"}


@settings(deadline=None, max_examples=25)
@given(st.floats(1, 8), st.floats(1, 8), st.floats(100, 112), st.floats(1, 8), st.booleans())
def test_a_wider_rung_never_gives_less(queue: float, chips: float, plant: float, line: float, cost: bool) -> None:
    with TemporaryDirectory() as folder:
        world = beyond_the_line(Path(folder)).edit("transmission.corridors", forward_mw=line, backward_mw=line)
        world.edit("connection.limits", {"region": "R"}, limit_mw_per_yr=queue)
        world.edit("compute.supply", {"year": 2028}, units_thousand=chips)
        world.edit("power.plants", {"region": "R"}, existing_mw=plant)
        planner = world.planner()
        plan = planner.least_cost() if cost else planner.largest_scale()
        table = climb(planner, plan, NAMES, ())
    scale = 1e-6 * abs(plan.solution.objective)
    gain = {
        family: gains(table, family, column="gain") for family in dict.fromkeys(table.loc[table["has_data"], "family"])
    }
    assert {"connection queue", "transmission", "chips"} <= set(gain)
    for own in gain.values():
        assert own[0] >= -scale
        assert own[1] >= own[0] - scale
        assert own[2] >= own[1] - scale
    for i in range(len(RUNGS)):
        assert gain["all MW limits"][i] >= max(gain["connection queue"][i], gain["transmission"][i]) - scale
        assert gain["everything"][i] >= max(gain["all MW limits"][i], gain["chips"][i]) - scale
        assert gain["everything"][0] <= 0.1 * abs(plan.solution.objective) + scale or cost


def test_sides_swapped_swap_the_columns(tmp_path: Path) -> None:
    short = in_tokens(SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4))
    lines = in_tokens(beyond_the_line(tmp_path, kind="uhvdc_800", max_utilisation=0.8))
    there, back = ladder_section(("a", "b"), (short, lines)), ladder_section(("b", "a"), (lines, short))
    wide = len(RUNGS) + 1
    assert [row[:1] + row[1 + wide :] + row[1 : 1 + wide] for row in there.rows] == list(back.rows)
    cells = {row[0]: row[1:] for row in there.rows}
    assert cells["UHV"][:3] == (NO_DATA,) * 3
    assert cells["UHV"][wide] == pytest.approx(10)
    assert "reserve" not in cells, "neither side has data of it"
    assert cells["connection queue"][0] == pytest.approx(10)


def test_a_family_that_one_side_lacks_is_no_comparison(tmp_path: Path) -> None:
    without = in_tokens(SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4))
    reserve = SmallWorld(tmp_path).edit("power.plants", existing_mw=120).set(reserve={"enabled": True})
    cells = {row[0]: row[1:] for row in ladder_section(("a", "b"), (without, in_tokens(reserve))).rows}
    assert cells["reserve"] == (NO_DATA, NO_DATA, NO_DATA, None) * 2


def test_the_weakest_ground_is_named() -> None:
    words = {family.name: confidence(load_scenario("us"), family) for family in FAMILIES}
    assert words["connection queue"] == "assumed"
    assert words["reserve"] == "read"


def test_the_ladder_of_a_run_is_that_of_its_scenario(tmp_path: Path) -> None:
    scenario = load_scenario("toy", variant="most_tokens")
    solved = solve_scenario(scenario, out=tmp_path)
    assert solved.path is not None
    fresh = ladder_of_scenario(scenario, "tokens", ranges=True, out=tmp_path)
    again = ladder_of_run(solved.path, "tokens", ranges=True)
    pd.testing.assert_frame_equal(fresh.tables["ladder"], again.tables["ladder"], rtol=1e-6, atol=1e-6)
    assert fresh.path is not None
    stored = load_run(fresh.path)
    pd.testing.assert_frame_equal(stored.tables["ladder"], fresh.tables["ladder"])
    assert set(stored.tables["ladder"]["path"]) == {"own", "low", "high"}
