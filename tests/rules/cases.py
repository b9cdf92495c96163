"""Cases of arithmetic, elementwise functions, constructors and reductions. To cover a new rule, add one line."""

import operator
from functools import partial

import numpy as np

from tests.rules.data import Static, binary, case, distinct, imaginary, normal, positive, unary, with_holes

INSIDE = partial(positive, low=-0.8, high=0.8)
ABOVE_ONE = partial(positive, low=1.3, high=3.0)
TWO, ONE = partial(positive, low=2.2, high=2.4), partial(positive, low=0.9, high=1.0)  # quotients between integers
MATRIX, CUBE, DISTINCT = normal(3, 4), normal(2, 3, 4), distinct(3, 4)
HOLES = with_holes(DISTINCT)
ZEROS = np.where(np.arange(12).reshape(3, 4) % 5 == 1, 0.0, MATRIX)


def scalar(*values):
    """Python floats, for `math` and for Python's own functions."""
    return [case(*values, narrow=False)]


def over_axes(a, t):
    return [
        case(a), case(a, axis=0), case(a, axis=-1, keepdims=True), case(t, axis=(0, 2)), case(t, axis=(-1, 0), keepdims=True),
        case(a, axis=None, keepdims=True), case(t[:, :1], axis=1), case(a[:, 0]),
    ]  # fmt: skip


def along_axes(a, t):
    return [case(a, axis=0), case(a, axis=1), case(t, axis=-2), case(a[0], axis=0), case(a[:1], axis=1)]


SUM = [*over_axes(MATRIX, CUBE), case(normal(0, 3)), case(normal(0, 3), axis=0), case(imaginary(3)), case(0.7)]
SKIPPING_NAN = [case(HOLES), case(HOLES, axis=0), case(HOLES, axis=1, keepdims=True)]
CHOSEN, SOME = DISTINCT > -1.2, np.array([True, False, True, True])
SKIPPING_NAN_WHERE = [case(HOLES, axis=1, where=SOME), case(HOLES, where=DISTINCT > -1.2, keepdims=True)]
EXTREMUM = over_axes(DISTINCT, distinct(2, 3, 4))
LIMITED = [case(DISTINCT, axis=0, initial=limit) for limit in (-0.2, 0.2)] + [
    case(DISTINCT, axis=1, initial=limit, where=SOME) for limit in (-9.0, 9.0)
]
PARTIAL = [
    case(MATRIX, axis=1, where=SOME),
    case(MATRIX, where=CHOSEN),
    case(MATRIX, axis=0, keepdims=True, where=CHOSEN),
]
REDUCE = [case(MATRIX), case(MATRIX, axis=1), case(CUBE, axis=(0, 2), keepdims=True), case(MATRIX[:, 0])]
PRODUCT = [
    *over_axes(MATRIX, CUBE),
    case(ZEROS),
    case(ZEROS, axis=0),
    case(ZEROS, axis=1, keepdims=True),
    case(imaginary(3)),
]
SCAN = [case(MATRIX), *along_axes(MATRIX, CUBE), case(imaginary(3), axis=0)]

