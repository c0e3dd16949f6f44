"""Cost of tokens by place, chip and class of work: a tidy table whose rows add up to `full_cost`.

What a million reference tokens of a workload cost on a chip in a host, over all parts:

    used[part]  = yearly cost of the part per kW of the chip x IT kWh per token / hours of full use of its pool
    idle share  = the same of equipment, for the hours in which chips that are on have no work

Every chip that is on does its share of every class, in proportion to how fast it is. Which chip serves which class is
often a tie in a plan, so the plan's own split would make a row arbitrary. Equipment of a host is its chips' by IT MW,
energy as well; no part is shared by tokens, since tokens of a slow chip would then look cheap. A chip that cannot serve
a class leaves what it would have carried to those that can.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.instance.finance import Floats

from .measures import firm_peak_mw, yearly
from .planner import Plan
from .prices import lmp_usd_per_mwh, token_price_usd_per_mtok
from .section import Section
from .unit_costs import chip_annuity, connection_annuity, fee_share, hall_annuity

EQUIPMENT = ("chips", "network", "fees", "hall", "connection")
RUNNING = ("energy", "carbon", "reserve", "transmission", "on-site")
TABLE_PARTS = (*EQUIPMENT, *RUNNING, "idle share")
OTHER_AI = "other_ai"
HOURS_A_YEAR = 8760.0
HOURS_A_MONTH = HOURS_A_YEAR / 12.0


def token_cost(plan: Plan) -> pd.DataFrame:
    """One row a period, host, chip and workload: USD per million reference tokens by part, their sum, Ptok a year.

    ``chips`` is the bare chip where the table of chips has ``price_usd``, and ``network`` what the price holds beyond
    it: server and cluster network. ``carbon`` is the carbon price on what campuses burn and, at the mean emissions of
    the country, price and cap on what they draw; it is taken out of ``on-site`` and ``energy``. ``transmission`` is the
    delivery adder. ``article_ratio`` is the ratio named in public debate, energy price over chip efficiency;
    ``mw_month_at_full_cost`` what a MW of such chips makes in a month, at full cost: what a month of delay forgoes.
    Weighed by ``tokens_ptok`` the rows of a period give `full_cost` of that period; with several pools
    of chips they do where other AI work takes the same share of each.
    """
    sets = plan.instance.sets
    workloads = [w for w in sets["workload"] if w != OTHER_AI]
    rows = [sets["workload"].index(w) for w in workloads]
    host_cost = running_of_hosts_musd(plan)
    cost = equipment_musd(plan)
    shape = (len(workloads), len(sets["host"]), len(sets["chip"]), len(sets["period"]))
    parts = {part: np.zeros(shape) for part in TABLE_PARTS}
    tokens = np.zeros(shape)
    for pool, members in enumerate(plan.instance.relations["hosts_in_pool"].values()):
        at = [plan.position("host")[host] for host in members]
        fleet = _Pool(plan, pool, at)
        tokens[:, at] = fleet.tokens_ptok[rows]
        for part in EQUIPMENT:
            carried = fleet.carried(cost[part][at])[rows]
            parts[part][:, at] = carried * fleet.use
            parts["idle share"][:, at] += carried * (1.0 - fleet.use)
        for part in RUNNING:
            parts[part][:, at] = fleet.carried(fleet.by_it_mw(host_cost[part][at]))[rows]
    frame = pd.MultiIndex.from_product(
        [sets["period"], sets["host"], sets["chip"], workloads], names=["period", "region", "chip", "workload"]
    ).to_frame(index=False)

    def column(values: Floats) -> Floats:
        """Values of (workload, host, chip, period) in the order of the rows."""
        return np.moveaxis(values, (3, 1, 2, 0), (0, 1, 2, 3)).ravel()

    per = np.divide(1e-3, tokens, out=np.zeros_like(tokens), where=tokens > 0)  # MUSD over Ptok -> USD per Mtok
    for part in TABLE_PARTS:
        frame[part] = column(parts[part] * per)
    frame["full_cost_usd_per_mtok"] = frame[list(TABLE_PARTS)].sum(axis=1)
    frame["article_ratio_usd_per_mtok"] = frame[list(RUNNING)].sum(axis=1)  # energy price / chip efficiency
    it_mwh = plan.param("it_kw")[None, :, None] * plan.param("chip_hours")[rows]  # of a busy chip, MWh per Ttok
    frame["it_kwh_per_mtok"] = column(np.broadcast_to(it_mwh[:, None] * 1e-3, shape))
    made_mtok = 1e3 * HOURS_A_MONTH * float(plan.param("chip_availability")) / frame["it_kwh_per_mtok"]
    frame["mw_month_at_full_cost_usd"] = made_mtok * frame["full_cost_usd_per_mtok"]
    frame["tokens_ptok"] = column(tokens)
    return frame[frame["tokens_ptok"] > 0].reset_index(drop=True)


class _Pool:
    """Chips of a pool that are on, and how its work is spread over them.

    it_mw: (hosts, chips, periods); tokens_ptok: (workloads, hosts, chips, periods); use, of all chips: (periods,);
    class_share of each class in what the pool costs: (workloads, periods).
    """

    def __init__(self, plan: Plan, pool: int, hosts: list[int]) -> None:
        hours, kw = plan.param("chip_hours"), plan.param("it_kw")
        rate = np.divide(1.0, hours, out=np.zeros_like(hours), where=hours > 0)
        powered = plan.value("chips_powered")[hosts]
        work = yearly(plan, plan.value("work")[:, pool])  # Ttok a year by workload, chip and period
        self.it_mw = powered * kw[None, :, None]
        all_mw = self.it_mw.sum(axis=(0, 1))
        able = rate[:, None] * powered[None]  # Ttok an hour of each class that each could make
        total = able.sum(axis=(1, 2))
        works = total > 1e-12
        share = np.divide(able, total[:, None, None], out=np.zeros_like(able), where=works[:, None, None])
        made = work.sum(axis=1)
        self.tokens_ptok = share * made[:, None, None] * 1e-3
        # A class counts by the IT energy that the pool as a whole would take for it: see `work_shares`.
        weighed = made * np.divide(all_mw, total, out=np.zeros_like(total), where=works)
        every = weighed.sum(axis=0)
        self.class_share = np.divide(weighed, every, out=np.zeros_like(weighed), where=every > 0)
        busy = np.einsum("wgp,wgp,g->p", hours, work, kw)
        full = all_mw * HOURS_A_YEAR * plan.param("chip_availability")
        self.use = np.divide(busy, full, out=np.zeros_like(busy), where=full > 0)
        self.serves = np.broadcast_to((rate > 0)[:, None], able.shape)
        mw = np.where(self.serves, self.it_mw[None], 0.0)
        whole = mw.sum(axis=(1, 2))[:, None, None]
        self.instead = np.divide(mw, whole, out=np.zeros_like(mw), where=whole > 0)

    def by_it_mw(self, host: Floats) -> Floats:
        """What belongs to a host (hosts, periods) spread over its chips by IT MW: (hosts, chips, periods)."""
        whole = self.it_mw.sum(axis=1, keepdims=True)
        share = np.divide(self.it_mw, whole, out=np.zeros_like(self.it_mw), where=whole > 0)
        return share * host[:, None]

    def carried(self, cost: Floats) -> Floats:
        """A cost of chips in hosts (hosts, chips, periods) as that of each class on them."""
        of_class = self.class_share[:, None, None] * cost[None]
        left = np.where(self.serves, 0.0, of_class).sum(axis=(1, 2))[:, None, None]
        return np.where(self.serves, of_class, 0.0) + left * self.instead


def equipment_musd(plan: Plan) -> dict[str, Floats]:
    """MUSD a year of chips that are on and what they stand in and hang on, (hosts, chips, periods) by part."""
    scenario, instance = plan.scenario, plan.instance
    country, chips = instance.attributes["host"]["country"], instance.sets["chip"]
    powered, kw = plan.value("chips_powered"), plan.param("it_kw")
    annuity = chip_annuity(scenario, country, chips)
    bare = annuity * bare_share(plan)[None, :]
    it_mw = powered * kw[None, :, None]
    hall, connection = hall_annuity(scenario, country), connection_annuity(scenario, country)
    return {
        "chips": powered * bare[:, :, None],
        "network": powered * (annuity - bare)[:, :, None],
        "fees": powered * (annuity * fee_share(scenario, country, chips))[:, :, None],
        "hall": it_mw * hall[:, None, None],
        "connection": it_mw * (plan.param("pue_peak") * connection)[:, None, None],
    }


def bare_share(plan: Plan) -> Floats:
    """Bare chip's share of the price with server and network, (chips,); 1 where the table does not tell them apart."""
    table = plan.scenario.table("compute.chips").set_index("chip").loc[list(plan.instance.sets["chip"])]
    if "price_usd" not in table:
        return np.ones(len(table))
    bare = pd.to_numeric(table["price_usd"]) / table["price_per_chip"]
    return bare.fillna(1.0).clip(0.0, 1.0).to_numpy(float)


