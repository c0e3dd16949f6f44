"""The kernel of token costs against a plain table of all cells, and against what every buyer knows."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.cost import Options, cells, cheapest
from kernels.cost_spread import mean, quantiles

SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)
SIZES = st.tuples(*(st.integers(0, most) for most in (2, 3, 6, 18, 9)))


def parts(sizes: tuple[int, ...], seed: int, scale: float = 1.0, there: float = 0.7) -> dict[str, Any]:
    """Random parts in few distinct values, so that ties are common; ``there`` is the share of what exists."""
    workloads, markets, hosts, chips, hours = sizes
    rng = np.random.default_rng(seed)
    return {
        "capital": rng.integers(0, 4, (hosts, chips)) * scale,
        "it_kw": rng.integers(0, 3, chips) / 2.0,
        "tokens": rng.integers(1, 4, (workloads, chips)) * (rng.random((workloads, chips)) < there),
        "price": rng.integers(-1, 4, (hosts, hours)) / 7.0 * scale,
        "network": np.where(
            rng.random((workloads, markets, hosts)) < there,
            rng.integers(0, 3, (workloads, markets, hosts)) * scale / 3.0,
            np.inf,
        ),
        "allowed": rng.random((hosts, chips)) < there,
    }


def table(p: dict[str, Any]) -> np.ndarray:
    """Every cell as the formula says it, (workload, market, host, chip, hour)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        made = p["capital"][:, :, None] + p["it_kw"][None, :, None] * p["price"][:, None, :]
        made = made[None] / p["tokens"][:, None, :, None]
    exists = (p["tokens"] > 0)[:, None, :] & p["allowed"][None]
    made = np.where(exists[..., None], made, np.inf)
    return made[:, None] + p["network"][:, :, :, None, None]


