"""What a plan does, in planners' units: tokens, megawatts, chips, use of limits and prices. Tables in long form."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .planner import Plan
from .prices import lmp_usd_per_mwh, per_mw_year, service_years
from .unit_costs import tariff_usd_per_mwh

TTOK_PER_H_TO_MTOK_PER_S = 1e6 / 3600.0


def yearly(plan: Plan, values: np.ndarray) -> np.ndarray:
    """Sum over snapshots (last axis) weighted by hours: per year."""
    return values @ plan.param("hours")


def is_other_ai(plan: Plan) -> np.ndarray:
    """Streams that are other AI work, not tokens of users."""
    return np.asarray(plan.instance.attributes["stream"]["workload"]) == "other_ai"


def fleet(plan: Plan) -> pd.DataFrame:
    """One row a period: reference tokens per second served, unserved and other AI work; IT GW; use of chips.

    Tokens per second are means of the year. ``use_of_chips`` is of chips that are on; a plan switches off what it does
    not need, so ``use_of_fleet``, of all chips in place, is what tells a slack fleet.
    """
    periods = plan.instance.sets["period"]
    route_stream = [plan.position("stream")[s] for s in plan.instance.attributes["route"]["stream"]]
    served_by_stream = np.zeros((len(plan.instance.sets["stream"]), len(periods)))
    np.add.at(served_by_stream, route_stream, yearly(plan, plan.value("serve")))
    unserved = yearly(plan, plan.value("unserved").sum(axis=1))
    other = is_other_ai(plan)
    rate = TTOK_PER_H_TO_MTOK_PER_S / 8760.0
    powered = plan.value("chips_powered")
    kw, availability = plan.param("it_kw"), plan.param("chip_availability")
    hours = plan.param("chip_hours")  # workloads, chips, periods
    work = yearly(plan, plan.value("work"))  # workloads, pools, chips, periods
    busy_kwh = np.einsum("wgp,wqgp,g->p", hours, work, kw)
    able_kwh = np.einsum("rgp,g->p", powered, kw) * 8760.0 * availability
    stands_kwh = np.einsum("rgp,g->p", in_place_kchip(plan), kw) * 8760.0 * availability
    peak = plan.param("pue_peak")
    draw = yearly(plan, plan.value("grid_draw")).sum(axis=0)
    return pd.DataFrame(
        {
            "period": periods,
            "served_mtok_per_s": served_by_stream[~other].sum(axis=0) * rate,
            "unserved_mtok_per_s": unserved[~other].sum(axis=0) * rate,
            "other_ai_mtok_per_s": served_by_stream[other].sum(axis=0) * rate,
            "it_gw": np.einsum("rgp,g->p", powered, kw) / 1e3,
            "facility_gw_peak": np.einsum("rgp,g,r->p", powered, kw, peak) / 1e3,
            "grid_draw_twh": draw / 1e6,
            "made_on_site_twh": plan.value("onsite_energy").sum(axis=0) / 1e3,
            "use_of_chips": np.divide(busy_kwh, able_kwh, out=np.zeros_like(busy_kwh), where=able_kwh > 0),
            "use_of_fleet": np.divide(busy_kwh, stands_kwh, out=np.zeros_like(busy_kwh), where=stands_kwh > 0),
        }
    )


def in_place_kchip(plan: Plan) -> np.ndarray:
    """Chips that stand, on or off: (hosts, chips, periods)."""
    return plan.param("chip_stock") + np.einsum("rgb,gbp->rgp", plan.value("chips_built"), plan.param("chip_alive"))


def hourly(plan: Plan) -> pd.DataFrame:
    """One row a region, period and snapshot: LMP, base load, what campuses draw, shed and spill."""
    instance = plan.instance
    axes = [instance.sets[name] for name in ("region", "period", "snapshot")]
    frame = pd.MultiIndex.from_product(axes, names=["region", "period", "snapshot"]).to_frame(index=False)
    shape = tuple(len(axis) for axis in axes)
    draw = np.zeros(shape)
    draw[[plan.position("region")[host] for host in instance.sets["host"]]] = plan.value("grid_draw")
    frame["country"] = np.repeat(instance.attributes["region"]["country"], shape[1] * shape[2])
    frame["hours"] = np.broadcast_to(plan.param("hours"), shape).ravel()
    for name, values in {
        "lmp_usd_per_mwh": lmp_usd_per_mwh(plan),
        "base_load_mw": plan.param("base_load_mw"),
        "campus_draw_mw": draw,
        "load_shed_mw": plan.value("load_shed"),
        "spill_mw": plan.value("spill"),
    }.items():
        frame[name] = values.ravel()
    return frame


def sites(plan: Plan) -> pd.DataFrame:
    """One row a host and period: IT MW on, new connections, new halls, draw and the mean power price with its parts."""
    hosts, periods = plan.instance.sets["host"], plan.instance.sets["period"]
    it_mw = np.einsum("rgp,g->rp", plan.value("chips_powered"), plan.param("it_kw"))
    draw = plan.value("grid_draw")
    twh = yearly(plan, draw)
    rows = [plan.position("region")[h] for h in hosts]
    price = lmp_usd_per_mwh(plan)[rows]
    flat = (price @ plan.param("hours")) / 8760.0
    paid = np.divide(yearly(plan, price * draw), twh, out=flat.copy(), where=twh > 1e-6)
    frame = pd.MultiIndex.from_product([hosts, periods], names=["region", "period"]).to_frame(index=False)
    attributes = pd.DataFrame(plan.instance.attributes["host"], index=list(hosts)).add_prefix("")
    frame["country"] = attributes["country"].reindex(frame["region"]).to_numpy()
    frame["name"] = attributes["name"].reindex(frame["region"]).to_numpy()
    tariff = tariff_usd_per_mwh(plan.scenario, hosts)
    for name, values in {
        "it_mw": it_mw,
        "firm_built_mw": plan.value("firm_built"),
        "flexible_built_mw": plan.value("flexible_built"),
        "hall_built_mw_it": plan.value("hall_built"),
        "grid_draw_twh": twh / 1e6,
        "lmp_usd_per_mwh": paid,
        "adder_usd_per_mwh": np.repeat(plan.param("delivery_adder")[:, None] * 1e6, len(periods), axis=1),
        "tariff_usd_per_mwh": np.repeat(tariff[:, None], len(periods), axis=1),
    }.items():
        frame[name] = values.ravel()
    return frame


def chips(plan: Plan) -> pd.DataFrame:
    """One row a chip and period: kchips in place, on, bought, what could be bought, and the IT GW that are on."""
    names, periods = plan.instance.sets["chip"], plan.instance.sets["period"]
    built = plan.value("chips_built")
    stands = in_place_kchip(plan)
    powered = plan.value("chips_powered")
    frame = pd.MultiIndex.from_product([names, periods], names=["chip", "period"]).to_frame(index=False)
    attributes = pd.DataFrame(plan.instance.attributes["chip"], index=list(names))
    frame["origin"] = attributes["origin"].reindex(frame["chip"]).to_numpy()
    frame["in_place_kchip"] = stands.sum(axis=0).ravel()
    frame["on_kchip"] = powered.sum(axis=0).ravel()
    frame["bought_kchip"] = built.sum(axis=0).ravel()
    frame["supply_kchip"] = plan.param("chip_supply").sum(axis=0).ravel()
    frame["it_gw"] = (powered.sum(axis=0) * plan.param("it_kw")[:, None]).ravel() / 1e3
    return frame


def generation(plan: Plan) -> pd.DataFrame:
    """One row a technology, country and period: MW in place and TWh a year.

    Wind and sun stand before spilling; spill is a row of its own.
    """
    periods = plan.instance.sets["period"]
    position = plan.position("plant")
    added = np.einsum("kb,kbp->kp", plan.value("capacity_built"), plan.param("plant_alive"))
    added -= np.einsum("kb,bp->kp", plan.value("capacity_retired"), plan.param("by_then"))
    capacity = plan.param("standing_mw") + added
    twh = np.zeros_like(capacity)
    generators = [position[k] for k in plan.instance.sets["generator"]]
    twh[generators] = yearly(plan, plan.value("output")) * 1e-6
    weather = [position[k] for k in plan.instance.sets["weather_plant"]]
    twh[weather] = capacity[weather] * (plan.param("weather_share") @ plan.param("hours"))[:, None] * 1e-6
    campus = [position[k] for k in plan.instance.sets["campus_plant"]]
    twh[campus] = plan.value("onsite_energy") * 1e-3
    stores = [position[k] for k in plan.instance.sets["store"]]
    twh[stores] = yearly(plan, plan.value("discharge")) * 1e-6
    attributes = plan.instance.attributes["plant"]
    frame = pd.DataFrame(
        {
            "country": np.repeat(attributes["country"], len(periods)),
            "technology": np.repeat(attributes["technology"], len(periods)),
            "period": np.tile(periods, len(position)),
            "gw": capacity.ravel() * 1e-3,
            "built_gw": plan.value("capacity_built").ravel() * 1e-3,
            "twh": twh.ravel(),
        }
    )
    table = frame.groupby(["country", "technology", "period"], as_index=False, sort=False).sum()
    spilled = yearly(plan, plan.value("spill")) * 1e-6
    country = np.asarray(plan.instance.attributes["region"]["country"])
    extra = [
        {
            "country": c,
            "technology": "(spilled)",
            "period": p,
            "gw": np.nan,
            "built_gw": np.nan,
            "twh": -spilled[country == c, i].sum(),
        }
        for c in dict.fromkeys(country)
        for i, p in enumerate(periods)
    ]
    return pd.concat([table, pd.DataFrame(extra)], ignore_index=True)


def limits(plan: Plan) -> pd.DataFrame:
    """One row a family of limits and period: how much there is, how much is used, and what one more unit is worth.

    Families: chips (kchip as IT MW), connection queue, generation build rate, reserve, transmission, UHV. ``price``
    is in ``price_unit``: USD (or tokens a second) per MW and year of service. A family without data on this side is
    marked.
    """
    rows: list[dict[str, object]] = []
    for p, period in enumerate(plan.instance.sets["period"]):
        for family, build in _FAMILIES.items():
            found = build(plan, p)
            rows.append(
                {
                    "family": family,
                    "period": period,
                    **(found or {"available": np.nan, "used": np.nan, "unit": "no data", "price": np.nan}),
                }
            )
    frame = pd.DataFrame(rows)
    share = frame["used"].astype(float) / frame["available"].astype(float)
    frame.insert(4, "share", share.where(frame["available"].astype(float) > 0))
    frame["price_unit"] = "USD/MW-yr" if plan.price_unit == "MUSD" else "tokens/s per MW"
    return frame


def _in_plain_units(plan: Plan, dual: np.ndarray, service: np.ndarray) -> np.ndarray:
    """USD per MW-year, or reference tokens per second per MW where the duals are in Ptok."""
    value = per_mw_year(plan, dual, service)
    return value if plan.price_unit == "MUSD" else value * 1e-6 * 1e15 / (8760.0 * 3600.0)


def _chips(plan: Plan, p: int) -> dict[str, object] | None:
    supply, built = plan.param("chip_supply")[:, :, p], plan.value("chips_built")[:, :, p]
    if supply.sum() <= 0:
        return None
    kw = plan.param("it_kw")
    service = service_years(plan, plan.param("chip_alive"))[:, p]
    dual = -plan.dual("chips_within_supply")[:, :, p]
    per_mw = _in_plain_units(plan, dual / kw[None, :], np.broadcast_to(service, dual.shape))
    weight = supply * kw[None, :]
    return {
        "available": float(weight.sum()),
        "used": float((built * kw[None, :]).sum()),
        "unit": "MW IT",
        "price": _mean(per_mw, weight),
    }


def _queue(plan: Plan, p: int) -> dict[str, object] | None:
    limit = plan.param("queue_mw")[:, p]
    if limit.sum() <= 0:
        return {"available": 0.0, "used": 0.0, "unit": "none yet", "price": np.nan}
    used = (plan.value("firm_built") + plan.value("flexible_built"))[:, p]
    dual = -plan.dual("queue")[:, p] - plan.reduced_cost("firm_built").clip(max=0)[:, p]
    service = service_years(plan, plan.param("firm_alive"))[:, p]
    fallback = service_years(plan, plan.param("flexible_alive"))[:, p]
    price = _in_plain_units(plan, dual, np.where(service > 0, service, fallback))
    return {"available": float(limit.sum()), "used": float(used.sum()), "unit": "MW", "price": _mean(price, limit)}


def _generation(plan: Plan, p: int) -> dict[str, object] | None:
    limit = plan.param("build_rate_mw")[:, p]
    if limit.sum() <= 0:
        return {"available": 0.0, "used": 0.0, "unit": "none yet", "price": np.nan} if limit.size else None
    members = plan.instance.relations["plants_of_programme"]
    position = plan.position("plant")
    built = plan.value("capacity_built")[:, p]
    used = np.asarray([built[[position[k] for k in plants]].sum() for plants in members.values()])
    first = [position[plants[0]] for plants in members.values()]
    service = service_years(plan, plan.param("plant_alive"))[first, p]
    price = _in_plain_units(plan, -plan.dual("built_within_rate")[:, p], service)
    return {"available": float(limit.sum()), "used": float(used.sum()), "unit": "MW", "price": _mean(price, limit)}


def _reserve(plan: Plan, p: int) -> dict[str, object] | None:
    """Firm capacity held and required. Growth of AI load is that of the chips that are on: in a zone with spare reserve
    the plan's own variables for it are free to be larger."""
    if not plan.param("has_reserve")[:, p].any():
        return None
    hosts, factor = plan.position("host"), plan.param("reserve_margin_factor")
    members = plan.instance.relations["hosts_in_zone"].values()

    def by_zone(values: np.ndarray) -> np.ndarray:
        return np.asarray([sum(values[hosts[host]] for host in zone) for zone in members])

    need, gap = plan.param("reserve_need_mw")[:, p], plan.param("reserve_gap_mw")[:, p]
    activity = np.nan_to_num(plan.lp.row_values("reserve_margin", plan.solution.row_activity)[:, p])
    short = plan.value("reserve_shortfall")[:, p]
    held = need - gap + activity - short + factor * by_zone(plan.value("firm_growth")[:, p])
    grown = np.maximum(firm_peak_mw(plan)[:, p] - plan.param("standing_firm_load_mw")[:, p], 0.0)
    required = need + factor * by_zone(grown)
    price = _in_plain_units(plan, plan.dual("reserve_margin")[:, p], np.full(len(factor), plan.param("discount")[p]))
    return {
        "available": float(held.sum()),
        "used": float(required.sum()),
        "unit": "MW firm",
        "price": _mean(price, need),
    }


