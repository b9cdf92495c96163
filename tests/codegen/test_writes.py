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


def relaxed_from(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1] = 0.5 * (a[:-2] + a[2:])
        a[1:-1] = 0.5 * (b[:-2] + b[2:])
    return np.sum(a * a)


def shortened(a, steps):
    b = a.copy()
    for _ in range(steps):
        b[0] = a[0]
        b = b[1:].copy()
        a[0] = np.sin(b[0])
    return np.sum(a)


def test_zeros_go_into_an_array_that_nobody_reads_any_more():
    x = np.arange(6.0)
    found = text(relaxed_from, x, x[::-1].copy(), 3)
    assert "np.zeros" not in found
    assert "b[:] = 0.0" in found
    adjoint.check_grads(relaxed_from, (x, x[::-1].copy(), 3), order=2)


def test_zeros_are_new_where_an_array_may_have_another_shape():
    x = np.arange(6.0)
    assert "np.zeros" in text(shortened, x, 3)
    adjoint.check_grads(shortened, (x, 3), order=1)


def test_arrays_without_names_take_turns():
    x = np.arange(6.0)
    lines = text(relaxed_from, x, x[::-1].copy(), 3).splitlines()
    assert len({line.split(" = ")[0].strip() for line in lines if line.strip().startswith("t")}) == 1


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


def filled_triangle(v):
    low = np.zeros((3, 3))
    rows, cols = np.tril_indices(3)
    low[rows, cols] = v
    return np.sum(np.tanh(low @ low.T))


def test_coordinates_that_differ_are_read_back_as_they_are():
    v = np.linspace(0.1, 0.9, 6)
    assert "written_last" not in text(filled_triangle, v)
    adjoint.check_grads(filled_triangle, (v,), order=1)


def test_a_sum_to_a_shape_is_no_copy():
    assert "copy" not in text(filled_triangle, np.linspace(0.1, 0.9, 6))


def distances(x, centres):
    y = x[:, None, :] - centres
    weight = np.exp(-np.sum(y**2, axis=2))
    return np.sum(weight**2)


def test_an_array_that_nobody_reads_any_more_is_overwritten_by_a_product():
    x, centres = np.linspace(-1, 1, 12).reshape(4, 3), np.eye(3)
    gradient = adjoint.grad(distances, argnums=(0, 1))
    gradient(x, centres)
    assert "y *= " in gradient.source
    adjoint.check_grads(distances, (x, centres), order=1)


def of_diagonal(x):
    y = x @ x
    total = np.sum(np.diag(y))
    e = np.diag(y) * 2.0
    return total + np.sum(e * np.exp(e))


def of_diagonal_of_each(x):
    y = np.stack([x @ x, x])
    total = np.sum(np.linalg.diagonal(y))
    e = np.linalg.diagonal(y) / 3.0
    return total + np.sum(e * e) + np.sum(np.sin(e))


@pytest.mark.parametrize("fun", [of_diagonal, of_diagonal_of_each])
def test_views_that_are_read_only_are_not_overwritten(fun):
    adjoint.check_grads(fun, (np.linspace(-1, 1, 9).reshape(3, 3),), order=1)
