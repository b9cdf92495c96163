"""Linear algebra: solving, determinants, norms, powers.

Tangents as in M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008); the reverse mode is derived from them. All functions take stacks of matrices.
"""

import functools
import operator

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.infer import array_type, normal_axes, reduced_shape
from adjoint.rules.internal import traceable
from adjoint.rules.join import rank
from adjoint.rules.lengths import same_or_first
from adjoint.rules.products import conjugate, matmul_shape
from adjoint.rules.registry import jvp_rule, nondifferentiable, vjp_rule
from adjoint.rules.shape import matrix_transposed
from adjoint.rules.special import quotient
from adjoint.rules.trace import ZERO
from adjoint.runtime import special

adjugate = traceable(special.adjugate)


def adjoint_of(x):
    """The conjugate transpose of a matrix."""
    return conjugate(matrix_transposed(x))


def float_dtype(dtype):
    """The dtype in which np.linalg computes."""
    if dtype is None:
        return None
    return dtype if dtype.startswith(("float32", "complex")) else "float64"


def real_dtype(dtype):
    return {"complex128": "float64", "complex64": "float32"}.get(dtype, float_dtype(dtype))


def infer_square(*results):
    """A type rule for functions of square matrices.

    Results are "matrix", "vector" (one number for each row) or "number"; "real vector" and "real number" never are
    complex.
    """

    def infer(inputs, attrs):
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return (UNKNOWN,) * len(results) if len(results) > 1 else UNKNOWN
        types = tuple(_result(type_, result) for result in results)
        return types if len(types) > 1 else types[0]

    return infer


def _result(type_, result):
    dtype = real_dtype(type_.dtype) if result.startswith("real") else float_dtype(type_.dtype)
    if type_.shape is None:
        return array_type(dtype, None)
    if len(type_.shape) < 2:
        raise ValueError("a matrix is needed")
    n = same_or_first(type_.shape[-2:])
    own = {"matrix": (n, n), "vector": (n,), "number": ()}[result.rpartition(" ")[2]]
    return array_type(dtype, (*type_.shape[:-2], *own))


# ---- inverses and systems


@jvp_rule(np.linalg.inv, infer=infer_square("matrix"))
def inv(a_dot, a, *, out):
    return -(out @ a_dot @ out)


def infer_solve(inputs, attrs):
    a, b = inputs[0].type, inputs[1].type
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        return UNKNOWN
    shape = None if a.shape is None or b.shape is None else matmul_shape(a.shape, b.shape, {})
    dtypes = [float_dtype(t.dtype) for t in (a, b)]
    dtype = None if None in dtypes else np.result_type(*dtypes).name
    return array_type(dtype, shape)


@jvp_rule(np.linalg.solve, infer=infer_solve)
def solve(a_dot, b_dot, a, b, *, out):
    if b.ndim == 1 and a.ndim > 2:  # one right-hand side for a stack of matrices
        return np.linalg.solve(a, (b_dot - (a_dot @ out[..., None])[..., 0])[..., None])[..., 0]
    return np.linalg.solve(a, b_dot - a_dot @ out)


@vjp_rule(np.linalg.solve)
def solve_cotangents(bar, a, b, *, out):
    if b.ndim == 1 and a.ndim > 2:
        b_bar = np.linalg.solve(matrix_transposed(a), bar[..., None])[..., 0]
        return -b_bar[..., :, None] * out[..., None, :], b_bar
    b_bar = np.linalg.solve(matrix_transposed(a), bar)
    return -np.outer(b_bar, out) if b.ndim == 1 else -b_bar @ matrix_transposed(out), b_bar


