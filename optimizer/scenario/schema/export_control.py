"""Which chips may go where: dated rules kept as data."""

from __future__ import annotations

from datetime import date
from typing import Literal

from optimizer.scenario.columns import TableSpec, number, optional, text
from optimizer.scenario.schema.base import Section, TableFiles


class ExportControl(Section):
    """Rule sets are data; a pure function judges a chip, a destination and a date."""

    rules: str | None = None
    """YAML file of the rules; null: every chip may go everywhere."""
    countries: TableFiles = ()
    """CSV of policy facts per country."""
    rule_set: str = "latest"
    """`latest`; or an ISO date, or the id of a rule, at which the law stands still."""
    as_of: date = date(2026, 11, 23)
    """Date on which the rules are read."""
    assume: tuple[str, ...] = ()
    """Ids of rules that never came into force but shall count here (what-if)."""
    switches: tuple[Literal["us_cap", "china_clearance", "shipped"], ...] = ("us_cap", "china_clearance")
    """Which hurdles bound licensed chips: what US licences permit, what the importing side admits, what has moved."""


TABLES = (
    TableSpec(
        "export_control.countries",
        "Policy facts per country.",
        (
            text("country", "country code"),
            text("name", "country"),
            text("destination", "two-letter code used by the rules"),
            text("bloc", "bloc"),
            text("trust_bloc", "who trusts it as a host: us_allied, open, china"),
            optional(number("us_chip_cap_units_per_yr", "US volume cap", "units/yr", minimum=0)),
            optional(number("wacc_real_pct", "real cost of capital, in per cent", "%/yr", minimum=0, maximum=40)),
        ),
        key=("country",),
    ),
)
