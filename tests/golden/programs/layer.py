# types: f8[n,k], f8[k,m], f8[m]
# argnums: 1, 2
import numpy as np


def program(x, w, b):
    return np.sum(np.tanh(x @ w + b) ** 2)
