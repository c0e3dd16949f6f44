"""The linear program of an imported network has PyPSA's own optimum: feature by feature, and in mixtures."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pypsa", reason="the bridge to PyPSA needs PyPSA")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.interop.pypsa_import import import_pypsa
from optimizer.results.planner import Planner
from optimizer.scenario.load import load_scenario
from tests.cases.pypsa_networks import FEATURES, mixture, three_buses
from tests.interop.pypsa_parity import through_both

# PyPSA and its libraries announce what they will change; nothing here can mend it
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("FutureWarning", "DeprecationWarning")]

PERIODS = (2025, 2030, 2035)
CLOSE = 1e-6


@pytest.mark.parametrize("feature", sorted(set(FEATURES) - {"vintages"}))
def test_each_feature_keeps_the_optimum(feature: str, tmp_path: Path) -> None:
    both = through_both(mixture([feature], seed=1), tmp_path / "scenario")
    assert both.apart < CLOSE
    assert both.imported.left_out == ()


@pytest.mark.parametrize("features", [["vintages"], ["batteries", "carbon_cap", "growing_units", "weights"]])
def test_periods_with_their_weights_keep_the_optimum(features: list[str], tmp_path: Path) -> None:
    both = through_both(mixture(features, seed=2, periods=PERIODS), tmp_path / "scenario")
    assert both.apart < CLOSE


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sets(st.sampled_from(sorted(FEATURES)), min_size=5),
    st.integers(0, 2**20),
    st.sampled_from([(), PERIODS]),
)
def test_mixtures_keep_the_optimum(features: set[str], seed: int, periods: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        both = through_both(mixture(sorted(features), seed, periods), Path(folder) / "scenario")
        assert both.apart < CLOSE, both.imported.sizes


def test_prices_and_capacities_are_those_of_pypsa_where_they_are_unique(tmp_path: Path) -> None:
    # random costs and loads: no two units tie, every price is set by one of them
    both = through_both(mixture(["growing_units", "ring_of_lines"], seed=3), tmp_path / "scenario")
    assert both.prices() == pytest.approx(both.network.c.buses.dynamic.marginal_price.to_numpy(), abs=1e-6)
    units = dict(zip(both.plan.instance.sets["unit"], both.plan.value("unit_capacity"), strict=True))
    for name in ("wind b", "gas c"):
        assert units[name] == pytest.approx(both.network.c.generators.static.p_nom_opt[name], abs=1e-6)
    flows = both.plan.value("branch_flow")[:, 0, :].T
    assert np.abs(flows - both.network.c.lines.dynamic.p0.to_numpy()).max() < 1e-5


def test_small_money_keeps_the_optimum(tmp_path: Path) -> None:
    # costs of a ten-thousandth: below the dual tolerance of a solver that is not told
    network = mixture(["growing_units"], seed=5)
    for cost in ("marginal_cost", "capital_cost", "fom_cost"):
        network.c.generators.static[cost] *= 1e-4
    assert through_both(network, tmp_path / "scenario").apart < CLOSE


def test_a_negative_price_is_a_price(tmp_path: Path) -> None:
    # must-run output of 50 MW meets 20 MW of load; the only way out costs 7 a MWh
    network = three_buses(np.random.default_rng(0))
    network.add("Bus", "far")
    network.add("Load", "small", bus="far", p_set=20.0)
    network.add("Generator", "must run", bus="far", p_nom=50.0, p_min_pu=1.0, marginal_cost=1.0)
    network.add("Generator", "sink", bus="far", sign=-1, p_nom=100.0, marginal_cost=7.0)
    both = through_both(network, tmp_path / "scenario")
    assert both.apart < CLOSE
    far = list(both.plan.instance.sets["region"]).index("far")
    assert both.prices()[:, far] == pytest.approx([-7.0] * 4)


@pytest.mark.parametrize("customers, sites", [(50, 16), (120, 30), (1000, 100)])
def test_warehouses_are_a_special_case(customers: int, sites: int, tmp_path: Path) -> None:
    """Capacitated warehouse location as an LP: any part of a site at its fixed cost over capacity, routes at a cost."""
    import pypsa
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, hstack, vstack

    rng = np.random.default_rng(customers)
    demand = rng.integers(5, 35, customers).astype(float)
    capacity = np.full(sites, 4.0 * demand.sum() / sites)
    fixed = rng.uniform(500, 1500, sites) * capacity / 40
    cost = 100 * np.linalg.norm(rng.random((customers, 1, 2)) - rng.random((1, sites, 2)), axis=2)
    network = pypsa.Network()
    open_at, sold_at = [f"site {j}" for j in range(sites)], [f"customer {i}" for i in range(customers)]
    network.add("Bus", open_at + sold_at)
    network.add(
        "Generator", open_at, bus=open_at, p_nom_extendable=True, p_nom_max=capacity, capital_cost=fixed / capacity
    )
    network.add("Load", sold_at, bus=sold_at, p_set=demand)
    routes = [f"{customer} from {site}" for customer in sold_at for site in open_at]
    network.add(
        "Link",
        routes,
        bus0=open_at * customers,
        bus1=np.repeat(sold_at, sites),
        p_nom=np.repeat(demand, sites),
        marginal_cost=cost.ravel(),
    )
    if customers < 1000:
        both = through_both(network, tmp_path / "scenario")
        ours, theirs = both.ours, [both.theirs]
    else:  # a hundred thousand routes: PyPSA's own answer would take as long as all other tests here
        plan = Planner(load_scenario(import_pypsa(network, tmp_path / "scenario", strict=True).file)).solve()
        ours, theirs = plan.solution.objective * 1e6, []

    # direct: x[i,j] sent, y[j] the part that is built; sum_j x = demand, sum_i x <= capacity y
    count = customers * sites
    place = np.arange(count)
    served = coo_array((np.ones(count), (place // sites, place)), shape=(customers, count))
    sent = coo_array((np.ones(count), (place % sites, place)), shape=(sites, count))
    built = coo_array((-capacity, (np.arange(sites), np.arange(sites))), shape=(sites, sites))
    direct = linprog(
        np.concatenate([cost.ravel(), fixed]),
        A_ub=hstack([sent, built]),
        b_ub=np.zeros(sites),
        A_eq=vstack([hstack([served, coo_array((customers, sites))])]),
        b_eq=demand,
        bounds=[(0, float(each)) for each in np.repeat(demand, sites)] + [(0, 1)] * sites,
        method="highs",
    )
    assert ours == pytest.approx(direct.fun, rel=CLOSE)
    assert all(bill == pytest.approx(direct.fun, rel=CLOSE) for bill in theirs)
