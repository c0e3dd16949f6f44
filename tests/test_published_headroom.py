"""Headroom from real hourly loads beside what Duke University published for the same grid.

Norris et al., *Rethinking Load Growth* (2025): the 22 largest balancing areas, 2016-2024, under the highest winter and
summer peaks of those years, could take 76, 98 and 126 GW that step back for 0.25, 0.5 and 1.0 % of their energy, and
215 GW at 5 %. Here is one year, 2024, whose load was the highest until then, under the highest peaks of five years: the
same areas and method have less room, and the less so the more may be curtailed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kernels.headroom import headroom

DATA = Path(__file__).parent / "data" / "headroom" / "load_2024.npz"
SHARES = np.array([0.0025, 0.005, 0.01, 0.05])
PUBLISHED_GW = np.array([76.0, 98.0, 126.0, 215.0])
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@pytest.fixture(scope="module")
def found_gw() -> np.ndarray:
    """GW of all areas by share; the peak of a season is the highest hour of five years."""
    with np.load(DATA) as data:
        load = np.cumsum(data["steps_mw"], axis=0).T.astype(float)
        highest = data["highest_of_five_years"]
    month = np.repeat(np.repeat(np.arange(12), MONTH_DAYS), 24)
    season = np.isin(month, [10, 11, 0, 1, 2]).astype(np.int64)  # November to March, and the rest
    # a higher peak is a year with that peak in it: the hour that set it carries more, all others stay
    for s in (0, 1):
        at = np.where(season == s, load, -np.inf).argmax(axis=1)
        load[np.arange(len(load)), at] *= highest
    return headroom(load, season, SHARES).sum(axis=0) / 1e3


def test_the_loads_are_those_of_the_lower_48() -> None:
    with np.load(DATA) as data:
        load = np.cumsum(data["steps_mw"], axis=0)
    assert load.sum() / 1e6 == pytest.approx(4_200, rel=0.05)  # TWh; EIA: some 4,200 of net generation in 2024
    assert load.sum(axis=1).max() / 1e3 == pytest.approx(745, rel=0.02)  # EIA: the record of 2024 was 745 GW


def test_headroom_is_below_what_nine_years_give_and_nears_it_as_more_is_curtailed(found_gw: np.ndarray) -> None:
    share = found_gw / PUBLISHED_GW
    assert found_gw == pytest.approx([51.8, 70.7, 96.1, 190.4], rel=0.01)
    assert np.all(np.diff(share) > 0)
    assert share[0] > 0.65
    assert share[-1] > 0.85
    assert share[-1] < 1.0
