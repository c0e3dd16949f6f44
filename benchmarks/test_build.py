"""Building the synthetic power-and-compute LP, timed by pytest-benchmark: `pytest benchmarks`.

The roads of `benchmarks.build` one by one. For ratios run `python -m benchmarks.build`, which lets roads alternate.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from benchmarks.build import make_road

SIZES = (40_000, 160_000)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["ours", "raw", "linopy:sparse"])
def test_build_and_pass(benchmark: Any, name: str, size: int) -> None:
    if name.startswith("linopy") and importlib.util.find_spec("linopy") is None:
        pytest.skip("linopy is not installed")
    road = make_road(name, size)
    held: list[Any] = []

    def release() -> None:
        while held:
            held.pop()

    def once() -> None:
        held.append(road.once(lambda _: None))

    once()  # kernels and templates are there afterwards
    benchmark.group = f"{size:,} variables"
    benchmark.pedantic(once, setup=release, rounds=3 if name.startswith("linopy") else 9, iterations=1)
    release()
