# types: f8[n], float, int
# argnums: 0, 1
# schedule: Revolve(20)
"""Time stepping from 20 snapshots."""

import numpy as np


def program(u, c, steps):
    for t in range(steps):
        u[1:-1] = u[1:-1] + c * u[1:-1] * (np.sin(u[2:]) - u[:-2]) * t
    return np.sum(u**2)
