"""The headroom kernel against hand-made years and a slow oracle."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.headroom import headroom, seasonal_peaks


def curtailed_share(load, season, size):
    """Share of its energy that a flat load of ``size`` MW gives up; one region, written plainly."""
    given_up = 0.0
    for hour, value in enumerate(load):
        peak = max(v for v, s in zip(load, season, strict=True) if s == season[hour])
        given_up += max(0.0, value + size - peak)
    return given_up / (len(load) * size)


def by_bisection(load, season, share):
    low, high = 0.0, 1.0
    while curtailed_share(load, season, high) <= share:
        high *= 2
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle > 0 and curtailed_share(load, season, middle) <= share:
            low = middle
        else:
            high = middle
    return low


def test_one_peak_hour_by_hand():
    # 100 hours at 80 MW and one at 100. Above 20 MW every hour would be short; up to 20 MW only the peak hour is,
    # which gives up everything: 1 of 101 hours.
    load = np.full((1, 101), 80.0)
    load[0, 7] = 100.0
    season = np.zeros(101, int)
    # F MW: (F + 100 (F - 20)) / (101 F) = 0.05  ->  101 F - 2000 = 5.05 F
    assert headroom(load, season, 0.05)[0] == pytest.approx(2000 / 95.95, rel=1e-12)
    assert headroom(load, season, 1 / 101)[0] == pytest.approx(20.0, rel=1e-9)
    assert headroom(load, season, 0.009)[0] == 0.0, "0.9 % is less than the one peak hour in 101"


def test_each_season_has_its_own_peak():
    winter, summer = np.full(50, 60.0), np.full(50, 40.0)
    winter[3], summer[3] = 100.0, 45.0
    load = np.concatenate([winter, summer])[None]
    two = np.repeat([0, 1], 50)
    one = np.zeros(100, int)
    assert headroom(load, two, 0.03)[0] < headroom(load, one, 0.03)[0]
    # one season: 40 MW of room in 49 winter hours, then 55 and more in summer; 2 % allows the peak hour twice over
    assert headroom(load, one, 0.02)[0] == pytest.approx((49 * 40) / (50 - 2), rel=1e-12)


def test_a_year_of_real_size_and_shares_in_order():
    rng = np.random.default_rng(3)
    hours = np.arange(8760)
    load = 1000 + 200 * np.sin(hours * 2 * np.pi / 24) + 100 * np.cos(hours * 2 * np.pi / 8760)
    load = load + rng.normal(0, 40, (4, 8760))
    season = (hours // 2190).astype(int)
    room = np.array([headroom(load, season, share) for share in (0.0025, 0.005, 0.01)])
    assert (np.diff(room, axis=0) > 0).all()
    for region in range(4):
        peak = np.array([load[region, season == s].max() for s in range(4)])[season]
        given_up = np.clip(load[region] + room[1, region] - peak, 0, None).sum() / (8760 * room[1, region])
        assert given_up == pytest.approx(0.005, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    load=st.lists(st.integers(0, 50), min_size=4, max_size=30),
    seasons=st.integers(1, 3),
    share=st.sampled_from([0.05, 0.11, 0.3, 0.7]),
)
def test_agrees_with_bisection(load, seasons, share):
    season = [h * seasons // len(load) for h in range(len(load))]
    slow = by_bisection(load, season, share)
    fast = headroom(np.array([load], float), np.array(season), share)[0]
    assert fast == pytest.approx(slow, rel=1e-6, abs=1e-6)


def by_sorting(load, season, share):
    """One region: the exact size from running sums over all gaps in order, for years too long for bisection."""
    peak = np.array([load[season == s].max() if (season == s).any() else 0.0 for s in range(season.max() + 1)])
    gaps = np.sort(peak[season] - load)
    sums, short = np.cumsum(gaps), np.arange(1, len(gaps) + 1)
    given_up = gaps * short - sums  # when the load is as large as the gap
    fitting = np.flatnonzero(given_up <= share * len(gaps) * gaps)
    k = fitting.max() + 1 if len(fitting) else 0
    return sums[k - 1] / (k - share * len(gaps)) if k > share * len(gaps) else gaps[k - 1]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    hours=st.integers(1000, 3000),
    every=st.sampled_from([1, 13, 26]),
    beside=st.sampled_from([1e-9, 0.2, 0.97, 1.0, 1.2, 5.0, 1e9]),
    share=st.sampled_from([0.0005, 0.0025, 0.01, 0.2]),
)
def test_hours_that_say_nothing_about_the_others(seed, hours, every, beside, share):
    """The first size comes from every 13th hour. Gaps there may be far smaller or far larger than in all others."""
    rng = np.random.default_rng(seed)
    gaps = rng.gamma(rng.uniform(0.3, 5.0), 10.0, hours)
    gaps[::every] *= beside
    season = np.arange(hours) // (hours // 3)
    load = 1000.0 - gaps
    found = headroom(load[None], season, np.array([share, share / 2]))[0]
    expected = [by_sorting(load, season, s) for s in (share, share / 2)]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-13 * np.abs(load).max())


def test_loads_scale_and_regions_do_not_mix():
    rng = np.random.default_rng(0)
    load = rng.uniform(10, 20, (3, 500))
    season = np.arange(500) % 2
    together = headroom(load, season, 0.05)
    assert headroom(load[1:2], season, 0.05)[0] == together[1]
    np.testing.assert_allclose(headroom(7 * load, season, 0.05), 7 * together, rtol=1e-12)


def test_many_shares_and_years_at_once():
    rng = np.random.default_rng(1)
    load = rng.uniform(10, 20, (3, 2, 400))
    season = np.arange(400) % 3
    shares = np.array([[0.01, 0.2], [0.05, 0.0]])
    found = headroom(load, season, shares)
    assert found.shape == (3, 2, 2, 2)
    for year in range(3):
        for place in np.ndindex(2, 2):
            alone = headroom(load[year], season, shares[place])
            np.testing.assert_allclose(found[(year, slice(None), *place)], alone, rtol=1e-12)
    assert (found[..., 0, 0] <= found[..., 1, 0]).all(), "more may be given up, more fits"
    assert (found[..., 1, 0] <= found[..., 0, 1]).all()
    assert headroom(load[:, :0], season, shares).shape == (3, 0, 2, 2)
    assert headroom(load, season, np.empty(0)).shape == (3, 2, 0)


def test_the_same_bits_for_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(2)
    load = rng.normal(100, 10, (300, 96))
    season = np.arange(96) % 2
    many = headroom(load, season, [0.01, 0.1])
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert (headroom(load, season, [0.01, 0.1]) == many).all()
    finally:
        numba.set_num_threads(before)
    monkeypatch.setattr("kernels.headroom.MANY_ROWS", 10**9)
    assert (headroom(load, season, [0.01, 0.1]) == many).all()


@pytest.mark.parametrize(
    "load, season, share, words",
    [
        (np.ones((2, 5)), np.zeros(4, int), 0.1, "do not fit"),
        (np.ones(5), np.zeros(5, int), 0.1, "do not fit"),
        (np.array([[1.0, np.nan]]), np.zeros(2, int), 0.1, "region 0 in hour 1"),
        (np.ones((1, 2)), np.array([0, -1]), 0.1, "negative"),
        (np.ones((1, 2)), np.zeros(2, int), 1.0, "outside"),
        (np.ones((1, 2)), np.zeros(2, int), -0.1, "outside"),
    ],
)
def test_wrong_input_is_named(load, season, share, words):
    with pytest.raises(ValueError, match=words):
        headroom(load, season, share)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 3))
def test_seasonal_peaks_are_the_highest_loads(seed, hours, seasons):
    rng = np.random.default_rng(seed)
    load, season = rng.normal(size=(2, 3, hours)), rng.integers(0, seasons, hours)
    found = seasonal_peaks(load, season)
    for s in range(season.max() + 1):
        expected = load[..., season == s].max(axis=-1, initial=-np.inf)
        np.testing.assert_array_equal(found[..., s], expected)
    assert found.shape == (2, 3, season.max() + 1)
