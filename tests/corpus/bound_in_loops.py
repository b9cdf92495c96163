"""Names that the first trip of a loop binds, and later trips read before they bind them anew."""

# ruff: noqa: F821, F841  # a linter takes them for undefined, and for unused

import numpy as np

from tests.corpus.registry import normal, program


@program((normal(4),))
def first_trip_apart(x):
    total = 0.0
    for i in range(len(x)):
        if i == 0:
            power = x[0]
        else:
            power = power * x[i]
        total += power
    return total


@program((normal(4),))
def conditional_expression(x):
    total = 0.0
    for i in range(4):
        value = x[i] if i == 0 else x[i] * last
        last = np.sin(value)
        total += last
    return total


@program((normal(4), 3))
def bound_after_it_is_read(x, n):
    for i in range(n):
        if i > 0 and last > 0.0:
            total = total + last
        else:
            total = x[i]
        last = x[i]
    return total + last


@program((normal(5),))
def in_an_inner_loop(x):
    total = 0.0
    for i in range(3):
        for j in range(i):
            total += before * x[j]
        before = np.cos(x[i])
    return total


@program((normal(3, 4), normal(3, 4)))
def back_substitution_by_columns(c, d):
    out = np.zeros_like(c)
    for k in range(c.shape[1] - 1, -1, -1):
        if k == c.shape[1] - 1:
            column = d[:, k]
        else:
            column = d[:, k] - c[:, k] * below
        below = column
        out[:, k] = np.sin(column)
    return np.sum(out)


@program((normal(4),))
def while_loop(x):
    k = 0
    while k < 3:
        step = x[k] if k == 0 else 0.5 * step + x[k]
        k += 1
    return step * step
