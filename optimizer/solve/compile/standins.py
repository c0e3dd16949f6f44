"""What a rule sees while it is read: stand-ins that allow the spellings of a rule and refuse everything else by name.

A rule is ordinary Pyomo code. It is called once, with a stand-in for the model and one symbolic index an axis. Sets can
only be looped over inside ``sum``; relations, parameters and decisions can only be indexed with symbolic indices.
Parameters and decisions turn into Pyomo's own template nodes, so arithmetic is Pyomo's; no component needs data.

``sum`` has to be replaced for the process while a rule runs (the loop must be seen before it is added up), and Pyomo's
comparison with a string must not quietly be False. Both replacements act in the reading thread only.
"""

from __future__ import annotations

import builtins
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import GeneratorType
from typing import Any, NoReturn

from pyomo.core.expr.base import ExpressionBase
from pyomo.core.expr.numeric_expr import NumericExpression, NumericValue
from pyomo.core.expr.relational_expr import RelationalExpression
from pyomo.core.expr.template_expr import (
    GetItemExpression,
    NPV_Numeric_GetItemExpression,
    Numeric_GetItemExpression,
)

from optimizer.model.joining import Formulation


class Refusal(TypeError):
    """A spelling that rules may not use; :mod:`templates` adds where it stands."""


def refuse(text: str) -> NoReturn:
    """Stop reading the rule."""
    raise Refusal(text)


_COMPARED = (
    "an index is compared or tested in Python: use where= for rows that exist only sometimes, "
    "a subset or a relation for a group of members"
)
_TEXT = "a value is compared with text or None in Python: use where=, a subset or a relation"
_VALUE = "value(), float() or int() in a rule: data are not known while it is read; use the parameter itself"
_ATTRIBUTE = "an attribute or method of a parameter or decision (.value, .fix, ...): rules only calculate with them"
_TRUTH = (
    "a rule needs a truth value (Python if, and, or, min, max, a chained comparison): "
    "use where=, a subset, a relation or a parameter"
)


class Symbol:
    """An index without a value. Nothing can be done with it but to use it as an index."""

    __slots__ = ()

    def _compared(self, *_: Any) -> NoReturn:
        refuse(_COMPARED)

    def _calculated(self, *_: Any) -> NoReturn:
        refuse("arithmetic with an index: use a lookup (m.previous[t]) or a relation, and a parameter for numbers")

    def _spelled(self, *_: Any) -> NoReturn:
        refuse("an index is turned into text or a dictionary key: use a lookup or a parameter")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _compared
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _calculated
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _calculated
    __int__ = __float__ = __index__ = __round__ = _calculated
    __hash__ = __str__ = __repr__ = __format__ = _spelled

    def is_expression_type(self, *_: Any) -> bool:
        """Asked by Pyomo when it looks at the arguments of a template node."""
        return False

    def is_potentially_variable(self) -> bool:
        """An index is never a variable."""
        return False


class AxisSymbol(Symbol):
    """One axis of a limit or one loop: runs over the set ``over``, or the relation ``over`` at ``key``."""

    __slots__ = ("key", "number", "over")

    def __init__(self, number: int, over: str, key: tuple[Symbol, ...] | None = None) -> None:
        self.number, self.over, self.key = number, over, key


class LookupSymbol(Symbol):
    """The label that a lookup holds at an index."""

    __slots__ = ("index", "name")

    def __init__(self, name: str, index: tuple[Symbol, ...]) -> None:
        self.name, self.index = name, index


class LoopTotal(NumericExpression):
    """A sum over loops, as a node of a Pyomo expression: ``args`` holds the one term that stands for all."""

    __slots__ = ("loops",)

    def __init__(self, term: Any, loops: list[AxisSymbol]) -> None:
        super().__init__((term,))
        self.loops = loops

    def nargs(self) -> int:
        """One term."""
        return 1


