"""A case that changes: edits by parameter and label, relief by hand, cuts, and the rebuild that says its name."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model.formulation import formulation
from optimizer.solve.case import Case
from optimizer.solve.compile import compile_lp
from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo
from optimizer.solve.editing import Edit
from optimizer.solve.engine import Engine
from optimizer.solve.errors import SolveError
from optimizer.solve.session import Session
from tests.cases.small_world import SmallWorld
from tests.solve.parity import assert_same
from tests.solve.sample_world import sample_formulation, sample_instance

# One more MW of queue lets 0.8 kchip serve users who would pay 0.5 USD/Mtok (tests/model/test_connection.py).
MW_OF_QUEUE = 10.3416


@pytest.fixture
def short_queue(tmp_path: Path) -> Case:
    """4 MW a year are energised where 5 are needed."""
    instance = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4).instance()
    return Case(formulation(), instance)


class TestEdits:
    def test_a_label_at_a_time(self, short_queue: Case) -> None:
        first = short_queue.solve()
        change = short_queue.put("queue_mw", 4.5, host="R", period=2028)
        assert change.params == ("queue_mw",)
        assert change.edit == Edit(row_bounds=1)
        short_queue.scale("firm_queue_mw", 4.5 / 4)
        again = short_queue.solve()
        assert first.objective - again.objective == pytest.approx(0.5 * MW_OF_QUEUE)
        assert again.statistics["attempts"][0]["road"].startswith("hot")
        assert short_queue.instance.params["firm_queue_mw"].item() == pytest.approx(4.5)

    def test_what_reads_a_parameter_is_compiled_again(self, short_queue: Case) -> None:
        short_queue.solve()
        change = short_queue.scale("pue", 1.1)
        assert change.edit.coefficients > 0
        assert not change.rebuild
        assert_same(short_queue.lp, compile_lp(formulation(), short_queue.instance), tolerance=0.0)
        cold = Session(compile_lp(formulation(), short_queue.instance)).solve()
        assert short_queue.solve().objective == pytest.approx(cold.objective, rel=1e-9)

    def test_costs(self, short_queue: Case) -> None:
        short_queue.solve()
        assert short_queue.scale("output_cost", 2.0).edit.costs > 0
        dearer = short_queue.solve().objective
        assert dearer == pytest.approx(Session(compile_lp(formulation(), short_queue.instance)).solve().objective)

    def test_nothing_changes_nothing(self, short_queue: Case) -> None:
        short_queue.solve()
        assert short_queue.scale("queue_mw", 1.0).params == ()

    def test_another_objective_and_back(self, short_queue: Case) -> None:
        bill = short_queue.solve().objective
        part = short_queue.lp.costs["energy"]
        short_queue.aim(part)
        assert short_queue.solve().objective < bill
        short_queue.scale("output_cost", 3.0)  # costs are not aimed at
        short_queue.scale("output_cost", 1 / 3.0)
        short_queue.aim(None)
        assert short_queue.solve().objective == pytest.approx(bill)

    @pytest.mark.parametrize(
        "edit, words",
        [
            (lambda c: c.put("queue_mv", 1.0), "no parameter 'queue_mv'; the nearest is 'queue_mw'"),
            (lambda c: c.put("queue_mw", 1.0, hosts="R"), "no single axis 'hosts'; its axes are host, period"),
            (lambda c: c.put("queue_mw", 1.0, period=2027), "'period' has no member 2027; the nearest is '2028'"),
            (lambda c: c.scale("by_then", 1.0, period=2028), "no single axis 'period'"),
            (
                lambda c: c.relieve("connection queues"),
                "no family 'connection queues'; the nearest is 'connection queue'",
            ),
        ],
    )
    def test_a_wrong_name_is_named(self, short_queue: Case, edit, words: str) -> None:
        with pytest.raises(KeyError) as caught:
            edit(short_queue)
        assert words in str(caught.value)


class TestRebuild:
    def test_rows_that_appear_or_vanish_are_named(self, short_queue: Case) -> None:
        short_queue.solve()
        old = short_queue.session
        change = short_queue.put("has_chip_supply", 0.0)
        assert change.rebuild == "limit 'chips_within_supply': 0 rows appear, 1 vanish (changed: has_chip_supply)"
        assert short_queue.session is not old
        free = short_queue.solve()
        assert free.statistics["attempts"][0]["road"] == "simplex"
        back = short_queue.put("has_chip_supply", 1.0)
        assert "limit 'chips_within_supply': 1 rows appear, 0 vanish" in back.rebuild

    def test_what_was_appended_comes_back(self, short_queue: Case) -> None:
        relief = short_queue.relieve("connection queue")
        cut = short_queue.cut({"chips_powered": 1.0}, upper=2.4)
        other = short_queue.relieve("chips")
        short_queue.solve()
        first = cut.row
        assert short_queue.put("has_chip_supply", 0.0).rebuild
        assert short_queue.relieve("chips") is other
        solution = short_queue.solve()
        assert cut.row != first, "rows before it have vanished"
        fresh = Case(formulation(), short_queue.instance)
        fresh_cut, fresh_relief, fresh_other = (
            fresh.cut({"chips_powered": 1.0}, upper=2.4), fresh.relieve("connection queue"), fresh.relieve("chips")
        )  # fmt: skip
        expected = fresh.solve()
        assert solution.objective == pytest.approx(expected.objective)
        assert cut.price(solution) == pytest.approx(fresh_cut.price(expected))
        for mine, theirs in ((relief, fresh_relief), (other, fresh_other)):
            assert mine.places == theirs.places
            np.testing.assert_allclose(mine.prices(solution), theirs.prices(expected), atol=1e-9)

    def test_relief_follows_bounds_that_appear(self, short_queue: Case) -> None:
        short_queue.put("hall_build_max_mw", np.inf)
        relief = short_queue.relieve("hall build")
        none = len(relief.places)
        change = short_queue.put("hall_build_max_mw", 0.5)
        assert "relief of 'hall build'" in change.rebuild
        assert len(relief.places) > none
        tight = short_queue.solve().objective
        short_queue.allow("hall build", np.inf)
        assert short_queue.solve().objective < tight

    def test_an_instance_with_other_labels_is_refused(self, short_queue: Case, tmp_path: Path) -> None:
        other = SmallWorld(tmp_path).region("E").instance()
        with pytest.raises(ValueError, match="make a new case"):
            short_queue.become(other)


class TestRefusedEdits:
    """What is refused leaves the case as it was."""

    @pytest.mark.parametrize(
        "edit, words",
        [
            (lambda c: c.put("chips_max", -1.0), "lower 0.0 is above upper -1.0"),
            (lambda c: c.put("pue", np.nan), "'pue': nan"),
            (lambda c: c.change({"pue": np.ones(3)}), "shape"),
            (lambda c: c.aim(np.ones(3)), "a finite cost for each"),
            (lambda c: c.cut({}, upper=1.0), "without any coefficient"),
            (lambda c: c.cut({"chips_powered": 1.0}, 5.0, 3.0), "leave nothing"),
            (lambda c: c.cut({"chips_powerd": 1.0}), "the nearest is 'chips_powered'"),
            (lambda c: c.allow("connection queue", -1.0), "leave nothing"),
        ],
    )
    def test_it_stays_as_it_was(self, short_queue: Case, edit, words: str) -> None:
        bill = short_queue.solve().objective
        with pytest.raises((ValueError, KeyError), match=words):
            edit(short_queue)
        assert short_queue.solve().objective == pytest.approx(bill)
        assert short_queue.put("has_chip_supply", 0.0).rebuild  # and goes on working
        assert short_queue.solve().objective <= bill + 1e-9

    def test_arrays_changed_in_place_cannot_slip_in(self, short_queue: Case) -> None:
        first = short_queue.solve().objective
        with pytest.raises(ValueError, match="read-only"):
            short_queue.instance.params["queue_mw"][...] *= 1.2
        mine = {name: short_queue.instance.params[name] * 1.2 for name in ("queue_mw", "firm_queue_mw")}
        short_queue.change(mine)
        for values in mine.values():
            values *= 1.25
        assert set(short_queue.change(mine).params) == set(mine)
        cold = Session(compile_lp(formulation(), short_queue.instance)).solve()
        assert short_queue.solve().objective == pytest.approx(cold.objective)
        assert cold.objective < first

    def test_an_edit_that_is_interrupted_leaves_highs_and_the_case_in_step(
        self, short_queue: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bill = short_queue.solve().objective
        honest = Engine.change_coefficients

        def stopped(engine: Engine, rows, columns, values) -> None:
            honest(engine, rows[:1], columns[:1], values[:1])
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Engine, "change_coefficients", stopped)
            with pytest.raises(KeyboardInterrupt):
                short_queue.scale("pue", 1.3)
        assert short_queue.solve().objective == pytest.approx(bill)


class TestRelief:
    def test_the_price_of_a_family_counts_limits_in_series_once(self, short_queue: Case) -> None:
        """The queue holds through a row and a bound; either alone is worth nothing or everything, as it happens."""
        relief = short_queue.relieve("connection queue")
        (at,) = [i for i, place in enumerate(relief.places) if place.labels == ("R", 2028)]
        assert relief.places[at].axes == ("host", "period")
        assert relief.places[at].per == "MW"
        solution = short_queue.solve()
        assert relief.prices(solution)[at] == pytest.approx(MW_OF_QUEUE)
        assert relief.used(solution).tolist() == [0.0] * len(relief.columns)

    def test_the_ladder(self, short_queue: Case) -> None:
        """Half a MW is worth half its price; beyond one MW every request is served and more is worth nothing."""
        bill = short_queue.solve().objective
        saved = []
        for amount in (0.5, 1.0, 50.0, np.inf):
            short_queue.allow("connection queue", amount)
            saved.append(bill - short_queue.solve().objective)
        assert saved == pytest.approx([0.5 * MW_OF_QUEUE, MW_OF_QUEUE, MW_OF_QUEUE, MW_OF_QUEUE])
        short_queue.allow("connection queue", np.inf, cost=2.0)
        short_queue.solve()
        short_queue.allow("connection queue", 0.0)  # takes the cost back too, so that prices are those of the family
        last = short_queue.solve()
        assert last.objective == pytest.approx(bill)
        assert short_queue.relieve("connection queue").prices(last).max() == pytest.approx(MW_OF_QUEUE)
        short_queue.allow("connection queue", np.inf, cost=20.0)
        short_queue.allow("connection queue", 0.5)  # free again
        assert bill - short_queue.solve().objective == pytest.approx(0.5 * MW_OF_QUEUE)

    def test_relief_at_a_price_says_what_a_plan_lacks(self, tmp_path: Path) -> None:
        """120 MW of load, 100 MW of plant, nothing may be shed: 20 MW of generation are missing."""
        world = SmallWorld(tmp_path).edit("power.plants", existing_mw=80)
        case = Case(formulation(), world.instance())
        case.put("shed_max_mw", 0.0)
        with pytest.raises(SolveError, match="no plan keeps all limits"):
            case.solve()
        case.allow("demand for power", np.inf, cost=1e3)
        relief = case.relieve("demand for power")
        missing = relief.used(case.solve())
        (place,) = [place for place in relief.places if place.labels[0] == "R"]
        assert place.side == "equation"
        assert missing.sum() == pytest.approx(100 - 80, rel=1e-6)

    def test_every_family_has_columns_that_change_nothing(self, tmp_path: Path) -> None:
        case = Case(formulation(), SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4).instance())
        bill = case.solve().objective
        families = {limit.family for limit in formulation().limits.values()}
        families |= {decision.family for decision in formulation().decisions.values() if decision.family}
        for family in sorted(families):
            case.relieve(family)
        solution = case.solve()
        assert solution.objective == pytest.approx(bill, rel=1e-9)
        assert solution.certificate.passed
        # Prices of a family of inequalities are never negative: relief cannot hurt.
        for relief in case.reliefs.values():
            inequality = np.array([place.side != "equation" for place in relief.places], bool)
            assert (relief.prices(solution)[inequality] >= -1e-9).all()

    def test_the_price_is_the_slope_of_the_bill(self, tmp_path: Path) -> None:
        case = Case(formulation(), SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4).instance())
        for family in ("connection queue", "chips", "generation", "reserve"):
            relief = case.relieve(family)
            base = case.solve()
            price = relief.prices(base).sum()
            case.allow(family, 1e-3)
            slope = (base.objective - case.solve().objective) / 1e-3
            case.allow(family, 0.0)
            assert slope == pytest.approx(price, rel=1e-6, abs=1e-9)


class TestCuts:
    def test_a_cut_holds_and_has_a_price(self, short_queue: Case) -> None:
        before = short_queue.solve()
        cut = short_queue.cut({"chips_powered": 1.0}, upper=2.4)
        after = short_queue.solve()
        assert after.statistics["attempts"][0]["road"].startswith("hot")
        assert short_queue.lp.column_values("chips_powered", after.x).sum() == pytest.approx(2.4)
        # 2.4 kchip in the place of 3.2 are what 1 MW of queue less would leave.
        assert after.objective - before.objective == pytest.approx(MW_OF_QUEUE, rel=1e-6)
        assert -cut.price(after) == pytest.approx(MW_OF_QUEUE / 0.8, rel=1e-6)


class TestAnyWorld:
    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(
        seed=st.integers(0, 10_000),
        picks=st.lists(st.integers(0, 1000), min_size=1, max_size=4),
        factor=st.floats(0.5, 1.8),
        regions=st.integers(1, 3),
        corridors=st.integers(0, 3),
    )
    def test_edits_lead_to_the_lp_of_the_edited_instance(
        self, seed: int, picks: list[int], factor: float, regions: int, corridors: int
    ) -> None:
        """Any parameter, one after the other, in one session; Pyomo's own road agrees with where it ends."""
        model = sample_formulation()
        case = Case(model, sample_instance(seed, regions=regions, corridors=corridors))
        _ = case.session
        names = [name for name, record in model.params.items() if record.of is None and name not in FILTERS]
        for pick in picks:
            case.scale(names[pick % len(names)], factor)
        assert_same(case.lp, compile_lp(model, case.instance), tolerance=0.0)
        assert_same(case.lp, compile_lp_by_pyomo(model, case.instance))
        held = case.session.lp
        for name in ("start", "index", "value", "row_lower", "row_upper", "col_lower", "col_upper"):
            np.testing.assert_array_equal(getattr(held, name), getattr(case.lp, name))


FILTERS = {"may_ramp", "can_grow"}


class TestRelease:
    """A case gives the solver's memory back."""

    def test_the_engine_goes_and_the_next_solve_starts_anew(self, short_queue: Case) -> None:
        first = short_queue.solve()
        engine = weakref.ref(short_queue.session._engine)
        short_queue.release()
        gc.collect()
        assert engine() is None
        short_queue.put("queue_mw", 4.5, host="R", period=2028)
        short_queue.scale("firm_queue_mw", 4.5 / 4)
        assert first.objective - short_queue.solve().objective == pytest.approx(0.5 * MW_OF_QUEUE)

    def test_reliefs_are_not_lost(self, short_queue: Case) -> None:
        short_queue.relieve("connection queue")
        held = short_queue.session
        short_queue.release()
        assert short_queue.session is held
