"""The array road against Pyomo's road on two small rooms, and what compiling promises beyond that."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.instance.instance import Instance
from optimizer.model.room import Room, declare
from optimizer.solve.compile import (
    CompileError,
    compile_lp,
    recompile,
    templates_of,
)
from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo
from optimizer.solve.linear_program import LinearProgram
from tests.solve.parity import assert_same, matrix_of
from tests.solve.sample_world import sample_formulation, sample_instance

FORMULATION = sample_formulation()


def dense(lp: LinearProgram) -> np.ndarray:
    return np.asarray(matrix_of(lp).toarray())


def test_two_roads_make_one_linear_program() -> None:
    instance = sample_instance(seed=1)
    instance.check(FORMULATION)
    lp = compile_lp(FORMULATION, instance)
    assert lp.num_col > 100
    assert lp.num_nonzero > 300
    assert_same(lp, compile_lp_by_pyomo(FORMULATION, instance))


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    regions=st.integers(1, 4),
    periods=st.integers(1, 3),
    snapshots=st.integers(1, 4),
    plants=st.integers(0, 4),
    storages=st.integers(0, 3),
    corridors=st.integers(0, 4),
    bounded=st.sampled_from([0.0, 0.5, 1.0]),
    zeros=st.sampled_from([0.0, 0.3]),
)
def test_two_roads_agree_on_any_world(**kwargs: float) -> None:
    """No lines, one region, empty sets and lists, filters, infinite bounds, zero coefficients."""
    instance = sample_instance(**kwargs)  # type: ignore[arg-type]
    instance.check(FORMULATION)
    assert_same(compile_lp(FORMULATION, instance), compile_lp_by_pyomo(FORMULATION, instance))


def test_an_empty_world_compiles() -> None:
    instance = sample_instance(regions=0, periods=0, snapshots=0, plants=0, storages=0, corridors=0)
    lp = compile_lp(FORMULATION, instance)
    assert lp.num_col == 1  # the one decision without axes
    assert_same(lp, compile_lp_by_pyomo(FORMULATION, instance))


def hand_room() -> Room:
    room = Room("hand")
    room.set("plant", "")
    room.set("hour", "")
    room.relation("helpers", "plant", "plant")
    room.param("limit_mw", "plant hour", "MW", "")
    room.param("load_mw", "hour", "MW", "")
    room.param("on", "plant hour", "0/1", "")
    room.param("most_mw", "plant", "MW", "")
    room.param("price", "", "MUSD/MW", "")
    room.decide("output", "plant hour", "MW", "")
    room.decide("built", "plant", "MW", "", upper="most_mw", family="build")

    @room.limit("plant hour", family="capacity", per="MW", where="on")
    def within(m, k, t):
        return m.output[k, t] - 2 * m.built[k] - sum(0.5 * m.built[h] for h in m.helpers[k]) <= m.limit_mw[k, t]

    @room.balance("hour", family="demand", per="MWh")
    def demand(m, t):
        return m.load_mw[t]

    @room.feeds("demand")
    def supply(m, t):
        return sum(m.output[k, t] for k in m.plant)

    @room.cost("build")
    def building(m):
        return sum(m.price * m.built[k] for k in m.plant) + 7

    @room.goal("energy")
    def energy(m):
        return sum(m.load_mw[t] * m.output[k, t] for k in m.plant for t in m.hour)

    return room


def hand_instance() -> Instance:
    return Instance(
        sets={"plant": ("a", "b"), "hour": (1, 2)},
        relations={"helpers": {"a": ["b"], "b": []}},
        params={
            "limit_mw": [[1, 2], [3, 4]],
            "load_mw": [10, 20],
            "on": [[1, 0], [1, 1]],
            "most_mw": [5, np.inf],
            "price": 3,
        },
    )


def test_a_program_worked_out_by_hand() -> None:
    lp = compile_lp(declare([hand_room()]), hand_instance())
    # columns: output a1 a2 b1 b2, built a b; rows: within a1 b1 b2, demand 1 2
    expected = [
        [1, 0, 0, 0, -2, -0.5],
        [0, 0, 1, 0, 0, -2],
        [0, 0, 0, 1, 0, -2],
        [1, 0, 1, 0, 0, 0],
        [0, 1, 0, 1, 0, 0],
    ]
    assert dense(lp).tolist() == expected
    assert lp.row_lower.tolist() == [-np.inf, -np.inf, -np.inf, 10, 20]
    assert lp.row_upper.tolist() == [1, 3, 4, 10, 20]
    assert lp.col_lower.tolist() == [0] * 6
    assert lp.col_upper.tolist() == [np.inf, np.inf, np.inf, np.inf, 5, np.inf]
    assert lp.cost.tolist() == [0, 0, 0, 0, 3, 3]
    assert lp.offset == 7
    assert lp.goals["energy"].tolist() == [10, 20, 10, 20, 0, 0]
    assert lp.rows["within"].kept is not None
    assert lp.rows["within"].kept.tolist() == [0, 2, 3]
    assert lp.rows["demand"].kept is None
    assert (lp.start.dtype, lp.index.dtype, lp.value.dtype) == (np.int64, np.int32, np.float64)


def test_values_come_back_in_the_shape_of_their_axes() -> None:
    lp = compile_lp(declare([hand_room()]), hand_instance())
    assert lp.column_values("output", np.arange(6.0)).tolist() == [[0, 1], [2, 3]]
    assert lp.column_values("built", np.arange(6.0)).tolist() == [4, 5]
    duals = lp.row_values("within", np.arange(5.0))
    assert np.isnan(duals[0, 1])
    assert (duals[0, 0], duals[1, 0], duals[1, 1]) == (0, 1, 2)
    assert lp.row_values("demand", np.arange(5.0)).tolist() == [3, 4]
    assert [lp.row_name(i) for i in range(5)] == ["within", "within", "within", "demand", "demand"]


def test_coefficient_range_names_the_limits() -> None:
    lp = compile_lp(declare([hand_room()]), hand_instance())
    assert lp.coefficient_range() == (0.5, 2.0, "within", "within")
    empty = compile_lp(
        FORMULATION, sample_instance(regions=0, plants=0, storages=0, corridors=0, snapshots=0, periods=0)
    )
    assert empty.coefficient_range()[2:] == ("carbon", "carbon")


def simple(rule_of_row: object = None, cost: object = None) -> Room:
    room = Room("simple")
    room.set("place", "")
    room.set("some", "", within="place")
    room.relation("near", "place", "place")
    room.param("size", "place", "MW", "")
    room.param("most", "place", "MW", "")
    room.decide("x", "place", "MW", "", upper="most", family="most")
    room.decide("small", "some", "MW", "")
    if rule_of_row is not None:
        room.limit("place", family="f", per="MW")(rule_of_row)  # type: ignore[type-var]
    if cost is not None:
        room.cost("part")(cost)  # type: ignore[type-var]
    return room


def simple_instance(**params: object) -> Instance:
    values = {"size": [1.0, 2.0, 0.0], "most": [np.inf] * 3, **params}
    return Instance(
        {"place": ("u", "v", "w"), "some": ("w",)}, {"near": {"u": ["v", "w"], "v": ["u"], "w": []}}, values
    )


def test_rows_without_decisions_are_left_out_when_true() -> None:
    def enough_near(m, r):
        return sum(m.x[q] for q in m.near[r]) <= m.size[r]

    formulation = declare([simple(enough_near)])
    lp = compile_lp(formulation, simple_instance())
    assert lp.rows["enough_near"].kept is not None
    assert lp.rows["enough_near"].kept.tolist() == [0, 1]
    assert_same(lp, compile_lp_by_pyomo(formulation, simple_instance()))


def test_a_false_row_without_decisions_is_refused_by_name() -> None:
    def enough_near(m, r):
        return sum(m.x[q] for q in m.near[r]) >= 1 + m.size[r]

    with pytest.raises(CompileError, match=r"limit 'enough_near' \(room 'simple'\): 1 rows .* at \('w',\)"):
        compile_lp(declare([simple(enough_near)]), simple_instance())


def test_a_row_whose_terms_cancel_is_left_out() -> None:
    def cancels(m, r):
        return 0.1 * m.x[r] + 0.2 * m.x[r] - 0.3 * m.x[r] <= m.size[r]

    assert compile_lp(declare([simple(cancels)]), simple_instance()).num_row == 0


def test_rows_free_on_both_sides_are_left_out() -> None:
    def below_most(m, r):
        return m.x[r] + m.size[r] <= m.most[r]

    formulation = declare([simple(below_most)])
    instance = simple_instance(most=[np.inf, 5.0, np.inf])
    lp = compile_lp(formulation, instance)
    assert lp.rows["below_most"].kept is not None
    assert lp.rows["below_most"].kept.tolist() == [1]
    assert lp.row_upper.tolist() == [3.0]
    assert_same(lp, compile_lp_by_pyomo(formulation, instance))


@pytest.mark.parametrize("size", [[1, np.nan, 1], [1, 0, 1]])
def test_coefficients_that_are_not_finite_are_refused_by_name(size: list[float]) -> None:
    def divided(m, r):
        return m.x[r] / m.size[r] <= 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CompileError, match=r"limit 'divided'.*not finite"):
            compile_lp(declare([simple(divided)]), simple_instance(size=size))


def test_costs_that_are_not_finite_are_refused_by_name() -> None:
    def spending(m):
        return sum(m.size[r] * m.x[r] for r in m.place)

    with pytest.raises(CompileError, match=r"cost 'part'.*not finite"):
        compile_lp(declare([simple(cost=spending)]), simple_instance(size=[1, np.inf, 1]))


def test_an_index_outside_a_subset_is_refused_by_name() -> None:
    def outside(m, r):
        return m.x[r] + m.small[r] <= 1

    with pytest.raises(CompileError, match="'u' of set 'place' is used as an index of 'some'"):
        compile_lp(declare([simple(outside)]), simple_instance())


def test_a_misshapen_parameter_is_refused_by_name() -> None:
    def rule(m, r):
        return m.x[r] <= m.size[r]

    with pytest.raises(CompileError, match=r"'size' has shape \(2,\)"):
        compile_lp(declare([simple(rule)]), simple_instance(size=[1.0, 2.0]))


def test_compiling_twice_gives_the_same_arrays_to_the_bit() -> None:
    one, two = (compile_lp(sample_formulation(), sample_instance(seed=5)) for _ in range(2))
    for name in ("start", "index", "value", "row_lower", "row_upper", "col_lower", "col_upper"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_the_cost_is_the_sum_of_its_parts_to_the_bit() -> None:
    formulation, instance = sample_formulation(), sample_instance()
    lp = compile_lp(formulation, instance)
    total = np.zeros(lp.num_col)
    for name, part in lp.costs.items():
        total += part
        charged = [lp.columns[decision].span for decision in lp.charged[name]]
        elsewhere = part.copy()
        for span in charged:
            elsewhere[span] = 0.0
        assert charged
        assert not elsewhere.any(), name
    np.testing.assert_array_equal(lp.cost, total)


def test_templates_travel_to_other_processes() -> None:
    templates = pickle.loads(pickle.dumps(templates_of(FORMULATION)))
    instance = sample_instance(seed=2)
    assert_same(compile_lp(FORMULATION, instance, templates), compile_lp(FORMULATION, instance))


def test_templates_say_which_parameters_a_rule_reads() -> None:
    templates = templates_of(FORMULATION)
    assert templates.rows["ramp_up"].reads == {"previous", "ramp_mw", "standing_mw", "alive"}
    assert templates.costs["capital"].reads == {"site_cost", "region_of", "standing_mw"}


def test_recompiling_what_reads_a_parameter_equals_compiling_all() -> None:
    before = sample_instance(seed=3)
    for name in ("line_mw", "availability", "fuel_cost", "build_max_mw", "may_ramp", "base_load_mw", "region_of"):
        old = before.params[name]
        new = np.roll(old, 1) if old.dtype == object else np.roll(old, 1) + (name not in ("may_ramp", "availability"))
        after = before.replace(**{name: new})
        lp = recompile(compile_lp(FORMULATION, before), FORMULATION, after, params=[name])
        assert_same(lp, compile_lp(FORMULATION, after), tolerance=0.0)


def test_recompiling_a_family_touches_nothing_else() -> None:
    before = sample_instance(seed=3)
    after = before.replace(
        line_mw=before.params["line_mw"] + 1,
        ramp_mw=before.params["ramp_mw"] + 1,
        line_build_max_mw=before.params["line_build_max_mw"] + 1,
    )
    old, whole = compile_lp(FORMULATION, before), compile_lp(FORMULATION, after)
    lp = recompile(old, FORMULATION, after, families=["line build"])  # a limit and the bounds of a decision
    grows, ramps, built = lp.rows["grows_at_most"].span, lp.rows["ramp_up"].span, lp.columns["line_built"].span
    assert np.array_equal(lp.row_upper[grows], whole.row_upper[grows])
    assert not np.array_equal(old.row_upper[grows], whole.row_upper[grows])
    assert np.array_equal(lp.col_upper[built], whole.col_upper[built])
    assert np.array_equal(lp.row_upper[ramps], old.row_upper[ramps])
    assert not np.array_equal(old.row_upper[ramps], whole.row_upper[ramps])


def test_recompiling_an_unknown_name_is_an_error() -> None:
    instance = sample_instance()
    lp = compile_lp(FORMULATION, instance)
    with pytest.raises(KeyError, match="line_mv"):
        recompile(lp, FORMULATION, instance, params=["line_mv"])
    with pytest.raises(KeyError, match="no such family"):
        recompile(lp, FORMULATION, instance, families=["no such family"])


def test_the_comparison_of_roads_notices_one_changed_number() -> None:
    """Guards the other tests of this file: a comparison that cannot fail proves nothing."""
    instance = sample_instance(seed=1)
    lp = compile_lp(FORMULATION, instance)
    value = lp.value.copy()
    value[len(value) // 2] *= 1 + 1e-9
    with pytest.raises(AssertionError):
        assert_same(replace(lp, value=value), compile_lp_by_pyomo(FORMULATION, instance))


@pytest.mark.parametrize(
    "plants, snapshots", [([1, 0, 1, 1], [1, 1, 1, 1]), ([0, 0, 0, 0], [1, 1, 1, 1]), ([1, 1, 0, 1], [0, 1, 1, 0])]
)
def test_a_filter_that_is_a_product_leaves_the_same_rows(plants: list[int], snapshots: list[int]) -> None:
    instance = sample_instance(seed=3)
    shape = instance.params["may_ramp"].shape
    filtered = np.array(plants)[:, None, None] * np.array(snapshots) * np.ones(shape)
    instance = instance.replace(may_ramp=filtered)
    lp = compile_lp(FORMULATION, instance)
    assert lp.rows["ramp_up"].kept is not None
    assert set(lp.rows["ramp_up"].kept.tolist()) <= set(np.flatnonzero(filtered).tolist())
    assert_same(lp, compile_lp_by_pyomo(FORMULATION, instance))


@pytest.mark.parametrize("on", [0, 1])
def test_a_row_without_axes_can_be_filtered(on: int) -> None:
    room = hand_room()
    room.param("has_budget", "", "0/1", "")

    @room.limit("", family="budget", per="MW", where="has_budget")
    def budget(m):
        return sum(m.built[k] for k in m.plant) <= 9

    instance = hand_instance()
    instance = replace(instance, params={**instance.params, "has_budget": on})
    formulation = declare([room])
    lp = compile_lp(formulation, instance)
    assert lp.rows["budget"].size == on
    assert_same(lp, compile_lp_by_pyomo(formulation, instance))


def test_a_range_without_ends_leaves_no_row() -> None:
    room = hand_room()

    @room.limit("plant", family="none", per="MW")
    def unlimited(m, k):
        return None, m.built[k], None

    lp = compile_lp(declare([room]), hand_instance())
    assert lp.rows["unlimited"].size == 0
    assert lp.num_nonzero == compile_lp(declare([hand_room()]), hand_instance()).num_nonzero
