"""Branches: on values, on shapes, nested, with names bound in some of them, early returns."""

import math

import numpy as np

from tests.corpus.registry import normal, program


@program((1.5,), (-1.5,))
def if_else(x):
    if x > 0:
        y = x * x
    else:
        y = -3 * x
    return y


@program((1.5,), (-1.5,))
def if_without_else(x):
    y = x * 2
    if x > 0:
        y = y * x
    return y


@program((2.5,), (0.5,), (-0.5,))
def elif_chain(x):
    if x > 2:
        return math.log(x)
    elif x > 0:
        return x**3
    else:
        return math.exp(x)


@program((2.5, 0.5), (0.5, 2.5), (-2.5, 1.0), (-0.5, -1.0))
def nested_branches(x, y):
    if x > 0:
        if y > x:
            r = x * y
        else:
            r = x / (1 + y * y)
    elif y > 0:
        r = math.sin(x) + y
    else:
        r = 2.0
    return r * x


@program((2.5,), (0.5,), (-2.0,))
def early_returns(x):
    if x < 0:
        return x * x
    y = math.sqrt(x)
    if y > 1:
        return y * x
    return y + x


@program((1.0, 2.0), (2.0, 1.0))
def conditional_expression(x, y):
    return (x * x if x > y else y**3) + (1 if x > 1.5 else x)


@program((1.0, 2.0), (2.0, 1.0))
def swap_in_branch(x, y):
    if x < y:
        x, y = y, x
    return x - 2 * y


@program((abs(normal(4)),), (-abs(normal(4)),))
def branch_on_a_reduction(x):
    if x.sum() > 0:
        return np.sum(x**3)
    return np.sum(np.exp(x))


@program((normal(4),), (normal(4, 2),), (0.4,))
def branch_on_rank(x):
    if isinstance(x, float):
        return x * 3
    if x.ndim == 1:
        return np.sum(x * x)
    return np.sum(x[:, 0])


@program((1.5, 0.2), (0.2, 1.5), (-1.5, -0.2))
def boolean_operators(x, y):
    if (x > 0 and y > 1) or not (x > -1):
        return x * y
    return x - y


@program((1.5,), (-1.5,))
def constant_in_one_branch(x):
    y = 3.0 if x > 0 else x
    return y * x


@program((1.5,), (-1.5,))
def integer_in_one_branch(x):
    y = 0
    if x > 0:
        y = x * x
    return y + x


@program((1.5, 0.3), (-1.5, 0.3))
def several_names_in_both(x, y):
    if x > 0:
        a, b = x * y, x + y
    else:
        b, a = x, y
    return a * b + a


@program((1.5,), (-1.5,))
def branch_that_changes_nothing_relevant(x):
    label = 1
    if x > 0:
        label = 2
    return x * x + label


@program((normal(3), 1.5), (normal(3), -1.5))
def branch_on_scalar_of_arrays(x, t):
    if t > 0:
        y = x * t
    else:
        y = np.exp(x) - t
    return y / (1 + t * t)


@program((normal(3), 1.5), (normal(3), -1.5))
def array_or_scalar(x, t):
    s = x if t > 0 else t
    return np.sum(s * x)


@program((1.5,), (-1.5,))
def same_test_twice(x):
    y = x
    if x > 0:
        y = y * 2
    z = y * y
    if x > 0:
        z = z * y
    return z


@program((1.5, 2.0), (-1.5, 2.0))
def test_on_a_changed_value(x, y):
    if x > 0:
        x = -x * y
    if x < 0:
        y = y * x
    return x + y


@program((0.3,), (0.8,), (1.7,))
def huber(r):
    a = abs(r)
    return 0.5 * r * r if a <= 0.5 else 0.5 * (a - 0.25)


@program((1.5,), (0.5,))
def tuple_from_branch(x):
    pair = (x, 2 * x) if x > 1 else (x * x, x)
    a, b = pair
    return a * b


@program((1.2,), (-1.2,))
def early_return_of_tuple(x):
    if x > 0:
        return x, x * 2
    return x * x, 1.0


@program((2.0, 3), (2.0, 4))
def branch_on_an_integer(x, n):
    if n % 2 == 0:
        return x**n
    return x / n


@program((1.3,), (-0.4,))
def short_circuit_value(x):
    return (x > 0 and x * 2 > 1) * x + x


@program((0.7,))
def assertion_inside(x):
    assert x > 0, "positive only"
    return math.log(x)


@program((0.7,), (1.7,))
def raise_in_branch(x):
    if x < 0:
        raise ValueError("negative")
    elif x > 1:
        y = x * x
    else:
        y = x
    return y * x


@program((0.5, 1.0), (1.5, 1.0), (2.5, 1.0))
def piecewise_nested_returns(x, y):
    if x < 1:
        return x * y
    else:
        if x < 2:
            z = x * x
        else:
            return y
    return z * y


@program((1.5,), (-1.5,))
def variable_defined_in_both_with_other_types(x):
    if x > 0:
        y = 2
    else:
        y = 2.5 * x
    return x * y
