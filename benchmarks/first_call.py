"""What the first call of each kernel costs: compiled anew, and loaded from numba's cache on disk.

    python -m benchmarks.first_call

Each call runs in a process of its own, once with an empty cache folder and once with the folder that the first process
left. Seconds of the first call less those of the second; importing NumPy and numba is not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.case import cases

ONE = """
import sys, time
from benchmarks.case import cases
case = next(case for case in cases() if case.name == sys.argv[1])
work = case.make(case.sizes[0])
spent = []
for _ in range(2):
    begin = time.perf_counter()
    case.kernel(work)
    spent.append(time.perf_counter() - begin)
print(spent[0] - spent[1])
"""


def seconds(name: str, cache: str) -> float:
    """Of the first call of a case in a fresh process."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(
        [sys.executable, "-c", ONE, name], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    print("| case | compiled, s | from the cache, s |\n|---|---|---|")
    for case in cases():
        with tempfile.TemporaryDirectory() as cache:
            compiled, loaded = (seconds(case.name, cache) for _ in range(2))
        print(f"| {case.name} | {compiled:.2f} | {loaded:.3f} |", flush=True)


if __name__ == "__main__":
    main()
