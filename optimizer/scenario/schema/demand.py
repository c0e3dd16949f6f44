"""Who asks for tokens, of which kind, from where and when."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from optimizer.scenario.columns import TableSpec, choice, integer, number, optional, share, text
from optimizer.scenario.schema.base import NonNegative, Positive, Section, Share, TableFiles


class TrustRule(Section):
    """Whom the users of a demand group accept."""

    hosts: Literal["all"] | tuple[str, ...] = "all"
    """Trust blocs of the countries that may host: us_allied, open, china."""


class Demand(Section):
    """Demand in output tokens; the LP counts reference tokens (work multiplier x model size factor)."""

    markets: TableFiles = ()
    """CSV of markets."""
    workloads: TableFiles = ()
    """CSV of workload classes."""
    diurnal: TableFiles = ()
    """CSV of demand by local hour."""
    demand: TableFiles = ()
    """CSV of output tokens a day."""
    latency: TableFiles = ()
    """CSV of round-trip times between markets and regions."""
    other_ai_shares: TableFiles = ()
    """CSV of the fleet share taken by training, ranking and media."""
    path: Literal["low", "central", "high"] = "central"
    """Which demand counts."""
    workload_list: tuple[str, ...] = ("interactive", "agentic", "batch", "physical_ai")
    """Workload classes that are served."""
    other_ai: bool = True
    """Counts training, ranking and media as a deferrable load on the fleet; never part of USD per token."""
    model_size_factor: Positive = 1.0
    """Work of one token relative to the reference model; the same for every country that is compared."""
    latency_limit: Literal["strict", "central", "loose"] = "central"
    """Which round-trip limit of the workloads counts."""
    last_mile_ms: NonNegative = 0.0
    """Added to every round trip between a market's exchange and its users."""
    trust: dict[str, TrustRule] = Field(default_factory=dict)
    """Per demand group, whom its users accept; a group without an entry accepts all."""
    unserved_steps_usd_per_mtok: Annotated[tuple[NonNegative, ...], Field(min_length=1)] = (0.5, 2.0, 10.0)
    """Willingness to pay per million reference tokens, ascending; what costs more is not served."""
    unserved_step_shares: tuple[Share, ...] = ()
    """Share of demand at each step; empty: equal shares."""

    @model_validator(mode="after")
    def _steps_make_sense(self) -> Self:
        steps, shares = self.unserved_steps_usd_per_mtok, self.unserved_step_shares
        if any(later <= earlier for earlier, later in pairwise(steps)):
            raise ValueError(f"unserved_steps_usd_per_mtok must be ascending, got {list(steps)}")
        if shares and len(shares) != len(steps):
            raise ValueError(f"unserved_step_shares needs one share for each of the {len(steps)} steps")
        if shares and abs(sum(shares) - 1) > 1e-9:
            raise ValueError(f"unserved_step_shares must add up to 1, they add up to {sum(shares):g}")
        return self


TABLES = (
    TableSpec(
        "demand.markets",
        "Markets: where users are.",
        (
            text("market", "market code"),
            text("name", "market in words"),
            text("bloc", "bloc"),
            text("group", "demand group"),
            number("lat", "latitude", "degrees", minimum=-90, maximum=90),
            number("lon", "longitude", "degrees", minimum=-180, maximum=180),
            number("utc_offset_h", "local clock, hours ahead of UTC", "h", minimum=-12, maximum=14),
        ),
        key=("market",),
    ),
    TableSpec(
        "demand.workloads",
        "Workload classes.",
        (
            text("workload", "class of service"),
            choice("operating_point", "service level", ("interactive", "standard", "batch")),
            number("rtt_limit_ms", "round-trip limit", "ms", minimum=0, maximum=60_000),
            optional(number("rtt_limit_strict_ms", "strict case", "ms", minimum=0, maximum=60_000)),
            optional(number("rtt_limit_loose_ms", "loose case", "ms", minimum=0, maximum=60_000)),
            number("deferral_window_h", "hours within which the flexible part may move", "h", minimum=0, maximum=8760),
            number("work_multiplier", "reference tokens per output token", "1", minimum=0, plausible=(0.1, 100)),
            optional(number("work_multiplier_low", "low", "1", minimum=0)),
            optional(number("work_multiplier_high", "high", "1", minimum=0)),
            share("flexible_share", "share that may move inside the window"),
        ),
        key=("workload",),
    ),
    TableSpec(
        "demand.diurnal",
        "Demand by local hour.",
        (
            text("workload", "class of service", of="workload"),
            choice("day_type", "kind of day", ("weekday", "weekend")),
            integer("hour_local", "hour of the local day", "h", minimum=0, maximum=23),
            number("factor_to_weekly_mean", "times the weekly mean", "1", minimum=0, plausible=(0, 10)),
        ),
        key=("workload", "day_type", "hour_local"),
    ),
    TableSpec(
        "demand.demand",
        "Output tokens a day, annual mean.",
        (
            text("market", "market", of="market"),
            text("workload", "class of service", of="workload"),
            integer("year", "year", "year", minimum=2020, maximum=2100),
            number("low", "low path", "output tokens/day", minimum=0),
            number("central", "central path", "output tokens/day", minimum=0),
            number("high", "high path", "output tokens/day", minimum=0),
        ),
        key=("market", "workload", "year"),
        ordered=(("low", "central", "high"),),
    ),
    TableSpec(
        "demand.latency",
        "Round-trip times from data centre to data centre; shared by scenarios with other regions.",
        (
            text("market", "market", of="market"),
            text("site", "grid node", of="region", foreign="drop"),
            number("rtt_ms", "round trip", "ms", minimum=0, maximum=5000),
            optional(number("rtt_low_ms", "low", "ms", minimum=0)),
            optional(number("rtt_high_ms", "high", "ms", minimum=0)),
        ),
        key=("market", "site"),
    ),
    TableSpec(
        "demand.other_ai_shares",
        "Share of the fleet taken by AI work other than served tokens.",
        (
            text("demand_group", "demand group", of="group"),
            share("share_of_fleet", "share"),
        ),
        key=("demand_group",),
    ),
)
