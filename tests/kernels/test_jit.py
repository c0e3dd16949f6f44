"""One place of compile options: the cache where it can be written, a warning once where it cannot."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core import caching

import kernels._jit as place

ROOT = Path(__file__).resolve().parents[2]


def doubled(values: np.ndarray) -> np.ndarray:
    return values * 2.0


def test_kernels_are_compiled_and_cached() -> None:
    kernel = place.jit(doubled)
    assert kernel(np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    if not numba.config.DISABLE_JIT:
        assert kernel.stats.cache_path  # type: ignore[attr-defined]


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is cached without compiling")
def test_without_a_place_for_the_cache_kernels_still_run_and_one_warning_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    monkeypatch.setattr(place, "_warned", False)
    with pytest.warns(RuntimeWarning, match="NUMBA_CACHE_DIR"):
        kernel = place.jit_parallel(doubled)
    assert kernel(np.ones(2)).tolist() == [2.0, 2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert place.jit(doubled)(np.ones(2)).tolist() == [2.0, 2.0]


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is cached without compiling")
def test_a_second_process_loads_kernels_instead_of_compiling_them(tmp_path: Path) -> None:
    program = (
        "import numpy as np; from kernels import csr; "
        "csr.any_idle(np.zeros(1, np.int64), np.zeros(0), np.zeros(0)); "
        "s = csr._any_idle.stats; print(sum(s.cache_hits.values()), sum(s.cache_misses.values()))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"NUMBA_CACHE_DIR": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert runs == [["0", "1"], ["1", "0"]]
