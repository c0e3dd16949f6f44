"""Limits on sums over the network as arrays; needs the sets of all other rooms of the network."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World

# term -> (set that its names belong to, relation, parameter, whether the weight is told by period)
TERMS = {
    "energy": ("unit", "units_of_limit", "limit_of_energy", True),
    "fuel": ("unit", "units_of_limit", "limit_of_fuel", True),
    "reservoir_level": ("reservoir", "reservoirs_of_limit", "limit_of_level", True),
    "tank_level": ("tank", "tanks_of_limit", "limit_of_tank_level", True),
    "unit_capacity": ("growing_unit", "growing_units_of_limit", "limit_of_unit", False),
    "link_capacity": ("growing_link", "links_of_limit", "limit_of_link", False),
    "reservoir_capacity": ("growing_reservoir", "growing_reservoirs_of_limit", "limit_of_reservoir", False),
    "tank_capacity": ("growing_tank", "growing_tanks_of_limit", "limit_of_tank", False),
    "branch_capacity": ("growing_branch", "branches_of_limit", "limit_of_branch", False),
}


def build(world: World, out: Draft) -> None:
    """Set network_limit, its relations and weights.

    Weights and the amount of a limit are divided by its largest weight, so that rows of tonnes, MW and km stay near
    one.
    """
    limits, terms = world.scenario.table("network.limits"), world.scenario.table("network.limit_terms")
    largest = terms["factor"].abs().groupby(terms["limit"]).max()
    scale = largest.reindex(limits["limit"]).fillna(1.0).replace(0.0, 1.0).to_numpy(float)
    sense, amount = limits["sense"].astype(object).to_numpy(), limits["amount"].to_numpy(float)
    names = out.set(
        "network_limit", limits["limit"], kind=limits["kind"].astype(object), sense=sense, amount=amount, scale=scale
    )
    at = {name: i for i, name in enumerate(names)}
    period_at = {float(year): p for p, year in enumerate(world.periods)}
    members: dict[str, dict[tuple[str, str], None]] = {}
    for term, (owner, relation, param, by_period) in TERMS.items():
        position = out.position(owner)
        weight = np.zeros((len(names), len(position), *((len(world.periods),) if by_period else ())))
        own = members.setdefault(relation, {})
        here = terms[terms["term"] == term]
        for limit, name, period, factor in zip(
            here["limit"], here["name"], here["period"], here["factor"], strict=True
        ):
            if name not in position:  # its region was left out
                continue
            own[(str(limit), str(name))] = None
            value = float(factor) / scale[at[limit]]
            if by_period and not np.isnan(period):
                weight[at[limit], position[name], period_at[float(period)]] += value
            else:
                weight[at[limit], position[name]] += value
        out.put(**{param: weight})
        out.relation(relation, names, own)
    out.put(
        limit_is_most=np.isin(sense, ["<=", "=="]),
        limit_is_least=np.isin(sense, [">=", "=="]),
        limit_amount=amount / scale,
    )
