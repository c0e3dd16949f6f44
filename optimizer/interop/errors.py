"""What stops an exchange with another tool: one sentence for the user, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class ExchangeError(Exception):
    """A file cannot be read, written, or carried over."""


@dataclass(frozen=True)
class LeftOut:
    """Something that the other tool holds and this model does not, and what was done in its place."""

    what: str
    names: tuple[str, ...]
    instead: str

    def render(self) -> str:
        shown = ", ".join(self.names[:5]) + (f" and {len(self.names) - 5} more" if len(self.names) > 5 else "")
        return f"{self.what}{f' ({shown})' if shown else ''}: {self.instead}"


def refuse(left_out: Iterable[LeftOut]) -> None:
    """Raise one error that names everything that would be left out; nothing where nothing is."""
    faults = list(left_out)
    if faults:
        lines = "\n".join(f"  - {each.render()}" for each in faults)
        raise ExchangeError(f"this cannot be carried over as it is, and --strict refuses to change it:\n{lines}")
