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
    if isinstance(study, kinds.CheaperTokens):
        from .cheaper_tokens import answer

        found = answer(study, file, tell)
    else:
        raise NotImplementedError(study.kind)
    return found, None if out is None else keep(study, found, out)
