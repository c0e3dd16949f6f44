"""Verdicts are functions of figures: other figures, other sentences."""

from __future__ import annotations

import pytest

from optimizer.studies import verdict
from optimizer.studies.verdict import CHEAPER, DEARER, EQUAL, OPEN, Names

NAMES = Names("China", "the US")


@pytest.mark.parametrize(
    ("ratio", "word", "words"),
    [
        (0.7, CHEAPER, "30% cheaper"),
        (1.01, EQUAL, "as dear"),
        (0.99, EQUAL, "as dear"),
        (1.3, DEARER, "30% dearer"),
        (2.6, DEARER, "2.6 times as dear"),
    ],
)
def test_a_ratio_in_words(ratio: float, word: str, words: str) -> None:
    assert (verdict.word(ratio), verdict.words(ratio)) == (word, words)


def test_accounting_flips_with_its_ratios() -> None:
    answer, text = verdict.accounting(NAMES, {"same_date": 0.74, "planning": 0.9}, (9, 12))
    assert answer == CHEAPER
    assert "26% cheaper" in text
    assert "9 of 12 pairs" in text
    assert verdict.accounting(NAMES, {"same_date": 1.3, "planning": 2.1}, (0, 12))[0] == DEARER
    answer, text = verdict.accounting(NAMES, {"same_date": 0.74, "planning": 2.1}, (6, 12))
    assert answer == OPEN
    assert "The date of the rates decides." in text


def test_plans_flip_with_their_ratios() -> None:
    cheap, text = verdict.plans(NAMES, {"same_date": 0.8}, 2026, "central")
    assert cheap == CHEAPER
    assert "in 2026 are 20% cheaper on same-date rates" in text
    assert verdict.plans(NAMES, {"same_date": 1.2}, 2026, "central")[0] == DEARER
    assert verdict.plans(NAMES, {"same_date": 1.2, "planning": 0.8}, 2026, "central")[0] == OPEN


def test_chances_between_the_bounds_are_open() -> None:
    assert verdict.chances(NAMES, {"a": 0.9, "b": 0.76})[0] == CHEAPER
    assert verdict.chances(NAMES, {"a": 0.1, "b": 0.2})[0] == DEARER
    assert verdict.chances(NAMES, {"a": 0.5})[0] == OPEN
    assert verdict.chances(NAMES, {"a": 0.9, "b": 0.1})[0] == OPEN


def test_what_moves_most_is_named_first() -> None:
    power_last = verdict.what_moves(NAMES, {"power price": 1.1, "sold share": 3.0})
    assert "sold share 3.00, power price 1.10" in power_last
    assert "number 2 of 2" in power_last
    assert "The power price is first." in verdict.what_moves(NAMES, {"power price": 4.0, "sold share": 3.0})


def test_where_chips_stand_against_break_even() -> None:
    assert "make 0.69, above both" in verdict.break_even_and_power(NAMES, 0.46, 0.53, 0.69)
    assert "make 0.24, below both" in verdict.break_even_and_power(NAMES, 0.46, 0.53, 0.24)
    assert "make 0.50, between" in verdict.break_even_and_power(NAMES, 0.46, 0.53, 0.50)
    assert "moves it by 0.07" in verdict.break_even_and_power(NAMES, 0.46, 0.53, 0.69)


def test_delay_needs_a_gap() -> None:
    assert "worth 96 years of the power price gap of 14 USD/MWh" in verdict.delay(NAMES, 96.4, 13.6)
    assert "costs more than" in verdict.delay(NAMES, 96.4, 13.6)
    assert "costs less than" in verdict.delay(NAMES, 0.4, 500)
    assert "is not cheaper" in verdict.delay(NAMES, None, -3.0)


@pytest.mark.parametrize(
    ("answers", "start"),
    [
        ([CHEAPER, CHEAPER, CHEAPER], "The claim holds all three ways: China is cheaper."),
        ([DEARER, EQUAL, DEARER], "The claim fails all three ways: China is not cheaper."),
        ([CHEAPER, CHEAPER], "The claim holds both ways"),
        ([OPEN, DEARER, CHEAPER], "The claim is open: of 3 ways 1 say cheaper, 1 say not, 1 leave it open."),
    ],
)
def test_the_claim_against_its_answers(answers: list[str], start: str) -> None:
    assert verdict.claim(NAMES, answers).startswith(start)
