"""The tables of a comparison: rows of measures, columns of countries and periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .country import Frames
from .ladder_section import ladder_section
from .plan import slack_notes
from .section import Section
from .token_cost import PARTS

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

Pair = tuple[str, str]
Stages = dict[str, tuple[Frames, Frames]]
TOP_SITES = 8
NOTHING = 1e-5  # in every unit of these tables


def sections(stage: str, names: Pair, stages: Stages, scenarios: tuple[Scenario, Scenario]) -> list[Section]:
    """The sections that a stage completes, in the order in which a planner reads them."""
    if stage == "most_tokens":
        frames = stages[stage]
        return [
            what_can_be_made(names, frames, scenarios),
            what_holds_back(names, frames),
            where_it_is_built(names, frames),
            chips_by_generation(names, frames),
            months_to_power(names, frames),
        ]
    if stage == "ladder":
        return [ladder_section(names, tuple(frames["ladder"] for frames in stages[stage]))]
    if stage == "central":
        return [full_cost(names, stages[stage]), power_at_sites(names, stages[stage])]
    if stage == "high":
        return [worth_of_limits(names, stages)]
    if stage == "without_ai":
        return [demand_paths(names, stages)]
    return []


def _columns(names: Pair, periods: list[int]) -> tuple[str, ...]:
    return tuple(f"{name} {period}" for name in names for period in periods)


def _periods(frame: pd.DataFrame) -> list[int]:
    return [int(p) for p in dict.fromkeys(frame["period"])]


def _row(label: str, frames: tuple[pd.DataFrame, pd.DataFrame], column: str) -> tuple[Any, ...]:
    """A row of a measure over both sides' periods; what a solver leaves of zero is shown as zero."""
    return (label, *(_clean(float(v)) for frame in frames for v in frame[column]))


def _clean(value: float) -> float | None:
    """None for unknown, zero for what is within the solver's tolerance of it."""
    if value != value:
        return None
    return 0.0 if abs(value) < NOTHING else value


def what_can_be_made(names: Pair, frames: tuple[Frames, Frames], scenarios: tuple[Scenario, Scenario]) -> Section:
    """Tokens and gigawatts at the largest scale of one common mix."""
    fleet = (frames[0]["fleet"], frames[1]["fleet"])
    tokens = [f["served_mtok_per_s"].to_numpy(float) for f in fleet]
    rows = [
        _row("reference tokens, million a second", fleet, "served_mtok_per_s"),
        _row("IT power on, GW", fleet, "it_gw"),
        _row("facility power at the peak, GW", fleet, "facility_gw_peak"),
        _row("drawn from the grid, TWh a year", fleet, "grid_draw_twh"),
        _row("made behind the meter, TWh a year", fleet, "made_on_site_twh"),
        _row("use of chips", fleet, "use_of_chips"),
    ]
    if len(tokens[0]) == len(tokens[1]):
        ratio = [float(a / b) if b > 0 else None for a, b in zip(*tokens, strict=True)]
        rows.append((f"{names[0]} / {names[1]}, tokens", *ratio, *([None] * len(ratio))))
    notes = [
        "most_tokens: the largest scale of one fixed mix of workloads, the same on both sides, "
        "then the cheapest plan of that scale",
        "a reference token is one output token of a 671B mixture-of-experts model at 1k in, 1k out; "
        "same work factors on both sides",
    ]
    for name, scenario in zip(names, scenarios, strict=True):
        for key, country in scenario.countries.items():
            if country.served_share < 1 or country.chip_share < 1:
                notes.append(
                    f"{name}: {key} serves {country.served_share:.0%} of its markets' demand and gets "
                    f"{country.chip_share:.0%} of the chips of {country.chip_bloc.replace('_', ' ')}"
                )
        notes.append(
            f"{name}: chip rates `{scenario.compute.chip_set}`, chip supply `{scenario.compute.supply_path}`, "
            "other AI work off in this table"
        )
    onsite = [float(side["fleet"]["made_on_site_twh"].sum()) > 0 for side in frames]
    if any(onsite) and not all(onsite):
        notes.append(
            f"plants behind the meter are in the data of {names[onsite.index(True)]} only: "
            "`--variant no_onsite` compares without them"
        )
    return Section(
        "What each side can make", ("measure", *_columns(names, _periods(fleet[0]))), tuple(rows), tuple(notes)
    )


