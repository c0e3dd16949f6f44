"""The scenarios that come with the optimizer, the schema file beside them, and `compute-grid new`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optimizer.scenario import shipped
from optimizer.scenario.authoring import SCHEMA_FILE, new_scenario
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import load_scenario, validate_scenario
from optimizer.scenario.reference import json_schema, json_schema_text, markdown
from optimizer.scenario.schema import TABLES, Sections
from tests.scenario.toybox import SHIPPED

COMPLETE = ["china", "toy", "us", "world"]
CHAINS = {"toy": ["toy"], "us": ["base", "us"], "china": ["base", "china"], "world": ["base", "us", "china", "world"]}


@pytest.mark.parametrize("name", COMPLETE)
def test_shipped_scenario_and_its_variants_are_valid(name: str) -> None:
    found = validate_scenario(name)
    assert [fault.render() for fault in found.errors] == []
    assert not [fault.render() for fault in found.warnings if "nothing says where" in fault.message]


@pytest.mark.parametrize("name", COMPLETE)
def test_chain_is_short_enough_to_read_quickly(name: str) -> None:
    assert sum((SHIPPED / f"{part}.yaml").stat().st_size for part in CHAINS[name]) < 40_000


@pytest.mark.parametrize("name", ["base", *COMPLETE])
def test_editors_find_the_schema(name: str) -> None:
    first = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE}"


def test_schema_file_is_current() -> None:
    """Write it again with `compute-grid schema > scenarios/scenario.schema.json`."""
    assert (SHIPPED / SCHEMA_FILE).read_text(encoding="utf-8") == json_schema_text()


def test_schema_describes_every_key_and_allows_sources_and_null() -> None:
    schema = json_schema()
    for model in ("Power", "Demand", "Country", "Periods", "HourlyProfiles"):
        for key, field in schema["$defs"][model]["properties"].items():
            assert field.get("description"), f"{model}.{key}"
    rate = schema["$defs"]["Money"]["properties"]["discount_rate"]
    assert {"$ref": "#/$defs/Sourced"} in rate["anyOf"]
    assert {"type": "null"} in rate["anyOf"]
    factors = schema["$defs"]["Money"]["properties"]["factors"]["anyOf"][0]["additionalProperties"]
    assert {"$ref": "#/$defs/Sourced"} in factors["anyOf"]
    assert {"$ref": "#/$defs/Sourced"} not in schema["properties"]["money"]["anyOf"]
    assert "required" not in schema
    assert json.loads(json_schema_text()) == schema


def test_every_key_has_a_word_of_explanation() -> None:
    text = markdown()
    for name in Sections.model_fields:
        assert f"| {name} |" in text
    for table in TABLES:
        assert f"### {table}\n" in text
    for row in (row for row in text.splitlines() if row.startswith("| ") and row.count("|") >= 4):
        assert not row.endswith("|  |"), row


def test_base_states_the_defaults_of_the_schema() -> None:
    """A planner may read base.yaml instead of the schema: where both speak they say the same."""
    scenario = load_scenario("us")
    for section in ("periods", "power", "reserve", "connection", "compute", "demand", "objective", "policy", "solver"):
        model = getattr(scenario, section)
        for key, field in type(model).model_fields.items():
            value = getattr(model, key)
            tables = f"{section}.{key}" in TABLES or key in ("profiles", "trust", "mix_workloads")  # no default
            assert tables or value == field.get_default(call_default_factory=True), f"{section}.{key}"


def test_bare_name_and_file_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_scenario("toy").hash == load_scenario(SHIPPED / "toy.yaml").hash == load_scenario("toy.yaml").hash


def test_package_data_is_found_before_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = tmp_path / "_scenarios"
    packaged.mkdir()
    (packaged / "only.yaml").write_text("name: only\n")
    monkeypatch.setattr(shipped.resources, "files", lambda package: tmp_path)
    assert shipped.shipped_names() == ["only"]


def test_validation_is_quick_when_warm() -> None:
    validate_scenario("world")
    start = time.process_time()
    assert validate_scenario("world", every_variant=False).errors == []
    assert time.process_time() - start < 1.0


def test_validation_loads_no_solver() -> None:
    code = (
        "import sys; from optimizer.scenario.load import validate_scenario; validate_scenario('toy');"
        "print([name for name in ('pyomo', 'highspy', 'numba', 'tsam', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SHIPPED.parent, check=True)
    assert done.stdout.strip() == "[]"


def test_world_joins_the_tables_of_all_countries() -> None:
    world = load_scenario("world")
    regions = world.table("regions")
    assert set(load_scenario("us").table("regions")["region"]) < set(regions["region"])
    assert set(load_scenario("china").table("regions")["region"]) < set(regions["region"])
    assert set(regions["country"]) == set(world.countries)
    assert world.table("transmission.corridors")["corridor"].is_unique
    assert sum(country.chip_share for country in world.countries.values()) < 2.0


def test_both_sides_are_set_up_alike() -> None:
    """What is compared between the two countries must not differ by a setting."""
    us, china = load_scenario("us"), load_scenario("china")
    for section in ("periods", "money", "time", "objective", "reserve", "policy", "solver"):
        one, other = getattr(us, section).model_dump(), getattr(china, section).model_dump()
        one.pop("zones", None), other.pop("zones", None)
        assert one == other, section
    assert us.compute == china.compute
    assert us.demand.model_size_factor == china.demand.model_size_factor == 1.0
    assert us.countries["us"].wacc.chips == china.countries["china"].wacc.chips


def test_new_scenario_loads_and_is_never_overwritten(tmp_path: Path) -> None:
    file = new_scenario(tmp_path / "mine.yaml", "us")
    assert len(file.read_text()) < 2500
    scenario = load_scenario(file)
    assert scenario.name == "mine"
    assert scenario.countries == load_scenario("us").countries
    assert (tmp_path / SCHEMA_FILE).is_file()
    file.write_text("name: precious\n")
    with pytest.raises(ScenarioErrors, match="this file exists already"):
        new_scenario(file, "us")
    assert file.read_text() == "name: precious\n"


def test_hints_of_a_new_scenario_work_when_the_hash_is_taken_off(tmp_path: Path) -> None:
    file = new_scenario(tmp_path / "mine.yaml", "us")
    lines = file.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# demand:"))
    body = [
        line[2:] if line.startswith(("# demand", "# connection", "# objective", "# time")) else line
        for line in lines[start:]
    ]
    file.write_text("\n".join([*lines[:start], *body]))
    scenario = load_scenario(file)
    assert (scenario.demand.path, scenario.connection.path, scenario.objective.goal, scenario.time.days) == (
        "high",
        "low",
        "most_tokens",
        6,
    )


@pytest.mark.parametrize("name, parent, says", [("a.yaml", "usa", "no shipped scenario"), ("a.txt", "us", "ends in")])
def test_new_scenario_refuses(tmp_path: Path, name: str, parent: str, says: str) -> None:
    with pytest.raises(ScenarioErrors, match=says):
        new_scenario(tmp_path / name, parent)
    assert not list(tmp_path.iterdir())
