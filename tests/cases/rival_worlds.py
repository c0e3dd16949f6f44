"""Two toy-sized rivals for studies: the second has dearer power and a chip that is faster and dearer."""

from __future__ import annotations

from pathlib import Path

from tests.cases.small_world import SmallWorld

STUDY = """
kind: cheaper_tokens
name: rivals
title: Which of two rivals is cheaper
claim: The first one is.
first: {scenario: small.yaml, country: x, label: One, chips: [C1]}
second: {scenario: small.yaml, country: x, label: Two, chips: [C2]}
period: 2028
chip_sets: [same_date]
sold_share: 0.5
plans: false
uncertain: {samples: 2000}
map: {ratio_points: 5, gap_points: 4}
"""


def rivals(folder: Path, text: str = STUDY, queue_mw: float = 1000) -> Path:
    """A study file beside a world with C1 and C2 (see `second_chip`), a tariff of 80 USD/MWh and a yearly queue."""
    from tests.model.test_compute import second_chip

    world = second_chip(SmallWorld(folder), 5)
    row = {"region": "R", "money": "USD-2024", "method": "difference"}
    world.add("power.tariffs", {**row, "industrial_price_per_mwh": 80, "wholesale_price_per_mwh": 40})
    world.edit("connection.limits", limit_mw_per_yr=queue_mw)
    written = world.write()
    file = written.with_name("study.yaml")
    file.write_text(text.replace("small.yaml", written.name), encoding="utf-8")
    return file
