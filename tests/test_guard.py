"""The guard of kernel speed: what counts as slower, and against which record."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import c_peer
from benchmarks.case import Case, cases
from benchmarks.ceilings import Ceilings
from benchmarks.guard import BASELINE, Measured, faults, lowest


def record(**ratios: tuple[float, float | None, float | None]) -> dict[str, object]:
    return {"cases": {name: dict(zip(("numpy", "c", "ceiling"), three, strict=True)) for name, three in ratios.items()}}


def test_half_of_every_recorded_ratio_is_a_fault() -> None:
    expected = lowest([record(cost=(40.0, 1.2, 0.8), mean=(9.0, None, None))])
    assert faults({"cost": Measured(10, 1.0, 21.0, 0.61, 0.41)}, expected) == []
    (words,) = faults({"cost": Measured(10, 1.0, 19.0, 0.59, 0.39)}, expected)
    assert words == (
        "cost is slower beside every yardstick: numpy 19.00 (40.00 when recorded), c 0.59 (1.20 when recorded), "
        "ceiling 0.39 (0.80 when recorded)"
    )
    assert len(faults({"mean": Measured(10, 1.0, 4.0, 0.1)}, expected)) == 1
    assert faults({"new": Measured(1, 1.0, 0.1, 0.1, 0.1)}, expected) == []


@pytest.mark.parametrize(
    "ratios", [(10.0, 1.2, 0.8), (40.0, 0.3, 0.8), (40.0, 1.2, 0.2), (10.0, 0.3, 0.8)], ids=lambda r: f"{r}"
)
def test_a_peer_that_has_become_faster_is_none(ratios: tuple[float, float, float]) -> None:
    expected = lowest([record(cost=(40.0, 1.2, 0.8))])
    assert faults({"cost": Measured(10, 1.0, *ratios)}, expected) == []


def test_without_a_compiler_numpy_alone_decides() -> None:
    expected = lowest([record(cost=(40.0, 1.2, 0.8))])
    assert len(faults({"cost": Measured(10, 1.0, 19.0)}, expected)) == 1
    assert faults({"cost": Measured(10, 1.0, 21.0)}, expected) == []


def test_a_strange_processor_is_held_against_the_lowest_record() -> None:
    expected = lowest([record(cost=(40.0, 1.2, 0.5)), record(cost=(60.0, 0.9, 0.7), mean=(9.0, None, None))])
    assert expected == {"cost": {"numpy": 40.0, "c": 0.9, "ceiling": 0.5}, "mean": {"numpy": 9.0}}


def test_the_ceiling_that_binds_is_the_one_that_takes_longer() -> None:
    limits = Ceilings(bandwidth=10.0, operations=100.0)
    assert limits.seconds(20.0, 100.0) == 2.0
    assert (limits.binding(20.0, 100.0), limits.binding(5.0, 100.0)) == ("memory", "operations")


def test_every_case_is_recorded() -> None:
    records = json.loads(BASELINE.read_text(encoding="utf-8"))
    names = {case.name for case in cases()}
    for processor, kept in records.items():
        assert set(kept["cases"]) == names, processor


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_peers_give_the_answer_of_the_kernel_and_cells_grow_with_the_size(case: Case) -> None:
    work = case.make(case.sizes[0])
    expected = case.kernel(work)
    with c_peer.one_thread():
        if case.c is not None and c_peer.compiler() is not None:
            case.same(case.c(work), expected)
    case.same(case.numpy(work), expected)
    growth = [case.cells(case.make(size)) for size in case.sizes[:2]]
    assert np.diff(growth) > 0
    assert case.bytes(work) > 0
    assert case.operations(work) > 0
