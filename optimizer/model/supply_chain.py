"""Supply chain: the chips that a country can get, after export control.

    sum_r chips_built[r,g,p] <= supply[c,g,p]                     kchip in the period, licences and volume caps counted
    sum_{b<=p} sum_{r, g in v} chips_built[r,g,b] <= volume[v,p]  kchip, where a licence caps units since today
    sum_{b<=p} sum_{r,g} TPP[g] chips_built[r,g,b] <= cap[c,p]    million TPP x kchip, where processing power is capped

The export rules are read before the model is made: a denial is a zero supply, a share of home sales a smaller one, a
fee a higher price. Home sales in a volume rule are the year's forecast, never a decision, so that nobody buys chips
to free others.
"""

from __future__ import annotations

from .room import Room

room = Room("supply chain", doc=__doc__)

# what it reads
room.relation("hosts_of", "country", "host", "hosts that draw on the country's chips")
room.param("has_chip_supply", "country chip period", "0/1", "chips that the country can buy at all")
room.param(
    "chip_supply",
    "country chip period",
    "kchip",
    "chips that reach the country in the period",
    origin="compute.supply:units_thousand compute.supply_path",
)
room.set("volume_cap", "a cap on units of some chips into one country", columns="country rule")
room.relation("capped_chips", "volume_cap", "chip", "chips that share the cap")
room.relation("capped_hosts", "volume_cap", "host", "hosts of the country")
room.param(
    "volume_cap_kchip",
    "volume_cap period",
    "kchip",
    "units allowed from today to the end of the period",
    origin="export_control.rules",
)
room.param("has_tpp_cap", "country period", "0/1", "countries with a cap on total processing performance")
room.param(
    "tpp_cap",
    "country period",
    "million TPP kchip",
    "cap on total processing performance bought from today on",
    origin="export_control.rules",
)
room.param("tpp_million", "chip", "million TPP", "total processing performance of a chip")


# what holds it back
@room.limit("country chip period", family="chips", per="kchip", where="has_chip_supply", serves="chip_alive")
def chips_within_supply(m, c, g, p):
    "A country's sites share the chips that reach it."
    return sum(m.chips_built[r, g, p] for r in m.hosts_of[c]) <= m.chip_supply[c, g, p]


@room.limit("volume_cap period", family="export control", per="kchip", role="policy")
def chips_within_licence(m, v, p):
    "Licensed units stay within the volume that both sides allow, counted from today."
    return (
        sum(
            m.by_then[b, p] * m.chips_built[r, g, b]
            for r in m.capped_hosts[v]
            for g in m.capped_chips[v]
            for b in m.period
        )
        <= m.volume_cap_kchip[v, p]
    )


@room.limit("country period", family="export control", per="million TPP", where="has_tpp_cap", role="policy")
def chips_within_tpp_cap(m, c, p):
    "Processing performance bought stays within the cap of the rule."
    return (
        sum(
            m.by_then[b, p] * m.tpp_million[g] * m.chips_built[r, g, b]
            for r in m.hosts_of[c]
            for g in m.chip
            for b in m.period
        )
        <= m.tpp_cap[c, p]
    )
