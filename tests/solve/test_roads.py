"""Which road goes first, which follows, and how far each may go: decisions on numbers alone."""

from __future__ import annotations

import pytest

from optimizer.solve import roads
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import (
    Misfit,
    Simplex,
    close_road,
    cold_roads,
    hot_cap,
    hot_road,
    in_a_race,
    worth_a_look,
)


def test_order():
    def names(count=50_000, reuse=False, **options):
        return [road.name for road in cold_roads(SolverOptions(**options), count, reuse)]

    assert names()[-1] == "simplex"
    assert names(count=10)[0] == "simplex"
    assert names()[0] == names(count=300_000, reuse=True)[0] == "ipx + crossover"
    assert names(count=300_000)[:2] == ["ipx", "ipx + crossover"]
    assert names(crossover=False)[:2] == ["ipx", "ipx + crossover"]
    assert names(solver="simplex")[:2] == ["simplex", "ipx + crossover"]
    assert names(solver="hipo", crossover=False)[:2] == ["hipo", "hipo + crossover"]
    for options in ({}, {"solver": "hipo"}, {"solver": "simplex"}, {"crossover": False}):
        assert len(names(**options)) == len(set(names(**options)))


def test_without_hipo(monkeypatch):
    monkeypatch.setattr(roads, "hipo_is_available", lambda: False)
    found = cold_roads(SolverOptions("hipo"), 50_000, False)
    assert all(road.solver != "hipo" for road in found)
    assert "highspy-extras" in found[0].why


@pytest.mark.parametrize(
    "misfit, kind",
    [
        (Misfit(0, 0), Simplex.DEVEX),
        (Misfit(1000, 0), Simplex.DEVEX),
        (Misfit(1001, 0), Simplex.DUAL),
        (Misfit(0, 1), Simplex.PRIMAL),
        (Misfit(0, 1500), Simplex.PRIMAL),
        (Misfit(0, 1501), Simplex.DUAL),
        (Misfit(1, 1), Simplex.DUAL),
        (Misfit(0, 4000), Simplex.DUAL),
        (Misfit(0, 4001), None),
    ],
)
def test_which_simplex_from_a_basis(misfit, kind):
    road = hot_road(misfit, 50_000, "7 costs changed")
    assert (None if road is None else road.simplex) is kind
    if road is not None:
        assert road.hot
        assert road.why.startswith(f"7 costs changed: {misfit.primal:,} bounds broken, {misfit.dual:,}")


def test_when_a_basis_is_not_even_looked_at():
    assert worth_a_look(0.5, 0.01)
    assert not worth_a_look(0.51, 0.0)
    assert not worth_a_look(0.0, 0.011)
    assert close_road().hot


def test_caps():
    assert hot_cap(50_000, 20.0, costs_moved=False).seconds == 10.0
    assert hot_cap(50_000, 40.0, costs_moved=True).seconds == 4.0
    assert hot_cap(50_000, 0.5, costs_moved=True).seconds == 0.5
    assert hot_cap(50_000, 20.0, costs_moved=False).iterations == 25_000


def test_a_race_makes_room_for_long_shots():
    assert hot_road(Misfit(0, 40_000), 50_000, "1 costs changed") is None
    long_shot = hot_road(Misfit(0, 40_000), 50_000, "1 costs changed", raced=True)
    assert long_shot.simplex is Simplex.DUAL
    assert [road.simplex for road in in_a_race(long_shot)] == [Simplex.DUAL]
    bet = hot_road(Misfit(0, 10), 50_000, "1 costs changed", raced=True)
    assert [road.simplex for road in in_a_race(bet)] == [Simplex.PRIMAL, Simplex.DUAL]
    assert "a cold solve runs beside it" in in_a_race(bet)[1].why
