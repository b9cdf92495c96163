"""First contributions to a cotangent are stored, seen in the text of gradients."""

import re

import numpy as np
import pytest

import adjoint


def thirds(x):
    n = x.shape[0] // 3
    return np.sum(x[:2] ** 2) + np.sum(np.sin(x[2:5])) + x[5] ** 3 + np.sum(x[-2:] ** 2) * n


def parts_of_a_given_width(x, w):
    n = w.shape[0]
    return np.sum(x[:n] ** 2 * w) + np.sum(np.sin(x[n : 2 * n])) + np.sum(np.cos(x[2 * n :]))


def rows_and_columns(x):
    return np.sum(x[0] ** 2) + np.sum(x[1:, 0] ** 3) + np.sum(np.sin(x[1:, 1:]))


def overlapping(x):
    return np.sum(x[:3] ** 2) + np.sum(np.sin(x[2:5])) + np.sum(x[5:] ** 3)


def by_a_number(x, k):
    return np.sum(x[:k] ** 2) + np.sum(np.sin(x[k:]))


def backwards(x):
    return np.sum(x[2::-1] ** 2) + np.sum(np.sin(x[3:]))


X = np.linspace(0.5, 1.5, 9)
STORED, ADDED = r"^\s+x_bar\[[^]]*\] = ", r"^\s+x_bar\[[^]]*\] (\+|-)= "


@pytest.mark.parametrize(
    ("fun", "args", "stores", "additions"),
    [
        (thirds, (X,), 4, 0),
        (parts_of_a_given_width, (X, np.ones(3)), 3, 0),
        (rows_and_columns, (X.reshape(3, 3),), 3, 0),
        (overlapping, (X,), 2, 1),
        (by_a_number, (X, 4), 2, 0),
        (by_a_number, (X, -4), 2, 0),
        (backwards, (X,), 1, 1),
    ],
)
def test_stores_and_additions(fun, args, stores, additions):
    gradient = adjoint.grad(fun)
    gradient(*args)
    assert len(re.findall(STORED, gradient.source, re.MULTILINE)) == stores, gradient.source
    assert len(re.findall(ADDED, gradient.source, re.MULTILINE)) == additions, gradient.source
    adjoint.check_grads(fun, args)


def shares(x, k):
    return np.sum(x[:k] ** 2) + np.sum(np.sin(x[4:]))


def test_a_number_for_which_parts_overlap():
    gradient = adjoint.grad(shares)
    for k in (4, 3, -5, 6, -1, 4, 12, 0):
        steps = 1e-6 * np.eye(len(X))
        numbers = [(shares(X + e, k) - shares(X - e, k)) / 2e-6 for e in steps]
        np.testing.assert_allclose(gradient(X, k), numbers, atol=1e-7)


def test_lengths_for_which_parts_overlap():
    gradient = adjoint.grad(thirds)
    for length in (9, 6, 7, 8, 9):
        x = np.linspace(0.5, 1.5, length)
        steps = 1e-6 * np.eye(length)
        np.testing.assert_allclose(gradient(x), [(thirds(x + e) - thirds(x - e)) / 2e-6 for e in steps], atol=1e-7)


def gated(w, x):
    n = w.shape[0]
    total = 0.0
    for t in range(len(x)):
        gates = x[t] @ w
        total = total + np.sum(np.tanh(gates[:, :n]) * np.exp(-gates[:, n:]))
    return total


def test_an_array_of_which_the_shape_alone_is_read_is_not_kept():
    arguments = np.linspace(0.1, 0.7, 12).reshape(3, 4), np.linspace(-1.0, 1.0, 24).reshape(2, 4, 3)
    gradient = adjoint.grad(gated)
    gradient(*arguments)
    (kept,) = re.findall(r"stack.append\((.*)\)", gradient.source)
    assert not re.search(r"\bgates\b(?!\[)", kept), kept
    assert "np.zeros((" in gradient.source
    adjoint.check_grads(gated, arguments)
