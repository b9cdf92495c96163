# types: f8[n,n], f8[n], i8
import numpy as np


def program(a, v, n):
    for _ in range(n):
        w = a @ v
        v = w / np.sqrt(w @ w)
    return v @ a @ v
