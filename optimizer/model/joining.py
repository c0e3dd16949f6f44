"""Joining the records of many rooms into one formulation and one Pyomo ``AbstractModel``."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import pyomo.environ as pyo

from optimizer.model.records import (
    CostRecord,
    DecisionRecord,
    FeedRecord,
    GoalRecord,
    LimitRecord,
    ParamRecord,
    RelationRecord,
    Rule,
    SetRecord,
)

if TYPE_CHECKING:
    from optimizer.model.room import Room


@dataclass(frozen=True, eq=False)
class Formulation:
    """The joined records of all rooms, by name and in the order of declaration, and the Pyomo model made of them.

    Compared by identity, so that compiled templates can be kept for it. ``costs`` and ``goals`` hold the records that
    add up to one part or goal.
    """

    model: pyo.AbstractModel
    rooms: tuple[Room, ...]
    sets: Mapping[str, SetRecord]
    relations: Mapping[str, RelationRecord]
    params: Mapping[str, ParamRecord]
    decisions: Mapping[str, DecisionRecord]
    limits: Mapping[str, LimitRecord]
    feeds: Mapping[str, tuple[FeedRecord, ...]]
    costs: Mapping[str, tuple[CostRecord, ...]]
    goals: Mapping[str, tuple[GoalRecord, ...]]

    def rule(self, limit: str) -> Rule:
        """The whole rule of a limit: for a balance, what rooms feed on the left; without the ``where`` filter."""
        return whole_rule(self.limits[limit], self.feeds.get(limit, ()))

    def add_data_components(self, model: pyo.AbstractModel) -> None:
        """Add this formulation's sets, relations, parameters and decisions (no rows, no objective) to ``model``."""
        _add_data_components(model, self)


def total(terms: Iterable[Any]) -> Any:
    """Join the terms of a Python list with ``+`` (inside a rule ``sum`` is reserved for sums over sets)."""
    return reduce(add, terms)


def whole_rule(limit: LimitRecord, feeds: tuple[FeedRecord, ...]) -> Rule:
    """The complete row of a limit; see :meth:`Formulation.rule`."""
    if not limit.balance:
        return limit.rule

    def balanced(m: Any, *index: Any) -> Any:
        # Written as "... == 0" so that the left side stays the body: the dual keeps its sign whatever the terms are.
        return total(feed.rule(m, *index) for feed in feeds) - limit.rule(m, *index) == 0

    balanced.__name__ = limit.name
    return balanced


def declare(rooms: Iterable[Room]) -> Formulation:
    """Join rooms into one formulation.

    Raises one TypeError that lists every fault found: names used twice, unknown sets, parameters or balances, a bound
    or filter whose axes differ from those of what it belongs to.
    """
    all_rooms = tuple(rooms)
    faults = _Faults()
    sets = faults.by_name("set", [record for room in all_rooms for record in room.sets])
    formulation = Formulation(
        model=pyo.AbstractModel(),
        rooms=all_rooms,
        sets=_parents_first(sets, faults),
        relations=faults.by_name("relation", [record for room in all_rooms for record in room.relations]),
        params=faults.by_name("parameter", [record for room in all_rooms for record in room.params]),
        decisions=faults.by_name("decision", [record for room in all_rooms for record in room.decisions]),
        limits=faults.by_name("limit", [record for room in all_rooms for record in room.limits]),
        feeds=_grouped([record for room in all_rooms for record in room.feeders], "balance"),
        costs=_grouped([record for room in all_rooms for record in room.costs], "part"),
        goals=_grouped([record for room in all_rooms for record in room.goals], "goal"),
    )
    _check_references(formulation, faults)
    faults.raise_if_any()
    _add_data_components(formulation.model, formulation)
    _add_rows_and_objective(formulation.model, formulation)
    return formulation


