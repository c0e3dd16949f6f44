"""What must hold whatever the numbers are: more of a limit never hurts, more demand never pays, names mean nothing,
and both roads from rules to arrays end in the same program."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.instance.build import build_instance
from optimizer.instance.instance import Instance
from optimizer.model.formulation import formulation
from optimizer.results import measures, token_cost
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario
from optimizer.scenario.scenario import Scenario
from optimizer.solve.compile import compile_lp
from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo
from tests.cases.small_world import SmallWorld, checked, solve_instance
from tests.cases.two_countries import two_countries
from tests.model.test_compute import second_chip
from tests.solve.parity import assert_same

FACTOR = st.floats(0.25, 4.0)


@cache
def tight_world() -> tuple[Scenario, Planner]:
    """Usual limits at once: chips of two kinds, a queue, a line, carbon, reserve, storage, waiting, on-site power."""
    world = (
        second_chip(SmallWorld(Path()), 0.4).region("E").technology("oil", variable_om_per_mwh=80, co2_t_per_mwh=0.8)
    )
    world.plant("E", "oil", 110).edit("power.plants", {"technology": "gas"}, existing_mw=115)
    world.by_hour({"R": [60.0] * 12 + [110.0] * 12, "E": [70.0] * 12 + [100.0] * 12}, segments=2)
    world.corridor("L", "R", "E", 20, loss=0.05).edit("connection.limits", limit_mw_per_yr=4, flexible_months=0)
    world.technology("new", variable_om_per_mwh=20, capex_per_kw=800, buildable=1, max_build_mw_per_yr=10)
    world.technology(
        "battery",
        role="storage",
        storage_hours=4,
        round_trip_efficiency=0.8,
        capex_per_kw=300,
        buildable=1,
        max_build_mw_per_yr=5,
    )
    world.technology(
        "engine", site="campus", variable_om_per_mwh=90, capex_per_kw=900, buildable=1, max_build_mw_per_yr=1
    )
    world.edit("demand.workloads", deferral_window_h=24, flexible_share=0.4).add(
        "demand.latency", {"market": "M", "site": "E", "rtt_ms": 10}
    )
    world.edit("compute.supply", {"chip": "C1", "year": 2028}, units_thousand=3).asks(9)
    world.set(
        reserve={"enabled": True},
        power={"co2_price_usd_per_t": 20},
        demand={"unserved_steps_usd_per_mtok": [0.08, 0.5, 2.0]},
        connection={"flexible": {"enabled": True, "curtailed_share": 0.05}},
        transmission={"hurdle_usd_per_mwh": 0.5},
    )
    planner = world.planner()
    checked(planner.least_cost())
    return planner.scenario, planner


def cost_of(**changes: Any) -> float:
    scenario, planner = tight_world()
    return solve_instance(scenario, planner.prepared.instance.replace(**changes)).solution.objective


@cache
def tokens_of(name: str = "", factor: float = 1.0) -> float:
    """Tokens of the largest plan when a parameter is scaled."""
    _, planner = tight_world()
    base = planner.prepared.instance
    other = Planner.__new__(Planner)
    other.__dict__.update(planner.__dict__ | {"_session": None, "timings_s": {}})
    other.prepared = type(planner.prepared)(scaled(base, name, factor), planner.prepared.world, planner.prepared.draft)
    other.lp = compile_lp(formulation(), other.prepared.instance)
    first = checked(other.most_tokens()).tokens
    assert first is not None
    return -first.solution.objective


def scaled(base: Instance, name: str, factor: float) -> Instance:
    return base.replace(**{n: base.params[n] * factor for n in name.split()}) if name else base


def test_the_world_is_tight_in_many_places() -> None:
    _, planner = tight_world()
    plan = planner.least_cost()
    for limit in ("chips_within_supply", "reserve_margin", "power_balance", "window_demand"):
        assert np.abs(plan.dual(limit)).max() > 1e-9
    assert plan.value("unserved").sum() > 0


RELIEFS = (
    "chip_supply",
    "queue_mw firm_queue_mw flexible_build_max_mw",
    "forward_limit_mw backward_limit_mw",
    "build_rate_mw build_max_mw",
)


@pytest.mark.parametrize("limit", RELIEFS)
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(factors=st.tuples(FACTOR, FACTOR))
def test_more_of_a_limit_never_raises_the_bill(limit: str, factors: tuple[float, float]) -> None:
    base = tight_world()[1].prepared.instance
    little, much = (
        cost_of(**{name: base.params[name] * factor for name in limit.split()}) for factor in sorted(factors)
    )
    assert much <= little * (1 + 1e-9) + 1e-7


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(factors=st.tuples(FACTOR, FACTOR))
def test_more_demand_never_lowers_the_bill(factors: tuple[float, float]) -> None:
    base = tight_world()[1].prepared.instance.params
    little, much = (cost_of(**{n: base[n] * f for n in ("demand", "unserved_max")}) for f in sorted(factors))
    assert much >= little * (1 - 1e-9) - 1e-7


@settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(factors=st.tuples(FACTOR, FACTOR))
def test_more_other_load_never_lowers_the_bill(factors: tuple[float, float]) -> None:
    base = tight_world()[1].prepared.instance.params
    little, much = (
        cost_of(base_load_mw=base["base_load_mw"] * f, shed_max_mw=base["base_load_mw"] * f) for f in sorted(factors)
    )
    assert much >= little * (1 - 1e-9) - 1e-7


@pytest.mark.parametrize("limit", RELIEFS[:2])
@pytest.mark.parametrize(("less", "more"), [(0.5, 1.0), (1.0, 1.7)])
def test_more_of_a_limit_never_lowers_tokens(limit: str, less: float, more: float) -> None:
    assert tokens_of(limit, more) >= tokens_of(limit, less) * (1 - 1e-9)


# names


def tables(plan: Plan) -> dict[str, pd.DataFrame]:
    return {
        "fleet": measures.fleet(plan),
        "sites": measures.sites(plan),
        "chips": measures.chips(plan),
        "limits": measures.limits(plan),
        "full cost": token_cost.full_cost(plan),
        "marginal": token_cost.marginal_cost(plan),
    }


@pytest.mark.parametrize("goal", ["least_cost", "most_tokens"])
def test_identical_countries_have_identical_numbers(tmp_path: Path, goal: str) -> None:
    # One of them is named us and one china, one of them comes first: neither may matter.
    plan = (
        two_countries(tmp_path, "us", "china")
        .edit("connection.limits", limit_mw_per_yr=4)
        .plan(**{"objective.goal": goal, "objective.tokens_tolerance": 0.0})
    )
    sites = measures.sites(plan).drop(columns=["region", "name"]).set_index("country")
    np.testing.assert_allclose(sites.loc["us"].to_numpy(float), sites.loc["china"].to_numpy(float))
    for name in ("chips_powered", "firm_built", "hall_built", "grid_draw", "load_shed"):
        first, second = plan.value(name)
        np.testing.assert_allclose(first, second, atol=1e-7)


def test_swapping_the_names_of_two_countries_swaps_nothing_else(tmp_path: Path) -> None:
    # The same two worlds, different from each other, once as (us, china) and once as (china, us): every table is the
    # same but for the names in it. A plan of the whole and its prices do not know what a country is called.
    made = {}
    for first, second in (("us", "china"), ("china", "us")):
        folder = tmp_path / first
        folder.mkdir()
        plan = two_countries(folder, first, second, second_differs=True).plan()
        rename = {first: "one", second: "two"}
        made[first] = (plan.solution.objective, {n: _renamed(frame, rename) for n, frame in tables(plan).items()})
    assert made["us"][0] == pytest.approx(made["china"][0], rel=1e-12)
    for name, frame in made["us"][1].items():
        pd.testing.assert_frame_equal(frame, made["china"][1][name], rtol=1e-9, obj=name)


def _renamed(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Text columns with country codes replaced, whole or behind a dash."""
    out = frame.copy()
    for column in [name for name in out.columns if not pd.api.types.is_numeric_dtype(out[name])]:
        for old, new in names.items():
            out[column] = out[column].map(
                lambda v, o=old, n=new: n if v == o else v.replace(f"-{o}", f"-{n}") if isinstance(v, str) else v
            )
    return out


