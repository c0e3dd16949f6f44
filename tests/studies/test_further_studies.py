"""The further studies in worlds small enough to work out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.scenario.errors import ScenarioErrors
from optimizer.studies.energy_scissors import OWN
from optimizer.studies.energy_scissors import verdict as scissors_verdict
from optimizer.studies.fence_height import verdict as fence_verdict
from optimizer.studies.run import run_study
from optimizer.studies.uhv_build_out import verdict as uhv_verdict
from tests.cases.rival_worlds import rivals
from tests.cases.small_world import SmallWorld

STACKING = """
kind: stacking
name: stack
title: Stack
scenario: small.yaml
country: x
newer: C2
older: [C1]
chip_sets: [same_date]
efficiency: 0.8
newer_kchip: 10
period: 2028
"""


def beside(world: SmallWorld, text: str) -> Path:
    """A study file beside a world that is written out."""
    written = world.write()
    file = written.with_name("study.yaml")
    file.write_text(text.replace("small.yaml", written.name), encoding="utf-8")
    return file


def test_stacking_by_hand(tmp_path: Path) -> None:
    """C2 makes 5,000 tokens/s and C1 1,000: 5 / 0.8 = 6.25 of them for one, 62.5 kchip on 62.5 x 1.25 MW."""
    row = run_study(rivals(tmp_path, STACKING))[0].tables["stacking"].iloc[0]
    assert row["older_for_one"] == pytest.approx(6.25)
    assert row["kchip_needed"] == pytest.approx(62.5)
    assert row["mw_needed"] == pytest.approx(62.5 * 1.25)
    assert row["kchip_there"] == pytest.approx(100)
    assert row["mw_in_the_queue"] == pytest.approx(1000)
    assert row["runs_out_first"] == "neither"


@pytest.mark.parametrize(
    ("newer", "queue", "first", "share"), [(40, 1000, "chips", 100 / 250), (40, 50, "power", 50 / 312.5)]
)
def test_what_runs_out_first(tmp_path: Path, newer: float, queue: float, first: str, share: float) -> None:
    answer, _ = run_study(rivals(tmp_path, STACKING.replace("newer_kchip: 10", f"newer_kchip: {newer}"), queue))
    row = answer.tables["stacking"].iloc[0]
    assert row["runs_out_first"] == first
    assert min(row["share_that_chips_allow"], row["share_that_power_allows"]) == pytest.approx(share)
    assert f"at {share:.0%}" in answer.summary["verdict"][0]


UHV = """
kind: uhv_build_out
name: lines
title: Lines
scenario: small.yaml
kinds: [uhvdc_800]
statuses: [existing, planned]
until: 2030
path: central
"""


def test_a_line_is_worth_the_fuel_that_it_saves(tmp_path: Path) -> None:
    """R takes 100 MW; E has power at 10 USD/MWh for it, R at 30. Two lines of 30 MW save 30 x 8760 x 20 each."""
    world = SmallWorld(tmp_path).region("E", annual_load_twh=0, peak_load_mw=0).asks(0.001)
    world.technology("cheap", variable_om_per_mwh=10).plant("E", "cheap", 500)
    for name in ("L1", "L2"):
        world.corridor(name, "E", "R", 30, kind="uhvdc_800")
    world.corridor("L3", "E", "R", 5, kind="hvac")
    answer, _ = run_study(beside(world, UHV))
    found = answer.tables["lines"].set_index("corridor")
    each = 30 * 8760 * 20e-6
    assert list(found.index) == ["L1", "L2", "all of them"]
    assert found["worth_musd"].tolist() == pytest.approx([each, each, 2 * each])
    assert found.loc["L1", "energy_over_it_twh"] == pytest.approx(30 * 8760e-6)
    assert found["million_tokens_a_second"].tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert "Not a token hangs on them" in " ".join(answer.summary["verdict"])


def test_no_line_of_the_kind(tmp_path: Path) -> None:
    answer, _ = run_study(beside(SmallWorld(tmp_path), UHV))
    assert answer.summary["verdict"] == ["No line of these kinds and statuses comes into service by then."]


FENCE = """
kind: fence_height
name: fence
title: Fence
scenario: toy
country: toy
rule_sets: [latest]
"""


def test_a_world_without_rules_has_no_fence(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(FENCE, encoding="utf-8")
    answer, _ = run_study(file)
    row = answer.tables["fence"].iloc[0]
    chips = answer.tables["chips"]
    assert chips["kchip"].sum() == pytest.approx(row["kchip_supplied"])
    assert row["mtok_per_s_2028"] > 0
    assert answer.summary["verdict"][0].startswith("No set of rules makes a difference in 2028")
    file.write_text(FENCE.replace("country: toy", "country: tov"), encoding="utf-8")
    with pytest.raises(ScenarioErrors, match="did you mean 'toy'"):
        run_study(file)


def test_an_offer_adds_its_chips_and_no_more(tmp_path: Path) -> None:
    """The small world has 100 kchip by the end of 2028; 50 more a year from mid 2026 on are 125 more."""
    offer = "offered: {chips: [C1], kchip_per_yr: 50, source: made up}\n"
    fence = FENCE.replace("scenario: toy", "scenario: small.yaml").replace("country: toy", "country: x") + offer
    answer, _ = run_study(beside(SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=5e4), fence))
    row = answer.tables["fence"].iloc[0]
    assert row["offered_chip"] == "C1"
    assert row["with_offer_mtok_per_s_2028"] == pytest.approx(row["mtok_per_s_2028"] * 2.25)
    assert "lowest under latest (C1" in answer.summary["verdict"][-1]


def test_the_fence_in_words() -> None:
    said = fence_verdict(["old", "mid", "new"], np.array([100.0, 40.0, 50.0]), "2030")
    assert said[0] == (
        "In 2030 the lowest fence (old) leaves 100 million tokens a second, the highest (mid) 40, 60% less."
    )
    assert said[1] == "The step from old to mid lowers it most, by 60%."


SCISSORS = """
kind: energy_scissors
name: blades
title: Blades
scenario: small.yaml
paths: [central]
"""


def test_scissors_open_where_the_queue_ends(tmp_path: Path) -> None:
    """4 kchip are asked for, the queue lets 3.2 in: a fifth of demand leaves, and the queue is used up."""
    answer, _ = run_study(beside(SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4), SCISSORS))
    row = answer.tables["scissors"].iloc[0]
    assert row["gap_%"] == pytest.approx(20)
    assert row["queue_used_%"] == pytest.approx(100)
    assert row["asked"] == pytest.approx(4.0)
    assert row["dearest_limit_a_mw"] == "connection queue"
    assert answer.summary["verdict"] == [
        "On the central path a gap opens in 2028 and reaches 20 % of demand in 2028; the dearest limit a MW is then: "
        "connection queue."
    ]


def test_closed_scissors_and_variants_in_words() -> None:
    def row(variant: str, gap: float) -> dict[str, object]:
        return {"variant": variant, "path": "high", "period": "2030", "gap_%": gap, "dearest_limit_a_mw": "chips"}

    table = pd.DataFrame([row(OWN, 10.0), row("queue_low", 25.0)])
    assert scissors_verdict(table, ("high",))[1] == "With queue_low it is 25 % there."
    assert "stay closed" in scissors_verdict(pd.DataFrame([row(OWN, 0.1)]), ("high",))[0]


def test_lines_in_words() -> None:
    table = pd.DataFrame(
        {
            "name": ["A", "B", "all of them"],
            "rating_mw": [1000.0, 500.0, 1500.0],
            "worth_musd": [50.0, 0.0, 60.0],
            "million_tokens_a_second": [0.0, 0.0, 12.0],
        }
    )
    said = uhv_verdict(table, 2)
    assert said[0] == "All 2 lines together are worth 60 MUSD; one by one they add up to 50."
    assert said[1] == "The most valuable is A: 50 MUSD, 50 USD per kW of its rating."
    assert said[2] == "1 of them are worth nothing on this path of demand."
    assert said[3].startswith("Without all of them 12 million tokens")
