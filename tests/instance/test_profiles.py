"""Load and capacity factors of a year, measured and synthetic."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.instance.hours import DAYS, HOURS, MONTH_DAYS, monthly_means, utc_to_local
from optimizer.instance.profiles import (
    Profiles,
    flat_profiles,
    hourly_profiles,
    join_profiles,
    month_hour_profiles,
    monthly_availability,
    stretch_load,
)
from optimizer.instance.synthetic import ScatterSettings, correlated_noise, distance_km

REGIONS = ("CN-A", "CN-B", "CN-C")
LAT = np.array([40.0, 40.5, 23.0])
LON = np.array([116.0, 117.0, 113.0])


def sun_table(peak: float = 0.6) -> np.ndarray:
    """A bell of daylight from 6 to 18 h, [3, 12, 24]."""
    bell = np.clip(np.sin(np.pi * (np.arange(24) - 5.5) / 12), 0.0, None)
    bell[(np.arange(24) < 6) | (np.arange(24) > 17)] = 0.0
    return np.broadcast_to(peak * bell, (3, 12, 24)).copy()


def china(scatter: ScatterSettings | None) -> Profiles:
    rng = np.random.default_rng(3)
    hour = np.arange(24)
    load = 1.0 + 0.2 * np.sin(np.pi * (hour - 6) / 12) + 0.1 * rng.random((3, 12, 1))
    wind = 0.2 + 0.15 * rng.random((3, 12))
    return month_hour_profiles(
        REGIONS, load, [100.0, 50.0, 80.0], np.array([0.6, 0.55, 0.7]) * [100.0, 50.0, 80.0] * HOURS,
        sun_table(), sun_table().mean(axis=2), {"onshore_wind": wind, "offshore_wind": wind}, LAT, LON, 8, scatter,
    )  # fmt: skip


@pytest.mark.parametrize("load_factor", [0.35, 0.6, 0.9, 0.9999])
def test_stretching_meets_peak_and_energy_and_stays_positive(load_factor: float) -> None:
    shape = 1.0 + 0.5 * np.random.default_rng(0).standard_normal((HOURS, 2)).clip(-2, 2)
    load = stretch_load(shape, [10.0, 20.0], np.array([10.0, 20.0]) * load_factor * HOURS, ("a", "b"))
    np.testing.assert_allclose(load.max(axis=0), [10.0, 20.0], rtol=1e-12)
    np.testing.assert_allclose(load.mean(axis=0), np.array([10.0, 20.0]) * load_factor, rtol=1e-10)
    assert load.min() >= 0.0
    awake = load[:, 0] > 0
    assert np.all(np.diff(load[awake, 0][np.argsort(shape[awake, 0], kind="stable")]) >= -1e-9)  # order of hours kept


def test_a_floor_holds_and_impossible_records_name_their_region() -> None:
    shape = np.tile(np.arange(24.0), DAYS)[:, None]
    load = stretch_load(shape, 100.0, 45.0 * HOURS, ("low",), floor_mw=30.0)
    assert load.min() == 30.0
    assert load.mean() == pytest.approx(45.0)
    with pytest.raises(ValueError, match=r"low \(peak 100 MW, mean 101 MW\)"):
        stretch_load(shape, 100.0, 101.0 * HOURS, ("low",))
    with pytest.raises(ValueError, match="no load shape"):
        stretch_load(np.ones(HOURS), 100.0, 50.0 * HOURS, ("flat",))


def test_measured_hours_pass_through_on_their_clock() -> None:
    rng = np.random.default_rng(2)
    wind = rng.random((HOURS, 2))
    profiles = hourly_profiles(
        ("a", "b"), rng.random((HOURS, 2)) + 1, [4.0, 5.0], [3e4, 4e4], {"onshore_wind": wind}, 3
    )
    np.testing.assert_array_equal(profiles.capacity_factor["onshore_wind"][10], wind[13])
    np.testing.assert_allclose(profiles.load_mw.sum(axis=0), [3e4, 4e4], rtol=1e-12)
    with pytest.raises(ValueError, match=r"not within 0\.\.1"):
        hourly_profiles(("a",), rng.random(HOURS), 1.0, 5e3, {"solar": np.full(HOURS, 1.2)})


def test_mean_days_without_scatter_are_the_table_in_utc() -> None:
    profiles = china(None)
    sun = utc_to_local(profiles.capacity_factor["solar"], 8)[:, 0].reshape(DAYS, 24)
    np.testing.assert_allclose(sun[40], sun_table()[0, 1], atol=1e-14)
    assert int(profiles.capacity_factor["solar"][:24, 0].argmax()) in (3, 4)  # noon in Beijing is 4 h UTC
    assert "mean day" in profiles.notes[0]


def test_scatter_keeps_published_months_and_the_record_of_load() -> None:
    plain, drawn = china(None), china(ScatterSettings(seed=5))
    for name, values in drawn.capacity_factor.items():
        np.testing.assert_allclose(monthly_means(values, 8), monthly_means(plain.capacity_factor[name], 8), rtol=1e-12)
        assert values.min() >= 0.0
        assert values.max() <= 1.0
    np.testing.assert_allclose(drawn.load_mw.max(axis=0), [100.0, 50.0, 80.0], rtol=1e-12)
    np.testing.assert_allclose(drawn.load_mw.sum(axis=0), plain.load_mw.sum(axis=0), rtol=1e-12)
    assert "seed 5" in drawn.notes[0]
    assert "synthetic" in drawn.notes[0]
    days = utc_to_local(drawn.load_mw, 8).reshape(DAYS, 24, 3).mean(axis=1)
    assert days[:31].std(axis=0).min() > 0.01 * days.mean()  # days of a month differ


def test_scatter_has_the_measured_size_memory_and_reach() -> None:
    wind = utc_to_local(china(ScatterSettings(seed=11)).capacity_factor["onshore_wind"], 8)
    month = np.repeat(monthly_means(wind).T, MONTH_DAYS * 24, axis=0)
    anomaly = wind / month - 1.0
    assert anomaly.std(axis=0) == pytest.approx([0.59] * 3, abs=0.05)
    after = {lag: np.corrcoef(anomaly[lag:, 0], anomaly[:-lag, 0])[0, 1] for lag in (6, 24)}
    assert after[6] == pytest.approx(0.71, abs=0.08)
    assert after[24] == pytest.approx(0.20, abs=0.12)
    near, far = np.corrcoef(anomaly.T)[0, 1:]
    assert near > 0.6
    assert abs(far) < 0.25
    clouds = utc_to_local(china(ScatterSettings(seed=11)).capacity_factor["solar"], 8).reshape(DAYS, 24, 3).sum(axis=1)
    assert (
        clouds[:31].std(axis=0).mean() / clouds[:31].mean()
        > clouds[181:212].std(axis=0).mean() / clouds[181:212].mean()
    )


def test_a_seed_is_a_weather() -> None:
    first, again, other = china(ScatterSettings(seed=1)), china(ScatterSettings(seed=1)), china(ScatterSettings(seed=2))
    for name in ("onshore_wind", "solar"):
        np.testing.assert_array_equal(first.capacity_factor[name], again.capacity_factor[name])
        assert np.abs(first.capacity_factor[name] - other.capacity_factor[name]).max() > 0.1
    np.testing.assert_array_equal(first.load_mw, again.load_mw)
    np.testing.assert_array_equal(  # one weather for both wind technologies of a region with one published factor
        first.capacity_factor["onshore_wind"], first.capacity_factor["offshore_wind"]
    )


def test_monthly_factors_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="solar: expected monthly factors"):
        month_hour_profiles(
            ("a",),
            np.ones((1, 12, 24)),
            1.0,
            HOURS,
            np.ones((1, 12, 24)),
            np.full((1, 12), 1.1),
            {},
            [0.0],
            [0.0],
            8,
            None,
        )


def test_noise_follows_distance_and_refuses_endless_memory() -> None:
    places = distance_km(np.array([0.0, 0.0]), np.array([0.0, 90.0]))
    assert places[0, 1] == pytest.approx(10_007.5, abs=1.0)
    steps = np.zeros(20_000, int)
    noise = correlated_noise(steps, np.array([[0.0, 100.0], [100.0, 0.0]]), 0.5, 200.0, (1, 1))
    assert np.corrcoef(noise)[0, 1] == pytest.approx(np.exp(-0.5), abs=0.03)
    with pytest.raises(ValueError, match="memory"):
        correlated_noise(steps[:10], places, 1.0, 100.0, (1, 1))


def test_countries_stand_side_by_side() -> None:
    world = join_profiles([china(ScatterSettings()), flat_profiles(("R-X",), 8760.0)])
    assert world.regions == (*REGIONS, "R-X")
    np.testing.assert_array_equal(world.load_mw[:, 3], 1.0)
    np.testing.assert_array_equal(world.capacity_factor["solar"][:, 3], 0.0)
    with pytest.raises(ValueError, match="R-X"):
        join_profiles([flat_profiles(("R-X",)), flat_profiles(("R-X",))])


def test_maintenance_leaves_the_peaks_alone_and_meets_its_share_of_the_year() -> None:
    both = monthly_availability([0.05, 0.1], [0.08, 0.0])
    assert both.shape == (12, 2)
    np.testing.assert_allclose(MONTH_DAYS @ both / DAYS, [0.87, 0.9], rtol=1e-12)
    monthly = monthly_availability(0.05, 0.08)
    assert monthly.shape == (12,)
    np.testing.assert_allclose(monthly[[0, 1, 5, 6, 7, 8, 11]], 0.95)
    assert monthly[3] == pytest.approx(0.95 - 0.08 * 365 / 153)
    with pytest.raises(ValueError, match="outage rates"):
        monthly_availability(0.1, 0.5)
