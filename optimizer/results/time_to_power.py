"""Time to power: when the next 100 MW and the next 1,000 MW could be energised in each host, by route.

Lead times run in parallel, so the largest decides. Items of a route, in months from `decided_from` on:

    connection    from request to energisation, firm or flexible
    plant         behind the meter: the quickest technology of the country; MW count at its credit at the peak
    yearly limit  what follows the lead time until as many MW have come free: in each period what the plan leaves of
                  the limit comes evenly from the end of the lead time on; after the horizon the limit is free again
    hall          from decision to a hall, one for the country
    line          new line: as many of the quickest corridors into the host as are needed, beside a firm connection
    build year    nothing that is decided now counts before `build_from`

    months = max(max(connection or plant, build year) + yearly limit, hall, line)

A route without data in the country of the host has no months and says so: no data is not slack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from optimizer.instance.finance import Floats, share_available, vintage_alive, vintage_charge
from optimizer.solve.errors import SolveError

from .planner import Plan, Planner
from .section import Section
from .token_cost_table import equipment_musd, running_of_hosts_musd

ROUTES = ("firm queue", "flexible connection", "behind the meter", "new line")
ITEMS = ("connection", "plant", "yearly limit", "hall", "line", "build year")
SIZES_MW = (100.0, 1000.0)
NO_DATA, NO_ROOM = "no data", "no room"
LIFE_YR = 40.0  # of a connection, as in optimizer/instance/connection.py
Items = dict[str, float]


def time_to_power(plan: Plan, sizes_mw: Sequence[float] = SIZES_MW) -> pd.DataFrame:
    """One row a host, route and size: months by item, the largest, which item that is, the calendar month and period.

    ``decides`` is `no data` where the country has no figures of the route and `no room` where the host cannot take as
    much by it. ``energised`` is year-month; ``first_period`` the first in which the plan could count on it, none after
    the horizon. ``mw_month_at_full_cost_usd`` is what one MW at the meter makes in a month, at full cost, in the
    country and that period: what a month less is worth where the MW would be used.
    """
    if not plan.instance.sets["host"]:
        raise SolveError("unknown", "the plan has no region that may host AI, so nothing is to be energised")
    sites = _Sites(plan)
    worth = mw_month_at_full_cost_usd(plan)
    rows: list[dict[str, object]] = []
    for i, host in enumerate(plan.instance.sets["host"]):
        for route in ROUTES:
            for size in sizes_mw:
                found = sites.items(i, route, size)
                rows.append({"region": host, "country": sites.country[i], "route": route, "size_mw": size})
                rows[-1] |= {f"{item.replace(' ', '_')}_months": math.nan for item in ITEMS}
                if isinstance(found, str):
                    rows[-1] |= {"months": math.nan, "decides": found, "energised": None, "first_period": None}
                    continue
                rows[-1] |= {f"{item.replace(' ', '_')}_months": months for item, months in found.items()}
                most, decides = slowest(found)
                period = sites.first_period(most)
                at = len(sites.periods) - 1 if period is None else period
                rows[-1] |= {
                    "months": most,
                    "decides": f"plant: {sites.plant_of[i]}" if decides == "plant" else decides,
                    "energised": sites.calendar(most),
                    "first_period": None if period is None else int(sites.periods[period]),
                    "mw_month_at_full_cost_usd": worth[sites.country[i]][at],
                }
    frame = pd.DataFrame(rows)
    frame["first_period"] = frame["first_period"].astype("Int64")
    return frame


def slowest(items: Items) -> tuple[float, str]:
    """Months of a route and the item that decides: of lead time and limit, which follow each other, the longer one."""
    lead = next(item for item in ("connection", "plant") if item in items)
    begin = max((items[lead], lead), (items["build year"], "build year"))
    served = begin[0] + items["yearly limit"]
    parallel = [(served, max(begin, (items["yearly limit"], "yearly limit"))[1])]
    parallel += [(items[item], item) for item in ("hall", "line") if item in items]
    return max(parallel)


def mw_month_at_full_cost_usd(plan: Plan) -> dict[str, Floats]:
    """By country and period: full cost of a month of one MW at the meter (peak), USD; not a number without AI load."""
    country = np.asarray(plan.instance.attributes["host"]["country"])
    cost = sum(values.sum(axis=1) for values in equipment_musd(plan).values())
    cost = cost + sum(running_of_hosts_musd(plan).values())
    it_mw = np.einsum("rgp,g->rp", plan.value("chips_powered"), plan.param("it_kw"))
    facility = it_mw * plan.param("pue_peak")[:, None]
    found = {}
    for name in dict.fromkeys(country):
        mw, musd = facility[country == name].sum(axis=0), np.asarray(cost)[country == name].sum(axis=0)
        found[str(name)] = np.divide(musd * 1e6 / 12, mw, out=np.full(len(mw), np.nan), where=mw > 1e-9)
    return found


class _Sites:
    """What a plan leaves of each route in each host. Arrays are (hosts, periods)."""

    def __init__(self, plan: Plan) -> None:
        scenario, instance = plan.scenario, plan.instance
        hosts = [str(host) for host in instance.sets["host"]]
        self.plan, self.periods = plan, np.asarray(instance.sets["period"], float)
        self.length = float(scenario.periods.length_yr)
        self.decided, self.build_from = float(scenario.periods.decided_from), float(scenario.periods.build_from)
        self.country = [str(c) for c in instance.attributes["host"]["country"]]
        limits = scenario.table("connection.limits").set_index("region").reindex(hosts)
        column = {"central": "limit_mw_per_yr", "low": "limit_low_mw_per_yr", "high": "limit_high_mw_per_yr"}
        chosen = limits[column[scenario.connection.path]].fillna(limits["limit_mw_per_yr"])
        self.per_year = chosen.to_numpy(float)
        self.firm = limits["months_to_power"].to_numpy(float)
        self.flexible = np.minimum(limits["flexible_months"].to_numpy(float), self.firm)
        self.onsite_per_year = limits["onsite_limit_mw_per_yr"].fillna(np.inf).to_numpy(float)
        halls = scenario.table("facility.halls").set_index("country")["lead_time_yr"]
        self.hall = [12.0 * float(halls[c]) for c in self.country]
        taken = plan.value("firm_built") + plan.value("flexible_built")
        left = plan.param("queue_mw") - taken
        self.left_firm = np.maximum(np.minimum(left, plan.param("firm_queue_mw") - plan.value("firm_built")), 0.0)
        flexible_left = plan.param("flexible_build_max_mw") - plan.value("flexible_built")
        self.left_flexible = np.maximum(np.minimum(left, flexible_left), 0.0)
        standing = np.einsum("rb,rbp->rp", plan.value("flexible_built"), plan.param("flexible_alive"))
        self.headroom = (plan.param("flexible_room_mw") - standing).min(axis=1)
        self._plants(plan)
        self._lines(plan, hosts)

    def _plants(self, plan: Plan) -> None:
        """Quickest technology behind the meter of each host, and what the region's limit leaves of it."""
        table = plan.scenario.table("power.technologies")
        offered = table[(table["site"] == "campus") & (table["buildable"].astype(float) > 0)]
        quickest = offered.sort_values("lead_time_yr").groupby("country").first()
        enabled = plan.scenario.connection.behind_the_meter.enabled
        self.plant_of = [str(quickest["technology"].get(c, "")) if enabled else "" for c in self.country]
        self.plant = [12.0 * float(quickest["lead_time_yr"].get(c, math.nan)) for c in self.country]
        self.credit = [float(quickest["capacity_credit"].get(c, math.nan)) for c in self.country]
        built = np.zeros_like(self.left_firm)
        position = plan.position("plant")
        for i, host in enumerate(plan.instance.sets["host"]):
            for plant in plan.instance.relations["campus_plants_in"][host]:
                built[i] += plan.value("capacity_built")[position[plant]]
        limited = plan.param("has_onsite_limit") > 0
        self.left_onsite = np.where(limited, np.maximum(plan.param("onsite_build_mw") - built, 0.0), np.inf)

    def _lines(self, plan: Plan, hosts: list[str]) -> None:
        """Corridors that can be widened into each host: (months, MW that arrive), quickest first."""
        table = plan.scenario.table("transmission.corridors").set_index("corridor")
        built = plan.value("line_built").sum(axis=1)
        self.lines: list[list[tuple[float, float]]] = [[] for _ in hosts]
        position = {host: i for i, host in enumerate(hosts)}
        attributes = plan.instance.attributes["corridor"]
        for j, name in enumerate(plan.instance.sets["corridor"]):
            row = table.loc[name]
            most, lead = float(row["max_expansion_mw"]), float(row["lead_time_yr"])
            if not (float(row["expandable"]) > 0 and most > 0 and math.isfinite(lead)):
                continue
            arrives = (most - built[j]) * (1.0 - float(plan.param("line_loss")[j]))
            ends = [attributes["to_region"][j]]
            ends += [attributes["from_region"][j]] if float(row["backward_mw"]) > 0 else []
            for end in ends:
                if end in position:
                    self.lines[position[end]].append((12.0 * lead, arrives))
        for found in self.lines:
            found.sort()

    def items(self, i: int, route: str, size: float) -> Items | str:
        """Months of each item of a route for so many MW, or why there is none."""
        common = {"hall": self.hall[i], "build year": max(12.0 * (self.build_from - self.decided), 0.0)}
        if route == "firm queue":
            return self._connection(i, self.firm[i], self.left_firm[i], size) | common
        if route == "flexible connection":
            if math.isnan(self.flexible[i]) or not self.plan.scenario.connection.flexible.enabled:
                return NO_DATA
            if self.headroom[i] < size:
                return NO_ROOM
            return self._connection(i, self.flexible[i], self.left_flexible[i], size) | common
        if route == "behind the meter":
            if not self.plant_of[i] or math.isnan(self.plant[i]):
                return NO_DATA
            need = size / self.credit[i]
            wait = self._wait(self.plant[i], self.left_onsite[i], self.onsite_per_year[i], need)
            return {"plant": self.plant[i], "yearly limit": wait, **common}
        if not self.lines[i]:
            return NO_DATA
        line, arrived = math.nan, 0.0
        for months, mw in self.lines[i]:
            line, arrived = months, arrived + mw
            if arrived >= size:
                break
        if arrived < size:
            return NO_ROOM
        return {"line": line} | self._connection(i, self.firm[i], self.left_firm[i], size) | common

    def _connection(self, i: int, lead: float, left: Floats, size: float) -> Items:
        return {"connection": lead, "yearly limit": self._wait(lead, left, self.per_year[i], size)}

    def _wait(self, lead: float, left: Floats, per_year: float, size: float) -> float:
        """Months after the lead time until so many MW have come free of what the plan leaves over."""
        begin, found = max(self.decided + lead / 12.0, self.build_from), 0.0
        for p, period in enumerate(self.periods):
            start, end = max(begin, period), period + self.length
            if end <= start:
                continue
            if left[p] > 0 and found + left[p] >= size:
                share = 0.0 if math.isinf(left[p]) else (size - found) / left[p]
                return 12.0 * (start + share * (end - start) - begin)
            found += left[p]
        start = max(begin, self.periods[-1] + self.length)
        return 12.0 * (start + (size - found) / per_year - begin) if per_year > 0 else math.inf

    def first_period(self, months: float) -> int | None:
        """Position of the first period in which what is energised by then stands at all."""
        date = self.decided + months / 12.0
        for p, period in enumerate(self.periods):
            if period >= self.build_from and date < period + self.length - 1e-9:
                return p
        return None

    def calendar(self, months: float) -> str:
        """Year and month, such as 2029-05."""
        whole = math.floor((self.decided * 12.0 + months) + 1e-6) if math.isfinite(months) else None
        return "never" if whole is None else f"{whole // 12:04d}-{whole % 12 + 1:02d}"


