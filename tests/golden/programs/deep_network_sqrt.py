"""Straight-line code under a schedule: a few states are kept, the layers between them run again."""

import numpy as np


# types: f8[n,n], f8[m,n]
# argnums: 0
# schedule: "sqrt"
def program(w, x):
    h1 = np.tanh(x @ w)
    h2 = np.tanh(h1 @ w)
    h3 = np.tanh(h2 @ w)
    h4 = np.tanh(h3 @ w)
    h5 = np.tanh(h4 @ w)
    h6 = np.tanh(h5 @ w)
    h7 = np.tanh(h6 @ w)
    h8 = np.tanh(h7 @ w)
    return np.sum(h8 * h8)
