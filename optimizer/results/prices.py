"""Prices in plain units.

Duals are discounted MUSD per unit of a row; planners read USD per MWh, per MW and year, per million tokens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .planner import Plan

Floats = NDArray[np.float64]


def lmp_usd_per_mwh(plan: Plan) -> Floats:
    """Locational marginal price, (regions, periods, snapshots): dual of the power balance over hours x discount."""
    weight = plan.param("discount")[:, None] * plan.param("hours")[None, :]
    return plan.dual("power_balance") / weight[None] * 1e6


def token_price_usd_per_mtok(plan: Plan) -> Floats:
    """Marginal price of a million reference tokens, (streams, periods), mean over hours weighted by demand.

    A stream that cannot wait has its hourly dual. One more token of a deferrable stream counts in full in its window
    and with the share that cannot wait in its hour.
    """
    discount, hours, step = plan.param("discount"), plan.param("hours"), plan.param("step_h")
    demand = plan.param("demand")
    hourly = plan.dual("hourly_demand") + plan.param("firm_share")[:, None, None] * plan.dual("firm_demand")
    windows = plan.instance.relations["snapshots_of_window"]
    snapshot, stream = plan.position("snapshot"), plan.position("stream")
    dual = plan.dual("window_demand")
    for w, (label, members) in enumerate(windows.items()):
        s = stream[plan.param("stream_of")[w]]
        for t in members:
            hourly[s, :, snapshot[t]] += dual[w] * step[snapshot[t]]
        assert label == plan.instance.sets["window"][w]
    price = hourly / (discount[:, None] * hours[None, :])[None]
    weight = demand * hours[None, None, :]
    total = weight.sum(axis=2)
    return np.divide((price * weight).sum(axis=2), total, out=np.full(total.shape, np.nan), where=total > 0)


def per_mw_year(plan: Plan, dual: Floats, service: Floats) -> Floats:
    """USD per unit and year of service: a dual in MUSD over the discounted years in which the unit serves."""
    return np.divide(dual * 1e6, service, out=np.zeros_like(dual), where=service > 0)


def service_years(plan: Plan, alive: Floats) -> Floats:
    """Discounted years in which a vintage of period b serves: sum over p of discount[p] alive[..., b, p]."""
    return alive @ plan.param("discount")
