"""`scipy.special`: sums of exponentials along axes, and what divides by them."""

import numpy as np
from scipy import special

from adjoint.ir.core import Literal
from adjoint.ir.types import UNKNOWN, ArrayType, broadcast_shapes, promote
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import symbolic
from adjoint.rules.infer import array_type, reduced_shape
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.scipy.forms import Refused, float_of, operands_first
from adjoint.rules.trace import ZERO

softmax = symbolic(special.softmax)


def infer_like_floats(inputs, attrs):
    type_ = inputs[0].type
    return array_type(float_of(type_.dtype), type_.shape) if isinstance(type_, ArrayType) else UNKNOWN


def total(x, axis):
    return np.sum(x, axis=axis, keepdims=True)


@jvp_rule(special.softmax, infer=infer_like_floats, signature="x, axis=None")
def softmax_tangent(x_dot, x, *, out, axis=None):
    change = out * x_dot
    return change - out * total(change, axis)


@jvp_rule(special.log_softmax, infer=infer_like_floats, signature="x, axis=None")
def log_softmax_tangent(x_dot, x, *, out, axis=None):
    return x_dot - total(np.exp(out) * x_dot, axis)


@vjp_rule(special.log_softmax)
def log_softmax_cotangent(bar, x, *, out, axis=None):
    return bar - np.exp(out) * total(bar, axis)


# ---- logsumexp


def infer_logsumexp(inputs, attrs):
    types = [atom.type for atom in inputs if not (isinstance(atom, Literal) and atom.value is None)]
    signed = attrs.get("return_sign", False)
    if not all(isinstance(type_, ArrayType) for type_ in types):
        return (UNKNOWN, UNKNOWN) if signed else UNKNOWN
    dtype = float_of(promote(tuple(types)))
    shape = broadcast_shapes(*(type_.shape for type_ in types))
    shape = reduced_shape(shape, attrs.get("axis"), keepdims=attrs.get("keepdims", False))
    type_ = array_type(dtype, shape, scalar_kind="any")
    return (type_, type_) if signed else type_


@operands_first(special.logsumexp, "a, axis=None, b=None, keepdims=False, return_sign=False")
def logsumexp(a, b=None, **options):
    return (a,), {**options, "b": b}


@jvp_rule(logsumexp, special.logsumexp, infer=infer_logsumexp, signature=logsumexp.parameters)
def logsumexp_tangent(a_dot, b_dot, a, b, *, out, axis=None, keepdims=False, return_sign=False):
    """With weights `b` and the sign s of the sum: s * sum(exp(a - out) * (b * a_dot + b_dot))"""
    if return_sign and (is_complex(a) or is_complex(b)):
        Refused(special.logsumexp, "complex numbers, as modulus and phase").refuse(a)
    value, sign = out if return_sign else (out, 1)
    if axis is not None and not keepdims:
        value, sign = np.expand_dims(value, axis), np.expand_dims(sign, axis) if return_sign else 1
    parts = np.exp(a - value)
    parts = sign * parts if return_sign else parts
    change = np.sum(parts * a_dot if b is None else parts * (b * a_dot + b_dot), axis=axis, keepdims=keepdims)
    return (change, ZERO) if return_sign else change
