"""Every mistake in a table is found at its file, row and column, with the name that was probably meant."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.scenario import tables
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import load_scenario
from tests.cases.small_world import SmallWorld
from tests.scenario.toybox import ToyBox


@dataclass(frozen=True)
class Bad:
    """One edit of one table; `at` starts the row that must be named (the row of `new` where None)."""

    name: str
    table: str
    old: str
    new: str
    path: str
    says: str
    at: str | None = None
    nearest: str | None = None
    found: str | None = None
    allowed: str | None = None


CASES = [
    Bad(
        "missing column",
        "plants.csv",
        "existing_mw",
        "exsiting_mw",
        "power.plants.existing_mw",
        "column 'existing_mw' is missing",
        at="region,",
        nearest="exsiting_mw",
    ),
    Bad(
        "column twice", "zones.csv", "zone,country", "zone,zone,country", "reserve.zones", "stands twice in the header"
    ),
    Bad(
        "blank but required",
        "plants.csv",
        "B,gas_cc,500",
        "B,gas_cc,",
        "power.plants.existing_mw",
        "blank, but required",
    ),
    Bad("blank name", "plants.csv", "B,gas_cc,500", "B,,500", "power.plants.technology", "blank, but required"),
    Bad(
        "negative",
        "plants.csv",
        "B,gas_cc,500",
        "B,gas_cc,-500",
        "power.plants.existing_mw",
        "negative",
        found="'-500'",
        allowed="at least 0 MW",
    ),
    Bad(
        "not a number",
        "plants.csv",
        "B,gas_cc,500",
        "B,gas_cc,5oo",
        "power.plants.existing_mw",
        "not a number",
        found="'5oo'",
    ),
    Bad(
        "number with a comma",
        "plants.csv",
        "B,gas_cc,500",
        'B,gas_cc,"1,500"',
        "power.plants.existing_mw",
        "not a number",
    ),
    Bad("not finite", "plants.csv", "B,gas_cc,500", "B,gas_cc,inf", "power.plants.existing_mw", "not a number"),
    Bad(
        "not a whole number",
        "plants.csv",
        "B,gas_cc,500,2025",
        "B,gas_cc,500,2025.5",
        "power.plants.as_of_year",
        "not a whole number",
    ),
    Bad("flag", "regions.csv", "13,0,1", "13,2,1", "regions.table.hub", "a flag is 0 or 1", at="C,", allowed="0, 1"),
    Bad(
        "unknown choice",
        "corridors.csv",
        "ac,existing",
        "ac,exsting",
        "transmission.corridors.status",
        "unknown value",
        at="A-B,",
        nearest="existing",
    ),
    Bad(
        "unknown kind of line",
        "corridors.csv",
        "hvdc,planned",
        "hdvc,planned",
        "transmission.corridors.kind",
        "unknown value",
        at="A-C,",
        nearest="hvdc",
    ),
    Bad(
        "unknown region",
        "plants.csv",
        "B,gas_cc",
        "BB,gas_cc",
        "power.plants.region",
        "unknown region",
        nearest="B",
        allowed="A, B, C",
    ),
    Bad(
        "corridor to nowhere",
        "corridors.csv",
        "B,C,ac",
        "B,D,ac",
        "transmission.corridors.to",
        "unknown region",
        at="B-C,",
        found="'D'",
    ),
    Bad(
        "unknown technology",
        "plants.csv",
        "B,gas_cc",
        "B,gas_ccc",
        "power.plants.technology",
        "unknown technology",
        nearest="gas_cc",
    ),
    Bad("unknown chip", "fleet.csv", "toy,toy,T1", "toy,toy,T11", "compute.fleet.chip", "unknown chip", nearest="T1"),
    Bad(
        "unknown market",
        "demand.csv",
        "M2,batch,2030",
        "M3,batch,2030",
        "demand.demand.market",
        "unknown market",
        found="'M3'",
    ),
    Bad(
        "unknown workload",
        "demand.csv",
        "M2,batch,2030",
        "M2,bach,2030",
        "demand.demand.workload",
        "unknown workload",
        nearest="batch",
    ),
    Bad("unknown country", "halls.csv", "toy,", "toi,", "facility.halls.country", "unknown country", nearest="toy"),
    Bad(
        "unknown money",
        "halls.csv",
        ",USD-2024",
        ",USD2024",
        "facility.halls.money",
        "unknown money",
        at="toy,",
        nearest="USD-2024",
    ),
    Bad(
        "unknown joint cap",
        "corridors.csv",
        "0.65,,,",
        "0.65,,,J1",
        "transmission.joint_caps",
        "other tables name a joint_cap, but no table lists any",
    ),
    Bad(
        "same corridor twice",
        "corridors.csv",
        "B-C,",
        "A-B,",
        "transmission.corridors.corridor",
        "this row repeats corridors.csv line 2",
        at="A-B,City",
        found="'A-B'",
    ),
    Bad(
        "same plant twice",
        "plants.csv",
        "C,solar",
        "B,gas_cc",
        "power.plants.region",
        "repeats plants.csv line 4",
        at="B,gas_cc,50,",
        found="'B, gas_cc'",
    ),
    Bad(
        "line to itself",
        "corridors.csv",
        "B,C,ac",
        "B,B,ac",
        "transmission.corridors.to",
        "a line to itself must have status collection",
        at="B-C,",
        found="'B'",
    ),
    Bad(
        "share as percent",
        "zones.csv",
        "toy,toy,0.15",
        "toy,toy,15",
        "reserve.zones.planning_reserve_margin",
        "15 % is written 0.15",
    ),
    Bad(
        "share above all",
        "zones.csv",
        "toy,toy,0.15",
        "toy,toy,150",
        "reserve.zones.planning_reserve_margin",
        "out of range",
        allowed="0 to 1",
    ),
    Bad(
        "capex in USD per W",
        "technologies.csv",
        "gas,1000,",
        "gas,1.0,",
        "power.technologies.capex_per_kw",
        "1000 times too small?",
        at="toy,gas_cc",
        found="1",
        allowed="50 to 30,000 USD/kW",
    ),
    Bad(
        "capex in USD per MW",
        "technologies.csv",
        "gas,1000,",
        "gas,1000000,",
        "power.technologies.capex_per_kw",
        "1000 times too large?",
        at="toy,gas_cc",
    ),
    Bad(
        "hall cost in million",
        "halls.csv",
        "toy,10000000,8000000",
        "toy,10,8",
        "facility.halls.capex_per_mw_it",
        "another unit than money/MW",
    ),
    Bad(
        "power of a chip in kW",
        "chips.csv",
        "900,800,1000,",
        "900,800,1,",
        "compute.chips.all_in_w_per_chip",
        "1000 times too small?",
        at="T1,",
    ),
    Bad(
        "latitude",
        "markets.csv",
        "toy,40,-100",
        "toy,140,-100",
        "demand.markets.lat",
        "out of range",
        at="M2,",
        allowed="-90 to 90 degrees",
    ),
    Bad(
        "low above high",
        "connection_limits.csv",
        "B,10,5,20",
        "B,10,15,20",
        "connection.limits.limit_low_mw_per_yr",
        "limit_low_mw_per_yr exceeds limit_mw_per_yr",
        found="'15 > 10'",
    ),
    Bad(
        "central above high",
        "demand.csv",
        "M2,batch,2030,50000000000,100000000000,300000000000",
        "M2,batch,2030,50000000000,100000000000,30000000000",
        "demand.demand.central",
        "central exceeds high",
    ),
    Bad("ragged row", "plants.csv", "B,gas_cc,500,", "B,gas_cc,500,,", "power.plants", "11 cells, the header has 10"),
    Bad("unclosed quote", "zones.csv", "made up", '"made up', "reserve.zones", "not valid CSV", at="toy,"),
    Bad(
        "eleven months",
        "profiles_load_12x24.csv",
        "B,12,",
        "B,11,",
        "power.profiles.toy.load.month",
        "region B needs 12 months",
        at="B,1,",
        found="'11 months'",
    ),
    Bad(
        "thirteenth month",
        "profiles_load_12x24.csv",
        "B,12,",
        "B,13,",
        "power.profiles.toy.load.month",
        "out of range",
        allowed="1 to 12",
    ),
    Bad(
        "missing hour",
        "profiles_load_12x24.csv",
        "h23",
        "h24",
        "power.profiles.toy.load.h23",
        "column 'h23' is missing",
        at="region",
        nearest="h24",
    ),
    Bad(
        "capacity factor above 1",
        "profiles_solar_12x24.csv",
        "C,7,0,0,0,0,0,0,0.5",
        "C,7,0,0,0,0,0,0,1.01",
        "power.profiles.toy.solar.h06",
        "out of range",
        found="'1.01'",
    ),
    Bad(
        "capacity factor below 0",
        "profiles_solar_12x24.csv",
        "C,7,0",
        "C,7,-0.1",
        "power.profiles.toy.solar.h00",
        "negative",
    ),
    Bad(
        "capacity factor in percent",
        "profiles_monthly_cf.csv",
        "C,7,0.3",
        "C,7,30",
        "power.profiles.toy.monthly.wind_cf_delivered",
        "30 % is written 0.3",
    ),
    Bad(
        "made-up confidence",
        "zones.csv",
        "assumed",
        "sure",
        "reserve.zones.confidence",
        "unknown value",
        at="toy,",
        allowed="read, derived, recalled, assumed",
    ),
    Bad("zone that nothing lists", "zones.csv", "toy,toy", "toyy,toy", "reserve.zones", "reserve zones of regions"),
    Bad(
        "region without a limit",
        "connection_limits.csv",
        "C,30,15,60,18,12,24,,20,made up,2026-11,assumed\n",
        "",
        "connection.limits",
        "no row of connection.limits for region C",
    ),
    Bad(
        "grid without a load",
        "regions.csv",
        "toy,40,-90,400,2024",
        "toy,40,-90,,2024",
        "regions.table",
        "regions with a grid need peak_load_mw",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_table_is_named_where_it_stands(toy: ToyBox, case: Bad) -> None:
    toy.edit(case.table, case.old, case.new)
    faults = toy.faults()
    matching = [fault for fault in faults if fault.path == case.path and case.says in fault.message]
    assert matching, "\n".join(fault.render() for fault in faults)
    fault = matching[0]
    if fault.file == toy.file(case.table):
        assert fault.line == toy.line(case.table, case.at or case.new)
    else:  # a row that is not there is missed where the YAML lists the table
        assert fault.file == toy.file("toy.yaml")
        assert fault.line == toy.line("toy.yaml", f"{case.path.split('.')[0]}: {{")
    assert case.nearest is None or fault.nearest == case.nearest
    assert case.found is None or fault.found == case.found
    assert case.allowed is None or (fault.allowed is not None and case.allowed in fault.allowed)


def test_blank_lines_and_quoted_line_breaks_do_not_shift_line_numbers(toy: ToyBox) -> None:
    toy.edit("plants.csv", "A,coal,600,2025,,10,0.5,made up", '\nA,coal,600,2025,,10,0.5,"made\nup"')
    toy.edit("plants.csv", "B,gas_cc,500", "B,gas_cc,-1")
    (fault,) = toy.faults()
    assert fault.line == toy.line("plants.csv", "B,gas_cc") == 6


def test_many_bad_rows_are_counted(toy: ToyBox) -> None:
    rows = toy.file("diurnal.csv").read_text().replace("interactive,weekday", "interactiv,weekday")
    toy.file("diurnal.csv").write_text(rows)
    faults = toy.faults()
    assert len(faults) == 5
    assert faults[-1].message == "unknown workload (and 19 more rows)"
    assert {fault.nearest for fault in faults} == {"interactive"}


def test_same_id_in_two_files_of_one_table(toy: ToyBox) -> None:
    toy.file("more.csv").write_text(toy.file("corridors.csv").read_text())
    toy.edit("toy.yaml", "data/toy/corridors.csv", "[data/toy/corridors.csv, data/toy/more.csv]")
    faults = toy.faults()
    assert {fault.file for fault in faults} == {toy.file("more.csv")}
    assert [fault.found for fault in faults] == ["'A-B'", "'B-C'", "'A-C'", "'A-A'"]


def test_technology_of_another_country(toy: ToyBox) -> None:
    toy.edit(
        "toy.yaml",
        "  toy:\n",
        "  neighbour: {name: N, demand_group: toy, chip_bloc: toy, chip_share: 0, destination: CA}\n  toy:\n",
    )
    toy.edit("technologies.csv", "toy,gas_cc", "neighbour,gas_cc")
    faults = [fault for fault in toy.faults() if fault.path == "power.plants.technology"]
    assert faults[0].message == "country 'toy' declares no such technology"
    assert (faults[0].file, faults[0].line) == (toy.file("plants.csv"), toy.line("plants.csv", "B,gas_cc"))


def test_file_of_more_than_100_mb_is_refused_unread(toy: ToyBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_TABLE_BYTES", 400)
    faults = toy.faults()
    assert "the table holds" in faults[0].message
    assert faults[0].allowed == "at most 100 MB a file"


def test_table_that_is_not_utf8(toy: ToyBox) -> None:
    toy.file("zones.csv").write_bytes(b"zone,country\nM\xfcnchen,toy\n")
    fault = next(fault for fault in toy.faults() if fault.file == toy.file("zones.csv"))
    assert (fault.message, fault.line) == ("the table is not UTF-8 text", 2)


def test_table_without_even_a_header(toy: ToyBox) -> None:
    toy.file("zones.csv").write_text("\n\n")
    assert "not even a header" in next(f for f in toy.faults() if f.file == toy.file("zones.csv")).message


def test_table_without_sources_is_a_warning(toy: ToyBox) -> None:
    toy.file("zones.csv").write_text("zone,country,planning_reserve_margin\ntoy,toy,0.15\n")
    (warning,) = toy.load().warnings
    assert "nothing says where these numbers are from" in warning.message
    assert warning.file == toy.file("zones.csv")


def hourly(toy: ToyBox, frame: pd.DataFrame) -> None:
    """Gives the toy an hourly load, still air and, in `solar`, the frame under test."""
    hours = pd.DataFrame({"hour": range(8760), "A": 1.0, "B": 2.0, "C": 3.0})
    hours.to_csv(toy.file("load.csv"), index=False)
    hours.assign(A=0.1, B=0.1, C=0.1).to_csv(toy.file("air.csv"), index=False)
    frame.to_csv(toy.file("sun.csv"), index=False)
    text = toy.file("toy.yaml").read_text()
    start, end = text.index("    - country: toy"), text.index("transmission:")
    entry = "    - {country: toy, kind: hourly, load: data/toy/load.csv, solar: data/toy/sun.csv, "
    entry += "onshore_wind: data/toy/air.csv}\n"
    toy.file("toy.yaml").write_text(text[:start] + entry + text[end:])


@pytest.fixture
def sun() -> pd.DataFrame:
    return pd.DataFrame({"hour": np.arange(8760), "A": 0.5, "B": 0.25})


def test_hourly_profile_is_read_by_region(toy: ToyBox, sun: pd.DataFrame) -> None:
    hourly(toy, sun)
    scenario = toy.load()
    assert scenario.table("power.profiles.toy.solar").shape == (8760, 2)
    assert scenario.table("power.profiles.toy.load")["C"].iloc[8759] == 3.0


def test_hourly_profile_of_wrong_length(toy: ToyBox, sun: pd.DataFrame) -> None:
    hourly(toy, sun.iloc[:-1])
    (fault,) = toy.faults()
    assert (fault.path, fault.found, fault.allowed) == ("power.profiles.toy.solar", "8759 rows", "8760 rows")
    assert fault.file == toy.file("sun.csv")


@pytest.mark.parametrize("value, says", [(1.2, "out of range"), (-0.1, "out of range")])
def test_hourly_capacity_factor_outside_0_to_1(toy: ToyBox, sun: pd.DataFrame, value: float, says: str) -> None:
    sun.loc[4000, "B"] = value
    hourly(toy, sun)
    (fault,) = toy.faults()
    assert (fault.path, fault.line, fault.allowed) == ("power.profiles.toy.solar.B", 4002, "0 to 1")
    assert says in fault.message


@pytest.mark.parametrize("value, says", [(None, "blank, but required"), ("o.5", "not a number")])
def test_hourly_cell_that_is_no_number(toy: ToyBox, sun: pd.DataFrame, value: str | None, says: str) -> None:
    column = sun["A"].astype(object)
    column[100] = value
    hourly(toy, sun.assign(A=column))
    (fault,) = toy.faults()
    assert (fault.path, fault.line) == ("power.profiles.toy.solar.A", 102)
    assert says in fault.message


def test_hourly_profile_of_an_unknown_region(toy: ToyBox, sun: pd.DataFrame) -> None:
    hourly(toy, sun.rename(columns={"B": "BB"}))
    (fault,) = toy.faults()
    assert (fault.path, fault.line, fault.nearest) == ("power.profiles.toy.solar.BB", 1, "B")


def test_hours_out_of_order(toy: ToyBox, sun: pd.DataFrame) -> None:
    hourly(toy, sun.assign(hour=sun["hour"] + 1))
    (fault,) = toy.faults()
    assert fault.message == "the column 'hour' must count 0, 1, ... 8759"


def test_load_that_lacks_a_region(toy: ToyBox, sun: pd.DataFrame) -> None:
    hourly(toy, sun)
    load = pd.read_csv(toy.file("load.csv")).drop(columns="C")
    load.to_csv(toy.file("load.csv"), index=False)
    (fault,) = toy.faults()
    assert fault.message == "no load for C"


@pytest.mark.parametrize(
    "key, kind", [("onshore_wind: data/toy/air.csv", "wind"), ("solar: data/toy/sun.csv", "solar")]
)
def test_plants_without_hours_to_follow(toy: ToyBox, sun: pd.DataFrame, key: str, kind: str) -> None:
    hourly(toy, sun)
    toy.edit("toy.yaml", f", {key}", "")
    (fault,) = toy.faults()
    assert fault.path == "power.profiles[0]"
    assert fault.message.startswith("plants that follow the weather have no hours: give ")
    assert fault.found is not None
    assert kind in fault.found


def test_errors_say_how_many(toy: ToyBox) -> None:
    toy.edit("zones.csv", "0.15", "-1")
    with pytest.raises(ScenarioErrors, match=r"^1 error in the scenario"):
        toy.load()


def test_errors_survive_the_way_back_from_a_worker(toy: ToyBox) -> None:
    toy.edit("zones.csv", "0.15", "-1")
    with pytest.raises(ScenarioErrors) as caught:
        toy.load()
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.faults == caught.value.faults
    assert str(again) == str(caught.value)


def test_a_network_with_ai_needs_a_site_but_not_one_at_every_bus(tmp_path: Path) -> None:
    region = {"country": "x", "lat": 0, "lon": 0, "grid": 1}
    world = SmallWorld(tmp_path)
    world.tables["regions.table"] += [{**region, "region": "bus", "name": "no site"}]
    world.tables["network.units"] = [{"unit": "plant", "region": "bus", "capacity_mw": 10.0}]
    load_scenario(world.write())  # the bus has no row of connection limits: nothing can be built there
    world.tables["connection.limits"] = []
    with pytest.raises(ScenarioErrors, match="no region may host AI"):
        load_scenario(world.write())
