"""The run folder: ``<root>/<scenario name>/<UTC stamp>/`` with ``run.json``, one Parquet file a table, ``answers.npz``.

A run appears whole or not at all: it is written to a temporary sibling and renamed. Nothing but pandas is needed to
read a table (``pandas.read_parquet("results/us/20261125T103000Z/tables/chips_built.parquet")``), and nothing but a JSON
reader for the rest.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimizer.results.answer import Answer, read_answers, write_answers
from optimizer.results.section import Section

FORMAT = 1
_PACKAGES = ("compute-grid-optimizer", "highspy", "numba", "numpy", "pandas", "pyarrow", "pyomo", "scipy", "tsam")
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WINDOWS_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


class StoreError(Exception):
    """A run could not be written or read. The message says where and why, in one sentence for the user."""


@dataclass(frozen=True)
class Run:
    """One finished solve. ``tables`` maps a name to a pandas table; read from disk, each loads at its first use."""

    name: str  # of the scenario
    status: str
    objective: float  # MUSD for least_cost; the unit of another goal stands in summary
    scenario: Mapping[str, Any]  # resolved: every default and override filled in
    scenario_hash: str
    tables: Mapping[str, pd.DataFrame]
    title: str = ""
    created: str = ""  # UTC, ISO 8601; filled in by save_run
    certificate: Mapping[str, Any] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)  # of the solver: road, seconds, iterations ...
    timings_s: Mapping[str, float] = field(default_factory=dict)  # stage -> seconds
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # labelled assumptions and warnings that a reader must see
    summary: Mapping[str, Any] = field(default_factory=dict)  # headline numbers, units in the keys
    sections: tuple[Section, ...] = ()  # what the terminal shows
    source: Mapping[str, Any] = field(default_factory=dict)  # file and variants that the scenario was loaded from
    answers: tuple[Answer, ...] = ()  # the plan as vectors, for `reopen`
    path: Path | None = None  # the run folder, once stored


class StoredTables(Mapping[str, pd.DataFrame]):
    """The tables of a run folder, read at first use and kept."""

    def __init__(self, folder: Path) -> None:
        self._files = {file.stem: file for file in sorted(folder.glob("*.parquet"))}
        self._loaded: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._loaded:
            if name not in self._files:
                near = get_close_matches(name, self._files, n=3)
                raise KeyError(f"no table '{name}'; {'nearest: ' + ', '.join(near) if near else 'see list(tables)'}")
            # one thread, no read-ahead: Arrow's pools sometimes abort the process when Python ends (arrow issue 34314)
            self._loaded[name] = pd.read_parquet(self._files[name], use_threads=False, pre_buffer=False)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"StoredTables({', '.join(self._files)})"


def package_versions() -> dict[str, str]:
    """Version of Python, of the platform and of every package that can change a result."""
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # this project itself, used from a checkout that was never installed
            versions[package] = "not installed"
    return versions


def check_writable(root: str | Path) -> None:
    """Raise StoreError now if nothing could be written below ``root`` later; creates nothing."""
    place = Path(root).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise StoreError(f"results cannot be stored in {root}: {place} is a file, not a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise StoreError(f"results cannot be stored in {root}: no permission to write in {place}")


def save_run(run: Run, root: str | Path = "results", csv: bool = False) -> Run:
    """Write ``run`` to ``<root>/<name>/<stamp>`` and return it with ``path``, ``created`` and ``versions`` filled in.

    With ``csv`` every table is written a second time as CSV, in a folder of its own, for a reader without Parquet.
    Raises StoreError when the disk is full or the place cannot be written; then nothing of the run is left behind.
    """
    unfit = [name for name in run.tables if not _TABLE_NAME.fullmatch(name)]
    if unfit:
        raise ValueError(f"names of tables must be lower case words joined by underscores, not {unfit}")
    now = datetime.now(UTC)
    run = dataclasses.replace(
        run,
        created=run.created or now.isoformat(timespec="seconds"),
        versions=run.versions or package_versions(),
    )
    parent = Path(root).absolute() / folder_name(run.name)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]  # innermost first
    temporary = parent / f".{stamp}-{os.getpid()}-{secrets.token_hex(4)}.partial"
    try:
        (temporary / "tables").mkdir(parents=True)
        for name, table in run.tables.items():
            table.to_parquet(temporary / "tables" / f"{name}.parquet", index=False, compression="zstd")
        if csv:
            (temporary / "csv").mkdir()
            for name, table in run.tables.items():
                table.to_csv(temporary / "csv" / f"{name}.csv", index=False)
        if run.answers:
            write_answers(temporary, run.answers)
        text = json.dumps(_as_json(run), indent=2, ensure_ascii=False, allow_nan=False)
        (temporary / "run.json").write_text(text + "\n", encoding="utf-8")
        path = _rename(temporary, parent, stamp)
    except BaseException as error:
        _remove(temporary, made)
        if isinstance(error, OSError):
            left = f"; remove what is left: {temporary}" if temporary.exists() else "; nothing was left behind"
            reason = error.strerror or str(error)
            raise StoreError(f"the run could not be stored in {parent}: {reason}{left}") from error
        raise
    return dataclasses.replace(run, path=path)


def load_run(path: str | Path) -> Run:
    """Read a run folder, its ``run.json``, or the newest run of a scenario's folder (``results/us``).

    Tables are read lazily: ``load_run(path).tables["chips_built"]``. Raises StoreError if there is no readable run.
    """
    given = Path(path)
    folder = given.parent if given.name == "run.json" else given
    if not (folder / "run.json").is_file():
        runs = sorted(file.parent for file in folder.glob("[!.]*/run.json"))
        if not runs:
            raise StoreError(f"no run in {given}: a run is a folder with run.json, as 'compute-grid solve' writes it")
        folder = runs[-1]
    file = folder / "run.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise StoreError(f"{file} has format {data['format']}, this version reads format {FORMAT}")
        names = {item.name for item in dataclasses.fields(Run)} - {
            "tables",
            "sections",
            "notes",
            "path",
            "source",
            "answers",
        }
        return Run(
            **{name: data[name] for name in sorted(names)},
            notes=tuple(data["notes"]),
            sections=tuple(Section.from_dict(section) for section in data["sections"]),
            tables=StoredTables(folder / "tables"),
            source=data.get("source", {}),
            answers=read_answers(folder),
            path=folder,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file} cannot be read as a run: {type(error).__name__}: {error}") from error


def folder_name(name: str) -> str:
    """A name that every file system takes as one folder: letters, digits, dot, dash and underscore."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "run"
    return f"{safe}-run" if safe.split(".")[0].lower() in _WINDOWS_RESERVED else safe


