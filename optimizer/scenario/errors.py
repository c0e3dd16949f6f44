"""Faults in a scenario: what is wrong, where it stands, what would be allowed, and the nearest name.

A planner who mistypes three things wants to hear about three things at once, so every check of this
package collects `Fault` objects and one `ScenarioErrors` carries them all.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_SHOWN_NAMES = 12


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong (or, among warnings, doubtful) in a scenario.

    `path` is the YAML path (`demand.path`) or, inside a table, `table.column`; `line` counts from 1.
    """

    message: str
    file: Path | None = None
    line: int | None = None
    path: str = ""
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None

    def place(self) -> str:
        """`file:line` as an editor understands it; the file relative to the working folder where that is shorter."""
        if self.file is None:
            return "(override)"
        shown = str(self.file)
        try:
            relative = os.path.relpath(self.file)
        except ValueError:  # another drive on Windows
            relative = shown
        if not relative.startswith(".." + os.sep):
            shown = relative
        return f"{shown}:{self.line}" if self.line else shown

    def render(self) -> str:
        """One block of text, the place first."""
        head = f"{self.place()}  {self.path}".rstrip()
        lines = [head, f"    {self.message}"]
        if self.found is not None:
            lines.append(f"    found:   {self.found}")
        if self.allowed is not None:
            lines.append(f"    allowed: {self.allowed}")
        if self.nearest is not None:
            lines.append(f"    did you mean {self.nearest!r}?")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


class ScenarioErrors(Exception):
    """All faults found in a scenario, in file and line order. `str()` gives one block a fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        unique = dict.fromkeys(faults)
        self.faults: tuple[Fault, ...] = tuple(
            sorted(unique, key=lambda fault: (str(fault.file or ""), fault.line or 0, fault.path))
        )
        super().__init__(self.render())

    def __reduce__(self) -> tuple[type[ScenarioErrors], tuple[tuple[Fault, ...]]]:
        return ScenarioErrors, (self.faults,)  # an error must survive the way back from a worker process

    def render(self) -> str:
        count = len(self.faults)
        title = "1 error in the scenario" if count == 1 else f"{count} errors in the scenario"
        return "\n\n".join([title, *(fault.render() for fault in self.faults)])


@dataclass
class FaultList:
    """Where checks put what they find; `errors` stop a run, `warnings` are printed beside the result."""

    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def raise_if_any(self) -> None:
        if self.errors:
            raise ScenarioErrors(self.errors)


def nearest_name(name: object, allowed: Iterable[object]) -> str | None:
    """The allowed name that looks most like `name`, or None where nothing is close."""
    text = str(name)
    names = [str(entry) for entry in allowed]
    close = difflib.get_close_matches(text, names, n=1, cutoff=0.6)
    if close:
        return close[0]
    by_lower = {entry.lower(): entry for entry in names}
    close = difflib.get_close_matches(text.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def name_list(allowed: Iterable[object]) -> str:
    """`a, b, c ... (40 names)`: a list short enough for a terminal."""
    names = [str(entry) for entry in allowed]
    if len(names) <= _SHOWN_NAMES:
        return ", ".join(names)
    return ", ".join(names[:_SHOWN_NAMES]) + f" ... ({len(names)} names)"
