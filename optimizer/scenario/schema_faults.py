"""pydantic's errors in the planner's words, at the line where the value was written."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from optimizer.scenario.document import Node, Path_, dotted
from optimizer.scenario.errors import Fault, name_list, nearest_name
from optimizer.scenario.schema import Sections

_BOUND_WORDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def faults_of(error: ValidationError, document: Node, top: type[BaseModel] = Sections) -> list[Fault]:
    """One fault a place, even where pydantic reports one for each branch of a union; ``top`` is what was validated."""
    found: dict[str, Fault] = {}
    for detail in error.errors(include_url=False):
        path = _yaml_path(detail["loc"], document, detail["type"])
        fault = _fault(detail, path, document, top)
        earlier = found.get(fault.path)
        if earlier is not None and earlier.allowed and fault.allowed and earlier.allowed != fault.allowed:
            fault = Fault(
                "not among the allowed values",
                earlier.file,
                earlier.line,
                earlier.path,
                earlier.found,
                f"{earlier.allowed}, or {fault.allowed}",
                earlier.nearest or fault.nearest,
            )
        found[fault.path] = fault
    return list(found.values())


def without_faults(error: ValidationError, document: Node) -> Node | None:
    """The document without the values that pydantic refused: what is left may still be checked across sections.

    None where a fault lies in a section as a whole: without it everything that leans on it would look wrong too.
    """
    sound = document
    for detail in error.errors(include_url=False):
        path = _yaml_path(detail["loc"], document, detail["type"])
        if len(path) < 2:
            return None
        sound = _without(sound, path)
    return sound


def _without(node: Node, path: Path_) -> Node:
    """A copy of a node without what lies at a path; entries of a list take their whole list with them."""
    step, rest = str(path[0]), path[1:]
    if not isinstance(node.value, dict) or step not in node.value:
        return node
    kept = dict(node.value)
    if rest and isinstance(kept[step].value, dict):
        kept[step] = _without(kept[step], rest)
    else:
        del kept[step]
    return Node(kept, node.mark, node.provenance)


def _yaml_path(loc: tuple[int | str, ...], document: Node, kind: str) -> Path_:
    """pydantic's `loc` without the tags of unions, which are no keys of the YAML."""
    here: Node | None = document
    path: list[int | str] = []
    for position, step in enumerate(loc):
        child = here.child(step) if here is not None else None
        if child is not None:
            path.append(step)
            here = child
        elif position == len(loc) - 1 and kind in ("missing", "extra_forbidden"):
            path.append(step)
    return tuple(path)


def _fault(detail: Any, path: Path_, document: Node, top: type[BaseModel]) -> Fault:
    kind = detail["type"]
    context = detail.get("ctx", {})
    value = detail.get("input")
    node = document.find(path)
    mark = node.mark
    found: str | None = _shown(value)
    allowed: str | None = None
    nearest: str | None = None
    message = detail["msg"]
    if kind == "extra_forbidden":
        names = list(_model_at(path[:-1], document, top).model_fields)
        message, found, allowed, nearest = "unknown key", str(path[-1]), name_list(names), nearest_name(path[-1], names)
    elif kind == "missing":
        message, found = f"{path[-1]!r} is missing here", None
        names = list(node.value) if isinstance(node.value, dict) else []
        close = nearest_name(path[-1], names)
        allowed = f"write {path[-1]}: ..." + (f" (there is {close!r})" if close else "")
    elif kind in ("literal_error", "enum", "union_tag_invalid"):
        names = _names(context.get("expected") or context.get("expected_tags", ""))
        message, allowed, nearest = "not among the allowed values", name_list(names), nearest_name(value, names)
        if kind == "union_tag_invalid":
            found, path = repr(context.get("tag")), (*path, "kind")
            mark, nearest = document.find(path).mark, nearest_name(context.get("tag"), names)
    elif kind == "union_tag_not_found":
        message, found, allowed = "'kind' is missing here", None, "kind: hourly, month_hour or flat"
    elif kind.startswith(("greater_than", "less_than")):
        message = "out of range"
        allowed = " and ".join(f"{_BOUND_WORDS[bound]} {limit:g}" for bound, limit in context.items())
    elif kind in ("float_type", "int_type", "float_parsing", "int_parsing", "int_from_float"):
        message, allowed = "not a number" if "float" in kind[:5] else "not a whole number", "a number"
        if "int" in kind[:3]:
            allowed = "a whole number"
    elif kind in ("bool_type", "bool_parsing"):
        message, allowed = "not yes or no", "true, false"
    elif kind == "string_type":
        message, allowed = "not text", "text"
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        message, allowed = "a mapping of keys is needed here", "key: value"
    elif kind in ("tuple_type", "list_type"):
        message, allowed = "a list is needed here", "a list of names"
    elif kind == "value_error":
        message, found = str(context["error"]), None
    elif kind.startswith("date"):
        message, allowed = "not a date", "a date, such as 2026-11-23"
    elif kind == "too_short":
        message, allowed = "too few entries", f"at least {context['min_length']}"
    return Fault(message, mark.file, mark.line, dotted(path), found, allowed, nearest)


def _shown(value: Any) -> str | None:
    if isinstance(value, dict):
        return f"a mapping with {name_list(value)}" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _names(expected: str) -> list[str]:
    """`'low', 'central' or 'high'` -> [low, central, high]"""
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(", ") if part.strip()]


def _model_at(path: Path_, document: Node, top: type[BaseModel]) -> type[BaseModel]:
    """The section model that describes the mapping at `path`."""
    models: list[type[BaseModel]] = [top]
    here: Node | None = document
    for step in path:
        here = here.child(step) if here is not None else None
        following: list[type[BaseModel]] = []
        for model in models:
            field = model.model_fields.get(str(step))
            following += models_in(field.annotation) if field is not None else []
        models = following or models
        tag = here.child("kind") if here is not None else None
        if tag is not None and len(models) > 1:
            models = [model for model in models if str(tag.value) in str(model.model_fields.get("kind"))] or models
    return models[0]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Section models inside an annotation: the model itself, dict and tuple values, members of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        return [model for argument in typing.get_args(annotation) for model in models_in(argument)]
    return []
