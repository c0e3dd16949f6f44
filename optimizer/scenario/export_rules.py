"""The vocabulary of export rules: a chip's figures, predicates with three truth values, and a dated set of rules.

`export_rules.yaml` holds the rules as data. Here they are read, checked for known words, and asked which of them are in
force on a date. What a rule set decides about a sale is in `export_control`.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}
_RATE_COLUMNS = {"dense_fp16_tflops": 16, "dense_fp8_tflops": 8, "dense_int8_tops": 8, "dense_fp4_tflops": 4}
_ON_SALE = ("volume", "ramp", "legacy")
_DORMANT = ("never_enforced", "withdrawn")


def _number(value: Any) -> float | None:
    """Float of a table cell; None for an empty one (the figure is not published)."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = float(value)
    return None if math.isnan(number) else number


def parse_date(value: dt.date | str) -> dt.date:
    """A date from ISO text (``2026-06-01``) or a date; ValueError otherwise."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"date {value!r} is not of the form 2026-06-01") from None


def total_processing_performance(rates: Mapping[str, Any]) -> float | None:
    """TPP = largest of dense rate x bit length over the number formats (no sparsity); None if no rate is given.

    `rates` uses the column names of the chips table, in TFLOPS or TOPS. H100: 989.5 TFLOPS x 16 = 15,832.
    """
    products = [
        rate * bits for column, bits in _RATE_COLUMNS.items() if (rate := _number(rates.get(column))) is not None
    ]
    return max(products, default=None)


@dataclass(frozen=True)
class ChipSpec:
    """The figures that rules test. None = not published, which makes a test on it unknown.

    Units: TPP in TOPS x bit, die area in mm2, bandwidths in GB/s (two-way for `interconnect_gb_per_s`).
    """

    name: str
    origin: str
    tpp: float
    die_area_mm2: float | None = None
    hbm_gb_per_s: float | None = None
    interconnect_gb_per_s: float | None = None
    us_commercially_available: bool | None = True

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ChipSpec:
        """From a row of the chips table. TPP is computed from the dense rates, else taken from column `tpp`."""
        tpp = total_processing_performance(row)
        tpp = _number(row.get("tpp")) if tpp is None else tpp
        if tpp is None:
            raise ValueError(f"chip {row['chip']!r} has neither a dense rate nor a TPP")
        hbm, status = _number(row.get("hbm_tb_per_s")), row.get("status")
        return cls(
            name=str(row["chip"]),
            origin=str(row["origin"]),
            tpp=tpp,
            die_area_mm2=_number(row.get("die_area_mm2")),
            hbm_gb_per_s=None if hbm is None else round(hbm * 1000, 6),
            interconnect_gb_per_s=_number(row.get("interconnect_gb_per_s")),
            us_commercially_available=status in _ON_SALE if status else None,
        )

    @property
    def performance_density(self) -> float | None:
        """TPP per mm2 of applicable die area; None if the area is not known."""
        return None if self.die_area_mm2 is None else self.tpp / self.die_area_mm2

    @property
    def mem_plus_io_gb_per_s(self) -> float | None:
        """Memory plus interconnect bandwidth, GB/s."""
        if self.hbm_gb_per_s is None or self.interconnect_gb_per_s is None:
            return None
        return self.hbm_gb_per_s + self.interconnect_gb_per_s


METRICS = (
    "tpp",
    "performance_density",
    "interconnect_gb_per_s",
    "hbm_gb_per_s",
    "mem_plus_io_gb_per_s",
    "us_commercially_available",
)


def holds(predicate: Mapping[str, Any], chip: ChipSpec) -> bool | None:
    """Truth of a predicate for a chip: True, False, or None where a figure that decides it is not published."""
    if "any" in predicate:
        parts = [holds(part, chip) for part in predicate["any"]]
        return True if True in parts else (None if None in parts else False)
    if "all" in predicate:
        parts = [holds(part, chip) for part in predicate["all"]]
        return False if False in parts else (None if None in parts else True)
    if "chip_in" in predicate:
        return chip.name in predicate["chip_in"]
    if "chip_starts_with" in predicate:
        return chip.name.startswith(predicate["chip_starts_with"])
    if "origin_not" in predicate:
        return chip.origin != predicate["origin_not"]
    value = getattr(chip, predicate["metric"])
    return None if value is None else _OPERATORS[predicate["op"]](value, predicate["value"])


def explain(predicate: Mapping[str, Any], chip: ChipSpec, truth: bool | None) -> str:
    """The tests that made the predicate `truth`, in words: ``tpp 15,832 >= 4,800``."""
    for word, joint in (("any", " or "), ("all", " and ")):
        if word in predicate:
            texts = [explain(part, chip, truth) for part in predicate[word] if holds(part, chip) is truth]
            return texts[0] if word == "any" and truth is True else joint.join(dict.fromkeys(texts))
    if "metric" not in predicate:
        return f"{chip.name} is named by the rule"
    value = getattr(chip, predicate["metric"])
    name, limit = predicate["metric"], predicate["value"]
    if value is None:
        return f"{name} is not published"
    if isinstance(value, bool):
        return f"{name} is {str(value).lower()}"
    return f"{name} {round(value, 2):,g} {predicate['op']} {limit:,g}"


@dataclass(frozen=True)
class ClassMatch:
    """The class a rule gives a chip. `possible` holds every class it may be in (None = no class)."""

    possible: tuple[str | None, ...]
    why: str

    @property
    def unknown(self) -> bool:
        """Whether the published figures leave more than one possibility."""
        return len(self.possible) > 1

    @property
    def name(self) -> str | None:
        """The class, or None where there is none or it is unknown."""
        return None if self.unknown else self.possible[0]


def classify(chip: ChipSpec, rule: Mapping[str, Any]) -> ClassMatch:
    """First class whose predicate holds; unknown tests before it keep their classes possible."""
    possible: list[str | None] = []
    reasons: list[str] = []
    for record in rule["classes"]:
        truth = holds(record["predicate"], chip)
        if truth is False:
            continue
        possible.append(record["class"])
        reasons.append(explain(record["predicate"], chip, truth))
        if truth is True:
            break
    else:
        possible.append(None)
    return ClassMatch(tuple(possible), "; ".join(dict.fromkeys(reasons)))


def _check(predicate: Mapping[str, Any], where: str) -> None:
    for word in ("any", "all"):
        for part in predicate.get(word, ()):
            _check(part, where)
    if "metric" in predicate:
        if predicate["metric"] not in METRICS:
            raise ValueError(f"{where}: unknown metric {predicate['metric']!r}; known: {', '.join(METRICS)}")
        if predicate["op"] not in _OPERATORS:
            raise ValueError(f"{where}: unknown operator {predicate['op']!r}; known: {' '.join(_OPERATORS)}")
    elif not {"any", "all", "chip_in", "chip_starts_with", "origin_not"} & set(predicate):
        raise ValueError(f"{where}: a predicate says nothing that is known: {dict(predicate)}")


@dataclass(frozen=True)
class RuleSet:
    """All rules, and the choices of a what-if: rules assumed in force, rules dropped, a day at which law freezes."""

    rules: tuple[Mapping[str, Any], ...]
    groups: Mapping[str, Any]
    bilateral_caps: tuple[Mapping[str, Any], ...] = ()
    import_controls: tuple[Mapping[str, Any], ...] = ()
    known_until: dt.date | None = None
    what_if: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    frozen_on: dt.date | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> RuleSet:
        """From the parsed YAML; ValueError names the rule that uses an unknown word."""
        rules = tuple(document["rules"])
        controls = tuple(record for record in document.get("china_side", ()) if "chips" in record)
        for rule in rules:
            if not rule.get("applies_to"):
                for record in rule.get("classes", ()):
                    _check(record["predicate"], f"rule {rule['id']}, class {record['class']}")
        for control in controls:
            _check(control["chips"], f"import control {control['id']}")
        return cls(
            rules=rules,
            groups=document["destination_groups"],
            bilateral_caps=tuple(document.get("bilateral_caps", ())),
            import_controls=controls,
            known_until=document.get("known_until"),
        )

    def assuming(self, *ids: str) -> RuleSet:
        """A what-if in which these rules are in force on every day, whatever their dates and status say."""
        for rule in map(self._rule, ids):
            if not rule.get("classes"):
                raise ValueError(f"rule {rule['id']} has no classes that can be evaluated: {rule.get('status')}")
        return replace(self, what_if=self.what_if | set(ids), dropped=self.dropped - set(ids))

    def without(self, *ids: str) -> RuleSet:
        """A what-if without these rules."""
        for rule_id in ids:
            self._rule(rule_id)
        return replace(self, dropped=self.dropped | set(ids), what_if=self.what_if - set(ids))

    def variant(self, name: str) -> RuleSet:
        """A rule set by name: `latest`; the id of the last rule that counts, or an ISO date: the law stands still on
        that rule's first day, or on that date, for every later day."""
        if name == "latest":
            return self
        starts = {rule["id"]: rule.get("effective_from") for rule in self.rules}
        if starts.get(name) is not None:
            return replace(self, frozen_on=starts[name])
        try:
            return replace(self, frozen_on=dt.date.fromisoformat(name))
        except ValueError:
            known = ", ".join(rule_id for rule_id, start in starts.items() if start is not None)
            raise ValueError(
                f"rule set {name!r} is not known: latest, a date such as 2025-04-14, or one of {known}"
            ) from None

    def _rule(self, rule_id: str) -> Mapping[str, Any]:
        for rule in self.rules:
            if rule["id"] == rule_id:
                return rule
        raise ValueError(f"no rule {rule_id!r}; known: {', '.join(rule['id'] for rule in self.rules)}")

    def effective_day(self, day: dt.date) -> dt.date:
        """The day whose law applies: the day itself unless the law stands still before it."""
        return day if self.frozen_on is None else min(day, self.frozen_on)

    @staticmethod
    def window_holds(record: Mapping[str, Any], day: dt.date) -> bool:
        """Whether [from, to) of a cap or control holds the day, and no suspension does."""
        if day < record["from"] or (record.get("to") is not None and day >= record["to"]):
            return False
        return not ("suspended_from" in record and record["suspended_from"] <= day < record["suspended_to"])

    def in_force(self, day: dt.date) -> list[Mapping[str, Any]]:
        """Rules in force on the day, in the order of the file. Rules never enforced enter only by `assuming`."""
        found = []
        for rule in self.rules:
            if rule["id"] in self.dropped:
                continue
            if rule["id"] not in self.what_if:
                if rule.get("effective_from") is None or rule["status"] in _DORMANT:
                    continue
                window = {**rule, "from": rule["effective_from"], "to": rule.get("effective_to")}
                if not self.window_holds(window, day):
                    continue
            found.append(rule)
        return found

    def caveats(self, day: dt.date) -> tuple[str, ...]:
        """What to say beside a verdict of that day."""
        if self.known_until is None or day <= self.known_until:
            return ()
        return (f"last known state: no rule text after {self.known_until} was found",)


def load_rules(path: str | Path) -> RuleSet:
    """Read `export_rules.yaml` (YAML 1.2, equal keys refused); a file that has not changed is read once a process.

    Raises OSError, a YAML error, or ValueError.
    """
    return _read_rules(Path(path), Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read_rules(path: Path, _changed: int) -> RuleSet:
    from ruamel.yaml import YAML

    return RuleSet.from_document(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