def running_of_hosts_musd(plan: Plan) -> dict[str, Floats]:
    """MUSD a year of energy, carbon, reserve, transmission and on-site supply, (hosts, periods) by part."""
    instance, discount = plan.instance, plan.param("discount")
    draw = plan.value("grid_draw")
    lmp = lmp_usd_per_mwh(plan)[[plan.position("region")[h] for h in instance.sets["host"]]]
    energy = yearly(plan, draw * lmp) * 1e-6
    grid_carbon, campus_carbon = _carbon_musd(plan, yearly(plan, draw))
    price = plan.dual("reserve_margin") / discount[None, :] * plan.param("reserve_margin_factor")[:, None]
    zone = {host: z for z, hosts in enumerate(instance.relations["hosts_in_zone"].values()) for host in hosts}
    firm = np.maximum(firm_peak_mw(plan), 0.0)  # of the chips that are on
    reserve = np.zeros_like(energy)
    for i, host in enumerate(instance.sets["host"]):
        if host in zone:
            reserve[i] = firm[i] * price[zone[host]]
    return {
        "energy": energy - grid_carbon,
        "carbon": grid_carbon + campus_carbon,
        "reserve": reserve,
        "transmission": yearly(plan, draw) * plan.param("delivery_adder")[:, None],
        "on-site": _onsite_musd(plan) - campus_carbon,
    }


