import math


def program(x: float, y: float):
    return math.sin(x) * math.exp(-y) + math.sqrt(x * y) + math.log(x) / math.tanh(y)
