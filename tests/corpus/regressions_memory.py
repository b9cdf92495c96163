"""Programs that once gave wrong numbers: writes, views, and containers that change while they are gone through."""

import numpy as np

from tests.corpus.registry import complexes, normal, program


@program((normal(4),))
def indices_that_repeat(x):
    u = x.copy()
    u[[0, 0, 1]] = x[1:] * 2
    u[[2, 2]] += x[:2]
    u[np.array([3, 3])] *= x[:2]
    return np.sum(u * np.arange(1, 5.0))


@program((normal(3, 3),))
def rows_and_columns_that_repeat(x):
    u = x.copy()
    u[np.ix_([0, 2, 0], [1, 1])] = x[:, :2] * 3.0
    u[np.array([0, 0, 1]), np.array([2, 2, 2])] = x[0]
    return np.sum(u**2)


@program((complexes(3),))
def imaginary_part_written(x):
    u = x.copy()
    u.imag[1:] = 2.0 * u.real[:2]
    u.imag *= u.real
    return np.sum((u * u).real)


@program((normal(4),))
def array_without_axes_written(x):
    e = np.array(x[0])
    f = e
    f += x[1]
    e[()] *= 2.0
    g = e[()]
    e[...] = 0.0
    return f * x[2] + g


@program((normal(4),))
def conjugate_of_a_real_array_is_itself(x):
    u = x.copy()
    v = u.conj()
    v[0] = 5.0 * x[1]
    return np.sum(u * u)


@program((normal(3, 3),), (np.asfortranarray(normal(3, 4)),))
def flat_of_a_transposed_array(x):
    u = x.copy()
    u.T.flat[2:] = u[0, 0]
    return np.sum(u**2 * x)


@program((normal(3, 3),), (np.asfortranarray(normal(3, 4)),), (normal(6, 4)[::2],))
def ravel_of_a_copy_in_c_order(x):
    u = x.copy()
    v = u.ravel()
    v[0] = 5.0 * v[1]
    return np.sum(u * u) + v[0]


@program((normal(3),))
def items_replaced_on_the_way(x):
    h = [x[0], x[1], x[2]]
    s = 0.0
    for v in h:
        h[2] = v * 2
        s = s + v
    for i, v in enumerate(h):
        h[2] = v * 2
        s = s + v * i
    for a, b in zip(h, h[1:], strict=False):  # noqa: RUF007  # the copy `h[1:]` does not change
        h[2] = a * 2
        h[1] = b * 3
        s = s + a * b
    return s + h[0]


@program((normal(3),))
def list_that_grows_on_the_way(x):
    h = [x[0], x[1]]
    s = 0.0
    for v in h:
        s = s + v
        if len(h) < 4:
            h.append(v * x[2])
    return s


@program((normal(3),))
def dict_that_changes_on_the_way(x):
    d = {"a": x[0], "b": x[1]}
    s = 0.0
    for v in d.values():
        d["b"] = v * 2
        s = s + v * x[2]
    return s


@program((normal(4), 3), (normal(4), 0))
def list_of_run_time_length_that_changes_on_the_way(x, n):
    h = []
    for i in range(n):
        h.append(x[i])  # noqa: PERF401  # a list of run-time length
    s = 0.0
    for j, v in enumerate(h):
        s = s + v * v
        h[-1] = s
        h[j] = v * 2.0
    for v in h:
        s = s + v * v
        h[-1] = s
    return s


@program((normal(4), 3), (normal(4), 0))
def places_of_a_list_written_and_put_anew(x, n):
    h = [x.copy(), x * 2.0]
    first = h[0]
    for i in range(n):
        h[1] = h[1] * 2.0
        h[0][i] = h[1][0] * 3.0
    return np.sum(h[0] * x) + np.sum(h[1]) + np.sum(first)


@program((normal(4),))
def iterators_with_names(x):
    d = {"a": x[0], "b": x[1]}
    values, pairs = d.values(), zip(x, x[::-1], strict=True)
    s = sum(values) * sum(values)
    for a, b in pairs:
        s += a * b
    items = d.items()
    for _, v in items:
        s *= v
    return s


@program((normal(6), normal(4, seed=3)), (normal(4), normal(4, seed=3)))
def length_changes_in_a_loop(a, b):
    for _ in range(2):
        a = b * a[0]
    return a
