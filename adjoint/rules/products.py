"""Products of arrays: each is linear in both operands, and declares the two transposes.

Ranks are known when a rule runs, so each case has the product that one would write by hand. Sums over
axes along which an operand was repeated are taken where a cotangent is accumulated.
"""

import operator

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType, broadcast_shapes
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.infer import array_type, normal_axes
from adjoint.rules.internal import product_left, product_right
from adjoint.rules.join import rank
from adjoint.rules.lengths import named, shortened, strong_dtype, sum_of_lengths, times
from adjoint.rules.registry import bilinear
from adjoint.rules.shape import inverse, matrix_transposed
from adjoint.rules.trace import Sym


def infer_product(shape_of_product, scalar_kind="np"):
    """A type rule: the promoted dtype, and a shape that `shape_of_product(a, b, attrs)` gives for known ranks."""

    def infer(inputs, attrs):
        a, b = inputs[0].type, inputs[1].type
        if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
            return UNKNOWN
        shape = None if a.shape is None or b.shape is None else shape_of_product(a.shape, b.shape, attrs)
        return array_type(strong_dtype((a, b)), shape, scalar_kind=scalar_kind)

    return infer


# ---- a @ b


def matmul_shape(a, b, attrs):
    if not a or not b:
        raise ValueError("matmul needs operands with at least one axis")
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    return (*broadcast_shapes(a[:-2], b[:-2]), *rows, *columns)


@bilinear(operator.matmul, infer=infer_product(matmul_shape))
@bilinear(np.matmul, np.linalg.matmul, infer=infer_product(matmul_shape))
def matmul(bar, a, b):
    if has_unknown_rank(a) or has_unknown_rank(b):
        return product_left(bar, a, b), product_right(bar, a, b)
    if a.ndim == 1 and b.ndim == 1:
        return bar * b, bar * a
    if a.ndim == 1:
        if b.ndim == 2:
            return b @ bar, np.outer(a, bar)
        return (b @ bar[..., None])[..., 0], a[:, None] * bar[..., None, :]
    if b.ndim == 1:
        if a.ndim == 2:
            return np.outer(bar, b), bar @ a
        return bar[..., None] * b, np.tensordot(bar, a, (leading(bar, 0), leading(bar, 0)))
    return matmul_left(bar, a, b), matmul_right(bar, a, b)


def has_unknown_rank(x):
    return isinstance(x, Sym) and x.type.shape is None


def matmul_left(bar, a, b):
    if a.ndim == 2 and b.ndim > 2:  # one product, summed over the stack
        axes = (*leading(bar, 2), bar.ndim - 1)
        return np.tensordot(bar, b, (axes, axes))
    return bar @ matrix_transposed(b)


def matmul_right(bar, a, b):
    if b.ndim == 2 and a.ndim > 2:
        return np.tensordot(a, bar, (leading(a, 1), leading(a, 1)))
    return matrix_transposed(a) @ bar


def leading(x, without):
    """All axes but the last ones."""
    return tuple(range(x.ndim - without))


# ---- dot, inner, outer, vdot


def dot_shape(a, b, attrs):
    if not a or not b:
        return (*a, *b)
    return (*a[:-1], *b[:-2], *b[len(b) - 1 :]) if len(b) > 1 else a[:-1]


@bilinear(np.dot, infer=infer_product(dot_shape))
def dot(bar, a, b):
    if rank(a) == 0 or rank(b) == 0:
        return bar * b, bar * a
    if a.ndim <= 2 and b.ndim <= 2:
        return matmul(bar, a, b)
    rows, others = a.ndim - 1, b.ndim - 1
    if b.ndim == 1:
        return bar[..., None] * b, np.tensordot(bar, a, (leading(bar, 0), leading(a, 1)))
    a_bar = np.tensordot(bar, b, (tuple(range(rows, bar.ndim)), (*range(others - 1), others)))
    b_bar = np.tensordot(a, bar, (leading(a, 1), tuple(range(rows))))
    return a_bar, b_bar if b.ndim == 2 else np.moveaxis(b_bar, 0, -2)


def inner_shape(a, b, attrs):
    return (*a, *b) if not a or not b else (*a[:-1], *b[:-1])


