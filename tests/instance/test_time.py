"""Snapshots: weights, energy, the peak day and the clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.instance.hours import DAYS, HOURS, MONTH_DAYS, MONTH_OF_DAY
from optimizer.instance.time import Snapshots, TimeSettings, make_snapshots
from optimizer.instance.typical_days import WeatherGroup, feature_columns, seasons_of_days, segment_starts

RNG = np.random.default_rng(7)
HOUR = np.arange(HOURS)
SUN = np.clip(np.sin(np.pi * (HOUR % 24 - 6) / 12), 0, None)[:, None] * np.repeat(RNG.beta(4, 2, (DAYS, 3)), 24, axis=0)
LOAD = 100 + 20 * np.cos(2 * np.pi * HOUR / HOURS)[:, None] + 15 * np.sin(np.pi * (HOUR % 24 - 8) / 12)[:, None]
LOAD = LOAD + np.repeat(5 * RNG.standard_normal((DAYS, 3)), 24, axis=0)
WIND = np.clip(np.repeat(RNG.beta(1.5, 3, (DAYS, 3)), 24, axis=0) + 0.1 * RNG.standard_normal((HOURS, 3)), 0, 1)
GROUPS = [WeatherGroup("load", LOAD), WeatherGroup("wind", WIND), WeatherGroup("solar", SUN)]
NET = {
    "us": (LOAD - 40 * SUN - 20 * WIND).sum(axis=1),
    "china": LOAD[:, 0] + 30 * (HOUR // 24 == 20) * (HOUR % 24 == 12),
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("days")


@pytest.fixture(scope="module", params=[(1, 3, 0), (3, 4, 8), (4, 6, 0), (9, 8, 16), (5, 24, 0)], ids=str)
def shots(request: pytest.FixtureRequest, cache: Path) -> Snapshots:
    days, segments, start = request.param
    return make_snapshots(GROUPS, NET, TimeSettings(days, segments, day_start_hour=start), cache)


def test_weights_make_a_year_and_segments_make_days(shots: Snapshots) -> None:
    assert shots.weight_h.sum() == HOURS
    assert shots.labels == tuple(range(len(shots)))
    assert shots.count.sum() == DAYS
    for day in range(len(shots.date)):
        rows = np.flatnonzero(shots.day == day)
        assert np.array_equal(rows, np.arange(rows[0], rows[-1] + 1))
        assert shots.step_h[rows].sum() == 24
        ends = (shots.start_hour[rows] + shots.step_h[rows]) % 24
        np.testing.assert_array_equal(ends, np.roll(shots.start_hour[rows], -1))  # no gap, and the day closes on itself
        np.testing.assert_array_equal(shots.previous[rows], np.roll(rows, 1))
    np.testing.assert_allclose(shots.month_share.sum(axis=1), 1.0)
    np.testing.assert_allclose(shots.weight_h @ shots.month_share, MONTH_DAYS * 24.0)


def test_every_hour_has_the_snapshot_of_its_day_and_clock(shots: Snapshots) -> None:
    of_hour = shots.of_hour
    np.testing.assert_array_equal(np.bincount(of_hour, minlength=len(shots)), shots.weight_h)
    since = (HOUR - shots.start_hour[of_hour]) % 24
    assert (since < shots.step_h[of_hour]).all(), "the hour lies within the snapshot on the clock"
    for day in np.flatnonzero([bool(peak) for peak in shots.peak_of]):
        hours = shots.hours_of_days[shots.date[day]]
        np.testing.assert_array_equal(of_hour[hours], np.flatnonzero(shots.day == day))  # it shows itself
    assert make_snapshots(GROUPS, NET, TimeSettings(full_year=True)).of_hour.tolist() == list(range(HOURS))


@pytest.mark.parametrize("series", [LOAD, WIND, SUN], ids=["load", "wind", "sun"])
def test_every_series_keeps_its_energy_in_the_year_and_in_each_season(shots: Snapshots, series: np.ndarray) -> None:
    values = shots.aggregate(series)
    np.testing.assert_allclose(shots.weight_h @ values, series.sum(axis=0), rtol=1e-9)
    assert values.min() >= 0.0
    assert np.all(values.max(axis=0) <= series.max(axis=0))
    by_day = series[shots.hours_of_days].sum(axis=1)
    for season in np.unique(shots.season):
        rows = shots.season[shots.day] == season
        owed = by_day[shots.season[shots.shown_by] == season].sum(axis=0)
        np.testing.assert_allclose(shots.weight_h[rows] @ values[rows], owed, rtol=1e-9)


def test_the_peak_day_is_kept_hour_by_hour_as_it_was(shots: Snapshots) -> None:
    for country, net in NET.items():
        position = next(p for p, names in enumerate(shots.peak_of) if country in names)
        rows = np.flatnonzero(shots.day == position)
        assert shots.is_peak_day[rows].all()
        np.testing.assert_array_equal(shots.weight_h[rows], 1.0)
        hours = shots.hours_of_days[shots.date[position]]
        assert int(np.argmax(net)) in hours
        np.testing.assert_array_equal(shots.aggregate(LOAD)[rows], LOAD[hours])
        np.testing.assert_array_equal(shots.aggregate(WIND)[rows], WIND[hours])


def test_seasons_are_not_mixed(shots: Snapshots) -> None:
    seasons = seasons_of_days(sum(not names for names in shots.peak_of))
    for day in range(len(shots.date)):
        assert set(seasons[shots.shown_by == day]) == {shots.season[day]}


def test_daily_shapes_keep_their_mean_and_their_hour(shots: Snapshots) -> None:
    shape = np.column_stack([np.arange(24.0), np.sin(np.arange(24.0)) + 1])
    values = shots.diurnal(shape)
    np.testing.assert_allclose(shots.weight_h @ values / HOURS, shape.mean(axis=0), rtol=1e-12)
    hourly_rows = shots.step_h == 1
    np.testing.assert_allclose(values[hourly_rows, 0], shots.start_hour[hourly_rows], rtol=1e-12)
    np.testing.assert_allclose(shots.membership.sum(axis=1), 1.0)


def test_monthly_values_keep_their_year(shots: Snapshots) -> None:
    table = RNG.random((12, 2))
    expected = (table * MONTH_DAYS[:, None] * 24).sum(axis=0)
    np.testing.assert_allclose(shots.weight_h @ shots.monthly(table), expected, rtol=1e-12)


def test_a_foreign_peak_day_is_the_mean_day_of_its_month(shots: Snapshots) -> None:
    position = next(p for p, names in enumerate(shots.peak_of) if names == ("china",))
    rows = shots.day == position
    values = shots.aggregate(WIND, country="us")
    days = WIND[shots.hours_of_days]
    month = MONTH_OF_DAY[shots.date[position]] == MONTH_OF_DAY
    np.testing.assert_allclose(values[rows], days[month].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(shots.weight_h @ values, WIND.sum(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(shots.aggregate(WIND, country="china")[rows], shots.aggregate(WIND)[rows])


def test_choice_is_the_same_with_and_without_the_kept_answer(cache: Path, tmp_path: Path) -> None:
    settings = TimeSettings(days=4, segments=6)
    fresh = make_snapshots(GROUPS, NET, settings)
    first = make_snapshots(GROUPS, NET, settings, tmp_path)
    (kept,) = tmp_path.iterdir()
    again = make_snapshots(GROUPS, NET, settings, tmp_path)
    kept.write_bytes(b"not an archive")
    mended = make_snapshots(GROUPS, NET, settings, tmp_path)
    for other in (first, again, mended):
        np.testing.assert_array_equal(fresh.date, other.date)
        np.testing.assert_array_equal(fresh.shown_by, other.shown_by)
        np.testing.assert_array_equal(fresh.aggregate(WIND), other.aggregate(WIND))
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    np.testing.assert_array_equal(make_snapshots(GROUPS, NET, settings, blocked / "x").date, fresh.date)


def test_two_countries_may_share_a_peak_day() -> None:
    shots = make_snapshots(GROUPS, {"a": NET["china"], "b": NET["china"]}, TimeSettings(days=1, segments=2))
    assert len(shots) == 24 + 2
    assert ("a", "b") in shots.peak_of
    assert "01-21 (peak of a and b)" in shots.describe()
    assert "364 days" in shots.describe()


def test_without_a_peak_day_there_are_only_typical_days() -> None:
    shots = make_snapshots(GROUPS, NET, TimeSettings(days=2, segments=5, peak_day=False))
    assert len(shots) == 10
    assert not shots.is_peak_day.any()


def test_the_full_year_is_every_hour_in_one_block() -> None:
    shots = make_snapshots([], {}, TimeSettings(full_year=True))
    assert len(shots) == HOURS
    np.testing.assert_array_equal(shots.weight_h, 1.0)
    assert shots.previous[0] == HOURS - 1
    np.testing.assert_array_equal(shots.previous[1:], np.arange(HOURS - 1))
    np.testing.assert_array_equal(shots.aggregate(WIND), WIND)
    np.testing.assert_array_equal(shots.monthly(np.arange(12.0)), np.repeat(np.arange(12.0), MONTH_DAYS * 24))
    np.testing.assert_array_equal(shots.diurnal(np.arange(24.0)), HOUR % 24)
    assert shots.describe() == "full year, 8,760 hours"


def test_settings_out_of_range_and_negative_series_are_refused() -> None:
    with pytest.raises(ValueError, match="365 typical days"):
        make_snapshots(GROUPS, NET, TimeSettings(days=365))
    with pytest.raises(ValueError, match="1 to 24 segments"):
        make_snapshots(GROUPS, NET, TimeSettings(days=4, segments=25))
    with pytest.raises(ValueError, match="negative"):
        make_snapshots([], {}, TimeSettings(full_year=True)).aggregate(-LOAD)


def test_where_nothing_varies_any_day_will_do() -> None:
    """Regions that buy at a tariff have neither weather nor a load of their own, and still a year."""
    steady = make_snapshots([replace(GROUPS[0], weight=0.0)], {}, TimeSettings())
    assert steady.weight_h.sum() == HOURS
    assert len(steady) == 4 * 6
    np.testing.assert_allclose(steady.aggregate(np.ones((HOURS, 1))), 1.0)


def test_segments_follow_the_series() -> None:
    steps = np.repeat([0.0, 5.0, 1.0, 9.0], [7, 3, 8, 6])[:, None]
    np.testing.assert_array_equal(segment_starts(steps, 4), [0, 7, 10, 18])
    np.testing.assert_array_equal(segment_starts(steps, 1), [0])
    np.testing.assert_array_equal(segment_starts(RNG.random((24, 2)), 24), np.arange(24))


def test_segments_have_the_least_error_of_all_cuts() -> None:
    day = RNG.random((24, 3))

    def error(starts: np.ndarray) -> float:
        return sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in np.split(day, starts[1:]))

    best = min(error(np.array([0, a, b])) for a in range(1, 23) for b in range(a + 1, 24))
    assert error(segment_starts(day, 3)) == pytest.approx(best, rel=1e-12)


def test_features_carry_the_weight_of_their_group() -> None:
    columns = feature_columns([WeatherGroup("a", LOAD, np.array([1.0, 0.0, 3.0]), 2.0), WeatherGroup("b", SUN[:, :1])])
    assert columns.shape == (HOURS, 3)
    spans = np.ptp(columns, axis=0) ** 2
    np.testing.assert_allclose(spans, [2 / 3 * 0.25, 2 / 3 * 0.75, 1 / 3], rtol=1e-12)
