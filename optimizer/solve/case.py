"""A case that changes: edits in the words of the scenario, and a solve that starts from the last plan.

    case = Case(formulation, instance)
    case.solve()
    case.scale("queue_mw", 1.2, host="us_pjm_dominion", period=2028)
    case.solve()                      # some tenths of a second where the first solve took half a minute

An edit compiles again what reads the parameter, compares arrays, and hands HiGHS the numbers that differ. Only an edit
that lets rows appear or vanish makes a new session; it says so by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation
from optimizer.scenario.errors import nearest_name
from optimizer.solve.certificate import LpArrays
from optimizer.solve.compile import compile_lp, recompile
from optimizer.solve.editing import Edit
from optimizer.solve.engine import Progress
from optimizer.solve.held import HeldLp
from optimizer.solve.linear_program import LinearProgram
from optimizer.solve.options import SolverOptions
from optimizer.solve.relief import Relief, add_relief, leaning
from optimizer.solve.session import Session, Solution

Floats = NDArray[np.float64]
Compiler = Callable[[Instance], LinearProgram]


@dataclass(frozen=True)
class Change:
    """What an edit did: parameters that changed, numbers that travelled to HiGHS, and why a new session was needed.

    ``rebuild`` is empty where the old session goes on.
    """

    params: tuple[str, ...]
    edit: Edit
    rebuild: str = ""


@dataclass
class Cut:
    """A row of one's own: ``lower <= sum of coefficient x decision <= upper``; a rebuild brings ``row`` up to date."""

    terms: Mapping[str, Floats]
    lower: float
    upper: float
    row: int = -1

    def price(self, solution: Solution) -> float:
        """Its dual, MUSD per unit: positive where the lower end holds, negative where the upper one does."""
        return float(solution.y[self.row])


