"""Maps of break-even against published ratios, closed forms and a plain NumPy evaluation that holds every sample."""

import dataclasses
import math
import threading

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import break_even as place
from kernels.break_even import INPUTS, Axis, Side, break_even
from kernels.draws import fill, fixed, lognormal, triangular, uniform
from kernels.ratio_sums import CAPEX, LIFE, POWER, TOKENS
from optimizer.results.identity import break_even_ratio

EVERYTHING = Side(
    power_usd_per_kwh=uniform(0.03, 0.12),
    tokens_per_kwh=lognormal(1e7, 0.3),
    capex_usd_per_kw=lognormal(20_000, 0.2),
    fixed_usd_per_kw_year=triangular(100, 200, 500),
    load_ratio=uniform(0.5, 0.9),
    sold_share=uniform(0.25, 0.9),
    wacc=triangular(0.0, 0.08, 0.12),
    life_years=triangular(3, 5, 8),
)
VALUES = {
    "power_usd_per_kwh": [0.0, 0.05, 0.2],
    "tokens_per_kwh": [1e6, 1e7, 3e7, 1e9],
    "capex_usd_per_kw": [0.0, 1e4, 6e4],
    "fixed_usd_per_kw_year": [0.0, 300.0],
    "load_ratio": [0.0, 0.7, 1.0],
    "sold_share": [0.1, 0.5, 1.0],
    "wacc": [0.0, 1e-9, 0.08, 0.5, 2.0],
    "life_years": [0.5, 4.0, 40.0],
}
AXES = [(side, name) for side in "ab" for name in INPUTS]


