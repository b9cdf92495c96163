"""Derivatives inside programs that are themselves differentiated."""

import math

import numpy as np

import adjoint
from adjoint import grad, jvp, value_and_grad, vjp
from tests.corpus import registry
from tests.corpus.registry import normal


def program(*calls):
    """Derivatives inside: their value may be rounded otherwise."""
    return registry.program(*calls, exact=False)


def cubic(x):
    return x**3 + math.sin(x)


@grad
def decorated(x):
    return x**4


@program((0.7,))
def derivative_inside(x):
    return grad(cubic)(x) * x


@program((0.7,))
def third_derivative(x):
    return grad(grad(grad(lambda t: t**5 * math.exp(t))))(x)


@program((0.7, 0.3))
def closure_over_the_outer_variable(x, y):
    return grad(lambda t: t * t * x + t * y)(x * y)


@program((0.7, 0.3))
def perturbation_confusion(x, y):
    return x * grad(lambda t: x + t)(y) + x * jvp(lambda t: x * t, (y,), (1.0,))[1]


@program((0.7,))
def forward_inside(x):
    out, out_dot = jvp(cubic, (x,), (x * x,))
    return out * out_dot


@program((0.7, 0.4))
def pullback_inside(x, y):
    out, pullback = vjp(lambda a, b: (a * b, math.sin(a)), x, y)
    first = pullback((1.0, x))
    second = pullback((y, 0.5))
    return out[0] * first[0] + second[1] * first[1]


@program((0.7,))
def value_and_gradient_inside(x):
    value, gradient = value_and_grad(cubic)(x)
    return value - x * gradient


@program((0.7,))
def decorated_function_inside(x):
    return decorated(x) + x * decorated(2 * x)


@program((normal(3), 0.05))
def gradient_descent_unrolled(w, rate):
    target = np.array([1.0, -1.0, 0.5])

    def loss(v):
        return np.sum((v * v - target) ** 2)

    for _ in range(3):
        w = w - rate * grad(loss)(w)
    return loss(w)


@program((0.9, 3), (0.9, 0))
def newton_with_derivative(x, n):
    def f(t):
        return t * t - x

    y = x
    for _ in range(n):
        y = y - f(y) / grad(f)(y)
    return y


@program((0.9, 3))
def gradient_of_a_loop_in_a_loop(x, n):
    def inner(t):
        y = t
        for i in range(2):
            y = math.sin(y) * x + i
        return y

    s = 0.0
    for _ in range(n):
        s = s + grad(inner)(s + x)
    return s


@program((normal(3), normal(3, seed=1)))
def hessian_vector_product(x, v):
    def f(t):
        return np.sum(np.sin(t) * t[0])

    return jvp(grad(f), (x,), (v,))[1]


@program((normal(3), normal(3, seed=1)))
def hvp_function(x, v):
    return adjoint.hvp(lambda t: np.sum(t**4) * t[1], (x,), (v,))


@program((1.4,), (-1.4,))
def gradient_of_a_branch(x):
    def f(t):
        if t > 0:
            return t**3
        return math.exp(t)

    return grad(f)(x) * x


@program((0.3, 0.4))
def several_argnums(x, y):
    gx, gy = grad(lambda a, b: a * a * b + b**3, argnums=(0, 1))(x, y)
    return gx * gy + x


@program((normal(3),))
def gradient_with_aux(x):
    g, aux = grad(lambda t: (np.sum(t**3), t * 2), has_aux=True)(x)
    return np.sum(g * aux)


@program((0.5, 0.8))
def stopped(x, y):
    return adjoint.stop_gradient(x) * 0 + x * y


@program((0.5,))
def gradient_of_helper_with_while(x):
    def f(t):
        while t < 3:
            t = t * t + 1
        return t

    return grad(f)(x) + f(x)


@program((0.5, 1.5))
def gradient_by_dictionary(x, y):
    g = grad(lambda d: d["a"] ** 2 * d["b"])({"a": x, "b": y})
    return g["a"] * g["b"]


@program((normal(3, 3), normal(3)))
def energy_force(a, x):
    force = grad(lambda q: -0.5 * (q @ a @ q) + np.sum(q**4))(x)
    return np.sum(force**2)
