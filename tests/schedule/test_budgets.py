"""`memory_budget`: the peak stays within it, a larger one never takes more steps, and what does not fit is refused."""

import itertools
import tracemalloc

import numpy as np
import pytest

import adjoint
from adjoint import BudgetError, Revolve, UnsupportedError, grad, value_and_grad
from adjoint.budgets import SLACK, choose_loops
from adjoint.ir.hints import Chosen
from adjoint.ir.schedules import parse_budget
from adjoint.rules import elementwise
from adjoint.schedule.meters import LoopMeter

RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=20_000)  # 160 kB


def simulate(u, n):
    for _ in range(n):
        u = u + 0.1 * np.sin(u) * u
    return np.sum(u * u)


def in_place(u, n):
    for _ in range(n):
        u[1:-1] += 0.05 * u[1:-1] * (np.sin(u[2:]) - np.sin(u[:-2]))
    return np.sum(u * u)


def while_loop(u, n):
    while n > 0:
        u = u + 0.1 * np.sin(u) * u
        n = n - 1
    return np.sum(u * u)


def peak(call):
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    call()
    found = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return found


@pytest.mark.parametrize("fun", [simulate, in_place, while_loop], ids=lambda fun: fun.__name__)
def test_the_peak_stays_within_the_budget(fun):
    expected, peaks = grad(fun, schedule="store")(X, 60), []
    for megabytes in (3, 5, 10, 60):
        gradient = grad(fun, memory_budget=f"{megabytes} MB")
        for _ in range(2):
            assert gradient(X, 60).tobytes() == expected.tobytes()
        peaks.append(peak(lambda gradient=gradient: gradient(X, 60)))
        assert peaks[-1] < 1.05e6 * megabytes
    assert all(small <= 1.1 * large for small, large in itertools.pairwise(peaks))
    assert set(gradient.choices.values()) == {"store"}


def test_a_larger_budget_never_takes_more_steps():
    runs = []

    def step(x):
        runs.append(1)
        return np.tanh(x) + 0.5 * x

    @elementwise(step)
    def partial(x, *, out):
        return 1.5 - (out - 0.5 * x) ** 2

    def program(x, n):
        for _ in range(n):
            x = step(x)
        return np.sum(x * x)

    totals = []
    for budget in ("3 MB", "4 MB", "6 MB", "10 MB", "100 MB"):
        gradient = grad(program, memory_budget=budget)
        gradient(X, 50)
        runs.clear()
        gradient(X, 50)
        totals.append(len(runs))
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > 50
    assert totals[-1] == 50


def test_sizes_are_told_apart():
    gradient = grad(simulate, memory_budget="4 MB")
    for x, n in ((X, 5), (X, 60), (X[:10], 60), (X[:10], 60)):
        assert gradient(x, n).tobytes() == grad(simulate)(x, n).tobytes()
    assert len(gradient.choices) == 3
    choices = list(gradient.choices.values())
    assert choices[0] == choices[2] == "store"
    assert "def simulate_grad" in gradient.source


def test_what_does_not_fit_is_refused_with_a_number_that_works():
    with pytest.raises(BudgetError, match="'10 kB'") as caught:
        grad(simulate, memory_budget="10 kB")(X, 30)
    smallest = caught.value.smallest_feasible
    assert 10_000 < smallest < 15 * X.nbytes
    gradient = grad(simulate, memory_budget=smallest)
    assert peak(lambda: gradient(X, 30)) < 1.3 * smallest  # compiles, too
    assert peak(lambda: gradient(X, 30)) < 1.01 * smallest


def test_effects_happen_once(capsys):
    def noisy(x):
        for t in range(6):
            x = np.sin(x) * 1.5
            print(t)  # noqa: T201  # the effect
        return x

    for _ in range(2):
        assert value_and_grad(noisy, memory_budget="1 MB")(0.6) == value_and_grad(noisy)(0.6)
    assert capsys.readouterr().out == "0\n1\n2\n3\n4\n5\n" * 4


def test_residuals_of_branches_that_were_not_taken():
    def program(x, a):
        for t in range(20):
            x = x * a + 0.1 * x * x
            if x > 3.0:
                break
            if t % 3 == 2:
                continue
            x = x + 0.01 * np.sin(x)
        return x * a

    for x, a in ((0.45, 1.3), (0.4, 0.2)):
        gradient = value_and_grad(program, (0, 1), memory_budget="1 MB")
        assert gradient(x, a) == gradient(x, a) == value_and_grad(program, (0, 1))(x, a)
    found = adjoint.explain(program, 0.45, 1.3)
    assert any(residual.total for residual in found.residuals)


