"""Mandates and public money."""

from __future__ import annotations

from typing import Literal

from optimizer.scenario.schema.base import Section


class Policy(Section):
    """Rules that governments add."""

    clean_share_scope: Literal["new"] = "new"
    """What counts towards a country's clean_share: contracts with new plants only."""
