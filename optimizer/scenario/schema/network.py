"""A power network given unit by unit, as network models keep it: each generator, link, line and store by name."""

from __future__ import annotations

from pydantic import Field

from optimizer.scenario.columns import REGION, Column, TableSpec, choice, flag, integer, number, optional, share, text
from optimizer.scenario.schema.base import Positive, Section, TableFiles


class Network(Section):
    """Elements with figures of their own, beside the plants and corridors that are described by technology.

    They meet the rest of the scenario in the power balance of the regions. Costs are charges a year, ready annuities.
    """

    units: TableFiles = ()
    """CSV of generating units."""
    links: TableFiles = ()
    """CSV of steered links: HVDC, converters, pumps, anything that takes in one region and gives in others."""
    link_ports: TableFiles = ()
    """CSV of where links give, and how much of what they take."""
    reservoirs: TableFiles = ()
    """CSV of storage with a rated power: batteries, pumped hydro, dams with inflow."""
    tanks: TableFiles = ()
    """CSV of stores of energy whose power has no rating: heat, hydrogen, gas."""
    branches: TableFiles = ()
    """CSV of passive lines and transformers, in which power splits by reactance (`transmission.physics: dc`)."""
    loads: TableFiles = ()
    """CSV of loads; they add to the recorded load of their region."""
    limits: TableFiles = ()
    """CSV of limits on sums: carbon, energy of a kind, capacity of a kind."""
    limit_terms: TableFiles = ()
    """CSV of what such a limit adds up."""
    series: dict[str, str] = Field(default_factory=dict)
    """Values by period and snapshot in place of a column: `units.max_share: file.csv`. The file has the columns period
    and snapshot, then one for each element that has a series."""
    usd_per_currency: Positive = 1.0
    """What one unit of money in these tables is in dollars of the scenario's currency year."""


_CARRIER = optional(text("carrier", "kind in words: wind, gas, AC"))
_GROWS = (
    optional(flag("grows", "1: its capacity is decided, within the two limits; 0: it is what it is"), 0),
    optional(number("capacity_min", "least capacity, where it is decided", "MW or MWh"), 0.0),
    optional(number("capacity_max", "most capacity, where it is decided; blank: no limit", "MW or MWh")),
    optional(number("capital_per_yr", "yearly charge for one unit of decided capacity", "money/MW/yr"), 0.0),
    optional(number("build_year", "stands from this year; blank: from the beginning", "year")),
    optional(number("lifetime_yr", "and for so many years; blank: for ever", "yr")),
)
_CAPACITY = optional(number("capacity_mw", "capacity where it is not decided; blank: no limit", "MW"))
_SHARES = (
    optional(number("min_share", "least flow as a share of capacity; below 0: the other way", "1"), 0.0),
    optional(number("max_share", "most flow as a share of capacity", "1"), 1.0),
)
_COST = optional(number("cost_per_mwh", "running cost", "money/MWh"), 0.0)
_RAMPS = (
    optional(number("ramp_up_share", "largest rise from a snapshot to the next over capacity; blank: any", "1")),
    optional(number("ramp_down_share", "largest fall; blank: any", "1")),
    optional(number("before_mw", "flow before the first snapshot, for its ramp; blank: not known", "MW")),
)
_SET = optional(number("set_mw", "flow that is laid down; blank: free", "MW"))
_SIGN = optional(number("sign", "1: its flow feeds the region; -1: it draws", "1"), 1.0)
_STORED = (
    optional(share("loss_per_h", "share of what is stored that is lost in an hour"), 0.0),
    optional(number("initial_mwh", "stored before the first snapshot, where it does not wrap", "MWh"), 0.0),
    optional(
        choice(
            "wraps",
            "what comes before the first snapshot: nothing but `initial_mwh` (no: once, each: in every period), the "
            "end of the period, or the end of the last period (horizon)",
            ("no", "each", "period", "horizon"),
        ),
        "no",
    ),
    optional(number("level_cost_per_mwh", "cost of holding a MWh for an hour", "money/MWh/h"), 0.0),
    optional(number("set_mwh", "level that is laid down; blank: free", "MWh")),
)

