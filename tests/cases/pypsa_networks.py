"""Small PyPSA networks by script, one feature at a time, and mixtures of them drawn from a seed.

Every network can be served: each bus with a load has a dear unit that is always there, so an infeasible draw is a fault
of the carrying over and not of the draw.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Network = Any
Feature = Callable[[Network, np.random.Generator], None]


def three_buses(rng: np.random.Generator, snapshots: int = 4, periods: tuple[int, ...] = ()) -> Network:
    """Three buses with loads and two units each; cheap energy sits at the first. No line yet."""
    import pypsa

    n = pypsa.Network()
    if periods:
        times = pd.date_range("2015-01-01", periods=snapshots, freq="h")
        n.set_snapshots(pd.MultiIndex.from_product([periods, times], names=["period", "timestep"]))
        n.set_investment_periods(list(periods))
        n.investment_period_weightings["objective"] = 0.93 ** np.arange(len(periods)) * rng.uniform(3, 8)
        n.investment_period_weightings["years"] = 5.0
    else:
        n.set_snapshots(pd.date_range("2015-06-01", periods=snapshots, freq="h"))
    for carrier, co2 in (("AC", 0.0), ("gas", 0.2), ("coal", 0.34), ("wind", 0.0), ("battery", 0.0), ("hydro", 0.0)):
        n.add("Carrier", carrier, co2_emissions=co2)
    for i, bus in enumerate("abc"):
        n.add("Bus", bus, carrier="AC", v_nom=380.0, x=float(i), y=50.0)
        n.add("Load", f"load {bus}", bus=bus, p_set=series(n, rng, 40, 100))
        n.add(
            "Generator",
            f"peaker {bus}",
            bus=bus,
            carrier="gas",
            p_nom=300,
            marginal_cost=100.0 + 10 * i,
            efficiency=0.4,
        )
    n.add("Generator", "coal a", bus="a", carrier="coal", p_nom=150, marginal_cost=30.0, efficiency=0.38)
    return n


def series(n: Network, rng: np.random.Generator, low: float, high: float) -> pd.Series:
    """Random values for every snapshot."""
    return pd.Series(rng.uniform(low, high, len(n.snapshots)).round(3), n.snapshots)


def ring_of_lines(n: Network, rng: np.random.Generator) -> None:
    for bus0, bus1 in ("ab", "bc", "ca"):
        x = float(rng.uniform(10, 60))
        n.add("Line", f"{bus0}{bus1}", bus0=bus0, bus1=bus1, x=x, r=x / 10, s_nom=float(rng.uniform(15, 60)))
    n.add("Line", "ab 2", bus0="a", bus1="b", x=25.0, r=1.0, s_nom=30.0, s_max_pu=0.7)


def growing_lines(n: Network, rng: np.random.Generator) -> None:
    for bus0, bus1 in ("ab", "bc", "ca"):
        n.add(
            "Line",
            f"grow {bus0}{bus1}",
            bus0=bus0,
            bus1=bus1,
            x=float(rng.uniform(10, 60)),
            r=1.0,
            s_nom=5.0,
            s_nom_extendable=True,
            s_nom_min=5.0,
            s_nom_max=80.0,
            capital_cost=float(rng.uniform(5, 40)),
            length=100.0,
        )


def growing_units(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "Generator",
        "wind b",
        bus="b",
        carrier="wind",
        p_nom_extendable=True,
        p_nom=10.0,
        p_nom_max=200.0,
        capital_cost=float(rng.uniform(20, 90)),
        p_max_pu=series(n, rng, 0, 1),
    )
    n.add(
        "Generator",
        "gas c",
        bus="c",
        carrier="gas",
        p_nom_extendable=True,
        p_nom_min=7.0,
        efficiency=0.55,
        capital_cost=float(rng.uniform(20, 90)),
        marginal_cost=60.0,
        p_min_pu=0.1,
        fom_cost=1.5,
    )


def overnight(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "Generator",
        "overnight",
        bus="b",
        carrier="gas",
        p_nom_extendable=True,
        overnight_cost=2e5,
        lifetime=20,
        discount_rate=0.07,
        marginal_cost=float(rng.uniform(20, 50)),
        efficiency=0.5,
    )


def must_run_and_ramps(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "Generator",
        "slow",
        bus="b",
        carrier="coal",
        p_nom=80,
        marginal_cost=20.0,
        p_min_pu=0.3,
        efficiency=0.4,
        ramp_limit_up=0.15,
        ramp_limit_down=0.2,
        p_init=40.0,
    )
    n.add(
        "Generator",
        "slow and growing",
        bus="c",
        carrier="coal",
        p_nom_extendable=True,
        capital_cost=30.0,
        marginal_cost=25.0,
        efficiency=0.4,
        ramp_limit_up=0.3,
        ramp_limit_down=0.1,
    )


def energy_sums(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "Generator", "contract", bus="a", carrier="gas", p_nom=60, marginal_cost=130.0, e_sum_min=90.0, efficiency=0.5
    )
    n.add(
        "Generator", "little fuel", bus="b", carrier="gas", p_nom=60, marginal_cost=5.0, e_sum_max=70.0, efficiency=0.5
    )


def laid_down(n: Network, rng: np.random.Generator) -> None:
    fixed = series(n, rng, 5, 20)
    fixed.iloc[1] = np.nan
    n.add("Generator", "planned", bus="a", carrier="gas", p_nom=25, marginal_cost=70.0, p_set=fixed, efficiency=0.5)
    n.add(
        "Generator",
        "decided",
        bus="c",
        carrier="wind",
        p_nom_extendable=True,
        p_nom_set=30.0,
        capital_cost=10.0,
        p_max_pu=0.5,
    )


def links(n: Network, rng: np.random.Generator) -> None:
    n.add("Link", "one way", bus0="a", bus1="b", p_nom=40, efficiency=0.95, marginal_cost=1.0)
    n.add(
        "Link",
        "both ways",
        bus0="a",
        bus1="c",
        p_nom_extendable=True,
        p_min_pu=-1,
        capital_cost=float(rng.uniform(1, 20)),
        p_nom_max=60,
        length=50.0,
    )
    n.add(
        "Link",
        "by the hour",
        bus0="b",
        bus1="c",
        p_nom=30,
        p_max_pu=series(n, rng, 0, 1),
        efficiency=series(n, rng, 0.8, 1),
        ramp_limit_up=0.5,
    )


def other_carriers(n: Network, rng: np.random.Generator) -> None:
    """Heat and hydrogen beside power: a heat pump, an electrolyser with waste heat, tanks."""
    n.add("Bus", "heat", carrier="heat")
    n.add("Bus", "h2", carrier="H2")
    n.add("Load", "warm", bus="heat", p_set=series(n, rng, 10, 30))
    n.add("Link", "heat pump", bus0="c", bus1="heat", p_nom_extendable=True, efficiency=3.0, capital_cost=20.0)
    n.add("Link", "electrolyser", bus0="b", bus1="h2", bus2="heat", p_nom=30, efficiency=0.6, efficiency2=0.2)
    n.add("Store", "warm water", bus="heat", e_nom_extendable=True, capital_cost=2.0, e_cyclic=True, standing_loss=0.02)
    n.add("Store", "cavern", bus="h2", e_nom=200.0, e_initial=40.0, e_min_pu=0.05, marginal_cost=0.3)
    n.add("Generator", "h2 sales", bus="h2", sign=-1, p_nom=20, marginal_cost=-85.0)


def batteries(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "StorageUnit",
        "battery",
        bus="b",
        carrier="battery",
        p_nom_extendable=True,
        max_hours=3.0,
        capital_cost=12.0,
        efficiency_store=0.95,
        efficiency_dispatch=0.92,
        cyclic_state_of_charge=True,
        standing_loss=0.01,
    )
    n.add(
        "StorageUnit",
        "old battery",
        bus="c",
        carrier="battery",
        p_nom=20.0,
        max_hours=2.0,
        marginal_cost=1.0,
        state_of_charge_initial=15.0,
        efficiency_store=0.9,
        efficiency_dispatch=0.9,
        p_min_pu=-0.5,
    )


def dams(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "StorageUnit",
        "dam",
        bus="a",
        carrier="hydro",
        p_nom=50.0,
        max_hours=6.0,
        p_min_pu=0.0,
        marginal_cost=0.5,
        inflow=series(n, rng, 0, 60),
        spill_cost=2.0,
        state_of_charge_initial=30.0,
        efficiency_dispatch=0.9,
    )
    level = pd.Series(np.nan, n.snapshots)
    level.iloc[2] = 25.0
    n.add(
        "StorageUnit",
        "lake",
        bus="b",
        carrier="hydro",
        p_nom=40.0,
        max_hours=4.0,
        inflow=10.0,
        cyclic_state_of_charge=True,
        state_of_charge_set=level,
        marginal_cost_storage=0.05,
    )


def weights(n: Network, rng: np.random.Generator) -> None:
    n.snapshot_weightings["objective"] = np.tile([3.0, 2.0, 4.0, 1.5], len(n.snapshots) // 4)
    n.snapshot_weightings["stores"] = np.tile([3.0, 2.0, 2.0, 1.0], len(n.snapshots) // 4)
    n.snapshot_weightings["generators"] = np.tile([3.0, 2.5, 4.0, 1.0], len(n.snapshots) // 4)


def transformers(n: Network, rng: np.random.Generator) -> None:
    n.add("Bus", "d", carrier="AC", v_nom=220.0)
    n.add("Load", "load d", bus="d", p_set=series(n, rng, 5, 25))
    n.add("Generator", "peaker d", bus="d", carrier="gas", p_nom=50.0, marginal_cost=150.0, efficiency=0.4)
    n.add("Transformer", "td", bus0="a", bus1="d", x=0.1, s_nom=40.0, phase_shift=0.2)
    n.add("Transformer", "td 2", bus0="a", bus1="d", x=0.14, s_nom=40.0, tap_ratio=1.02)
    n.add("Transformer", "ab", bus0="b", bus1="d", x=0.2, s_nom=20.0, s_nom_extendable=True, capital_cost=5.0)
    n.add("Line", "da", bus0="d", bus1="a", x=40.0, s_nom=10.0, v_ang_max=1.0)


def direct_current(n: Network, rng: np.random.Generator) -> None:
    """A ring of direct-current lines behind converters, as in meshed AC and DC grids."""
    n.add("Carrier", "DC")
    for bus in "abc":
        n.add("Bus", f"dc {bus}", carrier="DC", v_nom=200.0)
        n.add(
            "Link", f"converter {bus}", bus0=bus, bus1=f"dc {bus}", p_nom_extendable=True, p_min_pu=-1, capital_cost=1.0
        )
    for bus0, bus1 in ("ab", "bc", "ca"):
        n.add(
            "Line",
            f"dc {bus0}{bus1}",
            bus0=f"dc {bus0}",
            bus1=f"dc {bus1}",
            r=float(rng.uniform(1, 5)),
            x=0.0,
            s_nom_extendable=True,
            capital_cost=float(rng.uniform(2, 10)),
            carrier="DC",
            length=70.0,
        )


def carbon_cap(n: Network, rng: np.random.Generator) -> None:
    demand = float(n.loads_t.p_set.multiply(n.snapshot_weightings.generators, axis=0).sum().sum())
    years = float(n.investment_period_weightings["years"].iloc[0]) if isinstance(n.snapshots, pd.MultiIndex) else 1.0
    n.add(
        "GlobalConstraint",
        "co2",
        type="primary_energy",
        carrier_attribute="co2_emissions",
        sense="<=",
        constant=round(demand * 0.55 * years, 1),
    )


def fuel_in_store(n: Network, rng: np.random.Generator) -> None:
    """A store without a carrier of its own counts under its bus's: what is left of it counts against a cap."""
    n.add("Bus", "gas field", carrier="gas")
    n.add("Store", "field", bus="gas field", e_nom=500.0, e_initial=400.0, e_initial_per_period=True)
    n.add("Link", "turbine", bus0="gas field", bus1="b", p_nom=120.0, efficiency=0.45, marginal_cost=1.0)
    demand = float(n.loads_t.p_set.multiply(n.snapshot_weightings.generators, axis=0).sum().sum())
    years = float(n.investment_period_weightings["years"].iloc[0]) if isinstance(n.snapshots, pd.MultiIndex) else 1.0
    n.add("GlobalConstraint", "co2 of stores too", sense="<=", constant=round(demand * 0.55 * years, 1))


