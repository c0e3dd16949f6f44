"""What the network's rooms share: elements of a table with their series, their years and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimizer.scenario.schema.network import ELEMENTS

from .draft import Draft, Label, World
from .finance import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .instance import Instance


@dataclass(frozen=True)
class Elements:
    """Rows of one table of `network`, in order, with their series; over time: (elements, periods, snapshots)."""

    world: World
    table: str
    frame: pd.DataFrame

    @cached_property
    def names(self) -> list[str]:
        if self.table == "link_ports":
            return [f"{link}:{port}" for link, port in zip(self.frame["link"], self.frame["port"], strict=True)]
        return [str(name) for name in self.frame[ELEMENTS[self.table]]]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.frame), len(self.world.periods), len(self.world.snapshots)

    def column(self, name: str, blank: float = 0.0) -> Floats:
        """A number for each element, ``blank`` where the table has none."""
        return pd.to_numeric(self.frame[name]).fillna(blank).to_numpy(float)

    def money(self, name: str) -> Floats:
        """Amounts in MUSD for each element."""
        return self.column(name) * self.musd

    @property
    def musd(self) -> float:
        return float(self.world.scenario.network.usd_per_currency) * 1e-6

    def over_time(self, name: str, blank: float = 0.0) -> Floats:
        """A column over time: its series where an element has one, else the figure of the table."""
        values = np.repeat(self.column(name, blank), self.shape[1] * self.shape[2]).reshape(self.shape)
        series = self.series(name)
        if series is not None:
            at = {element: i for i, element in enumerate(self.names)}
            rows = [at[element] for element in series.columns if element in at]
            given = series[[element for element in series.columns if element in at]].to_numpy(float).T
            given = np.where(np.isnan(given), blank, given)
            if given.shape[1] == self.shape[2]:  # one year for all periods
                given = np.tile(given, self.shape[1])
            values[rows] = given.reshape(len(rows), *self.shape[1:])
        return values

    def series(self, name: str) -> pd.DataFrame | None:
        key = f"{self.table}.{name}"
        return self.world.scenario.table(f"network.series.{key}") if key in self.world.scenario.network.series else None

    @cached_property
    def stands(self) -> NDArray[np.bool_]:
        """Periods in which each element stands, (elements, periods)."""
        first, years = self.column("build_year", 0.0)[:, None], np.asarray(self.world.periods, float)[None, :]
        return (first <= years) & (years < first + self.column("lifetime_yr", np.inf)[:, None])

    @cached_property
    def grows(self) -> NDArray[np.bool_]:
        """Elements whose capacity is decided."""
        return self.frame["grows"].to_numpy(float) > 0

    def subset(self, out: Draft, name: str) -> tuple[Label, ...]:
        """Fix a set of the elements and beside it, as ``growing_...``, those whose capacity is decided."""
        shown = [column for column in ("kind", "region", "from", "to", "carrier") if column in self.frame]
        titles = {"from": "from_region", "to": "to_region"}
        columns = {titles.get(column, column): self.frame[column].astype(object) for column in shown}
        out.set(f"growing_{name}", self.frame_names(self.grows), **{k: v[self.grows] for k, v in columns.items()})
        return out.set(name, self.names, **columns)

    def frame_names(self, rows: NDArray[np.bool_]) -> list[str]:
        return [name for name, row in zip(self.names, rows, strict=True) if row]

    def capacity(self, column: str) -> tuple[Floats, Floats]:
        """Least and most capacity of each element. An element without a limit of its own asks for none."""
        given = self.column(column, np.inf)
        fixed = np.where(np.isfinite(given), given, 0.0)
        least = np.where(self.grows, self.column("capacity_min"), fixed)
        most = np.where(self.grows, self.column("capacity_max", np.inf), fixed)
        return least, most

    def charges(self) -> Floats:
        """Discounted yearly charges of one unit of each element that grows, MUSD."""
        return (self.money("capital_per_yr") * (self.stands @ self.world.discount))[self.grows]

    def bounds(self, column: str, least: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Bounds on a flow: shares of a given capacity, zero where nothing stands, none where capacity is decided.

        No share of whatever is decided is zero: there a bound says it all, and `shares` asks for no row.
        """
        given = self.column(column, np.inf)[:, None, None]
        low, high = _times(least, given), _times(most, given)
        grows, stands = self.grows[:, None, None], self.stands[:, :, None]
        low = np.where(stands, np.where(grows & (least != 0.0), -np.inf, low), 0.0)
        return low, np.where(stands, np.where(grows & (most != 0.0), np.inf, high), 0.0)

    def laid_down(self, name: str) -> Floats:
        """Figures that are laid down, NaN where there is none or the element does not stand."""
        return np.where(self.stands[:, :, None], self.over_time(name, np.nan), np.nan)

    def growing(self, values: Floats | NDArray[np.bool_]) -> Floats:
        """Rows of the elements whose capacity is decided."""
        return np.asarray(values[self.grows], float)


