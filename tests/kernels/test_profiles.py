"""Profiles against pvlib (sun, clear sky, panels), against plain NumPy (wind, series), and against what is known."""

from __future__ import annotations

import warnings
from typing import Any

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import clear_sky as sky_place
from kernels import sun as sun_place
from kernels import synthetic_series as series_place
from kernels import wind as wind_place
from kernels.clear_sky import STEADY, TRACKING, air_mass, clear_sky
from kernels.sun import position, sun
from kernels.synthetic_series import noise, scatter
from kernels.wind import power_curve, to_hub, wind_power
from optimizer.instance.hours import scale_to_total

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what pvlib imports
    import pvlib

NOON_2000 = pd.Timestamp("2000-01-01 12:00", tz="UTC")
LATITUDES = np.array([-90.0, -66.6, -33.0, -12.0, 0.0, 9.0, 23.4, 40.0, 52.0, 67.0, 89.5, 90.0])
LONGITUDES = np.array([-120.0, -179.9, 18.0, -77.0, 0.0, 104.0, 116.0, -95.0, 5.0, 25.0, 179.0, 0.0])
AWAY = 0.012  # degrees: the 0.01 of the formula, and the parallax of the sun that it leaves out (0.0024)


def days(times: pd.DatetimeIndex) -> np.ndarray:
    return ((times - NOON_2000) / pd.Timedelta(days=1)).to_numpy()


def every_three_hours(year: int) -> pd.DatetimeIndex:
    return pd.date_range(f"{year}-01-01 00:30", f"{year}-12-31 23:30", freq="3h", tz="UTC")


@pytest.mark.parametrize("year", [2019, 2024, 2036])
def test_the_sun_stands_where_pvlib_says(year: int) -> None:
    """NREL's algorithm, good to 0.0003 degrees, over a year (two of them leap years), from pole to pole."""
    times = every_three_hours(year)
    zenith, azimuth = position(sun(days(times)), LATITUDES, LONGITUDES)
    for lat, lon, high, turned in zip(LATITUDES, LONGITUDES, zenith, azimuth, strict=True):
        theirs = pvlib.solarposition.get_solarposition(times, lat, lon)
        assert np.abs(high - theirs["zenith"]).max() < AWAY
        turn = (turned - theirs["azimuth"] + 180.0) % 360.0 - 180.0
        assert np.abs(turn * np.sin(np.radians(high))).max() < AWAY  # on the sky: an azimuth means nothing overhead


def test_declination_and_equation_of_time() -> None:
    times = every_three_hours(2024)
    at = sun(days(times))
    nrel = pvlib.solarposition.get_solarposition(times, 0.0, 0.0)["equation_of_time"]
    assert np.abs(np.degrees(at.equation_of_time) * 4.0 - nrel).max() < 0.05, "minutes"
    assert np.degrees(at.declination).max() == pytest.approx(23.44, abs=0.01)
    assert at.declination.min() == pytest.approx(-at.declination.max(), abs=1e-4)
    assert times[np.argmax(at.declination)].strftime("%m-%d") in ("06-20", "06-21")
    assert times[np.argmax(at.beam)].strftime("%m-%d") in ("01-02", "01-03", "01-04"), "nearest to the sun"
    np.testing.assert_allclose(at.beam, pvlib.irradiance.get_extra_radiation(times, 1361.0, "nrel"), rtol=2e-4)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.floats(-89.0, 89.0), st.floats(-180.0, 180.0), st.integers(0, 3650), st.floats(0.0, 0.5))
def test_zenith_is_symmetrical_about_solar_noon(lat: float, lon: float, day: int, apart: float) -> None:
    still = sun(np.array([day + 0.0]))  # the sun of one instant, seen earlier and later
    hours = np.radians(-lon) + 2.0 * np.pi * np.array([-apart, 0.0, apart])
    at = still._replace(declination=np.repeat(still.declination, 3), hour_angle=hours)
    zenith, azimuth = position(at, [lat], [lon])
    assert zenith[0, 0] == pytest.approx(zenith[0, 2], abs=1e-6)
    assert zenith[0, 1] <= zenith[0, 0] + 1e-9
    assert zenith[0, 1] == pytest.approx(abs(lat - np.degrees(still.declination[0])), abs=1e-5)
    turned = (azimuth[0, 0] + azimuth[0, 2]) % 360.0
    assert min(turned, 360.0 - turned) < 1e-4 or zenith[0, 0] < 1e-3


