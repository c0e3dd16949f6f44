"""Export control as a pure function: (chip, destination, date, rules) -> verdict.

The rules are data (``export_rules.yaml``); this module knows how to read them and nothing about any single chip:

1. rules in force on the date that reach the destination (or the buyer's ultimate parent) are picked;
2. each gives the chip a class, the first predicate that holds. A figure that is not published makes a test *unknown*,
   neither true nor false (Kleene logic), so the class itself may be unknown;
3. class x destination group gives an outcome; ``overrides`` replaces the outcome of an older rule where that rule asks
   for a licence; the strictest rule decides; bilateral agreements turn a licence flow into a yearly volume;
4. the destination's own import controls are evaluated apart; the effective outcome is the stricter of the two sides.

US rules are applied to chips of US origin only, unless a rule names another origin (``applies_to_origin``); foreign
chips made with US tools are outside what the rules table can decide.
TPP is dense TOPS x bit length.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from optimizer.scenario.export_rules import ChipSpec, ClassMatch, RuleSet, classify, holds, parse_date
from optimizer.scenario.export_verdict import (
    STRICTNESS,
    Buyer,
    ChipStatus,
    Finding,
    LpEffect,
    Switches,
    Verdict,
    VolumeCap,
)

_HARMLESS = {"free", "risk", "notify", "presumption_of_approval"}  # a doubt between these stops no sale
_LICENSING = {"presumption_of_approval", "licence", "presumption_of_denial"}  # what a review policy can loosen
_REFUSED = {"unknown", "presumption_of_denial", "ban"}
#: The order in which a destination's groups are looked up in a rule's outcomes.
_GROUP_ORDER = ("headquartered_in_d5", "china", "d5", "tier3", "a5_a6_exempt", "d1_d4", "us_allied", "tier1", "tier2")


@dataclass
class _Draft:
    """A finding while rules may still override it, with the rule record it comes from."""

    rule: Mapping[str, Any]
    match: ClassMatch
    outcome: str
    replaced_by: Mapping[str, Any] | None = None


def destination_groups(rules: RuleSet, destination: str, buyer: Buyer) -> tuple[str, ...]:
    """Groups that hold the destination, in look-up order. A parent in D:5 counts only for sites outside D:5."""
    groups = rules.groups
    found = {name for name, members in groups.items() if isinstance(members, list) and destination in members}
    if buyer.headquarters in groups["d5"] and destination not in groups["d5"]:
        found.add("headquartered_in_d5")
    if not found & {"tier1", "tier3"}:
        found.add("tier2")
    if not found & {"us_allied", "china"}:
        found.add("open")
    order = {name: place for place, name in enumerate(_GROUP_ORDER)}
    return tuple(sorted(found, key=lambda name: (order.get(name, len(order)), name)))


def _group_outcome(outcomes: Mapping[str, str], groups: tuple[str, ...]) -> str:
    for group in groups:
        if group in outcomes:
            return outcomes[group]
    return outcomes.get("other", "free")


def _reaches(rule: Mapping[str, Any], chip: ChipSpec, groups: tuple[str, ...], exported_from: str) -> bool:
    if rule.get("applies_to"):  # memory stacks, wafers, or owners: not a rule on finished chips
        return False
    if rule.get("applies_to_origin", "us") != chip.origin or not rule.get("classes"):
        return False
    if exported_from not in rule.get("exports_from", [exported_from]):
        return False
    return "world" in rule["destinations"] or bool(set(rule["destinations"]) & set(groups))


def _outcome_of(rule: Mapping[str, Any], match: ClassMatch, groups: tuple[str, ...]) -> str:
    table = rule["outcome_by_class"]
    outcomes = {_group_outcome(table[name], groups) if name else "free" for name in match.possible}
    if len(outcomes) == 1:
        return outcomes.pop()
    return "free" if outcomes <= _HARMLESS else "unknown"


def _export_finding(
    chip: ChipSpec, destination: str, date: dt.date, rules: RuleSet, buyer: Buyer, exported_from: str
) -> Finding:
    owner = _listed_owner(chip, date, rules, buyer)
    if owner is not None:
        return owner
    groups = destination_groups(rules, destination, buyer)
    drafts: dict[str, _Draft] = {}
    fees: list[tuple[Mapping[str, Any], float]] = []
    for rule in rules.in_force(date):
        if not _reaches(rule, chip, groups, exported_from):
            continue
        match = classify(chip, rule)
        if match.possible == (None,):
            continue
        if "applies_with" in rule:  # a charge collected on what another rule lets through, not a licence of its own
            if rule["applies_with"] in drafts or any(
                draft.replaced_by is not None and draft.replaced_by["id"] == rule["applies_with"]
                for draft in drafts.values()
            ):
                fees.append((rule, float(rule["fee"]["share_of_price"])))
            continue
        outcome = _outcome_of(rule, match, groups)
        base = drafts.get(rule.get("overrides", ""))
        if "overrides" not in rule:
            drafts[rule["id"]] = _Draft(rule, match, outcome)
        elif base is not None and base.outcome in _LICENSING:
            outcome = "unknown" if match.unknown and outcome != base.outcome else outcome
            drafts[base.rule["id"]] = _Draft(base.rule, match, outcome, replaced_by=rule)
    if not drafts:
        return Finding()
    worst = max(drafts.values(), key=lambda draft: (STRICTNESS[draft.outcome], draft.replaced_by is not None))
    finding = _written(worst, chip, groups, buyer)
    for rule, share in fees:
        finding = replace(
            finding,
            fee_share=finding.fee_share + share,
            reason=f"{finding.reason}; {rule['id']} adds a charge of {share:.0%} of the price",
            sources=tuple(dict.fromkeys((*finding.sources, *rule["sources"]))),
        )
    return _with_bilateral(finding, chip, destination, date, rules, buyer)


def _written(draft: _Draft, chip: ChipSpec, groups: tuple[str, ...], buyer: Buyer) -> Finding:
    """The finding of the deciding rule, with its numbers and the words for its reason."""
    rule = draft.replaced_by or draft.rule
    named = draft.match.name
    what = f"class {named}" if named else "class unknown: " + draft.match.why
    why = f" because {draft.match.why}" if named else ""
    reason = f"{rule['id']} ({rule['name']}): {what}{why} -> {draft.outcome.replace('_', ' ')} for {groups[0]}"
    if draft.replaced_by is not None:
        reason += f"; replaces {draft.rule['id']}"
    caveats: tuple[str, ...] = ()
    if not named and draft.outcome == "free":
        caveats = ("the class is not known, but every class it may be in is allowed here",)
    fee = float(rule.get("fee", {}).get("share_of_price", 0.0)) if draft.outcome == "fee" else 0.0
    conditions, reported = rule.get("conditions", {}), rule.get("caps_reported", {})
    cap = None
    if "per_customer_units" in reported:
        units = float(reported["per_customer_units"]) * float(reported["customers_cleared"])
        cap = VolumeCap(units, False, rule["id"], "press: buyers cleared x units per buyer")
    tpp_cap = None
    if draft.outcome == "cap" and "tier2_country_cap_total_tpp" in rule.get("numbers", {}):
        numbers = rule["numbers"]
        factor = numbers["government_to_government_factor"] if buyer.government_agreement else 1.0
        tpp_cap = float(numbers["tier2_country_cap_total_tpp"]) * factor
    return Finding(
        outcome=draft.outcome,
        rule_id=rule["id"],
        chip_class=named or ("unknown" if draft.match.unknown else None),
        reason=reason,
        citation=rule.get("citation"),
        sources=tuple(rule["sources"]),
        fee_share=fee,
        share_of_home_units=conditions.get("volume_cap_share_of_us_shipments"),
        cap=cap,
        tpp_cap=tpp_cap,
        caveats=caveats,
    )


def _listed_owner(chip: ChipSpec, date: dt.date, rules: RuleSet, buyer: Buyer) -> Finding | None:
    """The rule on buyers owned by listed parties looks at the owner, not at the chip's figures."""
    if not buyer.listed_parent_50 or chip.origin != "us":
        return None
    for rule in rules.in_force(date):
        if rule.get("applies_to") == "buyers_owned_50_percent_by_listed_parties":
            outcome = rule["outcome_by_class"]["any"]["listed_parent_50"]
            reason = f"{rule['id']} ({rule['name']}): the buyer is owned by a listed party -> {outcome}"
            unverified = ("in force by its own dates; the status was not verified",)
            return Finding(outcome, rule["id"], "any", reason, sources=tuple(rule["sources"]), caveats=unverified)
    return None


