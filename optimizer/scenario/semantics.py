"""Checks that look across rooms: names in lists, places that nothing reaches, rows that a country lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from optimizer.scenario.document import Node, Path_, dotted
from optimizer.scenario.errors import Fault, FaultList, name_list, nearest_name
from optimizer.scenario.export_control import evaluate, lp_effect
from optimizer.scenario.export_rules import RuleSet, load_rules
from optimizer.scenario.network_checks import check_network, has_network

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.scenario.scenario import Scenario
    from optimizer.scenario.schema.power import HourlyProfiles


class _Checker:
    """One scenario under check; every fault is put where its value was written."""

    def __init__(self, scenario: Scenario, document: Node, faults: FaultList) -> None:
        self.scenario = scenario
        self.document = document
        self.faults = faults
        self.has_ai = bool(scenario.demand.workload_list) or scenario.demand.other_ai

    def fault(self, path: Path_, message: str, **details: str | None) -> Fault:
        mark = self.document.find(path).mark
        return Fault(message, mark.file, mark.line, dotted(path), **details)

    def error(self, path: Path_, message: str, **details: str | None) -> None:
        self.faults.errors.append(self.fault(path, message, **details))

    def warn(self, path: Path_, message: str, **details: str | None) -> None:
        self.faults.warnings.append(self.fault(path, message, **details))

    def names(self, path: Path_, what: str, listed: Iterable[str], known: Collection[str]) -> None:
        """Every name of a list must be known."""
        for position, name in enumerate(listed):
            if name not in known:
                place = (*path, position) if isinstance(self.document.find(path).value, list) else path
                self.name(place, what, name, known)

    def name(self, path: Path_, what: str, name: str, known: Collection[str]) -> None:
        if name not in known:
            self.error(
                path,
                f"unknown {what}",
                found=repr(name),
                allowed=name_list(known) or f"nothing: no table lists a {what}",
                nearest=nearest_name(name, known),
            )

    def column(self, table: str, column: str) -> list[str]:
        return self.scenario.tables.distinct(table, column)

    def table(self, name: str) -> pd.DataFrame:
        return self.scenario.tables.frame(name)


def check_semantics(scenario: Scenario, document: Node, faults: FaultList) -> None:
    """Adds what it finds to `faults`. Needs a scenario whose sections and tables are sound on their own."""
    checker = _Checker(scenario, document, faults)
    _check_lists(checker)
    _check_countries(checker)
    _check_rows(checker)
    _check_years(checker)
    _check_chips(checker)
    check_network(scenario, faults.errors.append)
    if not faults.errors:
        _check_reach(checker)


def _check_lists(checker: _Checker) -> None:
    scenario, countries = checker.scenario, checker.scenario.countries
    every_region = checker.scenario.tables.known("region")
    checker.names(("regions", "leave_out"), "region", scenario.regions.leave_out, every_region)
    workloads = checker.column("demand.workloads", "workload")
    checker.names(("demand", "workload_list"), "workload", scenario.demand.workload_list, workloads)
    checker.names(("objective", "mix_workloads"), "workload", scenario.objective.mix_workloads, workloads)
    groups = checker.column("demand.markets", "group")
    for group in scenario.demand.trust:
        checker.name(("demand", "trust", group), "demand group", group, groups)
    seen: set[str] = set()
    for position, profile in enumerate(scenario.power.profiles):
        path: Path_ = ("power", "profiles", position, "country")
        checker.name(path, "country", profile.country, [*countries, "third"])
        if profile.country in seen:
            checker.error(path, "a country has one entry of profiles", found=repr(profile.country))
        seen.add(profile.country)
        if profile.kind == "hourly":
            _check_wind(checker, profile, path[:-1])
            _check_series(checker, profile, path[:-1])
    hourly = [profile.country for profile in scenario.power.profiles if profile.kind == "hourly"]
    checker.names(("time", "month_means_for"), "country with hourly profiles", scenario.time.month_means_for, hourly)


WEATHER_SERIES = {
    "wind": ("onshore_wind", "onshore_wind_speed"),
    "offshore_wind": ("offshore_wind", "offshore_wind_speed"),
    "solar": ("solar",),
}
"""What an hourly profile must give for plants whose technology follows that weather."""


def _check_series(checker: _Checker, profile: HourlyProfiles, entry: Path_) -> None:
    """Every plant that follows the weather has hours to follow: those that stand, come, or may be built."""
    regions = checker.table("regions.table")
    here = regions["region"][regions["country"] == profile.country]
    tech = checker.table("power.technologies")
    kind = tech[tech["country"] == profile.country].set_index("technology")["profile"]
    for table in ("power.plants", "power.plant_changes", "power.resource_potential"):
        rows = checker.table(table)
        rows = rows[rows["region"].isin(here)]
        follows = rows["technology"].map(kind)
        for weather, keys in WEATHER_SERIES.items():
            needs = rows[follows == weather]
            if len(needs) and all(getattr(profile, key) is None for key in keys):
                first = needs.iloc[0]
                checker.error(
                    entry,
                    f"plants that follow the weather have no hours: give {' or '.join(keys)}",
                    found=f"{first['technology']} in {first['region']} ({table}), and {len(needs) - 1} more rows",
                )
                return


def _check_wind(checker: _Checker, profile: HourlyProfiles, entry: Path_) -> None:
    """Wind is told once, and a power curve rises before it ends."""
    for kind, turbine in (("onshore", profile.onshore_turbine), ("offshore", profile.offshore_turbine)):
        if getattr(profile, f"{kind}_wind") is not None and getattr(profile, f"{kind}_wind_speed") is not None:
            message = f"give either {kind}_wind or {kind}_wind_speed, not both"
            checker.error((*entry, f"{kind}_wind_speed"), message)
        speeds = turbine.cut_in_m_per_s, turbine.rated_m_per_s, turbine.cut_out_m_per_s
        if not speeds[0] < speeds[1] < speeds[2]:
            found = "cut-in {:g}, rated {:g}, cut-out {:g} m/s".format(*speeds)
            checker.error((*entry, f"{kind}_turbine"), "wind speeds of a turbine rise", found=found)
        if not turbine.roughness_m < min(turbine.measured_m, turbine.hub_m):
            found = f"{turbine.measured_m:g} and {turbine.hub_m:g} m over a roughness of {turbine.roughness_m:g} m"
            checker.error((*entry, f"{kind}_turbine"), "heights lie above the roughness of the ground", found=found)


def _check_countries(checker: _Checker) -> None:
    scenario = checker.scenario
    markets = checker.column("demand.markets", "market")
    groups = checker.column("demand.markets", "group")
    workloads = checker.column("demand.workloads", "workload")
    chips = checker.column("compute.chips", "chip")
    supply, fleet = checker.table("compute.supply"), checker.table("compute.fleet")
    fleets = dict.fromkeys(zip(fleet["group"], fleet["fleet_region"], strict=True))
    owner: dict[str, str] = {}
    for code, country in scenario.countries.items():
        here: Path_ = ("countries", code)
        checker.names((*here, "markets"), "market", country.markets, markets)
        for workload, abroad in country.foreign_markets.items():
            checker.name((*here, "foreign_markets", workload), "workload", workload, workloads)
            if abroad != "all":
                checker.names((*here, "foreign_markets", workload), "market", abroad, markets)
        checker.names((*here, "barred_chips"), "chip", country.barred_chips, chips)
        if groups:
            checker.name((*here, "demand_group"), "demand group", country.demand_group, groups)
        if len(supply):
            blocs = checker.column("compute.supply", "destination_bloc")
            checker.name((*here, "chip_bloc"), "destination_bloc", country.chip_bloc, blocs)
        if len(fleet) and country.fleet_region is not None:
            parts = [region for group, region in fleets if group == country.demand_group]
            checker.name((*here, "fleet_region"), "fleet_region", country.fleet_region, parts)
        for market in country.markets:
            if market in owner:
                message = f"this market is listed by {owner[market]!r} too; its demand counts once"
                checker.warn((*here, "markets"), message, found=repr(market))
            owner.setdefault(market, code)
    shares: dict[str, float] = {}
    for code, country in scenario.countries.items():
        shares[country.chip_bloc] = shares.get(country.chip_bloc, 0.0) + country.chip_share
        if shares[country.chip_bloc] > 1 + 1e-9:
            total = shares[country.chip_bloc]
            checker.error(
                ("countries", code, "chip_share"),
                f"the countries of chip_bloc {country.chip_bloc!r} share more than there is",
                found=f"{total:g} together",
                allowed="at most 1 together",
            )


def _check_rows(checker: _Checker) -> None:
    """Rows that the model cannot do without, given the regions and countries of the scenario."""
    scenario = checker.scenario
    regions = scenario.tables.frame("regions.table")
    if not len(regions):
        checker.error(("regions",), "the scenario has no regions", allowed="table: a CSV of regions")
        return
    used = list(dict.fromkeys(regions["country"]))
    for code in scenario.countries:
        if code not in used:
            checker.warn(("countries", code), "no region lies in this country")
    on_grid = regions[regions["grid"].astype(bool)]
    if scenario.reserve.enabled:
        zones = checker.column("reserve.zones", "zone")
        missing = [str(zone) for zone in on_grid["zone"].dropna().unique() if zone not in zones]
        if missing:
            checker.error(
                ("reserve", "zones"),
                "reserve zones of regions without a row here",
                found=name_list(missing),
                allowed=name_list(zones) or "no zone is listed",
                nearest=nearest_name(missing[0], zones),
            )
    if checker.has_ai:
        _check_hosts(checker, [str(name) for name in regions["region"]])
        for table in ("facility.halls", "connection.costs"):
            _need_rows(checker, table, "country", used)
    if has_network(scenario):
        return  # supply and load are listed element by element; plants and recorded load may come on top
    _need_rows(checker, "power.technologies", "country", used)
    for column in ("peak_load_mw", "annual_load_twh", "load_year"):
        blank = [str(name) for name in on_grid.loc[on_grid[column].isna(), "region"]]
        if blank:
            path: Path_ = ("regions", "table")
            checker.error(path, f"regions with a grid need {column}", found=name_list(blank))


def _check_hosts(checker: _Checker, regions: list[str]) -> None:
    """Regions that may host AI have a row of connection limits and one of climate.

    Every region has both, unless the power system is listed element by element: most buses of a grid are no site.
    """
    if has_network(checker.scenario):
        regions = [name for name in regions if name in set(checker.column("connection.limits", "region"))]
        if not regions:
            checker.error(
                ("connection", "limits"),
                "no region may host AI: none has a row of connection.limits",
                allowed="a row for every region of the network where sites may stand",
            )
    else:
        _need_rows(checker, "connection.limits", "region", regions)
    _need_rows(checker, "facility.climate", "region", regions)


def _need_rows(checker: _Checker, table: str, column: str, wanted: list[str]) -> None:
    have = set(checker.column(table, column))
    missing = [name for name in wanted if name not in have]
    if missing:
        section, key = table.split(".")
        checker.error((section, key), f"no row of {table} for {column} {name_list(missing)}")


def _check_years(checker: _Checker) -> None:
    scenario = checker.scenario
    periods = scenario.periods
    for earlier, later in pairwise(periods.years):
        if earlier + periods.length_yr < later:
            message = f"the years {earlier + periods.length_yr} to {later - 1} belong to no period"
            checker.warn(("periods", "years"), message)
    if not checker.has_ai:
        return
    last = periods.end - 1
    for table, what in (("compute.supply", "chip supply"), ("demand.demand", "demand")):
        years = checker.table(table)["year"]
        if len(years) and years.max() < last:
            message = f"{what} is known to {int(years.max())}; what follows, to {last}, is extrapolated"
            checker.warn(("periods", "years"), message)


def _check_chips(checker: _Checker) -> None:
    """A chip that is asked for by name but may go nowhere is a mistake; the rules must be readable in any case."""
    scenario = checker.scenario
    chips = scenario.tables.frame("compute.chips")
    listed = scenario.compute.chip_list
    if listed != "all":
        checker.names(("compute", "chip_list"), "chip", listed, [str(name) for name in chips["chip"]])
    rules = _rules(checker)
    if listed == "all":
        return
    for position, name in enumerate(listed):
        rows = chips[chips["chip"] == name]
        if not len(rows):
            continue
        reasons = []
        for code, country in scenario.countries.items():
            if name in country.barred_chips:
                reasons.append(f"{code} bars it")
            elif rules is not None:
                verdict = evaluate(
                    {str(key): value for key, value in rows.iloc[0].items()},
                    country.destination,
                    scenario.export_control.as_of,
                    rules,
                )
                if not lp_effect(verdict).allowed:
                    reasons.append(f"{code}: {verdict.outcome} ({verdict.rule_id})")
        if len(reasons) == len(scenario.countries):
            checker.error(
                ("compute", "chip_list", position),
                "this chip is allowed in no country of the scenario: " + "; ".join(reasons),
                found=repr(name),
            )


def _rules(checker: _Checker) -> RuleSet | None:
    settings, path = checker.scenario.export_control, checker.scenario.rules_path
    if path is None:
        return None
    try:
        rules = load_rules(path)
    except (ValueError, KeyError) as error:
        checker.error(("export_control", "rules"), f"this rule file cannot be used: {error}")
        return None
    try:
        rules = rules.variant(settings.rule_set)
    except ValueError as error:
        names = ("latest", *(str(rule["id"]) for rule in rules.rules))
        checker.error(("export_control", "rule_set"), str(error), nearest=nearest_name(settings.rule_set, names))
    try:
        rules = rules.assuming(*settings.assume)
    except ValueError as error:
        checker.error(("export_control", "assume"), str(error))
    return rules


def _check_reach(checker: _Checker) -> None:
    """Warns of markets that no region of the scenario may serve, and says which limit is in the way."""
    scenario = checker.scenario
    latency = scenario.tables.frame("demand.latency")
    if not scenario.demand.workload_list or not len(scenario.tables.frame("demand.markets")):
        return
    regions = scenario.tables.frame("regions.table").set_index("region")
    trust_of = {code: country.trust_bloc for code, country in scenario.countries.items()}
    blocs = regions["country"].map(trust_of)
    limits = _rtt_limits(scenario)
    rows_of = latency.groupby("market", sort=False).indices
    trips = latency["rtt_ms"].to_numpy(dtype=float) + scenario.demand.last_mile_ms
    host_bloc = latency["site"].map(blocs).to_numpy(dtype=object)
    nothing = np.zeros(0, dtype=np.int64)
    for workload in scenario.demand.workload_list:
        late: dict[str, float] = {}
        barred: list[str] = []
        for market, group in _entering(scenario, workload).items():
            near = rows_of.get(market, nothing)
            rtt = trips[near]
            rule = scenario.demand.trust.get(group)
            trusted = np.ones(len(near), dtype=bool)
            if rule is not None and rule.hosts != "all":
                trusted = np.isin(host_bloc[near].astype(str), list(rule.hosts))
            in_time = rtt <= limits[workload]
            if not in_time.any():
                late[market] = float(rtt.min()) if len(rtt) else np.inf
            elif not (in_time & trusted).any():
                barred.append(market)
        if late:
            best = ", ".join(
                market if np.isinf(rtt) else f"{market} ({rtt:.0f} ms at best)"
                for market, rtt in list(late.items())[:6]
            )
            checker.warn(
                ("demand", "latency"),
                f"{workload}: no region reaches {best}{' ...' if len(late) > 6 else ''}; "
                f"the latency limit of {limits[workload]:g} ms is in the way",
            )
        if barred:
            checker.warn(
                ("demand", "trust"),
                f"{workload}: no region may serve {name_list(barred)}; the trust rule of the market is in the way",
            )


def _rtt_limits(scenario: Scenario) -> dict[str, float]:
    """Round-trip limit of each workload in ms, for the chosen case."""
    table: pd.DataFrame = scenario.tables.frame("demand.workloads").set_index("workload")
    case = {"strict": "rtt_limit_strict_ms", "central": "rtt_limit_ms", "loose": "rtt_limit_loose_ms"}
    limits = table[case[scenario.demand.latency_limit]].fillna(table["rtt_limit_ms"])
    return {str(workload): float(limit) for workload, limit in limits.items()}


def _entering(scenario: Scenario, workload: str) -> dict[str, str]:
    """Markets whose demand of a workload enters the scenario, with their group."""
    table = scenario.tables.frame("demand.markets")
    groups = dict(zip(table["market"], table["group"], strict=True))
    homes = {market for country in scenario.countries.values() for market in country.markets}
    found: list[str] = []
    for country in scenario.countries.values():
        found += country.markets
        abroad = country.foreign_markets.get(workload, ())
        if abroad == "all":
            found += [name for name, group in groups.items() if group == country.demand_group and name not in homes]
        else:
            found += abroad
    return {market: groups[market] for market in dict.fromkeys(found)}
