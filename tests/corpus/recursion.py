"""Functions that call themselves on a condition known at run time only."""

import numpy as np

from tests.corpus.registry import normal, positive, program


def halve(x):
    return x * x if x < 1.0 else halve(x / 2.0) + x


@program((7.0,), (0.4,), float32=True)
def a_number(x):
    return halve(x)


def tree_sum(x):
    n = x.shape[0]
    if n == 1:
        return x[0] ** 2
    return tree_sum(x[: n // 2]) * 0.9 + np.sin(tree_sum(x[n // 2 :]))


@program((normal(5),), (normal(1),), float32=True)
def divide_and_conquer(x):
    return tree_sum(x)


def first(x, n):
    return x if abs(x) < 0.3 else second(x * 0.7, n + 1)


def second(x, n):
    return x * n if abs(x) < 0.2 else first(np.sin(x), n + 1)


@program((0.9,))
def two_that_call_each_other(x):
    return first(x, 0) + second(x, 1)


def several(x, k):
    if k > 5:
        return x, k
    if x > 2.0:
        return x * 0.1, k
    a, b = several(x * 1.3, k + 1)
    return a * x, b


@program((0.9,))
def several_results(x):
    a, b = several(x, 0)
    return a * b


def settle(params, x):
    if np.sum(x**2) < 0.5:
        return {"y": x @ params["w"], "n": x * 1.0}
    inner = settle(params, x * 0.5)
    return {"y": inner["y"] + np.tanh(x), "n": inner["n"] * params["b"]}


@program((normal(3, 3), normal(3, seed=1), normal(3, seed=2)))
def containers(w, b, x):
    found = settle({"w": w, "b": b}, x)
    return found["y"] * found["n"]


@program((2.3, 0.4))
def closure(x, y):
    def go(z):
        if z < 0.5:
            return z * y
        return go(z * 0.5) + np.sin(z * x)

    return go(x) * y


@program((normal(4) + 2.0,))
def in_a_loop(x):
    total = 0.0
    for i in range(4):
        total = total + halve(x[i]) * i
    return total


def accumulate(x, total):
    if x < 0.4:
        return total
    return accumulate(x * 0.6, total + np.cos(x))


@program((2.0,))
def an_argument_that_varies_later(x):
    return accumulate(x, 0.0)


def horner(x, n):
    if n == 0:
        return 1.0
    return x * horner(x, n - 1) + n


@program((0.7,))
def more_levels_than_are_unrolled(x):
    return horner(x, 50)


def branching(x):
    if x.shape[0] == 1:
        return np.sin(x[0])
    total = 0.0
    for k in range(x.shape[0]):
        total = total + branching(x[1:]) * x[k]
    return total


@program((normal(4),))
def around_a_loop(x):
    return branching(x)


def compositions(x):
    total = x[0]
    for k in range(x.shape[0] - 1):
        total = total + np.sin(compositions(x[k + 1 :]))
    return total


@program((normal(4),))
def ended_by_an_empty_loop(x):
    return compositions(x)


def newton(x, y):
    steps = 0
    while steps < 3 and x * x < y + 0.5:
        steps = steps + 1
        for k in range(2):
            if x > 1.0:
                x = 0.5 * (x + y / x) + 0.0001 * k
            else:
                x = x + 0.3 * (y - x * x)
    if y < 1.5:
        return x * (steps + 1)
    return newton(x, y * 0.5) * x + y * newton(x + 0.1, y * 0.4)


@program((0.31, 2.87))
def around_loops_in_loops_and_branches(x, y):
    return newton(x, y)


def folded(x, w):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(i + 1):
            total = total + np.sin(x[i] * w) * x[j]
    if total < 0.5:
        return total
    return folded(x * 0.7, w) * total + folded(x * 0.5, w * 0.9)


@program((positive(3) + 0.5, 0.8))
def around_nested_loops(x, w):
    return folded(x, w)


def quicksort(x):
    if x.shape[0] <= 1:
        return x * 2.0
    pivot, rest = x[0], x[1:]
    return np.concatenate([quicksort(rest[rest < pivot]), x[:1], quicksort(rest[rest >= pivot])])


@program((normal(6),))
def lengths_known_to_no_caller(x):
    return quicksort(x)


def apply_until(f, x):
    if x < 0.3:
        return x
    return apply_until(f, f(x))


@program((2.0, 0.5))
def functions_as_arguments(x, a):
    return apply_until(lambda z: z * a, x) + apply_until(lambda z: np.sin(z) * 0.9, x)


def norms(x, order):
    if np.abs(x).max() < 0.2:
        return np.sum(np.abs(x) ** order)
    return norms(x / 2, order) + 1.0


@program((normal(3),))
def options(x):
    return norms(x, 2) + norms(x, 3)


def ackermann(m, x):
    if m == 0:
        return x + 1.0
    if x <= 0:
        return ackermann(m - 1, 1.0)
    return ackermann(m - 1, np.sin(ackermann(m, x - 1)))


@program((1.5,))
def a_call_of_a_call(x):
    return ackermann(2, x)


def filled(x):
    y = np.zeros(3)
    y[0] = x
    y[1] = np.sin(x)
    if x < 0.5:
        return y
    y[2] = filled(x * 0.4)[1]
    return y * 1.5


@program((2.0,))
def arrays_that_are_written(x):
    return filled(x)


def simpson(f, a, b, depth):
    c = (a + b) / 2
    whole = (b - a) / 6 * (f(a) + 4 * f(c) + f(b))
    if depth == 0 or abs(b - a) < 0.3:
        return whole
    return simpson(f, a, c, depth - 1) + simpson(f, c, b, depth - 1)


@program((0.3, 1.7))
def adaptive_quadrature(a, b):
    return simpson(lambda t: np.sin(t * a), a, b, 10)


def early(x):
    if x < 0.1:
        return 0.0
    while x > 1.0:
        x = x * 0.5
    y = early(x * 0.5)
    return y + x if y < 0.4 else y * x


@program((3.3,))
def a_loop_before_the_call(x):
    return early(x)


class Scaled:
    def __init__(self, scale):
        self.scale = scale

    def go(self, x):
        return x if x < 0.3 else self.go(x * self.scale) * x


SCALED = Scaled(0.7)


@program((2.0,))
def method(x):
    return SCALED.go(x)


WEIGHTS = normal(3, 3) * 0.1


def contract(x):
    if np.sum(x * x) < 0.01:
        return x
    return contract(np.tanh(WEIGHTS @ x))


@program((normal(3),))
def data_from_outside(x):
    return contract(x)


def scan_by_halves(x):
    n = x.shape[0]
    if n == 1:
        x *= 1.5
        return
    half = n // 2
    scan_by_halves(x[:half])
    scan_by_halves(x[half:])
    x[half:] += np.sum(x[:half]) * x[half:]


@program((normal(5),), (normal(1),))
def divide_and_conquer_in_place(x):
    scan_by_halves(x)
    return np.sum(x * x)


def halved(x):
    x[1:] = x[:-1] * x[1:]
    return np.sum(x) if np.sum(x * x) < 0.5 else halved(x * 0.5)


@program((normal(4),))
def writes_into_its_argument(x):
    return halved(x)
