"""Diagonals and triangles of matrices."""

import numpy as np

from adjoint.ir.core import Slot
from adjoint.ir.types import ArrayType
from adjoint.rules.infer import array_type, normal_axes
from adjoint.rules.internal import add_at
from adjoint.rules.lengths import lengthened, named, product_of_lengths, strong_dtype
from adjoint.rules.registry import linear
from adjoint.rules.shape import shaped
from adjoint.rules.trace import Sym


def diagonal_length(rows, columns, offset):
    """The length of a diagonal, `offset` above the main one."""
    if isinstance(offset, Slot):
        return named("diagonal({},{})", rows, columns)
    if isinstance(rows, int) and isinstance(columns, int):
        return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    if rows == columns and offset == 0:
        return rows
    return named("diagonal({},{},{})", rows, columns, offset)


def diagonal_shape(shape, attrs, inputs):
    first, second = normal_axes((attrs.get("axis1", 0), attrs.get("axis2", 1)), len(shape))
    rest = tuple(dim for k, dim in enumerate(shape) if k not in (first, second))
    return (*rest, diagonal_length(shape[first], shape[second], attrs.get("offset", 0)))


@linear(np.diagonal, infer=shaped(diagonal_shape), view=True)
def diagonal(bar, x, *, offset=0, axis1=0, axis2=1):
    axis1, axis2 = normal_axes((axis1, axis2), x.ndim)
    steps = np.arange(bar.shape[-1], like=bar)
    index = [slice(None)] * x.ndim
    index[axis1], index[axis2] = shifted(steps, -offset), shifted(steps, offset)
    place = min(axis1, axis2) if abs(axis1 - axis2) == 1 else 0
    values = bar if place == bar.ndim - 1 else np.moveaxis(bar, -1, place)
    return add_at(np.zeros_like(x), values, index=tuple(index))


def shifted(steps, by):
    """`steps` moved up by a number; not at all by a negative one."""
    if isinstance(by, int):
        return steps + by if by > 0 else steps
    return steps + np.maximum(by, 0)


def matrix_diagonal_shape(shape, attrs, inputs):
    return diagonal_shape(shape, {"axis1": -2, "axis2": -1, **attrs}, inputs)


@linear(np.linalg.diagonal, infer=shaped(matrix_diagonal_shape), view=True)
def matrix_diagonal(bar, x, *, offset=0):
    return diagonal(bar, x, offset=offset, axis1=-2, axis2=-1)


def infer_trace(axis1, axis2):
    def infer(inputs, attrs):
        type_ = inputs[0].type
        shape = None
        if isinstance(type_, ArrayType) and type_.shape is not None:
            shape = diagonal_shape(type_.shape, {"axis1": axis1, "axis2": axis2, **attrs}, inputs)[:-1]
        dtype = attrs.get("dtype")
        return array_type(getattr(type_, "dtype", None) if dtype is None else strong_dtype((), dtype), shape)

    return infer


@linear(np.trace, infer=infer_trace(0, 1))
def trace(bar, x, *, offset=0, axis1=0, axis2=1):
    low, high = sorted(normal_axes((axis1, axis2), x.ndim))
    if low != axis1 % x.ndim:
        offset = -offset
    known = (x.type if isinstance(x, Sym) else x).shape
    columns = None if known[low] == known[high] else x.shape[high]
    ones = np.eye(x.shape[low], columns, offset, like=x)
    if x.ndim == 2:
        return bar * ones
    between = tuple(k for k in range(low, x.ndim) if k not in (low, high))
    ones = np.expand_dims(ones, tuple(k - low for k in between)) if between else ones
    return np.expand_dims(bar, (low, high)) * ones


@linear(np.linalg.trace, infer=infer_trace(-2, -1))
def matrix_trace(bar, x, *, offset=0):
    return trace(bar, x, offset=offset, axis1=-2, axis2=-1)


def diag_shape(shape, attrs, inputs):
    k = attrs.get("k", 0)
    if len(shape) == 2:
        return (diagonal_length(*shape, k),)
    if len(shape) != 1:
        raise ValueError("Input must be 1- or 2-d.")
    length = named("{}+diag", shape[0]) if isinstance(k, Slot) else lengthened(shape[0], abs(k))
    return length, length


@linear(np.diag, infer=shaped(diag_shape), view=True)
def diag(bar, x, *, k=0):
    return diagonal(bar, x, offset=k) if x.ndim == 2 else np.diagonal(bar, k)


@linear(np.diagflat, infer=shaped(lambda shape, attrs, inputs: diag_shape((product_of_lengths(shape),), attrs, inputs)))
def diagflat(bar, x, *, k=0):
    return np.diagonal(bar, k) if x.ndim == 1 else np.reshape(np.diagonal(bar, k), x.shape)


def triangle_shape(shape, attrs, inputs):
    return shape if len(shape) != 1 else (shape[0], shape[0])


@linear(np.tril, infer=shaped(triangle_shape))
def tril(bar, x, *, k=0):
    return np.tril(bar, k)


@linear(np.triu, infer=shaped(triangle_shape))
def triu(bar, x, *, k=0):
    return np.triu(bar, k)

