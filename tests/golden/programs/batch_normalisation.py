# types: f8[n,d], f8[d], f8[d]
# argnums: 0, 1, 2
import numpy as np


def program(x, gamma, beta):
    mean = x.mean(axis=0)
    variance = ((x - mean) ** 2).mean(axis=0)
    return np.sum(np.tanh(gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta))
