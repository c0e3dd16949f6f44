"""Read a linear program from an MPS file: free MPS, and fixed MPS whose names hold no blanks.

Why a reader of our own: HiGHS has one, but a certificate is worth nothing when the program was misread, and that one
does not say so. Version 1.15.1 takes ``abc``, ``nan`` or a missing number as 0 without a word, makes a new column of a
mistyped name in BOUNDS, and skips an unknown row. Its messages name no line. Here every fault has a file and a line,
and all are told at once. The tests hold the arrays against those of HiGHS on files that both can read.

What is read: NAME, OBJSENSE, ROWS, COLUMNS, RHS, RANGES, BOUNDS, ENDATA, plain or gzip. A line that starts without a
blank opens a section, ``*`` in the first place makes a comment. Names of sets (of right-hand sides, ranges, bounds)
may be left out; a second set is refused.

* The first row of type N is the objective, further ones are dropped. A right-hand side of the objective is minus its
  constant.
* RANGES, with R the number given and b the right-hand side: L gives b - |R| to b, G gives b to b + |R|, E gives b to
  b + R where R > 0 and b + R to b where R < 0.
* A column lies between 0 and infinity. MI takes the lower bound alone, PL the upper one, FR both.
* UP below 0 on a column without any lower bound takes the 0 away, as most readers do (HiGHS keeps it, and the program
  is infeasible then). It is told in the notes, as are dropped rows.
* From 1e20 on a bound counts as infinite.

Refused by name, because a certificate of a linear program would say nothing about them: integer and semicontinuous
columns (MARKER lines; the bounds BV, LI, UI, SC, SI) and sections for quadratic terms, sets and other extensions.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NoReturn

import numpy as np
from numpy.typing import NDArray

from optimizer.interop.mps_program import MpsProgram
from optimizer.scenario.errors import Fault, nearest_name

Floats = NDArray[np.float64]

INFINITE = 1e20
SECTIONS = ("NAME", "OBJSENSE", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA")
NOT_LINEAR = {
    "QUADOBJ", "QMATRIX", "QSECTION", "QCMATRIX", "CSECTION", "SOS", "SOS1", "SOS2", "SETS", "INDICATORS",
    "GENCONS", "PWLOBJ", "PWLNAM", "PWLCON", "LAZYCONS", "USERCUTS", "BRANCH",
}  # fmt: skip
NOT_CONTINUOUS = {"BV": "binary", "LI": "integer", "UI": "integer", "SC": "semicontinuous", "SI": "semi-integer"}
SENSES = {"MIN": False, "MINIMIZE": False, "MINIMISE": False, "MAX": True, "MAXIMIZE": True, "MAXIMISE": True}
_OBJECTIVE, _DROPPED = -1, -2  # positions of rows that are none
_SHOWN_FAULTS, _MOST_FAULTS = 20, 200


class MpsErrors(Exception):
    """All faults found in an MPS file, in the order of its lines; ``str()`` shows the first twenty."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        count = len(self.faults)
        blocks = ["1 error in the MPS file" if count == 1 else f"{count} errors in the MPS file"]
        blocks += [fault.render() for fault in self.faults[:_SHOWN_FAULTS]]
        if count > _SHOWN_FAULTS:
            blocks.append(f"and {count - _SHOWN_FAULTS} more")
        super().__init__("\n\n".join(blocks))

    def __reduce__(self) -> tuple[type[MpsErrors], tuple[tuple[Fault, ...]]]:
        return MpsErrors, (self.faults,)


def read_mps(file: Path | str) -> MpsProgram:
    """Read one linear program.

    Raises:
        MpsErrors: the file cannot be read, or something in it is wrong or is no linear program.
    """
    file = Path(file)
    reader = _Reader(file)
    try:
        with _opened(file) as stream:
            reader.read(stream)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise MpsErrors([Fault(f"the file cannot be read: {why}", file)]) from error
    return reader.program()


def _opened(file: Path) -> IO[str]:
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    if packed:
        return gzip.open(file, "rt", encoding="utf-8", errors="replace")
    return file.open(encoding="utf-8", errors="replace")


class _Stop(Exception):
    """Nothing sensible can be read after this line."""


