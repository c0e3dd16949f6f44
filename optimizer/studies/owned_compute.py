"""What owned compute costs per provisioned kWh and per token, from the tables alone: the identity for every chip.

    cost per token = C / (eta s),    C = K + p u        (optimizer/results/identity.py)

Per provisioned kW at the meter, IT times the PUE of the worst hour:

    K      annuity of chip, server, network and fees + hall + connection, over 8,760 hours
    eta    tokens of a chip that is never without work, at the availability of the scenario, per provisioned kWh
    u      (idle + (1 - idle) availability s) x mean over worst PUE: what idle hours draw as well
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from optimizer.instance.build import export_effects
from optimizer.instance.finance import capital_recovery_factor
from optimizer.results.identity import HOURS_A_YEAR, cost_per_kwh, cost_per_mtok
from optimizer.results.unit_costs import (
    chip_annuity,
    connection_annuity,
    fee_share,
    hall_annuity,
    tariff_usd_per_mwh,
)
from optimizer.scenario.provenance import CONFIDENCE

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

KWH_S = 3600.0
RATES = ("tokens_per_s", "low", "high")


class PowerPrice(NamedTuple):
    """Industrial tariffs of a country's hosts, value-added tax taken out, USD/MWh; the mean by yearly limit."""

    cheapest: float
    mean: float
    dearest: float


class Site(NamedTuple):
    """What a country's sites have in common: worst and mean PUE, by yearly limit, and the power price."""

    pue_peak: float
    pue_mean: float
    power: PowerPrice


def site(scenario: Scenario, country: str) -> Site:
    """Means over the hosts of a country, weighed by how much may be connected a year. KeyError: no such country."""
    regions = scenario.table("regions").set_index("region")
    limits = scenario.table("connection.limits").set_index("region")["limit_mw_per_yr"]
    hosts = [r for r in regions.index[regions["country"] == country] if r in limits.index]
    if not hosts:
        raise KeyError(country)
    weight = limits[hosts].to_numpy(float)
    climate = scenario.table("facility.climate").set_index("region").loc[hosts]
    tariff = tariff_usd_per_mwh(scenario, hosts)
    known = ~np.isnan(tariff)
    price = PowerPrice(*(float(v) for v in (tariff[known].min(), 0.0, tariff[known].max())))
    return Site(
        float(np.average(climate["pue_peak"].to_numpy(float), weights=weight)),
        float(np.average(climate["pue_mean"].to_numpy(float), weights=weight)),
        price._replace(mean=float(np.average(tariff[known], weights=weight[known]))),
    )


def load_ratio(scenario: Scenario, where: Site, sold_share: float) -> float:
    """u: mean over provisioned load at a sold share; chips without work draw idle power."""
    idle, availability = float(scenario.compute.idle_power_share), float(scenario.compute.availability)
    return (idle + (1.0 - idle) * availability * sold_share) * where.pue_mean / where.pue_peak


def owned_compute(scenario: Scenario, country: str, chips: tuple[str, ...], sold_share: float) -> pd.DataFrame:
    """One row a chip, chip set and operating point: K, p, u, C in USD per provisioned kWh, eta and USD per Mtok.

    ``capex_usd_per_kw`` (chips, network, fees) and ``fixed_usd_per_kw_year`` (hall, connection) are the same K before
    annuities. Chips that the scenario does not know raise KeyError.
    """
    where = site(scenario, country)
    table = scenario.table("compute.chips").set_index("chip").loc[list(chips)]
    it_kw = table["all_in_w_per_chip"].to_numpy(float) / 1e3
    facility_kw = it_kw * where.pue_peak
    fee = fee_share(scenario, [country], chips)[0]
    annuity = chip_annuity(scenario, [country], chips)[0] * 1e3 * (1.0 + fee)  # USD a year and chip
    life = table["lifetime_yr"].to_numpy(float)
    price = annuity / capital_recovery_factor(scenario.countries[country].wacc.chips, life)
    hall = hall_annuity(scenario, [country])[0] * 1e3 / where.pue_peak  # USD a year and kW at the meter
    fixed = hall + connection_annuity(scenario, [country])[0] * 1e3
    effects = export_effects(scenario, (country,))
    p, u = where.power.mean / 1e3, load_ratio(scenario, where, sold_share)
    rows = []
    rates = scenario.table("compute.throughput").set_index(["chip", "chip_set", "operating_point"])
    for i, chip in enumerate(chips):
        capital = (annuity[i] / facility_kw[i] + fixed) / HOURS_A_YEAR
        for chip_set, point in sorted({key[1:] for key in rates.index if key[0] == chip}):
            rate = rates.loc[(chip, chip_set, point)]
            eta, low, high = (
                float(rate[name]) * KWH_S * float(scenario.compute.availability) / facility_kw[i] for name in RATES
            )
            rows.append(
                {
                    "country": country,
                    "chip": chip,
                    "chip_set": chip_set,
                    "operating_point": point,
                    "facility_kw_per_chip": facility_kw[i],
                    "capex_usd_per_kw": price[i] / facility_kw[i],
                    "fixed_usd_per_kw_year": fixed,
                    "capital_usd_per_kwh": capital,
                    "power_usd_per_kwh": p,
                    "load_ratio": u,
                    "cost_usd_per_kwh": cost_per_kwh(capital, p, u),
                    "tokens_per_kwh": eta,
                    "tokens_per_kwh_low": low,
                    "tokens_per_kwh_high": high,
                    "usd_per_mtok": cost_per_mtok(capital, p, u, eta, sold_share),
                    "life_yr": life[i],
                    "price_confidence": _confidence(table.iloc[i]),
                    "rate_basis": str(rate.get("basis", "")),
                    "may_be_bought": bool(effects[(country, chip)].allowed),
                }
            )
    return pd.DataFrame(rows)


def _confidence(chip: pd.Series) -> str:
    """How sure a chip's price is: its own word, else that of the row, else assumed."""
    words = (chip.get("price_confidence"), chip.get("confidence"))
    return next((str(word) for word in words if word in CONFIDENCE), "assumed")
