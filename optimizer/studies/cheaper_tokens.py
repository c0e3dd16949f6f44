"""Whether one side's tokens are cheaper, three ways: accounting, plans at least cost, probability; and a verdict.

The claim is a scenario to test. Report cost, not price; chips at one operating point; every set of rates beside the
others, since the date of the rates moves the answer more than chips do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.results.section import Section
from optimizer.scenario.load import load_scenario
from optimizer.scenario.study import known_name, scenario_of

from . import verdict
from .answer import Answer
from .chance_map import chance_map, chance_of, hall_band, map_section
from .contest_plans import plan_table
from .owned_compute import owned_compute, site
from .pairs import Book, moves_table, pair_table, years_of_gap

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.scenario.study import CheaperTokens, Side

Say = Callable[[str], None]
Band = tuple[float, float]
BandPair = tuple[Band, Band]


def answer(study: CheaperTokens, file: Path, say: Say) -> Answer:
    """All three ways. Raises ScenarioErrors for names that the scenarios do not have, SolveError without a plan."""
    say("accounting")
    sides = (study.first, study.second)
    scenarios = tuple(_scenario(file, side) for side in sides)
    books = tuple(_book(study, s, side, file) for s, side in zip(scenarios, sides, strict=True))
    pairs = pair_table(study, books)
    moves = moves_table(study, books)
    names = verdict.Names(study.first.label, study.second.label)
    sections = [_chips_section(study, books), _pairs_section(study, pairs), _moves_section(study, moves)]
    tables = {
        "owned_compute": pd.concat([_every_point(study, s, side) for s, side in zip(scenarios, sides, strict=True)]),
        "pairs": pairs,
        "moves": moves,
    }
    answers: list[str] = []
    sentences: list[str] = []

    lead = pairs[(pairs["first_chip"] == study.first.chips[0]) & (pairs["second_chip"] == study.second.chips[0])]
    ratios = dict(zip(lead["chip_set"], lead["cost_ratio"].astype(float), strict=True))
    cheaper = int((pairs["cost_ratio"] < 1 - verdict.SAME).sum())
    _keep(answers, sentences, verdict.accounting(names, ratios, (cheaper, len(pairs))))

    statistics: dict[str, Any] = {}
    if study.plans:
        plans, classes, statistics = plan_table(study, file, say)
        tables |= {"plans": plans, "plans_by_class": classes}
        sections.append(_plans_section(study, plans))
        now = plans[plans["period"] == study.period].pivot(index="chip_set", columns="side", values="same_mix")
        mean = {str(k): float(v) for k, v in (now[names.first] / now[names.second]).items()}
        _keep(answers, sentences, verdict.plans(names, {s: mean[s] for s in study.chip_sets}, study.period, study.path))

    say("map of chances")
    bands = hall_band(scenarios[0], study.first.country), hall_band(scenarios[1], study.second.country)
    leading = tuple(side.chips[0] for side in sides)
    first, second = (book.chip(chip, study.chip_sets[0]) for book, chip in zip(books, leading, strict=True))
    tables["chance_map"] = chance_map(study, first, second, bands)
    chances = chance_table(study, books, bands)
    tables["chances"] = chances
    title = f"5. probability that {names.first} is cheaper: {leading[0]} against {leading[1]}"
    sections += [map_section(study, tables["chance_map"], title), _chances_section(study, chances)]
    of_lead = chances[(chances["first_chip"] == leading[0]) & (chances["second_chip"] == leading[1])]
    probability = dict(zip(of_lead["chip_set"], of_lead["probability"].astype(float), strict=True))
    _keep(answers, sentences, verdict.chances(names, probability))

    by_input = moves.groupby("input", sort=False)["factor"].max()
    sentences.append(verdict.what_moves(names, {str(k): float(v) for k, v in by_input.items()}))
    row = lead[lead["chip_set"] == study.chip_sets[0]].iloc[0]
    free, dearest, actual = (
        float(row[n]) for n in ("break_even_free", "break_even_dearest", "ratio_of_tokens_per_kwh")
    )
    sentences.append(verdict.break_even_and_power(names, free, dearest, actual))
    gap = books[1].where.power.mean - books[0].where.power.mean
    sentences.append(verdict.delay(names, years_of_gap(books, study), gap))
    claim = verdict.claim(names, answers)
    sections.append(
        Section(
            "verdict",
            ("", "what the numbers say"),
            tuple((str(i), line) for i, line in enumerate([claim, *sentences], 1)),
        )
    )
    quoted = Section("the claim", ("", "as it was said"), (("", " ".join(study.claim.split())),))
    return Answer([quoted, *sections], tables, {"answers": answers, "verdict": [claim, *sentences]}, statistics)


def _keep(answers: list[str], sentences: list[str], found: tuple[str, str]) -> None:
    answers.append(found[0])
    sentences.append(found[1])


def _scenario(file: Path, side: Side) -> Scenario:
    return load_scenario(scenario_of(file, side.scenario))


def _book(study: CheaperTokens, scenario: Scenario, side: Side, file: Path) -> Book:
    """The accounting of a side; every name of the study is checked here."""
    key = "first" if side == study.first else "second"
    known_name(file, (key, "country"), side.country, scenario.countries, f"a country of {scenario.name}")
    chips = list(scenario.table("compute.chips")["chip"])
    for chip in side.chips:
        known_name(file, (key, "chips"), chip, chips, f"a chip of {scenario.name}")
    years = [str(year) for year in scenario.periods.years]
    known_name(file, ("period",), str(study.period), years, f"a period of {scenario.name}")
    table = owned_compute(scenario, side.country, side.chips, study.sold_share)
    for chip_set in study.chip_sets:
        known_name(file, ("chip_sets",), chip_set, sorted(set(table["chip_set"])), "a set of rates")
    table = table[(table["operating_point"] == study.operating_point) & table["chip_set"].isin(study.chip_sets)]
    return Book(scenario, site(scenario, side.country), table)


def _every_point(study: CheaperTokens, scenario: Scenario, side: Side) -> pd.DataFrame:
    return owned_compute(scenario, side.country, side.chips, study.sold_share)


def chance_table(study: CheaperTokens, books: tuple[Book, ...], bands: BandPair) -> pd.DataFrame:
    """One row a set of rates and pair: probability that the first is cheaper, sold shares alike and each side's own."""
    rows = []
    for chip_set in study.chip_sets:
        for one in study.first.chips:
            for other in study.second.chips:
                a, b = books[0].chip(one, chip_set), books[1].chip(other, chip_set)
                own = chance_of(study, a, b, bands, ("wacc", "life_years"))
                rows.append((chip_set, one, other, chance_of(study, a, b, bands), own))
    columns = ["chip_set", "first_chip", "second_chip", "probability", "probability_own_sold_share"]
    return pd.DataFrame(rows, columns=columns)


