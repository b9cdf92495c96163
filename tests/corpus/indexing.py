"""Reads and simple writes by index."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(5),))
def elements(x):
    return x[0] * x[-1] + x[2] ** 2


@program((normal(6),))
def slices(x):
    return x[1:-1] * x[:-2] + x[2:] - x[1:5:1]


@program((normal(6),))
def strided_slices(x):
    return x[::2] * x[1::2], x[::-1], x[4:0:-2]


@program((normal(3, 4),))
def rows_and_columns(a):
    return a[0] * a[:, 1].sum() + a[-1, ::-1] - a[1, 2]


@program((normal(3, 4),))
def new_axes(a):
    return a[:, None, :] * a[None, :, :], a[..., 0], a[None, 0, ..., 1]


@program((normal(5), 1, 4), (normal(5), 0, 1))
def slices_with_run_time_bounds(x, i, j):
    return np.sum(x[i:j] ** 2) * x[i]


@program((normal(5), np.array([0, 2, 2, 4])))
def gather(x, k):
    return x[k] * 2


@program((normal(4, 3), np.array([0, 2, 2])))
def gather_rows(x, k):
    return x[k].sum(axis=0) * x[0], x[:, k], x[k, k]


@program((normal(4),))
def mask(x):
    return x[x > 0].sum() + np.sum(x[np.array([True, False, True, False])] ** 2)


@program((normal(5), np.array([3, 1])))
def list_of_positions(x, k):
    return x[[0, 3, 3]] * x[k[0]]


@program((normal(4), 0.3))
def write_element(x, s):
    y = np.zeros(4)
    y[1] = s * x[0]
    y[2] = x[3]
    return np.sum(y * x)


@program((normal(4), 0.3))
def write_into_copy(x, s):
    y = x.copy()
    y[0] = s
    y[2] = y[1] * y[0]
    return y * x


@program((normal(5),), (normal(2),))
def fill_in_a_loop(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = np.sin(x[i]) * x[i]
    return y @ x


@program((normal(5),))
def running_sum(x):
    y = np.zeros(5)
    y[0] = x[0]
    for i in range(1, 5):
        y[i] = y[i - 1] * 0.5 + x[i]
    return y


@program((normal(5),))
def add_in_place(x):
    y = np.ones(5)
    for i in range(5):
        y[i] += x[i] * y[i]
        y[i] *= 2.0
    return np.sum(y**2)


@program((normal(6),))
def write_slices(x):
    y = x * 2
    y[1:-1] = y[1:-1] + 0.1 * (y[2:] - y[:-2])
    y[:2] = 0.0
    return np.sum(y * x)


@program((normal(6), 4))
def smoothing_steps(u, n):
    v = u * 1.0
    for _ in range(n):
        v[1:-1] = v[1:-1] + 0.1 * v[1:-1] * (v[2:] - v[:-2])
    return np.sum(v**2)


@program((normal(3, 3),))
def write_matrix(a):
    b = np.zeros((3, 3))
    for i in range(3):
        for j in range(i + 1):
            b[i, j] = a[i, j] * a[j, i]
            b[j, i] = b[i, j]
    return np.sum(b * a)


@program((normal(4), 1.5), (normal(4), -1.5))
def write_in_branch(x, t):
    y = x * 2
    if t > 0:
        y[0] = t
    else:
        y[1:] = y[1:] * t
    return np.sum(y * y)


@program((normal(4), normal(4, seed=1)))
def augmented_array(x, y):
    z = x * 1.0
    z += y
    z *= x
    z -= 0.5
    z /= 2.0
    return z


@program((normal(3, 4), normal(4)))
def broadcast_write(a, b):
    c = a * 1.0
    c[1] = b
    c[:, 2] = 5.0
    c[0] *= b
    return c * a


@program((normal(4),))
def overwritten_completely(x):
    y = x * x
    y[:] = x + 1
    return y * x


@program((normal(5), np.array([0, 3])))
def write_at_positions(x, k):
    y = x * x
    y[k] = x[k] * 3
    return np.sum(y * y)


@program((normal(5),))
def write_mask(x):
    y = x * 1.0
    y[y < 0] = 0.0
    return np.sum(y**3)


@program((normal(5),))
def scalar_after_write(x):
    y = x * 1.0
    a = y[0]
    y[0] = 7.0
    return a * y[0] + y[1]


@program((normal(5), 3))
def element_read_before_it_is_overwritten(x, n):
    y = x * 1.0
    s = 0.0
    for i in range(n):
        old = y[i]
        y[i] = old * old
        s = s + old * y[i + 1]
    return s * np.sum(y)


@program((normal(2, 3),))
def unpacked_rows(a):
    x, y = a
    return x * y - x


@program((normal(3),))
def unpacked_elements(p):
    x, y, z = p
    return x * y**2 - z / (1 + x * x)


@program((np.zeros((3,)), 2), (np.zeros((3,)), 1))
def window(x, w):
    s = 0.0
    for i in range(len(x) - w + 1):
        s += np.sum(x[i : i + w] + 1.0) ** 2
    return s


@program((normal(7), 2))
def step_known_at_run_time(x, k):
    x[::k] *= np.sin(x[::-k][: len(x[::k])])
    return np.sum(x[::k] ** 2) + np.sum(x[k::k])