class Case:
    """One formulation on one set of labels, its parameters open to edits, solved again and again.

    Args:
        formulation, instance: what to compile; edits change parameters, never labels or relations.
        options: of the solver. on_progress: as for :class:`Session`.
        compiler: makes an LP of an instance in the place of the array road (Pyomo's own, for comparison).
    """

    def __init__(
        self,
        formulation: Formulation,
        instance: Instance,
        options: SolverOptions | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        compiler: Compiler | None = None,
    ) -> None:
        self.formulation = formulation
        self.instance = instance.replace(**{name: _own(values) for name, values in instance.params.items()})
        self._compiler = compiler
        self.options, self.on_progress = options, on_progress
        self.lp: LinearProgram = compiler(instance) if compiler else compile_lp(formulation, instance)
        self._objective: tuple[Floats, float] | None = None
        self.reliefs: dict[str, Relief] = {}
        self._appended: list[Relief | Cut] = []  # in the order in which they came
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session, made at first use; appended columns and rows come last in its vectors."""
        if self._session is None:
            cost, offset = self.goal()
            self._session = Session(self.lp, self.options, cost, self.on_progress, offset=offset, reuse=True)
        return self._session

    def solve(self, near: bool = False, sure: bool = True) -> Solution:
        """A certified plan of the case as it stands; arguments and SolveError as for :meth:`Session.solve`."""
        return self.session.solve(near=near, sure=sure)

    def release(self) -> None:
        """Give the solver's memory back. A later solve starts from nothing; reliefs and cuts would be lost, so with
        any of them nothing happens.
        """
        if not self._appended:
            self._session = None

    # -- edits

    def put(self, param: str, value: Any, **at: Any) -> Change:
        """Set a parameter, everywhere or at labels: ``put("queue_mw", 500.0, host="pjm", period=[2028, 2030])``.

        KeyError for an unknown parameter, axis or label, with the nearest name; ValueError for a value that does not
        fit the place, and as for :meth:`become`.
        """
        place = self._place(param, at)
        values = self.instance.params[param].copy()
        values[place] = value
        return self.change({param: values})

    def scale(self, param: str, factor: float, **at: Any) -> Change:
        """Multiply a parameter, everywhere or at labels; raises as :meth:`put`."""
        place = self._place(param, at)
        values = self.instance.params[param].copy()
        values[place] = values[place] * factor
        return self.change({param: values})

    def change(self, params: Mapping[str, Any]) -> Change:
        """Replace whole parameters by name; arrays are copied. Raises as :meth:`become`."""
        unknown = [name for name in params if name not in self.formulation.params]
        if unknown:
            raise KeyError(f"no parameter '{unknown[0]}'{_nearest(unknown[0], self.formulation.params)}")
        return self.become(self.instance.replace(**params))

    def become(self, instance: Instance) -> Change:
        """Take over the parameters of another instance of the same labels; what differs is compiled again.

        A refused edit leaves the case as it was.

        Raises:
            InstanceError: a value that is not a number, bounds that cross, a wrong shape; each named by its labels.
            CompileError: data that make no linear program. ValueError: other labels or relations.
        """
        old = self.instance
        if instance.sets != old.sets or instance.relations != old.relations:
            raise ValueError("the instance has other labels or relations: make a new case")
        values = {name: v for name, v in instance.params.items() if not np.array_equal(old.params[name], v)}
        if not values:
            return Change((), self._applied())
        changed = tuple(values)
        new = old.replace(**{name: _own(v) for name, v in values.items()})
        new.check(self.formulation)
        lp = self._compiler(new) if self._compiler else recompile(self.lp, self.formulation, new, params=changed)
        reason = self._other_shape(lp, changed)
        before = self.lp
        self.instance, self.lp = new, lp
        try:
            if not reason:
                return Change(changed, self._applied())
            self._rebuild()
        except BaseException:
            self.instance, self.lp = old, before
            self._rebuild()
            raise
        return Change(changed, Edit(), reason)

    def aim(self, cost: Floats | None, offset: float = 0.0) -> None:
        """Minimise another objective, (num_col,), or the LP's own cost again (None). Relief is free after either.

        ValueError for another length or a cost that is not a number.
        """
        if cost is not None:
            cost = np.array(cost, dtype=np.float64)
            if cost.shape != (self.lp.num_col,) or not np.isfinite(cost).all():
                raise ValueError(f"a finite cost for each of {self.lp.num_col} columns is wanted, found {cost.shape}")
        self._objective = None if cost is None else (cost, offset)
        if self._session is not None:
            cost, offset = self.goal()
            appended = np.zeros(len(self._session.lp.col_lower) - self.lp.num_col)
            self._session.set_cost(np.concatenate([cost, appended]), offset)

    # -- what is appended

    def relieve(self, family: str) -> Relief:
        """Give a family its relief columns (relief.py), fixed at zero; those it has when asked again."""
        if family not in self.reliefs:
            relief = add_relief(self.session, self.formulation, self.instance, self.lp, family)
            self.reliefs[family] = relief
            self._appended.append(relief)
        return self.reliefs[family]

    def allow(self, family: str, amount: Any, cost: Any = None) -> None:
        """Let a family be relieved by up to ``amount`` of each column (one value for all, or one each).

        ``cost`` is what a unit costs, MUSD; free where None. An amount of 0 takes the relief back, its cost too.
        """
        columns = self.relieve(family).columns
        self.session.set_col_bounds(columns, 0.0, amount)
        self.session.set_costs(columns, np.where(np.asarray(amount) == 0.0, 0.0, 0.0 if cost is None else cost))

    def cut(self, terms: Mapping[str, Any], lower: float = -np.inf, upper: float = np.inf) -> Cut:
        """Append a row ``lower <= sum of coefficient x decision <= upper``.

        ``terms`` holds, by decision, coefficients that broadcast to its shape. KeyError for an unknown decision,
        ValueError for no coefficient or ends that cross.
        """
        for name in terms:
            if name not in self.lp.columns:
                raise KeyError(f"no decision '{name}'{_nearest(name, self.lp.columns)}")
        spread = {
            name: np.array(np.broadcast_to(np.asarray(values, float), self.lp.columns[name].shape))
            for name, values in terms.items()
        }
        if not any(values.any() for values in spread.values()):
            raise ValueError("a cut without any coefficient")
        cut = Cut(spread, lower, upper)
        self._append_cut(cut)
        self._appended.append(cut)
        return cut

    def with_cuts(self) -> LpArrays:
        """The arrays of ``lp`` with the cuts as last rows, in the order in which they came; no relief column."""
        held = HeldLp(self.lp)
        for one in self._appended:
            if isinstance(one, Cut):
                places, values = self._terms_of(one)
                row = np.full(len(places), len(held.row_lower), np.int32)
                ends = np.array([one.lower]), np.array([one.upper])
                held.append(None, ends, (row, places.astype(np.int32), values))
        return held

    # -- inside

    def _append_cut(self, cut: Cut) -> None:
        places, values = self._terms_of(cut)
        rows = self.session.add_rows([cut.lower], [cut.upper], [0, len(places)], places, values)
        cut.row = int(rows[0])

    def _terms_of(self, cut: Cut) -> tuple[NDArray[np.int64], Floats]:
        """Columns and coefficients of a cut."""
        columns, values = [], []
        for name, coefficients in cut.terms.items():
            flat = coefficients.ravel()
            at = np.flatnonzero(flat)
            columns.append(self.lp.columns[name].offset + at)
            values.append(flat[at])
        return np.concatenate(columns), np.concatenate(values)

    def goal(self) -> tuple[Floats, float]:
        """The objective that is minimised: costs over the columns of ``lp``, (num_col,), and a constant."""
        return (self.lp.cost, self.lp.offset) if self._objective is None else self._objective

    def _applied(self) -> Edit:
        return Edit() if self._session is None else self._session.become(self.lp, *self.goal())

    def _rebuild(self) -> None:
        """A new session with what was appended, in the same order; relief columns come back fixed at zero and free."""
        if self._session is None:
            return
        self._session = None
        for one in self._appended:
            if isinstance(one, Cut):
                self._append_cut(one)
                continue
            again = add_relief(self.session, self.formulation, self.instance, self.lp, one.family)
            one.columns, one.places = again.columns, again.places

    def _other_shape(self, lp: LinearProgram, changed: tuple[str, ...]) -> str:
        """Why the session cannot become ``lp``, in words; empty where it can."""
        parts = _other_rows(self.lp, lp)
        for family in self.reliefs:
            if not parts and leaning(self.formulation, lp, family) != leaning(self.formulation, self.lp, family):
                parts.append(f"relief of '{family}': bounds appear, vanish or turn into equations")
        return f"{'; '.join(parts)} (changed: {', '.join(changed)})" if parts else ""

    def _place(self, param: str, at: Mapping[str, Any]) -> tuple[Any, ...]:
        """An index of a parameter's array for labels by axis; axes that are not named run over all labels."""
        record = self.formulation.params.get(param)
        if record is None:
            raise KeyError(f"no parameter '{param}'{_nearest(param, self.formulation.params)}")
        for axis in at:
            if record.axes.count(axis) != 1:
                raise KeyError(
                    f"'{param}' has no single axis '{axis}'; its axes are {', '.join(record.axes) or 'none'}"
                )
        positions = []
        for axis in record.axes:
            labels = self.instance.sets[axis]
            wanted = at.get(axis, labels)
            chosen = wanted if isinstance(wanted, list | tuple | range) else [wanted]
            for label in chosen:
                if label not in labels:
                    raise KeyError(f"'{axis}' has no member {label!r}{_nearest(label, labels)}")
            positions.append([labels.index(label) for label in chosen])
        return np.ix_(*positions) if positions else ()


def _own(values: NDArray[Any]) -> NDArray[Any]:
    """A copy that nobody can change behind the case's back."""
    copy = np.array(values)
    copy.flags.writeable = False
    return copy


def _nearest(wanted: Label, known: Iterable[Label]) -> str:
    close = nearest_name(wanted, known)
    return f"; the nearest is '{close}'" if close else ""


def _other_rows(old: LinearProgram, new: LinearProgram) -> list[str]:
    """Which limits hold other rows now, in words; empty where all are the same."""
    parts = []
    for name, block in new.rows.items():
        before = old.rows[name]
        if block.kept is before.kept:
            continue
        here, there = (np.arange(np.prod(b.shape, dtype=int)) if b.kept is None else b.kept for b in (block, before))
        come, go = len(np.setdiff1d(here, there)), len(np.setdiff1d(there, here))
        if come or go:
            parts.append(f"limit '{name}': {come} rows appear, {go} vanish")
    return parts
