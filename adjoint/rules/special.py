"""Functions that only rules call, with rules of their own: higher derivatives meet them.

`quotient` is what gives `norm`, `hypot` and `std` the derivative 0 at a zero vector, and `sqrt` the derivative
0 at 0 where its cotangent (or tangent) is 0: the pairwise distances of a set of points need that.
"""

import operator

import numpy as np

from adjoint.ir.types import PY_FLOAT, UNKNOWN, ArrayType
from adjoint.rules.infer import elementwise_types, gives, infer_elementwise
from adjoint.rules.internal import traceable, update
from adjoint.rules.registry import elementwise, jvp_rule, nondifferentiable, vjp_rule
from adjoint.runtime import special

quotient = traceable(special.quotient)
exceeds = traceable(special.exceeds)
recurrence = traceable(special.recurrence)
bessel_i = traceable(special.bessel_i)
polygamma = traceable(special.polygamma)


def infer_quotient(inputs, attrs):
    """As true division; scalars keep their class."""
    types = [atom.type for atom in inputs]
    return elementwise_types(operator.truediv, types)[0] if _all_arrays(types) else UNKNOWN


@jvp_rule(quotient, infer=infer_quotient)
def quotient_tangent(a_dot, b_dot, a, b, *, out):
    return quotient(a_dot, b) - quotient(out, b) * b_dot


@vjp_rule(quotient)
def quotient_cotangents(bar, a, b, *, out):
    return quotient(bar, b), -quotient(out, b) * bar


nondifferentiable(exceeds, infer=infer_quotient)


def infer_recurrence(inputs, attrs):
    types = [atom.type for atom in inputs]
    return elementwise_types(np.multiply, types)[0] if _all_arrays(types) else UNKNOWN


@jvp_rule(recurrence, infer=infer_recurrence, signature="a, b, axis")
def recurrence_tangent(a_dot, b_dot, a, b, *, out, axis):
    return recurrence(a, b_dot + a_dot * delayed(out, axis, 0), axis=axis)


@vjp_rule(recurrence)
def recurrence_cotangents(bar, a, b, *, out, axis):
    # the transpose is the recurrence from the other end, where a[i + 1] multiplies
    b_bar = np.flip(recurrence(np.roll(np.flip(a, axis), 1, axis), np.flip(bar, axis), axis=axis), axis)
    return b_bar * delayed(out, axis, 0), b_bar


def delayed(x, axis, first):
    """`x` moved by one place along an axis, with `first` at the start."""
    return update(np.roll(x, 1, axis), first, index=(slice(None),) * (axis % x.ndim) + (slice(0, 1),))


@elementwise(bessel_i, infer=infer_elementwise(np.sin), signature="x, order")
def bessel_i_partial(x, *, order):
    return 0.5 * (bessel_i(x, order=abs(order - 1)) + bessel_i(x, order=order + 1))


@elementwise(polygamma, infer=gives(PY_FLOAT), signature="x, order")
def polygamma_partial(x, *, order):
    return polygamma(x, order=order + 1)


def _all_arrays(types):
    return all(isinstance(t, ArrayType) for t in types)
