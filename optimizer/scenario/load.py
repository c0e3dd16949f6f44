"""From a path or a shipped name to a checked `Scenario`.

    documents (extends, oldest first) -> merged -> variant -> overrides -> schema -> tables -> checks across rooms

Maps merge key by key, lists and tables are replaced, `null` deletes an inherited key. A file that is reached twice
through `extends` counts once, at its earliest place, so two children of one base do not undo each other.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from optimizer.scenario.document import Mark, Node, read_document
from optimizer.scenario.errors import Fault, FaultList, ScenarioErrors, name_list, nearest_name
from optimizer.scenario.scenario import Scenario
from optimizer.scenario.schema import TABLES
from optimizer.scenario.schema_faults import faults_of, without_faults
from optimizer.scenario.semantics import check_semantics
from optimizer.scenario.shipped import locate, shipped_names, shipped_root
from optimizer.scenario.table_checks import Tables

__all__ = ["load_scenario", "reload_scenario", "shipped_names", "validate_scenario"]


def load_scenario(
    path_or_name: str | Path,
    variant: str | Sequence[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """Reads and checks a scenario: a path, or the name of one that is shipped (`us`).

    `variant` names one of the document's variants, or several applied in order; `overrides` is a nested mapping, whose
    keys may be dotted (`{"demand.path": "high"}`). Raises ScenarioErrors with everything that is wrong at once.
    """
    faults = FaultList()
    document, variants = _assemble(path_or_name, faults)
    names = [variant] if isinstance(variant, str) else list(variant or ())
    for name in names:
        if name in variants:
            document = merge(document, variants[name])
        else:
            faults.errors.append(
                Fault(
                    "this scenario has no such variant",
                    document.mark.file,
                    None,
                    "variants",
                    repr(name),
                    name_list(sorted(variants)) or "none",
                    nearest_name(name, variants),
                )
            )
    if overrides:
        document = merge(document, _override_node(overrides, document.mark))
    return _check(document, tuple(variants), tuple(names), faults)


def reload_scenario(resolved: Mapping[str, Any], file: Path, variants: Sequence[str] = ()) -> Scenario:
    """A scenario from what `Scenario.resolved` wrote, as if it stood in ``file``, which need not exist any more.

    ``variants`` are the names that had been applied; they are in the values already. Tables may lie anywhere: what it
    extends may stand in another folder, and each file was held to its own when it was first read. Raises
    ScenarioErrors.
    """
    shipped = shipped_root()
    root = shipped if shipped is not None and file.is_relative_to(shipped) else Path(file.absolute().anchor)
    document = _plain_node(resolved, Mark(file, root, None), dotted=False)
    return _check(document, tuple(variants), tuple(variants), FaultList())


def validate_scenario(path_or_name: str | Path, every_variant: bool = True) -> FaultList:
    """All errors and warnings of a scenario and, unless told otherwise, of each of its variants. Raises nothing."""
    found = FaultList()
    try:
        document, variants = _assemble(path_or_name, found)
        names = tuple(variants)
        base = _check(document, names, (), FaultList(errors=list(found.errors), warnings=found.warnings))
    except ScenarioErrors as error:  # variants of a scenario that is wrong in itself would only repeat it
        return FaultList(list(error.faults), list(dict.fromkeys(found.warnings)))
    for name in names if every_variant else ():
        changed = merge(document, variants[name])
        faults = FaultList()
        # Most variants leave the tables alone; then their checks hold as they are.
        same_tables = _table_settings(changed) == _table_settings(document)
        try:
            _check(changed, names, (name,), faults, base.tables if same_tables else None)
        except ScenarioErrors as error:
            found.errors.extend(error.faults)
        found.warnings.extend(faults.warnings)
    return FaultList(list(ScenarioErrors(found.errors).faults), list(dict.fromkeys(found.warnings)))


def _table_settings(document: Node) -> list[Any]:
    """Everything in the YAML that the checks of tables depend on."""
    paths: list[tuple[str, ...]] = [("money", "factors"), ("regions", "leave_out"), ("power", "profiles")]
    paths += [("network", "series")]
    paths += [tuple(name.split(".", 1)) for name in TABLES]
    found: list[Any] = [sorted(document.find(("countries",)).value)]
    for path in paths:
        section = document.child(path[0])
        node = section.child(path[1]) if section is not None else None
        found.append(node.plain() if node is not None else None)
    return found


def _assemble(path_or_name: str | Path, faults: FaultList) -> tuple[Node, dict[str, Node]]:
    """The merged document without its `extends` and `variants`, and the variants."""
    file, root = locate(path_or_name, None, Mark(None, None, None), "")
    layers = list(_chain(file, root, [], set(), faults))
    if not layers:
        raise ScenarioErrors(faults.errors)
    document = layers[0]
    for layer in layers[1:]:
        document = merge(document, layer)
    sections = {key: child for key, child in document.value.items() if key not in ("extends", "variants")}
    node = document.value.get("variants")
    document = Node(sections, layers[-1].mark)
    variants: dict[str, Node] = {}
    if node is not None and isinstance(node.value, dict):
        for name, child in node.value.items():
            if isinstance(child.value, dict):
                variants[name] = child
            elif child.value is not None:
                faults.errors.append(
                    Fault("a variant is a mapping of sections", child.mark.file, child.mark.line, f"variants.{name}")
                )
    return document, variants


def _chain(file: Path, root: Path, below: list[Path], seen: set[Path], faults: FaultList) -> Iterator[Node]:
    """The documents behind `file`, oldest first, each once."""
    if file in seen:
        return
    seen.add(file)
    try:
        node = read_document(file, root)
    except ScenarioErrors as error:
        faults.errors.extend(error.faults)
        return
    extends = node.value.get("extends")
    entries = [] if extends is None else extends.value if isinstance(extends.value, list) else [extends]
    for position, entry in enumerate(entries):
        path = f"extends[{position}]" if extends is not None and isinstance(extends.value, list) else "extends"
        if not isinstance(entry.value, str):
            faults.errors.append(
                Fault("extends names a YAML file or a shipped scenario", file, entry.mark.line, path, str(entry.value))
            )
            continue
        try:
            parent, parent_root = locate(entry.value, file, entry.mark, path)
        except ScenarioErrors as error:
            faults.errors.extend(error.faults)
            continue
        if parent in (*below, file):
            circle = " -> ".join(step.name for step in (*below, file, parent))
            faults.errors.append(Fault(f"extends runs in a circle: {circle}", file, entry.mark.line, path))
            continue
        yield from _chain(parent, parent_root, [*below, file], seen, faults)
    yield node


def merge(lower: Node, upper: Node) -> Node:
    """`upper` on top of `lower`: maps merge, anything else is replaced, null deletes an inherited key."""
    if not (isinstance(lower.value, dict) and isinstance(upper.value, dict)):
        return upper
    merged = dict(lower.value)
    for key, child in upper.value.items():
        if child.value is None and key in merged:
            del merged[key]
        elif key in merged:
            merged[key] = merge(merged[key], child)
        else:
            merged[key] = child
    return Node(merged, lower.mark, lower.provenance)


def _override_node(overrides: Mapping[str, Any], at: Mark) -> Node:
    """Overrides as a document without lines; paths in them are relative to the scenario's own folder."""
    mark = Mark(None, at.root, None)
    return _plain_node(overrides, mark)


