"""Mean and quantiles of what a million reference tokens cost over all options that exist (see kernels/cost.py).

Like the cheapest option, both are found without the table of all cells:

    mean       2 flops a (w,m,r,h): chips enter as sums, since the cost is linear in the price
    quantiles  3 flops and, some ten times, 3 comparisons a (w,m,r,g,h): exact, in a buffer of the options of one
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


@jit_parallel
def _mean(fixed: Floats, energy: Floats, price: Floats, network: Floats, result: Floats) -> None:
    workloads, markets, hosts = network.shape
    chips, hours = energy.shape[1], price.shape[1]
    for task in numba.prange(workloads * markets):
        w, m = task // markets, task % markets
        count, base = 0, 0.0
        slope = np.zeros(hosts)
        for r in range(hosts):
            for g in range(chips):
                if fixed[w, r, g] < np.inf and network[w, m, r] < np.inf:
                    count += 1
                    base += fixed[w, r, g] + network[w, m, r]
                    slope[r] += energy[w, g]
        result[w, m] = base
        for r in range(hosts):
            if slope[r] > 0.0:
                for h in range(hours):
                    result[w, m, h] += slope[r] * price[r, h]
        for h in range(hours):
            result[w, m, h] = result[w, m, h] / count if count else np.nan


def mean(options: Options) -> Floats:
    """Mean over the options that exist, USD per million tokens, (workload, market, hour); not a number without any."""
    result = np.empty((*options.network.shape[:2], options.price.shape[1]))
    _mean(options.fixed, options.energy, options.price, options.network, result)
    return result


@jit
def _options(fixed: Floats, energy: Floats, network: Floats, base: Floats, slope: Floats, host: Whole) -> int:
    """Options that exist, those of a host in whole rows of eight, and filled up with infinite ones; the number of rows.

    Rows of one length become one vector each, whatever the number of chips that a host may have.
    """
    rows = 0
    for r in range(len(network)):
        if not network[r] < np.inf:
            continue
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
def _keys(
    rows: int, base: Floats, slope: Floats, host: Whole, price: Floats, network: Floats, values: Floats, keys: Whole
) -> None:
    """The costs of all options in an hour, as whole numbers of the same order."""
    for row in range(rows):
        r = host[row]
        hourly, arc = price[r], network[r]
        for i in range(EIGHT):
            at = np.uint64(row * EIGHT + i)  # unsigned: a place that may be negative is gathered, number by number
            values[at] = (base[at] + slope[at] * hourly) + arc
    bits = values[: rows * EIGHT].view(np.int64)
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
    fixed: Floats, energy: Floats, price: Floats, network: Floats, share: Floats, block: int, result: Floats
) -> None:
    workloads, markets, hosts = network.shape
    chips, hours = energy.shape[1], price.shape[0]
    blocks = (hours + block - 1) // block
    for task in numba.prange(workloads * markets * blocks):
        w, m, start = task // blocks // markets, task // blocks % markets, task % blocks * block
        room = hosts * ((chips + EIGHT - 1) // EIGHT * EIGHT) + EIGHT
        base, slope, host = np.empty(room), np.empty(room), np.empty(room // EIGHT, np.int64)
        values, keys = np.empty(room), np.empty(room, np.int64)
        guess = np.zeros(len(share), np.int64)  # what was found an hour before
        rows = _options(fixed[w], energy[w], network[w, m], base, slope, host)
        count = 0
        for i in range(rows * EIGHT):
            count += base[i] < np.inf
        for h in range(start, min(start + block, hours)):
            _keys(rows, base, slope, host, price[h], network[w, m], values, keys)
            for k in range(len(share)):
                if count == 0:
                    result[k, w, m, h] = np.nan
                    continue
                place = share[k] * (count - 1)
                guess[k], after = _neighbours(keys[: rows * EIGHT], count, int(place), guess[k])
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
    _quantiles(options.fixed, options.energy, price, options.network, share, QUANTILE_BLOCK, result)
    return result
