"""Sums and labels of the shipped tables: whoever edits a table sees what else was said about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.instance.hours import MONTH_DAYS

DATA = Path(__file__).resolve().parents[1] / "scenarios" / "data"
WORDS = {"read", "derived", "recalled", "assumed"}
NO_CELLS_OF_ITS_OWN = {"sources.csv"}  # the list of sources itself
TABLES = [
    path.relative_to(DATA).as_posix()
    for path in sorted(DATA.glob("*/*.csv"))
    if path.name not in NO_CELLS_OF_ITS_OWN and not path.name.startswith("profiles_") and path.parent.name != "toy"
]
PROFILES = [
    path.relative_to(DATA).as_posix()
    for path in sorted(DATA.glob("*/profiles_*.csv"))
    if not path.name.endswith(".about.csv") and path.parent.name != "toy"
]


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / name, keep_default_na=False, na_values=[""])


def words(cells: pd.Series) -> set[str]:
    """Confidence words; a cell may name several, as in `load=read; peak=recalled`."""
    parts = cells.astype(str).str.split(r"[;,=\s]+").explode()
    return set(parts) & WORDS


@pytest.mark.parametrize("name", TABLES)
def test_every_row_says_where_it_is_from(name: str) -> None:
    table = read(name)
    assert {"source", "as_of", "confidence"} <= set(table.columns)
    assert table[["source", "as_of", "confidence"]].notna().all().all()
    for cell in table["confidence"].unique():
        assert words(pd.Series([cell])), cell


@pytest.mark.parametrize("name", ["compute", "third"])
def test_source_ids_are_in_the_list_of_sources(name: str) -> None:
    known = set(read(f"{name}/sources.csv")["id"])
    for path in sorted((DATA / name).glob("*.csv")):
        if path.name == "sources.csv":
            continue
        cited = set(read(f"{name}/{path.name}")["source"].str.split(";").explode().str.strip())
        assert cited <= known, path.name


@pytest.mark.parametrize("name", PROFILES)
def test_every_series_says_what_kind_it_is(name: str) -> None:
    about = read(name.replace(".csv", ".about.csv"))
    assert {"source", "as_of", "confidence", "kind"} <= set(about.columns)
    kinds = about["kind"].astype(str).str.lower()
    assert kinds.str.contains("observed|reconstructed|synthetic|published|read|derived|modelled|measured").all()
    if "column" in about:  # hourly: one line a region
        assert set(about["column"]) == set(read(name).columns) - {"hour"}
    assert not (kinds.str.contains("synthetic") & about["confidence"].str.contains("read")).any()


def test_what_is_synthetic_is_called_so() -> None:
    offshore = read("us/profiles_offshore_wind.about.csv")
    assert set(offshore["kind"]) == {"synthetic"}
    assert "synthetic" in set(read("china/profiles_solar_12x24.about.csv")["kind"])
    for part in ("us", "china", "third"):
        climate = read(f"{part}/climate.csv")
        assert climate["note"].str.contains("SYNTHETIC", case=False).all()


def it_gw(rows: pd.DataFrame) -> float:
    kw = read("compute/chips.csv").set_index("chip")["all_in_w_per_chip"] / 1000.0
    return float((rows["units_thousand"] * rows["chip"].map(kw)).sum() / 1000.0)


def test_fleets() -> None:
    fleet = read("compute/fleet.csv")
    outside = fleet[fleet["group"] == "world_ex_china"]
    assert it_gw(outside[outside["fleet_region"] == "us"]) == pytest.approx(19.4, abs=0.05)
    assert it_gw(fleet[fleet["group"] == "china"]) == pytest.approx(4.7, abs=0.05)
    total = outside["fleet_region"] == "all"
    assert it_gw(outside[total]) == pytest.approx(25.9, abs=0.05)
    assert it_gw(outside[~total]) == pytest.approx(it_gw(outside[total]), rel=0.01)


@pytest.mark.parametrize("name, gw, tolerance", [("us", 19.4, 0.02), ("china", 4.7, 0.02)])
def test_halls_hold_the_fleet(name: str, gw: float, tolerance: float) -> None:
    centres = read(f"{name}/data_centres.csv")
    assert centres["ai_it_mw"].sum() / 1000.0 == pytest.approx(gw, rel=tolerance)
    assert (centres["ai_it_mw"] <= centres["existing_it_mw"] + 1e-9).all()


def test_standing_plant() -> None:
    us = read("us/plants.csv").groupby("technology")["existing_mw"].sum() / 1000.0
    assert us.sum() == pytest.approx(1249, abs=2)
    assert us[["gas_cc", "gas_ct", "gas_st"]].sum() == pytest.approx(494, abs=1)
    assert us[["onshore_wind", "offshore_wind"]].sum() == pytest.approx(163, abs=1)
    for technology, gw in {"coal": 162, "nuclear": 98, "solar": 160, "battery": 47}.items():
        assert us[technology] == pytest.approx(gw, abs=1.0), technology
    china = read("china/plants.csv").groupby("technology")["existing_mw"].sum() / 1000.0
    assert china.sum() == pytest.approx(3349, rel=0.05)  # end 2024, official year-end figure, batteries on top
    added = read("china/plant_changes.csv")
    assert (china.sum() + added.loc[added["year"] == 2025, "change_mw"].sum() / 1000.0) == pytest.approx(3890, rel=0.04)


@pytest.mark.parametrize(
    "name, central, low, high",
    [("us", 16_750, 0.5 * 16_750, 2 * 16_750), ("china", 20_000, 7_000, 34_000)],
)
def test_connection_queue(name: str, central: float, low: float, high: float) -> None:
    limits = read(f"{name}/connection_limits.csv")
    assert limits["limit_mw_per_yr"].sum() == pytest.approx(central, rel=0.002)
    assert limits["limit_low_mw_per_yr"].sum() == pytest.approx(low, rel=0.002)
    assert limits["limit_high_mw_per_yr"].sum() == pytest.approx(high, rel=0.002)
    assert (limits["limit_low_mw_per_yr"] <= limits["limit_mw_per_yr"]).all()
    assert limits["confidence"].str.contains("assumed").all()


def test_load() -> None:
    us, china = read("us/regions.csv"), read("china/regions.csv")
    assert (len(us), us["annual_load_twh"].sum()) == (30, pytest.approx(4183, abs=1))
    assert (len(china), china["annual_load_twh"].sum()) == (32, pytest.approx(9852, abs=1))
    assert china["peak_load_mw"].sum() == pytest.approx(1_708_000, rel=0.002)
    third = read("third/regions.csv")
    assert len(third) == 24
    assert third["annual_load_twh"].isna().all()
    assert not third["grid"].any()


def test_uhv_lines_are_all_listed() -> None:
    """Sixty rows of ultra-high voltage: fifty are modelled, ten lie inside one region and are listed only."""
    lines = read("china/corridors.csv")
    uhv = lines[lines["kind"].str.startswith("uhv")]
    inside = uhv[uhv["from"] == uhv["to"]]
    assert (len(uhv), len(inside)) == (60, 10)
    assert set(inside["status"]) == {"collection"}
    assert not (uhv.loc[uhv["from"] != uhv["to"], "status"] == "collection").any()
    assert lines["corridor"].is_unique
    direct = uhv[uhv["kind"].str.startswith("uhvdc")]
    assert direct["max_utilisation"].between(0.2, 0.66).all()
    take = direct["min_take_twh"] * 1e6 / (direct["forward_mw"] * 8760.0)
    assert take.dropna().between(0.41, 0.43).all()
    assert take.notna().sum() == 6


def test_published_mixes_are_whole() -> None:
    for name, total in (("us", 4304), ("china", 10_087)):
        mix = read(f"{name}/published_mix.csv")
        assert mix["twh"].sum() == pytest.approx(total, rel=0.001)
        np.testing.assert_allclose(mix["share_pct"], 100.0 * mix["twh"] / mix["twh"].sum(), atol=0.06)


@pytest.mark.parametrize(
    "name, low, high",
    [("onshore_wind", 0.30, 0.40), ("solar", 0.22, 0.29), ("offshore_wind", 0.35, 0.50)],
)
def test_american_capacity_factors(name: str, low: float, high: float) -> None:
    table = read(f"us/profiles_{name}.csv").drop(columns="hour")
    assert len(table) == 8760
    assert table.min().min() >= 0.0
    assert table.max().max() <= 1.0
    technology = {"onshore_wind": "onshore_wind", "solar": "solar", "offshore_wind": "offshore_wind"}[name]
    plants = read("us/plants.csv")
    mw = plants[plants["technology"] == technology].groupby("region")["existing_mw"].sum().reindex(table.columns)
    mean = table.mean().mean() if mw.fillna(0.0).sum() < 1000 else np.average(table.mean(), weights=mw.fillna(0.0))
    assert low < mean < high
    if name == "solar":
        night = table[(table.index % 24 >= 5) & (table.index % 24 < 9)]  # 5 to 9 UTC: night from coast to coast
        assert night.mean().max() < 0.01


def test_american_load_shape() -> None:
    shape, regions = read("us/profiles_load.csv").drop(columns="hour"), read("us/regions.csv").set_index("region")
    assert shape.max().to_numpy() == pytest.approx(1.0, abs=1e-3)
    energy = (shape.mean() * regions["peak_load_mw"].reindex(shape.columns)).sum() * 8760.0 / 1e6
    assert energy == pytest.approx(4172, abs=5)


def test_chinese_capacity_factors() -> None:
    table = read("china/profiles_monthly_cf.csv")
    days = table["month"].map(dict(enumerate(MONTH_DAYS, start=1)))
    plants = read("china/plants_2024.csv").groupby(["region", "technology"])["existing_mw"].sum()
    for profile, technologies, hours in (
        ("wind", ("onshore_wind", "offshore_wind"), 2127),
        ("solar", ("solar",), 1211),
    ):
        factor = (table[f"{profile}_cf_delivered"] * days).groupby(table["region"]).sum() * 24.0
        mw = sum(plants.xs(name, level="technology").reindex(factor.index).fillna(0.0) for name in technologies)
        assert np.average(factor, weights=mw) == pytest.approx(hours, rel=0.06), profile
        assert (table[f"{profile}_cf_potential"] >= table[f"{profile}_cf_delivered"] - 1e-9).all()


def test_chinese_sun_sets_at_night() -> None:
    """Beijing time: the sun is up in Xinjiang two hours later than on the coast."""
    solar = read("china/profiles_solar_12x24.csv").set_index("region")
    hours = [f"h{i:02d}" for i in range(24)]
    assert (solar[["h00", "h01", "h02", "h03", "h23"]].to_numpy() < 1e-6).all()
    noon = (
        solar.groupby(level=0)[hours].mean().to_numpy()
        @ np.arange(24.0)
        / solar.groupby(level=0)[hours].mean().sum(axis=1)
    )
    assert noon["CN-XJ"] - noon["CN-SH"] > 1.5


def test_tariffs_and_adders_are_in_reach() -> None:
    us, china, third = (read(f"{name}/tariffs.csv") for name in ("us", "china", "third"))
    assert set(us["method"]) == {"difference"}
    assert set(china["method"]) == {"components"}
    assert set(third["method"]) == {"flat"}
    assert (us["industrial_price_per_mwh"] > us["wholesale_price_per_mwh"]).all()
    assert china["vat_rate"].eq(0.13).all()
    assert third["industrial_price_per_mwh"].between(35, 180).all()


def test_tpp_is_dense_rate_times_bits() -> None:
    chips = read("compute/chips.csv").set_index("chip")
    for chip, tpp in (("H100", 15_832), ("H20", 2_368), ("A100", 4_992)):
        found = chips[chips.index.str.fullmatch(f"{chip}([- _].*)?")]
        assert len(found) >= 1, chip
        assert (found["tpp"] == tpp).all(), chip


def test_both_countries_share_what_was_found_for_neither() -> None:
    """Outage rates of China are assumed to be the American ones, so that no difference comes from a guess."""
    us = read("us/technologies.csv").set_index("technology")
    china = read("china/technologies.csv").set_index("technology")
    for technology in ("coal", "gas_cc"):
        for column in ("forced_outage_rate", "planned_outage_rate", "capacity_credit"):
            assert us.at[technology, column] == china.at[technology, column], (technology, column)
