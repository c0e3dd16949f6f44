"""The truth check: a plan of a known year beside what was published for it.

The base-year variant of a scenario plans a past year: the mean fleet of that year, its fuel prices, the load as recorded,
no AI sites. Three things are compared:

- the mix: share of each fuel in a country's generation (`checks.published_mix`), within the larger of 1.5 points and
  15 % of the published share; 5 points off is far off;
- thermal generation of each grid region (`checks.published_thermal`), within 15 %;
- energy over ultra-high-voltage direct current, by line and in all (`checks.uhv_published`), within 15 %. In the total,
  lines whose energy the data put in as a minimum take are left out on both sides.

A figure tests only what the plan was free to choose. Beside every figure stands the room that the data leave (must-run
and minimum takes from below, fleet, water and ceilings from above), beside every line what it leans on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimizer.scenario.errors import Fault, ScenarioErrors

from .planner import Plan, Planner, Report
from .section import Section

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.solve.options import SolverOptions

BASE_YEAR_VARIANT = "base_year_2024"
POINTS, RELATIVE, OUTER_POINTS = 1.5, 0.15, 5.0

# Technology -> fuel of the published tables. Storage is no generation; what is not named here shows under its own name.
FUEL_OF = {
    "gas_cc": "gas", "gas_ct": "gas", "gas_st": "gas",
    "coal": "coal", "coal_usc": "coal",
    "nuclear": "nuclear", "nuclear_smr": "nuclear",
    "onshore_wind": "wind", "offshore_wind": "wind",
    "other_thermal": "other",
}  # fmt: skip
THERMAL = ("coal", "gas", "oil", "biomass", "other")  # what the published thermal output holds

MIX = ("country", "fuel", "twh", "share", "published", "difference", "tolerance", "room", "verdict")
THERMAL_COLUMNS = ("grid_region", "twh", "published_twh", "difference_pct", "least_twh", "verdict")
UHV = ("corridor", "name", "mw", "twh", "use", "leans_on", "published_twh", "difference_pct", "verdict")


@dataclass(frozen=True)
class TruthCheck:
    """What a base-year plan says beside what was published. Tables:

    mix: country, fuel, twh, share [%], published [%], difference and tolerance [points], room [points: how far the plan
    could have moved the fuel], verdict. thermal: one row a grid region. uhv: one row a line and the totals; twh is sent.
    by_grid_region: grid_region and the share of each fuel [%], without published figures.
    """

    year: int
    mix: pd.DataFrame
    thermal: pd.DataFrame
    uhv: pd.DataFrame
    by_grid_region: pd.DataFrame
    spilled_twh: float
    shed_twh: float
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every figure that has a published one lies within its tolerance."""
        verdicts = pd.concat([table["verdict"] for table in (self.mix, self.thermal, self.uhv)])
        return not verdicts.isin(["off", "far off"]).any()

    def section(self) -> Section:
        """One table of everything that was published, for the terminal and the run's record."""
        unit = {"mix": "% of generation", "thermal": "TWh thermal", "uhv": "TWh sent"}
        rows = [
            (f"{r.country}: {r.fuel}", unit["mix"], r.published, r.share, r.tolerance, f"{r.room:.1f} points free", r.verdict)
            for r in self.mix.itertuples()
            if r.verdict
        ]
        rows += [
            (r.grid_region, unit["thermal"], r.published_twh, r.twh, RELATIVE * r.published_twh, f"{r.least_twh:.0f} put in", r.verdict)
            for r in self.thermal.itertuples()
        ]
        rows += [
            (f"{r.corridor} {r.name}".strip(), unit["uhv"], r.published_twh, r.twh, RELATIVE * r.published_twh, r.leans_on, r.verdict)
            for r in self.uhv.itertuples()
            if r.verdict
        ]
        title = f"Year {self.year}: plan beside published figures, {'all within tolerance' if self.passed else 'NOT all within tolerance'}"
        notes = (*self.notes, f"spilled {self.spilled_twh:.2f} TWh, load not served {self.shed_twh:.2f} TWh")
        columns = ("figure", "unit", "published", "plan", "tolerance", "what is put in", "verdict")
        return Section(title, columns, tuple(rows), notes, {"published": 1, "plan": 1, "tolerance": 1})

    def details(self) -> tuple[Section, ...]:
        """Mix by grid region and every ultra-high-voltage line."""
        found = [Section.from_frame(f"Year {self.year}: generation by grid region, %", self.by_grid_region, digits=_one_digit(self.by_grid_region))]
        if len(self.uhv):
            note = "use: sent over rating x 8,760 h; a line that leans on its cap shows only that the plan wants at least as much"
            digits = {"mw": 0, "twh": 1, "use": 2, "published_twh": 1, "difference_pct": 1}
            found.append(Section.from_frame(f"Year {self.year}: energy over UHV direct current", self.uhv, (note,), digits))
        return tuple(found)


