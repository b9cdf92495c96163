"""Straight-line code under schedules: the same bits, less memory, steps that run again as often as planned."""

import itertools
import random
import tracemalloc

import numpy as np
import pytest

from adjoint import Recursive, grad, hvp, jvp, value_and_grad
from adjoint.rules import elementwise
from tests.oracles import differences

SCHEDULES = ("sqrt", "recompute", Recursive())
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(6, 5))
LAYERS = [RANDOM.normal(size=(5, 5)) / 3 for _ in range(12)]
WIDTHS = (3, 40, 4, 90, 5, 6, 60, 3, 80, 4, 50, 5, 30)


def network(x, layers=LAYERS):
    for weights in layers:
        x = np.tanh(x @ weights) + 0.1 * x
    return np.sum(x * x)


def formula(x):
    a = np.sin(x)
    b = np.exp(a) * x
    c = np.tanh(b * a)
    d = np.sqrt(1.0 + c * c) * b
    e = np.cos(d * c) + a
    f = np.exp(-e * e) * d
    g = np.log(1.0 + f * f) + c
    return np.sum(g * np.sin(g) * e)


def views(x):
    y = np.exp(x.T)[1:]
    z = np.sin(y.reshape(-1))
    w = np.cos(z).reshape(2, -1)[:, ::-1] * 2.0
    u = np.tanh(w @ w.T) @ w
    v = np.sin(u) * np.exp(-u)
    return np.sum(v[0] * v[1]) + np.sum(z * z) * np.mean(y)


def written_in_place(x):
    y = np.sin(x)
    y[1:] *= y[:-1]
    z = np.exp(y) * y
    z[:, 0] = np.tanh(z[:, 1]) * z[:, 2]
    z += np.cos(y * z)
    w = np.sin(z) * z
    w[0] = 0.0
    return np.sum(np.tanh(w) * w)


def branches(x):
    y = np.sin(x)
    z = np.exp(y * y) if np.sum(y) > 0.0 else np.cos(y) * y
    w = np.tanh(z) * z
    if np.sum(w) > 1.0:
        w = w * np.sin(w)
    v = np.exp(-w * w)
    return np.sum(v * np.sin(v) * w)


def around_a_loop(x):
    y = np.exp(np.sin(x) * x)
    z = np.tanh(y) * y
    for _ in range(3):
        z = z + 0.1 * np.sin(z) * y
    w = np.exp(-z * z)
    v = np.cos(w) * w
    u = np.tanh(v * w)
    return np.sum(u * np.sin(u))


def layer(h, weights):
    steps = 0
    for row in weights:
        steps = steps + np.sum(row)
    return np.tanh(h @ weights) * np.cos(h) + steps * 0.01


def calls(x):
    for weights in LAYERS[:6]:
        x = layer(x, weights)
    return np.sum(x * x)


def inside_a_loop(x):
    total = 0.0
    for k in range(3):
        total = total + np.sum(grad(formula)(x * (k + 1.0)))
    return total


PROGRAMS = (network, formula, views, written_in_place, branches, around_a_loop, calls, inside_a_loop)


@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_the_same_bits(fun):
    expected = value_and_grad(fun, schedule="store")(X)
    slope, _ = differences(fun, (X,), (np.cos(X),))
    np.testing.assert_allclose(np.sum(expected[1] * np.cos(X)), slope, rtol=1e-6)
    for schedule in SCHEDULES:
        value, gradient = value_and_grad(fun, schedule=schedule)(X)
        assert value == expected[0]
        assert gradient.tobytes() == expected[1].tobytes(), schedule


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("fun", [network, formula, views, written_in_place], ids=lambda fun: fun.__name__)
def test_derivatives_of_derivatives(fun, schedule):
    inner, plain = grad(fun, schedule=schedule), grad(fun)
    second = grad(lambda x: np.sum(np.sin(inner(x))))(X)
    assert second.tobytes() == grad(lambda x: np.sum(np.sin(plain(x))))(X).tobytes()
    dot = np.cos(X)
    along = jvp(grad(fun, schedule=schedule), (X,), (dot,))
    for found, expected in zip(along, jvp(grad(fun), (X,), (dot,)), strict=True):
        assert found.tobytes() == expected.tobytes()
    assert along[1].tobytes() == hvp(fun, (X,), (dot,)).tobytes()


# ---------------------------------------------------------------------------- what is run again


