"""Hourly PUE: mean, swings, cap and the local sun."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.instance.pue import hourly_pue


def test_mean_swings_and_the_warm_hours() -> None:
    pue = hourly_pue([1.2], [0.06], [0.02], [np.nan], [-90.0])[:, 0]
    assert pue.mean() == pytest.approx(1.2, abs=1e-6)
    assert pue.max() == pytest.approx(1.28, abs=1e-3)
    assert pue.min() == pytest.approx(1.12, abs=1e-3)
    hottest = int(pue.argmax())
    assert 195 <= hottest // 24 <= 207
    assert hottest % 24 in (20, 21)  # 15 h solar time at 90 degrees west


def test_longitude_turns_the_clock_and_the_south_turns_the_seasons() -> None:
    beijing, lima = hourly_pue([1.2, 1.2], [0.05, 0.05], [0.02, 0.02], [np.nan] * 2, [120.0, -75.0], [40.0, -12.0]).T
    assert int(beijing.argmax()) % 24 in (6, 7)
    assert abs(int(lima.argmax()) // 24 - 18) < 7  # January


def test_the_cap_and_one_are_limits() -> None:
    pue = hourly_pue([1.24, 1.01], [0.05, 0.05], [0.02, 0.0], [1.25, np.nan], [100.0, 100.0])
    assert pue[:, 0].max() == 1.25
    assert pue[:, 1].min() == 1.0
    with pytest.raises(ValueError, match="at least 1"):
        hourly_pue([0.9], [0.0], [0.0], [np.nan], [0.0])
