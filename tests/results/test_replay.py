"""A stored plan in real hours: what the command says is what its tables hold, and energy and tokens add up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from kernels.replay import LEDGER, replay
from kernels.weather_years import draw
from optimizer.cli import app
from optimizer.instance.real_hours import real_hours
from optimizer.results.plan import solve_scenario
from optimizer.results.reopen import reopen
from optimizer.results.replay import run_years, tables
from optimizer.results.replay_system import capacity_mw, replayed, scatter
from optimizer.results.store import load_run
from optimizer.scenario.load import load_scenario

runner = CliRunner()


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("runs")
    path = solve_scenario(load_scenario("toy", variant="high"), out=folder).path
    assert path is not None
    planner, plan = reopen(path)
    hours, runs = run_years(planner, plan, [2026, 2028], 4, 0)
    return SimpleNamespace(path=path, planner=planner, plan=plan, hours=hours, runs=runs)


def test_energy_and_losses_add_up(toy: SimpleNamespace) -> None:
    made = tables(toy.plan, toy.hours, toy.runs)
    sample = made["replay_by_sample"]
    flows = {name: sample[f"{name}_twh"] for name in LEDGER}
    fed = flows["free"] - flows["curtailed"] + flows["plants"] + flows["rationed"] + flows["onsite"]
    fed += flows["discharged"] - flows["charged"] - flows["lost_on_lines"]
    used = flows["base_load"] - flows["base_shed"] + flows["campus_load"] - flows["campus_shed"] - flows["campus_held"]
    np.testing.assert_allclose(fed, used, rtol=1e-9)
    summary, regions = made["replay"].set_index("period"), made["replay_by_region"].groupby("period")
    hours, groups = made["replay_by_hour_of_record"], made["replay_by_month_and_hour"]
    np.testing.assert_allclose(summary["eue_mwh_per_yr"], regions["eue_mwh_per_yr"].sum())
    np.testing.assert_allclose(summary["tokens_lost_ptok_per_yr"], regions["tokens_lost_ptok_per_yr"].sum())
    np.testing.assert_allclose(summary["eue_mwh_per_yr"], hours.groupby("period")["base_mwh_per_yr"].sum(), atol=1e-5)
    np.testing.assert_allclose(summary["eue_mwh_per_yr"], groups.groupby("period")["base_mwh_per_yr"].sum())
    np.testing.assert_allclose(summary["lole_h_per_yr"], sample.groupby("period")["hours_short"].mean())
    assert ((summary["ai_energy_share_lost"] >= 0) & (summary["ai_energy_share_lost"] <= 1)).all()


def test_the_hours_are_those_behind_the_snapshots(toy: SimpleNamespace) -> None:
    """Mean load, sun and PUE of the hours are those of the snapshots by their weights."""
    hours, plan = toy.hours, toy.plan
    assert sorted(hours.hour) == list(range(8760))
    weight = plan.param("hours")
    assert np.bincount(hours.snapshot, minlength=len(weight)).tolist() == pytest.approx(weight.tolist())
    base = plan.param("base_load_mw")  # region, period, snapshot
    for p in range(base.shape[1]):
        np.testing.assert_allclose(hours.base_load_mw[p].sum(axis=0), base[:, p] @ weight, rtol=0.02)
    assert (hours.ceiling_mw >= hours.base_load_mw - 1e-6).all()


def test_tokens_of_a_megawatt_hour_give_back_those_of_the_plan(toy: SimpleNamespace) -> None:
    plan, weight = toy.plan, toy.plan.param("hours")
    for p, years in enumerate(toy.runs):
        hosts = [plan.position("region")[host] for host in plan.instance.sets["host"]]
        energy = (plan.value("grid_draw")[:, p] + plan.value("onsite_output")[:, p]) @ weight
        rate = (years.ready.tokens_mtok_per_mwh + years.ready.other_ai_mtok_per_mwh)[hosts]
        made = plan.value("work")[:, :, :, p].sum(axis=(0, 1, 2)) @ weight * 1e6
        assert rate @ energy == pytest.approx(made, rel=1e-6)


def test_more_plants_are_short_less(toy: SimpleNamespace) -> None:
    ready = toy.runs[1].ready
    before = toy.runs[1].drawn
    assert (capacity_mw(toy.plan, 1) >= 0).all()
    plants = ready.system.plants
    years = draw(0, 0, 4, 365, len(plants.region), scatter(toy.hours))
    more = ready.system._replace(plants=plants._replace(available_mw=1.3 * plants.available_mw))
    after = replay(more, years, np.zeros(8760, np.int64))
    assert after.base.sum() < before.base.sum()
    assert (after.lole_h <= before.lole_h).all()


def test_the_command_keeps_its_tables(toy: SimpleNamespace, tmp_path: Path) -> None:
    answer = runner.invoke(
        app,
        [
            "replay",
            str(toy.path),
            "--samples",
            "4",
            "--period",
            "2028",
            "--out",
            str(tmp_path),
            "--top",
            "2",
            "--quiet",
        ],
    )
    assert answer.exit_code == 0, answer.output
    assert "synthetic" in answer.output
    assert "2028: the plan" in answer.output
    assert "2026: the plan" not in answer.output
    kept = load_run(tmp_path / "toy-high-replay")
    mine = tables(toy.plan, toy.hours, toy.runs)["replay"]
    pd.testing.assert_frame_equal(kept.tables["replay"], mine[mine["period"] == 2028].reset_index(drop=True))


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--period", "2031"], "the plan covers 2026, 2028"), (["--samples", "0"], "samples"), (["--seed", "-1"], "seed")],
)
def test_what_cannot_be_run_is_said(toy: SimpleNamespace, more: list[str], said: str) -> None:
    answer = runner.invoke(app, ["replay", str(toy.path), *more])
    assert answer.exit_code == 2
    assert said in answer.output


def test_the_same_seed_gives_the_same_years(toy: SimpleNamespace) -> None:
    again = run_years(toy.planner, toy.plan, [2028], 2, 0)[1][0]
    np.testing.assert_array_equal(again.drawn.base, toy.runs[1].drawn.base[:2])
    ready = replayed(toy.plan, real_hours(toy.planner.prepared.world, toy.plan.instance), 1)
    np.testing.assert_array_equal(ready.system.plants.available_mw, toy.runs[1].ready.system.plants.available_mw)
