"""Worlds small enough to solve by hand: tables as rows, settings as a mapping, written out as a real scenario.

The default world is one region with a flat load and one gas plant, one market, one class of service and one chip. Money
costs nothing (rates of zero), so an annuity is price / life and a year counts as a year:

    load 100 MW all year; gas 1000 MW at 30 USD/MWh
    chip: 1 kW, 1000 tokens/s, 10,000 USD over 5 years         1 kchip = 1 MW of IT = 2 MUSD/yr = 31.536 Ttok/yr
    hall 10 MUSD/MW over 20 years = 0.5 MUSD/MW-yr; connection 400 USD/kW over 40 years = 0.01 MUSD/MW-yr
    PUE 1.25 in every hour; one period, the year 2028; no lead times, no reserve, no hurdle, no delivery adder
    demand 4 kchip busy all year; users leave at 0.5 USD per million tokens
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from optimizer.instance.build import build_instance
from optimizer.instance.instance import Instance
from optimizer.model.formulation import formulation
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario
from optimizer.scenario.scenario import Scenario
from optimizer.solve.compile import compile_lp
from optimizer.solve.session import Session

Row = dict[str, Any]

TTOK_PER_KCHIP_YEAR = 1e-9 * 1e6 * 3600 * 8760 / 1e3  # 1000 chips x 1000 tokens/s: 31.536 Ttok a year
TOKENS_PER_KCHIP_DAY = 1e6 * 86400.0  # the same in tokens a day, the unit of the demand table
FLAT_DAY = [1.0] * 24

assert abs(TTOK_PER_KCHIP_YEAR - 31.536) < 1e-9

GAS: Row = {
    "technology": "gas",
    "role": "generation",
    "site": "grid",
    "variable_om_per_mwh": 30,
    "lifetime_yr": 20,
    "lead_time_yr": 0,
    "capacity_credit": 1,
    "buildable": 0,
    "money": "USD-2024",
}


def default_tables() -> dict[str, list[Row]]:
    usd = {"money": "USD-2024"}
    return {
        "regions.table": [
            {
                "region": "R",
                "name": "Region",
                "country": "x",
                "zone": "z",
                "grid_region": "g",
                "lat": 40,
                "lon": 0,
                "peak_load_mw": 100,
                "peak_year": 2024,
                "annual_load_twh": 0.876,
                "load_year": 2024,
                "hub": 0,
                "grid": 1,
            }
        ],
        "power.technologies": [{"country": "x", **GAS}],
        "power.plants": [{"region": "R", "technology": "gas", "existing_mw": 1000, "as_of_year": 2025}],
        "power.plants_2024": [],
        "power.plant_changes": [],
        "power.tariffs": [],
        "power.fuel_prices": [],
        "power.capex_multipliers": [],
        "power.resource_potential": [],
        "power.hydro_monthly": [],
        "power.minimum_take": [],
        "power.load_growth": [],
        "transmission.corridors": [],
        "transmission.joint_caps": [],
        "connection.transformers": [],
        "reserve.zones": [{"zone": "z", "country": "x", "planning_reserve_margin": 0.15}],
        "connection.limits": [{"region": "R", "limit_mw_per_yr": 1000, "months_to_power": 0}],
        "connection.costs": [
            {"country": "x", "item": "firm", "capex_per_kw": 400, "lifetime_yr": 40, **usd},
            {"country": "x", "item": "flexible", "capex_per_kw": 200, "lifetime_yr": 40, **usd},
        ],
        "facility.data_centres": [
            {"region": "R", "existing_facility_mw": 0, "existing_it_mw": 0, "ai_it_mw": 0, "as_of_date": "2026-06"}
        ],
        "facility.halls": [
            {"country": "x", "capex_per_mw_it": 1e7, "fixed_om_share": 0, "lifetime_yr": 20, "lead_time_yr": 0, **usd}
        ],
        "facility.climate": [{"region": "R", "cooling": "air", "pue_mean": 1.25, "pue_peak": 1.25}],
        "compute.chips": [
            {
                "chip": "C1",
                "vendor": "v",
                "origin": "us",
                "all_in_w_per_chip": 1000,
                "tpp": 8000,
                "die_area_mm2": 800,
                "price_per_chip": 10000,
                "lifetime_yr": 5,
                "status": "volume",
                **usd,
            }
        ],
        "compute.throughput": [
            {"chip": "C1", "chip_set": "same_date", "operating_point": point, "tokens_per_s": 1000}
            for point in ("interactive", "standard", "batch")
        ],
        "compute.fleet": [],
        "compute.supply": [
            {"chip": "C1", "destination_bloc": "x", "year": year, "units_thousand": units, "kind": "forecast"}
            for year, units in ((2026, 0), (2027, 0), (2028, 100))
        ],
        "demand.markets": [
            {"market": "M", "name": "Users", "bloc": "b", "group": "x", "lat": 40, "lon": 0, "utc_offset_h": 0}
        ],
        "demand.workloads": [
            {
                "workload": "chat",
                "operating_point": "standard",
                "rtt_limit_ms": 100,
                "rtt_limit_strict_ms": 50,
                "rtt_limit_loose_ms": 200,
                "deferral_window_h": 0,
                "work_multiplier": 1,
                "flexible_share": 0,
            }
        ],
        "demand.diurnal": diurnal("chat", FLAT_DAY),
        "demand.demand": [demand("M", "chat", 4.0)],
        "demand.latency": [{"market": "M", "site": "R", "rtt_ms": 10}],
        "demand.other_ai_shares": [{"demand_group": "x", "share_of_fleet": 0.2}],
    }


def default_settings() -> dict[str, Any]:
    return {
        "name": "small",
        "title": "A small world",
        "countries": {
            "x": {
                "name": "Land",
                "demand_group": "x",
                "markets": ["M"],
                "chip_bloc": "x",
                "destination": "US",
                "wacc": {"grid": 0, "campus": 0, "chips": 0},
            }
        },
        "periods": {"years": [2028], "length_yr": 1, "decided_from": 2027, "build_from": 2028},
        "money": {"currency_year": 2024, "discount_rate": 0, "factors": {"USD-2024": 1.0}},
        "time": {"days": 1, "segments": 1, "peak_day": False},
        "regions": {},
        "power": {"profiles": [{"country": "x", "kind": "flat"}], "voll_usd_per_mwh": 10000},
        "transmission": {"hurdle_usd_per_mwh": 0},
        "reserve": {"enabled": False},
        "connection": {"flexible": {"enabled": False}},
        "facility": {},
        "compute": {"availability": 1, "idle_power_share": 0},
        "demand": {
            "workload_list": ["chat"],
            "other_ai": False,
            "unserved_steps_usd_per_mtok": [0.5],
        },
        "objective": {"goal": "least_cost"},
        "solver": {"threads": 1},
    }


def diurnal(workload: str, weekday: list[float], weekend: list[float] | None = None) -> list[Row]:
    """Demand by local hour."""
    return [
        {"workload": workload, "day_type": kind, "hour_local": hour, "factor_to_weekly_mean": factor}
        for kind, day in (("weekday", weekday), ("weekend", weekend or weekday))
        for hour, factor in enumerate(day)
    ]


def demand(market: str, workload: str, kchip: float, year: int = 2028, low: float = 0.5, high: float = 2.0) -> Row:
    """Tokens that keep so many thousand chips of the default kind busy; low and high paths are multiples."""
    tokens = kchip * TOKENS_PER_KCHIP_DAY
    return {
        "market": market,
        "workload": workload,
        "year": year,
        "low": low * tokens,
        "central": tokens,
        "high": high * tokens,
    }


def month_hour(region: str, day: list[float]) -> list[Row]:
    """The same day in every month."""
    hours = {f"h{hour:02d}": value for hour, value in enumerate(day)}
    return [{"region": region, "month": month, **hours} for month in range(1, 13)]


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in change.items():
        old = out.get(key)
        out[key] = merged(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return out


@cache
def _session_folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="small-worlds-")


def _shared(name: str, text: str, exact: bool = False) -> Path:
    """A file of the session's folder, named by its content unless the name has to be exact."""
    stem, suffix = name.rsplit(".", 1)
    label = name if exact else f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.{suffix}"
    file = Path(_session_folder().name) / label
    if exact or not file.exists():
        file.write_text(text, encoding="utf-8", newline="")
    return file


