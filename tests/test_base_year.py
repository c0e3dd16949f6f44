"""The year 2024 planned with its own fleet, beside what was published for it.

Two things are asserted: that the plan meets the published figures, and that the comparison can fail: without the rows
that the data put in (minimum takes, caps on the use of lines) it does.
"""

from __future__ import annotations

import time
from functools import cache

import pandas as pd
import pytest

from optimizer.results.truth_check import BASE_YEAR_VARIANT, FUEL_OF, TruthCheck, check, check_section
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import load_scenario

COUNTRIES = ("us", "china")
CAPPED = ("DC11", "DC12")  # the lines with published energy; both lean on their cap, see below


@cache
def checked(name: str, **changes: object) -> TruthCheck:
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    return check(load_scenario(name, variant=BASE_YEAR_VARIANT, overrides=overrides))


@cache
def seconds(name: str) -> float:
    """Reading, compiling and solving, once everything is imported and compiled."""
    checked(name)
    start = time.process_time()
    check(load_scenario(name, variant=BASE_YEAR_VARIANT))
    return time.process_time() - start


@pytest.mark.parametrize("name", COUNTRIES)
def test_mix_is_the_published_one(name: str) -> None:
    found = checked(name)
    told = found.mix[found.mix["published"].notna()]
    assert found.year == 2024
    assert found.passed
    assert told["published"].sum() == pytest.approx(100.0)
    assert found.mix["share"].sum() == pytest.approx(100.0)
    for row in told.itertuples():
        assert abs(row.difference) <= max(1.5, 0.15 * row.published), row.fuel
    assert set(found.mix["fuel"]) <= set(told["fuel"])  # nothing is generated that no published figure holds


@pytest.mark.parametrize("name, share", [("us", 85.0), ("china", 95.0)])
def test_fuels_that_are_large_enough_to_test_are_nearly_all(name: str, share: float) -> None:
    mix = checked(name).mix
    tested = mix[mix["verdict"] == "within"]
    assert tested["published"].sum() > share
    assert set(mix.loc[mix["verdict"] == "too small to test", "fuel"]) <= {"biomass", "geothermal", "oil", "other"}


def test_says_what_the_data_put_in() -> None:
    """Weather is given; American coal stands at its minimum take, so its figure is an input; Chinese coal is chosen."""
    us, china = (checked(name).mix.set_index("fuel") for name in COUNTRIES)
    for mix in (us, china):
        assert (mix.loc[["wind", "solar"], "leans_on"] == "given").all()
        assert mix.at["hydro", "leans_on"] == "most"
        assert ((mix["least"] <= mix["share"] + 1e-6) & (mix["share"] <= mix["most"] + 1e-6)).all()
    assert us.at["coal", "leans_on"] == "put in"
    assert us.at["gas", "leans_on"] == "nothing"
    assert china.at["coal", "leans_on"] == "nothing"
    assert china.at["coal", "most"] - china.at["coal", "least"] > 3 * china.at["coal", "tolerance"]


@pytest.mark.parametrize("name", COUNTRIES)
def test_supply_meets_load(name: str) -> None:
    found = checked(name)
    load = load_scenario(name).table("regions")["annual_load_twh"].sum()
    assert found.shed_twh < 0.1
    assert found.spilled_twh < 0.005 * load
    assert load < found.mix["twh"].sum() < 1.02 * load  # losses of lines and stores


def test_without_minimum_takes_american_gas_drives_out_coal() -> None:
    """Price alone does not make the mix of 2024; contracts and self-scheduling do, and they are visible rows."""
    free = checked("us", power__minimum_take=None)
    assert not free.passed
    mix = free.mix.set_index("fuel")
    assert mix.at["coal", "verdict"] == "far off"
    assert mix.at["coal", "share"] < 10.0


