# types: f8[n], float
# argnums: 0, 1
# schedule: Revolve(20)
"""A loop of unknown length, reversed from 20 snapshots."""

import numpy as np


def program(x, a):
    while np.sum(x) > a:
        x = x * 0.9 - a * np.sin(x)
    return np.sum(x**2)