def test_two_countries_apart_are_two_worlds(tmp_path: Path) -> None:
    # Users who trust their own country alone, chips of one's own, no line: the bill is that of each alone.
    world = two_countries(tmp_path, "us", "china", second_differs=True)
    world.country("us", trust_bloc="us_allied").country("china", trust_bloc="china")
    world.set(demand={"trust": {"us": {"hosts": ["us_allied"]}, "china": {"hosts": ["china"]}}})
    both = world.plan()
    served = both.value("serve").sum(axis=(1, 2))
    assert served / 3.6e-3 == pytest.approx([4, 3 * 0.8])
    pools = dict(zip(both.instance.sets["route"], both.instance.attributes["route"]["pool"], strict=True))
    assert sorted(pools.values()) == ["china", "us"]


# two roads


@pytest.mark.parametrize("variant", [None, "most_tokens", "other_ai", "planned_lines"])
def test_both_roads_agree_on_toy(variant: str | None) -> None:
    changes = {"time.days": 1, "time.segments": 2}
    _both_roads(build_instance(load_scenario("toy", variant, changes)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["us", "china", "world"])
def test_both_roads_agree_on_shipped_scenarios(name: str) -> None:
    """As they are shipped, at full size."""
    _both_roads(build_instance(load_scenario(name)))


def test_both_roads_agree_on_the_tight_world() -> None:
    _both_roads(tight_world()[1].prepared.instance)


def _both_roads(instance: Instance) -> None:
    """Rows, columns, bounds, costs by part and goals by component name and index, to 1e-12."""
    assert_same(compile_lp(formulation(), instance), compile_lp_by_pyomo(formulation(), instance))


def test_both_roads_solve_to_the_same_bill(tmp_path: Path) -> None:
    scenario = SmallWorld(tmp_path).load()
    bills = [Planner(scenario, via=via).solve().bill_musd for via in ("arrays", "pyomo")]
    assert bills[0] == pytest.approx(bills[1])