def _with_bilateral(
    finding: Finding, chip: ChipSpec, destination: str, date: dt.date, rules: RuleSet, buyer: Buyer
) -> Finding:
    """An agreement with a government or a named buyer turns `presumption_of_approval` into a volume."""
    if finding.outcome != "presumption_of_approval":
        return finding
    fits = [
        cap
        for cap in rules.bilateral_caps
        if cap["destination"] == destination
        and rules.window_holds(cap, date)
        and cap.get("chip", chip.name) == chip.name
        and cap.get("chip_class", finding.chip_class) == finding.chip_class
        and cap.get("buyer", buyer.name) == buyer.name
    ]
    for cap in sorted(fits, key=lambda record: "buyer" not in record)[:1]:  # the named buyer's own figure first
        per_year = "units_per_year" in cap
        units = float(cap["units_per_year"] if per_year else cap["units_total"])
        text = f"{finding.reason}; {cap['id']} allows {units:,.0f} units{' a year' if per_year else ''}"
        volume = VolumeCap(units, per_year, cap["id"], ";".join(cap["sources"]))
        return replace(finding, outcome="cap", cap=volume, reason=text, sources=(*finding.sources, *cap["sources"]))
    return finding


def _import_finding(chip: ChipSpec, destination: str, date: dt.date, rules: RuleSet, buyer: Buyer) -> Finding:
    """Controls of the importing side (mainland China is the only one in the table)."""
    if destination != "CN":
        return Finding(reason="no import control in the table for this destination")
    found = Finding(reason="no import control in force on this chip")
    for record in rules.import_controls:
        bound = record["buyers"] == "any" or getattr(buyer, record["buyers"])
        if not (bound and rules.window_holds(record, date) and holds(record["chips"], chip) is True):
            continue
        if STRICTNESS[record["outcome"]] <= STRICTNESS[found.outcome]:
            continue
        cleared = record.get("numbers", {}).get("cleared_units")
        items, whom = ", ".join(record["item"]), record["destinations"][0]
        found = Finding(
            outcome=record["outcome"],
            rule_id=record["id"],
            reason=f"{record['id']}: {record['outcome']} on {items} for {whom}",
            sources=tuple(record["sources"]),
            cap=None if cleared is None else VolumeCap(float(cleared), False, record["id"], "press: units cleared"),
        )
    return found


