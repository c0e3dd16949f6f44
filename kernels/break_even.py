"""Where one side's tokens are cheaper than the other's: a map over two inputs, with the other inputs uncertain.

The identity behind published costs of tokens (``optimizer.results.identity``), for each of the sides a and b::

    cost per token = (K + p u) / (eta s),     K = (capex x crf(w, L) + fixed) / 8760,     crf = w / (1 - (1 + w)^-L)

The cost is a first-degree polynomial in each of p, 1/eta, capex, crf, fixed, u and 1/s. So with one input x on the rows
of the map and one y on its columns, the cost ratio of sample k is

    ratio[i, j, k] = x[i, k] slope[j, k] + rest[j, k]     (or one over that, where both inputs are side b's)

and a sample in a cell costs 8 floating-point operations (6 instructions; one division more for the inverse) on 16 bytes
from the cache.
Tables are made for one tile of cells and one block of samples at a time; nothing of size samples x cells is ever held,
and main memory sees only four numbers a sample (32 bytes for each tile) and the sums (32 bytes a cell and block).

All cells see the same samples (common random numbers), so maps are smooth, and monotone where the cost is. A cell is
summed by one thread, sample by sample in blocks of fixed length, so the map is the same to the last bit for any number
of threads, any tile and any chunk.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit_dividing, jit_parallel
from kernels.draws import Draw, fill, fixed
from kernels.elementary import expm1_falling, fma, log1p

Floats = NDArray[np.float64]

HOURS_A_YEAR = 8760.0
MARGIN = 1e-12  # a is cheaper where its cost is below b's by more than this share: equal costs, rounded, are no win
SMALLEST, LARGEST = 1e-9, 1e15  # sizes of inputs, so that no cost overflows or vanishes
BLOCK = 256  # samples in a table; sums are made of sums over blocks
UNROLL = 8  # samples that a cell's sums take while they are in registers
TILE_ROWS, TILE_COLUMNS = 32, 64  # cells that share tables: 2 x 64 x 256 numbers, in the second-level cache
CHUNK = 32 * BLOCK  # samples drawn at a time


@dataclass(frozen=True)
class Side:
    """Inputs of one side, each a distribution of ``kernels.draws``.

    What outlives the chips (a hall) belongs into ``fixed_usd_per_kw_year``, as an annuity of its own life.
    """

    power_usd_per_kwh: Draw  # p
    tokens_per_kwh: Draw  # eta, per provisioned kWh; or a ratio to the other side's, which then is fixed(1)
    capex_usd_per_kw: Draw  # chips, network and hall per provisioned kW
    fixed_usd_per_kw_year: Draw  # fixed operation per provisioned kW
    load_ratio: Draw  # u, mean over provisioned load
    sold_share: Draw  # s
    wacc: Draw  # w, a year
    life_years: Draw  # L, chip life


INPUTS = tuple(field.name for field in fields(Side))
_POWER, _TOKENS, _CAPEX, _FIXED, _LOAD, _SOLD, _WACC, _LIFE = range(len(INPUTS))
_ANNUITY = len(INPUTS)  # crf: no input, but a factor of the cost, and the stand-in for a map over both w and L
_GROWTH = _ANNUITY + 1  # log(1 + w)
_FACTORS = _GROWTH + 1
_NONE = -1
_POSITIVE = {"tokens_per_kwh", "sold_share", "life_years"}
_SHARES = {"load_ratio", "sold_share"}
_WHOLE = {"tokens_per_kwh", "sold_share"}


class Axis(NamedTuple):
    """An input that a map varies: whose it is, its name in ``Side`` and its values, which replace what is drawn."""

    side: Literal["a", "b"]
    input: str
    values: ArrayLike


class Map(NamedTuple):
    """Each (value of x, value of y); a ratio is a's cost per token over b's.

    probability: share of samples in which a is cheaper, by more than ``MARGIN``.
    mean, deviation: of the ratio over the samples (deviation: root of the mean square around the mean).
    """

    probability: Floats
    mean: Floats
    deviation: Floats


def break_even(a: Side, b: Side, x: Axis, y: Axis, samples: int, seed: int = 0, together: Collection[str] = ()) -> Map:
    """Probability that side a is cheaper, and moments of the cost ratio, over a grid of two inputs.

    Args:
        a, b: the sides. Inputs are independent, but for ``together``.
        x, y: what varies along the first and the second dimension of the map, two different inputs.
        samples: number of samples, the same ones in every cell.
        seed: 0 .. 2^64 - 1.
        together: inputs for which both sides draw at the same quantile (a life unknown, but alike on both sides).

    Raises:
        ValueError: for an input or a value of an axis that is not a number, or outside its range: shares in 0 .. 1,
            others from 0 or ``SMALLEST`` to ``LARGEST``, rates of tokens, sold shares and lives not 0; for a side
            that may cost nothing; for two equal axes or an unknown name; for no samples.
    """
    values = [_values(axis) for axis in (x, y)]
    if (x.side, x.input) == (y.side, y.input):
        raise ValueError(f"both axes vary {x.input} of side {x.side}")
    unknown = set(together) - set(INPUTS)
    if unknown:
        raise ValueError(f"no such input: {sorted(unknown)}")
    if samples < 1:
        raise ValueError(f"{samples} samples")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed {seed} is outside 0 .. 2^64 - 1")
    for name, side in (("a", a), ("b", b)):
        _check(name, side, {axis.input: v for axis, v in zip((x, y), values, strict=True) if axis.side == name})
    draws = [getattr(side, name) for side in (a, b) for name in INPUTS]
    streams = [m + (len(INPUTS) if s and name not in together else 0) for s in (0, 1) for m, name in enumerate(INPUTS)]
    shape = len(values[0]), len(values[1])
    # The kernel wants side a on the rows, and of one side what multiplies the whole cost on the columns.
    swapped = x.side > y.side or (x.side == y.side and x.input in _WHOLE)
    (rows, row), (columns, column) = ((v, axis) for v, axis in zip(values, (x, y), strict=True))
    if swapped:
        rows, row, columns, column = columns, column, rows, row
    for axis in (row, column):
        draws["ab".index(axis.side) * len(INPUTS) + INPUTS.index(axis.input)] = fixed(1.0)
    sides = "ab".index(row.side), "ab".index(column.side)
    axes = INPUTS.index(row.input), INPUTS.index(column.input)
    if sides[0] == sides[1] and set(axes) == {_WACC, _LIFE}:  # one factor of the cost: a map of one row
        wacc, life = (rows[:, None], columns) if axes[0] == _WACC else (columns, rows[:, None])
        wacc, life = np.broadcast_arrays(wacc, life)
        rows, columns, axes = np.ones(1), np.empty(wacc.size), (_NONE, _ANNUITY)
        _annuities(wacc.ravel(), _growths(wacc.ravel()), life.ravel(), columns)
    rows, columns = (_factors(axis, v) for axis, v in zip(axes, (rows, columns), strict=True))
    sums = _Sums(*(np.zeros((len(rows), len(columns))) for _ in _Sums._fields))
    if sums.wins.size:
        _accumulate(draws, streams, samples, seed, sides, axes, (rows, columns), sums)
    mean = sums.shift + sums.total / samples
    spread = np.maximum(sums.square / samples - (sums.total / samples) ** 2, 0.0)
    found = Map(sums.wins / samples, mean, np.sqrt(spread))
    return Map(*(grid.T if swapped else grid.reshape(shape) for grid in found))


class _Sums(NamedTuple):
    """Per cell: samples in which a is cheaper, the first ratio, sums of (ratio - first) and of its square."""

    wins: Floats
    shift: Floats
    total: Floats
    square: Floats


def _values(axis: Axis) -> Floats:
    values = np.ascontiguousarray(axis.values, dtype=np.float64)
    if axis.side not in ("a", "b") or axis.input not in INPUTS:
        raise ValueError(f"no input {axis.input!r} of side {axis.side!r}")
    if values.ndim != 1:
        raise ValueError(f"axis {axis.input} of side {axis.side} has shape {values.shape}, not one dimension")
    return values


def _check(name: str, side: Side, varied: dict[str, Floats]) -> None:
    """Refuse inputs outside their range, and a side that may cost nothing."""
    least: dict[str, float] = {}
    for key in INPUTS:
        values = varied[key] if key in varied else np.array(getattr(side, key).reach)
        if np.isnan(values).any():
            raise ValueError(f"{key} of side {name} is not a number")
        highest = 1.0 if key in _SHARES else LARGEST
        lowest = SMALLEST if key in _POSITIVE else 0.0
        low, high = (float(values.min()), float(values.max())) if values.size else (highest, highest)
        if not (lowest <= low and high <= highest):
            raise ValueError(
                f"{key} of side {name} reaches from {low:g} to {high:g}, outside {lowest:g} .. {highest:g}"
            )
        least[key] = low
    paid = least["power_usd_per_kwh"] * least["load_ratio"], least["capex_usd_per_kw"], least["fixed_usd_per_kw_year"]
    if max(paid) < SMALLEST:
        raise ValueError(f"side {name} may cost nothing: power, capex and fixed operation reach 0")


def _accumulate(
    draws: list[Draw],
    streams: list[int],
    samples: int,
    seed: int,
    sides: tuple[int, int],
    axes: tuple[int, int],
    values: tuple[Floats, Floats],
    sums: _Sums,
    chunk: int = CHUNK,
    tile: tuple[int, int] = (TILE_ROWS, TILE_COLUMNS),
) -> None:
    """Add up all samples; ``chunk``, a multiple of ``BLOCK``, and ``tile``, up to 64 columns, do not change a bit."""
    length = min(chunk, -(-samples // BLOCK) * BLOCK)
    factors = np.empty((2, _FACTORS, length))
    drawn, lines = np.empty((2 * len(INPUTS), length)), np.empty((4, length))
    for first in range(0, samples, chunk):
        fill(draws, streams, seed, first, samples, drawn)
        blocks = -(-min(chunk, samples - first) // BLOCK)
        factors[:, : len(INPUTS)] = drawn.reshape(2, len(INPUTS), length)
        _prepare(factors, blocks, *sides, *axes, lines)
        _add(factors, lines, blocks, first == 0, *sides, *axes, *values, *tile, *sums)
    padding = -(-samples // BLOCK) * BLOCK - samples  # these repeat the first sample: a deviation of 0
    sums.wins[:] -= padding * (sums.shift < 1.0 - MARGIN)


@jit_dividing
def _annuity(wacc: float, growth: float, life: float) -> float:
    """Capital recovery factor, a year; ``growth`` is log(1 + wacc)."""
    return wacc / -expm1_falling(-life * growth) if wacc > 0.0 else 1.0 / life


@jit_dividing
def _annuities(wacc: Floats, growth: Floats, life: Floats, out: Floats) -> None:
    for m in range(out.size):
        out[m] = _annuity(wacc[m], growth[m], life[m])


@jit_dividing
def _growths(wacc: Floats) -> Floats:
    growth = np.empty(wacc.size)
    for m in range(wacc.size):
        growth[m] = log1p(wacc[m])
    return growth


def _factors(axis: int, values: Floats) -> Floats:
    """What values of an input put into the cost; w and L stay, since their annuity differs from sample to sample."""
    if axis in (_CAPEX, _FIXED):
        return values / HOURS_A_YEAR
    return 1.0 / values if axis in (_TOKENS, _SOLD) else values


@jit_dividing
def _annuities_along(axis: int, values: Floats, growth: Floats, side: Floats, k: int, out: Floats) -> None:
    """Annuities along an axis of w or L, with the other one of sample k."""
    if axis == _WACC:
        life = side[_LIFE, k]
        for m in range(out.size):
            out[m] = _annuity(values[m], growth[m], life)
    else:
        wacc, growth_k = side[_WACC, k], side[_GROWTH, k]
        for m in range(out.size):
            out[m] = _annuity(wacc, growth_k, values[m])


@jit_dividing
def _line(side: Floats, k: int, vary: int, other: int, y: float) -> tuple[float, float]:
    """Slope and rest of the cost in sample k as a function of one factor, with y in the place of another one."""
    power = y if other == _POWER else side[_POWER, k]
    tokens = y if other == _TOKENS else side[_TOKENS, k]
    capex = y if other == _CAPEX else side[_CAPEX, k]
    annual = y if other == _FIXED else side[_FIXED, k]
    load = y if other == _LOAD else side[_LOAD, k]
    sold = y if other == _SOLD else side[_SOLD, k]
    annuity = y if other == _ANNUITY else side[_ANNUITY, k]
    each = tokens * sold
    if vary == _POWER:
        return load * each, (capex * annuity + annual) * each
    if vary == _LOAD:
        return power * each, (capex * annuity + annual) * each
    if vary == _CAPEX:
        return annuity * each, (annual + power * load) * each
    if vary == _ANNUITY:
        return capex * each, (annual + power * load) * each
    if vary == _FIXED:
        return each, (capex * annuity + power * load) * each
    hourly = capex * annuity + annual + power * load
    if vary == _TOKENS:
        return hourly * sold, 0.0
    if vary == _SOLD:
        return hourly * tokens, 0.0
    return 0.0, hourly * each


@jit_parallel
def _prepare(
    factors: Floats, blocks: int, row_side: int, column_side: int, row_axis: int, column_axis: int, lines: Floats
) -> None:
    """Turn inputs into factors of the cost, and these into the four numbers that make a sample's ratio of x and y.

    Both axes of one side: ratio = (c00 + c01 y) + (c10 + c11 y) x. Else ratio = (c00 + c10 x) / (c11 + c01 y).
    """
    row_factor = _ANNUITY if row_axis in (_WACC, _LIFE) else row_axis
    column_factor = _ANNUITY if column_axis in (_WACC, _LIFE) else column_axis
    for block in numba.prange(blocks):
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        for s in range(2):
            side = factors[s, :, part]
            for k in range(BLOCK):
                side[_CAPEX, k] /= HOURS_A_YEAR
                side[_FIXED, k] /= HOURS_A_YEAR
                side[_TOKENS, k] = 1.0 / side[_TOKENS, k]
                side[_SOLD, k] = 1.0 / side[_SOLD, k]
            for k in range(BLOCK):
                side[_GROWTH, k] = log1p(side[_WACC, k])
            _annuities(side[_WACC], side[_GROWTH], side[_LIFE], side[_ANNUITY])
        side, column, opposite = factors[row_side], factors[column_side], factors[1 - row_side]
        for k in range(block * BLOCK, (block + 1) * BLOCK):
            if row_side == column_side:  # each coefficient without a difference that would cancel
                each = 1.0 / _line(opposite, k, _NONE, _NONE, 0.0)[1]
                c10, c00 = _line(side, k, row_factor, column_factor, 0.0)
                c11 = _line(side, k, row_factor, column_factor, 1.0)[0] - c10  # one of the two is 0
                c01 = _line(side, k, column_factor, row_factor, 0.0)[0]
                lines[0, k], lines[1, k], lines[2, k], lines[3, k] = c00 * each, c01 * each, c10 * each, c11 * each
            else:
                lines[2, k], lines[0, k] = _line(side, k, row_factor, _NONE, 0.0)
                lines[1, k], lines[3, k] = _line(column, k, column_factor, _NONE, 0.0)


@jit_dividing
def _tables(
    factors: Floats,
    lines: Floats,
    start: int,
    row_side: int,
    column_side: int,
    row_axis: int,
    column_axis: int,
    rows: Floats,
    columns: Floats,
    row_growth: Floats,
    column_growth: Floats,
    x: Floats,
    slope: Floats,
    rest: Floats,
) -> None:
    """What a block of samples puts into ``ratio = x slope + rest``, for one tile."""
    row, column = factors[row_side], factors[column_side]
    x_k, y_k = rows.copy(), columns.copy()
    for k in range(BLOCK):
        sample, at = start + k, k * TILE_COLUMNS
        c00, c01, c10, c11 = lines[0, sample], lines[1, sample], lines[2, sample], lines[3, sample]
        if row_axis in (_WACC, _LIFE):
            _annuities_along(row_axis, rows, row_growth, row, sample, x_k)
        if column_axis in (_WACC, _LIFE):
            _annuities_along(column_axis, columns, column_growth, column, sample, y_k)
        if row_side == column_side:
            for j in range(columns.size):
                slope[at + j] = c10 + c11 * y_k[j]
                rest[at + j] = c00 + c01 * y_k[j]
            for i in range(rows.size):
                x[k, i] = x_k[i]
        else:
            for j in range(columns.size):
                slope[at + j] = 1.0 / (c11 + c01 * y_k[j])
                rest[at + j] = 0.0
            for i in range(rows.size):
                x[k, i] = c00 + c10 * x_k[i]


@jit_dividing
def _tile(
    factors: Floats,
    lines: Floats,
    blocks: int,
    begin: bool,
    row_side: int,
    column_side: int,
    row_axis: int,
    column_axis: int,
    rows: Floats,
    columns: Floats,
    wins: Floats,
    shift: Floats,
    total: Floats,
    square: Floats,
) -> None:
    """Add some blocks of samples to a tile of cells. Columns are padded to full vectors, by repeating the last."""
    width = -(-columns.size // 8) * 8
    padded = np.empty(width)
    for j in range(width):
        padded[j] = columns[min(j, columns.size - 1)]
    row_growth = _growths(rows) if row_axis == _WACC else rows
    column_growth = _growths(padded) if column_axis == _WACC else padded
    x, slope, rest = np.empty((BLOCK, rows.size)), np.empty(BLOCK * TILE_COLUMNS), np.empty(BLOCK * TILE_COLUMNS)
    x_i = np.empty(BLOCK)
    first, part, part_square = np.empty(width), np.empty(width), np.empty(width)
    part_wins = np.empty(width, np.int64)
    inverse = row_side == 1 and column_side == 1
    for block in range(blocks):
        _tables(
            factors,
            lines,
            block * BLOCK,
            row_side,
            column_side,
            row_axis,
            column_axis,
            rows,
            padded,
            row_growth,
            column_growth,
            x,
            slope,
            rest,
        )
        for i in range(rows.size):
            if begin and block == 0:
                for j in range(columns.size):
                    ratio = fma(x[0, i], slope[j], rest[j])
                    shift[i, j] = 1.0 / ratio if inverse else ratio
            for j in range(width):
                first[j] = shift[i, min(j, columns.size - 1)]
            x_i[:] = x[:, i]
            part_wins[:] = 0
            part[:] = 0.0
            part_square[:] = 0.0
            _row(width, x_i, slope, rest, inverse, first, part_wins, part, part_square)
            for j in range(columns.size):
                wins[i, j] += part_wins[j]
                total[i, j] += part[j]
                square[i, j] += part_square[j]


@jit_dividing
def _row(
    width: int,
    x: Floats,
    slope: Floats,
    rest: Floats,
    inverse: bool,
    shift: Floats,
    wins: NDArray[np.int64],
    total: Floats,
    square: Floats,
) -> None:
    """The innermost loop, vectorised along columns: one block of samples for one row of a tile.

    Rows of the tables lie ``TILE_COLUMNS`` apart, whatever the width: only so does the compiler see what overlaps.
    """
    for k in range(0, BLOCK, UNROLL):
        for j in range(width):
            won, deviation, squared, origin = wins[j], total[j], square[j], shift[j]
            for m in range(k, k + UNROLL):
                ratio = fma(x[m], slope[m * TILE_COLUMNS + j], rest[m * TILE_COLUMNS + j])
                if inverse:
                    ratio = 1.0 / ratio
                away = ratio - origin
                won += ratio < 1.0 - MARGIN
                deviation += away
                squared = fma(away, away, squared)
            wins[j], total[j], square[j] = won, deviation, squared


@jit_parallel
def _add(
    factors: Floats,
    lines: Floats,
    blocks: int,
    begin: bool,
    row_side: int,
    column_side: int,
    row_axis: int,
    column_axis: int,
    rows: Floats,
    columns: Floats,
    tile_rows: int,
    tile_columns: int,
    wins: Floats,
    shift: Floats,
    total: Floats,
    square: Floats,
) -> None:
    """Add some blocks of samples to all cells, tile by tile."""
    down, across = -(-rows.size // tile_rows), -(-columns.size // tile_columns)
    for turn in numba.prange(down * across):
        i, j = turn // across * tile_rows, turn % across * tile_columns
        e, f = min(i + tile_rows, rows.size), min(j + tile_columns, columns.size)
        _tile(
            factors,
            lines,
            blocks,
            begin,
            row_side,
            column_side,
            row_axis,
            column_axis,
            rows[i:e],
            columns[j:f],
            wins[i:e, j:f],
            shift[i:e, j:f],
            total[i:e, j:f],
            square[i:e, j:f],
        )
