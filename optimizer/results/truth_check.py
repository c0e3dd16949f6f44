"""The truth check: a plan of a known year beside what was published for it.

The base-year variant of a scenario plans a past year: the mean fleet of that year, its fuel prices, the load as
recorded, no AI sites. Three things are compared:

- the mix: share of each fuel in a country's generation (`checks.published_mix`), within the larger of 1.5 points and
  15 % of the published share; 5 points off is far off; a fuel smaller than its tolerance is shown, not tested;
- thermal generation of each grid region (`checks.published_thermal`), within 15 %;
- energy over ultra-high-voltage direct current, by line and in all (`checks.uhv_published`), within 15 %. In the total,
  lines whose energy the data put in as a minimum take are left out on both sides.

A figure tests only what the plan was free to choose. Beside every figure stands what it leans on: the least that
must-run and minimum takes put in, the most that fleet, water and yearly ceilings allow, a line's take or cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

MIX = (
    "country",
    "fuel",
    "twh",
    "share",
    "published",
    "difference",
    "tolerance",
    "least",
    "most",
    "leans_on",
    "verdict",
)
THERMAL_COLUMNS = ("grid_region", "twh", "published_twh", "difference_pct", "least_twh", "verdict")
UHV = ("corridor", "name", "mw", "twh", "use", "leans_on", "published_twh", "difference_pct", "verdict")


@dataclass(frozen=True)
class TruthCheck:
    """What a base-year plan says beside what was published. Tables:

    mix: country, fuel, twh, share [%], published [%], difference and tolerance [points], least and most [%: what the
    data allow], leans_on, verdict. thermal: one row a grid region. uhv: one row a line and the totals; twh is sent.
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
        rows: list[tuple[object, ...]] = []
        for country, fuel, _, share, published, _, tolerance, least, most, leans_on, verdict in _told(self.mix):
            figure = f"{country}: {fuel}"
            held = f"{leans_on} ({least:.1f} to {most:.1f})"
            rows.append((figure, "% of generation", published, share, tolerance, held, verdict))
        for area, twh, published, _, least, verdict in _told(self.thermal):
            rows.append((area, "TWh thermal", published, twh, RELATIVE * published, f"{least:.0f} TWh put in", verdict))
        for corridor, name, _, twh, _, leans_on, published, _, verdict in _told(self.uhv):
            figure = f"{corridor} {name}"
            rows.append((figure, "TWh sent", published, twh, RELATIVE * published, leans_on, verdict))
        outcome = "all within tolerance" if self.passed else "NOT all within tolerance"
        notes = (*self.notes, f"spilled {self.spilled_twh:.2f} TWh, load not served {self.shed_twh:.2f} TWh")
        return Section(
            f"Year {self.year}: plan beside published figures, {outcome}",
            ("figure", "unit", "published", "plan", "tolerance", "leans on", "verdict"),
            tuple(rows),
            notes,
            {"published": 1, "plan": 1, "tolerance": 1},
        )

    def details(self) -> tuple[Section, ...]:
        """Mix by grid region and every ultra-high-voltage line."""
        shares_title = f"Year {self.year}: generation by grid region, %"
        digits = {str(column): 1 for column in self.by_grid_region.columns[1:]}
        found = [Section.from_frame(shares_title, self.by_grid_region, digits=digits)]
        if len(self.uhv):
            note = "use: sent over rating x 8,760 h; at its cap a line shows only that the plan wants at least as much"
            digits = {"mw": 0, "twh": 1, "use": 2, "published_twh": 1, "difference_pct": 1}
            title = f"Year {self.year}: energy over UHV direct current"
            found.append(Section.from_frame(title, self.uhv, (note,), digits))
        return tuple(found)