def check(scenario: Scenario, report: Report | None = None, options: SolverOptions | None = None) -> TruthCheck:
    """Plan the known year of a scenario that was loaded with its base-year variant, and compare.

    Raises ScenarioErrors when the scenario does not plan a known year.
    """
    if scenario.power.base_fleet_year != scenario.periods.years[0]:
        message = f"a truth check needs a known year with its own fleet: load the scenario with the variant '{BASE_YEAR_VARIANT}'"
        raise ScenarioErrors([Fault(message, path="power.base_fleet_year", found=str(scenario.power.base_fleet_year))])
    return compare(Planner(scenario, report=report, options=options).least_cost())


def check_section(scenario: Scenario, report: Report | None = None, options: SolverOptions | None = None) -> Section:
    """What ``compute-grid check`` prints: the one table of :func:`check`."""
    return check(scenario, report, options).section()


def compare(plan: Plan) -> TruthCheck:
    """Compare the first period of a plan with the published tables of its scenario."""
    year = int(plan.instance.sets["period"][0])
    made = generation(plan)
    hours = plan.param("hours")
    spilled = float(plan.value("spill")[:, 0].sum(axis=0) @ hours) / 1e6
    shed = float(plan.value("load_shed")[:, 0].sum(axis=0) @ hours) / 1e6
    notes = (
        f"a fuel is within tolerance up to {POINTS:g} points or {100 * RELATIVE:g} % of its share, whichever is more",
        "points free: how far must-run, minimum takes, fleet, water and yearly ceilings would have let the plan move the fuel",
    )
    return TruthCheck(
        year, mix(plan, made, year), thermal(plan, made, year), uhv(plan, year), shares(made, "grid_region"), spilled, shed, notes
    )


def generation(plan: Plan, period: int = 0) -> pd.DataFrame:
    """One row a plant on the grid: region, country, grid_region, technology, fuel, twh and the least and most that data allow."""
    hours = plan.param("hours")
    made = _plants(plan, "generator")
    lower, upper = plan.param("output_min_mw")[:, period] @ hours / 1e6, plan.param("output_max_mw")[:, period] @ hours / 1e6
    standing = plan.param("standing_mw")[_rows(plan, made.index), period]
    yearly = np.where(plan.param("has_yearly_limit")[:, period] > 0, plan.param("yearly_limit_h") * standing / 1e6, np.inf)
    made["twh"] = plan.value("output")[:, period] @ hours / 1e6
    made["least_twh"] = np.maximum(lower, np.where(plan.param("has_take")[:, period] > 0, plan.param("take_gwh")[:, period] / 1e3, 0.0))
    made["most_twh"] = np.minimum(upper, yearly)
    made.loc[list(plan.instance.sets["hydro"]), "most_twh"] = _water_twh(plan, period)
    given = _plants(plan, "weather_plant")
    capacity = plan.param("standing_mw")[_rows(plan, given.index), period]
    for column in ("twh", "least_twh", "most_twh"):
        given[column] = capacity * (plan.param("weather_share") @ hours) / 1e6
    table = pd.concat([made, given])
    table["fuel"] = table["technology"].map(lambda name: FUEL_OF.get(name, name))
    return table


def _plants(plan: Plan, subset: str) -> pd.DataFrame:
    """Attributes of a set of plants with the grid region of each."""
    table = pd.DataFrame(dict(plan.instance.attributes[subset]), index=list(plan.instance.sets[subset]))
    areas = dict(zip(plan.instance.sets["region"], plan.instance.attributes["region"]["grid_region"], strict=True))
    return table.assign(grid_region=table["region"].map(areas))


def _rows(plan: Plan, plants: pd.Index) -> list[int]:
    position = plan.position("plant")
    return [position[name] for name in plants]


def _water_twh(plan: Plan, period: int) -> np.ndarray:
    """Water of the year per hydro plant: each day's budget times the days that it stands for."""
    snapshot = plan.position("snapshot")
    days = [[snapshot[t] for t in plan.instance.relations["snapshots_of_day"][day]] for day in plan.instance.sets["day"]]
    count = np.asarray([plan.param("hours")[t].sum() / plan.param("step_h")[t].sum() for t in days])
    return plan.param("water_mwh")[:, period] @ count / 1e6


def shares(made: pd.DataFrame, key: str) -> pd.DataFrame:
    """Share of each fuel in per cent by country or grid region, and the total in TWh."""
    table = made.pivot_table(index=key, columns="fuel", values="twh", aggfunc="sum", fill_value=0.0, sort=False)
    total = table.sum(axis=1)
    return (100.0 * table.div(total, axis=0)).assign(total_twh=total).reset_index().rename_axis(columns=None)


def mix(plan: Plan, made: pd.DataFrame, year: int) -> pd.DataFrame:
    """Share of each fuel by country beside the published one."""
    told = plan.scenario.table("checks.published_mix")
    told = told[told["year"] == year]
    rows = []
    for country, own in made.groupby("country", sort=False):
        sums = own.groupby("fuel")[["twh", "least_twh", "most_twh"]].sum()
        total = sums["twh"].sum()
        known = told[told["country"] == country].set_index("fuel")["twh"]
        for fuel in dict.fromkeys([*known.index, *sums.index]):
            here = sums.loc[fuel] if fuel in sums.index else pd.Series(0.0, index=sums.columns)
            share, free = 100.0 * here["twh"] / total, 100.0 * (here["most_twh"] - here["least_twh"]) / total
            published = 100.0 * float(known.get(fuel, np.nan)) / known.sum()
            tolerance = max(POINTS, RELATIVE * published)
            rows.append((country, fuel, here["twh"], share, published, share - published, tolerance, free, _verdict(share - published, tolerance)))
    return pd.DataFrame(rows, columns=MIX)


