"""One hour of a region graph: the cheapest way to cover all demand, exactly, from the answer of the hour before.

    minimise    sum_k cost[k] x[k] + sum_a cost[a] f[a]
    such that   sum_{k in r} x[k] + sum_{a into r} kept[a] f[a] - sum_{a from r} f[a] = demand[r]      every region
                0 <= x[k] <= size[k]        0 <= f[a] <= limit[a]

A block k is a step of the merit order of one region; shedding is a block as well, so there is always an answer. An arc
is one direction of a line; of what it sends a share ``kept`` arrives. With losses this is a generalized network flow,
for which augmenting paths are not enough (a loop may gain or lose). It is solved by the dual simplex method for bounded
variables (Lemke 1954; the ratio test that passes breakpoints: Fourer 1994, Maros 2003): from hour to hour only demand,
sizes and limits change, costs do not, so the basis of one hour is dual feasible in the next, and few steps repair it.

A file that calls these functions from compiled code must change whenever they do: numba keys its cache by the caller.

The basis has one column a region, so its inverse is a small dense matrix. A region's blocks are sorted by cost: all
below the marginal one are full, all above are empty, so their state is one number. Nothing depends on the order in
which memory was written before: same inputs, same bits.

Work: about 3 R^2 operations a step (R regions), most of them in runs of R; some ten steps an hour for 30 regions.
Memory: everything of a graph of 30 regions and 150 arcs stays in the first two levels of cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit_dividing

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

CLOSE_MW = 1e-7  # how far outside its bounds a basic variable may lie
PIVOT = 1e-9  # a smaller coefficient is rounding of a loop without loss
LOWER, UPPER, BASIC = 0, 1, 2


class Graph(NamedTuple):
    """What does not change from hour to hour.

    ``first`` (region + 1,): where the blocks of each region begin; ``cost`` (block,): USD/MWh, rising within a region
    and zero for its first block; ``start``, ``end`` (arc,): regions; ``kept`` (arc,): share that arrives, above 0 and
    at most 1; ``toll`` (arc,): USD/MWh sent, not negative.
    """

    first: Whole
    cost: Floats
    start: Whole
    end: Whole
    kept: Floats
    toll: Floats


class Basis(NamedTuple):
    """What one hour leaves to the next; one for each sample.

    ``full`` (region,): blocks that are full; ``marginal`` (region,): 1 where the next block is basic; ``arc`` (arc,):
    at its lower bound, at its upper bound or basic; ``basic`` (region,): the basic column of each row, a region for its
    marginal block, else the number of regions plus the arc; ``inverse`` (region, row), so that work on a column of the
    basis runs along memory; ``price`` (region,): USD/MWh.
    """

    full: Whole
    marginal: Whole
    arc: Whole
    basic: Whole
    inverse: Floats
    price: Floats


class Room(NamedTuple):
    """Places to work in: ``rest``, ``value``, ``row``, ``column`` (region,); ``ratio``, ``weight`` and ``who``, one for
    each region and arc; ``square`` (region, 2 region)."""

    rest: Floats
    value: Floats
    row: Floats
    column: Floats
    ratio: Floats
    weight: Floats
    who: Whole
    square: Floats


@jit_dividing
def new_basis(graph: Graph) -> Basis:
    """Every region on its own first block, no flow: dual feasible, because first blocks and tolls are not negative."""
    regions, arcs = len(graph.first) - 1, len(graph.start)
    basis = Basis(
        np.zeros(regions, np.int64), np.ones(regions, np.int64), np.zeros(arcs, np.int64),
        np.zeros(regions, np.int64), np.zeros((regions, regions)), np.zeros(regions),
    )  # fmt: skip
    begin(graph, basis)
    return basis


@jit_dividing
def begin(graph: Graph, basis: Basis) -> None:
    """Put a basis back to where :func:`new_basis` starts."""
    basis.full[:] = 0
    basis.marginal[:] = 1
    basis.arc[:] = LOWER
    basis.inverse[:] = 0.0
    for r in range(len(basis.full)):
        basis.basic[r] = r
        basis.inverse[r, r] = 1.0
        basis.price[r] = graph.cost[graph.first[r]]


@jit_dividing
def new_room(graph: Graph) -> Room:
    regions, arcs = len(graph.first) - 1, len(graph.start)
    return Room(
        np.empty(regions), np.empty(regions), np.empty(regions), np.empty(regions), np.empty(regions + arcs),
        np.empty(regions + arcs), np.empty(regions + arcs, np.int64), np.empty((regions, 2 * regions)),
    )  # fmt: skip


@jit_dividing
def invert(graph: Graph, basis: Basis, square: Floats) -> bool:
    """Make the inverse again from the columns of the basis (Gauss-Jordan with row exchanges); False where singular."""
    n = len(basis.full)
    square[:] = 0.0
    for p in range(n):
        square[p, n + p] = 1.0
        code = basis.basic[p]
        if code < n:
            square[code, p] = 1.0
        else:
            square[graph.end[code - n], p] += graph.kept[code - n]
            square[graph.start[code - n], p] -= 1.0
    for p in range(n):
        best = p
        for i in range(p + 1, n):
            if abs(square[i, p]) > abs(square[best, p]):
                best = i
        if abs(square[best, p]) < PIVOT:
            return False
        if best != p:
            for j in range(2 * n):
                square[p, j], square[best, j] = square[best, j], square[p, j]
        scale = 1.0 / square[p, p]
        for j in range(p, 2 * n):
            square[p, j] *= scale
        for i in range(n):
            factor = square[i, p]
            if i != p and factor != 0.0:
                for j in range(p, 2 * n):
                    square[i, j] -= factor * square[p, j]
    for p in range(n):
        for j in range(n):
            basis.inverse[j, p] = square[p, n + j]
    return True


@jit_dividing
def _prices(graph: Graph, basis: Basis) -> None:
    """Prices from the basis, so that rounding does not pile up over a year."""
    n = len(basis.full)
    basis.price[:] = 0.0
    for p in range(n):
        code = basis.basic[p]
        cost = graph.cost[graph.first[code] + basis.full[code]] if code < n else graph.toll[code - n]
        if cost != 0.0:
            for r in range(n):
                basis.price[r] += cost * basis.inverse[r, p]


@jit_dividing
def solve(graph: Graph, basis: Basis, demand: Floats, size: Floats, limit: Floats, room: Room, most: int) -> int:
    """Move the basis to the optimum of an hour; the steps that it took, or -1 where it did not arrive in ``most``.

    ``room.value`` holds the basic variables afterwards; :func:`read` turns them into block output and flows.
    """
    n, arcs = len(basis.full), len(graph.start)
    rest, value, row, column = room.rest, room.value, room.row, room.column
    for r in range(n):
        rest[r] = demand[r]
        for k in range(graph.first[r], graph.first[r] + basis.full[r]):
            rest[r] -= size[k]
    for a in range(arcs):
        if basis.arc[a] == UPPER:
            rest[graph.end[a]] -= graph.kept[a] * limit[a]
            rest[graph.start[a]] += limit[a]
    _prices(graph, basis)
    for step in range(most):
        worst, p, above = CLOSE_MW, -1, False
        value[:] = 0.0
        for r in range(n):
            for i in range(n):
                value[i] += basis.inverse[r, i] * rest[r]
        for i in range(n):
            code, total = basis.basic[i], value[i]
            top = size[graph.first[code] + basis.full[code]] if code < n else limit[code - n]
            if total - top > worst:
                worst, p, above = total - top, i, True
            if -total > worst:
                worst, p, above = -total, i, False
        if p < 0:
            return step
        sign = 1.0 if above else -1.0
        leaving = basis.basic[p]
        if leaving < n:
            basis.marginal[leaving] = 0
            if above:
                rest[leaving] -= size[graph.first[leaving] + basis.full[leaving]]
                basis.full[leaving] += 1
        else:
            _set_arc(graph, basis, leaving - n, UPPER if above else LOWER, rest, limit)
        for r in range(n):
            row[r] = sign * basis.inverse[r, p]
        theta, entering = _pass_breakpoints(graph, basis, worst, size, limit, room)
        if entering < 0:
            return -1
        for r in range(n):
            basis.price[r] += theta * row[r]
        _enter(graph, basis, entering, rest, size, limit, column, row)
        pivot = column[p]
        if abs(pivot) < PIVOT:
            return -1
        for r in range(n):
            factor = basis.inverse[r, p] / pivot
            if factor != 0.0:  # a row is mostly zero: it reaches the regions that basic flows join
                for i in range(n):
                    basis.inverse[r, i] -= factor * column[i]
                basis.inverse[r, p] = factor
        basis.basic[p] = entering
    return -1


@jit_dividing
def _set_arc(graph: Graph, basis: Basis, a: int, state: int, rest: Floats, limit: Floats) -> None:
    """Give an arc a new state; what it carries at its upper bound is taken from or given back to the rest."""
    change = (1.0 if state == UPPER else 0.0) - (1.0 if basis.arc[a] == UPPER else 0.0)
    basis.arc[a] = state
    rest[graph.end[a]] -= change * graph.kept[a] * limit[a]
    rest[graph.start[a]] += change * limit[a]


@jit_dividing
def _next_block(graph: Graph, basis: Basis, r: int, up: bool) -> int:
    """The block that changes next when the price of a region rises or falls; -1 where there is none."""
    k = graph.first[r] + basis.full[r]
    if up:
        return k if k < graph.first[r + 1] else -1
    return k - 1 if basis.full[r] > 0 else -1


@jit_dividing
def _pass_breakpoints(
    graph: Graph, basis: Basis, slope: float, size: Floats, limit: Floats, room: Room
) -> tuple[float, int]:
    """How far prices move along ``room.row``, and what enters: a region or the number of regions plus an arc.

    Prices move while the dual objective rises. Every bound that is passed flips a block or an arc over, which takes its
    size off the slope; what would make the slope fall to zero enters.
    """
    n, arcs = len(basis.full), len(graph.start)
    row, price, rest, ratio, weight, who = room.row, basis.price, room.rest, room.ratio, room.weight, room.who
    found = 0
    for r in range(n):
        speed = row[r]
        if basis.marginal[r] == 0 and abs(speed) > PIVOT:
            k = _next_block(graph, basis, r, speed > 0.0)
            if k >= 0:
                ratio[found] = max((graph.cost[k] - price[r]) / speed, 0.0)
                weight[found], who[found] = abs(speed) * size[k], r
                found += 1
    for a in range(arcs):
        speed = graph.kept[a] * row[graph.end[a]] - row[graph.start[a]]
        if basis.arc[a] != BASIC and (speed > PIVOT if basis.arc[a] == LOWER else speed < -PIVOT):
            reduced = graph.toll[a] + price[graph.start[a]] - graph.kept[a] * price[graph.end[a]]
            ratio[found] = max(reduced / speed, 0.0)
            weight[found], who[found] = abs(speed) * limit[a], n + a
            found += 1
    while True:
        best = -1
        for i in range(found):
            if ratio[i] < np.inf and (best < 0 or ratio[i] < ratio[best]):
                best = i
        if best < 0:
            return 0.0, -1
        if slope - weight[best] <= CLOSE_MW:  # not zero: sizes that add up to the demand leave rounding of either sign
            return ratio[best], who[best]
        slope -= weight[best]
        code = who[best]
        if code >= n:
            _set_arc(graph, basis, code - n, UPPER if basis.arc[code - n] == LOWER else LOWER, rest, limit)
            ratio[best] = np.inf
            continue
        up = row[code] > 0.0
        k = _next_block(graph, basis, code, up)
        rest[code] += -size[k] if up else size[k]
        basis.full[code] += 1 if up else -1
        k = _next_block(graph, basis, code, up)
        if k < 0:
            ratio[best] = np.inf
        else:
            ratio[best] = max((graph.cost[k] - price[code]) / row[code], 0.0)
            weight[best] = abs(row[code]) * size[k]


@jit_dividing
def _enter(
    graph: Graph, basis: Basis, entering: int, rest: Floats, size: Floats, limit: Floats, column: Floats, row: Floats
) -> None:
    """Make a block or an arc basic; ``column`` becomes its column in terms of the basis."""
    n = len(basis.full)
    if entering < n:
        if row[entering] < 0.0:  # a full block comes back
            basis.full[entering] -= 1
            rest[entering] += size[graph.first[entering] + basis.full[entering]]
        basis.marginal[entering] = 1
        for i in range(n):
            column[i] = basis.inverse[entering, i]
        return
    a = entering - n
    _set_arc(graph, basis, a, BASIC, rest, limit)
    for i in range(n):
        column[i] = graph.kept[a] * basis.inverse[graph.end[a], i] - basis.inverse[graph.start[a], i]


@jit_dividing
def read(graph: Graph, basis: Basis, size: Floats, limit: Floats, room: Room, output: Floats, flow: Floats) -> None:
    """Output of every block and flow of every arc, MW, within their bounds."""
    n = len(basis.full)
    for r in range(n):
        for k in range(graph.first[r], graph.first[r + 1]):
            output[k] = size[k] if k < graph.first[r] + basis.full[r] else 0.0
    for a in range(len(graph.start)):
        flow[a] = limit[a] if basis.arc[a] == UPPER else 0.0
    for p in range(n):
        code = basis.basic[p]
        if code < n:
            k = graph.first[code] + basis.full[code]
            output[k] = min(max(room.value[p], 0.0), size[k])
        else:
            flow[code - n] = min(max(room.value[p], 0.0), limit[code - n])
