"""The tables of one scenario: joined over their files, checked against each other, cut to the scenario's regions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from optimizer.scenario.columns import Column, TableSpec
from optimizer.scenario.document import Mark, Node, Path_, dotted
from optimizer.scenario.errors import Fault, FaultList, name_list, nearest_name
from optimizer.scenario.row_checks import ROW_CHECKS, JoinedRows
from optimizer.scenario.schema import PROFILE_KEYS, PROFILES, TABLES
from optimizer.scenario.schema.network import ELEMENTS, SERIES, column_of
from optimizer.scenario.series import read_series
from optimizer.scenario.tables import (
    FaultRows,
    ParsedTable,
    empty_frame,
    month_hour_table,
    read_hourly,
    read_table,
)

if TYPE_CHECKING:
    import pandas as pd

SHIPPED_PREFIX = "shipped:"
"""A table path that starts so is looked for beside the scenarios that come with the optimizer."""
SERIES_PREFIX = "network.series."


class Tables:
    """Reads tables on demand, checks each once, and remembers the hash of every file it read."""

    def __init__(self, document: Node, faults: FaultList, shipped_root: Path | None) -> None:
        self.document = document
        self.faults = faults
        self.shipped_root = shipped_root
        self.hashes: dict[str, list[str]] = {}
        self.files: dict[str, list[Path]] = {}
        self._joined: dict[str, JoinedRows] = {}
        self._frames: dict[str, pd.DataFrame] = {}
        self._known: dict[str, list[str]] = {}

    def frame(self, name: str) -> pd.DataFrame:
        """The table's rows for this scenario. KeyError for a name that no room declares."""
        if name not in self._frames:
            if name.startswith("power.profiles."):
                self._frames[name] = self._check_profile(name)
            elif name.startswith(SERIES_PREFIX):
                self._frames[name] = self._check_series(name)
            else:
                self._frames[name] = self._check(name)
        return self._frames[name]

    def names(self) -> list[str]:
        """Every table and profile that this scenario can read, listed or not."""
        ordinary = [name for name in TABLES if name != "power.profiles.monthly"]
        series = [SERIES_PREFIX + key for key in self._mapping("network", "series")]
        return ordinary + series + [f"power.profiles.{country}.{name}" for country, name, _ in self._profiles()]

    def check_all(self) -> None:
        for name in self.names():
            self.frame(name)

    # files ------------------------------------------------------------------------------------------------------

    def resolve(self, written: object, mark: Mark, path: str) -> Path | None:
        """The file behind a table path written in the YAML, or None with a fault added."""
        if not isinstance(written, str):
            return None  # the schema says so already
        root = mark.root
        base = mark.file.parent if mark.file else root
        if written.startswith(SHIPPED_PREFIX):
            written = written.removeprefix(SHIPPED_PREFIX)
            base = root = self.shipped_root
        if base is None or root is None:
            self._fault(mark, path, "there is no folder that this path could be relative to", written)
            return None
        file = (base / written).resolve()
        if not file.is_relative_to(root):
            self._fault(mark, path, "a table must stay under the folder of the scenario file", written, f"under {root}")
            return None
        if not file.is_file():
            siblings = [entry.name for entry in file.parent.glob("*")] if file.parent.is_dir() else []
            near = nearest_name(file.name, siblings)
            shown = str(Path(written).parent / near) if near else None
            self.faults.errors.append(
                Fault("this table does not exist", mark.file, mark.line, path, repr(written), nearest=shown)
            )
            return None
        return file

    def _fault(self, mark: Mark, path: str, message: str, found: str, allowed: str | None = None) -> None:
        self.faults.errors.append(Fault(message, mark.file, mark.line, path, repr(found), allowed))

    def _listed(self, path: Path_) -> list[Path]:
        """Existing files listed under a YAML path; one path and a list of paths are the same."""
        node = self.document.find(path)
        if dotted(path) != dotted(_deepest(self.document, path)) or node.value is None:
            return []
        entries = node.value if isinstance(node.value, list) else [node]
        files = []
        for position, entry in enumerate(entries):
            where = dotted((*path, position)) if isinstance(node.value, list) else dotted(path)
            file = self.resolve(entry.value, entry.mark, where)
            if file is not None:
                files.append(file)
        return files

    # ordinary tables --------------------------------------------------------------------------------------------

    def every_row(self, name: str) -> JoinedRows:
        """Rows of a table before those of other places leave it; read once, not yet checked."""
        if name not in self._joined:
            spec = TABLES[name]
            section, key = name.split(".", 1)
            files = self._listed((section, key))
            self._joined[name] = self._join(name, spec, [read_table(file, spec) for file in files])
        return self._joined[name]

    def _join(self, name: str, spec: TableSpec, parsed: list[ParsedTable]) -> JoinedRows:
        import pandas as pd

        for table in parsed:
            self._take_faults(name, spec.name, table)
        self.hashes[name] = [table.sha256 for table in parsed]
        self.files[name] = [table.file for table in parsed]
        filled = [table for table in parsed if len(table.frame)]
        if not filled:
            return JoinedRows(empty_frame(spec), np.array([], dtype=object), np.zeros(0, dtype=np.int64))
        frame = pd.concat([table.frame for table in filled], ignore_index=True) if len(filled) > 1 else filled[0].frame
        files = np.concatenate([np.full(len(table.frame), str(table.file), dtype=object) for table in filled])
        return JoinedRows(frame, files, np.concatenate([table.lines for table in filled]))

    def _take_faults(self, name: str, spec_name: str, table: ParsedTable) -> None:
        """A profile is read without knowing whose it is; its faults get the full YAML path here."""
        for found, kept in ((table.errors, self.faults.errors), (table.warnings, self.faults.warnings)):
            for fault in found:
                kept.append(replace(fault, path=name + fault.path.removeprefix(spec_name)))

    def _check(self, name: str) -> pd.DataFrame:
        spec = TABLES[name]
        return self._checked_rows(name, spec, self.every_row(name))

    def _checked_rows(self, name: str, spec: TableSpec, joined: JoinedRows) -> pd.DataFrame:
        if not len(joined.frame):
            return joined.frame
        reports = FaultRows(name, self.faults)
        keep = np.ones(len(joined.frame), dtype=bool)
        if name == "regions.table" and self.left_out():
            keep &= ~joined.frame["region"].isin(self.left_out()).to_numpy()
        for column in spec.columns:
            if column.of is not None:
                keep &= self._check_names(column, joined, reports)
            if column.plausible is not None:
                self._check_scale(column, joined, reports)
        self._check_duplicates(spec, joined, reports)
        for low, middle, high in spec.ordered:
            for less, more in ((low, middle), (middle, high)):
                bad = (joined.frame[less] > joined.frame[more]).to_numpy()
                found = [f"{a:g} > {b:g}" for a, b in joined.frame.loc[bad, [less, more]].to_numpy(dtype=float)]
                reports.add(less, f"{less} exceeds {more}", joined.places(bad), found)
        for check in spec.row_checks:
            ROW_CHECKS[check](self, joined, reports)
        return joined.frame if keep.all() else joined.frame[keep].reset_index(drop=True)

    def _check_names(self, column: Column, joined: JoinedRows, reports: FaultRows) -> np.ndarray:
        """Faults for names outside the column's set; returns the rows that belong to this scenario."""
        assert column.of is not None
        known = self.known(column.of)
        values = joined.frame[column.name]
        present = values.notna().to_numpy()
        if not known and present.any():
            self._nothing_lists(column.of)
            return np.ones(len(values), dtype=bool)
        bad = present & ~values.isin(known).to_numpy()
        if column.foreign == "drop":
            keep = ~bad
        else:
            keep = np.ones(len(values), dtype=bool)
            reports.add(
                column.name, f"unknown {column.of}", joined.places(bad), values[bad].astype(object), names=known
            )
        left_out = self.left_out() if column.of == "region" else []
        if left_out:
            keep &= ~values.isin(left_out).to_numpy()
        return keep

    def _check_scale(self, column: Column, joined: JoinedRows, reports: FaultRows) -> None:
        """A value outside the plausible band is most likely in the wrong unit."""
        assert column.plausible is not None
        low, high = column.plausible
        values = joined.frame[column.name].to_numpy(dtype=float)
        if column.is_money and "money" in joined.frame:
            factors = self.money_factors()
            values = values * joined.frame["money"].map(factors).fillna(1.0).to_numpy(dtype=float)
        inside_range = np.isfinite(values) & (values != 0)
        if column.minimum is not None:
            inside_range &= values >= column.minimum
        bad = inside_range & ((values < low) | (values > high))
        if not bad.any():
            return
        scaled = values[bad][0]
        hint = ""
        if low <= scaled * 1000 <= high:
            hint = ": 1000 times too small?"
        elif low <= scaled / 1000 <= high:
            hint = ": 1000 times too large?"
        elif low <= scaled / 100 <= high:
            hint = ": 100 times too large?"
        unit = column.unit.replace("money", "USD")
        reports.add(
            column.name,
            f"this looks like another unit than {column.unit}{hint}",
            joined.places(bad),
            joined.frame[column.name].to_numpy(dtype=float)[bad],
            f"{low:,g} to {high:,g} {unit}".rstrip(" 1") if unit == "1" else f"{low:,g} to {high:,g} {unit}",
        )

    def _check_duplicates(self, spec: TableSpec, joined: JoinedRows, reports: FaultRows) -> None:
        if not spec.key:
            return
        keys = joined.frame[list(spec.key)]
        again = keys.duplicated(keep="first").to_numpy()
        if not again.any():
            return
        found = [", ".join("" if part != part else str(part) for part in row) for row in keys[again].to_numpy(object)]
        firsts = (
            keys.reset_index()
            .merge(keys[again].drop_duplicates(), on=list(spec.key))
            .drop_duplicates(list(spec.key), keep="first")["index"]
        )
        first = joined.places(np.isin(np.arange(len(keys)), firsts.to_numpy()))[0]
        message = f"this row repeats {first[0].name} line {first[1]}"
        if int(again.sum()) > 1:
            message = "these rows repeat earlier ones"
        reports.add(spec.key[0], f"{message} (same {' + '.join(spec.key)})", joined.places(again), found)

    # what is known ----------------------------------------------------------------------------------------------

    def known(self, kind: str) -> list[str]:
        """The members of a set, in the order of the table that lists them; regions include those left out."""
        if kind == "country":
            return list(self._mapping("countries"))
        if kind == "money":
            return list(self._mapping("money", "factors")) or ["USD-2024"]
        if kind not in self._known:
            table, column = _SETS[kind]
            self._known[kind] = _distinct(self.every_row(table).frame, column)
        return self._known[kind]

    def distinct(self, name: str, column: str) -> list[str]:
        """The values of a column in the rows of this scenario, each once."""
        key = f"{name}.{column}"
        if key not in self._known:
            self._known[key] = _distinct(self.frame(name), column)
        return self._known[key]

    def _nothing_lists(self, kind: str) -> None:
        """One fault for a whole set that no table lists, not one for each name; a broken table has its own."""
        table = _SETS[kind][0]
        section, key = table.split(".", 1)
        node = self.document.find((section,))
        if _deepest(self.document, (section, key)) != (section, key):
            mark = node.mark
            fault = Fault(f"other tables name a {kind}, but no table lists any", mark.file, mark.line, table)
            if fault not in self.faults.errors:
                self.faults.errors.append(fault)

    def left_out(self) -> list[str]:
        node = self.document.find(("regions", "leave_out"))
        return [str(entry.value) for entry in node.value] if isinstance(node.value, list) else []

    def money_factors(self) -> dict[str, float]:
        plain = {key: node.value for key, node in self._mapping("money", "factors").items()}
        return {key: float(value) for key, value in plain.items() if isinstance(value, int | float)}

    def _mapping(self, *path: str) -> dict[str, Node]:
        node: Node | None = self.document
        for step in path:
            node = node.child(step) if node else None
        return node.value if node is not None and isinstance(node.value, dict) else {}

    # series -----------------------------------------------------------------------------------------------------

    def _check_series(self, name: str) -> pd.DataFrame:
        """Values by period and snapshot, one column an element; the columns period and snapshot are taken off."""
        import pandas as pd

        key = name.removeprefix(SERIES_PREFIX)
        node = self._mapping("network", "series")[key]
        table, _, column = key.partition(".")
        if column not in SERIES.get(table, ()):
            known = [f"{owner}.{each}" for owner, columns in SERIES.items() for each in columns]
            fault = Fault(
                "no such series", node.mark.file, node.mark.line, "network.series", repr(key), name_list(known)
            )
            self.faults.errors.append(replace(fault, nearest=nearest_name(key, known)))
            return pd.DataFrame()
        file = self.resolve(node.value, node.mark, name)
        if file is None:
            return pd.DataFrame()
        parsed = read_series(file, column_of(table, column))
        self._take_faults(name, f"series of {column}", parsed)
        self.hashes[name], self.files[name] = [parsed.sha256], [file]
        elements = self.every_row(f"network.{table}").frame
        known = [str(each) for each in elements[ELEMENTS[table]]]
        if table == "link_ports":
            known = [f"{link}:{port}" for link, port in zip(known, elements["port"], strict=True)]
        names = set(known)
        for strange in [each for each in parsed.frame.columns[2:] if each not in names][:5]:
            message = f"unknown {ELEMENTS[table]} in the header"
            near = nearest_name(strange, known)
            self.faults.errors.append(Fault(message, file, 1, name, repr(strange), name_list(known), near))
        return parsed.frame

    # profiles ---------------------------------------------------------------------------------------------------

    def _profiles(self) -> list[tuple[str, str, Path_]]:
        """(country, profile name, YAML path) of every profile that the scenario lists."""
        node = self.document.find(("power", "profiles"))
        found: list[tuple[str, str, Path_]] = []
        if not isinstance(node.value, list):
            return found
        for position, entry in enumerate(node.value):
            if not isinstance(entry.value, dict) or "country" not in entry.value:
                continue
            for name in PROFILE_KEYS:
                child = entry.value.get(name)
                if child is not None and child.value is not None:
                    found.append((str(entry.value["country"].value), name, ("power", "profiles", position, name)))
        return found

    def _check_profile(self, name: str) -> pd.DataFrame:
        _, _, country, kind = name.split(".")
        path = next((path for who, what, path in self._profiles() if (who, what) == (country, kind)), None)
        if path is None:
            raise KeyError(f"{country} has no profile {kind!r}")
        shape = str(self.document.find((*path[:-1], "kind")).value)
        files = self._listed(path)
        if kind == "monthly":
            spec = TABLES["power.profiles.monthly"]
        elif (shape, kind) not in PROFILES:
            return empty_frame(TABLES["power.profiles.monthly"])  # the schema says so already
        elif shape == "month_hour":
            spec = month_hour_table(PROFILES[shape, kind])
        else:
            return self._check_hourly(name, country, kind, files)
        return self._checked_rows(name, spec, self._join(name, spec, [read_table(file, spec) for file in files]))

    def _check_hourly(self, name: str, country: str, kind: str, files: list[Path]) -> pd.DataFrame:
        import pandas as pd

        frames = []
        parsed = [read_hourly(file, PROFILES["hourly", kind]) for file in files]
        known = self.known("region")
        for table in parsed:
            self._take_faults(name, f"profile of {kind}", table)
            frames.append(table.frame.set_index("hour") if "hour" in table.frame else table.frame)
            for region in (column for column in table.frame.columns[1:] if column not in known):
                self.faults.errors.append(
                    Fault(
                        "unknown region in the header",
                        table.file,
                        1,
                        f"{name}.{region}",
                        repr(region),
                        name_list(known),
                        nearest_name(region, known),
                    )
                )
        self.hashes[name] = [table.sha256 for table in parsed]
        self.files[name] = [table.file for table in parsed]
        if not frames:
            return pd.DataFrame()
        joined = pd.concat(frames, axis=1) if len(frames) > 1 else frames[0]
        if kind == "load":
            self._check_load_columns(name, country, list(joined.columns), parsed[0].file)
        kept = [column for column in joined.columns if column in known and column not in self.left_out()]
        return joined[kept]

    def _check_load_columns(self, name: str, country: str, columns: list[str], file: Path) -> None:
        regions = self.every_row("regions.table").frame
        own = regions.loc[(regions["country"] == country) & regions["grid"].astype(bool), "region"]
        missing = [region for region in own if region not in columns and region not in self.left_out()]
        if missing:
            self.faults.errors.append(
                Fault(f"no load for {name_list(missing)}", file, 1, name, nearest=nearest_name(missing[0], columns))
            )


def _distinct(frame: pd.DataFrame, column: str) -> list[str]:
    return [str(value) for value in frame[column].dropna().unique()]


def _deepest(document: Node, path: Path_) -> Path_:
    """The part of `path` that exists."""
    here = document
    for position, step in enumerate(path):
        child = here.child(step)
        if child is None:
            return path[:position]
        here = child
    return path


_SETS = {
    "region": ("regions.table", "region"),
    "technology": ("power.technologies", "technology"),
    "fuel": ("power.technologies", "fuel"),
    "chip": ("compute.chips", "chip"),
    "market": ("demand.markets", "market"),
    "group": ("demand.markets", "group"),
    "workload": ("demand.workloads", "workload"),
    "corridor": ("transmission.corridors", "corridor"),
    "joint_cap": ("transmission.joint_caps", "joint_cap"),
    "zone": ("reserve.zones", "zone"),
    "link": ("network.links", "link"),
    "limit": ("network.limits", "limit"),
}
