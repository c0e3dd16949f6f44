"""The canary: every spelling that a rule may use compiles as Pyomo does, every other one is refused by name.

Run first when the Pyomo pin moves.
"""

# The tables below hold spellings that a linter would mend.
# ruff: noqa: C417, E711, RUF015, SIM300

from __future__ import annotations

import builtins
import logging
import math
import threading
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.expr.numeric_expr import NumericValue

from optimizer.instance.instance import Instance
from optimizer.model.room import Formulation, Room, declare, total
from optimizer.solve.compile import RuleError, compile_lp, templates_of
from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo
from tests.solve.parity import assert_same

Rule = Callable[..., Any]


def world_room() -> Room:
    room = Room("world")
    for name in ("region", "hour", "period", "line", "none"):
        room.set(name, name)
    room.set("coast", "some regions", within="region")
    room.relation("lines_into", "region", "line")
    room.relation("upto", "period", "period")
    room.relation("hours_of", "region period", "hour")
    room.relation("of_none", "none", "period")
    room.lookup("previous", "hour", "hour", "")
    room.lookup("sender", "line", "region", "")
    room.param("a", "region hour", "1", "")
    room.param("b", "region", "1", "")
    room.param("c", "coast", "1", "")
    room.param("scalar", "", "1", "")
    room.param("filter", "region hour", "0/1", "")
    room.decide("x", "region hour", "1", "")
    room.decide("y", "region period", "1", "")
    room.decide("f", "line hour", "1", "")
    room.decide("w", "coast", "1", "")
    room.decide("e", "none", "1", "")
    room.decide("z", "", "1", "")
    return room


def with_limit(axes: str, rule: Rule, where: str | None = None) -> Formulation:
    room = world_room()
    rule.__name__ = "the_rule"
    room.limit(axes, family="f", per="1", where=where)(rule)
    return declare([room])


def world() -> Instance:
    regions, hours, periods, lines = ("r0", "r1", "r2"), (0, 1, 2, 3), (2026, 2028), ("l0", "l1")
    return Instance(
        sets={"region": regions, "hour": hours, "period": periods, "line": lines, "none": (), "coast": ("r2", "r0")},
        relations={
            "lines_into": {"r0": ["l0"], "r1": [], "r2": ["l1", "l0"]},
            "upto": {2026: [2026], 2028: [2026, 2028]},
            "hours_of": {(r, p): [0, 3] if r == "r1" else [2] for r in regions for p in periods},
            "of_none": {},
        },
        params={
            "a": np.arange(1.0, 13.0).reshape(3, 4),
            "b": [2.0, 3.0, 5.0],
            "c": [0.25, 0.75],
            "scalar": 1.5,
            "filter": np.array([[1, 0, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1]]),
            "previous": np.array([3, 0, 1, 2], object),
            "sender": np.array(["r2", "r1"], object),
        },
    )


def named(m, r, p):
    return sum(m.y[r, q] for q in m.upto[p])


def y_of(m, r):
    return sum(m.y[r, p] for p in m.period)


def y_in(m, p):
    return sum(m.y[r, p] for r in m.region)


