"""Arrays read and written in loops through views that are no slices: transposes, reshapes, lines of matrices."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(12), 3))
def rows_of_a_line(x, n):
    m = x.reshape(3, -1)
    for k in range(n):
        new, old = (k + 1) % 3, k % 3
        m[new, :2] = m[old, :2] * np.sin(m[old, 2:4])
    return np.sum(x * x)


@program((normal(3, 4), 7), (np.asfortranarray(normal(3, 4)), 7))
def line_of_rows(x, n):
    for k in range(n):
        x.T[k % 4, :2] *= np.sin(x.T[k % 4, 1:])
    z = np.zeros((3, 4))
    z += x
    m = z.ravel()
    for k in range(n):
        m[k] *= np.sin(m[k + 1])
    return np.sum(z * z) * np.sum(x)


@program((normal(3, 4), 4))
def columns_read_in_a_loop(x, n):
    s = 0.0
    for k in range(n):
        s += np.sum(x.T[k] ** 2) * x.T[k][0]
        x.T[k][1:] *= 0.5
    return s + np.sum(np.sin(x.swapaxes(0, 1)[1]))


@program((normal(2, 3, 4), 3))
def three_axes(x, n):
    m = x.transpose(2, 0, 1)
    y = np.zeros((2, 3, 4))
    y += x
    r = y.reshape(6, 4)
    for k in range(n):
        m[k, 1] += np.sin(m[k + 1, 0])
        r[k, 1:] = r[k + 1, :3] * m[k, 0, 0]
        r.T[k, 2:] *= 2.0
    return np.sum(x * x) + np.sum(y * x)


@program((normal(3, 4), 3))
def seen_both_ways(x, n):
    y = np.zeros((3, 4))
    for k in range(n):
        y.T[k] = x[:, k] * np.sum(y.T[k - 1])
        y.reshape(-1)[k] += x.ravel()[k + 1] ** 2
        y[k % 3] += y.T[1, 0]
        x = x + y.reshape(4, 3).T * 0.1
    return (x * y).T
