# types: f8[n]
import numpy as np


def program(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i] + 0.5 * y[i - 1] ** 2
    return np.sum(y)