@pytest.mark.parametrize("lat, lon, elevation, turbidity", [(40, 116, 50, 3.0), (29.7, 91, 3650, 2.0), (-33, 18, 0, 5)])
def test_clear_sky_and_panels_as_in_pvlib(lat: float, lon: float, elevation: float, turbidity: float) -> None:
    times = every_three_hours(2019)
    at = sun(days(times))
    zenith, azimuth = (pd.Series(v[0], times) for v in position(at, [lat], [lon]))
    pressure = pvlib.atmosphere.alt2pres(elevation)
    air = pvlib.atmosphere.get_absolute_airmass(pvlib.atmosphere.get_relative_airmass(zenith.clip(upper=90)), pressure)
    theirs = pvlib.clearsky.ineichen(zenith, air, turbidity, elevation, pd.Series(at.beam, times))
    up = (zenith < 90.0).to_numpy()
    for mount in (STEADY, TRACKING):
        ours = clear_sky(at, [lat], [lon], elevation, turbidity, mount, 30.0)
        for name in ("ghi", "dhi", "dni"):
            np.testing.assert_allclose(
                getattr(ours, name)[0], theirs[name], atol=0.01
            )  # W/m2; pressures differ by 1e-5
        tilt: Any = 30.0
        facing: Any = 180.0 if lat > 0 else 0.0
        if mount == TRACKING:
            turned = pvlib.tracking.singleaxis(zenith, azimuth, 0.0, 180.0, max_angle=90.0, backtrack=False)
            tilt, facing = turned["surface_tilt"], turned["surface_azimuth"]
        parts = theirs["dni"], theirs["ghi"], theirs["dhi"]
        panel = pvlib.irradiance.get_total_irradiance(tilt, facing, zenith, azimuth, *parts, albedo=0.2)["poa_global"]
        np.testing.assert_allclose(ours.panel[0][up], panel[up], atol=0.02)
        assert not ours.panel[0][~up].any()


def test_air_mass_is_the_formula_of_kasten_and_young() -> None:
    up = np.concatenate(
        [np.linspace(0.0, 1.0, 4001), np.geomspace(1e-12, 1e-3, 200), 1.0 - np.geomspace(1e-15, 1e-3, 200)]
    )
    expected = 1.0 / (up + 0.50572 * (np.degrees(np.arcsin(up)) + 6.07995) ** -1.6364)
    np.testing.assert_allclose([air_mass(v) for v in up], expected, rtol=1e-11)
    theirs = pvlib.atmosphere.get_relative_airmass(np.degrees(np.arccos(up)), "kastenyoung1989")
    np.testing.assert_allclose([air_mass(v) for v in up], theirs, rtol=1e-11)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.floats(-90, 90), st.floats(-180, 180), st.floats(-400, 5000), st.floats(1, 10), st.floats(0, 90), st.booleans()
)
def test_what_holds_under_every_sky(
    lat: float, lon: float, elevation: float, turbidity: float, tilt: float, turns: bool
) -> None:
    at = sun(7000.0 + np.arange(0.0, 366.0, 0.29))
    sky = clear_sky(at, [lat], [lon], elevation, turbidity, TRACKING if turns else STEADY, tilt)
    zenith, _ = position(at, [lat], [lon])
    up = np.cos(np.radians(zenith))
    assert all(np.isfinite(part).all() and (part >= -1e-9).all() for part in sky)
    assert (sky.ghi <= at.beam * np.maximum(up, 0.0) + 1e-9).all(), "no more arrives than leaves the top of the air"
    assert (sky.dni <= at.beam + 1e-9).all()
    assert not any(part[up < -1e-9].any() for part in sky), "night"
    np.testing.assert_allclose(sky.dni * np.maximum(up, 0.0) + sky.dhi, sky.ghi, atol=1e-6)
    level = clear_sky(at, [lat], [lon], elevation, turbidity, STEADY, 0.0)
    np.testing.assert_allclose(level.panel, level.ghi, atol=1e-6)
    hazy = clear_sky(at, [lat], [lon], elevation, turbidity + 1.0, STEADY, tilt)
    assert (hazy.ghi <= sky.ghi + 1e-9).all()


