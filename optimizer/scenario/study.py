"""A study: a question asked of several solves or of the tables alone, written as a small YAML file with a `kind`.

Studies ship in `scenarios/studies` and are found by name, as scenarios are. Mistakes are told at once, with file, line
and path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from optimizer.scenario.document import Node, read_document
from optimizer.scenario.errors import Fault, ScenarioErrors, name_list, nearest_name
from optimizer.scenario.schema.base import NonNegative, Positive, Section, Share, Year
from optimizer.scenario.schema_faults import faults_of
from optimizer.scenario.shipped import SHIPPED_SUFFIXES, shipped_root

OperatingPoint = Literal["interactive", "standard", "batch"]
ChipSet = Literal["same_date", "planning"]
Names = Annotated[tuple[str, ...], Field(min_length=1)]
Years = Annotated[float, Field(ge=1, le=20)]
Power = Annotated[float, Field(ge=0, le=1000)]
Sigma = Annotated[float, Field(ge=0, le=1)]


class _Study(Section):
    """What every study has."""

    name: str
    """Short name, used for result folders."""
    title: str
    """Title in words."""
    description: str = ""
    """What is asked and why."""


class Side(Section):
    """One side of a contest."""

    scenario: str
    """A shipped scenario, or a YAML file beside this one."""
    country: str
    """Its country code."""
    label: str
    """The name in tables and sentences."""
    chips: Names
    """Chips to compare, the one that stands for the side first."""


class Range(Section):
    """An uncertain number, all values between equally likely."""

    low: float
    """Smallest value."""
    high: float
    """Largest value."""

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Uncertain(Section):
    """What the Monte-Carlo map does not know. Prices and rates take their spread from the data tables."""

    samples: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Samples, the same ones in every cell."""
    seed: Annotated[int, Field(ge=0)] = 2026
    """Seed of the samples."""
    sold_share: Range = Range(low=0.25, high=0.9)
    """Share of capacity that is sold."""
    load_ratio: Range = Range(low=0.55, high=0.9)
    """Mean over provisioned load."""
    wacc: Range = Range(low=0.06, high=0.10)
    """Cost of capital of chips, alike on both sides."""
    chip_life_yr: Range = Range(low=3, high=6)
    """Life of chips, alike on both sides."""
    sigma_read: Sigma = 0.05
    """Relative deviation of a price that was read."""
    sigma_derived: Sigma = 0.15
    """The same of a derived price."""
    sigma_recalled: Sigma = 0.25
    """The same of a recalled price."""
    sigma_assumed: Sigma = 0.35
    """The same of an assumed price."""


class Map(Section):
    """Axes of the break-even map."""

    ratio_low: Positive = 0.2
    """Smallest ratio of tokens per kWh, first side over second."""
    ratio_high: Positive = 1.6
    """Largest ratio."""
    ratio_points: Annotated[int, Field(ge=2, le=500)] = 57
    """Values of the ratio, evenly spaced in proportion."""
    gap_low_usd_per_mwh: float = -40
    """Smallest power price gap: second side's price less first side's."""
    gap_high_usd_per_mwh: float = 80
    """Largest gap; where it exceeds the second side's price, power of the first is free."""
    gap_points: Annotated[int, Field(ge=2, le=500)] = 49
    """Values of the gap."""

    @model_validator(mode="after")
    def _in_order(self) -> Map:
        if self.ratio_low >= self.ratio_high or self.gap_low_usd_per_mwh >= self.gap_high_usd_per_mwh:
            raise ValueError("an axis of the map ends where it begins, or before")
        return self


