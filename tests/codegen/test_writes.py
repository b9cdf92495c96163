"""What is kept, copied and added in place, seen in the text of gradients."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint


def text(fun, *args):
    gradient = adjoint.grad(fun)
    gradient(*args)
    return gradient.source


def labelled(x, labels):
    return np.sum(x[np.arange(len(labels)), labels] ** 2)


def permuted(x):
    return np.sum(x[np.argsort(x)] * np.arange(1.0, 5.0))


def repeated(x, labels):
    return np.sum(x[labels, labels])


def constant_rows(x, labels):
    return np.sum(x[np.arange(-2, 2), labels])


MATRIX, LABELS = np.arange(12.0).reshape(4, 3), np.array([0, 2, 2, 1])


@pytest.mark.parametrize(("fun", "args"), [(labelled, (MATRIX, LABELS)), (permuted, (MATRIX[:, 1],))])
def test_positions_that_differ_are_stored_to(fun, args):
    assert "np.add.at" not in text(fun, *args)
    adjoint.check_grads(fun, args, order=1)


@pytest.mark.parametrize("fun", [repeated, constant_rows])
def test_positions_that_may_repeat_are_added_one_by_one(fun):
    assert "np.add.at" in text(fun, MATRIX, LABELS)


def relaxed(a, steps):
    a = a.copy()
    b = np.zeros_like(a)
    for _ in range(steps):
        b[1:-1] = 0.5 * (a[:-2] + a[2:])
        a[1:-1] = 0.5 * (b[:-2] + b[2:])
    return np.sum(a * a)


def test_what_is_read_for_its_shape_alone_is_not_kept():
    x = np.arange(6.0)
    assert "stack" not in text(relaxed, x, 3)
    adjoint.check_grads(lambda a: relaxed(a, 3), (x,), order=1)


def power_iteration(v, a, n):
    for _ in range(n):
        w = a @ v + v
        v = w / np.sqrt(np.sum(w * w))
    return v @ a @ v


def test_the_shape_of_a_cotangent_is_not_read_by_the_forward_sweep():
    rng = np.random.default_rng(0)
    args = rng.standard_normal(3), rng.standard_normal((3, 3))
    adjoint.check_grads(lambda v, a: power_iteration(v, a, 3), args, order=2, modes=("rev",))
