"""Costs before any solve, in a world whose arithmetic fits on a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from optimizer.cli import app
from optimizer.instance.build import prepare
from optimizer.results.cheapest_options import cheapest_options, cost_sections
from optimizer.results.store import load_run
from optimizer.results.token_cost import full_cost
from optimizer.scenario.errors import ScenarioErrors
from tests.cases.small_world import SmallWorld, demand, diurnal

TARIFF = {"region": "R", "method": "difference", "industrial_price_per_mwh": 55, "wholesale_price_per_mwh": 30}
MTOK_PER_CHIP_YEAR = 3.6 * 8760  # a thousand tokens a second


def world(folder: Path) -> SmallWorld:
    """The default world at a tariff of 50 USD/MWh (55 with tax)."""
    return SmallWorld(folder).add("power.tariffs", {**TARIFF, "vat_rate": 0.1, "money": "USD-2024"})


def test_the_cost_of_the_one_option_is_the_one_made_by_hand(tmp_path: Path) -> None:
    best, spread = cheapest_options(prepare(world(tmp_path).load()), 2028, 3)
    (row,) = best.to_dict("records")
    assert (row["workload"], row["market"], row["place"], row["host"], row["chip"]) == ("chat", "M", 1, "R", "C1")
    parts = {
        "chips": 2000.0 / MTOK_PER_CHIP_YEAR,  # 10,000 USD over five years
        "hall_and_connection": (500.0 + 1.25 * 10.0) / MTOK_PER_CHIP_YEAR,  # per kW; the connection for the PUE
        "energy": 1.25 * 0.050 / 3.6,
        "network": 0.0,
    }
    for name, value in parts.items():
        assert row[f"{name}_usd_per_mtok"] == pytest.approx(value, rel=1e-12)
    assert row["full_cost_usd_per_mtok"] == pytest.approx(sum(parts.values()), rel=1e-12)
    (whole,) = spread.to_dict("records")
    assert whole["options"] == 1
    for name in ("cheapest", "mean", "median", "ninety_percent"):
        assert whole[f"{name}_usd_per_mtok"] == pytest.approx(sum(parts.values()), rel=1e-12)


def test_time_idle_is_paid_by_the_time_busy(tmp_path: Path) -> None:
    """Busy 80 % of the time, a chip draws a quarter of its power in the rest, spread over what it makes."""
    base = cheapest_options(prepare(world(tmp_path).load()), 2028, 1)[0].iloc[0]
    idle = world(tmp_path).set(compute={"availability": 0.8, "idle_power_share": 0.25})
    row = cheapest_options(prepare(idle.load()), 2028, 1)[0].iloc[0]
    assert row["chips_usd_per_mtok"] == pytest.approx(base["chips_usd_per_mtok"] / 0.8, rel=1e-12)
    assert row["energy_usd_per_mtok"] == pytest.approx(base["energy_usd_per_mtok"] * (0.75 + 0.25 / 0.8), rel=1e-12)


def test_it_is_the_full_cost_of_a_plan_whose_chips_are_all_in_use(tmp_path: Path) -> None:
    """At a tariff that equals the energy price and with nothing idle, the plan's account says the same."""
    small = world(tmp_path).edit("power.tariffs", industrial_price_per_mwh=33, wholesale_price_per_mwh=33)
    row = cheapest_options(prepare(small.load()), 2028, 1)[0].iloc[0]
    paid = full_cost(small.plan()).iloc[0]
    assert row["full_cost_usd_per_mtok"] == pytest.approx(paid["full_cost_usd_per_mtok"], rel=1e-6)


def two_regions(folder: Path) -> SmallWorld:
    """A second region at 20 USD/MWh, 50 ms away, and a second chip, twice as fast at the price of three."""
    small = world(folder).region("S")
    small.add("power.tariffs", {**TARIFF, "region": "S", "industrial_price_per_mwh": 20, "money": "USD-2024"})
    small.add("demand.latency", {"market": "M", "site": "S", "rtt_ms": 50})
    (chip,) = small.tables["compute.chips"]
    small.add("compute.chips", {**chip, "chip": "C2", "price_per_chip": 30000})
    small.tables["compute.throughput"] += [
        {**row, "chip": "C2", "tokens_per_s": 2000} for row in small.tables["compute.throughput"]
    ]
    return small.add("compute.supply", *({**row, "chip": "C2"} for row in small.tables["compute.supply"]))


