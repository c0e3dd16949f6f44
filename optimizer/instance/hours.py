"""Hours of a common year: months, local clocks and the arithmetic of tables that repeat a day.

A year has 8,760 hours, hour 0 begins at 00:00 UTC on 1 January; a leap day is dropped. Arrays of hours have the shape
[8760, columns]. Local clocks are whole-year rotations of that array: the first local hours of 1 January in a country
east of Greenwich are taken from the end of the same year, so nothing is lost and sums stay what they were. Summer time
is ignored (an error of one hour in the months that have it).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

HOURS = 8760
DAYS = 365
MONTH_DAYS: NDArray[np.int64] = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTH_OF_DAY: NDArray[np.int64] = np.repeat(np.arange(12), MONTH_DAYS)
MONTH_OF_HOUR: NDArray[np.int64] = np.repeat(MONTH_OF_DAY, 24)
MONTH_HOURS: NDArray[np.int64] = MONTH_DAYS * 24


def hourly(values: ArrayLike, name: str) -> Array:
    """Return `values` as a finite float array [8760, n]; a single series becomes one column.

    Raises ValueError naming `name` when the number of hours is wrong or a value is missing.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[0] != HOURS:
        raise ValueError(f"{name}: expected {HOURS} hours by columns, found shape {np.shape(values)}")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(f"{name}: hour {row}, column {column} is missing or not a number")
    return array


def date_of_day(day: int) -> str:
    """Month and day of a day of the year counted from 0: day 0 is "01-01"."""
    month = int(MONTH_OF_DAY[day])
    return f"{month + 1:02d}-{day - int(MONTH_DAYS[:month].sum()) + 1:02d}"


def days_since_2000(year: int) -> Array:
    """The middle of every hour of a year, in days since noon (UT) of 1 January 2000; [8760], a leap day is left out."""
    parts = (("01-01", MONTH_HOURS[:2].sum()), ("03-01", MONTH_HOURS[2:].sum()))
    noon, day = np.datetime64("2000-01-01T12:00"), np.timedelta64(1, "D")
    return np.concatenate(
        [(np.datetime64(f"{year}-{date}T00:30") - noon) / day + np.arange(hours) / 24.0 for date, hours in parts]
    )


def local_to_utc(values: Array, utc_offset_h: int) -> Array:
    """Turn hours counted on a clock `utc_offset_h` ahead of UTC into hours of UTC, wrapping around the year's end.

    With Beijing time (+8) the local hour 0 of 1 January, 16:00 UTC of the day before, becomes hour 8,752.
    """
    return np.roll(values, -utc_offset_h, axis=0)


def utc_to_local(values: Array, utc_offset_h: int) -> Array:
    """The inverse of `local_to_utc`."""
    return np.roll(values, utc_offset_h, axis=0)


def month_hour_to_local(table: ArrayLike) -> Array:
    """Repeat month-by-hour days [n, 12, 24] through the year: [8760, n], still on the table's own clock."""
    days = np.asarray(table, dtype=np.float64)
    if days.ndim != 3 or days.shape[1:] != (12, 24):
        raise ValueError(f"a month-hour table is [n, 12, 24], found shape {days.shape}")
    return days[:, MONTH_OF_DAY, :].reshape(days.shape[0], HOURS).T


def month_hour_table(values: Array, utc_offset_h: int = 0) -> Array:
    """Mean day of each month on a local clock: hourly UTC [8760, n] to [n, 12, 24].

    This is what is left of an hourly record when it is told the way China's is (the variant `us_12x24`).
    """
    days = utc_to_local(values, utc_offset_h).reshape(DAYS, 24, -1)
    means = np.stack([days[month == MONTH_OF_DAY].mean(axis=0) for month in range(12)])
    return means.transpose(2, 0, 1)


def quietest_hour_utc(load_mw: Array) -> int:
    """UTC hour at which the sum of all columns [8760, n] is lowest on the mean day: a good hour for a day to begin."""
    return int(load_mw.sum(axis=1).reshape(DAYS, 24).mean(axis=0).argmin())


def monthly_means(values: Array, utc_offset_h: int = 0) -> Array:
    """Mean of each local month: hourly UTC [8760, n] to [n, 12]."""
    local = utc_to_local(values, utc_offset_h)
    return np.stack([local[month == MONTH_OF_HOUR].mean(axis=0) for month in range(12)], axis=1)


def scale_to_total(values: Array, weight: Array, total: Array, upper: Array, spare: Array | None = None) -> Array:
    """Scale the columns of `values` so that their weighted sums equal `total`, nothing above `upper`.

    values [t, n] >= 0, weight [t] > 0, total [n] >= 0, upper [n]. Each column is multiplied by one factor; steps that
    would pass `upper` stay at it and the others take up the rest, until the sum is met to rounding. `spare` [t, n] is
    another profile whose own sum is about right: it is added before scaling to columns that would otherwise have to be
    multiplied by more than three, or that have too few positive steps. Raises ValueError where the sum cannot be met.
    """
    steps = weight[:, None]
    result = values
    if spare is not None:
        reach = upper * (steps * (values > 0.0)).sum(axis=0)
        result = np.where((total > 3.0 * (steps * values).sum(axis=0)) | (total > reach), values + spare, values)
    reach = upper * (steps * (result > 0.0)).sum(axis=0)
    if (total > reach * (1.0 + 1e-9)).any():
        column = int(np.argmax(total - reach))
        raise ValueError(
            f"column {column}: a sum of {total[column]:.6g} is out of reach, {reach[column]:.6g} is the most"
        )
    full = np.zeros(result.shape, dtype=bool)
    while True:
        free = (steps * np.where(full, 0.0, result)).sum(axis=0)
        rest = total - upper * (steps * full).sum(axis=0)
        factor = np.divide(np.maximum(rest, 0.0), free, out=np.zeros_like(free), where=free > 0.0)
        passing = ~full & (result * factor > upper)
        if not passing.any():
            return np.where(full, upper, result * factor)
        full |= passing
