"""What an exchange says: how much came over, and what did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from optimizer.interop.errors import LeftOut
from optimizer.results.section import Section


def exchange_sections(
    title: str, sizes: Mapping[str, int], notes: Sequence[str], left_out: Sequence[LeftOut], if_any: str
) -> tuple[Section, ...]:
    """Two tables for the terminal. ``if_any`` says what it means that something was left out."""
    counts = Section(title, ("what", "count"), tuple(sizes.items()), tuple(notes))
    if not left_out:
        return (counts, Section("Left out", ("what", "which", "in its place"), (), ("nothing was left out",)))
    rows = tuple((each.what, ", ".join(each.names[:8]), each.instead) for each in left_out)
    return (counts, Section(f"Left out: {if_any}", ("what", "which", "in its place"), rows))


def import_sections(
    file: Path, sizes: Mapping[str, int], notes: Sequence[str], left_out: Sequence[LeftOut]
) -> tuple[Section, ...]:
    """What an import says."""
    return exchange_sections(f"Imported to {file}", sizes, notes, left_out, "the optimum may differ")


def export_sections(
    file: Path, sizes: Mapping[str, int], notes: Sequence[str], left_out: Sequence[LeftOut]
) -> tuple[Section, ...]:
    """What an export says."""
    return exchange_sections(f"Exported to {file}", sizes, notes, left_out, "dispatched again, it may be cheaper")