class Reading:
    """One call of one rule: numbers the loops and remembers which are open."""

    def __init__(self, formulation: Formulation) -> None:
        self.formulation = formulation
        self.open: list[AxisSymbol] = []
        self.count = 0

    def axis(self, over: str, key: tuple[Symbol, ...] | None = None) -> AxisSymbol:
        """A new axis."""
        self.count += 1
        return AxisSymbol(self.count - 1, over, key)

    def total(self, terms: Any) -> LoopTotal:
        """What ``sum`` does while a rule is read: one term stands for all, with the loops that were opened for it."""
        if not isinstance(terms, GeneratorType):
            refuse(
                f"sum(...) of a {type(terms).__name__}: write sum(... for x in m.some_set); "
                "join a fixed list with total([...])"
            )
        before = len(self.open)
        term = next(terms, None)
        if term is None:
            refuse("sum(...) of nothing: its loop never ran")
        loops = self.open[before:]
        del self.open[before:]
        if not loops:
            refuse("sum(...) over a Python sequence: loop over a set or a relation of the model")
        if next(terms, None) is not None:
            refuse("sum(...) mixes a set with a Python sequence: loop over sets and relations only")
        return LoopTotal(term, loops)


class StandIn:
    """A component as a rule sees it. Whatever is not allowed below is refused."""

    def __init__(self, reading: Reading, name: str) -> None:
        self._reading, self._name = reading, name

    def _refused(self, *_: Any) -> NoReturn:
        refuse(f"m.{self._name} is used in a way that rules may not: {self._allowed()}")

    def _allowed(self) -> str:
        return f"m.{self._name}[index] is all there is"

    def __getattr__(self, attribute: str) -> NoReturn:
        refuse(f"m.{self._name}.{attribute}: rules use no methods of components; {self._allowed()}")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = __contains__ = _refused
    __mul__ = __rmul__ = __add__ = __radd__ = __sub__ = __rsub__ = __and__ = __or__ = __xor__ = _refused
    __truediv__ = __rtruediv__ = __pow__ = __neg__ = __abs__ = __float__ = __int__ = __index__ = _refused
    __hash__ = __call__ = _refused

    def __iter__(self) -> Iterator[AxisSymbol]:
        self._refused()

    def __getitem__(self, index: Any) -> Any:
        self._refused()

    def _symbols(self, index: Any, axes: tuple[str, ...]) -> tuple[Symbol, ...]:
        """The index as symbols, one an axis; literals, slices and expressions are refused."""
        parts = index if isinstance(index, tuple) else (index,)
        for part in parts:
            if isinstance(part, Symbol):
                continue
            if isinstance(part, slice):
                refuse(f"m.{self._name}[...:...]: no slices; write sum(m.{self._name}[...] for x in m.some_set)")
            if isinstance(part, str | int | float):
                refuse(f"m.{self._name}[{part!r}]: a fixed index; use a lookup, a subset or a relation instead")
            refuse(f"m.{self._name}[...]: a {type(part).__name__} as an index; use an axis, a loop or a lookup")
        if len(parts) != len(axes):
            refuse(f"m.{self._name} has the axes '{' '.join(axes)}' but is used with {len(parts)} indices")
        return parts


class Loopable(StandIn):
    """A set, or a relation at a key: something that a ``sum`` can loop over."""

    def __init__(self, reading: Reading, name: str, key: tuple[Symbol, ...] | None = None) -> None:
        super().__init__(reading, name)
        self._key = key

    def _allowed(self) -> str:
        return "a set or a relation can only be looped over, inside sum(...)"

    def __iter__(self) -> Iterator[AxisSymbol]:
        symbol = self._reading.axis(self._name, self._key)
        self._reading.open.append(symbol)
        yield symbol


class RelationStandIn(StandIn):
    """A relation: index it with its key, then loop over it."""

    def __getitem__(self, index: Any) -> Loopable:
        key = self._reading.formulation.relations[self._name].key
        return Loopable(self._reading, self._name, self._symbols(index, key))


