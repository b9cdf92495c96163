"""Straight-line code on Python floats, NumPy scalars and 0-d results."""

import math

import numpy as np

from tests.corpus.registry import normal, positive, program


@program((1.3, -0.7))
def polynomial(x, y):
    return 3 * x**3 - 2 * x * y + y**2 / 4 - 7


@program((0.9,), (-1.4,))
def horner_unrolled(x):
    p = 2.0
    p = p * x + 1
    p = p * x - 3
    return p * x + 0.5


@program((1.7, 0.4))
def rational(x, y):
    return (x + y) / (x * y + 2) - 1 / x


@program((1.7, 0.4))
def powers(x, y):
    return x**y + 2**y + x**-2 + x**0.5 + y**3


@program((2.3, 0.7), (-2.3, 0.7))
def modulo_and_floor(x, y):
    return x % y + (x // y) * x


@program((0.3, 0.8))
def math_functions(x, y):
    a = math.sin(x) * math.cos(y) + math.tan(x * y)
    b = math.exp(-x) + math.log(y) + math.sqrt(x + y)
    return a * b + math.atan2(x, y) + math.hypot(x, y)


@program((0.3,))
def inverse_functions(x):
    return math.asin(x) + math.acos(x) * math.atan(x) + math.asinh(x) + math.atanh(x) + math.acosh(1 + x)


@program((0.3, 1.2))
def hyperbolic_and_special(x, y):
    return math.sinh(x) + math.cosh(y) * math.tanh(x) + math.erf(x) - math.erfc(y) + math.lgamma(y + 1) + math.gamma(y)


@program((0.3,))
def log_family(x):
    return math.log1p(x) + math.expm1(x) + math.log2(x) + math.log10(x) + math.log(x, 3.0) + math.pow(x, 2.5)


@program((0.3, 1.2))
def numpy_functions_of_floats(x, y):
    return np.sin(x) * np.exp(y) + np.sqrt(x * y) - np.arctan2(y, x)


@program((np.float64(0.3), np.float64(-1.2)), float32=True)
def numpy_scalars(x, y):
    return np.tanh(x) * y + x / (y - 2) - 3


@program((0.4, -1.5))
def absolute_values_and_signs(x, y):
    return abs(x * y) + math.fabs(y) * math.copysign(1.0, x) + np.sign(y) * x


@program((0.4, -1.5, 0.9))
def extremes(x, y, z):
    return max(x, y, z) * min(x, z) + max(x * y, 2.0)


@program((0.4, 3), (0.4, 0))
def integer_argument(x, n):
    return x**n + n * x + n


@program((0.4, True), (0.4, False))
def boolean_argument(x, flag):
    return x * flag + (1.5 if flag else x * x)


@program((0.4, "fast"), (0.4, "slow"))
def string_option(x, how):
    if how == "fast":
        return x * x
    return math.sin(x) * x


@program((0.4, None), (0.4, 2.5))
def optional_argument(x, scale):
    if scale is None:
        scale = 3.0
    return scale * x * x


@program((2.5,))
def constant_result(x):
    return 4.0


@program((2.5, 1.5))
def identity_of_one_of_two(x, y):
    return x


@program((2.5,))
def result_used_twice(x):
    y = x * x
    return y + y * y - y


@program((0.8,))
def rebinding(x):
    x = x * 2
    y = x
    x = math.sin(x)
    x, y = y, x
    return x * y * y


@program((0.8, 1.1))
def chained_assignment(x, y):
    a = b = x * y
    a += x
    b *= y
    b -= a
    a /= 2
    b **= 2
    return a * b


@program((0.5,))
def chained_comparison_as_factor(x):
    inside = 0 < x < 1
    return x * x if inside else -x


@program((1.2, 3.4))
def deep_expression(a, b):
    return ((((a + b) * a - b) / a + b) * a - (a - b) * (a + b)) / (1 + a * a * b * b)


@program((0.2, 0.6))
def tuple_result(x, y):
    return x * y, (math.exp(x), x), y


@program((1.1, 2.2))
def division_by_integer_constants(x, y):
    return x / 3 + 2 / y + (7 // 2) * x + y * (1 / 3)


@program((0.7,), (-0.7,))
def softplus_stable(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@program((normal(), positive(), positive(seed=1)))
def black_scholes_like(s, k, t):
    d1 = (math.log(k) + 0.5 * t) / math.sqrt(t) + s
    d2 = d1 - math.sqrt(t)
    return k * 0.5 * (1 + math.erf(d1 / math.sqrt(2))) - 0.5 * (1 + math.erf(d2 / math.sqrt(2)))


@program((0.6, 1.3))
def unary_plus_and_minus(x, y):
    return -(-x) + +y - (-(x - y)) * -2


@program((0.6, 1.3))
def values_computed_but_unused(x, y):
    unused = math.log(y) * x
    other = unused * 2
    x * other
    return x - y * y


@program((0.9,), (2.1,))
def nan_free_zero_derivative(x):
    return math.floor(x) * x + round(x) + math.ceil(x)


@program((1.5,))
def walrus(x):
    return (y := x * x) * y + y