def what_holds_back(names: Pair, frames: tuple[Frames, Frames]) -> Section:
    """Use of each family of limits at the largest scale, and the tokens that one more unit of it adds."""
    columns: tuple[str, ...] = ("limit", "period")
    for name in names:
        columns += (f"{name} used", f"{name} tokens/s per MW")
    pairs = ((frames[0]["limits_in_tokens"],), (frames[1]["limits_in_tokens"],))
    return Section(
        "What holds each side back",
        columns,
        _limit_rows(pairs),
        (
            "used: share of the limit in use at the largest scale; tokens/s per MW: what one more MW of it adds there",
            *LIMIT_NOTES,
        ),
        _use_digits(columns),
    )


def worth_of_limits(names: Pair, stages: Stages) -> Section:
    """Use and worth of each family of limits at least cost, on the central and the high path."""
    columns: tuple[str, ...] = ("limit", "period")
    for name in names:
        for path in ("central", "high"):
            columns += (f"{name} {path}: used", f"{name} {path}: USD/MW-yr")
    pairs = tuple(tuple(stages[path][side]["limits"] for path in ("central", "high")) for side in (0, 1))
    return Section(
        "What one more MW is worth at least cost",
        columns,
        _limit_rows(pairs),
        (
            "USD/MW-yr: what one more MW of the limit saves for each year that it serves; where demand leaves unserved "
            "it is bounded by what users would have paid",
            *LIMIT_NOTES,
        ),
        _use_digits(columns),
    )


def _use_digits(columns: tuple[str, ...]) -> dict[str, int]:
    """Shares of use with two decimals, prices as whole numbers."""
    return {column: 2 if column.endswith("used") else 0 for column in columns[2:]}


LIMIT_NOTES = (
    "a limit in full use may still be worth nothing when another binds first",
    "reserve: requirement over the firm capacity that is held; above 1 it is short. "
    "UHV exists on one side only and is part of its transmission",
    "a family without data on both sides reads no data, never slack; none yet: nothing can be added before the first "
    "projects decided today are ready",
)


def _limit_rows(pairs: tuple[tuple[pd.DataFrame, ...], ...]) -> tuple[tuple[Any, ...], ...]:
    """Rows of families and periods: for each side and each of its tables the share in use and the price."""
    rows: list[tuple[Any, ...]] = []
    first = pairs[0][0]
    for family in dict.fromkeys(first["family"]):
        for period in _periods(first):
            sides = [[_use_and_price(table, family, period) for table in tables] for tables in pairs]
            missing = [side[0][0] == "no data" for side in sides]
            if all(missing) or all(cell[0] == "none yet" for side in sides for cell in side):
                continue
            if any(missing) and family != "UHV":  # one-sided knowledge is no comparison
                sides = [[("no data", None) for _ in side] for side in sides]
            rows.append((family, str(period), *(value for side in sides for cell in side for value in cell)))
    return tuple(rows)


def _use_and_price(table: pd.DataFrame, family: str, period: int) -> tuple[Any, Any]:
    """Share in use and price of a family in a period, or why there is none."""
    found = _cell(table, family, period)
    if found is None or found["unit"] == "no data":
        return "no data", None
    if found["unit"] == "none yet":
        return "none yet", None
    return float(found["share"]), float(found["price"])


def _cell(frame: pd.DataFrame, family: str, period: int) -> pd.Series | None:
    rows = frame[(frame["family"] == family) & (frame["period"] == period)]
    return rows.iloc[0] if len(rows) else None


def where_it_is_built(names: Pair, frames: tuple[Frames, Frames]) -> Section:
    """The largest hosts of each side in the last period."""
    tops = []
    for side in frames:
        sites = side["sites"]
        last = sites[sites["period"] == sites["period"].max()]
        new = sites.groupby("region")[["firm_built_mw", "flexible_built_mw"]].sum()
        top = last.sort_values("it_mw", ascending=False).head(TOP_SITES)
        tops.append(
            [(row["name"], row["it_mw"] / 1e3, float(new.loc[row["region"]].sum()) / 1e3) for _, row in top.iterrows()]
        )
    rows = []
    for i in range(max(len(t) for t in tops)):
        cells: list[Any] = []
        for top in tops:
            cells += list(top[i]) if i < len(top) else [None, None, None]
        rows.append(tuple(cells))
    last_year = int(frames[0]["sites"]["period"].max())
    columns: tuple[str, ...] = ()
    for name in names:
        columns += (f"{name} region", f"{name} IT GW {last_year}", f"{name} new connection GW")
    return Section(
        "Where it is built",
        columns,
        tuple(rows),
        ("single sites are not unique: near-optimal plans may swap neighbours",),
    )


