"""Loops that end early: break, continue, return and else, on every path, in both modes and to second order."""

import numpy as np
import pytest

import adjoint


def break_continue_and_else(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 1.0:
            break
        if x[i] < -1.0:
            continue
        s = s * 0.5 + np.sin(x[i]) * s + x[i]
    else:
        s = s * 2
    return s


def return_from_nested_loops(x):
    for i in range(3):
        for j in range(3):
            if x[i] * x[j] > 0.7:
                return x[i] * x[j]
            x = x * 1.1
    return np.sum(x)


def while_true_with_break(x):
    n = 0
    while True:
        x = 0.5 * (x + 2.0 / x)
        n += 1
        if np.max(abs(x * x - 2.0)) < 1e-6 or n > 20:
            break
    return np.sum(x)


def return_from_a_loop_over_a_tuple(x):
    for w in (1.0, 2.0, 3.0):
        if np.sum(x) * w > 4.0:
            return x[0] * w
        x = x + 0.3 * w
    return np.sum(x)


def continue_and_return_in_a_while(x):
    s = 0.0
    k = 0
    while k < 10:
        k += 1
        if k % 3 == 0:
            continue
        if k > 7:
            return s * x[0]
        s = s + x[1] * k
    return s


def else_of_an_inner_loop(x):
    for v in x:
        if v < 0.0:
            continue
        for u in x:
            if u > v:
                break
            x = x + 0.01 * u * v
        else:
            return np.sum(x * x)
    return np.sum(x)


def no_trips(x, n=0):
    s = x[0]
    for _ in range(n):
        if s > 1.0:
            break
        s = s * x[1]
    return s


def break_after_a_write(x):
    u = x * 1.0
    for i in range(1, 5):
        u[i] = u[i - 1] * u[i]
        if u[i] < 0.05:
            break
    return np.sum(u)


PROGRAMS = [
    break_continue_and_else, return_from_nested_loops, while_true_with_break, return_from_a_loop_over_a_tuple,
    continue_and_return_in_a_while, else_of_an_inner_loop, no_trips, break_after_a_write,
]  # fmt: skip


def sample(seed):
    numbers = np.random.default_rng(seed).standard_normal(5)
    return np.abs(numbers) + 0.2 if seed % 2 else numbers + 0.3


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_loops_that_end_early(program, seed):
    x = sample(seed)
    value, _ = adjoint.value_and_grad(program)(x)
    assert value == program(x.copy())
    adjoint.check_grads(program, (x,), order=2)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_reverse_over_reverse(program):
    gradient = adjoint.grad(program)
    adjoint.check_grads(lambda x: np.sum(gradient(x) ** 2), (sample(1),), order=1)


def test_what_is_returned_may_be_unbound():
    def first_positive(x):
        for v in x:
            if v > 0.0:
                y = v * v
                break
        return y

    assert adjoint.grad(first_positive)(np.array([-1.0, 2.0]))[1] == 4.0
    with pytest.raises(UnboundLocalError, match="'y'"):
        adjoint.grad(first_positive)(np.array([-1.0, -2.0]))
