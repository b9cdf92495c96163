"""Code that NumPy would refuse, and that these calls do not reach: arrays of length 1, branches that are not taken."""

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(1), 1.2), (normal(3), 1.2))
def differences_of_one(a, q):
    if len(a) > 1:
        return np.sum((a[1:] - a[:-1]) ** 2) * q
    total = 0.0
    for i in range(1, len(a)):
        total += a[i] * (a[i] - a[i - 1])
    return total + q * a[0]


@program((normal(3), 1.2))
def lengths_that_do_not_fit(a, q):
    b, c = np.ones(3), np.ones(2)
    if q > 5:
        b = b + c
    return q * np.sum(b * a)


@program((normal(1), 1.2))
def broadcast_to_another_length(a, q):
    b = np.ones(3)
    if q > 5:
        b = b + np.concatenate([a, a])
    return q * np.sum(b * a)


@program((normal(1, 3), 1.2))
def loop_without_a_trip(a, q):
    total = 0.0
    for _ in range(len(a) - 1):
        total += np.sum(np.zeros(3) + np.zeros(2))
    while q > 5:
        q = q - np.sum(np.ones((2, 3)) @ np.ones(2))
    return total + q * np.sum(a)
