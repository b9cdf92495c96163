"""A program may rely on arguments being long enough for its slices, and is not called for shorter ones."""

from itertools import permutations

import numpy as np
import pytest

import adjoint
from adjoint.ir.bounds import for_given_arguments, note_length, reaches, relied_on
from adjoint.ir.types import Symbol


def inner_times_weights(x, w):
    return np.sum(x[1:-1] * w)


def second_differences(x, y):
    inner = x[2:] - 2.0 * x[1:-1] + x[:-2]
    return np.sum(inner * np.sin(y[1:-1]))


def first_three(x, w):
    return np.sum(x[:3] ** 2 * w)


def padded(x, w):
    y = np.zeros(x.shape[0] + 2)
    y[1:-1] = x
    return np.sum((y[2:] - y[:-2]) * w)


def expected(fun, x, w):
    """Derivatives by x, from real functions of one number each."""
    step = 1e-6
    rows = [fun(x + step * e, w) - fun(x - step * e, w) for e in np.eye(len(x))]
    return np.array(rows) / (2 * step)


@pytest.mark.parametrize("fun", [inner_times_weights, second_differences, first_three, padded])
@pytest.mark.parametrize("sizes", list(permutations((2, 3, 4, 9), 3)))
def test_sizes_in_any_order(fun, sizes):
    gradient = adjoint.grad(fun)
    rng = np.random.default_rng(0)
    for size in sizes:
        x = rng.standard_normal(size)
        for w in (rng.standard_normal(1), rng.standard_normal(size)):
            try:
                fun(x, w)
            except ValueError:
                continue  # lengths that NumPy does not broadcast
            np.testing.assert_allclose(gradient(x, w), expected(fun, x, w), atol=1e-7)


def test_lengths_that_do_not_matter_are_not_tested():
    adjoint.cache_clear()
    gradient = adjoint.grad(lambda x, w: np.sum((x @ w) ** 2))
    for size in (50, 2, 7):
        gradient(np.ones((size, 3)), np.ones(3))
    assert adjoint.cache_info().misses == 1


def test_a_slice_asks_for_no_more_than_it_needs():
    adjoint.cache_clear()
    gradient = adjoint.grad(inner_times_weights)
    for size in (50, 4, 7):
        gradient(np.ones(size), np.ones(size - 2))
    assert adjoint.cache_info().misses == 1
    assert "sum_to" not in gradient.source
    gradient(np.ones(3), np.ones(5))  # x[1:-1] has one number
    assert adjoint.cache_info().misses == 2


def test_nothing_is_relied_on_once_guards_are_written():
    n = Symbol("n", 0, True)
    assert not reaches(n, 4)
    with for_given_arguments():
        note_length("n", 10)
        assert reaches(n, 4)
        assert not reaches(n, 11)
        assert reaches(Symbol("n", -3), 5)
        assert relied_on().relied == {"n": 8}
        assert reaches(n, 8)
        assert not reaches(n, 9)
    assert not reaches(n, 2)


def test_another_length_of_one_name_voids_what_was_relied_on():
    with for_given_arguments():
        note_length("n", 10)
        assert reaches(Symbol("n"), 10)
        note_length("n", 3)
        assert relied_on().relied == {}


def gates(u, c):
    """As a recurrent network cuts its gates; no matrix has to be as wide as that asks for."""
    n = u.shape[0]
    shares = np.sin(u[:, : 3 * n])
    return np.sum((shares[:, :n] * c[:, :n] + shares[:, n : 2 * n]) ** 2 * shares[:, 2 * n :] * np.cos(u[:, 3 * n :]))


def halves(u, c):
    n = u.shape[0] - 1
    return np.sum(np.sin(u[1:, n:]) * c[:n] * u[:n, :n])


@pytest.mark.parametrize("fun", [gates, halves])
@pytest.mark.parametrize("sizes", list(permutations(((2, 8), (2, 7), (2, 5), (2, 3), (3, 12), (3, 4)), 3)))
def test_slices_whose_bounds_are_lengths(fun, sizes):
    """Matrices narrower than the slices ask for: NumPy cuts the slices, and the rest may broadcast."""
    gradient = adjoint.grad(fun)
    rng = np.random.default_rng(0)
    for shape in sizes:
        u = rng.standard_normal(shape)
        for c in (rng.standard_normal((shape[0], 1)), rng.standard_normal((shape[0], shape[0]))):
            try:
                fun(u, c)
            except ValueError:
                continue
            differences = [
                [fun(u + 1e-6 * one(shape, i, j), c) - fun(u - 1e-6 * one(shape, i, j), c) for j in range(shape[1])]
                for i in range(shape[0])
            ]
            np.testing.assert_allclose(gradient(u, c), np.array(differences) / 2e-6, atol=1e-7)


def one(shape, i, j):
    found = np.zeros(shape)
    found[i, j] = 1.0
    return found


def test_equal_widths_need_no_test_of_shapes_and_compile_once():
    adjoint.cache_clear()
    gradient = adjoint.grad(gates)
    for n in (3, 2, 5):
        gradient(np.ones((n, 4 * n)), np.ones((n, n)))
    assert adjoint.cache_info().misses == 1
    assert "sum_to" not in gradient.source
    gradient(np.ones((3, 10)), np.ones((3, 3)))
    assert adjoint.cache_info().misses == 2


def cross_entropy(scores, labels):
    scores = scores - np.max(scores, axis=1, keepdims=True)
    logs = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    return -np.mean(logs[np.arange(len(labels)), labels])


