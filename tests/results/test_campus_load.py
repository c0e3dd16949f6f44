"""Campus load hour by hour: by hand, against the cube of all hours, and against what the plan itself sums up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.instance.facility import campus_pue
from optimizer.results import campus_load as place
from optimizer.results.campus_load import SHARES, campus_load, hour_in_words
from optimizer.results.plan import solve_scenario
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario
from tests.cases.small_world import SmallWorld

DAY = [0.5] * 12 + [1.5] * 12


def busy_by_day(folder: Path) -> SmallWorld:
    """6 MW of chips that idle at 1.5 MW are asked for 2 of 6 thousand until noon and for all 6 after it."""
    world = SmallWorld(folder).asks_by_hour(DAY).by_hour({"R": [60.0] * 12 + [140.0] * 12}, segments=2)
    world.set(compute={"idle_power_share": 0.25})
    world.edit("facility.climate", pue_mean=1.2, pue_seasonal_swing=0.05, pue_daily_swing=0.02, pue_peak=1.3)
    return world


def solved(world: SmallWorld) -> tuple[Planner, Plan, pd.DataFrame]:
    planner = world.planner()
    plan = planner.solve()
    return planner, plan, campus_load(plan, planner.prepared.world)


def test_by_hand(tmp_path: Path) -> None:
    planner, _, frame = solved(busy_by_day(tmp_path))
    (row,) = frame.to_dict("records")
    it = 1.5 + 4.5 * np.tile(np.repeat([1 / 3, 1.0], 12), 365)
    pue = campus_pue(planner.prepared.world, ["R"])[:, 0]
    assert row["it_twh"] == pytest.approx((3.0 + 6.0) / 2 * 8760 / 1e6)
    assert row["facility_twh"] == pytest.approx(it @ pue / 1e6)
    hottest = int((it * pue).argmax())
    assert row["peak_mw"] == pytest.approx(6.0 * 1.27, abs=0.002)
    assert (row["peak_mw"], row["peak_hour_utc"]) == (pytest.approx((it * pue).max()), hottest)
    assert hour_in_words(hottest) == "07-20 15:00"
    assert row["sized_for_mw"] == pytest.approx(6.0 * 1.3)
    falling = np.sort(it * pue)[::-1]
    for name, share in SHARES.items():
        assert row[name] == pytest.approx(falling[int(share * 8760) - 1], abs=0.01), name
    assert row["planned_facility_twh"] == pytest.approx(row["facility_twh"], rel=2e-3)


def two_hosts(folder: Path) -> SmallWorld:
    """A second host, 120 degrees further east, whose hottest hour is another one."""
    world = busy_by_day(folder).region("E", lon=120).set(periods={"years": [2028, 2029]})
    world.by_hour({name: [60.0] * 12 + [140.0] * 12 for name in "RE"}, segments=2).plant("E", "gas", 1000)
    world.add("demand.latency", {"market": "M", "site": "E", "rtt_ms": 10})
    return world.edit("connection.limits", limit_mw_per_yr=4)


def test_equals_the_cube_of_all_hours(tmp_path: Path) -> None:
    planner, plan, frame = solved(two_hosts(tmp_path))
    of_hour = planner.prepared.world.snapshots.of_hour
    it = (plan.value("it_use") + plan.value("idle_mw")[:, :, None])[:, :, of_hour]
    facility = it * campus_pue(planner.prepared.world, ["R", "E"]).T[:, None, :]
    assert (it.max(axis=2) > 0.1).all(), "both hosts work in both periods"

    def column(name: str) -> np.ndarray:
        return frame[name].to_numpy().reshape(2, 2)

    np.testing.assert_allclose(column("it_twh"), it.sum(axis=2) * 1e-6, rtol=1e-9)
    np.testing.assert_allclose(column("facility_twh"), facility.sum(axis=2) * 1e-6, rtol=1e-9)
    np.testing.assert_allclose(column("peak_mw"), facility.max(axis=2), rtol=1e-9)
    together = facility.sum(axis=0)
    np.testing.assert_allclose(column("country_peak_mw"), np.tile(together.max(axis=1), (2, 1)), rtol=1e-9)
    when = together.argmax(axis=1)
    np.testing.assert_array_equal(column("country_peak_hour_utc"), np.tile(when, (2, 1)))
    at = np.stack([facility[:, p, hour] for p, hour in enumerate(when)], axis=1)
    np.testing.assert_allclose(column("at_country_peak_mw"), at, rtol=1e-9)


def test_facts(tmp_path: Path) -> None:
    _, plan, frame = solved(two_hosts(tmp_path))
    it = (plan.value("it_use") + plan.value("idle_mw")[:, :, None]) @ plan.param("hours")
    np.testing.assert_allclose(frame["it_twh"], it.ravel() * 1e-6, rtol=1e-9)
    drawn = (plan.value("grid_draw") + plan.value("onsite_output")) @ plan.param("hours")
    np.testing.assert_allclose(frame["planned_facility_twh"], drawn.ravel() * 1e-6, rtol=1e-7)
    assert (frame["peak_mw"] <= frame["sized_for_mw"] + 1e-9).all()
    assert (frame["at_country_peak_mw"] <= frame["peak_mw"] + 1e-9).all()
    groups = frame.groupby("period")
    together = groups["country_peak_mw"].first()
    np.testing.assert_allclose(groups["at_country_peak_mw"].sum(), together)
    assert (groups["peak_mw"].sum() > together + 1e-6).all(), "the hottest hours differ"
    assert (np.diff(frame[["peak_mw", *SHARES]].to_numpy(), axis=1) <= 0.01).all()


def test_the_run_keeps_the_table_and_shows_the_country(tmp_path: Path) -> None:
    run = solve_scenario(load_scenario("toy"), out=tmp_path)
    stored = pd.read_parquet(Path(str(run.path)) / "tables" / "summary_campus_load.parquet")
    pd.testing.assert_frame_equal(stored, run.tables["summary_campus_load"])
    (shown,) = [section for section in run.sections if section.title.startswith("campus load")]
    assert [row[:2] for row in shown.rows] == [("toy", "2026"), ("toy", "2028")]
    fleet = run.tables["summary_fleet"]  # without swings of PUE, hours and snapshots say the same
    total = stored.groupby("period")["facility_twh"].sum()
    np.testing.assert_allclose(total, fleet["grid_draw_twh"] + fleet["made_on_site_twh"], rtol=1e-6)


def test_no_campus_no_section() -> None:
    planner = Planner(load_scenario("toy", variant="base_year_2024"))
    frame = campus_load(planner.solve(), planner.prepared.world)
    assert not frame["peak_mw"].any()
    assert place.sections(frame) == []


def test_many_countries_show_the_largest() -> None:
    rows = [
        {"region": f"r{i}", "country": f"c{i}", "period": 2028, "it_twh": i, "facility_twh": i, "sized_for_mw": i}
        | {"peak_mw": i, "country_peak_mw": i, "country_peak_hour_utc": 30 * i}
        for i in range(20)
    ]
    (section,) = place.sections(pd.DataFrame(rows))
    assert [row[0] for row in section.rows] == [f"c{i}" for i in range(19, 10, -1)]
    assert "summary_campus_load" in section.notes[-1]
