"""How likely the first side's tokens are cheaper: a map over chip efficiency and power price, and each pair of chips.

The kernel draws what is uncertain (kernels/break_even.py). Spreads come from the data: a price by the confidence of its
row, a rate by the band of its row (taken as its 5th and 95th percentile), a hall by its low and high cost. Cost of
capital and chip life are unknown but alike on both sides; sold shares are alike in the map, and each side's own in the
last column of pairs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kernels.break_even import Axis, break_even
from kernels.break_even import Side as Drawn
from kernels.draws import Draw, fixed, lognormal, triangular, uniform
from optimizer.results.section import Section

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.scenario.study import CheaperTokens, Range, Uncertain

NINETY = 1.645  # standard deviations to the 95th percentile
ALIKE = ("wacc", "life_years")
HALL_LOW, HALL_HIGH = "capex_low", "capex_high"


def hall_band(scenario: Scenario, country: str) -> tuple[float, float]:
    """Low and high hall cost of a country over its central one."""
    row = scenario.table("facility.halls").set_index("country").loc[country]
    low, high = (float(row[name] / row["capex_per_mw_it"]) for name in (HALL_LOW, HALL_HIGH))
    return (low, high) if math.isfinite(low + high) else (1.0, 1.0)


def drawn(row: pd.Series, uncertain: Uncertain, band: tuple[float, float], tokens: Draw) -> Drawn:
    """One side with a chip of `owned_compute`; ``tokens`` is what the chip makes per provisioned kWh."""
    sigma = {w: getattr(uncertain, f"sigma_{w}") for w in ("read", "derived", "recalled", "assumed")}
    fix = float(row["fixed_usd_per_kw_year"])
    return Drawn(
        power_usd_per_kwh=fixed(float(row["power_usd_per_kwh"])),
        tokens_per_kwh=tokens,
        capex_usd_per_kw=lognormal(float(row["capex_usd_per_kw"]), sigma[str(row["price_confidence"])]),
        fixed_usd_per_kw_year=triangular(band[0] * fix, fix, band[1] * fix),
        load_ratio=_range(uncertain.load_ratio),
        sold_share=_range(uncertain.sold_share),
        wacc=_range(uncertain.wacc),
        life_years=_range(uncertain.chip_life_yr),
    )


def _range(given: Range) -> Draw:
    return uniform(given.low, given.high)


def rates(row: pd.Series) -> Draw:
    """Tokens per kWh with the band of the table around them."""
    middle, low, high = (float(row[f"tokens_per_kwh{end}"]) for end in ("", "_low", "_high"))
    known = low > 0 and high > low and math.isfinite(low + high)
    return lognormal(middle, math.log(high / low) / (2 * NINETY)) if known else fixed(middle)


def chance_map(
    study: CheaperTokens, first: pd.Series, second: pd.Series, bands: tuple[tuple[float, float], tuple[float, float]]
) -> pd.DataFrame:
    """One row a cell: ratio of tokens per kWh, power price gap, probability that the first side is cheaper, moments."""
    ratios = np.geomspace(study.map.ratio_low, study.map.ratio_high, study.map.ratio_points)
    gaps = np.linspace(study.map.gap_low_usd_per_mwh, study.map.gap_high_usd_per_mwh, study.map.gap_points)
    price = np.maximum(float(second["power_usd_per_kwh"]) - gaps / 1e3, 0.0)
    found = break_even(
        drawn(first, study.uncertain, bands[0], fixed(1.0)),
        drawn(second, study.uncertain, bands[1], fixed(1.0)),
        Axis("a", "tokens_per_kwh", ratios),
        Axis("a", "power_usd_per_kwh", price),
        study.uncertain.samples,
        study.uncertain.seed,
        (*ALIKE, "sold_share", "load_ratio"),
    )
    frame = pd.MultiIndex.from_product([ratios, gaps], names=["ratio_of_tokens_per_kwh", "gap_usd_per_mwh"]).to_frame(
        index=False
    )
    return frame.assign(
        probability=found.probability.ravel(),
        mean_cost_ratio=found.mean.ravel(),
        deviation_of_cost_ratio=found.deviation.ravel(),
    )


def chance_of(
    study: CheaperTokens,
    first: pd.Series,
    second: pd.Series,
    bands: tuple[tuple[float, float], tuple[float, float]],
    alike: tuple[str, ...] = (*ALIKE, "sold_share", "load_ratio"),
) -> float:
    """Probability that a token of the first side's chip is cheaper, its rates uncertain as well."""
    a, b = (drawn(row, study.uncertain, band, rates(row)) for row, band in zip((first, second), bands, strict=True))
    price = [float(row["power_usd_per_kwh"]) for row in (first, second)]
    found = break_even(
        a,
        b,
        Axis("a", "power_usd_per_kwh", [price[0]]),
        Axis("b", "power_usd_per_kwh", [price[1]]),
        study.uncertain.samples,
        study.uncertain.seed,
        alike,
    )
    return float(found.probability.item())


def map_section(study: CheaperTokens, table: pd.DataFrame, title: str) -> Section:
    """A coarse map in per cent: ratios down, gaps across."""
    grid = table.pivot(index="ratio_of_tokens_per_kwh", columns="gap_usd_per_mwh", values="probability")
    rows = np.unique(np.linspace(0, len(grid.index) - 1, 15).round().astype(int))
    columns = np.unique(np.linspace(0, len(grid.columns) - 1, 9).round().astype(int))
    gaps = [float(grid.columns[c]) for c in columns]
    made = [
        (f"{float(grid.index[r]):.2f}", *(f"{100 * float(grid.iloc[r, c]):.0f} %" for c in columns)) for r in rows[::-1]
    ]
    first, second = study.first.label, study.second.label
    return Section(
        title,
        (f"tokens per kWh, {first} / {second}", *(f"{gap:+.0f} USD/MWh" for gap in gaps)),
        tuple(made),
        (
            f"columns: power price of {second} less that of {first}; {study.uncertain.samples:,} samples, "
            f"seed {study.uncertain.seed}; sold share and load ratio alike on both sides",
            "every cell is in the table chance_map",
        ),
    )
