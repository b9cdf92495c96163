"""Cholesky's factor of a matrix, written over it: a loop over rows, and products of their first elements."""

import numpy as np

from tests.benchmarks.workload import Workload


def weighted_factor(a, weights):
    a = a.copy()
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] -= np.dot(a[i, :i], a[i, :i])
        a[i, i] = np.sqrt(a[i, i])
    return np.sum(weights * np.tril(a))


def by_hand(a, weights):
    """The factor is all that the reverse sweep reads: each element of it is written for good before it is read."""
    factor = a.copy()
    n = a.shape[0]
    for i in range(n):
        row = factor[i]
        for j in range(i):
            other = factor[j]
            row[j] = (row[j] - row[:j].dot(other[:j])) / other[j]
        start = row[:i]
        row[i] = np.sqrt(row[i] - start.dot(start))
    a_bar = np.tril(weights)
    for i in range(n - 1, -1, -1):
        row, row_bar = factor[i], a_bar[i]
        share = row_bar[i] / row[i]
        row_bar[i] = 0.5 * share
        row_bar[:i] -= share * row[:i]
        for j in range(i - 1, -1, -1):
            other, other_bar = factor[j], a_bar[j]
            share = row_bar[j] / other[j]
            row_bar[j] = share
            other_bar[j] -= share * row[j]
            row_bar[:j] -= share * other[:j]
            other_bar[:j] -= share * row[:j]
    return (a_bar,)


def arguments(n):
    rng = np.random.default_rng(0)
    root = rng.standard_normal((n, n))
    return root @ root.T / n + np.eye(n), rng.standard_normal((n, n))


WORKLOAD = Workload(
    "Cholesky in place",
    weighted_factor,
    by_hand,
    (0,),
    {"small": lambda: arguments(20), "large": lambda: arguments(120)},
    in_place=True,
)
