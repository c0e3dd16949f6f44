"""What a study gives back, and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.results.section import Section
from optimizer.results.store import Run, save_run

if TYPE_CHECKING:
    from optimizer.scenario.study import AnyStudy


@dataclass(frozen=True)
class Answer:
    """Sections in reading order, whole tables, headline figures, statistics of the solves, notes."""

    sections: list[Section]
    tables: dict[str, pd.DataFrame]
    summary: dict[str, Any]
    statistics: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def keep(study: AnyStudy, answer: Answer, out: str | Path) -> Run:
    """Store an answer as a run folder of its own, CSV beside Parquet. Raises StoreError."""
    run = Run(
        name=f"study-{study.name}",
        status="study",
        objective=float("nan"),
        scenario=study.model_dump(mode="json"),
        scenario_hash="",
        tables=answer.tables,
        title=study.title,
        statistics=answer.statistics,
        notes=answer.notes,
        summary=answer.summary,
        sections=tuple(answer.sections),
    )
    return save_run(run, out, csv=True)