@pytest.mark.parametrize("counts", list(permutations((5, 4, 3), 2)))
def test_as_many_labels_as_rows_or_fewer(counts):
    adjoint.cache_clear()
    gradient = adjoint.grad(cross_entropy)
    scores = np.random.default_rng(0).standard_normal((5, 3))
    for count in counts:
        labels = np.arange(count) % 3
        differences = [
            [(cross_entropy(scores + 1e-6 * e, labels) - cross_entropy(scores - 1e-6 * e, labels)) / 2e-6 for e in row]
            for row in np.eye(15).reshape(5, 3, 5, 3)
        ]
        np.testing.assert_allclose(gradient(scores, labels), differences, atol=1e-8)
        assert ("zeros" in gradient.source) == (min(counts[: counts.index(count) + 1]) < 5)  # it fits five labels too


def convolution(x, k):
    n = len(x) - len(k) + 1
    out = np.zeros(n)
    for j in range(len(k)):
        out += k[j] * x[j : j + n]
    return np.sum(out**3)


def correlations(x, k):
    n, total = len(x), 0.0
    for lag in range(1, len(k)):
        total = total + k[lag] * np.dot(x[: n - lag], x[lag:]) ** 2
    return total


def backwards_from(x, k):
    total = 0.0
    for i in range(len(x) - len(k), -1, -1):
        for j in range(i, i + len(k)):
            total = total + np.sum(x[i:j] ** 2) * np.sum(np.sin(x[j : i + len(k)])) * k[j - i]
    return total


def last_ones(x, k):
    return np.sum(x[-len(k) :] ** 2 * k) + np.sum(np.sin(x[: -len(k)]))


@pytest.mark.parametrize("fun", [convolution, correlations, backwards_from, last_ones])
def test_slices_whose_bounds_are_indices_of_loops(fun):
    """Also where the loop leaves the array: slices are cut then, and wrap around where bounds are negative."""
    gradient = adjoint.grad(fun, argnums=(0, 1))
    rng = np.random.default_rng(0)
    for sizes in ((7, 3), (4, 4), (3, 5), (7, 1), (1, 1), (2, 9), (9, 3)):
        x, k = map(rng.standard_normal, sizes)
        try:
            fun(x, k)
        except ValueError:
            with pytest.raises(ValueError, match=r"."):
                gradient(x, k)
            continue
        by_x, by_k = gradient(x, k)
        np.testing.assert_allclose(by_x, expected(fun, x, k), atol=1e-6)
        np.testing.assert_allclose(by_k, expected(lambda k, x: fun(x, k), k, x), atol=1e-6)


@pytest.mark.parametrize("fun", [convolution, correlations, backwards_from, last_ones])
def test_slices_that_stay_in_the_array_need_no_test_of_shapes(fun):
    adjoint.cache_clear()
    gradient = adjoint.grad(fun, argnums=(0, 1))
    gradient(np.linspace(0.5, 1.0, 7), np.linspace(1.0, 2.0, 3))
    assert "sum_to" not in gradient.source
    assert "copy" not in gradient.source


def network(theta, x, hidden):
    """Weights and biases out of one vector."""
    d = x.shape[1]
    weights = theta[: d * hidden].reshape(d, hidden)
    biases = theta[d * hidden : d * hidden + hidden]
    out = theta[-hidden:]
    return np.sum((np.tanh(x @ weights + biases) @ out) ** 2)


def folded(theta, x, hidden):
    half = len(theta) // 2
    first, second = theta[:half], theta[half : 2 * half]
    return np.sum(first * second[::-1] * hidden) + np.sum(np.sin(theta[2 * half :]))


def blocks(theta, x, hidden):
    total = 0.0
    for i in range(len(theta) // hidden):
        block = theta[i * hidden : (i + 1) * hidden]
        total = total + np.sum(block**2) * np.sum(np.sin(block) * np.arange(1.0, hidden + 1.0))
    return total


def quarters(theta, x, hidden):
    n, total = len(theta) // 4, 0.0
    for i in range(4):
        block = theta[i * n : (i + 1) * n]
        total = total + np.sum(block**2 * np.sin(theta[:n])) * hidden
    return total


@pytest.mark.parametrize("fun", [network, folded, blocks, quarters])
def test_parts_of_a_vector_whose_bounds_are_products(fun):
    gradient = adjoint.grad(fun)
    rng = np.random.default_rng(0)
    for length, d, hidden in ((11, 2, 3), (9, 2, 2), (5, 3, 1), (12, 1, 4), (16, 2, 4), (3, 1, 1), (8, 2, 2)):
        theta, x = rng.standard_normal(length), rng.standard_normal((3, d))
        try:
            fun(theta, x, hidden)
        except ValueError:
            continue
        differences = [
            (fun(theta + 1e-6 * e, x, hidden) - fun(theta - 1e-6 * e, x, hidden)) / 2e-6 for e in np.eye(length)
        ]
        np.testing.assert_allclose(gradient(theta, x, hidden), differences, atol=1e-6)


@pytest.mark.parametrize("fun", [network, folded, quarters])
def test_parts_that_fit_need_no_test_of_shapes(fun):
    adjoint.cache_clear()
    gradient = adjoint.grad(fun)
    for hidden in (3, 2, 4):
        gradient(np.ones(4 * hidden), np.ones((3, 2)), hidden)
    assert "sum_to" not in gradient.source
    assert adjoint.cache_info().misses == 1


def test_integers_that_may_be_negative_are_no_lengths():
    def f(w, first):
        total = 0.0
        for i in range(first, 3, 2):
            total = total + np.sum(np.sin(np.ones(i + 2) * w[0]) * w)
        return total

    gradient = adjoint.grad(f)
    w = np.array([0.3, 0.5, 0.7])
    for first in (1, -1, 1):
        differences = [(f(w + 1e-6 * e, first) - f(w - 1e-6 * e, first)) / 2e-6 for e in np.eye(3)]
        np.testing.assert_allclose(gradient(w, first), differences, atol=1e-7)
