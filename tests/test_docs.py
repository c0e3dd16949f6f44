"""What the documentation says must hold: names exist, nothing is left out, links lead somewhere, examples are valid."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from optimizer.model.formulation import formulation
from optimizer.scenario import reference
from optimizer.scenario.load import load_scenario
from optimizer.scenario.schema import PROFILES, TABLES, Sections

ROOT = Path(__file__).resolve().parents[1]
CLI = sorted((ROOT / "optimizer" / "cli").glob("*.py"))
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
FORMULATION = (DOCS / "formulation.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```.*?^```$", flags=re.DOTALL | re.MULTILINE)
FORMULA_WORDS = {"sum_t", "sum_b", "sum_k", "sum_p", "sum_r"}


def spans(text: str) -> list[str]:
    """The code spans of a page, without its fenced blocks."""
    return re.findall(r"`([^`\n]+)`", BLOCKS.sub("", text))


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def words(annotation: Any) -> Iterator[str]:
    """The texts that a Literal allows."""
    for part in get_args(annotation):
        if isinstance(part, str):
            yield part
        else:
            yield from words(part)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Keys of the YAML below a model, dotted and bare, and the words that they may hold."""
    for name, field in model.model_fields.items():
        yield from (name, prefix + name, *words(field.annotation))
        if isinstance(field.default, tuple):
            yield from (value for value in field.default if isinstance(value, str))
        for inner in models(field.annotation):
            yield from keys(inner, f"{prefix}{name}.")


@cache
def formulation_names() -> frozenset[str]:
    made = formulation()
    names = {*made.sets, *made.relations, *made.params, *made.decisions, *made.limits, *made.costs, *made.goals}
    names |= {
        record.name for group in (made.feeds, made.costs, made.goals) for part in group.values() for record in part
    }
    return frozenset(names)


@cache
def code_names() -> frozenset[str]:
    """Functions, classes, methods and constants of both packages."""
    found: set[str] = set()
    for package in ("optimizer", "kernels"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    found.add(node.name)
                elif isinstance(node, ast.Assign):
                    found |= {
                        target.id for target in node.targets if isinstance(target, ast.Name) and target.id.isupper()
                    }
    return frozenset(found)


@cache
def scenario_names() -> frozenset[str]:
    found = {*keys(Sections), *TABLES, *(name for _, name in PROFILES)}
    for spec in TABLES.values():
        for column in spec.columns:
            found |= {column.name, *column.choices}
    return frozenset(found)


def is_known(text: str) -> bool:
    if text.startswith("compute-grid "):
        return any(f"def {text.split()[1]}(" in file.read_text(encoding="utf-8") for file in CLI)
    if "/" in text:
        return (ROOT / text).exists()
    return text in formulation_names() | code_names() | scenario_names()


def test_every_name_in_the_formulation_exists() -> None:
    unknown = sorted({text for text in spans(FORMULATION) if not is_known(text)} - {"this type"})
    assert not unknown


def test_every_name_in_a_formula_exists() -> None:
    """Indented lines are formulas: what has an underscore or an index in it is a name of the model."""
    known = formulation_names() | FORMULA_WORDS | code_names() | scenario_names()
    plain = {"added", "flexible", "discount", "hours", "charge", "alive", "a", "imports"}  # words that the text defines
    for line in FORMULATION.splitlines():
        if line.startswith("    "):
            named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z]+(?=\[)", line))
            assert named <= known | plain, line


@pytest.mark.parametrize("kind", ["decisions", "limits", "sets"])
def test_nothing_is_left_out(kind: str) -> None:
    written = {word for text in spans(FORMULATION) for word in re.findall(r"\w+", text)}
    assert not sorted(set(getattr(formulation(), kind)) - written)


def test_limits_stand_with_their_family() -> None:
    for limit in formulation().limits.values():
        lines = [line for line in FORMULATION.splitlines() if line.startswith("|") and f"`{limit.name}`" in line]
        assert any(f"| {limit.family} |" in line for line in lines), (limit.name, limit.family)


def test_cost_parts_are_listed() -> None:
    table = FORMULATION.split("| cost part | made of |")[1].split("\n\n")[0]
    parts = {part.strip() for line in table.splitlines() for part in line.split("|")[1:2] for part in part.split(",")}
    assert set(formulation().costs) <= parts


def test_rooms_have_a_section_of_their_own() -> None:
    headings = {line.removeprefix("## ").lower() for line in FORMULATION.splitlines() if line.startswith("## ")}
    assert {room.name for room in formulation().rooms} - {"horizon"} <= headings


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = BLOCKS.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page if not path else (page.parent / path).resolve()
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}"


def anchors(file: Path) -> set[str]:
    """Anchors of the headings as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", BLOCKS.sub("", file.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def test_scenario_reference_is_current() -> None:
    """Write it again with `compute-grid schema --markdown --out docs/scenario.md`."""
    assert (DOCS / "scenario.md").read_text(encoding="utf-8") == reference.markdown()


def test_the_examples_of_scenarios_are_valid(tmp_path: Path) -> None:
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^```csv\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "more_wind.csv").write_text(table[0], encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    loaded = {}
    for number, example in enumerate(examples):
        file = tmp_path / f"example{number}.yaml"
        file.write_text(example, encoding="utf-8")
        loaded[number] = load_scenario(file)
        for variant in set(loaded[number].variant_names) & set(re.findall(r"^  (\w+):", example, flags=re.MULTILINE)):
            load_scenario(file, variant=variant)
    carbon, wind = loaded[0], loaded[1]
    assert carbon.provenance["power.co2_price_usd_per_t"].confidence == "assumed"
    assert carbon.countries["us"].foreign_markets == {}
    assert load_scenario(tmp_path / "example0.yaml", variant=["dear", "high"]).power.co2_price_usd_per_t == 150
    changes = wind.table("power.plant_changes")
    assert changes.loc[changes["source"] == "our assumption", "change_mw"].tolist() == [8000]
    assert len(changes) > 100, "the inherited rows stay"


def test_the_example_of_sweeps_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "sweeps.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile(block, "docs/sweeps.md", "exec"), names)
    assert "MUSD per MW" in capsys.readouterr().out
    assert names["more"].objective <= names["base"].objective
    assert names["looser"].objective <= names["now"].objective
    assert names["more"].statistics["road"].startswith("hot")
