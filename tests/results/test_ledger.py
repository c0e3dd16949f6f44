"""The ledger: dual x bound adds up to the objective for right prices and no others; rents are those found by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.model.formulation import formulation
from optimizer.model.records import BLOCKS, ROLES
from optimizer.model.room import Room
from optimizer.results.ledger import Ledger, ledger, objective_of
from optimizer.results.ledger_tables import ledger_section, ledger_tables
from optimizer.results.plan import solve_scenario
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario, shipped_names
from optimizer.solve.certificate import evaluate
from optimizer.solve.relief import places_of
from tests.cases.small_world import TTOK_PER_KCHIP_YEAR, SmallWorld, musd_per_mw_year, solve_instance
from tests.model.test_properties import tight_world


@cache
def toy(variant: str | None) -> Plan:
    return Planner(load_scenario("toy", variant=variant)).solve()


def plans() -> list[Plan]:
    most = toy("most_tokens")
    assert most.tokens is not None
    return [toy(None), toy("high"), toy("other_ai"), most, most.tokens]


def assert_closes(plan: Plan) -> Ledger:
    made = ledger(plan, formulation())
    assert made.gross == pytest.approx(plan.solution.certificate.gross, rel=1e-9), "summed one by one by the kernel"
    assert made.gross > 0
    assert abs(made.residual) <= 1e-6 * made.gross
    assert made.closes
    tables = ledger_tables(made, plan, formulation())
    for table in tables.values():
        assert table.iloc[:, -1].sum() == pytest.approx(plan.solution.objective, rel=1e-9, abs=1e-9 * made.gross)
    return made


@pytest.mark.parametrize("number", range(5))
def test_families_fixed_and_residual_are_the_objective(number: int) -> None:
    assert_closes(plans()[number])


@pytest.mark.parametrize("name", sorted(set(shipped_names()) - {"base"}))
def test_every_shipped_scenario_has_a_ledger_that_closes(name: str) -> None:
    """On a coarse year; the families, bounds and numbers are those that ship."""
    coarse = {"time": {"days": 1, "segments": 2, "peak_day": False}}
    assert_closes(Planner(load_scenario(name, overrides=coarse)).solve())


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    chips=st.floats(0.2, 3.0), load=st.floats(0.7, 1.3), queue=st.floats(0.0, 3.0), asked=st.floats(0.3, 3.0),
    carbon=st.floats(0.4, 2.0),
)  # fmt: skip
def test_any_world_has_a_ledger_that_closes(
    chips: float, load: float, queue: float, asked: float, carbon: float
) -> None:
    scenario, planner = tight_world()
    base = planner.prepared.instance
    factors = {
        "chip_supply": chips, "base_load_mw": load, "shed_max_mw": load, "queue_mw": queue, "firm_queue_mw": queue,
        "demand": asked, "unserved_max": asked, "co2_cap_mt": carbon,
    }  # fmt: skip
    plan = solve_instance(scenario, base.replace(**{name: base.params[name] * f for name, f in factors.items()}))
    made = assert_closes(plan)
    by_side = sums(made)
    assert by_side["obligation"] + made.fixed == pytest.approx(
        made.objective - by_side.get("limit", 0.0) - by_side.get("policy", 0.0), abs=1e-6 * made.gross
    )
    assert all(charge.contribution <= 1e-9 * made.gross for charge in made.charges if charge.side != "obligation")


def sums(made: Ledger) -> dict[str, float]:
    found: dict[str, float] = {}
    for charge in made.charges:
        found[charge.side] = found.get(charge.side, 0.0) + charge.contribution
    return found


@pytest.mark.parametrize("number", range(5))
def test_a_dual_that_is_one_per_cent_off_breaks_the_sum(number: int) -> None:
    """Of every row, one at a time, whose price carries a thousandth of gross: z is computed anew each time.

    The sum stays where another price is as right, and where what the price would get wrong is not used at all: that is
    for the certificate to find.
    """
    plan = plans()[number]
    honest = ledger(plan, formulation())
    y, lp = plan.solution.y, plan.lp
    cost, offset = objective_of(plan)
    bound = np.where(y > 0, lp.row_lower, lp.row_upper)
    weight = np.abs(y * np.where(np.isfinite(bound), bound, 0.0))
    broken = 0
    rows = np.flatnonzero(weight > 1e-3 * honest.gross)
    for row in rows:
        wrong = y.copy()
        wrong[row] *= 1.01
        closes = ledger(plan, formulation(), wrong).closes
        passed = evaluate(lp, cost, plan.solution.x, wrong, offset=offset).certificate.passed
        assert not (passed and not closes), "what does not add up is not certified"
        broken += not closes
    assert broken >= len(rows) / 2
    assert broken >= 3


def test_dual_times_activity_would_close_for_any_duals() -> None:
    """Why contributions use bounds: this sum is the objective whatever the prices, and says nothing."""
    plan = toy("high")
    y = np.random.default_rng(1).normal(size=plan.lp.num_row)
    found = evaluate(plan.lp, plan.lp.cost, plan.solution.x, y)
    activity = y @ found.row_activity + found.z @ plan.solution.x + plan.lp.offset
    assert activity == pytest.approx(plan.solution.objective)
    assert not ledger(plan, formulation(), y).closes


def test_a_dual_without_a_bound_to_lean_on_is_in_the_residual() -> None:
    plan = toy("high")
    y = plan.solution.y.copy()
    halls = plan.lp.rows["chips_within_halls"]
    row = halls.offset + int(plan.solution.row_activity[halls.span].argmax())
    y[row] = 5.0  # a limit from above has no lower side
    assert not np.isfinite(plan.lp.row_lower[row])
    wrong = ledger(plan, formulation(), y)
    place = places_of(plan.instance, halls, np.array([row - halls.offset]), "MW", "limit")[0][0]
    assert not [c for c in wrong.charges if c.limit == "chips_within_halls" and c.place == place]
    assert abs(wrong.residual) > 1e-3 * wrong.gross


# families


def test_every_row_and_every_bound_has_a_family() -> None:
    plan = toy(None)
    for limit in formulation().limits.values():
        assert limit.family
        assert limit.standing.role in ROLES
        assert limit.standing.block in BLOCKS
    for decision in formulation().decisions.values():
        span = plan.lp.columns[decision.name].span
        if decision.family is None:
            assert (plan.lp.col_lower[span] == 0.0).all(), "x >= 0 contributes nothing"
            assert np.isinf(plan.lp.col_upper[span]).all()


def test_a_room_says_where_its_limits_stand() -> None:
    room = Room("wells", block="base system")
    room.decide("pumped", "region", "ML", "water", upper="most", family="water", role="policy")
    assert room.decisions[0].standing.block == "base system"
    with pytest.raises(TypeError, match="'rule' is none of limit, demand, policy"):
        room.limit("region", family="water", per="ML", role="rule")(lambda m, r: m.pumped[r] <= 1)
    with pytest.raises(TypeError, match="'all' is none of AI, base system"):
        room.decide("spilt", "region", "ML", "water", upper="most", family="water", block="all")


# worlds solved by hand


def rents(plan: Plan) -> pd.Series:
    made = assert_closes(plan)
    frame = ledger_tables(made, plan, formulation())["ledger_summary"]
    return frame.groupby("family")["contribution_musd"].sum()


CHIP_YEAR, HALL_YEAR, CONNECTION_YEAR = 2.0, 0.5, 0.01  # MUSD per kchip or MW and year (small_world.py)


def test_a_queue_that_is_too_short(tmp_path: Path) -> None:
    """4 MW of connection where 5 are needed: 3.2 kchip serve, users of 0.8 leave at 0.5 USD per million tokens."""
    plan = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4).plan()
    found = rents(plan)
    tokens = 0.5 * TTOK_PER_KCHIP_YEAR
    # A kchip serves 31.536 Ttok a year and costs chips, hall and 1.25 MW of connection and power at 30 USD/MWh.
    per_kchip = tokens - CHIP_YEAR - HALL_YEAR - 1.25 * (CONNECTION_YEAR + musd_per_mw_year(30))
    assert found["connection queue"] == pytest.approx(-4 * per_kchip / 1.25)
    assert found["demand for tokens"] == pytest.approx(4 * tokens)
    assert found["demand for power"] == pytest.approx(100 * musd_per_mw_year(30))
    assert found.get("generation", 0.0) == 0.0, "1000 MW of gas are never short"


def test_chips_that_are_short(tmp_path: Path) -> None:
    """2 kchip are delivered where 4 are asked for: their rent is what users would pay less all that a chip needs."""
    plan = SmallWorld(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=2).plan()
    found = rents(plan)
    per_kchip = 0.5 * TTOK_PER_KCHIP_YEAR - CHIP_YEAR - HALL_YEAR - 1.25 * (CONNECTION_YEAR + musd_per_mw_year(30))
    assert found["chips"] == pytest.approx(-2 * per_kchip)
    assert found.get("connection queue", 0.0) == pytest.approx(0.0, abs=1e-9)


def test_plants_that_are_cheap_and_full(tmp_path: Path) -> None:
    """60 MW at 10 USD/MWh under 100 MW of load: they earn 20 on each MWh, as a rent of the base system."""
    world = SmallWorld(tmp_path).technology("hydro", variable_om_per_mwh=10).plant("R", "hydro", 60).asks(1)
    plan = world.plan()
    made = assert_closes(plan)
    (charge,) = [c for c in made.charges if c.family == "generation"]
    assert charge.block == "base system"
    assert charge.side == "limit"
    assert charge.contribution == pytest.approx(-60 * musd_per_mw_year(20))
    assert charge.place.labels == ("R:hydro", 2028)
    table = ledger_tables(made, plan, formulation())["ledger"]
    row = table[table["family"] == "generation"].iloc[0]
    assert (row["country"], row["region"], row["period"]) == ("x", "R", 2028)


def test_the_base_system_is_one_block_on_the_screen(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path).technology("hydro", variable_om_per_mwh=10).plant("R", "hydro", 60)
    plan = world.edit("connection.limits", limit_mw_per_yr=4).plan()
    made = ledger(plan, formulation())
    section = ledger_section(made)
    lines = {(row[0], row[1]): row[2] for row in section.rows}
    assert lines["paid", "sum"] == pytest.approx(lines["went to", "sum"])
    assert lines["went to", "base system, rents"] == pytest.approx(60 * musd_per_mw_year(20))
    assert lines["went to", "bill"] == pytest.approx(plan.solution.objective)
    assert {"rent: generation", "rent: transmission"} & {what for _, what in lines} == set()
    shares = {row[1]: row[3] for row in section.rows}
    paid = lines["paid", "demand for tokens, AI"]
    assert shares["rent: connection queue"] == pytest.approx(lines["went to", "rent: connection queue"] / paid)


# with every run


def test_a_run_keeps_its_ledger() -> None:
    run = solve_scenario(load_scenario("toy", variant="most_tokens"))
    for name in ("ledger", "ledger_summary"):
        assert run.tables[name]["contribution_musd"].sum() == pytest.approx(run.objective)
        tokens = run.tables[f"tokens_{name}"]["contribution_ptok"].sum()
        assert -tokens == pytest.approx(-run.summary["ledger"]["most_tokens:scale"]["objective"])
        assert -tokens > 1
    for identity in run.summary["ledger"].values():
        total = identity["families"] + identity["fixed"] + identity["residual"]
        assert total == pytest.approx(identity["objective"])
    titles = [section.title for section in run.sections]
    assert [title for title in titles if title.startswith("ledger, present value")]
    assert [title for title in titles if title.startswith("ledger, discounted reference tokens")]
