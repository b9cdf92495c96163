"""Gauss and Seidel's nine-point stencil: element by element, each one reads those that are written already."""

import numpy as np

from tests.benchmarks.workload import Workload


def energy(a, steps):
    a = a.copy()
    n, m = a.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] = (
                    a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1]
                    + a[i, j - 1] + a[i, j] + a[i, j + 1]
                    + a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]
                ) / 9.0  # fmt: skip
    return 0.5 * np.sum(a * a)


def by_hand(a, steps):
    """Linear, so nothing is kept: the final state becomes the cotangent."""
    a = a.copy()
    n, m = a.shape
    for _ in range(steps):
        for i in range(1, n - 1):
            up, row, down = a[i - 1], a[i], a[i + 1]
            for j in range(1, m - 1):
                row[j] = (
                    up[j - 1] + up[j] + up[j + 1]
                    + row[j - 1] + row[j] + row[j + 1]
                    + down[j - 1] + down[j] + down[j + 1]
                ) / 9.0  # fmt: skip
    a_bar = a
    for _ in range(steps):
        for i in range(n - 2, 0, -1):
            up, row, down = a_bar[i - 1], a_bar[i], a_bar[i + 1]
            for j in range(m - 2, 0, -1):
                share = row[j] / 9.0
                row[j] = share
                up[j - 1] += share
                up[j] += share
                up[j + 1] += share
                row[j - 1] += share
                row[j + 1] += share
                down[j - 1] += share
                down[j] += share
                down[j + 1] += share
    return (a_bar,)


def arguments(n, steps):
    return np.random.default_rng(0).standard_normal((n, n)), steps


WORKLOAD = Workload(
    "Seidel on elements",
    energy,
    by_hand,
    (0,),
    {"small": lambda: arguments(20, 3), "large": lambda: arguments(80, 10)},
    in_place=True,
)
