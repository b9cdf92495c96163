# types: f8[n], f8
import numpy as np


def program(x, t):
    y = x * 2
    if t > 0:
        y[0] = t
    else:
        y[1:] = y[1:] * t
    return np.sum(y * y)
