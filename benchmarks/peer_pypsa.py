"""The same network here and in PyPSA: wall time and peak memory from file to results, with the shares of the stages.

    python -m benchmarks.peer_pypsa --nodes 10 50 134 500 --snapshots 24 168 672
    python -m benchmarks.peer_pypsa --us --snapshots 24 168 672 2016      the 134 areas of the United States

The network is made by script with a seed: a ring of nodes with chords, lines with a reactance (voltage law in both),
three kinds of generators of which two may grow, a battery at every third node. Both sides read their own file (netCDF;
a scenario folder that `import pypsa` wrote beforehand), solve with the same HiGHS and tolerance, and end with tables of
results in memory and on disk. Each run is a process of its own, one after the other; objectives are held together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.us_areas import us_network

TOLERANCE = 1e-7


def network(nodes: int, snapshots: int, seed: int = 0) -> Any:
    """A PyPSA network; loads and weather swing by day, every node can cover its peak with a dear plant."""
    import pandas as pd
    import pypsa

    rng = np.random.default_rng(seed)
    n = pypsa.Network()
    n.set_snapshots(pd.date_range("2030-01-01", periods=snapshots, freq="h"))
    n.snapshot_weightings.loc[:, :] = 8760.0 / snapshots
    hour = np.arange(snapshots)
    buses = [f"n{i}" for i in range(nodes)]
    n.add("Carrier", ["gas", "wind", "solar", "battery", "AC"])
    n.add("Bus", buses, carrier="AC", v_nom=380.0)
    peak = rng.uniform(200.0, 2000.0, nodes)
    day = 0.75 + 0.25 * np.sin(2 * np.pi * (hour[:, None] / 24.0 + rng.random(nodes) * 0.2))
    load = pd.DataFrame(peak * day * rng.uniform(0.97, 1.03, (snapshots, nodes)), n.snapshots, buses)
    n.add("Load", buses, suffix=" load", bus=buses, p_set=load)
    n.add(
        "Generator", buses, suffix=" gas", bus=buses, carrier="gas", p_nom=1.3 * peak,
        marginal_cost=rng.uniform(40.0, 90.0, nodes),
    )  # fmt: skip
    sun = np.maximum(0.0, np.sin(2 * np.pi * (hour[:, None] / 24.0 - 0.25))) * rng.uniform(0.6, 1.0, (snapshots, nodes))
    wind = np.clip(0.4 + 0.3 * np.sin(2 * np.pi * hour[:, None] / 90.0 + rng.random(nodes) * 6), 0, 1)
    for kind, share, cost in (("solar", sun, 45_000.0), ("wind", wind, 90_000.0)):
        n.add(
            "Generator", buses, suffix=f" {kind}", bus=buses, carrier=kind, p_nom_extendable=True,
            p_nom_max=2.0 * peak, capital_cost=cost * rng.uniform(0.8, 1.2, nodes),
            p_max_pu=pd.DataFrame(share, n.snapshots, buses),
        )  # fmt: skip
    some = buses[::3]
    n.add(
        "StorageUnit", some, suffix=" battery", bus=some, carrier="battery", p_nom_extendable=True, max_hours=4.0,
        capital_cost=25_000.0, efficiency_store=0.95, efficiency_dispatch=0.95, cyclic_state_of_charge=True,
    )  # fmt: skip
    pairs = [(i, (i + 1) % nodes) for i in range(nodes)]
    pairs += [(i, (i + int(rng.integers(2, max(nodes // 2, 3)))) % nodes) for i in range(0, nodes, 2)]
    pairs = sorted({(min(p), max(p)) for p in pairs if p[0] != p[1]})
    n.add(
        "Line", [f"l{k}" for k in range(len(pairs))], bus0=[buses[a] for a, _ in pairs],
        bus1=[buses[b] for _, b in pairs], carrier="AC", x=rng.uniform(5.0, 40.0, len(pairs)), r=0.1,
        s_nom=rng.uniform(300.0, 1500.0, len(pairs)),
    )  # fmt: skip
    return n


def theirs(file: Path, out: Path) -> dict[str, float]:
    """PyPSA from netCDF to results."""
    begin = time.perf_counter()
    import pypsa

    loaded = time.perf_counter()
    n = pypsa.Network(file)
    read = time.perf_counter()
    n.optimize.create_model()
    built = time.perf_counter()
    n.optimize.solve_model(
        solver_name="highs", io_api="direct", log_to_console=False, include_objective_constant=True,
        primal_feasibility_tolerance=TOLERANCE, dual_feasibility_tolerance=TOLERANCE, threads=1,
    )  # fmt: skip
    solved = time.perf_counter()
    n.export_to_netcdf(out / "solved.nc")
    end = time.perf_counter()
    objective = float(n.objective + n.objective_constant)
    highs = float(n.model.solver_model.getRunTime()) if getattr(n.model, "solver_model", None) is not None else np.nan
    stages = {
        "import": loaded - begin,
        "read": read - loaded,
        "build": built - read,
        "solve": solved - built,
        "results": end - solved,
    }
    return stages | {"highs": highs, "total": end - begin, "objective": objective}


def ours(file: Path, out: Path) -> dict[str, float]:
    """The same from a scenario folder."""
    begin = time.perf_counter()
    from optimizer.results.plan import solve_scenario
    from optimizer.scenario.load import load_scenario

    loaded = time.perf_counter()
    scenario = load_scenario(file)
    read = time.perf_counter()
    run = solve_scenario(scenario, out=out)
    end = time.perf_counter()
    statistics = next(iter(run.statistics.values())) if run.statistics else {}
    seconds = float(statistics.get("seconds", np.nan)) if isinstance(statistics, dict) else np.nan
    stages = {"import": loaded - begin, "read": read - loaded, "rest": end - read}
    return stages | {"highs": seconds, "total": end - begin, "objective": run.objective * 1e6}


def peak_mb() -> float:
    """Largest resident memory of this process; the kernel's figure for a child begins at its parent's."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) / 1024.0
    return float("nan")