def other_limits(n: Network, rng: np.random.Generator) -> None:
    n.add(
        "GlobalConstraint",
        "coal use",
        type="operational_limit",
        carrier_attribute="coal",
        sense="<=",
        constant=400.0 if not isinstance(n.snapshots, pd.MultiIndex) else 8000.0,
    )
    n.add(
        "GlobalConstraint",
        "gas build",
        type="tech_capacity_expansion_limit",
        carrier_attribute="gas",
        sense=">=",
        constant=12.0,
    )
    n.add(
        "Generator",
        "gas for the limit",
        bus="a",
        carrier="gas",
        p_nom_extendable=True,
        capital_cost=50.0,
        efficiency=0.5,
    )
    n.add("Line", "for the limit", bus0="a", bus1="c", x=30.0, s_nom_extendable=True, capital_cost=3.0, length=20.0)
    n.add(
        "GlobalConstraint",
        "lines",
        type="transmission_volume_expansion_limit",
        carrier_attribute="AC",
        sense="<=",
        constant=1500.0,
    )
    n.add(
        "GlobalConstraint",
        "line costs",
        type="transmission_expansion_cost_limit",
        carrier_attribute="AC",
        sense="<=",
        constant=900.0 if not isinstance(n.snapshots, pd.MultiIndex) else 20_000.0,
    )


