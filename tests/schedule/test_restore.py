"""Arrays that the reverse sweep rolls back: the same bits as if all were kept, and how little is kept."""

from __future__ import annotations

import tracemalloc
from functools import partial

import numpy as np
import pytest

import adjoint.pipeline
from adjoint import check_grads, grad, hvp
from adjoint.ir.verify import verify
from adjoint.schedule.restore import cost
from tests.interpreter import run


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def spd(n):
    a = normal(n, n)
    return a @ a.T + n * np.eye(n)


def smooth(u, steps):
    for _ in range(steps):
        u[1:-1] = u[1:-1] + 0.1 * u[1:-1] * (u[2:] - u[:-2])
    return np.sum(u**2)


def linear(u, steps):
    for _ in range(steps):
        u[1:-1] = 0.5 * u[1:-1] + 0.2 * (u[2:] + u[:-2])
    return np.sum(u**2)


def seidel(u, steps):
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = 0.2 * (u[i, j] + u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] * u[i, j])
    return np.sum(u**2)


def cholesky(a):
    for j in range(a.shape[0]):
        a[j, j] = np.sqrt(a[j, j] - a[j, :j] @ a[j, :j])
        a[j + 1 :, j] = (a[j + 1 :, j] - a[j + 1 :, :j] @ a[j, :j]) / a[j, j]
    return np.sum(np.log(np.diagonal(a)))


def cholesky_of_elements(a):
    for i in range(a.shape[0]):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= a[i, k] * a[j, k]
            if i == j:
                a[i, i] = np.sqrt(s)
            else:
                a[i, j] = s / a[j, j]
    return np.sum(np.tril(a) ** 2)


def table(x, y):
    t = np.zeros((x.shape[0] + 1, y.shape[0] + 1))
    for i in range(1, x.shape[0] + 1):
        for j in range(1, y.shape[0] + 1):
            t[i, j] = x[i - 1] * y[j - 1] + t[i - 1, j] * t[i, j - 1] + t[i - 1, j - 1]
    return t[-1, -1]


def backwards(x):
    for i in range(x.shape[0] - 2, -1, -1):
        x[i] = x[i] * x[i + 1]
    return x[0] + x[1] ** 2


def buffers(u, steps):
    new = u.copy()
    for _ in range(steps):
        new[1:-1] = 0.5 * (u[:-2] + u[2:]) + u[1:-1] * u[2:] * u[:-2]
        u, new = new, u
    return np.sum(u**2)


def sequence(u, steps):
    for _ in range(steps):
        u[1:] = u[1:] * u[:-1]
    u[0] = u[1] * u[2]
    u[2:] *= u[1]
    for t in range(steps):
        u[:-1] = u[:-1] * u[1:]
        u[t] = u[t + 1] ** 2
    return np.sum(u)


def one_arm(x, steps):
    for t in range(steps):
        if t % 2 == 0:
            x[1:] = x[1:] * x[:-1]
        x[0] = x[1] * x[2]
    return np.sum(x**2)


def until(x):
    k = 0
    while k < 3:
        x[1:] = x[1:] * x[:-1]
        x[k] = x[k] * 2.0
        k += 1
    return np.sum(x**2)


def masks(x, steps):
    for _ in range(steps):
        x[x > 0.0] *= 0.5 * x[0]
        x[np.array([1, 1, 2])] = x[:3] * x[1:4]
    return np.sum(x**2)


def views(a, steps):
    for _ in range(steps):
        t = a.T
        t[1:, 0] = t[1:, 0] * t[:-1, 1]
        row = a[1]
        row[1:] *= row[:-1]
    return np.sum(a**2)


def bubbles(x):
    for i in range(3):
        for j in range(3 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1] * x[j], x[j]
    return np.sum(x * np.arange(1.0, 5.0))


def rows_of_states(states, w):
    for t in range(states.shape[0] - 1):
        states[t + 1] = np.tanh(w @ states[t])
    return np.sum(states**2)


def early(x):
    for i in range(1, 6):
        x[i] = x[i] * x[i - 1] + x[-1]
        if i * i > 20:
            break
        x[0] = x[i] * x[0]
    return np.sum(x)


# arguments, and what is kept: how much for each number of loops and long axes
PROGRAMS = [
    (smooth, (normal(8), 3), {2: 1}),
    (linear, (normal(8), 3), {}),
    (seidel, (normal(5, 6), 2), {3: 1}),
    (cholesky, (spd(5),), {}),
    (cholesky_of_elements, (spd(5),), {2: 1}),
    (table, (normal(3), normal(4)), {}),
    (backwards, (normal(6),), None),
    (buffers, (normal(7), 3), {2: 1}),
    (sequence, (normal(6), 2), {2: 2, 1: 1}),
    (one_arm, (normal(5), 4), None),
    (until, (normal(5),), None),
    (masks, (normal(6), 3), None),
    (views, (normal(4, 4), 2), None),
    (bubbles, (np.array([0.3, 0.7, -0.2, 0.5]),), None),
    (rows_of_states, (normal(4, 3), normal(3, 3)), {}),
    (early, (normal(6),), None),
]
NAMES = [fun.__name__ for fun, *_ in PROGRAMS]


@pytest.fixture
def stages(monkeypatch):
    """The program after each stage of the last compilation."""
    seen = {}
    run_stages = adjoint.pipeline.run_stages

    def watched(fn):
        for name, made in run_stages(fn):
            seen[name] = made
            yield name, made

    monkeypatch.setattr(adjoint.pipeline, "run_stages", watched)
    adjoint.cache_clear()
    return seen


