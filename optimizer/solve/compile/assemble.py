"""From templates and arrays to one linear program.

Columns follow the order of declared decisions, rows the order of declared limits, both flat in C order over their
axes. Three kinds of rows are left out: those that ``where=`` filters, those that hold no decision for these data (and
are true; a false one is an error), and those free on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from kernels.csr import Grid, add_to, any_idle, pack_rows
from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation
from optimizer.model.records import DecisionRecord, LimitRecord
from optimizer.solve.compile.evaluate import CompileError, Entries, Evaluator, NeverHoldsError, sum_by_row
from optimizer.solve.compile.frames import Frame, Structure
from optimizer.solve.compile.nodes import Decision, RowTemplate, ScalarTemplate
from optimizer.solve.compile.templates import Templates, templates_of
from optimizer.solve.linear_program import Block, LinearProgram

DROPPED = 1e-14  # coefficients of this size or less are rounding residue of terms that cancel
TRUE_WITHIN = 1e-9  # relative slack of a row without decisions that still counts as true


@dataclass(frozen=True)
class Rows:
    """The rows of one limit before packing: blocks of entries, bounds, and the flat positions kept (None: all).

    Bounds broadcast to ``sizes``, the box of the rows.
    """

    grids: list[Grid]
    sizes: tuple[int, ...]
    lower: np.ndarray
    upper: np.ndarray
    kept: np.ndarray | None

    @property
    def num_row(self) -> int:
        """Number of rows."""
        return prod(self.sizes)

    @property
    def cells(self) -> int:
        """Room that packing needs."""
        return sum(grid.size for grid in self.grids)


@dataclass(frozen=True)
class PackedRows:
    """The rows of one limit: CSR arrays with ``start`` from zero, bounds, and the flat positions kept (None: all)."""

    start: np.ndarray
    index: np.ndarray
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    kept: np.ndarray | None

    @property
    def num_row(self) -> int:
        """Number of rows."""
        return len(self.lower)

    @property
    def cells(self) -> int:
        """Number of entries."""
        return len(self.index)


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
    parts: dict[str, Rows | PackedRows] = {
        name: _rows_of(evaluator, template, formulation.limits[name]) for name, template in templates.rows.items()
    }
    costs, cost_offset = _vectors(evaluator, templates.costs, "cost", num_col)
    goals, goal_offset = _vectors(evaluator, templates.goals, "goal", num_col)
    lower, upper = np.empty(num_col), np.empty(num_col)
    for name, block in columns.items():
        _bound_columns(evaluator, formulation.decisions[name], lower[block.span], upper[block.span])
    return _joined(
        evaluator, formulation, templates, columns, parts, costs, cost_offset, goals, goal_offset, lower, upper
    )


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
    parts: dict[str, Rows | PackedRows] = {}
    for name, template in templates.rows.items():
        limit = formulation.limits[name]
        again = bool(chosen & {name, limit.family}) or bool(changed & {*template.reads, limit.where})
        parts[name] = _rows_of(evaluator, template, limit) if again else _rows_in(lp, name)

    def again_in(group: Mapping[str, ScalarTemplate]) -> dict[str, ScalarTemplate]:
        return {name: template for name, template in group.items() if name in chosen or changed & template.reads}

    costs, cost_offset = _vectors(evaluator, again_in(templates.costs), "cost", lp.num_col)
    goals, goal_offset = _vectors(evaluator, again_in(templates.goals), "goal", lp.num_col)
    lower, upper = lp.col_lower.copy(), lp.col_upper.copy()
    for name, block in lp.columns.items():
        decision = formulation.decisions[name]
        if chosen & {name, decision.family} or changed & {decision.lower, decision.upper}:
            _bound_columns(evaluator, decision, lower[block.span], upper[block.span])
    return _joined(
        evaluator,
        formulation,
        templates,
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


def _bound_columns(evaluator: Evaluator, record: DecisionRecord, lower: np.ndarray, upper: np.ndarray) -> None:
    """Write the bounds of one decision."""
    evaluator.what = f"decision '{record.name}' (room '{record.room}')"
    for out, name, free in ((lower, record.lower, 0.0), (upper, record.upper, np.inf)):
        if name is None:
            out[:] = free
            continue
        out[:] = evaluator.param(name).ravel()
        if np.isnan(out).any():
            raise evaluator.fail("a bound is nan")


def _vectors(
    evaluator: Evaluator, templates: Mapping[str, ScalarTemplate], kind: str, num_col: int
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Column vectors and constants of cost parts or goals."""
    vectors, offsets = {}, {}
    for name, template in templates.items():
        evaluator.what = f"{kind} '{name}'"
        vector, offset = np.zeros(num_col), 0.0
        for block in evaluator.entries(template.terms, Frame((), {})):
            if block.columns is None:
                offset += float(np.broadcast_to(block.value, block.frame.sizes).sum())
            else:
                add_to(vector, block.grid(with_rows=False))
        vectors[name], offsets[name] = vector, offset
    return vectors, offsets