def firm_peak_mw(plan: Plan) -> np.ndarray:
    """Peak load under firm service of the chips that are on, MW (hosts, periods): less flexible and on-site supply."""
    it_mw = np.einsum("rgp,g->rp", plan.value("chips_powered"), plan.param("it_kw"))
    flexible = np.einsum("rb,rbp->rp", plan.value("flexible_built"), plan.param("flexible_alive"))
    added = np.einsum("kb,kbp->kp", plan.value("capacity_built"), plan.param("plant_alive"))
    plants, onsite = plan.position("plant"), plan.param("onsite_firm_mw").copy()
    for i, host in enumerate(plan.instance.sets["host"]):
        for k, plant in enumerate(plan.instance.sets["campus_plant"]):
            if plant in plan.instance.relations["campus_plants_in"][host]:
                onsite[i] += plan.param("campus_credit")[k] * added[plants[plant]]
    return plan.param("pue_peak")[:, None] * it_mw - flexible - onsite


def _corridors(plan: Plan, p: int, uhv: bool) -> dict[str, object] | None:
    kinds = plan.instance.attributes["corridor"]["kind"]
    chosen = np.asarray([str(kind).startswith("uhv") == uhv for kind in kinds], bool)
    rating = plan.param("line_mw")[:, p] + np.einsum(
        "lb,lb->l", plan.param("line_alive")[:, :, p], plan.value("line_built")
    )
    if not chosen.any() or rating[chosen].sum() <= 0:
        return None
    forward, backward = yearly(plan, plan.value("flow_forward"))[:, p], yearly(plan, plan.value("flow_backward"))[:, p]
    usable = np.where(plan.param("has_use_limit")[:, p] > 0, plan.param("use_limit_h") / 8760.0, 1.0) * rating
    discount = plan.param("discount")[p]
    bound = -plan.reduced_cost("flow_forward").clip(max=0)[:, p].sum(axis=1) - plan.reduced_cost("flow_backward").clip(
        max=0
    )[:, p].sum(axis=1)
    row = -(plan.dual("forward_within_corridor") + plan.dual("backward_within_corridor"))[:, p].sum(axis=1)
    use = -plan.dual("flow_within_year")[:, p] * 0.001 * plan.param("use_limit_h")
    price = _in_plain_units(plan, bound + row + use, np.full(len(rating), discount))
    return {
        "available": float(usable[chosen].sum()),
        "used": float((forward + backward)[chosen].sum() / 8760.0),
        "unit": "MW mean",
        "price": _mean(price[chosen], rating[chosen]),
    }


_FAMILIES = {
    "chips": _chips,
    "connection queue": _queue,
    "generation build rate": _generation,
    "reserve": _reserve,
    "transmission": lambda plan, p: _corridors(plan, p, False),
    "UHV": lambda plan, p: _corridors(plan, p, True),
}


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    total = float(weight.sum())
    return float((values * weight).sum() / total) if total > 0 else float("nan")


def months_to_power(plan: Plan) -> pd.DataFrame:
    """Months from request to energisation by host, one clock: firm and flexible, and the yearly limit."""
    table = plan.scenario.table("connection.limits").set_index("region").reindex(list(plan.instance.sets["host"]))
    return table[["months_to_power", "flexible_months", "limit_mw_per_yr"]].rename_axis("region").reset_index()
