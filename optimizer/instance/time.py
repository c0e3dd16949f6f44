"""Snapshots: the hours that stand for a year, and how hourly series become values on them.

A few real days, each standing for a group of days of its own season, are cut into segments of consecutive hours; the
day with the highest net load of each country is kept hour by hour and stands for itself. Or the full year, every hour.
Weights sum to 8,760 h. Load and weather series are scaled so that every series keeps its energy in each season (hence
in the year); peak days stay exactly as they were.

Days of the United States, China and any third region are the same snapshots, in UTC: the load of users follows the sun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizer.instance.hours import (
    DAYS,
    HOURS,
    MONTH_OF_DAY,
    Array,
    date_of_day,
    hourly,
    scale_to_total,
)
from optimizer.instance.typical_days import (
    Index,
    WeatherGroup,
    cluster_days,
    feature_columns,
    seasons_of_days,
    segment_starts,
)


@dataclass(frozen=True)
class TimeSettings:
    """How a year is told.

    days: typical days beside the forced ones (4 or more keep four seasons apart); segments: snapshots of a typical
    day; peak_day: add the day of highest net load of each country, hour by hour; full_year: 8,760 snapshots, the
    others then do not matter; day_start_hour: UTC hour at which a modelled day begins. A day that begins in the
    country's night (United States 8, China 16) holds one whole evening peak, which a day from midnight UTC cuts in two.
    """

    days: int = 4
    segments: int = 6
    peak_day: bool = True
    full_year: bool = False
    day_start_hour: int = 0


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Time steps t = 0..T-1 of D modelled days, days in order of date, hours in order.

    weight_h [T]: hours of the year that t stands for, sum 8,760; step_h [T]: its length on the clock;
    start_hour [T]: hour of the day (UTC) at which it begins; day [T]: its modelled day; previous [T]: the snapshot
    before it, the last of a day before its first (in a full year the last hour of the year before the first);
    month_share [T, 12]: how the days that its day stands for fall into months; is_peak_day [T].
    date [D]: day of the year (0..364) that is shown; count [D]: days it stands for; season [D];
    peak_of [D]: countries whose peak day it is (none for typical days); shown_by [365]: modelled day that stands for
    each day of the year; hours_of_days [365, 24]: hours of the year of every day, in its order.
    """

    weight_h: Array
    step_h: Array
    start_hour: Index
    day: Index
    previous: Index
    month_share: Array
    is_peak_day: NDArray[np.bool_]
    date: Index
    count: Index
    season: Index
    peak_of: tuple[tuple[str, ...], ...]
    shown_by: Index
    hours_of_days: Index
    full_year: bool
    energy_h: Array | None = None  # hours that t counts for in limits on energy, where they are not weight_h
    first_hour: Index | None = None  # hour of the year at which t begins, where snapshots were listed

    def __len__(self) -> int:
        return len(self.weight_h)

    @property
    def labels(self) -> tuple[int, ...]:
        """Names of the snapshots: 0, 1, 2, ..."""
        return tuple(range(len(self)))

    @property
    def membership(self) -> Array:
        """Share of each snapshot that lies in each UTC hour of the day, [T, 24]; rows sum to 1."""
        length = np.clip(self.step_h, 1.0, 24.0)[:, None]  # what is listed may last longer than a day
        inside = (np.arange(24) - self.start_hour[:, None]) % 24 < length
        return inside / inside.sum(axis=1, keepdims=True)

    @property
    def of_hour(self) -> Index:
        """The snapshot that stands for every hour of the year (UTC), [8760]."""
        steps = np.repeat(np.arange(len(self)), self.step_h.astype(np.int64)).reshape(-1, 24)
        found = np.empty(HOURS, dtype=np.int64)
        found[self.hours_of_days] = steps[self.shown_by]
        return found

    def aggregate(self, series: ArrayLike, country: str | None = None) -> Array:
        """Values on snapshots [T, n] of hourly series [8760, n] that are never negative.

        Each series keeps its energy in every season and in the year; no value passes its highest hour of the year.
        Peak days stay as recorded. With `country`, a day that is the peak of other countries only shows the mean day
        of its month instead: weather of two countries on one date is chance when one of them is synthetic.
        """
        values = hourly(series, "series")
        if (values < 0.0).any():
            raise ValueError("a series with negative values cannot be scaled to its energy")
        if self.full_year:
            return values
        if self.first_hour is not None:  # listed as they shall be: each shows its own hours, nothing is scaled
            spans = [np.arange(max(1, round(float(length)))) for length in self.step_h]
            return np.stack(
                [
                    values[(start + span) % HOURS].mean(axis=0)
                    for start, span in zip(self.first_hour, spans, strict=True)
                ]
            )
        by_day = values[self.hours_of_days]  # [365, 24, n]
        shown = by_day[self.date]
        mean_day = np.zeros_like(shown)
        np.add.at(mean_day, self.shown_by, by_day)
        mean_day /= self.count[:, None, None]
        for position, countries in enumerate(self.peak_of):
            if countries and country is not None and country not in countries:
                shown[position] = by_day[MONTH_OF_DAY[self.date[position]] == MONTH_OF_DAY].mean(axis=0)
        result, spare = self._mean_of_steps(shown), self._mean_of_steps(mean_day)
        energy, highest = by_day.sum(axis=1), values.max(axis=0)
        for season in np.unique(self.season):
            rows = self.season[self.day] == season
            free, fixed = rows & ~self.is_peak_day, rows & self.is_peak_day
            total = energy[self.season[self.shown_by] == season].sum(axis=0) - self.weight_h[fixed] @ result[fixed]
            total = np.maximum(total, 0.0)  # rounding, where the peak day holds all there is
            result[free] = scale_to_total(result[free], self.weight_h[free], total, highest, spare[free])
        return result

    def monthly(self, table: ArrayLike) -> Array:
        """Values on snapshots [T, n] of a table by month [12, n]: the mean of the months that a day stands for."""
        return self.month_share @ np.asarray(table, dtype=np.float64)

    def diurnal(self, shape_utc: ArrayLike) -> Array:
        """Values on snapshots ([T] or [T, n]) of a daily shape in UTC hours ([24] or [24, n]); its mean is kept."""
        return self.membership @ np.asarray(shape_utc, dtype=np.float64)

    def describe(self) -> str:
        """One line for the printed result."""
        if self.full_year:
            return "full year, 8,760 hours"
        if self.first_hour is not None:
            total = float(self.weight_h.sum())
            return f"{len(self)} snapshots as listed, standing for {total:,.6g} hours of a year"
        days = ", ".join(
            f"{date_of_day(int(date))} ({'peak of ' + ' and '.join(peak) if peak else f'{count} days'})"
            for date, count, peak in zip(self.date, self.count, self.peak_of, strict=True)
        )
        return f"{len(self)} snapshots of {len(self.date)} days: {days}"

    def _mean_of_steps(self, days: Array) -> Array:
        """Mean over the hours of every snapshot [T, n] of modelled days [D, 24, n]."""
        first = np.concatenate([[0], np.cumsum(self.step_h)[:-1]]).astype(np.int64)
        return (
            np.add.reduceat(days.reshape(days.shape[0] * days.shape[1], days.shape[2]), first, axis=0)
            / self.step_h[:, None]
        )


