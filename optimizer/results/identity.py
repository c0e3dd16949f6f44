"""The identity behind published costs of tokens, and the arithmetic of published figures.

    cost per token = (K + p u) / (eta s)

K: yearly cost of chips, network, hall and operation per provisioned kWh; p: power price; u: mean over provisioned load;
eta: tokens per provisioned kWh; s: share of capacity that is sold. One side is cheaper than another where its eta s,
over the other's, exceeds the ratio of C = K + p u.
"""

from __future__ import annotations

HOURS_A_YEAR = 8760.0
HOURS_A_DAY = 24.0


def cost_per_kwh(capital_usd_per_kwh: float, power_usd_per_kwh: float, load_ratio: float) -> float:
    """C = K + p u, USD per provisioned kWh."""
    return capital_usd_per_kwh + power_usd_per_kwh * load_ratio


def cost_per_mtok(
    capital_usd_per_kwh: float, power_usd_per_kwh: float, load_ratio: float, tokens_per_kwh: float, sold_share: float
) -> float:
    """(K + p u) / (eta s), USD per million tokens.

    Args:
        capital_usd_per_kwh: K, USD per provisioned kWh.
        power_usd_per_kwh: p. load_ratio: u, mean over provisioned load.
        tokens_per_kwh: eta, tokens per provisioned kWh. sold_share: s, 0 < s <= 1.

    Raises:
        ValueError: for a rate or a share that is not positive.
    """
    if not (tokens_per_kwh > 0 and sold_share > 0):
        raise ValueError(f"tokens per kWh {tokens_per_kwh:g} and sold share {sold_share:g} must be positive")
    return cost_per_kwh(capital_usd_per_kwh, power_usd_per_kwh, load_ratio) / (tokens_per_kwh * sold_share) * 1e6


def break_even_ratio(
    capital: float, power_price: float, other_capital: float, other_power_price: float, load_ratio: float = 1.0
) -> float:
    """eta s over the other side's eta s at which both cost the same: the ratio of their C, USD per provisioned kWh."""
    return cost_per_kwh(capital, power_price, load_ratio) / cost_per_kwh(other_capital, other_power_price, load_ratio)


def usd_per_mtok(usd_per_hour: float, tokens_per_s: float) -> float:
    """Cost per hour over million tokens per hour."""
    return usd_per_hour / (tokens_per_s * 3600.0 / 1e6)


def tokens_per_s_per_mw(tokens_per_s_per_chip: float, kw_per_chip: float) -> float:
    """Rate of a megawatt of chips."""
    return 1000.0 * tokens_per_s_per_chip / kw_per_chip


def nodes_needed(tokens: float, seconds: float, tokens_per_s_per_node: float) -> float:
    """Mean number of nodes that make so many tokens in so many seconds."""
    return tokens / (seconds * tokens_per_s_per_node)


def capacity_adder_usd_per_mwh(usd_per_mw_day: float, load_factor: float = 1.0) -> float:
    """A price of capacity spread over the energy of a load."""
    return usd_per_mw_day / (HOURS_A_DAY * load_factor)


def load_factor(energy_twh: float, capacity_gw: float) -> float:
    """Yearly energy over what the capacity could carry in 8,760 hours."""
    return energy_twh * 1e3 / (capacity_gw * HOURS_A_YEAR)