@bilinear(np.inner, infer=infer_product(inner_shape))
def inner(bar, a, b):
    if rank(a) == 0 or rank(b) == 0 or (a.ndim == 1 and b.ndim == 1):
        return bar * b, bar * a
    rows = a.ndim - 1
    a_bar = np.tensordot(bar, b, (tuple(range(rows, bar.ndim)), leading(b, 1))) if b.ndim > 1 else bar[..., None] * b
    b_bar = np.tensordot(bar, a, (tuple(range(rows)), leading(a, 1))) if rows else bar[..., None] * a
    return a_bar, b_bar


def outer_shape(a, b, attrs):
    return flat_length(a), flat_length(b)


def flat_length(shape):
    length = 1
    for dim in shape:
        length = times(dim, length)
    return length


@bilinear(np.outer, infer=infer_product(outer_shape))
@bilinear(np.linalg.outer, infer=infer_product(outer_shape))
def outer(bar, a, b):
    a_bar = bar @ (b if rank(b) == 1 else np.ravel(b))
    b_bar = (a if rank(a) == 1 else np.ravel(a)) @ bar
    return shaped_like(a_bar, a), shaped_like(b_bar, b)


def shaped_like(x, y):
    """A line of numbers in the shape of `y`."""
    return x if rank(y) == 1 else np.reshape(x, y.shape if rank(y) else ())


@bilinear(np.vdot, infer=infer_product(lambda a, b, attrs: ()))
def vdot(bar, a, b):
    if rank(a) == 1 and rank(b) == 1:
        return conjugate(bar * b), bar * conjugate(a)
    return shaped_like(conjugate(bar * np.ravel(b)), a), shaped_like(bar * conjugate(np.ravel(a)), b)


def conjugate(x):
    return np.conj(x) if is_complex(x) else x


def vecdot_shape(a, b, attrs):
    return broadcast_shapes(a[:-1], b[:-1])


@bilinear(np.vecdot, infer=infer_product(vecdot_shape))
@bilinear(np.linalg.vecdot, infer=infer_product(vecdot_shape))
def vecdot(bar, a, b):
    return conjugate(bar[..., None] * b), bar[..., None] * conjugate(a)


# ---- one matrix and one vector, in stacks


def matvec_shape(a, b, attrs):
    return (*broadcast_shapes(a[:-2], b[:-1]), a[-2])


@bilinear(np.matvec, infer=infer_product(matvec_shape))
def matvec(bar, a, b):
    return bar[..., :, None] * b[..., None, :], np.matvec(matrix_transposed(a), bar)


def vecmat_shape(a, b, attrs):
    return (*broadcast_shapes(a[:-1], b[:-2]), b[-1])


@bilinear(np.vecmat, infer=infer_product(vecmat_shape))
def vecmat(bar, a, b):
    """The vector comes in conjugated."""
    return conjugate(np.matvec(b, bar)), conjugate(a)[..., :, None] * bar[..., None, :]


# ---- tensordot


def contraction(axes, a_rank, b_rank):
    """The axes of both operands that are summed, and those that stay."""
    if isinstance(axes, (tuple, list)):
        a_axes, b_axes = normal_axes(axes[0], a_rank), normal_axes(axes[1], b_rank)
    else:
        a_axes, b_axes = tuple(range(a_rank - axes, a_rank)), tuple(range(axes))
    a_free = tuple(k for k in range(a_rank) if k not in a_axes)
    b_free = tuple(k for k in range(b_rank) if k not in b_axes)
    return a_axes, b_axes, a_free, b_free


def tensordot_shape(a, b, attrs):
    _, _, a_free, b_free = contraction(attrs.get("axes", 2), len(a), len(b))
    return (*(a[k] for k in a_free), *(b[k] for k in b_free))


@bilinear(np.tensordot, np.linalg.tensordot, infer=infer_product(tensordot_shape, "array"))
def tensordot(bar, a, b, *, axes=2):
    a_axes, b_axes, a_free, b_free = contraction(axes, rank(a), rank(b))
    rows, columns = tuple(range(len(a_free))), tuple(range(len(a_free), len(a_free) + len(b_free)))
    # the axes of np.tensordot(bar, b) are those of `a` that stay, then those summed, in the order of `b`
    a_order = (*a_free, *(a_axes[b_axes.index(k)] for k in sorted(b_axes)))
    b_order = (*(b_axes[a_axes.index(k)] for k in sorted(a_axes)), *b_free)
    a_bar = np.tensordot(bar, b, (columns, b_free))
    b_bar = np.tensordot(a, bar, (a_free, rows))
    return reordered(a_bar, a_order), reordered(b_bar, b_order)


