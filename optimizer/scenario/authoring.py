"""`compute-grid new my.yaml --from us`: a small file that extends a shipped scenario, with hints for the next step."""

from __future__ import annotations

from pathlib import Path

from optimizer.scenario.errors import Fault, ScenarioErrors, name_list, nearest_name
from optimizer.scenario.reference import json_schema_text
from optimizer.scenario.shipped import SHIPPED_SUFFIXES, shipped_names

SCHEMA_FILE = "scenario.schema.json"

_TEXT = """\
# yaml-language-server: $schema={schema}
# Everything not written here comes from the shipped scenario '{parent}'.
# Maps merge key by key; lists and tables are replaced; null takes an inherited key away.
# Check it:  compute-grid validate {file}      Solve it:  compute-grid solve {file}
extends: {parent}
name: {name}
title: {name}, from {parent}

# Take the hash off what you want to change. `compute-grid schema` prints every key with its meaning.

# demand: {{path: high}}                 # low, central, high
# connection: {{path: low}}              # new large loads connected a year
# objective: {{goal: most_tokens}}       # least_cost, most_tokens
# time: {{days: 6, segments: 12}}        # more days and hours: finer and slower

# A number with its origin; the origin is kept with the result:
# power:
#   co2_price_usd_per_t: {{value: 50, source: my assumption, as_of: 2026-11, confidence: assumed}}

# A table of your own beside the shipped one (paths count from this file; 'shipped:' from the shipped scenarios).
# A list takes the place of the inherited list, so name every table that shall stay:
# power:
#   plant_changes: ['shipped:data/us/plant_changes.csv', my_plants.csv]

# variants:                              # solve one with: --variant tight
#   tight: {{connection: {{path: low}}, compute: {{supply_path: low}}}}
"""


def new_scenario(path: str | Path, parent: str = "us") -> Path:
    """Writes a starting file and, beside it, the schema that editors read. Returns the file.

    Raises ScenarioErrors where the file exists, the suffix is not YAML, or no shipped scenario has that name.
    """
    file = Path(path)
    names = shipped_names()
    if parent not in names:
        raise ScenarioErrors(
            [
                Fault(
                    "no shipped scenario has this name",
                    file,
                    None,
                    "",
                    repr(parent),
                    name_list(names),
                    nearest_name(parent, names),
                )
            ]
        )
    if file.suffix.lower() not in SHIPPED_SUFFIXES:
        raise ScenarioErrors([Fault("a scenario file ends in .yaml", file, nearest=f"{file.stem}.yaml")])
    schema = file.with_name(SCHEMA_FILE)
    try:
        with file.open("x", encoding="utf-8") as target:  # 'x' refuses to overwrite, without a race
            target.write(_TEXT.format(schema=SCHEMA_FILE, parent=parent, name=file.stem, file=file.name))
    except FileExistsError:
        raise ScenarioErrors([Fault("this file exists already; it is left as it is", file)]) from None
    except OSError as error:
        raise ScenarioErrors([Fault(f"the file cannot be written: {error.strerror}", file)]) from None
    if not schema.exists():
        schema.write_text(json_schema_text(), encoding="utf-8")
    return file
