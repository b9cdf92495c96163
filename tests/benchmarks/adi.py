"""Heat in two dimensions by alternating directions: tridiagonal solves along columns, then along rows."""

import numpy as np

from tests.benchmarks.workload import Workload


def coefficients(n, steps):
    """Of the neighbour, the point and the other right-hand side, along columns and along rows."""
    r = n * n / steps
    return -r, 1.0 + 2.0 * r, -0.5 * r, 1.0 + r


def energy(u, steps):
    n = u.shape[0]
    a, b, d, e = coefficients(n, steps)
    u = u.copy()
    v = np.zeros((n, n))
    p = np.zeros((n, n))
    q = np.zeros((n, n))
    for _ in range(steps):
        v[0, 1:-1] = 1.0
        p[1:-1, 0] = 0.0
        q[1:-1, 0] = v[0, 1:-1]
        for j in range(1, n - 1):
            p[1:-1, j] = -a / (a * p[1:-1, j - 1] + b)
            q[1:-1, j] = (
                -d * u[j, :-2] + (1.0 + 2.0 * d) * u[j, 1:-1] - d * u[j, 2:] - a * q[1:-1, j - 1]
            ) / (a * p[1:-1, j - 1] + b)  # fmt: skip
        v[n - 1, 1:-1] = 1.0
        for j in range(n - 2, 0, -1):
            v[j, 1:-1] = p[1:-1, j] * v[j + 1, 1:-1] + q[1:-1, j]
        u[1:-1, 0] = 1.0
        p[1:-1, 0] = 0.0
        q[1:-1, 0] = u[1:-1, 0]
        for j in range(1, n - 1):
            p[1:-1, j] = -d / (d * p[1:-1, j - 1] + e)
            q[1:-1, j] = (
                -a * v[:-2, j] + (1.0 + 2.0 * a) * v[1:-1, j] - a * v[2:, j] - d * q[1:-1, j - 1]
            ) / (d * p[1:-1, j - 1] + e)  # fmt: skip
        u[1:-1, n - 1] = 1.0
        for j in range(n - 2, 0, -1):
            u[1:-1, j] = p[1:-1, j] * u[1:-1, j + 1] + q[1:-1, j]
    return 0.5 * np.sum(u * u)


def by_hand(u, steps):
    """Linear in u. The two factors p do not depend on it and are the same in every step: one of each is kept."""
    n = u.shape[0]
    a, b, d, e = coefficients(n, steps)
    u = u.copy()
    v, q = np.zeros((n, n)), np.zeros((n, n))
    p, p_rows = np.zeros((n, n)), np.zeros((n, n))
    part, other = np.empty(n - 2), np.empty(n - 2)
    for step in range(steps):
        v[0, 1:-1] = 1.0
        q[1:-1, 0] = 1.0
        for j in range(1, n - 1):
            np.multiply(p[1:-1, j - 1], a, out=other)
            other += b
            if step == 0:
                np.divide(-a, other, out=p[1:-1, j])
            np.multiply(u[j, 1:-1], 1.0 + 2.0 * d, out=part)
            part -= d * u[j, :-2]
            part -= d * u[j, 2:]
            part -= a * q[1:-1, j - 1]
            np.divide(part, other, out=q[1:-1, j])
        v[n - 1, 1:-1] = 1.0
        for j in range(n - 2, 0, -1):
            np.multiply(p[1:-1, j], v[j + 1, 1:-1], out=part)
            np.add(part, q[1:-1, j], out=v[j, 1:-1])
        u[1:-1, 0] = 1.0
        q[1:-1, 0] = 1.0
        for j in range(1, n - 1):
            np.multiply(p_rows[1:-1, j - 1], d, out=other)
            other += e
            if step == 0:
                np.divide(-d, other, out=p_rows[1:-1, j])
            np.multiply(v[1:-1, j], 1.0 + 2.0 * a, out=part)
            part -= a * v[:-2, j]
            part -= a * v[2:, j]
            part -= d * q[1:-1, j - 1]
            np.divide(part, other, out=q[1:-1, j])
        u[1:-1, n - 1] = 1.0
        for j in range(n - 2, 0, -1):
            np.multiply(p_rows[1:-1, j], u[1:-1, j + 1], out=part)
            np.add(part, q[1:-1, j], out=u[1:-1, j])
    u_bar, v_bar, q_bar = u, np.zeros((n, n)), np.zeros((n, n))
    for _ in range(steps):
        for j in range(1, n - 1):
            q_bar[1:-1, j] += u_bar[1:-1, j]
            u_bar[1:-1, j + 1] += p_rows[1:-1, j] * u_bar[1:-1, j]
            u_bar[1:-1, j] = 0.0
        for j in range(n - 2, 0, -1):
            np.multiply(p_rows[1:-1, j - 1], d, out=other)
            other += e
            np.divide(q_bar[1:-1, j], other, out=part)
            q_bar[1:-1, j] = 0.0
            v_bar[1:-1, j] += (1.0 + 2.0 * a) * part
            q_bar[1:-1, j - 1] -= d * part
            part *= a
            v_bar[:-2, j] -= part
            v_bar[2:, j] -= part
        q_bar[1:-1, 0] = 0.0
        u_bar[1:-1, 0] = 0.0
        u_bar[1:-1, n - 1] = 0.0
        for j in range(1, n - 1):
            q_bar[1:-1, j] += v_bar[j, 1:-1]
            v_bar[j + 1, 1:-1] += p[1:-1, j] * v_bar[j, 1:-1]
            v_bar[j, 1:-1] = 0.0
        for j in range(n - 2, 0, -1):
            np.multiply(p[1:-1, j - 1], a, out=other)
            other += b
            np.divide(q_bar[1:-1, j], other, out=part)
            q_bar[1:-1, j] = 0.0
            u_bar[j, 1:-1] += (1.0 + 2.0 * d) * part
            q_bar[1:-1, j - 1] -= a * part
            part *= d
            u_bar[j, :-2] -= part
            u_bar[j, 2:] -= part
        q_bar[1:-1, 0] = 0.0
        v_bar[0, 1:-1] = 0.0
        v_bar[n - 1, 1:-1] = 0.0
    return (u_bar,)


def arguments(n, steps):
    return np.random.default_rng(0).standard_normal((n, n)), steps


WORKLOAD = Workload(
    "ADI",
    energy,
    by_hand,
    (0,),
    {"small": lambda: arguments(20, 5), "large": lambda: arguments(200, 10)},
    in_place=True,
)