def _as_json(run: Run) -> dict[str, Any]:
    """What run.json holds: everything but the tables themselves, which are listed with their size and columns."""
    fields = {item.name: getattr(run, item.name) for item in dataclasses.fields(Run)}
    del fields["tables"], fields["path"], fields["answers"]
    fields["sections"] = [section.as_dict() for section in run.sections]
    tables = {
        name: {"rows": len(table), "columns": [str(column) for column in table.columns]}
        for name, table in run.tables.items()
    }
    return _plain({"format": FORMAT, **fields, "tables": tables})


def _plain(value: Any) -> Any:
    """Make a value strict JSON: arrays become lists, not-a-number becomes null, infinities and dates become text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _rename(temporary: Path, parent: Path, stamp: str) -> Path:
    """Rename to ``parent/stamp``, or ``stamp-02`` ... when runs end within the same second (no system replaces one)."""
    for attempt in range(1, 100):
        target = parent / (stamp if attempt == 1 else f"{stamp}-{attempt:02d}")
        if target.exists():
            continue
        try:
            return temporary.rename(target)
        except OSError:
            if not target.exists():  # a real failure; otherwise another process took the name in between
                raise
    raise FileExistsError(f"a hundred runs with the stamp {stamp} exist already")


def _remove(temporary: Path, made: list[Path]) -> None:
    """Take away a half-written run and the folders that were made for it, as far as they are empty."""
    shutil.rmtree(temporary, ignore_errors=True)
    for folder in made:
        try:
            folder.rmdir()
        except OSError:
            return
