"""Reading a table of values by period and snapshot: one column an element, checked against the column it stands for."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from optimizer.scenario.columns import Column
from optimizer.scenario.errors import Fault
from optimizer.scenario.tables import MAX_TABLE_BYTES, ParsedTable

AXES = ["period", "snapshot"]


def read_series(file: Path, column: Column) -> ParsedTable:
    """Reads a series file. Faults are in the result; nothing is raised for a bad one.

    A blank is allowed where the column may be blank and has no default (a figure that is laid down in some snapshots).
    """
    status = file.stat()
    return _read_series(file, status.st_mtime_ns, status.st_size, column)


@lru_cache(maxsize=64)
def _read_series(file: Path, _mtime: int, size: int, column: Column) -> ParsedTable:
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv

    faults: list[Fault] = []
    path = f"series of {column.name}"
    frame = pd.DataFrame()
    content = b""
    if size > MAX_TABLE_BYTES:
        faults.append(Fault(f"the table holds {size / 1e6:.0f} MB", file, None, path, allowed="at most 100 MB a file"))
    else:
        content = file.read_bytes()
        try:
            frame = csv.read_csv(pa.py_buffer(content), read_options=csv.ReadOptions(use_threads=False)).to_pandas(
                use_threads=False
            )
        except pa.ArrowInvalid as error:
            faults.append(Fault(f"this is not valid CSV: {error}", file, None, path))
    if not faults and list(frame.columns[:2]) != AXES:
        message = "the first two columns must be 'period' and 'snapshot'"
        faults.append(Fault(message, file, 1, path, found=", ".join(frame.columns[:2])))
    if not faults:
        faults += _value_faults(file, frame, column, path)
    lines = np.arange(2, len(frame) + 2, dtype=np.int64)
    return ParsedTable(file, frame, lines, hashlib.sha256(content).hexdigest(), tuple(faults), ())


def _value_faults(file: Path, frame: object, column: Column, path: str) -> list[Fault]:
    """Text, blanks and values out of range, the first of each element."""
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    faults = []
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    may_be_blank = not column.required and column.default is None
    for name in frame.columns:
        blank = frame[name].isna().to_numpy()
        if frame[name].dtype.kind not in "fiub" and not blank.all():
            faults.append(Fault("a column of a series holds numbers only", file, None, f"{path}.{name}"))
            continue
        values = pd.to_numeric(frame[name]).to_numpy(float)
        bad = ~blank & ~np.isfinite(values)
        if name not in AXES:
            bad |= (values < low) | (values > high)
            if not may_be_blank:
                bad |= blank
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            shown = "a blank" if blank[row] else f"{values[row]:g}"
            allowed = "a number" if np.isinf(low) and np.isinf(high) else f"{low:g} to {high:g}"
            faults.append(Fault("out of range", file, row + 2, f"{path}.{name}", shown, allowed))
    return faults