@pytest.mark.parametrize("mount", [STEADY, TRACKING])
def test_hours_do_not_depend_on_their_neighbours(mount: int) -> None:
    """Hours are made several at a time: any cut gives the same light."""
    at = sun(7000.0 + np.arange(0.0, 3.0, 1.0 / 24.0))
    whole = clear_sky(at, [50.0, -20.0], [8.0, 120.0], 300.0, 3.0, mount, 35.0)
    for first in range(0, 71, 7):
        for width in (1, 5, 8, 13):
            part = clear_sky(sun(7000.0 + np.arange(0.0, 3.0, 1.0 / 24.0)[first : first + width]), [50.0, -20.0],
                             [8.0, 120.0], 300.0, 3.0, mount, 35.0)  # fmt: skip
            for mine, theirs in zip(part, whole, strict=True):
                np.testing.assert_allclose(mine, theirs[:, first : first + width], rtol=1e-13, atol=1e-12)


def test_poles_have_half_a_year_of_night_and_the_south_is_the_north_turned() -> None:
    at = sun(days(pd.date_range("2019-01-01 00:30", periods=8760, freq="h", tz="UTC")))
    sky = clear_sky(at, [90.0, -90.0], [0.0, 0.0], 0.0, 3.0, STEADY, 0.0)
    light = (sky.ghi > 0.0).mean(axis=1)
    np.testing.assert_allclose(light, [0.51, 0.49], atol=0.02)  # the north's summer is the longer one
    assert not (sky.ghi > 0.0).all(axis=0).any()
    mirrored = at._replace(declination=-at.declination)
    north, south = (
        clear_sky(at, [35.0], [10.0], 0.0, 3.0, 0, 30.0),
        clear_sky(mirrored, [-35.0], [10.0], 0.0, 3.0, 0, 30.0),
    )
    np.testing.assert_allclose(north.panel, south.panel, rtol=1e-12)


CURVE = [3.0, 4.0, 9.5, 12.0, 25.0], [0.0, 0.05, 0.7, 1.0, 1.0]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.integers(0, 1000),
    st.integers(0, 4),
    st.integers(0, 40) | st.sampled_from([511, 512, 513, 1030]),  # around whole blocks
    st.floats(0.5, 2.0),
)
def test_wind_power_is_numpys_interpolation(seed: int, places: int, hours: int, factor: float) -> None:
    speed = np.random.default_rng(seed).uniform(0, 40, (places, hours))
    found = wind_power(speed, np.full(places, factor), power_curve(*CURVE))
    at_hub = speed * factor
    expected = np.where(at_hub > 25.0, 0.0, np.interp(at_hub, *CURVE, left=0.0))
    beside = (at_hub < 25.0) | (at_hub > 25.01)  # the one step over which the curve falls to nothing
    np.testing.assert_allclose(found[beside], expected[beside], atol=1e-12)
    assert ((found >= 0.0) & (found <= 1.0)).all()


def test_wind_by_hand() -> None:
    """From 10 m to 100 m over grass of 0.03 m: ln(100 / 0.03) / ln(10 / 0.03) = 1.3964; 5 m/s become 6.98."""
    factor = to_hub(10.0, 100.0, 0.03)
    assert factor == pytest.approx(1.3964, abs=1e-4)
    found = wind_power([[5.0, 0.0, 2.0, 10.0, 17.0, 18.0, 99.0]], [float(factor)], power_curve(*CURVE))[0]
    assert found[0] == pytest.approx(0.05 + (5 * factor - 4.0) / 5.5 * 0.65)
    np.testing.assert_allclose(found[1:], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0], atol=1e-12)
    assert to_hub(80.0, 80.0, 0.5) == 1.0


def test_many_turbines_see_many_winds() -> None:
    sharp, smooth = power_curve(*CURVE), power_curve(*CURVE, spread=1.5)
    at = np.array([[2.5, 12.0, 24.5, 26.0, 60.0]])
    before, after = (wind_power(at, [1.0], curve)[0] for curve in (sharp, smooth))
    assert after[0] > before[0] == 0.0, "some turbines turn already"
    assert after[1] < before[1], "some are not at rated power yet"
    assert after[2] < 0.7, "some have stopped"
    assert after[3] > 0.1
    assert after[4] == 0.0
    fine = np.arange(0.0, 45.0, 0.01)  # energy over all winds is kept
    totals = [wind_power(fine[None], [1.0], curve).sum() for curve in (sharp, smooth)]
    assert totals[1] == pytest.approx(totals[0], rel=1e-4)
    apart = np.random.default_rng(0).normal(0.0, 1.5, 200_000)  # each turbine's wind: the smooth curve is their mean
    for mean in (6.0, 8.0, 12.0, 24.0):
        turbines = wind_power(np.maximum(mean + apart, 0.0)[None], [1.0], sharp).mean()
        assert wind_power([[mean]], [1.0], smooth)[0, 0] == pytest.approx(turbines, abs=3e-3), mean


