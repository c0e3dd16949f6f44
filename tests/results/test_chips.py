"""The chips table: figures of the shipped data, verdicts of the shipped rules, on two dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from optimizer.results.chips import chip_section
from optimizer.scenario.errors import ScenarioErrors

DATA = Path(__file__).resolve().parents[2] / "scenarios" / "data" / "compute"


def scenario(rule_set: str = "latest", rules: Path | None = DATA / "export_rules.yaml") -> Any:
    """Only what the table reads of a scenario."""
    return SimpleNamespace(
        export_control=SimpleNamespace(
            as_of=dt.date(2026, 11, 23), rule_set=rule_set, assume=(), switches=("us_cap", "china_clearance")
        ),
        rules_path=rules,
        table={"compute.chips": pd.read_csv(DATA / "chips.csv")}.__getitem__,
    )


def verdicts(**options: Any) -> dict[str, str]:
    section = chip_section(scenario(options.pop("rule_set", "latest")), **options)
    chip, outcome = section.columns.index("chip"), section.columns.index("outcome")
    return {row[chip]: row[outcome] for row in section.rows}


def test_every_chip_has_a_verdict() -> None:
    to_china = verdicts(destination="CN")
    assert len(to_china) == len(pd.read_csv(DATA / "chips.csv"))
    assert to_china["GB300"] == "presumption_of_denial"
    assert to_china["H20"] == "licence"
    assert to_china["Ascend 910C"] == "free"


def test_the_date_and_the_rule_set_decide() -> None:
    assert verdicts(destination="CN", on=dt.date(2022, 1, 1))["H100"] == "free"
    assert verdicts(destination="CN")["H200"] == "licence"
    assert verdicts(destination="CN", rule_set="2025-12-31")["H200"] == "presumption_of_denial"


def test_reasons_are_notes_on_request() -> None:
    section = chip_section(scenario(), "CN", why=True)
    assert any(note.startswith("GB300: ") and "4,800" in note for note in section.notes)
    assert len(chip_section(scenario(), "CN").notes) < len(section.notes)


def test_missing_or_unknown_rules_are_a_mistake_of_the_scenario() -> None:
    with pytest.raises(ScenarioErrors, match="no export rules"):
        chip_section(scenario(rules=None), "CN")
    with pytest.raises(ScenarioErrors, match="rule set 'lates' is not known"):
        chip_section(scenario(rule_set="lates"), "CN")
