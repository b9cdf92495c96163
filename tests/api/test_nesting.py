"""Derivatives inside of derivatives, and markers: stop_gradient, backward_hook."""

import numpy as np
import pytest

import adjoint
from adjoint import backward_hook, grad, hvp, jvp, linearize, stop_gradient, value_and_grad, vjp


def test_orders():
    f = lambda x: x**5  # noqa: E731
    assert grad(grad(grad(f)))(2.0) == 240.0
    assert grad(grad(grad(grad(f))))(2.0) == 240.0
    assert jvp(grad(lambda y: jvp(f, (y,), (1.0,))[1]), (2.0,), (1.0,))[1] == 240.0
    assert grad(lambda x: hvp(lambda y: y**4, (x,), (1.0,)))(2.0) == 48.0
    assert grad(lambda x: value_and_grad(f)(x)[0] * value_and_grad(f)(x)[1])(1.0) == 45.0


def test_maps_that_are_applied_twice():
    def pulled(x):
        _, pullback = vjp(lambda y: y**3, x)
        return pullback(1.0)[0] * pullback(x)[0]

    def pushed(x):
        _, push = linearize(lambda y: y**3, x)
        return push(1.0) + push(x)

    assert grad(pulled)(2.0) == 720.0
    assert grad(pushed)(2.0) == 48.0


def test_derivatives_in_loops():
    def f(x):
        s = 1.0
        for _ in range(3):
            s = s * x + grad(lambda y: y * y * x)(s)
        return s  # (3 x) ** 3

    def g(x):
        s = x
        while s < 100.0:
            s = s + grad(lambda y: y**2)(s)
        return s  # 81 x

    assert (f(2.0), grad(f)(2.0), grad(grad(f))(2.0)) == (216.0, 324.0, 324.0)
    assert grad(g)(2.0) == 81.0
    assert jvp(grad(lambda x: g(x) ** 2), (2.0,), (1.0,))[1] == 2 * 81.0**2


def test_stop_gradient():
    def f(x):
        s = 0.0
        for _ in range(3):
            if x > 0:
                s = s + stop_gradient(x) * x
        return s

    assert (grad(f)(2.0), grad(grad(f))(2.0), linearize(f, 2.0)[1](1.0)) == (6.0, 0.0, 6.0)
    assert jvp(f, (2.0,), (1.0,)) == (12.0, 6.0)
    assert stop_gradient(3.0) == 3.0


def double(bar):
    return 2 * bar


def test_hooks():
    def f(x):
        s = 0.0
        for i in range(3):
            s = s + backward_hook(x * 1.0, double) * i
        return s

    assert grad(f)(1.0) == 6.0
    assert jvp(f, (1.0,), (1.0,)) == (3.0, 3.0)
    assert linearize(f, 1.0)[1](1.0) == 3.0
    assert grad(lambda x: backward_hook(x, fn=lambda bar: 5 * bar))(2.0) == 5.0
    assert grad(lambda x: backward_hook(x=x, fn=lambda bar: 5 * bar))(2.0) == 5.0
    x = np.array([0.5, -2.0])
    clipped = vjp(lambda x: backward_hook(x, lambda bar: np.clip(bar, -1, 1)) ** 2, x)[1]
    np.testing.assert_array_equal(clipped(np.full(2, 100.0))[0], [1.0, -1.0])


def test_a_hook_sees_what_it_captures():
    class Scale:
        def __init__(self, k):
            self.k = k

        def __call__(self, bar):
            return bar * self.k

    factor, hook = 3.0, Scale(3.0)
    by_closure = grad(lambda x: backward_hook(x, lambda bar: bar * factor))
    by_object = grad(lambda x: backward_hook(x, hook))
    assert by_closure(1.0) == by_object(1.0) == 3.0
    factor, hook = 4.0, Scale(4.0)
    assert by_closure(1.0) == by_object(1.0) == 4.0


def test_hooks_that_give_something_else():
    def nothing(bar):
        return np.sum(bar) and None

    def longer(bar):
        return np.ones(7)

    x = np.ones(3)
    adjoint.rules.nondifferentiable(longer)
    with pytest.raises(TypeError, match="hook"):
        grad(lambda x: np.sum(backward_hook(x, nothing)))(x)
    with pytest.raises(ValueError, match="hook"):
        grad(lambda x: np.sum(backward_hook(x, longer)))(x)
    with pytest.raises(TypeError, match="hook"):
        grad(lambda x: np.sum(backward_hook(x, lambda bar: None)))(x)
    with pytest.raises(adjoint.UnsupportedError, match="hook"):
        grad(lambda x: backward_hook({"a": x}, double)["a"])(2.0)
    with pytest.raises(TypeError, match="hook"):
        grad(lambda x: 2.0 * backward_hook(x))(2.0)


def test_none_for_a_tangent_or_a_cotangent():
    def pulled(x):
        _, pullback = vjp(lambda y: {"a": y**2, "b": (y, 3)}, x)
        return pullback({"b": None, "a": 1.0})[0] + pullback(None)[0]

    def pushed(x):
        _, push = linearize(lambda y, z: y**2 * z, x, x)
        return push(1.0, None) + push(None, 1.0)

    assert (pulled(2.0), grad(pulled)(2.0)) == (4.0, 2.0)
    assert (pushed(2.0), grad(pushed)(2.0)) == (12.0, 12.0)
