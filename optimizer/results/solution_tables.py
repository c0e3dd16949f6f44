"""Long tables of a solution, made from the records of the rooms: a new room gets its tables without an edit here.

Three kinds, named after the record:

* ``<decision>``: one row a variable; the value's column carries the unit (``chips_built_kchip``);
* ``dual_<limit>``: one row a constraint: lower side, activity, upper side, and the dual: what the objective gains per
  unit by which the bound is raised (negative: a limit whose relief saves money; positive: an obligation that costs);
* ``reduced_cost_<decision>``: the same for the bounds of decisions that declare some.

Index columns carry the names of the sets, followed by the sets' attribute columns. ``catalogue`` lists all tables.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance
    from optimizer.model.joining import Formulation
    from optimizer.model.records import DecisionRecord, LimitRecord
    from optimizer.solve.linear_program import LinearProgram
    from optimizer.solve.session import Solution


def solution_tables(
    formulation: Formulation,
    instance: Instance,
    lp: LinearProgram,
    solution: Solution,
    price_unit: str = "MUSD",
) -> dict[str, pd.DataFrame]:
    """Make every table of a solution. ``price_unit`` is the unit of the objective that the duals belong to."""
    tables: dict[str, pd.DataFrame] = {}
    entries: list[dict[str, object]] = []

    def add(name: str, kind: str, table: pd.DataFrame, record: DecisionRecord | LimitRecord, unit: str) -> None:
        tables[name] = table
        entries.append(
            {
                "table": name,
                "kind": kind,
                "room": record.room,
                "family": record.family or "",
                "unit": unit,
                "rows": len(table),
                "doc": " ".join(record.doc.split()),
            }
        )

    for name, decision in formulation.decisions.items():
        add(name, "decision", decision_table(decision, formulation, instance, lp, solution), decision, decision.unit)
    for name, limit in formulation.limits.items():
        table = dual_table(limit, formulation, instance, lp, solution, price_unit)
        add(f"dual_{name}", "dual", table, limit, _price(price_unit, limit.per))
    for name, decision in formulation.decisions.items():
        if decision.upper is not None or decision.lower is not None:
            table = reduced_cost_table(decision, formulation, instance, lp, solution, price_unit)
            add(f"reduced_cost_{name}", "reduced cost", table, decision, _price(price_unit, decision.unit))
    columns = ["table", "kind", "room", "family", "unit", "rows", "doc"]
    tables["catalogue"] = pd.DataFrame(entries, columns=columns)
    return tables


def decision_table(
    record: DecisionRecord, formulation: Formulation, instance: Instance, lp: LinearProgram, solution: Solution
) -> pd.DataFrame:
    """One row a variable of ``record``: index and attribute columns, then the value in the column's unit."""
    block = lp.columns[record.name]
    columns = index_columns(record.axes, formulation, instance)
    count = math.prod(block.shape)
    columns[value_column(record.name, record.unit)] = _part(solution.x, block.offset, count)
    return _frame(columns, count)


def dual_table(
    record: LimitRecord,
    formulation: Formulation,
    instance: Instance,
    lp: LinearProgram,
    solution: Solution,
    price_unit: str = "MUSD",
) -> pd.DataFrame:
    """One row a constraint of ``record`` that exists: its two sides (infinite: open), its activity and its dual."""
    block = lp.rows[record.name]
    columns = index_columns(record.axes, formulation, instance, block.kept)
    count, unit = block.size, _suffix(record.per)
    columns[f"lower{unit}"] = _part(lp.row_lower, block.offset, count)
    columns[f"activity{unit}"] = _part(solution.row_activity, block.offset, count)
    columns[f"upper{unit}"] = _part(lp.row_upper, block.offset, count)
    columns[f"dual_{slug(_price(price_unit, record.per))}"] = _part(solution.y, block.offset, count)
    return _frame(columns, count)


