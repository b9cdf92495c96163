# types: f8[n]
import numpy as np


def program(x):
    while np.sum(x * x) > 1.0:
        x = 0.5 * np.tanh(x)
    return np.sum(x)