class LookupStandIn(StandIn):
    """A lookup: indexed, it is an index itself."""

    def __getitem__(self, index: Any) -> LookupSymbol:
        axes = self._reading.formulation.params[self._name].axes
        return LookupSymbol(self._name, self._symbols(index, axes))


class ItemStandIn(StandIn):
    """A parameter or decision with axes: indexed, it is a term."""

    def __init__(self, reading: Reading, name: str, axes: tuple[str, ...]) -> None:
        super().__init__(reading, name)
        self._axes = axes

    def __getitem__(self, index: Any) -> GetItemExpression:
        return item(self._reading.formulation, self._name, self._symbols(index, self._axes))


def item(formulation: Formulation, name: str, index: tuple[Symbol, ...]) -> GetItemExpression:
    """A parameter or decision at an index (none for a scalar) as Pyomo's template node."""
    kind = Numeric_GetItemExpression if name in formulation.decisions else NPV_Numeric_GetItemExpression
    return kind((getattr(formulation.model, name), *index))


class ModelStandIn:
    """The ``m`` of a rule."""

    def __init__(self, reading: Reading) -> None:
        object.__setattr__(self, "_reading", reading)

    def __getattr__(self, name: str) -> Any:
        reading: Reading = object.__getattribute__(self, "_reading")
        formulation = reading.formulation
        if name in formulation.sets:
            return Loopable(reading, name)
        if name in formulation.relations:
            return RelationStandIn(reading, name)
        record = formulation.params.get(name) or formulation.decisions.get(name)
        if record is None:
            refuse(f"m.{name}: no room declares a set, relation, parameter or decision of that name")
        if getattr(record, "of", None) is not None:
            return LookupStandIn(reading, name)
        if record.axes:
            return ItemStandIn(reading, name, record.axes)
        return item(formulation, name, ())

    def __setattr__(self, name: str, value: Any) -> None:
        refuse(f"m.{name} = ...: a rule declares nothing")


@contextmanager
def replaced_builtins(reading: Reading) -> Iterator[None]:
    """``sum`` and Pyomo's conversions as they have to be while a rule is read in this thread. Hold the lock."""
    thread = threading.get_ident()
    logger = logging.getLogger("pyomo")
    was_disabled = logger.disabled
    plain_sum = builtins.sum
    plain: list[tuple[type, str, Any]] = []

    def reading_sum(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return plain_sum(*args, **kwargs)
        if len(args) != 1 or kwargs:
            refuse("sum(x, start): write sum(...) + start")
        return reading.total(args[0])

    def replace(cls: type, method: str, text: str, only_for: Callable[[Any], bool] = lambda _: True) -> None:
        """Let a method of a Pyomo class refuse in this thread (when its argument is such that ``only_for`` holds)."""
        original = getattr(cls, method)

        def refusing(self: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == thread and only_for(args):
                refuse(text)
            return original(self, *args, **kwargs)

        plain.append((cls, method, original))
        setattr(cls, method, refusing)

    try:
        builtins.sum = reading_sum
        logger.disabled = True  # what Pyomo would log is raised with the rule's name instead
        # Pyomo's == with a string or None is quietly False.
        replace(NumericValue, "__eq__", _TEXT, lambda args: args[0] is None or isinstance(args[0], str))
        for cls in (NumericValue, RelationalExpression):
            replace(cls, "__bool__", _TRUTH)
        replace(ExpressionBase, "__call__", _VALUE)
        replace(GetItemExpression, "__getattr__", _ATTRIBUTE, lambda args: not args[0].startswith("_"))
        for method in ("__float__", "__int__"):
            replace(NumericValue, method, _VALUE)
        yield
    finally:
        builtins.sum = plain_sum
        for cls, method, original in plain:
            setattr(cls, method, original)
        logger.disabled = was_disabled
