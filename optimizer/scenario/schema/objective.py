"""What the plan is best at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from optimizer.scenario.schema.base import Section


class Objective(Section):
    """The question put to the solver."""

    goal: Literal["least_cost", "most_tokens"] = "least_cost"
    """`least_cost`: serve demand at its willingness to pay. `most_tokens`: first the largest scale of one fixed mix of
    workloads and markets, then the least cost at that scale."""
    mix_workloads: tuple[str, ...] = ()
    """Workloads of the fixed mix that most_tokens scales; empty: all that the scenario serves. Streams that reach only
    some hosts stay out of it in any case: a fixed share of them would measure the smallest region, not the country."""
    tokens_tolerance: Annotated[float, Field(ge=0, le=0.1)] = 1e-4
    """Share of the largest scale that the second stage of most_tokens may give up."""
