"""From templates and arrays to one linear program.

Columns follow the order of declared decisions, rows the order of declared limits, both flat in C order over their
axes. Three kinds of rows are left out: those that ``where=`` filters, those that hold no decision for these data (and
are true; a false one is an error), and those free on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from kernels.csr import add_at, pack_rows
from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation
from optimizer.model.records import DecisionRecord, LimitRecord
from optimizer.solve.compile.evaluate import CompileError, Entries, Evaluator, sum_by_row
from optimizer.solve.compile.frames import Frame, Structure
from optimizer.solve.compile.nodes import RowTemplate, ScalarTemplate
from optimizer.solve.compile.templates import Templates, templates_of
from optimizer.solve.linear_program import Block, LinearProgram

DROPPED = 1e-14  # coefficients of this size or less are rounding residue of terms that cancel
TRUE_WITHIN = 1e-9  # relative slack of a row without decisions that still counts as true


@dataclass(frozen=True)
class RowPart:
    """The rows of one limit: CSR arrays with ``start`` from zero, bounds, and the flat positions kept (None: all)."""

    start: np.ndarray
    index: np.ndarray
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    kept: np.ndarray | None


def compile_lp(formulation: Formulation, instance: Instance, templates: Templates | None = None) -> LinearProgram:
    """The linear program of an instance.

    ``templates`` are made and kept by formulation when not given. Raises RuleError for a rule that is no algebra and
    CompileError for data that make no linear program; run ``instance.check`` first for a full list of data faults.
    """
    templates = templates or templates_of(formulation)
    structure = Structure.of(formulation, instance)
    columns = column_blocks(formulation, structure)
    evaluator = Evaluator(formulation, instance, columns)
    num_col = sum(block.size for block in columns.values())
    parts = {
        name: _rows_of(evaluator, template, formulation.limits[name], num_col)
        for name, template in templates.rows.items()
    }
    costs, cost_offset = _vectors(evaluator, templates.costs, "cost", num_col)
    goals, goal_offset = _vectors(evaluator, templates.goals, "goal", num_col)
    lower, upper = np.empty(num_col), np.empty(num_col)
    for name, block in columns.items():
        lower[block.span], upper[block.span] = _column_bounds(evaluator, formulation.decisions[name], block)
    return _joined(formulation, structure, columns, parts, costs, cost_offset, goals, goal_offset, lower, upper)


def recompile(
    lp: LinearProgram,
    formulation: Formulation,
    instance: Instance,
    families: Iterable[str] = (),
    params: Iterable[str] = (),
) -> LinearProgram:
    """``lp`` with some parts compiled again for an instance with the same labels and other numbers.

    ``families`` are ledger families, or names of limits, decisions (their bounds), cost parts or goals; ``params`` are
    changed parameters: everything that reads one of them is compiled again. What is not named is taken over as it is.
    KeyError for a name that is neither.
    """
    templates = templates_of(formulation)
    chosen, changed = set(families), set(params)
    known = set(templates.rows) | set(formulation.decisions) | set(templates.costs) | set(templates.goals)
    known |= {limit.family for limit in formulation.limits.values()}
    known |= {decision.family for decision in formulation.decisions.values() if decision.family is not None}
    unknown = sorted((chosen - known) | (changed - set(formulation.params)))
    if unknown:
        raise KeyError(f"neither a family nor a part of the formulation: {', '.join(unknown)}")
    evaluator = Evaluator(formulation, instance, lp.columns)
    parts: dict[str, RowPart] = {}
    for name, template in templates.rows.items():
        limit = formulation.limits[name]
        again = bool(chosen & {name, limit.family}) or bool(changed & {*template.reads, limit.where})
        parts[name] = _rows_of(evaluator, template, limit, lp.num_col) if again else _rows_in(lp, name)

    def again_in(group: Mapping[str, ScalarTemplate]) -> dict[str, ScalarTemplate]:
        return {name: template for name, template in group.items() if name in chosen or changed & template.reads}

    costs, cost_offset = _vectors(evaluator, again_in(templates.costs), "cost", lp.num_col)
    goals, goal_offset = _vectors(evaluator, again_in(templates.goals), "goal", lp.num_col)
    lower, upper = lp.col_lower.copy(), lp.col_upper.copy()
    for name, block in lp.columns.items():
        decision = formulation.decisions[name]
        if chosen & {name, decision.family} or changed & {decision.lower, decision.upper}:
            lower[block.span], upper[block.span] = _column_bounds(evaluator, decision, block)
    return _joined(
        formulation,
        evaluator.structure,
        lp.columns,
        parts,
        {**lp.costs, **costs},
        {**lp.cost_offset, **cost_offset},
        {**lp.goals, **goals},
        {**lp.goal_offset, **goal_offset},
        lower,
        upper,
    )


def column_blocks(formulation: Formulation, structure: Structure) -> dict[str, Block]:
    """Where each decision lies among the columns."""
    blocks, offset = {}, 0
    for name, record in formulation.decisions.items():
        blocks[name] = Block(offset, structure.shape(record.axes), record.axes)
        offset += blocks[name].size
    if offset >= 2**31:
        raise CompileError(f"{offset} columns are more than 32-bit indices can number")
    return blocks


def _column_bounds(evaluator: Evaluator, record: DecisionRecord, block: Block) -> tuple[np.ndarray, np.ndarray]:
    evaluator.what = f"decision '{record.name}' (room '{record.room}')"
    lower = np.zeros(block.size) if record.lower is None else evaluator.param(record.lower).ravel()
    upper = np.full(block.size, np.inf) if record.upper is None else evaluator.param(record.upper).ravel()
    if np.isnan(lower).any() or np.isnan(upper).any():
        raise evaluator.fail("a bound is nan")
    return lower, upper


def _vectors(
    evaluator: Evaluator, templates: Mapping[str, ScalarTemplate], kind: str, num_col: int
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Column vectors and constants of cost parts or goals."""
    vectors, offsets = {}, {}
    for name, template in templates.items():
        evaluator.what = f"{kind} '{name}'"
        vector, offset = np.zeros(num_col), 0.0
        for body in template.bodies:
            for block in evaluator.entries(body, Frame((), {})):
                if block.columns is None:
                    offset += float(np.broadcast_to(block.value, block.frame.sizes).sum())
                    continue
                columns, values = np.empty(block.size, np.int32), np.empty(block.size)
                block.fill(None, columns, values)
                add_at(vector, columns, values)
        vectors[name], offsets[name] = vector, offset
    return vectors, offsets


