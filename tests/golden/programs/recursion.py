# types: f8[n]
import numpy as np


def program(x):
    n = x.shape[0]
    if n == 1:
        return x[0] ** 2
    left = program(x[: n // 2])
    right = program(x[n // 2 :])
    return left * 0.9 + np.sin(right)