class _Faults:
    """Collects what is wrong with the records, so that one error can list it all."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.owner: dict[str, str] = {}

    def add(self, text: str) -> None:
        self.found.append(text)

    def by_name(self, kind: str, records: list[Any]) -> dict[str, Any]:
        """Records by name; a name may be used once in the whole formulation, since all share the Pyomo model."""
        out: dict[str, Any] = {}
        for record in records:
            where = f"{kind} '{record.name}' (room '{record.room}')"
            if not record.name.isidentifier() or keyword.iskeyword(record.name) or record.name.startswith("_"):
                self.add(f"{where}: not a plain Python name")
            elif record.name == "objective" or hasattr(pyo.AbstractModel, record.name):
                self.add(f"{where}: the name is taken by the Pyomo model itself")
            elif record.name in self.owner:
                self.add(f"{where}: the name is already used by {self.owner[record.name]}")
            self.owner.setdefault(record.name, where)
            out.setdefault(record.name, record)
        return out

    def raise_if_any(self) -> None:
        if self.found:
            raise TypeError("the rooms do not fit together:\n" + "\n".join(f"  - {text}" for text in self.found))


def _parents_first(sets: dict[str, SetRecord], faults: _Faults) -> dict[str, SetRecord]:
    """Sets ordered so that a parent stands before its subsets."""
    out: dict[str, SetRecord] = {}
    waiting = dict(sets)
    while waiting:
        ready = [s for s in waiting.values() if s.within is None or s.within in out]
        if not ready:
            for record in waiting.values():
                faults.add(f"set '{record.name}' (room '{record.room}'): within='{record.within}' is no set above it")
            return out | waiting
        for record in ready:
            out[record.name] = waiting.pop(record.name)
    return out


def _grouped(records: list[Any], key: str) -> dict[str, Any]:
    out: dict[str, tuple[Any, ...]] = {}
    for record in records:
        name = getattr(record, key)
        out[name] = (*out.get(name, ()), record)
    return out


def _check_references(formulation: Formulation, faults: _Faults) -> None:
    """Every set, parameter and balance that a record names must exist and have the right axes."""
    sets, params = formulation.sets, formulation.params

    def known(where: str, names: Iterable[str]) -> None:
        for name in names:
            if name not in sets:
                faults.add(f"{where}: no set is named '{name}'")

    def same_axes(where: str, role: str, name: str | None, axes: tuple[str, ...]) -> None:
        if name is None:
            return
        record = params.get(name)
        if record is None or record.of is not None:
            faults.add(f"{where}: {role}='{name}' is no parameter")
        elif record.axes != axes:
            faults.add(f"{where}: {role}='{name}' has axes '{' '.join(record.axes)}', not '{' '.join(axes)}'")

    def alive(where: str, names: tuple[str, ...]) -> None:
        for name in names:
            record = params.get(name)
            if record is None or record.of is not None or record.axes[-2:] != ("period", "period"):
                faults.add(f"{where}: serves='{name}' is no parameter over (..., period, period)")

    for relation in formulation.relations.values():
        where = f"relation '{relation.name}' (room '{relation.room}')"
        known(where, (*relation.key, relation.of))
        if not relation.key:
            faults.add(f"{where}: needs at least one key axis; a plain list is a set")
    for param in params.values():
        where = f"parameter '{param.name}' (room '{param.room}')"
        known(where, param.axes if param.of is None else (*param.axes, param.of))
        if param.of is not None and not param.axes:
            faults.add(f"{where}: a lookup needs at least one axis")
    for decision in formulation.decisions.values():
        where = f"decision '{decision.name}' (room '{decision.room}')"
        known(where, decision.axes)
        same_axes(where, "upper", decision.upper, decision.axes)
        same_axes(where, "lower", decision.lower, decision.axes)
        alive(where, decision.standing.serves)
    for limit in formulation.limits.values():
        where = f"limit '{limit.name}' (room '{limit.room}')"
        known(where, limit.axes)
        same_axes(where, "where", limit.where, limit.axes)
        alive(where, limit.standing.serves)
        for name in limit.states:
            if name not in params:
                faults.add(f"{where}: states='{name}' is no parameter")
        if limit.balance and limit.name not in formulation.feeds:
            faults.add(f"{where}: a balance that no room feeds")
    for balance, feeds in formulation.feeds.items():
        if balance not in formulation.limits or not formulation.limits[balance].balance:
            for feed in feeds:
                faults.add(f"feed '{feed.name}' (room '{feed.room}'): there is no balance named '{balance}'")


def _add_data_components(model: pyo.AbstractModel, formulation: Formulation) -> None:
    def axes(names: tuple[str, ...]) -> list[Any]:
        return [getattr(model, name) for name in names]

    for record in formulation.sets.values():
        parent = {} if record.within is None else {"within": getattr(model, record.within)}
        setattr(model, record.name, pyo.Set(dimen=1, doc=record.doc, **parent))
    for relation in formulation.relations.values():
        of = getattr(model, relation.of)
        setattr(model, relation.name, pyo.Set(*axes(relation.key), dimen=1, within=of, doc=relation.doc))
    for param in formulation.params.values():
        # A scalar is mutable: an immutable one would be folded into a rule as a bare number.
        component = pyo.Param(*axes(param.axes), within=pyo.Any, mutable=not param.axes, doc=param.doc)
        setattr(model, param.name, component)
    for decision in formulation.decisions.values():
        domain = pyo.NonNegativeReals if decision.lower is None else pyo.Reals
        bounds = {} if decision.upper is None and decision.lower is None else {"bounds": _bounds_rule(decision)}
        variable = pyo.Var(*axes(decision.axes), within=domain, dense=not decision.axes, doc=decision.doc, **bounds)
        setattr(model, decision.name, variable)


def _bounds_rule(decision: DecisionRecord) -> Rule:
    def bounds(m: Any, *index: Any) -> tuple[Any, Any]:
        index = index if decision.axes else ()  # Pyomo passes None to the rule of a scalar
        lower = 0.0 if decision.lower is None else _at(m, decision.lower, index)
        upper = None if decision.upper is None else _at(m, decision.upper, index)
        return lower, upper

    return bounds


def _at(m: Any, name: str, index: tuple[Any, ...]) -> float:
    component = getattr(m, name)
    return pyo.value(component[index] if index else component)


def _add_rows_and_objective(model: pyo.AbstractModel, formulation: Formulation) -> None:
    for limit in formulation.limits.values():
        axes = [getattr(model, name) for name in limit.axes]
        rule = _filtered_rule(limit, formulation.rule(limit.name))
        setattr(model, limit.name, pyo.Constraint(*axes, rule=rule, doc=limit.doc))
    costs = [cost for part in formulation.costs.values() for cost in part]

    def total_cost(m: Any) -> Any:
        return total([0.0, *(cost.rule(m) for cost in costs)])

    model.objective = pyo.Objective(rule=total_cost, sense=pyo.minimize, doc="all cost parts, MUSD")


def _filtered_rule(limit: LimitRecord, rule: Rule) -> Rule:
    """The rule as Pyomo calls it, one index at a time: filtered, and a row that came out as plain True is left out."""

    def filtered(m: Any, *index: Any) -> Any:
        index = index if limit.axes else ()  # Pyomo passes None to the rule of a scalar
        if limit.where is not None and not _at(m, limit.where, index):
            return pyo.Constraint.Skip
        row = rule(m, *index)
        if isinstance(row, bool):
            if row:
                return pyo.Constraint.Feasible
            raise ValueError(f"limit '{limit.name}' at {index}: no decision can change this row, and it is false")
        return row

    return filtered