def _plain_node(values: Any, mark: Mark, dotted: bool = True) -> Node:
    """Plain data as a document, every value at one place; keys with dots are paths where ``dotted``."""

    def node(value: Any) -> Node:
        if isinstance(value, Mapping):
            top = Node({}, mark)
            for key, child in value.items():
                nested: Any = node(child)
                first, *inner = str(key).split(".") if dotted else [str(key)]
                for part in reversed(inner):
                    nested = Node({part: nested}, mark)
                top.value[first] = merge(top.value[first], nested) if first in top.value else nested
            return top
        if isinstance(value, list | tuple):
            return Node([node(entry) for entry in value], mark)
        return Node(value, mark)

    return node(values)


def _check(
    document: Node,
    variants: tuple[str, ...],
    applied: tuple[str, ...],
    faults: FaultList,
    checked_tables: Tables | None = None,
) -> Scenario:
    """The last three steps. `checked_tables` are tables that need no second check.

    Values that the schema refuses are set aside, so that one reading also finds what is wrong across sections; rows of
    tables that are refused stop there, because half a table would be reported twice.
    """
    scenario: Scenario | None = None
    sound = document
    try:
        scenario = _validated(document)
    except ValidationError as error:
        faults.errors.extend(faults_of(error, document))
        rest = without_faults(error, document)
        if rest is not None:
            sound = rest
            with contextlib.suppress(ValidationError):
                scenario = _validated(sound)
    refused = len(faults.errors)
    tables = checked_tables
    if tables is None:
        tables = Tables(sound, faults, shipped_root())
        tables.check_all()
    if scenario is None:
        raise ScenarioErrors(faults.errors)
    scenario.attach(sound, tables, variants, applied, faults)
    if len(faults.errors) == refused:
        check_semantics(scenario, sound, faults)
    faults.raise_if_any()
    return scenario


def _validated(document: Node) -> Scenario:
    return Scenario.model_validate_json(json.dumps(document.plain(), default=str), strict=True)
