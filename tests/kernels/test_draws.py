"""Counter-based samples: published vectors, NumPy's own arithmetic, moments, and any order of drawing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from kernels import draws
from kernels.draws import Draw, fill, fixed, lognormal, triangular, uniform

MASK = np.uint64(0xFFFFFFFF)
KINDS = [fixed(3.0), uniform(-1.0, 2.0), triangular(1.0, 1.5, 4.0), lognormal(10.0, 0.5)]


def philox(counter, key):
    """Philox4x32-10 as its authors write it down; each word a NumPy array or number of 64 bits."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> np.uint64(32)) ^ c[1] ^ k[0], b & MASK, (a >> np.uint64(32)) ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + np.uint64(0x9E3779B9)) & MASK, (k[1] + np.uint64(0xBB67AE85)) & MASK]
    return c


def uniforms(seed, stream, samples):
    """(i + 1/2) / 2^52 with the upper 52 of the first 64 random bits of each sample."""
    sample = np.asarray(samples, np.uint64)
    counter = [sample & MASK, sample >> np.uint64(32), np.full_like(sample, stream), np.zeros_like(sample)]
    key = [np.full_like(sample, seed & 0xFFFFFFFF), np.full_like(sample, seed >> 32)]
    low, high, _, _ = philox(counter, key)
    return (((high << np.uint64(32) | low) >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52


def quantiles(draw, p):
    a, b, c = draw[1:]
    if draw.kind == draws.FIXED:
        return np.full_like(p, a)
    if draw.kind == draws.UNIFORM:
        return a + (b - a) * p
    if draw.kind == draws.TRIANGULAR:
        rising = a + np.sqrt(p * (c - a) * (b - a))
        return np.where(p * (c - a) < b - a, rising, c - np.sqrt((1 - p) * (c - a) * (c - b)))
    return a * np.exp(b * ndtri(p))


def drawn(some, streams, seed, first, samples, count):
    out = np.full((len(some), count), np.nan)
    fill(some, streams, seed, first, samples, out)
    return out


@pytest.mark.parametrize(
    "counter, key, words",
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_published_vectors(counter, key, words):
    given = [np.uint64(int(word, 16)) for word in (counter + " " + key).split()]
    expected = [int(word, 16) for word in words.split()]
    assert [int(word) for word in draws._philox(*given)] == expected
    assert [int(word) for word in philox(given[:4], given[4:])] == expected


@given(
    seed=st.integers(0, 2**64 - 1),
    stream=st.integers(0, 2**32 - 1),
    first=st.integers(0, 2**40),
    count=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_the_same_numbers_as_numpy(seed, stream, first, count):
    p = uniforms(seed, stream, first + np.arange(count))
    found = drawn([*KINDS, uniform(0.0, 1.0)], [stream] * 5, seed, first, 2**50, count)
    assert (found[4] == p).all(), "bit for bit"
    assert (p > 0.0).all()
    assert (p < 1.0).all()
    for row, draw in zip(found, KINDS, strict=False):
        np.testing.assert_allclose(row, quantiles(draw, p), rtol=1e-13, atol=1e-15)


def test_the_normal_from_end_to_end():
    p = np.concatenate([np.geomspace(2.0**-53, 0.5, 2000), 1.0 - np.geomspace(2.0**-53, 0.5, 2000)])
    found = np.array([draws._normal(v) for v in p])
    np.testing.assert_allclose(found, ndtri(p), rtol=2e-14, atol=1e-15)
    assert np.abs(found).max() < draws.WIDEST
    assert (np.diff(found[:2000]) > 0).all()


def test_moments():
    n = 200_000
    rows = drawn(KINDS, range(4), 7, 0, n, n)
    expected = [
        (3.0, 0.0),
        (0.5, 3 / math.sqrt(12)),
        (6.5 / 3, math.sqrt((1 + 2.25 + 16 - 1.5 - 4 - 6) / 18)),
        (10 * math.exp(0.125), 10 * math.exp(0.125) * math.sqrt(math.expm1(0.25))),
    ]
    for row, (mean, deviation) in zip(rows, expected, strict=True):
        assert row.mean() == pytest.approx(mean, abs=5 * deviation / math.sqrt(n) + 1e-12)
        assert row.std() == pytest.approx(deviation, rel=0.02, abs=1e-12)
    assert np.abs(np.corrcoef(rows[1:]) - np.eye(3)).max() < 5 / math.sqrt(n), "streams are independent"


def test_parts_in_any_order_make_the_whole():
    whole = drawn(KINDS, range(4), 1, 0, 700, 700)
    for first, count in ((300, 400), (0, 1), (1, 299), (699, 1)):
        assert (drawn(KINDS, range(4), 1, first, 700, count) == whole[:, first : first + count]).all()


def test_padding_repeats_the_first_sample_and_streams_tie():
    found = drawn([KINDS[3]] * 2, [5, 5], 1, 0, 2, 4)
    assert (found[0] == found[1]).all()
    assert (found[:, 2:] == found[:, :1]).all()
    assert found[0, 1] != found[0, 0]


def test_reach_holds_all_draws():
    rows = drawn(KINDS, range(4), 3, 0, 5000, 5000)
    for row, draw in zip(rows, KINDS, strict=True):
        low, high = draw.reach
        assert low <= row.min()
        assert row.max() <= high


@pytest.mark.parametrize(
    "make", [lambda: uniform(2, 1), lambda: triangular(0, 3, 2), lambda: lognormal(0, 1), lambda: uniform(0, math.inf)]
)
def test_parameters_out_of_order_are_refused(make):
    with pytest.raises(ValueError, match="out of order"):
        make()


@pytest.mark.parametrize("make", [lambda: fixed(math.nan), lambda: lognormal(1, math.nan)])
def test_parameters_that_are_no_numbers_are_refused(make):
    with pytest.raises(ValueError, match="not a number"):
        make()


@pytest.mark.parametrize("streams, seed, first", [([0, 1], 0, 0), ([0], -1, 0), ([0], 0, -1), ([2**32], 0, 0)])
def test_misfits_are_refused(streams, seed, first):
    with pytest.raises(ValueError, match=r"out of range|rows"):
        fill([Draw(0, 1.0)], streams, seed, first, 1, np.empty((1, 1)))
