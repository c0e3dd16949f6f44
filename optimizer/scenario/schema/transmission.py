"""Corridors between regions."""

from __future__ import annotations

from typing import Literal

from optimizer.scenario.columns import MONEY, TableSpec, choice, cost, flag, integer, number, optional, share, text
from optimizer.scenario.schema.base import NonNegative, Section, TableFiles


class Transmission(Section):
    """Lines: what stands, what is coming, what may be built."""

    corridors: TableFiles = ()
    """CSV of corridors."""
    joint_caps: TableFiles = ()
    """CSV of sending caps that several corridors share."""
    physics: Literal["transport", "dc"] = "transport"
    """`transport`: flows as wished within ratings. `dc`: AC lines obey Kirchhoff's voltage law (linear power flow)."""
    security: Literal["n-0", "n-1"] = "n-1"
    """Which rating counts: all lines in service, or one of them lost."""
    hurdle_usd_per_mwh: NonNegative = 0.5
    """Small cost on every flow, which keeps power from circling."""
    use_caps: bool = True
    """Holds corridors to their max_utilisation. The highest flow on record is kept in the table for comparison only."""
    minimum_takes: bool = True
    """Holds corridors to their min_take_twh."""
    planned: bool = False
    """Planned lines count as built on their date."""


KINDS = (
    "ac",
    "hvac",
    "uhvac_1000",
    "hvdc",
    "hvdc_lcc",
    "hvdc_vsc",
    "hvdc_500",
    "hvdc_660",
    "hvdc_800",
    "uhvdc_800",
    "uhvdc_1100",
    "b2b",
)

TABLES = (
    TableSpec(
        "transmission.corridors",
        "Corridors, one row a project.",
        (
            text("corridor", "unique id"),
            optional(text("name", "name in words")),
            text("from", "first end", of="region"),
            text("to", "second end", of="region"),
            choice("kind", "technology of the line", KINDS),
            choice("status", "state of the project", ("existing", "committed", "planned", "candidate", "collection")),
            optional(integer("in_service_year", "first year of operation", "year", minimum=1950, maximum=2100)),
            number("forward_mw", "rating from first to second end", "MW", minimum=0, plausible=(0, 100_000)),
            number("backward_mw", "rating the other way; 0: one-way", "MW", minimum=0, plausible=(0, 100_000)),
            optional(number("forward_n1_mw", "rating with one circuit lost; blank: the same", "MW", minimum=0)),
            optional(number("backward_n1_mw", "the same, the other way", "MW", minimum=0)),
            optional(number("length_km", "length", "km", minimum=0, maximum=6000)),
            optional(number("reactance_pu", "reactance on any common base; blank: length over rating", "1", minimum=0)),
            share("loss", "share of sent power lost, converters included"),
            optional(flag("expandable", "1: may be widened"), 0),
            optional(cost("expansion_cost_per_mw", "cost of one more MW", "money/MW", (5_000, 20_000_000))),
            optional(number("lead_time_yr", "decision to operation", "yr", minimum=0, maximum=25)),
            optional(number("max_expansion_mw", "most that may be added", "MW", minimum=0)),
            optional(MONEY),
            optional(share("max_utilisation", "ceiling on annual energy over rating")),
            optional(number("min_take_twh", "energy that must flow forward a year", "TWh", minimum=0, maximum=200)),
            optional(number("observed_max_mw", "highest flow ever reported", "MW", minimum=0)),
            optional(text("joint_cap", "group of corridors with one sending cap", of="joint_cap")),
            optional(number("design_annual_twh", "energy in the design", "TWh", minimum=0)),
            optional(number("observed_annual_twh", "energy in the record", "TWh", minimum=0)),
        ),
        key=("corridor",),
        row_checks=("line_ends_differ",),
    ),
    TableSpec(
        "transmission.joint_caps",
        "Sending caps that several corridors share.",
        (text("joint_cap", "unique id"), number("forward_mw", "together from first to second ends", "MW", minimum=0)),
        key=("joint_cap",),
    ),
)
