# types: f8[n]
import numpy as np


def program(x):
    y = np.clip(x, -1.0, 1.0)
    return np.sum(np.where(y > 0, y * y, -np.log(1 - y)))