def _onsite_musd(plan: Plan) -> Floats:
    """Running cost and capital of plants behind the meter, MUSD a year (hosts, periods)."""
    discount, host = plan.param("discount"), plan.position("host")
    plants = [plan.position("plant")[k] for k in plan.instance.sets["campus_plant"]]
    alive = plan.param("plant_alive")[plants]
    service = alive @ discount
    charge = np.divide(plan.param("plant_cost")[plants], service, out=np.zeros_like(service), where=service > 0)
    capital = np.einsum("kb,kb,kbp->kp", charge, plan.value("capacity_built")[plants], alive)
    paid = plan.value("onsite_energy") * plan.param("onsite_cost") + capital
    found = np.zeros((len(host), len(discount)))
    np.add.at(found, [host[r] for r in plan.instance.attributes["campus_plant"]["region"]], paid)
    return found


def _carbon_musd(plan: Plan, draw_mwh: Floats) -> tuple[Floats, Floats]:
    """Carbon in what campuses draw and in what they burn, MUSD a year (hosts, periods) each.

    The price is that of the scenario plus that of a cap. What is drawn counts at the mean emissions of what the country
    generates, which is an accounting rule: the LMP itself holds the emissions of the plant that sets it.
    """
    discount, instance = plan.param("discount"), plan.instance
    countries, regions = plan.position("country"), plan.position("region")
    stated = plan.scenario.power.co2_price_usd_per_t
    price = stated - plan.dual("emissions_within_cap") / discount[None, :]  # USD/t, what the LMP holds
    region_country = np.asarray([countries[c] for c in instance.attributes["region"]["country"]])
    host_rows = [regions[h] for h in instance.sets["host"]]
    load = np.zeros((len(countries), len(discount)))
    np.add.at(load, region_country, yearly(plan, plan.param("base_load_mw")))
    np.add.at(load, region_country[host_rows], draw_mwh)
    emitted = np.zeros_like(load)
    plant_country = dict(zip(instance.sets["plant"], instance.attributes["plant"]["country"], strict=True))
    tonnes = plan.param("co2_kt_per_gwh")[:, None] * yearly(plan, plan.value("output"))
    np.add.at(emitted, [countries[plant_country[k]] for k in instance.sets["generator"]], tonnes)
    mean = np.divide(emitted, load, out=np.zeros_like(load), where=load > 0)
    of_draw = draw_mwh * (mean * price)[region_country[host_rows]] * 1e-6
    host = plan.position("host")
    burnt = np.zeros_like(draw_mwh)
    campus = instance.attributes["campus_plant"]
    kt = plan.param("campus_co2_kt_per_gwh")[:, None] * plan.value("onsite_energy")
    np.add.at(burnt, [host[r] for r in campus["region"]], kt * stated * 1e-3)
    return of_draw, burnt


