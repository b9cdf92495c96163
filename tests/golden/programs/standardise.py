# types: f8[n]
import numpy as np


def program(x):
    z = (x - x.mean()) / x.std()
    return np.sum(z**3)
