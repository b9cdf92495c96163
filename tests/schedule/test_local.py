"""`checkpoint(fun)` and `checkpointed(range(n), snapshots=..)`: a hint changes time and memory, never a result."""

import numpy as np
import pytest

import adjoint
from adjoint import UnsupportedError, checkpoint, checkpointed, grad, hvp, value_and_grad, vjp
from adjoint.rules import elementwise
from adjoint.schedule.revolve import extra_steps

X = np.random.default_rng(5).normal(size=4)


def counting():
    runs = []

    def step(x):
        runs.append(1)
        return np.tanh(x) + 0.5 * x

    @elementwise(step)
    def partial(x, *, out):
        return 1.5 - (out - 0.5 * x) ** 2

    return step, runs


def same_bits(a, b):
    return [np.asarray(x).tobytes() for x in a] == [np.asarray(x).tobytes() for x in b]


# ---- checkpointed


def test_it_is_the_range_itself():
    assert list(checkpointed(range(2, 9, 3), snapshots=2)) == [2, 5, 8]
    for wrong, error in ((0, ValueError), ("3", TypeError)):
        with pytest.raises(error, match="snapshot"):
            checkpointed(range(3), wrong)


def test_a_marked_loop_runs_the_fewest_steps_and_the_others_run_once():
    step, runs = counting()

    def simulate(x, n):
        for _ in checkpointed(range(n), snapshots=2):
            x = step(x)
        for _ in range(n):
            x = step(x)
        return np.sum(x * x)

    for options in ({}, {"schedule": "store"}):
        runs.clear()
        grad(simulate, **options)(X, 10)
        assert len(runs) == 10 + extra_steps(10, 2) + 10
    runs.clear()
    grad(simulate, schedule="sqrt")(X, 10)
    assert len(runs) == 10 + extra_steps(10, 2) + 20


def test_a_marked_loop_gives_the_same_bits():
    def plain(x, n):
        for t in range(n):
            x = np.sin(x) * (t + 1)
        return np.sum(x)

    def marked(x, n):
        for t in checkpointed(range(n), snapshots=3):
            x = np.sin(x) * (t + 1)
        return np.sum(x)

    def constant(x, n):
        steps = checkpointed(range(17), 3)
        for t in steps:
            x = np.sin(x) * (t + 1)
        return np.sum(x)

    for n in (0, 1, 2, 17):
        assert same_bits(value_and_grad(marked)(X, n), value_and_grad(plain)(X, n))
    assert same_bits(value_and_grad(constant)(X, 17), value_and_grad(plain)(X, 17))
    expected = hvp(plain, (X, 7), (np.ones(4), None))
    np.testing.assert_allclose(hvp(marked, (X, 7), (np.ones(4), None)), expected, rtol=1e-13)


def test_only_ranges_are_marked():
    def program(x):
        for item in checkpointed(x, snapshots=2):
            x = x * item
        return np.sum(x)

    with pytest.raises(UnsupportedError, match="give it a range"):
        grad(program)(X)


# ---- checkpoint


def block(x, k=2):
    u, v = np.sin(x), np.cos(x)
    return {"product": u * v * k, "parts": [u, v]}


SAVED = checkpoint(block)


def saved_program(x):
    first = SAVED(x)
    second = SAVED(first["product"], k=3)
    return np.sum(second["product"] * first["parts"][0])


def plain_program(x):
    first = block(x)
    second = block(first["product"], k=3)
    return np.sum(second["product"] * first["parts"][0])


def test_a_checkpointed_function_has_the_same_derivatives():
    assert SAVED(X)["product"].tobytes() == block(X)["product"].tobytes()
    value, slope = value_and_grad(saved_program)(X)
    expected = value_and_grad(plain_program)(X)
    assert value == expected[0]
    np.testing.assert_allclose(slope, expected[1], rtol=1e-14)
    np.testing.assert_allclose(vjp(saved_program, X)[1](1.0)[0], slope, rtol=1e-14)
    expected = hvp(plain_program, (X,), (np.ones(4),))
    np.testing.assert_allclose(hvp(saved_program, (X,), (np.ones(4),)), expected, rtol=1e-13)
    slope_of_slope = grad(lambda x: np.sum(grad(saved_program)(x)))(X)
    np.testing.assert_allclose(slope_of_slope, expected, rtol=1e-13)


def test_it_runs_once_forward_and_once_in_reverse():
    step, runs = counting()

    @checkpoint
    def twice(x):
        return step(step(x))

    def model(x, n):
        for _ in range(n):
            x = twice(x)
        return np.sum(x * x)

    grad(model)(X, 5)
    assert 10 < len(runs) <= 20
    runs.clear()
    grad(lambda x: np.sum(twice(twice(x)) ** 2))(X)
    assert 4 < len(runs) <= 8


def test_a_call_that_may_not_run_twice_does_not(capsys):
    @checkpoint
    def noisy(x):
        print("once")  # noqa: T201  # the effect
        return x * x

    grad(lambda x: np.sum(noisy(x)))(X)
    assert capsys.readouterr().out == "once\n"


def test_a_call_that_writes_into_its_argument_is_seen_to():
    @checkpoint
    def write(x, a):
        x[0] = a * x[1]
        return np.sum(x)

    def program(x, a):
        y = x * 2.0
        return write(y, a) * y[0] + y[1]

    def plain(x, a):
        y = x * 2.0
        return write.primal(y, a) * y[0] + y[1]

    assert same_bits(value_and_grad(program)(X, 0.5), value_and_grad(plain)(X, 0.5))


def test_methods_and_closures():
    class Model:
        def __init__(self):
            self.w = 2.0

        @checkpoint
        def layer(self, x):
            return np.sin(x * self.w) * x

    model, scale = Model(), 3.0
    assert model.layer(X).tobytes() == (np.sin(X * 2.0) * X).tobytes()

    def program(x):
        def inner(y):
            return np.sin(y * scale) * y

        return np.sum(model.layer(checkpoint(inner)(x)))

    inner = np.sin(X * 3.0) * X
    slope = (np.cos(inner * 2.0) * 2.0 * inner + np.sin(inner * 2.0)) * (np.cos(X * 3.0) * 3.0 * X + np.sin(X * 3.0))
    np.testing.assert_allclose(grad(program)(X), slope, rtol=1e-13)


def test_the_text_has_a_function_of_its_own():
    text = adjoint.source(saved_program)
    assert "def block_vjp(" in text
    assert text.count("np.sin") == 4, "the inside is computed in the function and in its reverse"


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="not of 3"):
        checkpoint(3)