def one(side: str, file: str, out: str) -> None:
    """A side in this process: prints its figures, memory included."""
    warnings.simplefilter("ignore")
    if side == "theirs":
        import logging

        logging.disable(logging.WARNING)
    found = {"ours": ours, "theirs": theirs}[side](Path(file), Path(out))
    found["memory_mb"] = peak_mb()
    print("FOUND " + json.dumps(found))


def run(side: str, file: Path, out: Path, seconds: float) -> dict[str, float]:
    """A side in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peer_pypsa", "--one", side, str(file), str(out)],
        capture_output=True, text=True, timeout=seconds, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if line.startswith("FOUND "):
            return dict(json.loads(line[6:]))
    raise RuntimeError(done.stderr[-2000:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--nodes", nargs="*", type=int, default=[10, 50, 134, 500])
    parser.add_argument("--us", action="store_true", help="the 134 areas of the United States in place of a ring")
    parser.add_argument("--snapshots", nargs="*", type=int, default=[24, 168])
    parser.add_argument("--seconds", type=float, default=900.0, help="at most, for one run")
    parser.add_argument("--record", type=Path, help="write all figures to a JSON file")
    chosen = parser.parse_args()
    if chosen.one:
        one(*chosen.one)
        return 0
    import logging

    from optimizer.interop.pypsa_import import import_pypsa

    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    print("| nodes | snapshots | ours, s | PyPSA, s | times | ours, MB | PyPSA, MB | HiGHS: ours, PyPSA, s | apart |")
    print("|---|---|---|---|---|---|---|---|---|")
    kept = []
    for nodes in ["US"] if chosen.us else chosen.nodes:
        for snapshots in chosen.snapshots:
            with tempfile.TemporaryDirectory() as folder:
                base = Path(folder)
                made = us_network(snapshots) if chosen.us else network(nodes, snapshots)
                made.export_to_netcdf(base / "network.nc")
                scenario = import_pypsa(base / "network.nc", base / "scenario", strict=True).file
                for name in ("a", "b"):
                    (base / name).mkdir()
                mine = run("ours", scenario, base / "a", chosen.seconds)
                try:
                    other = run("theirs", base / "network.nc", base / "b", chosen.seconds)
                except subprocess.TimeoutExpired:
                    print(
                        f"| {nodes} | {snapshots} | {mine['total']:.2f} | over {chosen.seconds:g} | - | - | - | - | - |"
                    )
                    kept.append({"nodes": nodes, "snapshots": snapshots, "ours": mine, "pypsa": None})
                    continue
            apart = abs(mine["objective"] / other["objective"] - 1.0)
            kept.append({"nodes": nodes, "snapshots": snapshots, "ours": mine, "pypsa": other})
            print(
                f"| {nodes} | {snapshots} | {mine['total']:.2f} | {other['total']:.2f} | "
                f"{other['total'] / mine['total']:.2f} | {mine['memory_mb']:.0f} | {other['memory_mb']:.0f} | "
                f"{mine['highs']:.2f}, {other['highs']:.2f} | {apart:.1e} |",
                flush=True,
            )
    if chosen.record:
        chosen.record.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
