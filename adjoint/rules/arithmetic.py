"""Arithmetic: operators and the ufuncs that mean the same, powers, comparisons that select.

Kinks: ties of maximum and minimum share equally, `abs` has derivative 0 at 0, `clip` is
minimum(maximum(x, low), high), `x**0` and `0**y` have the finite derivative 0.
"""

import builtins
import functools
import inspect
import math
import operator

import numpy as np

from adjoint.ir.core import Literal
from adjoint.ir.types import PY_COMPLEX, PY_FLOAT, PY_INT, UNKNOWN, ArrayType, broadcast_shapes, promote
from adjoint.rules.calls import arranged
from adjoint.rules.infer import array_type, elementwise_types, gives, infer_elementwise
from adjoint.rules.registry import elementwise, jvp_rule, linear
from adjoint.rules.special import exceeds, quotient
from adjoint.rules.trace import ZERO, Zero
from adjoint.runtime import scalars

# ---- the four operations


@elementwise(operator.add)
@elementwise(np.add)
def add(x, y):
    return 1, 1


@elementwise(operator.sub)
@elementwise(np.subtract)
def subtract(x, y):
    return 1, -1


@elementwise(operator.mul)
@elementwise(np.multiply)
def multiply(x, y):
    return y, x


@elementwise(operator.truediv)
@elementwise(np.divide, guard=True)
@elementwise(scalars.divide, infer=gives(PY_FLOAT), guard=True)
def divide(x, y, *, out):
    return 1 / y, -(out * out) if isinstance(x, (int, float)) and x == 1 else -out / y


@elementwise(operator.neg)
@elementwise(np.negative)
def negative(x):
    return -1


@elementwise(operator.pos)
@elementwise(np.positive)
def positive(x):
    return 1


@elementwise(np.square)
def square(x):
    return 2 * x


@elementwise(np.reciprocal)
def reciprocal(x, *, out):
    return -(out * out)


# ---- powers


def infer_power(fun):
    """As other operations, but a Python int to a negative power is a float."""
    infer = infer_elementwise(fun)

    def infer_pow(inputs, attrs):
        result, exponent = infer(inputs, attrs), inputs[1]
        if not isinstance(result, ArrayType) or result.kind != "py" or result.dtype != "int64":
            return result
        if isinstance(exponent, Literal):
            return result if exponent.value >= 0 else PY_FLOAT
        return ArrayType(None, (), "py")

    return infer_pow


@elementwise(operator.pow, builtins.pow, infer=infer_power(operator.pow), guard=True)
@elementwise(np.power, np.pow, guard=True)
@elementwise(np.float_power, guard=True)
@elementwise(math.pow, guard=True)
@elementwise(scalars.power, infer=gives(PY_FLOAT), guard=True)
def power(x, y, *, out):
    if isinstance(y, (int, float)):
        return power_by_number(x, y, out), 0
    by_x = y * (x + ((x == 0) & (y == 0))) ** (y - 1)  # 0 and not 0 * 0**-1 at 0**0
    if isinstance(x, (int, float)):
        return by_x, out * math.log(x) if x > 0 else 0 if x == 0 else out * math.nan
    return by_x, out * np.log(x + (x == 0))  # 0**y has derivative 0 in y


def power_by_number(x, y, out):
    """d/dx x**y; integer exponents are polynomials, and small ones are products (`np.power` is slow)."""
    if y < 0:  # out / x is x**(y - 1), at 0 and at infinity too
        return -(out * out) if y == -1 else y * out / x
    if y != y // 1 or y > 2**31:
        return 0.5 / out if y == 0.5 else y * x ** (y - 1)
    y = int(y)
    if y <= 2:
        return (0, 1, 2 * x)[y]
    if y <= 5:
        square = x * x
        return y * (square, square * x, square * square)[y - 3]
    return y * x ** (y - 1)


# ---- remainders