CASES = {
    # operators and ufuncs
    "add": [*binary(normal, positive), case(imaginary(3), normal(3))],
    "sub": [*binary(normal, positive), case(imaginary(3), normal(3))],
    "subtract": binary(normal, positive),
    "mul": [*binary(normal, positive), case(imaginary(3), normal(2, 3))],
    "multiply": binary(normal, positive),
    "truediv": [*binary(normal, positive), case(imaginary(3), normal(2, 3)), case(normal(3), imaginary(3))],
    "divide": [case(0.3, 0.7), *binary(normal, positive)[-1:]],
    "neg": unary(normal),
    "negative": unary(normal),
    "pos": unary(normal),
    "positive": unary(normal),
    "square": [*unary(normal), case(imaginary(3))],
    "reciprocal": [*unary(positive), case(imaginary(3))],
    "pow": [
        *binary(positive, normal), *(case(DISTINCT, n) for n in (0, 1, 2, 3, 4, 5, 6, 7, -1, -2, -3, Static(2.0), Static(-3.0))),
        *(case(0.7, n) for n in (2, 3, 4, 0.5, -2, 3.5, Static(0.5))), *(case(positive(3), Static(n)) for n in (0.5, -1.5, 3.5)),
        case(normal(3, 4), np.array([0, 1, 2, 3])), case(imaginary(3), 3), case(imaginary(3), normal(3)), case(2.0, imaginary(3)),
    ],
    "power": [*binary(positive, normal)[:6], *(case(DISTINCT, n) for n in (0, 1, 2, 3, 5, -1)), case(imaginary(3), Static(2.5))],
    "float_power": [case(positive(3, 1), normal(4), narrow=False), case(DISTINCT, 3, narrow=False)],
    "math.pow": scalar(0.7, 1.6),
    "mod": binary(TWO, ONE),
    "remainder": [*binary(TWO, ONE), case(-TWO(3), ONE(3)), case(TWO(3), -ONE(3))],
    "fmod": [*binary(TWO, ONE), case(-TWO(3), ONE(3))],
    "math.fmod": scalar(-7.3, 1.6),
    "math.remainder": scalar(7.3, 1.6),
    "divmod": binary(TWO, ONE),
    "modf": unary(normal),
    "math.modf": scalar(2.7),
    "ldexp": [case(normal(3), np.array([1, -2, 0])), case(normal(), 3)],
    "math.ldexp": scalar(0.7, 3),
    "absolute": [*unary(normal), case(imaginary(2, 3)), case(imaginary())],
    "abs": [*unary(normal), case(imaginary(2, 3)), case(0.3 - 0.4j)],
    "fabs": unary(normal),
    "math.fabs": scalar(-0.7),
    "copysign": binary(normal, normal),
    "math.copysign": scalar(-0.7, 1.6),
    "heaviside": [case(distinct(4), 0.5), case(np.array([-1.0, 2.0]), normal(2))],
    "maximum": binary(partial(distinct, gap=0.31), partial(distinct, gap=0.37, seed=3)),
    "minimum": binary(partial(distinct, gap=0.31), partial(distinct, gap=0.37, seed=3)),
    "fmax": [*binary(partial(distinct, gap=0.31), partial(distinct, gap=0.37, seed=3)), case(HOLES, DISTINCT + 0.11), case(DISTINCT + 0.11, HOLES)],
    "fmin": [*binary(partial(distinct, gap=0.31), partial(distinct, gap=0.37, seed=3)), case(HOLES, DISTINCT + 0.11), case(DISTINCT + 0.11, HOLES)],
    "clip": [
        case(DISTINCT, -0.5, 0.7), case(DISTINCT, max=0.7), case(DISTINCT, None, 0.7), case(DISTINCT, -0.5, None),
        case(DISTINCT, np.float64(-0.71), positive(4) + 0.513), case(DISTINCT, 0.61 * normal(3, 1), max=2.0),
    ],
    "where": [
        case(DISTINCT > 0, normal(3, 4), normal(4)), case(DISTINCT > 0, normal(3, 1), 2.0), case(True, 0.3, 0.4),
        case(np.array([[True], [False]]), normal(3), imaginary(3)),
    ],
    "logaddexp": binary(normal, positive),
    "logaddexp2": binary(normal, positive),
    "arctan2": binary(normal, positive),
    "math.atan2": scalar(0.3, -0.7),
    "hypot": binary(normal, positive),
    "math.hypot": [*scalar(0.3, -0.7), *scalar(0.3, -0.7, 1.6)],
    "complex": [case(0.3, 0.7, narrow=False), case(0.3, narrow=False)],
    "float": scalar(0.3),
    "math.fsum": [case([0.3, 0.7, 1.6], narrow=False)],
    # exponentials, logarithms and roots
    "exp": [*unary(normal), case(imaginary(3))],
    "math.exp": scalar(0.7),
    "exp2": unary(normal),
    "math.exp2": scalar(0.7),
    "expm1": [*unary(normal), case(imaginary(3))],
    "math.expm1": scalar(0.7),
    "log": [*unary(positive), case(imaginary(3))],
    "math.log": [*scalar(0.7), *scalar(0.7, 3.0), *scalar(0.7, 3)],
    "log2": unary(positive),
    "math.log2": scalar(0.7),
    "log10": [*unary(positive), case(imaginary(3))],
    "math.log10": scalar(0.7),
    "log1p": unary(positive),
    "math.log1p": scalar(0.7),
    "sqrt": [*unary(positive), case(imaginary(3))],
    "math.sqrt": scalar(0.7),
    "cbrt": unary(positive),
    "math.cbrt": scalar(-0.7),
    # trigonometric and hyperbolic functions
    "sin": [*unary(normal), case(imaginary(3))],
    "math.sin": scalar(0.7),
    "cos": [*unary(normal), case(imaginary(3))],
    "math.cos": scalar(0.7),
    "tan": [*unary(INSIDE), case(imaginary(3))],
    "math.tan": scalar(0.7),
    "arcsin": [*unary(INSIDE), case(imaginary(3))],
    "math.asin": scalar(0.7),
    "arccos": [*unary(INSIDE), case(imaginary(3))],
    "math.acos": scalar(0.7),
    "arctan": [*unary(normal), case(imaginary(3))],
    "math.atan": scalar(0.7),
    "sinh": [*unary(normal), case(imaginary(3))],
    "math.sinh": scalar(0.7),
    "cosh": [*unary(normal), case(imaginary(3))],
    "math.cosh": scalar(0.7),
    "tanh": [*unary(normal), case(imaginary(3))],
    "math.tanh": scalar(0.7),
    "arcsinh": [*unary(normal), case(imaginary(3))],
    "math.asinh": scalar(0.7),
    "arccosh": [*unary(ABOVE_ONE), case(imaginary(3)), case(-imaginary(3))],
    "math.acosh": scalar(1.7),
    "arctanh": [*unary(INSIDE), case(imaginary(3))],
    "math.atanh": scalar(0.7),
    "sinc": [*unary(normal), case(np.array([0.0, 1e-9, 1e-3, 0.19, 0.21, 1.0])), case(imaginary(3))],
    "deg2rad": unary(normal),
    "radians": unary(normal),
    "math.radians": scalar(0.7),
    "rad2deg": unary(normal),
    "degrees": unary(normal),
    "math.degrees": scalar(0.7),
    # special functions
    "math.erf": scalar(0.7),
    "math.erfc": scalar(0.7),
    "math.gamma": [*scalar(0.7), *scalar(4.2), *scalar(-1.3)],
    "math.lgamma": [*scalar(0.7), *scalar(40.2)],
    "i0": unary(normal),
    # complex numbers
    "real": [*unary(normal), case(imaginary(2, 3)), case(imaginary())],
    "imag": [*unary(normal), case(imaginary(2, 3)), case(imaginary())],
    "conjugate": [*unary(normal), case(imaginary(2, 3))],
    "angle": [case(normal(3)), case(imaginary(2, 3)), case(imaginary(3), deg=True)],
    "nan_to_num": [*unary(normal), case(np.array([0.3, np.nan, np.inf]), nan=2.0, posinf=1.0)],
    "real_if_close": unary(normal),
    "unwrap": [case(3.0 * distinct(5)), case(normal(3, 4), axis=0)],
    # constructors
    "full": [case((2, 3), 0.7), case((2, 3), normal(3)), case(4, np.float64(0.3))],
    "full_like": [case(np.ones((2, 3)), 0.7), case(normal(2, 3), normal(3))],
    "arange": [case(0.3, 2.1, 0.5), case(0.3, 2.1), case(2.1), case(5)],
    "linspace": [case(0.3, 2.0, 5), case(0.3, 2.0, num=4, endpoint=False), case(normal(3), positive(3), 4), case(0.3, normal(2), 3)],
    "logspace": [case(0.1, 0.8, 4), case(0.1, 0.8, num=3, base=2.0)],
    "geomspace": [case(0.5, 2.0, 4), case(positive(2), 3.0, 4)],
    # reductions
    "sum": [*SUM, case(MATRIX, where=DISTINCT > 0, initial=2.0), case(MATRIX, axis=0, dtype=np.float64, narrow=False)],
    "add.reduce": [*REDUCE, case(imaginary(2, 3))],
    "mean": [*over_axes(MATRIX, CUBE), case(imaginary(3)), *PARTIAL],
    "average": [
        case(MATRIX), case(MATRIX, axis=0), case(CUBE, axis=(0, 2), keepdims=True), case(MATRIX, 1, positive(4)),
        case(MATRIX, None, positive(3, 4)), case(CUBE, 1, positive(3), keepdims=True),
    ],
    "max": [*EXTREMUM, *LIMITED],
    "min": [*EXTREMUM, *LIMITED],
    "nanmax": [*EXTREMUM, *SKIPPING_NAN],
    "nanmin": [*EXTREMUM, *SKIPPING_NAN],
    "maximum.accumulate": [case(DISTINCT), case(DISTINCT, axis=1), case(distinct(5))],
    "minimum.accumulate": [case(DISTINCT), case(DISTINCT, axis=1), case(distinct(5))],
    "fmax.reduce": [case(DISTINCT), case(DISTINCT, axis=1, keepdims=True)],
    "fmin.reduce": [case(DISTINCT), case(HOLES, axis=1)],
    "logaddexp.reduce": REDUCE[:2],
    "maximum.reduce": [case(DISTINCT), case(DISTINCT, axis=1, keepdims=True)],
    "minimum.reduce": [case(DISTINCT), case(DISTINCT, axis=1, keepdims=True)],
    "ptp": EXTREMUM,
    "prod": [*PRODUCT, *PARTIAL, case(MATRIX, axis=0, initial=2.5), case(MATRIX, initial=0.5, where=CHOSEN), case(MATRIX, dtype="float64", narrow=False)],
    "multiply.reduce": [*REDUCE, case(CUBE, axis=())],
    "var": [case(CUBE, axis=()), case(MATRIX, dtype="float64", narrow=False), *over_axes(MATRIX, CUBE)[:-2], case(MATRIX, axis=1, ddof=1), case(imaginary(3)), case(MATRIX[0]), *PARTIAL, case(MATRIX, axis=1, where=SOME, correction=1)],
    "std": [case(MATRIX, dtype="float64", narrow=False), *over_axes(MATRIX, CUBE)[:-2], case(MATRIX, axis=1, ddof=1), case(imaginary(3)), case(MATRIX[0]), *PARTIAL, case(MATRIX, axis=1, where=SOME, correction=1)],
    "nansum": [case(MATRIX, axis=1), *SKIPPING_NAN_WHERE, *SKIPPING_NAN],
    "nanmean": [case(MATRIX, axis=1), *SKIPPING_NAN_WHERE, *SKIPPING_NAN],
    "nanprod": [case(HOLES, axis=1, initial=2.5), case(MATRIX, axis=1), *SKIPPING_NAN_WHERE, *SKIPPING_NAN],
    "nanvar": [case(MATRIX, axis=1), *SKIPPING_NAN_WHERE, *SKIPPING_NAN, case(HOLES, ddof=1)],
    "nanstd": [case(MATRIX, axis=1), *SKIPPING_NAN_WHERE, *SKIPPING_NAN, case(HOLES, ddof=1)],
    # neighbours and scans
    "diff": [
        case(MATRIX), case(MATRIX, axis=0), case(MATRIX, n=2), case(normal(5), n=3), case(normal(3), n=3), case(normal(2), n=3),
        case(normal(5), 1, -1, 0.7, narrow=False), case(MATRIX, 2, 0, normal(2, 4), normal(1, 4)), case(normal(5), append=2.0),
    ],
    "trapezoid": [
        case(normal(5)), case(MATRIX, dx=0.3, axis=0), case(normal(5), np.cumsum(positive(5))),
        case(MATRIX, np.cumsum(positive(3)), axis=0), case(MATRIX, np.cumsum(positive(3, 4), axis=1)),
    ],
    "cumsum": SCAN,
    "cumprod": [*SCAN, case(ZEROS), case(ZEROS, axis=1)],
    "cumulative_sum": SCAN[1:],
    "cumulative_prod": [*SCAN[1:], case(ZEROS, axis=1)],
    "add.accumulate": SCAN,
    "multiply.accumulate": [*SCAN, case(ZEROS)],
    # what rules call
    "full_basis": [case(normal(3, 3), Static(np.eye(3)))],
    "update_view": [
        case(MATRIX, normal(3), index=1, path=((np.transpose, {}), (operator.getitem, {"index": slice(1, 4)}), (np.transpose, {}))),
        case(imaginary(2, 3), normal(3), index=0, path=((np.real, {}),)), case(imaginary(2, 3), normal(3), index=1, path=((np.imag, {}),)),
    ],
    "quotient": binary(normal, positive),
    "recurrence": [case(MATRIX, normal(3, 4, seed=1), axis=0), case(ZEROS, normal(3, 4, seed=1), axis=1), case(normal(5), normal(5, seed=1), axis=0)],
    "bessel_i": [case(normal(3), order=0), case(normal(3), order=2)],
    "polygamma": [case(0.7, order=0, narrow=False), case(3.2, order=2, narrow=False)],
    # numbers taken apart, products and distances of Python numbers, grids with a parameter
    "frexp": [case(normal(3)), case(np.float64(0.7), narrow=False)],
    "math.frexp": scalar(2.7),
    "nextafter": [case(normal(3), 2.0), case(normal(3, 1), normal(4))],
    "math.nextafter": scalar(0.7, 1.6),
    "math.prod": [case([0.3, 0.7, 1.6], narrow=False), case([0.3, 0.0, 1.6], start=2.5, narrow=False)],
    "math.dist": [case([0.3, 0.7], [1.6, -0.2], narrow=False)],
    "fft.fftfreq": [case(6, 0.3, narrow=False), case(5, 0.3, narrow=False), case(4)],
    "fft.rfftfreq": [case(6, 0.3, narrow=False), case(5, 0.3, narrow=False)],
    "kaiser": [case(5, 1.3, narrow=False), case(6, 0.7, narrow=False)],
}  # fmt: skip
