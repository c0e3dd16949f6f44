"""How the linear program is solved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from optimizer.scenario.schema.base import Positive, Section


class Solver(Section):
    """HiGHS and its settings."""

    solver: Literal["auto", "simplex", "ipx", "hipo"] = "auto"
    """`auto` tries the best road first and falls back."""
    threads: Annotated[int, Field(ge=1, le=256)] = 2
    """Threads."""
    tolerance: Annotated[float, Field(ge=1e-10, le=1e-3)] = 1e-7
    """Largest relative infeasibility and gap that counts as solved."""
    time_limit_s: Positive = 600.0
    """Seconds after which the solve stops without a plan."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the solver."""
    crossover: Literal["auto"] | bool = "auto"
    """Whether an interior-point solution is moved to a vertex; `auto`: where a basis is needed."""
