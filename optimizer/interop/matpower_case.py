"""A MATPOWER case as tables: buses, generators with their cost curves, branches and direct-current lines.

The case is read by `matpowercaseframes`; columns are taken by their place, which the format fixes (caseformat version
2). A static case is one snapshot: real power alone, as MATPOWER's own linear ("DC") power flow has it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.interop.errors import ExchangeError

Floats = np.ndarray

PIECEWISE, POLYNOMIAL = 1, 2  # cost models
ISOLATED = 4  # type of a bus that is out of the grid
NO_ANGLE = 360.0  # degrees that stand for no limit


@dataclass(frozen=True)
class Case:
    """Rows that take part, as arrays; ``cost`` and ``dc`` may have no rows.

    ``bus`` (b, >= 13), ``gen`` (g, >= 10), ``cost`` (g, >= 4), ``branch`` (l, >= 11), ``dc`` (d, >= 17); ``fuel`` names
    what each generator burns, where the case tells.
    """

    base_mva: float
    bus: Floats
    gen: Floats
    cost: Floats
    branch: Floats
    dc: Floats
    fuel: tuple[str, ...]


def read_case(file: str | Path) -> Case:
    """A case file (`.m`). ExchangeError where it cannot be read, or holds what no grid may hold."""
    try:
        from matpowercaseframes import CaseFrames
    except ImportError as error:
        raise ExchangeError(
            "this needs matpowercaseframes, which is not installed: pip install matpowercaseframes beside this package"
        ) from error
    path = Path(file)
    if not path.is_file():
        raise ExchangeError(f"there is no case at {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about names of columns, which are not used here
            frames = CaseFrames(str(path), allow_any_keys=True)
        found = {name: _rows(frames, name) for name in ("bus", "gen", "gencost", "branch", "dcline")}
        base = float(frames.baseMVA)
        fuel = [str(each) for each in np.ravel(np.asarray(getattr(frames, "genfuel", []), dtype=object))]
    except Exception as error:  # whatever the parser stumbles over, the file is at fault
        raise ExchangeError(f"{path} cannot be read as a MATPOWER case: {error}") from error
    for name, columns in (("bus", 13), ("gen", 10), ("branch", 11)):
        if found[name].shape[1] < columns or not len(found["bus"]):
            raise ExchangeError(f"{path} holds no MATPOWER case: the table {name} has too few columns")
    return _in_service(path, base, found, fuel)


def _rows(frames: object, name: str) -> Floats:
    frame = getattr(frames, name, None)
    return np.zeros((0, 17)) if frame is None else np.asarray(frame, float)


def _in_service(path: Path, base: float, found: dict[str, Floats], fuel: list[str]) -> Case:
    """What is switched on, between buses of the grid."""
    bus = found["bus"][found["bus"][:, 1] != ISOLATED]
    here = set(bus[:, 0])
    if len(here) != len(bus):
        raise ExchangeError(f"{path} has two buses of one number")
    known = set(found["bus"][:, 0])
    for name, ends in (("gen", (0,)), ("branch", (0, 1)), ("dcline", (0, 1))):
        odd = sorted({int(each) for end in ends for each in found[name][:, end]} - {int(each) for each in known})
        if odd:
            raise ExchangeError(f"{path}: the table {name} names buses that are not there: {odd[:5]}")
    inside = [np.isin(found[name][:, 0], list(here)) for name in ("gen", "branch", "dcline")]
    gens = (found["gen"][:, 7] > 0) & inside[0]
    lines = (found["branch"][:, 10] > 0) & inside[1] & np.isin(found["branch"][:, 1], list(here))
    direct = (found["dcline"][:, 2] > 0) & inside[2] & np.isin(found["dcline"][:, 1], list(here))
    count, cost = len(found["gen"]), found["gencost"]
    if len(cost) not in (0, count, 2 * count):
        raise ExchangeError(f"{path}: {count} generators, {len(cost)} cost curves")
    odd = found["gen"][gens & (found["gen"][:, 8] < found["gen"][:, 9]), 0]
    if len(odd):
        raise ExchangeError(f"{path}: generators whose largest output is below their least, at buses {odd[:5]}")
    if not np.isfinite(found["gen"][gens, 8:10]).all():
        raise ExchangeError(f"{path}: a generator without a largest or a least output")
    return Case(
        base,
        bus,
        found["gen"][gens],
        cost[:count][gens] if len(cost) else cost,
        found["branch"][lines],
        found["dcline"][direct],
        tuple(name for name, on in zip(fuel, gens, strict=False) if on) if len(fuel) == count else (),
    )


@dataclass(frozen=True)
class Curve:
    """A cost curve from the least to the largest output: corners in MW and money an hour, slopes rising."""

    mw: Floats
    cost: Floats
    was_convex: bool
    was_exact: bool

    @property
    def slopes(self) -> Floats:
        return np.diff(self.cost) / np.diff(self.mw)


def curve(row: Floats, least: float, most: float, segments: int) -> Curve:
    """The curve of a `gencost` row: its own corners where it is piecewise, ``segments`` equal steps where it bends.

    A chord lies above its arc: of a quadratic curve c2 p^2 by at most c2 (step / 2)^2 an hour.
    """
    model, count = int(row[0]), int(row[3])
    if model == PIECEWISE:
        x, y = row[4 : 4 + 2 * count : 2], row[5 : 5 + 2 * count : 2]
        corners = np.unique(np.concatenate([[least], x[(x > least) & (x < most)], [most]]))
        cost, exact = _along(x, y, corners), True
    elif model == POLYNOMIAL:
        coefficients = row[4 : 4 + count]
        bends = count > 2 and bool(np.any(coefficients[:-2] != 0.0))
        corners = np.unique(np.linspace(least, most, segments + 1 if bends else 2))
        cost, exact = np.polyval(coefficients, corners), not bends
    else:
        raise ExchangeError(f"a cost curve of model {model}: the format has {PIECEWISE} and {POLYNOMIAL}")
    hull = lower_hull(corners, cost)
    return Curve(corners[hull], cost[hull], len(hull) == len(corners), exact)


def _along(x: Floats, y: Floats, at: Floats) -> Floats:
    """Straight between the corners, and on beyond the first and the last."""
    inside = np.interp(at, x, y)
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    inside = np.where(at < x[0], y[0] + first * (at - x[0]), inside)
    return np.where(at > x[-1], y[-1] + last * (at - x[-1]), inside)


def lower_hull(x: Floats, y: Floats) -> list[int]:
    """Corners of the convex curve from below through points in order of x; corners on a straight line stay."""
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            above = (y[b] - y[a]) * (x[i] - x[a]) - (y[i] - y[a]) * (x[b] - x[a])
            if above <= 1e-9 * max(1.0, abs(y[i]), abs(y[a])) * (x[i] - x[a]):
                break
            kept.pop()
        kept.append(i)
    return kept


def unit_rows(case: Case, segments: int) -> tuple[pd.DataFrame, float, list[str], int]:
    """Units: what a generator must run, then one unit a step of its curve, cheapest first.

    Returns the rows, the money an hour that no unit carries (cost at zero output), generators whose curve was not
    convex, and the number of steps that stand for bends.
    """
    rows: list[dict[str, object]] = []
    constant, bent, steps = 0.0, [], 0
    for g, gen in enumerate(case.gen):
        name, most, least = f"gen {g + 1}", float(gen[8]), float(gen[9])
        where = {"region": region_name(gen[0]), "carrier": case.fuel[g] if case.fuel else ""}
        if not len(case.cost):
            found = Curve(np.unique([least, most]), np.zeros(len({least, most})), True, True)
        else:
            found = curve(case.cost[g], least, most, segments)
        if not found.was_convex:
            bent.append(name)
        steps += 0 if found.was_exact else len(found.slopes)
        if least == 0.0:
            constant += float(found.cost[0])
        else:
            paid = float(found.cost[0]) / abs(least)
            rows.append({"unit": name, **where, "capacity_mw": abs(least), "min_share": 1.0,
                         "sign": float(np.sign(least)), "cost_per_mwh": paid})  # fmt: skip
        parts = list(pairwise(found.mw))
        for k, ((low, high), slope) in enumerate(zip(parts, found.slopes, strict=True)):
            part = name if least == 0.0 and len(parts) == 1 else f"{name} step {k + 1}"
            rows.append({"unit": part, **where, "capacity_mw": high - low, "min_share": 0.0, "sign": 1.0,
                         "cost_per_mwh": slope})  # fmt: skip
    return pd.DataFrame(rows), constant, bent, steps


def branch_rows(case: Case) -> tuple[pd.DataFrame, list[str]]:
    """Branches with their reactance in radians a MW, and those whose limit on the angle has no place here."""
    rows, odd = [], []
    for number, row in enumerate(case.branch):
        name = f"branch {number + 1}"
        tap, shift = (row[8] or 1.0), np.deg2rad(row[9])
        reactance = row[3] * tap / case.base_mva
        if reactance == 0.0:
            raise ExchangeError(f"{name} ({region_name(row[0])} to {region_name(row[1])}) has no reactance")
        low, high = (row[11], row[12]) if len(row) > 12 else (0.0, 0.0)
        free = low == high == 0.0  # the format's other way to say so
        low = -np.inf if free or low <= -NO_ANGLE else np.deg2rad(low)
        high = np.inf if free or high >= NO_ANGLE else np.deg2rad(high)
        most = np.inf
        if np.isfinite(low) or np.isfinite(high):
            ways = np.asarray([high - shift, shift - low]) / abs(reactance)
            if np.isclose(ways[0], ways[1]):
                most = float(ways[0])
            else:
                odd.append(name)
        rows.append(
            {
                "branch": name,
                "from": region_name(row[0]),
                "to": region_name(row[1]),
                "kind": "transformer" if row[8] or row[9] else "line",
                "carrier": "AC",
                "capacity_mw": row[5] if row[5] > 0 else np.nan,
                "reactance": reactance,
                "phase_shift_rad": shift,
                "flow_max_mw": most if np.isfinite(most) else np.nan,
            }
        )
    return pd.DataFrame(rows), odd


def direct_rows(case: Case) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Direct-current lines as links with their loss in proportion, and those with a loss at no flow."""
    links, ports, lossy = [], [], []
    for number, row in enumerate(case.dc):
        name = f"dc line {number + 1}"
        if row[15]:
            lossy.append(name)
        most = max(abs(row[9]), abs(row[10]))
        share = 0.0 if most == 0 else 1.0 / most
        links.append({"link": name, "from": region_name(row[0]), "carrier": "DC", "capacity_mw": most,
                      "min_share": row[9] * share, "max_share": row[10] * share})  # fmt: skip
        ports.append({"link": name, "port": 1, "to": region_name(row[1]), "efficiency": 1.0 - row[16]})
    return pd.DataFrame(links), pd.DataFrame(ports), lossy


def load_rows(case: Case) -> pd.DataFrame:
    """Loads, with what shunts draw at a voltage of one."""
    draw = case.bus[:, 2] + case.bus[:, 4]
    some = draw != 0
    names = [region_name(number) for number in case.bus[some, 0]]
    return pd.DataFrame({"load": [f"load {name}" for name in names], "region": names, "load_mw": draw[some]})


def region_name(number: float) -> str:
    """A bus by its number."""
    return f"bus {int(number)}"
