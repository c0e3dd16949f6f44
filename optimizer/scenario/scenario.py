"""A checked scenario: typed sections, tables read once, origins, a hash of everything that was read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from optimizer.scenario.document import Node
from optimizer.scenario.errors import Fault, FaultList, nearest_name
from optimizer.scenario.provenance import Provenance
from optimizer.scenario.schema import PROFILE_KEYS, TABLES, Sections
from optimizer.scenario.table_checks import SERIES_PREFIX, SHIPPED_PREFIX, Tables

if TYPE_CHECKING:
    import pandas as pd


class Scenario(Sections):
    """What `load_scenario` returns. Sections are attributes (`scenario.power.voll_usd_per_mwh`), all read-only."""

    _document: Node = PrivateAttr()
    _tables: Tables = PrivateAttr()
    _variants: tuple[str, ...] = PrivateAttr(default=())
    _applied: tuple[str, ...] = PrivateAttr(default=())
    _faults: FaultList = PrivateAttr()
    _rules_path: Path | None = PrivateAttr(default=None)
    _rules_sha256: str = PrivateAttr(default="")

    def attach(
        self, document: Node, tables: Tables, variants: tuple[str, ...], applied: tuple[str, ...], faults: FaultList
    ) -> None:
        """Called once by the loader: where the sections came from."""
        self._document = document
        self._tables = tables
        self._variants = variants
        self._applied = applied
        self._faults = faults
        if self.export_control.rules is not None:
            node = document.find(("export_control", "rules"))
            self._rules_path = tables.resolve(node.value, node.mark, "export_control.rules")
        if self._rules_path is not None:
            self._rules_sha256 = hashlib.sha256(self._rules_path.read_bytes()).hexdigest()

    @property
    def source_path(self) -> Path:
        """The YAML file that was loaded."""
        assert self._document.mark.file is not None
        return self._document.mark.file

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Variants that the document offers."""
        return self._variants

    @property
    def variant(self) -> str:
        """The variants that were applied, joined by `+`; empty for none."""
        return "+".join(self._applied)

    @property
    def variants_applied(self) -> tuple[str, ...]:
        """The names of the variants that were applied, in order."""
        return self._applied

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Doubtful things that do not stop a run."""
        return tuple(dict.fromkeys(self._faults.warnings))

    @property
    def provenance(self) -> dict[str, Provenance]:
        """Origin of every YAML value that was written with one, by YAML path."""
        return dict(self._document.origins())

    def table(self, name: str) -> pd.DataFrame:
        """Rows of a table for this scenario, joined over its files: `table("power.plants")`.

        Every column of the spec is there, in the units of the file; blank cells are NaN, flags are bool. Rows of
        regions that are left out, and of places that belong to other scenarios, are gone. A table that the scenario
        does not list has no rows. KeyError for an unknown name. `table("power.profiles.us.load")` gives an hourly
        profile with the hour as index and one column a region, or a 12 x 24 profile in long form;
        `table("network.series.units.max_share")` a series with the columns period and snapshot in front.
        """
        name = "regions.table" if name == "regions" else name
        if name not in TABLES and not name.startswith(("power.profiles.", SERIES_PREFIX)):
            raise KeyError(f"no table {name!r}; did you mean {nearest_name(name, TABLES)!r}?")
        return self._tables.frame(name).copy(deep=False)

    def table_files(self, name: str) -> tuple[Path, ...]:
        """The files behind a table."""
        self.table(name)
        return tuple(self._tables.files.get(name, ()))

    def profile_names(self) -> tuple[str, ...]:
        """The profiles that can be read, such as `power.profiles.us.load`."""
        return tuple(name for name in self._tables.names() if name.startswith("power.profiles."))

    def about(self, name: str) -> pd.DataFrame | None:
        """The sidecar `<file>.about.csv` that says where a profile is from, or None."""
        import pandas as pd

        sidecars = [file.with_suffix(".about.csv") for file in self.table_files(name)]
        frames = [pd.read_csv(file) for file in sidecars if file.is_file()]
        return pd.concat(frames, ignore_index=True) if frames else None

    @property
    def rules_path(self) -> Path | None:
        """The YAML file of the export rules, or None where the scenario has none."""
        return self._rules_path

    @property
    def tables(self) -> Tables:
        """The tables themselves, uncopied: for checks. Everybody else asks `table`."""
        return self._tables

    @property
    def hash(self) -> str:
        """SHA-256 of every value and every byte of every table that counts; the same on every machine.

        File names and folders do not enter, nor do title and description.
        """
        digest = hashlib.sha256()
        plain = self.model_dump(mode="json", exclude={"title", "description"})
        for name in TABLES:
            section, key = name.split(".", 1)
            plain.get(section, {}).pop(key, None)
        plain["power"]["profiles"] = [
            {key: None if key in _PROFILE_PATHS else value for key, value in entry.items()}
            for entry in plain["power"]["profiles"]
        ]
        plain["network"]["series"] = sorted(plain["network"]["series"])
        plain["export_control"].pop("rules")
        digest.update(json.dumps(plain, sort_keys=True).encode())
        for name in sorted(self._tables.names()):
            self._tables.frame(name)
            digest.update(json.dumps([name, self._tables.hashes.get(name, [])]).encode())
        digest.update(self._rules_sha256.encode())
        return digest.hexdigest()

    def resolved(self) -> dict[str, Any]:
        """Every value, defaults included, as plain data that can be written to YAML and loaded again.

        Paths of shipped tables are written as `shipped:...`; other paths stay as they were, so such a file belongs
        beside the original.
        """
        plain = self.model_dump(mode="json")
        root = self._tables.shipped_root
        for name in TABLES:
            section, key = name.split(".", 1)
            if key in plain.get(section, {}):
                plain[section][key] = [self._portable(file, root) for file in self.table_files(name)]
        for key in plain["network"]["series"]:
            plain["network"]["series"][key] = self._portable(self.table_files(f"network.series.{key}")[0], root)
        for entry in plain["power"]["profiles"]:
            for key in _PROFILE_PATHS & entry.keys():
                if entry[key] is not None:
                    files = self.table_files(f"power.profiles.{entry['country']}.{key}")
                    entry[key] = self._portable(files[0], root)
        if self.rules_path is not None:
            plain["export_control"]["rules"] = self._portable(self.rules_path, root)
        return plain

    def _portable(self, file: Path, root: Path | None) -> str:
        if root is not None and file.is_relative_to(root):
            return SHIPPED_PREFIX + file.relative_to(root).as_posix()
        folder = self.source_path.parent.resolve()
        return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


_PROFILE_PATHS = set(PROFILE_KEYS)
