"""The load kernel and its peers: loads of all sites in all hours of many samples.

The kernel is the public function with its checks. C takes the same passes without checks. NumPy makes the cube of all
cells, and sorts it for the load-duration curve.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from benchmarks import c_peer
from benchmarks.case import Case
from kernels.load import BINS, Cooling, Loads, load

REGIONS, HOURS = 30, 8760  # the United States, a year


@cache
def make(samples: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shape = samples, REGIONS, HOURS
    idle = rng.uniform(0.0, 50.0, shape[:2])
    season = np.cos(np.arange(HOURS) * 2 * np.pi / HOURS)
    return {
        "utilisation": rng.uniform(0.3, 1.0, shape),
        "idle_mw": idle,
        "full_mw": idle + rng.uniform(10.0, 200.0, shape[:2]),
        "wet_bulb_c": 12.0 - 10.0 * season + rng.normal(0.0, 4.0, shape),
        "cooling": Cooling(*(np.full(REGIONS, v) for v in (1.1, 0.008, 10.0, 1.4))),
        "hours": np.ones(HOURS),
        "shares": np.array([0.0, 0.01, 0.1, 0.5, 0.9]),
    }


def by_kernel(given: dict[str, Any]) -> Loads:
    return load(**given)


def in_c(given: dict[str, Any]) -> Loads:
    idle, span = given["idle_mw"], given["full_mw"] - given["idle_mw"]
    samples, regions, hours = given["utilisation"].shape
    of_each, points = (samples, regions), len(given["shares"])
    energies, peak, peak_hour = np.empty((*of_each, 2)), np.empty(of_each), np.empty(of_each, np.int64)
    together, together_hour = np.empty(samples), np.empty(samples, np.int64)
    duration = np.empty((*of_each, points))
    arrays = [given["utilisation"], given["wet_bulb_c"], idle, span, *given["cooling"], given["hours"], given["shares"]]
    arrays += [energies, peak, peak_hour, together, together_hour, duration]
    sizes = [ctypes.c_int64(size) for size in (samples, regions, hours, points)]
    c_peer.load("load").load(*sizes, *(c_peer.pointer(array) for array in arrays))
    return Loads(energies[..., 0], energies[..., 1], peak, peak_hour, together, together_hour, duration)


def by_numpy(given: dict[str, Any]) -> Loads:
    base, slope, knee, cap = (values[None, :, None] for values in given["cooling"])
    idle, full, hours = given["idle_mw"][:, :, None], given["full_mw"][:, :, None], given["hours"]
    it = idle + (full - idle) * given["utilisation"]
    facility = it * np.clip(base + slope * np.maximum(0.0, given["wet_bulb_c"] - knee), 1.0, cap)
    total = facility.sum(axis=1)
    falling = -np.sort(-facility, axis=2)  # all hours are of one length here
    points = np.maximum(np.ceil(given["shares"] * facility.shape[2]).astype(int) - 1, 0)
    return Loads(
        it @ hours, facility @ hours, facility.max(axis=2), facility.argmax(axis=2), total.max(axis=1),
        total.argmax(axis=1), falling[:, :, points],
    )  # fmt: skip


def same(found: Loads, expected: Loads) -> None:
    width = expected.duration[..., 0][..., None] / BINS  # the kernel's bins are no wider than this
    for part, mine, theirs in zip(Loads._fields, found, expected, strict=True):
        if part == "duration":
            assert (np.abs(mine - theirs) <= width).all()
        else:
            np.testing.assert_allclose(mine, theirs, rtol=1e-11)


def moved(given: dict[str, Any]) -> float:
    """Utilisation and weather in; the rest is small."""
    return float(given["utilisation"].nbytes + given["wet_bulb_c"].nbytes)


def operations(given: dict[str, Any]) -> float:
    """Of a cell: two for the IT load, seven for the PUE, one for their product, two sums with a product each, the sum
    of all sites, least and highest, and four for its place in the load-duration curve.
    """
    return 21.0 * given["utilisation"].size


CASES = [
    Case(
        "load: sites", (2, 4, 8, 16), 4, make, by_kernel, by_numpy, in_c, same, lambda g: g["utilisation"].size, moved,
        operations,
    )
]  # fmt: skip
