"""The formulation: its rooms, in the order in which a reader meets them."""

from __future__ import annotations

from functools import cache

from . import (
    branches,
    clean_share,
    compute,
    connection,
    demand,
    facility,
    horizon,
    links,
    network_limits,
    onsite,
    power,
    reach,
    reserve,
    reservoirs,
    storage,
    supply_chain,
    tanks,
    transformers,
    transmission,
    units,
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
    units.room,
    links.room,
    reservoirs.room,
    tanks.room,
    branches.room,
    network_limits.room,
)


@cache
def formulation() -> Formulation:
    """The whole model, declared once a process: templates are made on it and kept."""
    return declare(ROOMS)
