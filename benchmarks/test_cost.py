"""The cheapest option of every market, workload and hour, timed by pytest-benchmark: `pytest benchmarks/test_cost.py`.

Four roads: the kernel; the same algorithm in plain C (`benchmarks/c/cost.c`, skipped without a compiler); NumPy, which
makes the table of all cells first, and NumPy in the kernel's two steps, which does not. Sizes double; the table of a
whole year would not fit in memory. The mean and the median of the kernel stand beside NumPy's over the same table. All
on one thread: NumPy has no more, and two pools of threads in one process slow each other down.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numba
import numpy as np
import pytest

from kernels.cost import BLOCK, Options, cheapest, mean, quantiles

HOURS = (16, 32, 64, 128)
WORKLOADS, MARKETS, HOSTS, CHIPS = 5, 30, 86, 29  # as the world scenario
YEAR = 8760


@cache
def make(hours: int) -> Options:
    """Costs in the range of the world scenario; three arcs in ten and two chips in ten are forbidden."""
    rng = np.random.default_rng(0)
    arcs = (WORKLOADS, MARKETS, HOSTS)
    return Options(
        capital=rng.uniform(0.5, 4.0, (HOSTS, CHIPS)),
        it_kw=rng.uniform(0.3, 2.0, CHIPS),
        tokens=rng.uniform(0.5, 10.0, (WORKLOADS, CHIPS)),
        price=rng.uniform(0.02, 0.15, (HOSTS, hours)),
        network=np.where(rng.random(arcs) < 0.3, np.inf, rng.uniform(0.0, 0.05, arcs)),
        allowed=rng.random((HOSTS, CHIPS)) < 0.8,
    )


def table(o: Options) -> np.ndarray:
    """All cells, (workload, market, host x chip, hour)."""
    made = o.fixed[..., None] + o.energy[:, None, :, None] * o.price[None, :, None, :]
    return (made[:, None] + o.network[..., None, None]).reshape(WORKLOADS, MARKETS, HOSTS * CHIPS, -1)


def by_table(o: Options) -> tuple[np.ndarray, np.ndarray]:
    full = table(o)
    option = full.argmin(axis=2)
    return np.take_along_axis(full, option[:, :, None], axis=2)[:, :, 0], option


def in_two_steps(o: Options) -> tuple[np.ndarray, np.ndarray]:
    made = o.fixed[..., None] + o.energy[:, None, :, None] * o.price[None, :, None, :]
    chip = made.argmin(axis=2)
    best = np.take_along_axis(made, chip[:, :, None], axis=2)[:, :, 0]
    delivered = best[:, None] + o.network[..., None]
    host = delivered.argmin(axis=2)
    own = np.take_along_axis(chip, host, axis=1)
    return np.take_along_axis(delivered, host[:, :, None], axis=2)[:, :, 0], host * CHIPS + own


@cache
def library() -> ctypes.CDLL | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    built = Path(mkdtemp()) / "cost.so"
    source = Path(__file__).parent / "c" / "cost.c"
    flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(built)], check=True)
    peer = ctypes.CDLL(str(built))
    peer.omp_set_num_threads(1)
    return peer


def in_c(o: Options) -> tuple[np.ndarray, np.ndarray]:
    peer = library()
    assert peer is not None
    hours = o.price.shape[1]
    cost, option = np.empty((WORKLOADS, MARKETS, hours)), np.empty((WORKLOADS, MARKETS, hours), np.int64)
    arrays = [ctypes.c_void_p(a.ctypes.data) for a in (o.fixed, o.energy, o.price, o.network)]
    sizes = [ctypes.c_int64(size) for size in (WORKLOADS, MARKETS, HOSTS, CHIPS, hours, BLOCK)]
    peer.cheapest(*arrays, *sizes, ctypes.c_void_p(cost.ctypes.data), ctypes.c_void_p(option.ctypes.data))
    return cost, option


def by_kernel(o: Options) -> tuple[np.ndarray, np.ndarray]:
    cost, option = cheapest(o)
    return cost[:, :, 0], option[:, :, 0]


ROADS = {"kernel": by_kernel, "c": in_c, "numpy table": by_table, "numpy two steps": in_two_steps}
CASES = [(name, hours) for hours in HOURS for name in ROADS]
CASES += [(name, YEAR) for name in ("kernel", "c", "numpy two steps")]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.mark.parametrize("name, hours", CASES)
def test_cheapest(benchmark: Any, name: str, hours: int) -> None:
    if name == "c" and library() is None:
        pytest.skip("no C compiler")
    options = make(hours)
    cost, option = by_kernel(options)
    benchmark.group = f"cheapest, {WORKLOADS * MARKETS * HOSTS * CHIPS * hours:,} cells"
    found = benchmark.pedantic(
        ROADS[name], args=(options,), warmup_rounds=1, rounds=5 if name.startswith("numpy") else 15
    )
    np.testing.assert_allclose(found[0], cost, rtol=1e-14)
    assert (found[1] == option).mean() > 0.999  # C may fuse a product and a sum, and a tie may fall the other way


@pytest.mark.parametrize("what", ["mean", "median"])
@pytest.mark.parametrize("name", ["kernel", "numpy table"])
@pytest.mark.parametrize("hours", HOURS[:2])
def test_spread(benchmark: Any, name: str, what: str, hours: int) -> None:
    options = make(hours)
    kernel = {"mean": mean, "median": lambda o: quantiles(o, [0.5])[0]}[what]

    def numpy(o: Options) -> np.ndarray:
        full = table(o)
        full[np.isinf(full)] = np.nan
        return np.nanmean(full, axis=2) if what == "mean" else np.nanmedian(full, axis=2)

    expected = kernel(options)
    benchmark.group = f"{what}, {WORKLOADS * MARKETS * HOSTS * CHIPS * hours:,} cells"
    found = benchmark.pedantic(kernel if name == "kernel" else numpy, args=(options,), warmup_rounds=1, rounds=3)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
