"""`match`: structures at compile time, numbers at run time, guards, and what the names are bound to."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import normal, program


class Circle(NamedTuple):
    radius: float


@dataclass
class Box:
    width: float
    height: float


@dataclass
class Shifted:
    shape: Box
    by: float


def area(shape):
    match shape:
        case Circle(radius=r):
            return np.pi * r**2
        case Circle() | None:
            return 0.0
        case Box(width, height) if width > height:
            return width * height
        case Box(side, other):
            return side**2 + other
        case Shifted(Box() as box, by):
            return area(box) * by
        case [first, *rest]:
            return area(first) + 0.5 * area(rest)
        case []:
            return 0.1
        case float() | int():
            return shape * 2.0
    return -1.0


@program((0.5, 1.5), (1.5, 0.5))
def areas(x, y):
    shapes = [Circle(x), Box(x, y), Shifted(Box(y, x), x * y), x * x]
    return area(shapes) + area(None) + area("other")


@program((0.3, 2.0), (0.8, 2.0), (-0.3, 2.0))
def numbers_at_run_time(x, w):
    match np.round(x):
        case 0 if x < 0:
            return w * 3.0 + x
        case 0 | 2:
            return w * w * x
        case positive if positive > 0:
            return positive * w + x
    return w


@program((0.3, 3), (0.3, 7), (0.3, 12))
def numbers_that_choose(x, n):
    total = x
    for k in range(n):
        match k % 4:
            case 0:
                total = total * x
            case 1 | 2 as which:
                total += which * x
            case _ if total > 1.0:
                total = np.sin(total)
    return total


@program((0.5, 1.5))
def commands(x, y):
    stack = [x]
    for command in (("push", y), ("add",), ("push", x * y), ("mul",), ("scale", {"by": y, "twice": True}), "stop"):
        match command:
            case ["push", value]:
                stack.append(value)
            case ["add"]:
                stack.append(stack.pop() + stack.pop())
            case ["mul"]:
                stack.append(stack.pop() * stack.pop())
            case ["scale", {"by": factor, "twice": True, **others}]:
                stack[-1] *= factor * factor + len(others)
            case "stop":
                break
    return stack[-1]


@program((0.5, 1.5), (2.5, 1.5))
def pairs_with_guards(x, y):
    match (x, y):
        case (a, b) if a > b:
            y = a - b * x
        case (a, b) if a * b > 10.0:
            x = b
        case a, _:
            x = a * a
    return x * y


@program(({"kind": "sine", "scale": 0.7}, 0.5))
def mapping_argument(layer, x):
    match layer:
        case {"kind": "cosine"}:
            return np.cos(x)
        case {"kind": "sine" | "sin", "scale": s}:
            return np.sin(s * x) * s
        case _:
            return x


@program((normal(4),))
def early_return_from_a_loop(a):
    total = 1.0
    for k, v in enumerate(a):
        match k:
            case 3:
                return total * v
            case 1:
                continue
        total = total * v + 0.5
    return total
