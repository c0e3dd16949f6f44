"""A comparison on worlds small enough for a test: two sides, two processes, one table at a time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from optimizer.results.compare import Comparison, ComparisonError, compare
from optimizer.results.section import Section
from optimizer.results.store import load_run
from optimizer.scenario.load import load_scenario


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, list[Section], list[str], Path]:
    folder = tmp_path_factory.mktemp("runs")
    sections: list[Section] = []
    lines: list[str] = []
    made = compare(
        load_scenario("toy"), load_scenario("toy"), out=folder, on_section=sections.append, on_progress=lines.append
    )
    return made, sections, lines, folder


def test_sections_arrive_in_reading_order_and_are_kept(
    twins: tuple[Comparison, list[Section], list[str], Path],
) -> None:
    made, sections, lines, _ = twins
    numbers = [section.title.split(".")[0] for section in sections]
    assert numbers == [str(i) for i in range(1, 12)]
    assert tuple(sections) == made.sections
    assert any("solving" in line for line in lines)


def test_identical_sides_give_identical_numbers(twins: tuple[Comparison, list[Section], list[str], Path]) -> None:
    made, *_ = twins
    assert made.names == ("toy (1)", "toy (2)")
    for stage, (first, second) in made.frames.items():
        for name, frame in first.items():
            pd.testing.assert_frame_equal(frame, second[name], obj=f"{stage}: {name}")


def test_the_stored_comparison_reads_back(twins: tuple[Comparison, list[Section], list[str], Path]) -> None:
    made, *_ = twins
    assert made.path is not None
    run = load_run(made.path)
    table = run.tables["central_full_cost"]
    assert set(table["scenario"]) == {"toy (1)", "toy (2)"}
    assert all(
        certificate["primal_infeasibility"] < 1e-6 for side in run.certificate.values() for certificate in side.values()
    )
    assert (made.path / "csv" / "central_full_cost.csv").is_file()


def test_parts_sum_to_full_cost(twins: tuple[Comparison, list[Section], list[str], Path]) -> None:
    from optimizer.results.token_cost import PARTS

    made, *_ = twins
    cost = made.frames["central"][0]["full_cost"]
    assert cost[list(PARTS)].sum(axis=1).to_numpy() == pytest.approx(
        cost["full_cost_usd_per_mtok"].to_numpy(), rel=1e-12
    )
    assert (cost["full_cost_usd_per_mtok"] > 0).all()


def test_more_demand_serves_no_fewer_tokens_and_costs_no_less(
    twins: tuple[Comparison, list[Section], list[str], Path],
) -> None:
    made, *_ = twins
    served = {path: made.frames[path][0]["fleet"]["served_mtok_per_s"].sum() for path in ("low", "central", "high")}
    assert served["low"] <= served["central"] * (1 + 1e-9) <= served["high"] * (1 + 1e-9)


def test_a_side_without_a_plan_is_named(tmp_path: Path) -> None:
    broken = load_scenario("toy", overrides={"solver": {"time_limit_s": 1e-6}})
    with pytest.raises(ComparisonError, match="toy") as caught:
        compare(load_scenario("toy"), broken, out=tmp_path)
    assert caught.value.reason == "time_limit"
    assert not any(tmp_path.iterdir())