@pytest.fixture(autouse=True)
def one_thread():
    """Small maps do not wait for a second core; the tests about threads choose their own number."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


def plain(capital_usd_per_kwh, power, tokens=1.0, load=1.0, sold=1.0):
    """A side without uncertainty, its K given as it is."""
    return Side(
        fixed(power), fixed(tokens), fixed(0.0), fixed(capital_usd_per_kwh * 8760.0), fixed(load), fixed(sold),
        fixed(0.08), fixed(5.0),
    )  # fmt: skip


def ratios(a, b, x, y, samples, seed=0, together=()):
    """The cost ratio of each (value of x, value of y, sample), from the formula as it stands."""
    cost = []
    for name, side, offset in (("a", a, 0), ("b", b, len(INPUTS))):
        draw = np.empty((len(INPUTS), samples))
        streams = [m + (0 if key in together else offset) for m, key in enumerate(INPUTS)]
        fill([getattr(side, key) for key in INPUTS], streams, seed, 0, samples, draw)
        of = {key: draw[m][None, None, :] for m, key in enumerate(INPUTS)}
        for axis, shape in ((x, (-1, 1, 1)), (y, (1, -1, 1))):
            if axis.side == name:
                of[axis.input] = np.reshape(np.asarray(axis.values, float), shape)
        w, life = of["wacc"], of["life_years"]
        with np.errstate(divide="ignore", invalid="ignore"):
            recovery = np.where(w > 0, w / -np.expm1(-life * np.log1p(w)), 1 / life)
        capital = (of["capex_usd_per_kw"] * recovery + of["fixed_usd_per_kw_year"]) / 8760
        hourly = capital + of["power_usd_per_kwh"] * of["load_ratio"]
        cost.append(hourly / (of["tokens_per_kwh"] * of["sold_share"]))
    return np.broadcast_to(cost[0] / cost[1], (len(x.values), len(y.values), samples))


def agree(found, all_ratios):
    samples = all_ratios.shape[2]
    wins = (all_ratios < 1 - 1e-9).sum(axis=2) / samples
    perhaps = (all_ratios < 1 + 1e-9).sum(axis=2) / samples
    assert (found.probability >= wins - 1e-12).all()
    assert (found.probability <= perhaps + 1e-12).all()
    np.testing.assert_allclose(found.mean, all_ratios.mean(axis=2), rtol=1e-11)
    scale = np.abs(all_ratios).max(axis=2, initial=0.0)
    assert (np.abs(found.deviation - all_ratios.std(axis=2)) <= 1e-7 * scale).all()


def same(left, right):
    return all(one.tobytes() == other.tobytes() for one, other in zip(left, right, strict=True))


@pytest.mark.parametrize("first", AXES)
def test_every_pair_of_axes_equals_numpy(first):
    x = Axis(*first, VALUES[first[1]])
    for second in AXES:
        if second != first:
            y = Axis(*second, VALUES[second[1]])
            agree(break_even(EVERYTHING, EVERYTHING, x, y, 300, 4), ratios(EVERYTHING, EVERYTHING, x, y, 300, 4))


RANGES = {
    "power_usd_per_kwh": (0.0, 1e3),
    "tokens_per_kwh": (1e-6, 1e12),
    "capex_usd_per_kw": (1.0, 1e9),
    "fixed_usd_per_kw_year": (0.0, 1e9),
    "load_ratio": (0.0, 1.0),
    "sold_share": (1e-3, 1.0),
    "wacc": (0.0, 1e3),
    "life_years": (1e-3, 1e5),
}


@st.composite
def distributions(draw, name):
    low, high = RANGES[name]
    inside = sorted(draw(st.tuples(*[st.floats(low, high, allow_subnormal=False)] * 3)))
    return draw(
        st.sampled_from(
            [fixed(inside[1]), uniform(inside[0], inside[2]), triangular(*inside)]
            + ([lognormal(inside[1], 0.3)] if inside[1] > 0 and high > 1 else [])
        )
    )


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_inputs_equal_numpy(data):
    a, b = (Side(*(data.draw(distributions(name)) for name in INPUTS)) for _ in range(2))
    x, y = (
        Axis(*key, data.draw(st.lists(st.floats(*RANGES[key[1]], allow_subnormal=False), max_size=3)))
        for key in data.draw(st.lists(st.sampled_from(AXES), min_size=2, max_size=2, unique=True))
    )
    samples = data.draw(st.sampled_from([1, 2, 255, 256, 257, 600]))
    together = data.draw(st.sets(st.sampled_from(INPUTS)))
    found = break_even(a, b, x, y, samples, 9, together)
    assert found.probability.shape == (len(x.values), len(y.values))
    agree(found, ratios(a, b, x, y, samples, 9, together))


GB200, H100 = (1.05 - 0.08 * 0.8, 0.08), (0.75 - 0.08 * 0.8, 0.08)


@pytest.mark.parametrize(
    "other, published", [(GB200, (0.51, 0.55, 0.57)), (H100, (0.71, 0.77, 0.80))], ids=["GB200", "H100"]
)
def test_published_break_even_ratios(other, published):
    """CloudMatrix-384 at 0, 5.6 and 8 c/kWh: K 0.58 USD per provisioned kWh less 5.6 c x 0.8 of power."""
    capital = 0.58 - 0.056 * 0.8
    for price, expected in zip((0.0, 0.056, 0.08), published, strict=True):
        ratio = break_even_ratio(capital, price, *other, 0.8)
        assert ratio == pytest.approx(expected, abs=0.01)
        near = [ratio * (1 - 1e-9), ratio, ratio * (1 + 1e-9)]
        found = break_even(
            plain(capital, 0.0, load=0.8),
            plain(*other, load=0.8),
            Axis("a", "power_usd_per_kwh", [price]),
            Axis("a", "tokens_per_kwh", near),
            1000,
        )
        assert found.probability.tolist() == [[0.0, 0.0, 1.0]], "equal costs are no win"
        assert found.mean == pytest.approx(np.array([[1 + 1e-9, 1.0, 1 - 1e-9]]), rel=1e-13)
        assert (found.deviation == 0.0).all()


def test_uniform_price_in_closed_form():
    # K 0.5, p uniform in 0 .. 0.2, u 1: cheaper than c with probability (c - 0.5) / 0.2.
    side = dataclasses.replace(plain(0.5, 0.0), power_usd_per_kwh=uniform(0.0, 0.2))
    c = np.array([0.45, 0.5, 0.55, 0.6, 0.66, 0.7, 0.75])
    n = 100_000
    found = break_even(
        side, plain(0.0, 0.0), Axis("b", "fixed_usd_per_kw_year", c * 8760), Axis("a", "sold_share", [1.0]), n
    )
    share = np.clip((c - 0.5) / 0.2, 0.0, 1.0)
    assert np.abs(found.probability[:, 0] - share).max() < 5 * 0.5 / math.sqrt(n)
    assert found.mean[:, 0] == pytest.approx(0.6 / c, rel=2e-3)
    assert found.deviation[:, 0] == pytest.approx(0.2 / math.sqrt(12) / c, rel=1e-2)


def test_a_map_is_monotone_in_price_and_in_efficiency():
    x = Axis("a", "power_usd_per_kwh", np.linspace(0.0, 0.3, 40))
    y = Axis("a", "tokens_per_kwh", np.linspace(2e6, 3e7, 70))
    for swap in (False, True):
        found = break_even(EVERYTHING, EVERYTHING, *((y, x) if swap else (x, y)), 2000)
        p = found.probability.T if swap else found.probability
        assert (np.diff(p, axis=0) <= 0).all()
        assert (np.diff(p, axis=1) >= 0).all()
        assert p.min() < 0.1
        assert p.max() > 0.9


def test_swapping_the_sides_swaps_the_chances():
    x, y = Axis("a", "wacc", VALUES["wacc"]), Axis("a", "tokens_per_kwh", VALUES["tokens_per_kwh"])
    other = dataclasses.replace(EVERYTHING, power_usd_per_kwh=uniform(0.1, 0.3))
    # Streams differ between sides, so tie all inputs to meet the very same samples.
    one = break_even(EVERYTHING, other, x, y, 1000, 0, INPUTS)
    two = break_even(other, EVERYTHING, x._replace(side="b"), y._replace(side="b"), 1000, 0, INPUTS)
    np.testing.assert_allclose(one.probability + two.probability, 1.0, atol=1e-15)


def test_equal_sides_are_never_cheaper():
    x, y = Axis("a", "wacc", [0.07]), Axis("b", "wacc", [0.07])
    found = break_even(EVERYTHING, EVERYTHING, x, y, 5000, 0, INPUTS)
    assert found.probability.item() == 0.0
    assert found.mean.item() == pytest.approx(1.0, rel=1e-14)


PAIRS = [
    (("a", "power_usd_per_kwh"), ("a", "tokens_per_kwh")),
    (("b", "capex_usd_per_kw"), ("b", "wacc")),
    (("b", "life_years"), ("a", "sold_share")),
    (("a", "wacc"), ("a", "life_years")),
]


def spread(name, count):
    low, high = min(VALUES[name]), max(VALUES[name])
    return low + (high - low) * np.arange(count) / count


@pytest.mark.parametrize("first, second", PAIRS)
def test_the_same_bits_for_any_number_of_threads(first, second):
    x, y = Axis(*first, spread(first[1], 40)), Axis(*second, spread(second[1], 70))
    maps = []
    for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        numba.set_num_threads(threads)
        maps.append(break_even(EVERYTHING, EVERYTHING, x, y, 1500))
    assert same(*maps)


@pytest.mark.parametrize("first, second", PAIRS)
def test_the_same_bits_for_any_chunk_and_tile(monkeypatch, first, second):
    x, y = Axis(*first, spread(first[1], 5)), Axis(*second, spread(second[1], 11))
    whole = break_even(EVERYTHING, EVERYTHING, x, y, 1500)
    accumulate = place._accumulate
    for chunk, tile in ((1, (1, 1)), (2, (3, 8)), (5, (64, 3)), (100, (2, 5))):
        monkeypatch.setattr(
            place, "_accumulate", lambda *all, c=chunk, t=tile: accumulate(*all, chunk=c * place.BLOCK, tile=t)
        )
        assert same(break_even(EVERYTHING, EVERYTHING, x, y, 1500), whole)
    monkeypatch.setattr(place, "_accumulate", accumulate)
    cell = break_even(EVERYTHING, EVERYTHING, x._replace(values=x.values[3:4]), y._replace(values=y.values[6:7]), 1500)
    assert all(one.item() == all_[3, 6] for one, all_ in zip(cell, whole, strict=True)), "a cell alone is the same"


def test_threads_of_the_caller_may_draw_maps_at_once():
    x, y = Axis("a", "wacc", spread("wacc", 20)), Axis("b", "wacc", spread("wacc", 20))
    maps = []
    threads = [
        threading.Thread(target=lambda: maps.append(break_even(EVERYTHING, EVERYTHING, x, y, 3000))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(maps) == 4
    assert all(same(maps[0], other) for other in maps[1:])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": Axis("a", "wacc", [0.1, math.nan])}, "wacc of side a is not a number"),
        ({"x": Axis("a", "wacc", [-0.1])}, "wacc of side a reaches from -0.1"),
        ({"x": Axis("a", "wacc", [math.inf])}, "wacc of side a reaches"),
        ({"x": Axis("a", "wacc", [[0.1]])}, "not one dimension"),
        ({"x": Axis("a", "heat", [0.1])}, "no input 'heat'"),
        ({"x": Axis("c", "wacc", [0.1])}, "of side 'c'"),
        ({"x": Axis("b", "load_ratio", [0.1])}, "both axes vary load_ratio of side b"),
        ({"samples": 0}, "0 samples"),
        ({"seed": -1}, "seed -1"),
        ({"together": ["heat"]}, "no such input"),
        ({"b": dataclasses.replace(EVERYTHING, sold_share=uniform(0.5, 1.1))}, "sold_share of side b reaches"),
        ({"b": dataclasses.replace(EVERYTHING, life_years=fixed(0.0))}, "life_years of side b reaches"),
        ({"b": dataclasses.replace(EVERYTHING, tokens_per_kwh=lognormal(1e7, 50.0))}, "tokens_per_kwh of side b"),
        ({"a": plain(0.0, 0.1, load=0.0)}, "side a may cost nothing"),
    ],
)
def test_faults_are_named(change, message):
    arguments = {
        "a": EVERYTHING,
        "b": EVERYTHING,
        "x": Axis("a", "wacc", [0.1]),
        "y": Axis("b", "load_ratio", [0.1]),
        "samples": 10,
    }
    with pytest.raises(ValueError, match=message):
        break_even(**(arguments | change))


def test_the_compiled_half_numbers_inputs_as_a_side_lists_them() -> None:
    numbered = {POWER: "power_usd_per_kwh", TOKENS: "tokens_per_kwh", CAPEX: "capex_usd_per_kw", LIFE: "life_years"}
    assert {at: INPUTS[at] for at in numbered} == numbered
    assert len(INPUTS) == LIFE + 1
