"""From PyPSA's global constraints to limits on sums: amounts and weights as PyPSA's own optimisation forms them.

A limit whose sum would be empty binds nothing in PyPSA either, and is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.interop.errors import LeftOut
from optimizer.interop.pypsa_network import Network
from optimizer.interop.pypsa_tables import (
    COMPONENTS,
    CYCLIC,
    GENERATORS,
    LINES,
    LINKS,
    STORAGE_UNITS,
    STORES,
    Component,
    NetworkTables,
    Source,
    name_prefix,
)
from optimizer.scenario.schema.network import ELEMENTS

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

Term = dict[str, Any]

KINDS = (
    "primary_energy",
    "operational_limit",
    "transmission_volume_expansion_limit",
    "transmission_expansion_cost_limit",
    "tech_capacity_expansion_limit",
)


def limit_tables(source: Source, made: NetworkTables) -> list[LeftOut]:
    """Put the tables of limits; returns those of a kind that is not known here."""
    unknown = []
    rows, terms = [], []
    for name, constraint in source.network.c.global_constraints.static.iterrows():
        kind = str(constraint["type"])
        if kind not in KINDS:
            unknown.append(str(name))
            continue
        own, constant = _terms(source, kind, constraint)
        if own:
            sense = {"=": "=="}.get(str(constraint["sense"]), str(constraint["sense"]))
            amount = float(constraint["constant"]) - constant
            of = str(constraint["carrier_attribute"])
            rows.append({"limit": str(name), "kind": kind, "of": of, "sense": sense, "amount": amount})
            terms += [{"limit": str(name), **term} for term in own]
    made.add_table("limits", pd.DataFrame(rows))
    made.add_table("limit_terms", pd.DataFrame(terms))
    if unknown:
        return [LeftOut("global constraints of an unknown type", tuple(unknown), "left out")]
    return []


def _terms(source: Source, kind: str, constraint: pd.Series) -> tuple[list[Term], float]:
    """What a constraint adds up, and the constant of its left side."""
    if kind == "primary_energy":
        carriers = source.network.c.carriers.static
        attribute = str(constraint["carrier_attribute"])
        weight = carriers[attribute].fillna(0.0) if attribute in carriers else pd.Series(dtype=float)
        return _energy(source, constraint, weight[weight != 0].to_dict(), "fuel")
    if kind == "operational_limit":
        return _energy(source, constraint, {str(constraint["carrier_attribute"]): 1.0}, "energy")
    if kind == "tech_capacity_expansion_limit":
        return list(_capacity_of_kind(source, constraint)), 0.0
    return list(_transmission(source, kind, constraint)), 0.0


def _energy(source: Source, constraint: pd.Series, weight: dict[str, float], term: str) -> tuple[list[Term], float]:
    """Energy or fuel of generators, less what non-cyclic storage is left with and plus what it began with."""
    years = _year_weights(source, constraint)
    found: list[Term] = []
    constant = 0.0
    for name, row in _of(source, GENERATORS, constraint, weight).iterrows():
        if _same(years):
            found.append({"term": term, "name": name, "period": None, "factor": weight[row["carrier"]] * years[0][1]})
            continue
        for period, length in years:
            found.append({"term": term, "name": name, "period": period, "factor": weight[row["carrier"]] * length})
    for component, level, initial in (
        (STORAGE_UNITS, "reservoir_level", "state_of_charge_initial"),
        (STORES, "tank_level", "e_initial"),
    ):
        whole, _, restarts = CYCLIC[component.name]
        for name, row in _of(source, component, constraint, weight).iterrows():
            if bool(row[whole]):
                continue
            factor = weight[row["carrier"]]
            closings = years if source.is_multi_period and bool(row[restarts]) else [_last(source, row, years)]
            for period, length in closings:
                found.append({"term": level, "name": name, "period": period, "factor": -factor * length})
                constant += factor * length * float(row[initial])
    return found, constant


def _same(years: list[tuple[int | None, float]]) -> bool:
    """One period without a year: the weight holds everywhere."""
    return len(years) == 1 and years[0][0] is None


def _year_weights(source: Source, constraint: pd.Series) -> list[tuple[int | None, float]]:
    """(period, elapsed years) of the periods that a constraint counts; without periods the whole counts once."""
    if not source.is_multi_period:
        return [(None, 1.0)]
    years = source.network.investment_period_weightings["years"]
    only = constraint["investment_period"]
    return [(int(p), float(years[p])) for p in years.index if np.isnan(only) or p == only]


def _last(source: Source, row: pd.Series, years: list[tuple[int | None, float]]) -> tuple[int | None, float]:
    """The last counted period in which storage stands. PyPSA refuses other weights than one here."""
    if not source.is_multi_period:
        return None, 1.0
    first, last = float(row["build_year"]), float(row["build_year"]) + float(row["lifetime"])
    stands = [(p, length) for p, length in years if p is not None and first <= p < last]
    return (stands or years)[-1]


def _of(source: Source, component: Component, constraint: pd.Series, carriers: Any) -> pd.DataFrame:
    """Components of some carriers that stand in the period of a constraint, if it names one."""
    frame = source.static(component)
    if "carrier" not in frame:  # transformers have none
        return frame.iloc[:0]
    frame = frame[frame["carrier"].isin(list(carriers))]
    only = constraint["investment_period"]
    if source.is_multi_period and not np.isnan(only):
        first = frame["build_year"].to_numpy(float)
        frame = frame[(first <= only) & (only < first + frame["lifetime"].to_numpy(float))]
    return frame


def _capacity_of_kind(source: Source, constraint: pd.Series) -> Iterator[Term]:
    """Capacity of a carrier, at one bus or everywhere."""
    place = constraint.get("bus")
    at = "" if place is None or place != place else str(place)
    for component in COMPONENTS:
        frame = _of(source, component, constraint, [str(constraint["carrier_attribute"])])
        frame = frame[frame[f"{component.nominal}_extendable"].to_numpy(bool)]
        if at:
            frame = frame[frame["bus" if "bus" in frame else "bus0"] == at]
        yield from capacity_terms(source, component, frame.index, np.ones(len(frame)))


def _transmission(source: Source, kind: str, constraint: pd.Series) -> Iterator[Term]:
    """Length or cost of the lines and links of some carriers that grow."""
    carriers = [part.strip() for part in re.sub(r"[\[\]()]", "", str(constraint["carrier_attribute"])).split(",")]
    for component in (LINES, LINKS):
        frame = _of(source, component, constraint, carriers)
        frame = frame[frame[f"{component.nominal}_extendable"].to_numpy(bool)]
        if kind == "transmission_volume_expansion_limit":
            factor = frame["length"].to_numpy(float)
        else:
            factor = source.capital(component, frame.index, with_upkeep=False)
            if source.is_multi_period and np.isnan(constraint["investment_period"]):
                weights = source.network.investment_period_weightings["objective"]
                years = weights.index.to_numpy(float)[None, :]
                first = frame["build_year"].to_numpy(float)[:, None]
                stands = (first <= years) & (years < first + frame["lifetime"].to_numpy(float)[:, None])
                factor = factor * (stands @ weights.to_numpy(float))
        yield from capacity_terms(source, component, frame.index, factor)


def capacity_terms(source: Source, component: Component, names: pd.Index, factor: np.ndarray) -> Iterator[Term]:
    """One term a component."""
    prefix = name_prefix(source, component)
    for name, weight in zip(names, factor, strict=True):
        term = f"{ELEMENTS[component.table]}_capacity"
        yield {"term": term, "name": prefix + str(name), "period": None, "factor": float(weight)}


def put_limits(network: Network, scenario: Scenario) -> list[LeftOut]:
    """Put limits back as global constraints; returns those that no constraint of PyPSA would add up in the same way.

    A limit says what it counts, but not under which carrier's weight or in which period: those are tried, and what
    they add up to has to be the very terms of the limit.
    """
    limits, terms = scenario.table("network.limits"), scenario.table("network.limit_terms")
    lost = []
    for limit, kind, of, sense, amount in zip(
        limits["limit"], limits["kind"], limits["of"], limits["sense"], limits["amount"], strict=True
    ):
        wanted = terms[terms["limit"] == limit]
        if str(kind) == "primary_energy":
            _put_weights(network, str(of), wanted)
        found = next(_matching(network, str(kind), str(of), wanted), None)
        if found is None:
            lost.append(str(limit))
            continue
        constraint, constant = found
        constraint |= {"sense": str(sense), "constant": float(amount) + constant}
        network.add("GlobalConstraint", str(limit), **constraint)
    return [LeftOut("limits on sums that PyPSA has no constraint for", tuple(lost), "left out")] if lost else []


def _matching(network: Network, kind: str, of: str, wanted: pd.DataFrame) -> Iterator[tuple[dict[str, Any], float]]:
    """Constraints that add up the terms that are wanted, and the constant of their left side."""
    if kind not in KINDS:
        return
    source = Source(network)
    periods = [np.nan, *(network.investment_periods if source.is_multi_period else [])]
    for period in periods:
        for bus in ["", *network.c.buses.static.index]:
            given = {"type": kind, "carrier_attribute": of, "investment_period": period}
            if bus:
                given["bus"] = bus
            own, constant = _terms(source, kind, pd.Series(given, dtype=object))
            if _same_terms(own, wanted):
                yield given, constant
            if kind != "tech_capacity_expansion_limit":
                break


def _put_weights(network: Network, of: str, wanted: pd.DataFrame) -> None:
    """What a MWh of each carrier counts, read from the terms themselves: fuel that no unit burns has no other place."""
    owners = {"fuel": ("generators", 1.0), "reservoir_level": ("storage_units", -1.0), "tank_level": ("stores", -1.0)}
    is_multi = isinstance(network.snapshots, pd.MultiIndex)
    length = float(network.investment_period_weightings["years"].iloc[0]) if is_multi else 1.0
    carriers = network.c.carriers.static
    if of not in carriers:
        carriers[of] = 0.0
    for term, name, factor in zip(wanted["term"], wanted["name"], wanted["factor"], strict=True):
        if str(term) not in owners:
            continue
        listing, sign = owners[str(term)]
        row = network.c[listing].static.loc[str(name)]
        carrier = str(row["carrier"]) or str(network.c.buses.static.loc[row["bus"], "carrier"])
        if carrier not in carriers.index:
            network.add("Carrier", carrier)
            carriers = network.c.carriers.static
        if not carriers.loc[carrier, of]:
            carriers.loc[carrier, of] = sign * float(factor) / length


def _same_terms(own: list[Term], wanted: pd.DataFrame) -> bool:
    def listed(rows: Iterable[tuple[object, object, object, object]]) -> dict[tuple[str, str, int], float]:
        found: dict[tuple[str, str, int], float] = {}
        for term, name, period, factor in rows:
            year = 0 if period is None or pd.isna(period) else int(float(str(period)))
            key = (str(term), str(name), year)
            found[key] = found.get(key, 0.0) + float(str(factor))
        return found

    mine = listed((t["term"], t["name"], t["period"], t["factor"]) for t in own)
    theirs = listed(zip(wanted["term"], wanted["name"], wanted["period"], wanted["factor"], strict=True))
    return (
        bool(mine)
        and mine.keys() == theirs.keys()
        and np.allclose([mine[key] for key in mine], [theirs[key] for key in mine], rtol=1e-9, atol=0.0)
    )
