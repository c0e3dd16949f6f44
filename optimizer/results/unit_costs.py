"""What one unit costs, from the scenario alone: chips, halls and connections a year, power as published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from optimizer.instance.finance import Floats, capital_recovery_factor

if TYPE_CHECKING:
    from optimizer.instance.instance import Label
    from optimizer.scenario.scenario import Scenario


def chip_annuity(scenario: Scenario, country: Sequence[str], chips: Sequence[Label]) -> Floats:
    """Yearly cost of a thousand chips without fees, MUSD, (hosts, chips); ``country`` is that of each host."""
    table = scenario.table("compute.chips").set_index("chip").loc[list(chips)]
    factors = scenario.money.factors
    price = table["price_per_chip"].to_numpy(float) * np.asarray([float(factors[u]) for u in table["money"]]) * 1e-3
    life = table["lifetime_yr"].to_numpy(float)
    rows = [price * capital_recovery_factor(scenario.countries[c].wacc.chips, life) for c in country]
    return np.stack(rows) if rows else np.zeros((0, len(price)))


def fee_share(scenario: Scenario, country: Sequence[str], chips: Sequence[Label]) -> Floats:
    """Export fees as a share of the chip price, (hosts, chips): what `chip_cost` holds beyond the annuity."""
    from optimizer.instance.build import export_effects

    effects = export_effects(scenario, tuple(dict.fromkeys(country)))
    share = [[effects[(c, str(g))].price_adder_share for g in chips] for c in country]
    return np.asarray(share, float).reshape(len(country), len(chips))


def hall_annuity(scenario: Scenario, country: Sequence[str]) -> Floats:
    """Yearly cost of one MW of halls, MUSD per host: capital at the campus rate plus upkeep."""
    rows = scenario.table("facility.halls").set_index("country").loc[list(country)]
    factors = scenario.money.factors
    capex = rows["capex_per_mw_it"].to_numpy(float) * np.asarray([float(factors[u]) for u in rows["money"]]) * 1e-6
    wacc = np.asarray([scenario.countries[c].wacc.campus for c in country])
    return capex * (
        capital_recovery_factor(wacc, rows["lifetime_yr"].to_numpy(float))
        + rows["fixed_om_share"].fillna(0).to_numpy(float)
    )


def connection_annuity(scenario: Scenario, country: Sequence[str]) -> Floats:
    """Yearly cost of one MW of firm connection, MUSD per host."""
    rows = scenario.table("connection.costs")
    rows = rows[rows["item"] == "firm"].set_index("country").loc[list(country)]
    factors = scenario.money.factors
    capex = rows["capex_per_kw"].to_numpy(float) * np.asarray([float(factors[u]) for u in rows["money"]]) * 1e-3
    wacc = np.asarray([scenario.countries[c].wacc.campus for c in country])
    return capex * capital_recovery_factor(wacc, rows["lifetime_yr"].to_numpy(float))


def tariff_usd_per_mwh(scenario: Scenario, regions: Sequence[Label]) -> Floats:
    """Industrial tariff as published, value-added tax taken out, (regions,); not a number where none is known."""
    table = scenario.table("power.tariffs").set_index("region").reindex(list(regions))
    factors = scenario.money.factors
    usd = np.asarray([float(factors[unit]) if unit in factors else np.nan for unit in table["money"]])
    price = table["industrial_price_per_mwh"].to_numpy(float) * usd
    return price / (1.0 + table["vat_rate"].fillna(0.0).to_numpy(float))
