"""Functions of one number: return dy/dx as an expression.

`out` is the function's own result. Reading it is cheaper than computing it again, and the scheduler then
knows to keep the result and not the operand. The derivatives are those of M. Abramowitz and I. A. Stegun,
Handbook of Mathematical Functions, chapters 4, 6, 7 and 9; all hold for complex numbers on principal branches.
`guard`: a Python float at a pole raises where NumPy, and so the function itself, gives inf or nan.
"""

import math

import numpy as np

from adjoint.ir.types import PY_FLOAT, UNKNOWN, ArrayType
from adjoint.ir.types import is_complex as is_complex_type
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.infer import gives, infer_elementwise
from adjoint.rules.registry import elementwise, jvp_rule, linear
from adjoint.rules.special import bessel_i, polygamma, quotient
from adjoint.rules.trace import ZERO, Sym
from adjoint.runtime import scalars

LOG_2, LOG_10 = math.log(2.0), math.log(10.0)

# ---- exponentials and logarithms


@elementwise(np.exp)
@elementwise(math.exp)
def exp(x, *, out):
    return out


@elementwise(np.exp2)
@elementwise(math.exp2)
def exp2(x, *, out):
    return LOG_2 * out


@elementwise(np.expm1)
@elementwise(math.expm1)
def expm1(x, *, out):
    return out + 1


@elementwise(np.log, guard=True)
@elementwise(scalars.log, infer=gives(PY_FLOAT), guard=True)
def log(x):
    return 1 / x


@elementwise(math.log)
def log_to_base(x, *base, out):
    if not base:
        return 1 / x
    scale = 1 / np.log(base[0])
    return scale / x, -out * scale / base[0]


@elementwise(np.log2, guard=True)
@elementwise(math.log2)
def log2(x):
    return 1 / (LOG_2 * x)


@elementwise(np.log10, guard=True)
@elementwise(math.log10)
def log10(x):
    return 1 / (LOG_10 * x)


@elementwise(np.log1p, guard=True)
@elementwise(math.log1p)
def log1p(x):
    return 1 / (1 + x)


# ---- roots


@jvp_rule(np.sqrt, infer=infer_elementwise(np.sqrt))
@jvp_rule(math.sqrt, infer=gives(PY_FLOAT))
def sqrt(x_dot, x, *, out):
    return quotient(0.5 * x_dot, out)  # inf at 0, but 0 where x_dot is 0


@elementwise(np.cbrt)
@elementwise(math.cbrt, guard=True)
def cbrt(x, *, out):
    return 1 / (3 * (out * out))


# ---- trigonometric functions


@elementwise(np.sin)
@elementwise(math.sin)
def sin(x):
    return np.cos(x)


@elementwise(np.cos)
@elementwise(math.cos)
def cos(x):
    return -np.sin(x)


@elementwise(np.tan)
@elementwise(math.tan)
def tan(x, *, out):
    return 1 + out * out


@elementwise(np.arcsin, guard=True)
@elementwise(math.asin, guard=True)
def arcsin(x):
    return 1 / np.sqrt(1 - x * x)


@elementwise(np.arccos, guard=True)
@elementwise(math.acos, guard=True)
def arccos(x):
    return -1 / np.sqrt(1 - x * x)


@elementwise(np.arctan)
@elementwise(math.atan)
def arctan(x):
    return 1 / (1 + x * x)


@elementwise(np.sinc)
def sinc(x, *, out):
    """(cos(pi x) - sinc(x)) / x, near 0 by its Taylor series: the difference cancels there."""
    near = np.abs(x) < 0.2
    square = np.where(near, (math.pi * x) * (math.pi * x), 0)
    series = 0.0
    for k in range(9, 0, -1):  # d/du (sin u / u) = sum over k of (-1)**k 2k u**(2k-1) / (2k+1)!
        series = series * square + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    away = np.where(near, 1, x)
    return np.where(near, math.pi**2 * x * series, (np.cos(math.pi * away) - out) / away)


