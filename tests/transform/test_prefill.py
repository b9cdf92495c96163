"""Arrays that every trip of a loop fills alike: which are filled before it, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint
from adjoint import check_grads, grad
from adjoint.analysis.versions import is_loop, is_update
from adjoint.ir.core import FOR, WHILE
from adjoint.ir.verify import verify
from adjoint.rules.internal import update
from adjoint.transform import adjoint as reverse
from adjoint.transform.prefill import prefill
from tests.interpreter import run
from tests.tracing import I8, VECTOR, loop, trace


def recurrence(u, x, steps):
    """The forward elimination of a tridiagonal solve, twice in a step with other numbers."""
    n = u.shape[0]
    p, q = np.zeros(n), np.zeros(n)
    for _ in range(steps):
        p[0] = 0.0
        for j in range(1, n):
            p[j] = -0.3 / (0.3 * p[j - 1] + x[j])
            q[j] = (u[j] - 0.3 * q[j - 1]) / (0.3 * p[j - 1] + 2.0)
        for j in range(n - 2, -1, -1):
            u[j] = p[j] * u[j + 1] + q[j]
        for j in range(1, n):
            p[j] = 0.5 * p[j - 1] + x[j]
        u[1:-1] *= p[1:-1]
    return np.sum(u * u) + np.sum(p)


def table(u, x, steps):
    w = np.zeros((3, u.shape[0]))
    for _ in range(steps):
        w[0], w[1] = 1.0, x
        w[2] = x * w[1] - 0.5 * w[0]
        u = u - 0.1 * (w @ (u * u)) @ w
    return np.sum(u * u)


def borders(u, x, steps):
    """What no trip writes is the same in all of them."""
    w = np.zeros(u.shape[0])
    w[0], w[-1] = 2.0, 3.0
    for _ in range(steps):
        for j in range(1, u.shape[0] - 1):
            w[j] = w[j - 1] * x[j]
        u = u * w[::-1]
    return np.sum(u * u)


def factors(u, x, steps):
    lu = np.zeros((u.shape[0], u.shape[0]))
    for _ in range(steps):
        lu[:] = np.outer(x, x) + 4.0 * np.eye(u.shape[0])
        for k in range(u.shape[0] - 1):
            lu[k + 1 :, k] /= lu[k, k]
            lu[k + 1 :, k + 1 :] -= np.outer(lu[k + 1 :, k], lu[k, k + 1 :])
        for i in range(1, u.shape[0]):
            u[i] -= lu[i, :i] @ u[:i]
    return np.sum(u * u)


def in_branches(u, x, steps):
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        for j in range(u.shape[0]):
            if x[j] > 0.0:
                w[j] = x[j]
            else:
                w[j] = 0.5
        u = u * w
    return np.sum(u * u)


def until(u, x, steps):
    w, k = np.zeros(u.shape[0]), 0
    while k < steps:
        w[1:] = x[1:] * 2.0
        w[0] = 1.0
        u = u * w
        k += 1
    return np.sum(u * w)


def downwards(u, x, steps):
    w = np.zeros(u.shape[0])
    for _ in range(steps, 0, -1):
        w[-1] = 1.0
        for j in range(u.shape[0] - 2, -1, -1):
            w[j] = w[j + 1] * x[j]
        u = u * w
    return np.sum(u * u)


def nested(u, x, steps):
    w = np.zeros(u.shape[0])
    for _ in range(2):
        for _ in range(steps):
            for j in range(u.shape[0]):
                w[j] = x[j] * x[j]
            u = u * w
        u = u * u
    return np.sum(u)


def solve(diagonal, d):
    """A function that makes its arrays anew at every call."""
    n = d.shape[0]
    w, q, u = np.zeros(n), np.zeros(n), np.zeros(n)
    w[0], q[0] = 0.5 / diagonal[0], d[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - 0.5 * w[i - 1]
        w[i] = 0.5 / m
        q[i] = (d[i] - 0.5 * q[i - 1]) / m
    u[n - 1] = q[n - 1]
    for i in range(n - 2, -1, -1):
        u[i] = q[i] - w[i] * u[i + 1]
    return u


def made_anew(u, x, steps):
    for _ in range(steps):
        u = solve(x + 3.0, u)
    return np.sum(u * u)


def made_anew_and_read_later(u, x, steps):
    w = x * 3.0
    for _ in range(steps):
        w = np.zeros(u.shape[0])
        for j in range(u.shape[0]):
            w[j] = x[j] * x[j]
        u = u * w
    return np.sum(u * w)


MOVED = [
    recurrence,
    table,
    borders,
    factors,
    in_branches,
    until,
    downwards,
    nested,
    made_anew,
    made_anew_and_read_later,
]


def left_over(u, x, steps):
    """Reads what the trip before has left, at the next place."""
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        for j in range(u.shape[0] - 1):
            w[j] = w[j + 1] + x[j]
        w[-1] = 1.0
        u = u * w
    return np.sum(u * u)


def accumulated(u, x, steps):
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        w[1:] += x[1:]
        u = u * w
    return np.sum(u * u)


def between(u, x, steps):
    """The whole array is read while a part of it is that of the trip before."""
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        w[0] = 1.0
        u = u * (1.0 + w)
        w[1:] = x[1:]
    return np.sum(u * u)


def overwritten(u, x, steps):
    """Read inside the loop that fills it, before what is read is written once more."""
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        w[0] = 1.0
        for j in range(1, u.shape[0]):
            w[j] = x[j]
            u[j] = u[j] * w[j] + w[j - 1]
            w[j - 1] = 2.0
    return np.sum(u * u) + np.sum(w)


def gaps(u, x, steps):
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        for j in range(0, u.shape[0], 2):
            w[j] = x[j] + w[j - 1]
            w[j - 1] = 0.5
        u = u * w
    return np.sum(u * u)


def by_step(u, x, steps):
    w = np.zeros(u.shape[0])
    for t in range(steps):
        w[:] = x * t
        u = u + w * u
    return np.sum(u * u)


def of_the_state(u, x, steps):
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        w[:] = x
        w[0] = u[0]
        u = u + w * u
    return np.sum(u * u)


def may_be_left(u, x, steps):
    """A branch writes it or not, and both branches are taken."""
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        for j in range(1, u.shape[0]):
            if x[j] > 0.0:
                w[j] = w[j] + x[j]
        u = u * w
    return np.sum(u * u)


def empty_loop(u, x, steps):
    """The loop that fills the array may have no trip."""
    w = np.zeros(u.shape[0])
    for _ in range(steps):
        for _ in range(u.shape[0] - 5):
            w[:] = x
        w[:] = w * 2.0 + 1.0
        u = u * w
    return np.sum(u * u)


def made_of_what_is_left(u, x, steps):
    """An array is made anew, of another one as the trip before has left it."""
    z = np.zeros(u.shape[0])
    for _ in range(steps):
        w = z * 2.0
        w[0] = 1.0
        z[1:] = x[1:]
        u = u * w + z
    return np.sum(u * u)


def exchanged(u, x, steps):
    w, z = np.zeros(u.shape[0]), np.ones(u.shape[0])
    for _ in range(steps):
        w[:] = x
        w, z = z, w
        u = u * w
    return np.sum(u * u)


STAYING = [left_over, accumulated, between, overwritten, gaps, by_step, of_the_state, may_be_left, empty_loop,
           made_of_what_is_left, exchanged]  # fmt: skip


@pytest.fixture
def lowered(monkeypatch):
    """The program that a gradient is taken of, before and after the pass."""

    def of(fun, *args):
        found = []

        def noted(fn):
            found.append((fn, prefill(fn)))
            return found[0][1]

        adjoint.cache_clear()
        monkeypatch.setattr(reverse, "prefill", noted)
        grad(fun)(*args)
        return found[0]

    return of


def arguments(n, steps):
    rng = np.random.default_rng(n)
    return rng.uniform(-1.0, 1.0, n), rng.uniform(-1.0, 1.0, n), steps


@pytest.mark.parametrize("fun", MOVED + STAYING, ids=lambda fun: fun.__name__)
def test_what_is_computed_stays(fun, lowered):
    before, after = lowered(fun, *arguments(6, 3))
    verify(after, "prefill")
    for n in (4, 5, 6, 7):
        for steps in range(4):
            args = arguments(n, steps)
            np.testing.assert_array_equal(run(after, *args), run(before, *args))
            np.testing.assert_array_equal(run(after, *args), fun(*args_of(args)))


def args_of(args):
    u, x, steps = args
    return u.copy(), x, steps


@pytest.mark.parametrize("fun", MOVED + STAYING, ids=lambda fun: fun.__name__)
def test_the_loop_fills_the_array_no_more(fun, lowered):
    _, after = lowered(fun, *arguments(6, 3))
    (loop,) = (op for op in after.body.ops if op.primitive in (FOR, WHILE))
    filled = {v.hint for op in loop.regions[-1].ops for v in op.outputs if is_update(op) or is_loop(op)}
    assert filled.isdisjoint({"p", "w", "lu"}) == (fun in MOVED)


@pytest.mark.parametrize("fun", MOVED + STAYING, ids=lambda fun: fun.__name__)
def test_the_gradient(fun):
    u, x, _ = arguments(6, 3)
    for steps in (0, 1, 3):
        check_grads(lambda u, x, steps=steps: fun(u.copy(), x, steps), (u, x + 2.0), order=1, modes=("rev",))


def test_the_reverse_sweep_keeps_nothing_of_what_is_alike():
    for fun in (borders, factors, in_branches):
        gradient = grad(fun)
        gradient(*arguments(6, 3))
        assert ".append(" not in gradient.source


def test_where_it_varies_its_cotangent_goes_through_once(lowered):
    """By `x`, on which the array depends: what is kept of it has no trips of the outer loop."""
    gradient = grad(table, argnums=(0, 1))
    u, x, steps = arguments(6, 3)
    gradient(u, x, steps)
    loop = gradient.source.index("for _ in range(steps - 1")
    assert "w_bar" in gradient.source[loop:]
    assert gradient.source.index("x_bar") > loop


def test_an_array_that_a_loop_gives_on_as_it_is():
    def program(n, x):
        def trip(i, a, b):
            return (*loop(n, (a,), lambda j, a: (a,)), update(b, 1.0, index=0))

        return loop(n, (x, x * 2.0), trip)

    fn = trace(program, I8, VECTOR, sweep="")
    for n in (0, 1, 3):
        for found, expected in zip(run(prefill(fn), n, np.arange(3.0)), run(fn, n, np.arange(3.0)), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_a_second_array_begins_as_a_version_of_the_first():
    """What is copied of it is all that the trip before has left."""

    def program(n, x):
        def trip(i, a, total):
            other = update(a, 3.0, index=slice(0, 1))
            return update(a, 1.0, index=slice(1, None)), total + other

        return loop(n, (x, x * 0.0), trip)

    fn = trace(program, I8, VECTOR, sweep="")
    for n in (0, 1, 3):
        for found, expected in zip(run(prefill(fn), n, np.arange(3.0)), run(fn, n, np.arange(3.0)), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("trips", [range(0), range(3, 0), range(2), range(3, 0, -1)])
def test_a_loop_of_known_length(trips):
    start, stop, step = trips.start, trips.stop, trips.step

    def program(u):
        w = np.zeros(3)
        for _ in range(start, stop, step):
            w[1] = 2.0
            u = u * np.sum(w)
        return u + np.sum(w) * u * u

    factor = 2.0 ** len(trips)
    assert grad(program)(3.0) == factor * (1.0 + (12.0 * factor if trips else 0.0))


def test_a_loop_of_no_trip_raises_nothing():
    def program(u, k, steps):
        w = np.zeros(3)
        for _ in range(steps):
            w[k] = 1.0
            u = u * np.sum(w)
        return u

    assert grad(program)(2.0, 7, 0) == 1.0
    assert grad(program)(2.0, 2, 2) == 1.0
    with pytest.raises(IndexError):
        grad(program)(2.0, 7, 1)


def test_what_an_effect_gives_differs_from_trip_to_trip():
    def program(u, steps):
        w = np.zeros(3)
        for _ in range(steps):
            w[:] = np.random.standard_normal(3)  # an effect
            u = u * np.sum(w)
        return u

    np.random.seed(0)
    given = np.random.standard_normal((2, 3)).sum(1)
    np.random.seed(0)
    np.testing.assert_allclose(grad(program)(2.0, 2), np.prod(given))


def test_effects_come_first(capsys):
    def program(u, k, steps):
        w = np.zeros(3)
        for _ in range(steps):
            print("a step")  # noqa: T201
            w[k] = 1.0
            u = u * np.sum(w)
        return u

    with pytest.raises(IndexError):
        grad(program)(2.0, 7, 2)
    assert capsys.readouterr().out == "a step\n"


def test_a_loop_that_ends_early_still_counts_its_trips():
    def program(x, steps):
        total = 0.0
        w = np.zeros(3)
        for k in range(steps):
            w[1:] = 0.5
            total = total + x**k * np.sum(w)
            if total > 1.5:
                break
        return total

    adjoint.check_grads(program, (0.7, 6))
