"""An expression of ten operations on Python floats: the shortest program that is worth a derivative."""

import math

from tests.benchmarks.workload import Workload


def expression(x, y):
    a = math.sin(x * y)
    b = math.exp(-x) + a
    return a * b / (1.0 + y * y) - b


def by_hand(x, y):
    xy = x * y
    a = math.sin(xy)
    e = math.exp(-x)
    b = e + a
    d = 1.0 + y * y
    a_over_d = a / d
    b_bar = a_over_d - 1.0
    a_bar = b / d + b_bar
    xy_bar = a_bar * math.cos(xy)
    return xy_bar * y - b_bar * e, xy_bar * x - 2.0 * y * a_over_d * b / d


def in_torch(x, y):
    import torch

    a = torch.sin(x * y)
    b = torch.exp(-x) + a
    return a * b / (1.0 + y * y) - b


def arguments():
    return 0.7, 1.3


WORKLOAD = Workload(
    "scalar expression", expression, by_hand, (0, 1), {"small": arguments}, {"torch": in_torch}
)
