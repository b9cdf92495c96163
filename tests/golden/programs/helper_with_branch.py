# types: f8, f8
import math


def clipped(x):
    if x > 1:
        return 1 + math.log(x)
    return x


def program(x, y):
    return clipped(x * y) * clipped(x + y)