@dataclass
class SmallWorld:
    """Tables and settings of a world that a test may change before it writes them out.

    Files are named by what they hold and lie in one folder for the whole session, so that a table that two worlds share
    is parsed once. ``folder`` is the test's own: two tests never share a world.
    """

    folder: Path
    tables: dict[str, list[Row]] = field(default_factory=default_tables)
    settings: dict[str, Any] = field(default_factory=default_settings)
    profiles: dict[str, list[Row]] = field(default_factory=dict)
    rules: str | None = None
    files: dict[str, str] = field(default_factory=dict)

    def set(self, **settings: Any) -> SmallWorld:
        """Change settings, section by section."""
        self.settings = merged(self.settings, settings)
        return self

    def country(self, name: str = "x", **settings: Any) -> SmallWorld:
        return self.set(countries={name: settings})

    def edit(self, table: str, where: Mapping[str, Any] | None = None, **columns: Any) -> SmallWorld:
        """Change columns of the rows of a table that match."""
        rows = [row for row in self.tables[table] if all(row.get(k) == v for k, v in (where or {}).items())]
        assert rows, f"no row of {table} matches {where}"
        for row in rows:
            row.update(columns)
        return self

    def add(self, table: str, *rows: Row) -> SmallWorld:
        self.tables[table] += rows
        return self

    def region(self, name: str, like: str = "R", **columns: Any) -> SmallWorld:
        """Another region with the limits, climate and halls of the one it is like; no plant, not reached by users."""
        for table in ("regions.table", "connection.limits", "facility.climate", "facility.data_centres"):
            rows = [row for row in self.tables[table] if row["region"] == like]
            self.tables[table] += [{**row, "region": name} for row in rows]
        return self.edit("regions.table", {"region": name}, name=name, **columns)

    def asks(self, kchip: float) -> SmallWorld:
        """Demand of the one market, as chips busy all year."""
        self.tables["demand.demand"] = [demand("M", "chat", kchip)]
        return self

    def asks_by_hour(self, day: list[float], workload: str = "chat") -> SmallWorld:
        """The daily shape of demand, on the local clock."""
        others = [row for row in self.tables["demand.diurnal"] if row["workload"] != workload]
        self.tables["demand.diurnal"] = others + diurnal(workload, day)
        return self

    def plant(self, region: str, technology: str, mw: float, **columns: Any) -> SmallWorld:
        return self.add(
            "power.plants",
            {"region": region, "technology": technology, "existing_mw": mw, "as_of_year": 2025, **columns},
        )

    def technology(self, name: str, country: str = "x", **columns: Any) -> SmallWorld:
        return self.add("power.technologies", {"country": country, **GAS, "technology": name, **columns})

    def corridor(self, name: str, start: str, end: str, mw: float, **columns: Any) -> SmallWorld:
        row = {"corridor": name, "from": start, "to": end, "kind": "ac", "status": "existing", "in_service_year": 1990}
        row |= {"forward_mw": mw, "backward_mw": mw, "loss": 0, "money": "USD-2024"}
        return self.add("transmission.corridors", {**row, **columns})

    def by_hour(
        self, load: Mapping[str, list[float]], segments: int = 24, sun: list[float] | None = None
    ) -> SmallWorld:
        """Loads with a daily shape (MW by UTC hour); the region's peak and energy follow from it."""
        dark = [0.0] * 24
        self.profiles["load"] = [row for region, day in load.items() for row in month_hour(region, day)]
        self.profiles["solar"] = [row for region in load for row in month_hour(region, sun or dark)]
        cf = sum(sun or dark) / 24
        self.profiles["monthly"] = [
            {"region": region, "month": month, "wind_cf_potential": 0.5, "wind_cf_delivered": 0.4}
            | {"solar_cf_potential": cf, "solar_cf_delivered": 0.8 * cf}
            for region in load
            for month in range(1, 13)
        ]
        for region, day in load.items():
            self.edit("regions.table", {"region": region}, peak_load_mw=max(day), annual_load_twh=sum(day) * 365 / 1e6)
        entry = {
            "country": "x",
            "kind": "month_hour",
            "synthetic": {"seed": 1, "wind_cv": 0, "solar_cv": 0, "load_cv": 0},
        }
        return self.set(power={"profiles": [entry]}, time={"segments": segments})

    def write(self) -> Path:
        """All tables as CSV files beside the YAML file."""
        settings = merged({}, self.settings)
        for name, rows in self.tables.items():
            if rows:
                section, key = name.split(".")
                settings[section] = {**settings.get(section, {}), key: self._csv(name, rows)}
        if self.profiles:
            entries = [dict(entry) for entry in settings["power"]["profiles"]]
            for name, rows in self.profiles.items():
                entries[0][name] = self._csv(f"profile_{name}", rows)
            settings["power"] = {**settings["power"], "profiles": entries}
        for name, text in self.files.items():
            _shared(name, text, exact=True)
        if self.rules is not None:
            settings["export_control"] = {
                **settings.get("export_control", {}),
                "rules": _shared("rules.yaml", self.rules).name,
            }
        return _shared("small.yaml", json.dumps(settings))  # JSON is YAML

    def _csv(self, name: str, rows: list[Row]) -> str:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
        return _shared(f"{name.replace('.', '_')}.csv", stream.getvalue()).name

    def load(self, **overrides: Any) -> Scenario:
        return load_scenario(self.write(), overrides=overrides or None)

    def instance(self, **overrides: Any) -> Instance:
        return build_instance(self.load(**overrides))

    def planner(self, **overrides: Any) -> Planner:
        return Planner(self.load(**overrides))

    def plan(self, **overrides: Any) -> Plan:
        """The answer to the question of the scenario; certified, and its certificate checked again here."""
        return checked(self.planner(**overrides).solve())


