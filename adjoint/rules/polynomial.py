"""Polynomials as arrays of coefficients, the highest power first."""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.infer import array_type, fresh_length, shape_of
from adjoint.rules.join import rank
from adjoint.rules.lengths import lengthened, shortened, strong_dtype
from adjoint.rules.products import convolve, convolve_shape, infer_product
from adjoint.rules.registry import bilinear, jvp_rule, vjp_rule
from adjoint.rules.trace import Zero

# ---- values


def infer_polyval(inputs, attrs):
    p, x = inputs[0].type, inputs[1].type
    if not isinstance(p, ArrayType) or not isinstance(x, ArrayType):
        return UNKNOWN
    return array_type(strong_dtype((p, x)), x.shape)


def powers(p, like):
    """The exponents that belong to the coefficients."""
    n = p.shape[0]
    return n - 1 - np.arange(n, like=like)


def slopes(p):
    """The coefficients of the derivative."""
    return (p * powers(p, p))[:-1]


@jvp_rule(np.polyval, infer=infer_polyval)
def polyval(p_dot, x_dot, p, x):
    return np.polyval(p_dot, x) + np.polyval(slopes(p), x) * x_dot


@vjp_rule(np.polyval)
def polyval_cotangents(bar, p, x):
    table = (x if rank(x) == 0 else x[..., None]) ** powers(p, p)
    p_bar = bar * table if rank(x) == 0 else np.tensordot(bar, table, rank(x))
    return p_bar, bar * np.polyval(slopes(p), x)


# ---- sums and products


def longest(a, b, attrs):
    (n,), (m,) = a or (1,), b or (1,)
    if isinstance(n, int) and isinstance(m, int):
        return (max(n, m),)
    return (n if n == m else fresh_length(),)


@jvp_rule(np.polyadd, infer=infer_product(longest))
def polyadd(a_dot, b_dot, a1, a2, *, out):
    return at_end(a_dot, a1, out) + at_end(b_dot, a2, out)


@jvp_rule(np.polysub, infer=infer_product(longest))
def polysub(a_dot, b_dot, a1, a2, *, out):
    return at_end(a_dot, a1, out) - at_end(b_dot, a2, out)


def at_end(dot, a, out):
    """The tangent of a shorter list of coefficients, filled up with zeros in front."""
    return dot if isinstance(dot, Zero) else np.pad(dot, (out.shape[0] - a.shape[0], 0))


@bilinear(np.polymul, infer=infer_product(convolve_shape))
def polymul(bar, a1, a2):
    return convolve(bar, a1, a2)


# ---- derivatives and antiderivatives


def with_integers(dtype):
    """What NumPy makes of coefficients that it multiplies with an array of integers."""
    return None if dtype is None else np.result_type(dtype, np.int64).name


def infer_polyder(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN
    m = attrs.get("m", 1)
    return ArrayType(with_integers(type_.dtype) if m else type_.dtype, (shortened(type_.shape[0], m),))


@jvp_rule(np.polyder, infer=infer_polyder)
def polyder(p_dot, p, *, m=1):
    for _ in range(m):
        p_dot, p = (p_dot * powers(p, p))[:-1], p[:-1]
    return p_dot


def infer_polyint(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN
    m = attrs.get("m", 1)
    return ArrayType(with_integers(type_.dtype) if m else type_.dtype, (lengthened(type_.shape[0], m),))


@jvp_rule(np.polyint, infer=infer_polyint)
def polyint(p_dot, p, *, m=1, k=None):
    for k_ in range(m):
        n = p.shape[0] + k_
        p_dot = np.pad(p_dot / (n - np.arange(n, like=p)), (0, 1))
    return p_dot


# ---- roots


def infer_roots(inputs, attrs):
    return ArrayType(None, (fresh_length("roots"),))


@jvp_rule(np.roots, infer=infer_roots)
def roots(p_dot, p, *, out):
    """From p(r) = 0: a root moves by -p_dot(r) / p'(r). Multiple roots move infinitely fast."""
    return -np.polyval(p_dot, out) / np.polyval(slopes(p), out)


# ---- powers of numbers


def infer_vander(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN
    columns = attrs.get("N")
    (columns,) = (type_.shape[0],) if columns is None else shape_of(columns, inputs)
    return ArrayType(with_integers(type_.dtype), (type_.shape[0], columns))


@jvp_rule(np.vander, infer=infer_vander)
def vander(x_dot, x, *, out, N=None, increasing=False):
    """Each column is a power, and its derivative a multiple of its neighbour."""
    n = out.shape[1]
    k = np.arange(n, like=x)
    none = np.zeros_like(out[:, :1])
    if increasing:
        return x_dot[:, None] * (k * np.concatenate([none, out[:, :-1]], axis=1))
    return x_dot[:, None] * ((n - 1 - k) * np.concatenate([out[:, 1:], none], axis=1))
