"""The words of a verdict: outcomes by strictness, who buys, what each side finds, and what an LP sees of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

#: From loosest to strictest. `unknown` stands just below a refusal: it is not sold, but not known to be refused.
OUTCOMES = (
    "free",
    "risk",
    "notify",
    "fee",
    "presumption_of_approval",
    "cap",
    "licence",
    "unknown",
    "presumption_of_denial",
    "ban",
)
STRICTNESS = {name: rank for rank, name in enumerate(OUTCOMES)}


@dataclass(frozen=True)
class Buyer:
    """Who buys. The default is a private buyer of the destination without a listed parent.

    ``headquarters`` is the ISO 3166 alpha-2 code of the ultimate parent (None = the destination itself).
    """

    name: str = ""
    headquarters: str | None = None
    state_funded: bool = False
    large_platform: bool = False
    listed_parent_50: bool = False
    government_agreement: bool = False


@dataclass(frozen=True)
class VolumeCap:
    """A ceiling on units. ``group`` names the rule whose products share it; ``per_year`` False = cumulative."""

    units: float
    per_year: bool
    group: str
    source: str


@dataclass(frozen=True)
class Finding:
    """What one side says: outcome, deciding rule, class, the reason in words, and the numbers the rule carries."""

    outcome: str = "free"
    rule_id: str | None = None
    chip_class: str | None = None
    reason: str = "no rule in force reaches this chip and destination"
    citation: str | None = None
    sources: tuple[str, ...] = ()
    fee_share: float = 0.0
    share_of_home_units: float | None = None
    cap: VolumeCap | None = None
    tpp_cap: float | None = None
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switches:
    """Three quantities that a licence regime may open or close apart (units of the product, cumulative).

    ``us_cap_units``: what US licences permit; ``china_cleared_units``: what the importing side admits;
    ``shipped_units``: what is known to have been shipped. None = no figure.
    """

    us_cap_units: float | None = None
    china_cleared_units: float | None = None
    shipped_units: float | None = None

    def units(self, use: Collection[str] = ("us_cap", "china_clearance")) -> float | None:
        """Smallest of the switches in `use` (us_cap | china_clearance | shipped); None if none has a figure."""
        known = {
            "us_cap": self.us_cap_units,
            "china_clearance": self.china_cleared_units,
            "shipped": self.shipped_units,
        }
        values = [known[name] for name in use]
        return min((value for value in values if value is not None), default=None)


@dataclass(frozen=True)
class Verdict:
    """Effective outcome for a chip and destination on a date: the stricter of `export` and `import_`."""

    chip: str
    destination: str
    date: dt.date
    outcome: str
    rule_id: str | None
    chip_class: str | None
    reason: str
    citation: str | None
    sources: tuple[str, ...]
    fee_share: float
    share_of_home_units: float | None
    cap: VolumeCap | None
    tpp_cap: float | None
    switches: Switches
    export: Finding
    import_: Finding
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class LpEffect:
    """What the linear program sees of a verdict.

    ``supply_share`` multiplies the units of the supply table; ``price_adder_share`` is added to the chip price as a
    share of it (0.25 = a quarter on top). ``volume_cap_units`` bounds this chip, in single units, cumulative unless
    ``volume_cap_per_year``; ``group_cap_units`` bounds the sum over all chips that carry the same ``cap_group``.
    ``share_of_home_units`` bounds exports by that share of home sales of the product. ``tpp_cap`` bounds the sum of
    TPP x units standing in a country (in TPP: divide by 1e6 before it enters a matrix).
    """

    allowed: bool
    supply_share: float = 1.0
    price_adder_share: float = 0.0
    volume_cap_units: float | None = None
    volume_cap_per_year: bool = False
    cap_group: str | None = None
    group_cap_units: float | None = None
    share_of_home_units: float | None = None
    tpp_cap: float | None = None


@dataclass(frozen=True)
class ChipStatus:
    """One row of the status table of a destination on a date."""

    chip: str
    origin: str
    tpp: float
    performance_density: float | None
    chip_class: str | None
    outcome: str
    export_outcome: str
    import_outcome: str
    rule_id: str | None
    fee_share: float
    cap_units: float | None
    reason: str
    sources: str
