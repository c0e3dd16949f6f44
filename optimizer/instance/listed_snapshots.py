"""Snapshots that a scenario lists itself: their weights, lengths and order are taken as they stand.

Nothing is chosen and nothing is scaled. Weights need not sum to a year: a model of one day with weights of one hour
sets the charges of a whole year against a day's running cost, which is what its author asked for; a note says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .hours import DAYS, HOURS, MONTH_DAYS, MONTH_OF_DAY
from .time import Snapshots


def listed_snapshots(table: pd.DataFrame) -> Snapshots:
    """Snapshots from the rows of `time.snapshots`, in their order.

    A snapshot without a time of its own begins where the one before ends. Days, within which deferrable work balances,
    are runs of 24 hours on the clock.
    """
    length = table["length_h"].to_numpy(float)
    clock = np.concatenate([[0.0], np.cumsum(length)[:-1]])
    start = first_hours(table["utc"], clock)
    day = np.floor(clock / 24.0 + 1e-9).astype(np.int64)
    day = np.unique(day, return_inverse=True)[1].astype(np.int64)
    first_of_day = np.flatnonzero(np.diff(day, prepend=-1))
    month = MONTH_OF_DAY[start // 24]
    date = (start // 24)[first_of_day]
    weight = table["weight_h"].to_numpy(float)
    energy = table["energy_h"].to_numpy(float)
    return Snapshots(
        weight_h=weight,
        step_h=length,
        start_hour=start % 24,
        day=day,
        previous=(np.arange(len(length)) - 1) % len(length),
        month_share=np.eye(12)[month],
        is_peak_day=np.zeros(len(length), bool),
        date=date,
        count=np.ones(len(date), np.int64),
        season=np.zeros(len(date), np.int64),
        peak_of=((),) * len(date),
        shown_by=np.zeros(DAYS, np.int64),
        hours_of_days=np.arange(HOURS).reshape(DAYS, 24),
        full_year=False,
        energy_h=np.where(np.isnan(energy), weight, energy),
        first_hour=start,
    )


def first_hours(stamps: pd.Series, clock: np.ndarray) -> np.ndarray:
    """Hour of a common year at which each snapshot begins; 29 February counts as the 28th."""
    hours = np.floor(clock + 1e-9).astype(np.int64) % HOURS
    known = stamps.notna().to_numpy()
    if known.any():
        when = pd.to_datetime(stamps[known].astype(object), format="ISO8601", utc=True).dt
        before = np.concatenate([[0], np.cumsum(MONTH_DAYS)[:-1]])
        of_month = np.minimum(when.day.to_numpy(), MONTH_DAYS[when.month.to_numpy() - 1])
        hours[known] = (before[when.month.to_numpy() - 1] + of_month - 1) * 24 + when.hour.to_numpy()
    return hours
