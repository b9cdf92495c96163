"""Lists, dicts and objects that a function which calls itself is given, changes, and gives back."""

import numpy as np

from tests.corpus.registry import program


def collected(t, depth, out):
    if depth <= 0:
        return
    if t > 0.3:
        out.append(t * t)
    collected(t * 0.8, depth - 1, out)


@program((1.3, 3), (0.2, 2), (1.3, 0))
def appends_where_a_test_says(x, depth):
    out = []
    collected(x, depth, out)
    return sum(out) + x


def both_ways(t, out):
    if t > 0.1:
        out.append(t * t)
        both_ways(t * 0.5, out)
        if t < 0.5:
            out.append(t * t * t)


@program((1.5,))
def appends_on_the_way_down_and_up(x):
    out = [x]
    both_ways(x, out)
    return sum(v * k for k, v in enumerate(out))


def given_back(t, out):
    if t < 0.2:
        return out
    if t > 0.5:
        out.append(t * t)
    return given_back(t * 0.7, out)


@program((1.3,))
def gives_back_what_it_was_given(x):
    mine = [x]
    same = given_back(x, mine)
    same.append(x * x)
    return sum(mine) * len(mine)


def shortened(t):
    if t < 0.2:
        return [t]
    return [*shortened(t * 0.5), t * t]


@program((1.5,))
def makes_a_list(x):
    ys = shortened(x)
    ys.append(x * x)
    return sum(ys) * ys[0]


def noted(t, pairs, notes):
    if t > 0.1:
        pairs.append((t * t, t))
        notes["total"] = notes["total"] + t
        notes["all"].append(t)
        noted(t * 0.5, pairs, notes)


@program((1.5,))
def changes_a_dict_and_what_is_in_it(x):
    pairs, notes = [], {"total": 0.0, "all": []}
    noted(x, pairs, notes)
    return sum(v * w for v, w in pairs) * notes["total"] + sum(notes["all"])


class Visits:
    def __init__(self):
        self.points = []
        self.total = 0.0

    def go(self, t):
        if t < 0.1:
            return
        self.points.append(t)
        self.total += t * t
        self.go(t * 0.4)
        self.go(t * 0.3)


@program((1.5,))
def method_that_calls_itself_twice(x):
    visits = Visits()
    visits.go(x)
    return sum(visits.points) * visits.total


def counted_simpson(f, ends, eps, whole, values, calls):
    (a, b), (fa, fm, fb) = ends, values
    m = (a + b) / 2
    left_m, right_m = f((a + m) / 2), f((m + b) / 2)
    left, right = (m - a) / 6 * (fa + 4 * left_m + fm), (b - m) / 6 * (fm + 4 * right_m + fb)
    calls[0] += 1
    rest = left + right - whole
    if abs(rest) <= 15 * eps:
        return left + right + rest / 15
    first = counted_simpson(f, (a, m), eps / 2, left, (fa, left_m, fm), calls)
    return first + counted_simpson(f, (m, b), eps / 2, right, (fm, right_m, fb), calls)


@program((1.5, 0.4))
def adaptive_quadrature_that_counts(p, q):
    def f(t):
        return np.exp(-p * t) * np.sin(q * t * 5)

    calls = [0]
    values = f(0.0), f(1.0), f(2.0)
    total = counted_simpson(f, (0.0, 2.0), 1e-4, (values[0] + 4 * values[1] + values[2]) / 3, values, calls)
    return total * calls[0]


def counted_down(t, items):
    items[0] = items[0] + t
    return t if t < 1.0 else counted_down(t * 0.5, items)


@program((3.0,))
def writes_an_item(x):
    items = [x, x]
    return counted_down(x, items) * items[0]
