"""Sentences of a verdict, each a function of figures: other figures, other sentences.

A ratio is the first side's cost over the second's, below one where the first is cheaper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

SAME = 0.02  # within this of one, two costs are called equal
LIKELY, UNLIKELY = 0.75, 0.25
CHEAPER, DEARER, EQUAL, OPEN = "cheaper", "dearer", "equal", "open"


class Names(NamedTuple):
    """Labels of the two sides."""

    first: str
    second: str


def word(ratio: float) -> str:
    """Cheaper, dearer or equal."""
    return EQUAL if abs(ratio - 1.0) <= SAME else CHEAPER if ratio < 1.0 else DEARER


def words(ratio: float) -> str:
    """A ratio in words: 12 % cheaper, 2.1 times as dear."""
    if word(ratio) == EQUAL:
        return "as dear"
    if ratio < 1.0:
        return f"{1 - ratio:.0%} cheaper"
    return f"{ratio - 1:.0%} dearer" if ratio < 2 else f"{ratio:.1f} times as dear"


def accounting(names: Names, ratios: Mapping[str, float], count: tuple[int, int]) -> tuple[str, str]:
    """The accounting's answer and its sentence; ``ratios`` of the leading pair by chip set, ``count`` of all pairs."""
    kinds = {word(ratio) for ratio in ratios.values()}
    answer = kinds.pop() if len(kinds) == 1 else OPEN
    by_set = "; ".join(f"on {key.replace('_', '-')} rates {words(value)}" for key, value in ratios.items())
    pairs = f"cheaper in {count[0]} of {count[1]} pairs"
    text = f"By accounting, a token of {names.first} is {by_set} (leading chips); {pairs}."
    if answer == OPEN:
        text += " The date of the rates decides."
    return answer, text


def plans(names: Names, ratios: Mapping[str, float], period: int, path: str) -> tuple[str, str]:
    """The plans' answer and its sentence; ``ratios`` of mean full cost in the period by chip set."""
    kinds = {word(ratio) for ratio in ratios.values()}
    answer = kinds.pop() if len(kinds) == 1 else OPEN
    by_set = "; ".join(f"{words(value)} on {key.replace('_', '-')} rates" for key, value in ratios.items())
    return answer, f"By plans at least cost, {path} demand, same mix, tokens of {names.first} in {period} are {by_set}."


def chances(names: Names, probability: Mapping[str, float]) -> tuple[str, str]:
    """The map's answer and its sentence; ``probability`` of the leading pair by chip set."""
    kinds = {CHEAPER if p >= LIKELY else DEARER if p <= UNLIKELY else OPEN for p in probability.values()}
    answer = kinds.pop() if len(kinds) == 1 else OPEN
    by_set = "; ".join(f"{p:.0%} on {key.replace('_', '-')} rates" for key, p in probability.items())
    return (
        answer,
        f"By chance, with prices, rates, lives and sold shares uncertain, {names.first} is cheaper in {by_set}.",
    )


def what_moves(names: Names, moves: Mapping[str, float]) -> str:
    """The inputs in order of the factor by which each moves the cost ratio, and where power stands among them."""
    order = sorted(moves, key=lambda key: -moves[key])
    place = order.index("power price") + 1
    ranked = ", ".join(f"{key} {moves[key]:.2f}" for key in order)
    rank = "first" if place == 1 else f"number {place} of {len(order)}"
    return f"Factors by which inputs move the cost ratio over their range: {ranked}. The power price is {rank}."


def break_even_and_power(names: Names, free: float, dearest: float, actual: float) -> str:
    """How far the whole range of power prices moves the break-even ratio, and on which side the chips stand."""
    stands = "above both" if actual > max(free, dearest) else "below both" if actual < min(free, dearest) else "between"
    return (
        f"{names.first} breaks even at {free:.2f} of the tokens per kWh of {names.second} with free power and at "
        f"{dearest:.2f} with its dearest: the whole range of power prices moves it by {abs(dearest - free):.2f}. "
        f"Its chips make {actual:.2f}, {stands}."
    )


def delay(names: Names, years_of_gap: float | None, gap_usd_per_mwh: float) -> str:
    """What a year of delay forgoes, at full cost, in years of the power price gap."""
    if years_of_gap is None:
        return f"Power of {names.first} is not cheaper, so delay has no price gap to be set against."
    verb = "more" if years_of_gap > 1 else "less"
    return (
        f"What 100 MW of {names.second} make in a year, at full cost, is worth {years_of_gap:.0f} years of the power "
        f"price gap of {gap_usd_per_mwh:.0f} USD/MWh: a month of delay costs {verb} than a month of dear power."
    )


def claim(names: Names, answers: Sequence[str]) -> str:
    """The claim that the first side is cheaper, held against the answers of all ways."""
    agree = sum(answer == CHEAPER for answer in answers)
    against = sum(answer in (DEARER, EQUAL) for answer in answers)
    if agree == len(answers):
        return f"The claim holds {_all(len(answers))}: {names.first} is cheaper."
    if against == len(answers):
        return f"The claim fails {_all(len(answers))}: {names.first} is not cheaper."
    other = len(answers) - agree - against
    return f"The claim is open: of {len(answers)} ways {agree} say cheaper, {against} say not, {other} leave it open."


def _all(number: int) -> str:
    return {2: "both ways", 3: "all three ways"}.get(number, f"all {number} ways")