def make_snapshots(
    groups: Sequence[WeatherGroup],
    net_load_mw: Mapping[str, ArrayLike],
    settings: TimeSettings,
    cache_dir: Path | None = None,
) -> Snapshots:
    """Choose the snapshots of a year.

    groups: the series that tell days apart, all countries together (hourly, UTC). net_load_mw: country -> its load less
    wind and sun [8760]; the day that holds its highest hour is forced when `settings.peak_day`. cache_dir: folder that
    keeps clusterings by content (`default_cache_dir()`), None for none. Raises ValueError for settings out of range.
    """
    if settings.full_year:
        return _full_year()
    hours_of_days = ((np.arange(HOURS) + settings.day_start_hour) % HOURS).reshape(DAYS, 24)
    features = feature_columns(groups)[hours_of_days]
    peaks: dict[int, tuple[str, ...]] = {}
    if settings.peak_day:
        for country, series in net_load_mw.items():
            net = hourly(series, f"net load of {country}")[hours_of_days, 0]
            day = int(net.max(axis=1).argmax())
            peaks[day] = (*peaks.get(day, ()), country)
    seasons = seasons_of_days(settings.days)
    rest = np.setdiff1d(np.arange(DAYS), list(peaks))
    group, medoid = cluster_days(features[rest], seasons[rest], settings.days, cache_dir)
    date = np.sort(np.concatenate([rest[medoid], np.array(list(peaks), dtype=np.int64)]))
    shown_by = np.searchsorted(date, np.arange(DAYS)).astype(np.int64)  # right for peak days, replaced for the others
    shown_by[rest] = np.searchsorted(date, rest[medoid])[group]
    peak_of = tuple(peaks.get(int(day), ()) for day in date)
    starts = [
        np.arange(24) if peak else segment_starts(features[shown], settings.segments)
        for shown, peak in zip(date, peak_of, strict=True)
    ]
    return _snapshots(date, shown_by, seasons, peak_of, starts, hours_of_days)


def _snapshots(
    date: Index,
    shown_by: Index,
    seasons: Index,
    peak_of: tuple[tuple[str, ...], ...],
    starts: Sequence[Index],
    hours_of_days: Index,
) -> Snapshots:
    """Put modelled days and their segments in a row; `starts` are hours since the beginning of the day."""
    count = np.bincount(shown_by, minlength=len(date))
    steps = np.array([len(hours) for hours in starts])
    day = np.repeat(np.arange(len(date)), steps)
    step_h = np.concatenate([np.diff(hours, append=24) for hours in starts]).astype(np.float64)
    first = np.cumsum(steps) - steps
    previous = np.arange(len(day)) - 1
    previous[first] = first + steps - 1
    share = np.zeros((len(date), 12))
    np.add.at(share, (shown_by, MONTH_OF_DAY), 1.0)
    return Snapshots(
        weight_h=step_h * count[day],
        step_h=step_h,
        start_hour=(np.concatenate(starts) + hours_of_days[0, 0]) % 24,
        day=day,
        previous=previous,
        month_share=(share / count[:, None])[day],
        is_peak_day=np.array([bool(countries) for countries in peak_of])[day],
        date=date,
        count=count,
        season=seasons[date],
        peak_of=peak_of,
        shown_by=shown_by,
        hours_of_days=hours_of_days,
        full_year=False,
    )


def _full_year() -> Snapshots:
    """Every hour stands for itself, in one block: the first hour follows the last."""
    days = np.arange(DAYS)
    hours_of_days = np.arange(HOURS).reshape(DAYS, 24)
    each = _snapshots(days, days, seasons_of_days(4), ((),) * DAYS, [np.arange(24)] * DAYS, hours_of_days)
    return replace(each, previous=(np.arange(HOURS) - 1) % HOURS, full_year=True)
