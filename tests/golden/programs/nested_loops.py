# types: f8[n,m]
import numpy as np


def program(a):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += np.sin(a[i, j]) * a[i, 0]
    return s
