"""What holds a plan back: sentences say what the tables say, prices are slopes, ranges are those of the dual face."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from optimizer.cli import app
from optimizer.results.explain import Explanation, explain, number
from optimizer.results.holding_back import held_back, rent_ranges, stage_to_explain
from optimizer.results.plan import solve_scenario
from optimizer.results.planner import Plan, Planner
from optimizer.results.store import load_run
from optimizer.scenario.load import load_scenario
from optimizer.solve.errors import SolveError
from tests.cases.small_world import SmallWorld
from tests.model.test_properties import tight_world

MW_OF_QUEUE = 10.3416  # MUSD a year: rates are zero and the period is one year (tests/solve/test_case.py)


def explained(world: SmallWorld, **options: int) -> tuple[Planner, Plan, Explanation]:
    planner = world.planner()
    plan = planner.solve()
    return planner, plan, explain(planner, plan, **options)


def short_queue(tmp_path: Path) -> SmallWorld:
    return SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4)


def test_the_sentence_of_a_short_queue(tmp_path: Path) -> None:
    """One MW more serves 0.8 kchip, a thousand tokens a second each, and then all are served."""
    _, _, made = explained(short_queue(tmp_path))
    (sentence,) = made.tables["limits"]["sentence"]
    assert sentence == (
        "The connection queue in R holds back 2028: one more MW is worth 10,300,000 USD a year (800,000 tokens/s); "
        "1.00 MW of relief before the next limit binds; then 0"
    )
    row = made.tables["limits"].iloc[0]
    assert row["price_one_more"] == pytest.approx(MW_OF_QUEUE * 1e6)
    assert row["price_one_less"] == pytest.approx(MW_OF_QUEUE * 1e6)
    assert row["amount"] == pytest.approx(4.0)
    assert row["ends_at"] == pytest.approx(1.0, rel=0.01)
    assert row["rent_musd"] == pytest.approx(4 * MW_OF_QUEUE)
    assert row["tokens_per_s"] == pytest.approx(0.8e6)
    assert (row["country"], row["region"], row["period"]) == ("x", "R", 2028)
    assert any("requests leave for want of capacity" in note for note in made.sections[0].notes)
    assert not any("fleet is slack" in note for note in made.sections[0].notes)


def test_what_binds_next_is_named(tmp_path: Path) -> None:
    """Chips for 4.5 MW behind a queue of 4: half a MW more, and the chips bind."""
    world = short_queue(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=3.6)
    _, _, made = explained(world)
    row = made.tables["limits"].iloc[0]
    assert row["family"] == "connection queue"
    assert row["ends_at"] == pytest.approx(0.5, rel=0.01)
    assert (row["next_family"], row["next_place"]) == ("chips", "x, C1")
    assert row["sentence"].endswith("0.500 MW of relief before the next limit binds, the chips in x (C1); then 0")


def test_limits_in_series_have_a_range_from_nothing_to_all(tmp_path: Path) -> None:
    world = short_queue(tmp_path).edit("compute.supply", {"year": 2028}, units_thousand=3.2)
    planner = world.planner()
    stage = stage_to_explain(planner, planner.solve())
    ranges = rent_ranges(planner, stage, [("connection queue", 2028), ("chips", 2028), ("hall", 2028)])
    queue, chips, hall = ranges
    for one in (queue, chips):
        assert one.least == pytest.approx(0.0, abs=1e-9)
        assert one.most == pytest.approx(4 * MW_OF_QUEUE)
    assert queue.rent + chips.rent == pytest.approx(4 * MW_OF_QUEUE)
    assert (hall.rent, hall.least, hall.most) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    (held,) = held_back(planner, stage)
    assert held.more == pytest.approx(0.0, abs=1e-9)
    made = explain(planner, stage)
    assert (
        "alone is worth nothing, since limits in series bind with it; one less costs"
        in made.tables["limits"].at[0, "sentence"]
    )
    lone = made.tables["ranges"]
    assert (lone["least_musd"] <= lone["rent_musd"] + 1e-9).all()
    assert (lone["rent_musd"] <= lone["most_musd"] + 1e-9).all()


def test_prices_are_finite_differences_with_relief_columns() -> None:
    """In a world tight in many places: each price is what relief columns of another case gain for a small step."""
    scenario, _ = tight_world()
    planner = Planner(scenario)
    stage = stage_to_explain(planner, planner.solve())
    found = held_back(planner, stage, top=6, everything=True)
    assert len(found) == 6
    other = Planner(scenario).case
    bill, compared = other.solve().objective, 0
    for held in found:
        relief = other.relieve(held.family)
        column = relief.columns[relief.places.index(held.place)]
        step = 1e-3 * held.amount
        other.session.set_col_bounds([column], 0.0, step)
        gain = bill - other.solve().objective
        other.session.set_col_bounds([column], -step, -step)
        try:
            loss = other.solve().objective - bill
        except SolveError:  # the column takes from hours in which there is nothing, where explain leaves them alone
            loss = None
        other.session.set_col_bounds([column], 0.0, 0.0)
        # a price is the mean over its piece within a hundredth, and the first step of a convex bill is the steepest
        assert 0.99 * held.more <= gain / step <= 1.02 * held.more, held
        if held.less is not None and loss is not None:
            assert loss / step == pytest.approx(held.less, rel=0.02), held
            compared += 1
    assert compared >= 3


def test_every_number_of_a_sentence_stands_in_the_table() -> None:
    planner = Planner(load_scenario("toy", variant="high"))
    made = explain(planner, planner.solve())
    limits = made.tables["limits"]
    assert len(limits) >= 5
    for _, row in limits.iterrows():
        named = {str(row["period"]), *re.findall(r"[\d.]+", f"{row['place']} {row['next_place']}"), "2026", "2028"}
        said = set(re.findall(r"\d[\d,]*(?:\.\d+)?", row["sentence"])) - named
        columns = ["price_one_more", "price_one_less", "ends_at", "holds_up_to", "price_after", "tokens_per_s"]
        assert said <= {number(float(row[column])) for column in columns}, row["sentence"]
    ladder = made.tables["ladder"]
    assert set(ladder["rank"]) == set(limits["rank"])
    for _, rung in ladder.groupby("rank"):
        assert rung["price"].is_monotonic_decreasing or np.ptp(rung["price"]) < 1e-6 * rung["price"].max()
        assert (rung["gain_musd"] >= -1e-9).all()


def test_most_tokens_are_explained_in_tokens() -> None:
    planner = Planner(load_scenario("toy", variant="most_tokens"))
    plan = planner.solve()
    made = explain(planner, plan, top=1)
    row = made.tables["limits"].iloc[0]
    assert row["price_unit"] == "tokens/s"
    assert "tokens/s" in row["sentence"]
    assert "USD" not in row["sentence"]
    assert made.sections[0].title.endswith("in reference tokens a second")
    assert plan.tokens is not None
    # T2 makes 6,750 tokens a second a chip: one thousand more of them that year make 6.75 million.
    throughput = planner.scenario.table("compute.throughput")
    rates = throughput.loc[throughput["chip"] == "T2", "tokens_per_s"]
    assert rates.min() * 1e3 <= row["price_one_more"] <= rates.max() * 1e3


def test_the_base_system_counts_when_asked(tmp_path: Path) -> None:
    world = short_queue(tmp_path).technology("hydro", variable_om_per_mwh=10).plant("R", "hydro", 60)
    planner, plan, made = explained(world)
    assert set(made.tables["limits"]["family"]) == {"connection queue"}
    wider = explain(planner, plan, everything=True).tables["limits"].set_index("family")
    assert wider.loc["generation", "price_one_more"] == pytest.approx(20 * 8760)
    assert wider.loc["generation", "place"] == "R:hydro"


def test_a_run_is_explained_from_its_folder(tmp_path: Path) -> None:
    run = solve_scenario(short_queue(tmp_path).load(), out=tmp_path / "runs")
    answer = CliRunner().invoke(app, ["explain", str(run.path), "--out", str(tmp_path / "why"), "--top", "3"])
    assert answer.exit_code == 0, answer.output
    assert "The connection queue in R holds back 2028" in answer.output
    kept = load_run(tmp_path / "why" / "small-explained")
    assert {"limits", "ladder", "ranges", "ledger_summary"} <= set(kept.tables)
    assert isinstance(kept.tables["limits"], pd.DataFrame)
    assert kept.tables["ledger_summary"]["contribution_musd"].sum() == pytest.approx(run.objective)
    missing = CliRunner().invoke(app, ["explain", str(tmp_path / "nothing")])
    assert missing.exit_code == 2
    assert "no run in" in missing.output
