import math


def program(x: float, n: int):
    y = x
    for i in range(n):
        if i % 2 == 0:
            y = y * x + 1
        else:
            y = math.sin(y)
    return y
