"""A small table made to be read by a person: what results hand to the terminal and keep in run.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Section:
    """A titled table with notes under it.

    ``rows`` hold plain Python values (text, numbers, None for unknown), one a column. ``digits`` gives the decimals of
    a column of numbers; columns not named are shown with four significant figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()
    digits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"section '{self.title}': {len(row)} values for {len(self.columns)} columns: {row}")
        unknown = set(self.digits) - set(self.columns)
        if unknown:
            raise ValueError(f"section '{self.title}': digits for unknown columns {sorted(unknown)}")

    @classmethod
    def from_frame(
        cls, title: str, frame: pd.DataFrame, notes: tuple[str, ...] = (), digits: Mapping[str, int] | None = None
    ) -> Section:
        """Make a section of the columns of a table (its index is left out); missing values become None."""
        plain = frame.astype(object).where(frame.notna(), None)
        rows = tuple(tuple(row) for row in plain.itertuples(index=False, name=None))
        return cls(title, tuple(str(column) for column in frame.columns), rows, notes, dict(digits or {}))

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and dictionaries, for JSON."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "notes": list(self.notes),
            "digits": dict(self.digits),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Section:
        """The reverse of :meth:`as_dict`."""
        rows = tuple(tuple(row) for row in data["rows"])
        return cls(data["title"], tuple(data["columns"]), rows, tuple(data["notes"]), dict(data["digits"]))
