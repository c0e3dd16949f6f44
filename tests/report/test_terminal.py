"""What the terminal shows, to the letter."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import pytest
from rich.console import Console

from optimizer.report.terminal import StageLog, format_value, print_sections
from optimizer.results.section import Section


@dataclass(frozen=True)
class Progress:
    road: str
    iterations: int
    gap: float | None
    seconds: float


def paper(terminal: bool = False, width: int = 100, encoding: str = "utf-8") -> tuple[Console, io.TextIOWrapper]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, width=width, force_terminal=terminal, highlight=False, markup=False, emoji=False)
    return console, stream


def text_of(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize(
    "value, digits, text",
    [
        (None, None, "-"),
        (math.nan, 2, "-"),
        (math.inf, None, "no limit"),
        (-math.inf, None, "-no limit"),
        (True, None, "yes"),
        (2030, None, "2,030"),
        (7, 1, "7.0"),
        (1234567.8, None, "1,234,568"),
        (12.3456, None, "12.35"),
        (0.012345, None, "0.01235"),
        (0.0000123456, None, "1.23e-05"),
        (0.0, None, "0.000"),
        (-0.0001, 1, "0.0"),
        (-1.26, 1, "-1.3"),
        (999.96, None, "1,000.0"),
        ("[red]US[/red]", None, "[red]US[/red]"),
    ],
)
def test_values_are_written_for_a_reader(value: object, digits: int | None, text: str) -> None:
    assert format_value(value, digits) == text


def test_a_section_is_a_table_with_its_notes() -> None:
    console, stream = paper()
    section = Section("Tokens", ("country", "tokens (M/s)"), (("[us]", 121.3), ("china", None)), ("assumed: x",))
    print_sections([section], console)
    lines = [line.strip() for line in text_of(stream).splitlines()]
    assert [line for line in lines if line and "─" not in line] == [
        "Tokens",
        "country   tokens (M/s)",
        "[us]             121.3",
        "china                -",
        "assumed: x",
    ]


def test_an_old_code_page_gets_plain_lines() -> None:
    console, stream = paper(encoding="cp1252")
    print_sections([Section("T", ("a",), (("x",),))], console)
    assert "─" not in text_of(stream)


def test_stages_end_with_their_time_and_no_live_line_in_a_file() -> None:
    console, stream = paper()
    with StageLog(console) as log:
        log("read the scenario")
        log("solve")
        log(Progress("ipx", 12, 1e-3, 2.0))
    lines = text_of(stream).splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["read the scenario", "solve"]
    assert all(line.split()[1] == "s" for line in lines)


def test_a_stage_that_fails_says_so_and_frees_the_terminal() -> None:
    console, stream = paper(terminal=True)
    log = StageLog(console)

    def fails() -> None:
        with log:
            log("solve")
            log(Progress("ipx", 1200, None, 2.0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert "solve (stopped)" in text_of(stream)
    assert console._live_stack == []


def test_quiet_says_nothing() -> None:
    console, stream = paper(terminal=True)
    with StageLog(console, quiet=True) as log:
        log("solve")
        log(Progress("ipx", 1, None, 0.1))
    assert text_of(stream) == ""
