"""Long rows that a loop keeps for its reverse lie in one array."""

import numpy as np
import pytest

import adjoint


def burgers(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] = u[1:-1] - 0.1 * u[1:-1] * (u[1:-1] - u[:-2]) + 0.05 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def relaxed(u, steps):
    for step in range(1, steps):
        u = u + 0.1 * np.sin(u) * step
    return np.sum(u * u)


def strided(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[::2] = u[::2] * u[1::2]
        u[1::2] = np.cos(u[1::2])
    return np.sum(u)


def with_a_number(u, steps):
    scale = 1.0
    for _ in range(steps):
        u = np.tanh(scale * u)
        scale = scale + np.max(u) * scale
    return np.sum(u) * scale


def leaves_early(u, steps):
    for _ in range(steps):
        u = np.sin(u) * 0.9
        if np.max(u) < 0.3:
            break
    return np.sum(u)


def in_branches(u, steps):
    for k in range(steps):
        if k % 2:
            u = np.sin(u)
            u = u * u
        else:
            u = np.exp(-u * u)
    return np.sum(u)


PROGRAMS = [burgers, relaxed, strided, with_a_number, leaves_early, in_branches]


def of_size(size):
    return np.linspace(0.1, 1.0, size)


@pytest.mark.parametrize("steps", [-1, 0, 1, 6])
@pytest.mark.parametrize("fun", PROGRAMS)
def test_gradients_are_the_same_bits(fun, steps):
    gradient = adjoint.grad(fun)
    long = gradient(of_size(3000), steps)
    assert long.shape == (3000,)
    for schedule in ("sqrt", "recompute"):
        np.testing.assert_array_equal(adjoint.grad(fun, schedule=schedule)(of_size(3000), steps), long)
    adjoint.check_grads(lambda u: fun(u, steps), (of_size(3000),), order=1)


@pytest.mark.parametrize("fun", [burgers, relaxed])
def test_second_derivatives(fun):
    adjoint.check_grads(lambda u: fun(u, 3), (of_size(2500),), order=2)


def source_for(fun, size, steps=4):
    gradient = adjoint.grad(fun)
    gradient(of_size(size), steps)
    return gradient.source


def test_a_piece_that_is_overwritten_is_stored_where_it_is_read():
    source = source_for(burgers, 3000)
    assert "rows = np.empty((max(steps, 0), u.shape[0] - 2))" in source
    assert "copy()" not in source.split("for k in range(steps)")[1]
    assert "stack" not in source


def test_short_rows_stay_on_a_stack():
    adjoint.cache_clear()
    assert "stack.append(" in source_for(burgers, 30)
    assert "stack.append(" not in source_for(burgers, 30_000)


def test_what_is_no_row_stays_on_the_stack():
    source = source_for(with_a_number, 3000)
    assert "rows = np.empty" in source
    assert "stack.append(" in source


@pytest.mark.parametrize("fun", [leaves_early])
def test_loops_that_may_end_early_keep_stacks(fun):
    assert "rows = np.empty" not in source_for(fun, 3000)
