"""The words for a scenario without a plan: period, place, amount, key of the scenario; and what the command does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from optimizer.cli import app
from optimizer.model.formulation import formulation
from optimizer.results.no_plan import NoPlanError, explained
from optimizer.results.planner import Planner
from optimizer.scenario.schema import TABLES, Sections
from optimizer.solve.errors import SolveError
from tests.cases.small_world import SmallWorld
from tests.test_docs import keys


def carbon_world(folder: Path) -> SmallWorld:
    """Oil must run 175.2 GWh a year, 0.15768 Mt, under a cap of 0.1 Mt."""
    world = SmallWorld(folder).set(demand={"workload_list": []}, power={"co2_cap_mt_per_yr": 0.1})
    world.technology("oil", variable_om_per_mwh=80, co2_t_per_mwh=0.9).plant("R", "oil", 100, hist_capacity_factor=0.4)
    return world.add("power.minimum_take", {"country": "x", "technology": "oil", "year": 2028, "share": 0.5})


def test_relief_in_words(tmp_path: Path) -> None:
    # 0.05768 Mt too much at 0.9 t/MWh is 64.09 GWh, 36.6 % of the take; the cap would have to grow by 57.7 %.
    with pytest.raises(NoPlanError) as caught:
        carbon_world(tmp_path).planner().solve()
    error = caught.value
    assert error.reason == "infeasible"
    assert str(error).splitlines() == [
        "no plan keeps all limits. The smallest relief that makes one possible:",
        "  2028: the minimum take of R:oil would have to be 64.09 GWh smaller, 36.6 % of 175.2 "
        "(power.minimum_take, column share)",
    ]
    (section,) = error.sections
    row = dict(zip(section.columns, section.rows[0], strict=True))
    assert (row["period"], row["limit"], row["where"]) == ("2028", "minimum take", "R:oil")
    assert row["parameter"] == "take_gwh"
    assert row["%"] == pytest.approx(36.58, abs=0.01)


def test_a_conflict_on_request(tmp_path: Path) -> None:
    planner = Planner(carbon_world(tmp_path).load(), iis=True)
    with pytest.raises(NoPlanError) as caught:
        planner.solve()
    conflict = caught.value.sections[-1]
    assert "irreducible" in conflict.title
    told = {(row[1], row[2], row[3], row[6]) for row in conflict.rows}
    assert told == {
        ("carbon cap", "x", "at most 0.1 Mt", "power.co2_cap_mt_per_yr"),
        ("minimum take", "R:oil", "at least 175.2 GWh", "power.minimum_take, column share"),
    }


def test_many_lines_are_counted(tmp_path: Path) -> None:
    # Six rivers, each with a must-run above its water.
    world = SmallWorld(tmp_path).set(demand={"workload_list": []})
    for i in range(6):
        world.technology(f"h{i}", profile="hydro", min_output_share=0.5)
        world.plant("R", f"h{i}", 100, hist_capacity_factor=0.2)
    with pytest.raises(NoPlanError) as caught:
        world.planner().solve()
    lines = str(caught.value).splitlines()
    assert lines[5] == "  and 2 more"
    assert lines[6] == "Arithmetic alone rules out:"
    assert len(caught.value.sections[0].rows) == 6
    assert "within reach" in caught.value.sections[1].columns


def test_a_runaway_in_words(tmp_path: Path) -> None:
    case = SmallWorld(tmp_path).planner().case
    case.put("hall_cost", -2.0)
    with pytest.raises(SolveError) as caught:
        case.solve()
    error = explained(caught.value, case)
    assert str(error) == (
        "the objective can fall without end:\n  2028: `hall_built` of R grows without end, at -2 of the objective per "
        "MW; its limit `hall_build_max_mw` holds none (facility.halls, column max_build_mw_it_per_yr; "
        "facility.halls, column lead_time_yr)"
    )
    assert isinstance(error, NoPlanError)
    assert error.sections[0].rows[0][1] == "hall_built"


def test_a_decision_without_a_limit_is_called_so(tmp_path: Path) -> None:
    case = SmallWorld(tmp_path).set(connection={"flexible": {"enabled": False}}).planner().case
    cost = case.lp.cost.copy()
    cost[case.lp.columns["spill"].span] = -1.0
    case.put("output_max_mw", np.inf)
    case.aim(cost)
    with pytest.raises(SolveError) as caught:
        case.solve()
    assert "`spill` of R / snapshot 0 grows without end" in str(explained(caught.value, case))
    assert "`spill_max_mw`" in str(explained(caught.value, case))


def test_other_errors_pass_as_they_are(tmp_path: Path) -> None:
    error = SolveError("time_limit", "no certified plan in 1 s")
    assert explained(error, SmallWorld(tmp_path).planner().case) is error


def test_the_command_ends_with_three_and_says_why(tmp_path: Path) -> None:
    file = carbon_world(tmp_path).write()
    found = CliRunner().invoke(app, ["solve", str(file), "--iis", "-q", "--out", str(tmp_path / "runs")])
    assert found.exit_code == 3
    assert "64.09 GWh smaller" in found.stderr
    assert "what would have to give way" in found.stdout
    assert "irreducible" in found.stdout
    assert not list((tmp_path / "runs").glob("*/*"))


def test_compare_says_why_too(tmp_path: Path) -> None:
    file = carbon_world(tmp_path).set(demand={"workload_list": ["chat"]}).write()
    found = CliRunner().invoke(app, ["compare", str(file), str(file), "-q", "--out", str(tmp_path / "runs")])
    assert found.exit_code == 3
    assert "64.09 GWh smaller" in found.stderr


def test_every_origin_is_a_key_of_the_scenario() -> None:
    settings = set(keys(Sections))
    for param in formulation().params.values():
        for origin in param.origin:
            path, _, column = origin.partition(":")
            if column:
                assert column in {known.name for known in TABLES[path].columns}, origin
            else:
                assert "." in path
                assert path in TABLES or path in settings, origin


def test_every_bound_and_right_hand_side_has_an_origin_or_follows_from_one() -> None:
    """What bounds a decision is stated somewhere, but for bounds at zero or infinity that only say what exists."""
    made = formulation()
    bounds = {name for decision in made.decisions.values() for name in (decision.lower, decision.upper) if name}
    exist_only = {"work_limit", "set_aside_max", "scale_min", "scale_max", "shortfall_max_mw"}
    assert {name for name in bounds if not made.params[name].origin} == exist_only
