"""From arrays to a loaded solver: what building an LP costs here, by hand, in linopy and in Pyomo.

python -m benchmarks.build --sizes 40k 160k 650k 2.6M --peers raw linopy pyomo --scenarios us china --record build.json

Every road takes the same synthetic instance (`benchmarks/power_and_compute`) and ends with a HiGHS object that holds
the LP; nothing is solved. Each road runs in a process of its own, so that none works in memory that another has warmed.
The repeats of ours and of the version by hand alternate, so that noise hits both. The garbage collector runs between
repeats, not in them. Templates are kept: declaring and reading the rooms happens once a process and is told apart, like
the first repeat, which loads kernels. Pyomo is measured once, up to `--pyomo-until` variables.

For shipped scenarios there is no version by hand. Ours is set beside the pass of the ready arrays, and beside Pyomo
with `--pyomo-scenarios`.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gc
import importlib.metadata
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from benchmarks.power_and_compute import peak
from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation

PEERS = ("raw", "linopy", "pyomo")
PACKAGES = ("highspy", "linopy", "numba", "numpy", "pandas", "pyomo", "scipy", "xarray")
Stages = dict[str, float]


def pass_arrays(lp: Any) -> highspy.Highs:
    """A HiGHS that holds the LP, by the overload of passModel that takes arrays."""
    highs, none = highspy.Highs(), np.empty(0, np.int32)
    highs.silent()
    num_col, num_row = len(lp.cost), len(lp.row_lower)
    status = highs.passModel(
        num_col, num_row, len(lp.value), 0, int(highspy.MatrixFormat.kRowwise), 1, int(highspy.ObjSense.kMinimize), 0.0,
        lp.cost, lp.col_lower, lp.col_upper, lp.row_lower, lp.row_upper,
        lp.start.astype(np.int32, copy=False), lp.index.astype(np.int32, copy=False), lp.value,
        none, none, np.empty(0), np.zeros(num_col, np.int32),
    )  # fmt: skip
    if status == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refuses the arrays")
    return highs


class Road:
    """One way from an instance to a loaded HiGHS. ``first`` holds what happens once a process."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.first: Stages = {}
        self.size: dict[str, int] = {}

    def once(self, note: Callable[[str], None]) -> Any:
        """Go the whole way and call ``note`` with the name of each stage at its end; what is held is returned."""
        raise NotImplementedError


class Ours(Road):
    """Rooms, the array compiler and the engine of a session."""

    def __init__(self, instance: Instance, formulation: Formulation | None = None) -> None:
        from benchmarks.power_and_compute.rooms import fresh_rooms
        from optimizer.model.room import declare
        from optimizer.solve.compile import templates_of
        from optimizer.solve.engine import Engine
        from optimizer.solve.options import SolverOptions

        super().__init__(instance)
        self._engine, self._options = Engine, SolverOptions(threads=1)
        started = time.perf_counter()
        self.formulation = formulation or declare(fresh_rooms())
        declared = time.perf_counter()
        templates_of(self.formulation)
        self.first = {"declare": declared - started, "templates": time.perf_counter() - declared}

    def once(self, note: Callable[[str], None]) -> Any:
        from optimizer.solve.compile import compile_lp

        self.instance.kept.clear()  # integer tables of labels and relations belong to the work
        lp = compile_lp(self.formulation, self.instance)
        note("compile")
        engine = self._engine(lp, lp.cost, self._options)
        note("pass")
        self.size = {"variables": lp.num_col, "rows": lp.num_row, "nonzeros": lp.num_nonzero}
        return engine


class Raw(Road):
    """By hand."""

    def once(self, note: Callable[[str], None]) -> Any:
        from benchmarks.power_and_compute.raw import build_raw

        lp = build_raw(self.instance)
        note("build")
        highs = pass_arrays(lp)
        note("pass")
        return lp, highs


class Ready(Ours):
    """Only the pass of arrays that are there."""

    def once(self, note: Callable[[str], None]) -> Any:
        from optimizer.solve.compile import compile_lp

        if not hasattr(self, "_lp"):
            self._lp = compile_lp(self.formulation, self.instance)
            self._lp.cost  # noqa: B018  made at first use
            note("compile")
        highs = pass_arrays(self._lp)
        note("pass")
        return highs


class Linopy(Road):
    """linopy with its sparse expressions or its dense ones."""

    def __init__(self, instance: Instance, sparse: bool) -> None:
        super().__init__(instance)
        self._sparse = sparse

    def once(self, note: Callable[[str], None]) -> Any:
        from benchmarks.power_and_compute.linopy_road import build_linopy, pass_to_highs

        model = build_linopy(self.instance, self._sparse)
        note("build")
        highs = pass_to_highs(model)
        note("pass")
        return model, highs