def checked(plan: Plan) -> Plan:
    """Strong duality and feasibility, far below the tolerance that a run needs."""
    certificate = plan.solution.certificate
    assert certificate.passed, certificate.faults
    assert certificate.relative_gap < 1e-8
    assert certificate.primal_infeasibility < 1e-8
    assert_shares_conserve(plan)
    assert_one_way(plan)
    return plan


def solve_instance(scenario: Scenario, instance: Instance) -> Plan:
    """A least-cost plan of an instance whose arrays a test has changed by hand."""
    instance.check(formulation())
    lp = compile_lp(formulation(), instance)
    return checked(Plan("by hand", scenario, instance, lp, Session(lp).solve()))


def assert_one_way(plan: Plan) -> None:
    """No hour in which a corridor flows both ways or a store fills and empties (B11)."""
    forward, backward = plan.value("flow_forward"), plan.value("flow_backward")
    assert (np.minimum(forward, backward) < 1e-6).all()
    assert (np.minimum(plan.value("charge"), plan.value("discharge")) < 1e-6).all()


def assert_shares_conserve(plan: Plan) -> None:
    """What is served is worked, what is worked is drawn, and the year of a host is the year of its chips."""
    scale = 1e-7 * max(1.0, float(np.abs(plan.value("grid_draw")).max(initial=0.0)))
    drawn = plan.value("grid_draw") + plan.value("onsite_output")
    it = plan.value("it_use") + plan.value("idle_mw")[:, :, None]
    np.testing.assert_allclose(drawn, plan.param("pue")[:, None, :] * it, atol=scale)
    busy = np.einsum("wgp,wqgpt,g->pt", plan.param("chip_hours"), plan.value("work"), plan.param("active_kw"))
    np.testing.assert_allclose(plan.value("it_use").sum(axis=0), busy, atol=scale)
    np.testing.assert_allclose(plan.value("serve").sum(axis=0), plan.value("work").sum(axis=(0, 1, 2)), atol=1e-9)


