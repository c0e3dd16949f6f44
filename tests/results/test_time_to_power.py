"""Time to power by hand: what each route takes, which item decides, and what a month less saves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from optimizer.results.planner import Plan
from optimizer.results.time_to_power import (
    ROUTES,
    fastest_section,
    hosts_section,
    month_sooner,
    mw_month_at_full_cost_usd,
    slowest,
    time_to_power,
)
from tests.cases.small_world import TTOK_PER_KCHIP_YEAR, SmallWorld
from tests.model.test_compute import KCHIP_YEAR


def table(plan: Plan) -> pd.DataFrame:
    return time_to_power(plan).set_index(["route", "size_mw"])


def onsite(world: SmallWorld, lead_time_yr: float, limit: float) -> SmallWorld:
    """A dear engine behind the meter that counts at half its power at the peak."""
    world.technology(
        "engine",
        site="campus",
        buildable=1,
        capex_per_kw=5000,
        variable_om_per_mwh=500,
        lead_time_yr=lead_time_yr,
        capacity_credit=0.5,
    )
    return world.edit("connection.limits", onsite_limit_mw_per_yr=limit)


def test_what_the_plan_takes_comes_first(tmp_path: Path) -> None:
    # Decided in 2027, nothing counts before 2028. The plan takes 5 of the 1,000 MW of 2028: 100 of the other 995 are
    # free after a tenth of the year, 1,000 only in 2029, when the limit is free again: 5 of 1,000 MW.
    found = table(SmallWorld(tmp_path).plan())
    assert found["months"]["firm queue", 100] == pytest.approx(12 + 12 * 100 / 995)
    assert found["energised"]["firm queue", 100] == "2028-02"
    assert found["first_period"]["firm queue", 100] == 2028
    assert found["months"]["firm queue", 1000] == pytest.approx(24 + 12 * 5 / 1000)
    assert pd.isna(found["first_period"]["firm queue", 1000])
    assert found["decides"]["firm queue", 100] == "build year"
    assert found["decides"]["firm queue", 1000] == "yearly limit"


def test_lead_times_run_in_parallel(tmp_path: Path) -> None:
    # A connection takes 18 months and then 100 MW of what half a year brings; a hall takes 30 and decides.
    world = SmallWorld(tmp_path).edit("connection.limits", months_to_power=18)
    plan = world.plan()
    left = 500 - plan.value("firm_built").sum()
    found = table(plan)
    assert found["months"]["firm queue", 100] == pytest.approx(18 + 6 * 100 / left)
    assert found["decides"]["firm queue", 100] == "connection"
    assert found["energised"]["firm queue", 100] == "2028-08"
    slow = table(world.edit("facility.halls", lead_time_yr=2.5).plan())
    assert slow["months"]["firm queue", 100] == pytest.approx(30)
    assert slow["decides"]["firm queue", 100] == "hall"


def test_routes_without_figures_say_so(tmp_path: Path) -> None:
    found = table(SmallWorld(tmp_path).plan())
    assert set(found.index.get_level_values("route")) == set(ROUTES)
    for route in ROUTES[1:]:
        assert found["decides"][route, 100] == "no data"
        assert pd.isna(found["months"][route, 100])


def test_behind_the_meter_counts_at_its_credit(tmp_path: Path) -> None:
    # 100 MW at the peak take 200 MW of engines; a limit of 400 a year, none taken: half a year after 2028 begins.
    found = table(onsite(SmallWorld(tmp_path), 0.5, 400).plan())
    assert found["months"]["behind the meter", 100] == pytest.approx(12 + 6)
    assert found["decides"]["behind the meter", 100] == "build year"
    late = table(onsite(SmallWorld(tmp_path), 1.5, 400).plan())  # 2028.5 on: 200 MW of the year, then 2029
    assert late["months"]["behind the meter", 100] == pytest.approx(18 + 6)
    assert late["decides"]["behind the meter", 100] == "plant: engine"


def test_a_new_line_needs_its_connection_as_well(tmp_path: Path) -> None:
    world = (
        SmallWorld(tmp_path)
        .region("S")
        .corridor(
            "L", "S", "R", 10, expandable=1, expansion_cost_per_mw=1e6, lead_time_yr=4, max_expansion_mw=200, loss=0.5
        )
    )
    found = time_to_power(world.plan()).set_index(["region", "route", "size_mw"])
    assert found["months"]["R", "new line", 100] == pytest.approx(48)
    assert found["decides"]["R", "new line", 100] == "line"
    assert found["decides"]["R", "new line", 1000] == "no room"  # 200 MW, half of it lost


def test_the_longer_of_lead_time_and_limit_decides() -> None:
    common = {"hall": 24.0, "build year": 13.0}
    assert slowest({"connection": 84, "yearly limit": 1, **common}) == (85, "connection")
    assert slowest({"connection": 40, "yearly limit": 60, **common}) == (100, "yearly limit")
    assert slowest({"connection": 12, "yearly limit": 3, **common}) == (24, "hall")
    assert slowest({"plant": 12, "yearly limit": 20, **common}) == (33, "yearly limit")


def test_a_month_at_full_cost(tmp_path: Path) -> None:
    # 4 kchip at full cost over the 5 MW that they take at the meter.
    plan = SmallWorld(tmp_path).plan()
    assert mw_month_at_full_cost_usd(plan)["x"] == pytest.approx([4 * KCHIP_YEAR * 1e6 / 12 / 5])
    assert table(plan)["mw_month_at_full_cost_usd"]["firm queue", 100] == pytest.approx(4 * KCHIP_YEAR * 1e6 / 60)


def test_a_month_less_by_a_new_solve(tmp_path: Path) -> None:
    # 8 MW a year, 18 months: half of 2028 is left, 4 MW are energised and stand for half of it: 2 MW, 1.6 kchip. With a
    # month less 7/12 are left: 8 x (7/12)^2 MW. Users would have paid 0.5 USD/Mtok.
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=8, months_to_power=18)
    planner = world.planner()
    plan = planner.least_cost()
    found = month_sooner(planner, plan, ["R"]).iloc[0]
    more_kchip = 8 * ((7 / 12) ** 2 - 0.25) / 1.25
    assert found["saved_musd"] == pytest.approx(more_kchip * (0.5 * TTOK_PER_KCHIP_YEAR - KCHIP_YEAR))
    assert found["queue_mw"] == pytest.approx(8 * 7 / 12)
    assert found["saved_usd_per_mw"] == pytest.approx(found["saved_musd"] * 1e6 / found["queue_mw"])
    # The same from a scenario with a month less.
    again = world.edit("connection.limits", months_to_power=17).plan()
    assert plan.solution.objective - again.solution.objective == pytest.approx(found["saved_musd"])
    with pytest.raises(ValueError, match="no such host: Q"):
        month_sooner(planner, plan, ["Q"])


def test_sections_show_what_was_found(tmp_path: Path) -> None:
    found = time_to_power(SmallWorld(tmp_path).plan())
    rows = {(row[1], row[2]): row for row in fastest_section(found).rows}
    assert rows["firm queue", "100 MW"][3:6] == ("R", pytest.approx(13.2, abs=0.01), "2028-02")
    assert rows["new line", "100 MW"][3] == "no data"
    text = hosts_section(found, ["R"]).rows[0]
    assert "build year 12" in text[7]
