import math


def program(x: float, y: float):
    if x > y:
        z = x * y
    else:
        z = math.exp(x)
    return z * x
