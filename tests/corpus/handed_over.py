"""What the sweeps of second derivatives hand over: parts of stacks, and values that one branch defines."""

import numpy as np

from adjoint import grad
from tests.corpus.registry import normal, program


def halved(t):
    while np.sum(t * t) > 1.0:
        t = 0.5 * np.tanh(t)
    return np.sum(t**3)


@program((normal(3),))
def value_and_gradient_of_a_while(x):
    return halved(x) + 2.0


@program((0.4, normal(3), 3), (0.4, normal(3), 0))
def stack_of_which_a_part_is_read(x, v, n):
    y = x * x
    k = 0
    while k < n:
        t = v * 0.5 + np.cos(x - np.cumsum(v))
        y -= np.cos(np.exp(-abs(y + x)))
        v = t * 0.5 + np.cos(v)
        k += 1
    return y + np.sum(v)


@program((0.4, normal(3), 4), (0.4, normal(3), 3), (1.7, normal(3), 4))
def array_that_one_branch_pushes(x, v, n):
    for i in range(n):
        if i % 2 == 0 and x < 1.5:
            v = x * 0.5 + np.arctan(np.log(2.0 + v * v))
    return np.sum(v * x)


@program((normal(3), 2.0), (normal(3), -2.0))
def array_that_one_branch_hands_over(x, t):
    if t > 0:
        y = np.exp(x) * t
        z = y * y
    else:
        z = x - t
    if t > 1:
        z = z * np.sin(z)
    return np.sum(z)


@program((normal(1, 3), normal(2, 3), 3), (normal(1, 3), normal(2, 3), 0))
def axis_that_may_be_one_in_a_loop(r, a, n):
    for i in range(n):
        r = r * 0.5 + np.sin(a[:1]) * r
    return np.sum(r)


@program((1.5, 1), (1.5, -1))
def complex_in_one_branch(x, k):
    y = 1j * x if k > 0 else x
    return abs(y * x + 1)


@program((0.7,))
def gradient_and_value_share_a_loop(x):
    def f(t):
        for i in range(3):
            t = np.sin(t) + 0.5 * t * i
        return t

    return grad(f)(x) * f(x)