def _chips_section(study: CheaperTokens, books: tuple[Book, ...]) -> Section:
    rows = []
    for side, book in zip((study.first, study.second), books, strict=True):
        for chip in side.chips:
            row = book.chip(chip, study.chip_sets[0])
            sets = [book.chip(chip, s) for s in study.chip_sets]
            power, price = 1e3 * row["facility_kw_per_chip"], 1e3 * row["power_usd_per_kwh"]
            per_kwh = row["capital_usd_per_kwh"], price, row["load_ratio"], row["cost_usd_per_kwh"]
            tokens = tuple(v for s in sets for v in (s["tokens_per_kwh"] / 1e6, s["usd_per_mtok"]))
            rows.append((side.label, chip, power, *per_kwh, *tokens, "yes" if row["may_be_bought"] else "no"))
    per_set = [f"{s}: {what}" for s in study.chip_sets for what in ("Mtok/kWh", "USD/Mtok")]
    return Section(
        f"1. accounting: C = K + p u, {study.operating_point} point, {study.sold_share:.0%} sold",
        ("side", "chip", "W at the meter", "K, USD/kWh", "p, USD/MWh", "u", "C, USD/kWh", *per_set, "may be bought"),
        tuple(rows),
        (
            "per provisioned kWh at the meter; old chips at replacement price; power at the industrial tariff without "
            "VAT, mean over hosts by what may be connected",
            *(
                f"{side.label}: power from {price.cheapest:.0f} to {price.dearest:.0f} USD/MWh over hosts"
                for side, price in zip((study.first, study.second), (b.where.power for b in books), strict=True)
            ),
            "a chip that may not be bought still stands in the fleet",
        ),
        {"W at the meter": 0, "p, USD/MWh": 0, "u": 2, "K, USD/kWh": 3, "C, USD/kWh": 3},
    )


