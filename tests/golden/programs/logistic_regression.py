# types: f8[d], f8[n,d], f8[n]
import numpy as np


def program(w, x, y):
    z = x @ w
    return np.sum(np.logaddexp(0.0, z) - y * z) + 0.5 * (w @ w)
