"""No plan: the planted conflict is found, the relief is enough, less is not, and the conflict is irreducible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from optimizer.instance.instance import CrossedBoundsError
from optimizer.model.formulation import formulation
from optimizer.solve.case import Case
from optimizer.solve.compile import compile_lp
from optimizer.solve.conflict import irreducible
from optimizer.solve.diagnosis import ASKED, FACTS, Diagnosis, diagnose, reach
from optimizer.solve.errors import SolveError
from optimizer.solve.linear_program import LinearProgram
from optimizer.solve.runaway import run_away
from optimizer.solve.session import Session
from optimizer.solve.soft_limits import stated_params
from tests.cases.small_world import HOURS, SmallWorld

MADE = formulation()


class Planted(NamedTuple):
    """A world without a plan, the records that contradict each other, and the relief worked out by hand."""

    case: Case
    conflict: set[str]
    family: str
    amount: float


def bare(folder: Path) -> SmallWorld:
    return SmallWorld(folder).set(demand={"workload_list": []})


def take_against_carbon(folder: Path, rng: np.random.Generator) -> Planted:
    """The take of oil emits more than the cap allows. Lowering the take by a share of itself is the lesser relief."""
    mw, cf, share, t = rng.uniform(50, 200), rng.uniform(0.3, 0.6), rng.uniform(0.4, 0.9), rng.uniform(0.5, 1.0)
    take = mw * cf * share * 8.76
    cap = rng.uniform(0.2, 0.8) * take * t * 1e-3
    world = bare(folder).technology("oil", variable_om_per_mwh=80, co2_t_per_mwh=t)
    world.plant("R", "oil", mw, hist_capacity_factor=cf)
    world.add("power.minimum_take", {"country": "x", "technology": "oil", "year": 2028, "share": share})
    case = world.planner(**{"power.co2_cap_mt_per_yr": cap}).case
    return Planted(case, {"emissions_within_cap", "minimum_take"}, "minimum take", take - cap * 1e3 / t)


def must_run_against_carbon(folder: Path, rng: np.random.Generator) -> Planted:
    """The must-run of coal emits more than the cap allows: a bound of a decision against a row."""
    mw, share = rng.uniform(50, 200), rng.uniform(0.3, 0.9)
    run = mw * share
    cap = rng.uniform(0.2, 0.8) * run * HOURS * 0.9e-6
    world = bare(folder).technology("coal", co2_t_per_mwh=0.9, min_output_share=share).plant("R", "coal", mw)
    case = world.planner(**{"power.co2_cap_mt_per_yr": cap}).case
    return Planted(case, {"emissions_within_cap", "output"}, "generation", run - cap / (HOURS * 0.9e-6))


def must_run_against_water(folder: Path, rng: np.random.Generator) -> Planted:
    """A river that must run above its water. What nature gives is a fact, so the must-run has to give way."""
    mw, water = rng.uniform(50, 200), rng.uniform(0.1, 0.3)
    share = water + rng.uniform(0.1, 0.5)
    world = bare(folder).technology("hydro", profile="hydro", min_output_share=share)
    world.plant("R", "hydro", mw, hist_capacity_factor=water)
    return Planted(world.planner().case, {"output", "output_within_water"}, "generation", mw * (share - water))


def line_take_against_use(folder: Path, rng: np.random.Generator) -> Planted:
    """A line that must carry more than its cap on use allows; the take is the larger number, so its share is less."""
    mw, use = rng.uniform(50, 200), rng.uniform(0.2, 0.6)
    limit = mw * use * 8.76
    take = limit * rng.uniform(1.1, 1.6)
    world = bare(folder).region("E").plant("E", "gas", 500)
    case = world.corridor("L", "E", "R", mw, max_utilisation=use, min_take_twh=0.5 * limit * 1e-3).planner().case
    case.put("line_take_gwh", take)  # a table can not ask for more than 95 % of the cap
    return Planted(case, {"flow_within_year", "line_minimum_take"}, "minimum take", take - limit)


def line_take_without_power(folder: Path, rng: np.random.Generator) -> Planted:
    """A line that must bring energy from where there is none, and no load that could be shed instead."""
    take = rng.uniform(100, 800)
    world = bare(folder).region("E").corridor("L", "E", "R", 100, min_take_twh=take * 1e-3)
    world.edit("regions.table", {"region": "E"}, peak_load_mw=0, annual_load_twh=0)
    return Planted(world.planner().case, {"line_minimum_take", "load_shed", "power_balance"}, "minimum take", take)


def demand_against_queue(folder: Path, rng: np.random.Generator) -> Planted:
    """Tokens that nobody may refuse need 1.25 MW a kchip, and the queue energises less."""
    queue, kchip = rng.uniform(1, 3), rng.uniform(4, 8)
    case = SmallWorld(folder).asks(kchip).edit("connection.limits", limit_mw_per_yr=queue).planner().case
    case.put("unserved_max", 0.0)
    return Planted(case, {"hourly_demand"}, "connection queue", 1.25 * kchip - queue)


def demand_against_chips(folder: Path, rng: np.random.Generator) -> Planted:
    """The same tokens against the supply of chips."""
    supply, kchip = rng.uniform(1, 3), rng.uniform(4, 8)
    world = SmallWorld(folder).asks(kchip)
    world.edit("compute.supply", {"year": 2028}, units_thousand=supply)
    case = world.planner().case
    case.put("unserved_max", 0.0)
    return Planted(case, {"hourly_demand", "chips_within_supply"}, "chips", kchip - supply)


def reserve_without_shortfall(folder: Path, rng: np.random.Generator) -> Planted:
    """A reserve that may not fall short, in a zone without enough firm plant."""
    gas, margin = rng.uniform(40, 90), rng.uniform(0.1, 0.3)
    world = bare(folder).edit("power.plants", existing_mw=gas).set(reserve={"enabled": True})
    case = world.edit("reserve.zones", planning_reserve_margin=margin).planner().case
    case.put("shortfall_max_mw", 0.0)
    return Planted(case, {"reserve_margin"}, "reserve", 100 * (1 + margin) - gas)


def a_cut_of_ones_own(folder: Path, rng: np.random.Generator) -> Planted:
    """A cut that asks for more chips than there are. The cut is the larger number."""
    supply = rng.uniform(5, 50)
    most = supply * rng.uniform(1.2, 1.8)
    case = SmallWorld(folder).edit("compute.supply", {"year": 2028}, units_thousand=supply).planner().case
    case.cut({"chips_built": 1.0}, lower=most)
    return Planted(case, {"cut", "chips_within_supply"}, "cut", most - supply)


WORLDS: tuple[Callable[[Path, np.random.Generator], Planted], ...] = (
    take_against_carbon,
    must_run_against_carbon,
    must_run_against_water,
    line_take_against_use,
    line_take_without_power,
    demand_against_queue,
    demand_against_chips,
    reserve_without_shortfall,
    a_cut_of_ones_own,
)


def explain(case: Case) -> Diagnosis:
    return diagnose(case.formulation, case.instance, case.lp, case.with_cuts())


def feasible(found: Diagnosis, share: float) -> bool:
    """Whether the LP has a plan once the relief is granted, or a share of it. Written without relief columns."""
    elastic = found.elastic
    arrays, soft = elastic.arrays, elastic.soft
    ends = {name: getattr(arrays, name).copy() for name in ("row_lower", "row_upper", "col_lower", "col_upper")}
    for kind, members in (("row", soft.rows), ("col", soft.bounds)):
        give = share * elastic.relief[members.group] * (1 + 1e-9)
        lower = members.sign > 0
        ends[f"{kind}_lower"][members.at[lower]] -= give[lower]
        ends[f"{kind}_upper"][members.at[~lower]] += give[~lower]
    lp = LinearProgram(
        {}, {}, {}, {}, *(ends[name] for name in ("col_lower", "col_upper", "row_lower", "row_upper")),
        arrays.start, arrays.index, arrays.value, elastic.lp.columns, elastic.lp.rows,
    )  # fmt: skip
    try:
        return Session(lp).solve().status == "optimal"
    except SolveError as error:
        return error.reason != "infeasible"


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_the_planted_conflict_is_named(
    world: Callable[[Path, np.random.Generator], Planted], seed: int, tmp_path: Path
) -> None:
    planted = world(tmp_path, np.random.default_rng(seed))
    with pytest.raises(SolveError, match="no plan keeps all limits"):
        planted.case.solve()
    found = explain(planted.case)
    assert [one.limit.family for one in found.relieved] == [planted.family]
    assert found.relieved[0].amount == pytest.approx(planted.amount, rel=1e-5)
    assert found.elastic.solution.certificate.passed
    assert feasible(found, 1.0)
    assert not feasible(found, 0.99)
    members = irreducible(planted.case.formulation, planted.case.instance, found.elastic)
    assert planted.conflict <= {member.record for member in members}
    if planted.conflict.isdisjoint({"hourly_demand"}):  # which reaches its limit over many balances
        assert planted.conflict == {member.record for member in members}


def test_what_somebody_has_ruled_out_is_part_of_a_conflict(tmp_path: Path) -> None:
    # No chip may come, by the bound that export rules make, and nobody may go unserved.
    case = SmallWorld(tmp_path).planner().case
    case.put("unserved_max", 0.0)
    case.put("chips_max", 0.0)
    found = explain(case)
    assert {one.limit.family: one.amount for one in found.relieved} == {"export control": pytest.approx(4)}
    members = irreducible(case.formulation, case.instance, found.elastic)
    assert {("chips_built", "at most"), ("hourly_demand", "equal")} <= {(one.record, one.side) for one in members}
    assert {"chips_max", "chip_stock"} <= {name for one in members for name in one.params}


def test_two_conflicts_are_both_relieved(tmp_path: Path) -> None:
    # 20 MW of take against water for 10 (87.6 GWh short), and 40 MW of must-run coal above a cap for 30.
    world = bare(tmp_path).technology("coal", co2_t_per_mwh=1.0, min_output_share=0.4).plant("R", "coal", 100)
    world.technology("hydro", profile="hydro", min_output_share=0.2).plant("R", "hydro", 100, hist_capacity_factor=0.1)
    case = world.planner(**{"power.co2_cap_mt_per_yr": 30 * 8760e-6}).case
    found = explain(case)
    assert {one.limit.labels: one.amount for one in found.relieved} == {
        ("R:coal", 2028): pytest.approx(10),
        ("R:hydro", 2028): pytest.approx(10),
    }
    members = irreducible(case.formulation, case.instance, found.elastic)
    assert len(members) == 2  # one of the two conflicts, whole


def test_a_group_gives_way_over_all_hours_together(tmp_path: Path) -> None:
    # Must-run of 50 MW in each of 24 hours against water for 20 of them on average: one number, 30 MW.
    world = bare(tmp_path).by_hour({"R": [100.0] * 24})
    world.technology("hydro", profile="hydro", min_output_share=0.5).plant("R", "hydro", 100, hist_capacity_factor=0.2)
    found = explain(world.planner().case)
    assert [(one.limit.direction, one.amount) for one in found.relieved] == [("smaller", pytest.approx(30))]
    assert found.relieved[0].limit.params == ("output_min_mw",)


def test_arithmetic_tells_before_any_solve(tmp_path: Path) -> None:
    # 50 MW must run, 438 GWh and 0.3942 Mt a year, under a cap of 0.1 Mt.
    world = bare(tmp_path).technology("coal", co2_t_per_mwh=0.9, min_output_share=0.5).plant("R", "coal", 100)
    found = explain(world.planner(**{"power.co2_cap_mt_per_yr": 0.1}).case)
    (one,) = found.impossible
    assert (one.limit.family, one.limit.labels) == ("carbon cap", ("x", 2028))
    assert (one.asked, one.reach) == (pytest.approx(0.1), pytest.approx(50 * HOURS * 0.9e-6))


def test_reach_of_rows_against_a_loop(tmp_path: Path) -> None:
    lp = compile_lp(MADE, bare(tmp_path).region("E").corridor("L", "E", "R", 100, loss=0.1).instance())
    least, most = reach(lp)
    for row in range(lp.num_row):
        entries = slice(lp.start[row], lp.start[row + 1])
        low = high = 0.0
        for a, j in zip(lp.value[entries], lp.index[entries], strict=True):
            ends = sorted((a * lp.col_lower[j], a * lp.col_upper[j]))
            low, high = low + ends[0], high + ends[1]
        assert (least[row], most[row]) == (pytest.approx(low), pytest.approx(high))


def test_balances_give_way_last_of_all(tmp_path: Path) -> None:
    # Load of 100 MW that may not be shed, no plant and no line: the bound on load shed is the one number that is left,
    # and where that is no number of the scenario either, the balance.
    case = bare(tmp_path).edit("power.plants", existing_mw=0).planner().case
    case.put("shed_max_mw", 0.0)
    assert explain(case).relieved[0].limit.family in ("load shed", "generation")
    made = replace(
        MADE, params={name: replace(param, origin=()) for name, param in MADE.params.items()}
    )  # a formulation whose numbers nobody has stated
    found = diagnose(made, case.instance, compile_lp(made, case.instance))
    assert [(one.limit.records, one.limit.origin) for one in found.relieved] == [(("power_balance",), ())]
    assert found.relieved[0].amount == pytest.approx(100)


def test_a_plan_needs_no_relief(tmp_path: Path) -> None:
    found = explain(SmallWorld(tmp_path).planner().case)
    assert found.relieved == ()
    assert found.impossible == ()
    assert irreducible(MADE, SmallWorld(tmp_path).instance(), found.elastic) == ()


def test_a_decision_that_pays_runs_away(tmp_path: Path) -> None:
    case = SmallWorld(tmp_path).planner().case
    case.put("hall_cost", -2.0)
    with pytest.raises(SolveError, match="fall without end"):
        case.solve()
    (found,) = run_away(case.formulation, case.instance, case.lp, case.lp.cost)
    assert (found.decision, found.labels, found.amount) == ("hall_built", ("R", 2028), pytest.approx(1.0))
    assert found.pays == pytest.approx(-2.0)
    assert found.bound == "hall_build_max_mw"
    assert "facility.halls:max_build_mw_it_per_yr" in found.origin


def test_decisions_run_away_together(tmp_path: Path) -> None:
    # A flow that earns in both directions: neither end can grow alone, since what arrives has to leave.
    case = bare(tmp_path).region("E").corridor("L", "E", "R", 100).planner().case
    case.put("hurdle_cost", -1e-6)
    case.put("forward_limit_mw", np.inf)
    case.put("backward_limit_mw", np.inf)
    found = run_away(case.formulation, case.instance, case.lp, case.lp.cost)
    assert {one.decision: one.amount for one in found} == {
        "flow_forward": pytest.approx(1.0),
        "flow_backward": pytest.approx(1.0),
    }


def test_a_bounded_program_has_no_runaway(tmp_path: Path) -> None:
    case = SmallWorld(tmp_path).planner().case
    with pytest.raises(SolveError) as caught:
        run_away(case.formulation, case.instance, case.lp, case.lp.cost)
    assert caught.value.reason == "infeasible"


def test_bounds_that_cross_are_an_error_of_their_own(tmp_path: Path) -> None:
    instance = bare(tmp_path).instance()
    crossed = instance.replace(output_min_mw=instance.params["output_max_mw"] + 1.0)
    with pytest.raises(CrossedBoundsError, match=r"lower 100.*is above upper"):
        crossed.check(MADE)


def test_what_states_a_number_and_what_does_not() -> None:
    stated = stated_params(MADE)
    assert stated["queue"] == ("queue_mw",)
    assert stated["mandate_met"] == ("clean_share",)  # it multiplies a decision
    assert stated["power_balance"] == ()
    assert stated["campus_balance"] == ()
    families = {limit.family for limit in MADE.limits.values()}
    families |= {decision.family for decision in MADE.decisions.values() if decision.family}
    assert families >= ASKED
    origins = {key for param in MADE.params.values() for key in param.origin}
    assert {key if key in FACTS else key.partition(":")[0] for key in origins} >= FACTS
