"""The formulation: its rooms, in the order in which a reader meets them."""

from __future__ import annotations

from functools import cache

from . import (
    clean_share,
    compute,
    connection,
    demand,
    facility,
    horizon,
    onsite,
    power,
    reach,
    reserve,
    storage,
    supply_chain,
    transformers,
    transmission,
    voltage_law,
)
from .room import Formulation, declare

ROOMS = (
    horizon.room,
    power.room,
    storage.room,
    transmission.room,
    voltage_law.room,
    connection.room,
    reserve.room,
    onsite.room,
    facility.room,
    compute.room,
    demand.room,
    reach.room,
    supply_chain.room,
    transformers.room,
    clean_share.room,
)


@cache
def formulation() -> Formulation:
    """The whole model, declared once a process: templates are made on it and kept."""
    return declare(ROOMS)