def _pairs_section(study: CheaperTokens, pairs: pd.DataFrame) -> Section:
    shown = pairs.drop(columns=["break_even_cheapest"]).rename(
        columns={
            "chip_set": "rates",
            "first_chip": study.first.label,
            "second_chip": study.second.label,
            "cost_ratio": "cost ratio",
            "ratio_of_tokens_per_kwh": "tokens per kWh",
            "break_even_free": "breaks even: free power",
            "break_even_mean": "at mean price",
            "break_even_dearest": "at dearest",
        }
    )
    numbers = dict.fromkeys(shown.columns[3:], 2)
    notes = (f"ratios of {study.first.label} over {study.second.label}: below 1 a token is cheaper there",)
    return Section.from_frame("2. pairs of chips, and where they break even", shown, notes, numbers)


def _moves_section(study: CheaperTokens, moves: pd.DataFrame) -> Section:
    shown = moves.rename(columns={"chip_set": "rates", "ratio_at_one_end": "at one end"})
    shown = shown.rename(columns={"ratio_at_the_other": "at the other"})
    notes = (
        "cost ratio of the leading chips; power from free to the dearest host, sold share "
        f"{study.uncertain.sold_share.high:g} to {study.uncertain.sold_share.low:g} and chip price (90 %) of "
        f"{study.first.label} alone, chip life {study.uncertain.chip_life_yr.low:g} to "
        f"{study.uncertain.chip_life_yr.high:g} years alike",
    )
    return Section.from_frame(
        "3. what moves the cost ratio", shown, notes, dict.fromkeys(("at one end", "at the other", "factor"), 2)
    )


def _plans_section(study: CheaperTokens, plans: pd.DataFrame) -> Section:
    shown = plans.assign(period=plans["period"].astype(str)).rename(columns=lambda c: c.replace("_", " "))
    slack = plans[plans["use_of_fleet"] < 0.5]
    notes = [
        f"USD per million reference tokens, least cost at {study.path} demand; full cost is the mean over what a side "
        "serves, same mix weighs the classes of both sides alike",
        "a plan's mean holds its old chips too, at replacement price: it is not the cost of the leading chip",
    ]
    notes += [
        f"{row['side']}: fleet is slack in {row['period']} on {row['chip_set']} rates (use below 50 %): "
        "marginal token cost is energy only and must not be read as cost"
        for _, row in slack.iterrows()
    ]
    digits = dict.fromkeys(("chip share", "energy share", "use of fleet"), 2)
    return Section.from_frame("4. plans at least cost", shown, tuple(notes), digits)


def _chances_section(study: CheaperTokens, chances: pd.DataFrame) -> Section:
    shown = chances.assign(
        **{c: [f"{100 * v:.0f} %" for v in chances[c]] for c in ("probability", "probability_own_sold_share")}
    ).rename(
        columns={
            "chip_set": "rates",
            "first_chip": study.first.label,
            "second_chip": study.second.label,
            "probability_own_sold_share": "sold shares of their own",
        }
    )
    notes = ("rates within the band of their row; prices by their confidence; halls within their range",)
    return Section.from_frame(f"6. probability that {study.first.label} is cheaper, by pair", shown, notes)
