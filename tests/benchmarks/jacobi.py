"""Jacobi's method in two dimensions: a five-point stencil from one array into another, and back."""

import numpy as np

from tests.benchmarks.workload import Workload


def energy(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])
    return 0.5 * np.sum(a * a)


def by_hand(a, b, steps):
    """Linear, so nothing is kept: the final state becomes the cotangent."""
    a, b = a.copy(), b.copy()
    part = np.empty((a.shape[0] - 2, a.shape[1] - 2))
    for _ in range(steps):
        for old, new in ((a, b), (b, a)):
            np.add(old[1:-1, 1:-1], old[1:-1, :-2], out=part)
            part += old[1:-1, 2:]
            part += old[2:, 1:-1]
            part += old[:-2, 1:-1]
            np.multiply(part, 0.2, out=new[1:-1, 1:-1])
    a_bar, b_bar = a, b
    b_bar.fill(0.0)
    for _ in range(steps):
        for new, old in ((a_bar, b_bar), (b_bar, a_bar)):
            inner = new[1:-1, 1:-1]
            np.multiply(inner, 0.2, out=part)
            inner.fill(0.0)
            old[1:-1, 1:-1] += part
            old[1:-1, :-2] += part
            old[1:-1, 2:] += part
            old[2:, 1:-1] += part
            old[:-2, 1:-1] += part
    return (a_bar,)


def arguments(n, steps):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n)), rng.standard_normal((n, n)), steps


WORKLOAD = Workload(
    "Jacobi 2-D",
    energy,
    by_hand,
    (0,),
    {"small": lambda: arguments(30, 20), "large": lambda: arguments(250, 100)},
    in_place=True,
)