class PyomoStock(Road):
    """Pyomo's own way with one of its interfaces to HiGHS."""

    def __init__(self, instance: Instance, interface: str, formulation: Formulation | None = None) -> None:
        from benchmarks.power_and_compute import rooms

        super().__init__(instance)
        self._interface, self._formulation = interface, formulation or rooms.formulation()

    def once(self, note: Callable[[str], None]) -> Any:
        from benchmarks.power_and_compute.pyomo_peers import build_pyomo, pass_to_highs

        model = build_pyomo(self._formulation, self.instance)
        note("build")
        solver = pass_to_highs(model, self._interface)
        note("pass")
        return model, solver


def make_road(road: str, what: str | int) -> Road:
    """A road by name over a synthetic size or a shipped scenario."""
    shipped: Formulation | None = None
    if isinstance(what, int):
        from benchmarks.power_and_compute.world import world

        instance = world(what)
    else:
        from optimizer.instance.build import prepare
        from optimizer.model.formulation import formulation
        from optimizer.scenario.load import load_scenario

        instance, shipped = prepare(load_scenario(what)).instance, formulation()
    kind, _, variety = road.partition(":")
    if kind == "ours":
        return Ours(instance, shipped)
    if kind == "ready":
        return Ready(instance, shipped)
    if kind == "raw":
        return Raw(instance)
    if kind == "linopy":
        return Linopy(instance, variety == "sparse")
    return PyomoStock(instance, variety, shipped)


