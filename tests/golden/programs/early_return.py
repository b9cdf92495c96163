import math


def program(x: float):
    if x < 0:
        return x * x
    y = math.sqrt(x)
    return y + math.log(1 + y)