def named(small: SmallWorld, top: int = 4) -> list[tuple[str, str]]:
    best, _ = cheapest_options(prepare(small.load()), 2028, top)
    assert best["full_cost_usd_per_mtok"].is_monotonic_increasing
    return list(zip(best["host"], best["chip"], strict=True))


def test_order_reach_and_export_control(tmp_path: Path) -> None:
    # per Mtok in R: C1 0.0634 + 0.0163 + 0.0174 = 0.0971, C2 0.0951 + 0.0081 + 0.0087 = 0.1120; S saves 0.0104 and half
    assert named(two_regions(tmp_path)) == [("S", "C1"), ("R", "C1"), ("S", "C2"), ("R", "C2")]
    assert named(two_regions(tmp_path), top=1) == [("S", "C1")]
    near = two_regions(tmp_path).edit("demand.workloads", rtt_limit_ms=30)
    assert named(near) == [("R", "C1"), ("R", "C2")]
    barred = two_regions(tmp_path).country(barred_chips=["C1"])
    assert named(barred) == [("S", "C2"), ("R", "C2")]
    late = two_regions(tmp_path).edit("compute.supply", {"chip": "C1"}, units_thousand=0)
    assert named(late) == [("S", "C2"), ("R", "C2")], "what nobody supplies is no option"


def test_markets_of_one_answer_share_a_row_and_the_folder_keeps_them_all(tmp_path: Path) -> None:
    small = two_regions(tmp_path)
    (market,) = small.tables["demand.markets"]
    small.add("demand.markets", {**market, "market": "N"}).country(markets=["M", "N"])
    small.add("demand.demand", demand("N", "chat", 1.0))
    small.add("demand.latency", *({"market": "N", "site": site, "rtt_ms": 5} for site in "RS"))
    sections, run = cost_sections(small.load(), 2028, 2, tmp_path / "kept")
    assert [row[:5] for row in sections[0].rows] == [("chat", "M +1", 1, "S", "C1"), ("chat", "M +1", 2, "R", "C1")]
    assert any("no LMP" in note for note in sections[0].notes)
    assert run is not None
    assert run.path is not None
    again = load_run(tmp_path / "kept" / "small-costs")
    assert again.tables["cheapest_options"]["market"].tolist() == ["M", "M", "N", "N"]
    assert len(again.tables["spread_of_options"]) == 2
    assert (run.path / "csv" / "cheapest_options.csv").is_file()


def test_a_market_out_of_reach_has_no_option(tmp_path: Path) -> None:
    small = world(tmp_path).set(demand={"workload_list": ["chat", "near"]})
    (chat,) = small.tables["demand.workloads"]
    limits = {"rtt_limit_ms": 1, "rtt_limit_strict_ms": 1, "rtt_limit_loose_ms": 1}
    small.add("demand.workloads", {**chat, "workload": "near", **limits})
    small.add("demand.demand", demand("M", "near", 1.0)).add("demand.diurnal", *diurnal("near", [1.0] * 24))
    best, spread = cheapest_options(prepare(small.load()), 2028, 3)
    assert best["workload"].tolist() == ["chat"]
    assert spread["options"].tolist() == [1, 0]
    assert np.isnan(spread["cheapest_usd_per_mtok"].iloc[1])


def test_without_a_tariff_power_has_no_price(tmp_path: Path) -> None:
    with pytest.raises(ScenarioErrors, match="no industrial tariff for R"):
        cheapest_options(prepare(SmallWorld(tmp_path).load()), 2028, 1)


def test_the_command(tmp_path: Path) -> None:
    small = world(tmp_path)
    file = str(small.write())
    result = CliRunner().invoke(app, ["costs", file, "--top", "1", "--out", str(tmp_path / "kept")])
    assert result.exit_code == 0, result.output
    assert "cheapest options in 2028, before any solve" in result.stdout
    assert f"{(2000 + 512.5) / MTOK_PER_CHIP_YEAR + 1.25 * 0.050 / 3.6:.4g}" in result.stdout
    assert "kept in" in result.stderr
    wrong = CliRunner().invoke(app, ["costs", file, "--period", "2027"])
    assert wrong.exit_code == 2
    assert "--period 2027: the scenario plans 2028" in wrong.output
    refused = CliRunner().invoke(app, ["costs", str(SmallWorld(tmp_path).write())])
    assert refused.exit_code == 2
    assert "no industrial tariff for R" in refused.stderr
