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