def inactive_parts(n: Network, rng: np.random.Generator) -> None:
    n.add("Generator", "gone", bus="a", carrier="gas", p_nom=500.0, marginal_cost=0.1, active=False)
    n.add("Load", "gone too", bus="a", p_set=10_000.0, active=False)
    n.add("Load", "sun on roofs", bus="b", p_set=series(n, rng, -20, 5), sign=-1)


def vintages(n: Network, rng: np.random.Generator) -> None:
    """What is built and closed between periods; without periods the years do not count."""
    n.add(
        "Generator",
        "early",
        bus="a",
        carrier="gas",
        p_nom_extendable=True,
        capital_cost=25.0,
        marginal_cost=15.0,
        build_year=2025,
        lifetime=10,
        efficiency=0.5,
    )
    n.add(
        "Generator",
        "late",
        bus="b",
        carrier="wind",
        p_nom_extendable=True,
        capital_cost=40.0,
        build_year=2035,
        lifetime=30,
        p_max_pu=series(n, rng, 0, 1),
    )
    n.add("Line", "late line", bus0="b", bus1="c", x=20.0, s_nom=40.0, build_year=2030)
    n.add(
        "StorageUnit",
        "late store",
        bus="c",
        carrier="battery",
        p_nom_extendable=True,
        capital_cost=6.0,
        max_hours=2,
        build_year=2030,
        lifetime=5,
        cyclic_state_of_charge=True,
    )
    n.add("Store", "through the periods", bus="a", e_nom=60.0, e_initial=25.0, standing_loss=0.01)
    n.add("Store", "again each period", bus="b", e_nom=60.0, e_initial=20.0, e_initial_per_period=True)
    n.add(
        "StorageUnit",
        "within periods",
        bus="b",
        p_nom=15.0,
        max_hours=3,
        cyclic_state_of_charge_per_period=True,
        cyclic_state_of_charge=True,
        efficiency_store=0.9,
    )
    n.add(
        "StorageUnit",
        "round the horizon",
        bus="a",
        p_nom=15.0,
        max_hours=3,
        cyclic_state_of_charge=True,
        build_year=2030,
        efficiency_store=0.9,
        standing_loss=0.02,
    )


FEATURES: dict[str, Feature] = {
    feature.__name__: feature
    for feature in (
        ring_of_lines,
        growing_lines,
        growing_units,
        overnight,
        must_run_and_ramps,
        energy_sums,
        laid_down,
        links,
        other_carriers,
        batteries,
        dams,
        weights,
        transformers,
        direct_current,
        carbon_cap,
        fuel_in_store,
        other_limits,
        inactive_parts,
        vintages,
    )
}


def mixture(names: list[str], seed: int, periods: tuple[int, ...] = ()) -> Network:
    """Three buses with some features, in a fixed order; weights come first, for what looks at them."""
    rng = np.random.default_rng(seed)
    n = three_buses(rng, periods=periods)
    for name in sorted(names, key=list(FEATURES).index):
        FEATURES[name](n, rng)
    return n
