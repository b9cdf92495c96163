"""Functions of NumPy that take functions of the program."""

import numpy as np
import pytest

from adjoint import AdjointError, check_grads, grad, jvp
from tests.rules.data import distinct, normal

MATRIX, CUBE, FIVE = normal(3, 4), normal(2, 3, 4), distinct(5)
LOW, HIGH = distinct(5) < -0.4, distinct(5) > 0.2


@pytest.mark.parametrize(
    ("fun", "x"),
    [
        (lambda x: np.piecewise(x, [x < -0.4, x >= -0.4], [lambda v: v**2, np.sin]), FIVE),
        (lambda x: np.piecewise(x, [x < -0.4, x > 0.2], [lambda v: v**2, 3.0, lambda v: v]), FIVE),
        (lambda x: np.piecewise(x, [LOW, HIGH], [lambda v: v * x[0], lambda v: v]), FIVE),
        (lambda x: np.apply_along_axis(lambda row: np.sum(row**2) * row, 1, x), MATRIX),
        (lambda x: np.apply_along_axis(lambda row: row @ row, 0, x), MATRIX),
        (lambda x: np.apply_along_axis(np.cumsum, -2, x), CUBE),
        (lambda x: np.apply_along_axis(lambda row: np.outer(row, row), 1, x), CUBE),
        (lambda x: np.apply_along_axis(lambda row, c: row * c, 0, x, 2.5), MATRIX),
        (lambda x: np.unstack(x)[0] * np.unstack(x, axis=0)[2], MATRIX),
        (lambda x: np.unstack(x, axis=-1)[1], CUBE),
        (lambda x: np.unstack(np.stack([x, x * x], axis=-1), axis=-1)[1], FIVE),
        (lambda x: np.apply_over_axes(np.sum, x, (0, 2)) ** 2, CUBE),
        (lambda x: np.apply_over_axes(lambda part, k: np.mean(part * x, axis=k), x, [-1, 0]), CUBE),
        (lambda x: np.fromfunction(lambda i, j: np.sin(x[0] * i) + x[1] * j, (3, 2)), FIVE),
        (lambda x: np.fromfunction(lambda i, a: a * i**2, (3,), dtype=float, a=x[1]), FIVE),
    ],
)  # fmt: skip
def test_value_and_derivatives(fun, x):
    check_grads(fun, (x,))
    np.testing.assert_array_equal(jvp(fun, (x,), (x,))[0], fun(x))


def test_parts_of_a_known_number_are_a_tuple():
    parts, _ = jvp(lambda x: np.unstack(np.stack([x, 2.0 * x])), (FIVE,), (FIVE,))
    assert isinstance(parts, tuple)
    np.testing.assert_array_equal(parts[1], 2.0 * FIVE)


def test_histograms_have_the_derivative_of_their_edges():
    x = normal(6, 2)

    def fun(x):
        counts, edges = np.histogramdd(x, range=[(-1.0, 1.0), (-1.0, 1.0)])
        return np.sum(counts) * np.sum(x) + edges[0][0]

    np.testing.assert_array_equal(grad(fun)(x), np.sum(np.histogramdd(x, range=[(-1, 1)] * 2)[0]) * np.ones((6, 2)))
    with pytest.raises(AdjointError, match="range"):
        grad(lambda x: np.sum(np.histogramdd(x)[0]) * np.sum(x))(x)
    check_grads(lambda x: np.histogram(x)[0] @ np.histogram(x)[1][1:], (x[:, 0],))


def test_the_value_is_that_of_numpy():
    def result(x):
        return np.apply_along_axis(lambda row: np.outer(row, row), 1, x)

    x = normal(2, 3, 4)
    weights = normal(*result(x).shape)
    expected = 2 * np.sum(weights * result(x))  # the function is of degree 2: Euler's identity
    np.testing.assert_allclose(np.sum(grad(lambda x: np.sum(weights * result(x)))(x) * x), expected)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.piecewise(x[0], [x[0] < 0], [lambda v: v, 1.0]),
        lambda x: np.sum(np.piecewise(x, [x < 0], [lambda v, c: v * c], 2.0)),
    ],
)
def test_what_is_refused(fun):
    with pytest.raises(AdjointError):
        grad(fun)(FIVE)
