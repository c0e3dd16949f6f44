"""One entry a country: whose demand it serves, which chips it gets, what money costs there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from optimizer.scenario.schema.base import Rate, Section, Share


class Wacc(Section):
    """Real weighted average cost of capital by kind of asset."""

    grid: Rate = 0.06
    """Plants and lines."""
    campus: Rate = 0.08
    """Halls and connections."""
    chips: Rate = 0.08
    """Servers."""


class ConnectionBase(Section):
    """AI load that already sits in the recorded load of 2024, so that it is not counted twice."""

    ai_draw_2024_share: Share = 0.0
    """AI servers of mid 2024 over those of the data-centre table."""
    ai_draw_2024_pue: Annotated[float, Field(ge=1, le=3)] = 1.2
    """Facility power over IT power, for that load."""
    ai_draw_2024_load_factor: Share = 0.6
    """Mean draw over full power, for that load."""


class Country(Section):
    """A country or bloc with regions of its own."""

    name: str
    """Name in words."""
    demand_group: str
    """Group of the demand tables to which the country belongs."""
    served_share: Share = 1.0
    """Share of the listed markets' demand that this scenario serves."""
    markets: tuple[str, ...] = ()
    """Home markets: their demand, of every workload, enters the scenario."""
    foreign_markets: dict[str, Literal["all"] | tuple[str, ...]] = Field(default_factory=dict)
    """Per workload, markets abroad whose demand enters too; `all`: every other market of the demand group."""
    chip_bloc: str
    """destination_bloc of the supply table from which the country draws."""
    chip_share: Share = 1.0
    """Share of that supply."""
    fleet_region: str | None = None
    """fleet_region of the fleet table, of the country's demand group, that stands in the country; null: no fleet."""
    fleet_share: Share = 1.0
    """Share of that fleet that stands here."""
    destination: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    """Two-letter code under which export rules name the country."""
    trust_bloc: Literal["us_allied", "open", "china"] = "open"
    """Bloc under which the trust rules of `demand.trust` see the country as a host."""
    barred_chips: tuple[str, ...] = ()
    """Chips that may not be installed here, whatever the export rules say."""
    wacc: Wacc = Wacc()
    """Cost of capital."""
    other_ai_share: Share | None = None
    """Share of the fleet taken by other AI work; null: from the table."""
    clean_share: Share = 0.0
    """Share of campus energy at hub regions that must come from clean contracts."""
    connection_base: ConnectionBase = ConnectionBase()
    """AI load inside the recorded load."""
