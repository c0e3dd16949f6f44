"""Alternatives worked out by hand: twins are interchangeable, an only site is a must-have, bills keep their slack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from optimizer.cli import app
from optimizer.results.alternatives import FREE, MUST, PARTLY, Alternatives, alternatives
from optimizer.results.plan import solve_scenario
from optimizer.results.planner import Planner
from optimizer.results.store import load_run
from optimizer.scenario.load import load_scenario
from optimizer.solve.errors import SolveError
from tests.cases.small_world import SmallWorld


def twins(folder: Path) -> SmallWorld:
    """R and its twin E: power, connection and users alike in both; 4 kchip, so 4 MW of IT, are asked for."""
    world = SmallWorld(folder).region("E").plant("E", "gas", 1000)
    return world.add("demand.latency", {"market": "M", "site": "E", "rtt_ms": 10})


def ask(world: SmallWorld, slack: float, plans: int = 2, sites: int = 2) -> Alternatives:
    planner = world.planner()
    return alternatives(planner, planner.solve(), slack, plans, sites)


def words(made: Alternatives) -> dict[str, str]:
    return dict(zip(made.sites["host"], made.sites["word"], strict=True))


def test_twins_are_interchangeable(tmp_path: Path) -> None:
    made = ask(twins(tmp_path), 0.01)
    chosen = made.sites.iloc[0]
    assert chosen["word"] == FREE
    assert chosen["least_mw"] == pytest.approx(0.0, abs=1e-6)
    assert chosen["most_mw"] >= 4.0 - 1e-6
    assert made.moved[1] == pytest.approx(1.0, abs=1e-6), "the second plan stands in the other twin altogether"
    assert made.plans.iloc[:, 1].sum() >= 3.9


def test_an_only_site_is_a_must_have(tmp_path: Path) -> None:
    made = ask(SmallWorld(tmp_path), 0.01, sites=1)
    assert words(made) == {"R": MUST}
    assert made.sites.at[0, "optimum_mw"] == pytest.approx(4.0)
    assert made.moved[1] < 0.1


def test_a_dear_twin_takes_over_as_far_as_the_slack_pays(tmp_path: Path) -> None:
    """A MWh costs 30 USD in R and 80 in E: to move 4 MW of IT at a PUE of 1.25 costs 5 x 8760 x 50 = 2.19 MUSD."""
    world = twins(tmp_path).technology("dear", variable_om_per_mwh=80)
    world.edit("power.plants", {"region": "E"}, technology="dear")
    planner = world.planner()
    plan = planner.solve()
    whole = 5 * 8760 * 50e-6
    bill = plan.solution.objective
    made = alternatives(planner, plan, 0.25 * whole / bill, plans=1, sites=1)
    assert made.sites.at[0, "host"] == "R"
    assert made.sites.at[0, "least_mw"] == pytest.approx(3.0, rel=1e-3)
    assert made.sites.at[0, "word"] == MUST
    wider = alternatives(planner, plan, 0.75 * whole / bill, plans=1, sites=1)
    assert wider.sites.at[0, "least_mw"] == pytest.approx(1.0, rel=1e-3)
    assert wider.sites.at[0, "word"] == PARTLY


def test_bills_keep_their_slack_and_none_is_the_optimum() -> None:
    planner = Planner(load_scenario("toy", variant="high"))
    plan = planner.solve()
    for slack in (0.0, 0.02, 0.1):
        made = alternatives(planner, plan, slack, plans=3, sites=3)
        assert made.bills[0] == pytest.approx(plan.solution.objective, rel=1e-9)
        assert max(made.bills) <= plan.solution.objective * (1.0 + slack) * (1.0 + 1e-6)
        assert (made.sites["least_mw"] <= made.sites["optimum_mw"] + 1e-3).all()
        assert (made.sites["most_mw"] >= made.sites["optimum_mw"] - 1e-3).all()
        assert ((np.asarray(made.moved) >= 0.0) & (np.asarray(made.moved) <= 1.0)).all()


def test_more_slack_gives_wider_ranges() -> None:
    planner = Planner(load_scenario("toy", variant="high"))
    plan = planner.solve()
    narrow, wide = (alternatives(planner, plan, slack, plans=0, sites=3).sites for slack in (0.005, 0.05))
    assert (wide["most_mw"] >= narrow["most_mw"] - 1e-3).all()
    assert (wide["least_mw"] <= narrow["least_mw"] + 1e-3).all()
    assert (wide["most_mw"] - wide["least_mw"]).sum() > (narrow["most_mw"] - narrow["least_mw"]).sum()


def test_the_command_reads_a_share_as_people_write_it(tmp_path: Path) -> None:
    run = solve_scenario(load_scenario("toy"), out=tmp_path / "runs")
    assert run.path is not None
    options = ["--plans", "1", "--sites", "1", "--out", str(tmp_path / "kept"), "--quiet"]
    answer = CliRunner().invoke(app, ["alternatives", str(run.path), "--slack", "5 %", *options])
    assert answer.exit_code == 0, answer.output
    assert "sites at 5.0% above the least bill" in answer.output
    assert "must-haves:" in answer.output
    assert set(load_run(tmp_path / "kept" / "toy-alternatives").tables) == {"sites", "plans"}
    for wrong in ("lots", "-1%", "200%"):
        refused = CliRunner().invoke(app, ["alternatives", str(run.path), f"--slack={wrong}"])
        assert refused.exit_code == 2
        assert "a share from 0 to 1" in refused.output


def test_a_power_system_alone_has_no_site_to_move() -> None:
    planner = Planner(load_scenario("toy", variant="base_year_2024"))
    plan = planner.solve()
    assert plan.value("chips_powered").sum() == 0
    made = alternatives(planner, plan, 0.02, plans=1, sites=2)
    assert (made.plans.to_numpy() == 0).all()
    assert made.moved == (0.0, 0.0)


def test_without_a_host_nothing_can_be_asked(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).set(demand={"workload_list": []})
    world.tables["connection.limits"] = []
    planner = world.planner()
    with pytest.raises(SolveError, match="no region that may host AI"):
        alternatives(planner, planner.solve(), 0.02)


def test_a_slack_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        ask(SmallWorld(tmp_path), -0.1)
