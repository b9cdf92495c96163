"""Programs under every schedule: the same bits, the steps of the formulas, and no more states than allowed."""

import tracemalloc

import numpy as np
import pytest

import adjoint
from adjoint import Recursive, Revolve, UnsupportedError, grad, hvp, jvp, value_and_grad
from adjoint.rules import elementwise
from adjoint.schedule.revolve import extra_steps
from tests.oracles import differences

SCHEDULES = ("recompute", "sqrt", Revolve(1), Revolve(2), Revolve(3), Revolve(50), Recursive())
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=5)


def plain(x, n):
    for _ in range(n):
        x = x * np.sin(x) + 0.3
    return np.sum(x)


def index_of_a_general_range(x, n):
    for k in range(3, 3 + 2 * n, 2):
        x = np.sin(x) * k + 0.1 * x
    return np.sum(x)


def downwards(x, n):
    for k in range(n, 0, -1):
        x = np.sin(x) * k + 0.1 * x
    return np.sum(x)


def static_range(x, n):
    for k in range(1, 12, 3):
        x = np.sin(x) * k * n + 0.1 * x
    return np.sum(x)


def in_place(x, n):
    for _ in range(n):
        x[1:-1] += 0.05 * x[1:-1] * (np.sin(x[2:]) - np.sin(x[:-2]))
        x[0] = x[1] * x[2]
    return np.sum(x * x)


def a_sum_that_no_step_reads(x, n):
    s, i = 0.0, 0
    for _ in range(n):
        x = np.sin(x) * 1.2
        s = s + np.sum(x * x)
        i = i + 1
    return s * i


def nested(x, n):
    for i in range(n):
        for _ in range(3):
            x = x + 0.1 * np.sin(x) * i
        x = x * 0.9
    return np.sum(x * x)


def branch(x, n):
    for t in range(n):
        x = x - 0.3 * np.exp(-x * x) if np.sum(x) > 0.0 else x * 1.2 + 0.1 * t
    return np.sum(x * x)


def while_loop(x, n):
    while n > 0:
        x = x * np.sin(x) + 0.3
        n = n - 1
    return np.sum(x)


def while_in_place(x, n):
    i = 0
    while i < n:
        x[1:] *= np.cos(x[:-1])
        i += 1
    return np.sum(x * x)


def break_and_continue(x, n):
    s = 0.0
    for t in range(2 * n):
        if t % 3 == 1:
            continue
        x = x * 1.1 + 0.1 * np.sin(x)
        s = s + np.sum(x * x) * t
        if t >= n:
            break
    return s


def a_return(x, n):
    for t in range(100):
        x = np.sin(x) * 1.1
        if t >= n:
            return np.sum(x * x)
    return np.sum(x)


def list_in_a_loop(x, n):
    states = [x]
    for _ in range(8):
        states.append(np.sin(states[-1]) * states[0] + 0.1 * n)
    return np.sum(states[-1] * states[3])


def several_loops(x, n):
    for _ in range(n):
        x = np.sin(x) * 1.1
    y = x * x
    while np.sum(y) < n:
        y = y + 0.1 * np.cos(y) * x + 0.2
    return np.sum(x * y)


def a_loop_in_a_branch(x, n):
    if n > 2:
        for _ in range(n):
            x = np.sin(x) * 1.1
    return np.sum(x * x)


def slope_of_a_loop(x, n):
    return np.sum(grad(plain, schedule=Revolve(2))(x, n) ** 2)


PROGRAMS = [
    plain, index_of_a_general_range, downwards, static_range, in_place, a_sum_that_no_step_reads, nested, branch,
    while_loop, while_in_place, break_and_continue, a_return, list_in_a_loop, several_loops, a_loop_in_a_branch,
    slope_of_a_loop,
]  # fmt: skip


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_every_schedule_gives_the_same_bits(fun, schedule):
    stored, scheduled = value_and_grad(fun, schedule="store"), value_and_grad(fun, schedule=schedule)
    for n in (0, 1, 2, 3, 4, 7, 12):
        x = X.copy()
        value, slope = scheduled(x, n)
        expected = stored(X, n)
        assert (value, slope.tobytes()) == (expected[0], expected[1].tobytes()), f"{n} steps"
        assert x.tobytes() == X.tobytes(), "the argument was changed"


@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_they_are_derivatives(fun):
    v = RANDOM.normal(size=5)
    slope, _ = differences(lambda x: fun(x.copy(), 4), (X,), (v,))
    np.testing.assert_allclose(grad(fun, schedule=Revolve(2))(X, 4) @ v, slope[0], rtol=1e-6, atol=1e-8)


def counting():
    runs = []

    def step(x):
        runs.append(1)
        return np.tanh(x) + 0.5 * x

    @elementwise(step)
    def partial(x, *, out):
        return 1.5 - (out - 0.5 * x) ** 2

    return step, runs


def steps_of(schedule, lengths):
    step, runs = counting()

    def simulate(x, n):
        for _ in range(n):
            x = step(x)
        return np.sum(x * x)

    gradient, found = grad(simulate, schedule=schedule), []
    for n in lengths:
        gradient(X, n)
        found.append(len(runs))
        runs.clear()
    return found


