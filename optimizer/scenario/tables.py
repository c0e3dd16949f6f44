"""Reading one CSV file against its `TableSpec`: a typed frame, the line of each row, and what is wrong in it.

Everything here depends on the file alone, so a parsed file is kept for the life of the process and read again only
when its size or time stamp changes. What depends on other tables is in table_checks.py.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.scenario.columns import PROVENANCE_COLUMNS, Column, ProfileSpec, TableSpec, choice, share, text
from optimizer.scenario.columns import integer as integer_column
from optimizer.scenario.columns import number as number_column
from optimizer.scenario.errors import Fault, FaultList, name_list, nearest_name
from optimizer.scenario.provenance import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd

MAX_TABLE_BYTES = 100_000_000
HOURS_A_YEAR = 8760
_WORDS = ("source", "as_of", "note", "confidence")
_SHOWN_ROWS = 5
"""Rows reported one by one for one kind of fault; the rest is counted."""


@dataclass(frozen=True)
class ParsedTable:
    """One file after reading. `lines[i]` is the line of row i in the file, from 1."""

    file: Path
    frame: pd.DataFrame
    lines: np.ndarray
    sha256: str
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def read_table(file: Path, spec: TableSpec) -> ParsedTable:
    """Reads a CSV file. Faults are in the result; nothing is raised for a bad table."""
    status = file.stat()
    return _read_table(file, status.st_mtime_ns, status.st_size, spec)


def read_hourly(file: Path, spec: ProfileSpec) -> ParsedTable:
    """Reads a wide profile of 8760 rows: column `hour`, then one column a region."""
    status = file.stat()
    return _read_hourly(file, status.st_mtime_ns, status.st_size, spec)


def month_hour_table(spec: ProfileSpec) -> TableSpec:
    """The 12 x 24 form of a profile, as an ordinary table: region, month, h00 to h23."""
    hours: list[Column] = []
    for hour in range(24):
        name, doc = f"h{hour:02d}", f"hour {hour} of the month's mean day"
        hours.append(share(name, doc) if spec.maximum == 1.0 else number_column(name, doc, minimum=0))
    return TableSpec(
        f"profile of {spec.name}",
        spec.doc,
        (
            text("region", "grid node", of="region"),
            integer_column("month", "month", "1", minimum=1, maximum=12),
            *hours,
        ),
        key=("region", "month"),
        row_checks=("twelve_months",),
    )


def empty_frame(spec: TableSpec) -> pd.DataFrame:
    """The frame of a table that a scenario does not list: its columns, no rows."""
    return _empty_frame(spec).copy()


@lru_cache(maxsize=64)
def _empty_frame(spec: TableSpec) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({column.name: pd.Series(dtype=_dtype(column)) for column in spec.columns})


def _dtype(column: Column) -> Any:
    if column.kind in ("text", "choice"):
        return "str"
    if column.kind == "flag":
        return "bool"
    return "int64" if column.kind == "integer" and column.required else "float64"


class FaultRows:
    """Collects row faults of one table and writes the first few of each kind out."""

    def __init__(self, name: str, faults: FaultList) -> None:
        self.name = name
        self.faults = faults

    def add(
        self,
        column: str,
        message: str,
        places: Sequence[tuple[Path, int]],
        found: Iterable[object] = (),
        allowed: str | None = None,
        names: Iterable[object] | None = None,
    ) -> None:
        """`places` are (file, line) of the bad rows, `found` their values, `names` what a text value may be."""
        values = list(found)
        known = None if names is None else [str(entry) for entry in names]
        if known is not None and allowed is None:
            allowed = name_list(known) or "nothing: no table lists any"
        extra = len(places) - _SHOWN_ROWS
        for position, (file, line) in enumerate(places[:_SHOWN_ROWS]):
            value = values[position] if position < len(values) else None
            shown = f"{message} (and {extra} more rows)" if extra > 0 and position == _SHOWN_ROWS - 1 else message
            self.faults.errors.append(
                Fault(
                    shown,
                    file,
                    line,
                    f"{self.name}.{column}" if column else self.name,
                    found=None if value is None else _shown(value),
                    allowed=allowed,
                    nearest=None if known is None or value is None else nearest_name(value, known),
                )
            )


def _shown(value: object) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.10g}"
    return repr(str(value)) if isinstance(value, str) else str(value)


@lru_cache(maxsize=256)
def _read_table(file: Path, _mtime: int, size: int, spec: TableSpec) -> ParsedTable:
    import pandas as pd

    faults = FaultList()
    rows_at_fault = FaultRows(spec.name, faults)
    content = b"" if size > MAX_TABLE_BYTES else file.read_bytes()
    header, rows, lines = _cells(file, content, size, spec.name, faults)
    columns: dict[str, Any] = {}
    extra = [name for name in header if name not in {column.name for column in spec.columns}]
    for column in spec.columns:
        if column.name in header:
            place = header.index(column.name)
            cells = np.array([row[place] for row in rows], dtype=object)
            columns[column.name] = _typed(column, cells, file, lines, rows_at_fault)
        else:
            if column.required and header:
                faults.errors.append(
                    Fault(
                        f"column {column.name!r} is missing ({column.doc})",
                        file,
                        1,
                        f"{spec.name}.{column.name}",
                        found=name_list(header),
                        nearest=nearest_name(column.name, extra),
                    )
                )
            columns[column.name] = _blank(column, len(rows))
    for name in extra:
        place = header.index(name)
        cells = np.array([row[place] for row in rows], dtype=object)
        columns[name] = _words(cells) if name in _WORDS else _loose(cells)
    _check_provenance(spec, columns, header, file, lines, rows_at_fault)
    if header and not rows:
        faults.warnings.append(Fault("the table has no rows", file, 1, spec.name))
    frame = pd.DataFrame(columns)
    digest = hashlib.sha256(content).hexdigest()
    return ParsedTable(file, frame, lines, digest, tuple(faults.errors), tuple(faults.warnings))


def _check_provenance(
    spec: TableSpec,
    columns: dict[str, Any],
    header: list[str],
    file: Path,
    lines: np.ndarray,
    rows_at_fault: FaultRows,
) -> None:
    """Every row should say where it is from; a table that cannot is a warning, a made-up confidence an error."""
    missing = [name for name in PROVENANCE_COLUMNS if name not in header]
    about = file.with_suffix(".about.csv")
    if header and missing and not about.is_file():
        rows_at_fault.faults.warnings.append(
            Fault(f"nothing says where these numbers are from: no column {', '.join(missing)}", file, 1, spec.name)
        )
    if "confidence" in header:
        cells = np.asarray(columns["confidence"], dtype=object)
        column = choice("confidence", "how sure the row is", CONFIDENCE, required=False)
        plain = np.array(["" if value is None or value != value else str(value) for value in cells], dtype=object)
        columns["confidence"] = _typed(column, plain, file, lines, rows_at_fault)


def _cells(
    file: Path, content: bytes, size: int, name: str, faults: FaultList
) -> tuple[list[str], list[list[str]], np.ndarray]:
    """Header, rows and the line of each row; blank lines are skipped, ragged rows are faults."""
    nothing: tuple[list[str], list[list[str]], np.ndarray] = ([], [], np.zeros(0, dtype=np.int64))
    if size > MAX_TABLE_BYTES:
        faults.errors.append(
            Fault(f"the table holds {size / 1e6:.0f} MB", file, None, name, allowed="at most 100 MB a file")
        )
        return nothing
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        faults.errors.append(Fault("the table is not UTF-8 text", file, line, name))
        return nothing
    reader = csv.reader(io.StringIO(decoded), strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for row in reader:
            if row and not header:
                header = [cell.strip() for cell in row]
            elif row and any(cell.strip() for cell in row):
                if len(row) != len(header):
                    message = f"this row has {len(row)} cells, the header has {len(header)}"
                    faults.errors.append(Fault(message, file, start, name))
                else:
                    rows.append([cell.strip() for cell in row])
                    lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        faults.errors.append(Fault(f"this is not valid CSV: {error}", file, reader.line_num, name))
    if not header:
        faults.errors.append(Fault("the table is empty: not even a header", file, 1, name))
    for position, column in enumerate(header):
        if column in header[:position]:
            faults.errors.append(Fault(f"the column {column!r} stands twice in the header", file, 1, name))
    return header, rows, np.array(lines, dtype=np.int64)


def _blank(column: Column, count: int) -> Any:
    import pandas as pd

    if column.kind in ("text", "choice"):
        return pd.array([column.default] * count, dtype="str")
    if column.kind == "flag":
        return np.full(count, bool(column.default))
    return np.full(count, np.nan if column.default is None else float(column.default))


def _words(cells: np.ndarray) -> Any:
    import pandas as pd

    return pd.array([cell or None for cell in cells], dtype="str")


def _loose(cells: np.ndarray) -> Any:
    """A column that no spec knows: numbers where all cells are numbers, else text."""
    import pandas as pd

    blank = cells == ""
    numbers = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=float)
    if not blank.all() and not (np.isnan(numbers) & ~blank).any():
        return numbers
    return _words(cells)


def _typed(column: Column, cells: np.ndarray, file: Path, lines: np.ndarray, rows: FaultRows) -> Any:
    """Turns the text cells of a column into its type; every bad cell becomes a fault."""
    import pandas as pd

    blank = cells == ""

    def places(bad: np.ndarray) -> list[tuple[Path, int]]:
        return [(file, int(line)) for line in lines[bad]]

    if column.required and blank.any():
        rows.add(column.name, f"blank, but required ({column.doc})", places(blank))
    if column.kind in ("text", "choice"):
        if column.kind == "choice":
            bad = ~blank & ~np.isin(cells, list(column.choices))
            rows.add(column.name, "unknown value", places(bad), cells[bad], names=column.choices)
        return pd.array([cell or column.default for cell in cells], dtype="str")
    if column.kind == "flag":
        bad = ~blank & ~np.isin(cells, ["0", "1"])
        rows.add(column.name, "a flag is 0 or 1", places(bad), cells[bad], allowed="0, 1")
        return np.where(blank, bool(column.default), cells == "1")
    numbers = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=float, copy=True)
    bad = ~blank & ~np.isfinite(numbers)
    rows.add(column.name, "not a number", places(bad), cells[bad], allowed="a number, written like 1234.5")
    if column.kind == "integer":
        bad = np.isfinite(numbers) & (numbers != np.round(numbers))
        rows.add(column.name, "not a whole number", places(bad), cells[bad])
    _check_range(column, numbers, cells, places, rows)
    if column.default is not None:
        numbers[blank] = float(column.default)
    if column.kind == "integer" and column.required and np.isfinite(numbers).all():
        return numbers.astype(np.int64)
    return numbers


def _check_range(column: Column, numbers: np.ndarray, cells: np.ndarray, places: Any, rows: FaultRows) -> None:
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    bad = (numbers < low) | (numbers > high)
    if not bad.any():
        return
    unit = "" if column.unit in ("", "1") else f" {column.unit}"
    if np.isinf(high):
        allowed = f"at least {low:g}{unit}"
    elif np.isinf(low):
        allowed = f"at most {high:g}{unit}"
    else:
        allowed = f"{low:g} to {high:g}{unit}"
    percent = bad & (column.unit == "1") & (low == 0) & (high == 1) & (numbers > 1.5) & (numbers <= 100)
    if percent.any():
        example = numbers[percent][0]
        message = f"a share of one, not a percentage: {example:g} % is written {example / 100:g}"
        rows.add(column.name, message, places(percent), cells[percent], allowed)
    negative = bad & ~percent & (numbers < 0) & (low == 0)
    rows.add(column.name, "negative", places(negative), cells[negative], allowed)
    rest = bad & ~percent & ~negative
    rows.add(column.name, "out of range", places(rest), cells[rest], allowed)


@lru_cache(maxsize=64)
def _read_hourly(file: Path, _mtime: int, size: int, spec: ProfileSpec) -> ParsedTable:
    import pandas as pd

    faults = FaultList()
    name = f"profile of {spec.name}"
    content = b"" if size > MAX_TABLE_BYTES else file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    frame = pd.DataFrame()
    lines = np.arange(2, HOURS_A_YEAR + 2, dtype=np.int64)
    try:
        frame = _numbers_fast(content) if content else frame
        clean = all(kind.kind in "fiu" for kind in frame.dtypes) and not frame.isna().to_numpy().any()
    except (ValueError, UnicodeDecodeError):
        clean = False
    if not clean:  # the slow road, which knows the line of every fault
        header, rows, lines = _cells(file, content, size, name, faults)
        numbers = [number_column(column, "value", minimum=None) for column in header]
        reports = FaultRows(name, faults)
        frame = pd.DataFrame(
            {
                column.name: _typed(column, np.array([row[at] for row in rows], dtype=object), file, lines, reports)
                for at, column in enumerate(numbers)
            }
        )
    _check_hourly(file, frame, lines, spec, name, faults)
    return ParsedTable(file, frame, lines, digest, tuple(faults.errors), tuple(faults.warnings))


def _numbers_fast(content: bytes) -> pd.DataFrame:
    """A table of numbers by Arrow's reader, on one thread: its pools sometimes abort the process when Python ends."""
    import pyarrow as pa
    from pyarrow import csv

    try:
        return csv.read_csv(pa.py_buffer(content), read_options=csv.ReadOptions(use_threads=False)).to_pandas(
            use_threads=False
        )
    except pa.ArrowInvalid as error:
        raise ValueError(str(error)) from error


