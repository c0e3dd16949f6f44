"""MATPOWER cases: a published optimum, a second formulation, and what the format may hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("matpowercaseframes", reason="reads case files")

from optimizer.cli import app
from optimizer.interop.errors import ExchangeError
from optimizer.interop.matpower_case import curve, lower_hull, read_case
from optimizer.interop.matpower_import import import_matpower
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario
from tests.interop.direct_power_flow import cost_per_hour

CASES = Path(__file__).parents[1] / "data" / "matpower"
FIVE, ALL = CASES / "five_buses.m", CASES / "all_kinds.m"


def planned(file: Path, folder: Path, **options: float) -> Plan:
    return Planner(load_scenario(import_matpower(file, folder / "scenario", **options).file)).solve()


def test_the_published_optimum_of_five_buses(tmp_path: Path) -> None:
    plan = planned(FIVE, tmp_path, hours=1.0)
    assert plan.solution.objective * 1e6 == pytest.approx(17_479.9, abs=0.05)
    prices = plan.dual("power_balance")[:, 0, 0] * 1e6
    # the prices that Li and Bo print for this grid: 16.98, 26.38, 30, 39.94 and 10
    assert prices == pytest.approx([16.977, 26.384, 30.0, 39.943, 10.0], abs=2e-3)


@pytest.mark.parametrize("segments", [1, 7, 20])
def test_a_case_of_all_kinds_costs_what_angles_say(segments: int, tmp_path: Path) -> None:
    plan = planned(ALL, tmp_path, hours=1.0, segments=segments)
    constant = 20.0  # of the last generator at zero output; the first must run, so its own is paid by what it must run
    direct = cost_per_hour(read_case(ALL), segments)
    assert plan.solution.objective * 1e6 + constant == pytest.approx(direct, rel=1e-9)


def test_steps_close_in_on_a_curve_that_bends(tmp_path: Path) -> None:
    costs = [cost_per_hour(read_case(ALL), segments) for segments in (1, 4, 16, 64)]
    assert np.all(np.diff(costs) <= 1e-9)
    # a chord is too dear by at most c2 (step / 2)^2: 185 MW in 64 steps at 0.11, 60 MW at 0.02
    assert costs[2] - costs[3] <= 0.11 * (185 / 32) ** 2 + 0.02 * (60 / 32) ** 2


def test_what_is_switched_off_or_isolated_stays_behind() -> None:
    case = read_case(ALL)
    assert list(case.bus[:, 0]) == [10, 20, 30, 50]
    assert list(case.gen[:, 0]) == [10, 20, 30, 50]
    assert len(case.branch) == 5
    assert len(case.dc) == 1


def test_a_year_of_the_same_hour_costs_a_year(tmp_path: Path) -> None:
    hour = planned(FIVE, tmp_path / "hour", hours=1.0).solution.objective
    year = planned(FIVE, tmp_path / "year").solution.objective
    assert year == pytest.approx(8760 * hour)


def test_a_curve_with_a_dent_becomes_its_hull() -> None:
    x, y = np.array([0.0, 1, 2, 3, 4]), np.array([0.0, 3, 4, 5, 9])
    assert lower_hull(x, y) == [0, 3, 4]
    row = np.array([1, 0, 0, 5, *np.column_stack([x, y]).ravel()])
    assert not curve(row, 0.0, 4.0, 20).was_convex


def test_a_dent_and_a_loss_at_no_flow_are_named_and_strict_refuses(tmp_path: Path) -> None:
    text = (
        ALL.read_text()
        .replace("30	900	80	3400", "30	2400	80	3400")
        .replace("0	0	0	0	0	0.04;", "0	0	0	0	1	0.04;")
    )
    file = tmp_path / "dent.m"
    file.write_text(text)
    made = import_matpower(file, tmp_path / "scenario")
    assert [each.what for each in made.left_out] == [
        "cost curves that are not convex",
        "losses of direct-current lines at no flow",
    ]
    with pytest.raises(ExchangeError, match=r"not convex \(gen 2\)"):
        import_matpower(file, tmp_path / "strict", strict=True)
    assert not (tmp_path / "strict").exists()


@pytest.mark.parametrize("limits", ["-360	6", "-6	360", "-6	4"])
def test_limits_on_the_angle_in_one_direction_are_named(limits: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.m"
    file.write_text(ALL.read_text().replace("-6	6", limits))
    made = import_matpower(file, tmp_path / "scenario")
    assert [(each.what, each.names) for each in made.left_out] == [
        ("limits on the angle that differ by direction", ("branch 3",))
    ]
    without = tmp_path / "without.m"
    without.write_text(ALL.read_text().replace("-6	6", "-360	360"))
    plans = [planned(each, tmp_path / each.stem) for each in (file, without)]
    assert plans[0].solution.objective == pytest.approx(plans[1].solution.objective, rel=1e-12)


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("10	20	0	0.05", "10	20	0	0", "branch 1 .* has no reactance"),
        ("10	20	0	0.05", "10	99	0	0.05", "buses that are not there"),
        ("1	200	15;", "1	200	215;", "below their least"),
        ("	50	1	35", "	10	1	35", "two buses of one number"),
        ("2	0	0	2	95", "3	0	0	2	95", "a cost curve of model 3"),
        ("mpc.bus", "mpc.others", "cannot be read as a MATPOWER case"),
    ],
)
def test_bad_cases_get_one_sentence(old: str, new: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.m"
    file.write_text(ALL.read_text().replace(old, new))
    with pytest.raises(ExchangeError, match=said):
        import_matpower(file, tmp_path / "scenario")
    assert not (tmp_path / "scenario").exists()


def test_the_command(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["import", "matpower", str(FIVE), "-o", str(tmp_path / "grid")])
    assert done.exit_code == 0, done.output
    assert "nothing was left out" in done.output
    solved = runner.invoke(app, ["solve", str(tmp_path / "grid" / "scenario.yaml"), "--out", str(tmp_path / "runs")])
    assert solved.exit_code == 0, solved.output
    missing = runner.invoke(app, ["import", "matpower", str(tmp_path / "none.m"), "-o", str(tmp_path / "other")])
    assert missing.exit_code == 2
    assert "there is no case" in missing.output