def reduced_cost_table(
    record: DecisionRecord,
    formulation: Formulation,
    instance: Instance,
    lp: LinearProgram,
    solution: Solution,
    price_unit: str = "MUSD",
) -> pd.DataFrame:
    """One row a variable of ``record``: its bounds (infinite: open), its value and its reduced cost."""
    block = lp.columns[record.name]
    count, unit = math.prod(block.shape), _suffix(record.unit)
    columns = index_columns(record.axes, formulation, instance)
    columns[f"lower{unit}"] = _part(lp.col_lower, block.offset, count)
    columns[value_column(record.name, record.unit)] = _part(solution.x, block.offset, count)
    columns[f"upper{unit}"] = _part(lp.col_upper, block.offset, count)
    columns[f"reduced_cost_{slug(_price(price_unit, record.unit))}"] = _part(solution.z, block.offset, count)
    return _frame(columns, count)


def _frame(columns: dict[str, Any], count: int) -> pd.DataFrame:
    """One table from all its columns at once: adding them one by one to a frame costs as much as the rest together."""
    return pd.DataFrame(columns, index=pd.RangeIndex(count))


def index_columns(
    axes: tuple[str, ...], formulation: Formulation, instance: Instance, kept: np.ndarray | None = None
) -> dict[str, Any]:
    """The named index columns of a block, in row order of its array, and the attribute columns of its sets.

    ``kept`` picks flat positions of the full block. An attribute is called by its own name where that is clear and
    ``<set>_<attribute>`` where two columns would share it; the second axis over one set is called ``<set>_2``. No axes:
    one row without columns.
    """
    shape = tuple(len(instance.sets[axis]) for axis in axes)
    flat = np.arange(math.prod(shape)) if kept is None else np.asarray(kept, dtype=np.int64)
    positions = np.unravel_index(flat, shape) if axes else ()
    names = [axis if i == axes.index(axis) else f"{axis}_{axes[:i].count(axis) + 1}" for i, axis in enumerate(axes)]
    data: dict[str, Any] = {
        name: pd.Index(list(instance.sets[axis])).take(at)
        for name, axis, at in zip(names, axes, positions, strict=True)
    }
    attributes = [
        (name, column, pd.Index(values).take(at))
        for name, axis, at in zip(names, axes, positions, strict=True)
        for column, values in attributes_of(axis, formulation, instance)
    ]
    taken = Counter([*names, *(column for _, column, _ in attributes)])
    for name, column, values in attributes:
        data[column if taken[column] == 1 else f"{name}_{column}"] = values
    return data


def value_column(name: str, unit: str) -> str:
    """Name of the column that holds the values of a decision: its name and its unit, the unit said once."""
    suffix = _suffix(unit)
    return name if name.endswith(suffix) else name + suffix


def slug(unit: str) -> str:
    """A unit as part of a column's name: ``"MUSD/MW-yr"`` becomes ``musd_per_mw_yr``."""
    words = unit.lower().replace("/", " per ").replace("%", " pct ")
    return re.sub(r"[^a-z0-9]+", "_", words).strip("_")


def _suffix(unit: str) -> str:
    return "" if unit in ("", "1") else f"_{slug(unit)}"


def _price(price_unit: str, per: str) -> str:
    return price_unit if per in ("", "1") else f"{price_unit}/{per}"


def _part(values: np.ndarray, offset: int, count: int) -> np.ndarray:
    """A copy of a block's slice: a table must not change, or keep alive, the arrays of the solution."""
    return np.array(values[offset : offset + count], dtype=np.float64)


def attributes_of(axis: str, formulation: Formulation, instance: Instance) -> list[tuple[str, list]]:
    """Attribute columns of a set, aligned with its members; a subset takes those of its parent, found by label."""
    record = formulation.sets[axis]
    own = instance.attributes.get(axis, {})
    columns = [(column, list(own[column])) for column in record.columns if column in own]
    if columns or record.within is None:
        return columns
    place = {label: i for i, label in enumerate(instance.sets[record.within])}
    members = [place[label] for label in instance.sets[axis]]
    parent = attributes_of(record.within, formulation, instance)
    return [(column, [values[i] for i in members]) for column, values in parent]
