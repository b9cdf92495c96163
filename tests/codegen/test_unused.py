"""`_` in generated text is what nobody reads: a value that the user calls so, and reads, has another name."""

import numpy as np

import adjoint

VECTOR = np.array([0.3, 0.5, 0.7])


def read_after_a_loop(x):
    _ = np.sin(x)
    total = 0.0
    for k, part in enumerate(x):
        total = total + part * float(k)
    return total * np.sum(_ * _)


def unpacked(x):
    _, (a, b, c) = np.cos(x), x
    for _i in range(2):
        a = a * b + c
    return a * np.sum(_)


def parameter(_, x):
    total = 0.0
    for part in x:
        total = total + np.sin(part) * _
    return total * _


def test_values_that_are_read():
    adjoint.check_grads(read_after_a_loop, (VECTOR,))
    adjoint.check_grads(unpacked, (VECTOR,))
    adjoint.check_grads(parameter, (0.4, VECTOR))


def test_a_pullback_keeps_what_the_program_calls_so():
    def gradient(x):
        _, pullback = adjoint.vjp(lambda x: np.exp(x) * np.sum(np.sin(x)), x)
        return pullback(np.ones(3))[0]

    _, pullback = adjoint.vjp(gradient, VECTOR)
    bar = np.array([1.0, -0.5, 0.25])
    expected = [(gradient(VECTOR + h) - gradient(VECTOR - h)) @ bar / 2e-5 for h in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(pullback(bar)[0], expected, rtol=1e-7)


def test_loops_that_do_not_use_their_index():
    def power(x, n):
        for _ in range(n):
            x = x * x
        return x

    gradient = adjoint.grad(power)
    np.testing.assert_allclose(gradient(1.1, 3), 8 * 1.1**7)
    assert "for _ in range" in gradient.source