def _rows_of(evaluator: Evaluator, template: RowTemplate, limit: LimitRecord, num_col: int) -> RowPart:
    """Compile the rows of one limit."""
    evaluator.what = f"{'balance' if limit.balance else 'limit'} '{limit.name}' (room '{limit.room}')"
    sizes = evaluator.structure.shape(limit.axes)
    kept = None
    if limit.where is not None:
        exists = evaluator.param(limit.where).ravel() != 0.0
        kept = None if exists.all() else np.flatnonzero(exists)
    if kept is None:
        frame = Frame.whole(template.axes, limit.axes, sizes)
    else:
        frame = Frame.selected(template.axes, limit.axes, sizes, kept)
    num_row = prod(frame.sizes)
    blocks: list[Entries] = []
    shift: np.ndarray | float = 0.0
    for body, sign in template.bodies:
        for block in evaluator.entries(body, frame, sign):
            if block.columns is not None:
                blocks.append(block)
            elif block.frame is frame:
                shift = shift + np.broadcast_to(block.value, frame.sizes).ravel()
            else:
                shift = shift + sum_by_row(block.frame, block.value, num_row)
    start, index, value = _packed(blocks, num_row, num_col)
    with np.errstate(all="ignore"):
        lower = np.full(num_row, -np.inf) if template.lower is None else evaluator.spread(template.lower, frame)
        upper = np.full(num_row, np.inf) if template.upper is None else evaluator.spread(template.upper, frame)
        lower, upper = lower - shift, upper - shift
    if np.isnan(lower).any() or np.isnan(upper).any():
        raise evaluator.fail("a bound of a row is nan")
    return _without_idle_rows(evaluator, limit, RowPart(start, index, value, lower, upper, kept))