def at(plan: Plan, decision: str, *labels: Any) -> np.ndarray:
    """Values of a decision at some of its leading labels."""
    values = plan.value(decision)
    for axis, label in zip(plan.lp.columns[decision].axes, labels, strict=False):
        values = values[plan.position(axis)[label]]
    return values


def price_at(plan: Plan, limit: str, *labels: Any) -> np.ndarray:
    """Duals of a limit at some of its leading labels."""
    values = plan.dual(limit)
    for axis, label in zip(plan.lp.rows[limit].axes, labels, strict=False):
        values = values[plan.position(axis)[label]]
    return values


def assert_binds(plan: Plan, *limits: str, least: float = 1e-9) -> None:
    """Each of the limits has a row with a price. The coverage test reads these calls."""
    for limit in limits:
        assert limit in plan.lp.rows, f"there is no limit {limit}"
        assert np.abs(plan.dual(limit)).max(initial=0.0) > least, f"{limit} has no price in this world"


def assert_bound_binds(plan: Plan, *decisions: str, least: float = 1e-9) -> None:
    """Each of the decisions leans on a bound of its own that has a price. The coverage test reads these calls."""
    for decision in decisions:
        upper, lower = plan.lp.col_upper, plan.lp.col_lower
        span = plan.lp.columns[decision].span
        x, z = plan.solution.x[span], plan.solution.z[span]
        finite = np.where(np.isfinite(upper[span]), upper[span], np.finfo(float).max)
        on_upper = (z < -least) & (x >= finite - 1e-7 * (1 + np.abs(finite)))
        least_x = np.where(np.isfinite(lower[span]), lower[span], -np.finfo(float).max)
        on_lower = (z > least) & (least_x > 0) & (x <= least_x + 1e-7 * (1 + np.abs(least_x)))
        assert (on_upper | on_lower).any(), f"no bound of {decision} has a price in this world"


HOURS = 8760.0


def musd_per_mw_year(usd_per_mwh: float) -> float:
    """One MW all year at a price, MUSD."""
    return usd_per_mwh * HOURS * 1e-6


def rent(plan: Plan, decision: str) -> float:
    """What one more of an upper bound is worth over all members and hours, MUSD: the reduced costs below zero."""
    return float(-plan.reduced_cost(decision).clip(max=0.0).sum())