def _rows_of(evaluator: Evaluator, template: RowTemplate, limit: LimitRecord) -> Rows:
    """Evaluate the rows of one limit."""
    evaluator.what = _what(limit)
    sizes = evaluator.structure.shape(limit.axes)
    kept = None
    frame = Frame.whole(template.axes, limit.axes, sizes)
    if limit.where is not None:
        exists = evaluator.param(limit.where) != 0.0
        if not exists.all():
            kept = np.flatnonzero(exists)
            frame = Frame.selected(template.axes, limit.axes, exists)
    num_row = prod(frame.sizes)
    if num_row >= 2**31:
        raise evaluator.fail(f"{num_row} rows are more than 32-bit indices can number")
    blocks: list[Entries] = []
    shift = np.zeros((1,) * len(frame.sizes))
    for block in evaluator.entries(template.terms, frame):
        if block.columns is not None:
            blocks.append(block)
        elif block.frame is frame:
            shift = shift + block.value
        else:
            shift = shift + sum_by_row(block.frame, block.value, num_row).reshape(frame.sizes)
    free = np.full((1,) * len(frame.sizes), np.inf)
    with np.errstate(all="ignore"):
        lower = -free if template.lower is None else evaluator.constant(template.lower, frame) - shift
        if template.upper is None:
            upper = free
        else:
            equal = template.upper is template.lower
            upper = lower if equal else evaluator.constant(template.upper, frame) - shift
    if num_row and (np.isnan(lower).any() or np.isnan(upper).any()):
        raise evaluator.fail("a bound of a row is nan")
    blocks.sort(key=lambda block: block.first_column)  # rising columns pack faster
    return Rows([block.grid() for block in blocks], frame.sizes, lower, upper, kept)


def _what(limit: LimitRecord) -> str:
    return f"{'balance' if limit.balance else 'limit'} '{limit.name}' (room '{limit.room}')"


def _rows_in(lp: LinearProgram, name: str) -> PackedRows:
    """The rows of one limit as they stand in a linear program."""
    block = lp.rows[name]
    start = lp.start[block.offset : block.offset + block.size + 1]
    entries = slice(int(start[0]), int(start[-1]))
    return PackedRows(
        start - start[0],
        lp.index[entries],
        lp.value[entries],
        lp.row_lower[block.span],
        lp.row_upper[block.span],
        block.kept,
    )


