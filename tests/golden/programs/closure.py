# types: f8, f8
import math


def program(x, y):
    scale = x * y

    def inner(t):
        return scale * math.sin(t) + x

    return inner(y) * inner(x)
