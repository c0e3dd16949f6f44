"""Mean and quantiles of what a million reference tokens cost over all options that exist (see kernels/cost.py).

Like the cheapest option, both are found without the table of all cells:

    mean       2 flops a (w,m,r,h): chips enter as sums, since the cost is linear in the price
    quantiles  3 flops and, some five times, 3 comparisons a (w,m,r,g,h): exact, in a buffer of the options of one
               (w,m,h), 20 kB; what was found for the hour before is where the search begins

Both read 8 bytes of price a (w,m,r,h), from the caches of a core, and write 8 bytes a (w,m,h). Parallel loops share
nothing, so the number of threads does not change a bit. Where no option exists both are not a number.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel
from kernels.checks import INFINITY_BITS
from kernels.cost import Options
from kernels.order import number, turned

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SMALLEST, LARGEST = -(2**63), 2**63 - 1  # of whole numbers with 64 bits
INFINITE = int(INFINITY_BITS)  # key of infinity
EIGHT = 8  # options in a row
QUANTILE_BLOCK = 32  # hours that share one list of the options that exist


@jit
def _sums(fixed: Floats, energy: Floats, count: Floats, base: Floats, slope: Floats) -> None:
    """Over the chips that a workload may use at a host, wherever it is bought: (workload, host)."""
    for w in range(len(fixed)):
        for r in range(fixed.shape[1]):
            for g in range(fixed.shape[2]):
                exists = fixed[w, r, g] < np.inf
                count[w, r] += 1.0 if exists else 0.0
                base[w, r] += fixed[w, r, g] if exists else 0.0
                slope[w, r] += energy[w, g] if exists else 0.0


@jit
def _add(slope: float, price: Floats, total: Floats) -> None:
    for h in range(len(price)):
        total[h] += slope * price[h]


@jit_parallel
def _mean(count: Floats, base: Floats, slope: Floats, price: Floats, network: Floats, result: Floats) -> None:
    workloads, markets, hosts = network.shape
    for task in numba.prange(workloads * markets):
        w, m = task // markets, task % markets
        options, constant = 0.0, 0.0
        total = result[w, m]
        total[:] = 0.0
        for r in range(hosts):
            if network[w, m, r] < np.inf and count[w, r] > 0.0:
                options += count[w, r]
                constant += base[w, r] + count[w, r] * network[w, m, r]
                _add(slope[w, r], price[r], total)
        for h in range(len(total)):
            total[h] = (constant + total[h]) / options if options > 0.0 else np.nan


def mean(options: Options) -> Floats:
    """Mean over the options that exist, USD per million tokens, (workload, market, hour); not a number without any."""
    result = np.empty((*options.network.shape[:2], options.price.shape[1]))
    count, base, slope = np.zeros((3, *options.fixed.shape[:2]))
    _sums(options.fixed, options.energy, count, base, slope)
    _mean(count, base, slope, options.price, options.network, result)
    return result


@jit
def _options(fixed: Floats, energy: Floats, base: Floats, slope: Floats, host: Whole) -> int:
    """Options of a workload, those of a host in whole rows of eight, filled up with infinite ones; the number of rows.

    Rows of one length become one vector each, whatever the number of chips that a host may have.
    """
    rows = 0
    for r in range(len(fixed)):
        first, count = np.uint64(rows * EIGHT), np.uint64(rows * EIGHT)
        for g in range(len(energy)):
            base[count], slope[count] = fixed[r, g], energy[g]  # overwritten by the next one unless it exists
            count += np.uint64(fixed[r, g] < np.inf)
        while (count - first) % np.uint64(EIGHT) > 0:
            base[count], slope[count] = np.inf, 0.0
            count += np.uint64(1)
        while rows * EIGHT < count:
            host[rows] = r
            rows += 1
    return rows


@jit
def _within_reach(
    rows: int, base: Floats, slope: Floats, host: Whole, network: Floats, near: Floats, steep: Floats, where: Whole
) -> int:
    """The rows of those hosts that reach a market; how many they are."""
    kept = 0
    for row in range(rows):
        if network[host[row]] < np.inf:
            where[kept] = host[row]
            for i in range(EIGHT):
                near[np.uint64(kept * EIGHT + i)] = base[np.uint64(row * EIGHT + i)]
                steep[np.uint64(kept * EIGHT + i)] = slope[np.uint64(row * EIGHT + i)]
            kept += 1
    return kept


@jit
def _keys(
    base: Floats, slope: Floats, host: Whole, price: Floats, network: Floats, values: Floats, keys: Whole
) -> None:
    """The costs of all options in an hour, as whole numbers of the same order."""
    for row in range(len(values) // EIGHT):
        r = np.uint64(host[row])
        hourly, arc = price[r], network[r]
        for i in range(EIGHT):
            at = np.uint64(row * EIGHT + i)  # unsigned: a place that may be negative is gathered, number by number
            values[at] = (base[at] + slope[at] * hourly) + arc
    bits = values.view(np.int64)
    for i in range(len(bits)):
        keys[i] = turned(bits[i])


@jit
def _split(keys: Whole, at: int) -> tuple[int, int, int]:
    """How many keys are at most ``at``, the largest of them and the smallest above; of whole numbers, so that all three
    run in vectors."""
    count, below, above = 0, SMALLEST, LARGEST
    for i in range(len(keys)):  # by position: a loop over the keys themselves does not become vectors
        inside = keys[i] <= at
        count += inside
        below = max(below, keys[i] if inside else SMALLEST)
        above = min(above, LARGEST if inside else keys[i])
    return count, below, above


@jit
def _neighbours(keys: Whole, number_of_them: int, wanted: int, guess: int) -> tuple[int, int]:
    """What sorting would put at ``wanted`` and at the place after it (an infinite one or LARGEST after the end).

    The rest of the keys, after ``number_of_them``, are infinite.

    A bracket of keys, ``low`` to ``high``, closes around the wanted one: each pass counts what lies at or below a key
    and moves one end to a key that exists, so that it ends, ties included. The key comes from ``guess``, then from the
    straight line between the counts at both ends, every third time from the middle.
    """
    low, high = LARGEST, SMALLEST
    for i in range(len(keys)):
        low, high = min(low, keys[i]), max(high, keys[i] if keys[i] < INFINITE else SMALLEST)
    before, until = 0, number_of_them  # keys below low, keys up to high
    turn = 0
    at = guess
    while low < high:
        if not low <= at < high:
            at = low
        count, below, above = _split(keys, at)
        if count > wanted:
            high, until = below, count
            if count == wanted + 1:
                return below, above
        else:
            low, before = above, count
        turn += 1
        width = np.float64(high) - np.float64(low)
        ahead = 0.5 if turn % 3 == 0 else (wanted + 0.5 - before) / (until - before)
        at = low + int(min(width * ahead, 9.0e18))
    return low, low if until > wanted + 1 else _split(keys, low)[2]


@jit_parallel
def _quantiles(
    rows: Whole, base: Floats, slope: Floats, host: Whole, price: Floats, network: Floats, share: Floats, block: int,
    result: Floats,
) -> None:  # fmt: skip
    workloads, markets = network.shape[:2]
    room, hours = base.shape[1], price.shape[0]
    blocks = (hours + block - 1) // block
    for task in numba.prange(workloads * markets * blocks):
        w, m, start = task // blocks // markets, task // blocks % markets, task % blocks * block
        near, steep, where = np.empty(room), np.empty(room), np.empty(room // EIGHT, np.int64)
        kept = _within_reach(rows[w], base[w], slope[w], host[w], network[w, m], near, steep, where)
        values, keys = np.empty(kept * EIGHT), np.empty(kept * EIGHT, np.int64)
        guess = np.zeros(len(share), np.int64)  # what was found an hour before
        count = 0
        for i in range(len(keys)):
            count += near[i] < np.inf
        for h in range(start, min(start + block, hours)):
            _keys(near, steep, where, price[h], network[w, m], values, keys)
            for k in range(len(share)):
                if count == 0:
                    result[k, w, m, h] = np.nan
                    continue
                place = share[k] * (count - 1)
                guess[k], after = _neighbours(keys, count, int(place), guess[k])
                here, above = number(turned(guess[k])), number(turned(after))
                if place > int(place):
                    here = min(here + (above - here) * (place - int(place)), above)
                result[k, w, m, h] = here


def quantiles(options: Options, shares: ArrayLike) -> Floats:
    """Exact quantiles over the options that exist, linear between neighbours as NumPy's default.

    Args:
        shares: between 0 and 1, one dimension, in any order.

    Returns:
        USD per million tokens, (share, workload, market, hour); not a number where no option exists.

    Raises:
        ValueError: for a share outside 0 to 1.
    """
    share = np.ascontiguousarray(shares, dtype=np.float64)
    if share.ndim != 1 or not ((share >= 0.0) & (share <= 1.0)).all():
        raise ValueError(f"shares of a quantile lie between 0 and 1 in one dimension, not {shares!r}")
    result = np.empty((len(share), *options.network.shape[:2], options.price.shape[1]))
    price = np.ascontiguousarray(options.price.T)
    workloads, hosts, chips = options.fixed.shape
    room = hosts * ((chips + EIGHT - 1) // EIGHT * EIGHT) + EIGHT
    base, slope = np.empty((2, workloads, room))
    host, rows = np.empty((workloads, room // EIGHT), np.int64), np.empty(workloads, np.int64)
    for w in range(workloads):
        rows[w] = _options(options.fixed[w], options.energy[w], base[w], slope[w], host[w])
    _quantiles(rows, base, slope, host, price, options.network, share, QUANTILE_BLOCK, result)
    return result
