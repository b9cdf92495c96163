"""The containers of `collections`, copies, slices and comparisons of containers, functions of `operator`, texts."""

# ruff: noqa: SIM905, UP031, UP032  # as users write it

import copy
import dataclasses
import functools
import operator
from collections import Counter, defaultdict, deque
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import normal, program


class Thing:
    def __init__(self, w):
        self.w = w


@program((normal(5), 1.3))
def deque_window(a, x):
    window = deque(maxlen=3)
    total = 0.0
    for v in a:
        window.append(v * x)
        total = total + sum(window) / len(window)
    return total


@program((normal(5), 1.3))
def deque_queue(a, x):
    q = deque([a[0], a[1]])
    q.appendleft(x)
    q.append(a[2] * x)
    first = q.popleft()
    last = q.pop()
    return first * last + q[0] * q[1]


@program((normal(5), 1.3))
def deque_run_time(a, x):
    q = deque()
    for v in a:
        q.append(v * v)
        if sum(q) > 2.0:
            q.popleft()
    return sum(q) * x + len(q)


@program((normal(5), 1.3))
def delayed_signal(a, x):
    buf = deque([0.0] * 3, maxlen=3)
    y = 0.0
    for v in a:
        old = buf[0]
        y = v + x * old
        buf.append(y)
    return y + buf[0]


@program((1.3, 0.7))
def default_dict(x, y):
    d = defaultdict(float)
    d["a"] += x
    d["b"] += y * x
    d["a"] += y
    return d["a"] * d["b"]


@program((1.3, 0.7))
def default_dict_list(x, y):
    groups = defaultdict(list)
    for k, v in (("a", x), ("b", y), ("a", x * y)):
        groups[k].append(v)
    return sum(groups["a"]) * sum(groups["b"])


@program((1.3, 0.7))
def counter(x, y):
    c = Counter("abracadabra")
    return c["a"] * x + c["b"] * y + c["z"]


@program((1.3, 0.7))
def counter_floats(x, y):
    c = Counter()
    c["a"] += x
    c["b"] += y
    c["a"] += y * y
    return c["a"] * c["b"]


@program((1.3, 0.7))
def list_equality(x, y):
    ys = [1, 2]
    names = ["a", "b"]
    t = x
    if names == ["a", "b"]:
        t = t * y
    if ys != [1, 2]:
        t = t * 10
    if (len(ys), "k") == (2, "k"):
        t = t + y
    return t


@program((1.3, 0.7))
def list_equality_numbers(x, y):
    if [x, y] == [x, y]:
        return x * y
    return x


@program((normal(5), 0.7))
def deep_copied(a, y):
    d = {"w": a, "list": [y, y * 2]}
    e = copy.deepcopy(d)
    e["w"][0] = y
    e["list"].append(1.0)
    f = copy.copy(d)
    f["w"][1] = y * y
    f["list"][0] = 3.0
    return np.sum(d["w"] * e["w"]) + sum(d["list"]) * sum(e["list"])


def collect(v, depth, out):
    if depth == 0:
        out.append(v)
        return
    collect(v * 2, depth - 1, out)
    collect(v + 1, depth - 1, out)


@program((1.3, 0.7))
def recursion_appends(x, y):
    out = []
    collect(x * y, 2, out)
    return sum(o * o for o in out)


@program((normal(5), 1.3))
def reduced(a, x):
    return functools.reduce(lambda s, v: s * x + v, a, 1.0) + functools.reduce(operator.mul, list(a))


@program((1.3, 0.7))
def operators(x, y):
    ops = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "^": operator.pow,
        "neg": operator.neg,
    }
    t = ops["+"](x, y) * ops["-"](x, y) / ops["/"](x, y) + ops["^"](x, y) + ops["neg"](x)
    first = operator.itemgetter(0)
    pair = operator.itemgetter(0, 1)
    w = operator.attrgetter("w")(Thing(y))
    a, b = pair([x, y])
    up = operator.methodcaller("sum")(np.array([x, y]))
    return t * first([x, y]) + w * a * b + up + operator.abs(-x) + operator.getitem([x, y], 1) + operator.iadd(x, y)


@dataclasses.dataclass
class State:
    x: float
    v: float
    t: float = 0.0


@program((1.3, 0.7))
def replaced(x, y):
    s = State(x, y)
    for _ in range(3):
        s = replace(s, x=s.x + 0.1 * s.v, v=s.v - 0.1 * s.x, t=s.t + 0.1)
    s = dataclasses.replace(s, t=0.0)
    return s.x * s.v + s.t


class Pt(NamedTuple):
    x: float
    y: float = 2.0


@program((1.3, 0.7))
def named_tuples(x, y):
    p = Pt(x)
    p = p._replace(y=y * p.y)
    d = p._asdict()
    q = Pt(*p)
    r = Pt._make([y, x])
    return d["x"] * p.y + q.x * q[1] + r.x


@program((normal(3), normal(3, seed=1)))
def summed_arrays(a, b):
    t = sum([a, b, a * b])
    u = sum((a, b), np.zeros(3))
    return np.sum(t * u)


@program((normal(5), 1.3, 3))
def sliced_lists(a, x, n):
    ys = [v * x for v in a]
    k = int(x * 5.2)
    part = ys[k:]
    head = ys[:n]
    mid = ys[k - 1 : n + 2]
    static = [x, x * 2, x * 3, x * 4]
    return sum(part) * sum(head) + sum(mid) + sum(static[k:]) + sum(static[:n])


@program((1.3, 0.7))
def formatted(x, y):
    s = f"{x:>10.3f} {y:+e} {x!r} {y=} {x * y:{10}.{3}}"
    t = "%.3f %d" % (x, 3)
    u = "{:.2f} {name}".format(x, name=y)
    v = "a,b".split(",")
    w = str(x) + " " + repr(y)
    for text in (s, t, u, w):
        assert text
    return x * y * len(v)


@program((1.3, 0.7))
def with_finally(x, y):
    try:
        t = x * y
    finally:
        u = x + y
    return t * u