def reordered(x, order):
    """The array whose axis `order[k]` is axis `k` of `x`."""
    return x if order == tuple(range(len(order))) else x.T if order == (1, 0) else np.transpose(x, inverse(order))


# ---- kron, cross, convolve


def kron_shape(a, b, attrs):
    a, b = (1,) * (len(b) - len(a)) + a, (1,) * (len(a) - len(b)) + b
    return tuple(map(times, a, b))


@bilinear(np.kron, infer=infer_product(kron_shape))
def kron(bar, a, b):
    if rank(a) == 0 or rank(b) == 0:
        return bar * b, bar * a
    if a.ndim == b.ndim == 1:
        bar = np.reshape(bar, (a.shape[0], b.shape[0]))
        return bar @ b, a @ bar
    count = max(a.ndim, b.ndim)
    a_shape, b_shape = ((1,) * (count - x.ndim) + x.shape for x in (a, b))
    bar = np.reshape(bar, tuple(n for pair in zip(a_shape, b_shape, strict=True) for n in pair))
    whole, even, odd = tuple(range(count)), tuple(range(0, 2 * count, 2)), tuple(range(1, 2 * count, 2))
    a_bar = np.tensordot(bar, b if b.ndim == count else np.reshape(b, b_shape), (odd, whole))
    b_bar = np.tensordot(a if a.ndim == count else np.reshape(a, a_shape), bar, (whole, even))
    return (
        a_bar if a.ndim == count else np.reshape(a_bar, a.shape),
        b_bar if b.ndim == count else np.reshape(b_bar, b.shape),
    )


def cross_shape(a, b, attrs):
    shape = broadcast_shapes(a, b) if attrs.get("axis", -1) in (-1, None) or len(a) == len(b) else None
    axis = attrs.get("axis")
    if shape is not None and 2 in (a[-1 if axis is None else axis], b[-1 if axis is None else axis]):
        raise TypeError("the rule of np.cross knows vectors of three numbers only")
    return shape


@bilinear(np.cross, infer=infer_product(cross_shape))
@bilinear(np.linalg.cross, infer=infer_product(cross_shape))
def cross(bar, a, b, *, axis=-1):
    axis = -1 if axis is None else axis
    return np.cross(b, bar, axis=axis), np.cross(bar, a, axis=axis)


def convolve_shape(a, b, attrs):
    mode = attrs.get("mode", "full")
    (n,), (m,) = (a or (1,)), (b or (1,))
    full = shortened(sum_of_lengths((n, m)), 1)
    if mode == "full":
        return (full,)
    if isinstance(n, int) and isinstance(m, int):
        return (max(n, m) - (min(n, m) - 1 if mode == "valid" else 0),)
    return (named("convolved({},{},{})", n, m, mode),)


@bilinear(np.convolve, infer=infer_product(convolve_shape))
def convolve(bar, a, b, *, mode="full"):
    if mode != "full":
        shorter = np.minimum(a.shape[0], b.shape[0]) - 1
        bar = uncut(bar, a, b, shorter if mode == "valid" else shorter // 2)
    return np.convolve(bar, b[::-1], "valid"), np.convolve(bar, a[::-1], "valid")


def uncut(bar, a, b, start):
    """The cotangent of the full convolution, of which the modes `valid` and `same` give the middle."""
    return np.pad(bar, (start, a.shape[0] + b.shape[0] - 1 - start - bar.shape[0]))


def correlate_shape(a, v, attrs):
    return convolve_shape(a, v, {"mode": "valid", **attrs})


@bilinear(np.correlate, infer=infer_product(correlate_shape))
def correlate(bar, a, v, *, mode="valid"):
    """The convolution with `v` reversed and conjugated; where `v` is the longer one, "same" starts one later."""
    if mode != "full":
        shorter = np.minimum(a.shape[0], v.shape[0])
        bar = uncut(bar, a, v, shorter - 1 if mode == "valid" else (shorter - (a.shape[0] >= v.shape[0])) // 2)
    return np.convolve(bar, conjugate(v), "valid"), conjugate(np.convolve(bar, a[::-1], "valid")[::-1])