def month_sooner(planner: Planner, plan: Plan, hosts: Sequence[str]) -> pd.DataFrame:
    """What one month less of the queue saves, by a new solve for each host: the present value of the bill, MUSD.

    The lead times of new firm and flexible connections of the host are one month shorter, all else is equal.
    ``saved_usd_per_mw`` is per MW that the host may connect over the horizon. Of a plan at least cost; raises
    ValueError for an unknown host or another question. ``planner`` must be the plan's own; it is left changed.
    """
    unknown = sorted(set(hosts) - set(plan.instance.sets["host"]))
    if unknown:
        raise ValueError(f"no such host: {', '.join(unknown)}")
    if not plan.question.startswith("least_cost"):
        raise ValueError(f"a month of lead time is worth money in a plan at least cost, not in {plan.question}")
    rows = []
    for host in hosts:
        planner.case.become(plan.instance.replace(**_sooner(plan, plan.position("host")[host])))
        planner.case.aim(None)
        less = planner.case.solve(near=True)
        queue = float(planner.case.instance.params["queue_mw"][plan.position("host")[host]].sum())
        saved = plan.solution.objective - less.objective
        rows.append((host, queue, saved, saved * 1e6 / queue if queue > 0 else math.nan))
    return pd.DataFrame(rows, columns=["region", "queue_mw", "saved_musd", "saved_usd_per_mw"])