def test_grid_regions_of_china() -> None:
    thermal = checked("china").thermal
    assert len(thermal) == 7
    assert thermal["difference_pct"].abs().max() < 15.0
    assert (thermal["least_twh"] < 0.95 * thermal["twh"]).all()  # four fifths are put in as takes, the rest is chosen
    areas = checked("china").by_grid_region.set_index("grid_region")
    assert areas.loc["CN-Southwest", "hydro"] > 50.0
    assert areas.loc["CN-North", "coal"] > 60.0


def test_interconnections_of_the_united_states() -> None:
    areas = checked("us").by_grid_region.set_index("grid_region")
    assert set(areas.index) == {"US-EASTERN", "US-WESTERN", "US-ERCOT"}
    assert areas["total_twh"].idxmax() == "US-EASTERN"
    assert areas["hydro"].idxmax() == "US-WESTERN"
    assert areas["wind"].idxmax() == "US-ERCOT"
    assert areas["nuclear"].idxmax() == "US-EASTERN"


def test_uhv_energy_is_the_published_one() -> None:
    uhv = checked("china").uhv
    lines = uhv[uhv["corridor"] != "total"].set_index("corridor")
    total = uhv[uhv["corridor"] == "total"].set_index("name")
    for line in CAPPED:
        assert abs(lines.at[line, "difference_pct"]) < 15.0
        assert lines.at[line, "leans_on"] == "use cap"  # so it shows only that the plan wants at least as much
    assert len(total) == 2
    assert total["difference_pct"].abs().max() < 15.0
    takes = lines[lines["leans_on"] == "minimum take"]
    put_in = total.at["all that count", "twh"] - total.at["without lines at their take", "twh"]
    assert takes["twh"].sum() == pytest.approx(put_in)
    assert not set(takes.index) & {*CAPPED, "DC22", "DC23", "DC24"}
    assert (lines["use"] <= 0.651).all()


def test_without_caps_uhv_runs_far_above_what_was_published() -> None:
    free = checked("china", transmission__use_caps=False)
    assert not free.passed
    uhv = free.uhv.set_index(["corridor", "name"])
    assert uhv.loc["DC11", "difference_pct"].iloc[0] > 40.0
    assert uhv.loc[("total", "all that count"), "difference_pct"] > 15.0
    assert uhv.loc[("total", "all that count"), "verdict"] == "off"


def test_without_takes_hydro_lines_stand_nearly_idle() -> None:
    free = checked("china", transmission__minimum_takes=False)
    put_in = checked("china").uhv
    hydro_lines = put_in.loc[put_in["leans_on"] == "minimum take", "corridor"]
    assert free.uhv.set_index("corridor").loc[hydro_lines, "use"].mean() < 0.35
    assert not free.passed


@pytest.mark.parametrize("name", COUNTRIES)
def test_section_holds_every_published_figure(name: str) -> None:
    section = checked(name).section()
    assert "all within tolerance" in section.title
    found = checked(name)
    assert len(section.rows) == sum((table["verdict"] != "").sum() for table in (found.mix, found.thermal, found.uhv))
    assert all(isinstance(part.as_dict(), dict) for part in found.details())


@pytest.mark.parametrize("name", COUNTRIES)
def test_takes_seconds(name: str) -> None:
    assert seconds(name) < 6.0  # two on an idle machine


def test_every_technology_of_the_published_countries_has_a_fuel() -> None:
    for name in COUNTRIES:
        scenario = load_scenario(name)
        table = scenario.table("power.technologies")
        made = table[(table["role"] == "generation") & (table["site"] == "grid")]["technology"]
        fuels = {FUEL_OF.get(technology, technology) for technology in made}
        published = set(scenario.table("checks.published_mix")["fuel"])
        assert fuels <= published


def test_refuses_a_scenario_that_plans_the_future() -> None:
    with pytest.raises(ScenarioErrors, match="known year with its own fleet"):
        check_section(load_scenario("us"))


def test_a_scenario_without_published_figures_shows_its_mix() -> None:
    found = check(load_scenario("toy", variant=BASE_YEAR_VARIANT))
    assert found.section().rows == ()
    assert found.mix["share"].sum() == pytest.approx(100.0)
    assert isinstance(found.by_grid_region, pd.DataFrame)