ENDS = (-4.5, 4.5)
GRID = np.linspace(*ENDS, 181)


def test_a_wind_of_minus_zero_is_calm_and_other_negative_or_infinite_ones_are_refused() -> None:
    curve = power_curve(*CURVE)
    assert wind_power([[-0.0, 99.0]], [1.0], curve)[0].tolist() == wind_power([[0.0, 99.0]], [1.0], curve)[0].tolist()
    for wrong in (-5e-324, -1e300, np.inf, -np.inf):
        with pytest.raises(ValueError, match="wind speed"):
            wind_power([[4.0, wrong]], [1.0], curve)


def plain_noise(shocks: np.ndarray, memory: float, group: np.ndarray) -> np.ndarray:
    series = np.empty_like(shocks)
    series[0] = shocks[0]
    for step in range(1, len(shocks)):
        series[step] = memory * series[step - 1] + np.sqrt(1.0 - memory**2) * shocks[step]
    result = np.empty_like(series)
    for g in np.unique(group):
        part = series[group == g]
        result[group == g] = (part - part.mean(axis=0)) / part.std(axis=0)
    return result.T


def plain_scatter(
    normal: np.ndarray, group: np.ndarray, quantile: np.ndarray, shape: np.ndarray | None, total: np.ndarray
) -> np.ndarray:
    drawn = np.stack(
        [[np.interp(z, GRID, quantile[p, g]) for z, g in zip(row, group, strict=True)] for p, row in enumerate(normal)]
    )
    repeat = 1 if shape is None else shape.shape[1] // len(group)
    values = np.repeat(drawn, repeat, axis=1) * (1.0 if shape is None else shape)
    hours = np.repeat(group, repeat)
    for g in np.unique(group):
        part = values[:, hours == g].T
        values[:, hours == g] = scale_to_total(part, np.ones(len(part)), total[:, g], np.ones(len(total))).T
    return values


def series_world(seed: int, places: int, repeat: int, steps: tuple[int, int, int] = (5, 8, 4)) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    group = np.repeat([0, 1, 2], steps)
    shape = None if repeat == 1 else random.uniform(0.1, 1.0, (places, len(group) * repeat))
    hours = np.bincount(group) * repeat
    return {
        "normal": random.normal(0, 2.5, (places, len(group))),  # some beyond the grid
        "group": group,
        "quantile": np.sort(random.uniform(0.01, 1.5, (places, 3, 181)), axis=2),
        "shape": shape,
        "total": random.uniform(0.0, 0.97, (places, 3)) * hours,
    }


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(0, 1000),
    st.integers(1, 4) | st.sampled_from([8, 9, 17]),  # around whole blocks
    st.sampled_from([1, 3, 24]),
    st.sampled_from([(5, 8, 4), (32, 31, 33), (512, 3, 513)]),
)
def test_series_equal_numpy(seed: int, places: int, repeat: int, steps: tuple[int, int, int]) -> None:
    random = np.random.default_rng(seed)
    shocks, memory = random.normal(size=(sum(steps), places)), random.uniform(0, 0.99)
    for group in (np.arange(sum(steps)) % 3, np.repeat([2, 0, 1], steps)):
        expected = plain_noise(shocks, memory, group)
        np.testing.assert_allclose(noise(shocks, memory, group), expected, rtol=1e-11, atol=1e-12)
    given_ = series_world(seed, places, repeat, steps)
    found = scatter(grid=ENDS, **given_)
    np.testing.assert_allclose(found, plain_scatter(**given_), atol=1e-12)
    assert ((found >= 0.0) & (found <= 1.0)).all()
    hours = np.repeat(given_["group"], repeat)
    for g in range(3):
        np.testing.assert_allclose(found[:, hours == g].sum(axis=1), given_["total"][:, g], rtol=1e-11, atol=1e-11)


def test_noise_of_many_places_is_that_of_each_alone() -> None:
    """Places are made eight abreast; 19 leave a block that is not full."""
    shocks, group = np.random.default_rng(4).standard_normal((50, 19)), np.repeat([1, 0, 1, 2, 0], 10)
    together = noise(shocks, 0.8, group)
    for p in range(19):
        assert np.array_equal(noise(shocks[:, p : p + 1], 0.8, group)[0], together[p])


