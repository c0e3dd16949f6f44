"""Pyomo's own road: ``create_instance`` and its standard form, put into the order of the array road.

It expands every rule index by index and is a hundred times slower; it is the reference that the array road is tested
against, and it works for any rule that Pyomo accepts. The result has the rows, columns and orientation of
:func:`compile_lp`, so either can be solved. Coefficients, bounds and costs all come from Pyomo; the array road gives
the layout only, and tells which way round a row stands that has decisions on both sides of its comparison (Pyomo turns
such a row when one side comes out empty).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation
from optimizer.model.records import CostRecord, GoalRecord
from optimizer.solve.compile.assemble import DROPPED, compile_lp
from optimizer.solve.compile.evaluate import CompileError
from optimizer.solve.compile.templates import templates_of
from optimizer.solve.linear_program import Block, LinearProgram


def compile_lp_by_pyomo(formulation: Formulation, instance: Instance) -> LinearProgram:
    """The linear program of :func:`compile_lp`, made by Pyomo; CompileError where the two hold different rows."""
    layout = compile_lp(formulation, instance)
    places = _Places(instance)
    model = formulation.model.create_instance(instance.namespace(formulation))
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    columns = np.array([places.column(layout.columns, variable) for variable in form.columns], np.int64)
    matrix, lower, upper = _rows(layout, places, form, columns)
    matrix, lower, upper = _turned_back(formulation, layout, matrix, lower, upper)
    col_lower, col_upper = _column_bounds(layout, instance, model)
    costs, cost_offset = _vectors(layout, places, model, formulation.costs)
    goals, goal_offset = _vectors(layout, places, model, formulation.goals)
    return replace(
        layout,
        costs=costs,
        cost_offset=cost_offset,
        goals=goals,
        goal_offset=goal_offset,
        col_lower=col_lower,
        col_upper=col_upper,
        row_lower=lower,
        row_upper=upper,
        start=matrix.indptr.astype(np.int64),
        index=matrix.indices.astype(np.int32),
        value=matrix.data,
    )


class _Places:
    """From a Pyomo component and its index to a row or column number."""

    def __init__(self, instance: Instance) -> None:
        self._positions: dict[str, dict[Label, int]] = {
            name: {label: i for i, label in enumerate(labels)} for name, labels in instance.sets.items()
        }
        self._rank: dict[str, dict[int, int]] = {}

    def flat(self, block: Block, index: Any) -> int:
        """The flat position of an index in the full shape of a block."""
        labels = () if index is None else index if isinstance(index, tuple) else (index,)
        flat = 0
        for axis, size, label in zip(block.axes, block.shape, labels, strict=True):
            flat = flat * size + self._positions[axis][label]
        return flat

    def column(self, blocks: Mapping[str, Block], variable: Any) -> int:
        block = blocks[variable.parent_component().local_name]
        return block.offset + self.flat(block, variable.index())

    def row(self, blocks: Mapping[str, Block], constraint: Any) -> int | None:
        """The row number, or None for a row that the layout has left out."""
        name = constraint.parent_component().local_name
        block = blocks[name]
        flat = self.flat(block, constraint.index())
        if block.kept is None:
            return block.offset + flat
        if name not in self._rank:
            self._rank[name] = {int(position): i for i, position in enumerate(block.kept)}
        rank = self._rank[name].get(flat)
        return None if rank is None else block.offset + rank


def _rows(
    layout: LinearProgram, places: _Places, form: Any, columns: np.ndarray
) -> tuple[sp.csr_array, np.ndarray, np.ndarray]:
    """Pyomo's rows in our order; a ranged row comes from Pyomo as two."""
    lower, upper = np.full(layout.num_row, -np.inf), np.full(layout.num_row, np.inf)
    source = np.full(layout.num_row, -1, np.int64)
    given = sp.csr_array(form.A)
    for i, (row, bound) in enumerate(zip(form.rows, form.rhs, strict=True)):
        place = places.row(layout.rows, row.constraint)
        if place is None:
            if np.isinf(bound):
                continue  # no bound on this side; the layout leaves a row out when the other side has none either
            here = given.data[given.indptr[i] : given.indptr[i + 1]]
            if np.abs(here).max(initial=0.0) > DROPPED:
                raise CompileError(f"{row.constraint.name}: a row that only Pyomo's road holds")
            continue
        source[place] = i
        if row.bound_type <= 0:
            lower[place] = bound
        if row.bound_type >= 0:
            upper[place] = bound
    if (source < 0).any():
        missing = int(np.flatnonzero(source < 0)[0])
        raise CompileError(f"{layout.row_name(missing)}: row {missing} is missing on Pyomo's road")
    entries = given[source].tocoo()
    rows, cols = entries.coords
    stays = np.abs(entries.data) > DROPPED
    shape = (layout.num_row, layout.num_col)
    matrix = sp.csr_array((entries.data[stays], (rows[stays], columns[cols[stays]])), shape=shape)
    return matrix, lower, upper


def _turned_back(
    formulation: Formulation, layout: LinearProgram, matrix: sp.csr_array, lower: np.ndarray, upper: np.ndarray
) -> tuple[sp.csr_array, np.ndarray, np.ndarray]:
    """Rows with decisions on both sides in the orientation of the layout."""
    turnable = np.zeros(layout.num_row, bool)
    for name, template in templates_of(formulation).rows.items():
        turnable[layout.rows[name].span] = template.two_sided
    ours = sp.csr_array((layout.value, layout.index, layout.start), shape=matrix.shape)
    agreement = np.asarray(matrix.multiply(ours).sum(axis=1)).ravel()
    turned = turnable & (agreement < 0.0)
    sign = np.where(turned, -1.0, 1.0)
    turned_matrix = sp.csr_array(sp.diags_array(sign) @ matrix)
    return turned_matrix, np.where(turned, -upper, lower), np.where(turned, -lower, upper)


def _column_bounds(layout: LinearProgram, instance: Instance, model: Any) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = np.full(layout.num_col, -np.inf), np.full(layout.num_col, np.inf)
    for name, block in layout.columns.items():
        component = getattr(model, name)
        keys = instance.keys(block.axes) if block.axes else [None]
        for column, key in enumerate(keys, start=block.offset):
            low, high = component[key].bounds
            lower[column] = -np.inf if low is None else low
            upper[column] = np.inf if high is None else high
    return lower, upper


def _vectors(
    layout: LinearProgram,
    places: _Places,
    model: pyo.ConcreteModel,
    groups: Mapping[str, tuple[CostRecord, ...]] | Mapping[str, tuple[GoalRecord, ...]],
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Pyomo's objective holds all costs in one; each part is expanded on its own."""
    vectors, offsets = {}, {}
    for name, records in groups.items():
        vectors[name], offsets[name] = np.zeros(layout.num_col), 0.0
        for record in records:
            terms = generate_standard_repn(record.rule(model))
            offsets[name] += float(pyo.value(terms.constant))
            for variable, coefficient in zip(terms.linear_vars, terms.linear_coefs, strict=True):
                vectors[name][places.column(layout.columns, variable)] += float(coefficient)
    return vectors, offsets
