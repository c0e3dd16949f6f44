"""Accelerators: what they do, what they cost, how many there are and how many can be bought."""

from __future__ import annotations

from typing import Literal

from optimizer.scenario.columns import CHIP, MONEY, TableSpec, choice, cost, integer, number, optional, share, text
from optimizer.scenario.schema.base import NonNegative, Positive, Section, Share, TableFiles


class Compute(Section):
    """Chips, their throughput, the fleet and the supply."""

    chips: TableFiles = ()
    """CSV of accelerators."""
    throughput: TableFiles = ()
    """CSV of reference tokens per second and chip."""
    fleet: TableFiles = ()
    """CSV of the standing fleet."""
    supply: TableFiles = ()
    """CSV of units a year by destination."""
    scaleout: TableFiles = ()
    """CSV of the rate kept when a service spreads over more chips."""
    chip_list: Literal["all"] | tuple[str, ...] = "all"
    """Chips that may be bought: all of the table, or these."""
    chip_set: Literal["planning", "same_date"] = "same_date"
    """Which throughput rows count: best planning rows of any date, or all rescaled to operator reports of 2025."""
    supply_path: Literal["low", "central", "high"] = "central"
    """Which units of the supply table count."""
    idle_power_share: Share = 0.25
    """Power of an idle chip as a share of full power."""
    availability: Share = 0.9
    """Share of chips in service at any hour."""
    last_period_economic_life_yr: Positive = 3.0
    """Years over which chips bought in the last period are paid: they lose value faster than they wear."""
    software_gain_pct_per_yr: NonNegative = 0.0
    """Growth of throughput through software, per cent a year."""
    leakage: bool = False
    """Counts diverted chips and supply by all routes, which no rule allows."""


SUPPLY_KINDS = ("actual_estimate", "forecast", "assumption", "licence_cap", "diverted", "all_routes")
"""The first three enter; licence_cap is a ceiling, not a flow; the last two count only with `leakage`."""

TABLES = (
    TableSpec(
        "compute.chips",
        "Accelerators, rates without sparsity. Power is IT power with server and network share, without cooling.",
        (
            text("chip", "name"),
            text("vendor", "maker"),
            text("origin", "bloc of the maker: us, china"),
            optional(integer("first_volume_year", "first year of volume shipment", "year", minimum=2010, maximum=2100)),
            optional(number("hbm_gb", "memory", "GB", minimum=0, maximum=10_000)),
            optional(number("hbm_tb_per_s", "memory bandwidth", "TB/s", minimum=0, maximum=1000)),
            optional(number("interconnect_gb_per_s", "two-way scale-up bandwidth", "GB/s", minimum=0)),
            optional(number("die_area_mm2", "die area", "mm2", minimum=0)),
            number("all_in_w_per_chip", "IT power per chip", "W", minimum=0, plausible=(50, 10_000)),
            number("tpp", "total processing performance (dense TOPS x bit length)", "1", minimum=0),
            optional(number("performance_density", "tpp per mm2", "1/mm2", minimum=0)),
            cost("price_per_chip", "price with server and network share", "money", (300, 500_000)),
            MONEY,
            number("lifetime_yr", "economic life", "yr", minimum=1, maximum=20),
            text("status", "volume, ramp, legacy, announced ..."),
        ),
        key=("chip",),
    ),
    TableSpec(
        "compute.throughput",
        "Reference tokens per second and chip (671B-class mixture of experts).",
        (
            CHIP,
            choice("chip_set", "basis", ("planning", "same_date")),
            choice("operating_point", "service level", ("interactive", "standard", "batch")),
            number("tokens_per_s", "rate", "tokens/s", minimum=0, plausible=(0, 200_000)),
            optional(number("low", "low", "tokens/s", minimum=0)),
            optional(number("high", "high", "tokens/s", minimum=0)),
            optional(text("basis", "vendor_submission, open_benchmark, operator_report, formula")),
            optional(text("rescale", "how the same-date rate was made")),
        ),
        key=("chip", "chip_set", "operating_point"),
        ordered=(("low", "tokens_per_s", "high"),),
    ),
    TableSpec(
        "compute.fleet",
        "Standing fleet by vintage.",
        (
            text("group", "demand group", of="group"),
            text("fleet_region", "part of the group, or all"),
            CHIP,
            number("units_thousand", "chips", "thousand", minimum=0, plausible=(0, 100_000)),
            optional(number("units_low_thousand", "low", "thousand", minimum=0)),
            optional(number("units_high_thousand", "high", "thousand", minimum=0)),
            text("stock_date", "date of the stock, such as 2026-06"),
            integer("retire_year", "year from which the chips are gone", "year", minimum=2020, maximum=2100),
        ),
        key=("group", "fleet_region", "chip", "stock_date", "retire_year"),
        ordered=(("units_low_thousand", "units_thousand", "units_high_thousand"),),
    ),
    TableSpec(
        "compute.supply",
        "Units that can be had a year.",
        (
            CHIP,
            text("destination_bloc", "who receives them"),
            integer("year", "year", "year", minimum=2015, maximum=2100),
            number("units_thousand", "units", "thousand", minimum=0, plausible=(0, 100_000)),
            optional(number("units_low_thousand", "low", "thousand", minimum=0)),
            optional(number("units_high_thousand", "high", "thousand", minimum=0)),
            choice("kind", "what the row is", SUPPLY_KINDS),
            optional(text("family", "family in the source")),
        ),
        key=("chip", "destination_bloc", "year", "kind", "family"),
        ordered=(("units_low_thousand", "units_thousand", "units_high_thousand"),),
    ),
    TableSpec(
        "compute.scaleout",
        "Rate kept when a service spreads over more chips.",
        (
            CHIP,
            text("model_class", "model"),
            text("scenario", "service level"),
            number("chips_from", "chips before", "1", minimum=1),
            number("chips_to", "chips after", "1", minimum=1),
            share("efficiency", "rate per chip after over before"),
        ),
    ),
)