def chips_by_generation(names: Pair, frames: tuple[Frames, Frames]) -> Section:
    """Chips that are on, by period."""
    rows: list[tuple[Any, ...]] = []
    periods = _periods(frames[0]["chips"])
    for name, side in zip(names, frames, strict=True):
        chips = side["chips"].pivot_table(index="chip", columns="period", values=["on_kchip", "it_gw"], sort=False)
        for chip in chips.index:
            on = [float(chips.loc[chip, ("on_kchip", p)]) for p in periods]
            if max(on) >= 0.5:
                rows.append((name, chip, *on, *(float(chips.loc[chip, ("it_gw", p)]) for p in periods)))
    columns = ("side", "chip", *(f"thousand on {p}" for p in periods), *(f"IT GW {p}" for p in periods))
    return Section("Chips by generation", columns, tuple(rows))


def months_to_power(names: Pair, frames: tuple[Frames, Frames]) -> Section:
    """Months from request to energisation on one clock, weighted by the yearly limit of each region."""
    rows = []
    for name, side in zip(names, frames, strict=True):
        table = side["months"]
        firm = table["months_to_power"].to_numpy(float)
        weight = np.maximum(table["limit_mw_per_yr"].to_numpy(float), 0.0)
        flexible = table["flexible_months"].to_numpy(float)
        rows.append(
            (
                name,
                float(firm.min()),
                float(np.average(firm, weights=weight)) if weight.sum() > 0 else None,
                float(firm.max()),
                None if np.isnan(flexible).all() else float(np.nanmin(flexible)),
                float(weight.sum()) / 1e3,
            )
        )
    columns = ("side", "fastest region", "mean by MW", "slowest region", "fastest flexible", "limit GW a year")
    return Section(
        "Months from request to power",
        columns,
        tuple(rows),
        ("request to energisation on both sides; a blank flexible route has no data",),
    )


def full_cost(names: Pair, frames: tuple[Frames, Frames]) -> Section:
    """Full cost of tokens and its parts on the central path, with marginal cost beside it."""
    cost = (frames[0]["full_cost"], frames[1]["full_cost"])
    rows = [_row(part, cost, part) for part in PARTS]
    rows.append(_row("full cost", cost, "full_cost_usd_per_mtok"))
    rows.append(
        _row("marginal (dual of demand)", (frames[0]["marginal"], frames[1]["marginal"]), "marginal_usd_per_mtok")
    )
    rows.append(
        _row(
            "energy price / chip efficiency",
            (frames[0]["article_ratio"], frames[1]["article_ratio"]),
            "energy_usd_per_mtok",
        )
    )
    rows.append(_row("chips' share of full cost", cost, "chip_share"))
    rows.append(_row("energy's share of full cost", cost, "energy_share"))
    notes = [
        "full cost: everything in use at its annuity, old equipment at replacement price, "
        "energy at LMP + reserve + delivery adder"
    ]
    for name, side in zip(names, frames, strict=True):
        notes += [f"{name}: {note}" for note in slack_notes(side["fleet"])]
    return Section(
        "Cost of a million reference tokens, USD, central demand",
        ("part", *_columns(names, _periods(cost[0]))),
        tuple(rows),
        tuple(notes),
    )