ALLOWED: dict[str, tuple[str, Rule]] = {
    "plain": ("region hour", lambda m, r, t: m.x[r, t] <= m.a[r, t] * m.z),
    "constants on both sides": ("region hour", lambda m, r, t: m.x[r, t] + 3 - m.b[r] <= 5 * m.b[r] - m.x[r, t]),
    "greater or equal": ("region hour", lambda m, r, t: m.x[r, t] >= m.a[r, t]),
    "decisions right": ("region hour", lambda m, r, t: m.a[r, t] <= m.x[r, t]),
    "number left": ("region hour", lambda m, r, t: 3 <= m.x[r, t]),
    "equality": ("region hour", lambda m, r, t: m.x[r, t] - m.z == m.a[r, t]),
    "equality of two sides": ("region", lambda m, r: sum(m.x[r, t] for t in m.hour) == m.b[r] * m.z + y_of(m, r)),
    "equality, number left": ("region hour", lambda m, r, t: 3 == m.x[r, t] - m.z),
    "ranged tuple": ("region period", lambda m, r, p: (m.b[r], m.y[r, p] + 1, 2 * m.b[r])),
    "ranged inequality()": ("region period", lambda m, r, p: pyo.inequality(m.b[r], m.y[r, p], 2 * m.b[r])),
    "equality tuple": ("region period", lambda m, r, p: (m.y[r, p], m.b[r])),
    "open tuple": ("region period", lambda m, r, p: (None, m.y[r, p], m.b[r])),
    "sum over a set": ("hour", lambda m, t: sum(m.x[r, t] for r in m.region) <= 1),
    "sum over a subset on the parent's axis": ("hour", lambda m, t: sum(m.c[r] * m.x[r, t] for r in m.coast) <= 1),
    "axis over a subset": ("coast hour", lambda m, r, t: m.x[r, t] + m.w[r] <= m.b[r] + m.c[r]),
    "sum over a relation": ("region hour", lambda m, r, t: m.z + sum(m.f[l, t] for l in m.lines_into[r]) <= 1),
    "relation with two keys": ("region period", lambda m, r, p: sum(m.x[r, t] for t in m.hours_of[r, p]) <= m.b[r]),
    "sum over two sets": ("", lambda m: sum(m.x[r, t] for r in m.region for t in m.hour) <= 1),
    "second set depends on the first": (
        "hour",
        lambda m, t: sum(m.f[l, t] for r in m.region for l in m.lines_into[r]) <= 1,
    ),
    "two ragged loops": (
        "",
        lambda m: (
            sum(m.a[r, t] * m.y[r, q] for r in m.region for p in m.period for t in m.hours_of[r, p] for q in m.upto[p])
            <= 1
        ),
    ),
    "nested sum": ("hour", lambda m, t: sum(m.b[r] * sum(m.f[l, t] for l in m.lines_into[r]) for r in m.region) <= 1),
    "lookup as index": ("region hour", lambda m, r, t: m.x[r, m.previous[t]] + m.x[r, t] <= 1),
    "lookup of a lookup": ("region hour", lambda m, r, t: m.x[r, m.previous[m.previous[t]]] <= m.a[r, m.previous[t]]),
    "lookup into another set": ("line hour", lambda m, l, t: m.f[l, t] <= m.b[m.sender[l]] * m.x[m.sender[l], t]),
    "relation keyed by a lookup": (
        "line hour",
        lambda m, l, t: m.z + sum(m.f[k, t] for k in m.lines_into[m.sender[l]]) <= 1,
    ),
    "scalars": ("region", lambda m, r: m.scalar * m.z + m.z / m.scalar <= m.scalar - m.b[r]),
    "named expression": ("region period", lambda m, r, p: 2 * named(m, r, p) - m.z / 4 <= m.b[r]),
    "total of a list": ("region", lambda m, r: total([m.z, sum(m.x[r, t] for t in m.hour)]) <= 1),
    "reduce": ("region", lambda m, r: reduce(add, [m.z, 2 * m.z, y_of(m, r)]) <= 1),
    "minus, halves, nested brackets": (
        "region hour",
        lambda m, r, t: -(m.x[r, t] - 2 * (m.z - m.x[r, t])) / 4 <= -m.b[r],
    ),
    "powers and abs of parameters": ("region", lambda m, r: m.z * m.b[r] ** -m.scalar <= abs(-m.b[r]) + m.b[r] ** 2),
    "exp, log, sqrt of parameters": (
        "region",
        lambda m, r: m.z <= pyo.exp(-m.b[r]) + pyo.log(m.b[r]) + pyo.sqrt(m.b[r]),
    ),
    "division by a sum of parameters": ("region", lambda m, r: m.z / sum(m.a[r, t] for t in m.hour) <= 1),
    "ragged sum of parameters": (
        "region period",
        lambda m, r, p: m.y[r, p] <= sum(m.a[r, t] for t in m.hours_of[r, p]),
    ),
    "terms that cancel": ("region hour", lambda m, r, t: m.x[r, t] + m.z - m.x[r, t] <= 4),
    "same column twice": ("region", lambda m, r: sum(m.x[r, t] + m.x[r, m.previous[t]] for t in m.hour) <= 4),
    "family over an empty set": ("none", lambda m, n: m.e[n] + sum(y_in(m, p) for p in m.of_none[n]) <= 1),
    "sum over an empty set": ("", lambda m: sum(m.e[n] for n in m.none) + m.z <= 1),
    "numpy number": ("region", lambda m, r: np.float64(2.5) * m.z <= np.float64(3.5)),
    "python list of numbers": ("region", lambda m, r: total([k * m.z for k in (1, 2, 3)]) <= 1),
    "decision times zero": ("region hour", lambda m, r, t: 0 * m.x[r, t] + m.z <= 1),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed_spelling_compiles_as_pyomo_does(name: str) -> None:
    axes, rule = ALLOWED[name]
    formulation, instance = with_limit(axes, rule), world()
    instance.check(formulation)
    lp = compile_lp(formulation, instance)
    assert_same(lp, compile_lp_by_pyomo(formulation, instance))
    assert lp.num_row > 0 or "none" in axes


FORBIDDEN: dict[str, tuple[str, Rule, str]] = {
    "index compared with a label": ("region", lambda m, r: m.z <= (1 if r == "r0" else 2), "compared or tested"),
    "index differs from a label": ("region", lambda m, r: m.z <= (1 if r != "r0" else 2), "compared or tested"),
    "index compared with a number": ("period", lambda m, p: m.z <= (1 if p > 2026 else 2), "compared or tested"),
    "two indices compared": (
        "region",
        lambda m, r: sum(m.y[q, p] for q in m.region for p in m.period if q != r) <= 1,
        "compared",
    ),
    "index in a tuple": ("region", lambda m, r: m.z <= (1 if r in ("r0", "r1") else 2), "compared or tested"),
    "index in a set": ("region", lambda m, r: m.z <= (1 if r in m.coast else 2), "m.coast"),
    "truth of an index": ("hour", lambda m, t: m.z <= (1 if t else 2), "compared or tested"),
    "lookup compared with a label": (
        "line",
        lambda m, l: m.z <= (1 if m.sender[l] == "r0" else 2),
        "compared or tested",
    ),
    "parameter compared with a string": (
        "region",
        lambda m, r: m.z <= (1 if m.b[r] == "r0" else 2),
        "compared with text",
    ),
    "decision compared with None": ("region", lambda m, r: m.z <= (1 if m.z == None else 2), "compared with text"),
    "scalar compared with a string": (
        "region",
        lambda m, r: m.z <= (1 if m.scalar == "big" else 2),
        "compared with text",
    ),
    "if on a parameter": ("region", lambda m, r: m.z <= (1 if m.b[r] else 2), "truth value"),
    "if on a comparison": ("region", lambda m, r: m.z <= (1 if m.b[r] > 0 else 2), "truth value"),
    "if on a scalar": ("region", lambda m, r: m.z <= (1 if m.scalar else 2), "truth value"),
    "if in a generator": ("hour", lambda m, t: sum(m.x[r, t] for r in m.region if m.b[r]) <= 1, "truth value"),
    "if on a relation": ("region", lambda m, r: m.z <= (1 if m.lines_into[r] else 2), "m.lines_into"),
    "length of a relation": ("region", lambda m, r: m.z <= len(m.lines_into[r]), "m.lines_into"),
    "length of a set": ("region", lambda m, r: m.z <= len(m.hour), "m.hour"),
    "length of a parameter": ("region", lambda m, r: m.z <= len(m.b), "m.b"),
    "chained comparison": ("region", lambda m, r: m.b[r] <= m.z <= 3, "truth value"),
    "min of parameters": ("region", lambda m, r: m.z <= min(m.b[r], 3), "truth value"),
    "max with zero": ("region", lambda m, r: m.z <= max(0, m.scalar), "truth value"),
    "max over a generator": ("region", lambda m, r: m.z <= max(m.a[r, t] for t in m.hour), "outside sum"),
    "value()": ("region", lambda m, r: m.z <= pyo.value(m.b[r]), "value()"),
    "value() of a scalar": ("region", lambda m, r: m.z <= pyo.value(m.scalar), "value()"),
    "value of a scalar": ("region", lambda m, r: m.z <= m.scalar.value, "an attribute or method"),
    "scalar called": ("region", lambda m, r: m.z <= m.scalar(), "value()"),
    "value of a decision": ("region", lambda m, r: m.z <= m.z.value, "an attribute or method"),
    "length of a scalar": ("region", lambda m, r: m.z <= len(m.scalar), "value()"),
    "fixing a decision": ("region", lambda m, r: m.z.fix(1) or m.z <= 1, "an attribute or method"),
    "scalar at an index": ("region", lambda m, r: m.scalar[None] * m.z <= 1, "read as algebra"),
    "another limit": ("region", lambda m, r: m.the_rule[r], "m.the_rule"),
    "float()": ("region", lambda m, r: m.z <= float(m.b[r]), "float()"),
    "index arithmetic": ("region hour", lambda m, r, t: m.x[r, t - 1] <= 1, "arithmetic with an index"),
    "index modulo": ("region hour", lambda m, r, t: m.x[r, (t - 1) % 4] <= 1, "arithmetic with an index"),
    "index times a decision": ("period", lambda m, p: p * m.z <= 1, "arithmetic with an index"),
    "decision times an index": ("period", lambda m, p: m.z * p <= 1, "index"),
    "index as a bound": ("period", lambda m, p: m.z <= p, "index"),
    "lookup as a number": ("hour", lambda m, t: m.z <= m.previous[t], "index"),
    "parameter as an index": ("region", lambda m, r: m.x[r, m.b[r]] <= 1, "as an index"),
    "text of an index": ("region", lambda m, r: m.z <= {"r0": 1}.get(f"{r}", 2), "turned into text"),
    "dictionary of an index": ("region", lambda m, r: m.z <= {"r0": 1}.get(r, 2), "dictionary key"),
    "array at an index": ("hour", lambda m, t: m.z <= np.ones(4)[t], "read as algebra"),
    "parameter at a fixed index": ("region", lambda m, r: m.z <= m.b["r1"], "fixed index"),
    "parameter at a partly fixed index": ("region", lambda m, r: m.z <= m.a[r, 0], "fixed index"),
    "decision at a fixed index": ("region", lambda m, r: m.y[r, 2026] <= 1, "fixed index"),
    "relation at a fixed key": ("region", lambda m, r: sum(m.y[r, p] for p in m.upto[2028]) <= 1, "fixed index"),
    "too few indices": ("region", lambda m, r: m.x[r] <= 1, "axes 'region hour'"),
    "slice": ("region", lambda m, r: sum(m.x[r, :]) <= 1, "no slices"),
    "quicksum": ("hour", lambda m, t: pyo.quicksum(m.x[r, t] for r in m.region) <= 1, "outside sum"),
    "fsum": ("hour", lambda m, t: m.z <= math.fsum(m.a[r, t] for r in m.region), "float()"),
    "sum with a start": ("hour", lambda m, t: sum((m.x[r, t] for r in m.region), 0) <= 1, "sum(x, start)"),
    "sum with a named start": ("hour", lambda m, t: sum((m.x[r, t] for r in m.region), start=0) <= 1, "sum(x, start)"),
    "sum of a list": ("hour", lambda m, t: sum([m.x[r, t] for r in m.region]) <= 1, "sum(...) of a list"),
    "sum of a map": ("hour", lambda m, t: sum(map(lambda r: m.x[r, t], m.region)) <= 1, "sum(...) of a map"),
    "sum over a Python list": ("hour", lambda m, t: sum(k * m.z for k in [1, 2]) <= 1, "Python sequence"),
    "set, then list": (
        "hour",
        lambda m, t: sum(k * m.x[r, t] for r in m.region for k in [1, 2]) <= 1,
        "Python sequence",
    ),
    "list, then set": (
        "hour",
        lambda m, t: sum(k * m.x[r, t] for k in [1, 2] for r in m.region) <= 1,
        "Python sequence",
    ),
    "set, then a tuple of indices": (
        "hour",
        lambda m, t: sum(m.x[r, q] for r in m.region for q in (t, m.previous[t])) <= 1,
        "Python sequence",
    ),
    "for loop": ("hour", lambda m, t: [m.x[r, t] for r in m.region][0] <= 1, "outside sum"),
    "index used outside its sum": ("hour", lambda m, t: _leaking(m, t) <= 1, "outside its sum"),
    "product of sets": ("", lambda m: sum(m.y[r, p] for r, p in m.region * m.period) <= 1, "m.region"),
    "difference of sets": ("", lambda m: sum(m.x[r, t] for r in m.region - m.coast for t in m.hour) <= 1, "m.region"),
    "index set of a decision": ("", lambda m: sum(m.x[i] for i in m.x.index_set()) <= 1, "index_set"),
    "values of a decision": ("", lambda m: sum(m.x.values()) <= 1, "values"),
    "method of a set": ("region hour", lambda m, r, t: m.x[r, m.hour.prev(t)] <= 1, "prev"),
    "first member": ("region", lambda m, r: m.x[r, m.hour.first()] <= 1, "first"),
    "decision without its index": ("region", lambda m, r: m.x <= 1, "m.x"),
    "unknown name": ("region", lambda m, r: m.zz <= 1, "m.zz"),
    "declaring inside a rule": ("region", lambda m, r: setattr(m, "q", 1), "declares nothing"),
    "Skip": ("region", lambda m, r: pyo.Constraint.Skip, "where="),
    "strict": ("region", lambda m, r: m.z < 1, "strict"),
    "expression without a comparison": ("region", lambda m, r: m.z + 1, "not a comparison"),
    "nothing returned": ("region", lambda m, r: None, "None"),
    "plain truth": ("region", lambda m, r: True, "True"),
    "no decision": ("region", lambda m, r: m.b[r] <= 3, "no decision"),
    "range with decisions in its ends": ("region", lambda m, r: (m.z, m.z, 3), "decisions in its ends"),
    "product of decisions": ("region hour", lambda m, r, t: m.z * m.x[r, t] <= 1, "product of decisions"),
    "division by a decision": ("region", lambda m, r: m.b[r] / m.z <= 1, "division by a decision"),
    "square of a decision": ("region", lambda m, r: m.z**2 <= 1, "power of a decision"),
    "abs of a decision": ("region", lambda m, r: abs(m.z) <= 1, "abs(...) of a decision"),
    "Expr_if": ("region", lambda m, r: m.z <= pyo.Expr_if(m.b[r] > 0, 1, 2), "Expr_if"),
    "infinite number": ("region", lambda m, r: m.z <= math.inf, "inf"),
    "nan": ("region", lambda m, r: math.nan * m.z <= 1, "nan"),
    "wrong number of arguments": ("region hour", lambda m, r: m.z <= 1, "positional argument"),
}


def _leaking(m: Any, t: Any) -> Any:
    held = []

    def keep(r: Any) -> Any:
        held.append(r)
        return m.x[r, t]

    return sum(keep(r) for r in m.region) + m.x[held[0], t]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_spelling_is_refused_by_name(name: str) -> None:
    axes, rule, phrase = FORBIDDEN[name]
    formulation = with_limit(axes, rule)
    with pytest.raises(RuleError) as caught:
        compile_lp(formulation, world())
    assert "limit 'the_rule' (room 'world')" in str(caught.value)
    assert phrase in str(caught.value)


def test_refusal_names_the_cost_and_its_room() -> None:
    room = world_room()

    @room.cost("energy")
    def spending(m):
        return sum(m.x[r, t] * (2 if r == "r0" else 1) for r in m.region for t in m.hour)

    with pytest.raises(RuleError, match=r"cost 'spending' of 'energy' \(room 'world'\): an index is compared"):
        compile_lp(declare([room]), world())


def test_reading_rules_leaves_python_and_pyomo_as_they_were() -> None:
    before = builtins.sum, NumericValue.__eq__, NumericValue.__bool__, logging.getLogger("pyomo").disabled
    templates_of(with_limit("region", lambda m, r: m.z <= m.b[r]))
    with pytest.raises(RuleError):
        templates_of(with_limit("region", lambda m, r: m.z <= min(m.b[r], 1)))
    assert (builtins.sum, NumericValue.__eq__, NumericValue.__bool__, logging.getLogger("pyomo").disabled) == before


def test_other_threads_keep_their_sum_while_a_rule_is_read() -> None:
    found: list[int] = []

    def rule(m: Any, r: Any) -> Any:
        thread = threading.Thread(target=lambda: found.append(sum([1, 2, 3], 4)))
        thread.start()
        thread.join()
        return m.z <= m.b[r]

    templates_of(with_limit("region", rule))
    assert found == [10]


def test_templates_are_made_once_for_a_formulation() -> None:
    calls = []

    def rule(m: Any, r: Any) -> Any:
        calls.append(r)
        return m.z <= m.b[r]

    formulation = with_limit("region", rule)
    compile_lp(formulation, world())
    compile_lp(formulation, world())
    assert len(calls) == 1  # neither once an index nor once a compile
