"""Polynomials as arrays of coefficients, the highest power first."""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.eigen import solution_tangent
from adjoint.rules.infer import array_type, fresh_length, shape_of
from adjoint.rules.internal import traceable
from adjoint.rules.join import rank
from adjoint.rules.lengths import lengthened, shortened, strong_dtype
from adjoint.rules.products import convolve, convolve_shape, infer_product
from adjoint.rules.registry import bilinear, jvp_rule, vjp_rule
from adjoint.rules.trace import Zero
from adjoint.runtime import special

from_roots = traceable(special.from_roots)

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


def infer_polydiv(inputs, attrs):
    """The remainder has no leading zeros: its length depends on its values."""
    types = tuple(atom.type for atom in inputs)
    if not all(isinstance(t, ArrayType) for t in types):
        return UNKNOWN, UNKNOWN
    dtype = strong_dtype((*types, ArrayType("float16", (), "np")))
    return ArrayType(dtype, (fresh_length("quotient"),)), ArrayType(dtype, (fresh_length("remainder"),))


@jvp_rule(np.polydiv, infer=infer_polydiv)
def polydiv(u_dot, v_dot, u, v, *, out):
    """With u = q v + r: the first numbers of u_dot - q v_dot are those of q_dot v, a triangular system for q_dot."""
    q, r = out
    moved = at_start(u_dot, u) - at_start(np.convolve(q, v_dot), u)
    n = q.shape[0]
    rows = np.arange(n, like=q)
    below = rows[:, None] - rows
    factors = np.where(below < 0, 0, np.pad(v, (0, n))[np.maximum(below, 0)])
    q_dot = np.where(u.shape[0] < v.shape[0], 0, np.linalg.solve(factors, moved[:n]))  # then q is constant
    rest = moved - np.convolve(q_dot, v)[-u.shape[0] :]
    return q_dot, rest[-r.shape[0] :]


def at_start(x, u):
    """As many of the last coefficients as there are in `u`."""
    return x if isinstance(x, Zero) else x[-u.shape[0] :]


# ---- least squares


def infer_polyfit(inputs, attrs):
    x, y = (atom.type for atom in inputs[:2])
    if not isinstance(x, ArrayType) or not isinstance(y, ArrayType) or y.shape is None:
        return UNKNOWN
    shape = (lengthened(*shape_of(attrs["deg"], inputs), 1), *y.shape[1:])
    return ArrayType(strong_dtype((x, y, ArrayType("float64", (), "np"))), shape)


@jvp_rule(np.polyfit, infer=infer_polyfit)
def polyfit(x_dot, y_dot, x, y, *, out, deg, w=None):
    """The least squares solution of vander(x) p = y."""
    table = np.vander(x, deg + 1)
    table_dot = vander(x_dot, x, out=table)
    if w is not None:
        table, table_dot = table * w[:, None], table_dot * w[:, None]
        y, y_dot = (
            part if isinstance(part, Zero) else part * (w if rank(y) == 1 else w[:, None]) for part in (y, y_dot)
        )
    return solution_tangent(table_dot, y_dot, table, y, out)


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


def infer_poly(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None or len(type_.shape) != 1:
        raise TypeError("the rule of poly takes an array of roots; of a matrix a, write np.poly(np.linalg.eigvals(a))")
    if type_.dtype is None or type_.dtype.startswith("complex"):
        raise TypeError("whether the coefficients are real depends on the values of complex roots")
    return ArrayType(with_float(type_.dtype), (lengthened(type_.shape[0], 1),))


def with_float(dtype):
    return np.result_type(dtype, np.float16).name


@jvp_rule(np.poly, infer=infer_poly)
def poly(roots_dot, seq_of_zeros):
    return from_roots_tangent(roots_dot, seq_of_zeros)


def infer_from_roots(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN
    return ArrayType(type_.dtype, (*type_.shape[:-1], lengthened(type_.shape[-1], 1)))


@jvp_rule(from_roots, infer=infer_from_roots)
def from_roots_tangent(roots_dot, roots):
    """The derivative by a root is minus the product of the other factors."""
    n = roots.shape[-1]
    k = np.arange(n - 1, like=roots)
    others = k + (k >= np.arange(n, like=roots)[:, None])
    moved = np.sum(roots_dot[..., :, None] * from_roots(roots[..., others]), axis=-2)
    return np.concatenate([np.zeros_like(roots[..., :1]), -moved], axis=-1)


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