def test_choices():
    def choose(*args):
        return choose_loops(*args)[0]

    loop = LoopMeter(0, state=10, held=2, steps=100, residuals=30)
    assert choose(100, [], 1) == "store"
    assert choose(100, [loop], 100 + 3000) == "store"
    assert choose(100, [loop], 100 + 11 * 40) == "sqrt"
    assert choose(100, [loop], 100) == Revolve(2)
    assert isinstance(choose(100, [loop], 200), Revolve)


def test_inside_a_program_it_is_refused():
    with pytest.raises(UnsupportedError, match="memory_budget"):
        adjoint.jvp(lambda x: grad(simulate, memory_budget="1 MB")(x, 3), (X,), (X,))


# ---------------------------------------------------------------------------- straight-line code


WIDTHS = (6, 40, 10, 90, 8, 60, 12, 80, 5, 70, 30, 9, 50, 7, 40)
WEIGHTS = [RANDOM.normal(size=pair) / pair[0] ** 0.5 for pair in itertools.pairwise(WIDTHS)]
INPUT = RANDOM.normal(size=(1000, 6))
VECTOR = RANDOM.normal(size=40_000)


def network(x):
    for weights in WEIGHTS:
        x = np.tanh(x @ weights)
    return np.sum(x * x)


def formula(x):
    a = np.sin(x)
    b = np.exp(a) * x
    c = np.tanh(b * a)
    d = np.sqrt(1.0 + c * c) * b
    e = np.cos(d * c) + a
    return np.sum(e * d)


def network_around_a_loop(x):
    for weights in WEIGHTS[:6]:
        x = np.tanh(x @ weights)
    for _ in range(10):
        x = x + 0.1 * np.sin(x) * x
    for weights in WEIGHTS[6:]:
        x = np.tanh(x @ weights)
    return np.sum(x * x)


@pytest.mark.parametrize(
    ("fun", "x", "budgets"),
    [
        (network, INPUT, ("3 MB", "4 MB", "6 MB", "100 MB")),
        (formula, VECTOR, ("3 MB", "3.4 MB", "10 MB")),
        (network_around_a_loop, INPUT, ("4 MB", "6 MB", "8 MB", "100 MB")),
    ],
    ids=lambda item: getattr(item, "__name__", None),
)
def test_the_peak_of_straight_line_code_stays_within_the_budget(fun, x, budgets):
    expected, peaks, times = grad(fun, schedule="store")(x), [], []
    for budget in budgets:
        gradient = grad(fun, memory_budget=budget)
        for _ in range(2):
            assert gradient(x).tobytes() == expected.tobytes()
        peaks.append(peak(lambda gradient=gradient: gradient(x)))
        assert peaks[-1] <= parse_budget(budget) + SLACK
        (choice,) = gradient.choices.values()
        times.append(sum(map(len, choice.reruns)) if isinstance(choice, Chosen) else 0)
    assert all(small <= large for small, large in itertools.pairwise(peaks))
    assert times[0] > 0
    assert times[-1] == 0


@pytest.mark.parametrize("fun", [network, formula, network_around_a_loop], ids=lambda fun: fun.__name__)
def test_straight_line_code_that_does_not_fit_is_refused_with_a_number_that_works(fun):
    x = VECTOR if fun is formula else INPUT
    with pytest.raises(BudgetError) as caught:
        grad(fun, memory_budget="100 kB")(x)
    smallest = caught.value.smallest_feasible
    assert smallest < peak(lambda: grad(fun, schedule="store")(x))
    gradient = grad(fun, memory_budget=smallest)
    assert gradient(x).tobytes() == grad(fun)(x).tobytes()
    assert peak(lambda: gradient(x)) <= smallest


def test_effects_of_straight_line_code_happen_once_in_each_call(capsys):
    def noisy(x):
        for weights in WEIGHTS:
            x = np.tanh(x @ weights)
            print(x.shape)  # noqa: T201  # the effect
        return np.sum(x * x)

    gradient = grad(noisy, memory_budget="3 MB")
    for _ in range(3):
        assert gradient(INPUT).tobytes() == grad(network)(INPUT).tobytes()
        assert capsys.readouterr().out == "".join(f"(1000, {width})\n" for width in WIDTHS[1:])
    assert peak(lambda: gradient(INPUT)) < 3.1e6
