"""The lower 48 states as 134 balancing areas in PyPSA: the national scale of the benchmark beside it.

Areas, plants and lines are those of NREL's ReEDS (`benchmarks/data/us_areas`, sources in every row); hourly
loads, wind and sun those of the region in which an area lies, and costs those of the shipped US tables. Lines are links
that carry power both ways without loss. Gas, wind, sun and batteries may grow. What finds no supply is shed at 5,000
USD/MWh. Good for comparing programs, not for planning: one region's weather stands for all its areas.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "data" / "us_areas"
TABLES = Path(__file__).parents[1] / "scenarios" / "data" / "us"
FIRST_HOUR = 4344  # of the year at which a network begins: 1 July
RATE = 0.06
GROWING = ("gas_cc", "onshore_wind", "solar_pv", "battery")
PROFILES = {"onshore_wind": "onshore_wind", "offshore_wind": "offshore_wind", "solar_pv": "solar"}
SHED_USD_PER_MWH = 5000.0


def us_network(snapshots: int) -> Any:
    """The network of ``snapshots`` hours from 1 July on; they stand for a year."""
    import pypsa

    areas = pd.read_csv(HERE / "areas.csv").set_index("ba")
    plants = pd.read_csv(HERE / "plants.csv")
    lines = pd.read_csv(HERE / "lines.csv")
    tech = pd.read_csv(TABLES / "technologies.csv").drop_duplicates("technology").set_index("technology")
    hours = (FIRST_HOUR + np.arange(snapshots)) % 8760

    n = pypsa.Network()
    n.set_snapshots(pd.date_range("2030-07-01", periods=snapshots, freq="h"))
    n.snapshot_weightings.loc[:, :] = 8760.0 / snapshots
    n.add("Carrier", ["AC", "shed", *sorted(plants["tech"].unique())])
    n.add("Bus", areas.index, carrier="AC", x=areas["lon"], y=areas["lat"])

    def profile(name: str, names: pd.Index, at: pd.Series) -> pd.DataFrame:
        """Hours of the region of each area, columns named as the components."""
        table = pd.read_csv(TABLES / f"profiles_{name}.csv").drop(columns="hour")
        found = table.reindex(columns=areas.loc[at, "node"]).fillna(0.0).to_numpy(float)[hours]
        return pd.DataFrame(found, n.snapshots, names)

    load = areas.index + " load"
    shape = profile("load", load, areas.index.to_series())
    n.add("Load", load, bus=areas.index, p_set=shape * areas["peak_load_mw"].to_numpy())
    n.add("Generator", areas.index + " shed", bus=areas.index, carrier="shed", p_nom=areas["peak_load_mw"].to_numpy(),
          marginal_cost=SHED_USD_PER_MWH)  # fmt: skip
    life = tech["lifetime_yr"].astype(float)
    annuity = RATE / (1.0 - (1.0 + RATE) ** -life)
    capital = (tech["capex_per_kw"] * annuity + tech["fixed_om_per_kw_yr"]) * 1e3
    fuel = tech["heat_rate_mmbtu_per_mwh"].fillna(0.0) * tech["fuel_price_per_mmbtu"].fillna(0.0)
    running = tech["variable_om_per_mwh"].fillna(0.0) + fuel
    for kind, rows in plants[plants["existing_mw"] > 0].groupby("tech"):
        names = pd.Index(rows["ba"] + f" {kind}")
        grows = kind in GROWING and kind in capital.index
        own = {
            "bus": rows["ba"].to_numpy(), "carrier": kind, "p_nom": rows["existing_mw"].to_numpy(),
            "p_nom_min": rows["existing_mw"].to_numpy(), "p_nom_extendable": grows,
            "capital_cost": float(capital.get(kind, 0.0)) if grows else 0.0,
            "marginal_cost": float(running.get(kind, 0.0)),
        }  # fmt: skip
        if kind in ("battery", "pumped_hydro"):
            hours_of = (rows["energy_mwh"] / rows["existing_mw"]).fillna(4.0).clip(1.0, 24.0)
            n.add("StorageUnit", names, **own, max_hours=hours_of.to_numpy(), efficiency_store=0.92,
                  efficiency_dispatch=0.92, cyclic_state_of_charge=True)  # fmt: skip
        elif kind in PROFILES:
            n.add("Generator", names, **own, p_max_pu=profile(PROFILES[kind], names, rows["ba"]))
        else:
            most = rows["hist_capacity_factor"].clip(0.05, 1.0).to_numpy() if kind == "hydro" else 0.9
            n.add("Generator", names, **own, p_max_pu=most)
    back = (lines["capacity_mw_rev"] / lines["capacity_mw_fwd"].clip(lower=1.0)).to_numpy()
    n.add("Link", "line " + lines.index.astype(str), bus0=lines["from"].to_numpy(), bus1=lines["to"].to_numpy(),
          carrier="AC", p_nom=lines["capacity_mw_fwd"].clip(lower=1.0).to_numpy(), p_min_pu=-back,
          length=lines["length_km"].to_numpy())  # fmt: skip
    return n
