# types: f8[n]
import numpy as np


def program(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = np.sin(x[i]) * x[i]
    return y @ x
