"""Checks of a table that look at more than one cell of a row, or at another table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from optimizer.scenario.tables import FaultRows

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.scenario.table_checks import Tables


@dataclass
class JoinedRows:
    """Rows of one table over all its files, before rows of other places leave it."""

    frame: pd.DataFrame
    files: np.ndarray
    lines: np.ndarray

    def places(self, rows: np.ndarray) -> list[tuple[Path, int]]:
        return [(Path(file), int(line)) for file, line in zip(self.files[rows], self.lines[rows], strict=True)]


def _line_ends_differ(tables: Tables, joined: JoinedRows, reports: FaultRows) -> None:
    frame = joined.frame
    bad = ((frame["from"] == frame["to"]) & (frame["status"] != "collection")).to_numpy(dtype=bool)
    found = frame.loc[bad, "from"].astype(object)
    reports.add("to", "a line to itself must have status collection", joined.places(bad), found, "another region")


def _technology_known(tables: Tables, joined: JoinedRows, reports: FaultRows) -> None:
    """A technology is declared by country: a Chinese plant needs a Chinese row."""
    frame = joined.frame
    country = frame["country"].astype(object) if "country" in frame else None
    if country is None:
        regions = tables.every_row("regions.table").frame
        country = frame["region"].map(dict(zip(regions["region"], regions["country"], strict=True))).astype(object)
    technologies = tables.every_row("power.technologies").frame
    declared = set(zip(technologies["country"], technologies["technology"], strict=True))
    anywhere = set(technologies["technology"])
    pairs = list(zip(country, frame["technology"], strict=True))
    bad = np.array([pair not in declared and pair[1] in anywhere and pair[0] == pair[0] for pair in pairs], dtype=bool)
    for place, (who, what) in zip(joined.places(bad), [p for p, b in zip(pairs, bad, strict=True) if b], strict=True):
        own = [name for owner, name in sorted(declared) if owner == who]
        reports.add("technology", f"country {who!r} declares no such technology", [place], [what], names=own)


def _twelve_months(tables: Tables, joined: JoinedRows, reports: FaultRows) -> None:
    counts = joined.frame.groupby("region", sort=False)["month"].nunique()
    for region, count in counts[counts != 12].items():
        first = np.zeros(len(joined.frame), dtype=bool)
        first[int(np.argmax((joined.frame["region"] == region).to_numpy()))] = True
        reports.add("month", f"region {region} needs 12 months", joined.places(first), [f"{count} months"], "1 to 12")


ROW_CHECKS: dict[str, Callable[[Tables, JoinedRows, FaultRows], None]] = {
    "line_ends_differ": _line_ends_differ,
    "technology_known": _technology_known,
    "twelve_months": _twelve_months,
}
