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
from kernels.checks import INFINITY_BITS

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

CLOSE_MW = 1e-7  # how far outside its bounds a basic variable may lie
PIVOT = 1e-9  # a smaller coefficient is rounding of a loop without loss
LOWER, UPPER, BASIC = 1, -1, 0  # of an arc; the way in which its flow may change
INFINITY = int(INFINITY_BITS)
LANES = 16  # numbers that a compiled loop takes at once; what is left over it takes one by one


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
    basis runs along memory, with rows of zeros up to whole lanes; ``price`` (region,): USD/MWh.
    """

    full: Whole
    marginal: Whole
    arc: Whole
    basic: Whole
    inverse: Floats
    price: Floats


class Room(NamedTuple):
    """Places to work in: ``rest``, ``row`` (region,); ``value``, ``column`` (region, up to whole lanes); ``ratio`` and
    ``weight``, one for each region and arc; ``who``, one more; ``speed`` (arc,); ``square`` (region, 2 region)."""

    rest: Floats
    value: Floats
    row: Floats
    column: Floats
    ratio: Floats
    weight: Floats
    who: Whole
    speed: Floats
    square: Floats


@jit_dividing
def _whole_lanes(regions: int) -> int:
    return (regions + LANES - 1) // LANES * LANES


@jit_dividing
def new_basis(graph: Graph) -> Basis:
    """Every region on its own first block, no flow: dual feasible, because first blocks and tolls are not negative."""
    regions, arcs = len(graph.first) - 1, len(graph.start)
    basis = Basis(
        np.zeros(regions, np.int64), np.ones(regions, np.int64), np.zeros(arcs, np.int64),
        np.zeros(regions, np.int64), np.zeros((regions, _whole_lanes(regions))), np.zeros(regions),
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
        np.empty(regions), np.empty(_whole_lanes(regions)), np.empty(regions), np.empty(_whole_lanes(regions)),
        np.empty(regions + arcs), np.empty(regions + arcs), np.empty(regions + arcs + 1, np.int64),
        np.empty(arcs), np.empty((regions, 2 * regions)),
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
def _prices(
    first: Whole, cost: Floats, toll: Floats, full: Whole, basic: Whole, inverse: Floats, price: Floats, paid: Floats
) -> None:
    """Prices from the basis, so that rounding does not pile up over a year; ``paid`` is room, up to whole lanes."""
    n = len(full)
    paid[:] = 0.0
    for p in range(n):
        code = basic[p]
        paid[p] = cost[first[code] + full[code]] if code < n else toll[code - n]
    for r in range(n):
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for i in range(np.uint64(0), np.uint64(len(paid)), np.uint64(4)):
            a += paid[i] * inverse[r, i]
            b += paid[i + np.uint64(1)] * inverse[r, i + np.uint64(1)]
            c += paid[i + np.uint64(2)] * inverse[r, i + np.uint64(2)]
            d += paid[i + np.uint64(3)] * inverse[r, i + np.uint64(3)]
        price[r] = (a + b) + (c + d)


@jit_dividing
def solve(graph: Graph, basis: Basis, demand: Floats, size: Floats, limit: Floats, room: Room, most: int) -> int:
    """Move the basis to the optimum of an hour; the steps that it took, or -1 where it did not arrive in ``most``.

    ``room.value`` holds the basic variables afterwards; :func:`read` turns them into block output and flows.
    """
    # arrays leave their tuples here: a look into a tuple counts a reference up and down, an argument does not
    return _arrive(
        graph.first, graph.cost, graph.start, graph.end, graph.kept, graph.toll, basis.full, basis.marginal, basis.arc,
        basis.basic, basis.inverse, basis.price, demand, size, limit, room.rest, room.value, room.row, room.column,
        room.ratio, room.weight, room.who, room.speed, most,
    )  # fmt: skip


@jit_dividing
def _arrive(
    first: Whole, cost: Floats, start: Whole, end: Whole, kept: Floats, toll: Floats, full: Whole, marginal: Whole,
    arc: Whole, basic: Whole, inverse: Floats, price: Floats, demand: Floats, size: Floats, limit: Floats, rest: Floats,
    value: Floats, row: Floats, column: Floats, ratio: Floats, weight: Floats, who: Whole, speed: Floats, most: int,
) -> int:  # fmt: skip
    """The steps of :func:`solve`, on the arrays of its arguments."""
    n, arcs, lanes = len(full), len(start), len(value)
    for r in range(n):
        rest[r] = demand[r]
        for k in range(first[r], first[r] + full[r]):
            rest[r] -= size[k]
    for a in range(arcs):
        if arc[a] == UPPER:
            rest[end[a]] -= kept[a] * limit[a]
            rest[start[a]] += limit[a]
    _prices(first, cost, toll, full, basic, inverse, price, column)
    bits = ratio.view(np.int64)  # the order of numbers from 0 on; whole numbers are compared in vectors
    for step in range(most):
        worst, p, above = CLOSE_MW, -1, False
        value[:] = 0.0
        for r in range(0, n - 1, 2):  # two at a time: half as often is what was summed so far read and written
            each, other = rest[r], rest[r + 1]
            for i in range(lanes):
                value[i] += inverse[r, i] * each + inverse[r + 1, i] * other
        if n % 2:
            for i in range(lanes):
                value[i] += inverse[n - 1, i] * rest[n - 1]
        for i in range(n):
            code, total = basic[i], value[i]
            top = size[first[code] + full[code]] if code < n else limit[code - n]
            if total - top > worst:
                worst, p, above = total - top, i, True
            if -total > worst:
                worst, p, above = -total, i, False
        if p < 0:
            return step
        sign = 1.0 if above else -1.0
        leaving = basic[p]
        if leaving < n:
            marginal[leaving] = 0
            if above:
                rest[leaving] -= size[first[leaving] + full[leaving]]
                full[leaving] += 1
        else:
            a = leaving - n
            arc[a] = UPPER if above else LOWER
            if above:
                rest[end[a]] -= kept[a] * limit[a]
                rest[start[a]] += limit[a]
        for r in range(n):
            row[r] = sign * inverse[r, p]
        theta, entering = _pass_breakpoints(
            first, cost, start, end, kept, toll, full, marginal, arc, price, worst, size, limit, rest, row, ratio,
            weight, who, speed, bits,
        )  # fmt: skip
        if entering < 0:
            return -1
        for r in range(n):
            price[r] += theta * row[r]
        if entering < n:
            if row[entering] < 0.0:  # a full block comes back
                full[entering] -= 1
                rest[entering] += size[first[entering] + full[entering]]
            marginal[entering] = 1
            for i in range(lanes):  # the entering column in terms of the basis
                column[i] = inverse[entering, i]
        else:
            a = entering - n
            if arc[a] == UPPER:
                rest[end[a]] += kept[a] * limit[a]
                rest[start[a]] -= limit[a]
            arc[a] = BASIC
            for i in range(lanes):
                column[i] = kept[a] * inverse[end[a], i] - inverse[start[a], i]
        pivot = column[p]
        if abs(pivot) < PIVOT:
            return -1
        for r in range(n):
            factor = inverse[r, p] / pivot
            if factor != 0.0:  # a row is mostly zero: it reaches the regions that basic flows join
                for i in range(lanes):
                    inverse[r, i] -= factor * column[i]
                inverse[r, p] = factor
        basic[p] = entering
    return -1


@jit_dividing
def _pass_breakpoints(
    first: Whole, cost: Floats, start: Whole, end: Whole, kept: Floats, toll: Floats, full: Whole, marginal: Whole,
    arc: Whole, price: Floats, slope: float, size: Floats, limit: Floats, rest: Floats, row: Floats, ratio: Floats,
    weight: Floats, who: Whole, speed: Floats, bits: Whole,
) -> tuple[float, int]:  # fmt: skip
    """How far prices move along ``row``, and what enters: a region or the number of regions plus an arc.

    Prices move while the dual objective rises. Every bound that is passed flips a block or an arc over, which takes its
    size off the slope; what would make the slope fall to zero enters.
    """
    n, arcs = len(full), len(start)
    found = 0
    for r in range(n):
        rise = row[r]
        if marginal[r] == 0 and abs(rise) > PIVOT:
            k = first[r] + full[r] - (rise < 0.0)  # the block that changes next when the price rises or falls
            if first[r] <= k < first[r + 1]:
                ratio[found] = max((cost[k] - price[r]) / rise, 0.0)
                weight[found], who[found] = abs(rise) * size[k], r
                found += 1
    blocks = found
    for a in range(arcs):  # a loop of its own, so that it becomes vectors
        speed[a] = (kept[a] * row[np.uint64(end[a])] - row[np.uint64(start[a])]) * arc[a]
    for a in range(arcs):
        who[np.uint64(found)] = n + a  # overwritten by the next one unless it counts: no branch
        found += speed[a] > PIVOT
    for place in range(blocks, found):
        line = np.uint64(who[np.uint64(place)] - n)  # numba looks for negative places in signed ones
        i, j, way = np.uint64(start[line]), np.uint64(end[line]), arc[line]
        ratio[np.uint64(place)] = max((toll[line] + price[i] - kept[line] * price[j]) * way / speed[line], 0.0)
        weight[np.uint64(place)] = speed[line] * limit[line]
    theta, entering = 0.0, -1
    while True:
        lowest = INFINITY
        for place in range(found):
            lowest = min(lowest, bits[np.uint64(place)])
        if lowest == INFINITY:
            break
        best = 0
        while bits[best] != lowest:
            best += 1
        least = ratio[best]
        if slope - weight[best] <= CLOSE_MW:  # not zero: sizes that add up to the demand leave rounding of either sign
            theta, entering = least, who[best]
            break
        slope -= weight[best]
        code = who[best]
        if code >= n:
            a = code - n
            sent = limit[a] if arc[a] == LOWER else -limit[a]
            arc[a] = UPPER if arc[a] == LOWER else LOWER
            rest[end[a]] -= kept[a] * sent
            rest[start[a]] += sent
            ratio[best] = np.inf
            continue
        step = 1 if row[code] > 0.0 else -1
        k = first[code] + full[code] - (step < 0)
        rest[code] -= step * size[k]
        full[code] += step
        k += step
        if first[code] <= k < first[code + 1]:
            ratio[best] = max((cost[k] - price[code]) / row[code], 0.0)
            weight[best] = abs(row[code]) * size[k]
        else:
            ratio[best] = np.inf
    return theta, entering


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
