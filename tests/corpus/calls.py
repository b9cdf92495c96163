"""Helpers, defaults, keywords, closures, lambdas, higher-order functions, shadowed names, recursion."""

import functools
import math

import numpy as np

from tests.corpus.registry import normal, program

SCALE = 1.7
TABLE = np.array([1.0, -2.0, 0.5])


def square(x):
    return x * x


def affine(x, a=2.0, *, b=1.0):
    return a * x + b


def sum_and_product(x, y):
    return x + y, x * y


def clipped(x):
    if x > 1:
        return 1 + math.log(x)
    return x


def iterate(f, x, n):
    for _ in range(n):
        x = f(x)
    return x


def compose(f, g):
    return lambda x: f(g(x))


@program((0.7,))
def helper(x):
    return square(x) + square(square(x) + 1)


@program((0.7, 0.2))
def defaults_and_keywords(x, y):
    return affine(x) * affine(y, b=x) - affine(b=y, x=x, a=3)


@program((0.7, 0.2))
def several_results(x, y):
    s, p = sum_and_product(x, y)
    t, _ = sum_and_product(p, s)
    return s * p + t


@program((0.7,), (1.7,))
def helper_with_early_return(x):
    return clipped(x) * clipped(2 * x)


@program((0.7, 3), (0.7, 0))
def helper_with_a_loop(x, n):
    return iterate(lambda t: t * t + 0.1, x, n) + iterate(math.sin, x, n)


@program((0.7,))
def composition(x):
    return compose(math.exp, square)(x) + compose(square, lambda t: t + 1)(x)


@program((0.7, 0.3))
def closure_over_differentiated_data(x, y):
    k = x * y

    def inner(t):
        return k * t + x

    return inner(y) + inner(k)


@program((0.7, 0.3))
def closure_sees_later_value(x, y):
    def inner(t):
        return t * z

    z = x
    a = inner(y)
    z = y * y
    return a + 10 * inner(y)


@program((0.7,))
def reads_globals(x):
    return SCALE * x + np.sum(TABLE * x)


@program((0.7,))
def names_shadowed(x):
    def square(t):
        return t * 3

    sum = square(x)
    abs = sum * x
    return sum + abs


@program((0.7, 0.1))
def parameter_named_like_output(x_dot, x_bar):
    x = x_dot * x_bar
    out = x + x_dot
    bar = out * x_bar
    np_ = bar * 2
    return np_ * x


@program((0.7, 0.2))
def names_of_the_generator(t, value):
    x_bar = t * value
    i_bar = x_bar + t
    stack = i_bar * x_bar
    for i in range(3):
        x_bar = x_bar * stack + i
    return x_bar


@program((0.7,))
def partial_application(x):
    f = functools.partial(affine, a=x)
    return f(x) + functools.partial(affine, b=3.0)(x)


@program((normal(3),))
def function_argument_of_numpy(x):
    def apply(f, v):
        return f(v)

    return apply(np.sin, x) + apply(lambda v: v * apply(np.sum, v), x)


@program((0.7,))
def star_arguments(x):
    def total(*items, scale=1.0):
        a, b = items
        return scale * (a + b * b)

    pair = (x, 2 * x)
    return total(*pair) + total(x, x, scale=3.0)


@program((0.7,))
def double_star_arguments(x):
    options = {"a": x * x, "b": 0.5}
    return affine(x, **options)


@program((0.5,))
def recursion(x):
    def factorial_like(n, y):
        if n == 0:
            return y
        return factorial_like(n - 1, y * x + n)

    return factorial_like(3, 1.0)


@program((0.5, "square"), (0.5, "affine"))
def conditional_callee(x, name):
    f = square if name == "square" else affine
    return f(x) * x


@program((0.5,))
def lambda_default(x):
    f = lambda t, a=x: t * a  # noqa: E731
    return f(2.0) + f(x)


@program((0.5,))
def immediately_called_lambda(x):
    return (lambda a, b: a * b + a)(x, x + 1)


@program((0.5, normal(3)))
def call_in_a_loop(x, v):
    def step(s, i):
        if v[i] > 0:
            return s * v[i] + x
        return s - x * v[i]

    s = 0.0
    for i in range(3):
        s = step(s, i)
    return s


class Model:
    """A user's object with data."""

    def __init__(self, weight, bias):
        self.weight = weight
        self.bias = bias

    def __call__(self, x):
        return np.tanh(self.weight @ x + self.bias)

    def penalty(self):
        return np.sum(self.weight**2)


MODEL = Model(normal(2, 3), normal(2))


@program((normal(3),))
def object_from_outside(x):
    return np.sum(MODEL(x) * MODEL.bias) + MODEL.penalty() * x[0]


def make_loss(data, power):
    def loss(w):
        return np.sum((data @ w) ** power)

    return loss


loss_with_captured_data = program((normal(2),))(make_loss(normal(4, 2), 2))


@program((0.4,))
def nested_functions_three_deep(x):
    def outer(a):
        def middle(b):
            def inner(c):
                return a * b * c + x

            return inner(b) + inner(x)

        return middle(a * 2)

    return outer(x * x)


@program((0.4, 1.2))
def callee_swaps_arguments(x, y):
    def f(y, x):
        return y - 2 * x

    return f(x, y) * f(y, x)
