"""Sorting, sets, and what goes through things in steps: as far as constants decide, at compile time."""

import itertools

import numpy as np

from tests.corpus.registry import normal, program

PARAMETERS = {"b": 1.3, "a": 0.7, "c": -0.2}


@program((PARAMETERS,))
def by_name(d):
    total = 0.0
    for k, (name, value) in enumerate(sorted(d.items())):
        total += (k + 1) * value**2 * (2.0 if name == "b" else 1.0)
    return total + sum(d[key] * weight for key, weight in zip(sorted(d, reverse=True), (1.0, 2.0, 3.0), strict=True))


@program((PARAMETERS,))
def sets_of_names(d):
    fixed = {"a", "z"}
    free = sorted(set(d) - fixed)
    total = sum(d[name] ** 2 for name in free)
    for name in sorted({*free} | {"a"}):
        if name in {"a", "c"}:
            total *= d[name] + len(fixed)
    return total * len({name[0] for name in ("ab", "ac", "bd")})


@program((normal(5), 0.7))
def places_in_a_set(a, x):
    total = 0.0
    for i in range(len(a)):
        if i in {0, 3}:
            total += a[i] ** 2 * x
        elif i not in {1, 9}:
            total -= a[i]
    return total


@program((1.2, 0.7))
def lists_sorted(x, y):
    rows = [(2, x), (1, y), (2, y), (0, x * y)]
    rows.sort(key=lambda row: row[0])
    pairs = sorted([("b", 1, x), ("b", 0, y), ("a", 3, x * y)], reverse=True)
    numbers = [x, y, x * y]
    numbers.sort(reverse=True)
    names = ["u", "v", "w"]
    names.remove("u")
    total = sum((k + 1) * row[1] for k, row in enumerate(rows)) + pairs[0][2] * pairs[2][2]
    return total + numbers[0] ** 2 * names.index("w") + names.count("u") * y


@program((normal(4),))
def lists_of_run_time_length_sorted(a):
    rows = [(v * v, v) for v in a]
    rows.sort()
    numbers = [v for v in a if v < 100]
    numbers.sort(key=lambda v: -v)
    return sum((k + 1) * row[0] for k, row in enumerate(rows)) + numbers[0] * numbers[1]


@program((1.2, 0.7))
def from_keys(x, y):
    d = dict.fromkeys(["p", "q"], x)
    d["p"] += y
    return d["p"] * d["q"]


@program((normal(7), 1.3))
def in_steps(a, x):
    total = 0.0
    for k, v in enumerate(itertools.islice(a, 1, len(a), 3)):
        total += (k + 1) * v * x
    for i in itertools.islice(itertools.count(), 2, len(a), 2):
        total += a[i] ** 2
    return total * len(range(1, len(a), 2)) + a[0] * len(range(len(a), 2))


@program((normal(4), normal(3), 0.7))
def of_two_lengths(a, b, x):
    return sum(u * v for u, v in itertools.zip_longest(a, b, fillvalue=x)) + np.sum(a)