def _packed(blocks: list[Entries], num_row: int, num_col: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    total = sum(block.size for block in blocks)
    rows, columns, values = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total)
    at = 0
    for block in sorted(blocks, key=lambda block: block.first_column):  # rising columns pack faster
        here = slice(at, at + block.size)
        block.fill(rows[here], columns[here], values[here])
        at += block.size
    return pack_rows(rows, columns, values, num_row, num_col, DROPPED)


def _without_idle_rows(evaluator: Evaluator, limit: LimitRecord, part: RowPart) -> RowPart:
    """Without rows that hold no decision or that are free on both sides."""
    counts = np.diff(part.start)
    empty = counts == 0
    false = (part.lower == np.inf) | (part.upper == -np.inf)
    if empty.any():
        false |= empty & (part.lower > TRUE_WITHIN * (1.0 + np.abs(part.lower)))
        false |= empty & (part.upper < -TRUE_WITHIN * (1.0 + np.abs(part.upper)))
    if false.any():
        row = int(np.flatnonzero(false)[0])
        labels = evaluator.structure.labels(limit.axes, row if part.kept is None else int(part.kept[row]))
        raise evaluator.fail(
            f"{int(false.sum())} rows can never hold, the first at {labels}: "
            f"{'no decision is left, and 0' if empty[row] else 'what decisions add up to'} "
            f"would have to lie between {part.lower[row]:g} and {part.upper[row]:g}"
        )
    idle = empty | ((part.lower == -np.inf) & (part.upper == np.inf))
    if not idle.any():
        return part
    stay = np.flatnonzero(~idle)
    if (idle & ~empty).any():  # free rows hold coefficients that go with them
        entries = np.repeat(~idle, counts)
        part = replace(part, index=part.index[entries], value=part.value[entries])
    start = np.zeros(len(stay) + 1, np.int64)
    np.cumsum(counts[stay], out=start[1:])
    kept = stay if part.kept is None else part.kept[stay]
    return RowPart(start, part.index, part.value, part.lower[stay], part.upper[stay], kept)


def _rows_in(lp: LinearProgram, name: str) -> RowPart:
    """The rows of one limit as they stand in a linear program."""
    block = lp.rows[name]
    start = lp.start[block.offset : block.offset + block.size + 1]
    entries = slice(int(start[0]), int(start[-1]))
    return RowPart(
        start - start[0],
        lp.index[entries],
        lp.value[entries],
        lp.row_lower[block.span],
        lp.row_upper[block.span],
        block.kept,
    )


def _joined(
    formulation: Formulation,
    structure: Structure,
    columns: Mapping[str, Block],
    parts: dict[str, RowPart],
    costs: dict[str, np.ndarray],
    cost_offset: dict[str, float],
    goals: dict[str, np.ndarray],
    goal_offset: dict[str, float],
    col_lower: np.ndarray,
    col_upper: np.ndarray,
) -> LinearProgram:
    """All rows in one matrix. Parts are given up one by one, so the peak stays near twice the result."""
    num_row = sum(len(part.lower) for part in parts.values())
    num_nonzero = sum(len(part.index) for part in parts.values())
    start, index, value = np.zeros(num_row + 1, np.int64), np.empty(num_nonzero, np.int32), np.empty(num_nonzero)
    row_lower, row_upper = np.empty(num_row), np.empty(num_row)
    rows: dict[str, Block] = {}
    row, entry = 0, 0
    for name in list(parts):
        part, limit = parts.pop(name), formulation.limits[name]
        rows[name] = Block(row, structure.shape(limit.axes), limit.axes, part.kept)
        next_row, next_entry = row + len(part.lower), entry + len(part.index)
        start[row + 1 : next_row + 1] = part.start[1:] + entry
        index[entry:next_entry], value[entry:next_entry] = part.index, part.value
        row_lower[row:next_row], row_upper[row:next_row] = part.lower, part.upper
        row, entry = next_row, next_entry
    return LinearProgram(
        costs, cost_offset, goals, goal_offset, col_lower, col_upper, row_lower, row_upper, start, index, value,
        columns, rows,
    )  # fmt: skip
