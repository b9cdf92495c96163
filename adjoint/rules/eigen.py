"""Eigenvalues of general matrices, least squares, condition numbers, tensors as matrices.

Eigenvectors are normalised as LAPACK does it: each has length 1, and the largest of its components is real.
Both hold along the way, and so they fix the tangent (M. B. Giles 2008, section 3.1, with these conditions added).
"""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.factor import diagonal, for_columns, inverse_gaps, shorter, values_tangent
from adjoint.rules.infer import array_type, fresh_length
from adjoint.rules.join import rank
from adjoint.rules.linalg import (
    adjoint_of,
    float_dtype,
    infer_square,
    matrix_norm_tangent,
    real_dtype,
    real_product,
    vector_norm_tangent,
)
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.shape import inverse
from adjoint.rules.trace import ZERO, Zero

# ---- eigenvalues: complex or not, as the numbers want it


def infer_eig(*results):
    """Real matrices may have complex eigenvalues: then the dtype is not known at compile time."""
    infer = infer_square(*results)

    def infer_general(inputs, attrs):
        found = infer(inputs, attrs)
        if is_complex_type(inputs[0].type):
            return found
        parts = tuple(array_type(None, t.shape) if isinstance(t, ArrayType) else t for t in _tuple(found))
        return parts if isinstance(found, tuple) else parts[0]

    return infer_general


def is_complex_type(type_):
    return isinstance(type_, ArrayType) and str(type_.dtype).startswith("complex")


def _tuple(found):
    return found if isinstance(found, tuple) else (found,)


@jvp_rule(np.linalg.eig, infer=infer_eig("vector", "matrix"))
def eig(a_dot, a, *, out):
    values, vectors = out
    inner = np.linalg.solve(vectors, a_dot @ vectors)
    turned = vectors @ (inverse_gaps(values) * inner)
    along = np.sum(np.conj(vectors) * turned, axis=-2)
    sizes = np.abs(vectors)
    largest = sizes == np.max(sizes, axis=-2, keepdims=True)
    phase = np.sum(np.where(largest, np.imag(turned), 0), axis=-2) / np.sum(np.where(largest, vectors, 0), axis=-2)
    return diagonal(inner), turned - vectors * for_columns(np.real(along) + 1j * np.real(phase))


@jvp_rule(np.linalg.eigvals, infer=infer_eig("vector"))
def eigvals(a_dot, a):
    _, vectors = np.linalg.eig(a)
    return diagonal(np.linalg.solve(vectors, a_dot @ vectors))


# ---- least squares


def infer_lstsq(inputs, attrs):
    a, b = inputs[0].type, inputs[1].type
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType) or a.shape is None or b.shape is None:
        raise TypeError("the ranks of the arrays are not known")
    dtypes = [float_dtype(t.dtype) for t in (a, b)]
    dtype = None if None in dtypes else np.result_type(*dtypes).name
    return (
        array_type(dtype, (a.shape[1], *b.shape[1:])),
        ArrayType(real_dtype(dtype), (fresh_length("residuals"),)),
        ArrayType("int32", (), "np"),
        ArrayType(real_dtype(dtype), (shorter(*a.shape),)),
    )


@jvp_rule(np.linalg.lstsq, infer=infer_lstsq)
def lstsq(a_dot, b_dot, a, b, *, out, rcond=None):
    x, residuals, _, _ = out
    x_dot = solution_tangent(a_dot, b_dot, a, b, x)
    change = 2 * real_product(b - a @ x, b_dot - a_dot @ x)
    change = np.sum(change, axis=0) if rank(b) == 2 else np.reshape(np.sum(change), (1,))
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return x_dot, change[: residuals.shape[0]], ZERO, values_tangent(a_dot, u, vh)


def solution_tangent(a_dot, b_dot, a, b, x):
    """The solution is pinv(a) @ b, with the tangent of pinv of constant rank (Golub and Pereyra 1973)."""
    inverse_ = np.linalg.pinv(a)
    x_dot = inverse_ @ (b_dot - a_dot @ x)
    if isinstance(a_dot, Zero):
        return x_dot
    h = adjoint_of(a_dot)
    rows = h @ (adjoint_of(inverse_) @ x)
    return x_dot + inverse_ @ (adjoint_of(inverse_) @ (h @ (b - a @ x))) + rows - inverse_ @ (a @ rows)


# ---- condition numbers


def infer_cond(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    shape = None if type_.shape is None else type_.shape[:-2]
    return array_type(real_dtype(type_.dtype), shape)


@jvp_rule(np.linalg.cond, infer=infer_cond)
def cond(x_dot, x, *, out, p=None):
    if p in (None, 2, -2):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        rates = values_tangent(x_dot, u, vh) / s
        change = rates[..., 0] - rates[..., -1]
        return out * (-change if p == -2 else change)
    inverse_ = np.linalg.inv(x)
    return out * (norm_rate(x_dot, x, p) + norm_rate(-(inverse_ @ x_dot @ inverse_), inverse_, p))


def norm_rate(x_dot, x, p):
    """The tangent of a matrix norm, relative to the norm."""
    axes = (x.ndim - 2, x.ndim - 1)
    size = np.linalg.norm(x, p, axes)
    if p == "fro":
        return vector_norm_tangent(x_dot, x, size, 2, axes, keepdims=False) / size
    return matrix_norm_tangent(x_dot, x, size, p, axes, keepdims=False) / size


# ---- tensors as matrices


def infer_tensorinv(inputs, attrs):
    type_, ind = inputs[0].type, attrs.get("ind", 2)
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    shape = None if type_.shape is None else (*type_.shape[ind:], *type_.shape[:ind])
    return array_type(float_dtype(type_.dtype), shape)


@jvp_rule(np.linalg.tensorinv, infer=infer_tensorinv)
def tensorinv(a_dot, a, *, out, ind=2):
    return -np.tensordot(np.tensordot(out, a_dot, ind), out, a.ndim - ind)


def infer_tensorsolve(inputs, attrs):
    a, b = inputs[0].type, inputs[1].type
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType) or a.shape is None or b.shape is None:
        return UNKNOWN
    dtypes = [float_dtype(t.dtype) for t in (a, b)]
    dtype = None if None in dtypes else np.result_type(*dtypes).name
    return ArrayType(dtype, solved(a.shape, attrs.get("axes"))[len(b.shape) :])


def solved(items, axes):
    """The axes of `a` (or what belongs to them) after np.tensorsolve has put some of them last."""
    last = [k % len(items) for k in axes or ()]
    return (*(item for k, item in enumerate(items) if k not in last), *(items[k] for k in last))


@jvp_rule(np.linalg.tensorsolve, infer=infer_tensorsolve)
def tensorsolve(a_dot, b_dot, a, b, *, out, axes=None):
    order = solved(tuple(range(a.ndim)), axes)
    if not isinstance(a_dot, Zero):
        b_dot = b_dot - np.tensordot(np.transpose(a_dot, order) if axes else a_dot, out, out.ndim)
    return np.linalg.tensorsolve(np.transpose(a, order) if axes else a, b_dot)


@vjp_rule(np.linalg.tensorsolve)
def tensorsolve_cotangents(bar, a, b, *, out, axes=None):
    order = solved(tuple(range(a.ndim)), axes)
    behind = (*order[b.ndim :], *order[: b.ndim])
    b_bar = np.linalg.tensorsolve(np.transpose(a, behind), bar)
    a_bar = -np.tensordot(b_bar, out, 0)
    return np.transpose(a_bar, inverse(order)) if axes else a_bar, b_bar
