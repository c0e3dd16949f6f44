"""One YAML file as a tree of nodes that remember where they were written.

ruamel.yaml parses, but only up to its node graph: plain Python objects would lose the line of every scalar, keep
the last of two equal keys in some modes, and expand aliases without limit. The walk below refuses all three.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from optimizer.scenario.errors import Fault, FaultList, ScenarioErrors, name_list, nearest_name
from optimizer.scenario.provenance import CONFIDENCE, PROVENANCE_KEYS, Provenance

MAX_BYTES = 1_000_000
"""ruamel reads some 75 kB a second; a larger file is a table in the wrong place."""
MAX_NODES = 50_000
MAX_DEPTH = 30

_TAG = "tag:yaml.org,2002:"

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """Where a value was written: file, the folder its table paths may not leave, line from 1."""

    file: Path | None
    root: Path | None
    line: int | None


@dataclass
class Node:
    """A value of the document: a scalar, `dict[str, Node]` or `list[Node]`, with its place and its origin."""

    value: Any
    mark: Mark
    provenance: Provenance | None = None

    def plain(self) -> Any:
        """The same value as ordinary dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def find(self, path: Path_) -> Node:
        """The node at `path`, or the deepest one on the way to it."""
        here = self
        for step in path:
            child = here.child(step)
            if child is None:
                break
            here = child
        return here

    def child(self, step: str | int) -> Node | None:
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def origins(self, path: Path_ = ()) -> Iterator[tuple[str, Provenance]]:
        """Every (YAML path, provenance) below this node."""
        if self.provenance is not None:
            yield dotted(path), self.provenance
        if isinstance(self.value, dict):
            for key, child in self.value.items():
                yield from child.origins((*path, key))
        elif isinstance(self.value, list):
            for position, child in enumerate(self.value):
                yield from child.origins((*path, position))


def dotted(path: Path_) -> str:
    """('power', 'profiles', 0) -> 'power.profiles[0]'"""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def read_document(file: Path, root: Path | None = None, sourced_values: bool = True) -> Node:
    """Reads one YAML file whose top level is a mapping. Raises ScenarioErrors with every fault of the file.

    `root` is the folder that table paths written in this file may not leave; the file's own folder by default.
    `sourced_values=False` leaves mappings with a `value` key alone (rule files use that key for thresholds).
    """
    file = file.absolute()
    text = _read_text(file)
    return _parse(file, (root or file.parent).resolve(), text, sourced_values)


@lru_cache(maxsize=32)
def _parse(file: Path, root: Path, text: str, sourced_values: bool) -> Node:
    """The same text gives the same nodes; nobody changes a node after reading."""
    reader = _Reader(file, root, sourced_values)
    try:
        yaml = YAML(typ="safe", pure=True)
        top = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = "this is not valid YAML: " + " ".join(str(error.problem or error.context).split())
        raise ScenarioErrors([Fault(message, file, mark.line + 1 if mark else None)]) from error
    except (YAMLError, ValueError) as error:
        raise ScenarioErrors([Fault(f"this is not valid YAML: {error}", file)]) from error
    except RecursionError as error:
        raise ScenarioErrors([Fault("this YAML is nested too deeply", file)]) from error
    if top is None:
        raise ScenarioErrors([Fault("the file is empty", file, 1)])
    if not isinstance(top, MappingNode):
        raise ScenarioErrors([Fault("a scenario is a mapping of sections, such as 'demand:'", file, 1)])
    node = reader.node(top, (), 0)
    reader.faults.raise_if_any()
    return node


