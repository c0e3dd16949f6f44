"""Connection: queues, lead times, committed projects and headroom as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .draft import Draft, World
from .finance import Floats, capital_recovery_factor, share_available, vintage_alive, vintage_charge
from .power import growth

STOCK_DATE = 2026.5  # what stands and what is under construction is known for the middle of 2026
CONNECTION_LIFE_YR = 40.0
SEASON_OF_MONTH = np.array(
    [0, 0, 1, 1, 1, 2, 2, 2, 1, 1, 1, 0]
)  # winter, between, summer: the peaks that networks are built for


def hosts(world: World) -> pd.Index:
    """Regions that may host AI sites: those with a row of connection limits."""
    limits = world.scenario.table("connection.limits").set_index("region")
    return world.regions.index[world.regions.index.isin(limits.index)]


def committed_share(world: World, lead_yr: Floats) -> Floats:
    """Share of the projects under construction that works in each period, mean over it.

    They arrive linearly over the lead time.
    """
    moments = np.asarray(world.periods, float)[:, None] + (np.arange(24) + 0.5)[None, :] / 24 * world.length_yr
    return np.clip((moments[None] - STOCK_DATE) / np.maximum(lead_yr, 0.25)[:, None, None], 0.0, 1.0).mean(axis=2)


def build(world: World, out: Draft) -> None:
    """Set host and all arrays of the connection room."""
    settings, periods, length = world.scenario.connection, world.periods, world.length_yr
    limits = world.scenario.table("connection.limits").set_index("region")
    names = hosts(world)
    regions = world.regions.loc[names]
    out.set(
        "host",
        names,
        country=regions["country"],
        zone=regions["zone"],
        grid_region=regions["grid_region"],
        name=regions["name"],
    )
    lead = limits.loc[names, "months_to_power"].to_numpy(float) / 12.0
    firm, flexible = _shares(world, names)

    centres = world.scenario.table("facility.data_centres").set_index("region").reindex(names)
    peak_pue = world.scenario.table("facility.climate").set_index("region")["pue_peak"].reindex(names).to_numpy(float)
    standing = centres["ai_it_mw"].fillna(0.0).to_numpy(float) * peak_pue
    coming = centres["under_construction_facility_mw"].fillna(0.0).to_numpy(float) * float(settings.committed)
    connected = standing[:, None] + coming[:, None] * committed_share(world, lead)

    peak, room = _headroom(world, out, names, settings.flexible.curtailed_share)
    offered = (np.maximum.accumulate(flexible, axis=1) > 0) & (room > 0)
    flexible = flexible * offered
    firm_alive = vintage_alive(periods, length, firm, CONNECTION_LIFE_YR)
    flexible_alive = vintage_alive(periods, length, flexible, CONNECTION_LIFE_YR)
    shape = (len(names), len(periods), len(world.snapshots))
    counts = _has_onsite(world, out, names)[:, None] & ~world.too_early[None, :]
    out.put(
        connected_mw=connected,
        firm_alive=firm_alive,
        flexible_alive=flexible_alive,
        flexible_room_mw=room,
        offers_flexible=offered,
        draw_counts=np.broadcast_to(counts[:, :, None], shape),
        headroom_mw=np.where(offered[:, :, None], peak, 0.0),
        headroom_tight=offered[:, :, None] & (peak < room[:, :, None]),
        curtailed_share=settings.flexible.curtailed_share,
    )
    out.put(**queue_limits(world, out, settings.path))
    _costs(world, out, regions["country"].to_numpy(), firm_alive, flexible_alive)


def queue_limits(world: World, out: Draft, path: str) -> dict[str, Floats]:
    """What the queue can energise on a path (low, central, high), MW (hosts, periods); needs the headroom.

    A host without a figure for the path has its central one.
    """
    names = pd.Index(out.sets["host"])
    limits = world.scenario.table("connection.limits").set_index("region").loc[names]
    column = {"central": "limit_mw_per_yr", "low": "limit_low_mw_per_yr", "high": "limit_high_mw_per_yr"}[path]
    per_year = limits[column].fillna(limits["limit_mw_per_yr"]).to_numpy(float)
    energised = per_year[:, None] * world.length_yr
    firm, flexible = _shares(world, names)
    flexible = flexible * out.params["offers_flexible"]
    room = out.params["flexible_room_mw"]
    return {
        "queue_mw": energised * np.maximum(firm, flexible),
        "firm_queue_mw": energised * firm,
        "flexible_build_max_mw": np.where(flexible > 0, np.minimum(energised * flexible, room), 0.0),
    }


def _shares(world: World, names: pd.Index) -> tuple[Floats, Floats]:
    """Share of each period that the lead time leaves, firm and flexible, (hosts, periods)."""
    limits = world.scenario.table("connection.limits").set_index("region").loc[names]
    lead = limits["months_to_power"].to_numpy(float) / 12.0
    quick = limits["flexible_months"].to_numpy(float) / 12.0
    firm = share_available(world.periods, world.length_yr, world.decided_from, lead)
    flexible = share_available(
        world.periods, world.length_yr, world.decided_from, np.where(np.isnan(quick), np.inf, np.minimum(quick, lead))
    )
    firm[:, world.too_early] = flexible[:, world.too_early] = 0.0
    return firm, flexible * float(world.scenario.connection.flexible.enabled)


def _headroom(world: World, out: Draft, names: pd.Index, share: float) -> tuple[Floats, Floats]:
    """Headroom below the seasonal peak per host, period and snapshot, largest flexible load over 8760 hours; in MW."""
    if not len(names):  # a power system alone: loading the kernel would take longer than the rest
        shape = (0, len(world.periods))
        return np.zeros((*shape, len(world.snapshots))), np.zeros(shape)
    from kernels.headroom import headroom as largest_flexible_load
    from kernels.headroom import seasonal_peaks

    rows = [out.position("region")[name] for name in names]
    load = np.ascontiguousarray(world.load_mw[:, rows].T)
    month = np.repeat(np.arange(12), np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24)
    season = SEASON_OF_MONTH[month]
    peaks = seasonal_peaks(load, season)
    energy, _ = growth(world)
    factor = energy[rows]
    shots = world.snapshots
    month_share = shots.month_share
    peak_of_snapshot = np.stack([month_share[:, s == SEASON_OF_MONTH].sum(axis=1) for s in range(3)], axis=1) @ peaks.T
    here = world.on_snapshots(world.load_mw)[rows]
    headroom = np.maximum(peak_of_snapshot.T - here, 0.0)[:, None, :] * factor[:, :, None]
    room = largest_flexible_load(load, season, share)
    return headroom, room.reshape(len(names), 1) * factor


def _has_onsite(world: World, out: Draft, names: pd.Index) -> np.ndarray:
    """Hosts with an on-site plant in the fleet, bool (hosts,)."""
    from .fleet import technologies

    tech = technologies(world)
    campus, plants = tech[tech["site"] == "campus"].index, out.position("plant")
    return np.asarray([any(f"{name}:{k}" in plants for _, k in campus) for name in names], bool)


def _costs(world: World, out: Draft, country: np.ndarray, firm_alive: Floats, flexible_alive: Floats) -> None:
    """Annuities of new connections, paid by the campus."""
    table = world.scenario.table("connection.costs")
    table = table.assign(usd=table["capex_per_kw"].to_numpy(float) * world.money(table["money"])).set_index(
        ["country", "item"]
    )
    wacc = np.asarray([world.wacc(c, "campus") for c in country])
    for item, alive, name in (("firm", firm_alive, "firm_cost"), ("flexible", flexible_alive, "flexible_cost")):
        capex = (
            np.asarray([float(table["usd"].get((c, item), table["usd"].get((c, "firm"), np.nan))) for c in country])
            * 1e-3
        )
        life = np.asarray([float(table["lifetime_yr"].get((c, item), CONNECTION_LIFE_YR)) for c in country])
        yearly = (capex * capital_recovery_factor(wacc, life))[:, None] * np.ones(len(world.periods))
        out.put(**{name: vintage_charge(alive, world.discount, yearly)})
