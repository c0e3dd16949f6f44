"""Replay against closed forms and against linear programs over all hours: equal where nothing hangs together over
hours, never better where stores do, because a rule that looks at the hour alone cannot beat foresight.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from kernels.replay import LEDGER, Outcome, replay
from kernels.replay_inputs import Campuses, Lines, Loads, Plants, Rations, Rules, Stores, System, Weather
from kernels.weather_years import Years, recorded

HOURS = 72
NOTHING = np.zeros(0, np.int64)
NO_RATIONS = Rations(NOTHING, np.zeros(0), np.zeros((HOURS, 0)), np.zeros((HOURS, 0)), NOTHING)
RULES = Rules(refill=200.0, rescue=400.0, campus=1000.0, base=2000.0, reserve_share=0.5)


def system(random: np.random.Generator, regions: int, plants: int, stores: int, lines: int) -> System:
    """A made-up system with campuses of half the load and wind; outages at their mean."""
    base = random.uniform(20.0, 100.0, (HOURS, regions))
    start = random.integers(0, regions, lines)
    usd = random.uniform(5.0, 150.0, plants)
    return System(
        Loads(base),
        Campuses(
            0.5 * base, random.uniform(0.0, 10.0, regions), random.uniform(10.0, 90.0, regions),
            random.uniform(10.0, 60.0, regions), random.uniform(0.0, 20.0, regions), np.full((HOURS, regions), 110.0),
        ),
        Weather(
            random.uniform(0.0, 1.0, (1, HOURS, regions)), random.uniform(0.0, 60.0, (1, regions)), np.array([0])
        ),
        Plants(
            random.integers(0, regions, plants), usd, random.uniform(0.0, 80.0, (HOURS, plants)), np.zeros(plants),
            np.zeros(plants), random.uniform(0.0, 0.4, plants), np.zeros(plants),
        ),
        NO_RATIONS,
        Stores(
            random.integers(0, regions, stores), random.uniform(5.0, 30.0, stores), random.uniform(10.0, 90.0, stores),
            random.uniform(0.8, 1.0, stores), random.uniform(0.8, 1.0, stores), np.zeros(stores), np.full(stores, 30.0),
            np.full(stores, 60.0),
        ),
        Lines(
            start, (start + random.integers(1, max(regions, 2), lines)) % regions, random.uniform(0.9, 1.0, lines),
            random.uniform(0.0, 2.0, lines), random.uniform(0.0, 30.0, lines), np.full(lines, np.inf),
        ),
        RULES,
    )  # fmt: skip


def run(made: System, years: Years | None = None) -> Outcome:
    hours, regions = made.loads.base_mw.shape
    years = years or recorded(hours // 24, regions, len(made.plants.region))
    return replay(made, years, np.arange(hours) % 24)


def parts(made: System) -> dict[str, np.ndarray]:
    """The record hour by hour: what campuses may draw, what is free, what plants can add; all (hour, ...)."""
    base, campus = made.loads.base_mw, made.campuses
    headroom = np.maximum(campus.ceiling_mw - base, 0.0)
    may = campus.onsite_mw + campus.firm_mw + np.minimum(campus.flexible_mw, headroom)
    held = np.maximum(campus.want_mw - may, 0.0)
    want = campus.want_mw - held
    must = made.plants.must_share * made.plants.available_mw
    free = (made.weather.mw[:, None] * made.weather.factor).sum(axis=0)
    for k, r in enumerate(made.plants.region):
        free[:, r] += must[:, k]
    onsite = np.minimum(campus.onsite_mw, want)
    return {"held": held, "want": want, "free": free, "onsite": onsite, "can": made.plants.available_mw - must}


def with_foresight(made: System) -> float:
    """The least cost of all hours together: one linear program, stores begin with their reserve."""
    p, base, rules = parts(made), made.loads.base_mw, made.rules
    hours, regions = base.shape
    plants, stores, lines = len(made.plants.region), len(made.stores.mw), len(made.lines.mw)
    width = 4 * regions + plants + 3 * stores + lines  # free, onsite, campus shed, base shed; plants; out, in, level
    cost = np.concatenate(
        [
            np.zeros(regions), made.campuses.onsite_usd, np.full(regions, rules.campus), np.full(regions, rules.base),
            made.plants.usd_per_mwh, made.stores.usd_per_mwh, np.zeros(2 * stores), made.lines.toll,
        ]
    )  # fmt: skip
    ends, entries, right = [], [], []
    row = 0

    def enter(columns: Any, values: Any, value: float) -> None:
        nonlocal row
        entries.append((np.full(len(columns), row), np.asarray(columns), np.asarray(values, float)))
        right.append(value)
        row += 1

    for h in range(hours):
        at = h * width
        ends.append(
            np.concatenate(
                [
                    p["free"][h], p["onsite"][h], p["want"][h] - p["onsite"][h], base[h], p["can"][h], made.stores.mw,
                    made.stores.mw, made.stores.mwh, made.lines.mw,
                ]
            )
        )  # fmt: skip
        of_plants, of_out = at + 4 * regions, at + 4 * regions + plants
        of_in, of_level, of_lines = of_out + stores, of_out + 2 * stores, of_out + 3 * stores
        for r in range(regions):
            columns, values = [at + r, at + regions + r, at + 2 * regions + r, at + 3 * regions + r], [1.0] * 4
            for k in np.flatnonzero(made.plants.region == r):
                columns, values = [*columns, of_plants + k], [*values, 1.0]
            for k in np.flatnonzero(made.stores.region == r):
                columns, values = [*columns, of_out + k, of_in + k], [*values, 1.0, -1.0]
            for a in range(lines):
                for end, share in ((made.lines.end[a], made.lines.kept[a]), (made.lines.start[a], -1.0)):
                    if end == r:
                        columns, values = [*columns, of_lines + a], [*values, share]
            enter(columns, values, base[h, r] + p["want"][h, r])
        for k in range(stores):
            columns = [of_level + k, of_in + k, of_out + k]
            values = [1.0, -made.stores.kept_in[k], 1.0 / made.stores.kept_out[k]]
            begin = rules.reserve_share * made.stores.mwh[k] if h == 0 else 0.0
            enter([*columns, of_level + k - width] if h else columns, [*values, -1.0] if h else values, begin)
    rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = sparse.csr_array((values, (rows, columns)), shape=(row, hours * width))
    upper = np.concatenate(ends)
    found = linprog(
        np.tile(cost, hours), A_eq=matrix, b_eq=right, bounds=np.stack([0 * upper, upper], axis=1), method="highs"
    )
    assert found.status == 0
    return float(found.fun + rules.campus * p["held"].sum())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 6), st.integers(0, 6))
def test_without_stores_the_replay_is_the_linear_program(seed: int, regions: int, plants: int, lines: int) -> None:
    made = system(np.random.default_rng(seed), regions, plants, 0, 0 if regions == 1 else lines)
    assert run(made).cost_usd[0] == pytest.approx(with_foresight(made), rel=1e-7)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.integers(0, 4))
def test_with_stores_it_never_beats_foresight(seed: int, regions: int, plants: int, stores: int, lines: int) -> None:
    made = system(np.random.default_rng(seed), regions, plants, stores, 0 if regions == 1 else lines)
    least = with_foresight(made)
    assert run(made).cost_usd[0] >= least * (1.0 - 1e-7) - 1e-3


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 5), st.integers(0, 3), st.integers(0, 5))
def test_energy_balances(seed: int, regions: int, plants: int, stores: int, lines: int) -> None:
    made = system(np.random.default_rng(seed), regions, plants, stores, 0 if regions == 1 else lines)
    found = run(made)
    ledger = dict(zip(LEDGER, found.ledger[0], strict=True))
    fed = ledger["free"] - ledger["curtailed"] + ledger["plants"] + ledger["rationed"] + ledger["onsite"]
    fed += ledger["discharged"] - ledger["charged"] - ledger["lost_on_lines"]
    used = ledger["base_load"] - ledger["base_shed"]
    used += ledger["campus_load"] - ledger["campus_shed"] - ledger["campus_held"]
    assert fed == pytest.approx(used, rel=1e-9, abs=1e-3)
    assert found.base.sum() == pytest.approx(ledger["base_shed"], abs=1.0)
    assert found.base_by_group.sum() == pytest.approx(found.base.sum())
    assert found.base_by_hour.sum() * 1e-6 == pytest.approx(found.base.sum(), abs=1e-3)
    assert found.held.sum() == pytest.approx(parts(made)["held"].sum(), abs=1.0)
    assert (found.lole_h <= HOURS).all()
    assert (found.short_h.max(axis=1) <= found.lole_h).all()


def test_one_region_by_hand() -> None:
    """100 MW of plant against loads of 80, 100 and 130: the campus of 10 goes first, then 20 of other load."""
    base = np.tile([70.0, 90.0, 120.0], 24)[:, None]
    made = system(np.random.default_rng(0), 1, 1, 0, 0)._replace(
        loads=Loads(base),
        campuses=Campuses(
            np.full((HOURS, 1), 10.0), np.zeros(1), np.zeros(1), np.full(1, 10.0), np.zeros(1),
            np.full((HOURS, 1), np.inf),
        ),
        weather=Weather(np.zeros((1, HOURS, 1)), np.zeros((1, 1)), np.array([0])),
        plants=Plants(*(np.array([v]) for v in (0, 30.0)), np.full((HOURS, 1), 100.0), *np.zeros((4, 1))),
    )  # fmt: skip
    found = run(made)
    assert (found.base[0, 0], found.campus[0, 0]) == pytest.approx((24 * 20, 24 * 10))
    assert (found.lole_h[0], found.campus_lole_h[0]) == (24, 24)
    assert found.worst_mwh[0, 0] == pytest.approx(30)
    assert found.worst_hour[0, 0] == 2
    assert found.cost_usd[0] == pytest.approx(24 * (80 + 100 + 100) * 30 + 24 * (10 * 1000 + 20 * 2000))
    assert set(np.flatnonzero(found.short_by_hour) % 3) == {2}


def test_a_flexible_connection_keeps_below_the_seasonal_peak() -> None:
    base = np.tile([70.0, 95.0], 36)[:, None]
    made = system(np.random.default_rng(0), 1, 1, 0, 0)._replace(
        loads=Loads(base),
        campuses=Campuses(
            np.full((HOURS, 1), 20.0), np.zeros(1), np.zeros(1), np.zeros(1), np.full(1, 20.0),
            np.full((HOURS, 1), 100.0),
        ),
        plants=Plants(*(np.array([v]) for v in (0, 30.0)), np.full((HOURS, 1), 500.0), *np.zeros((4, 1))),
    )  # fmt: skip
    found = run(made)
    assert found.held[0, 0] == pytest.approx(36 * 15)
    assert found.campus[0, 0] == 0
    assert found.lole_h[0] == 0


def test_more_plant_never_loses_more() -> None:
    made = system(np.random.default_rng(11), 3, 5, 0, 4)
    more = made._replace(plants=made.plants._replace(available_mw=1.2 * made.plants.available_mw))
    small, large = run(made), run(more)
    assert large.base.sum() + large.campus.sum() < small.base.sum() + small.campus.sum()
    assert large.lole_h[0] <= small.lole_h[0]


def test_the_same_bits_for_any_threads_and_chunks() -> None:
    random = np.random.default_rng(2)
    made = system(random, 3, 5, 2, 4)
    samples, days = 5, HOURS // 24
    years = Years(
        random.integers(0, days, (samples, days)), random.uniform(0.9, 1.1, (samples, days, 3)),
        random.uniform(0.5, 2.0, (samples, 2, days, 3)), random.normal(size=(samples, days, 5)),
    )  # fmt: skip
    whole = run(made, years)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    alone = run(made, years)
    numba.set_num_threads(before)
    halves = [run(made, Years(*(values[part] for values in years))) for part in (slice(0, 2), slice(2, 5))]
    for name in Outcome._fields:
        np.testing.assert_array_equal(getattr(whole, name), getattr(alone, name), err_msg=name)
        both = [getattr(half, name) for half in halves]
        joined = both[0] + both[1] if name.endswith("_by_hour") else np.concatenate(both)
        np.testing.assert_array_equal(getattr(whole, name), joined, err_msg=name)


def test_no_samples_and_no_hours() -> None:
    made = system(np.random.default_rng(0), 2, 2, 1, 1)
    years = recorded(HOURS // 24, 2, 2)
    assert run(made, Years(*(values[:0] for values in years))).base.shape == (0, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m._replace(loads=Loads(np.full((HOURS, 2), np.nan))), "base_mw at"),
        (lambda m: m._replace(lines=m.lines._replace(start=m.lines.end)), "joins two regions"),
        (lambda m: m._replace(plants=m.plants._replace(region=np.array([0, 7]))), "Plants.region"),
        (lambda m: m._replace(rules=RULES._replace(rescue=5000.0)), "prices rise"),
        (lambda m: m._replace(weather=m.weather._replace(factor=m.weather.factor[:, :5])), "Weather.factor"),
    ],
)
def test_what_does_not_fit_is_refused(change: Any, said: str) -> None:
    made = change(system(np.random.default_rng(0), 2, 2, 1, 1))
    with pytest.raises(ValueError, match=said):
        replay(made, recorded(HOURS // 24, 2, 2), np.arange(HOURS) % 24)
