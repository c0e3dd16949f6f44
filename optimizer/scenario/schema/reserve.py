"""Planning reserve: firm capacity above the peak, by zone."""

from __future__ import annotations

from optimizer.scenario.columns import COUNTRY, TableSpec, optional, share, text
from optimizer.scenario.schema.base import NonNegative, Section, TableFiles


class Reserve(Section):
    """Firm capacity >= (1 + margin) x coincident peak in every zone."""

    enabled: bool = True
    """Whether the requirement holds."""
    zones: TableFiles = ()
    """CSV of zones and their margins."""
    shortfall_usd_per_kw_yr: NonNegative = 300.0
    """Price of a kW that is missing, so that a short zone shows as a price and not as a failure."""


TABLES = (
    TableSpec(
        "reserve.zones",
        "Reserve zones.",
        (
            text("zone", "zone, as in regions"),
            COUNTRY,
            share("planning_reserve_margin", "firm capacity above the coincident peak, as a share"),
            optional(share("demand_response_share", "load that can be called off at the peak, as a share of it"), 0.0),
        ),
        key=("zone",),
    ),
)
