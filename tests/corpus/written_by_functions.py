"""NumPy's functions and methods that write into an array, with their options; `flat`, grids, copies and views."""

import functools

import numpy as np

from tests.corpus.registry import normal, positive, program

INNER = np.s_[1:, 1:-1]


# ---- flat


@program((normal(3, 4), 0.7), (np.asfortranarray(normal(3, 4)), 0.7), (normal(6, 4)[::2], 0.7))
def flat_one_place_at_a_time(x, c):
    for k in range(x.size):
        x.flat[k] *= c + x.flat[k - 1]
    x.flat[-1] += x.flat[1]
    return np.sum(x * x)


@program((normal(3, 4), normal(2)), (np.asfortranarray(normal(3, 4)), normal(2)), (normal(6, 4)[::2], normal(2)))
def flat_at_many_places(x, v):
    x.flat[::5] = v[0]
    x.flat[1:6] = v
    x.flat[[0, 7, 2]] = v * v
    x.flat[np.array([3, 3, 1])] += v[1]
    x.flat[x.ravel() > 0.4] = 0.3 * v[0]
    y = np.empty((2, 3))
    y.flat = v
    y.flat[...] *= 2.0
    y.flat[2:] = x.flat[2:6]
    return np.sum(x * x) * np.sum(y * y)


@program((normal(3, 4),), (np.asfortranarray(normal(3, 4)),))
def flat_of_a_transpose(x):
    t = x.T
    t.flat[1:4] = 2.0 * x.flat[5:8]
    t.flat[2] = t.flat[0]
    part = x.flat[2:4]  # a copy
    part *= 3.0
    return (x * np.sum(part)).T


@program((normal(3, 4), normal(3, 4, seed=1)))
def loops_over_flat(x, y):
    s = 0.0
    for k, v in enumerate(x.flat):
        s -= k * v
    for a, b in zip(x.flat, y.flat, strict=True):
        s += a * b
    return s + sum(x.flat) + max(list(y.flat)) ** 2 + sum([v**3 for v in y.flat])


@program((normal(2, 3, 4),))
def flat_of_three_axes(x):
    for k in range(0, x.size, 5):
        x.flat[k] = x.flat[k - 1] ** 2
    x.flat[-5:] = 1.0 * x[0, 0, 0]
    return x.transpose(2, 0, 1) * x.flat[7]


@program((normal(3, 4),))
def written_through_a_reshape_and_given_back_transposed(x):
    y = x * 1.0
    line = y.reshape(-1)
    line[-5:] = 2.0 * x[0, 0]
    return (y * x[0, 1]).T


# ---- ufunc.at, and functions that fill


@program((normal(5), normal(2, 2)))
def at_several_axes_of_repeated_places(x, v):
    np.multiply.at(x, np.array([[0, 0], [1, 0]]), v)
    np.divide.at(x, slice(1, 3), v[0, 0])
    np.multiply.at(x, x > 0, v[1, 1])
    np.multiply.at(x, -1, v[0, 1])
    np.negative.at(x, [1, 1, 2])
    return x


@program((normal(4, 3), normal(4, 3, seed=1)))
def at_rows(x, v):
    np.multiply.at(x, np.array([0, 2, 2, 1]), v)
    np.maximum.at(x, (np.array([0, 1]), slice(0, 2)), v[:2, 1:])
    np.multiply.at(x, (np.array([1, 1]), 0), 2.0)
    np.add.at(x, (slice(None), [0, 0]), 0.5)
    return x


@program((normal(4, 4), normal(2), normal(6)))
def diagonals_filled_in_turn(a, v, w):
    np.fill_diagonal(a, v)
    b = np.zeros((6, 2))
    np.fill_diagonal(b, w)
    c = np.zeros((7, 3))
    np.fill_diagonal(c, w[:3], wrap=True)
    d = np.zeros((2, 2, 2))
    np.fill_diagonal(d, v)
    np.fill_diagonal(d[0].T, v[1])
    return a * a, b, c, d


@program((normal(6), normal(3)))
def options_of_functions_that_write(x, v):
    np.put(x, [0, 7], v[:2], mode="wrap")
    x.put([-1, 1], v * v)
    np.put(x, [2, 9], v, mode="clip")
    np.place(x, x > 0.1, v)
    np.copyto(x[1:3], v[0], casting="unsafe")
    y = np.outer(x, x)
    y.sort(0, kind="stable")
    z = x[::-1].copy()
    z.partition(3, kind="introselect")
    return x * z[3], y


@program((normal(6),))
def nan_replaced_in_place(x):
    y = np.sqrt(np.abs(x)) / (x + 1)
    y[2] = np.nan
    np.nan_to_num(y, copy=False, nan=0.5)
    return y * x


# ---- out


