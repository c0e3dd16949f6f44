"""Whether kernels are still as fast beside their peers as they were: ratios, since seconds are noise.

    python -m benchmarks.guard            measure and compare with benchmarks/baseline.json; exit code 1 for a fault
    python -m benchmarks.guard --short    fewer repeats, for an automatic check
    python -m benchmarks.guard --record   measure and write what this processor reaches into the baseline

For each case: how many times the kernel is faster than NumPy and than C, on one thread, the best of alternating
repeats, and which share of the machine's own ceiling it reaches (ceilings.py), measured in the same run. A kernel that
has become slower is slower beside all of them, while one ratio alone tells of its peer: the NumPy of another day, or
another machine's memory. So a fault is all ratios of a case below half of the recorded ones, twice.

The baseline holds a record for each processor on which somebody recorded one, since C is compiled for the machine at
hand and NumPy is not. A processor without a record is held against the lowest ratio of all. Without a C compiler only
NumPy is compared.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks import c_peer, ceilings
from benchmarks.case import Case, cases

BASELINE = Path(__file__).parent / "baseline.json"
FAULT_BELOW = 0.5  # of the recorded ratio
YARDSTICKS = ("numpy", "c", "ceiling")
REPEATS, SHORT = 15, 4
LEAST_S = 2e-3  # a repeat shorter than this is run several times


@dataclass(frozen=True)
class Measured:
    """One case. ``numpy`` and ``c``: how many times the kernel is faster; ``ceiling``: share of what is possible."""

    cells: int
    kernel_ms: float
    numpy: float
    c: float | None = None
    ceiling: float | None = None
    bound_by: str | None = None


def measure(case: Case, repeats: int, limits: ceilings.Ceilings | None) -> Measured:
    """The case at its guarded size."""
    work = case.make(case.guarded)
    roads: dict[str, Callable[[Any], Any]] = {"kernel": case.kernel, "numpy": case.numpy}
    if case.c is not None and limits is not None:
        roads["c"] = case.c
    answers = {name: road(work) for name, road in roads.items()}
    for name in roads:
        case.same(answers[name], answers["kernel"])
    best = dict.fromkeys(roads, np.inf)
    for repeat in range(repeats):
        for name, road in roads.items():
            if name == "numpy" and repeat >= max(2, repeats // 4):  # slow, and far behind
                continue
            best[name] = min(best[name], _seconds(road, work))
    ratio = {name: seconds / best["kernel"] for name, seconds in best.items()}
    found = Measured(case.cells(work), best["kernel"] * 1e3, round(ratio["numpy"] / case.numpy_share, 2))
    if limits is None:
        return found
    need = (case.bytes(work), case.operations(work))
    return Measured(
        found.cells,
        found.kernel_ms,
        found.numpy,
        round(ratio["c"], 2) if "c" in ratio else None,
        round(limits.seconds(*need) / best["kernel"], 2),
        limits.binding(*need),
    )


def _seconds(road: Callable[[Any], Any], work: Any) -> float:
    """Seconds of one call; the mean of several where one is too short to be timed."""
    begin = time.perf_counter()
    road(work)
    first = time.perf_counter() - begin
    if first >= LEAST_S:
        return first
    calls = int(LEAST_S / max(first, 1e-7)) + 1
    begin = time.perf_counter()
    for _ in range(calls):
        road(work)
    return min(first, (time.perf_counter() - begin) / calls)


def faults(found: dict[str, Measured], recorded: dict[str, dict[str, float]]) -> list[str]:
    """What is slower than it was, in words; cases without a record are none."""
    words = []
    for name, now in found.items():
        then = recorded.get(name, {})
        pairs = [(by, getattr(now, by), then[by]) for by in YARDSTICKS if by in then and getattr(now, by) is not None]
        if pairs and all(after < FAULT_BELOW * before for _, after, before in pairs):
            said = ", ".join(f"{by} {after:.2f} ({before:.2f} when recorded)" for by, after, before in pairs)
            words.append(f"{name} is slower beside every yardstick: {said}")
    return words


def table(found: dict[str, Measured]) -> str:
    """All cases in Markdown."""
    lines = [
        "| case | cells | kernel, ms | times as fast as NumPy | as C | share of the ceiling | bound by |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, m in found.items():
        c, ceiling = ("-" if value is None else f"{value:.2f}" for value in (m.c, m.ceiling))
        lines.append(
            f"| {name} | {m.cells:,} | {m.kernel_ms:.2f} | {m.numpy:.1f} | {c} | {ceiling} | {m.bound_by or '-'} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help=f"{SHORT} repeats instead of {REPEATS}")
    parser.add_argument("--record", action="store_true", help="write the baseline")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    chosen = parser.parse_args()
    numba.set_num_threads(1)
    repeats = SHORT if chosen.short else REPEATS
    with c_peer.one_thread():
        limits = ceilings.measure() if c_peer.compiler() else None
        found = {case.name: measure(case, repeats, limits) for case in cases() if chosen.only in case.name}
    print(table(found))
    if limits is not None:
        print(
            f"\nOne core: {limits.bandwidth / 1e9:.1f} GB/s, {limits.operations / 1e9:.1f} billion operations a second."
        )
    records = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    if chosen.record:
        records[_processor()] = {
            "machine": {
                "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version(),
                "numba": numba.__version__, "numpy": np.__version__, "date": dt.date.today().isoformat(),
                "bandwidth_gb_per_s": limits and round(limits.bandwidth / 1e9, 1),
                "operations_per_ns": limits and round(limits.operations / 1e9, 1),
            },
            "cases": {name: asdict(measured) for name, measured in found.items()},
        }  # fmt: skip
        BASELINE.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
        print(f"written: {BASELINE.name}")
        return 0
    expected = lowest([records[_processor()]] if _processor() in records else list(records.values()))
    if doubtful := {words.partition(" is ")[0] for words in faults(found, expected)}:
        with c_peer.one_thread():
            found |= {case.name: measure(case, REPEATS, limits) for case in cases() if case.name in doubtful}
    words = faults(found, expected)
    for line in words:
        print(line, file=sys.stderr)
    return 1 if words else 0


def lowest(records: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The lowest recorded ratio of each case and yardstick."""
    expected: dict[str, dict[str, float]] = {}
    for record in records:
        for name, case in record["cases"].items():
            kept = expected.setdefault(name, {})
            for by in YARDSTICKS:
                if case[by] is not None:
                    kept[by] = min(kept.get(by, np.inf), case[by])
    return expected


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
