"""Families of limits for the relief ladder, and what it means to relax one by a tenth, by half, or entirely.

What is multiplied is what a family lets a country add or use, in the words of the scenario, wherever it lets it do
anything at all: lead times stay, so nothing comes earlier than it can be finished, and what stands is not multiplied.

A rung is a factor on a family: 1.1, 1.5, or without limit. Each family edits an instance; edits of different families
touch different places, so they may follow each other in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .assumptions import weakest_word

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance
    from optimizer.scenario.scenario import Scenario

Arrays = dict[str, np.ndarray]

RUNGS: dict[str, float] = {"+10 %": 1.1, "+50 %": 1.5, "entirely": np.inf}
FREE = 1e6  # MW or kchip at one place: beyond any country, so it lifts a limit that has to be a number


@dataclass(frozen=True)
class Family:
    """Limits that are relaxed together.

    Attributes:
        name: as in the tables. what: what a factor multiplies, in plain words.
        edit: whole parameters of an instance after a factor. is_there: whether the instance has data of the family.
        parts: the single families that it is made of, itself where it is one.
        sources: table, and the rows of it that state the limit (None for all), for the confidence of the limit.
        path: ``queue`` or ``supply`` where the scenario's tables hold a low and a high path of it.
    """

    name: str
    what: str
    edit: Callable[[Instance, float], Arrays]
    is_there: Callable[[Instance], bool]
    parts: tuple[str, ...]
    sources: tuple[tuple[str, Callable[[Scenario], np.ndarray] | None], ...] = ()
    path: str = ""


def _grown(instance: Instance, names: tuple[str, ...], factor: float) -> Arrays:
    """Parameters times a factor; where nothing is allowed, nothing becomes allowed."""
    return {name: _times(instance.params[name], factor) for name in names}


def _times(values: np.ndarray, factor: float) -> np.ndarray:
    if np.isfinite(factor):
        return values * factor
    return np.where(values > 0, np.maximum(values, FREE), values)


def _queue(instance: Instance, factor: float) -> Arrays:
    return _grown(instance, ("queue_mw", "firm_queue_mw", "flexible_build_max_mw"), factor)


def _build_rate(instance: Instance, factor: float) -> Arrays:
    return _grown(instance, ("build_rate_mw", "build_max_mw", "onsite_build_mw"), factor)


def _reserve(instance: Instance, factor: float) -> Arrays:
    """A factor of 1.1 takes a tenth off the margin on the load without new AI, 1.5 half of it."""
    params = instance.params
    over = 1.0 - 1.0 / params["reserve_margin_factor"]
    margin = params["reserve_need_mw"] * over[:, None]
    less = margin * min(factor - 1.0, 1.0) if np.isfinite(factor) else np.full(margin.shape, FREE)
    return {"reserve_gap_mw": params["reserve_gap_mw"] - less}


RATINGS = (
    "line_mw", "line_back_mw", "forward_limit_mw", "backward_limit_mw", "line_build_max_mw",
    "firm_forward_max_mw", "firm_backward_max_mw",
)  # fmt: skip


def is_uhv(instance: Instance) -> np.ndarray:
    """Corridors that are ultra-high voltage, bool (corridors,)."""
    return np.asarray([str(kind).startswith("uhv") for kind in instance.attributes["corridor"]["kind"]], bool)


def _transmission(instance: Instance, factor: float) -> Arrays:
    return _rated(instance, ~is_uhv(instance), np.full(len(instance.sets["corridor"]), factor))


def _uhv(instance: Instance, factor: float) -> Arrays:
    """The yearly energy of each line times the factor: by a higher cap on its use first, then by a higher rating."""
    params, uhv = instance.params, is_uhv(instance)
    capped = uhv & (params["has_use_limit"].max(axis=1, initial=0.0) > 0)
    use = params["use_limit_h"] / 8760.0
    wanted = use * factor
    allowed = np.where(capped, np.minimum(wanted, 1.0), use)
    rating = np.where(capped, wanted / allowed, factor)
    return _rated(instance, uhv, rating) | {"use_limit_h": allowed * 8760.0}


def _rated(instance: Instance, chosen: np.ndarray, factor: np.ndarray) -> Arrays:
    """Ratings of the chosen corridors times a factor each, and of the sending stations that only they share."""
    out: Arrays = {}
    for name in RATINGS:
        values = instance.params[name].copy()
        for line in np.flatnonzero(chosen):
            values[line] = _times(values[line], float(factor[line]))
        out[name] = values
    caps = instance.params["sending_cap_mw"].copy()
    place = {label: i for i, label in enumerate(instance.sets["corridor"])}
    for j, legs in enumerate(instance.relations["corridors_of_cap"].values()):
        own = [place[leg] for leg in legs]
        if own and chosen[own].all():
            caps[j] = _times(caps[j : j + 1], float(factor[own].max()))[0]
    return out | {"sending_cap_mw": caps}


def _chips(instance: Instance, factor: float) -> Arrays:
    return _grown(instance, ("chip_supply", "volume_cap_kchip", "tpp_cap"), factor)


def _lines_there(instance: Instance, chosen: np.ndarray) -> bool:
    return bool((instance.params["line_mw"][chosen] > 0).any())


def _rows_uhv(scenario: Scenario) -> np.ndarray:
    return scenario.table("transmission.corridors")["kind"].astype(str).str.startswith("uhv").to_numpy()


def _rows_rated(scenario: Scenario) -> np.ndarray:
    return scenario.table("power.technologies")["max_build_mw_per_yr"].notna().to_numpy()


def _rows_supplied(scenario: Scenario) -> np.ndarray:
    table = scenario.table("compute.supply")
    blocs = {country.chip_bloc for country in scenario.countries.values()}
    ahead = table["year"].to_numpy(float) >= scenario.periods.years[0]
    return (table["destination_bloc"].isin(blocs) & ahead).to_numpy()


SINGLE = (
    Family(
        "connection queue",
        "MW that each region can energise in a period, firm and flexible; what is connected already stays",
        _queue,
        lambda i: bool((i.params["queue_mw"] > 0).any()),
        ("connection queue",),
        (("connection.limits", None),),
        "queue",
    ),
    Family(
        "generation build rate",
        "MW that a country can add of each technology in a period, on-site plants too; sites for wind and sun stay",
        _build_rate,
        lambda i: bool((i.params["build_rate_mw"] > 0).any()),
        ("generation build rate",),
        (("power.technologies", _rows_rated),),
    ),
    Family(
        "reserve",
        "the planning margin over the load without new AI: a tenth or half of it off, then no requirement at all",
        _reserve,
        lambda i: bool(i.params["has_reserve"].any()),
        ("reserve",),
        (("reserve.zones", None),),
    ),
    Family(
        "transmission",
        "ratings of lines below UHV and what can be added to them, firm transfers between reserve zones included",
        _transmission,
        lambda i: _lines_there(i, ~is_uhv(i)),
        ("transmission",),
        (("transmission.corridors", lambda s: ~_rows_uhv(s)),),
    ),
    Family(
        "UHV",
        "yearly energy of each UHV line: first by the cap on its use, up to full use, then by its rating",
        _uhv,
        lambda i: _lines_there(i, is_uhv(i)),
        ("UHV",),
        (("transmission.corridors", _rows_uhv),),
    ),
    Family(
        "chips",
        "chips that reach the country, and caps of licences; a chip that export control denies stays denied",
        _chips,
        lambda i: bool((i.params["chip_supply"] > 0).any()),
        ("chips",),
        (("compute.supply", _rows_supplied),),
        "supply",
    ),
)  # fmt: skip
_BY_NAME = {family.name: family for family in SINGLE}


def _together(name: str, what: str, parts: tuple[str, ...], every: bool) -> Family:
    """Several families relaxed at once; there where ``every`` part has data, or where any has."""
    members = [_BY_NAME[part] for part in parts]

    def edit(instance: Instance, factor: float) -> Arrays:
        out: Arrays = {}
        for member in members:
            out |= member.edit(instance.replace(**out), factor)
        return out

    def is_there(instance: Instance) -> bool:
        return (all if every else any)(member.is_there(instance) for member in members)

    return Family(name, what, edit, is_there, parts, tuple(s for member in members for s in member.sources))


MEGAWATTS = ("connection queue", "generation build rate", "reserve", "transmission", "UHV")
FAMILIES = (
    SINGLE[0],
    _together(
        "generation and reserve", "both of the next two together", ("generation build rate", "reserve"), every=True
    ),
    *SINGLE[1:],
    _together("all MW limits", "queue, generation, reserve, transmission and UHV together", MEGAWATTS, every=False),
    _together("everything", "all MW limits and chips together: a check", (*MEGAWATTS, "chips"), every=False),
)
PICTURE = (
    "connection queue", "generation and reserve", "transmission", "UHV", "chips", "all MW limits", "everything",
)  # fmt: skip


def confidence(scenario: Scenario, family: Family) -> str:
    """The commonest confidence word of the rows that state a family's limits; empty where there are none."""
    words: list[str] = []
    for table, rows in family.sources:
        frame = scenario.table(table)
        chosen = frame if rows is None else frame[rows(scenario)]
        if "confidence" in chosen:
            words += [weakest_word(text) for text in chosen["confidence"]]
    return max(dict.fromkeys(words), key=words.count, default="")
