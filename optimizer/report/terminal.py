"""What a person sees in the terminal: tables on standard output; progress, warnings and errors on standard error.

Text from scenarios is printed as it is: square brackets in a name are no markup.
"""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from optimizer.results.section import Section
    from optimizer.solve.engine import Progress

_FILE_WIDTH = 200  # of output that goes to a file or pipe: no line is folded for a screen that is not there


def out_console() -> Console:
    """Console on standard output, for results."""
    return _console(stderr=False)


def err_console() -> Console:
    """Console on standard error, for progress, warnings and errors."""
    return _console(stderr=True)


def _console(stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # a code page without a name's letters must not stop a run
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console


def print_error(message: str) -> None:
    """The one form of an error: the word, then the message, on standard error."""
    console = err_console()
    console.print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)


def print_warnings(warnings: Iterable[str]) -> None:
    """Each warning on standard error, marked as one."""
    console = err_console()
    for warning in warnings:
        console.print(Text.assemble(("Warning: ", "yellow"), warning), soft_wrap=True)


def print_sections(sections: Iterable[Section], console: Console | None = None) -> None:
    """Print result tables one below the other, notes under each."""
    console = console or out_console()
    for section in sections:
        console.print()
        console.print(Text(section.title, style="bold"), soft_wrap=not console.is_terminal)
        console.print(section_table(section))
        for note in section.notes:
            console.print(Text(note, style="dim"), soft_wrap=not console.is_terminal)


def section_table(section: Section) -> Table:
    """A section's rows as a rich table: columns of numbers to the right, text to the left."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for i, column in enumerate(section.columns):
        numeric = any(_is_number(row[i]) for row in section.rows)
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in section.rows:
        named = zip(section.columns, row, strict=True)
        table.add_row(*(Text(format_value(value, section.digits.get(name))) for name, value in named))
    return table


def format_value(value: Any, digits: int | None = None) -> str:
    """A value for a reader: thousands apart, four significant figures or ``digits`` decimals, a dash for unknown."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if digits is None else f"{value:,.{digits}f}"
    if not isinstance(value, float):
        return str(value)
    if abs(value) < 1e-9:
        value = 0.0  # what a solver leaves of zero
    if math.isinf(value):
        return "no limit" if value > 0 else "-no limit"
    if digits is None:
        magnitude = math.floor(math.log10(abs(value))) if value else 0
        digits = min(max(3 - magnitude, 0), 6)
        if value and magnitude < -3:
            return f"{value:.3g}"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text  # no "-0.0"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class StageLog:
    """Says what a run is doing: one line a stage when it ends, and a live line meanwhile if someone is watching.

    Pass it as ``on_progress``. A text opens a stage and closes the one before; a solver's ``Progress`` updates the live
    line. Use it as a context manager, so that the last stage is closed and the live line removed whatever happens.
    """

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self._console = console or err_console()
        self._quiet = quiet
        self._stage: str | None = None
        self._started = 0.0
        self._live: Status | None = None

    def __call__(self, event: str | Progress) -> None:
        """Take a stage's name, or a report from inside a solve."""
        if isinstance(event, str):
            self._close()
            self._open(event)
        elif self._live is not None:
            gap = "" if event.gap is None else f", gap {event.gap:.1e}"
            detail = f"{event.road}, {event.iterations:,} iterations{gap}, {event.seconds:.0f} s"
            self._live.update(Text(f"{self._stage}: {detail}"))

    def __enter__(self) -> StageLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close("" if kind is None else " (stopped)")

    def _open(self, stage: str) -> None:
        self._stage, self._started = stage, time.perf_counter()
        if self._console.is_terminal and not self._quiet:
            self._live = self._console.status(Text(stage))
            self._live.start()

    def _close(self, word: str = "") -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self._stage is not None and not self._quiet:
            seconds = time.perf_counter() - self._started
            self._console.print(f"{seconds:7.1f} s  {self._stage}{word}", soft_wrap=True)
        self._stage = None
