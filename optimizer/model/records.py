"""The records that a room keeps: plain data, read by the compiler, the ledger, the result tables and the docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Rule = Callable[..., Any]


@dataclass(frozen=True)
class SetRecord:
    """A list of labels. ``within``: the parent set of a subset; ``columns``: attributes shown in result tables."""

    name: str
    doc: str
    within: str | None = None
    columns: tuple[str, ...] = ()
    room: str = ""


@dataclass(frozen=True)
class RelationRecord:
    """For each combination of members of the ``key`` sets, a list of members of the set ``of``."""

    name: str
    key: tuple[str, ...]
    of: str
    doc: str
    room: str = ""


@dataclass(frozen=True)
class ParamRecord:
    """Numbers over ``axes`` in ``unit``; where ``of`` is given, labels of that set instead (a lookup).

    ``origin``: the keys of the scenario that state the numbers, the most direct first; a column of a table stands
    after a colon (``connection.limits:limit_mw_per_yr``). Empty for what only follows from other numbers.
    """

    name: str
    axes: tuple[str, ...]
    unit: str
    doc: str
    of: str | None = None
    room: str = ""
    origin: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where a row or bound stands in the ledger, beside its family.

    ``role`` says who makes it: a ``limit`` of what there is, a ``demand`` of users, or a ``policy``, a rule that people
    wrote. ``block`` is ``"base system"`` (load, plants and lines as they stand and run) or ``"AI"`` (tokens, chips,
    halls, connections and whatever may be added). ``serves`` names parameters over (..., period, period): the share of
    each later period in which a unit of it serves, the first with any service counting. Without it a unit serves in its
    own period.
    """

    role: str = "limit"
    block: str = "AI"
    serves: tuple[str, ...] = ()


ROLES = ("limit", "demand", "policy")
BLOCKS = ("AI", "base system")


@dataclass(frozen=True)
class DecisionRecord:
    """A variable for each member of ``axes``; ``lower`` and ``upper`` name parameters with the same axes."""

    name: str
    axes: tuple[str, ...]
    unit: str
    doc: str
    upper: str | None = None
    lower: str | None = None
    family: str | None = None
    room: str = ""
    standing: Standing = Standing()


@dataclass(frozen=True)
class LimitRecord:
    """One row for each member of ``axes`` (only where the parameter ``where`` is not zero).

    ``rule`` is the rule as written. For a balance it is the right-hand side only; :meth:`Formulation.rule` joins it
    with what other rooms feed. ``states`` names the parameters that state how tight the limit is where they multiply a
    decision; those of the right-hand side need not be named.
    """

    name: str
    axes: tuple[str, ...]
    family: str
    per: str
    rule: Rule
    doc: str
    where: str | None = None
    balance: bool = False
    room: str = ""
    standing: Standing = Standing()
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedRecord:
    """A term added to the left side of the balance ``balance``."""

    balance: str
    name: str
    rule: Rule
    room: str = ""


@dataclass(frozen=True)
class CostRecord:
    """A scalar expression in MUSD that belongs to the cost part ``part``."""

    part: str
    name: str
    rule: Rule
    doc: str
    room: str = ""


@dataclass(frozen=True)
class GoalRecord:
    """A scalar expression that an alternative objective maximises."""

    goal: str
    name: str
    rule: Rule
    doc: str
    room: str = ""
