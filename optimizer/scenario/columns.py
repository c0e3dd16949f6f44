"""What a table must look like: `TableSpec` and its `Column`s.

The rooms of `schema/` declare their tables with these records; reading, checking, the column reference in the docs
and the empty frame of a table that a scenario leaves out all come from the same record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["text", "number", "integer", "flag", "choice"]
RowCheck = Literal["line_ends_differ", "technology_known", "twelve_months"]
"""Checks that need more than one cell; row_checks.py holds their code."""


@dataclass(frozen=True)
class Column:
    """One column. Bounds are inclusive; `of` names the set a text value must belong to.

    `required` means: the column is there and no cell is blank. A column that is not required may be left out of the
    file altogether; it then arrives in the frame filled with `default`, or NaN.
    `plausible` is a band in USD of the scenario's currency year (for money columns) or in the column's own unit:
    a value outside it is taken for a wrong unit. `foreign` says what happens to a name outside the set `of`:
    'refuse' is an error, 'drop' leaves the row out, because the table is shared by scenarios with other places.
    """

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    required: bool = True
    default: str | float | None = None
    choices: tuple[str, ...] = ()
    of: str | None = None
    foreign: Literal["refuse", "drop"] = "refuse"
    plausible: tuple[float, float] | None = None
    is_money: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One table. `key` columns together identify a row, over all files that are listed under the name.

    `ordered` names triples (low, central, high) of columns whose values must not fall from left to right.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    row_checks: tuple[RowCheck, ...] = ()
    ordered: tuple[tuple[str, str, str], ...] = ()

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class ProfileSpec:
    """A profile: `hourly` is `hour` and one column a region, 8760 rows; `month_hour` is region, month, h00 to h23."""

    name: str
    doc: str
    shape: Literal["hourly", "month_hour"]
    maximum: float | None


def text(name: str, doc: str, **rest: Any) -> Column:
    return Column(name, "text", doc, **rest)


def number(name: str, doc: str, unit: str = "", **rest: Any) -> Column:
    return Column(name, "number", doc, unit, **rest)


def integer(name: str, doc: str, unit: str = "", **rest: Any) -> Column:
    return Column(name, "integer", doc, unit, **rest)


def flag(name: str, doc: str, **rest: Any) -> Column:
    return Column(name, "flag", doc, **rest)


def choice(name: str, doc: str, choices: tuple[str, ...], **rest: Any) -> Column:
    return Column(name, "choice", doc, choices=choices, **rest)


def cost(name: str, doc: str, unit: str, plausible: tuple[float, float], minimum: float | None = 0.0) -> Column:
    """An amount in the row's `money`, with the band in USD outside which its unit is doubted."""
    return Column(name, "number", doc, unit, minimum, plausible=plausible, is_money=True)


def share(name: str, doc: str, **rest: Any) -> Column:
    """A share of one: 0.15, never 15."""
    return Column(name, "number", doc, "1", 0.0, 1.0, **rest)


def optional(column: Column, default: str | float | None = None) -> Column:
    """The same column, allowed to be blank or left out."""
    return replace(column, required=False, default=default)


MONEY = text("money", "currency and price year of the money columns of the row, a key of money.factors", of="money")
REGION = text("region", "grid node", of="region")
COUNTRY = text("country", "country of the scenario", of="country")
TECHNOLOGY = text("technology", "generation or storage technology", of="technology")
CHIP = text("chip", "accelerator", of="chip")

PROVENANCE_COLUMNS = ("source", "as_of", "confidence")
