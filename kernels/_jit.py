"""The one place of numba compile options.

Kernels are compiled at first use and kept on disk for the next process. Where no cache can be written (a read-only
installation without a home directory), kernels are compiled in every process and one warning says so.

No fast-math: not-a-number and infinity carry meaning in bounds, and no multiply-add is contracted, so that the same
source gives the same bits on every machine. No parallel loops by default: a result must not depend on the number of
threads. ``jit_parallel`` is for loops whose turns share nothing: every turn writes its own part of the output, and
nothing is summed across turns.

numba keys a kernel's cache by its own file. A compiled function that kernels in other files call from compiled code
(``kernels.elementary``) must not change without a change in those files.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")

_warned = False


_parallel = threading.Lock()


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on arrays in nopython mode, without the interpreter lock, with a disk cache where possible."""
    return _compile(function)


def jit_dividing(function: Callable[P, R]) -> Callable[P, R]:
    """Like ``jit``, with x / 0 inf or nan as in NumPy and no exception, so that dividing loops can be vectorised."""
    return _compile(function, error_model="numpy")


def jit_inside(function: Callable[P, R]) -> Callable[P, R]:
    """Like ``jit_dividing``, written into its callers however long it is, so that loops over it become vectors."""
    return _compile(function, error_model="numpy", forceinline=True)


def jit_parallel(function: Callable[P, R]) -> Callable[P, R]:
    """Like ``jit_dividing``, with ``numba.prange`` over turns that share nothing.

    One call at a time: numba's plainest threading layer aborts the process when two threads start parallel loops.
    """
    compiled = _compile(function, error_model="numpy", parallel=True)

    @functools.wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with _parallel:
            return compiled(*args, **kwargs)

    return alone


def _compile(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    global _warned
    try:
        return numba.njit(cache=True, nogil=True, **options)(function)
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
        return numba.njit(cache=False, nogil=True, **options)(function)