class _Matrix:
    """All rows in one matrix, while limits are added one after the other, each packed where it stays."""

    def __init__(self, evaluator: Evaluator, num_row: int, num_col: int, cells: int) -> None:
        self._evaluator, self._num_col = evaluator, num_col
        self.num_row = 0
        self.start = np.empty(num_row + 1, np.int64)
        self.start[0] = 0
        self.index, self.value = np.empty(cells, np.int32), np.empty(cells)
        self.lower, self.upper = np.empty(num_row), np.empty(num_row)

    def add(self, part: Rows | PackedRows, limit: LimitRecord) -> Block:
        """Add the rows of a limit; where they stand."""
        first, past = self.num_row, self.num_row + part.num_row
        start, lower, upper = self.start[first : past + 1], self.lower[first:past], self.upper[first:past]
        kept = part.kept
        if isinstance(part, PackedRows):
            entries = slice(int(start[0]), int(start[0]) + part.cells)
            self.index[entries], self.value[entries] = part.index, part.value
            np.add(part.start[1:], start[0], out=start[1:])
            lower[:], upper[:] = part.lower, part.upper
        else:
            lower.reshape(part.sizes)[...] = part.lower
            upper.reshape(part.sizes)[...] = part.upper
            pack_rows(part.grids, self._num_col, start, self.index, self.value, DROPPED)
            if any_idle(start, lower, upper):
                kept = self._leave_out_idle(limit, kept, start, lower, upper)
                past = first + len(kept)
        self.num_row = past
        return Block(first, self._evaluator.structure.shape(limit.axes), limit.axes, kept)

    def _leave_out_idle(
        self, limit: LimitRecord, kept: np.ndarray | None, start: np.ndarray, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Leave out rows that hold no decision or that are free on both sides; the flat positions that are left."""
        counts = np.diff(start)
        empty = counts == 0
        false = (lower == np.inf) | (upper == -np.inf)
        false |= empty & (lower > TRUE_WITHIN * (1.0 + np.abs(lower)))
        false |= empty & (upper < -TRUE_WITHIN * (1.0 + np.abs(upper)))
        if false.any():
            self._evaluator.what = _what(limit)
            row = int(np.flatnonzero(false)[0])
            labels = self._evaluator.structure.labels(limit.axes, row if kept is None else int(kept[row]))
            raise self._evaluator.fail(
                f"{int(false.sum())} rows can never hold, the first at {labels}: "
                f"{'no decision is left, and 0' if empty[row] else 'what decisions add up to'} "
                f"would have to lie between {lower[row]:g} and {upper[row]:g}",
                NeverHoldsError,
            )
        idle = empty | ((lower == -np.inf) & (upper == np.inf))
        stay = np.flatnonzero(~idle)
        begin, count = int(start[0]), int(counts[stay].sum())
        if (idle & ~empty).any():  # free rows hold coefficients that go with them
            entries = begin + np.flatnonzero(np.repeat(~idle, counts))
            self.index[begin : begin + count] = self.index[entries]
            self.value[begin : begin + count] = self.value[entries]
        np.cumsum(counts[stay], out=start[1 : len(stay) + 1])
        start[1 : len(stay) + 1] += begin
        lower[: len(stay)], upper[: len(stay)] = lower[stay], upper[stay]
        return stay if kept is None else kept[stay]

    def cut(self) -> None:
        """Give back the room that is not used."""
        entries = int(self.start[self.num_row])
        for array, size in (
            (self.start, self.num_row + 1),
            (self.lower, self.num_row),
            (self.upper, self.num_row),
            (self.index, entries),
            (self.value, entries),
        ):
            array.resize(size, refcheck=False)


def _joined(
    evaluator: Evaluator,
    formulation: Formulation,
    templates: Templates,
    columns: Mapping[str, Block],
    parts: dict[str, Rows | PackedRows],
    costs: dict[str, np.ndarray],
    cost_offset: dict[str, float],
    goals: dict[str, np.ndarray],
    goal_offset: dict[str, float],
    col_lower: np.ndarray,
    col_upper: np.ndarray,
) -> LinearProgram:
    """All rows in one matrix. What limits are made of is given up one by one."""
    num_row, cells = sum(part.num_row for part in parts.values()), sum(part.cells for part in parts.values())
    matrix = _Matrix(evaluator, num_row, len(col_lower), cells)
    rows = {name: matrix.add(parts.pop(name), formulation.limits[name]) for name in list(parts)}
    matrix.cut()
    charged = {
        name: tuple(dict.fromkeys(term.leaf.name for term in template.terms if isinstance(term.leaf, Decision)))
        for name, template in templates.costs.items()
    }
    return LinearProgram(
        costs, cost_offset, goals, goal_offset, col_lower, col_upper, matrix.lower, matrix.upper,
        matrix.start, matrix.index, matrix.value, columns, rows, charged,
    )  # fmt: skip