@elementwise(operator.mod)
def mod(x, y):
    return 1, -(x // y)


@elementwise(np.remainder)
def remainder(x, y):
    return 1, -np.floor_divide(x, y)


@elementwise(np.fmod)
@elementwise(math.fmod)
@elementwise(math.remainder)
def fmod(x, y, *, out):
    return 1, -np.rint((x - out) / y)


@jvp_rule(np.divmod, infer=infer_elementwise(np.divmod))
@jvp_rule(builtins.divmod, infer=infer_elementwise(builtins.divmod))
def divmod(x_dot, y_dot, x, y, *, out):
    return ZERO, x_dot - out[0] * y_dot


@jvp_rule(np.modf, infer=infer_elementwise(np.modf))
@jvp_rule(math.modf, infer=gives((PY_FLOAT, PY_FLOAT)))
def modf(x_dot, x):
    return x_dot, ZERO


@linear(np.ldexp, infer=infer_elementwise(np.ldexp), wrt=(0,))
@linear(math.ldexp, infer=gives(PY_FLOAT), wrt=(0,))
def ldexp(bar, x, i):
    return np.ldexp(bar, i)


@jvp_rule(np.frexp, infer=infer_elementwise(np.frexp))
@jvp_rule(math.frexp, infer=gives((PY_FLOAT, PY_INT)))
def frexp(x_dot, x, *, out):
    return np.ldexp(x_dot, -out[1]), 0


@elementwise(np.nextafter)
@elementwise(math.nextafter)
def nextafter(x, towards):
    return 1, 0


# ---- absolute values and signs


@jvp_rule(np.absolute, infer=infer_elementwise(np.absolute))
@jvp_rule(builtins.abs, operator.abs, infer=infer_elementwise(builtins.abs))
def absolute(x_dot, x, *, out):
    if is_complex(x):
        return np.real(quotient(np.conj(x), out) * x_dot)
    return sign(x) * x_dot


@elementwise(np.fabs)
@elementwise(math.fabs)
def fabs(x):
    return sign(x)


def sign(x):
    """The sign of a real number; Python numbers stay Python numbers."""
    return (x > 0) - (x < 0) if is_python_number(x) else np.sign(x)


def is_complex(x):
    """Whether numbers are complex, or may be for all that is known."""
    if isinstance(x, Zero):
        return False
    if isinstance(getattr(x, "type", None), ArrayType) and x.type.dtype is None:
        return True
    return np.dtype(getattr(x, "dtype", type(x))).kind == "c"


def is_python_number(x):
    type_ = getattr(x, "type", None)
    return type_.kind == "py" if isinstance(type_, ArrayType) else type(x) in (int, float)


@elementwise(np.copysign)
@elementwise(math.copysign)
def copysign(x, y):
    return np.copysign(1.0, x) * np.copysign(1.0, y), 0


@elementwise(np.heaviside)
def heaviside(x, half):
    return 0, x == 0


# ---- selection


@elementwise(np.maximum)
def maximum(x, y):
    return exceeds(x, y), exceeds(y, x)


@elementwise(np.minimum)
def minimum(x, y):
    return exceeds(y, x), exceeds(x, y)


@elementwise(np.fmax)
def fmax(x, y):
    return exceeds(x, y) + np.isnan(y), exceeds(y, x) + np.isnan(x)


@elementwise(np.fmin)
def fmin(x, y):
    return exceeds(y, x) + np.isnan(y), exceeds(x, y) + np.isnan(x)


def infer_clip(inputs, attrs):
    types = [atom.type for atom in inputs if not (isinstance(atom, Literal) and atom.value is None)]
    if not all(isinstance(t, ArrayType) for t in types):
        return UNKNOWN
    return array_type(promote(tuple(types)), broadcast_shapes(*(t.shape for t in types)))


class ClipSignature(inspect.Signature):
    """`np.clip(x, low, high)` and `np.clip(x, min=low, max=high)` are one call."""

    also = ("min", "max")

    def bind(self, *args, **kwargs):
        names = {"min": "a_min", "max": "a_max"}
        bound = super().bind(*args, **{names.get(name, name): item for name, item in kwargs.items()})
        bound.apply_defaults()
        return bound


def _bounds(a, a_min=None, a_max=None): ...


@elementwise(np.clip, infer=infer_clip, signature=ClipSignature.from_callable(_bounds))
def clip(x, low, high):
    if low is None and high is None:
        return 1, 0, 0
    if low is None:
        return exceeds(high, x), 0, exceeds(x, high)
    if high is None:
        return exceeds(x, low), exceeds(low, x), 0
    inside = exceeds(x, low) * exceeds(high, x)
    return inside, exceeds(low, x) * exceeds(high, low), exceeds(np.maximum(x, low), high)


def infer_where(inputs, attrs):
    condition, x, y = (atom.type for atom in inputs)
    if not isinstance(x, ArrayType) or not isinstance(y, ArrayType) or not isinstance(condition, ArrayType):
        return UNKNOWN
    (type_,) = elementwise_types(np.add, (x, y)) if x.dtype != "bool" or y.dtype != "bool" else (x,)
    shape = broadcast_shapes(condition.shape, x.shape, y.shape)
    return ArrayType(type_.dtype, shape, "any" if shape is None else "array")


@linear(np.where, infer=infer_where, wrt=(1, 2), signature="condition, x, y")
def where(bar, condition, x, y):
    return np.where(condition, bar, 0), np.where(condition, 0, bar)


# ---- sums in the logarithm


@elementwise(np.logaddexp)
def logaddexp(x, y, *, out):
    return np.exp(below(x, out)), np.exp(below(y, out))


@elementwise(np.logaddexp2)
def logaddexp2(x, y, *, out):
    return np.exp2(below(x, out)), np.exp2(below(y, out))


def below(x, out):
    """`x - out`, and 0 where they are equal: infinities are never subtracted."""
    equal = x == out
    return np.where(equal, 0, x) - np.where(equal, 0, out)


# ---- two coordinates


@elementwise(np.arctan2, guard=True)
@elementwise(math.atan2, guard=True)
def arctan2(y, x):
    square = x * x + y * y
    return x / square, -y / square


@elementwise(np.hypot)
@elementwise(math.hypot)
def hypot(*coordinates, out):
    return tuple(quotient(x, out) for x in coordinates)


@elementwise(builtins.complex, infer=gives(PY_COMPLEX))
def complex(*parts):
    return (1, 1j)[: len(parts)]


@linear(math.fsum, infer=gives(PY_FLOAT), sequence=True, signature="seq")
def fsum(bar, *items):
    return (bar,) * len(items)


class ProdSignature(inspect.Signature):
    """`math.prod(items, start=1)`: the start is one factor more."""

    also = ("start",)

    def bind(self, iterable, /, *, start=None):
        if not isinstance(iterable, (list, tuple)):
            raise TypeError("math.prod needs a list or tuple of numbers")
        return super().bind([*iterable, *(() if start is None else (start,))])


def _factors(items): ...


@jvp_rule(math.prod, infer=gives(PY_FLOAT), sequence=True, signature=ProdSignature.from_callable(_factors))
def math_prod(*args):
    """Each tangent times all other factors: no quotient, so zeros do no harm."""
    dots, factors = args[: len(args) // 2], args[len(args) // 2 :]
    moved = ZERO
    for k, dot in enumerate(dots):
        moved = moved + functools.reduce(operator.mul, (*factors[:k], *factors[k + 1 :]), dot)
    return moved


def distance_operands(p, q, /):
    if not isinstance(p, (list, tuple)) or not isinstance(q, (list, tuple)):
        raise TypeError("math.dist needs two lists or tuples of numbers")
    return [*p, *q], {}


@arranged(math.dist, distance_operands)
def distance_arguments(*coordinates):
    half = len(coordinates) // 2
    return (coordinates[:half], coordinates[half:]), {}


@elementwise(distance_arguments, math.dist, infer=gives(PY_FLOAT), signature=distance_arguments.parameters)
def dist(*coordinates, out):
    half = len(coordinates) // 2
    away = [quotient(p - q, out) for p, q in zip(coordinates[:half], coordinates[half:], strict=True)]
    return (*away, *(-part for part in away))
