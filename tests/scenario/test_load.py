"""extends, variants, overrides, provenance, the round trip and the hash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from optimizer.scenario.document import read_document
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import load_scenario, merge, validate_scenario
from optimizer.scenario.provenance import Provenance
from tests.scenario.toybox import ToyBox


def child(toy: ToyBox, text: str, name: str = "child.yaml", extends: str = "toy.yaml") -> Path:
    toy.file(name).write_text(f"extends: {extends}\n{text}")
    return toy.file(name)


def test_toy_as_it_is(toy: ToyBox) -> None:
    scenario = toy.load()
    assert scenario.name == "toy"
    assert scenario.periods.years == (2026, 2028)
    assert scenario.compute.idle_power_share == 0.25  # a default that the file does not write
    assert scenario.source_path == toy.file("toy.yaml")
    assert scenario.variant == ""
    assert scenario.warnings == ()
    with pytest.raises(ValidationError):
        scenario.money.discount_rate = 0.1


def test_maps_merge_and_lists_are_replaced(toy: ToyBox) -> None:
    scenario = load_scenario(child(toy, "demand: {workload_list: [batch]}\nperiods: {years: [2026]}\n"))
    assert scenario.demand.workload_list == ("batch",)
    assert scenario.demand.other_ai is False  # inherited beside it
    assert scenario.periods.years == (2026,)
    assert scenario.name == "toy"


def test_null_deletes_an_inherited_key(toy: ToyBox) -> None:
    child(toy, "power: {voll_usd_per_mwh: 500, co2_cap_mt_per_yr: 3}\n", "middle.yaml")
    scenario = load_scenario(child(toy, "power: {voll_usd_per_mwh: null, minimum_take: null}\n", extends="middle.yaml"))
    assert scenario.power.voll_usd_per_mwh == 10000  # the schema's own default
    assert scenario.power.co2_cap_mt_per_yr == 3
    assert scenario.power.minimum_take == ()
    assert len(scenario.table("power.minimum_take")) == 0


def test_later_parents_win_and_a_common_base_counts_once(toy: ToyBox) -> None:
    child(toy, "demand: {path: low}\npower: {growth_path: low}\n", "one.yaml")
    child(toy, "demand: {path: high}\n", "two.yaml")
    scenario = load_scenario(child(toy, "", extends="[one.yaml, two.yaml]"))
    assert scenario.demand.path == "high"
    assert scenario.power.growth_path == "low"  # two.yaml inherits toy.yaml, but does not bring it back on top of one


def test_table_path_counts_from_the_file_that_writes_it(toy: ToyBox) -> None:
    folder = toy.folder / "cases"
    folder.mkdir()
    (folder / "zones.csv").write_text(toy.file("zones.csv").read_text().replace("0.15", "0.3"))
    (folder / "tight.yaml").write_text("extends: ../toy.yaml\nreserve: {zones: zones.csv}\n")
    scenario = load_scenario(folder / "tight.yaml")
    assert scenario.table("reserve.zones")["planning_reserve_margin"].tolist() == [0.3]
    assert scenario.table_files("facility.halls") == (toy.file("halls.csv"),)


def test_shipped_table_in_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("extends: us\nreserve: {zones: ['shipped:data/us/zones.csv']}\n")
    assert load_scenario(file).hash == load_scenario("us", overrides={"name": "us"}).hash
    file.write_text("extends: us\nreserve: {zones: ['shipped:../README.md']}\n")
    with pytest.raises(ScenarioErrors, match="must stay under the folder"):
        load_scenario(file)


def test_link_out_of_the_folder_is_no_way_out(toy: ToyBox, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "zones.csv"
    outside.write_text(toy.file("zones.csv").read_text())
    toy.file("zones.csv").unlink()
    toy.file("zones.csv").symlink_to(outside)
    (fault,) = [fault for fault in toy.faults() if fault.path == "reserve.zones" and "folder" in fault.message]
    assert fault.line == toy.line("toy.yaml", "reserve: {zones")


def test_variants_apply_in_order_and_leave_the_base_alone(toy: ToyBox) -> None:
    assert toy.load("high").demand.path == "high"
    assert toy.load(["high", "low"]).demand.path == "low"
    assert toy.load(["planned_lines", "high"]).variant == "planned_lines+high"
    assert toy.load().demand.path == "central"
    assert "base_year_2024" in toy.load().variant_names


def test_variants_are_inherited_changed_and_deleted(toy: ToyBox) -> None:
    file = child(toy, "variants: {low: {demand: {model_size_factor: 2}}, queue_low: null}\n")
    scenario = load_scenario(file, "low")
    assert (scenario.demand.path, scenario.demand.model_size_factor) == ("low", 2.0)
    assert "queue_low" not in scenario.variant_names


def test_base_year_variant(toy: ToyBox) -> None:
    scenario = toy.load("base_year_2024")
    assert scenario.periods.years == (2024,)
    assert scenario.power.base_fleet_year == 2024
    assert scenario.demand.workload_list == ()
    assert scenario.table("power.plants_2024")["existing_mw"].tolist() == [600, 100, 500, 40]


def test_overrides_nested_and_dotted(toy: ToyBox) -> None:
    scenario = toy.load("low", overrides={"demand.path": "high", "demand": {"other_ai": True}, "time.days": 3})
    assert (scenario.demand.path, scenario.demand.other_ai, scenario.time.days) == ("high", True, 3)


def test_override_may_name_a_table(toy: ToyBox) -> None:
    toy.file("z.csv").write_text(toy.file("zones.csv").read_text().replace("0.15", "0.2"))
    scenario = toy.load(overrides={"reserve.zones": "data/toy/z.csv"})
    assert scenario.table("reserve.zones")["planning_reserve_margin"].item() == 0.2


def test_provenance_is_kept_by_path_and_its_value_is_plain(toy: ToyBox) -> None:
    toy.edit(
        "toy.yaml",
        "discount_rate: 0.05",
        "discount_rate: {value: 0.04, source: a paper, as_of: 2026-11, confidence: read, note: real}",
    )
    toy.edit("toy.yaml", "years: [2026, 2028]", "years: {value: [2026, 2028], confidence: assumed}")
    scenario = toy.load()
    assert scenario.money.discount_rate == 0.04
    assert scenario.periods.years == (2026, 2028)
    assert scenario.provenance == {
        "periods.years": Provenance(confidence="assumed"),
        "money.discount_rate": Provenance("a paper", "2026-11", "read", "real"),
    }


def test_a_new_value_drops_the_old_origin(toy: ToyBox) -> None:
    toy.edit("toy.yaml", "discount_rate: 0.05", "discount_rate: {value: 0.04, source: a paper, confidence: read}")
    bare = load_scenario(child(toy, "money: {discount_rate: 0.07}\n"))
    assert bare.provenance == {}
    sourced = load_scenario(child(toy, "money: {discount_rate: {value: 0.07, note: mine}}\n"))
    assert sourced.provenance == {"money.discount_rate": Provenance(note="mine")}


def test_merge_keeps_both_inputs_as_they_are(toy: ToyBox) -> None:
    lower, upper = read_document(toy.file("toy.yaml")), read_document(child(toy, "time: {days: 9}\nregions: null\n"))
    before = lower.plain(), upper.plain()
    merged = merge(lower, upper).plain()
    assert merged["time"] == {"days": 9, "segments": 4, "peak_day": False}
    assert "regions" not in merged
    assert (lower.plain(), upper.plain()) == before


def test_yaml_scalars_mean_what_they_say(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: [1, 1_000, 2e3, .5, 0x1F, no, true, 2026-11-23, ~, '7', NO]\n")
    plain = read_document(file).plain()["a"]
    assert plain == [1, 1000, 2000.0, 0.5, 31, "no", True, "2026-11-23", None, "7", "NO"]
    assert [type(entry) for entry in plain[:4]] == [int, int, float, float]


def test_rule_files_keep_their_value_keys(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("test: {metric: tpp, op: '>', value: 4800}\n")
    assert read_document(file, sourced_values=False).plain() == {"test": {"metric": "tpp", "op": ">", "value": 4800}}


@pytest.mark.parametrize("variant", [None, "high", "base_year_2024", "planned_lines"])
def test_round_trip_gives_the_same_scenario(toy: ToyBox, variant: str | None) -> None:
    scenario = toy.load(variant)
    copy = toy.file("copy.yaml")
    with copy.open("w", encoding="utf-8") as target:
        YAML(typ="safe").dump(scenario.resolved(), target)
    again = load_scenario(copy)
    assert again.hash == scenario.hash
    assert again.resolved() == scenario.resolved()


def test_round_trip_of_a_shipped_scenario_from_anywhere(tmp_path: Path) -> None:
    scenario = load_scenario("china", "low")
    file = tmp_path / "copy.yaml"
    with file.open("w", encoding="utf-8") as target:
        YAML(typ="safe").dump(scenario.resolved(), target)
    assert load_scenario(file).hash == scenario.hash


def test_hash_follows_every_number_and_nothing_else(toy: ToyBox, tmp_path_factory: pytest.TempPathFactory) -> None:
    original = toy.load().hash
    assert ToyBox.make(tmp_path_factory.mktemp("elsewhere")).load().hash == original
    assert toy.load(overrides={"title": "other words"}).hash == original
    assert toy.load(overrides={"demand.path": "high"}).hash != original
    toy.edit("plants.csv", "A,coal,600", "A,coal,601")
    assert toy.load().hash != original


def test_hash_covers_the_rules(tmp_path: Path, toy: ToyBox) -> None:
    rules = (Path(__file__).parents[2] / "scenarios/data/compute/export_rules.yaml").read_text(encoding="utf-8")
    toy.file("rules.yaml").write_text(rules, encoding="utf-8")
    toy.edit("toy.yaml", "objective:", "export_control: {rules: rules.yaml}\nobjective:")
    first = toy.load()
    assert first.rules_path == toy.file("rules.yaml")
    toy.file("rules.yaml").write_text(rules + "# one more line\n", encoding="utf-8")
    assert toy.load().hash != first.hash


def test_tables_carry_every_column_of_their_spec(toy: ToyBox) -> None:
    plants = toy.load().table("power.plants")
    assert plants["existing_mw"].tolist() == [600.0, 100.0, 500.0, 50.0]
    assert plants["as_of_year"].dtype == np.int64
    assert plants["energy_mwh"].isna().all()
    assert plants["source"].tolist() == ["made up"] * 4
    toy.edit("plants.csv", "hist_capacity_factor", "owner_rating")
    plants = toy.load().table("power.plants")
    assert plants["hist_capacity_factor"].isna().all()  # left out of the file, still in the frame
    assert plants["owner_rating"].tolist() == [0.5, 0.3, 0.4, 0.2]  # unknown, still kept, and as numbers


def test_flags_and_defaults(toy: ToyBox) -> None:
    regions = toy.load().table("regions")
    assert regions["hub"].tolist() == [True, False, False]
    toy.edit("regions.csv", "hub", "hubb")
    assert toy.load().table("regions")["hub"].tolist() == [False, False, False]


def test_left_out_regions_leave_every_table(toy: ToyBox) -> None:
    scenario = toy.load(overrides={"regions.leave_out": ["C"]})
    assert scenario.table("regions")["region"].tolist() == ["A", "B"]
    assert scenario.table("transmission.corridors")["corridor"].tolist() == ["A-B", "A-A"]
    assert "C" not in set(scenario.table("demand.latency")["site"])
    assert "C" not in set(scenario.table("power.profiles.toy.load")["region"])


def test_a_table_cannot_be_changed_from_outside(toy: ToyBox) -> None:
    scenario = toy.load()
    plants = scenario.table("power.plants")
    plants["existing_mw"] = 0.0
    assert scenario.table("power.plants")["existing_mw"].sum() == 1250.0


def test_unknown_table_names_the_nearest(toy: ToyBox) -> None:
    with pytest.raises(KeyError, match=r"did you mean 'power\.plants'"):
        toy.load().table("power.plant")
    with pytest.raises(KeyError, match="no profile 'offshore_wind'"):
        toy.load().table("power.profiles.toy.offshore_wind")


def test_changed_file_is_read_again(toy: ToyBox) -> None:
    assert toy.load().table("reserve.zones")["planning_reserve_margin"].item() == 0.15
    toy.edit("zones.csv", "0.15", "0.2501")
    assert toy.load().table("reserve.zones")["planning_reserve_margin"].item() == 0.2501


def test_market_out_of_reach_names_the_latency_limit(toy: ToyBox) -> None:
    toy.edit("latency.csv", "M2,A,5,", "M2,A,31,")
    (warning,) = toy.load().warnings
    assert warning.message == (
        "interactive: no region reaches M2 (31 ms at best); the latency limit of 30 ms is in the way"
    )
    assert toy.load(overrides={"demand.latency_limit": "loose"}).warnings == ()


def test_market_that_trusts_no_region_names_the_trust_rule(toy: ToyBox) -> None:
    toy.edit("toy.yaml", "  other_ai: false", "  other_ai: false\n  trust: {toy: {hosts: [china]}}")
    warnings = toy.load().warnings
    assert [warning.message for warning in warnings] == [
        "interactive: no region may serve M1, M2; the trust rule of the market is in the way",
        "batch: no region may serve M1, M2; the trust rule of the market is in the way",
    ]
    assert warnings[0].line == toy.line("toy.yaml", "  trust: {")


def test_gap_between_periods_and_supply_that_ends_are_warnings(toy: ToyBox) -> None:
    messages = [warning.message for warning in toy.load(overrides={"periods.years": [2026, 2030]}).warnings]
    assert "the years 2028 to 2029 belong to no period" in messages
    assert "chip supply is known to 2029; what follows, to 2031, is extrapolated" in messages


def test_validate_finds_what_only_a_variant_gets_wrong(toy: ToyBox) -> None:
    assert validate_scenario(toy.file("toy.yaml")).errors == []
    toy.edit("toy.yaml", "  queue_low: {connection: {path: low}}", "  queue_low: {connection: {limits: no.csv}}")
    (error,) = validate_scenario(toy.file("toy.yaml")).errors
    assert (error.path, error.line) == ("connection.limits", toy.line("toy.yaml", "  queue_low"))
    assert validate_scenario(toy.file("toy.yaml"), every_variant=False).errors == []


def test_validate_reports_a_scenario_that_cannot_be_read(tmp_path: Path) -> None:
    assert validate_scenario(tmp_path / "nothing.yaml").errors[0].message == "no such scenario"
