"""Screening: a rough answer that says how rough it is, and is never taken for a plan."""

from __future__ import annotations

import dataclasses
import multiprocessing as mp
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.expansion_lp import expansion_lp
from optimizer.cli import app
from optimizer.solve import screening
from optimizer.solve.errors import SolveError
from optimizer.solve.screening import TOLERANCE, Screening, screen
from optimizer.solve.session import Session, Solution


def test_it_comes_near_and_says_how_near() -> None:
    world = expansion_lp(regions=2, periods=1, days=1, hours=4)
    rough, exact = screen(world, world.cost), Session(world).solve()
    assert rough.certificate.tolerance == TOLERANCE == 1e-4
    assert rough.objective == pytest.approx(exact.objective, rel=2e-2)
    assert rough.certificate.primal_objective == rough.objective
    assert rough.certificate.passed == (not rough.certificate.faults)
    assert rough.iterations > 0
    assert rough.seconds > 0


def test_it_is_no_solution_and_holds_no_plan() -> None:
    assert not issubclass(Screening, Solution)
    names = {field.name for field in dataclasses.fields(Screening)}
    assert not names & {"x", "y", "z", "row_activity"}


def test_without_a_point_it_is_an_error_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    world = expansion_lp(regions=2, periods=1, days=1, hours=4)
    monkeypatch.setattr(screening, "GRACE_S", 0.0)
    with pytest.raises(SolveError, match="screening left no point") as caught:
        screen(world, world.cost, seconds=0.01)  # over before the process has started
    assert caught.value.reason == "unknown"
    assert not mp.active_children()


def test_the_offset_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = expansion_lp(regions=2, periods=1, days=1, hours=4)
    plain, lifted = (screen(world, world.cost, offset=o) for o in (0.0, 1e3))
    assert lifted.objective - plain.objective == pytest.approx(1e3)
    assert np.isfinite(lifted.certificate.relative_gap)


def test_the_command_says_that_it_is_no_plan_and_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["screen", "toy", "--seconds", "20"])
    assert result.exit_code == 0, result.output
    assert "SCREENING, not a plan" in result.output
    assert "as near as asked" in result.output
    assert "Nothing was stored" in result.output
    assert list(tmp_path.iterdir()) == []
