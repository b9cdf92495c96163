"""`itertools`, `iter` and `next`, `min` and `sorted` with keys, heaps, `:=` in conditions."""

# ruff: noqa: B905  # as users write it

import heapq
import itertools
import operator
from collections import OrderedDict

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(3, 4),))
def ndindex(a):
    total = 0.0
    for i, j in np.ndindex(a.shape):
        total = total + a[i, j] * (i + 2 * j)
    return total


@program((normal(3, 4),))
def ndindex_args(a):
    out = np.zeros((3, 2))
    for i, j in np.ndindex(3, 2):
        out[i, j] = a[i, j] ** 2 * (i + 1)
    return np.sum(out * a[:, :2])


@program((normal(3, 4),))
def ndindex_write(a):
    out = np.zeros_like(a)
    for idx in np.ndindex(*a.shape):
        out[idx] = np.sin(a[idx]) * a[idx]
    return np.sum(out)


@program((normal(3, 4),))
def ndenumerate_loop(a):
    total = 0.0
    for (i, j), v in np.ndenumerate(a):
        total = total + v * v * (i + 2 * j)
    return total


@program((normal(5), normal(5, seed=1)))
def products(a, b):
    return sum(u * v**2 for u, v in itertools.product(a, b))


@program((normal(5),))
def products_repeat(a):
    t = 0.0
    for i, j in itertools.product(range(3), repeat=2):
        t = t + a[i] * a[j] * (i - j) ** 2
    return t


@program((normal(5),))
def combos(a):
    t = 0.0
    for i, j in itertools.combinations(range(4), 2):
        t = t + (a[i] - a[j]) ** 2
    return t


@program((normal(5),))
def combos_of_array_len(a):
    t = 0.0
    for i, j in itertools.combinations(range(len(a)), 2):
        t = t + (a[i] - a[j]) ** 4
    return t


@program((normal(5),))
def combos_of_array(a):
    return sum(u * v for u, v in itertools.combinations(a, 2))


@program((1.3, 0.7, -0.4))
def perms(x, y, z):
    return sum(a * b**2 * c**3 for a, b, c in itertools.permutations([x, y, z]))


@program((normal(5), normal(5, seed=1)))
def chains(a, b):
    t = 0.0
    for k, v in enumerate(itertools.chain(a, b)):
        t = t + v**2 * (k + 1)
    return t


@program((1.3, 0.7, -0.4))
def chains_static(x, y, z):
    t = 1.0
    for v in itertools.chain([x, y], (z,), itertools.chain.from_iterable([[x], [y]])):
        t = t * v
    return t


@program((normal(5),))
def accumulates(a):
    return sum(itertools.accumulate(a))


@program((normal(5),))
def accumulates_product(a):
    return sum(list(itertools.accumulate(a, operator.mul))[1:])


@program((normal(5),))
def accumulates_lambda(a):
    states = list(itertools.accumulate([*a[:3]], lambda s, v: 0.5 * s + v, initial=1.0))
    return states[-1] * states[1]


@program((normal(5),))
def slices(a):
    t = 0.0
    for v in itertools.islice(a, 1, 4):
        t = t + v * v
    for v in itertools.islice(a, 2):
        t = t * v
    return t


@program((normal(5),))
def pairs(a):
    return sum((v - u) ** 2 for u, v in itertools.pairwise(a))


@program((normal(5), 1.3))
def repeated(a, x):
    return sum(u * v for u, v in zip(a, itertools.repeat(x)))


@program((normal(5), 1.3))
def counted(a, x):
    t = 0.0
    for k, v in zip(itertools.count(1), a):
        t = t + k * v * x
    for k, v in zip(itertools.count(0.5, 0.5), a):
        t = t + k * v * v
    return t


@program((1.3, 0.7, -0.4))
def longest(x, y, z):
    return sum(a * b for a, b in itertools.zip_longest([x, y, z], [y], fillvalue=2.0))


@program((1.3, 0.7))
def next_iter(x, y):
    first = next(iter([x * y, y]))
    d = {"a": x, "b": y}
    key = next(iter(d))
    return first * d[key]


@program((normal(5),))
def next_of_generator(a):
    first = next(v for v in a if v > -10)
    return first * first


@program((normal(5), 1.3))
def iterator_by_hand(a, x):
    it = iter([a[0], a[1], x])
    u = next(it)
    v = next(it)
    return u * v * next(it) + next(it, 2.0)


@program((normal(5), normal(5, seed=1)))
def min_with_key(a, b):
    rows = [a, b, a * b]
    best = min(rows, key=lambda r: np.sum(r * r))
    return np.sum(np.sin(best))


@program((normal(5), 1.3))
def max_index(a, x):
    k = max(range(len(a)), key=lambda i: a[i])
    return a[k] ** 2 * x


@program(([1.2, 0.7, -0.3], 1.3))
def max_default(ys, x):
    big = [v for v in ys if v > 1]
    return max(big, default=x) * max([], default=x)


@program((1.3, 0.7))
def unzipped(x, y):
    ps = [(x, y), (y, x * y), (x, x)]
    us, vs = zip(*ps)
    return sum(us) * sum(v * v for v in vs)