def elements(world: World, table: str) -> Elements:
    """The elements of a table whose regions are in the scenario."""
    frame = world.scenario.table(f"network.{table}")
    return Elements(world, table, frame.reset_index(drop=True))


def _times(share: Floats, capacity: Floats) -> Floats:
    """Share x capacity; nothing of an unlimited capacity is nothing."""
    with np.errstate(invalid="ignore"):
        return np.where(share == 0.0, 0.0, share * capacity)


def within(value: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds with figures that are laid down put in the place of both."""
    known = ~np.isnan(value)
    return np.where(known, value, low), np.where(known, value, high)


def ramps(given: Elements, name: str) -> dict[str, Floats]:
    """Limits on rise and fall between snapshots of a period; before the first one only what is known of it."""
    rise, fall = given.over_time("ramp_up_share", np.nan), given.over_time("ramp_down_share", np.nan)
    before = given.column("before_mw", np.nan)
    applies = np.repeat(given.stands[:, :, None], given.shape[2], axis=2)
    start = np.zeros(given.shape, bool)
    if given.shape[1] and given.shape[2]:
        applies[:, :, 0] = False
        applies[:, 0, 0] = given.stands[:, 0] & ~np.isnan(before)
        start[:, 0, 0] = True
    return {
        f"{name}_may_rise": applies & ~np.isnan(rise),
        f"{name}_may_fall": applies & ~np.isnan(fall),
        f"{name}_rise_share": np.nan_to_num(rise),
        f"{name}_fall_share": np.nan_to_num(fall),
        f"{name}_before_mw": np.where(start, np.nan_to_num(before)[:, None, None], 0.0),
    }


def shares(given: Elements, name: str, least: Floats, most: Floats) -> dict[str, Floats]:
    """Shares of a decided capacity, and the hours that lean on them."""
    stands = np.broadcast_to(given.stands[:, :, None], given.shape)
    return {
        f"{name}_least_share": given.growing(least),
        f"{name}_most_share": given.growing(most),
        f"{name}_has_least": given.growing(stands & (least != 0.0)),
        f"{name}_has_most": given.growing(stands & (most != 0.0)),
    }


def carried(given: Elements) -> tuple[dict[str, Floats], np.ndarray]:
    """What storage keeps of the level before: (shares and gains by part, the period whose end comes before)."""
    periods = np.asarray(given.world.periods)
    kept = (1.0 - given.over_time("loss_per_h")) ** given.world.snapshots.step_h
    within_, between, gain = kept.copy(), np.zeros(given.shape), np.zeros(given.shape)
    wraps = given.frame["wraps"].astype(object).to_numpy()
    initial = given.column("initial_mwh")
    source = np.empty(given.shape[:2], dtype=object)
    source[:] = [int(year) for year in periods]
    for i in range(given.shape[0]):
        alive = np.flatnonzero(given.stands[i])
        if not len(alive) or not given.shape[2] or wraps[i] == "period":
            continue
        within_[i, :, 0] = 0.0
        for place, p in enumerate(alive):
            if wraps[i] == "each" or (wraps[i] == "no" and place == 0):
                gain[i, p, 0] = initial[i]
            else:
                between[i, p, 0] = kept[i, p, 0]
                source[i, p] = int(periods[alive[place - 1]])
    return {"within": within_, "between": between, "gain": gain}, source


LEAST_COST_SEEN = 0.25  # that the smallest network cost shall be for the solver: its dual tolerance, 1e-9, is absolute
MOST_COST_SEEN = 1e6

RUNNING = (
    "unit_cost", "link_cost", "release_cost", "reservoir_level_cost", "reservoir_spill_cost", "tank_cost",
    "tank_level_cost",
)  # fmt: skip
CHARGES = ("unit_capital", "link_capital", "reservoir_capital", "tank_capital", "branch_capital")


def cost_doublings(instance: Instance) -> int:
    """How often the costs of a network have to be doubled before a solver sees the smallest of them; zero without one.

    A network of a few hours, or in a currency of its own, may cost so little that a solver's dual tolerance, which is
    absolute, would hide the difference between two units.
    """
    params = instance.params
    weight = params["discount"][:, None] * params["hours"][None, :]
    sizes = [np.abs(params[name] * weight).ravel() for name in RUNNING] + [np.abs(params[name]) for name in CHARGES]
    costs = np.concatenate(sizes)
    costs = costs[costs > 0]
    if not len(costs):
        return 0
    wanted = np.log2(LEAST_COST_SEEN / costs.min())
    return int(np.clip(np.ceil(min(wanted, np.log2(MOST_COST_SEEN / costs.max()))), 0, 40))


def network_load(world: World) -> Floats:
    """Loads of the network, MW (regions, periods, snapshots)."""
    given = elements(world, "loads")
    total = np.zeros((len(world.regions), *given.shape[1:]))
    rows = [world.regions.index.get_loc(region) for region in given.frame["region"]]
    np.add.at(total, rows, given.over_time("load_mw"))
    return total
