import math


def program(x: float, v: float, n: int):
    for _ in range(n):
        v = v - 0.1 * math.sin(x)
        x = x + 0.1 * v
    return x * x + v * v