@program((normal(3, 4), normal(4)))
def out_of_methods(a, v):
    o, p, q, s = np.empty(4), np.empty(3), np.empty((3, 4)), np.empty(4)
    a.sum(axis=0, out=o)
    a.mean(axis=1, out=p)
    a.max(axis=1, out=p[:])
    a.cumsum(axis=1, out=q)
    a.clip(-0.5, 0.5, out=a)
    a.dot(v, out=p)
    a.prod(axis=0, out=s)
    np.clip(a, None, 0.2, a)
    np.dot(a, v, p)
    return o, p, q, s, a


@program((normal(5), normal(5, seed=1)))
def two_results_in_out(x, y):
    f, w, q, r = (np.empty(5) for _ in range(4))
    np.modf(x * 3, f, w)
    np.divmod(x * 3, np.abs(y) + 0.5, out=(q, r))
    return f * r


@program((normal(3, 4), np.arange(12).reshape(3, 4) % 5 > 0))
def sums_of_what_a_mask_chooses(a, chosen):
    o, p = np.ones(4), np.ones(3)
    np.sum(a, axis=0, out=o, where=chosen)
    np.add.reduce(a * a, axis=1, out=p, where=chosen)
    return o, p


def total_in_double(a):
    o = np.ones(4)
    np.sum(a, axis=0, out=o)
    return o


@program((normal(3, 4),))
def narrow_numbers_added_in_double(a):
    return a * total_in_double(np.round(a * 8).astype(np.float32) / 8)


def smoothed(v, *, out=None):
    if out is None:
        out = np.empty_like(v)
    out[1:-1] = (v[:-2] + v[2:]) / 2
    out[0] = out[-1] = 1.0


class Without:
    """An object without `__init__`."""

    def step(self, v, out):
        out += v


@program((normal(3, 5),))
def functions_of_ours_with_out(m):
    a, b = m[0], m[1]
    smoothed(a, out=b)
    double = functools.partial(np.multiply, 2.0, out=m[2])
    double(b)
    Without().step(a, out=b)
    Without().step(b, m[2])
    return m * m


# ---- indices, grids, views


@program((normal(3, 4), 0.7))
def indices_as_objects(m, c):
    m[INNER] *= c
    m[np.s_[1:, :2]] += c
    m[np.index_exp[0, ::2]] = c
    m[np.ix_([True, False, True], [0, 3])] **= 2
    m[:, 1] = range(3)
    return m


@program((normal(3, 4), 0.7))
def grids(m, c):
    n, k = m.shape
    i, j = np.mgrid[0:n, 0:k]
    m[i, j] = m * (i + 2 * j)
    y, x = np.ogrid[:n, :k]
    m += y * x
    v, w = np.mgrid[-c:c:3j, 0:1:4j]
    m += np.mgrid[0:1:4j] * v + w
    m *= np.mgrid[:n][:, None]
    return m, np.mgrid[0:2.0:0.5, 1:3] * c, np.mgrid[1:7:2, 0:2][1] * c


@program((normal(3, 3),), (np.asfortranarray(normal(3, 3)),))
def what_is_the_array_itself(m):
    np.atleast_1d(m)[0] *= 2.0
    np.atleast_2d(m[1])[0, 1] = 5.0
    np.atleast_3d(m)[:, 2] += 1.0
    y = np.asanyarray(m, dtype=float)
    y[2] = 2.0 * m[1]
    v = m.view()
    v[0] *= 2.0
    k = m.astype(float, copy=False)
    k[2, 2] = 1.0
    a = np.ones((3, 3))
    a += m
    b = np.ascontiguousarray(a)
    b[0] = m[1]
    return m * a * b


@program((positive(3, 3),))
def what_is_a_copy(m):
    j = m.astype(np.float64, copy=True)
    j[1] = 3.0
    c = np.asarray(m, dtype=complex)
    c[0] = 1.0
    f = m.flatten()
    f[0] = 2.0
    return m * j, c, f


@program((normal(6), normal(6, seed=1)))
def only_where_it_is_defined(x, y):
    y[2] = 0.0
    out = np.zeros(6)
    with np.errstate(all="raise"):
        np.divide(x, y, out=out, where=y != 0)
        np.log(x, out=out, where=x > 0)
        np.power(y, -1.0, out=out, where=np.abs(y) > 0.3)
    return np.sum(out * x)


@program((normal(6), np.array([1, 0, 3, 0, 2, 5])), float32=True)
def whole_numbers_divided_where_they_can_be(x, n):
    quotient = np.ones(6)
    np.divide(x, n, out=quotient, where=n != 0)
    return quotient * x


@program((normal(3, 2), normal(3)))
def arrays_with_lists_of_numbers(q, x):
    q *= [1.0, 2.0]
    x = [1.0, 2.0, 3.0] * x
    return np.sum(q * [3.0, x[0]]) + np.sum((1.0, 2.0, 3.0) - x) + np.sum(x * [1, 0, 2])


@program((normal(5, 3), np.array([0, 2, 2, 4]), normal(4, 3)))
def places_as_many_as_rows(table, places, rows):
    np.add.at(table, places, rows)
    np.multiply.at(table, (places, 0), 2.0)
    np.maximum.at(table, places, rows * 0.5)
    return table
