"""docs/extend.md is a recipe: its blocks go into a copy of the package as they stand, and the result is solved.

The copy runs in a process of its own, so the package under test stays as it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
LISTS = {"optimizer/model/formulation.py", "optimizer/instance/build.py", "optimizer/scenario/schema/__init__.py"}

# Appended to the document's own run block: what it made, as data.
REPORT = """
import json
from pathlib import Path

from optimizer.scenario.reference import markdown

free = optimizer.solve(optimizer.load_scenario("toy", overrides={"demand.path": "high"}))
drought = optimizer.solve(optimizer.load_scenario("dry/dry.yaml", variant="drought"))
Path("report.json").write_text(json.dumps({
    "home": optimizer.__file__,
    "bought": run.tables["water_bought"].to_dict("list"),
    "dual": run.tables["dual_water_within_grant"].to_dict("list"),
    "reduced": run.tables["reduced_cost_water_bought"].to_dict("list"),
    "bill": dict(zip(*run.tables["summary_bill"].to_dict("list").values())),
    "catalogue": run.tables["catalogue"].query("room == 'water'").to_dict("list"),
    "notes": list(run.notes),
    "objectives": [free.objective, run.objective, drought.objective],
    "by_pyomo": optimizer.solve(optimizer.load_scenario("dry/dry.yaml"), via="pyomo").objective,
    "told": [heading in markdown() for heading in ("## water", "### water.grants")],
    "resolved": run.scenario["water"],
}, default=str))
"""


def blocks(language: str) -> dict[str, str]:
    """File -> text of every fenced block of a language; the file stands in the block's first line."""
    found = {}
    for text in re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.DOTALL | re.MULTILINE):
        first, rest = text.split("\n", 1)
        name = first.removeprefix("# ").removeprefix("--- ")
        assert re.fullmatch(r"[\w./]+", name), f"a block of docs/extend.md does not name its file: {first!r}"
        found[name] = rest
    return found


def insert(file: Path, diff: str) -> None:
    """Put each run of lines with `+` below the line shown above it, which must stand in the file exactly once."""
    lines = file.read_text(encoding="utf-8").split("\n")
    at = None
    for line in diff.rstrip("\n").split("\n"):
        mark, text = line[0], line[1:]
        if mark == "+":
            assert at is not None
            lines.insert(at, text)
            at += 1
        else:
            assert lines.count(text) == 1, f"{file.name}: {text!r} stands there {lines.count(text)} times"
            at = lines.index(text) + 1
    file.write_text("\n".join(lines), encoding="utf-8")


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), str(ROOT)])  # the copy first; kernels come from the checkout
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with everything that the document adds, and nothing else."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "optimizer", folder / "optimizer", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "toy.yaml", folder / "scenarios" / "toy.yaml")
    shutil.copytree(ROOT / "scenarios" / "data" / "toy", folder / "scenarios" / "data" / "toy")
    for language in ("python", "csv", "yaml"):
        for name, text in blocks(language).items():
            file = folder / name
            assert not file.exists(), f"{name} exists already: the document says that it is new"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for name, diff in blocks("diff").items():
        insert(folder / name, diff)
    return folder


@pytest.fixture(scope="module")
def report(extended: Path) -> dict:
    script = extended / "dry" / "run.py"
    checked = extended / "check.py"
    checked.write_text(script.read_text(encoding="utf-8") + REPORT, encoding="utf-8")
    done = run_in(extended, "check.py")
    assert done.returncode == 0, done.stderr
    found = json.loads((extended / "report.json").read_text(encoding="utf-8"))
    assert Path(found["home"]).is_relative_to(extended)
    return found


def column(table: dict, name: str, **index: object) -> float:
    """The one value of a column where index columns have the given values."""
    rows = [i for i in range(len(table[name])) if all(table[key][i] == value for key, value in index.items())]
    assert len(rows) == 1
    return table[name][rows[0]]


def test_only_lists_of_contents_are_edited() -> None:
    assert set(blocks("diff")) == LISTS
    new = {name for name in blocks("python") if name.startswith("optimizer/")}
    assert new == {"optimizer/model/water.py", "optimizer/scenario/schema/water.py", "optimizer/instance/water.py"}


def test_the_limit_binds_and_has_a_price(report: dict) -> None:
    here = {"host": "C", "period": 2028}
    table = report["dual"]
    assert column(table, "upper_ml", **here) == pytest.approx(60.0)
    assert column(table, "activity_ml", **here) == pytest.approx(60.0)
    assert column(table, "dual_musd_per_ml", **here) < -1e-6
    assert table["host"] == ["C", "C"], "only the region with a row has a limit"


def test_what_is_on_offer_is_bought_while_it_pays(report: dict) -> None:
    here = {"host": "C", "period": 2028}
    assert column(report["bought"], "water_bought_ml_per_yr", **here) == pytest.approx(20.0)
    assert sum(report["bought"]["water_bought_ml_per_yr"]) <= 40.0 + 1e-6
    rent = column(report["reduced"], "reduced_cost_musd_per_ml_per_yr", **here)
    price = -column(report["dual"], "dual_musd_per_ml", **here)
    discount = sum(1.05 ** -(year + 0.5 - 2026) for year in (2028, 2029))
    assert price == pytest.approx(discount * 1.5e-3 - rent, rel=1e-6)  # worth = price of water + rent of the cap


def test_the_bill_and_the_catalogue_know_it(report: dict) -> None:
    discount = [sum(1.05 ** -(year + 0.5 - 2026) for year in (first, first + 1)) for first in (2026, 2028)]
    bought = [column(report["bought"], "water_bought_ml_per_yr", host="C", period=p) for p in (2026, 2028)]
    assert report["bill"]["water"] == pytest.approx(sum(d * 1.5e-3 * b for d, b in zip(discount, bought, strict=True)))
    assert set(report["catalogue"]["family"]) == {"cooling water"}
    assert set(report["catalogue"]["table"]) == {"water_bought", "dual_water_within_grant", "reduced_cost_water_bought"}
    assert any("cooling water" in note for note in report["notes"])
    assert report["resolved"]["grant_factor"] == 1.0


def test_less_water_costs_more(report: dict) -> None:
    free, dry, drought = report["objectives"]
    assert free < dry < drought


def test_a_mistake_in_the_new_table_is_told_like_any_other(extended: Path) -> None:
    bad = extended / "dry" / "bad.csv"
    bad.write_text((extended / "dry" / "grants.csv").read_text(encoding="utf-8").replace("C,1800,60", "D,18,-60"))
    (extended / "dry" / "bad.yaml").write_text("extends: toy\nname: bad\nwater: {grants: bad.csv, grant_facter: 2}\n")
    done = run_in(extended, "-m", "optimizer.cli", "validate", "dry/bad.yaml")
    assert done.returncode == 2
    assert "did you mean 'grant_factor'?" in done.stderr
    assert "water.grants.grant_ml_per_yr" in done.stderr
    assert "water.grants.region" in done.stderr


def test_both_roads_agree_and_the_reference_holds_the_section(report: dict) -> None:
    assert report["by_pyomo"] == pytest.approx(report["objectives"][1], rel=1e-9)
    assert report["told"] == [True, True]
