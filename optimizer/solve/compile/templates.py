"""Reading rules: every rule is called once, with symbols for indices, and becomes a small tree (:mod:`nodes`).

Templates depend on the declarations alone. They are made once a process for each formulation, under a lock, and kept as
long as the formulation lives; they can be pickled. A rule that cannot be read as algebra raises :class:`RuleError` with
its name. There is no way back to one call an index.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import pyomo.core.expr as expr
import pyomo.environ as pyo
from pyomo.common.numeric_types import native_numeric_types
from pyomo.core.expr.template_expr import GetItemExpression

from optimizer.model.joining import Formulation
from optimizer.model.records import Rule
from optimizer.solve.compile.nodes import (
    Axis,
    Decision,
    Function,
    Index,
    Lookup,
    Loop,
    Negation,
    Node,
    Number,
    Param,
    Power,
    Product,
    Quotient,
    RowTemplate,
    ScalarTemplate,
    Sum,
    Total,
    children,
    holds_decision,
    names_read,
    terms_of,
)
from optimizer.solve.compile.standins import (
    AxisSymbol,
    LookupSymbol,
    LoopTotal,
    ModelStandIn,
    Reading,
    Refusal,
    Symbol,
    refuse,
    replaced_builtins,
)

_FUNCTIONS = {"exp", "log", "sqrt"}
_LOCK = threading.Lock()


class RuleError(TypeError):
    """A rule that cannot be compiled; the message names the rule, its room and the spelling."""


@dataclass(frozen=True)
class Templates:
    """All rules of a formulation as trees."""

    rows: Mapping[str, RowTemplate]
    costs: Mapping[str, ScalarTemplate]
    goals: Mapping[str, ScalarTemplate]


_kept: WeakKeyDictionary[Formulation, Templates] = WeakKeyDictionary()


def templates_of(formulation: Formulation) -> Templates:
    """The templates of a formulation, made at the first call. Raises :class:`RuleError`."""
    with _LOCK:
        if formulation not in _kept:
            _kept[formulation] = _make(formulation)
        return _kept[formulation]


def _make(formulation: Formulation) -> Templates:
    rows = {}
    for name, limit in formulation.limits.items():
        what = f"{'balance' if limit.balance else 'limit'} '{name}' (room '{limit.room}')"
        rows[name] = _read(formulation, what, limit.axes, formulation.rule(name), _row_template(name))
    scalars: list[dict[str, ScalarTemplate]] = []
    for kind, groups in (("cost", formulation.costs), ("goal", formulation.goals)):
        templates = {}
        for name, records in groups.items():
            bodies = []
            for record in records:
                what = f"{kind} '{record.name}' of '{name}' (room '{record.room}')"
                bodies.append(_read(formulation, what, (), record.rule, _scalar))
            reads = frozenset(read for body in bodies for read in names_read(body))
            templates[name] = ScalarTemplate(name, tuple(term for body in bodies for term in terms_of(body)), reads)
        scalars.append(templates)
    return Templates(rows, *scalars)


def _read(
    formulation: Formulation,
    what: str,
    axes: tuple[str, ...],
    rule: Rule,
    finish: Callable[[Any, tuple[int, ...]], Any],
) -> Any:
    """Call a rule with symbols and hand what it returns to ``finish``."""
    reading = Reading(formulation)
    symbols = [reading.axis(name) for name in axes]
    numbers = tuple(symbol.number for symbol in symbols)
    try:
        with replaced_builtins(reading):
            returned = rule(ModelStandIn(reading), *symbols)
        if reading.open:
            refuse(
                f"a loop over m.{reading.open[0].over} outside sum(...) "
                "(a for loop, a list, quicksum, fsum, max, ...): write sum(... for x in m.some_set)"
            )
        return finish(returned, numbers)
    except Exception as error:
        refusal = _first_refusal(error)
        if refusal is not None:
            raise RuleError(f"{what}: {refusal}") from error
        raise RuleError(
            f"{what}: the rule could not be read as algebra ({type(error).__name__}: {error}). "
            "Rules hold sums over sets, + - * /, parameters, decisions and lookups; "
            "no value(), float(), min, max or Python functions of data"
        ) from error


def _first_refusal(error: BaseException | None) -> Refusal | None:
    """The refusal that started a chain of exceptions (Pyomo answers some with errors of its own)."""
    first = None
    while error is not None:
        first = error if isinstance(error, Refusal) else first
        error = error.__context__
    return first


def _scalar(returned: Any, _: tuple[int, ...]) -> Node:
    node = _node(returned, frozenset())
    _check_linear(node)
    return node


def _row_template(name: str) -> Callable[[Any, tuple[int, ...]], RowTemplate]:
    def finish(returned: Any, axes: tuple[int, ...]) -> RowTemplate:
        lower, left, right, upper = _sides(returned, frozenset(axes))
        parts = [part for part in (lower, left, right, upper) if part is not None]
        for part in parts:
            _check_linear(part)
        if not holds_decision(left):
            refuse("the rule holds no decision")
        reads = frozenset(read for part in parts for read in names_read(part))
        terms = terms_of(left) if right is None else (*terms_of(left), *terms_of(right, -1.0))
        return RowTemplate(name, axes, terms, right is not None, lower, upper, reads)

    return finish


def _sides(returned: Any, bound: frozenset[int]) -> tuple[Node | None, Node, Node | None, Node | None]:
    """What a rule returned as ``lower <= left - right <= upper``."""
    if isinstance(returned, tuple) and len(returned) in (2, 3):
        parts = [None if part is None else _node(part, bound) for part in returned]
        if len(parts) == 2:
            if parts[0] is None or parts[1] is None:
                refuse("an equality (a, b) with None")
            return _two_sides(parts[0], parts[1], equal=True)
        return _ranged(*parts)
    if isinstance(returned, expr.RangedExpression):
        if any(returned.strict):
            refuse("a strict inequality: write <=")
        return _ranged(*(_node(part, bound) for part in returned.args))
    if isinstance(returned, expr.EqualityExpression):
        return _two_sides(_node(returned.arg(0), bound), _node(returned.arg(1), bound), equal=True)
    if isinstance(returned, expr.InequalityExpression):
        if returned.strict:
            refuse("a strict inequality (< or >): write <= or >=")
        return _two_sides(_node(returned.arg(0), bound), _node(returned.arg(1), bound), equal=False)
    if returned is pyo.Constraint.Skip or returned is pyo.Constraint.Feasible:
        refuse("returns Constraint.Skip or Feasible: rows that exist only sometimes carry where=")
    return refuse(f"returns {_describe(returned)}, not a comparison of expressions (<=, >=, == or a tuple)")


def _two_sides(a: Node, b: Node, equal: bool) -> tuple[Node | None, Node, Node | None, Node | None]:
    if not holds_decision(b):
        return (b if equal else None), a, None, b
    if not holds_decision(a):
        return a, b, None, (a if equal else None)
    return (Number(0.0) if equal else None), a, b, Number(0.0)


def _ranged(
    lower: Node | None, body: Node | None, upper: Node | None
) -> tuple[Node | None, Node, Node | None, Node | None]:
    if body is None:
        refuse("a range without a body")
    for side in (lower, upper):
        if side is not None and holds_decision(side):
            refuse("a range (lower, body, upper) with decisions in its ends: decisions belong in the body")
    return lower, body, None, upper


def _node(item: Any, bound: frozenset[int]) -> Node:
    """A Pyomo expression as a tree; ``bound`` are the axes that it may use."""
    if isinstance(item, bool):
        refuse(f"a comparison came out as plain {item}")
    if item.__class__ in native_numeric_types:
        if not math.isfinite(item):
            refuse(f"the number {item} stands in the rule")
        return Number(float(item))
    if isinstance(item, Symbol):
        refuse("an index is used as a number: declare a parameter for it")
    if isinstance(item, GetItemExpression):
        component, index = item.arg(0), tuple(_index(part, bound) for part in item.args[1:])
        kind = Decision if component.ctype is pyo.Var else Param
        return kind(component.local_name, index)
    if isinstance(item, LoopTotal):
        return _total(item, bound)
    if isinstance(item, expr.SumExpression):
        return Sum(tuple(_node(part, bound) for part in item.args))
    if isinstance(item, expr.ProductExpression):
        return Product(_node(item.arg(0), bound), _node(item.arg(1), bound))
    if isinstance(item, expr.DivisionExpression):
        return Quotient(_node(item.arg(0), bound), _node(item.arg(1), bound))
    if isinstance(item, expr.NegationExpression):
        return Negation(_node(item.arg(0), bound))
    if isinstance(item, expr.PowExpression):
        return Power(_node(item.arg(0), bound), _node(item.arg(1), bound))
    if isinstance(item, expr.AbsExpression):
        return Function("abs", _node(item.arg(0), bound))
    if isinstance(item, expr.UnaryFunctionExpression) and item.name in _FUNCTIONS:
        return Function(item.name, _node(item.arg(0), bound))
    return refuse(f"{_describe(item)} in an expression")


def _total(item: LoopTotal, bound: frozenset[int]) -> Total:
    loops = []
    for symbol in item.loops:
        key = None if symbol.key is None else tuple(_index(part, bound) for part in symbol.key)
        loops.append(Loop(symbol.number, symbol.over, key))
        bound |= {symbol.number}
    return Total(tuple(loops), _node(item.arg(0), bound))


def _index(symbol: Any, bound: frozenset[int]) -> Index:
    if isinstance(symbol, LookupSymbol):
        return Lookup(symbol.name, tuple(_index(part, bound) for part in symbol.index))
    if isinstance(symbol, AxisSymbol):
        if symbol.number not in bound:
            refuse(f"an index of the loop over m.{symbol.over} is used outside its sum(...)")
        return Axis(symbol.number)
    return refuse(f"{_describe(symbol)} as an index")


def _check_linear(node: Node) -> None:
    match node:
        case Product(left, right) if holds_decision(left) and holds_decision(right):
            refuse("a product of decisions")
        case Quotient(_, bottom) if holds_decision(bottom):
            refuse("a division by a decision")
        case Power(base, exponent) if holds_decision(base) or holds_decision(exponent):
            refuse("a power of a decision")
        case Function(name, argument) if holds_decision(argument):
            refuse(f"{name}(...) of a decision")
    for child in children(node):
        _check_linear(child)


def _describe(item: Any) -> str:
    if item is None or isinstance(item, bool | int | float | str):
        return repr(item)
    return f"a {type(item).__name__}"
