"""What in an answer is assumed: rows by confidence in every table that was read, and assumed values of the YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

TABLES = (
    "power.technologies", "power.plants", "power.plant_changes", "power.fuel_prices", "power.tariffs",
    "power.minimum_take", "power.load_growth", "transmission.corridors", "reserve.zones", "connection.limits",
    "connection.costs", "facility.data_centres", "facility.halls", "facility.climate", "compute.chips",
    "compute.throughput", "compute.fleet", "compute.supply", "demand.demand", "demand.workloads", "demand.diurnal",
    "demand.latency", "demand.other_ai_shares",
)  # fmt: skip
WORDS = ("read", "derived", "recalled", "assumed")


def by_table(scenario: Scenario) -> pd.DataFrame:
    """One row a table: its rows and the share of each confidence word (the weakest word of a cell counts)."""
    rows = []
    for name in TABLES:
        table = scenario.table(name)
        if not len(table) or "confidence" not in table:
            continue
        weakest = table["confidence"].map(weakest_word)
        counts = weakest.value_counts(normalize=True)
        rows.append({"table": name, "rows": len(table), **{word: float(counts.get(word, 0.0)) for word in WORDS}})
    return pd.DataFrame(rows, columns=["table", "rows", *WORDS])


def weakest_word(text: object) -> str:
    """The weakest confidence word in a cell such as ``load=read; peak=recalled``; ``assumed`` where none is named."""
    found = [word for word in WORDS if word in str(text)]
    return found[-1] if found else "assumed"


def assumed_settings(scenario: Scenario) -> list[str]:
    """YAML paths whose value is marked assumed."""
    return sorted(path for path, origin in scenario.provenance.items() if origin.confidence == "assumed")
