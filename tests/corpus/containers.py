"""Tuples, lists, dicts, named tuples and dataclasses as arguments, results and values inside."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import normal, program


class Point(NamedTuple):
    x: float
    y: float


@dataclass
class Parameters:
    weight: np.ndarray
    bias: float
    order: int = 2


@program(((0.3, 0.5),))
def tuple_argument(pair):
    x, y = pair
    return x * y + pair[0] ** 2


@program(([0.3, 0.5, 0.7],))
def list_argument(items):
    return items[0] * items[-1] + len(items) * items[1]


@program(({"w": normal(3), "b": 0.4}, normal(3, seed=1)))
def dictionary_argument(params, x):
    return np.tanh(params["w"] @ x + params["b"])


@program(({"inner": {"a": 0.3}, "pair": (0.1, normal(2))},))
def nested_argument(tree):
    a, v = tree["pair"]
    return a * tree["inner"]["a"] + np.sum(v * a)


@program((Point(0.3, 0.4),))
def named_tuple_argument(p):
    return p.x * p.y + p[0] ** 2


@program((Parameters(normal(3), 0.2), normal(3)))
def dataclass_argument(p, x):
    return np.sum((p.weight * x + p.bias) ** p.order)


@program((0.3, 0.4))
def dictionary_result(x, y):
    return {"sum": x + y, "product": x * y, "constant": 3.0}


@program((0.3, 0.4))
def named_tuple_result(x, y):
    p = Point(x * y, x)
    return Point(p.y, p.x * p.y)


@program((0.3, normal(2)))
def dataclass_result(x, v):
    return Parameters(v * x, x * x)


@program((0.3, 0.4))
def list_result(x, y):
    return [x, [y * x, 2.0], x + y]


@program((Point(0.3, 0.4), 3))
def named_tuple_carried(p, n):
    for i in range(n):
        p = Point(p.y, p.x * p.y + i)
    return p


@program(((normal(2, 3), normal(2)), (normal(1, 2), normal(1)), normal(3)))
def layers_by_tuple(first, second, x):
    for w, b in (first, second):
        x = np.tanh(w @ x + b)
    return x


@program((0.3, 0.4))
def dictionary_inside(x, y):
    state = {"a": x, "b": y * x}
    return state["a"] * state["b"] + state.get("c", 2.0) * state["a"]


@program((0.3, 0.4))
def tuple_arithmetic(x, y):
    t = (x, y) + (x * y,)
    return t[2] * t[0] + sum(t) + len(t) + max(t)


@program(((0.1, (0.2, 0.3)), 0.4))
def nested_unpacking(tree, z):
    a, (b, c) = tree
    return a * b * c * z + math.sin(c)


@program(({"a": 0.2, "n": 3, "name": "x"},))
def dictionary_with_static_parts(d):
    return d["a"] ** d["n"] if d["name"] == "x" else d["a"]


@program(((),), second=False)
def empty_tuple_argument(t):
    return 2.0 + len(t)


@program(((0.2, 0.5),))
def same_container_returned(pair):
    return pair


@program(((normal(2), normal(2, seed=4)),))
def arrays_in_tuple_swapped(pair):
    a, b = pair
    return b, a, a * b


@program((Parameters(normal(2), 0.2),))
def rebuilt_dataclass(p):
    q = Parameters(p.weight * 2, p.bias * p.bias)
    return np.sum(q.weight) * q.bias


@program((0.2, 0.3))
def comprehension_over_tuple(x, y):
    squares = [v * v for v in (x, y, x * y)]
    return squares[0] + 2 * squares[1] + sum(squares)


@program((0.2, 0.3))
def zip_and_enumerate_of_tuples(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip((x, y), (y, 2.0), strict=True)):
        s += a * b * (i + 1)
    return s
