"""From a study file to its answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from optimizer.results.store import Run
from optimizer.scenario import study as kinds
from optimizer.scenario.study import load_study

from .answer import Answer, keep


def run_study(
    path_or_name: str | Path, out: str | Path | None = None, say: Callable[[str], None] | None = None
) -> tuple[Answer, Run | None]:
    """Answer a study; stored under ``out`` where given. ``say`` gets a line for each finished stage.

    Raises ScenarioErrors for a study or scenario that is not valid, SolveError without a certified plan, StoreError.
    """
    study, file = load_study(path_or_name)
    tell = say or (lambda line: None)
    # each kind is imported where it is asked for: some load the solver, some only tables
    if isinstance(study, kinds.CheaperTokens):
        from . import cheaper_tokens

        found = cheaper_tokens.answer(study, file, tell)
    elif isinstance(study, kinds.FenceHeight):
        from . import fence_height

        found = fence_height.answer(study, file, tell)
    elif isinstance(study, kinds.UhvBuildOut):
        from . import uhv_build_out

        found = uhv_build_out.answer(study, file, tell)
    elif isinstance(study, kinds.Stacking):
        from . import stacking

        found = stacking.answer(study, file, tell)
    else:
        from . import energy_scissors

        found = energy_scissors.answer(study, file, tell)
    return found, None if out is None else keep(study, found, out)
