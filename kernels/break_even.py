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

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernels.draws import Draw, fill, fixed
from kernels.ratio_sums import (
    ANNUITY,
    BLOCK,
    CAPEX,
    FACTORS,
    FIXED,
    HOURS_A_YEAR,
    LIFE,
    MARGIN,
    NONE,
    SOLD,
    TILE_COLUMNS,
    TILE_ROWS,
    TOKENS,
    WACC,
    add,
    annuities,
    growths,
    prepare,
)

Floats = NDArray[np.float64]

SMALLEST, LARGEST = 1e-9, 1e15  # sizes of inputs, so that no cost overflows or vanishes
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
    if sides[0] == sides[1] and set(axes) == {WACC, LIFE}:  # one factor of the cost: a map of one row
        wacc, life = (rows[:, None], columns) if axes[0] == WACC else (columns, rows[:, None])
        wacc, life = np.broadcast_arrays(wacc, life)
        rows, columns, axes = np.ones(1), np.empty(wacc.size), (NONE, ANNUITY)
        annuities(wacc.ravel(), growths(wacc.ravel()), life.ravel(), columns)
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
    factors = np.empty((2, FACTORS, length))
    drawn, lines = np.empty((2 * len(INPUTS), length)), np.empty((4, length))
    for first in range(0, samples, chunk):
        fill(draws, streams, seed, first, samples, drawn)
        blocks = -(-min(chunk, samples - first) // BLOCK)
        factors[:, : len(INPUTS)] = drawn.reshape(2, len(INPUTS), length)
        prepare(factors, blocks, *sides, *axes, lines)
        add(factors, lines, blocks, first == 0, *sides, *axes, *values, *tile, *sums)
    padding = -(-samples // BLOCK) * BLOCK - samples  # these repeat the first sample: a deviation of 0
    sums.wins[:] -= padding * (sums.shift < 1.0 - MARGIN)


def _factors(axis: int, values: Floats) -> Floats:
    """What values of an input put into the cost; w and L stay, since their annuity differs from sample to sample."""
    if axis in (CAPEX, FIXED):
        return values / HOURS_A_YEAR
    return 1.0 / values if axis in (TOKENS, SOLD) else values
