"""Arrays that change places in loops inside of loops, and in branches."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(4), normal(4)))
def parts_read_before_an_odd_number_of_exchanges(x, y):
    total = 0.0
    for _ in range(4):
        total = total + np.sum(np.cos(y[:-1]))
        for _ in range(3):
            x, y = y, x
    return total + np.sum(x * x)


@program((normal(4), normal(4)))
def written_and_exchanged_in_nests(x, y):
    x, y = x.copy(), y.copy()
    total = 0.0
    for i in range(3):
        x[1:] *= np.sin(y[:-1])
        for j in range(i):
            y[j] += 0.3 * x[j] * x[j]
            x, y = y, x
        total = total + x[0] * y[1]
    return total + np.sum(x * y * y)


@program((normal(4), normal(4), 0.6))
def exchanged_on_a_path(x, y, a):
    x, y = x.copy(), y.copy()
    for i in range(4):
        y[1:-1] += a * np.sin(x[:-2])
        if np.sum(y) > 0.0:
            for _ in range(i):
                x, y = y, x
    return np.sum(x * x) + np.sum(np.cos(y))


@program((normal(3), normal(3), normal(3)))
def three_take_turns(x, y, z):
    x, y, z = x * 1.0, y * 1.0, z * 1.0
    total = 0.0
    for i in range(4):
        for _ in range(2):
            z[1:] = z[:-1] * np.sin(x[0])
            x, y, z = y, z, x
        total = total + y[0] * np.sum(x * z)
    return total


@program((normal(5), normal(5), 2, np.array([True, False, True, True, False])))
def one_array_goes_on_as_another(z, w, k, m):
    u, v, last = z * 0.5, w * 0.5, np.sin(w)
    total = 0.0
    for _ in range(k):
        total = total + np.sum(last[::2] * last[m].sum())
        last = v
        u[m] *= 0.3 * np.cos(u[m])
    return total + np.sum(u * v)


@program((normal(3), normal(3), normal(3), 2))
def arrays_that_move_on(x, y, z, k):
    x, y, z, last = x * 1.0, y * 1.0, z * 1.0, x * 2.0
    total = 0.0
    for _ in range(k):
        total = total + last[0] * np.sum(last)
        last, y = y, z
    return total + np.sum(x * y) + np.sum(last * z)


@program((normal(4), normal(4), 0.7, 0.6), (normal(4), normal(4), 0.7, 0.2), (normal(4), normal(4), 0.1, 0.6))
def written_between_exchanges_on_paths(x, y, p, q):
    if p > 0.5:
        x, y = y, x
        if q > 0.5:
            for _ in range(2):
                y[:-1] = p * np.sin(y[:-1])
            x, y = y, x
    return np.sum(np.sin(x)) * q
