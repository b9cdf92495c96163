"""Functions too long to be written into their callers, and checkpointed ones: what they share with these."""

import numpy as np

import adjoint
from tests.corpus.registry import normal, program

ONES = np.ones(3)


def long_append(out, x):
    y = (x * 2 + 1) * 3 - x * (x - 2) / 5 + (x * x - 3) * (2 * x + 1) / 7 - x / 3 + (2 - x) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    out.append(y / 100)
    return y


@program((normal(3),))
def appends_to_a_list_of_run_time_length(a):
    out = []
    for k, v in enumerate(a):
        out.append(k * v)
    y = long_append(out, a[0])
    long_append(out, a[1])
    return sum(out) * a[1] + y


@program((normal(3),))
def appends_in_a_loop(a):
    out = []
    for v in a:
        long_append(out, v)
    return sum(out) * a[1]


def long_pair(held, x):
    y = (x * 2 + 1) * 3 - x * (x - 2) / 5 + (x * x - 3) * (2 * x + 1) / 7 - x / 3 + (2 - x) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    return held, y / 100


@program((normal(3),))
def gives_back_a_list(a):
    xs = [a[0], a[1]]
    ys, y = long_pair(xs, a[2])
    ys[0] = y
    return xs[0] * xs[1]


@program((normal(3),))
def gives_back_a_list_of_run_time_length(a):
    xs = [v * v for v in a]
    ys, y = long_pair(xs, a[2])
    ys.append(y)
    return sum(xs) * xs[1]


def long_list(x, n):
    y = (x * 2 + 1) * 3 - x * (x - 2) / 5 + (x * x - 3) * (2 * x + 1) / 7 - x / 3 + (2 - x) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    out = [y / 100]
    for _ in range(n):
        out.append(out[-1] * x)
    return out


@program((normal(3), 2), (normal(3), 0))
def makes_lists_that_change(a, n):
    ys = long_list(a[0], n)
    ys.append(a[1] * ys[0])
    zs = long_list(a[2], n + 1)
    zs[0] = ys[-1] * 2
    zs.extend(ys)
    return sum(ys) * sum(zs)


def long_views(a, x):
    y = (x * 2 + 1) * 3 - x * (x - 2) / 5 + (x * x - 3) * (2 * x + 1) / 7 - x / 3 + (2 - x) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    b = a * y / 100
    return b, b[1:]


@program((normal(3),))
def gives_an_array_and_its_view(a):
    b, c = long_views(a, a[0])
    c[0] = 5 * a[1]
    return np.sum(b * a)


def long_twice(x):
    y = (x * 2 + 1) * 3 - x * (x - 2) / 5 + (x * x - 3) * (2 * x + 1) / 7 - x / 3 + (2 - x) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    y = (y * 2 + 1) * 3 - y * (x - 2) / 5 + (y * x - 3) * (2 * x + 1) / 7 - y / 3 + (2 - y) * (3 - x) / 11
    pair = [x * y, y]
    return pair, pair, lambda t: t * y / 100


@program((normal(3),))
def gives_one_list_twice_and_a_function(a):
    first, second, scaled = long_twice(a[0])
    first[0] = 5 * a[1]
    return second[0] * scaled(a[2]) + second[1]


def pair_and_square(xs):
    s = xs[0] * xs[1]
    return xs, s * s


@program((normal(3),))
def checkpoint_gives_back_a_list(a):
    xs = [a[0], a[1]]
    ys, s = adjoint.checkpoint(pair_and_square)(xs)
    ys[0] = s * 3
    return xs[0] * xs[1]


def sines(a):
    b = np.sin(a)
    return b, b[1:]


@program((normal(3),))
def checkpoint_gives_an_array_and_its_view(a):
    b, c = adjoint.checkpoint(sines)(a)
    c[0] = 5 * a[1]
    return np.sum(b * a)


TABLE = ([], [1 / 5], [3 / 40, 9 / 40])


@program((0.4,))
def generator_over_a_list_from_outside(x):
    stages = []
    for row in TABLE:
        stages.append(np.sin(x + sum(c * k for c, k in zip(row, stages, strict=True))))
    return sum(stages) * stages[-1]
