"""A synthetic world of any size for the rooms of the build benchmark. All numbers are drawn, none is data.

Sizes differ in the number of typical days only; regions, plants, routes and chips stay as they are, so a larger LP has
longer rows of the same pattern. Units and magnitudes are those of a real power system.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from optimizer.instance.instance import Instance, Label

#                MUSD/MW a year, MUSD/MWh, kt/MWh, firm, ramp (0: free), lives for periods
TECHNOLOGIES = {
    "coal": (0.22, 24e-6, 0.95e-3, 0.90, 0.30, 4),
    "gas_cc": (0.11, 31e-6, 0.36e-3, 0.92, 0.60, 4),
    "gas_ct": (0.08, 48e-6, 0.55e-3, 0.92, 0.0, 3),
    "nuclear": (0.60, 9e-6, 0.0, 0.95, 0.05, 4),
    "wind": (0.13, 0.0, 0.0, 0.15, 0.0, 2),
    "solar": (0.085, 0.0, 0.0, 0.10, 0.0, 2),
}
#         keeps, in, out, hours, MUSD/MW a year
STORES = {"battery": (1.0, 0.95, 0.95, 4.0, 0.06), "pumped": (0.999, 0.9, 0.88, 10.0, 0.14)}
#        Mtok per kchip hour, MW per kchip, idle share, MUSD/kchip a year
CHIPS = {
    "g1": (3.0, 1.0, 0.3, 9.0),
    "g2": (8.0, 1.6, 0.25, 13.0),
    "g3": (20.0, 2.1, 0.25, 17.0),
    "g4": (45.0, 2.6, 0.2, 22.0),
}
BLOCKS = 8  # blocks of a typical day
PER_BLOCK = 2577  # variables that one block adds at the sizes below, seed 0
OTHER = 943  # variables without an hour


def world(variables: int = 40_000, seed: int = 0) -> Instance:
    """A world whose LP has about this many variables (at least one day: 21,000)."""
    return world_of_days(max(1, round((variables - OTHER) / (BLOCKS * PER_BLOCK))), seed=seed)


def world_of_days(
    days: int = 2,
    regions: int = 24,
    periods: int = 3,
    corridors: int = 40,
    origins: int = 6,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> Instance:
    """A world of chosen sizes."""
    random = np.random.default_rng(seed)
    snapshots = days * blocks
    sets: dict[str, tuple[Label, ...]] = {
        "region": tuple(f"region {i}" for i in range(regions)),
        "period": tuple(2026 + 2 * i for i in range(periods)),
        "snapshot": tuple(f"day {d} block {b}" for d in range(days) for b in range(blocks)),
        "corridor": tuple(f"corridor {i}" for i in range(corridors)),
        "workload": ("chat", "agents", "batch"),
        "origin": tuple(f"origin {i}" for i in range(origins)),
        "chip": tuple(CHIPS),
    }
    plants = [(r, k) for r in range(regions) for k in TECHNOLOGIES if random.random() < 0.8]
    stores = [(r, k) for r in range(regions) for k in STORES]
    routes = [
        (w, o, r)
        for w, share in zip(sets["workload"], (0.2, 0.4, 0.6), strict=True)
        for o in range(origins)
        for r in range(regions)
        if random.random() < share
    ]
    sets["plant"] = tuple(f"{k} in {r}" for r, k in plants)
    sets["store"] = tuple(f"{k} in {r}" for r, k in stores)
    sets["route"] = tuple(f"{w} from {o} to {r}" for w, o, r in routes)
    first = random.permutation(np.arange(corridors) % regions)
    second = (first + random.integers(1, max(regions, 2), corridors)) % regions
    places = {"plants_in": [r for r, _ in plants], "stores_in": [r for r, _ in stores]}
    places |= {"corridors_into": second.tolist(), "corridors_from": first.tolist()}
    members = {"plants_in": "plant", "stores_in": "store", "corridors_into": "corridor", "corridors_from": "corridor"}
    relations: dict[str, dict[Any, list[Label]]] = {}
    for name, of in members.items():
        here = np.array(places[name])
        relations[name] = {r: [sets[of][j] for j in np.flatnonzero(here == i)] for i, r in enumerate(sets["region"])}
    relations["routes_of"] = {
        (w, o): [label for label, (a, b, _) in zip(sets["route"], routes, strict=True) if (a, b) == (w, i)]
        for w in sets["workload"]
        for i, o in enumerate(sets["origin"])
    }
    relations["routes_into"] = {
        (w, r): [label for label, (a, _, c) in zip(sets["route"], routes, strict=True) if (a, c) == (w, i)]
        for w in sets["workload"]
        for i, r in enumerate(sets["region"])
    }
    technology = np.array([TECHNOLOGIES[k] for _, k in plants]).reshape(-1, 6)
    storage = np.array([STORES[k] for _, k in stores]).reshape(-1, 5)
    chip = np.array(list(CHIPS.values()))

    def still(name: str, life: Any) -> dict[Any, list[Label]]:
        return {
            (label, p): [q for b, q in enumerate(sets["period"]) if b <= a < b + lives]
            for label, lives in zip(sets[name], life, strict=True)
            for a, p in enumerate(sets["period"])
        }

    relations["alive"] = still("plant", technology[:, 5])
    relations["store_alive"] = still("store", itertools.repeat(periods, len(stores)))
    relations["chip_alive"] = still("chip", itertools.repeat(2, len(CHIPS)))
    relations["built_by"] = {p: list(sets["period"][: a + 1]) for a, p in enumerate(sets["period"])}
    clock = (np.arange(snapshots) % blocks + 0.5) * 24 / blocks
    day = np.arange(snapshots) // blocks
    size = random.lognormal(0, 0.6, regions) * 15_000
    place = np.array([r for r, _ in plants], int)
    spread = random.uniform(0.9, 1.15, (len(plants), periods))
    availability = np.full((len(plants), snapshots), 0.9)
    kinds = np.array([k for _, k in plants])
    wind, solar = kinds == "wind", kinds == "solar"
    availability[wind] = np.clip(random.beta(2, 3, (int(wind.sum()), days))[:, day], 0.02, 0.95)
    sun = np.clip(np.sin((clock - 6) * np.pi / 12), 0, None) * 0.9
    availability[solar] = np.round(sun * random.beta(4, 2, (int(solar.sum()), days))[:, day], 4)
    load = (
        size[:, None, None]
        * (1 + 0.03 * np.arange(periods))[:, None]
        * (0.75 + 0.2 * np.sin((clock - 10) * np.pi / 12))
    )
    ramp = technology[:, 4]
    tokens = 400 * random.dirichlet(np.ones(origins), 3)[:, :, None, None] * (1 + 0.8 * np.arange(periods))[:, None]
    before = np.where(np.arange(snapshots) % blocks == 0, np.arange(snapshots) + blocks - 1, np.arange(snapshots) - 1)
    unlimited = random.random((corridors, periods)) < 0.5
    params: dict[str, Any] = {
        "region_of": np.array([sets["region"][i] for i in place], object),
        "previous": np.array([sets["snapshot"][i] for i in before], object),
        "hours": 8760 / blocks * random.dirichlet(np.full(days, 20.0))[day],
        "discount": 2 * 0.9 ** (2 * np.arange(periods)),
        "load_mw": load * random.uniform(0.95, 1.05, (regions, 1, snapshots)),
        "availability": availability,
        "standing_mw": (size[place] * random.uniform(0.1, 0.4, len(plants)))[:, None] * 0.95 ** np.arange(periods),
        "potential_mw": size[place] * random.uniform(0.5, 2.0, len(plants)),
        "ramp": ramp,
        "can_ramp_slowly": np.broadcast_to((ramp > 0)[:, None, None], (len(plants), periods, snapshots)).astype(float),
        "energy_cost": technology[:, 1:2] * spread,
        "plant_cost": technology[:, 0:1] * spread,
        "site_factor": random.uniform(0.9, 1.3, regions),
        "firm_share": technology[:, 3],
        "reserve_mw": 1.12 * load.max(axis=2).sum(axis=0),
        "shed_cost": 9e-3,
        "step_hours": 24 / blocks,
        "keeps": storage[:, 0],
        "efficiency_in": storage[:, 1],
        "efficiency_out": storage[:, 2],
        "duration": storage[:, 3],
        "store_mw": random.uniform(0, 800, len(stores)),
        "store_max_mw": np.where(random.random((len(stores), periods)) < 0.5, 5000.0, np.inf),
        "store_cost": storage[:, 4:5] * random.uniform(0.9, 1.1, (len(stores), periods)),
        "line_mw": random.uniform(500, 4000, corridors),
        "line_loss": random.uniform(0.01, 0.06, corridors),
        "line_max_mw": np.where(unlimited, np.inf, 3000.0),
        "line_cost": random.uniform(0.05, 0.25, (corridors, periods)),
        "requests": tokens * (1 + 0.15 * np.sin(clock * np.pi / 12)) * np.ones((1, origins, 1, 1)),
        "route_cost": random.uniform(1e-6, 1e-4, len(routes)),
        "throughput": chip[:, 0, None, None] * np.array([1.0, 0.7, 1.4])[:, None] * 1.1 ** np.arange(periods),
        "chip_share": 0.9,
        "chip_supply": random.uniform(50, 400, (len(CHIPS), periods)),
        "chip_cost": chip[:, 3, None] * 0.93 ** np.arange(periods),
        "fixed_cost": 3.0,
        "unserved_cost": 4e-3,
        "pue": 1.1 + 0.1 * random.random((regions, 1)) + 0.05 * np.clip(np.sin((clock - 8) * np.pi / 12), 0, None),
        "chip_mw": chip[:, 1],
        "idle_share": chip[:, 2],
        "queue_min_mw": random.uniform(0, 50, (regions, periods)),
        "queue_max_mw": random.uniform(200, 3000, (regions, periods)).cumsum(axis=1),
        "connection_cost": random.uniform(0.01, 0.04, (regions, periods)),
        "carbon": technology[:, 2],
        "carbon_cap": 0.3e-3 * 0.9 ** np.arange(periods),
    }
    return Instance(sets, relations, params, notes=("synthetic: every number is drawn at random",))