def _serve(road: str, what: str | int, pipe: Connection) -> None:
    """A worker: one timed repeat for every message, until None comes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # HiGHS greets on the standard output when linopy makes it
    runner = make_road(road, what)
    pipe.send(runner.first)
    while pipe.recv() is not None:
        gc.collect()
        gc.disable()
        stages: Stages = {}
        last = time.perf_counter()

        def note(name: str, stages: Stages = stages) -> None:
            nonlocal last
            now = time.perf_counter()
            stages[name] = now - last
            last = now

        try:
            held = runner.once(note)
            pipe.send((stages, runner.size))
            del held
        finally:
            gc.enable()


class Worker:
    """A road in a process of its own."""

    def __init__(self, road: str, what: str | int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(road, what, other), daemon=True)
        self._process.start()
        other.close()
        self.first: Stages = self._pipe.recv()
        self.size: dict[str, int] = {}
        self.repeats: list[Stages] = []

    def repeat(self) -> Stages:
        """One timed repeat."""
        self._pipe.send("again")
        stages, self.size = self._pipe.recv()
        return stages

    def measure(self) -> None:
        """One repeat that counts."""
        self.repeats.append(self.repeat())

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()

    def summary(self) -> dict[str, Any]:
        """Median and smallest seconds by stage and in all."""
        totals = [sum(stages.values()) for stages in self.repeats]
        stages = {name: statistics.median(s[name] for s in self.repeats) for name in self.repeats[-1]}
        return {
            "repeats": len(totals),
            "median": statistics.median(totals),
            "min": min(totals),
            "stages": stages,
            "first": self.first,
        }


def alternate(roads: Sequence[str], what: str | int, repeats: int) -> dict[str, dict[str, Any]]:
    """Repeats of several roads in turn, each road in its own process, after one that does not count."""
    workers = {road: Worker(road, what) for road in roads}
    for worker in workers.values():
        worker.first["first repeat"] = sum(worker.repeat().values())
    for turn in range(repeats):
        for worker in list(workers.values())[:: 1 if turn % 2 == 0 else -1]:
            worker.measure()
    found = {road: {**worker.summary(), **worker.size} for road, worker in workers.items()}
    for worker in workers.values():
        worker.close()
    return found


def alone(road: str, what: str | int, repeats: int, warm: bool = True) -> dict[str, Any]:
    """Repeats of one road; without ``warm`` the first one counts."""
    worker = Worker(road, what)
    if warm:
        worker.first["first repeat"] = sum(worker.repeat().values())
    for _ in range(repeats):
        worker.measure()
    worker.close()
    return worker.summary()


def measure(size: int, peers: Sequence[str], repeats: int, pyomo_until: int) -> dict[str, Any]:
    """All roads at one size."""
    found: dict[str, Any] = {"asked": size}
    found |= alternate(["ours", "raw"] if "raw" in peers else ["ours"], size, repeats)
    found["memory"] = peak.in_child(size)
    if "linopy" in peers:
        for kind in ("sparse", "dense"):
            found[f"linopy:{kind}"] = alone(f"linopy:{kind}", size, max(1, min(3, repeats)))
    if "pyomo" in peers and size <= pyomo_until:
        for interface in ("appsi", "contrib.solver"):
            found[f"pyomo:{interface}"] = alone(f"pyomo:{interface}", size, 1, warm=False)
    return found


def measure_scenario(name: str, repeats: int, with_pyomo: bool) -> dict[str, Any]:
    """A shipped scenario: ours beside the pass of its ready arrays."""
    found: dict[str, Any] = {"scenario": name, **alternate(["ours", "ready"], name, repeats)}
    if with_pyomo:
        found["pyomo:appsi"] = alone("pyomo:appsi", name, 1, warm=False)
    return found


def machine() -> dict[str, Any]:
    """Where the numbers come from."""
    model = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    versions = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": versions,
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else [],
    }


def slope(found: Sequence[dict[str, Any]], road: str) -> float:
    """The growth exponent: slope of log seconds over log non-zeros."""
    nonzeros = [one["ours"]["nonzeros"] for one in found]
    return float(np.polyfit(np.log(nonzeros), np.log([one[road]["median"] for one in found]), 1)[0])


def tables(found: Sequence[dict[str, Any]], scenarios: Sequence[dict[str, Any]]) -> str:
    """The Markdown tables."""
    out = []
    if found:
        heads = "variables | non-zeros | ours: compile | pass | by hand: build | pass | ratio of medians | of minima"
        out += [_row(f"{heads} | peak / arrays".split(" | ")), "|" + "---|" * 9]
        for one in found:
            ours, raw, memory = one["ours"], one.get("raw"), one["memory"]
            cells = [f"{ours['variables']:,}", f"{ours['nonzeros']:,}", *_ms(ours["stages"], "compile", "pass")]
            if raw:
                cells += [*_ms(raw["stages"], "build", "pass"), f"{ours['median'] / raw['median']:.2f}"]
                cells += [f"{ours['min'] / raw['min']:.2f}"]
            else:
                cells += ["-"] * 4
            out.append(_row([*cells, f"{memory['peak'] / memory['arrays']:.2f}"]))
        first = found[0]["ours"]["first"]
        out += ["", "Milliseconds. Once a process: " + ", ".join(f"{k} {v * 1e3:.0f}" for k, v in first.items()) + "."]
        if len(found) > 1:
            roads = [road for road in ("ours", "raw") if road in found[0]]
            out.append("Growth exponents: " + ", ".join(f"{road} {slope(found, road):.2f}" for road in roads) + ".")
        others = [key for key in PEER_HEADS if any(key in one for one in found)]
        if others:
            heads = "variables | ours | " + " | ".join(f"{PEER_HEADS[key]} | times ours" for key in others)
            out += ["", _row(heads.split(" | ")), "|" + "---|" * (2 + 2 * len(others))]
            for one in found:
                ours = one["ours"]["median"]
                cells = [f"{one['ours']['variables']:,}", f"{ours:.3f}"]
                for key in others:
                    seconds = one[key]["median"] if key in one else None
                    cells += ["-", "-"] if seconds is None else [f"{seconds:.2f}", f"{seconds / ours:.1f}"]
                out.append(_row(cells))
            out += ["", "Seconds, build and pass."]
    if scenarios:
        heads = "scenario | variables | non-zeros | compile | pass | pass of ready arrays | Pyomo with appsi"
        out += ["", _row(heads.split(" | ")), "|" + "---|" * 7]
        for one in scenarios:
            ours = one["ours"]
            cells = [one["scenario"], f"{ours['variables']:,}", f"{ours['nonzeros']:,}"]
            cells += [*_ms(ours["stages"], "compile", "pass"), *_ms(one["ready"]["stages"], "pass")]
            pyomo = one.get("pyomo:appsi")
            out.append(_row([*cells, f"{pyomo['median'] * 1e3:.0f}" if pyomo else "-"]))
        out += ["", "Milliseconds."]
    return "\n".join(out)


PEER_HEADS = {
    "linopy:sparse": "linopy, sparse",
    "linopy:dense": "linopy, dense",
    "pyomo:appsi": "Pyomo, appsi",
    "pyomo:contrib.solver": "Pyomo, contrib.solver",
}


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ms(stages: Stages, *names: str) -> list[str]:
    return [f"{stages[name] * 1e3:.1f}" for name in names]


def number(text: str) -> int:
    """``40k`` or ``2.6M`` as a number."""
    scale = {"k": 1e3, "M": 1e6}.get(text[-1:], 0.0)
    return round(float(text[:-1]) * scale) if scale else int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=number, nargs="*", default=[40_000, 160_000, 650_000, 2_600_000])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=["raw"])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--pyomo-until", type=number, default=200_000, help="largest size that Pyomo is measured at")
    parser.add_argument("--scenarios", nargs="*", default=[], help="shipped scenarios, for example us china")
    parser.add_argument("--pyomo-scenarios", action="store_true", help="expand the scenarios in Pyomo too")
    parser.add_argument("--record", type=Path, default=None, help="write everything to this file as JSON")
    chosen = parser.parse_args()
    described = machine()
    found = []
    for size in chosen.sizes:
        found.append(measure(size, chosen.peers, chosen.repeats, chosen.pyomo_until))
        print(f"<!-- {size:,}: done -->", flush=True)
    scenarios = [measure_scenario(name, chosen.repeats, chosen.pyomo_scenarios) for name in chosen.scenarios]
    print(tables(found, scenarios))
    if chosen.record is not None:
        described["load after"] = list(os.getloadavg()) if hasattr(os, "getloadavg") else []
        record = {"machine": described, "sizes": found, "scenarios": scenarios}
        chosen.record.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
