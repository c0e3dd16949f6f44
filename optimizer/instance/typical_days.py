"""Which days stand for a year, and into which segments a day is cut.

Days are grouped by what happens in all regions at once (load, wind, sun, temperature where given) with tsam's Ward
clustering, each group inside one season, and stand behind one real day each (the medoid), so that regions keep their
true coincidence. tsam takes seconds to import: it is loaded only here and its answer is kept on disk by content.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.hours import HOURS, MONTH_OF_DAY, Array, hourly

Index = NDArray[np.int64]

# Season of each month by number of typical days: with fewer than four days there are fewer seasons to keep apart.
_SEASONS: dict[int, tuple[int, ...]] = {
    1: (0,) * 12,
    2: (0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0),  # October-March, April-September
    3: (0, 0, 1, 1, 1, 2, 2, 2, 1, 1, 1, 0),  # December-February, June-August, the months between
    4: (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0),  # December-February and on by quarters
}


@dataclass(frozen=True)
class WeatherGroup:
    """Series of one kind that tell days apart.

    name: load, wind, solar ...; values [8760, n] in UTC; importance [n] of each column inside the group (MW, say; None
    for equal); weight of the whole group beside the others.
    """

    name: str
    values: Array
    importance: Array | None = None
    weight: float = 1.0


def feature_columns(groups: Sequence[WeatherGroup]) -> Array:
    """Columns [8760, n] scaled to 0..1 times the root of their importance, so that squared distances add up by weight.

    The squared scales of all columns sum to 1. Constant columns tell nothing and are left out; where nothing varies
    (regions that buy at a tariff alone) one column of zeros says that every day is as good as another.
    """
    columns: list[Array] = []
    scales: list[Array] = []
    for group in groups:
        values = hourly(group.values, group.name)
        importance = np.ones(values.shape[1]) if group.importance is None else np.asarray(group.importance, dtype=float)
        span = np.ptp(values, axis=0)
        kept = (span > 0.0) & (importance > 0.0)
        if group.weight > 0.0 and kept.any():
            columns.append((values[:, kept] - values[:, kept].min(axis=0)) / span[kept])
            scales.append(np.sqrt(group.weight * importance[kept] / importance[kept].sum()))
    if not columns:
        return np.zeros((HOURS, 1))
    scale = np.concatenate(scales)
    return np.hstack(columns) * (scale / np.sqrt((scale**2).sum()))


def seasons_of_days(days: int) -> Index:
    """Season number of each day of the year [365] when `days` typical days are wanted."""
    return np.array(_SEASONS[min(days, 4)])[MONTH_OF_DAY]


def cluster_days(features: Array, seasons: Index, count: int, cache_dir: Path | None) -> tuple[Index, Index]:
    """Group days and name the medoid of each group.

    features [day, 24, n] from `feature_columns`, seasons [day]. Returns (group [day], medoid [count] as positions into
    the first axis), groups ordered by their medoid. No group crosses a season. The same input gives the same answer.
    """
    if not len(np.unique(seasons)) <= count <= len(features):
        raise ValueError(f"{count} typical days for {len(features)} days in {len(np.unique(seasons))} seasons")
    key = hashlib.sha256(f"typical days, tsam {version('tsam')}, {count}, {features.shape}".encode())
    key.update(np.ascontiguousarray(features).tobytes())
    key.update(np.ascontiguousarray(seasons, dtype=np.int64).tobytes())
    path = None if cache_dir is None else cache_dir / f"days-{key.hexdigest()[:32]}.npz"
    found = _read_cache(path, len(features), count)
    if found is None:
        found = _cluster_by_tsam(features, seasons, count)
        _write_cache(path, *found)
    return found


def _cluster_by_tsam(features: Array, seasons: Index, count: int) -> tuple[Index, Index]:
    """One Ward clustering of all days; a heavy indicator of the season makes merges across seasons the last to come."""
    import pandas as pd
    import tsam

    # Ward joins two single days of different seasons at a cost of at least 100^2, more than all squared distances
    # inside a season can add up to (365 days x 24 h, at most 1 each by the scaling of the features).
    indicators = 100.0 * (seasons[:, None] == np.unique(seasons))
    vectors = np.hstack([features.reshape(len(features), -1), indicators])
    # Distances between 365 days need no more than 365 numbers a day: rows of the factor of X X' are as far apart as
    # rows of X (the small diagonal keeps it positive definite). A day is handed over as one long period of one column,
    # because tsam scales each column to 0..1, which would undo our weights; the length of its steps plays no part.
    vectors = np.linalg.cholesky(vectors @ vectors.T + 1e-9 * np.eye(len(vectors)))
    frame = pd.DataFrame(
        {"day": vectors.ravel()}, index=pd.date_range("2001-01-01", periods=vectors.size, freq="s", unit="s")
    )
    result = tsam.aggregate(
        frame,
        count,
        period_duration=vectors.shape[1] / 3600.0,
        cluster=tsam.ClusterConfig(method="hierarchical", representation="medoid"),
        preserve_column_means=False,
    )
    medoids = np.asarray(result.clustering.cluster_centers, dtype=np.int64)
    order = np.argsort(medoids)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    return place[np.asarray(result.cluster_assignments, dtype=np.int64)], medoids[order]


def segment_starts(features: Array, segments: int) -> Index:
    """Cut one day [24, n] into `segments` runs of hours with the least squared error; returns their first hours.

    Exact by dynamic programming; the earliest of equally good cuts is taken.
    """
    if not 1 <= segments <= 24:
        raise ValueError(f"a day has 1 to 24 segments, found {segments}")
    sums = np.vstack([np.zeros(features.shape[1]), np.cumsum(features, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((features**2).sum(axis=1))])
    first, last = np.meshgrid(np.arange(25), np.arange(25), indexing="ij")
    explained = ((sums[last] - sums[first]) ** 2).sum(axis=2) / np.maximum(last - first, 1)
    inside = squares[last] - squares[first] - explained
    error = np.where(last > first, inside, np.inf)
    best = error[0]
    choice = np.zeros((segments, 25), dtype=np.int64)
    for used in range(1, segments):
        options = best[:, None] + error
        choice[used] = options.argmin(axis=0)
        best = options.min(axis=0)
    ends = [24]
    for used in range(segments - 1, 0, -1):
        ends.append(int(choice[used][ends[-1]]))
    return np.array([0, *ends[:0:-1]])


def default_cache_dir() -> Path:
    """The user's cache folder of this system, in a subfolder of our own."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    return base / "compute-grid-optimizer"


def _read_cache(path: Path | None, days: int, count: int) -> tuple[Index, Index] | None:
    """A kept answer, or None when there is none or the file is not what it should be."""
    if path is None or not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            group, medoid = kept["group"].astype(np.int64), kept["medoid"].astype(np.int64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return (group, medoid) if group.shape == (days,) and medoid.shape == (count,) else None


def _write_cache(path: Path | None, group: Index, medoid: Index) -> None:
    """Keep an answer; a folder that cannot be written costs the next run some seconds, nothing else."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".npz")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, group=group, medoid=medoid)
        os.replace(draft, path)
    except OSError:
        return
