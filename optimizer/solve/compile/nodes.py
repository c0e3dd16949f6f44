"""What is left of a rule once it was read: a small tree over names, free of Pyomo and of data.

An index is an :class:`Axis` (a number that stands for one axis of the limit or one loop) or a :class:`Lookup` of
indices. Trees are made by :mod:`templates` and evaluated on arrays by :mod:`evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Axis:
    """The index that the limit's axis or the loop with this number runs over."""

    number: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """A label read from a lookup: ``previous[t]``."""

    name: str
    index: tuple[Index, ...]


Index = Axis | Lookup


@dataclass(frozen=True, slots=True)
class Number:
    """A finite constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter at an index; a scalar has none."""

    name: str
    index: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A variable at an index."""

    name: str
    index: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a fixed number of terms."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """``left * right``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Quotient:
    """``top / bottom``."""

    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Negation:
    """``-term``."""

    term: Node


@dataclass(frozen=True, slots=True)
class Power:
    """``base ** exponent``, parameters only."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Function:
    """``abs``, ``exp``, ``log`` or ``sqrt`` of parameters."""

    name: str
    argument: Node


@dataclass(frozen=True, slots=True)
class Loop:
    """One ``for``: axis ``number`` runs over the set ``over``, or over what the relation ``over`` holds at ``key``."""

    number: int
    over: str
    key: tuple[Index, ...] | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """``sum(body for ... in ...)``; a later loop may use an earlier one."""

    loops: tuple[Loop, ...]
    body: Node


Node = Number | Param | Decision | Sum | Product | Quotient | Negation | Power | Function | Total


@dataclass(frozen=True, slots=True)
class Factor:
    """A tree without decisions that a term is multiplied with, or divided by."""

    node: Node
    divides: bool


@dataclass(frozen=True, slots=True)
class Term:
    """``sign * leaf * factors``, summed over loops. The leaf is a decision or a tree without any."""

    leaf: Node
    sign: float
    loops: tuple[Loop, ...] = ()
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class RowTemplate:
    """``lower <= terms <= upper`` for every member of the axes numbered ``axes``.

    A missing side is None. The orientation follows the rule: ``a <= b`` with decisions on both sides is ``a - b <= 0``
    (then ``two_sided``); where only one side holds decisions, that side is the body.
    """

    limit: str
    axes: tuple[int, ...]
    terms: tuple[Term, ...]
    two_sided: bool
    lower: Node | None
    upper: Node | None
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class ScalarTemplate:
    """The terms that add up to one cost part or goal."""

    name: str
    terms: tuple[Term, ...]
    reads: frozenset[str]


def terms_of(node: Node, sign: float = 1.0) -> tuple[Term, ...]:
    """A linear tree taken apart, in the order of its leaves."""
    if not holds_decision(node) or isinstance(node, Decision):
        return (Term(node, sign),)
    match node:
        case Sum(terms):
            return tuple(part for term in terms for part in terms_of(term, sign))
        case Negation(term):
            return terms_of(term, -sign)
        case Product(left, right):
            body, other = (left, right) if holds_decision(left) else (right, left)
            return tuple(replace(t, factors=(Factor(other, False), *t.factors)) for t in terms_of(body, sign))
        case Quotient(top, bottom):
            return tuple(replace(t, factors=(Factor(bottom, True), *t.factors)) for t in terms_of(top, sign))
        case Total(loops, body):
            return tuple(replace(t, loops=(*loops, *t.loops)) for t in terms_of(body, sign))
        case _:
            raise AssertionError(f"{node} is not linear")


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    match node:
        case Sum(terms):
            return terms
        case Product(a, b) | Quotient(a, b) | Power(a, b):
            return a, b
        case Negation(a) | Function(_, a) | Total(_, a):
            return (a,)
        case _:
            return ()


def holds_decision(node: Node) -> bool:
    """True when a decision stands anywhere in the tree."""
    return isinstance(node, Decision) or any(holds_decision(child) for child in children(node))


def names_read(node: Node) -> Iterator[str]:
    """Names of the parameters, lookups and relations that a tree reads."""
    if isinstance(node, Param):
        yield node.name
    if isinstance(node, Param | Decision):
        yield from _names_in_index(node.index)
    if isinstance(node, Total):
        for loop in node.loops:
            if loop.key is not None:
                yield loop.over
                yield from _names_in_index(loop.key)
    for child in children(node):
        yield from names_read(child)


def axes_used(node: Node) -> set[int]:
    """Numbers of the axes that a tree leaves to its surroundings (its own loops are not among them)."""
    used: set[int] = set()
    if isinstance(node, Param | Decision):
        used |= axes_of_index(node.index)
    for child in children(node):
        used |= axes_used(child)
    if isinstance(node, Total):
        used -= {loop.number for loop in node.loops}
        for place, loop in enumerate(node.loops):
            earlier = {previous.number for previous in node.loops[:place]}
            used |= axes_of_index(loop.key or ()) - earlier
    return used


def axes_of_index(index: tuple[Index, ...]) -> set[int]:
    """Numbers of the axes that stand in an index, lookups included."""
    used: set[int] = set()
    for part in index:
        used |= {part.number} if isinstance(part, Axis) else axes_of_index(part.index)
    return used


def _names_in_index(index: tuple[Index, ...]) -> Iterator[str]:
    for part in index:
        if isinstance(part, Lookup):
            yield part.name
            yield from _names_in_index(part.index)