class _Reader:
    """What was read so far. Faults are collected; ``program`` raises them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.line = 0
        self.section = ""
        self.seen: set[str] = set()
        self.name, self.objective = "", ""
        self.maximise = False
        self.sense_given = False
        self.rows: dict[str, int] = {}  # name -> position, or that it is the objective or dropped
        self.types: list[str] = []
        self.dropped: list[str] = []
        self.columns: dict[str, int] = {}
        self.column_rows: set[str] = set()  # rows named so far in the column at hand
        self.cost: list[float] = []
        self.entry_row: list[int] = []
        self.entry_column: list[int] = []
        self.entry_value: list[float] = []
        self.constant = 0.0
        self.sets: dict[str, str] = {}
        self.row_numbers: dict[str, dict[str, tuple[float, int]]] = {"RHS": {}, "RANGES": {}}  # row -> number, line
        self.lower: dict[int, float] = {}
        self.upper: dict[int, float] = {}
        self.of_section: dict[str, Callable[[list[str]], None]] = {
            "OBJSENSE": self._sense, "ROWS": self._row, "COLUMNS": self._column,
            "RHS": self._row_number, "RANGES": self._row_number, "BOUNDS": self._bound,
        }  # fmt: skip

    def read(self, stream: Iterable[str]) -> None:
        try:
            for self.line, text in enumerate(stream, 1):
                words = text.split()
                if not words or text.startswith("*"):
                    continue
                if not text[0].isspace():
                    self._open(words)
                    if self.section == "ENDATA":
                        return
                elif self.section in self.of_section:
                    self.of_section[self.section](words)
                else:
                    self._stop("a line of data outside any section that holds data", found=text.strip())
                if len(self.faults) >= _MOST_FAULTS:
                    return
            self._fault("the file ends without ENDATA: part of it may be missing")
        except _Stop:
            return

    def _open(self, words: list[str]) -> None:
        name = words[0].upper()
        if name in NOT_LINEAR:
            self._stop(f"section {name}: only linear programs can be certified")
        if name not in SECTIONS:
            self._stop(
                "no section has this name, and a line of data begins with a blank",
                found=words[0], allowed=", ".join(SECTIONS), nearest=nearest_name(name, SECTIONS),
            )  # fmt: skip
        if name in self.seen:
            self._stop(f"section {name} is there twice")
        needs = {"ROWS": (), "COLUMNS": ("ROWS",)}.get(name, ("ROWS", "COLUMNS"))
        missing = [other for other in needs if other not in self.seen]
        if missing and name not in ("NAME", "OBJSENSE"):
            self._stop(f"section {name} before section {missing[0]}")
        self.seen.add(name)
        self.section = name
        if name == "NAME":
            self.name = words[1] if len(words) > 1 else ""
        elif name == "OBJSENSE" and len(words) > 1:
            self._sense(words[1:])
        elif len(words) > 1:
            self._fault("a section's name stands alone, and a line of data begins with a blank", " ".join(words))

    def _sense(self, words: list[str]) -> None:
        if len(words) != 1 or words[0].upper() not in SENSES:
            self._fault("no sense of an objective", " ".join(words), allowed="MIN, MAX")
        elif self.sense_given:
            self._fault("the sense is given twice", words[0])
        else:
            self.maximise, self.sense_given = SENSES[words[0].upper()], True

    def _row(self, words: list[str]) -> None:
        if len(words) != 2:
            self._fault("a row is a type and a name", " ".join(words))
            return
        kind, name = words[0].upper(), words[1]
        if kind not in ("N", "E", "L", "G"):
            self._fault("no type of a row", words[0], allowed="N, E, L, G")
        elif name in self.rows:
            self._fault("the row is there twice", name)
        elif kind == "N":
            self.rows[name] = _DROPPED if self.objective else _OBJECTIVE
            if self.objective:
                self.dropped.append(name)
            self.objective = self.objective or name
        else:
            self.rows[name] = len(self.types)
            self.types.append(kind)

    def _column(self, words: list[str]) -> None:
        if any(word.strip("'\"") == "MARKER" for word in words[1:2]):
            kind = words[2].strip("'\"") if len(words) > 2 else ""
            self._stop(f"a MARKER line ({kind}): only linear programs can be certified, and it makes columns integer")
        if len(words) not in (3, 5):
            self._fault("a line of COLUMNS is a column, then one or two pairs of row and number", " ".join(words))
            return
        name = words[0]
        if name not in self.columns:
            self.columns[name] = len(self.columns)
            self.cost.append(0.0)
            self.column_rows = set()
        elif self.columns[name] != len(self.columns) - 1:
            self._fault("the column was left before: its lines must stand together", name)
            return
        for row, number in self._pairs(words[1:]):
            at = self._row_at(row)
            if at is None:
                continue
            if row in self.column_rows:
                self._fault(f"column '{name}' names the row twice", row)
            elif abs(number) >= INFINITE:
                self._fault(f"the coefficient of column '{name}' in row '{row}' is not finite", f"{number:g}")
            elif at == _OBJECTIVE:
                self.cost[-1] = number
            elif at != _DROPPED and number != 0.0:
                self.entry_row.append(at)
                self.entry_column.append(len(self.columns) - 1)
                self.entry_value.append(number)
            self.column_rows.add(row)

    def _row_number(self, words: list[str]) -> None:
        """A line of RHS or RANGES: the name of a set, which may be missing, then pairs."""
        if not 2 <= len(words) <= 5:
            self._fault(f"a line of {self.section} is a set (or none), then one or two pairs of row and number",
                        " ".join(words))  # fmt: skip
            return
        if len(words) % 2 == 1 and not self._same_set(words.pop(0)):
            return
        given = self.row_numbers[self.section]
        for row, number in self._pairs(words):
            at = self._row_at(row)
            if at is None:
                continue
            if row in given:
                self._fault(f"the row was given before, on line {given[row][1]}", row)
                continue
            given[row] = (number, self.line)
            if at == _OBJECTIVE and self.section == "RANGES":
                self._fault("an objective has no range", row)
            elif at == _OBJECTIVE:
                if abs(number) >= INFINITE:
                    self._fault("the constant of the objective is not finite", f"{number:g}")
                self.constant = -number

    def _bound(self, words: list[str]) -> None:
        kind = words[0].upper()
        if kind in NOT_CONTINUOUS:
            what = NOT_CONTINUOUS[kind]
            self._stop(f"a bound of type {kind}: only linear programs can be certified, and this column is {what}")
        if kind not in ("UP", "LO", "FX", "FR", "MI", "PL"):
            self._fault("no type of a bound", words[0], allowed="UP, LO, FX, FR, MI, PL")
            return
        numbered = kind in ("UP", "LO", "FX")
        if len(words) not in ((3, 4) if numbered else (2, 3, 4)):
            wanted = "a set (or none), a column and a number" if numbered else "a set (or none) and a column"
            self._fault(f"after {kind} come {wanted}", " ".join(words))
            return
        rest = words[1:]
        if len(rest) > (2 if numbered else 1) and not self._same_set(rest.pop(0)):
            return
        column = rest[0]
        if column not in self.columns:
            self._fault("no column has this name", column, nearest=nearest_name(column, self.columns))
            return
        number = self._number(rest[1]) if numbered else 0.0
        if number is None:
            return
        at = self.columns[column]
        if kind in ("LO", "FX", "FR", "MI"):
            self._keep(self.lower, at, column, "lower", -math.inf if kind in ("FR", "MI") else number)
        if kind in ("UP", "FX", "FR", "PL"):
            self._keep(self.upper, at, column, "upper", math.inf if kind in ("FR", "PL") else number)

    def _keep(self, bounds: dict[int, float], at: int, column: str, side: str, number: float) -> None:
        number = math.copysign(math.inf, number) if abs(number) >= INFINITE else number
        if at in bounds:
            self._fault(f"the {side} bound of the column was given before", column)
        elif number == (math.inf if side == "lower" else -math.inf):
            self._fault(f"the {side} bound of column '{column}' leaves nothing", f"{number:g}")
        else:
            bounds[at] = number

    def _same_set(self, name: str) -> bool:
        first = self.sets.setdefault(self.section, name)
        if first != name:
            self._fault(f"a second set in {self.section} beside '{first}': keep the one that is meant", name)
        return first == name

    def _pairs(self, words: list[str]) -> Iterator[tuple[str, float]]:
        for row, text in zip(words[::2], words[1::2], strict=True):
            number = self._number(text)
            if number is not None:
                yield row, number

    def _row_at(self, row: str) -> int | None:
        at = self.rows.get(row)
        if at is None:
            self._fault("no row has this name", row, nearest=nearest_name(row, self.rows))
        return at

    def _number(self, text: str) -> float | None:
        """A number, also with Fortran's D for the exponent; None and a fault where it is none."""
        try:
            number = math.nan if "_" in text else float(text.upper().replace("D", "E"))
        except ValueError:
            number = math.nan
        if math.isnan(number):
            self._fault("not a number", text)
            return None
        return number

    def _fault(
        self, message: str, found: str | None = None, allowed: str | None = None, nearest: str | None = None
    ) -> None:
        self.faults.append(Fault(message, self.file, self.line or None, self.section, found, allowed, nearest))

    def _stop(
        self, message: str, found: str | None = None, allowed: str | None = None, nearest: str | None = None
    ) -> NoReturn:
        self._fault(message, found, allowed, nearest)
        raise _Stop

    def program(self) -> MpsProgram:
        """The arrays. Raises MpsErrors when anything was wrong."""
        if not self.faults:
            if not self.objective:
                self._fault("ROWS holds no row of type N, so there is no objective")
            if not self.columns:
                self._fault("COLUMNS is empty")
        row_lower, row_upper = self._row_bounds()
        if self.faults:
            raise MpsErrors(self.faults)
        notes = []
        if self.dropped:
            notes.append(f"Rows of type N after the first are dropped: {', '.join(self.dropped)}.")
        col_lower, col_upper = np.zeros(len(self.columns)), np.full(len(self.columns), np.inf)
        for bounds, into in ((self.lower, col_lower), (self.upper, col_upper)):
            into[list(bounds)] = list(bounds.values())
        freed = [name for name, at in self.columns.items() if col_upper[at] < 0.0 and at not in self.lower]
        if freed:
            col_lower[[self.columns[name] for name in freed]] = -np.inf
            notes.append(f"An upper bound below 0 and no lower bound, so none is read: {', '.join(freed)}.")
        start, index, value = self._by_rows()
        sign = -1.0 if self.maximise else 1.0
        return MpsProgram(
            name=self.name,
            objective=self.objective,
            maximise=self.maximise,
            cost=sign * np.array(self.cost) + 0.0,  # no -0.0
            constant=sign * self.constant + 0.0,
            col_lower=col_lower,
            col_upper=col_upper,
            row_lower=row_lower,
            row_upper=row_upper,
            start=start,
            index=index,
            value=value,
            row_names=tuple(name for name, at in self.rows.items() if at >= 0),
            column_names=tuple(self.columns),
            notes=tuple(notes),
        )

    def _row_bounds(self) -> tuple[Floats, Floats]:
        lower, upper = np.full(len(self.types), -np.inf), np.full(len(self.types), np.inf)
        for name, at in self.rows.items():
            if at < 0:
                continue
            kind = self.types[at]
            side, line = self.row_numbers["RHS"].get(name, (0.0, 0))
            reach, range_line = self.row_numbers["RANGES"].get(name, (None, 0))
            self.line, self.section = range_line or line, "RANGES" if range_line else "RHS"
            if abs(side) >= INFINITE:
                if reach is not None or kind == "E" or (side > 0) != (kind == "L"):
                    self._fault(f"an infinite right-hand side leaves nothing of row '{name}'", f"{side:g}")
                continue  # no limit at all
            if kind in ("E", "L"):
                upper[at] = side
            if kind in ("E", "G"):
                lower[at] = side
            if reach is None:
                continue
            if abs(reach) >= INFINITE:
                self._fault(f"the range of row '{name}' is not finite", f"{reach:g}")
            elif kind == "G" or (kind == "E" and reach > 0.0):
                upper[at] = side + abs(reach)
            else:
                lower[at] = side - abs(reach)
        return lower, upper

    def _by_rows(self) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
        row, column = np.array(self.entry_row, np.int64), np.array(self.entry_column, np.int32)
        order = np.argsort(row, kind="stable")  # columns stay in order within a row
        start = np.zeros(len(self.types) + 1, np.int64)
        np.cumsum(np.bincount(row, minlength=len(self.types)), out=start[1:])
        return start, column[order], np.array(self.entry_value, np.float64)[order]
