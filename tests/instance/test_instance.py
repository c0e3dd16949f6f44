"""What an instance holds, which faults it finds, and what it hands to Pyomo."""

from __future__ import annotations

import pickle

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.instance.instance import Instance, InstanceError
from optimizer.solve.compile import compile_lp
from tests.solve.sample_world import sample_formulation, sample_instance

FORMULATION = sample_formulation()


def test_numbers_become_float_arrays_and_labels_object_arrays() -> None:
    instance = Instance(
        sets={"s": ["a", "b"]},  # type: ignore[dict-item]
        params={"whole": [1, 2], "scalar": 3, "flags": np.array([True, False]), "names": ["a", "b"]},  # type: ignore[dict-item]
    )
    assert instance.sets["s"] == ("a", "b")
    assert instance.params["whole"].dtype == np.float64
    assert instance.params["scalar"].shape == ()
    assert instance.params["flags"].tolist() == [1.0, 0.0]
    assert instance.params["names"].dtype == object


def test_a_fitting_instance_passes_and_feeds_pyomo() -> None:
    instance = sample_instance(seed=4)
    instance.check(FORMULATION)
    model = FORMULATION.model.create_instance(instance.namespace(FORMULATION))
    assert tuple(model.storage) == instance.sets["storage"]
    assert list(model.alive["k1", 2026]) == instance.relations["alive"]["k1", 2026]
    assert model.availability["k1", 2] == instance.params["availability"][1, 2]
    assert model.previous[0] == 3
    assert pyo.value(model.shed_cost) == float(instance.params["shed_cost"])


def test_replace_changes_only_what_is_named() -> None:
    instance = sample_instance()
    changed = instance.replace(shed_cost=9.0)
    assert float(changed.params["shed_cost"]) == 9.0
    assert float(instance.params["shed_cost"]) != 9.0
    assert changed.params["availability"] is instance.params["availability"]
    with pytest.raises(KeyError, match="shed_csot"):
        instance.replace(shed_csot=9.0)


def broken(**changes: object) -> Instance:
    """The sample world with sets, relations or parameters exchanged (None: taken away)."""
    good = sample_instance(seed=4)
    parts = {"sets": dict(good.sets), "relations": dict(good.relations), "params": dict(good.params)}
    for key, value in changes.items():
        kind, name = key.split("__")
        if value is None:
            del parts[kind][name]
        else:
            parts[kind][name] = value  # type: ignore[index]
    return Instance(**parts)  # type: ignore[arg-type]


def mended(name: str, where: tuple[int, ...], value: object) -> np.ndarray:
    array = sample_instance(seed=4).params[name].copy()
    array[where] = value
    return array


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"sets__region": None}, "set 'region' is missing"),
        ({"sets__region": ("r0", "r1", "r1")}, "set 'region': labels given twice: r1"),
        ({"sets__region": ("r0", "r1", 2.5)}, "set 'region': labels must be str or int, not float (2.5)"),
        ({"sets__region": ("r0", "r1", np.int64(2))}, "labels must be str or int, not int64"),
        ({"sets__storage": ("k0", "k9")}, "set 'storage': not in its parent 'plant': k9"),
        ({"relations__alive": None}, "relation 'alive' is missing"),
        ({"relations__plants_in": {"r0": [], "r2": []}}, "relation 'plants_in': no list for 1 keys, the first is 'r1'"),
        (
            {"relations__plants_in": {"r0": ["k7"], "r1": [], "r2": []}},
            "relation 'plants_in' at 'r0': 'k7' is no member of 'plant'",
        ),
        ({"relations__plants_in": {"r0": ["k1", "k1"], "r1": [], "r2": []}}, "a member is listed twice"),
        ({"relations__plants_in": {"r0": [], "r1": [], "r2": [], "r3": []}}, "relation 'plants_in': unknown key 'r3'"),
        ({"params__hours": None}, "parameter 'hours' is missing"),
        ({"params__hours": [1.0, 2.0]}, "parameter 'hours': shape (2,), but 'snapshot' is (4,)"),
        ({"params__hours": ["a", "b", "c", "d"]}, "parameter 'hours': holds object, not numbers"),
        (
            {"params__availability": mended("availability", (1, 2), np.nan)},
            "parameter 'availability': nan at ('k1', 2), 1 such values in all",
        ),
        (
            {"params__availability": mended("availability", (1, 2), np.inf)},
            "parameter 'availability': inf at ('k1', 2)",
        ),
        ({"params__build_max_mw": mended("build_max_mw", (0, 0), np.nan)}, "parameter 'build_max_mw': nan"),
        ({"params__build_max_mw": mended("build_max_mw", (0, 0), -1.0)}, "lower 0.0 is above upper -1.0"),
        ({"params__may_ramp": mended("may_ramp", (0, 0, 0), 0.5)}, "so it holds only 0 and 1"),
        ({"params__previous": mended("previous", (1,), 7)}, "lookup 'previous': 7 is no member of 'snapshot'"),
        ({"params__previous": [3, 0, 1, 2]}, "lookup 'previous': labels belong in an object array"),
    ],
)
def test_faults_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InstanceError) as caught:
        broken(**changes).check(FORMULATION)
    assert message in str(caught.value)


def test_infinite_bounds_are_no_fault() -> None:
    broken(params__build_max_mw=mended("build_max_mw", (0, 0), np.inf)).check(FORMULATION)


def test_all_faults_come_in_one_error() -> None:
    with pytest.raises(InstanceError) as caught:
        broken(params__hours=None, params__ramp_mw=None, relations__alive=None).check(FORMULATION)
    assert len(caught.value.faults) == 3


def test_an_instance_travels_without_what_was_derived_from_it() -> None:
    instance = sample_instance()
    compile_lp(FORMULATION, instance)
    assert instance.kept
    arrived = pickle.loads(pickle.dumps(instance))
    assert arrived.kept == {}
    assert arrived.sets == instance.sets
    assert np.array_equal(arrived.params["availability"], instance.params["availability"])


def test_attributes_are_aligned_with_their_set() -> None:
    good = sample_instance(seed=4)
    one = Instance(good.sets, good.relations, good.params, {"region": {"country": ["us", "cn"]}})
    with pytest.raises(InstanceError, match="set 'region', column 'country': 2 values for 3 labels"):
        one.check(FORMULATION)
