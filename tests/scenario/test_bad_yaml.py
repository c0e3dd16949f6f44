"""Every mistake in the YAML is found at its file, line and path, with the name that was probably meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from optimizer.scenario.document import read_document
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import load_scenario
from tests.scenario.toybox import ToyBox


@dataclass(frozen=True)
class Bad:
    """One edit of toy.yaml and what must be said about it; `at` starts the line that must be named."""

    name: str
    old: str
    new: str
    path: str
    says: str
    at: str | None = None
    nearest: str | None = None
    found: str | None = None
    allowed: str | None = None


CASES = [
    Bad("unknown section", "facility:", "facilty:", "facilty", "unknown key", nearest="facility"),
    Bad(
        "unknown key", "workload_list:", "workload_lst:", "demand.workload_lst", "unknown key", nearest="workload_list"
    ),
    Bad(
        "unknown key in a profile",
        "      solar: data",
        "      solr: data",
        "power.profiles[0].solr",
        "unknown key",
        nearest="solar",
    ),
    Bad(
        "unknown key in a country",
        "    fleet_region: toy",
        "    fleet_regoin: toy",
        "countries.toy.fleet_regoin",
        "unknown key",
        nearest="fleet_region",
    ),
    Bad(
        "unknown choice",
        "objective: {goal: least_cost}",
        "objective: {goal: most_token}",
        "objective.goal",
        "not among the allowed values",
        nearest="most_tokens",
        found="'most_token'",
    ),
    Bad(
        "unknown kind of profile",
        "      kind: month_hour",
        "      kind: month_hours",
        "power.profiles[0].kind",
        "not among the allowed values",
        nearest="month_hour",
    ),
    Bad(
        "missing kind of profile",
        "      kind: month_hour\n",
        "",
        "power.profiles[0]",
        "'kind' is missing",
        at="    - country: toy",
    ),
    Bad("missing key", "    chip_bloc: toy\n", "", "countries.toy.chip_bloc", "'chip_bloc' is missing", at="  toy:"),
    Bad(
        "out of range",
        "discount_rate: 0.05",
        "discount_rate: 5",
        "money.discount_rate",
        "out of range",
        allowed="at most 1",
        found="5",
    ),
    Bad("share as percent", "wacc: {grid: 0.05", "wacc: {grid: 5", "countries.toy.wacc.grid", "out of range"),
    Bad(
        "text for a number",
        "discount_rate: 0.05",
        "discount_rate: five",
        "money.discount_rate",
        "not a number",
        found="'five'",
    ),
    Bad("number in quotes", "discount_rate: 0.05", "discount_rate: '0.05'", "money.discount_rate", "not a number"),
    Bad("fraction for a whole number", "days: 2", "days: 2.5", "time.days", "not a whole number"),
    Bad(
        "text for yes or no",
        "other_ai: false",
        "other_ai: no",
        "demand.other_ai",
        "not yes or no",
        allowed="true, false",
    ),
    Bad("number for text", "name: toy\n", "name: 7\n", "name", "not text"),
    Bad(
        "scalar for a section",
        "objective: {goal: least_cost}",
        "objective: least_cost",
        "objective",
        "a mapping of keys is needed",
    ),
    Bad(
        "scalar for a list",
        "workload_list: [interactive, batch]",
        "workload_list: batch",
        "demand.workload_list",
        "a list is needed",
    ),
    Bad("not finite", "discount_rate: 0.05", "discount_rate: .nan", "money.discount_rate", "must be finite"),
    Bad(
        "not a date",
        "objective: {goal: least_cost}",
        "export_control: {as_of: 2026-23-11}",
        "export_control.as_of",
        "not a date",
    ),
    Bad("periods not ascending", "years: [2026, 2028]", "years: [2028, 2026]", "periods", "strictly ascending"),
    Bad("equal periods", "years: [2026, 2028]", "years: [2026, 2026]", "periods", "strictly ascending"),
    Bad("overlapping periods", "length_yr: 2", "length_yr: 3", "periods", "runs into period 2028"),
    Bad("weight of a period", "length_yr: 2", "length_yr: 0", "periods.length_yr", "out of range"),
    Bad("decided too late", "decided_from: 2026,", "decided_from: 2033,", "periods", "decided_from 2033 lies outside"),
    Bad(
        "steps not ascending",
        "  other_ai: false",
        "  unserved_steps_usd_per_mtok: [2, 1]",
        "demand",
        "must be ascending",
        at="demand:",
    ),
    Bad(
        "same key twice",
        "name: toy\n",
        "name: toy\nname: toi\n",
        "name",
        "written twice; the first stands on line 4",
        at="name: toi",
    ),
    Bad(
        "same key twice deep down",
        "  other_ai: false",
        "  other_ai: false\n  other_ai: true",
        "demand.other_ai",
        "written twice",
        at="  other_ai: true",
    ),
    Bad("merge key", "objective: {goal: least_cost}", "objective: {<<: {goal: least_cost}}", "objective", "merge keys"),
    Bad("tag", "name: toy\n", "name: !!python/name:os.system x\n", "name", "tags are not used"),
    Bad("tag on a map", "objective: {goal", "objective: !thing {goal", "objective", "tags are not used"),
    Bad(
        "unknown key beside value",
        "discount_rate: 0.05",
        "discount_rate: {value: 0.05, sorce: x}",
        "money.discount_rate.sorce",
        "unknown key beside 'value'",
        nearest="source",
    ),
    Bad(
        "unknown confidence",
        "discount_rate: 0.05",
        "discount_rate: {value: 0.05, confidence: asumed}",
        "money.discount_rate.confidence",
        "unknown confidence",
        nearest="assumed",
    ),
    Bad(
        "sourced value out of range",
        "discount_rate: 0.05",
        "discount_rate: {value: 7, source: x}",
        "money.discount_rate",
        "out of range",
        found="7",
    ),
    Bad(
        "unknown workload",
        "[interactive, batch]",
        "[interactiv, batch]",
        "demand.workload_list[0]",
        "unknown workload",
        nearest="interactive",
    ),
    Bad("unknown market", "[M1, M2]", "[M1, M22]", "countries.toy.markets[1]", "unknown market", nearest="M2"),
    Bad(
        "unknown market abroad",
        "[M1, M2]",
        "[M1]\n    foreign_markets: {batch: [M3]}",
        "countries.toy.foreign_markets.batch[0]",
        "unknown market",
        at="    foreign_markets",
    ),
    Bad(
        "unknown workload abroad",
        "[M1, M2]",
        "[M1]\n    foreign_markets: {bach: all}",
        "countries.toy.foreign_markets.bach",
        "unknown workload",
        at="    foreign_markets",
        nearest="batch",
    ),
    Bad(
        "unknown chip",
        "  supply: data",
        "  chip_list: [T1, T22]\n  supply: data",
        "compute.chip_list[1]",
        "unknown chip",
        nearest="T2",
    ),
    Bad(
        "unknown barred chip",
        "    fleet_region: toy",
        "    fleet_region: toy\n    barred_chips: [T9]",
        "countries.toy.barred_chips[0]",
        "unknown chip",
        at="    barred_chips",
    ),
    Bad(
        "unknown region left out",
        "regions.csv}",
        "regions.csv, leave_out: [D]}",
        "regions.leave_out[0]",
        "unknown region",
        allowed="A, B, C",
    ),
    Bad(
        "unknown demand group",
        "demand_group: toy",
        "demand_group: toys",
        "countries.toy.demand_group",
        "unknown demand group",
        nearest="toy",
    ),
    Bad(
        "unknown bloc",
        "chip_bloc: toy",
        "chip_bloc: toi",
        "countries.toy.chip_bloc",
        "unknown destination_bloc",
        nearest="toy",
    ),
    Bad(
        "unknown fleet region",
        "fleet_region: toy",
        "fleet_region: toyy",
        "countries.toy.fleet_region",
        "unknown fleet_region",
        nearest="toy",
    ),
    Bad(
        "more than all chips",
        "    fleet_region: toy",
        "    fleet_region: toy\n    chip_share: 1.5",
        "countries.toy.chip_share",
        "out of range",
        at="    chip_share",
    ),
    Bad(
        "profile of an unknown country",
        "    - country: toy\n",
        "    - country: toyy\n",
        "power.profiles[0].country",
        "unknown country",
        nearest="toy",
    ),
    Bad(
        "missing table",
        "data/toy/halls.csv",
        "data/toy/hals.csv",
        "facility.halls",
        "this table does not exist",
        nearest="data/toy/halls.csv",
    ),
    Bad("table outside", "data/toy/halls.csv", "../halls.csv", "facility.halls", "must stay under the folder"),
    Bad(
        "table at an absolute path", "data/toy/halls.csv", "/etc/passwd", "facility.halls", "must stay under the folder"
    ),
    Bad(
        "missing table in a list",
        "halls: data/toy/halls.csv",
        "halls: [data/toy/halls.csv, data/toy/x.csv]",
        "facility.halls[1]",
        "this table does not exist",
    ),
    Bad(
        "no regions",
        "regions: {table: data/toy/regions.csv}\n",
        "",
        "regions.table",
        "no table lists any",
        at="name: toy",
    ),
    Bad(
        "broken YAML",
        "objective: {goal: least_cost}",
        "objective: {goal: least_cost",
        "",
        "not valid YAML",
        at="variants:",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_yaml_is_named_where_it_stands(toy: ToyBox, case: Bad) -> None:
    toy.edit("toy.yaml", case.old, case.new)
    faults = toy.faults()
    matching = [fault for fault in faults if fault.path == case.path and case.says in fault.message]
    assert matching, "\n".join(fault.render() for fault in faults)
    fault = matching[0]
    assert fault.file == toy.file("toy.yaml")
    assert fault.line == toy.line("toy.yaml", case.at or case.new)
    assert case.nearest is None or fault.nearest == case.nearest
    assert case.found is None or fault.found == case.found
    assert case.allowed is None or (fault.allowed is not None and case.allowed in fault.allowed)


def test_a_chip_that_is_asked_for_but_barred_everywhere(toy: ToyBox) -> None:
    toy.edit("toy.yaml", "  supply: data", "  chip_list: [T1, T2]\n  supply: data")
    toy.edit("toy.yaml", "    fleet_region: toy", "    fleet_region: toy\n    barred_chips: [T2]")
    (fault,) = toy.faults()
    assert (fault.path, fault.line) == ("compute.chip_list[1]", toy.line("toy.yaml", "  chip_list"))
    assert "allowed in no country of the scenario: toy bars it" in fault.message


def test_a_chip_that_the_export_rules_let_in_nowhere() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario("china", overrides={"compute.chip_list": ["Ascend 910C", "VR200"]})
    (fault,) = caught.value.faults
    assert (fault.path, fault.found) == ("compute.chip_list[1]", "'VR200'")
    assert "china: presumption_of_denial (us_2023_10)" in fault.message


def test_all_mistakes_come_at_once(toy: ToyBox) -> None:
    toy.edit("toy.yaml", "other_ai: false", "other_ia: false")
    toy.edit("toy.yaml", "discount_rate: 0.05", "discount_rate: five")
    toy.edit("toy.yaml", "data/toy/zones.csv", "data/toy/zone.csv")
    toy.edit("chips.csv", "T2,Toyworks,us,2026,200,8,1800,1600,2000", "T2,Toyworks,us,2026,200,8,1800,1600,")
    toy.edit("plants.csv", "B,gas_cc,500", "D,gas_cc,500")
    toy.edit("profiles_solar_12x24.csv", "A,1,0,0,0,0,0,0,0.5", "A,1,0,0,0,0,0,0,1.5")
    faults = toy.faults()
    assert {fault.path for fault in faults} == {
        "demand.other_ia",
        "money.discount_rate",
        "reserve.zones",
        "compute.chips.all_in_w_per_chip",
        "power.plants.region",
        "power.profiles.toy.solar.h06",
    }
    text = str(ScenarioErrors(faults))
    assert text.startswith("6 errors in the scenario")
    assert "did you mean 'other_ai'?" in text


def test_a_variant_is_checked_at_its_own_lines(toy: ToyBox) -> None:
    toy.edit("toy.yaml", "  low: {demand: {path: low}}", "  low: {demand: {path: lwo}}")
    toy.load()
    (fault,) = toy.faults("low")
    assert (fault.path, fault.line, fault.nearest) == ("demand.path", toy.line("toy.yaml", "  low: {demand"), "low")


def test_unknown_variant(toy: ToyBox) -> None:
    (fault,) = toy.faults("plannd_lines")
    assert fault.nearest == "planned_lines"
    assert fault.file == toy.file("toy.yaml")


def test_override_has_no_file_but_a_path(toy: ToyBox) -> None:
    (fault,) = toy.faults(overrides={"demand": {"path": "hihg"}})
    assert (fault.file, fault.path, fault.nearest) == (None, "demand.path", "high")
    assert fault.render().startswith("(override)  demand.path")


@pytest.mark.parametrize(
    "content, says, line",
    [
        (b"", "the file is empty", 1),
        (b"- a\n- b\n", "a scenario is a mapping", 1),
        (b"name: toy\ntitle: caf\xe9\n", "not UTF-8", 2),
        (b"name: [toy\n", "not valid YAML", 2),
        (b"a: 1\n---\nb: 2\n", "not valid YAML", 2),
        (b"a: *nobody\n", "not valid YAML", 1),
        (b"a: &a [*a]\n", "an alias that contains itself", 1),
        (b"? [a, b]\n: 1\n", "a key must be plain text", 1),
        (b"x" * 1_000_001, "1.0 MB of YAML", None),
        (b"a: " + b"[" * 40 + b"]" * 40, "too many or too deep values", 1),
        (b"a: " + b"[" * 5000, "nested too deeply", None),
    ],
    ids=["empty", "list", "latin-1", "open", "two", "alias", "circle", "key", "size", "depth", "recursion"],
)
def test_a_file_that_is_no_document(tmp_path: Path, content: bytes, says: str, line: int | None) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioErrors) as caught:
        read_document(file)
    fault = caught.value.faults[0]
    assert says in fault.message
    assert (fault.file, fault.line) == (file, line)


def test_alias_explosion_is_refused_quickly(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    file = tmp_path / "bomb.yaml"
    file.write_text("\n".join(levels))
    with pytest.raises(ScenarioErrors, match="aliases may not blow the document up"):
        read_document(file)


def test_missing_file_offers_a_neighbour(toy: ToyBox) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(toy.folder / "toyy.yaml")
    (fault,) = caught.value.faults
    assert (fault.file, fault.nearest) == (toy.folder / "toyy.yaml", "toy.yaml")


def test_missing_shipped_name_offers_a_shipped_one() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario("chnia")
    assert caught.value.faults[0].nearest == "china"


def test_extends_that_is_missing_and_extends_in_a_circle(toy: ToyBox) -> None:
    toy.file("a.yaml").write_text("extends: [b.yaml, tyo.yaml]\n")
    toy.file("b.yaml").write_text("name: b\nextends: a.yaml\n")
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(toy.file("a.yaml"))
    by_path = {fault.path: fault for fault in caught.value.faults}
    assert by_path["extends[1]"].nearest == "toy.yaml"
    assert by_path["extends[1]"].line == 1
    assert "a.yaml -> b.yaml -> a.yaml" in by_path["extends"].message
    assert (by_path["extends"].file, by_path["extends"].line) == (toy.file("b.yaml"), 2)


def test_one_reading_finds_faults_of_keys_values_and_names(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "extends: us\nname: bad\npower: {voll_usd_per_mwhh: 5, growth_path: mid}\nregions: {leave_out: [PNWW]}\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(file)
    assert {fault.path for fault in caught.value.faults} == {
        "power.voll_usd_per_mwhh",
        "power.growth_path",
        "regions.leave_out[0]",
    }
    assert {fault.nearest for fault in caught.value.faults} >= {"voll_usd_per_mwh", "PNW"}


def test_a_fault_of_a_whole_section_brings_no_others_along(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("extends: toy\nname: bad\ndemand: {unserved_step_shares: [0.5, 0.2, 0.1]}\n", encoding="utf-8")
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(file)
    assert [fault.path for fault in caught.value.faults] == ["demand"]
