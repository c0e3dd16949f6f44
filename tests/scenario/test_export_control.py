"""Export control: published arithmetic, the status table of all chips, and what must hold for any chip."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.scenario.export_control import Buyer, ChipSpec, evaluate, lp_effect, table
from optimizer.scenario.export_rules import RuleSet, classify, holds, load_rules, total_processing_performance
from optimizer.scenario.export_verdict import OUTCOMES, STRICTNESS

ROOT = Path(__file__).parents[2]
COMPUTE = ROOT / "scenarios" / "data" / "compute"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


RULES = load_rules(COMPUTE / "export_rules.yaml")
CHIPS = {row["chip"]: row for row in _rows(COMPUTE / "chips.csv")}
STATUS = {row["chip"]: row for row in _rows(ROOT / "tests" / "cases" / "export_status_by_chip.csv")}
SPECS = {name: ChipSpec.from_row(row) for name, row in CHIPS.items()}
RULE = {rule["id"]: rule for rule in RULES.rules}
TODAY = "2026-11-23"

# the published table: column -> (destination, a date inside the window it stands for)
OUTCOME_COLUMNS = {
    "china_2022_10": ("CN", "2022-10-21"),
    "china_2023_10": ("CN", "2023-11-17"),
    "china_2025_04": ("CN", "2025-04-14"),
    "china_2026_11": ("CN", TODAY),
    "gulf_2026_11": ("AE", TODAY),
    "tier1_2026_11": ("DE", TODAY),
}
CLASS_COLUMNS = {
    "class_2022_10": "us_2022_10",
    "class_2023_10": "us_2023_10",
    "class_2025_04": "us_2025_04_h20",
    "class_2026_01": "us_2026_01_h200",
    "duty_band_2026_01": "us_2026_01_s232",
}


# --- TPP ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "rates, tpp",
    [
        ({"dense_fp16_tflops": 989}, 15_824),
        ({"dense_fp16_tflops": "989.5", "dense_fp8_tflops": "1979"}, 15_832),
        ({"dense_fp16_tflops": 148, "dense_fp8_tflops": 296, "dense_int8_tops": 296}, 2_368),
        ({"dense_fp16_tflops": 312, "dense_int8_tops": 624, "dense_fp4_tflops": ""}, 4_992),
        ({"dense_fp8_tflops": 4_500, "dense_fp4_tflops": 9_000}, 36_000),
        ({"dense_fp4_tflops": 15_000, "dense_fp8_tflops": 5_000}, 60_000),
    ],
    ids=["H100 rounded", "H100", "H20", "A100", "B200", "GB300"],
)
def test_tpp_is_the_largest_dense_rate_times_bits(rates: dict[str, object], tpp: float) -> None:
    assert total_processing_performance(rates) == tpp


def test_tpp_of_every_chip_agrees_with_its_table_cell() -> None:
    for name, spec in SPECS.items():
        assert spec.tpp == pytest.approx(float(CHIPS[name]["tpp"]), abs=0.5), name


def test_published_caps_follow_from_the_tpp_of_h100() -> None:
    numbers = RULE["us_2025_01_diffusion"]["numbers"]
    assert numbers["tier2_country_cap_total_tpp"] / SPECS["H100"].tpp == pytest.approx(49_901, rel=1e-4)
    assert numbers["low_volume_tpp_per_company_year"] / SPECS["H100"].tpp == pytest.approx(1_699, abs=1)


def test_performance_density_is_unknown_without_a_die_area() -> None:
    assert SPECS["VR200"].performance_density is None
    assert SPECS["A100"].performance_density == pytest.approx(6.04, abs=0.005)
    assert SPECS["H20"].performance_density == pytest.approx(2.91, abs=0.005)


def test_a_chip_without_any_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a dense rate nor a TPP"):
        ChipSpec.from_row({"chip": "X", "origin": "us", "status": "volume", "dense_fp8_tflops": float("nan")})


# --- the published status of all chips ------------------------------------------------------------
def test_the_fixture_holds_every_chip() -> None:
    assert set(STATUS) == set(CHIPS)
    assert len(STATUS) == 40


@pytest.mark.parametrize("column", OUTCOME_COLUMNS)
def test_outcomes_by_chip(column: str) -> None:
    destination, date = OUTCOME_COLUMNS[column]
    found = {name: evaluate(row, destination, date, RULES).export.outcome for name, row in CHIPS.items()}
    assert found == {name: row[column] for name, row in STATUS.items()}


@pytest.mark.parametrize("column", CLASS_COLUMNS)
def test_classes_by_chip(column: str) -> None:
    rule = RULE[CLASS_COLUMNS[column]]
    for name, spec in SPECS.items():
        match = classify(spec, rule)
        assert ("unknown" if match.unknown else match.name or "none") == STATUS[name][column], name


def test_fees_by_chip() -> None:
    for name, row in CHIPS.items():
        verdict = evaluate(row, "CN", TODAY, RULES)
        assert verdict.fee_share == pytest.approx(float(STATUS[name]["fee_share_china"])), name


@pytest.mark.parametrize("destination", RULES.groups["tier1"])
def test_every_tier_1_country_reads_as_the_tier_1_column(destination: str) -> None:
    for name, row in CHIPS.items():
        assert evaluate(row, destination, TODAY, RULES).outcome == STATUS[name]["tier1_2026_11"], name


# --- windows, overrides, owners -------------------------------------------------------------------
@pytest.mark.parametrize(
    "chip, destination, date, outcome",
    [
        ("A100", "CN", "2022-10-20", "free"),
        ("A100", "CN", "2022-10-21", "presumption_of_denial"),
        ("A800", "CN", "2023-11-16", "free"),
        ("A800", "CN", "2023-11-17", "presumption_of_denial"),
        ("H20", "CN", "2025-04-13", "free"),
        ("H20", "CN", "2025-04-14", "licence"),
        ("H20", "CN", "2025-08-11", "fee"),
        ("H20", "CN", "2026-01-14", "fee"),
        ("H20", "CN", "2026-01-15", "licence"),
        ("H200", "CN", "2026-01-14", "presumption_of_denial"),
        ("H200", "CN", "2026-01-15", "licence"),
        ("GB300", "AE", "2025-05-14", "presumption_of_approval"),
        ("GB300", "AE", "2025-05-15", "cap"),
        ("GB300", "IL", TODAY, "free"),
        ("GB300", "RU", TODAY, "presumption_of_denial"),
        ("Ascend 910C", "DE", "2025-05-12", "free"),
        ("Ascend 910C", "DE", "2025-05-13", "ban"),
    ],
)
def test_a_rule_acts_from_its_first_day_and_not_on_its_last(
    chip: str, destination: str, date: str, outcome: str
) -> None:
    assert evaluate(CHIPS[chip], destination, date, RULES).outcome == outcome


def test_the_rule_follows_the_parent_and_not_the_site() -> None:
    subsidiary = Buyer(headquarters="CN")
    assert evaluate(CHIPS["GB300"], "MY", TODAY, RULES).outcome == "free"
    assert evaluate(CHIPS["GB300"], "MY", TODAY, RULES, buyer=subsidiary).outcome == "presumption_of_denial"
    # the review policy for China does not reach its subsidiaries, nor re-exports
    assert evaluate(CHIPS["H200"], "MY", TODAY, RULES, buyer=subsidiary).outcome == "presumption_of_denial"
    assert evaluate(CHIPS["H200"], "CN", TODAY, RULES, exported_from="MY").outcome == "presumption_of_denial"
    # inside China the destination itself decides
    assert evaluate(CHIPS["H200"], "CN", TODAY, RULES, buyer=subsidiary).outcome == "licence"


def test_the_affiliates_rule_rests_while_it_is_suspended() -> None:
    owned = Buyer(listed_parent_50=True)
    outcomes = {
        date: evaluate(CHIPS["GB300"], "DE", date, RULES, buyer=owned).outcome
        for date in ("2025-09-28", "2025-09-29", "2025-11-10", "2026-11-08", "2026-11-09")
    }
    assert list(outcomes.values()) == ["free", "presumption_of_denial", "free", "free", "presumption_of_denial"]
    assert any("not verified" in text for text in evaluate(CHIPS["GB300"], "DE", TODAY, RULES, buyer=owned).caveats)


def test_a_named_buyer_has_its_own_volume() -> None:
    anyone = evaluate(CHIPS["GB300"], "AE", TODAY, RULES)
    named = evaluate(CHIPS["GB300"], "AE", TODAY, RULES, buyer=Buyer(name="G42"))
    assert lp_effect(anyone).volume_cap_units == 500_000
    assert lp_effect(anyone).volume_cap_per_year
    assert lp_effect(named).volume_cap_units == 35_000
    assert not lp_effect(named).volume_cap_per_year


def test_a_rule_never_enforced_enters_only_when_asked() -> None:
    during = "2025-03-01"
    assert evaluate(CHIPS["GB300"], "IN", during, RULES).outcome == "free"
    enforced = RULES.assuming("us_2025_01_diffusion")
    verdict = evaluate(CHIPS["GB300"], "IN", TODAY, enforced)
    assert (verdict.outcome, verdict.tpp_cap) == ("cap", 790e6)
    with_agreement = evaluate(CHIPS["GB300"], "IN", TODAY, enforced, buyer=Buyer(government_agreement=True))
    assert lp_effect(with_agreement).tpp_cap == 2 * 790e6
    assert evaluate(CHIPS["GB300"], "DE", TODAY, enforced).outcome == "free"
    assert evaluate(CHIPS["H20"], "IN", TODAY, enforced).tpp_cap is None


def test_named_rule_sets() -> None:
    assert evaluate(CHIPS["H200"], "CN", TODAY, RULES.without("us_2026_01_h200")).outcome == "presumption_of_denial"
    last = RULES.variant("us_2025_04_h20")  # the last rule that counts: later ones, and the end of none, are not seen
    assert evaluate(CHIPS["H20"], "CN", "2025-09-01", last).outcome == "licence"
    assert evaluate(CHIPS["H200"], "CN", TODAY, last).outcome == "presumption_of_denial"
    frozen = RULES.variant("2023-01-01")
    assert evaluate(CHIPS["A800"], "CN", TODAY, frozen).outcome == "free"
    assert evaluate(CHIPS["A100"], "CN", "2022-01-01", frozen).outcome == "free"
    with pytest.raises(ValueError, match="rule set 'newest' is not known"):
        RULES.variant("newest")
    with pytest.raises(ValueError, match="no classes that can be evaluated: withdrawn"):
        RULES.assuming("us_2026_03_global_draft")
    with pytest.raises(ValueError, match="no rule 'us_1999'"):
        RULES.without("us_1999")


# --- the other side, and the three switches -------------------------------------------------------
def test_the_effective_outcome_is_the_stricter_side() -> None:
    state = evaluate(CHIPS["L20"], "CN", TODAY, RULES, buyer=Buyer(state_funded=True))
    assert (state.export.outcome, state.import_.outcome, state.outcome) == ("free", "ban", "ban")
    assert state.rule_id == "cn_2025_11_foreign"
    domestic = evaluate(CHIPS["Ascend 910C"], "CN", TODAY, RULES, buyer=Buyer(state_funded=True))
    assert domestic.outcome == "free"
    platform = Buyer(large_platform=True)
    assert evaluate(CHIPS["RTX Pro 6000D"], "CN", "2025-09-14", RULES, buyer=platform).outcome == "free"
    assert evaluate(CHIPS["RTX Pro 6000D"], "CN", "2025-09-15", RULES, buyer=platform).outcome == "ban"


def test_h200_has_three_switches() -> None:
    verdict = evaluate(CHIPS["H200"], "CN", "2026-06-01", RULES)
    switches = verdict.switches
    assert (switches.us_cap_units, switches.china_cleared_units, switches.shipped_units) == (750_000, 400_000, 0)
    assert lp_effect(verdict, switches=("us_cap",)).volume_cap_units == 750_000
    assert lp_effect(verdict).volume_cap_units == 400_000
    assert lp_effect(verdict, switches=("us_cap", "china_clearance", "shipped")).volume_cap_units == 0
    effect = lp_effect(verdict)
    assert (effect.allowed, effect.price_adder_share, effect.share_of_home_units) == (True, 0.25, 0.5)
    assert (effect.cap_group, effect.group_cap_units) == ("us_2026_01_h200", 750_000)
    half = lp_effect(verdict, licence_granted_share=0.5)
    assert (half.volume_cap_units, half.group_cap_units, half.supply_share) == (375_000, 375_000, 1.0)
    assert lp_effect(evaluate(CHIPS["H20"], "CN", TODAY, RULES), licence_granted_share=0.5).supply_share == 0.5
    assert verdict.citation == "91 FR 1684, document 2026-00789"


def test_a_refused_or_unknown_chip_is_not_in_the_programme() -> None:
    assert lp_effect(evaluate(CHIPS["GB300"], "CN", TODAY, RULES)) == lp_effect(
        evaluate(CHIPS["Inferentia2"], "CN", TODAY, RULES)
    )
    assert not lp_effect(evaluate(CHIPS["GB300"], "CN", TODAY, RULES)).allowed
    # a doubt between outcomes that all allow the sale stops nothing, and is said
    harmless = evaluate(CHIPS["Inferentia2"], "AE", TODAY, RULES)
    assert lp_effect(harmless).allowed
    assert any("class is not known" in text for text in harmless.caveats)


def test_reasons_quote_the_figures_that_decide() -> None:
    assert "tpp 15,832 < 21,000" in evaluate(CHIPS["H200"], "CN", TODAY, RULES).reason
    assert "25% of the price" in evaluate(CHIPS["H200"], "CN", TODAY, RULES).reason
    assert "performance_density is not published" in evaluate(CHIPS["Inferentia2"], "CN", TODAY, RULES).reason
    assert any("2026-06-30" in text for text in evaluate(CHIPS["H200"], "CN", TODAY, RULES).caveats)


def test_table_keeps_the_order_of_the_chips() -> None:
    rows = table(CHIPS.values(), "CN", "2026-06-01", RULES)
    assert [row.chip for row in rows] == list(CHIPS)
    h200 = next(row for row in rows if row.chip == "H200")
    assert (h200.outcome, h200.export_outcome, h200.import_outcome) == ("licence", "licence", "cap")
    assert (h200.tpp, h200.cap_units, h200.fee_share) == (15_832, 400_000, 0.25)
    assert "FR_2026_00789" in h200.sources.split(";")


def test_every_cited_source_is_listed() -> None:
    listed = {row["id"] for row in _rows(COMPUTE / "sources.csv")}
    cited = {
        source for rule in (*RULES.rules, *RULES.bilateral_caps, *RULES.import_controls) for source in rule["sources"]
    }
    assert cited <= listed


# --- mistakes of the caller and of the rules file -------------------------------------------------
def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="not an ISO alpha-2 code"):
        evaluate(CHIPS["H100"], "china", TODAY, RULES)
    with pytest.raises(ValueError, match="not of the form 2026-06-01"):
        evaluate(CHIPS["H100"], "CN", "June 2026", RULES)


@pytest.mark.parametrize(
    "predicate, words",
    [
        ({"all": [{"metric": "tflops", "op": ">=", "value": 1}]}, "unknown metric 'tflops'"),
        ({"metric": "tpp", "op": "=>", "value": 1}, "unknown operator '=>'"),
        ({"chips": ["H100"]}, "says nothing that is known"),
    ],
)
def test_an_unknown_word_in_a_rule_names_the_rule(predicate: dict[str, object], words: str) -> None:
    document = {
        "destination_groups": {"d5": []},
        "rules": [{"id": "r", "classes": [{"class": "c", "predicate": predicate}]}],
    }
    with pytest.raises(ValueError, match=f"rule r, class c: .*{words}"):
        RuleSet.from_document(document)


# --- what must hold for any chip ------------------------------------------------------------------
positive = st.floats(1, 200_000, allow_nan=False)
bandwidth = st.none() | st.floats(1, 30_000, allow_nan=False)
specs = st.builds(
    ChipSpec,
    name=st.just("X"),
    origin=st.just("us"),
    tpp=positive,
    die_area_mm2=st.none() | st.floats(100, 2_000),
    hbm_gb_per_s=bandwidth,
    interconnect_gb_per_s=bandwidth,
    us_commercially_available=st.booleans(),
)
destinations = st.sampled_from(["CN", "HK", "RU", "AE", "IL", "IN", "DE", "US", "VN", "ET"])
days = st.dates(dt.date(2022, 1, 1), dt.date(2027, 12, 31))
quick = settings(max_examples=150, deadline=None)


@quick
@given(specs, st.floats(1, 20), destinations)
def test_raising_tpp_never_loosens_the_2023_rule(spec: ChipSpec, factor: float, destination: str) -> None:
    before, after = spec, replace(spec, tpp=spec.tpp * factor)
    outcomes = [evaluate(chip, destination, "2024-06-01", RULES).outcome for chip in (before, after)]
    assert STRICTNESS[outcomes[1]] >= STRICTNESS[outcomes[0]]


@quick
@given(specs, st.floats(1, 20))
def test_a_faster_link_never_loosens_the_2022_rule(spec: ChipSpec, factor: float) -> None:
    if spec.interconnect_gb_per_s is None:
        return
    faster = replace(spec, interconnect_gb_per_s=spec.interconnect_gb_per_s * factor)
    outcomes = [evaluate(chip, "CN", "2023-01-01", RULES).outcome for chip in (spec, faster)]
    assert STRICTNESS[outcomes[1]] >= STRICTNESS[outcomes[0]]


@quick
@given(specs, destinations, days, st.floats(100, 2_000))
def test_an_unknown_die_area_promises_nothing_that_a_known_one_breaks(
    spec: ChipSpec, destination: str, day: dt.date, area: float
) -> None:
    hidden = evaluate(replace(spec, die_area_mm2=None), destination, day, RULES)
    known = evaluate(replace(spec, die_area_mm2=area), destination, day, RULES)
    if lp_effect(hidden).allowed:
        assert lp_effect(known).allowed
    elif hidden.outcome != "unknown":
        assert known.outcome == hidden.outcome


@quick
@given(specs, destinations, days, st.booleans(), st.booleans())
def test_the_effective_outcome_is_never_looser_than_either_side(
    spec: ChipSpec, destination: str, day: dt.date, state: bool, listed: bool
) -> None:
    verdict = evaluate(spec, destination, day, RULES, buyer=Buyer(state_funded=state, listed_parent_50=listed))
    assert STRICTNESS[verdict.outcome] == max(STRICTNESS[verdict.export.outcome], STRICTNESS[verdict.import_.outcome])
    assert 0 <= verdict.fee_share < 1
    assert verdict.outcome in OUTCOMES


@quick
@given(specs, destinations, days)
def test_a_chip_of_chinese_make_is_outside_us_licensing(spec: ChipSpec, destination: str, day: dt.date) -> None:
    assert evaluate(replace(spec, origin="china"), destination, day, RULES).outcome == "free"


@quick
@given(specs, destinations, days)
def test_a_parent_in_d5_never_makes_a_sale_easier(spec: ChipSpec, destination: str, day: dt.date) -> None:
    own = evaluate(spec, destination, day, RULES).outcome
    owned = evaluate(spec, destination, day, RULES, buyer=Buyer(headquarters="CN")).outcome
    assert STRICTNESS[owned] >= STRICTNESS[own] or own in ("cap", "presumption_of_approval")


@quick
@given(specs, destinations, days)
def test_dropping_every_rule_frees_every_chip(spec: ChipSpec, destination: str, day: dt.date) -> None:
    nothing = RULES.without(*RULE)
    assert evaluate(spec, destination, day, nothing).export.outcome == "free"


@quick
@given(specs, destinations, days)
def test_law_changes_only_on_the_days_that_the_rules_name(spec: ChipSpec, destination: str, day: dt.date) -> None:
    named = {
        rule.get(key)
        for rule in (*RULES.rules, *RULES.bilateral_caps, *RULES.import_controls)
        for key in ("effective_from", "effective_to", "from", "to", "suspended_from", "suspended_to")
    }
    if day not in named:
        yesterday = day - dt.timedelta(days=1)
        assert evaluate(spec, destination, day, RULES).outcome == evaluate(spec, destination, yesterday, RULES).outcome


@quick
@given(specs, st.sampled_from([rule for rule in RULES.rules if rule.get("classes") and not rule.get("applies_to")]))
def test_predicates_keep_kleene_logic(spec: ChipSpec, rule: dict[str, object]) -> None:
    """Filling in an unpublished figure may settle a test, never turn a settled one round."""
    filled = replace(
        spec,
        die_area_mm2=spec.die_area_mm2 or 800.0,
        hbm_gb_per_s=spec.hbm_gb_per_s or 4_000.0,
        interconnect_gb_per_s=spec.interconnect_gb_per_s or 900.0,
    )
    for record in rule["classes"]:  # type: ignore[attr-defined]
        settled = holds(record["predicate"], spec)
        if settled is not None:
            assert holds(record["predicate"], filled) is settled
