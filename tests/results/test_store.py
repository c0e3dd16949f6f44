"""The run folder: whole or absent, readable with pandas and json alone, read lazily."""

from __future__ import annotations

import errno
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.results import store
from optimizer.results.section import Section
from optimizer.results.store import Run, StoreError, check_writable, folder_name, load_run, save_run

ROOT = Path(__file__).resolve().parents[2]


def make_run(name: str = "toy", rows: int = 3) -> Run:
    chips = pd.DataFrame(
        {
            "region": ["A", "B", "A"] * rows,
            "period": [2026, 2026, 2028] * rows,
            "chips_built_kchip": [1.5, 0.0, 2.25] * rows,
        }
    )
    bounds = pd.DataFrame({"corridor": ["A-B"], "upper_mw": [math.inf], "dual_musd_per_mw": [-0.25]})
    return Run(
        name=name,
        title="A toy",
        status="optimal",
        objective=12.5,
        scenario={"name": name, "periods": {"years": [2026, 2028]}},
        scenario_hash="abc",
        tables={"chips_built": chips, "dual_line": bounds},
        certificate={"passed": np.bool_(True), "relative_gap": np.float64(1e-9)},
        statistics={"road": "ipx", "iterations": {"ipm": np.int64(12)}, "never": math.nan, "limit": math.inf},
        timings_s={"compile": 0.1, "solve": 0.2},
        notes=("wind is synthetic, seed 7",),
        summary={"tokens": np.array([1.0, 2.0])},
        sections=(Section("Tokens", ("country", "tokens"), (("A", 1.0), ("B", None)), ("assumed",), {"tokens": 1}),),
    )


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*")) if folder.exists() else []


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    run = save_run(make_run(), tmp_path)
    assert run.path is not None
    assert run.path.parent == tmp_path / "toy"
    again = load_run(run.path)
    pd.testing.assert_frame_equal(again.tables["chips_built"], run.tables["chips_built"])
    pd.testing.assert_frame_equal(again.tables["dual_line"], run.tables["dual_line"])
    assert (again.name, again.status, again.objective, again.scenario_hash) == ("toy", "optimal", 12.5, "abc")
    assert again.scenario == run.scenario
    assert again.sections == run.sections
    assert again.notes == run.notes
    assert again.certificate == {"passed": True, "relative_gap": 1e-9}
    assert again.path == run.path


