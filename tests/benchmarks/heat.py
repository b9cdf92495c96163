"""The heat equation in three dimensions: second differences along each axis, from one array into another."""

import numpy as np

from tests.benchmarks.workload import Workload


def energy(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1, 1:-1, 1:-1] = (
            0.125 * (a[2:, 1:-1, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - 2.0 * a[1:-1, 1:-1, 1:-1] + a[1:-1, 1:-1, :-2])
            + a[1:-1, 1:-1, 1:-1]
        )
        a[1:-1, 1:-1, 1:-1] = (
            0.125 * (b[2:, 1:-1, 1:-1] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[:-2, 1:-1, 1:-1])
            + 0.125 * (b[1:-1, 2:, 1:-1] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[1:-1, :-2, 1:-1])
            + 0.125 * (b[1:-1, 1:-1, 2:] - 2.0 * b[1:-1, 1:-1, 1:-1] + b[1:-1, 1:-1, :-2])
            + b[1:-1, 1:-1, 1:-1]
        )
    return 0.5 * np.sum(a * a)


def by_hand(a, b, steps):
    """Linear, so nothing is kept. The point itself counts 1 - 6 / 8 in the next state."""
    a, b = a.copy(), b.copy()
    inside = (slice(1, -1),) * 3
    sides = [(*inside[:k], side, *inside[k + 1 :]) for k in range(3) for side in (slice(2, None), slice(None, -2))]
    twice = np.empty_like(a[inside])
    along = np.empty_like(a[inside])
    total = np.empty_like(a[inside])
    for _ in range(steps):
        for old, new in ((a, b), (b, a)):
            np.multiply(old[inside], 2.0, out=twice)
            for k, buffer in ((0, total), (2, along), (4, along)):
                np.subtract(old[sides[k]], twice, out=buffer)
                np.add(buffer, old[sides[k + 1]], out=buffer)
                np.multiply(buffer, 0.125, out=buffer)
                if k:
                    total += along
            np.add(total, old[inside], out=new[inside])
    a_bar, b_bar = a, b
    b_bar.fill(0.0)
    for _ in range(steps):
        for new, old in ((a_bar, b_bar), (b_bar, a_bar)):
            inner = new[inside]
            np.multiply(inner, 0.125, out=along)
            np.multiply(inner, 0.25, out=total)
            inner.fill(0.0)
            old[inside] += total
            for side in sides:
                old[side] += along
    return (a_bar,)


def arguments(n, steps):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n, n)), rng.standard_normal((n, n, n)), steps


WORKLOAD = Workload(
    "heat 3-D",
    energy,
    by_hand,
    (0,),
    {"small": lambda: arguments(10, 20), "large": lambda: arguments(60, 30)},
    in_place=True,
)
