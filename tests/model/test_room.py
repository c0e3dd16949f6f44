"""What rooms record, how they are joined, and which faults are found on the way."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from optimizer.model.room import Room, declare


def water_room() -> Room:
    """A room as a reader might write one: what it reads, decides, is held back by, and costs."""
    room = Room("water", doc="Water: cooling towers drink.")
    room.set("basin", "a catchment", columns="name country")
    room.set("tower", "a cooling tower")
    room.set("big", "towers with a permit of their own", within="tower")
    room.relation("towers_in", "basin", "tower", "towers that drink from the basin")
    room.param("yield_m3", "basin", "m3/h", "what may be taken")
    room.param("most", "tower", "m3/h", "pump size")
    room.param("has_permit", "basin", "0/1", "basins with a permit")
    room.lookup("next_to", "basin", "basin", "downstream neighbour")
    room.decide("drawn", "tower", "m3/h", "water drawn", upper="most", family="pumps")

    @room.limit("basin", family="water", per="m3/h", where="has_permit")
    def within_permit(m, b):
        """Towers together stay within the permit."""
        return sum(m.drawn[k] for k in m.towers_in[b]) <= m.yield_m3[b]

    @room.cost("water")
    def fees(m):
        return sum(2 * m.drawn[k] for k in m.tower)

    @room.goal("cooling")
    def cooling(m):
        return sum(m.drawn[k] for k in m.tower)

    return room


def test_records_hold_what_was_said() -> None:
    formulation = declare([water_room()])
    limit = formulation.limits["within_permit"]
    assert (limit.axes, limit.family, limit.per, limit.where) == (("basin",), "water", "m3/h", "has_permit")
    assert limit.doc == "Towers together stay within the permit."
    assert limit.room == "water"
    assert not limit.balance
    decision = formulation.decisions["drawn"]
    assert (decision.upper, decision.lower, decision.family) == ("most", None, "pumps")
    assert formulation.sets["basin"].columns == ("name", "country")
    assert formulation.sets["big"].within == "tower"
    assert formulation.params["next_to"].of == "basin"
    assert formulation.params["yield_m3"].unit == "m3/h"
    assert formulation.relations["towers_in"].key == ("basin",)
    assert list(formulation.costs) == ["water"]
    assert list(formulation.goals) == ["cooling"]


def test_the_model_is_an_ordinary_abstract_model() -> None:
    model = declare([water_room()]).model
    assert isinstance(model, pyo.AbstractModel)
    assert {c.local_name for c in model.component_objects(pyo.Var)} == {"drawn"}
    assert {c.local_name for c in model.component_objects(pyo.Constraint)} == {"within_permit"}
    assert {c.local_name for c in model.component_objects(pyo.Objective)} == {"objective"}


def test_a_decorated_rule_stays_a_function() -> None:
    room = Room("r")
    room.set("s", "")
    room.decide("x", "s", "1", "")

    @room.limit("s", family="f", per="1")
    def rule(m, i):
        return m.x[i] <= 1

    assert callable(rule)
    assert rule.__name__ == "rule"


def test_rooms_feed_a_balance_of_another_room() -> None:
    owner, feeder = Room("owner"), Room("feeder")
    owner.set("place", "")
    owner.param("asked", "place", "MW", "")
    owner.decide("made", "place", "MW", "")
    feeder.decide("bought", "place", "MW", "")

    @owner.balance("place", family="demand", per="MWh")
    def balance(m, r):
        return m.asked[r]

    @owner.feeds("balance")
    def own(m, r):
        return m.made[r]

    @feeder.feeds("balance")
    def imports(m, r):
        return m.bought[r]

    formulation = declare([feeder, owner])  # in any order
    assert [feed.name for feed in formulation.feeds["balance"]] == ["imports", "own"]
    namespace = {None: {"place": {None: ["u"]}, "asked": {"u": 4.0}}}
    row = formulation.model.create_instance(namespace).balance["u"]
    assert str(row.body) == "bought[u] + made[u] - 4.0"
    assert (row.lower, row.upper) == (0, 0)


def test_rules_of_one_cost_part_add_up_and_parts_stay_apart() -> None:
    first, second = Room("first"), Room("second")
    first.decide("x", "", "1", "")
    first.cost("energy")(lambda m: 2 * m.x)
    second.cost("energy")(lambda m: 3 * m.x)
    second.cost("carbon")(lambda m: 5 * m.x)
    formulation = declare([first, second])
    assert {part: len(records) for part, records in formulation.costs.items()} == {"energy": 2, "carbon": 1}
    instance = formulation.model.create_instance({None: {}})
    instance.x.set_value(1.0)
    assert pyo.value(instance.objective) == 10.0


def test_a_subset_may_be_declared_before_its_parent() -> None:
    subset, parent = Room("subset"), Room("parent")
    subset.set("store", "", within="plant")
    parent.set("plant", "")
    assert list(declare([subset, parent]).sets) == ["plant", "store"]


def test_a_bound_needs_a_family_and_a_family_a_bound() -> None:
    room = Room("r")
    with pytest.raises(TypeError, match=r"room 'r', decision 'x': a bound needs a ledger family"):
        room.decide("x", "s", "1", "", upper="u")
    with pytest.raises(TypeError, match="a bound needs a ledger family"):
        room.decide("x", "s", "1", "", lower="u")
    with pytest.raises(TypeError, match="a ledger family needs a bound"):
        room.decide("x", "s", "1", "", family="f")


def faulty(change: str) -> Room:
    room = Room("faulty")
    room.set("place", "")
    room.set("time", "")
    room.param("most", "place", "1", "")
    room.decide("x", "place time", "1", "")
    exec(change, {"room": room})
    return room


@pytest.mark.parametrize(
    "change, message",
    [
        ("room.set('place', 'again')", "set 'place' (room 'faulty'): the name is already used by set 'place'"),
        ("room.param('x', '', '1', '')", "the name is already used by parameter 'x'"),
        ("room.decide('y', 'place tim', '1', '')", "decision 'y' (room 'faulty'): no set is named 'tim'"),
        ("room.param('p', 'plce', '1', '')", "parameter 'p' (room 'faulty'): no set is named 'plce'"),
        ("room.relation('q', 'place', 'tme')", "relation 'q' (room 'faulty'): no set is named 'tme'"),
        ("room.relation('q', '', 'time')", "needs at least one key axis"),
        ("room.lookup('q', 'time', 'tme', '')", "no set is named 'tme'"),
        ("room.lookup('q', '', 'time', '')", "a lookup needs at least one axis"),
        ("room.set('part', '', within='plc')", "within='plc' is no set above it"),
        (
            "room.decide('y', 'place time', '1', '', upper='most', family='f')",
            "upper='most' has axes 'place', not 'place time'",
        ),
        ("room.decide('y', 'place', '1', '', upper='mst', family='f')", "upper='mst' is no parameter"),
        ("room.decide('y', 'place', '1', '', lower='x', family='f')", "lower='x' is no parameter"),
        (
            "room.limit('time', family='f', per='1', where='most')(lambda m, t: m.x <= 1)",
            "where='most' has axes 'place', not 'time'",
        ),
        ("room.feeds('blance')(lambda m, t: m.x)", "there is no balance named 'blance'"),
        ("room.set('load', '')", "set 'load' (room 'faulty'): the name is taken by the Pyomo model itself"),
        ("room.set('objective', '')", "the name is taken by the Pyomo model itself"),
        ("room.set('two words', '')", "not a plain Python name"),
        ("room.set('lambda', '')", "not a plain Python name"),
    ],
)
def test_faults_are_named(change: str, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        declare([faulty(change)])
    assert message in str(caught.value)


def test_a_limit_cannot_be_fed_and_a_balance_must_be() -> None:
    room = Room("r")
    room.decide("x", "", "1", "")

    def cap(m):
        return m.x <= 1

    room.limit("", family="f", per="1")(cap)
    room.feeds("cap")(lambda m: m.x)
    with pytest.raises(TypeError, match="there is no balance named 'cap'"):
        declare([room])

    alone = Room("alone")
    alone.balance("", family="f", per="1")(cap)
    with pytest.raises(TypeError, match="a balance that no room feeds"):
        declare([alone])


def test_all_faults_come_in_one_error() -> None:
    room = faulty("room.set('time', ''); room.decide('y', 'nowhere', '1', ''); room.feeds('nothing')(lambda m: 1)")
    with pytest.raises(TypeError) as caught:
        declare([room])
    assert str(caught.value).count("\n  - ") == 3
