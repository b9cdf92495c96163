"""Generator expressions that another function goes through: what they read are names of the function that made them."""

from functools import reduce
from itertools import pairwise

import numpy as np

from tests.corpus.registry import normal, program


def weighted(items):
    total, x = 0.0, 5.0
    for item in items:
        total += item * x
    return total


def spread(items):
    items = list(items)
    x = 3.0
    return sum(items) * items[0] * x


class Scaled:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, items):
        x = 7.0
        return sum(self.scale * v for v in items) * x

    def of(self, a):
        return weighted(self.scale * v for v in a)


@program((normal(3), 1.3))
def same_local_name(a, x):
    return weighted(v * x for v in a)


@program((normal(3), 1.3))
def name_bound_later_there(a, total):
    return weighted(v * total for v in a)


@program((normal(3), 1.3))
def named_as_in_functions_of_python(a, total):
    product = reduce(lambda p, q: p * q, (total * v for v in a))
    return product + max(total * v * v for v in a)


@program((normal(3), 1.3))
def behind_a_branch(a, x):
    k = x * x
    made = (v * k + x for v in a)
    y = 2.0 if x > 1 else x
    return weighted(made) * y


@program((normal(3), 1.3))
def one_for_each_trip(a, x):
    t = 0.0
    for i in range(len(a)):
        t += weighted(v * x * i for v in a) ** 2
    return t


@program((normal(3), 1.3))
def one_in_another(a, x):
    return weighted(weighted(u * v * x for u in a) for v in a)


@program((normal(3), 1.3))
def in_methods(a, x):
    scale = 2.0
    return Scaled(x)(v * x * scale for v in a) * Scaled(scale).of(a)


@program((normal(4), 1.3))
def of_pairs(a, x):
    return spread(i * v * x + 1 for i, v in enumerate(a)) + spread(u * v * x for u, v in pairwise(a))


def handed(fun, items):
    x = 9.0
    return x * fun(v * x for v in items)


@program((normal(3), 1.3))
def handed_on(a, x):
    return handed(lambda items: sum(x * v for v in items), (x * v for v in a))


@program((normal(3), 1.3))
def read_when_gone_through(a, x):
    made = (x * v for v in a)
    x = x * 2
    return weighted(made)


@program((normal(3), 1.3))
def functions_of_a_module(q, x):
    def rotation(angle, by):
        c, s = np.cos(angle), np.sin(angle)
        return by * np.array([[c, -s], [s, c]])

    return reduce(np.matmul, (rotation(angle, x) for angle in q))[0, 1]


@program((normal(4), 1.3))
def with_arrays_of_its_own(a, x):
    def length(v):
        z = np.zeros(2)
        z[0] = v * x
        z[1] += v
        return z @ z

    total = x if all(length(v) < 99 for v in (a[0], a[1])) else a[0]
    for y in (length(v) for v in (a[0], a[1])):
        total += y
    for u, y in zip((length(v) for v in a), map(length, a), strict=True):
        total += y * u
    return total * (1 if 0 < length(a[0]) < length(x) else 2)