def infer_pinv(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    shape = None if type_.shape is None else (*type_.shape[:-2], *type_.shape[:-3:-1])
    return array_type(float_dtype(type_.dtype), shape)


@jvp_rule(np.linalg.pinv, infer=infer_pinv)
def pinv(a_dot, a, *, out, rcond=None, rtol=None):
    """G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973), theorem 4.3; the rank must stay the same."""
    a_dot_h, out_h = adjoint_of(a_dot), adjoint_of(out)
    rows = out @ out_h @ (a_dot_h - a_dot_h @ a @ out)
    columns = (a_dot_h - out @ a @ a_dot_h) @ out_h @ out
    return rows + columns - out @ a_dot @ out


# ---- determinants


@jvp_rule(np.linalg.det, infer=infer_square("number"))
def det(a_dot, a):
    return trace_of_product(adjugate(a), a_dot)


@jvp_rule(adjugate, infer=infer_square("matrix"))
def adjugate_tangent(a_dot, a, *, out):
    """From adj(A) = det(A) inv(A): the second derivative of a determinant needs the inverse."""
    inverse = np.linalg.inv(a)
    change = trace_of_product(out, a_dot)
    return (change if a.ndim == 2 else change[..., None, None]) * inverse - out @ a_dot @ inverse


def trace_of_product(a, b):
    return matrix_sum(matrix_transposed(a) * b)


def matrix_sum(x):
    """The sum of the numbers of each matrix."""
    return np.sum(x) if x.ndim == 2 else np.sum(x, axis=(-2, -1))


@jvp_rule(np.linalg.slogdet, infer=infer_square("number", "real number"))
def slogdet(a_dot, a, *, out):
    change = trace_of_product(np.linalg.inv(a), a_dot)
    if not is_complex(a):
        return ZERO, change
    return out[0] * (1j * np.imag(change)), np.real(change)


# ---- powers and chains


@jvp_rule(np.linalg.matrix_power, infer=infer_square("matrix"))
def matrix_power(a_dot, a, *, n):
    if n == 0:
        return ZERO
    if n < 0:
        a = np.linalg.inv(a)
        a_dot = -(a @ a_dot @ a)
    return power_and_tangent(a, a_dot, abs(n))[1]


def power_and_tangent(a, a_dot, n):
    """By repeated squaring."""
    if n == 1:
        return a, a_dot
    half, half_dot = power_and_tangent(a, a_dot, n // 2)
    power, power_dot = half @ half, half_dot @ half + half @ half_dot
    return (power @ a, power_dot @ a + power @ a_dot) if n % 2 else (power, power_dot)


def infer_multi_dot(inputs, attrs):
    types = [atom.type for atom in inputs]
    if not all(isinstance(t, ArrayType) and t.shape is not None for t in types):
        return UNKNOWN
    dtypes = [t.dtype for t in types]
    dtype = None if None in dtypes else np.result_type(*dtypes).name
    return array_type(dtype, functools.reduce(lambda a, b: matmul_shape(a, b, {}), [t.shape for t in types]))


@jvp_rule(np.linalg.multi_dot, infer=infer_multi_dot, sequence=True)
def multi_dot(*args):
    dots, factors = args[: len(args) // 2], args[len(args) // 2 :]
    total = ZERO
    for k, dot in enumerate(dots):
        if dot is not ZERO:
            total = total + functools.reduce(operator.matmul, (*factors[:k], dot, *factors[k + 1 :]))
    return total


# ---- norms


def infer_norm(default_axis=None):
    def infer(inputs, attrs):
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return UNKNOWN
        axis = attrs.get("axis", default_axis)
        shape = reduced_shape(type_.shape, axis, keepdims=attrs.get("keepdims", False))
        return array_type(real_dtype(type_.dtype), shape)

    return infer


@jvp_rule(np.linalg.norm, infer=infer_norm())
def norm(x_dot, x, *, out, ord=None, axis=None, keepdims=False):
    if axis is None and (ord is None or rank(x) == 1):
        axes = tuple(range(rank(x)))
    else:
        axes = normal_axes(tuple(range(x.ndim)) if axis is None else axis, x.ndim)
    if len(axes) == 2 and ord not in (None, "fro"):
        return matrix_norm_tangent(x_dot, x, out, ord, axes, keepdims)
    return vector_norm_tangent(x_dot, x, out, 2 if ord in (None, "fro") else ord, axes, keepdims)


@jvp_rule(np.linalg.vector_norm, infer=infer_norm())
def vector_norm(x_dot, x, *, out, axis=None, keepdims=False, ord=2):
    axes = normal_axes(tuple(range(x.ndim)) if axis is None else axis, x.ndim)
    return vector_norm_tangent(x_dot, x, out, ord, axes, keepdims)


@jvp_rule(np.linalg.matrix_norm, infer=infer_norm((-2, -1)))
def matrix_norm(x_dot, x, *, out, keepdims=False, ord="fro"):
    axes = (x.ndim - 2, x.ndim - 1)
    if ord == "fro":
        return vector_norm_tangent(x_dot, x, out, 2, axes, keepdims)
    return matrix_norm_tangent(x_dot, x, out, ord, axes, keepdims)


def vector_norm_tangent(x_dot, x, out, ord, axes, keepdims):
    """The derivative at zero is 0; numbers that share the largest or smallest modulus share equally."""
    if ord == 0:
        return ZERO

    def reduce(terms):
        whole = len(axes) == rank(x) and not keepdims
        return np.sum(terms) if whole else np.sum(terms, axis=axes if len(axes) > 1 else axes[0], keepdims=keepdims)

    kept = out if keepdims or len(axes) == rank(x) else np.expand_dims(out, axes)
    if ord == 2:
        return reduce(real_product(quotient(x, kept), x_dot))
    moduli = np.abs(x)
    change = real_product(quotient(x, moduli) if is_complex(x) else np.sign(x), x_dot)
    if ord == 1:
        return reduce(change)
    if ord in (np.inf, -np.inf):
        return reduce(shares(moduli == kept, axes) * change)
    return reduce(quotient(moduli, kept) ** (ord - 1) * change)


def real_product(x, x_dot):
    """Re(conj(x) * x_dot)"""
    return np.real(np.conj(x) * x_dot) if is_complex(x) else x * x_dot


def shares(chosen, axes):
    """Equal parts of 1 for what is chosen along some axes."""
    return chosen / np.sum(chosen, axis=axes, keepdims=True)


def matrix_norm_tangent(x_dot, x, out, ord, axes, keepdims):
    if axes != (x.ndim - 2, x.ndim - 1):
        x, x_dot = np.moveaxis(x, axes, (-2, -1)), np.moveaxis(x_dot, axes, (-2, -1))
    if ord in (2, -2, "nuc"):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        extreme = np.min(s, axis=-1, keepdims=True) if ord == -2 else np.max(s, axis=-1, keepdims=True)
        weights = np.sign(s) if ord == "nuc" else shares(s == extreme, (-1,)) * np.sign(s)
        change = real_product((u * weights[..., None, :]) @ vh, x_dot)
    else:  # the largest or smallest sum of moduli of a column or a row
        moduli = np.abs(x)
        sums = np.sum(moduli, axis=-2 if abs(ord) == 1 else -1, keepdims=True)
        extreme = np.max(sums, axis=(-2, -1), keepdims=True) if ord > 0 else np.min(sums, axis=(-2, -1), keepdims=True)
        signs = quotient(x, moduli) if is_complex(x) else np.sign(x)
        change = shares(sums == extreme, (-2, -1)) * real_product(signs, x_dot)
    total = matrix_sum(change)
    return np.expand_dims(total, axes) if keepdims else total


nondifferentiable(np.linalg.matrix_rank, infer=lambda inputs, attrs: array_type("int64", _stack_shape(inputs[0].type)))


def _stack_shape(type_):
    return type_.shape[:-2] if isinstance(type_, ArrayType) and type_.shape is not None else None
