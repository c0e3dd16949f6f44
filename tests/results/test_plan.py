"""From a scenario to a stored run and back: what a planner calls from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import optimizer
from optimizer.results.plan import solve_scenario
from optimizer.results.store import Run
from optimizer.scenario.load import load_scenario


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = solve_scenario(load_scenario("toy"), out=tmp_path_factory.mktemp("runs"))
    assert run.path is not None
    return optimizer.load_run(run.path)


def test_decisions_duals_and_prices_are_tables(stored: Run) -> None:
    built = stored.tables["chips_built"]
    assert {"host", "chip", "period", "chips_built_kchip"} <= set(built.columns)
    assert built["chips_built_kchip"].sum() > 0
    assert {"flow_forward", "dual_power_balance", "reduced_cost_output", "catalogue"} <= set(stored.tables)
    raw = pd.read_parquet(Path(str(stored.path)) / "tables" / "chips_built.parquet")
    pd.testing.assert_frame_equal(raw, built)


def test_the_hourly_table_closes_the_year(stored: Run) -> None:
    hourly, fleet = stored.tables["summary_hourly"], stored.tables["summary_fleet"]
    per_region = hourly.groupby(["region", "period"])["hours"].sum()
    assert per_region.to_numpy() == pytest.approx(8760.0)
    drawn = (hourly["campus_draw_mw"] * hourly["hours"]).groupby(hourly["period"]).sum() / 1e6
    assert drawn.to_numpy() == pytest.approx(fleet["grid_draw_twh"].to_numpy())
    assert (hourly["lmp_usd_per_mwh"] >= -1e-9).all()


def test_the_run_says_what_it_is(stored: Run) -> None:
    assert stored.status == "optimal"
    assert stored.objective == pytest.approx(stored.tables["summary_bill"]["present_value_musd"].sum())
    (certificate,) = stored.certificate.values()
    assert certificate["primal_infeasibility"] < 1e-6
    assert certificate["relative_gap"] < 1e-6
    assert stored.scenario_hash == load_scenario("toy").hash
    assert {"highspy", "pyomo", "numpy"} <= set(stored.versions)
    assert any("synthetic" in note for note in stored.notes)
    assert stored.scenario["demand"]["path"] == "central"


def test_most_tokens_keeps_the_prices_of_both_stages() -> None:
    run = solve_scenario(load_scenario("toy", variant="most_tokens"))
    assert set(run.certificate) == {"most_tokens", "most_tokens:scale"}
    tokens = run.tables["tokens_dual_chips_within_supply"]
    money = run.tables["dual_chips_within_supply"]
    assert [c for c in tokens.columns if c.startswith("dual_ptok")]
    assert [c for c in money.columns if c.startswith("dual_musd")]


def test_both_roads_give_one_plan() -> None:
    scenario = load_scenario("toy")
    arrays, pyomo = (solve_scenario(scenario, via=via) for via in ("arrays", "pyomo"))
    assert arrays.objective == pytest.approx(pyomo.objective, rel=1e-9)
    np.testing.assert_allclose(
        arrays.tables["summary_hourly"]["lmp_usd_per_mwh"],
        pyomo.tables["summary_hourly"]["lmp_usd_per_mwh"],
        atol=1e-6,
    )