def _told(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows with a verdict."""
    return list(table[table["verdict"] != ""].itertuples(index=False, name=None))


def check(scenario: Scenario, report: Report | None = None, options: SolverOptions | None = None) -> TruthCheck:
    """Plan the known year of a scenario that was loaded with its base-year variant, and compare.

    Raises ScenarioErrors when the scenario does not plan a known year.
    """
    if scenario.power.base_fleet_year != scenario.periods.years[0]:
        message = f"a truth check needs a known year with its own fleet, as in the variant '{BASE_YEAR_VARIANT}'"
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
        "a fuel leans on what must-run and minimum takes put in, on the most that fleet, water and ceilings allow, "
        "on both where the data give it outright, or on nothing: only then its figure is the plan's own choice",
    )
    tables = mix(plan, made, year), thermal(plan, made, year), uhv(plan, year), shares(made, "grid_region")
    return TruthCheck(year, *tables, spilled, shed, notes)


def generation(plan: Plan, period: int = 0) -> pd.DataFrame:
    """One row a plant on the grid: region, country, grid_region, technology, fuel, twh, least_twh and most_twh.

    Least and most are what the data allow the plant by itself; spilled energy is not taken off.
    """
    hours = plan.param("hours")
    made = _plants(plan, "generator")
    lower = plan.param("output_min_mw")[:, period] @ hours / 1e6
    upper = plan.param("output_max_mw")[:, period] @ hours / 1e6
    take = np.where(plan.param("has_take")[:, period] > 0, plan.param("take_gwh")[:, period] / 1e3, 0.0)
    standing = plan.param("standing_mw")[_rows(plan, made.index), period]
    yearly = np.where(
        plan.param("has_yearly_limit")[:, period] > 0, plan.param("yearly_limit_h") * standing / 1e6, np.inf
    )
    made["twh"] = plan.value("output")[:, period] @ hours / 1e6
    made["least_twh"] = np.maximum(lower, take)
    made["most_twh"] = np.minimum(upper, yearly)
    made.loc[list(plan.instance.sets["hydro"]), "most_twh"] = _water_twh(plan, period)
    given = _plants(plan, "weather_plant")
    capacity = plan.param("standing_mw")[_rows(plan, given.index), period]
    for column in ("twh", "least_twh", "most_twh"):
        given[column] = capacity * (plan.param("weather_share") @ hours) / 1e6
    table = pd.concat(
        [made[made["technology"] != "grid_supply"], given]
    )  # what is bought at a tariff is made elsewhere
    table["fuel"] = table["technology"].map(lambda name: FUEL_OF.get(name, name))
    return table


def _plants(plan: Plan, subset: str) -> pd.DataFrame:
    """Attributes of a set of plants with the grid region of each."""
    table = pd.DataFrame(dict(plan.instance.attributes[subset]), index=list(plan.instance.sets[subset]))
    return table.assign(grid_region=table["region"].map(_areas(plan)))


def _rows(plan: Plan, plants: pd.Index) -> list[int]:
    position = plan.position("plant")
    return [position[name] for name in plants]


def _water_twh(plan: Plan, period: int) -> np.ndarray:
    """Water of the year per hydro plant: each day's budget times the days that it stands for."""
    snapshot = plan.position("snapshot")
    days = [
        [snapshot[t] for t in plan.instance.relations["snapshots_of_day"][day]] for day in plan.instance.sets["day"]
    ]
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
        of_country = told[told["country"] == country]
        known = dict(zip(of_country["fuel"], 100.0 * of_country["twh"] / of_country["twh"].sum(), strict=True))
        fuels = list(dict.fromkeys([*known, *sums.index]))
        percent = 100.0 * sums.reindex(fuels).fillna(0.0).to_numpy(float) / sums["twh"].sum()
        for fuel, twh, (share, least, most) in zip(fuels, sums["twh"].reindex(fuels).fillna(0.0), percent, strict=True):
            published = float(known.get(fuel, np.nan))
            off, tolerance = share - published, max(POINTS, RELATIVE * published)
            verdict = "too small to test" if published < tolerance else _verdict(off, tolerance, OUTER_POINTS)
            held = _leans_on(share, least, most)
            rows.append((country, fuel, twh, share, published, off, tolerance, least, most, held, verdict))
    return pd.DataFrame(rows, columns=MIX)


def _leans_on(share: float, least: float, most: float) -> str:
    """Which side of its range a fuel stands at, within two per cent."""
    low, high = share <= 1.02 * least, share >= 0.98 * most
    return {(True, True): "given", (True, False): "put in", (False, True): "most"}.get((low, high), "nothing")


def _verdict(difference: float, tolerance: float, outer: float = np.inf) -> str:
    """Within, off or far off; empty where nothing is published."""
    if np.isnan(difference):
        return ""
    if abs(difference) <= tolerance:
        return "within"
    return "off" if abs(difference) <= outer else "far off"


def thermal(plan: Plan, made: pd.DataFrame, year: int) -> pd.DataFrame:
    """Thermal generation by grid region beside the published sum of its regions."""
    told = plan.scenario.table("checks.published_thermal")
    told = told[told["year"] == year]
    known = told["twh"].groupby(told["region"].map(_areas(plan))).sum()
    sums = made[made["fuel"].isin(THERMAL)].groupby("grid_region")[["twh", "least_twh"]].sum()
    both = [area for area in known.index if area in sums.index]
    table = sums.loc[both].assign(published_twh=known.loc[both])
    table["difference_pct"] = 100.0 * (table["twh"] / table["published_twh"] - 1.0)
    table["verdict"] = [_verdict(off, 100.0 * RELATIVE) for off in table["difference_pct"]]
    return table.rename_axis("grid_region").reset_index()[list(THERMAL_COLUMNS)]


def _areas(plan: Plan) -> dict[Any, str]:
    """Region -> grid region."""
    return dict(zip(plan.instance.sets["region"], plan.instance.attributes["region"]["grid_region"], strict=True))


def uhv(plan: Plan, year: int, period: int = 0) -> pd.DataFrame:
    """Energy sent over each standing UHV direct-current line, and totals, beside what was published.

    A published row `total` counts the lines that do not start in its `outside_grid_region`. Its second row leaves out,
    on both sides, the lines that stand at their minimum take: that is what the plan chose.
    """
    told = plan.scenario.table("checks.uhv_published")
    told = told[told["year"] == year]
    known = dict(zip(told["corridor"], told["twh"].astype(float), strict=True))
    outside = dict(zip(told["corridor"], told["outside_grid_region"], strict=True))
    lines = uhv_lines(plan, period)
    rows = [
        _line(name, row["name"], row["mw"], row["twh"], row["leans_on"], known.get(str(name), np.nan))
        for name, row in lines.iterrows()
    ]
    if "total" in known and len(lines):
        counted = lines[lines["from_region"].map(_areas(plan)) != outside["total"]]
        chosen = counted[counted["leans_on"] != "minimum take"]
        mw, twh, put_in = counted["mw"].sum(), counted["twh"].sum(), counted["twh"].sum() - chosen["twh"].sum()
        capped = f"use cap on {int((chosen['leans_on'] == 'use cap').sum())} of {len(chosen)} lines"
        rows.append(_line("total", "all that count", mw, twh, f"{put_in:.0f} TWh put in as takes", known["total"]))
        mw, twh = chosen["mw"].sum(), chosen["twh"].sum()
        rows.append(_line("total", "without lines at their take", mw, twh, capped, known["total"] - put_in))
    return pd.DataFrame(rows, columns=UHV)


def uhv_lines(plan: Plan, period: int = 0) -> pd.DataFrame:
    """Standing UHV direct-current lines: rating, energy sent, and what holds it where it is (`leans_on`)."""
    lines = pd.DataFrame(dict(plan.instance.attributes["corridor"]), index=list(plan.instance.sets["corridor"]))
    lines["mw"] = plan.param("line_mw")[:, period]
    sent = plan.value("flow_forward")[:, period] + plan.value("flow_backward")[:, period]
    lines["twh"] = sent @ plan.param("hours") / 1e6
    lines["most_twh"] = lines["mw"] * 8.76e-3
    hours = np.where(plan.param("has_use_limit")[:, period] > 0, plan.param("use_limit_h"), np.inf)
    take = np.where(plan.param("has_line_take")[:, period] > 0, plan.param("line_take_gwh")[:, period] / 1e3, 0.0)
    holds = {
        "minimum take": (take > 0) & (lines["twh"] <= 1.001 * take),
        "use cap": lines["twh"] >= 0.999 * hours * lines["mw"] / 1e6,
        "rating": lines["twh"] >= 0.999 * lines["most_twh"],
    }
    lines["leans_on"] = np.select(list(holds.values()), list(holds), "nothing")
    direct = np.asarray([str(kind).startswith("uhvdc") for kind in lines["kind"]], bool)
    return lines[direct & (lines["mw"].to_numpy(float) > 0)]


def _line(corridor: object, name: str, mw: float, twh: float, leans_on: str, published: float) -> tuple[object, ...]:
    off = 100.0 * (twh / published - 1.0)
    return corridor, name, mw, twh, twh / (mw * 8.76e-3), leans_on, published, off, _verdict(off, 100.0 * RELATIVE)