@elementwise(np.deg2rad)
@elementwise(np.radians)
@elementwise(math.radians)
def radians(x):
    return math.pi / 180


@elementwise(np.rad2deg)
@elementwise(np.degrees)
@elementwise(math.degrees)
def degrees(x):
    return 180 / math.pi


# ---- hyperbolic functions


@elementwise(np.sinh)
@elementwise(math.sinh)
def sinh(x):
    return np.cosh(x)


@elementwise(np.cosh)
@elementwise(math.cosh)
def cosh(x):
    return np.sinh(x)


@elementwise(np.tanh)
@elementwise(math.tanh)
def tanh(x, *, out):
    return 1 - out * out


@elementwise(np.arcsinh)
@elementwise(math.asinh)
def arcsinh(x):
    return 1 / np.sqrt(x * x + 1)


@elementwise(np.arccosh, guard=True)
@elementwise(math.acosh, guard=True)
def arccosh(x):
    if is_complex(x):
        return 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))
    return 1 / np.sqrt(x * x - 1)


@elementwise(np.arctanh, guard=True)
@elementwise(math.atanh)
def arctanh(x):
    return 1 / (1 - x * x)


# ---- special functions


@elementwise(math.erf)
def erf(x):
    return 2 / math.sqrt(math.pi) * np.exp(-x * x)


@elementwise(math.erfc)
def erfc(x):
    return -2 / math.sqrt(math.pi) * np.exp(-x * x)


@elementwise(math.lgamma)
def lgamma(x):
    return polygamma(x, order=0)


@elementwise(math.gamma)
def gamma(x, *, out):
    return out * polygamma(x, order=0)


@elementwise(np.i0)
def i0(x):
    return bessel_i(x, order=1)


# ---- parts of complex numbers


def infer_part(inputs, attrs):
    """Real numbers of the class of the operand: the part of an array is a view, of a number a number."""
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    dtype = type_.dtype.replace("complex128", "float64").replace("complex64", "float32") if type_.dtype else None
    return ArrayType(dtype, type_.shape, type_.kind)


@linear(np.real, infer=infer_part, view=True)
def real(bar, x):
    return real_cotangent(bar, x)


@linear(np.imag, infer=infer_part, view=True)
def imag(bar, x):
    return -1j * real_cotangent(bar, x)


def real_cotangent(bar, x):
    """The cotangent of a real number; where dtypes are not known, nothing else makes it real."""
    return np.real(bar) if isinstance(x, Sym) and x.type.dtype is None else bar


@linear(np.conjugate, infer=infer_elementwise(np.conjugate))
def conjugate(bar, x):
    return np.conjugate(bar)


@jvp_rule(np.angle, infer=infer_elementwise(np.angle), guard=True)
def angle(x_dot, x, *, deg=False):
    if not is_complex(x):
        return ZERO
    size = np.abs(x)
    turn = np.imag(np.conjugate(x) * x_dot) / (size * size)
    return turn * (180 / math.pi) if deg else turn


# ---- clean-up of numbers


@elementwise(np.nan_to_num)
def nan_to_num(x, *, nan=0.0, posinf=None, neginf=None):
    return np.isfinite(x)


def infer_real_if_close(inputs, attrs):
    """Whether complex numbers come out real depends on their values."""
    type_ = inputs[0].type
    if is_complex_type(type_):
        raise TypeError("whether complex numbers become real depends on their values: use np.real")
    return ArrayType(type_.dtype, type_.shape, "array" if type_.shape is not None else "any")


@linear(np.real_if_close, infer=infer_real_if_close, view=True)
def real_if_close(bar, x):
    return bar


@jvp_rule(np.unwrap, infer=infer_elementwise(np.sin))
def unwrap(x_dot, x, *, discont=None, axis=-1, period=None):
    return x_dot  # the multiples of the period are constants
