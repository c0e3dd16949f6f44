"""Cost of a million reference tokens: three figures that are never mixed.

    full_cost            everything in use at its annuity, old equipment at its replacement price, energy at LMP +
                         reserve + delivery adder: comparable with published costs of owned compute
    marginal             dual of demand: what one more token costs; only energy where the fleet is slack
    incremental_system   (bill with AI - bill without) over all AI work

Full cost is a year's accounting from the plan and its prices. Equipment is shared by the IT energy that work takes on
the fleet as a whole; what no work takes is the idle share, a part of its own. Other AI work pays its own share and is
kept out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .measures import firm_peak_mw, is_other_ai, yearly
from .planner import Plan
from .prices import lmp_usd_per_mwh, token_price_usd_per_mtok
from .unit_costs import chip_annuity, connection_annuity, fee_share, hall_annuity

PARTS = ("chips", "fees", "hall", "connection", "energy", "reserve", "delivery", "on-site", "idle share")


def full_cost(plan: Plan) -> pd.DataFrame:
    """One row a period: USD per million reference tokens by part, their sum, the chip share and the energy share."""
    musd = yearly_cost_musd(plan)
    shares = work_shares(plan)
    tokens = shares["tokens_ptok"]
    periods = plan.instance.sets["period"]
    fixed = ("chips", "fees", "hall", "connection")
    used, of_tokens = shares["use"], shares["tokens"]
    table = pd.DataFrame({"period": periods})
    idle = np.zeros(len(periods))
    per = np.divide(1e-3, tokens, out=np.full(len(periods), np.nan), where=tokens > 0)  # MUSD over Ptok -> USD per Mtok
    for part in PARTS[:-1]:
        cost = musd[part]
        if part in fixed:
            idle += cost * (1.0 - used)
            cost = cost * used
        table[part] = cost * of_tokens * per
    table["idle share"] = idle * of_tokens * per
    table["full_cost_usd_per_mtok"] = table[list(PARTS)].sum(axis=1)
    table["chip_share"] = (musd["chips"] + musd["fees"]) / sum(musd.values())
    table["energy_share"] = (musd["energy"] + musd["reserve"] + musd["delivery"] + musd["on-site"]) / sum(musd.values())
    table["use_of_chips"] = used
    return table


def yearly_cost_musd(plan: Plan) -> dict[str, np.ndarray]:
    """MUSD a year by part and period: everything in use at its annuity, energy at its price."""
    scenario, instance = plan.scenario, plan.instance
    country = instance.attributes["host"]["country"]
    powered = plan.value("chips_powered")
    chip = chip_annuity(scenario, country, instance.sets["chip"])
    chips = np.einsum("rgp,rg->p", powered, chip)
    paid = fee_share(scenario, country, instance.sets["chip"])
    it_mw = np.einsum("rgp,g->rp", powered, plan.param("it_kw"))
    hall = hall_annuity(scenario, country)
    connection = connection_annuity(scenario, country)
    firm = np.maximum(
        firm_peak_mw(plan), 0.0
    )  # of the chips that are on: the plan's firm_load may be larger at no cost
    rows = [plan.position("region")[h] for h in instance.sets["host"]]
    draw, lmp = plan.value("grid_draw"), lmp_usd_per_mwh(plan)[rows]
    zone = {h: z for z, hosts in instance.relations["hosts_in_zone"].items() for h in hosts}
    discount = plan.param("discount")
    reserve_price = plan.dual("reserve_margin") / discount[None, :] * plan.param("reserve_margin_factor")[:, None]
    position = plan.position("zone")
    reserve = np.zeros(len(discount))
    for i, host in enumerate(instance.sets["host"]):
        if host in zone:
            reserve += firm[i] * reserve_price[position[zone[host]]]
    plants = [plan.position("plant")[k] for k in instance.sets["campus_plant"]]
    running = plan.value("onsite_energy") * plan.param("onsite_cost")
    alive = plan.param("plant_alive")[plants]
    charge = np.divide(
        plan.param("plant_cost")[plants],
        alive @ discount,
        out=np.zeros((len(plants), len(discount))),
        where=alive @ discount > 0,
    )
    capital = np.einsum("kb,kb,kbp->kp", charge, plan.value("capacity_built")[plants], alive)
    return {
        "chips": chips,
        "fees": np.einsum("rgp,rg->p", powered, chip * paid),
        "hall": (it_mw * hall[:, None]).sum(axis=0),
        "connection": (it_mw * plan.param("pue_peak")[:, None] * connection[:, None]).sum(axis=0),
        "energy": yearly(plan, draw * lmp).sum(axis=0) * 1e-6,
        "reserve": reserve,
        "delivery": (yearly(plan, draw) * plan.param("delivery_adder")[:, None]).sum(axis=0),
        "on-site": running.sum(axis=0) + capital.sum(axis=0),
    }


def work_shares(plan: Plan) -> dict[str, np.ndarray]:
    """By period: `use` of chips that are on, share of `tokens` in their work, tokens served and all work (Ptok a year).

    Work of different classes is weighed by the IT energy that the fleet as a whole takes for it. Which chip serves
    which class is often a tie in the plan, so the plan's own split would make the cost of a token arbitrary.
    """
    workloads = plan.instance.sets["workload"]
    other = np.asarray([w == "other_ai" for w in workloads], bool)
    hours, kw = plan.param("chip_hours"), plan.param("it_kw")
    powered = plan.value("chips_powered").sum(axis=0)
    work = yearly(plan, plan.value("work"))
    rate = np.divide(1.0, hours, out=np.zeros_like(hours), where=hours > 0)
    fleet_kw = np.einsum("gp,g->p", powered, kw)
    fleet_rate = np.einsum("wgp,gp->wp", rate, powered)
    per_work = np.divide(fleet_kw[None, :], fleet_rate, out=np.zeros_like(fleet_rate), where=fleet_rate > 1e-12)
    weighed = work.sum(axis=(1, 2)) * per_work
    total = weighed.sum(axis=0)
    busy = np.einsum("wgp,wqgp,g->p", hours, work, kw)
    able = fleet_kw * 8760.0 * plan.param("chip_availability")
    streams = [plan.position("stream")[s] for s in plan.instance.attributes["route"]["stream"]]
    served = yearly(plan, plan.value("serve"))
    mine = ~is_other_ai(plan)[streams]
    return {
        "use": np.divide(busy, able, out=np.zeros_like(busy), where=able > 0),
        "tokens": np.divide(weighed[~other].sum(axis=0), total, out=np.zeros_like(total), where=total > 0),
        "tokens_ptok": served[mine].sum(axis=0) * 1e-3,
        "work_ptok": served.sum(axis=0) * 1e-3,
    }


def marginal_cost(plan: Plan) -> pd.DataFrame:
    """One row a period: the demand-weighted marginal price of tokens, USD per million reference tokens."""
    price = token_price_usd_per_mtok(plan)
    weight = yearly(plan, plan.param("demand"))
    keep = ~is_other_ai(plan)
    weight, price = weight[keep], np.nan_to_num(price[keep])
    total = weight.sum(axis=0)
    mean = np.divide((price * weight).sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0)
    return pd.DataFrame({"period": plan.instance.sets["period"], "marginal_usd_per_mtok": mean})


def incremental_system_cost(with_ai: Plan, without_ai: Plan) -> float:
    """(bill with AI - bill without) over discounted AI work, USD per million reference tokens, other AI in both."""
    work = work_shares(with_ai)["work_ptok"] @ with_ai.param("discount")
    less = with_ai.bill_musd.get("unserved", 0.0)
    return (
        float("nan") if work <= 0 else (with_ai.solution.objective - less - without_ai.solution.objective) / work * 1e-3
    )


def article_ratio(plan: Plan) -> pd.DataFrame:
    """The ratio named in public debate, energy price over chip efficiency.

    USD of energy per million reference tokens of busy chips.
    """
    musd, shares = yearly_cost_musd(plan), work_shares(plan)
    energy = musd["energy"] + musd["reserve"] + musd["delivery"] + musd["on-site"]
    per = np.divide(1e-3, shares["work_ptok"], out=np.full(len(energy), np.nan), where=shares["work_ptok"] > 0)
    return pd.DataFrame({"period": plan.instance.sets["period"], "energy_usd_per_mtok": energy * per})
