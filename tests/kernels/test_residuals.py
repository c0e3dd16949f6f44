"""The residual kernel against plain NumPy on random LPs."""

import numpy as np
import pytest
from scipy import sparse

from kernels import residuals


def random_lp(seed, rows=300, columns=200):
    rng = np.random.default_rng(seed)
    matrix = sparse.random_array((rows, columns), density=0.05, rng=rng, format="csr")
    matrix.data -= 0.5
    x, y = rng.normal(0, 10, columns), rng.normal(0, 1, rows)
    y[rng.random(rows) < 0.3] = 0.0
    return matrix, rng.normal(0, 1, columns), x, y


def arrays(matrix):
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data


@pytest.mark.parametrize("seed", range(3))
def test_products_are_those_of_scipy(seed):
    matrix, cost, x, y = random_lp(seed)
    activity, activity_size, z, z_size = residuals.products(*arrays(matrix), cost, x, y)
    dense = matrix.toarray()
    np.testing.assert_allclose(activity, dense @ x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(z, cost - dense.T @ y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(activity_size, abs(dense) @ abs(x), rtol=1e-12)
    np.testing.assert_allclose(z_size, np.maximum(abs(cost), (abs(dense) * abs(y)[:, None]).max(axis=0)), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_sides_are_those_of_plain_numpy(seed):
    rng = np.random.default_rng(seed)
    n = 5000  # more than one chunk
    level, dual = rng.normal(0, 5, n), rng.normal(0, 1, n) * (rng.random(n) < 0.7)
    lower, upper = level - rng.exponential(1, n) + 0.2, level + rng.exponential(1, n) + 0.2
    lower[rng.random(n) < 0.2], upper[rng.random(n) < 0.2] = -np.inf, np.inf
    size, dual_size = rng.exponential(1, n), rng.exponential(1, n)
    found = residuals.sides(level, size, dual, dual_size, lower, upper)

    below, above = lower - level, level - upper
    bound = np.where(below > above, lower, upper)
    violated = np.maximum(below, above) > 0
    scale = 1 + np.maximum(np.where(violated, abs(bound), 0), size)
    primal = np.where(violated, np.maximum(below, above), 0) / scale
    assert found.worst_primal == pytest.approx(primal.max(), rel=1e-14)
    assert found.worst_primal_at == primal.argmax()

    leans = np.where(dual > 0, lower, upper)
    infinite = (dual != 0) & np.isinf(leans)
    wrong = np.where(infinite, abs(dual) / (1 + dual_size), 0)
    assert found.worst_dual == pytest.approx(wrong.max(), rel=1e-14)
    assert found.worst_dual_at == wrong.argmax()

    counted = (dual != 0) & ~infinite
    value = dual[counted] * leans[counted]
    assert found.bound_value == pytest.approx(value.sum(), rel=1e-10)
    assert found.gross == pytest.approx(abs(value).sum(), rel=1e-12)
    assert found.complementarity == pytest.approx(abs(dual[counted] * (level - leans)[counted]).sum(), rel=1e-12)
    assert found.unbounded_value == pytest.approx(abs(dual * level)[infinite].sum(), rel=1e-12)


def test_a_bound_of_1e20_is_no_bound():
    one = np.ones(1)
    found = residuals.sides(one, 0 * one, -one, 0 * one, 0 * one, 1e20 * one)
    assert found.worst_dual == 1.0
    assert found.bound_value == 0.0


def test_nothing_violated_has_no_place():
    one = np.ones(4)
    found = residuals.sides(one, one, 0 * one, one, 0 * one, 2 * one)
    assert (found.worst_primal, found.worst_primal_at, found.worst_dual, found.worst_dual_at) == (0.0, -1, 0.0, -1)


def test_the_same_to_the_last_bit():
    matrix, cost, x, y = random_lp(1, 4000, 3000)
    first = residuals.products(*arrays(matrix), cost, x, y)
    for _ in range(3):
        again = residuals.products(*arrays(matrix), cost, x, y)
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert residuals.dot(cost, x) == residuals.dot(cost.copy(), x.copy())


def test_inputs_are_left_alone():
    matrix, cost, x, y = random_lp(2)
    before = cost.copy()
    residuals.products(*arrays(matrix), cost, x, y)
    assert np.array_equal(cost, before)


def test_wrong_lengths_are_refused():
    matrix, cost, x, y = random_lp(0)
    with pytest.raises(ValueError, match="shapes do not fit"):
        residuals.products(*arrays(matrix), cost, x[:-1], y)
    with pytest.raises(ValueError, match="shapes do not fit"):
        residuals.products(*arrays(matrix), cost, x, y[:-1])
    with pytest.raises(ValueError, match="different lengths"):
        residuals.dot(cost, y)
    with pytest.raises(ValueError, match="different lengths"):
        residuals.sides(x, x, x, x, x, y)
