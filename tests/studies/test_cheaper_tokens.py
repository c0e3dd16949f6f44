"""The contest of two sides by hand: accounting, chances, mix of classes, and the verdict that follows from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.results.store import load_run
from optimizer.studies.contest_plans import same_mix
from optimizer.studies.run import run_study
from tests.cases.rival_worlds import STUDY, rivals

U = 0.5  # half is sold, chips without work draw nothing
ONE = ((2000 / 1.25 + 410) / 8760 + 0.08 * U) / (1000 * 3600 / 1.25 * 0.5) * 1e6
TWO = ((6000 / 2.5 + 410) / 8760 + 0.08 * U) / (5000 * 3600 / 2.5 * 0.5) * 1e6


def test_accounting_by_hand(tmp_path: Path) -> None:
    # Per provisioned kW: C1 costs 1,600 USD a year, C2 2,400, hall and connection 410; power 80 USD/MWh.
    found, _ = run_study(rivals(tmp_path))
    table = found.tables["owned_compute"]
    row = table[(table["chip"] == "C1") & (table["operating_point"] == "standard")].iloc[0]
    assert row["capital_usd_per_kwh"] == pytest.approx((1600 + 410) / 8760)
    assert row["capex_usd_per_kw"] == pytest.approx(8000)
    assert row["load_ratio"] == pytest.approx(U)
    assert row["usd_per_mtok"] == pytest.approx(ONE)
    pair = found.tables["pairs"].iloc[0]
    assert pair["cost_ratio"] == pytest.approx(ONE / TWO)
    assert pair["ratio_of_tokens_per_kwh"] == pytest.approx(2.88 / 7.2)
    assert pair["break_even_mean"] == pytest.approx((2010 / 8760 + 0.04) / (2810 / 8760 + 0.04))
    assert pair["cost_ratio"] == pytest.approx(pair["break_even_mean"] / pair["ratio_of_tokens_per_kwh"])


def test_what_moves_the_ratio_by_hand(tmp_path: Path) -> None:
    moves = run_study(rivals(tmp_path))[0].tables["moves"].set_index("input")
    free = (2010 / 8760) / (2010 / 8760 + 0.04)
    assert moves.loc["power price", "ratio_at_one_end"] == pytest.approx(free * ONE / TWO)
    assert moves.loc["power price", "factor"] == pytest.approx(1 / free)  # one host: its price is the dearest
    low, high = ((2010 / 8760 + 0.08 * s) / s for s in (0.25, 0.9))
    assert moves.loc["sold share", "factor"] == pytest.approx(low / high)
    assert moves.loc["date of the rates", "factor"] == pytest.approx(1)


def test_chances_follow_the_ratio(tmp_path: Path) -> None:
    # C1 makes 0.4 of the tokens of C2 and would need 0.75: hopeless, as the map says far below and far above it.
    found, _ = run_study(rivals(tmp_path))
    assert found.tables["chances"]["probability"].item() < 0.05
    cells = found.tables["chance_map"]
    assert len(cells) == 5 * 4
    assert (cells.loc[cells["ratio_of_tokens_per_kwh"] < 0.3, "probability"] < 0.05).all()
    assert (cells.loc[cells["ratio_of_tokens_per_kwh"] > 1.5, "probability"] > 0.95).all()
    for _, row in cells.groupby("gap_usd_per_mwh"):
        assert (np.diff(row["probability"]) >= 0).all()


def test_the_verdict_turns_when_the_sides_are_swapped(tmp_path: Path) -> None:
    one = run_study(rivals(tmp_path))[0].summary
    text = STUDY.replace("chips: [C1]", "chips: [C0]").replace("chips: [C2]", "chips: [C1]").replace("[C0]", "[C2]")
    other = run_study(rivals(tmp_path, text))[0].summary
    assert one["answers"] == ["dearer", "dearer"]
    assert other["answers"] == ["cheaper", "cheaper"]
    assert one["verdict"][0].startswith("The claim fails both ways")
    assert other["verdict"][0].startswith("The claim holds both ways")


def test_plans_are_the_third_way(tmp_path: Path) -> None:
    # Both sides are the same world: its plan costs the same, whatever the chips of the accounting.
    found, run = run_study(rivals(tmp_path, STUDY.replace("plans: false", "plans: true")), tmp_path / "runs")
    plans = found.tables["plans"].set_index("side")
    assert plans.loc["One", "full_cost"] == plans.loc["Two", "full_cost"]
    assert plans.loc["One", "same_mix"] == pytest.approx(plans.loc["One", "full_cost"])
    assert found.summary["answers"] == ["dearer", "equal", "dearer"]
    assert run is not None
    assert run.path is not None
    kept = load_run(run.path)
    assert kept.summary["verdict"] == found.summary["verdict"]
    assert set(kept.tables) == set(found.tables)


def test_a_dear_mix_is_no_dear_side() -> None:
    # Both sides pay 1 for chat and 3 for talk; the second serves more talk. On one mix they cost the same.
    rows = [("A", "chat", 1.0, 0.9), ("A", "talk", 3.0, 0.1), ("B", "chat", 1.0, 0.2), ("B", "talk", 3.0, 0.8)]
    table = pd.DataFrame(rows, columns=["side", "workload", "full_cost", "share"]).assign(chip_set="s", period=2026)
    found = same_mix(table)
    assert found["A", "s", 2026] == pytest.approx(found["B", "s", 2026])
    assert found["A", "s", 2026] == pytest.approx(0.55 * 1 + 0.45 * 3)
    alone = pd.concat([table, pd.DataFrame([{**table.iloc[0], "workload": "own", "full_cost": 99.0, "share": 0.5}])])
    assert same_mix(alone)["A", "s", 2026] == pytest.approx(found["A", "s", 2026])