def power_at_sites(names: Pair, frames: tuple[Frames, Frames]) -> Section:
    """Price of power where sites draw it: LMP and adder, weighted by draw."""
    rows: dict[str, list[Any]] = {
        "LMP": [],
        "delivery adder": [],
        "price at the site": [],
        "industrial tariff as published, without VAT": [],
        "cheapest region": [],
        "dearest region": [],
    }
    periods = _periods(frames[0]["sites"])
    for side in frames:
        for period in periods:
            sites = side["sites"][side["sites"]["period"] == period]
            weight = sites["grid_draw_twh"].to_numpy(float)
            weight = weight if weight.sum() > 0 else np.ones(len(sites))
            lmp = sites["lmp_usd_per_mwh"].to_numpy(float)
            adder = sites["adder_usd_per_mwh"].to_numpy(float)
            rows["LMP"].append(float(np.average(lmp, weights=weight)))
            rows["delivery adder"].append(float(np.average(adder, weights=weight)))
            rows["price at the site"].append(float(np.average(lmp + adder, weights=weight)))
            tariff = sites["tariff_usd_per_mwh"].to_numpy(float)
            known = ~np.isnan(tariff) & (weight > 0)
            rows["industrial tariff as published, without VAT"].append(
                float(np.average(tariff[known], weights=weight[known])) if known.any() else None
            )
            rows["cheapest region"].append(float((lmp + adder).min()))
            rows["dearest region"].append(float((lmp + adder).max()))
    return Section(
        "Power at the sites, USD/MWh, central demand",
        ("measure", *_columns(names, periods)),
        tuple((label, *values) for label, values in rows.items()),
        (
            "weighted by what sites draw; LMP is cost, not tariff; "
            "adders have one definition, value-added tax taken out",
        ),
    )


def demand_paths(names: Pair, stages: Stages) -> Section:
    """Low, central and high demand: served, unserved and the three costs."""
    rows: list[tuple[Any, ...]] = []
    periods = _periods(stages["central"][0]["fleet"])
    for path in ("low", "central", "high"):
        fleet = (stages[path][0]["fleet"], stages[path][1]["fleet"])
        rows.append(_row(f"{path}: served, Mtok/s", fleet, "served_mtok_per_s"))
        rows.append(_row(f"{path}: unserved, Mtok/s", fleet, "unserved_mtok_per_s"))
        rows.append(_row(f"{path}: IT power on, GW", fleet, "it_gw"))
        rows.append(
            _row(
                f"{path}: full cost, USD/Mtok",
                (stages[path][0]["full_cost"], stages[path][1]["full_cost"]),
                "full_cost_usd_per_mtok",
            )
        )
        rows.append(
            _row(
                f"{path}: marginal, USD/Mtok",
                (stages[path][0]["marginal"], stages[path][1]["marginal"]),
                "marginal_usd_per_mtok",
            )
        )
        extra: list[Any] = []
        for side in stages["without_ai"]:
            value = side["incremental"].set_index("path")["incremental_usd_per_mtok"].get(path)
            extra += [None if value is None or value != value else float(value), *([None] * (len(periods) - 1))]
        rows.append((f"{path}: incremental, USD/Mtok of all AI work, all periods", *extra))
    return Section(
        "Demand paths at least cost",
        ("measure", *_columns(names, periods)),
        tuple(rows),
        (
            "the demand band is a factor of 25 wide by 2030; other AI work (training, ranking, media) "
            "is served beside tokens and kept out of their cost",
            "full, marginal and incremental are three different figures and are never mixed",
        ),
    )


def assumptions_section(names: Pair, kept: tuple[dict[str, Any], dict[str, Any]], stages: Stages) -> Section:
    """How much of what was read is assumed, by table."""
    tables = [side["assumptions"].set_index("table") for side in stages["without_ai"]]
    rows = []
    for table in dict.fromkeys((*tables[0].index, *tables[1].index)):
        cells: list[Any] = []
        for side in tables:
            known = table in side.index
            cells += (
                [
                    int(side.loc[table, "rows"]),
                    *(float(side.loc[table, w]) for w in ("read", "derived", "recalled", "assumed")),
                ]
                if known
                else [None] * 5
            )
        rows.append((table, *cells))
    columns: tuple[str, ...] = ("table",)
    for name in names:
        columns += (f"{name} rows", *(f"{name} {w}" for w in ("read", "derived", "recalled", "assumed")))
    notes: list[str] = []
    for name, side in zip(names, kept, strict=True):
        notes += [f"{name}: {note}" for note in side.get("notes", ())]
        if side.get("assumed"):
            notes.append(f"{name}: assumed settings: {', '.join(side['assumed'])}")
    digits = {c: 2 for c in columns if any(c.endswith(w) for w in ("read", "derived", "recalled", "assumed"))}
    return Section("What in this answer is assumed", columns, tuple(rows), tuple(notes), digits)
