"""One hour of a region graph against SciPy's linear programming, hour after hour from the basis of the hour before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kernels.dispatch import Graph, begin, invert, new_basis, new_room, read, solve


def random_graph(random: np.random.Generator, regions: int, arcs: int, lossless: bool) -> Graph:
    """Every region has a first block of no cost, up to four steps of a merit order and shedding."""
    blocks = random.integers(1, 5, regions)
    costs = []
    for count in blocks:
        costs += [0.0, *np.sort(random.uniform(1.0, 90.0, count)), 1000.0 + random.uniform(0.0, 1.0)]
    first = np.concatenate([[0], np.cumsum(blocks + 2)])
    start = random.integers(0, regions, arcs)
    end = (start + random.integers(1, max(regions, 2), arcs)) % regions
    kept = np.ones(arcs) if lossless else random.uniform(0.85, 1.0, arcs)
    return Graph(first, np.array(costs), start, end, kept, random.uniform(0.01, 2.0, arcs))


def by_linprog(graph: Graph, demand: np.ndarray, size: np.ndarray, limit: np.ndarray) -> float:
    regions, blocks, arcs = len(graph.first) - 1, len(graph.cost), len(graph.start)
    balance = np.zeros((regions, blocks + arcs))
    for r in range(regions):
        balance[r, graph.first[r] : graph.first[r + 1]] = 1.0
    for a in range(arcs):
        balance[graph.end[a], blocks + a] += graph.kept[a]
        balance[graph.start[a], blocks + a] -= 1.0
    ends = np.concatenate([size, limit])
    found = linprog(
        np.concatenate([graph.cost, graph.toll]), A_eq=balance, b_eq=demand, bounds=np.stack([0 * ends, ends], axis=1)
    )
    assert found.status == 0
    return float(found.fun)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3, 4, 5, 6, 19]), st.integers(0, 12), st.booleans())
def test_every_hour_is_the_optimum_of_its_linear_program(seed: int, regions: int, arcs: int, lossless: bool) -> None:
    random = np.random.default_rng(seed)
    graph = random_graph(random, regions, 0 if regions == 1 else arcs, lossless)
    basis, room = new_basis(graph), new_room(graph)
    output, flow = np.zeros(len(graph.cost)), np.zeros(len(graph.start))
    shed = graph.first[1:] - 1
    for hour in range(6):
        demand = random.uniform(0.0, 100.0, regions) * (random.random(regions) < 0.9)
        size = random.uniform(0.0, 60.0, len(graph.cost)) * (random.random(len(graph.cost)) < 0.8)
        limit = random.uniform(0.0, 40.0, len(graph.start)) * (random.random(len(graph.start)) < 0.8)
        size[shed] = demand
        if hour == 3:
            assert invert(graph, basis, room.square)
        assert solve(graph, basis, demand, size, limit, room, 1000) >= 0
        read(graph, basis, size, limit, room, output, flow)
        assert ((output >= 0) & (output <= size) & np.isfinite(output)).all()
        assert ((flow >= 0) & (flow <= limit)).all()
        arrived = np.add.reduceat(output, graph.first[:-1])
        np.add.at(arrived, graph.end, graph.kept * flow)
        np.subtract.at(arrived, graph.start, flow)
        np.testing.assert_allclose(arrived, demand, atol=1e-5)
        cost = graph.cost @ output + graph.toll @ flow
        assert cost == pytest.approx(by_linprog(graph, demand, size, limit), rel=1e-8, abs=1e-3)


def test_a_basis_put_back_to_its_start_gives_the_same_hour() -> None:
    random = np.random.default_rng(5)
    graph = random_graph(random, 5, 10, lossless=False)
    demand, size, limit = random.uniform(10, 90, 5), random.uniform(0, 60, len(graph.cost)), np.full(10, 20.0)
    size[graph.first[1:] - 1] = demand
    basis, room = new_basis(graph), new_room(graph)
    found = []
    for _ in range(2):
        output, flow = np.zeros(len(graph.cost)), np.zeros(10)
        begin(graph, basis)
        solve(graph, basis, demand, size, limit, room, 1000)
        read(graph, basis, size, limit, room, output, flow)
        found.append((output, flow, basis.price.copy()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_prices_are_those_of_the_marginal_block_behind_losses() -> None:
    """A has power at 20, B at 50; the line from A keeps 0.8 and is not full: B pays 20 / 0.8."""
    graph = Graph(
        np.array([0, 2, 4]), np.array([0.0, 20.0, 0.0, 50.0]), np.array([0]), np.array([1]), np.array([0.8]),
        np.array([0.0]),
    )  # fmt: skip
    basis, room = new_basis(graph), new_room(graph)
    output, flow = np.zeros(4), np.zeros(1)
    demand, size, limit = np.array([10.0, 40.0]), np.array([0.0, 100.0, 0.0, 100.0]), np.array([80.0])
    assert solve(graph, basis, demand, size, limit, room, 100) > 0
    read(graph, basis, size, limit, room, output, flow)
    assert output.tolist() == pytest.approx([0, 60, 0, 0])
    assert flow.tolist() == pytest.approx([50])
    assert basis.price.tolist() == pytest.approx([20, 25])