@pytest.mark.parametrize("snapshots", [1, 2, 3, 8, 40])
def test_revolve_runs_the_fewest_steps(snapshots):
    lengths = range(1, 40)
    assert steps_of(Revolve(snapshots), lengths) == [n + extra_steps(n, snapshots) for n in lengths]


def test_steps_of_the_other_schedules():
    lengths = (1, 2, 10, 33)
    assert steps_of("store", lengths) == [1, 2, 10, 33]
    assert steps_of("sqrt", lengths) == [2 * n for n in lengths]
    halved = steps_of(Recursive(), lengths)
    assert all(found <= n + n * np.log2(n) / 2 for n, found in zip(lengths, halved, strict=True))
    assert steps_of("recompute", lengths) == steps_of(Revolve(1), lengths)


@pytest.mark.parametrize("snapshots", [2, 3, 4, 8])
def test_loops_of_unknown_length_stay_near_the_optimum(snapshots):
    step, runs = counting()

    def simulate(x, n):
        while n > 0:
            x = step(x)
            n = n - 1
        return np.sum(x * x)

    gradient = grad(simulate, schedule=Revolve(snapshots))
    for n in (1, 5, 12, 50, 150):
        runs.clear()
        gradient(X, n)
        assert len(runs) <= 1.5 * (n + extra_steps(n, snapshots)) + 1, f"{n} steps"


def states_at_peak(fun, n, schedule):
    x = RANDOM.normal(size=20_000)
    gradient = grad(fun, schedule=schedule)
    gradient(x, n)
    tracemalloc.start()
    gradient(x, n)
    peak = tracemalloc.get_traced_memory()[1] / x.nbytes
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("fun", [plain, in_place, while_loop, while_in_place], ids=lambda fun: fun.__name__)
def test_no_more_snapshots_are_held_than_allowed(fun):
    for snapshots in (1, 4, 12):
        assert states_at_peak(fun, 60, Revolve(snapshots)) < snapshots + 16
    assert states_at_peak(fun, 60, "recompute") < 16
    assert states_at_peak(fun, 100, "sqrt") < 70
    assert states_at_peak(fun, 100, Recursive()) < 24


# ---- effects


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_effects_happen_once_and_in_order(schedule, capsys):
    def noisy(x, n):
        for t in range(n):
            x = x * np.random.uniform(0.5, 1.5) + np.sin(x)  # the global state is the point
            print(t)  # noqa: T201  # the effect
            if t % 2:
                x = x * np.random.normal()
        return np.sum(x)

    results = []
    for choice in ("store", schedule):
        np.random.seed(4)
        value, slope = value_and_grad(noisy, schedule=choice)(X, 9)
        results.append((value, slope.tobytes(), np.random.uniform(), capsys.readouterr().out))
    assert results[0] == results[1]
    assert results[0][-1] == "".join(f"{t}\n" for t in range(9))


def test_an_exception_leaves_the_next_call_intact():
    def guarded(x, limit):
        for _ in range(10):
            x = x * 1.5
            if np.max(x) > limit:
                raise ValueError("too large")
        return np.sum(x)

    gradient = grad(guarded, schedule=Revolve(3))
    with pytest.raises(ValueError, match="too large"):
        gradient(np.ones(3), 5.0)
    np.testing.assert_allclose(gradient(np.ones(3), 1e9), np.full(3, 1.5**10), rtol=1e-14)


# ---- composition


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_second_derivatives(schedule):
    scheduled, v = grad(plain, schedule=schedule), RANDOM.normal(size=5)
    expected = hvp(plain, (X, 7), (v, None))
    np.testing.assert_allclose(jvp(scheduled, (X, 7), (v, None))[1], expected, rtol=1e-13)
    np.testing.assert_allclose(grad(lambda x: np.sum(scheduled(x, 7) * v))(X), expected, rtol=1e-12)
    twice = grad(lambda x: np.sum(scheduled(x, 7) * v), schedule=schedule)
    np.testing.assert_allclose(twice(X), expected, rtol=1e-12)


def test_forward_over_a_scheduled_reverse_keeps_its_schedule():
    source = adjoint.source(lambda x, n, v: jvp(grad(plain, schedule=Revolve(3)), (x, n), (v, None)), "primal")
    assert "revolve(start" in source


# ---- the interface


def test_schedules_are_refused_that_there_are_not():
    for wrong in ("fastest", Revolve, 3, None):
        with pytest.raises((TypeError, ValueError), match="schedule"):
            grad(plain, schedule=wrong)
    with pytest.raises(ValueError, match="leave out schedule="):
        grad(plain, schedule="sqrt", memory_budget="1 MB")


def test_a_schedule_inside_a_program_is_checked_too():
    with pytest.raises((ValueError, UnsupportedError), match="no schedule"):
        adjoint.jvp(lambda x: grad(plain, schedule="fastest")(x, 3), (X,), (X,))
