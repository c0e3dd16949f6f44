"""What a replay reads: arrays by kind of thing, their checks, and the merit order that they make in every region."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from kernels.dispatch import Floats, Graph, Whole
from kernels.weather_years import Years

TIE = (
    1e-7  # USD/MWh: largest amount by which costs are told apart, so that equal ones have one order and nothing cycles
)
DISCHARGE_TRADE, DISCHARGE_RESERVE, CHARGE_REFILL, CHARGE_TRADE = range(4)


class Loads(NamedTuple):
    """``base_mw`` (hour, region): load without campuses, in the hours of the record."""

    base_mw: Floats


class Campuses(NamedTuple):
    """``want_mw`` (hour, region): at the meter; ``onsite_mw``, ``onsite_usd`` (region,): plants behind the meter that
    can run, and their cost a MWh; ``firm_mw``, ``flexible_mw`` (region,): connections; ``ceiling_mw`` (hour, region):
    base load and flexible draw stay below it (infinite where no such rule holds)."""

    want_mw: Floats
    onsite_mw: Floats
    onsite_usd: Floats
    firm_mw: Floats
    flexible_mw: Floats
    ceiling_mw: Floats


class Weather(NamedTuple):
    """``factor`` (kind, hour, region): output as a share of capacity; ``mw`` (kind, region): capacity; ``odds``
    (kind,): 0 where a kind moves with the wind of the years, 1 where it moves with the sun."""

    factor: Floats
    mw: Floats
    odds: Whole


class Plants(NamedTuple):
    """Plants that run by merit order; each is one block.

    ``region`` (plant,); ``usd_per_mwh`` (plant,); ``available_mw`` (hour, plant): mean over outages; ``outage_mw``,
    ``spread_mw`` (plant,): mean and standard deviation of what is out by chance: what can run is ``available_mw +
    spread_mw x normal``, from zero to ``available_mw + outage_mw``. ``must_share`` (plant,) of what can run and
    ``must_mw`` (plant,), the larger of the two, run in any case (but no more than can).
    """

    region: Whole
    usd_per_mwh: Floats
    available_mw: Floats
    outage_mw: Floats
    spread_mw: Floats
    must_share: Floats
    must_mw: Floats


class Rations(NamedTuple):
    """Plants whose energy is limited over a span of hours.

    ``region``, ``usd_per_mwh`` (ration,); ``limit_mw`` (hour, ration): power; ``mean_mw`` (hour, ration): what each
    hour adds to the energy of its span; ``span_h`` (ration,): 24 for the water of a day, the hours of a year for a
    contract.
    """

    region: Whole
    usd_per_mwh: Floats
    limit_mw: Floats
    mean_mw: Floats
    span_h: Whole


class Stores(NamedTuple):
    """``region``; ``mw``: rating, both ways; ``mwh``; ``kept_in``, ``kept_out``: efficiencies; ``usd_per_mwh``: running
    cost of what is given back; ``low``, ``high``: prices below which the trading part charges and above which it gives
    back, USD/MWh, low < high. All (store,)."""

    region: Whole
    mw: Floats
    mwh: Floats
    kept_in: Floats
    kept_out: Floats
    usd_per_mwh: Floats
    low: Floats
    high: Floats


class Lines(NamedTuple):
    """One direction of a line each: ``start``, ``end`` (line,): regions; ``kept``: share that arrives; ``toll``:
    USD/MWh sent; ``mw``: rating; ``mean_mw``: yearly mean that it may carry, infinite where any. All (line,)."""

    start: Whole
    end: Whole
    kept: Floats
    toll: Floats
    mw: Floats
    mean_mw: Floats


class Rules(NamedTuple):
    """USD/MWh, rising: ``refill`` is what the reserve of a store may cost, ``rescue`` is the price above which reserves
    and what is left of rations are used, ``campus`` and ``base`` are the values of load. ``reserve_share`` of a store
    is kept for shortage; every year begins with it."""

    refill: float
    rescue: float
    campus: float
    base: float
    reserve_share: float


class System(NamedTuple):
    """All of it."""

    loads: Loads
    campuses: Campuses
    weather: Weather
    plants: Plants
    rations: Rations
    stores: Stores
    lines: Lines
    rules: Rules


class Blocks(NamedTuple):
    """Where things stand among the blocks of a graph, and what a MWh of each block costs in truth (a threshold of a
    store is no cost). ``store`` is (4, store); ``thrifty`` (rationed line,) are lines, their second arc follows all
    lines."""

    free: Whole
    onsite: Whole
    campus: Whole
    base: Whole
    plant: Whole
    ration: Whole
    rescue: Whole
    store: Whole
    usd_per_mwh: Floats
    thrifty: Whole


def arrange(system: System) -> tuple[Blocks, Graph]:
    """Sort everything that can feed a region by cost, and lay lines beside it.

    What a store does not charge is a block too: a region's demand holds all that its stores could take.
    """
    plants, rations, stores, lines, rules = system[3:]
    every, zero = np.arange(system.loads.base_mw.shape[1]), np.zeros(len(stores.mw))
    onsite = system.campuses.onsite_usd
    # region, the price at which a block moves, its true cost
    kinds: dict[str, tuple[Whole, Floats | float, Floats | float]] = {
        "free": (every, 0.0, 0.0),
        "onsite": (every, onsite, onsite),
        "campus": (every, rules.campus, rules.campus),
        "base": (every, rules.base, rules.base),
        "plant": (plants.region, plants.usd_per_mwh, plants.usd_per_mwh),
        "ration": (rations.region, rations.usd_per_mwh, rations.usd_per_mwh),
        "rescue": (rations.region, np.maximum(rations.usd_per_mwh, rules.rescue), rations.usd_per_mwh),
        "trade": (stores.region, stores.high, stores.usd_per_mwh),
        "reserve": (stores.region, np.maximum(stores.high, rules.rescue), stores.usd_per_mwh),
        "no refill": (stores.region, rules.refill + zero, zero),
        "no charge": (stores.region, stores.low, zero),
    }
    region = np.concatenate([place for place, _, _ in kinds.values()])
    price = np.concatenate([np.broadcast_to(usd, place.shape) for place, usd, _ in kinds.values()])
    truth = np.concatenate([np.broadcast_to(usd, place.shape) for place, _, usd in kinds.values()])
    order = np.lexsort((np.arange(len(region)), price, region))  # the free block comes first: nothing is cheaper
    at = np.empty(len(order), np.int64)
    at[order] = np.arange(len(order))
    ends = np.cumsum([len(place) for place, _, _ in kinds.values()])[:-1]
    position = dict(zip(kinds, np.split(at, ends), strict=True))
    first = np.searchsorted(region[order], np.arange(len(every) + 1)).astype(np.int64)
    apart = TIE * np.arange(len(order)) / max(len(order), 1)
    apart[first[:-1]] = 0.0
    thrifty = np.flatnonzero(np.isfinite(lines.mean_mw))
    toll = np.concatenate([lines.toll, np.maximum(lines.toll[thrifty], rules.rescue)])
    graph = Graph(
        first=first,
        cost=price[order] + apart,
        start=np.concatenate([lines.start, lines.start[thrifty]]),
        end=np.concatenate([lines.end, lines.end[thrifty]]),
        kept=np.concatenate([lines.kept, lines.kept[thrifty]]),
        toll=toll + TIE * np.arange(1, len(toll) + 1) / max(len(toll), 1),
    )
    blocks = Blocks(
        free=position["free"],
        onsite=position["onsite"],
        campus=position["campus"],
        base=position["base"],
        plant=position["plant"],
        ration=position["ration"],
        rescue=position["rescue"],
        store=np.stack([position[name] for name in ("trade", "reserve", "no refill", "no charge")]),
        usd_per_mwh=np.ascontiguousarray(truth[order]),
        thrifty=thrifty,
    )
    return blocks, graph


def check(system: System, years: Years, group: ArrayLike) -> tuple[System, Years, Whole]:
    """The same things as contiguous arrays; ValueError names what does not fit."""
    base = np.asarray(system.loads.base_mw)
    if base.ndim != 2 or np.ndim(years.day) != 2:
        raise ValueError(f"base load is (hour, region), days (sample, day), not {base.shape}, {np.shape(years.day)}")
    hours, regions = base.shape
    kinds, plant, ration, store, line = (
        len(np.atleast_1d(a))
        for a in (
            system.weather.mw, system.plants.region, system.rations.region, system.stores.region, system.lines.start
        )
    )  # fmt: skip
    samples, days = np.shape(years.day)
    each = (hours, regions)
    campus = (each, (regions,), (regions,), (regions,), (regions,), each)
    system = System(
        _arrays(system.loads, (each,)),
        _arrays(system.campuses, campus),
        _arrays(system.weather, ((kinds, hours, regions), (kinds, regions), (kinds,))),
        _arrays(system.plants, ((plant,), (plant,), (hours, plant), *[(plant,)] * 4)),
        _arrays(system.rations, ((ration,), (ration,), (hours, ration), (hours, ration), (ration,))),
        _arrays(system.stores, ((store,),) * 8),
        _arrays(system.lines, ((line,),) * 6),
        Rules(*(float(value) for value in system.rules)),
    )
    moved = (samples, days, regions), (samples, 2, days, regions), (samples, days, plant)
    years = _arrays(years, ((samples, days), *moved))
    groups: Whole = np.ascontiguousarray(group, dtype=np.int64)
    _places(system, years, groups)
    _ranges(system, years)
    return system, years, groups


T = TypeVar("T", Loads, Campuses, Weather, Plants, Rations, Stores, Lines, Years)
WHOLE = ("region", "odds", "span_h", "start", "end", "day")


def _arrays(given: T, shapes: tuple[tuple[int, ...], ...]) -> T:
    """Contiguous arrays of the right kind and shape."""
    name = type(given).__name__
    made: list[np.ndarray] = []
    for field, values, shape in zip(given._fields, given, shapes, strict=True):
        whole = field in WHOLE and len(shape) < 3
        array = np.ascontiguousarray(values, dtype=np.int64 if whole else np.float64)
        if array.shape != shape:
            raise ValueError(f"{name}.{field} is {array.shape}, not {shape}")
        made.append(array)
    return type(given)(*made)


def _places(system: System, years: Years, groups: Whole) -> None:
    """Regions, days and groups exist."""
    hours, regions = system.loads.base_mw.shape
    days = years.day.shape[1]
    lines = system.lines
    for name, places, below in (
        ("Plants.region", system.plants.region, regions),
        ("Rations.region", system.rations.region, regions),
        ("Stores.region", system.stores.region, regions),
        ("Lines.start", lines.start, regions),
        ("Lines.end", lines.end, regions),
        ("Weather.odds", system.weather.odds, 2),
        ("Years.day", years.day, days),
        ("group", groups, np.iinfo(np.int64).max),
    ):
        if places.size and not (places.min() >= 0 and places.max() < below):
            raise ValueError(f"{name} holds {places.min()} to {places.max()}, outside 0 to {below - 1}")
    if groups.shape != (hours,) or days != -(-hours // 24):
        raise ValueError(f"{hours} hours with groups of {groups.shape} and years of {days} days")
    if hours % 24 and (years.day != np.arange(days)).any():
        raise ValueError(f"days cannot change places in a record of {hours} hours")
    if len(system.rations.span_h) and system.rations.span_h.min() < 1:
        raise ValueError("Rations.span_h is an hour or more")
    if (lines.start == lines.end).any():
        raise ValueError("a line joins two regions")


def _ranges(system: System, years: Years) -> None:
    """Not a number is refused everywhere; infinite only where it means no limit."""
    huge = float(np.finfo(np.float64).max)
    special: dict[str, tuple[float, float]] = {
        "Campuses.ceiling_mw": (-huge, np.inf),
        "Weather.factor": (0.0, 1.0),
        "Stores.kept_in": (1e-3, 1.0),
        "Stores.kept_out": (1e-3, 1.0),
        "Lines.kept": (1e-3, 1.0),
        "Lines.mean_mw": (0.0, np.inf),
        "Years.plant": (-huge, huge),
    }
    for given in (*system[:-1], years):
        for field, values in zip(given._fields, given, strict=True):
            name = f"{type(given).__name__}.{field}"
            low, high = special.get(name, (0.0, huge))
            wrong = ~((values >= low) & (values <= high))
            if wrong.any():
                at = tuple(int(i) for i in np.argwhere(wrong)[0])
                raise ValueError(f"{name} at {at} is {values[at]}, outside {low:g} to {high:g}")
    rules, stores = system.rules, system.stores
    if not 0.0 <= rules.refill < rules.rescue < rules.campus <= rules.base < np.inf:
        raise ValueError(f"prices rise from refill to rescue, campus and base, not {rules}")
    if not 0.0 <= rules.reserve_share <= 1.0:
        raise ValueError(f"the reserve is a share of a store, not {rules.reserve_share}")
    if not (stores.low < stores.high).all() or (stores.high >= rules.campus).any():
        raise ValueError("a store buys below what it sells at, and sells below the value of a campus")
    if (system.plants.usd_per_mwh >= rules.campus).any() or (system.rations.usd_per_mwh >= rules.campus).any():
        raise ValueError("a plant that costs more than a campus is worth would never run")