def _verdict(difference: float, tolerance: float, outer: float = OUTER_POINTS) -> str:
    if np.isnan(difference):
        return ""
    if abs(difference) <= tolerance:
        return "within"
    return "off" if abs(difference) <= outer else "far off"


def thermal(plan: Plan, made: pd.DataFrame, year: int) -> pd.DataFrame:
    """Thermal generation by grid region beside the published sum of its regions."""
    told = plan.scenario.table("checks.published_thermal")
    told = told[told["year"] == year].set_index("region")["twh"]
    burned = made[made["fuel"].isin(THERMAL)].assign(published_twh=np.nan)
    sums = burned.groupby("grid_region", sort=False)[["twh", "least_twh"]].sum()
    areas = dict(zip(plan.instance.sets["region"], plan.instance.attributes["region"]["grid_region"], strict=True))
    known = told.groupby(told.index.map(areas)).sum()
    rows = [
        (area, sums.at[area, "twh"], published, off := 100.0 * (sums.at[area, "twh"] / published - 1.0), sums.at[area, "least_twh"],
         _verdict(off, 100.0 * RELATIVE, np.inf))
        for area, published in known.items()
        if area in sums.index
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=THERMAL_COLUMNS)


def uhv(plan: Plan, year: int, period: int = 0) -> pd.DataFrame:
    """Energy sent over each standing UHV direct-current line, and totals, beside what was published.

    A published row `total` counts the lines that do not start in its `outside_grid_region`. Its second row leaves out, on
    both sides, the lines that stand at their minimum take: that is what the plan chose.
    """
    told = plan.scenario.table("checks.uhv_published")
    told = told[told["year"] == year].set_index("corridor")
    lines = pd.DataFrame(dict(plan.instance.attributes["corridor"]), index=list(plan.instance.sets["corridor"]))
    lines["mw"] = plan.param("line_mw")[:, period]
    sent = plan.value("flow_forward")[:, period] + plan.value("flow_backward")[:, period]
    lines["twh"] = sent @ plan.param("hours") / 1e6
    cap = np.where(plan.param("has_use_limit")[:, period] > 0, plan.param("use_limit_h") * lines["mw"] / 1e6, np.inf)
    lines["take_twh"] = np.where(plan.param("has_line_take")[:, period] > 0, plan.param("line_take_gwh")[:, period] / 1e3, 0.0)
    lines["use"] = np.divide(lines["twh"] * 1e6, lines["mw"] * 8760.0, out=np.zeros(len(lines)), where=lines["mw"] > 0)
    at_take, at_cap, full = lines["twh"] <= lines["take_twh"] * 1.001, lines["twh"] >= cap * 0.999, lines["use"] >= 0.999
    lines["leans_on"] = np.select([(lines["take_twh"] > 0) & at_take, at_cap, full], ["minimum take", "use cap", "rating"], "nothing")
    lines = lines[lines["kind"].str.startswith("uhvdc") & (lines["mw"] > 0)]
    rows = [_line(name, row["name"], row["mw"], row["twh"], row["leans_on"], told["twh"].get(name, np.nan)) for name, row in lines.iterrows()]
    if "total" in told.index and len(lines):
        rows += _totals(plan, lines, told.loc["total"])
    return pd.DataFrame(rows, columns=UHV)


def _line(corridor: object, name: str, mw: float, twh: float, leans_on: str, published: float) -> tuple[object, ...]:
    off = 100.0 * (twh / published - 1.0)
    return corridor, name, mw, twh, twh * 1e6 / (mw * 8760.0), leans_on, published, off, _verdict(off, 100.0 * RELATIVE, np.inf)


def _totals(plan: Plan, lines: pd.DataFrame, told: pd.Series) -> list[tuple[object, ...]]:
    """The total as published, and without lines that stand at their minimum take."""
    areas = dict(zip(plan.instance.sets["region"], plan.instance.attributes["region"]["grid_region"], strict=True))
    counted = lines[lines["from_region"].map(areas) != told["outside_grid_region"]]
    chosen = counted[counted["leans_on"] != "minimum take"]
    put_in = counted["twh"].sum() - chosen["twh"].sum()
    capped = int((chosen["leans_on"] == "use cap").sum())
    return [
        _line("total", "all that count", counted["mw"].sum(), counted["twh"].sum(), f"{put_in:.0f} TWh put in as takes", told["twh"]),
        _line("total", "without lines at their take", chosen["mw"].sum(), chosen["twh"].sum(),
              f"use cap on {capped} of {len(chosen)} lines", told["twh"] - put_in),
    ]  # fmt: skip


def _one_digit(frame: pd.DataFrame) -> dict[str, int]:
    return {str(column): 1 for column in frame.columns[1:]}
