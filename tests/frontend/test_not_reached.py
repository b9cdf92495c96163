"""What NumPy refuses is refused when the program gets there, and at compile time where it certainly does."""

import numpy as np
import pytest

import adjoint
from adjoint import grad


def in_a_branch(a, q):
    b = np.ones(3)
    if q > 5:
        b = b + np.ones(2)
    return q * np.sum(b * a)


def in_a_loop(a, q):
    total = q
    for _ in range(len(a) - 1):
        total += np.sum(np.ones(3) + np.ones(2))
    return total


def at_once(a, q):
    return q * np.sum(a * (np.ones(3) + np.ones(2)))


def on_all_paths(a, q):
    if q > 1:
        a = a * (np.ones(3) + np.ones(2))
        q = q + 1
    else:
        a = a * (np.ones(3) * np.ones(4))
    return np.sum(a) * q


A = np.arange(3.0)


def test_the_error_comes_where_the_code_is_reached():
    assert np.array_equal(grad(in_a_branch)(A, 2.0), np.full(3, 2.0))
    assert np.array_equal(grad(in_a_loop)(A[:1], 2.0), np.zeros(1))
    for fun in (in_a_branch, in_a_loop):
        with pytest.raises(ValueError, match="sizes 3 and 2"):
            grad(fun)(A, 6.0)


def test_code_that_is_certainly_reached_is_refused_at_once():
    with pytest.raises(adjoint.TypeInferenceError, match="sizes 3 and 2"):
        grad(at_once).specialize(A, 2.0)
    with pytest.raises(TypeError, match="raises an exception on all paths"):
        grad(on_all_paths)(A, 2.0)
