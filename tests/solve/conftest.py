"""Expansion LPs of three sizes, made once a module."""

from __future__ import annotations

import pytest

from benchmarks.expansion_lp import expansion_lp


@pytest.fixture(scope="module")
def world():
    return expansion_lp(regions=3, periods=2, days=1, hours=8)


@pytest.fixture(scope="module")
def slow_world():
    """Takes some seconds: long enough to be stopped on the way."""
    return expansion_lp(regions=8, periods=3, days=3, hours=24)


@pytest.fixture(scope="module")
def track():
    """Long enough for two lanes: a cold solve takes some tenths of a second."""
    return expansion_lp(regions=5, periods=2, days=2, hours=12)
