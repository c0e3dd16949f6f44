"""exp, log and fused multiply-add from basic arithmetic alone: the same bits on every machine.

The mathematics libraries of platforms differ in the last bit, and a sample that depends on them differs too. Errors
here stay below 2 units in the last place (tested against NumPy). Arguments are finite; ``log`` wants x > 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from kernels._jit import jit_dividing, jit_inside

_LN2_HIGH = 6.93147180369123816490e-01  # 33 bits, so that k x _LN2_HIGH is exact
_LN2_LOW = 1.90821492927058770002e-10
_INVERSE_LN2 = 1.44269504088896338700
_SQRT_HALF = 0.70710678118654752440


def fma(a: float, b: float, c: float) -> float:
    """a b + c, in compiled code rounded once: one instruction, and the same bits wherever it runs."""
    return a * b + c


@intrinsic
def _fused(typing_context: Any, a: Any, b: Any, c: Any) -> tuple[Any, Callable[..., Any]]:
    """LLVM's fused multiply-add."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@overload(fma, strict=False)  # strict: annotations, which a lambda has not, would have to be the same
def _compiled_fma(a: Any, b: Any, c: Any) -> Callable[..., Any]:
    return lambda a, b, c: _fused(a, b, c)


@jit_dividing
def _atanh_series(s: float) -> float:
    """2 artanh(s) for |s| <= 0.172, by its power series."""
    q = s * s
    tail = 1.0 / 21.0
    tail = 1.0 / 19.0 + q * tail
    tail = 1.0 / 17.0 + q * tail
    tail = 1.0 / 15.0 + q * tail
    tail = 1.0 / 13.0 + q * tail
    tail = 1.0 / 11.0 + q * tail
    tail = 1.0 / 9.0 + q * tail
    tail = 1.0 / 7.0 + q * tail
    tail = 1.0 / 5.0 + q * tail
    tail = 1.0 / 3.0 + q * tail
    return 2.0 * s + 2.0 * s * (q * tail)


@jit_dividing
def log(x: float) -> float:
    """Natural logarithm of x > 0."""
    m, e = math.frexp(x)
    if m < _SQRT_HALF:
        m *= 2.0
        e -= 1
    return e * _LN2_HIGH + (_atanh_series((m - 1.0) / (m + 1.0)) + e * _LN2_LOW)


@jit_dividing
def log1p(x: float) -> float:
    """log(1 + x) for x >= 0."""
    return _atanh_series(x / (2.0 + x)) if x < 0.4 else log(1.0 + x)


@jit_dividing
def _exp_less_one(r: float) -> float:
    """exp(r) - 1 for |r| <= 0.35, by its power series."""
    tail = 1.0 / 6227020800.0
    tail = 1.0 / 479001600.0 + r * tail
    tail = 1.0 / 39916800.0 + r * tail
    tail = 1.0 / 3628800.0 + r * tail
    tail = 1.0 / 362880.0 + r * tail
    tail = 1.0 / 40320.0 + r * tail
    tail = 1.0 / 5040.0 + r * tail
    tail = 1.0 / 720.0 + r * tail
    tail = 1.0 / 120.0 + r * tail
    tail = 1.0 / 24.0 + r * tail
    tail = 1.0 / 6.0 + r * tail
    tail = 0.5 + r * tail
    return r + r * (r * tail)


@jit_dividing
def exp(x: float) -> float:
    """e to the power of x."""
    if x < -745.0:
        return 0.0
    if x > 709.0:
        return math.inf
    k = math.floor(x * _INVERSE_LN2 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    return math.ldexp(1.0 + _exp_less_one(r), int(k))


@jit_dividing
def expm1_falling(x: float) -> float:
    """exp(x) - 1 for x <= 0, without cancellation near 0 and without a branch, so that loops over it are vectorised."""
    x = max(x, -700.0)
    k = np.floor(x * _INVERSE_LN2 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    scale = np.int64((np.int64(k) + 1023) << 52).view(np.float64)  # 2^k by its bits
    return scale * _exp_less_one(r) + (scale - 1.0)


def polynomial(coefficients: tuple[float, ...]) -> Callable[[float], float]:
    """Compiled code for the sum of c[i] x^i, without a loop; an odd number of coefficients, three or more.

    Even and odd powers are summed apart: two short chains of operations, each waiting for its last, run side by side.
    """
    top = len(coefficients) - 1

    @jit_inside
    def sum_(x: float) -> float:
        square = x * x
        even, odd = coefficients[top], coefficients[top - 1]
        for k in range(top - 2, 0, -2):
            even = fma(even, square, coefficients[k])
            odd = fma(odd, square, coefficients[k - 1])
        return fma(odd, x, fma(even, square, coefficients[0]))

    return sum_


_exp_sum = polynomial(tuple(1.0 / math.factorial(k) for k in range(13)))


@jit_inside
def exp_falling(x: float) -> float:
    """e to the power of x for -700 <= x <= 0, without a branch, so that loops over it are vectorised."""
    k = np.floor(x * _INVERSE_LN2 + 0.5)
    r = fma(k, -_LN2_LOW, fma(k, -_LN2_HIGH, x))
    scale = np.int64((np.int64(k) + 1023) << 52).view(np.float64)  # 2^k by its bits
    return scale * _exp_sum(r)
