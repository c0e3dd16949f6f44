"""A run opened again: the same plan, certified anew, and a session that goes on from its basis."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from optimizer.results.answer import read_answers
from optimizer.results.plan import solve_scenario
from optimizer.results.planner import Planner
from optimizer.results.reopen import reopen
from optimizer.results.store import StoreError, load_run
from optimizer.scenario.load import load_scenario
from optimizer.scenario.shipped import shipped_root

GOALS = ["least_cost", "most_tokens"]


@pytest.mark.parametrize("goal", GOALS)
def test_the_plan_comes_back_without_a_solve(tmp_path: Path, goal: str) -> None:
    scenario = load_scenario("toy", overrides={"objective.goal": goal, "demand.path": "high"})
    run = solve_scenario(scenario, out=tmp_path)
    direct = Planner(scenario).solve()
    assert run.path is not None
    planner, plan = reopen(run.path)
    assert planner.scenario.hash == scenario.hash
    assert plan.question == direct.question
    assert plan.solution.objective == pytest.approx(run.objective, rel=1e-12)
    assert plan.bill_musd == pytest.approx(direct.bill_musd, rel=1e-9)
    assert (plan.tokens is None) == (goal == "least_cost")
    if plan.tokens is not None and direct.tokens is not None:
        assert plan.tokens.solution.objective == pytest.approx(direct.tokens.solution.objective, rel=1e-9)
        assert plan.tokens.price_unit == "Ptok"
    for name, values in direct.instance.params.items():
        np.testing.assert_array_equal(plan.instance.params[name], values, err_msg=name)


@pytest.mark.parametrize("goal", GOALS)
def test_the_next_solve_starts_from_the_basis_of_the_run(tmp_path: Path, goal: str) -> None:
    run = solve_scenario(load_scenario("toy", overrides={"objective.goal": goal}), out=tmp_path)
    assert run.path is not None
    planner, plan = reopen(run.path)
    again = planner.case.solve()
    assert again.statistics["attempts"][0]["road"].startswith("hot")
    assert again.statistics["iterations"]["simplex"] == 0
    assert again.objective == pytest.approx(plan.solution.objective, rel=1e-9)


def test_a_variant_keeps_its_name(tmp_path: Path) -> None:
    scenario = load_scenario("us", "high")
    run = Planner(scenario)  # no solve: only the scenario matters here
    assert run.scenario.variants_applied == ("high",)


def test_tables_that_changed_are_refused(tmp_path: Path) -> None:
    root = shipped_root()
    assert root is not None
    shutil.copytree(root, tmp_path / "world")
    own = tmp_path / "world" / "mine.yaml"
    text = (root / "toy.yaml").read_text(encoding="utf-8").replace("shipped:", "")
    own.write_text(text, encoding="utf-8")
    run = solve_scenario(load_scenario(own), out=tmp_path / "results")
    assert run.path is not None
    assert reopen(run.path)[1].solution.objective == pytest.approx(run.objective, rel=1e-12)
    chips = load_scenario(own).table_files("compute.chips")[0]
    assert chips.is_relative_to(tmp_path)
    chips.write_text(chips.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(StoreError, match="changed since"):
        reopen(run.path)
    chips.unlink()
    with pytest.raises(StoreError, match="can no longer be read"):
        reopen(run.path)


def test_a_run_without_vectors_and_a_plan_that_is_none_are_refused(tmp_path: Path) -> None:
    run = solve_scenario(load_scenario("toy"), out=tmp_path)
    assert run.path is not None
    file = run.path / "answers.npz"
    with np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    arrays["0/x"] = arrays["0/x"] * 1.01
    np.savez(file, **arrays)
    with pytest.raises(StoreError, match="not certified"):
        reopen(run.path)
    arrays["0/x"] = arrays["0/x"][:-1]
    np.savez(file, **arrays)
    with pytest.raises(StoreError, match="cannot be opened"):
        reopen(run.path)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(StoreError, match="damaged"):
        reopen(run.path)
    file.unlink()
    assert read_answers(run.path) == ()
    assert load_run(run.path).objective == run.objective
    with pytest.raises(StoreError, match="solve the scenario once more"):
        reopen(run.path)