def test_pandas_and_json_alone_can_read_it(tmp_path: Path) -> None:
    run = save_run(make_run(), tmp_path)
    assert run.path is not None
    table = pd.read_parquet(run.path / "tables" / "chips_built.parquet")
    assert list(table.columns) == ["region", "period", "chips_built_kchip"]
    assert table["period"].dtype == np.int64

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    data = json.loads((run.path / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert data["format"] == 1
    assert data["tables"]["chips_built"] == {"rows": 9, "columns": ["region", "period", "chips_built_kchip"]}
    assert data["statistics"] == {"road": "ipx", "iterations": {"ipm": 12}, "never": None, "limit": "inf"}
    assert data["summary"] == {"tokens": [1.0, 2.0]}
    assert data["timings_s"] == {"compile": 0.1, "solve": 0.2}
    for package in ("python", "highspy", "pyomo", "pandas", "numpy"):
        assert data["versions"][package][0].isdigit()


def test_tables_are_read_at_first_use_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = save_run(make_run(), tmp_path)
    assert run.path is not None
    asked: list[str] = []
    real = pd.read_parquet

    def counted(file: Path, **options: bool) -> pd.DataFrame:
        asked.append(file.name)
        return real(file, **options)

    monkeypatch.setattr(store.pd, "read_parquet", counted)
    tables = load_run(run.path).tables
    assert set(tables) == {"chips_built", "dual_line"}
    assert asked == []
    assert tables["chips_built"] is tables["chips_built"]
    assert asked == ["chips_built.parquet"]


def test_a_mistyped_table_names_the_nearest(tmp_path: Path) -> None:
    run = save_run(make_run(), tmp_path)
    assert run.path is not None
    with pytest.raises(KeyError, match="nearest: chips_built"):
        load_run(run.path).tables["chip_built"]


def test_runs_of_one_second_stand_side_by_side_and_the_newest_is_loaded(tmp_path: Path) -> None:
    paths = [save_run(make_run(), tmp_path).path for _ in range(3)]
    assert len(set(paths)) == 3
    assert all(path is not None and path.is_dir() for path in paths)
    assert load_run(tmp_path / "toy").path == paths[-1]
    assert load_run(paths[0] / "run.json").path == paths[0]


def test_a_name_taken_in_between_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process makes the folder after we looked and before we rename."""
    real = Path.rename
    targets: list[Path] = []

    def overtaken(self: Path, target: Path) -> Path:
        targets.append(target)
        if len(targets) == 1:
            target.mkdir()
            (target / "theirs").write_text("x", encoding="utf-8")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    run = save_run(make_run(), tmp_path)
    assert [target.name for target in targets][1:] == [f"{targets[0].name}-02"]
    assert run.path == targets[1]
    assert [file.name for file in targets[0].iterdir()] == ["theirs"]


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), RuntimeError("boom")]
)
def test_a_failure_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    real = pd.DataFrame.to_parquet

    def second_fails(self: pd.DataFrame, path: Path, **options: object) -> None:
        if path.stem == "dual_line":
            path.write_bytes(b"half")
            raise failure
        real(self, path, **options)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", second_fails)
    expected = StoreError if isinstance(failure, OSError) else type(failure)
    with pytest.raises(expected) as caught:
        save_run(make_run(), tmp_path / "new" / "results")
    assert leftovers(tmp_path) == []
    if isinstance(failure, OSError):
        assert "No space left on device" in str(caught.value)
        assert "nothing was left behind" in str(caught.value)


def test_a_failure_keeps_earlier_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = save_run(make_run(), tmp_path)
    assert first.path is not None
    before = sorted(leftovers(tmp_path))

    def fails(self: pd.DataFrame, path: Path, **options: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fails)
    with pytest.raises(StoreError, match="Input/output error"):
        save_run(make_run(), tmp_path)
    assert sorted(leftovers(tmp_path)) == before


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are a POSIX thing")
def test_a_file_system_that_really_refuses(tmp_path: Path) -> None:
    """No patching: the kernel refuses to let a file grow past 2 kB."""
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_store import make_run, save_run, StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = make_run(rows=5000)
run.tables["chips_built"]["chips_built_kchip"] = [i ** 0.5 for i in range(15000)]
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    save_run(run, {str(tmp_path / "results")!r})
except StoreError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert "could not be stored" in done.stdout, done.stderr
    assert leftovers(tmp_path) == []


def test_a_place_that_cannot_hold_results_is_refused_before_the_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    check_writable(tmp_path / "not" / "yet" / "there")
    assert not (tmp_path / "not").exists()
    with pytest.raises(StoreError, match="is a file, not a folder"):
        check_writable(file / "results")
    with pytest.raises(StoreError, match="could not be stored"):
        save_run(make_run(), file / "results")
    assert file.read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    "name, folder",
    [
        ("us", "us"),
        ("China 2030 (high)", "China-2030-high"),
        ("../../etc", "etc"),
        ("con", "con-run"),
        ("NUL.txt", "NUL.txt-run"),
        ("///", "run"),
        ("x" * 300, "x" * 80),
    ],
)
def test_names_become_safe_folders(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_a_name_cannot_leave_the_root(tmp_path: Path) -> None:
    run = save_run(make_run(name="../../evil"), tmp_path / "results")
    assert run.path is not None
    assert (tmp_path / "results") in run.path.parents


def test_what_is_no_run_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run in"):
        load_run(tmp_path)
    run = save_run(make_run(), tmp_path)
    assert run.path is not None
    file = run.path / "run.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(data | {"format": 99}), encoding="utf-8")
    with pytest.raises(StoreError, match="format 99"):
        load_run(run.path)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be read as a run"):
        load_run(run.path)


def test_names_of_tables_are_plain_words(tmp_path: Path) -> None:
    bad = Run("toy", "optimal", 0.0, {}, "", {"../x": pd.DataFrame()})
    with pytest.raises(ValueError, match="names of tables"):
        save_run(bad, tmp_path)
    assert leftovers(tmp_path) == []


def test_a_section_checks_its_shape_and_makes_missing_none() -> None:
    with pytest.raises(ValueError, match="1 values for 2 columns"):
        Section("t", ("a", "b"), ((1,),))
    with pytest.raises(ValueError, match="unknown columns"):
        Section("t", ("a",), ((1,),), digits={"b": 1})
    section = Section.from_frame("t", pd.DataFrame({"a": ["x", None], "b": [1.5, np.nan]}))
    assert section.rows == (("x", 1.5), (None, None))
    assert Section.from_dict(json.loads(json.dumps(section.as_dict()))) == section
