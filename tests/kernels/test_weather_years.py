"""Drawn years: the same bits for any chunk and thread count, days near their place, the scatter that is asked for."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from kernels.weather_years import FURTHEST, Scatter, correlation_root, draw, recorded

DAYS = 60
ROOT = correlation_root([[0.0, 300.0], [300.0, 0.0]], [500.0, 400.0, 300.0])
SCATTER = Scatter(np.array([[0.04, 0.04], [0.5, 0.5], [0.3, 0.3]]), np.array([0.5, 0.6, 0.2]), ROOT, 0.8)


def test_the_record_is_left_as_it_is() -> None:
    years = recorded(DAYS, 2, 3)
    assert years.day.tolist() == [list(range(DAYS))]
    assert (years.load == 1.0).all()
    assert (years.odds == 1.0).all()
    assert (years.plant == 0.0).all()


def test_samples_do_not_depend_on_chunks_or_threads() -> None:
    whole = draw(7, 0, 5, DAYS, 3, SCATTER)
    parts = [draw(7, 0, 2, DAYS, 3, SCATTER), draw(7, 2, 3, DAYS, 3, SCATTER)]
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    alone = draw(7, 0, 5, DAYS, 3, SCATTER)
    numba.set_num_threads(before)
    for i, values in enumerate(whole):
        np.testing.assert_array_equal(values, np.concatenate([part[i] for part in parts]))
        np.testing.assert_array_equal(values, alone[i])
    assert (draw(8, 0, 5, DAYS, 3, SCATTER).load != whole.load).any()


def test_days_come_in_runs_from_near_their_place() -> None:
    day = draw(1, 0, 40, DAYS, 0, SCATTER, run_days=5, window_days=7).day
    assert ((day >= 0) & (day < DAYS)).all()
    runs = day.reshape(40, DAYS // 5, 5)
    assert ((np.diff(runs, axis=2) % DAYS) == 1).all()
    away = (runs[:, :, 0] - np.arange(0, DAYS, 5) + DAYS // 2) % DAYS - DAYS // 2
    assert away.min() == -7
    assert away.max() == 7


def test_factors_have_the_size_and_the_memory_asked_for() -> None:
    years = draw(3, 0, 400, DAYS, 2, SCATTER)
    assert years.load.mean() == pytest.approx(1.0, abs=2e-3)
    assert years.load.std() == pytest.approx(0.04, rel=0.05)
    assert np.abs(years.load - 1.0).max() <= FURTHEST * 0.04 + 1e-12
    for kind, size, memory in ((0, 0.5, 0.6), (1, 0.3, 0.2)):
        z = np.log(years.odds[:, kind])
        assert z.std() == pytest.approx(size, rel=0.05)
        assert np.corrcoef(z[:, :-1].ravel(), z[:, 1:].ravel())[0, 1] == pytest.approx(memory, abs=0.03)
        apart = np.exp(-300.0 / (400.0, 300.0)[kind])
        assert np.corrcoef(z[:, :, 0].ravel(), z[:, :, 1].ravel())[0, 1] == pytest.approx(apart, abs=0.03)
    assert np.corrcoef(years.plant[:, :-1].ravel(), years.plant[:, 1:].ravel())[0, 1] == pytest.approx(0.8, abs=0.02)
    assert years.plant.std() == pytest.approx(1.0, abs=0.05)


def test_no_samples_days_or_plants() -> None:
    assert draw(0, 0, 0, DAYS, 3, SCATTER).load.shape == (0, DAYS, 2)
    assert draw(0, 0, 2, 0, 3, SCATTER).plant.shape == (2, 0, 3)
    assert draw(0, 0, 2, DAYS, 0, SCATTER).plant.shape == (2, DAYS, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"memory": np.array([0.5, 1.0, 0.2])}, "memory"),
        ({"size": np.full((3, 2), np.nan)}, "not a number"),
        ({"size": np.zeros((2, 2))}, "scatter of"),
        ({"plant_memory": -0.1}, "memory"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw(0, 0, 1, DAYS, 1, SCATTER._replace(**change))
