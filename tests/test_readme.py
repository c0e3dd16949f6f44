"""What the README shows must hold: its scenario is valid, its two pairs of commands are one line each and run here."""

from __future__ import annotations

import re
from pathlib import Path

from optimizer.scenario.load import load_scenario

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_scenario_is_valid_and_says_what_it_claims(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    example, parent = load_scenario(file), load_scenario("us")
    assert example.demand.path == "high"
    assert example.compute.availability == 0.85
    assert example.provenance["compute.availability"].confidence == "assumed"
    assert example.connection.path == "low"
    limits = parent.table("connection.limits")
    ratio = limits["limit_low_mw_per_yr"].sum() / limits["limit_mw_per_yr"].sum()
    assert abs(ratio - 0.5) < 0.05, "the title says half the connections a year"


def test_the_commands_are_one_line_each_for_both_systems() -> None:
    posix, windows = blocks("sh"), blocks("bat")
    assert [text.count("\n") for text in (*posix, *windows)] == [1, 1, 1, 1]
    for text in (posix[0], windows[0]):
        assert re.search(r"compute-grid compare scenarios.us\.yaml scenarios.china\.yaml$", text.strip())
    for text in (posix[1], windows[1]):
        assert '".[test]"' in text
        assert text.strip().endswith("-m pytest -n 2 --dist loadfile")
