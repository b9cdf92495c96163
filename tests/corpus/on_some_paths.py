"""Values, keys and attributes that are there on some paths only, None at the start, functions in lists."""

# ruff: noqa: PERF401  # lists that grow in a loop are what is tested

from dataclasses import dataclass

import numpy as np

from tests.corpus.registry import normal, program


class Thing:
    def __init__(self, w):
        self.w = w
        self.memo = None


def closures_in_a_list(x, y):
    fs = []
    for k in range(3):

        def f(z, k=k):
            return z * x + k * y

        fs.append(f)
    return sum(f(y) for f in fs)


def lambdas_in_a_list(x, y):
    fs = []
    for c in (x, y, x * y):
        fs.append(lambda z, c=c: z * c)
    total = 0.0
    for f in fs:
        total = total + f(x)
    return total


def key_first_set_in_loop(x, y):
    d = {}
    for k in range(3):
        d["last"] = x * y**k
    return d["last"] * x


def attribute_first_set_in_loop(x, y):
    t = Thing(x)
    for k in range(3):
        t.w = t.w * y
        t.latest = t.w * k
    return t.latest + t.w


def attribute_in_one_branch(x, y):
    t = Thing(x)
    if x > 0:
        t.extra = y
    return t.w * y


@program((0.5, 1.5), (-0.5, 1.5))
def maybe_key(x, y):
    d = {"a": x}
    if x > 0:
        d["b"] = y
    t = d.get("b", x * 2)
    if "b" in d:
        t = t * d["b"]
    if "c" not in d and x > -3:
        d["c"] = x
    return t * d["a"] * d["c"] + d.pop("b", 3.0)


@program((0.5, 1.5), (-0.5, 1.5))
def maybe_key_set_again(x, y):
    d = {"a": x}
    if x > 0:
        d["b"] = y
    d["b"] = x * y
    return sum(d.values()) + len(d) * d["b"]


@program((0.5, 1.5), (-0.5, 1.5))
def maybe_key_two(x, y):
    d = {"a": x}
    if x > 0:
        d["b"] = y
    else:
        d["c"] = y * 2
    d["b"] = x * y
    d["c"] = x
    return d["a"] * d["b"] * d["c"]


@program((0.5, 1.5, 4), (-0.5, 1.5, 2))
def two_keys_in_a_loop(x, y, n):
    best = {}
    for k in range(n):
        best["value"] = x * y + k
        best["where"] = k * y
    return best["value"] * best["where"]


@program((0.5, 1.5, 4), (-0.5, 1.5, 2))
def best_so_far(x, y, n):
    best = {}
    for k in range(n):
        v = x * np.cos(y * k)
        if "value" not in best or v > best["value"]:
            best["value"] = v
            best["place"] = k
    return best["value"] * best["place"]


@program((normal(4), 1.5))
def attribute_structure_changes(a, x):
    t = Thing(x)
    for v in a:
        t.w = t.w * v
        t.memo = v * x
    return t.w * t.memo


@program((normal(4), 1.5))
def memo_attribute(a, x):
    t = Thing(x)

    def get():
        if t.memo is None:
            t.memo = np.sum(a) * t.w
        return t.memo

    return get() * get() * x


@program((normal(4), 1.5), (normal(4), -1.5))
def attribute_other_kind(a, x):
    t = Thing(x)
    if x > 0:
        t.memo = (x, x)
    return t.w * x


@program((normal(4), 1.5), (normal(4), -1.5))
def dict_list_in_branch(a, x):
    d = {"a": x}
    if x > 0:
        d["list"] = [x, x * x]
    else:
        d["list"] = [x, 3.0]
    d["list"].append(a[0])
    return sum(d["list"]) * d["a"]


@program((normal(4), 1.5), (normal(4), -1.5))
def dict_array_in_branch(a, x):
    d = {"a": x}
    if x > 0:
        d["arr"] = a * x
    s = np.sum(d["arr"]) if "arr" in d else x
    return s * d["a"]


@program((normal(4), 1.5))
def kwargs_default_closure_list(a, x):
    fs = []
    for k in range(len(a)):
        fs.append(lambda z, *, c=a[k] * x: z * c)
    return sum(f(x) for f in fs) * fs[1](2.0)


