"""The load kernel against plain NumPy that makes the cube, and against what physics says."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import load as place
from kernels.load import BINS, Cooling, load, pue_as_given


def world(seed: int, samples: int, regions: int, hours: int, one_year: bool = False) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    idle = random.uniform(0, 5, (samples, regions))
    return {
        "utilisation": random.uniform(0, 1, (1 if one_year else samples, regions, hours)),
        "idle_mw": idle,
        "full_mw": idle + random.uniform(0, 20, (samples, regions)),
        "wet_bulb_c": random.uniform(-10, 30, (samples, regions, hours)),
        "cooling": Cooling(
            random.uniform(0.9, 1.2, regions), random.uniform(0, 0.02, regions), random.uniform(5, 15, regions),
            np.where(random.random(regions) < 0.5, np.inf, 1.3),
        ),
        "hours": random.uniform(0.5, 3.0, hours),
        "shares": np.array([0.0, 0.1, 0.5, 1.0]),
    }  # fmt: skip


def cube(given: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """IT and facility load of every cell."""
    base, slope, knee, cap = (values[None, :, None] for values in given["cooling"])
    idle, full = given["idle_mw"][:, :, None], given["full_mw"][:, :, None]
    it = idle + (full - idle) * given["utilisation"]
    pue = np.minimum(np.maximum(base + slope * np.maximum(0.0, given["wet_bulb_c"] - knee), 1.0), cap)
    it, pue = np.broadcast_arrays(it, pue)
    return it, it * pue


HOURS = st.integers(1, 30) | st.sampled_from([31, 32, 33, 127, 128, 129, 511, 512, 513, 1100])  # around whole blocks


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 4), HOURS, st.booleans())
def test_equals_the_cube(seed: int, samples: int, regions: int, hours: int, one_year: bool) -> None:
    asked = world(seed, samples, regions, hours, one_year)
    found = load(**asked)
    it, facility = cube(asked)
    np.testing.assert_allclose(found.it_energy, it @ asked["hours"], rtol=1e-12)
    np.testing.assert_allclose(found.energy, facility @ asked["hours"], rtol=1e-12)
    np.testing.assert_allclose(found.peak, facility.max(axis=2), rtol=1e-14)
    np.testing.assert_array_equal(found.peak_hour, facility.argmax(axis=2))
    together = facility.sum(axis=1)
    np.testing.assert_allclose(found.together, together.max(axis=1), rtol=1e-13)
    np.testing.assert_array_equal(found.together_hour, together.argmax(axis=1))
    for s, r in np.ndindex(samples, regions):
        order = np.argsort(-facility[s, r], kind="stable")
        passed = np.cumsum(asked["hours"][order])
        width = np.ptp(facility[s, r]) / BINS
        for i, share in enumerate(asked["shares"]):
            exact = facility[s, r][order][min(np.searchsorted(passed, share * passed[-1] * (1 - 1e-12)), hours - 1)]
            assert abs(found.duration[s, r, i] - exact) <= width + 1e-9


def test_physics() -> None:
    asked = world(1, 3, 5, 400)
    found = load(**asked)
    assert (found.energy >= found.it_energy).all(), "PUE is at least 1"
    mean = found.energy / asked["hours"].sum()
    assert (found.peak >= mean).all()
    assert (found.together <= found.peak.sum(axis=1) + 1e-9).all(), "peaks of sites need not coincide"
    assert (np.diff(found.duration, axis=2) <= 0).all()
    hotter = load(**{**asked, "wet_bulb_c": asked["wet_bulb_c"] + 2})
    assert (hotter.energy >= found.energy).all()
    assert (hotter.it_energy == found.it_energy).all()


def test_by_hand() -> None:
    """10 MW that idle at 2; half used at 20 deg C, full at 30; PUE 1.1 + 0.01 a K above 15."""
    found = load(
        [[[0.5, 1.0]]], [[2.0]], [[10.0]], [[[20.0, 30.0]]],
        Cooling(*(np.array([v]) for v in (1.1, 0.01, 15.0, np.inf))), [6000.0, 2760.0],
    )  # fmt: skip
    assert found.it_energy.item() == pytest.approx(6 * 6000 + 10 * 2760)
    assert found.energy.item() == pytest.approx(6 * 1.15 * 6000 + 10 * 1.25 * 2760)
    assert (found.peak.item(), found.peak_hour.item()) == (pytest.approx(12.5), 1)


def test_a_pue_that_is_known_and_inputs_that_hold_for_all() -> None:
    pue = np.array([[[1.2], [1.5]]])
    found = load(np.ones((1, 2, 1)), np.zeros((3, 2)), np.ones((3, 2)), pue, pue_as_given(2), np.ones(24))
    np.testing.assert_allclose(found.energy, np.tile([24 * 1.2, 24 * 1.5], (3, 1)))


@pytest.mark.parametrize("samples, regions, hours", [(0, 2, 3), (2, 0, 3), (2, 2, 0), (0, 0, 0)])
def test_nothing(samples: int, regions: int, hours: int) -> None:
    asked = world(0, samples, regions, hours)
    asked["utilisation"], asked["wet_bulb_c"] = (np.zeros((samples, regions, hours)) for _ in range(2))
    found = load(**asked)
    assert found.energy.shape == (samples, regions)
    assert not found.energy.any()
    assert (found.peak_hour == -1).all()
    assert found.duration.shape == (samples, regions, 4)


def test_the_same_bits_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = world(4, 7, 3, 200)
    alone = load(**asked)
    monkeypatch.setattr(place, "MANY_CELLS", 0)
    before = numba.get_num_threads()
    for threads in (1, before):
        numba.set_num_threads(threads)
        try:
            many = load(**asked)
        finally:
            numba.set_num_threads(before)
        for mine, theirs in zip(many, alone, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"utilisation": np.full((2, 2, 3), 1.1)}, r"utilisation at \(0, 0, 0\) is 1.1, outside 0 to 1"),
        ({"utilisation": np.zeros((2, 3, 3))}, "utilisation .* does not fit 2 samples, 2 regions, 3 hours"),
        ({"wet_bulb_c": np.full((2, 2, 3), np.nan)}, "wet bulb at"),
        ({"full_mw": np.full((2, 2), -1.0)}, "full power over idle power"),
        ({"full_mw": np.ones(2)}, "do not fit"),
        ({"hours": np.array([1.0, -1.0, 1.0])}, r"length of an hour at \(1,\)"),
        ({"shares": np.array([2.0])}, "share at"),
        ({"cooling": pue_as_given(3)}, "for 2 regions"),
        ({"cooling": pue_as_given(2)._replace(cap=np.array([0.5, 2.0]))}, "cap at"),
        ({"cooling": pue_as_given(2)._replace(slope=np.array([np.nan, 2.0]))}, "slope at"),
    ],
)
def test_wrong_input_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load(**{**world(0, 2, 2, 3), **change})
