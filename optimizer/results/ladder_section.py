"""The relief ladder as a table to read: families down, rungs across, one side or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from .ladder import NO_LIMIT, NOTHING
from .rungs import FAMILIES, RUNGS, SINGLE
from .section import Section

NO_DATA = "no data"
_ONE_SIDED = ("UHV",)  # it exists in one country only, which is no lack of data
_WHAT = {family.name: family.what for family in FAMILIES}


def ladder_section(names: Sequence[str], tables: Sequence[pd.DataFrame]) -> Section:
    """What relief is worth over all periods: in percent of the tokens that each side makes, or in MUSD off the bill.

    ``names`` and ``tables`` belong together, one a side. A family enters a comparison only where all sides have data of
    it. A family that was climbed on other paths of its limit has a row for each of them.
    """
    in_tokens = _unit(tables) == "Ptok"
    columns: tuple[str, ...] = ("limit",)
    for name in names:
        columns += (*(f"{name} {rung}" for rung in RUNGS), f"{name} next limit")
    rows = []
    for family in dict.fromkeys(name for table in tables for name in table["family"]):
        there = [bool(_of(table, family)["has_data"].any()) for table in tables]
        if not any(there):
            continue
        shown = there if all(there) or family in _ONE_SIDED else [False] * len(there)
        paths = dict.fromkeys(path for table in tables for path in _of(table, family)["path"])
        for path in paths:
            cells: list[Any] = []
            for table, known in zip(tables, shown, strict=True):
                cells += _cells(table, family, path, "gain_pct" if in_tokens else "gain") if known else _unknown(path)
            rows.append((family if path == "own" else f"    its {path} path", *cells))
    digits = {column: 2 if in_tokens else 0 for column in columns[1:] if not column.endswith("next limit")}
    title = "percent of tokens, all periods" if in_tokens else "MUSD saved, present value of all periods"
    return Section(
        f"What relief is worth, {title}",
        columns,
        tuple(rows),
        _notes(names, tables, in_tokens),
        digits,
    )


def last_period_section(name: str, table: pd.DataFrame) -> Section:
    """The same for the last period alone, and the tokens that it makes."""
    rows = []
    for family in dict.fromkeys(table["family"]):
        own = _of(table, family)
        own = own[(own["path"] == "own") & own["has_data"].astype(bool)]
        if len(own):
            cells = [[_shown(one) for one in own[column]] for column in ("last_period_pct", "last_period")]
            rows.append((family, *cells[0], *cells[1]))
    columns = ("limit", *RUNGS, *(f"{rung}: Mtok/s" for rung in RUNGS))
    return Section(
        f"The last period of {name}, percent of its tokens",
        columns,
        tuple(rows),
        ("the sum over periods is what is made largest; how it falls to a single period need not be unique",),
        dict.fromkeys(RUNGS, 2),
    )


def meaning_section(families: Sequence[str]) -> Section:
    """What is multiplied by 1.1 and 1.5 and then lifted, family by family."""
    return Section(
        "What a rung multiplies",
        ("limit", "by 1.1, by 1.5, then without limit"),
        tuple((family, _WHAT[family]) for family in families),
    )


def _of(table: pd.DataFrame, family: str) -> pd.DataFrame:
    return table[table["family"] == family]


def _unit(tables: Sequence[pd.DataFrame]) -> str:
    return str(tables[0]["unit"].iloc[0])


def _cells(table: pd.DataFrame, family: str, path: str, column: str) -> list[Any]:
    """The gain by rung, and what holds after the widest rung that has an end."""
    rows = _of(table, family)
    rows = rows[rows["path"] == path].set_index("rung")
    if not len(rows):
        return [None] * (len(RUNGS) + 1)
    held = [str(limit) for limit in rows["next_limit"] if limit]
    return [*(_shown(rows.loc[rung, column]) for rung in RUNGS), held[-1] if held else None]


def _unknown(path: str) -> list[Any]:
    return [NO_DATA if path == "own" else None] * len(RUNGS) + [None]


def _shown(value: Any) -> Any:
    """A figure for a reader: what the solver leaves of zero is zero."""
    number = float(value)
    if number == float("inf"):
        return NO_LIMIT
    if number != number:
        return None
    return 0.0 if abs(number) <= 100.0 * NOTHING else number


def _notes(names: Sequence[str], tables: Sequence[pd.DataFrame], in_tokens: bool) -> tuple[str, ...]:
    first = (
        "each limit by a tenth, by half and entirely, the others as they are: tokens of one fixed mix, every period "
        "with its discounted years; load shed and missing reserve stay where they were held"
        if in_tokens
        else "each limit by a tenth, by half and entirely, the others as they are: the bill of the demand path, "
        "what stands included"
    )
    notes = [
        first,
        "lead times stay: relief makes more, not sooner. A rung of reserve takes a tenth or half off the margin, "
        "then the requirement; one of UHV lifts the cap on use, then the rating",
        "next limit: after the widest rung, the family whose own tenth is worth most at the prices there; "
        "none of these: what stands, lead times or a limit outside the ladder",
    ]
    for name, table in zip(names, tables, strict=True):
        known = table[table["has_data"].astype(bool) & (table["path"] == "own")].drop_duplicates("family")
        ranged = set(table.loc[table["path"] != "own", "family"])
        bare = ~known["family"].isin(ranged) & known["family"].isin([family.name for family in SINGLE])
        single = known[bare & (known["confidence"] == "assumed")]
        words = []
        if ranged:
            words.append(f"{', '.join(f for f in known['family'] if f in ranged)}: assumed, so with a range")
        if len(single):
            words.append(f"{', '.join(single['family'])}: assumed, no range worked out")
        if words:
            notes.append(f"{name}: {'; '.join(words)}")
    return tuple(notes)
