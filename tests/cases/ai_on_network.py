"""AI sites added in YAML to a scenario folder that was imported: what a user writes beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tests.cases.small_world import default_settings, default_tables

SECTIONS = ("connection", "facility", "compute", "demand")


def with_ai(imported: Path, sites: list[str], kchip: float = 20.0) -> Path:
    """Write `ai.yaml` that extends an imported scenario with queues, chips and demand at ``sites``; the file.

    The chips, costs and users are those of the small world; the region there stands for the first site here.
    """
    folder = imported.parent.parent / "ai"
    folder.mkdir()
    sections: dict[str, dict[str, object]] = {name: dict(default_settings().get(name, {})) for name in SECTIONS}
    sections["demand"]["unserved_steps_usd_per_mtok"] = [50.0]  # dear: users stay
    for name, rows in default_tables().items():
        section, key = name.split(".")
        if section not in SECTIONS or not rows:
            continue
        frame = pd.DataFrame(rows).replace({"country": {"x": "net"}})
        if "region" in frame:
            frame = pd.concat([frame.assign(region=site) for site in sites], ignore_index=True)
        if "site" in frame and section == "demand":
            frame = pd.concat([frame.assign(site=site) for site in sites], ignore_index=True)
        for column in ("low", "central", "high"):
            if name == "demand.demand":
                frame[column] *= kchip / 4.0  # the small world asks for four thousand chips
        if name in ("demand.demand", "compute.supply"):
            frame["year"] = frame["year"] + 2
            frame = frame.replace({"destination_bloc": {"x": "net"}})
        frame.to_csv(folder / f"{section}_{key}.csv", index=False)
        sections[section][key] = f"{section}_{key}.csv"
    country = {"markets": ["M"], "demand_group": "x", "destination": "US", "wacc": {"grid": 0, "campus": 0, "chips": 0}}
    text = {
        "extends": "../scenario/scenario.yaml",
        "name": "ai-on-a-network",
        "countries": {"net": country},
        "money": {"currency_year": 2024, "discount_rate": 0, "factors": {"USD-2024": 1.0}},
        **sections,
    }
    file = folder / "ai.yaml"
    file.write_text(json.dumps(text, indent=2), encoding="utf-8")
    return file
