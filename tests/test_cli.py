"""The command line: light help, one form of error, exit codes, nothing written after a mistake."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from optimizer.cli import app, parse_changes
from optimizer.results.section import Section
from optimizer.results.store import StoreError
from optimizer.scenario.errors import FaultList
from optimizer.solve.errors import SolveError

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("numpy", "pandas", "numba", "pyomo", "highspy", "scipy", "pyarrow", "tsam", "ruamel")

runner = CliRunner()


def run_cli(*args: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "optimizer.cli", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    """Put a module with ``content`` where the command will look for the real one."""
    module = ModuleType(name)
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def scenario(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A scenario that loads at once; what it was loaded with is kept in ``asked``."""
    found = SimpleNamespace(name="toy", warnings=(), asked=[])

    def load_scenario(
        name: str, variant: str | None = None, overrides: dict[str, Any] | None = None
    ) -> SimpleNamespace:
        found.asked.append((name, variant, overrides))
        return found

    def validate_scenario(name: str) -> FaultList:
        found.asked.append((name, "every variant", None))
        return FaultList()

    stand_in(monkeypatch, "optimizer.scenario.load", load_scenario=load_scenario, validate_scenario=validate_scenario)
    return found


# help -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["solve", "--help"],
        ["screen", "--help"],
        ["compare", "--help"],
        ["costs", "--help"],
        ["certify", "--help"],
        ["--version"],
    ],
)
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    code = f"""
import sys
from optimizer.cli import app
try:
    app({args!r})
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "LOADED []" in done.stdout


def test_help_lists_the_commands() -> None:
    result = runner.invoke(app, ["--help"])
    for command in ("validate", "schema", "new", "chips", "costs", "solve", "screen", "compare", "certify"):
        assert re.search(rf"^  {command} ", result.output, flags=re.MULTILINE), f"no command {command}"


# changes --------------------------------------------------------------------------------------------------------------


def test_changes_become_nested_overrides() -> None:
    assert parse_changes(
        [
            "demand.path=high",
            "solver.threads=4",
            "power.co2_cap_mt_per_yr=null",
            "periods.years=[2026, 2028]",
            "a.b=x=y",
        ]
    ) == {
        "demand": {"path": "high"},
        "solver": {"threads": 4},
        "power": {"co2_cap_mt_per_yr": None},
        "periods": {"years": [2026, 2028]},
        "a": {"b": "x=y"},
    }


@pytest.mark.parametrize("changes", [["demand"], ["=3"], ["a..b=1"], ["a=1", "a.b=2"]])
def test_a_change_that_cannot_be_read_is_a_usage_error(changes: list[str], scenario: SimpleNamespace) -> None:
    options = [part for change in changes for part in ("--set", change)]
    result = runner.invoke(app, ["validate", "toy", *options])
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert "--set" in result.output
    assert scenario.asked == []


def test_variant_and_changes_reach_the_loader(scenario: SimpleNamespace) -> None:
    result = runner.invoke(app, ["validate", "a.yaml", "b.yaml", "--variant", "high", "--set", "time.days=2"])
    assert result.exit_code == 0, result.output
    assert scenario.asked == [(name, "high", {"time": {"days": 2}}) for name in ("a.yaml", "b.yaml")]


def test_validate_checks_every_variant_unless_one_is_named(scenario: SimpleNamespace) -> None:
    result = runner.invoke(app, ["validate", "a.yaml"])
    assert result.exit_code == 0, result.output
    assert result.stdout == "a.yaml: valid\n"
    assert scenario.asked == [("a.yaml", "every variant", None)]


# results --------------------------------------------------------------------------------------------------------------


def test_solve_prints_the_sections_and_where_the_run_is_kept(
    scenario: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def solve_scenario(given: object, *, out: Path, via: str, iis: bool, on_progress: Any) -> SimpleNamespace:
        assert given is scenario
        assert (out, via) == (tmp_path, "pyomo")
        on_progress("compile")
        return SimpleNamespace(
            sections=(Section("Plan", ("region", "MW"), (("A", 3.0),)),), path=tmp_path / "toy" / "1"
        )

    stand_in(monkeypatch, "optimizer.results.plan", solve_scenario=solve_scenario)
    result = runner.invoke(app, ["solve", "toy", "--out", str(tmp_path), "--via", "pyomo"])
    assert result.exit_code == 0, result.output
    assert "Plan" in result.stdout
    assert "compile" in result.stderr
    assert "compile" not in result.stdout
    assert f"kept in {tmp_path / 'toy' / '1'}" in result.stderr


def test_compare_loads_both_before_it_solves(scenario: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(
        first: object, second: object, *, out: Path, on_progress: Any, on_section: Any, ladder: bool
    ) -> SimpleNamespace:
        assert ladder
        assert [name for name, _, _ in scenario.asked] == ["us", "china"]
        on_section(Section("Side by side", ("a",), ((1,),)))
        return SimpleNamespace(path=None)

    stand_in(monkeypatch, "optimizer.results.compare", compare=compare)
    result = runner.invoke(app, ["compare", "us", "china", "--quiet"])
    assert result.exit_code == 0, result.output
    assert "Side by side" in result.stdout
    assert result.stderr == ""


# writing scenarios ----------------------------------------------------------------------------------------------------


def test_the_schema_is_json_and_can_go_to_a_file(tmp_path: Path) -> None:
    printed = runner.invoke(app, ["schema"])
    assert printed.exit_code == 0, printed.output
    assert {"extends", "periods", "demand", "variants"} <= set(json.loads(printed.stdout)["properties"])
    file = tmp_path / "scenario.schema.json"
    written = runner.invoke(app, ["schema", "--out", str(file)])
    assert written.exit_code == 0, written.output
    assert written.stdout == ""
    assert file.read_text(encoding="utf-8").strip() == printed.stdout.strip()
    assert runner.invoke(app, ["schema", "--markdown"]).stdout.startswith("#")
    refused = runner.invoke(app, ["schema", "--out", str(file / "below")])
    assert refused.exit_code == 2
    assert "cannot be written" in refused.stderr


def test_a_new_scenario_is_valid_and_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    made = runner.invoke(app, ["new", str(file), "--from", "us"])
    assert made.exit_code == 0, made.output
    checked = runner.invoke(app, ["validate", str(file)])
    assert checked.exit_code == 0, checked.output
    before = file.read_bytes()
    again = runner.invoke(app, ["new", str(file)])
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert file.read_bytes() == before
    unknown = runner.invoke(app, ["new", str(tmp_path / "other.yaml"), "--from", "usa"])
    assert unknown.exit_code == 2
    assert not (tmp_path / "other.yaml").exists()


def test_chips_of_a_shipped_scenario() -> None:
    result = runner.invoke(app, ["chips", "us", "--to", "cn", "--on", "2026-11-23"])
    assert result.exit_code == 0, result.output
    assert "Chips for a private buyer in CN on 2026-11-23" in result.stdout
    assert re.search(r"^ *GB300 .* presumption_of_denial ", result.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize("options", [["--destination", "China"], ["--date", "tomorrow"]])
def test_chips_refuses_what_it_cannot_read(options: list[str]) -> None:
    result = runner.invoke(app, ["chips", "us", *options])
    assert result.exit_code == 2
    assert f"Error: Invalid value: {options[0]} {options[1]}" in result.output


# errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, code",
    [
        (SolveError("infeasible", "no plan keeps all limits"), 3),
        (SolveError("unbounded", "the objective can fall without end"), 3),
        (SolveError("time_limit", "no certified plan in 5 s"), 3),
        (SolveError("not_certified", "no road gave a plan"), 3),
        (SolveError("interrupted", "interrupted during ipx"), 130),
        (StoreError("the run could not be stored"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_end_has_its_exit_code_and_one_message(
    scenario: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int
) -> None:
    def solve_scenario(*_: object, **__: object) -> None:
        raise error

    stand_in(monkeypatch, "optimizer.results.plan", solve_scenario=solve_scenario)
    result = runner.invoke(app, ["solve", "toy", "--out", str(tmp_path / "results")])
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.strip() == f"Error: {str(error) or 'interrupted'}"
    assert list(tmp_path.iterdir()) == []


def test_a_bug_is_not_dressed_up_as_a_mistake_of_the_user(
    scenario: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def solve_scenario(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    stand_in(monkeypatch, "optimizer.results.plan", solve_scenario=solve_scenario)
    result = runner.invoke(app, ["solve", "toy", "--out", str(tmp_path)])
    assert isinstance(result.exception, ZeroDivisionError)


def test_an_unwritable_place_is_refused_before_the_solve(
    scenario: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    solved: list[object] = []
    stand_in(monkeypatch, "optimizer.results.plan", solve_scenario=lambda *a, **k: solved.append(a))
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    result = runner.invoke(app, ["solve", "toy", "--out", str(file)])
    assert result.exit_code == 2
    assert "is a file, not a folder" in result.stderr
    assert solved == []


BAD_INPUTS = {
    "missing": (None, "missing.yaml"),
    "empty": ("", "bad.yaml"),
    "not yaml": ("a: [1, 2", "bad.yaml"),
    "twice": ("name: a\nname: b\n", "bad.yaml"),
    "unknown": ("extends: us.yaml\nname: x\ndemandd: {path: high}\n", "bad.yaml"),
    "wrong type": ("name: x\nperiods: {years: soon}\n", "bad.yaml"),
    "circle": ("extends: bad.yaml\nname: x\n", "bad.yaml"),
}


@pytest.mark.parametrize("command", ["validate", "solve", "compare"])
@pytest.mark.parametrize("case", sorted(BAD_INPUTS))
def test_bad_input_gives_exit_2_no_traceback_and_writes_nothing(tmp_path: Path, case: str, command: str) -> None:
    text, name = BAD_INPUTS[case]
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    old = os.getcwd()
    os.chdir(tmp_path)
    try:
        result = runner.invoke(app, [command, name] if command != "compare" else [command, name, name])
    finally:
        os.chdir(old)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert name in result.stderr
    assert "Traceback" not in result.output
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mistake_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: x\ndemandd: {}\n", encoding="utf-8")
    done = run_cli("solve", "bad.yaml", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "bad.yaml:2" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["bad.yaml"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process are a POSIX thing")
def test_ctrl_c_ends_the_command_cleanly(tmp_path: Path) -> None:
    """A real signal to a real process, while it solves."""
    code = """
import sys, time
from pathlib import Path
from types import ModuleType, SimpleNamespace
load, plan = ModuleType("optimizer.scenario.load"), ModuleType("optimizer.results.plan")
load.load_scenario = lambda *a, **k: SimpleNamespace(name="toy", warnings=())
def solve_scenario(*a, on_progress, **k):
    on_progress("solve")
    Path("started").touch()
    time.sleep(60)
plan.solve_scenario = solve_scenario
sys.modules["optimizer.scenario.load"], sys.modules["optimizer.results.plan"] = load, plan
from optimizer.cli import app
app(["solve", "toy"])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Error: interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert [file.name for file in tmp_path.iterdir()] == ["started"]
