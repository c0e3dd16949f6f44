"""Mandates and public money."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from optimizer.scenario.schema.base import NonNegative, Section


class Policy(Section):
    """Rules that governments add."""

    clean_share_scope: Literal["new", "certificates"] = "new"
    """What counts towards a country's clean_share: contracts with new plants only, or certificates of any plant."""
    certificate_usd_per_mwh: NonNegative = 1.0
    """Price of a certificate of existing clean output."""
    investment_budget_musd_per_yr: dict[str, NonNegative] = Field(default_factory=dict)
    """Most that a country invests a year in chips, halls and connections; a country left out has no such limit."""
    hub_power_subsidy_usd_per_mwh: NonNegative = 0.0
    """Public money per MWh at hub regions: a transfer, shown beside the cost and not taken off it."""
