"""Samples of uncertain inputs that depend on nothing but (seed, stream, number of the sample).

Counter-based: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A block of random bits
is a function of its counter, so any part of a sample can be drawn by any thread, in any order and more than once. Two
inputs of one stream rise and fall together; inputs of different streams are independent.

Every distribution is the inverse of its cumulative distribution at a uniform number of 52 bits strictly between 0 and
1. The normal is Wichura's AS 241 (1988). All of it is additions, multiplications, divisions and square roots, so it
gives the same bits on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit_dividing, jit_parallel
from kernels.elementary import exp, log

Floats = NDArray[np.float64]

FIXED, UNIFORM, TRIANGULAR, LOGNORMAL = range(4)
BLOCK = 256  # samples that one turn of the parallel loop draws
WIDEST = 8.3  # standard deviations: no normal number of 52 bits lies further out


class Draw(NamedTuple):
    """A distribution: its kind and up to three parameters. Made by the functions below."""

    kind: int
    first: float
    second: float = 0.0
    third: float = 0.0

    @property
    def reach(self) -> tuple[float, float]:
        """The smallest and largest value that can be drawn, to rounding."""
        if self.kind == FIXED:
            return self.first, self.first
        if self.kind == UNIFORM:
            return self.first, self.second
        if self.kind == TRIANGULAR:
            return self.first, self.third
        return self.first * exp(-WIDEST * self.second), self.first * exp(WIDEST * self.second)


def fixed(value: float) -> Draw:
    """One value."""
    return _checked(Draw(FIXED, value), True)


def uniform(low: float, high: float) -> Draw:
    """Equally likely between ``low`` and ``high``."""
    return _checked(Draw(UNIFORM, low, high), low <= high)


def triangular(low: float, mode: float, high: float) -> Draw:
    """Density rising from ``low`` to ``mode`` and falling to ``high``."""
    return _checked(Draw(TRIANGULAR, low, mode, high), low <= mode <= high)


def lognormal(median: float, sigma: float) -> Draw:
    """``median`` x exp(``sigma`` x standard normal)."""
    return _checked(Draw(LOGNORMAL, median, sigma), median > 0.0 and sigma >= 0.0)


def _checked(draw: Draw, in_order: bool) -> Draw:
    if any(math.isnan(parameter) for parameter in draw[1:]):
        raise ValueError(f"a parameter is not a number: {draw}")
    if not in_order or any(math.isinf(parameter) for parameter in draw[1:]):
        raise ValueError(f"parameters are infinite or out of order: {draw}")
    return draw


def fill(draws: Sequence[Draw], streams: Sequence[int], seed: int, first: int, samples: int, out: Floats) -> None:
    """Draw samples ``first``, ``first`` + 1, ... of some inputs.

    About 60 integer operations a number, and about 60 more floating-point ones for a lognormal; 8 bytes are written.

    Args:
        draws, streams: distribution and stream (0 .. 2^32 - 1) of each input.
        seed: 0 .. 2^64 - 1.
        first: number of the first sample, from 0.
        samples: numbers from here on are drawn as sample 0: padding that a caller can take out again.
        out: (input, sample), filled.

    Raises:
        ValueError: when lengths differ or a number is out of range.
    """
    if not len(draws) == len(streams) == len(out):
        raise ValueError(f"{len(draws)} distributions, {len(streams)} streams, {len(out)} rows")
    if not 0 <= seed < 2**64 or first < 0 or any(not 0 <= stream < 2**32 for stream in streams):
        raise ValueError("seed, stream or sample number out of range")
    kinds = np.array([draw.kind for draw in draws], np.int64)
    parameters = np.array([draw[1:] for draw in draws], np.float64).reshape(len(draws), 3)
    _fill(kinds, parameters, np.array(streams, np.uint64), np.uint64(seed), first, samples, out)


_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_TWELVE = np.uint64(12)
_STEP = 2.0**-52


@jit_dividing
def _philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Philox4x32-10: four words of 32 bits from a counter of four and a key of two, all held in 64 bits."""
    for _ in range(10):
        a, b = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (b >> _HALF) ^ c1 ^ k0, b & _LOW, (a >> _HALF) ^ c3 ^ k1, a & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@jit_dividing
def _uniform(seed: np.uint64, stream: np.uint64, sample: np.uint64) -> float:
    """(i + 1/2) / 2^52 with i of 52 random bits."""
    zero = np.uint64(0)
    w0, w1, _, _ = _philox(sample & _LOW, sample >> _HALF, stream, zero, seed & _LOW, seed >> _HALF)
    return (np.float64(((w1 << _HALF) | w0) >> _TWELVE) + 0.5) * _STEP