def _sooner(plan: Plan, i: int) -> dict[str, np.ndarray]:
    """Arrays of the connection room with one month less in host ``i``."""
    scenario, sites = plan.scenario, _Sites(plan)
    periods, length = scenario.periods.years, scenario.periods.length_yr
    discount = plan.param("discount")
    early = sites.periods < sites.build_from
    energised = sites.per_year[i] * length
    changed = {
        name: plan.param(name).copy()
        for name in (
            *("queue_mw", "firm_queue_mw", "flexible_build_max_mw"),
            *("firm_alive", "flexible_alive", "firm_cost", "flexible_cost"),
        )
    }
    share = {}
    for kind, months in (("firm", sites.firm[i]), ("flexible", sites.flexible[i])):
        lead = math.inf if math.isnan(months) else max(months - 1.0, 0.0) / 12.0
        share[kind] = np.where(early, 0.0, share_available(periods, length, sites.decided, lead))
    # A month does not open the flexible route in a period where it was closed: its rows do not exist there.
    share["flexible"] = np.where(plan.param("flexible_build_max_mw")[i] > 0, share["flexible"], 0.0)
    for kind, values in share.items():
        old = plan.param(f"{kind}_alive")[i] @ discount
        every = plan.param(f"{kind}_alive") @ discount
        yearly = np.divide(plan.param(f"{kind}_cost"), every, out=np.zeros_like(every), where=every > 0)
        paid = yearly[i].max() if (old > 0).any() else yearly.max()
        alive = vintage_alive(periods, length, values, LIFE_YR)
        changed[f"{kind}_alive"][i] = alive
        changed[f"{kind}_cost"][i] = vintage_charge(alive[None], discount, np.full((1, len(discount)), paid))[0]
    changed["queue_mw"][i] = energised * np.maximum(share["firm"], share["flexible"])
    changed["firm_queue_mw"][i] = energised * share["firm"]
    room = plan.param("flexible_room_mw")[i]
    changed["flexible_build_max_mw"][i] = np.where(
        share["flexible"] > 0, np.minimum(energised * share["flexible"], room), 0.0
    )
    return changed