def in_order(options: Options, places: int) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest options by two stable sorts: chips of a host before the network cost, then all of them."""
    made = options.fixed[..., None] + options.energy[:, None, :, None] * options.price[None, :, None, :]
    chips = made.shape[2]
    order = np.argsort(made, axis=2, kind="stable")
    code = order + chips * np.arange(made.shape[1])[None, :, None, None]
    delivered = np.take_along_axis(made, order, axis=2)[:, None] + options.network[:, :, :, None, None]
    shape = (*delivered.shape[:2], -1, delivered.shape[-1])
    if not delivered.size:
        shape = (*shape[:2], delivered.shape[2] * chips, shape[-1])
    delivered = delivered.reshape(shape)
    code = np.broadcast_to(code[:, None], (*options.network.shape, chips, made.shape[-1])).reshape(shape)
    order = np.argsort(delivered, axis=2, kind="stable")
    cost, which = np.take_along_axis(delivered, order, axis=2), np.take_along_axis(code, order, axis=2)
    missing = max(0, places - cost.shape[2])
    pad = ((0, 0), (0, 0), (0, missing), (0, 0))
    cost, which = np.pad(cost, pad, constant_values=np.inf), np.pad(which, pad, constant_values=-1)
    return cost[:, :, :places], np.where(np.isinf(cost), -1, which)[:, :, :places]


@settings(max_examples=100, deadline=None)
@given(
    sizes=SIZES,
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1e-200, 1e-3, 1.0, 1e9, 1e250]),
    there=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    places=st.integers(1, 5),
)
def test_equals_the_table_of_all_cells(
    sizes: tuple[int, ...], seed: int, scale: float, there: float, places: int
) -> None:
    given_parts = parts(sizes, seed, scale, there)
    options, full = Options(**given_parts), table(given_parts)
    near = 1e-13 * scale
    for w, m in np.ndindex(full.shape[:2]):
        np.testing.assert_allclose(cells(options, w, m), full[w, m], rtol=1e-13, atol=near)
    for k in (1, places):
        cost, option = cheapest(options, k)
        expected, which = in_order(options, k)
        np.testing.assert_array_equal(cost, expected)
        np.testing.assert_array_equal(option, which)
    average, parted = mean(options), quantiles(options, SHARES)
    assert average.shape == parted.shape[1:] == (*sizes[:2], sizes[4])
    for w, m, h in np.ndindex(average.shape):
        cell = full[w, m, :, :, h]
        there_are = cell[np.isfinite(cell)]
        if there_are.size:
            np.testing.assert_allclose(average[w, m, h], there_are.mean(), rtol=1e-12, atol=near)
            np.testing.assert_allclose(parted[:, w, m, h], np.quantile(there_are, SHARES), rtol=1e-12, atol=near)
        else:
            assert np.isnan(average[w, m, h])
            assert np.isnan(parted[:, w, m, h]).all()


def test_quantiles_of_many_options_are_exact() -> None:
    """Enough options for the bracket of a sample, spread so that it holds, and so that it fails."""
    rng = np.random.default_rng(5)
    hosts, chips, hours = 40, 30, 12
    for spread in (rng.random((hosts, chips)), np.where(rng.random((hosts, chips)) < 0.01, 1e6, 1.0)):
        options = Options(
            capital=spread,
            it_kw=rng.random(chips),
            tokens=np.ones((1, chips)),
            price=rng.random((hosts, hours)),
            network=np.zeros((1, 1, hosts)),
            allowed=np.ones((hosts, chips)),
        )
        full = cells(options, 0, 0).reshape(-1, hours)
        shares = np.linspace(0, 1, 41)
        np.testing.assert_allclose(quantiles(options, shares)[:, 0, 0], np.quantile(full, shares, axis=0), rtol=1e-14)
    every_eighth = np.arange(hosts * chips) % 8 != 0  # the sample sees only what is cheap
    options = Options(
        capital=every_eighth.reshape(hosts, chips),
        it_kw=np.zeros(chips),
        tokens=np.ones((1, chips)),
        price=np.zeros((hosts, 1)),
        network=np.zeros((1, 1, hosts)),
        allowed=np.ones((hosts, chips)),
    )
    assert quantiles(options, [0.1, 0.5])[:, 0, 0, 0].tolist() == [0.0, 1.0]


def test_one_cell_by_hand_and_no_option_at_all() -> None:
    by_hand = {
        "capital": [[2.0]],
        "it_kw": [1.5],
        "tokens": [[4.0]],
        "price": [[0.1, 0.3]],
        "network": [[[0.25]]],
        "allowed": [[True]],
    }
    cost, option = cheapest(Options(**by_hand), 2)
    np.testing.assert_allclose(cost[0, 0], [[0.25 + 2.15 / 4, 0.25 + 2.45 / 4], [np.inf, np.inf]], rtol=1e-15)
    assert option[0, 0].tolist() == [[0, 0], [-1, -1]]
    for nothing in ({"allowed": [[False]]}, {"network": [[[np.inf]]]}, {"tokens": [[0.0]]}, {"capital": [[np.inf]]}):
        options = Options(**{**by_hand, **nothing})
        cost, option = cheapest(options)
        assert np.isinf(cost).all()
        assert (option == -1).all()
        assert np.isnan(mean(options)).all()
        assert np.isnan(quantiles(options, [0.5])).all()


def test_a_mean_over_hours_is_the_mean_of_the_cells() -> None:
    options = Options(**parts((2, 3, 6, 5, 9), 3))
    weight = np.arange(9.0)
    one = options.over_hours(weight)
    for w, m in np.ndindex(2, 3):
        every, averaged = cells(options, w, m), cells(one, w, m)[..., 0]
        exists = np.isfinite(averaged)
        expected = np.average(every[exists], axis=1, weights=weight)
        np.testing.assert_allclose(averaged[exists], expected, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match="weights of hours"):
        options.over_hours(np.zeros(9))
    with pytest.raises(ValueError, match="weight: shape"):
        options.over_hours(np.ones(8))


SOME = st.integers(0, 2**32 - 1)


@settings(max_examples=40, deadline=None)
@given(seed=SOME, dearer=st.floats(0, 10), faster=st.floats(1, 10))
def test_what_every_buyer_knows(seed: int, dearer: float, faster: float) -> None:
    """Dearer power lowers no cost, a faster chip raises none, places are sorted, quantiles lie between the extremes."""
    given_parts = parts((2, 3, 6, 5, 4), seed)
    given_parts["price"] = np.abs(given_parts["price"])
    base = Options(**given_parts)
    cost, _ = cheapest(base, 4)
    assert (cheapest(Options(**{**given_parts, "price": given_parts["price"] + dearer}), 4)[0] >= cost).all()
    quicker = cheapest(Options(**{**given_parts, "tokens": given_parts["tokens"] * faster}), 4)[0]
    assert (quicker <= cost * (1 + 1e-15)).all()
    assert (cost[:, :, 1:] >= cost[:, :, :-1]).all()
    parted = quantiles(base, SHARES)
    some = np.isfinite(cost[:, :, 0])
    assert (parted[0][some] == cost[:, :, 0][some]).all()
    assert (np.diff(parted, axis=0)[:, some] >= 0).all()


def test_more_options_never_cost_more() -> None:
    given_parts = parts((2, 3, 6, 5, 4), 11, there=0.5)
    few = cheapest(Options(**given_parts))[0]
    assert (cheapest(Options(**{**given_parts, "allowed": np.ones((6, 5), bool)}))[0] <= few).all()


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread only")
def test_the_number_of_threads_changes_no_bit() -> None:
    options = Options(**parts((3, 4, 9, 7, 700), 8))
    found = []
    before = numba.get_num_threads()
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            found.append((*cheapest(options, 3), *cheapest(options), mean(options), quantiles(options, SHARES)))
    finally:
        numba.set_num_threads(before)
    for one, two in zip(*found, strict=True):
        assert one.tobytes() == two.tobytes()


FAULTS = [
    ("price", (1, 2), np.nan, "price of host 1, hour 2 is nan"),
    ("price", (0, 0), np.inf, "price of host 0, hour 0 is inf"),
    ("tokens", (1, 0), np.nan, "tokens of workload 1, chip 0 is nan"),
    ("tokens", (0, 0), -1.0, "tokens of workload 0, chip 0 is -1.0"),
    ("capital", (0, 1), np.nan, "capital of host 0, chip 1 is nan"),
    ("it_kw", (1,), np.inf, "it_kw of chip 1 is inf"),
    ("allowed", (2, 1), np.nan, "allowed of host 2, chip 1 is nan"),
    ("network", (0, 1, 2), np.nan, "network of workload 0, market 1, host 2 is nan"),
    ("network", (0, 1, 2), -0.5, "network of workload 0, market 1, host 2 is -0.5"),
]


@pytest.mark.parametrize("name, at, value, message", FAULTS)
def test_a_fault_is_refused_by_its_name(name: str, at: tuple[int, ...], value: float, message: str) -> None:
    given_parts = parts((2, 2, 3, 2, 3), 1, there=1.0)
    given_parts[name] = np.array(given_parts[name], float)
    given_parts[name][at] = value
    with pytest.raises(ValueError, match=f"^{message}$"):
        Options(**given_parts)


def test_shapes_and_requests_that_do_not_fit_are_refused() -> None:
    good = parts((2, 2, 3, 2, 3), 1)
    with pytest.raises(ValueError, match=r"price: 1 axes, not \(host, hour\)"):
        Options(**{**good, "price": np.ones(3)})
    with pytest.raises(ValueError, match="tokens: 3 along chip, where others have 2"):
        Options(**{**good, "tokens": np.ones((2, 3))})
    with pytest.raises(ValueError, match="costs overflow"):
        Options(**{**good, "tokens": np.full((2, 2), 1e-310), "allowed": np.ones((3, 2))})
    options = Options(**good)
    with pytest.raises(ValueError, match="at least one option"):
        cheapest(options, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantiles(options, [0.5, np.nan])
    with pytest.raises(ValueError, match="outside"):
        cells(options, 2, 0)
