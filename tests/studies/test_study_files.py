"""Study files: the shipped ones are valid, and mistakes are told with file, line, path and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import shipped_names
from optimizer.scenario.study import load_study, study_names
from optimizer.studies.run import run_study
from tests.cases.rival_worlds import STUDY, rivals


@pytest.mark.parametrize("name", study_names())
def test_shipped_studies_are_valid(name: str) -> None:
    study, file = load_study(name)
    assert study.name == name == file.stem
    assert load_study(file)[0] == study


def test_studies_are_no_scenarios() -> None:
    assert "us_vs_china_2026" in study_names()
    assert not set(study_names()) & set(shipped_names())


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("kind: cheaper_tokens", "kind: cheaper_token", "kind", "did you mean 'cheaper_tokens'?"),
        ("kind: cheaper_tokens\n", "", "kind", "'kind' is missing here"),
        ("sold_share: 0.5", "sold_share: 1.5", "sold_share", "out of range"),
        ("period: 2028", "perod: 2028", "perod", "did you mean 'period'?"),
        ("samples: 2000", "sampels: 2000", "uncertain.sampels", "did you mean 'samples'?"),
        ("label: One, ", "", "first.label", "'label' is missing here"),
        ("uncertain: {", "uncertain: {sold_share: {low: 0.9, high: 0.2}, ", "uncertain.sold_share", "is above high"),
        ("chips: [C1]", "chips: []", "first.chips", "at least 1"),
    ],
)
def test_mistakes_in_a_study(tmp_path: Path, old: str, new: str, path: str, says: str) -> None:
    file = tmp_path / "s.yaml"
    assert old in STUDY
    file.write_text(STUDY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioErrors) as caught:
        load_study(file)
    text = str(caught.value)
    assert "s.yaml:" in text
    assert f"  {path}\n" in text
    assert says in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("chips: [C1]", "chips: [C3]", "not a chip of small"),
        ("country: x, label: One", "country: y, label: One", "not a country of small"),
        ("period: 2028", "period: 2030", "not a period of small"),
        ("chip_sets: [same_date]", "chip_sets: [same_data]", "did you mean 'same_date'?"),
        ("first: {scenario: small.yaml", "first: {scenario: smal", "no such scenario"),
    ],
)
def test_names_that_the_scenario_does_not_have(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        run_study(rivals(tmp_path, STUDY.replace(old, new, 1)))
    assert says in str(caught.value)


def test_an_unknown_study_names_the_nearest() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        load_study("us_vs_chima_2026")
    assert "did you mean 'us_vs_china_2026'?" in str(caught.value)
