"""Two scenarios side by side: what holds each back, at what cost, where, and what of it is assumed.

Each side is solved in a process of its own (one solver thread each) for the same five questions; a table is handed
out as soon as both sides have it. A family of limits enters only where both sides carry data of it.
"""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import queue as queues
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from . import side_by_side
from .country import STAGES, Frames, study
from .section import Section
from .store import Run, save_run

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.solve.options import SolverOptions


class ComparisonError(Exception):
    """One side failed; the message names the side and the reason. ``reason`` is that of the solver where it has one."""

    def __init__(self, message: str, reason: str = "failed") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Comparison:
    """Both sides' tables by stage and the sections of them.

    Stages are `most_tokens`, `central`, `low`, `high`, `without_ai` and `ladder`.
    """

    names: tuple[str, str]
    frames: dict[str, tuple[Frames, Frames]]
    sections: tuple[Section, ...]
    sides: tuple[dict[str, Any], dict[str, Any]]
    path: Path | None = None

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Long tables with a `scenario` column, named stage_table; the ladder is `ladder`."""
        joined: dict[str, pd.DataFrame] = {}
        for stage, (first, second) in self.frames.items():
            for name in first:
                parts = [f.assign(scenario=s) for f, s in ((first[name], self.names[0]), (second[name], self.names[1]))]
                joined[name if name == stage else f"{stage}_{name}"] = pd.concat(parts, ignore_index=True)
        return joined


@dataclass
class _Side:
    """What has arrived from one process."""

    frames: dict[str, Frames] = field(default_factory=dict)
    kept: dict[str, Any] | None = None


def compare(
    first: Scenario | str,
    second: Scenario | str,
    *,
    out: str | Path | None = None,
    options: SolverOptions | None = None,
    on_progress: Callable[[str], None] | None = None,
    on_section: Callable[[Section], None] | None = None,
    ladder: bool = True,
) -> Comparison:
    """Solve both sides and lay them side by side; stored under ``out`` where given.

    ``on_section`` gets each table as soon as it stands, ``on_progress`` a line for each finished stage; without
    ``ladder`` the relief ladder is left out. Raises ComparisonError when a side has no certified plan.
    """
    pair = (_loaded(first), _loaded(second))
    names = _names(pair)
    sides = (_Side(), _Side())
    sections: list[Section] = []
    stages = [stage for stage in STAGES if ladder or stage != "ladder"]

    def show(made: list[Section]) -> None:
        """Hand out sections, numbered in the order in which they are read."""
        for section in made:
            sections.append(replace(section, title=f"{len(sections) + 1}. {section.title}"))
            if on_section is not None:
                on_section(sections[-1])

    clocks: dict[int, tuple[str, float]] = {}

    def tell(which: int, stage: str | None) -> None:
        """A line for a finished stage of a side: two sides run at once, so each has its own clock."""
        now = time.perf_counter()
        if which in clocks and on_progress is not None:
            before, since = clocks[which]
            on_progress(f"{now - since:7.1f} s  {names[which]}: {before}")
        if stage is not None:
            clocks[which] = (stage, now)

    shown: set[str] = set()
    for which, kind, payload in _messages(pair, options, ladder):
        if kind == "progress":
            tell(which, payload)
        elif kind == "tables":
            stage, frames = payload
            sides[which].frames[stage] = frames
            for place, ready in enumerate(stages):
                if ready in _common(sides) and ready not in shown and all(s in shown for s in stages[:place]):
                    shown.add(ready)
                    both = {s: (sides[0].frames[s], sides[1].frames[s]) for s in _common(sides)}
                    show(side_by_side.sections(ready, names, both, pair))
        elif kind == "done":
            sides[which].kept = payload
            tell(which, None)
        else:
            raise ComparisonError(f"{names[which]}: {payload[1]}", payload[0])
    kept = (sides[0].kept or {}, sides[1].kept or {})
    frames = {stage: (sides[0].frames[stage], sides[1].frames[stage]) for stage in _common(sides)}
    show([side_by_side.assumptions_section(names, kept, frames)])
    comparison = Comparison(names, frames, tuple(sections), kept)
    return comparison if out is None else _stored(comparison, pair, out)


def _loaded(scenario: Scenario | str) -> Scenario:
    if isinstance(scenario, str):
        from optimizer.scenario.load import load_scenario

        return load_scenario(scenario)
    return scenario


def _names(pair: tuple[Scenario, Scenario]) -> tuple[str, str]:
    """Names of the sides, told apart where they are the same."""
    first, second = pair[0].name, pair[1].name
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _common(sides: tuple[_Side, _Side]) -> list[str]:
    return [stage for stage in STAGES if stage in sides[0].frames and stage in sides[1].frames]


def _messages(
    pair: tuple[Scenario, Scenario], options: SolverOptions | None, ladder: bool
) -> Iterator[tuple[int, str, Any]]:
    """Run both sides in processes of their own and yield (side, kind, payload) until both are done or one fails."""
    context = mp.get_context("spawn")
    channel = context.Queue()
    workers = [
        context.Process(target=_work, args=(i, scenario, options, ladder, channel), daemon=True)
        for i, scenario in enumerate(pair)
    ]
    for worker in workers:
        worker.start()
    left = {0, 1}
    try:
        while left:
            try:
                which, kind, payload = channel.get(timeout=0.5)
            except queues.Empty:
                for i in sorted(left):
                    if not workers[i].is_alive() and channel.empty():
                        yield i, "failed", ("failed", f"its process ended with code {workers[i].exitcode}")
                        return
                continue
            yield which, kind, payload
            if kind == "failed":
                return
            if kind == "done":
                left.discard(which)
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
            worker.join()


def _work(which: int, scenario: Scenario, options: SolverOptions | None, ladder: bool, channel: Any) -> None:
    """One side, in its own process."""
    from optimizer.solve.errors import SolveError

    def report(event: object) -> None:
        if isinstance(event, str):
            channel.put((which, "progress", event))

    with contextlib.suppress(KeyboardInterrupt):
        try:
            kept = study(
                scenario, lambda stage, frames: channel.put((which, "tables", (stage, frames))), report, options, ladder
            )
            channel.put((which, "done", kept))
        except SolveError as error:
            channel.put((which, "failed", (error.reason, str(error))))
        except Exception:
            channel.put((which, "failed", ("failed", traceback.format_exc())))


def _stored(comparison: Comparison, pair: tuple[Scenario, Scenario], out: str | Path) -> Comparison:
    """Store the comparison as a run of its own, with CSV beside Parquet."""
    first, second = comparison.sides
    run = Run(
        name="-vs-".join(s.name if not s.variant else f"{s.name}-{s.variant}" for s in pair),
        title=f"{pair[0].title} against {pair[1].title}",
        status="optimal",
        objective=float("nan"),
        scenario={name: scenario.resolved() for name, scenario in zip(comparison.names, pair, strict=True)},
        scenario_hash="-".join(s.hash[:16] for s in pair),
        tables=comparison.tables,
        certificate={
            name: side.get("certificates") for name, side in zip(comparison.names, (first, second), strict=True)
        },
        statistics={name: side.get("statistics") for name, side in zip(comparison.names, (first, second), strict=True)},
        timings_s={
            f"{name}: {stage}": seconds
            for name, side in zip(comparison.names, (first, second), strict=True)
            for stage, seconds in side.get("timings_s", {}).items()
        },
        notes=tuple(dict.fromkeys((*first.get("notes", ()), *second.get("notes", ())))),
        sections=comparison.sections,
    )
    saved = save_run(run, out, csv=True)
    return Comparison(comparison.names, comparison.frames, comparison.sections, comparison.sides, saved.path)
