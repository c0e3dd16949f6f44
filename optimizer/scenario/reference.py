"""What editors and the docs need: the JSON Schema of the YAML, and the sections and tables as Markdown.

A scenario file is seldom complete: it extends another one. So the schema for editors requires nothing, lets every
scalar be written with its source, and lets `null` delete what is inherited. Completeness is the loader's business.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from optimizer.scenario.columns import Column
from optimizer.scenario.provenance import CONFIDENCE
from optimizer.scenario.schema import PROFILES, TABLES, Sections
from optimizer.scenario.schema_faults import models_in

_SOURCED = "Sourced"
_OUTER: tuple[str, ...] = ("description", "default", "title")


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) for `# yaml-language-server: $schema=...`, descriptions included."""
    schema = Sections.model_json_schema(mode="validation")
    definitions = schema.pop("$defs")
    for part in (schema, *definitions.values()):
        part.pop("required", None)
        part.pop("minProperties", None)
        part["properties"] = {name: _open(field) for name, field in part.get("properties", {}).items()}
    definitions[_SOURCED] = {
        "type": "object",
        "description": "A value with its origin; it takes the place of the bare value.",
        "properties": {
            "value": {"description": "The value."},
            "source": {"type": "string", "description": "Where it is from."},
            "as_of": {"type": ["string", "integer"], "description": "Date of the source, such as 2026-11."},
            "confidence": {"enum": list(CONFIDENCE), "description": "How sure it is."},
            "note": {"type": "string", "description": "Anything else a reader should know."},
        },
        "required": ["value"],
        "additionalProperties": False,
    }
    sections = dict(schema["properties"])
    definitions["Variant"] = {
        "type": "object",
        "description": "Sections that change.",
        "properties": sections,
        "additionalProperties": False,
    }
    schema["properties"] = {
        "extends": {
            "description": "A scenario file, the name of a shipped scenario, or a list; later ones win.",
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
        **sections,
        "variants": {
            "type": "object",
            "description": "Named changes to this scenario.",
            "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Variant"}, {"type": "null"}]},
        },
    }
    schema["$defs"] = dict(sorted(definitions.items()))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "compute-grid scenario",
        "description": "A scenario of the compute-grid optimizer.",
    }


def json_schema_text() -> str:
    """`json_schema()` as it stands in scenarios/scenario.schema.json."""
    return json.dumps(json_schema(), indent=1) + "\n"


def _open(field: dict[str, Any]) -> dict[str, Any]:
    """The field, or null; and where it holds no section, the same with an origin."""
    outer: dict[str, Any] = {key: field[key] for key in _OUTER if key in field}
    inner = {key: value for key, value in field.items() if key not in outer}
    values = inner.get("additionalProperties")
    if isinstance(values, dict):
        inner["additionalProperties"] = _open(values)
    origin = [] if "$ref" in inner else [{"$ref": f"#/$defs/{_SOURCED}"}]
    return {**outer, "anyOf": [inner, *origin, {"type": "null"}]}


def markdown() -> str:
    """The reference of sections and tables for the docs."""
    lines = ["# Scenario reference", "", "Made from the schema by `compute-grid schema --markdown`; do not edit.", ""]
    lines += ["[How a scenario is written](README.md#how-a-scenario-is-written).", "", "## Top level", ""]
    lines += _fields(Sections)
    for name, field in Sections.model_fields.items():
        for model in models_in(field.annotation):
            lines += ["", f"## {name}", "", *_section(model)]
    lines += ["", "## Tables", "", "CSV, UTF-8, with a header; further columns are kept. Every table should carry"]
    lines += [f"`source`, `as_of` and `confidence` ({', '.join(CONFIDENCE)}).", ""]
    for spec in TABLES.values():
        lines += [f"### {spec.name}", "", spec.doc, ""]
        if spec.key:
            lines += [f"One row for each {' + '.join(spec.key)}.", ""]
        lines += ["| column | unit | needed | allowed | what it is |", "|---|---|---|---|---|"]
        lines += [_column(column) for column in spec.columns]
        lines += [""]
    lines += ["### Profiles", "", "| profile | shape | values |", "|---|---|---|"]
    for (shape, name), profile in PROFILES.items():
        lines += [f"| {name} | {shape} | {profile.doc}{', 0 to 1' if profile.maximum == 1.0 else ''} |"]
    return "\n".join(lines) + "\n"


def _section(model: type[BaseModel]) -> list[str]:
    lines = [(model.__doc__ or "").strip(), "", *_fields(model)]
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            lines += ["", f"**{name}** ({inner.__name__}): {(inner.__doc__ or '').strip()}", "", *_fields(inner)]
            for deeper, deep_field in inner.model_fields.items():
                for deepest in models_in(deep_field.annotation):
                    lines += ["", f"**{name}.{deeper}**: {(deepest.__doc__ or '').strip()}", "", *_fields(deepest)]
    return lines


def _fields(model: type[BaseModel]) -> list[str]:
    lines = ["| key | default | what it is |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if field.is_required():
            default = "(needed)"
        else:
            value = field.get_default(call_default_factory=True)
            plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
            default = "" if isinstance(value, BaseModel) else f"`{json.dumps(plain, default=str)}`"
        lines.append(f"| {name} | {default} | {' '.join((field.description or '').split())} |")
    return lines


def _column(column: Column) -> str:
    allowed = ", ".join(column.choices)
    if column.of:
        allowed = f"a {column.of}"
    elif column.minimum is not None or column.maximum is not None:
        low = "" if column.minimum is None else f"{column.minimum:g}"
        high = "" if column.maximum is None else f"{column.maximum:g}"
        allowed = f"{low} to {high}" if high else f"at least {low}"
    needed = (
        "yes"
        if column.required
        else "no"
        if column.default is None
        else f"no, {column.default:g}"
        if isinstance(column.default, int | float)
        else f"no, {column.default}"
    )
    unit = "" if column.unit == "1" else column.unit
    return f"| {column.name} | {unit} | {needed} | {allowed} | {column.doc} |"
