"""Slopes of the bill along a relief: prices of one more and one less, where they end, and bounds that go back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer.model.formulation import formulation
from optimizer.solve.case import Case
from optimizer.solve.compile import compile_lp
from optimizer.solve.relief import Place
from optimizer.solve.slopes import Piece, Probe, piece, relief_of
from tests.cases.small_world import SmallWorld
from tests.model.test_properties import tight_world

MW_OF_QUEUE = 10.3416  # MUSD of present value (tests/solve/test_case.py)
QUEUE = ("connection queue", Place(("host", "period"), ("R", 2028), "MW"))
CHIPS = ("chips", Place(("country", "chip", "period"), ("x", "C1", 2028), "kchip"))


def pieces(case: Case, family: str, place: Place, first: float = 0.1, most: float = 100.0) -> tuple[Piece, Piece]:
    """Forward and backward."""
    base = case.solve()
    probe = Probe(case, base, relief_of(case, family, place))
    with probe.open():
        both = piece(probe, first, most), piece(probe, first, most, forward=False)
    assert case.solve().objective == pytest.approx(base.objective, rel=1e-12)
    return both


def short(tmp_path: Path, **supply: float) -> Case:
    """4 MW of connections where 5 are needed: 3.2 kchip."""
    world = SmallWorld(tmp_path).edit("connection.limits", limit_mw_per_yr=4)
    if supply:
        world.edit("compute.supply", {"year": 2028}, **supply)
    return Case(formulation(), world.instance())


@pytest.mark.parametrize("first", [0.01, 0.3, 0.7, 4.0, 50.0])
def test_a_price_and_where_it_ends(tmp_path: Path, first: float) -> None:
    """One MW more serves all requests; from there on more is worth nothing. Wherever the search begins."""
    more, less = pieces(short(tmp_path), *QUEUE, first=first)
    assert more.price == pytest.approx(MW_OF_QUEUE)
    assert more.ends == pytest.approx(1.0, rel=0.01)
    assert more.holds == pytest.approx(1.0, rel=0.01)
    assert more.found
    assert less.price == pytest.approx(MW_OF_QUEUE)


def test_two_limits_in_series_share_one_scarcity(tmp_path: Path) -> None:
    """Chips for 4 MW behind 4 MW: more of either alone is worth nothing, less of either costs all."""
    case = short(tmp_path, units_thousand=3.2)
    of_queue, of_chips = pieces(case, *QUEUE), pieces(case, *CHIPS)
    assert of_queue[0].price == pytest.approx(0.0, abs=1e-9)
    assert of_chips[0].price == pytest.approx(0.0, abs=1e-9)
    assert of_queue[1].price == pytest.approx(MW_OF_QUEUE)
    assert of_chips[1].price == pytest.approx(MW_OF_QUEUE * 1.25)
    base = case.solve()
    now = [relief_of(case, *key).price(base.y, base.z) * unit for key, unit in ((QUEUE, 1.0), (CHIPS, 0.8))]
    assert sum(now) == pytest.approx(MW_OF_QUEUE), "whatever the split, the sum is the scarcity"


def test_where_less_leaves_no_plan(tmp_path: Path) -> None:
    """Load of 100 MW, plants of 100 MW, nothing shed."""
    world = SmallWorld(tmp_path).edit("power.plants", existing_mw=100).asks(0.001)
    case = Case(formulation(), world.instance())
    case.put("shed_max_mw", 0.0)
    more, less = pieces(case, "generation", Place(("generator", "period"), ("R:gas", 2028), "MW"))
    assert more.found
    assert not less.found
    assert np.isfinite(less.ends)


def test_a_bound_of_nothing_stays_when_less_is_asked(tmp_path: Path) -> None:
    """No firm connection may be built, flexible ones may: one MW of queue less is one flexible MW less."""
    case = short(tmp_path)
    case.change({"firm_queue_mw": np.zeros((1, 1)), "flexible_build_max_mw": np.full((1, 1), 4.0)})
    case.change({"flexible_alive": case.instance.params["firm_alive"], "flexible_room_mw": np.full((1, 1), 99.0)})
    _, less = pieces(case, *QUEUE)
    assert less.found
    assert less.price > 1.0


def test_every_place_is_that_of_a_relief_column() -> None:
    """Moving bounds by hand has the price of the relief column, in a world that is tight in many places."""
    planner = tight_world()[1]
    case = Case(formulation(), planner.prepared.instance)
    families = {limit.family for limit in formulation().limits.values()}
    families |= {decision.family for decision in formulation().decisions.values() if decision.family}
    places = {family: case.relieve(family).places for family in sorted(families)}
    solution = case.solve()
    plain = compile_lp(formulation(), planner.prepared.instance)
    y = solution.y[: plain.num_row]
    rows = np.repeat(np.arange(plain.num_row), np.diff(plain.start))
    z = plain.cost - np.bincount(plain.index, weights=plain.value * y[rows], minlength=plain.num_col)
    count = 0
    for family, found in places.items():
        prices = case.relieve(family).prices(solution)
        for place, price in zip(found, prices, strict=True):
            mine = relief_of(case, family, place).price(y, z)
            if price > 1e-6:
                assert mine == pytest.approx(price, rel=1e-6), (family, place)
                count += 1
    assert count > 30


def test_pieces_agree_with_solves_of_edited_data(tmp_path: Path) -> None:
    """The queue as a parameter, half a MW more and less: nothing of this module is used."""
    case = short(tmp_path)
    more, less = pieces(case, *QUEUE)
    bills = {}
    for queue in (3.5, 4.0, 4.5, 5.5):
        case.change({"queue_mw": np.full((1, 1), queue), "firm_queue_mw": np.full((1, 1), queue)})
        bills[queue] = case.solve().objective
    assert (bills[4.0] - bills[4.5]) / 0.5 == pytest.approx(more.price)
    assert (bills[3.5] - bills[4.0]) / 0.5 == pytest.approx(less.price)
    assert bills[4.0] - bills[5.5] == pytest.approx(more.price * 1.0)


def test_bounds_go_back_when_a_search_is_stopped(tmp_path: Path) -> None:
    case = short(tmp_path)
    base = case.solve()
    options = case.session.options
    probe = Probe(case, base, relief_of(case, *QUEUE))

    def stopped() -> None:
        with probe.open():
            assert probe.at(0.5) is not None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert case.session.options is options
    for name in ("row_lower", "row_upper", "col_lower", "col_upper"):
        np.testing.assert_array_equal(getattr(case.session.lp, name), getattr(case.lp, name))
