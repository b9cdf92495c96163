# types: c16[n], f8[n]
import numpy as np


def program(z, x):
    w = z * np.exp(1j * x)
    return np.sum(np.abs(w) ** 2) + np.sum(w.real)
