"""Figures that others published, reproduced from their own inputs (shared design note "honest study")."""

from __future__ import annotations

import pytest

from optimizer.results.identity import (
    break_even_ratio,
    capacity_adder_usd_per_mwh,
    cost_per_kwh,
    cost_per_mtok,
    load_factor,
    nodes_needed,
    tokens_per_s_per_mw,
    usd_per_mtok,
)
from optimizer.scenario.export_rules import total_processing_performance
from optimizer.scenario.load import load_scenario


def test_nodes_of_the_deepseek_serving_day() -> None:
    # 608 billion tokens in and 168 billion out in 86,400 s; a node reads 73.7 and writes 14.8 thousand a second.
    nodes = nodes_needed(608e9, 86_400, 73_700) + nodes_needed(168e9, 86_400, 14_800)
    assert nodes == pytest.approx(226.75, rel=0.005)


def test_cost_revenue_and_margin_of_the_deepseek_day() -> None:
    # 226.75 nodes of 8 GPUs at 2 USD an hour; 342 billion tokens read from cache, 266 read anew, 168 written.
    cost = 226.75 * 8 * 24 * 2
    revenue = 342e3 * 0.14 + 266e3 * 0.55 + 168e3 * 2.19
    assert cost == pytest.approx(87_072)
    assert revenue == pytest.approx(562_027, rel=2e-4)  # the published token counts are rounded
    assert (562_027 - cost) / cost == pytest.approx(5.45, abs=0.01)


def test_identity_of_inference_benchmarks() -> None:
    # 1.5 USD an hour and chip at 1000 tokens/s: 3.6 Mtok an hour, 0.41667 USD/Mtok; 1.5 kW a chip: 666,667 tokens/s/MW.
    assert usd_per_mtok(1.5, 1000) == 1.5 / 3.6
    assert tokens_per_s_per_mw(1000, 1.5) == 1000 * 1000 / 1.5
    # The same from K, p, u and eta: a chip hour is 1.5 provisioned kWh and makes 3.6e6 tokens.
    assert cost_per_mtok(1.0, 0.0, 1.0, 3.6e6 / 1.5, 1.0) == pytest.approx(1.5 / 3.6)


def test_pjm_capacity_price_as_an_adder() -> None:
    assert capacity_adder_usd_per_mwh(333.44) == pytest.approx(13.9, abs=0.05)
    assert capacity_adder_usd_per_mwh(333.44, 0.5) == pytest.approx(2 * 13.893, abs=0.01)


def test_use_of_a_desert_base_line() -> None:
    assert load_factor(36, 8) == pytest.approx(0.514, abs=0.0005)


@pytest.mark.parametrize(("twh", "gw"), [(325, 74), (580, 132)])
def test_load_factor_of_us_data_centres_in_2028(twh: float, gw: float) -> None:
    assert load_factor(twh, gw) == pytest.approx(0.50, rel=0.02)


@pytest.mark.parametrize(
    ("chip", "rates", "tpp"),
    [
        ("H100", {"dense_fp16_tflops": 989.5, "dense_fp8_tflops": 1979}, 15_832),
        ("H20", {"dense_fp16_tflops": 148, "dense_fp8_tflops": 296}, 2_368),
        ("A100", {"dense_fp16_tflops": 312, "dense_int8_tops": 624}, 4_992),
    ],
)
def test_total_processing_performance(chip: str, rates: dict[str, float], tpp: float) -> None:
    assert total_processing_performance(rates) == tpp
    shipped = load_scenario("us").table("compute.chips").set_index("chip")["tpp"]
    assert shipped[chip] == pytest.approx(tpp, rel=1e-3)


def test_break_even_against_gb200() -> None:
    # CloudMatrix-384 about 0.58 USD per provisioned kWh, GB200 1.05, both with power at 8 c/kWh inside: the ratio of C
    # is 0.55, and the whole range of Chinese power prices moves it by a few hundredths (published 0.51 to 0.57).
    # C of GB200 holds power at 8 c times a load ratio u; with free power for China the ratio falls by p u / C_US.
    ratios = [break_even_ratio(0.58 - 0.056 * 0.8, price, 1.05 - 0.08 * 0.8, 0.08, 0.8) for price in (0.0, 0.056, 0.08)]
    assert ratios == pytest.approx([0.51, 0.55, 0.57], abs=0.01)
    assert 0.05 <= ratios[2] - ratios[0] <= 0.09


def test_the_identity_is_what_it_says() -> None:
    # K 0.5 USD/kWh, power at 8 c, 75 % load, 1e7 tokens a kWh, 60 % sold: (0.5 + 0.06) / 6 = 0.0933 USD/Mtok.
    assert cost_per_kwh(0.5, 0.08, 0.75) == pytest.approx(0.56)
    assert cost_per_mtok(0.5, 0.08, 0.75, 1e7, 0.6) == pytest.approx(0.56 / 6)
    # Cheaper where eta s over the other's eta s exceeds the ratio of C.
    ratio = break_even_ratio(0.5, 0.08, 1.0, 0.05)
    assert cost_per_mtok(0.5, 0.08, 1.0, ratio * 1e7, 1.0) == pytest.approx(cost_per_mtok(1.0, 0.05, 1.0, 1e7, 1.0))


@pytest.mark.parametrize("change", [{"tokens_per_kwh": 0.0}, {"sold_share": 0.0}])
def test_no_tokens_no_cost_per_token(change: dict[str, float]) -> None:
    figures = {"tokens_per_kwh": 1e7, "sold_share": 1.0} | change
    with pytest.raises(ValueError, match="must be positive"):
        cost_per_mtok(0.5, 0.08, 1.0, **figures)
