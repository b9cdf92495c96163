"""Names that stand for other parts of one array after each trip of a loop, or on each path, and are written."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(6), 0.7))
def view_rebound_in_loop(a, x):
    b = a
    for _ in range(3):
        b = b[1:]
        b[0] *= x
    return np.sum(a * a)


@program((normal(6), 0.7))
def views_swapped_in_loop(a, x):
    u, v = a[:3], a[3:]
    for _ in range(3):
        u[1:] = x * v[:-1] + u[1:]
        u, v = v, u
    return np.sum(a * a)


@program((normal(2, 4), 0.7, 3))
def buffers(a, x, n):
    old, new = a[0], a[1]
    for k in range(n):
        new[1:-1] = old[1:-1] + x * (old[2:] - 2 * old[1:-1] + old[:-2])
        old, new = new, old
    return np.sum(a * a) + np.sum(old)


@program((normal(2, 4), 0.7, 3))
def buffers_zeros(a, x, n):
    buf = np.zeros((2, 4))
    buf[0] = a[0]
    old, new = buf[0], buf[1]
    for k in range(n):
        new[:] = np.sin(old) * x
        old, new = new, old
    return np.sum(old * a[1])


@program((normal(6), 0.7))
def halving(a, x):
    b = a
    while len(b) > 1:
        half = len(b) // 2
        b[:half] += x * b[half : 2 * half]
        b = b[:half]
    return b[0] * x


@program((normal(6), 0.7))
def shrink_both_ends(a, x):
    b = a
    while len(b) > 1:
        b[0] += x * b[-1]
        b[-1] *= b[0]
        b = b[1:-1]
    return np.sum(a * np.arange(6.0))


@program((normal(6), 0.7), (normal(6), -0.7))
def by_branch(a, x):
    if x > 0:
        b = a[1:]
    else:
        b = a[:3]
    b[0] = x * b[1]
    return np.sum(a * a)


@program((normal(6), 0.7), (normal(6), -0.7))
def advance_sometimes(a, x):
    b = a
    for k in range(4):
        if a[k] > 0:
            b = b[1:]
        b[0] += x * k
    return np.sum(a * a)


@program((normal(6), 0.7))
def written_after_loop(a, x):
    b = a
    for k in range(3):
        b = b[1:]
    b[0] = x * b[1]
    return np.sum(a * a)


@program((normal(4, 3), 0.7))
def rows_of_matrix(a, x):
    prev = a[0]
    for k in range(1, 4):
        row = a[k]
        row += x * prev
        prev = row
    return np.sum(a * a)


@program((normal(4, 3), 0.7))
def lower_right(a, x):
    m = a
    for k in range(3):
        m[0] *= x
        m[:, 0] += m[0, 0]
        m = m[1:, :]
    return np.sum(a * a)


@program((normal(4, 4), 0.7))
def gauss(a, x):
    m = a
    a += 4 * np.eye(4)
    while m.shape[0] > 1:
        m[1:, 1:] -= np.outer(m[1:, 0], m[0, 1:]) / m[0, 0]
        m = m[1:, 1:]
    return np.prod(np.diag(a)) * x


@program((normal(6), 0.7))
def negative_starts(a, x):
    b = a
    for k in range(2):
        b = b[-4 + k :]
        b[0] = b[-1] * x
        b[1:2] = x
    return np.sum(a * a)


def relax(grid, x):
    cur = grid
    for k in range(2):
        cur[1:-1] += x * (cur[2:] - cur[:-2])
        cur = cur[1:-1]


@program((normal(7), 0.7))
def in_a_function(a, x):
    relax(a, x)
    relax(a[1:], x * x)
    return np.sum(a * a)


@program((normal(7), 0.7), (normal(7), -0.7))
def one_of_two_rows(a, x):
    g = a[:6].reshape(2, 3)
    row = g[0]
    if x > 0:
        row = g[1]
    row[0] = x * x
    row += 1.0
    return np.sum(a * a)


@program((normal(7), 0.7))
def nested_loops(a, x):
    b = a
    for i in range(2):
        c = b
        for j in range(2):
            c[0] *= x
            c = c[1:]
        b = b[2:]
        b[0] += c[0]
    return np.sum(a * a)


@program((normal(7), 0.7))
def early_exit(a, x):
    b = a
    while True:
        b[0] = b[0] * x + b[1]
        b = b[1:]
        if len(b) < 3:
            break
    b[-1] *= 2.0
    return np.sum(a * a)


@program((normal(7), 0.7, 3))
def run_time_steps(a, x, n):
    b = a
    for k in range(n):
        b = b[k : len(b) - 1]
        b[k % 2] += x
        b[-1] *= x
    return np.sum(a * a)
