# types: f8[n,1], f8[m], f8
# argnums: 0, 1, 2
import numpy as np


def program(column, row, s):
    return np.sum(np.sin(column * row + s) * row)
