"""Variables take turns: a name holds its array until it is assigned again."""

import numpy as np

import adjoint


def softmax(z, target):
    z = z - np.max(z, axis=1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.sum(target * (z - log_sum))


def attraction(x, mass):
    dx = x - x[:, None]
    weight = 1.0 / (dx * dx + 0.1)
    return np.sum((dx * weight) @ mass * mass)


def sources(fun, *args):
    gradient = adjoint.grad(fun)
    gradient(*args)
    adjoint.check_grads(fun, args)
    return [line.strip() for line in gradient.source.splitlines()]


X = np.linspace(0.5, 2.0, 4) ** 2


def test_what_a_cotangent_is_made_of_has_its_name():
    lines = sources(attraction, X, X)
    assert any(line.startswith("dx_bar = np.outer(") for line in lines), lines
    assert any(line.startswith("dx_bar = ") and "* dx_bar" in line for line in lines), lines


def test_values_of_the_program_have_no_name_of_a_cotangent():
    lines = sources(softmax, np.outer(X, X), np.ones((4, 4)))
    assert not any(line.startswith("z_bar = np.exp(z)") for line in lines), lines
