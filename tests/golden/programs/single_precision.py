# types: f4[n], f4[n]
# argnums: 0, 1
import numpy as np


def program(x, y):
    return np.sum(np.exp(-0.5 * x) * y) / 3.0