@program((normal(4), 1.5), (normal(4), -1.5))
@program((normal(4), 1.5))
def closure_in_object(a, x):
    t = Thing(x)
    for k in range(3):
        t.memo = lambda z, k=k: z * k * x
    return t.memo(a[0])


@program((normal(4), 1.5), (normal(4), -1.5))
def name_array_in_branch(a, x):
    there = False
    if x > 0:
        arr = a * x
        there = True
    s = np.sum(arr) if there else x
    return s * x


@program((normal(4), 1.5), (normal(4), -1.5))
def best_none(a, x):
    best = None
    for v in a:
        w = v * x
        if best is None or w > best:
            best = w
    return best * x


@program((normal(4), 1.5), (normal(4), -1.5))
def previous_none(a, x):
    prev = None
    total = 0.0
    for v in a:
        if prev is not None:
            total = total + (v - prev) ** 2 * x
        prev = v
    return total


@program((0.5, 1.5), (-0.5, 1.5))
def key_in_both_branches(x, y):
    d = {"a": x}
    if x > 0:
        d["b"] = y
        d["c"] = x
    else:
        d["c"] = y * 2
        d["b"] = x * y
    return d["a"] * d["b"] + d["c"]


@program((normal(5), 0.7))
def optional_array(a, x):
    velocity = None
    for k in range(4):
        slope = np.sin(a) * x
        if velocity is None:
            velocity = slope
        else:
            velocity = 0.9 * velocity + slope
        a = a - 0.1 * velocity
    return np.sum(a * velocity)


class Adam:
    def __init__(self, rate):
        self.rate = rate
        self.m = None
        self.v = None
        self.t = 0

    def step(self, x, g):
        if self.m is None:
            self.m = np.zeros_like(x)
            self.v = np.zeros_like(x)
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.99 * self.v + 0.01 * g * g
        mhat = self.m / (1 - 0.9**self.t)
        vhat = self.v / (1 - 0.99**self.t)
        return x - self.rate * mhat / (np.sqrt(vhat) + 1e-3)


@program((normal(3), 0.1, 5))
def adam(x, rate, n):
    opt = Adam(rate)
    for _ in range(n):
        g = 2 * x + np.cos(x)
        x = opt.step(x, g)
    return np.sum(x * x)


@program((normal(5), 0.7), (normal(5), -0.7))
def optional_result(a, x):
    def crossing(values, level):
        for k in range(len(values)):
            if values[k] > level:
                return k
        return None

    k = crossing(a, x)
    if k is None:
        return x * x
    return a[k] * x


@program((normal(5), 0.7))
def optional_default(a, x):
    def smooth(v, prev=None):
        if prev is None:
            return v
        return x * v + (1 - x) * prev

    s = None
    for v in a:
        s = smooth(v, s)
    return s * x


@program((normal(5), 0.7))
def optional_truth(a, x):
    last = None
    total = 0.0
    for v in a:
        total += (last or x) * v
        if last and last > v:
            total *= 1.1
        if not last:
            total += 1.0
        last = v if v > 0.2 else None
    return total


@program((normal(5), 0.7))
def optional_guard_raise(a, x):
    best = None
    for v in a:
        if best is None or v * x > best:
            best = v * x
    if best is None:
        raise ValueError("empty")
    return best**2


@program((normal(5), 0.7))
def optional_tuple(a, x):
    event = None
    t = 0.0
    for v in a:
        t += 0.1
        if event is None and v > 0.3:
            event = (t, v * x)
    if event is None:
        return x
    when, what = event
    return when * what


@program((normal(5), 0.7))
@program((normal(5), 0.7))
def optional_while(a, x):
    prev = None
    k = 0
    while prev is None or k < 4:
        prev = a[k] if prev is None else prev * a[k] * x
        k += 1
    return prev


@dataclass
class Node:
    value: float
    left: object = None
    right: object = None


def depth_sum(node, k):
    if node is None:
        return 0.0
    return node.value * k + depth_sum(node.left, k + 1) + depth_sum(node.right, k + 1)


@program((0.3, 1.5))
def static_tree(x, y):
    t = Node(x, Node(y, None, Node(x * y)), Node(y * y))
    return depth_sum(t, 1)


@program((normal(4), 1), (normal(4), -1))
def list_that_a_branch_replaces(a, k):
    xs = [a[0]]
    if k > 0:
        xs = [a[1]]
    xs.append(a[2])
    return sum(xs) * a[0]
