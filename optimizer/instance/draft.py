"""What the rooms' builders share: the scenario's places and times, and a draft that they fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .finance import Floats, discount_weights
from .instance import Instance

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.scenario.scenario import Scenario

    from .time import Snapshots

Label = str | int


@dataclass
class Draft:
    """Sets, relations, arrays and notes, filled room by room and frozen into an :class:`Instance`."""

    sets: dict[str, tuple[Label, ...]] = field(default_factory=dict)
    relations: dict[str, dict[Any, list[Label]]] = field(default_factory=dict)
    params: dict[str, np.ndarray] = field(default_factory=dict)
    attributes: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def set(self, name: str, labels: Iterable[Label], /, **columns: Iterable[Any]) -> tuple[Label, ...]:
        """Fix the labels of a set and the attribute columns that result tables show beside them."""
        self.sets[name] = tuple(labels)
        if columns:
            self.attributes[name] = {key: list(values) for key, values in columns.items()}
        return self.sets[name]

    def relation(self, name: str, keys: Iterable[Any], pairs: Iterable[tuple[Any, Label]]) -> None:
        """Fix a relation from (key, member) pairs; keys without a pair get an empty list."""
        members: dict[Any, list[Label]] = {key: [] for key in keys}
        for key, member in pairs:
            if key in members:
                members[key].append(member)
        self.relations[name] = members

    def put(self, **params: Any) -> None:
        """Fix arrays by name."""
        for name, values in params.items():
            holds_objects = hasattr(values, "dtype") and values.dtype == np.dtype(object)
            self.params[name] = np.asarray(values) if holds_objects else np.asarray(values, float)

    def note(self, text: str) -> None:
        """Record an assumption that the result must repeat, once."""
        if text not in self.notes:
            self.notes.append(text)

    def position(self, name: str) -> dict[Label, int]:
        """Label -> position in a set."""
        return {label: i for i, label in enumerate(self.sets[name])}

    def finish(self) -> Instance:
        """Freeze the draft."""
        return Instance(self.sets, self.relations, self.params, self.attributes, tuple(self.notes))


@dataclass(frozen=True)
class World:
    """The scenario with its regions, hours and money ready for the rooms' builders.

    ``regions`` is the table of regions indexed by region, in the order of the set; ``load_mw`` the recorded hourly load
    (8760, regions) in UTC; ``weather`` technology profile -> capacity factors (8760, regions).
    """

    scenario: Scenario
    regions: pd.DataFrame
    snapshots: Snapshots
    load_mw: Floats
    weather: Mapping[str, Floats]
    notes: tuple[str, ...] = ()

    @cached_property
    def periods(self) -> tuple[int, ...]:
        return tuple(int(year) for year in self.scenario.periods.years)

    @property
    def length_yr(self) -> int:
        return int(self.scenario.periods.length_yr)

    @cached_property
    def too_early(self) -> np.ndarray:
        """Periods in which nothing new may appear: they hold what stands and what is committed. Bool, (periods,)."""
        first = self.scenario.periods.build_from
        return np.asarray(self.periods) < (self.periods[0] if first is None else first)

    @property
    def decided_from(self) -> float:
        return float(self.scenario.periods.decided_from)

    @cached_property
    def countries(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.regions["country"]))

    @cached_property
    def discount(self) -> Floats:
        """Discounted years of each period, (periods,)."""
        given = self.scenario.periods.discounted_years
        if given is not None:
            return np.asarray(given, float)
        return discount_weights(self.periods, self.length_yr, self.scenario.money.discount_rate, self.periods[0])

    def wacc(self, country: str, category: str) -> float:
        """Real cost of capital of a country for `grid`, `campus` or `chips`."""
        return float(getattr(self.scenario.countries[country].wacc, category))

    def on_snapshots(self, series: Floats) -> Floats:
        """Hourly series (8760, regions) on snapshots, (regions, snapshots); a country's peak day is its own."""
        result = np.empty((series.shape[1], len(self.snapshots)))
        for country in self.countries:
            rows = np.flatnonzero((self.regions["country"] == country).to_numpy())
            result[rows] = self.snapshots.aggregate(series[:, rows], country=country).T
        return result

    def money(self, unit: pd.Series | Sequence[str] | str) -> Floats:
        """Factors from a table's money units to the scenario's currency year. KeyError names a unit that has none."""
        factors = self.scenario.money.factors
        if isinstance(unit, str):
            return np.asarray(float(factors[unit]))
        return np.asarray([float(factors[u]) for u in unit], float)

    def country_position(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.countries)}
