"""Every kernel beside its peers, timed by pytest-benchmark: `pytest benchmarks/test_kernels.py`.

Sizes double. The answer of a peer is held against the kernel's before anything is timed. One thread each; for ratios
in one table, with the machine's ceilings beside them, run `python -m benchmarks.guard`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import pytest

from benchmarks import c_peer
from benchmarks.case import Case, cases

ROADS = [
    pytest.param(case, size, road, id=f"{case.name}-{size}-{road}")
    for case in cases()
    for size in case.sizes
    for road in ("kernel", "c", "numpy")
    if road != "c" or case.c is not None
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.mark.parametrize("case, size, road", ROADS)
def test_kernel(benchmark: Any, case: Case, size: int, road: str) -> None:
    if road == "c" and c_peer.compiler() is None:
        pytest.skip("no C compiler")
    work = case.make(size)
    once = {"kernel": case.kernel, "c": case.c, "numpy": case.numpy}[road]
    assert once is not None
    with c_peer.one_thread():
        if road != "kernel":
            case.same(once(work), case.kernel(work))
        benchmark.group = f"{case.name}, {case.cells(work):,} cells"
        benchmark.pedantic(once, args=(work,), warmup_rounds=1, rounds=3 if road == "numpy" else 9, iterations=1)