@program((normal(5), 1.3))
def enumerated(a, x):
    t = 0.0
    for k, v in enumerate(a, start=1):
        t = t + k * v * x
    for k, v in enumerate([x, t], start=2):
        t = t + k * v
    return t


@program((normal(5), 1.3))
def walrus_in_and(a, x):
    m = 1.0
    t = x
    if x > 0 and (m := np.sin(a[0] * x)) > -2.0:
        t = t * m
    return t + m


@program((normal(5), 1.3))
def walrus_in_conditional(a, x):
    m = 1.0
    y = (m := x * x) * a[0] if x > 0 else a[1] * m
    return y * m


@program((1.3, 0.7))
def running_total(x, y):
    total = 0.0
    sums = [total := total + v for v in (x, y, x * y)]
    return total * sums[1]


@program((normal(5), 1.3))
def walrus_pop(a, x):
    stack = [x, x * 2, 3.0]
    total = 0.0
    while len(stack) > 0 and (v := stack.pop()) > -1:
        total += v * v
        if v > 2.5:
            stack.append(v / 2 * x)
    return total


@program((normal(5), 1.3))
def products_of_arrays(a, x):
    t = 0.0
    for u, v in itertools.product(a[:2], a[2:]):
        t += u * v**2
    for i, j, k in itertools.product(range(2), range(3), (1, 2)):
        t += a[i] * a[j] * k * x
    return t


@program((normal(6), 1.3))
def mixed_zip(a, x):
    t = 0.0
    for k, v in zip([x, 2 * x, 3.0], a):
        t += k * v
    for k, n in zip(itertools.cycle((1.0, -1.0)), range(5)):
        t += k * a[n]
    for i in itertools.chain(range(2), range(4, 6)):
        t += a[i] ** 2
    for u, v in itertools.pairwise([x, x * 2, a[0]]):
        t += u * v
    return t


@program((normal(5), 1.3))
def sorting(a, x):
    ys = sorted(a * x)
    zs = sorted([a[0], a[1], a[2]], key=lambda v: -v)
    ws = sorted([(a[0], 1.0), (a[3], 2.0), (x, 3.0)])
    best = max(a, key=lambda v: v * v)
    i = min(range(len(a)), key=lambda k: a[k])
    return ys[0] * ys[-1] + zs[0] * 2 + ws[0][0] * ws[1][1] + best**2 + a[i] * 3


@program((normal(5), 1.3))
def filters(a, x):
    big = list(filter(lambda v: v > 0, a))
    small = list(itertools.takewhile(lambda v: v < 10, a))
    rest = list(itertools.dropwhile(lambda v: v < -10, a))
    return (
        sum(big) * x
        + sum(small)
        + sum(v * v for v in rest)
        + sum(itertools.starmap(lambda u, v: u * v, [(x, 2.0), (x, x)]))
    )


@program((normal(5), 1.3))
def iterators(a, x):
    it = iter(a)
    first = next(it)
    total = 0.0
    for v in it:
        total += v * first
    it = iter([x, 2.0 * x, a[1]])
    u = next(it)
    return total * u + sum(it)


@program((normal(6), 1.3))
def iterator_in_loop(a, x):
    it = iter(a)
    total = 0.0
    for k in range(3):
        total += next(it) * k + next(it) * x
    return total + next(it, x)


@program((normal(5), 1.3))
def starred_list(a, x):
    ys = [x, *a, *(v * v for v in a), 2.0]
    return sum(ys) * ys[1] + len(ys)


@program((normal(5), 1.3))
def event_queue(a, x):
    events = [(1.0, x), (0.5, 2.0)]
    heapq.heappush(events, (0.7, a[0]))
    for k in range(4):
        heapq.heappush(events, (a[k] * a[k] + 0.1 * k, a[k] * x))
    t, total = 0.0, 0.0
    while events:
        when, size = heapq.heappop(events)
        total += size * (1 + when - t)
        t = when
    return total


@program((1.3, 0.7))
def ordered(x, y):
    d = OrderedDict(a=x)
    d["b"] = y
    return d["a"] * sum(d.values())


@program((normal(4, 2), 0.6))
def columns_of_states(z, q):
    m, p, found = np.zeros(2), np.eye(2), []
    for y in z:
        p = p + q * np.eye(2)
        gain = p @ np.linalg.inv(p + np.eye(2))
        m = m + gain @ (y - m)
        p = p - gain @ p
        found.append((m, p))
    ms, ps = zip(*found)
    return np.sum(np.array(ms) ** 2) + np.sum(np.stack(ps)) + ms[-1][0] * len(ps)


@program((normal(5), 0.6))
def columns_of_numbers(a, q):
    found = [(v * q, v**2, k) for k, v in enumerate(a)]
    us, vs, ks = map(np.array, zip(*found))
    return us @ vs + np.sum(us * ks)


@program((normal(3, 4), 0.6))
def columns_of_arrays(a, q):
    total = 0.0
    for first, *more, last in zip(*a):
        total = total + q * first * last - sum(more) ** 2
    rows = list(zip(*[list(row) for row in a]))
    return total + sum(row[0] * row[2] for row in rows)


@program((normal(3), 0.6))
def names_for_lists(a, q):
    first, second, third = [v * q for v in a if v < 100]
    start, *middle, end = [v * v for v in a if v < 100]
    return first * second + third * start + sum(middle) * end