def _check_hourly(
    file: Path, frame: pd.DataFrame, lines: np.ndarray, spec: ProfileSpec, name: str, faults: FaultList
) -> None:
    if frame.columns.empty:
        return
    if frame.columns[0] != "hour":
        faults.errors.append(
            Fault("the first column must be 'hour', counting 0 to 8759", file, 1, name, found=str(frame.columns[0]))
        )
    if len(frame) != HOURS_A_YEAR:
        faults.errors.append(
            Fault("a yearly profile has 8760 rows", file, None, name, found=f"{len(frame)} rows", allowed="8760 rows")
        )
        return
    if frame.columns[0] == "hour" and not np.array_equal(frame["hour"].to_numpy(), np.arange(HOURS_A_YEAR)):
        faults.errors.append(Fault("the column 'hour' must count 0, 1, ... 8759", file, None, f"{name}.hour"))
    reports = FaultRows(name, faults)
    high = np.inf if spec.maximum is None else spec.maximum
    for region in frame.columns[1:]:
        values = frame[region].to_numpy(dtype=float)
        bad = (values < 0) | (values > high)
        if bad.any():
            allowed = "at least 0" if np.isinf(high) else f"0 to {high:g}"
            places = [(file, int(line)) for line in lines[bad]]
            reports.add(str(region), "out of range", places, values[bad], allowed)
