"""Writing a scenario folder: the YAML file and its tables, whole or not at all."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.interop.errors import ExchangeError
from optimizer.scenario.load import load_scenario

SCENARIO_FILE = "scenario.yaml"


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