def differentiable(args):
    return tuple(k for k, arg in enumerate(args) if not isinstance(arg, int))


@pytest.mark.parametrize(("fun", "args", "kept"), PROGRAMS, ids=NAMES)
def test_the_gradient_is_the_one_of_keeping_all(fun, args, kept, stages):
    grad(fun, differentiable(args)).specialize(*args)
    before, after = stages["simplified"], stages["scheduled"]
    verify(after, "scheduled")
    expected, found = run(before, *args), run(after, *args)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    if kept is not None:
        assert dict(cost(after.body)) == kept


@pytest.mark.parametrize(("fun", "args", "kept"), PROGRAMS, ids=NAMES)
def test_the_generated_code_computes_it(fun, args, kept):
    if isinstance(args[-1], int):
        x, steps = args
        check_grads(partial(fun, steps=steps), (x,), order=2)
    else:
        check_grads(fun, args, order=2)


@pytest.mark.parametrize("fun", [smooth, seidel, buffers])
def test_no_array_is_copied_in_a_loop(fun):
    gradient = grad(fun)
    gradient(normal(6, 6) if fun is seidel else normal(6), 2)
    inside = [line for line in gradient.source.splitlines() if line.startswith(" " * 8)]
    assert inside
    assert not any("u.copy()" in line or "new.copy()" in line or "u_1.copy()" in line for line in inside)


def test_the_second_derivative_of_a_restored_loop(stages):
    """The loop that rolls an array back is itself reversed."""
    u, v = normal(8), normal(8, seed=1)
    expected = hvp(smooth, (u, 3), (v, 0))

    def along(u):
        return np.sum(grad(smooth)(u, 3) * v)

    np.testing.assert_allclose(grad(along)(u), expected, rtol=1e-12)
    run_twice = [run(stages[name], u, v) for name in ("simplified", "scheduled")]
    np.testing.assert_array_equal(*[results[0] for results in run_twice])


def test_an_array_that_is_not_rolled_back_is_no_name_of_what_a_branch_gave():
    """Of two arrays that a branch writes one at a time is tried; the other has no name in the reverse sweep then."""

    def written(x, n, k):
        u = x.copy()
        for _ in range(n):
            if k > 0:
                x[3] = x[0]
                u *= x * 0.5
        return np.sum(u * x)

    x, v = normal(4), normal(4, seed=1)
    along = hvp(written, (x, 2, 1), (v, None, None))
    ahead, behind = (grad(written)(x + step * v, 2, 1) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(along, (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)


def test_what_a_branch_overwrites_later_is_not_read_after_it():
    def program(x, steps):
        a, s = x * 1.0, 0.0
        for t in range(steps):
            s = s + np.sum(x**3) * x[t]
        if steps > 1:
            a[0] = x[1]
            s = s + np.sum(a[0:3] * a[1:4] * x[:3])
            a[0] = 5.0
        return s + np.sum(a * a * x)

    x, v = np.arange(1.0, 7.0), np.linspace(-1.0, 1.0, 6)
    for steps in (1, 2):
        slope = (program(x + 1e-5 * v, steps) - program(x - 1e-5 * v, steps)) / 2e-5
        np.testing.assert_allclose(grad(program)(x, steps) @ v, slope, rtol=1e-7)


def test_effects_run_once(capsys):
    def talking(x):
        for i in range(1, 4):
            print("step", i)  # noqa: T201
            x[i] = x[i] * x[i - 1]
        return x[-1]

    grad(talking)(normal(4))
    assert capsys.readouterr().out.split("\n")[:3] == ["step 1", "step 2", "step 3"]
    assert capsys.readouterr().out == ""


def test_functions_of_a_rolled_back_array_are_computed_again():
    def program(u, n):
        for _ in range(n):
            u[1:-1] += 0.05 * u[1:-1] * (np.sin(u[2:]) - np.exp(u[:-2]))
        return np.sum(u * u)

    def new_arrays(u, n):
        for _ in range(n):
            u = u + 0.1 * np.sin(u) * u
        return np.sum(u * u)

    x = np.linspace(0.1, 0.9, 9)
    gradient = grad(program)
    gradient(x, 5)
    check_grads(lambda u: program(u, 5), (x,))
    assert gradient.source.count(".append(") == 1
    assert gradient.source.count("np.sin") == 2
    kept = grad(new_arrays)
    kept(x, 5)
    assert kept.source.count("np.sin") == 1


def of_rows(x, n):
    m = x.reshape(100, -1)
    for k in range(n):
        m[k % 100, :5] *= np.sin(m[k % 100, 5:10])
    return np.sum(x)


def of_a_line(x, n):
    m = x.reshape(100, 200)
    line = m.ravel()
    for k in range(n):
        line[k] *= np.sin(line[k + 1])
    return np.sum(x)


def of_columns(x, n):
    m = x.reshape(100, 200)
    for k in range(n):
        m.T[k, :5] *= np.sin(m.T[k + 1, :5])
    return np.sum(x)


def of_places_in_flat(x, n):
    m = x.reshape(100, 200)
    for k in range(n):
        m.flat[k] *= np.sin(m.flat[k + 1])
    return np.sum(x)


@pytest.mark.parametrize("fun", [of_rows, of_a_line, of_columns, of_places_in_flat])
def test_a_trip_keeps_what_it_overwrites_through_a_view(fun):
    x, gradient = normal(20_000), grad(fun)
    gradient(x, 2)
    assert (peak_bytes(gradient, x, 90) - peak_bytes(gradient, x, 10)) / 80 < 1000


def peak_bytes(fun, *args):
    tracemalloc.start()
    fun(*args)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