def _shipped(rules: RuleSet, rule_id: str | None) -> float | None:
    for record in rules.import_controls:
        if record["id"] == rule_id:
            for key, value in record.get("numbers", {}).items():
                if key.startswith("shipped"):
                    return float(value)
    return None


def evaluate(
    chip: ChipSpec | Mapping[str, Any],
    destination: str,
    date: dt.date | str,
    rules: RuleSet,
    *,
    buyer: Buyer | None = None,
    exported_from: str = "US",
) -> Verdict:
    """Verdict for one chip, one destination (ISO alpha-2) and one date.

    `chip` is a row of the chips table or a ChipSpec. Raises ValueError for a malformed date or destination.
    """
    spec = chip if isinstance(chip, ChipSpec) else ChipSpec.from_row(chip)
    asked = parse_date(date)
    day = rules.effective_day(asked)
    if len(destination) != 2 or not destination.isupper():
        raise ValueError(f"destination {destination!r} is not an ISO alpha-2 code such as 'CN'")
    who = buyer or Buyer()
    export = _export_finding(spec, destination, day, rules, who, exported_from)
    import_ = _import_finding(spec, destination, day, rules, who)
    decides = max(export, import_, key=lambda finding: STRICTNESS[finding.outcome])  # a tie goes to the exporter
    unchecked = destination in rules.groups.get("d5_uncertain", ())
    caps = [finding.cap for finding in (export, import_) if finding.cap is not None]
    return Verdict(
        chip=spec.name,
        destination=destination,
        date=asked,
        outcome=decides.outcome,
        rule_id=decides.rule_id,
        chip_class=export.chip_class,
        reason=decides.reason,
        citation=decides.citation,
        sources=tuple(dict.fromkeys((*export.sources, *import_.sources))),
        fee_share=export.fee_share,
        share_of_home_units=export.share_of_home_units,
        cap=min(caps, key=lambda cap: cap.units, default=None),
        tpp_cap=export.tpp_cap,
        switches=Switches(
            us_cap_units=export.cap.units if export.cap else None,
            china_cleared_units=import_.cap.units if import_.cap else None,
            shipped_units=_shipped(rules, import_.rule_id),
        ),
        export=export,
        import_=import_,
        caveats=(
            *export.caveats,
            *import_.caveats,
            *(("the country group of this destination was not checked",) if unchecked else ()),
            *rules.caveats(day),
        ),
    )