TABLES = (
    TableSpec(
        "network.units",
        "Generating units, one row each.",
        (
            text("unit", "unique name"),
            REGION,
            _CARRIER,
            _CAPACITY,
            *_GROWS,
            *_SHARES,
            _SIGN,
            _COST,
            optional(number("efficiency", "electricity over fuel", "1"), 1.0),
            optional(number("co2_t_per_mwh", "CO2 of a MWh of fuel", "t/MWh"), 0.0),
            *_RAMPS,
            optional(number("energy_min_mwh", "least energy over all periods; blank: none", "MWh")),
            optional(number("energy_max_mwh", "most energy over all periods; blank: no limit", "MWh")),
            _SET,
        ),
        key=("unit",),
    ),
    TableSpec(
        "network.links",
        "Steered links, one row each; their flow is what they take at the first end.",
        (
            text("link", "unique name"),
            text("from", "where it takes", of="region"),
            _CARRIER,
            _CAPACITY,
            *_GROWS,
            *_SHARES,
            _COST,
            *_RAMPS,
            _SET,
            optional(number("length_km", "length", "km")),
        ),
        key=("link",),
    ),
    TableSpec(
        "network.link_ports",
        "Where links give. A link may have several ports; one with a share below zero takes.",
        (
            text("link", "name of the link", of="link"),
            integer("port", "1, 2, ...", "1", minimum=1, maximum=99),
            text("to", "where it gives", of="region"),
            optional(number("efficiency", "given over taken at the first end", "1"), 1.0),
        ),
        key=("link", "port"),
    ),
    TableSpec(
        "network.reservoirs",
        "Storage with a rated power, one row each.",
        (
            text("reservoir", "unique name"),
            REGION,
            _CARRIER,
            _CAPACITY,
            *_GROWS,
            *_SHARES,
            _SIGN,
            _COST,
            number("hours", "hours of storage at full power", "h", minimum=0),
            optional(number("efficiency_in", "stored over taken", "1"), 1.0),
            optional(number("efficiency_out", "given over drawn from the store", "1"), 1.0),
            *_STORED,
            optional(number("inflow_mw", "what flows in by itself", "MW"), 0.0),
            optional(number("spill_cost_per_mwh", "cost of letting inflow go", "money/MWh"), 0.0),
            optional(number("set_mw", "net flow that is laid down; blank: free", "MW")),
            optional(number("set_release_mw", "release that is laid down; blank: free", "MW")),
            optional(number("set_pumping_mw", "pumping that is laid down; blank: free", "MW")),
        ),
        key=("reservoir",),
    ),
    TableSpec(
        "network.tanks",
        "Stores of energy whose power has no rating, one row each; their capacity is in MWh.",
        (
            text("tank", "unique name"),
            REGION,
            _CARRIER,
            optional(number("capacity_mwh", "capacity where it is not decided; blank: no limit", "MWh")),
            *_GROWS,
            optional(number("min_share", "least level over capacity", "1"), 0.0),
            optional(number("max_share", "most level over capacity", "1"), 1.0),
            _SIGN,
            _COST,
            *_STORED,
            _SET,
        ),
        key=("tank",),
    ),
    TableSpec(
        "network.branches",
        "Passive lines and transformers, one row each.",
        (
            text("branch", "unique name"),
            text("from", "first end", of="region"),
            text("to", "second end", of="region"),
            optional(choice("kind", "what it is", ("line", "transformer")), "line"),
            _CARRIER,
            _CAPACITY,
            *_GROWS,
            optional(number("max_share", "most flow either way as a share of capacity", "1"), 1.0),
            number(
                "reactance", "reactance (direct current: resistance) on one base for all; it stays when capacity grows"
            ),
            optional(number("phase_shift_rad", "angle that a transformer adds", "rad"), 0.0),
            optional(number("flow_max_mw", "most flow either way that angles allow; blank: no limit", "MW")),
            optional(number("length_km", "length", "km")),
        ),
        key=("branch",),
    ),
    TableSpec(
        "network.loads",
        "Loads, one row each. A load below zero feeds.",
        (
            text("load", "unique name"),
            REGION,
            _CARRIER,
            optional(number("load_mw", "what it draws", "MW"), 0.0),
        ),
        key=("load",),
    ),
    TableSpec(
        "network.limits",
        "Limits on sums of energy, levels and capacity.",
        (
            text("limit", "unique name"),
            optional(text("kind", "what it stands for, in words")),
            optional(text("of", "what it counts, in words: co2_emissions, gas")),
            choice("sense", "the sum is at most, at least, or equal", ("<=", ">=", "==")),
            number("amount", "what the sum is held to", "unit of the terms"),
        ),
        key=("limit",),
    ),
    TableSpec(
        "network.limit_terms",
        "What a limit adds up: `factor` times the energy of a unit (MWh), its fuel (energy over efficiency), the level "
        "of storage at the end of a period (MWh), or a decided capacity (MW or MWh).",
        (
            text("limit", "name of the limit", of="limit"),
            choice(
                "term",
                "what is added",
                (
                    "energy",
                    "fuel",
                    "reservoir_level",
                    "tank_level",
                    "unit_capacity",
                    "link_capacity",
                    "reservoir_capacity",
                    "tank_capacity",
                    "branch_capacity",
                ),
            ),
            text("name", "name of the unit, link, reservoir, tank or branch"),
            optional(number("period", "first year of the period; blank: all (capacity: blank)", "year")),
            number("factor", "times this", "1"),
        ),
        key=("limit", "term", "name", "period"),
    ),
)

ELEMENTS = {
    "units": "unit",
    "links": "link",
    "link_ports": "link",
    "reservoirs": "reservoir",
    "tanks": "tank",
    "branches": "branch",
    "loads": "load",
}
"""Tables whose elements may have series, and the column that names them."""

SERIES: dict[str, tuple[str, ...]] = {
    "units": ("min_share", "max_share", "cost_per_mwh", "efficiency", "ramp_up_share", "ramp_down_share", "set_mw"),
    "links": ("min_share", "max_share", "cost_per_mwh", "ramp_up_share", "ramp_down_share", "set_mw"),
    "link_ports": ("efficiency",),
    "reservoirs": (
        "min_share", "max_share", "cost_per_mwh", "efficiency_in", "efficiency_out", "loss_per_h", "inflow_mw",
        "spill_cost_per_mwh", "level_cost_per_mwh", "set_mw", "set_mwh", "set_release_mw", "set_pumping_mw",
    ),
    "tanks": ("min_share", "max_share", "cost_per_mwh", "loss_per_h", "level_cost_per_mwh", "set_mw", "set_mwh"),
    "branches": ("max_share", "phase_shift_rad"),
    "loads": ("load_mw",),
}  # fmt: skip
"""Columns that may be a series. Series of link ports are named link:port."""


def column_of(table: str, name: str) -> Column:
    """A column of one of the tables."""
    spec = next(spec for spec in TABLES if spec.name == f"network.{table}")
    return spec.column(name)
