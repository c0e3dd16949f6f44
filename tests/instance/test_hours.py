"""Clocks, months and the scaling that keeps energy."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.instance.hours import (
    HOURS,
    date_of_day,
    hourly,
    local_to_utc,
    month_hour_table,
    month_hour_to_local,
    monthly_means,
    quietest_hour_utc,
    scale_to_total,
    utc_to_local,
)


def test_beijing_midnight_is_sixteen_hours_utc_of_the_day_before() -> None:
    local = np.arange(HOURS, dtype=float)[:, None]
    utc = local_to_utc(local, 8)
    assert utc[16, 0] == 24  # 16:00 UTC on 1 January is 00:00 on 2 January in Beijing
    assert utc[HOURS - 8, 0] == 0  # the first Beijing hour of the year wraps to the end
    np.testing.assert_array_equal(utc_to_local(utc, 8), local)


def test_a_month_hour_table_survives_the_year_and_back() -> None:
    table = np.random.default_rng(1).random((3, 12, 24))
    hours = local_to_utc(month_hour_to_local(table), 8)
    np.testing.assert_allclose(month_hour_table(hours, 8), table, atol=1e-14)
    np.testing.assert_allclose(monthly_means(hours, 8), table.mean(axis=2), atol=1e-14)


def test_dates_and_the_quietest_hour() -> None:
    assert [date_of_day(day) for day in (0, 58, 59, 364)] == ["01-01", "02-28", "03-01", "12-31"]
    load = np.tile(np.abs(np.arange(24) - 9.0), 365)[:, None]
    assert quietest_hour_utc(load) == 9


def test_hourly_names_the_hole() -> None:
    series = np.ones((HOURS, 2))
    series[17, 1] = np.nan
    with pytest.raises(ValueError, match="wind of X: hour 17, column 1"):
        hourly(series, "wind of X")
    with pytest.raises(ValueError, match="8760 hours"):
        hourly(np.ones(8784), "leap year")


def test_scaling_meets_the_total_under_a_ceiling() -> None:
    values = np.array([[0.1, 0.0], [0.5, 0.2], [0.9, 0.0]])
    weight = np.array([2.0, 1.0, 1.0])
    total = np.array([2.0, 0.1])
    result = scale_to_total(values, weight, total, np.ones(2))
    np.testing.assert_allclose(weight @ result, total, rtol=1e-14)
    assert result.max() <= 1.0
    assert result[2, 0] == 1.0
    assert result[0, 0] / values[0, 0] == pytest.approx(result[1, 0] / values[1, 0])  # one factor for the rest
    np.testing.assert_array_equal(result[[0, 2], 1], 0.0)  # a night stays a night


def test_scaling_takes_the_spare_profile_where_multiplying_cannot_do() -> None:
    values = np.array([[0.0, 0.01], [0.0, 0.02], [1.0, 0.0]])
    spare = np.array([[0.5, 0.3], [0.6, 0.6], [0.9, 0.0]])
    weight = np.ones(3)
    total = spare.sum(axis=0)
    result = scale_to_total(values, weight, total, np.ones(2), spare)
    np.testing.assert_allclose(result.sum(axis=0), total, rtol=1e-14)
    assert result[2, 1] == 0.0
    with pytest.raises(ValueError, match="column 0"):
        scale_to_total(values, weight, total, np.ones(2))
