"""Peak memory of one compile, measured in a process of its own.

python -m benchmarks.power_and_compute.peak 650000

Prints the bytes of the arrays that a solver needs (matrix, bounds, one cost vector) and by how much the resident memory
of the process rose at its highest while they were made, the arrays included.
"""

from __future__ import annotations

import ctypes
import gc
import json
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.power_and_compute.rooms import formulation
from benchmarks.power_and_compute.world import world
from optimizer.solve.compile import compile_lp

ROOT = Path(__file__).resolve().parents[2]


def in_child(variables: int) -> dict[str, int]:
    """``arrays`` and ``peak`` in bytes, and ``variables``, from a fresh process."""
    command = [sys.executable, "-m", "benchmarks.power_and_compute.peak", str(variables)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, int] = json.loads(said)
    return found


def measure(variables: int) -> dict[str, int]:
    """The same in this process."""
    rooms, instance = formulation(), world(variables)
    compile_lp(rooms, world(1)).cost  # noqa: B018  kernels and templates are loaded before
    gc.collect()
    _give_back_freed_memory()
    before = _forget_peak()
    lp = compile_lp(rooms, instance)
    vectors = (lp.cost, lp.col_lower, lp.col_upper, lp.row_lower, lp.row_upper, lp.start, lp.index, lp.value)
    peak = _peak() - before
    return {"variables": lp.num_col, "arrays": sum(vector.nbytes for vector in vectors), "peak": peak}


def _give_back_freed_memory() -> None:
    """So that what was freed before cannot hide what is taken now (glibc only)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _forget_peak() -> int:
    """Start the high-water mark anew where the system can (Linux); the memory held at this point."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return _peak()


def _peak() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        kilo = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilo


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise OSError(f"no {field}")


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
