"""exp and log from arithmetic alone, against NumPy."""

import math

import numba
import numpy as np
import pytest

from kernels import elementary

EPS = np.finfo(float).eps


def worst(found, expected):
    return float(np.max(np.abs(np.array(found) / expected - 1.0)))


def test_exp():
    x = np.concatenate([np.linspace(-700.0, 700.0, 5001), np.linspace(-1.0, 1.0, 1001)])
    assert worst([elementary.exp(v) for v in x], np.exp(x)) <= 2 * EPS
    assert elementary.exp(0.0) == 1.0
    assert (elementary.exp(-800.0), elementary.exp(710.0)) == (0.0, math.inf)


def test_log_from_the_smallest_to_the_largest():
    x = np.concatenate([np.geomspace(5e-324, 1.7e308, 5000), 1.0 + np.linspace(-0.4, 0.7, 1000)])
    assert worst([elementary.log(v) for v in x], np.log(x)) <= 2 * EPS


def test_log1p_keeps_small_numbers():
    x = np.geomspace(1e-300, 1e15, 5000)
    assert worst([elementary.log1p(v) for v in x], np.log1p(x)) <= 2 * EPS
    assert elementary.log1p(0.0) == 0.0


def test_falling_exponential_keeps_small_numbers_and_ends_at_minus_one():
    x = -np.geomspace(1e-300, 690.0, 5000)
    assert worst([elementary.expm1_falling(v) for v in x], np.expm1(x)) <= 2 * EPS
    assert (elementary.expm1_falling(0.0), elementary.expm1_falling(-1e18)) == (0.0, -1.0)


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="only compiled code rounds once")
def test_fused_multiply_add_rounds_once():
    x = 1.0 + 2.0**-30
    assert numba.njit(lambda a, b, c: elementary.fma(a, b, c))(x, x, -1.0 - 2.0**-29) == 2.0**-60
    assert elementary.fma(2.0, 3.0, 4.0) == 10.0


def test_falling_exponential_without_a_branch():
    x = -np.concatenate([[0.0], np.geomspace(1e-300, 700.0, 5000), np.linspace(0.0, 3.0, 1001)])
    assert worst([elementary.exp_falling(v) for v in x], np.exp(x)) <= 2 * EPS
    assert elementary.exp_falling(0.0) == 1.0


@pytest.mark.parametrize("count", [3, 5, 8 + 1])
def test_polynomials_are_numpys(count):
    coefficients = np.random.default_rng(count).normal(size=count)
    ours = elementary.polynomial(tuple(coefficients.tolist()))
    for x in (0.0, -1.7, 0.3, 12.0):
        assert ours(x) == pytest.approx(np.polynomial.polynomial.polyval(x, coefficients), rel=1e-13, abs=1e-14)