def fastest_section(table: pd.DataFrame) -> Section:
    """For a reader: by country, route and size the quickest host, the median and what decides there."""
    rows: list[tuple[object, ...]] = []
    for (country, route, size), part in table.groupby(["country", "route", "size_mw"], sort=False):
        known = part[part["months"].notna() & np.isfinite(part["months"].astype(float))]
        label = (country, route, f"{size:,.0f} MW")
        if not len(known):
            rows.append((*label, part["decides"].value_counts().index[0], None, None, None, None, 0))
            continue
        best = known.loc[known["months"].idxmin()]
        median, often = float(known["months"].median()), known["decides"].value_counts().index[0]
        rows.append((*label, best["region"], float(best["months"]), best["energised"], median, often, len(known)))
    columns = ("country", "route", "size", "quickest host", "months", "energised", "median months")
    return Section(
        "time to power: the next MW after what the plan takes",
        (*columns, "decides most often", "hosts"),
        tuple(rows),
        (
            "lead times run in parallel: the longest decides; one clock, from request to energisation",
            "no data: the country has no figures of the route; no room: no host can take as much; "
            "every host and item: table summary_time_to_power",
        ),
        {"months": 0, "median months": 0},
    )


def hosts_section(table: pd.DataFrame, hosts: Sequence[str]) -> Section:
    """Every route of some hosts."""
    rows = []
    for _, row in table[table["region"].isin(list(hosts))].iterrows():
        items = {item: row[f"{item.replace(' ', '_')}_months"] for item in ITEMS}
        shown = ", ".join(f"{item} {months:.0f}" for item, months in items.items() if months == months and months > 0.5)
        months = None if pd.isna(row["months"]) else float(row["months"])
        period = "" if pd.isna(row["first_period"]) else str(int(row["first_period"]))
        late = "after the horizon" if months is not None and not period else period
        worth = None if pd.isna(row["mw_month_at_full_cost_usd"]) else float(row["mw_month_at_full_cost_usd"])
        size = f"{row['size_mw']:,.0f} MW"
        rows.append((row["region"], row["route"], size, months, row["decides"], row["energised"], late, shown, worth))
    columns = ("host", "route", "size", "months", "decides", "energised", "first period", "items, months")
    return Section(
        "time to power by host",
        (*columns, "a MW-month at full cost, USD"),
        tuple(rows),
        ("a MW-month: what a MW at the meter makes in a month, at full cost: what a month sooner is worth in use",),
        {"months": 0, "a MW-month at full cost, USD": 0},
    )


def sooner_section(table: pd.DataFrame) -> Section:
    """What a month less is worth by new solves."""
    shown = table.rename(
        columns={"region": "host", "queue_mw": "MW of its queue", "saved_musd": "saved, MUSD"}
        | {"saved_usd_per_mw": "saved, USD per MW"}
    )
    notes = (
        "present value of the bill over all periods with the lead time of the host's new connections one month shorter",
        "where users leave unserved, a MW is worth what they would have paid; where the queue has slack, nothing",
    )
    return Section.from_frame("one month less, by a new solve", shown, notes, {"MW of its queue": 0})
