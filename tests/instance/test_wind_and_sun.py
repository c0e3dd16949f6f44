"""Capacity factors from wind speeds, and the hours of a clear-sky sun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.instance.hours import HOURS, days_since_2000, month_hour_table, monthly_means
from optimizer.instance.weather import read_profiles
from optimizer.instance.wind_and_sun import clear_sky_days, wind_factors
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import load_scenario
from optimizer.scenario.schema.power import Panels, SeaTurbine, Turbine
from tests.cases.small_world import SmallWorld
from tests.scenario.toybox import ToyBox


def test_hours_are_dated_and_a_leap_day_is_left_out() -> None:
    plain, leap = days_since_2000(2001), days_since_2000(2024)
    assert plain[0] == 365.5 + 1 - 1 + 0.5 / 24, "366 days after 1 January 2000, half a day before noon"
    np.testing.assert_allclose(np.diff(plain), 1 / 24, atol=1e-9)
    steps = np.diff(leap)
    assert np.flatnonzero(steps > 0.5).tolist() == [59 * 24 - 1]
    assert len(leap) == HOURS
    assert leap[-1] == days_since_2000(2025)[0] - 1 / 24


def test_the_sun_of_china_is_near_the_table_that_ships() -> None:
    """That table holds the 15th of each month by pvlib with its own haze; this one all days, turbidity 3 all year."""
    scenario = load_scenario("china")
    regions = scenario.table("regions.table").set_index("region")
    table = scenario.table("power.profiles.china.solar").set_index("region")
    hours = [f"h{hour:02d}" for hour in range(24)]
    shipped = np.stack([table.loc[name].sort_values("month")[hours].to_numpy(float) for name in regions.index])
    sun = clear_sky_days(regions["lat"], regions["lon"], np.zeros(len(regions)), Panels(), 2019, 8)
    ours = month_hour_table(sun)
    ours *= shipped.mean(axis=2, keepdims=True) / ours.mean(axis=2, keepdims=True)
    assert np.corrcoef(ours.ravel(), shipped.ravel())[0, 1] > 0.998
    assert np.abs(ours - shipped).mean() < 0.007, "capacity factor"


def test_a_country_without_mean_days_of_the_sun(tmp_path: Path) -> None:
    toy = ToyBox.make(tmp_path)
    toy.edit("toy.yaml", "      solar: data/toy/profiles_solar_12x24.csv\n", "")
    scenario = toy.load()
    regions = scenario.table("regions.table").set_index("region")
    found = read_profiles(scenario, regions)
    monthly = scenario.table("power.profiles.toy.monthly").set_index(["region", "month"])["solar_cf_potential"]
    sun = found.capacity_factor["solar"]
    np.testing.assert_allclose(monthly_means(sun), monthly.unstack("month").loc[list(regions.index)], atol=1e-12)
    noon = sun.reshape(365, 24, -1).mean(axis=0).argmax(axis=0)
    np.testing.assert_allclose(noon + 0.5, 12 - regions["lon"] / 15, atol=1.0)
    assert any("clear sky (Linke turbidity 3" in note for note in found.notes)


def test_sun_where_there_is_none_is_one_clear_error(tmp_path: Path) -> None:
    toy = ToyBox.make(tmp_path)
    toy.edit("toy.yaml", "      solar: data/toy/profiles_solar_12x24.csv\n", "")
    scenario = toy.load()
    regions = scenario.table("regions.table").set_index("region")
    regions.loc["A", "lat"] = 85.0
    with pytest.raises(ScenarioErrors, match="A has too little light in month 1 for its solar factor"):
        read_profiles(scenario, regions)


def test_tracking_panels_have_longer_days_and_the_south_has_its_summer() -> None:
    place = np.array([30.0, -30.0]), np.zeros(2), np.zeros(2)
    steady, turning = (clear_sky_days(*place, Panels(mount=mount), 2019, 0) for mount in ("steady", "tracking"))
    for sun in (steady, turning):
        day = sun[:, 0].reshape(365, 24)[172]
        sun[:, 0] /= day.max()
    assert (turning[:, 0].reshape(365, 24)[172] > 0.5).sum() > (steady[:, 0].reshape(365, 24)[172] > 0.5).sum()
    months = monthly_means(turning)
    assert months[0].argmax() in (4, 5, 6)
    assert months[1].argmax() in (11, 0)


def test_wind_factors_of_a_turbine() -> None:
    speed = np.tile([[2.0, 8.0, 11.4, 20.0, 26.0]], (3, 1))
    turbine = Turbine(measured_m=90.0, hub_m=90.0, spread_m_per_s=0.0, losses=0.1)
    cube = (8.0**3 - 27.0) / (11.4**3 - 27.0)
    np.testing.assert_allclose(wind_factors(speed, turbine)[0], [0.0, 0.9 * cube, 0.9, 0.9, 0.0], atol=2e-4)
    higher = wind_factors(speed, turbine.model_copy(update={"hub_m": 140.0}))
    assert higher[0, 1] > 0.9 * cube
    smooth = wind_factors(speed, turbine.model_copy(update={"spread_m_per_s": 1.5}))
    assert smooth[0, 2] < 0.9


def test_every_setting_of_panels_and_turbines_is_read() -> None:
    speed = np.tile([[2.5, 8.0, 11.0, 20.0, 24.0]], (2, 1))
    other = {"measured_m": 60, "hub_m": 140, "roughness_m": 0.3, "cut_in_m_per_s": 5, "rated_m_per_s": 13}
    other |= {"cut_out_m_per_s": 22, "spread_m_per_s": 0, "losses": 0.3}
    assert other.keys() == Turbine.model_fields.keys()
    plain = wind_factors(speed, Turbine())
    for key, value in other.items():
        assert np.abs(wind_factors(speed, Turbine(**{key: value})) - plain).max() > 1e-3, key
    panels = {"mount": "tracking", "tilt_deg": 60.0, "linke_turbidity": 6.0}
    assert panels.keys() == Panels.model_fields.keys()
    place = [40.0], [0.0], [0.0]
    sun = clear_sky_days(*place, Panels(), 2019, 0)
    for key, value in panels.items():
        assert np.abs(clear_sky_days(*place, Panels(**{key: value}), 2019, 0) - sun).max() > 1.0, key
    for changed in (clear_sky_days(*place, Panels(), 2004, 0), clear_sky_days(*place[:2], [2000.0], Panels(), 2019, 0)):
        assert np.abs(changed - sun).max() > 0.1


def test_wind_speeds_of_a_file_become_capacity_factors(tmp_path: Path) -> None:
    """On land and at sea, each by its own turbine."""
    world = SmallWorld(tmp_path)
    hour = np.arange(HOURS)
    for name, values in (("load", 90.0 + hour % 24), ("land", 4.0 + hour % 9), ("sea", 6.0 + hour % 9)):
        rows = "\n".join(f"{h},{value}" for h, value in zip(hour, values, strict=True))
        world.files[f"{name}-8760.csv"] = f"hour,R\n{rows}"
    wind = {"onshore_wind_speed": "land-8760.csv", "offshore_wind_speed": "sea-8760.csv"}
    entry = {"country": "x", "kind": "hourly", "load": "load-8760.csv", **wind, "offshore_turbine": {"hub_m": 150}}
    scenario = world.set(power={"profiles": [entry]}).load()
    found = read_profiles(scenario, scenario.table("regions.table").set_index("region"))
    land = wind_factors((4.0 + hour % 9)[:, None], Turbine())
    sea = wind_factors((6.0 + hour % 9)[:, None], SeaTurbine(hub_m=150))
    np.testing.assert_array_equal(found.capacity_factor["wind"], land)
    np.testing.assert_array_equal(found.capacity_factor["offshore_wind"], sea)
    assert [note[:20] for note in found.notes] == ["x: onshore wind from", "x: offshore wind fro"]


@pytest.mark.parametrize(
    "entry, words",
    [
        ({"onshore_wind": "wind.csv"}, "either onshore_wind or onshore_wind_speed"),
        ({"onshore_turbine": {"rated_m_per_s": 2.0}}, "wind speeds of a turbine rise"),
        ({"offshore_turbine": {"hub_m": 0.3, "roughness_m": 0.5}}, "heights lie above the roughness"),
    ],
)
def test_wind_that_cannot_be_is_refused(tmp_path: Path, entry: dict[str, object], words: str) -> None:
    world = SmallWorld(tmp_path)
    rows = "\n".join(f"{hour},{hour % 24 / 24:.3f}" for hour in range(HOURS))
    world.files |= dict.fromkeys(("load-8760.csv", "wind.csv"), f"hour,R\n{rows}")
    base = {"country": "x", "kind": "hourly", "load": "load-8760.csv", "onshore_wind_speed": "wind.csv"}
    world.set(power={"profiles": [{**base, **entry}]})
    with pytest.raises(ScenarioErrors, match=words):
        world.load()
