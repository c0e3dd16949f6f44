"""Pairs of chips by accounting: cost of a token on one over the other, where they break even, what moves the ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from optimizer.instance.finance import capital_recovery_factor
from optimizer.results.identity import HOURS_A_YEAR, break_even_ratio, cost_per_mtok

from .chance_map import NINETY, hall_band
from .owned_compute import Site, load_ratio

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.scenario.study import CheaperTokens


class Book(NamedTuple):
    """One side of the accounting: its scenario, site and chips."""

    scenario: Scenario
    where: Site
    chips: pd.DataFrame  # of owned_compute at the study's operating point

    def chip(self, name: str, chip_set: str) -> pd.Series:
        rows = self.chips[(self.chips["chip"] == name) & (self.chips["chip_set"] == chip_set)]
        return rows.iloc[0]


def pair_table(study: CheaperTokens, books: tuple[Book, ...]) -> pd.DataFrame:
    """One row a set of rates and pair of chips: ratios of cost and of tokens per kWh, and break-even by power price."""
    rows = []
    for chip_set in study.chip_sets:
        for one in study.first.chips:
            for other in study.second.chips:
                a, b = books[0].chip(one, chip_set), books[1].chip(other, chip_set)
                u = float(a["load_ratio"])
                even = {
                    name: break_even_ratio(
                        float(a["capital_usd_per_kwh"]),
                        price / 1e3,
                        float(b["capital_usd_per_kwh"]),
                        float(b["power_usd_per_kwh"]),
                        u,
                    )
                    for name, price in (("free", 0.0), *books[0].where.power._asdict().items())
                }
                rows.append(
                    {"chip_set": chip_set, "first_chip": one, "second_chip": other}
                    | {"cost_ratio": float(a["usd_per_mtok"] / b["usd_per_mtok"])}
                    | {"ratio_of_tokens_per_kwh": float(a["tokens_per_kwh"] / b["tokens_per_kwh"])}
                    | {f"break_even_{name}": value for name, value in even.items()}
                )
    return pd.DataFrame(rows)


def moves_table(study: CheaperTokens, books: tuple[Book, ...]) -> pd.DataFrame:
    """By what factor each input moves the cost ratio of the leading pair, all else as in the accounting.

    One row an input and set of rates, but for the date of the rates, which is the range over the sets. Power: free to
    the dearest host of the first side. Sold share and price: of the first side alone. Life: alike on both sides.
    """
    chips, rows = (study.first.chips[0], study.second.chips[0]), []
    ratios = []
    for chip_set in study.chip_sets:
        a, b = (book.chip(chip, chip_set) for book, chip in zip(books, chips, strict=True))
        base = float(b["usd_per_mtok"])
        first = _Cost(books[0], a, study.sold_share)
        second = _Cost(books[1], b, study.sold_share)
        ratios.append(first.usd_per_mtok() / base)
        sigma = getattr(study.uncertain, f"sigma_{a['price_confidence']}")
        band = hall_band(books[0].scenario, study.first.country)
        sold, dearest = study.uncertain.sold_share, books[0].where.power.dearest / 1e3
        ends = {
            "power price": (first.usd_per_mtok(power=0.0) / base, first.usd_per_mtok(power=dearest) / base),
            "sold share": tuple(first.usd_per_mtok(sold=s) / base for s in (sold.high, sold.low)),
            "chip price": tuple(first.usd_per_mtok(price=np.exp(NINETY * s)) / base for s in (-sigma, sigma)),
            "chip life": tuple(
                first.usd_per_mtok(life=years) / second.usd_per_mtok(life=years)
                for years in (study.uncertain.chip_life_yr.low, study.uncertain.chip_life_yr.high)
            ),
            "hall cost": tuple(first.usd_per_mtok(hall=h) / base for h in band),
        }
        for name, (low, high) in ends.items():
            rows.append((name, chip_set, low, high, max(low, high) / min(low, high)))
    every = " to ".join(study.chip_sets)
    rows.append(("date of the rates", every, min(ratios), max(ratios), max(ratios) / min(ratios)))
    return pd.DataFrame(rows, columns=["input", "chip_set", "ratio_at_one_end", "ratio_at_the_other", "factor"])


class _Cost:
    """Cost of a token of one chip with one input changed."""

    def __init__(self, book: Book, row: pd.Series, sold_share: float) -> None:
        self.book, self.row, self.sold = book, row, sold_share

    def usd_per_mtok(
        self,
        power: float | None = None,
        sold: float | None = None,
        price: float = 1.0,
        life: float | None = None,
        hall: float = 1.0,
    ) -> float:
        country = str(self.row["country"])
        wacc = float(self.book.scenario.countries[country].wacc.chips)
        years = float(self.row["life_yr"]) if life is None else life
        chip = float(self.row["capex_usd_per_kw"]) * price * float(capital_recovery_factor(wacc, years))
        capital = (chip + float(self.row["fixed_usd_per_kw_year"]) * hall) / HOURS_A_YEAR
        share = self.sold if sold is None else sold
        u = load_ratio(self.book.scenario, self.book.where, share)
        p = float(self.row["power_usd_per_kwh"]) if power is None else power
        return cost_per_mtok(capital, p, u, float(self.row["tokens_per_kwh"]), share)


def years_of_gap(books: tuple[Book, ...], study: CheaperTokens) -> float | None:
    """Full cost of a year of the second side's leading chips over what a year of the power price gap is worth on them.

    None where power of the first side is not cheaper.
    """
    row = books[1].chip(study.second.chips[0], study.chip_sets[0])
    gap = (books[1].where.power.mean - books[0].where.power.mean) / 1e3 * float(row["load_ratio"])
    return None if gap <= 0 else float(row["cost_usd_per_kwh"]) / gap
