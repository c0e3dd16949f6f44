"""What an import says: how much came over, and what did not."""

from __future__ import annotations

from optimizer.interop.pypsa_import import Imported
from optimizer.results.section import Section


def import_sections(made: Imported) -> tuple[Section, ...]:
    """Two tables for the terminal."""
    sizes = Section(f"Imported to {made.file}", ("what", "count"), tuple(made.sizes.items()), made.notes)
    if not made.left_out:
        return (sizes, Section("Left out", ("what", "which", "in its place"), (), ("nothing was left out",)))
    rows = tuple((each.what, ", ".join(each.names[:8]), each.instead) for each in made.left_out)
    return (sizes, Section("Left out: the optimum may differ", ("what", "which", "in its place"), rows))