def lp_effect(
    verdict: Verdict,
    *,
    switches: Collection[str] = ("us_cap", "china_clearance"),
    licence_granted_share: float = 1.0,
) -> LpEffect:
    """What the linear program sees. `switches` says which of the three volume switches bind (see `Switches`).

    `licence_granted_share` (0 to 1) is the part of a licensed volume that is in fact granted; it scales the US cap, or
    the supply where a licence has no published volume: permission is not supply, the chip supply table is.
    """
    if verdict.outcome in _REFUSED:
        return LpEffect(allowed=False)
    granted = licence_granted_share if verdict.outcome == "licence" else 1.0
    shared = verdict.export.cap
    if shared is not None:
        shared = replace(shared, units=shared.units * granted)
    per_year = shared is not None and shared.per_year
    us_cap_units = None if shared is None else shared.units
    units = us_cap_units if per_year else replace(verdict.switches, us_cap_units=us_cap_units).units(switches)
    binds = shared is not None and (per_year or "us_cap" in switches)
    return LpEffect(
        allowed=True,
        supply_share=1.0 if shared is not None else granted,
        price_adder_share=verdict.fee_share,
        volume_cap_units=units,
        volume_cap_per_year=per_year,
        cap_group=shared.group if shared is not None and binds else None,
        group_cap_units=shared.units if shared is not None and binds else None,
        share_of_home_units=verdict.share_of_home_units,
        tpp_cap=verdict.tpp_cap,
    )


def table(
    chips: Iterable[ChipSpec | Mapping[str, Any]],
    destination: str,
    date: dt.date | str,
    rule_set: RuleSet,
    *,
    buyer: Buyer | None = None,
) -> list[ChipStatus]:
    """Status rows of all chips for one destination and date, in the order given."""
    rows = []
    for chip in chips:
        spec = chip if isinstance(chip, ChipSpec) else ChipSpec.from_row(chip)
        verdict = evaluate(spec, destination, date, rule_set, buyer=buyer)
        rows.append(
            ChipStatus(
                chip=spec.name,
                origin=spec.origin,
                tpp=spec.tpp,
                performance_density=spec.performance_density,
                chip_class=verdict.chip_class,
                outcome=verdict.outcome,
                export_outcome=verdict.export.outcome,
                import_outcome=verdict.import_.outcome,
                rule_id=verdict.rule_id,
                fee_share=verdict.fee_share,
                cap_units=lp_effect(verdict).volume_cap_units,
                reason=verdict.reason,
                sources=";".join(verdict.sources),
            )
        )
    return rows
