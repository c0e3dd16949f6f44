"""Writing a scenario folder: the YAML file and its tables, whole or not at all."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.interop.errors import ExchangeError, LeftOut
from optimizer.scenario.load import load_scenario

SCENARIO_FILE = "scenario.yaml"
COUNTRY = "net"  # the one country of a network from elsewhere


@dataclass(frozen=True)
class Imported:
    """What an import made: the scenario file, what was left out, sizes, and what a reader should know."""

    file: Path
    left_out: tuple[LeftOut, ...]
    sizes: dict[str, int]
    notes: tuple[str, ...]


def network_sections(
    name: str, title: str, currency: float, periods: Mapping[str, Any], physics: str
) -> dict[str, Any]:
    """Sections of a scenario that is a network alone: no reserve, no shedding, no spill, no AI.

    ``currency`` is what one unit of the network's money is in dollars; ``periods`` the section of that name but for
    what follows from its years.
    """
    plain = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-") or "network"
    first = periods["years"][0]
    return {
        "name": plain,
        "title": title,
        "countries": {COUNTRY: {"name": name, "demand_group": COUNTRY, "chip_bloc": COUNTRY, "destination": "XX"}},
        "periods": {**periods, "decided_from": first - 1, "build_from": first},
        "regions": {},
        "power": {"load_shedding": False, "spill": False, "profiles": [{"country": COUNTRY, "kind": "flat"}]},
        "transmission": {"physics": physics, "hurdle_usd_per_mwh": 0},
        "network": {"usd_per_currency": currency},
        "reserve": {"enabled": False},
        "connection": {"flexible": {"enabled": False}},
        "demand": {"workload_list": [], "other_ai": False},
        "objective": {"goal": "least_cost"},
    }


def write_scenario(
    folder: str | Path,
    head: str,
    settings: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    series: Mapping[str, pd.DataFrame],
) -> Path:
    """Write ``scenario.yaml``, a CSV file for each table and series, check the result, and return the YAML file.

    ``settings`` are the sections; ``tables`` are named by their YAML path (`network.units`), series by table and
    column. The folder must not hold anything yet. Raises ExchangeError, or ScenarioErrors where what was read is no
    sound scenario; nothing is left behind then.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExchangeError(f"{target} exists already and is not an empty folder")
    draft = target.absolute().parent / f".{target.name}-{secrets.token_hex(4)}"
    try:
        draft.mkdir(parents=True)
        sections = {
            name: dict(section) if isinstance(section, Mapping) else section for name, section in settings.items()
        }
        for name, frame in tables.items():
            section, key = name.split(".", 1)
            file = f"{section}_{key}.csv"
            frame.to_csv(draft / file, index=False, lineterminator="\n")
            sections.setdefault(section, {})[key] = file
        for name, frame in series.items():
            file = f"series_{name.replace('.', '_')}.csv"
            frame.to_csv(draft / file, index=False, lineterminator="\n")
            sections.setdefault("network", {}).setdefault("series", {})[name] = file
        (draft / SCENARIO_FILE).write_text(head + _yaml(sections), encoding="utf-8", newline="")
        load_scenario(draft / SCENARIO_FILE)
        if target.exists():
            target.rmdir()
        draft.rename(target)
    except OSError as error:
        raise ExchangeError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target / SCENARIO_FILE


def _yaml(value: Any, indent: int = 0) -> str:
    """Maps as blocks, everything else as JSON, which is YAML."""
    lines = []
    for key, inner in value.items():
        label = key if key.replace("_", "").replace(".", "").isalnum() else json.dumps(key)
        if isinstance(inner, Mapping) and inner:
            lines.append(f"{' ' * indent}{label}:\n{_yaml(inner, indent + 2)}")
        else:
            lines.append(f"{' ' * indent}{label}: {json.dumps(inner, ensure_ascii=False)}\n")
    return "".join(lines)
