"""What a million reference tokens cost, delivered, over every workload, market, host, chip and hour.

An option is a chip in a host region. Its cost for a workload w, a market m and an hour h, in USD per million tokens::

    cost[w,m,r,g,h] = (capital[r,g] + it_kw[g] x price[r,h]) / tokens[w,g] + network[w,m,r]
                    = (fixed[w,r,g] + energy[w,g] x price[r,h]) + network[w,m,r]

    capital  USD per busy chip-hour: chip, network, hall and connection annuities spread over use
    it_kw    kWh per busy chip-hour at the chip               price    USD/kWh at the chip: PUE x power price
    tokens   million reference tokens per busy chip-hour      network  USD per million tokens of the arc

The table of all cells is never made: with 5 workloads, 30 markets, 90 hosts, 30 chips and 8760 hours it would hold 3.5
billion of them, 28 GB. The network cost does not know the chip and the chip does not know the market, so the best chips
of a host are found once for all markets:

    cheapest   2 flops and 1 comparison a (w,r,g,h), then a (w,m,r,h); for the k cheapest k times the second, and a few
               comparisons more for what enters a list
    mean, quantiles   in kernels/cost_spread.py

`cheapest` reads 8 bytes of price a (w,r,g,h) and 8 bytes of the hosts' best a (w,m,r,h), all from the caches of a core,
and writes 16 bytes a (w,m,h) and place. Parallel loops run over cells that do not read each other, so the number of
threads does not change a bit.

An option that does not exist is infinite: an arc that latency or trust forbids (network), a chip that may not come
(allowed), a chip that cannot serve a class (no tokens). Where nothing is left, the cheapest cost is infinite with
position -1. Of equals the lowest host wins, then the lowest chip; chips of one
host are compared before the network cost is added.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

FOUR = 4  # options compared before the best so far is looked at
BLOCK = 256  # hours worked on at a time: the best of all hosts for them stay in the cache


@dataclass(frozen=True, eq=False)
class Options:
    """The parts from which every cell is made, checked once.

    Args:
        capital: USD per busy chip-hour, (host, chip), not negative.
        it_kw: kWh per busy chip-hour, (chip,), not negative.
        tokens: million reference tokens per busy chip-hour, (workload, chip); zero where the chip cannot serve.
        price: USD per kWh at the chip, PUE counted, (host, hour); may be negative.
        network: USD per million tokens, (workload, market, host), not negative; infinite where there is no arc.
        allowed: whether the chip may stand in the host, (host, chip).

    Raises:
        ValueError: for shapes that do not fit, a number that is missing or out of range, or costs that overflow.
    """

    capital: Floats
    it_kw: Floats
    tokens: Floats
    price: Floats
    network: Floats
    allowed: NDArray[np.bool_]
    fixed: Floats = field(init=False)  # USD per million tokens, (workload, host, chip), infinite without the option
    energy: Floats = field(init=False)  # kWh per million tokens, (workload, chip)

    def __post_init__(self) -> None:
        axes = {
            "capital": "host chip",
            "it_kw": "chip",
            "tokens": "workload chip",
            "price": "host hour",
            "network": "workload market host",
            "allowed": "host chip",
        }
        sizes: dict[str, int] = {}
        for name, names in axes.items():
            values = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, values)
            if values.ndim != len(names.split()):
                raise ValueError(f"{name}: {values.ndim} axes, not ({names.replace(' ', ', ')})")
            for axis, size in zip(names.split(), values.shape, strict=True):
                if sizes.setdefault(axis, size) != size:
                    raise ValueError(f"{name}: {size} along {axis}, where others have {sizes[axis]}")
            bad = np.isnan(values) if name in ("capital", "network") else ~np.isfinite(values)
            if name == "allowed":
                bad |= (values != 0.0) & (values != 1.0)
            elif name != "price":
                bad |= values < 0.0
            if bad.any():
                at = tuple(int(i) for i in np.argwhere(bad)[0])
                where = ", ".join(f"{axis} {i}" for axis, i in zip(names.split(), at, strict=True))
                raise ValueError(f"{name} of {where} is {values[at]}")
        object.__setattr__(self, "allowed", self.allowed != 0.0)
        serves = self.tokens > 0.0
        exists = serves[:, None, :] & self.allowed[None] & np.isfinite(self.capital)[None]
        capital = np.where(np.isfinite(self.capital), self.capital, 0.0)
        with np.errstate(over="ignore", invalid="ignore"):
            per = np.divide(1.0, self.tokens, out=np.zeros_like(self.tokens), where=serves)
            fixed = np.where(exists, capital[None] * per[:, None, :], np.inf)
            energy = self.it_kw * per
            largest = (
                np.max(fixed, initial=0.0, where=exists)
                + np.max(energy, initial=0.0) * np.abs(self.price).max(initial=0.0)
                + np.max(self.network, initial=0.0, where=np.isfinite(self.network))
            ) * max(1, self.capital.size)
        if not np.isfinite(largest):
            raise ValueError("costs overflow: a rate of tokens is too small, or a price or capital too large")
        object.__setattr__(self, "fixed", fixed)
        object.__setattr__(self, "energy", energy)

    def over_hours(self, weight: ArrayLike) -> Options:
        """The same options in one hour that stands for all, each at its mean cost; ``weight`` is (hour,).

        Raises ValueError for a weight that is negative or no number, or when none is positive.
        """
        share = np.ascontiguousarray(weight, dtype=np.float64)
        if share.shape != self.price.shape[1:]:
            raise ValueError(f"weight: shape {share.shape} for {self.price.shape[1]} hours")
        if not (np.isfinite(share) & (share >= 0.0)).all() or not 0.0 < share.sum() < np.inf:
            raise ValueError("weights of hours are finite, not negative and not all zero")
        mean = (self.price * (share / share.sum())).sum(axis=1, keepdims=True)
        return Options(self.capital, self.it_kw, self.tokens, mean, self.network, self.allowed)


@jit
def _keep_lines(base: Floats, slope: Floats, code: Whole, price: Floats, best: Floats, which: Whole) -> None:
    """Keep the lowest of base + slope x price and its code, where it is below the best so far; options come in fours.

    Four at a time, so that the best so far is read and written once for four of them.
    """
    for i in range(0, len(base), FOUR):
        a, b, c, d = base[i], base[i + 1], base[i + 2], base[i + 3]
        in_a, in_b, in_c, in_d = slope[i], slope[i + 1], slope[i + 2], slope[i + 3]
        of_a, of_b, of_c, of_d = code[i], code[i + 1], code[i + 2], code[i + 3]
        for h in range(len(price)):
            x = price[h]
            value, held = a + in_a * x, of_a
            other = b + in_b * x
            lower = other < value
            value, held = other if lower else value, of_b if lower else held
            other = c + in_c * x
            lower = other < value
            value, held = other if lower else value, of_c if lower else held
            other = d + in_d * x
            lower = other < value
            value, held = other if lower else value, of_d if lower else held
            lower = value < best[h]
            best[h] = value if lower else best[h]
            which[h] = held if lower else which[h]


@jit
def _keep_sums(arc: Floats, rows: Whole, cheapest: Floats, best: Floats, which: Whole) -> None:
    """Keep the lowest of arc + cheapest[row] and its row, as `_keep_lines` does."""
    for i in range(0, len(arc), FOUR):
        a, b, c, d = arc[i], arc[i + 1], arc[i + 2], arc[i + 3]
        at_a, at_b, at_c, at_d = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        in_a, in_b, in_c, in_d = cheapest[at_a], cheapest[at_b], cheapest[at_c], cheapest[at_d]
        for h in range(len(best)):
            value, held = a + in_a[h], at_a
            other = b + in_b[h]
            lower = other < value
            value, held = other if lower else value, at_b if lower else held
            other = c + in_c[h]
            lower = other < value
            value, held = other if lower else value, at_c if lower else held
            other = d + in_d[h]
            lower = other < value
            value, held = other if lower else value, at_d if lower else held
            lower = value < best[h]
            best[h] = value if lower else best[h]
            which[h] = held if lower else which[h]


@jit
def _fours(count: int) -> int:
    """The next multiple of four."""
    return (count + FOUR - 1) // FOUR * FOUR


@jit
def _enter(base: float, slope: float, price: Floats, code: int, best: Floats, which: NDArray[np.int64]) -> None:
    """Enter base + slope x price and its code into ascending lists (place, hour), behind their equals."""
    last = len(best) - 1
    for h in range(len(price)):
        value = base + slope * price[h]
        if value < best[last, h]:
            place = last
            while place > 0 and value < best[place - 1, h]:
                best[place, h], which[place, h] = best[place - 1, h], which[place - 1, h]
                place -= 1
            best[place, h], which[place, h] = value, code


@jit_parallel
def _cheapest(
    fixed: Floats, energy: Floats, price: Floats, network: Floats, block: int, cost: Floats, option: NDArray[np.int64]
) -> None:
    workloads, markets, hosts = network.shape
    chips, hours, places = energy.shape[1], price.shape[1], cost.shape[2]
    blocks = (hours + block - 1) // block
    for task in numba.prange(workloads * blocks):
        w, start = task // blocks, task % blocks * block
        length = min(block, hours - start)
        best = np.full((hosts * places, length), np.inf)  # the cheapest chips of each host, in order
        chip = np.full((hosts * places, length), -1, np.int64)
        base, slope = np.empty(_fours(max(chips, hosts))), np.empty(_fours(chips))
        code = np.empty(len(base), np.int64)
        for r in range(hosts):
            here, own = price[r, start : start + length], slice(r * places, (r + 1) * places)
            n = 0
            for g in range(chips):
                if fixed[w, r, g] == np.inf:
                    continue
                if places == 1:
                    base[n], slope[n], code[n] = fixed[w, r, g], energy[w, g], r * chips + g
                    n += 1
                else:
                    _enter(fixed[w, r, g], energy[w, g], here, r * chips + g, best[own], chip[own])
            if n:
                full = _fours(n)
                base[n:full], slope[n:full], code[n:full] = np.inf, 0.0, -1  # never below anything
                _keep_lines(base[:full], slope[:full], code[:full], here, best[r], chip[r])
        found = np.empty((places, length))
        which = np.empty((places, length), np.int64)  # row of `best`
        for m in range(markets):
            found[:] = np.inf
            which[:] = -1
            n = 0
            for r in range(hosts):
                if network[w, m, r] == np.inf:
                    continue
                if places == 1:
                    base[n], code[n] = network[w, m, r], r
                    n += 1
                else:
                    for row in range(r * places, (r + 1) * places):
                        _enter(network[w, m, r], 1.0, best[row], row, found, which)
            if n:
                full = _fours(n)
                base[n:full], code[n:full] = np.inf, 0
                _keep_sums(base[:full], code[:full], best, found[0], which[0])
            for k in range(places):
                for h in range(length):
                    row = which[k, h]
                    cost[w, m, k, start + h] = found[k, h]
                    option[w, m, k, start + h] = -1 if row < 0 else chip[row, h]


def cheapest(options: Options, places: int = 1) -> tuple[Floats, NDArray[np.int64]]:
    """The cheapest options of every workload, market and hour, in order.

    Returns:
        USD per million tokens and the position host x chips + chip, both (workload, market, place, hour). Places that
        no option fills hold infinity and -1.

    Raises:
        ValueError: for a number of places below one.
    """
    if places < 1:
        raise ValueError(f"{places} places: at least one option is asked for")
    cost = np.empty((*options.network.shape[:2], places, options.price.shape[1]))
    option = np.empty(cost.shape, np.int64)
    _cheapest(options.fixed, options.energy, options.price, options.network, BLOCK, cost, option)
    return cost, option


def cells(options: Options, workload: int, market: int, hours: slice = slice(None)) -> Floats:
    """Every cell of one workload and market, USD per million tokens, (host, chip, hour); infinite without the option.

    Raises ValueError for a workload or market that does not exist.
    """
    workloads, markets, _ = options.network.shape
    if not (0 <= workload < workloads and 0 <= market < markets):
        raise ValueError(f"workload {workload} and market {market} are outside ({workloads}, {markets})")
    made = options.energy[workload, None, :, None] * options.price[:, None, hours]
    made = options.fixed[workload, :, :, None] + made
    return made + options.network[workload, market, :, None, None]