class CheaperTokens(_Study):
    """Whether one side's tokens are cheaper: by accounting, by least-cost plans, by probability."""

    kind: Literal["cheaper_tokens"]
    """The question."""
    claim: str
    """The sentence that is tested, in quotes as it was said."""
    first: Side
    """The side that the claim calls cheaper."""
    second: Side
    """The other side."""
    period: Year = 2026
    """The period of the claim, one of both scenarios."""
    operating_point: OperatingPoint = "standard"
    """The point at which chips are compared."""
    chip_sets: Names = ("same_date", "planning")
    """Sets of rates, the first one for the map."""
    sold_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Share of capacity sold in the accounting, alike on both sides."""
    path: Literal["low", "central", "high"] = "central"
    """Demand of the plans."""
    plans: bool = True
    """Whether the two countries are solved; without, two ways are left."""
    uncertain: Uncertain = Uncertain()
    """What is uncertain."""
    map: Map = Map()
    """The break-even map."""


class Offer(Section):
    """Chips that makers would ship each year if they might: of those that a set of rules lets in, the best one."""

    chips: Names
    """The chips that are offered; the rules say which may come."""
    kchip_per_yr: Positive
    """How many of the best one, thousand a year."""
    source: str
    """Where the number comes from."""


class FenceHeight(_Study):
    """What a country can serve under each set of export rules."""

    kind: Literal["fence_height"]
    """The question."""
    scenario: str
    """The scenario of the country behind the fence."""
    country: str
    """Its country code."""
    rule_sets: Names
    """ISO dates, ids of rules, or latest: the law stands still there."""
    offered: Offer | None = None
    """What makers would ship besides, were the law to let it in."""


class UhvBuildOut(_Study):
    """What each planned line is worth: plans with all of them, and without one."""

    kind: Literal["uhv_build_out"]
    """The question."""
    scenario: str
    """The scenario with the lines."""
    kinds: Names = ("uhvdc_800", "uhvdc_1100", "uhvac_1000")
    """Kinds of corridors."""
    statuses: Names = ("committed", "planned")
    """Statuses of lines that are taken out, one at a time."""
    until: Year = 2030
    """Lines in service by the end of this year."""
    path: Literal["low", "central", "high"] = "high"
    """Demand of the plans."""


class Stacking(_Study):
    """How many older chips and MW replace a newer one, and which runs out first."""

    kind: Literal["stacking"]
    """The question."""
    scenario: str
    """The scenario whose tables count."""
    country: str
    """Its country code."""
    newer: str
    """The chip that is replaced."""
    older: Names
    """Chips that replace it."""
    operating_point: OperatingPoint = "standard"
    """The point at which chips are compared."""
    chip_sets: Names = ("same_date", "planning")
    """Sets of rates."""
    efficiency: Share = 0.9
    """Rate kept when one service spreads over the older chips."""
    newer_kchip: NonNegative = 100
    """Thousand newer chips that are to be matched."""
    period: Year = 2028
    """The period whose supply and queue must suffice."""


class EnergyScissors(_Study):
    """Growth of the AI load against what can be connected and supplied, by period."""

    kind: Literal["energy_scissors"]
    """The question."""
    scenario: str
    """The scenario."""
    paths: Names = ("low", "central", "high")
    """Demand paths."""
    variants: tuple[str, ...] = ()
    """Further variants of the scenario, each at every path."""


AnyStudy = CheaperTokens | FenceHeight | UhvBuildOut | Stacking | EnergyScissors
KINDS: dict[str, type[AnyStudy]] = {
    "cheaper_tokens": CheaperTokens,
    "fence_height": FenceHeight,
    "uhv_build_out": UhvBuildOut,
    "stacking": Stacking,
    "energy_scissors": EnergyScissors,
}


def study_names() -> list[str]:
    """Names under which shipped studies can be loaded."""
    root = shipped_root()
    return [] if root is None else sorted(file.stem for file in (root / "studies").glob("*.yaml"))


def load_study(path_or_name: str | Path) -> tuple[AnyStudy, Path]:
    """A checked study and its file, from a path or a shipped name. Raises ScenarioErrors with all that is wrong."""
    file = _locate(str(path_or_name))
    document = read_document(file)
    kind = document.child("kind")
    word = None if kind is None else kind.value
    if not isinstance(word, str) or word not in KINDS:
        message = "'kind' is missing here" if kind is None else "no such kind of study"
        mark = document.mark if kind is None else kind.mark
        found = None if kind is None else repr(word)
        near = None if word is None else nearest_name(word, KINDS)
        raise ScenarioErrors([Fault(message, mark.file or file, mark.line, "kind", found, name_list(KINDS), near)])
    return _checked(KINDS[word], document), file


def _checked(model: type[AnyStudy], document: Node) -> AnyStudy:
    try:
        return model.model_validate_json(json.dumps(document.plain(), default=str), strict=True)
    except ValidationError as error:
        raise ScenarioErrors(faults_of(error, document, model)) from error


def scenario_of(study_file: Path, name: str) -> str | Path:
    """What `load_scenario` shall read: a file beside the study, or else a shipped name."""
    beside = study_file.parent / name
    return beside if Path(name).suffix.lower() in SHIPPED_SUFFIXES and beside.is_file() else name


def known_name(file: Path, path: tuple[str, ...], name: str, names: Iterable[str], what: str) -> None:
    """Raise ScenarioErrors at a place of a study file where ``name`` is not one of ``names``."""
    allowed = list(names)
    if name not in allowed:
        mark = read_document(file).find(path).mark
        near = nearest_name(name, allowed)
        raise ScenarioErrors(
            [Fault(f"not {what}", file, mark.line, ".".join(path), repr(name), name_list(allowed), near)]
        )


def _locate(text: str) -> Path:
    file, root = Path(text), shipped_root()
    is_file_name = file.suffix.lower() in SHIPPED_SUFFIXES
    if is_file_name and file.is_file():
        return file.resolve()
    if root is not None and file.name == text:
        shipped = root / "studies" / (text if is_file_name else f"{text}.yaml")
        if shipped.is_file():
            return shipped
    names = study_names()
    allowed = f"a YAML file, or a shipped study: {name_list(names)}"
    raise ScenarioErrors(
        [
            Fault(
                "no such study",
                file if is_file_name else None,
                None,
                "",
                repr(text),
                allowed,
                nearest_name(text, names),
            )
        ]
    )