def marginal_by_stream(plan: Plan) -> pd.DataFrame:
    """One row a stream and period: the dual of its demand in USD per million reference tokens, and its tokens."""
    price = token_price_usd_per_mtok(plan)
    streams, periods = plan.instance.sets["stream"], plan.instance.sets["period"]
    frame = pd.MultiIndex.from_product([periods, streams], names=["period", "stream"]).to_frame(index=False)
    loads = dict(zip(streams, plan.instance.attributes["stream"]["workload"], strict=True))
    frame.insert(2, "workload", frame["stream"].map(loads))
    frame["marginal_usd_per_mtok"] = price.T.ravel()
    frame["asked_ptok"] = yearly(plan, plan.param("demand")).T.ravel() * 1e-3
    return frame[frame["workload"] != OTHER_AI].reset_index(drop=True)


def by_class_section(frames: dict[str, pd.DataFrame]) -> Section:
    """Cost by class of work for a reader: the mean over places and chips, and the cheapest of them."""
    table, marginal = frames["token_cost"], frames.get("marginal_by_stream")
    rows = []
    for (period, workload), part in table.groupby(["period", "workload"], sort=False):
        weight = part["tokens_ptok"].to_numpy(float)
        price = None
        if marginal is not None:
            asked = marginal[(marginal["period"] == period) & (marginal["workload"] == workload)]
            of = asked["asked_ptok"].to_numpy(float)
            price = float(np.average(asked["marginal_usd_per_mtok"], weights=of)) if of.sum() > 0 else None
        mean = [
            float(np.average(part[name], weights=weight))
            for name in ("full_cost_usd_per_mtok", "article_ratio_usd_per_mtok", "mw_month_at_full_cost_usd")
        ]
        best = part.loc[part["full_cost_usd_per_mtok"].idxmin()]
        place = f"{best['chip']} in {best['region']}"
        rows.append((str(period), workload, mean[0], price, mean[1], mean[2], place, best["full_cost_usd_per_mtok"]))
    return Section(
        "cost of tokens by class of work, USD per million reference tokens",
        (
            "period",
            "class",
            "full cost",
            "marginal",
            "energy price / chip efficiency",
            "a month of 1 MW IT at full cost, USD",
            "cheapest in use",
            "its full cost",
        ),
        tuple(rows),
        (
            "full cost and marginal are two figures, no sum; the third, incremental, needs a plan without AI: compare",
            "a reference token of a class is as much work as of another, but chips do it at different speed",
            "a month of 1 MW: what a month of delay forgoes, at full cost; all places and chips: summary_token_cost",
        ),
        {"a month of 1 MW IT at full cost, USD": 0},
    )
