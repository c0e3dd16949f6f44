"""From YAML to certified, stored tables: how much of it is HiGHS, and what the rest is.

Each scenario is solved in a fresh process, as the command does it. Starting Python and loading packages is told apart.

    python -m benchmarks.from_yaml us china
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time

CHILD = """
import json, sys, time
from optimizer.scenario.load import load_scenario
from optimizer.results.plan import solve_scenario
stages, last = [], time.perf_counter()
def hear(event):
    if isinstance(event, str):
        stages.append((event, time.perf_counter()))
began = time.perf_counter()
scenario = load_scenario(sys.argv[1])
read = time.perf_counter() - began
began = time.perf_counter()
run = solve_scenario(scenario, out=sys.argv[2], on_progress=hear)
ended = time.perf_counter()
marks = [("", began), *stages, ("", ended)]
spent = {}
for (name, at), (_, then) in zip(marks, marks[1:]):
    spent[name or "first"] = spent.get(name or "first", 0.0) + then - at
tried = [a for s in run.statistics.values() if isinstance(s, dict) for a in s.get("attempts", ())]
print(json.dumps({"read": read, "stages": spent, "highs": sum(a["seconds"] for a in tried)}))
"""


def measure(name: str) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", CHILD, name, folder], check=True, capture_output=True, text=True)
        whole = time.perf_counter() - began
    found = json.loads(done.stdout.splitlines()[-1])
    highs = found["highs"]
    stages = {"reading YAML and tables": found["read"], **found["stages"]}
    parts = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in stages.items() if not stage.startswith("solving"))
    around = sum(seconds for stage, seconds in stages.items() if stage.startswith("solving")) - highs
    beside = sum(stages.values()) - highs
    cells = (name, f"{whole:.1f}", f"{highs:.1f}", f"{beside:.2f}", f"{beside / highs:.1%}")
    return f"| {' | '.join(cells)} | {whole - highs - beside:.2f} | {parts}, around HiGHS {around:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", default=["us", "china"])
    heads = (
        "scenario | whole process, s | HiGHS | YAML to tables beside it | share of HiGHS | starting Python | beside it"
    )
    print(f"| {heads} |\n|{'---|' * 7}")
    for name in parser.parse_args().scenarios:
        print(measure(name), flush=True)


if __name__ == "__main__":
    main()
