"""The one place of numba compile options.

Kernels are compiled at first use and kept on disk for the next process. Where no cache can be written (a read-only
installation without a home directory), kernels are compiled in every process and one warning says so.

No fast-math: not-a-number and infinity carry meaning in bounds. Parallel loops only where asked for: a result must
not depend on the number of threads.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")

_warned = False


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on arrays in nopython mode, without the interpreter lock, with a disk cache where possible."""
    return _compiled(function, parallel=False)


def jit_parallel(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`jit`, with ``prange`` loops on all threads.

    For loops whose turns write to places of their own only: a sum across turns would depend on the number of threads.
    """
    return _compiled(function, parallel=True)


def _compiled(function: Callable[P, R], parallel: bool) -> Callable[P, R]:
    global _warned
    try:
        return numba.njit(cache=True, nogil=True, parallel=parallel)(function)
    except (RuntimeError, OSError) as error:  # numba: "cannot cache function ...: no locator available"
        if "cach" not in str(error) and not isinstance(error, OSError):
            raise
        if not _warned:
            _warned = True
            warnings.warn(
                "numba cannot write its cache, so kernels are compiled again in every process; "
                "set NUMBA_CACHE_DIR to a folder that can be written",
                RuntimeWarning,
                stacklevel=3,
            )
        return numba.njit(cache=False, nogil=True, parallel=parallel)(function)
