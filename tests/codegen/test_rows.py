"""Rows of arrays are taken before loops that read and write in one row, wherever that is certainly safe."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint


def lower(a):
    """Substitution: a row of its own and others, of which none but its own is the same in every trip."""
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            a[i, j] -= a[i, j + 1] * a[j, i]
    return np.sum(a)


def banded(a):
    n = a.shape[0]
    for i in range(n):
        for j in range(n - 1 - i):
            a[i + 1, j] *= a[0, j]
    return np.sum(a)


def beside(a, n):
    for j in range(n):
        a[7, j] += a[0, j]
    return np.sum(a)


def exchanged(a, b):
    n, m = a.shape
    for i in range(n):
        for j in range(m):
            a[i, j] = a[i, j] * b[i, j]
            a, b = b, a
    return np.sum(a * b)


def replaced(a):
    n, m = a.shape
    for i in range(n):
        for j in range(m):
            a[i, j] = np.sin(a[i, j])
            a = a * a[i, j]
    return np.sum(a)


def chosen(a):
    n, m = a.shape
    for i in range(n):
        for j in range(m):
            if a[i, j] > 0.0:
                a[i, j] = a[i, j] * a[i, 0]
    return np.sum(a)


def planes(a):
    n, m, k = a.shape
    for p in range(1, n):
        for i in range(m):
            for j in range(1, k):
                a[p, i, j] = a[p, i, j - 1] * a[p - 1, i, j]
    return np.sum(a)


def a_row_written_as_a_whole(a):
    n, m = a.shape
    for i in range(1, n):
        for j in range(1, m):
            a[i, j] = a[i, j] * a[i, j - 1]
            a[i - 1] = a[i - 1] * a[i, j]
    return np.sum(a)


def while_it_lasts(a):
    n = a.shape[0]
    for i in range(n):
        j = 0
        while j < i:
            a[i, j] = a[i, j] ** 2 * a[j, j]
            j = j + 1
    return np.sum(a)


def matrix(*shape):
    return np.random.default_rng(0).uniform(0.5, 1.5, shape)


TAKEN = {"lower": True, "banded": False, "beside": False, "exchanged": False, "replaced": False, "chosen": True,
         "planes": True, "a_row_written_as_a_whole": True, "while_it_lasts": True}  # fmt: skip
CASES = [
    (lower, (matrix(4, 4),)),
    (banded, (matrix(4, 4),)),
    (beside, (matrix(8, 3), 3)),
    (exchanged, (matrix(3, 4), matrix(3, 4) + 0.5)),
    (replaced, (matrix(2, 3),)),
    (chosen, (matrix(3, 3) - 1.0,)),
    (planes, (matrix(3, 2, 4),)),
    (a_row_written_as_a_whole, (matrix(3, 3),)),
    (while_it_lasts, (matrix(4, 4),)),
]


@pytest.mark.parametrize(("fun", "args"), CASES, ids=[fun.__name__ for fun, _ in CASES])
def test_rows(fun, args):
    gradient = adjoint.value_and_grad(fun)
    value, _ = gradient(*args)
    assert value == fun(*(x.copy() if isinstance(x, np.ndarray) else x for x in args))
    assert ("row = " in gradient.source) == TAKEN[fun.__name__]
    adjoint.check_grads(fun, args, order=2)


def test_no_row_is_taken_that_a_loop_without_trips_would_not_read():
    assert np.array_equal(adjoint.grad(beside)(np.ones((2, 3)), 0), np.ones((2, 3)))


def test_the_text():
    gradient = adjoint.grad(planes)
    gradient(matrix(3, 2, 4))
    text = [line.split("#")[0].strip() for line in gradient.source.splitlines()]
    assert "row = a_1[p, i]" in text
    assert "row_1 = a_1[t0, i]" in text
    assert "row[j] = row[j - 1] * row_1[j]" in text


# ---- parts that each trip reads or writes as a whole


def diffused(u, steps):
    for _ in range(steps):
        u[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def between_bounds(u, i, j, steps):
    for _ in range(steps):
        u[i:j] = np.sin(u[i:j]) * u[0]
    return np.sum(u * u)


def in_a_nest(a, steps):
    for _ in range(steps):
        for j in range(3):
            a[:, 1:] *= 1.0 + 0.1 * np.sin(a[:, :-1])
            a[j, j] = a[j, j] ** 2
    return np.sum(a)


def on_a_path(u, steps):
    for _ in range(steps):
        if np.sum(u) > 0.0:
            u[1:] *= u[0]
    return np.sum(u)


def kept_as_it_was(u, steps):
    total = 0.0
    for _ in range(steps):
        old = u[1:].copy()
        u[1:] = np.sin(u[:-1])
        total = total + old @ u[1:]
    return total


def by_turns(u, v, steps):
    for _ in range(steps):
        v[1:-1] = u[2:] * u[:-2]
        u, v = v, u
    return np.sum(u * v)


def made_in_each_trip(u, steps):
    for _ in range(steps):
        u = u * 1.1
        u[1:] *= u[0]
    return np.sum(u)


def while_small(u):
    while np.sum(u[1:-1]) < 20.0:
        u[1:-1] *= 1.5
    return np.sum(u * u)


def with_a_step(u, k, steps):
    for _ in range(steps):
        u[::k] *= 0.5
    return np.sum(u * u)


def vector():
    return np.random.default_rng(1).uniform(0.5, 1.5, 7)


PARTS = {"diffused": 3, "between_bounds": 1, "in_a_nest": 2, "on_a_path": 1, "kept_as_it_was": 2, "by_turns": 0,
         "made_in_each_trip": 0, "while_small": 1, "with_a_step": 0}  # fmt: skip
OF_PARTS = [
    (diffused, (vector(), 3)),
    (between_bounds, (vector(), 1, 5, 3)),
    (in_a_nest, (matrix(4, 4), 2)),
    (on_a_path, (vector(), 2)),
    (kept_as_it_was, (vector(), 3)),
    (by_turns, (vector(), vector() + 0.2, 3)),
    (made_in_each_trip, (vector(), 2)),
    (while_small, (vector(),)),
    (with_a_step, (vector(), 2, 2)),
]


@pytest.mark.parametrize(("fun", "args"), OF_PARTS, ids=[fun.__name__ for fun, _ in OF_PARTS])
def test_parts(fun, args):
    primal = adjoint.jvp(fun, args, [np.ones_like(x) if isinstance(x, np.ndarray) else 0 for x in args])[0]
    assert primal == fun(*(x.copy() if isinstance(x, np.ndarray) else x for x in args))
    gradient = adjoint.value_and_grad(fun)
    value, _ = gradient(*args)
    assert value == primal
    forward = gradient.source.split("_bar")[0].splitlines()[1:]
    before_loops = [line for line in forward if line[4] != " " and " = " in line and ":" in line]
    assert len(before_loops) == PARTS[fun.__name__]
    adjoint.check_grads(fun, args, order=2)


def test_no_part_is_taken_that_a_loop_without_trips_would_not_read():
    assert np.array_equal(adjoint.grad(with_a_step)(np.ones(3), 0, 0), 2.0 * np.ones(3))


def test_a_view_that_is_at_hand_is_not_taken_again():
    gradient = adjoint.grad(diffused)
    gradient(vector(), 2)
    assert gradient.source.count("u_bar_inner = u_bar[1:-1]") == 1
    assert gradient.source.count("u_inner = u[1:-1]") == 1


def written_before_a_loop_that_reads_it(x, a):
    for i in range(4):
        a[i] += 0.1 * np.sum(a[i])
        for _ in range(3):
            x[: i + 1] = np.sin(x[: i + 1]) + 0.1 * np.sum(a[1:-1])
    return np.sum(x)


@pytest.mark.parametrize("schedule", ["recompute", "sqrt"])
def test_a_view_at_hand_shows_what_was_written_since(schedule):
    args = vector()[:5], vector()[2:]
    adjoint.check_grads(written_before_a_loop_that_reads_it, args)
    expected = adjoint.grad(written_before_a_loop_that_reads_it, argnums=(0, 1))(*args)
    found = adjoint.grad(written_before_a_loop_that_reads_it, argnums=(0, 1), schedule=schedule)(*args)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
