"""What a room records, and how rooms become one formulation.

A *room* is one physical idea (power, transmission, chips ...). It records what the idea reads, decides, is held back
by, gives to balances it shares with other rooms, and costs. Recording is all it does. :func:`declare` joins the
records of many rooms into one ordinary Pyomo ``AbstractModel``; the array compiler, the bottleneck ledger and the
result tables walk over the same records, so a new idea is a new file and edits no other room.

Writing rules (the compiler refuses anything else, by name):

* ``sum(... for x in m.some_set)`` and ``sum(... for y in m.some_relation[x])`` are the only loops;
* an index is an axis, a loop variable, or a lookup of one (``m.previous[t]``): never a literal, never arithmetic;
* no ``if``, comparison, ``min``/``max``, ``value()`` or ``quicksum`` inside a rule. Rows that exist only sometimes
  carry ``where=``; a special group of members is a subset or a relation; a number that depends on data is a parameter;
* a named expression is a plain function of ``m`` and its indices; terms are joined with ``+`` or :func:`total`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from optimizer.model.joining import Formulation, declare, total
from optimizer.model.records import (
    BLOCKS,
    ROLES,
    CostRecord,
    DecisionRecord,
    FeedRecord,
    GoalRecord,
    LimitRecord,
    ParamRecord,
    RelationRecord,
    Rule,
    SetRecord,
    Standing,
)

__all__ = ["Formulation", "Room", "Rule", "declare", "total"]

AnyRule = TypeVar("AnyRule", bound=Rule)


@dataclass
class Room:
    """The record of one physical idea. Axes are written as one string of set names: ``"region period snapshot"``.

    ``block`` is where its rows and bounds stand in the ledger unless they say otherwise (:class:`Standing`).
    """

    name: str
    doc: str | None = ""
    block: str = "AI"
    sets: list[SetRecord] = field(default_factory=list)
    relations: list[RelationRecord] = field(default_factory=list)
    params: list[ParamRecord] = field(default_factory=list)
    decisions: list[DecisionRecord] = field(default_factory=list)
    limits: list[LimitRecord] = field(default_factory=list)
    feeders: list[FeedRecord] = field(default_factory=list)
    costs: list[CostRecord] = field(default_factory=list)
    goals: list[GoalRecord] = field(default_factory=list)

    def set(self, name: str, doc: str, within: str | None = None, columns: str = "") -> None:
        """Declare a set of labels; with ``within`` a subset of another set, in an order of its own."""
        self.sets.append(SetRecord(name, doc, within, tuple(columns.split()), self.name))

    def relation(self, name: str, key: str, of: str, doc: str = "") -> None:
        """Declare an indexed set: for each member of the ``key`` axes a list of members of ``of`` (it may be empty)."""
        self.relations.append(RelationRecord(name, tuple(key.split()), of, doc, self.name))

    def param(self, name: str, axes: str, unit: str, doc: str, origin: str = "") -> None:
        """Declare numbers over ``axes`` (``""``: one number) in ``unit`` (``"1"``: a share or ratio).

        ``origin`` lists the keys of the scenario that state them (:class:`ParamRecord`). A limit or bound made of
        numbers with an origin may be named as what would have to give way where there is no plan.
        """
        self.params.append(ParamRecord(name, tuple(axes.split()), unit, doc, None, self.name, tuple(origin.split())))

    def lookup(self, name: str, axes: str, of: str, doc: str) -> None:
        """Declare a label over ``axes`` that names one member of the set ``of``, to be used as an index."""
        self.params.append(ParamRecord(name, tuple(axes.split()), "", doc, of, self.name))

    def decide(
        self,
        name: str,
        axes: str,
        unit: str,
        doc: str,
        upper: str | None = None,
        family: str | None = None,
        lower: str | None = None,
        role: str = "limit",
        block: str | None = None,
        serves: str = "",
    ) -> None:
        """Declare a variable, at least zero unless ``lower`` names a parameter (whose values may be ``-inf``).

        A bound is a limit like any other and can carry rent, so it belongs to a ledger ``family``; without a bound
        there is none. Raises TypeError when only one of the two is given. ``role``, ``block`` and ``serves`` are those
        of :class:`Standing`.
        """
        bounded = upper is not None or lower is not None
        if bounded and family is None:
            raise TypeError(f"room '{self.name}', decision '{name}': a bound needs a ledger family")
        if family is not None and not bounded:
            raise TypeError(f"room '{self.name}', decision '{name}': a ledger family needs a bound")
        standing = self._standing(f"decision '{name}'", role, block, serves)
        self.decisions.append(
            DecisionRecord(name, tuple(axes.split()), unit, doc, upper, lower, family, self.name, standing)
        )

    def limit(
        self,
        axes: str,
        *,
        family: str,
        per: str,
        where: str | None = None,
        role: str = "limit",
        block: str | None = None,
        serves: str = "",
        states: str = "",
    ) -> Callable[[AnyRule], AnyRule]:
        """Record a rule ``rule(m, *axes) -> a <= b``, ``a == b`` or ``(lower, body, upper)``.

        ``per`` is the unit that the row's price counts (MUSD per what). ``where`` names a 0/1 parameter with the same
        axes: the rows that exist. ``role``, ``block`` and ``serves`` are those of :class:`Standing`; ``states``: see
        :class:`LimitRecord`.
        """
        return self._row(axes, family, per, where, False, (role, block, serves), states)

    def balance(
        self,
        axes: str,
        *,
        family: str,
        per: str,
        where: str | None = None,
        role: str = "limit",
        block: str | None = None,
        serves: str = "",
    ) -> Callable[[AnyRule], AnyRule]:
        """Record a shared row: everything that rooms feed to it equals what the rule returns."""
        return self._row(axes, family, per, where, True, (role, block, serves))

    def _row(
        self,
        axes: str,
        family: str,
        per: str,
        where: str | None,
        balance: bool,
        standing: tuple[str, str | None, str],
        states: str = "",
    ) -> Callable[[AnyRule], AnyRule]:
        def record(rule: AnyRule) -> AnyRule:
            name, doc, stands = rule.__name__, _doc(rule), self._standing(f"limit '{rule.__name__}'", *standing)
            said_by, room = tuple(states.split()), self.name
            self.limits.append(
                LimitRecord(name, tuple(axes.split()), family, per, rule, doc, where, balance, room, stands, said_by)
            )
            return rule

        return record

    def _standing(self, what: str, role: str, block: str | None, serves: str) -> Standing:
        block = self.block if block is None else block
        for word, allowed in ((role, ROLES), (block, BLOCKS)):
            if word not in allowed:
                raise TypeError(f"room '{self.name}', {what}: '{word}' is none of {', '.join(allowed)}")
        return Standing(role, block, tuple(serves.split()))

    def feeds(self, balance: str) -> Callable[[AnyRule], AnyRule]:
        """Record a term ``rule(m, *axes of the balance)`` added to the left side of a balance of any room."""

        def record(rule: AnyRule) -> AnyRule:
            self.feeders.append(FeedRecord(balance, rule.__name__, rule, self.name))
            return rule

        return record

    def cost(self, part: str) -> Callable[[AnyRule], AnyRule]:
        """Record ``rule(m)`` -> MUSD. Rules of one part add up; parts stay apart after compiling."""

        def record(rule: AnyRule) -> AnyRule:
            self.costs.append(CostRecord(part, rule.__name__, rule, _doc(rule), self.name))
            return rule

        return record

    def goal(self, name: str) -> Callable[[AnyRule], AnyRule]:
        """Record ``rule(m)`` -> a scalar that an alternative objective maximises. Rules of one goal add up."""

        def record(rule: AnyRule) -> AnyRule:
            self.goals.append(GoalRecord(name, rule.__name__, rule, _doc(rule), self.name))
            return rule

        return record


def _doc(rule: Rule) -> str:
    return (rule.__doc__ or "").strip()
