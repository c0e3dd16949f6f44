"""The scenario's sections, one file a room, and the tables each of them reads."""

from __future__ import annotations

from pydantic import Field

from optimizer.scenario.columns import ProfileSpec, TableSpec
from optimizer.scenario.schema import (
    checks,
    compute,
    connection,
    demand,
    export_control,
    facility,
    network,
    power_tables,
    regions,
    reserve,
    time,
    transmission,
)
from optimizer.scenario.schema.base import Section
from optimizer.scenario.schema.checks import Checks
from optimizer.scenario.schema.compute import Compute
from optimizer.scenario.schema.connection import Connection
from optimizer.scenario.schema.countries import Country
from optimizer.scenario.schema.demand import Demand
from optimizer.scenario.schema.export_control import ExportControl
from optimizer.scenario.schema.facility import Facility
from optimizer.scenario.schema.money import Money
from optimizer.scenario.schema.network import Network
from optimizer.scenario.schema.objective import Objective
from optimizer.scenario.schema.periods import Periods
from optimizer.scenario.schema.policy import Policy
from optimizer.scenario.schema.power import Power
from optimizer.scenario.schema.regions import Regions
from optimizer.scenario.schema.reserve import Reserve
from optimizer.scenario.schema.solver import Solver
from optimizer.scenario.schema.time import Time
from optimizer.scenario.schema.transmission import Transmission

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for room in (
        time,
        regions,
        power_tables,
        transmission,
        network,
        reserve,
        connection,
        facility,
        compute,
        export_control,
        demand,
        checks,
    )
    for spec in room.TABLES
}
"""Every table by its YAML path."""

PROFILES: dict[tuple[str, str], ProfileSpec] = {(spec.shape, spec.name): spec for spec in power_tables.PROFILES}
"""Every profile by shape and name."""

PROFILE_KEYS = (*dict.fromkeys(name for _, name in PROFILES), "monthly")
"""Keys of an entry of `power.profiles` that name a file."""


class Sections(Section):
    """All sections of a scenario. The reference in the docs and `scenario.schema.json` come from here."""

    name: str
    """Short name, used for result folders."""
    title: str = ""
    """Title in words."""
    description: str = ""
    """What the scenario is for."""
    countries: dict[str, Country] = Field(min_length=1)
    """The countries in this scenario, by a short code that the tables use."""
    periods: Periods = Periods()
    """Years."""
    money: Money = Money()
    """Currency."""
    time: Time = Time()
    """Representative days."""
    regions: Regions = Regions()
    """Grid nodes."""
    power: Power = Power()
    """Power system."""
    transmission: Transmission = Transmission()
    """Corridors."""
    network: Network = Network()
    """A network given element by element."""
    reserve: Reserve = Reserve()
    """Planning reserve."""
    connection: Connection = Connection()
    """Getting connected."""
    facility: Facility = Facility()
    """Halls and cooling."""
    compute: Compute = Compute()
    """Chips."""
    export_control: ExportControl = ExportControl()
    """Export rules."""
    demand: Demand = Demand()
    """Tokens asked for."""
    objective: Objective = Objective()
    """The question."""
    policy: Policy = Policy()
    """Mandates and public money."""
    solver: Solver = Solver()
    """The solver."""
    checks: Checks = Checks()
    """Published figures."""


__all__ = ["PROFILES", "PROFILE_KEYS", "TABLES", "Sections"]