@jit_dividing
def _normal(p: float) -> float:
    """The standard normal number below which lies the share p, 0 < p < 1 (AS 241, PPND16; relative error 1e-16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = 2.5090809287301226727e3
        above = above * r + 3.3430575583588128105e4
        above = above * r + 6.7265770927008700853e4
        above = above * r + 4.5921953931549871457e4
        above = above * r + 1.3731693765509461125e4
        above = above * r + 1.9715909503065514427e3
        above = above * r + 1.3314166789178437745e2
        above = above * r + 3.3871328727963666080e0
        below = 5.2264952788528545610e3
        below = below * r + 2.8729085735721942674e4
        below = below * r + 3.9307895800092710610e4
        below = below * r + 2.1213794301586595867e4
        below = below * r + 5.3941960214247511077e3
        below = below * r + 6.8718700749205790830e2
        below = below * r + 4.2313330701600911252e1
        below = below * r + 1.0
        return q * above / below
    r = math.sqrt(-log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        above = 7.74545014278341407640e-4
        above = above * r + 2.27238449892691845833e-2
        above = above * r + 2.41780725177450611770e-1
        above = above * r + 1.27045825245236838258e0
        above = above * r + 3.64784832476320460504e0
        above = above * r + 5.76949722146069140550e0
        above = above * r + 4.63033784615654529590e0
        above = above * r + 1.42343711074968357734e0
        below = 1.05075007164441684324e-9
        below = below * r + 5.47593808499534494600e-4
        below = below * r + 1.51986665636164571966e-2
        below = below * r + 1.48103976427480074590e-1
        below = below * r + 6.89767334985100004550e-1
        below = below * r + 1.67638483018380384940e0
        below = below * r + 2.05319162663775882187e0
        below = below * r + 1.0
    else:
        r -= 5.0
        above = 2.01033439929228813265e-7
        above = above * r + 2.71155556874348757815e-5
        above = above * r + 1.24266094738807843860e-3
        above = above * r + 2.65321895265761230930e-2
        above = above * r + 2.96560571828504891230e-1
        above = above * r + 1.78482653991729133580e0
        above = above * r + 5.46378491116411436990e0
        above = above * r + 6.65790464350110377720e0
        below = 2.04426310338993978564e-15
        below = below * r + 1.42151175831644588870e-7
        below = below * r + 1.84631831751005468180e-5
        below = below * r + 7.86869131145613259100e-4
        below = below * r + 1.48753612908506148525e-2
        below = below * r + 1.36929880922735805310e-1
        below = below * r + 5.99832206555887937690e-1
        below = below * r + 1.0
    return above / below if q > 0.0 else -above / below


@jit_dividing
def standard_uniform(seed: np.uint64, stream: np.uint64, sample: np.uint64) -> float:
    """A uniform number strictly between 0 and 1, for compiled code of other kernels."""
    return _uniform(seed, stream, sample)


@jit_dividing
def standard_normal(seed: np.uint64, stream: np.uint64, sample: np.uint64) -> float:
    """A standard normal number, for compiled code of other kernels."""
    return _normal(_uniform(seed, stream, sample))


@jit_dividing
def _quantile(kind: int, first: float, second: float, third: float, p: float) -> float:
    """The value below which lies the share p."""
    if kind == UNIFORM:
        return first + (second - first) * p
    if kind == TRIANGULAR:
        width = third - first
        if p * width < second - first:
            return first + math.sqrt(p * width * (second - first))
        return third - math.sqrt((1.0 - p) * width * (third - second))
    return first * exp(second * _normal(p))


@jit_parallel
def _fill(
    kinds: NDArray[np.int64],
    parameters: Floats,
    streams: NDArray[np.uint64],
    seed: np.uint64,
    first: int,
    samples: int,
    out: Floats,
) -> None:
    blocks = (out.shape[1] + BLOCK - 1) // BLOCK
    for turn in numba.prange(kinds.size * blocks):
        m, start = turn // blocks, turn % blocks * BLOCK
        kind, stream = kinds[m], streams[m]
        a, b, c = parameters[m, 0], parameters[m, 1], parameters[m, 2]
        for k in range(start, min(start + BLOCK, out.shape[1])):
            if kind == FIXED:
                out[m, k] = a
            else:
                sample = first + k if first + k < samples else 0
                out[m, k] = _quantile(kind, a, b, c, _uniform(seed, stream, np.uint64(sample)))