def _read_text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if not file.is_file():
            raise ScenarioErrors([Fault("this is not a file", file)])
        if size > MAX_BYTES:
            message = f"the file holds {size / 1e6:.1f} MB of YAML; put long lists into CSV tables"
            raise ScenarioErrors([Fault(message, file, allowed="at most 1 MB")])
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        siblings = [entry.name for entry in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        fault = Fault("no such file", file, nearest=nearest_name(file.name, siblings))
        raise ScenarioErrors([fault]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fault = Fault("the file is not UTF-8 text", file, line, found=f"byte 0x{error.object[error.start]:02x}")
        raise ScenarioErrors([fault]) from None
    except OSError as error:
        raise ScenarioErrors([Fault(f"the file cannot be read: {error.strerror}", file)]) from None


class _Reader:
    """Walks ruamel's nodes of one file."""

    def __init__(self, file: Path, root: Path, sourced_values: bool) -> None:
        self.file = file
        self.root = root
        self.sourced_values = sourced_values
        self.faults = FaultList()
        self.count = 0
        self.open: set[int] = set()

    def fault(self, yaml_node: YamlNode, path: Path_, message: str, **details: Any) -> None:
        line = yaml_node.start_mark.line + 1
        self.faults.errors.append(Fault(message, self.file, line, dotted(path), **details))

    def node(self, yaml_node: YamlNode, path: Path_, depth: int) -> Node:
        mark = Mark(self.file, self.root, yaml_node.start_mark.line + 1)
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH or id(yaml_node) in self.open:
            what = "an alias that contains itself" if id(yaml_node) in self.open else "too many or too deep values"
            fault = Fault(f"{what}: aliases may not blow the document up", self.file, mark.line, dotted(path))
            raise ScenarioErrors([fault])
        if isinstance(yaml_node, ScalarNode):
            return Node(self.scalar(yaml_node, path), mark)
        if not str(yaml_node.tag).startswith(_TAG):
            self.fault(yaml_node, path, "YAML tags are not used here", found=str(yaml_node.tag))
        self.open.add(id(yaml_node))
        try:
            if isinstance(yaml_node, SequenceNode):
                items = [self.node(item, (*path, place), depth + 1) for place, item in enumerate(yaml_node.value)]
                return Node(items, mark)
            assert isinstance(yaml_node, MappingNode)
            return self.mapping(yaml_node, path, mark, depth)
        finally:
            self.open.discard(id(yaml_node))

    def mapping(self, yaml_node: MappingNode, path: Path_, mark: Mark, depth: int) -> Node:
        children: dict[str, Node] = {}
        for key_node, value_node in yaml_node.value:
            if not isinstance(key_node, ScalarNode):
                self.fault(key_node, path, "a key must be plain text")
                continue
            key = str(key_node.value)
            if key == "<<":
                self.fault(key_node, path, "merge keys are not used here: write 'extends: other.yaml' at the top")
                continue
            if key in children:
                first = children[key].mark.line
                self.fault(key_node, (*path, key), f"this key is written twice; the first stands on line {first}")
                continue
            child = self.node(value_node, (*path, key), depth + 1)
            # A value that starts on a later line (a block) is still looked for at its key.
            child.mark = Mark(self.file, self.root, key_node.start_mark.line + 1)
            children[key] = child
        if self.sourced_values and "value" in children:
            return self.sourced(children, path, mark)
        return Node(children, mark)

    def sourced(self, children: dict[str, Node], path: Path_, mark: Mark) -> Node:
        """`{value: ..., source: ...}` becomes its value with a provenance."""
        texts: dict[str, str] = {}
        for key, child in children.items():
            if key not in PROVENANCE_KEYS:
                self.faults.errors.append(
                    Fault(
                        "unknown key beside 'value'",
                        self.file,
                        child.mark.line,
                        dotted((*path, key)),
                        found=key,
                        allowed=name_list(PROVENANCE_KEYS),
                        nearest=nearest_name(key, PROVENANCE_KEYS),
                    )
                )
            elif key != "value":
                texts[key] = "" if child.value is None else str(child.plain())
        confidence = texts.get("confidence", "")
        if confidence and confidence not in CONFIDENCE:
            self.faults.errors.append(
                Fault(
                    "unknown confidence",
                    self.file,
                    children["confidence"].mark.line,
                    dotted((*path, "confidence")),
                    found=repr(confidence),
                    allowed=name_list(CONFIDENCE),
                    nearest=nearest_name(confidence, CONFIDENCE),
                )
            )
        return Node(children["value"].value, mark, Provenance(**texts))

    def scalar(self, yaml_node: ScalarNode, path: Path_) -> Any:
        text = str(yaml_node.value)
        tag = str(yaml_node.tag).removeprefix(_TAG)
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() in ("true", "yes", "on")
        if tag == "int":
            digits = text.replace("_", "")
            try:
                return int(digits, 0) if digits.lower().lstrip("+-").startswith(("0x", "0o")) else int(digits)
            except ValueError:
                return text
        if tag == "float":
            try:
                number = float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan").lower())
            except ValueError:
                return text
            if not math.isfinite(number):
                self.fault(yaml_node, path, "a number must be finite; write null where there is no limit", found=text)
            return number
        if tag in ("str", "timestamp"):  # dates stay text: the schema says which field is a date
            return text
        self.fault(yaml_node, path, "YAML tags are not used here", found=str(yaml_node.tag))
        return text