@pytest.mark.parametrize("depth", [4, 9, 30])
def test_steps_run_again_as_often_as_planned(depth):
    runs = []

    def step(x):
        runs.append(1)
        return np.tanh(x)

    @elementwise(step)
    def partial(x, *, out):
        return 1.0 - out * out

    layers = (LAYERS * 3)[:depth]

    def program(x):
        for weights in layers:
            x = step(x @ weights)
        return np.sum(x)

    found = {}
    for schedule in ("store", "sqrt", "recompute"):
        gradient = grad(program, schedule=schedule)
        gradient(X)
        runs.clear()
        gradient(X)
        found[schedule] = len(runs)
    assert found["store"] == depth
    assert found["sqrt"] < 2 * depth
    assert found["recompute"] < depth * (1 + depth.bit_length())
    if depth > 4:
        assert depth < found["sqrt"] <= found["recompute"]


def peak(call):
    call()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    call()
    found = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return found


def test_memory_of_a_deep_network():
    layers = [RANDOM.normal(size=(8, 8)) / 3 for _ in range(60)]
    x = RANDOM.normal(size=(2000, 8))

    def program(x):
        return network(x, layers)

    peaks = {name: peak(lambda name=name: grad(program, schedule=name)(x)) / x.nbytes for name in ("store", "sqrt")}
    peaks["recompute"] = peak(lambda: grad(program, schedule="recompute")(x)) / x.nbytes
    assert peaks["store"] > 60
    assert peaks["sqrt"] < 2 * 60**0.5 + 10
    assert peaks["recompute"] < 2 * 6 + 6


def test_effects_happen_once_and_in_order(capsys):
    def noisy(x):
        for weights in LAYERS:
            x = np.tanh(x @ weights) * np.exp(-x * x) + 0.1 * np.random.normal(size=(6, 5))
            print(np.sum(x))  # noqa: T201  # the effect
        return np.sum(x * x)

    np.random.seed(3)
    expected = grad(noisy, schedule="store")(X)
    printed = capsys.readouterr().out
    for schedule in SCHEDULES:
        np.random.seed(3)
        assert grad(noisy, schedule=schedule)(X).tobytes() == expected.tobytes()
        assert capsys.readouterr().out == printed


def test_results_besides_the_gradient_are_those_of_the_forward_sweep():
    def with_aux(x):
        hidden = []
        for weights in LAYERS:
            x = np.tanh(x @ weights)
            hidden.append(x)
        return np.sum(x * x), hidden

    expected = grad(with_aux, has_aux=True, schedule="store")(X)
    for schedule in SCHEDULES:
        gradient, hidden = grad(with_aux, has_aux=True, schedule=schedule)(X)
        assert gradient.tobytes() == expected[0].tobytes()
        assert [h.tobytes() for h in hidden] == [h.tobytes() for h in expected[1]]


def test_layers_of_different_sizes():
    weights = [RANDOM.normal(size=(a, b)) / 5 for a, b in itertools.pairwise(WIDTHS)]
    x = RANDOM.normal(size=(200, 3))
    expected = grad(network_of, 1, schedule="store")(x, weights)
    for schedule in SCHEDULES:
        found = grad(network_of, 1, schedule=schedule)(x, weights)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(found, expected, strict=True))


def network_of(x, layers):
    for weights in layers:
        x = np.tanh(x @ weights)
    return np.sum(x * x)


def formula_of(recipe, x):
    """Each line of the recipe names an operation and the two earlier values that it takes."""
    values = [x]
    for kind, i, j in recipe:
        a, b = values[i], values[j]
        if kind == "product":
            values.append(a * b)
        elif kind == "sine":
            values.append(np.sin(a) + b)
        elif kind == "matrix":
            values.append(np.tanh(a @ b.T) @ a)
        elif kind == "window":
            values.append(np.concatenate((a[1:], b[:1])))
        elif kind == "write":
            c = np.cos(a)
            c[1:] += b[:-1]
            values.append(c)
        else:
            values.append(np.exp(-a * a) if np.sum(b) > 0.0 else np.tanh(a) * b)
    return np.mean(values[-1] * values[-2])


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed):
    draw = random.Random(seed)
    kinds = ("product", "sine", "matrix", "window", "write", "branch")
    count = draw.randint(3, 16)
    recipe = [(draw.choice(kinds), draw.randint(max(0, k - 4), k), draw.randint(0, k)) for k in range(count)]

    def program(x):
        return formula_of(recipe, x)

    expected = value_and_grad(program, schedule="store")(X / 3)
    for schedule in ("sqrt", "recompute"):
        found = value_and_grad(program, schedule=schedule)(X / 3)
        assert found[0] == expected[0]
        assert found[1].tobytes() == expected[1].tobytes()


def test_arguments_and_numbers_are_kept():
    def program(x, n):
        a = np.sum(x) * n
        b = np.sin(x) * a
        return np.sum(b * b) * a

    gradient = grad(program, schedule="recompute")
    assert gradient(X, 2.0).tobytes() == grad(program)(X, 2.0).tobytes()
    assert gradient.source.count("np.sum(x)") + gradient.source.count("x.sum()") <= 1
