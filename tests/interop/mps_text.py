"""Write a program as free MPS, to read it again."""

from __future__ import annotations

import numpy as np

from optimizer.interop.mps_program import MpsProgram


def mps_text(lp: MpsProgram) -> str:
    """Every number in full (repr), ranges by the sign rules, one entry a line; a program that maximises says so."""
    sign = -1.0 if lp.maximise else 1.0
    lines = [f"NAME {lp.name}", "OBJSENSE", f"    {'MAX' if lp.maximise else 'MIN'}", "ROWS", f" N {lp.objective}"]
    sides, ranges = [f" rhs {lp.objective} {-sign * lp.constant!r}"], []
    for name, low, high in zip(lp.row_names, lp.row_lower.tolist(), lp.row_upper.tolist(), strict=True):
        if low == high:
            kind, side = "E", low
        elif np.isinf(low) and np.isinf(high):
            kind, side = "G", -np.inf
        else:
            kind, side = ("L", high) if np.isinf(low) else ("G", low)
        lines.append(f" {kind} {name}")
        sides.append(f" rhs {name} {side!r}")
        if kind == "G" and np.isfinite(high):
            ranges.append(f" rng {name} {high - low!r}")
    lines.append("COLUMNS")
    row = np.repeat(np.arange(lp.num_row), np.diff(lp.start))
    for j, name in enumerate(lp.column_names):
        lines.append(f" {name} {lp.objective} {sign * float(lp.cost[j])!r}")
        lines += [f" {name} {lp.row_names[row[k]]} {float(lp.value[k])!r}" for k in np.flatnonzero(lp.index == j)]
    lines += ["RHS", *sides, "RANGES", *ranges, "BOUNDS"]
    for name, low, high in zip(lp.column_names, lp.col_lower.tolist(), lp.col_upper.tolist(), strict=True):
        if low == high:
            lines.append(f" FX bnd {name} {low!r}")
            continue
        lines.append(f" MI bnd {name}" if np.isinf(low) else f" LO bnd {name} {low!r}")
        lines.append(f" PL bnd {name}" if np.isinf(high) else f" UP bnd {name} {high!r}")
    return "\n".join([*lines, "ENDATA", ""])
