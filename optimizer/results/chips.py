"""The chips of a scenario and whether they may go to a destination on a date: a table before any solve."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from optimizer.results.section import Section
from optimizer.scenario.errors import Fault, ScenarioErrors
from optimizer.scenario.export_control import evaluate, lp_effect
from optimizer.scenario.export_rules import load_rules

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

_COLUMNS = ("chip", "origin", "IT kW", "TPP", "TPP/mm2", "outcome", "units cap", "fee share", "class", "rule")


def chip_section(scenario: Scenario, destination: str, on: dt.date | None = None, why: bool = False) -> Section:
    """Every chip with its power, its performance and the verdict for a private buyer in ``destination``.

    ``destination`` is an ISO alpha-2 code; ``on`` defaults to the scenario's own date; ``why`` adds each chip's reason
    to the notes. Raises ScenarioErrors when the scenario has no rules or its rule set cannot be read.
    """
    settings = scenario.export_control
    day = on or settings.as_of
    path = scenario.rules_path
    if path is None:
        raise ScenarioErrors([Fault("the scenario has no export rules to apply", path="export_control.rules")])
    try:
        rules = load_rules(path).variant(settings.rule_set).assuming(*settings.assume)
    except ValueError as error:
        raise ScenarioErrors([Fault(str(error), file=path, path="export_control")]) from error
    rows, notes = [], list(rules.caveats(day))
    for chip in scenario.table("compute.chips").to_dict("records"):
        verdict = evaluate({str(key): value for key, value in chip.items()}, destination, day, rules)
        effect = lp_effect(verdict, switches=settings.switches)
        rows.append(
            (
                verdict.chip,
                chip["origin"],
                chip["all_in_w_per_chip"] / 1000,
                chip["tpp"],
                chip["performance_density"],
                verdict.outcome,
                effect.volume_cap_units,
                verdict.fee_share or None,
                verdict.chip_class,
                verdict.rule_id,
            )
        )
        if why:
            cited = verdict.citation or ", ".join(verdict.sources)
            notes.append(f"{verdict.chip}: {verdict.reason}" + (f" [{cited}]" if cited else ""))
    title = f"Chips for a private buyer in {destination} on {day}"
    return Section(
        title, _COLUMNS, tuple(rows), tuple(notes), {"TPP": 0, "TPP/mm2": 1, "units cap": 0, "IT kW": 2, "fee share": 2}
    )