def test_nothing_and_one() -> None:
    at, now = sun(np.empty(0)), sun(np.array([9000.2]))
    assert position(at, [1.0, 2.0], [3.0, 4.0])[0].shape == (2, 0)
    assert position(now, [], [])[1].shape == (0, 1)
    assert clear_sky(at, [1.0], [3.0], 0.0, 3.0, STEADY, 0.0).panel.shape == (1, 0)
    assert clear_sky(now, [1.0], [3.0], 0.0, 3.0, STEADY, 0.0).ghi.shape == (1, 1)
    assert noise(np.empty((0, 3)), 0.5, np.empty(0, int)).shape == (3, 0)
    assert noise(np.empty((4, 0)), 0.5, [0, 0, 1, 1]).shape == (0, 4)
    none = scatter(np.empty((0, 2)), [0, 0], (-1.0, 1.0), np.empty((0, 1, 5)), None, np.empty((0, 1)))
    assert none.shape == (0, 2)


def test_the_same_bits_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    at = sun(7000.0 + np.arange(0.0, 30.0, 0.1))
    world = series_world(3, 5, 3)
    shocks = np.random.default_rng(1).normal(size=(60, 5))

    def everything() -> list[np.ndarray]:
        return [
            *position(at, LATITUDES, LONGITUDES),
            *clear_sky(at, LATITUDES, LONGITUDES, 100.0, 3.0, TRACKING, 0.0),
            wind_power(np.abs(shocks.T) * 10, np.ones(5), power_curve(*CURVE)),
            noise(shocks, 0.9, np.repeat([0, 1], 30)),
            scatter(grid=ENDS, **world),
        ]

    alone = everything()
    for place in (sun_place, sky_place, wind_place, series_place):
        monkeypatch.setattr(place, "MANY_CELLS", 0)
    before = numba.get_num_threads()
    for threads in (1, before):
        numba.set_num_threads(threads)
        try:
            many = everything()
        finally:
            numba.set_num_threads(before)
        for mine, theirs in zip(many, alone, strict=True):
            np.testing.assert_array_equal(mine, theirs)


ONE = sun(np.array([9000.0]))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: sun(np.array([np.nan])), "finite"),
        (lambda: position(ONE, [91.0], [0.0]), r"latitude at \(0,\) is 91"),
        (lambda: position(ONE, [np.nan], [0.0]), "latitude"),
        (lambda: position(ONE, [1.0, 2.0], [0.0]), "do not fit"),
        (lambda: clear_sky(ONE, [1.0], [0.0], 0.0, 0.5, STEADY, 0.0), "turbidity"),
        (lambda: clear_sky(ONE, [1.0], [0.0], np.nan, 2.0, STEADY, 0.0), "elevation"),
        (lambda: clear_sky(ONE, [1.0], [0.0], 0.0, 2.0, STEADY, -5.0), "tilt"),
        (lambda: clear_sky(ONE, [1.0], [0.0], 0.0, 2.0, 7, 0.0), "mount"),
        (lambda: power_curve([3.0, 3.0], [0.0, 1.0]), "rise"),
        (lambda: power_curve([3.0, 4.0], [0.0, 1.1]), "power"),
        (lambda: power_curve([3.0, 4.0], [0.0, 1.0], -1.0), "spread"),
        (lambda: wind_power([[-1.0]], [1.0], power_curve(*CURVE)), "wind speed"),
        (lambda: wind_power([[np.nan]], [1.0], power_curve(*CURVE)), "wind speed"),
        (lambda: wind_power([[1.0]], [1.0, 2.0], power_curve(*CURVE)), "do not fit"),
        (lambda: to_hub(10.0, 100.0, 0.0), "roughness"),
        (lambda: noise(np.ones((3, 1)), 1.0, [0, 0, 0]), "memory"),
        (lambda: noise(np.ones((3, 1)), 0.5, [0, 0, 1]), "fewer than two"),
        (lambda: noise(np.full((2, 1), np.nan), 0.5, [0, 0]), "shock"),
        (
            lambda: scatter(**{**series_world(0, 2, 1), "grid": (-4.5, 4.5), "total": np.full((2, 3), 9.0)}),
            "out of reach",
        ),
        (lambda: scatter(**{**series_world(0, 2, 1), "grid": (-4.5, 4.5), "total": np.ones((2, 2))}), "do not fit"),
    ],
)
def test_wrong_input_is_named(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
