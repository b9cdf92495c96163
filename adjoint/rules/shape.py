"""Functions that rearrange the numbers of one array; all are linear, so each declares its transpose."""

import numpy as np

from adjoint.ir.core import Literal, Slot
from adjoint.ir.types import UNKNOWN, ArrayType, Symbol, broadcast_shapes, known_not_one
from adjoint.rules.infer import dim_of, normal_axes, shape_of
from adjoint.rules.internal import add_at
from adjoint.rules.lengths import (
    lengthened,
    named,
    product_of_lengths,
    quotient_of_lengths,
    strong_dtype,
    times,
)
from adjoint.rules.registry import jvp_rule, linear, vjp_rule


def shaped(change):
    """A type rule for functions of one array: `change(shape, attrs, inputs)` is the new shape, or None."""

    def infer(inputs, attrs):
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return UNKNOWN
        shape = None if type_.shape is None else change(type_.shape, attrs, inputs)
        if shape is None:
            return ArrayType(type_.dtype, None, "any")
        return ArrayType(type_.dtype, tuple(shape), "array" if shape or type_.kind == "array" else "any")

    return infer


# ---- one order of the numbers, another shape


def in_known_order(attrs):
    """The orders "A" and "K" hang on how an array lies in memory, which is not kept in a derivative."""
    if attrs.get("order", "C") not in ("C", "F"):
        raise TypeError(f"the order {attrs['order']!r} hangs on how the array lies in memory; give \"C\" or \"F\"")


def reshaped(shape, attrs, inputs):
    in_known_order(attrs)
    new = shape_of(attrs["shape"], inputs)
    if new is not None and -1 in new:
        k = new.index(-1)
        new = (*new[:k], quotient_of_lengths(shape, new[:k] + new[k + 1 :]), *new[k + 1 :])
    return new


@linear(np.reshape, infer=shaped(reshaped), view=True)
def reshape(bar, x, *, shape, order="C"):
    return np.reshape(bar, x.shape, order)


def ravelled(shape, attrs, inputs):
    in_known_order(attrs)
    return (product_of_lengths(shape),)


@linear(np.ravel, infer=shaped(ravelled), view=True)
def ravel(bar, x, *, order="C"):
    return np.reshape(bar, x.shape, order)


def expanded(shape, attrs, inputs):
    axis = attrs["axis"]
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    places = normal_axes(axis, len(shape) + count)
    rest = iter(shape)
    return tuple(1 if k in places else next(rest) for k in range(len(shape) + count))


@linear(np.expand_dims, infer=shaped(expanded), view=True)
def expand_dims(bar, x, *, axis):
    return np.squeeze(bar, axis)


def squeezed(shape, attrs, inputs):
    axis = attrs.get("axis")
    if axis is not None:
        places = normal_axes(axis, len(shape))
        return tuple(dim for k, dim in enumerate(shape) if k not in places)
    if any(dim != 1 and not known_not_one(dim) for dim in shape):
        return None
    return tuple(dim for dim in shape if dim != 1)


@linear(np.squeeze, infer=shaped(squeezed), view=True)
def squeeze(bar, x, *, axis=None):
    return np.reshape(bar, x.shape) if axis is None else np.expand_dims(bar, axis)


def at_least(rank):
    """The shape that `np.atleast_1d`, `2d` or `3d` gives."""

    def change(shape, attrs, inputs):
        if rank == 3 and len(shape) in (1, 2):
            return (*(1,) * (2 - len(shape)), *shape, 1)
        return (*(1,) * (rank - len(shape)), *shape)

    return shaped(change)


@linear(np.atleast_1d, infer=at_least(1), signature="x", view=True)
@linear(np.atleast_2d, infer=at_least(2), signature="x", view=True)
@linear(np.atleast_3d, infer=at_least(3), signature="x", view=True)
def at_least_1d(bar, x):
    return bar if bar.ndim == x.ndim else np.reshape(bar, x.shape)


# ---- copies and conversions


def converted(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    dtype = attrs.get("dtype")
    return ArrayType(type_.dtype if dtype is None else strong_dtype((), dtype), type_.shape, "array")


@linear(np.copy, infer=converted)
def copy(bar, x, *, order="K"):
    return bar


@linear(np.asarray, infer=converted, signature="a, dtype=None, order=None, *, copy=None", view=True)
@linear(np.asarray_chkfinite, infer=converted, signature="a, dtype=None")
@linear(np.asanyarray, infer=converted, signature="a, dtype=None, order=None, *, copy=None", view=True)
@linear(np.array, infer=converted, signature="object, dtype=None, *, copy=True, order='K'")
def asarray(bar, x, *, dtype=None, copy=None, order=None):
    return bar


@linear(np.ascontiguousarray, np.asfortranarray, infer=at_least(1), signature="a", view=True)
def ascontiguousarray(bar, x):
    return bar if bar.ndim == x.ndim else np.reshape(bar, x.shape)


# ---- the order of the axes


def transposed(shape, attrs, inputs):
    axes = attrs.get("axes")
    if axes is None:
        return shape[::-1]
    if len(axes) != len(shape):
        raise ValueError(f"axes {axes} don't match an array with {len(shape)} axes")
    return tuple(shape[k] for k in normal_axes(axes, len(shape)))


@linear(np.transpose, infer=shaped(transposed), view=True)
def transpose(bar, x, *, axes=None):
    return bar.T if axes is None else np.transpose(bar, inverse(normal_axes(axes, bar.ndim)))


def inverse(permutation):
    return tuple(sorted(range(len(permutation)), key=permutation.__getitem__))


def swapped(first, second):
    """A type rule that swaps two axes, given as numbers or as names of attributes."""

    def change(shape, attrs, inputs):
        i, j = normal_axes((attrs.get(first, first), attrs.get(second, second)), len(shape))
        dims = list(shape)
        dims[i], dims[j] = dims[j], dims[i]
        return dims

    return shaped(change)


@linear(np.swapaxes, infer=swapped("axis1", "axis2"), view=True)
def swapaxes(bar, x, *, axis1, axis2):
    return np.swapaxes(bar, axis1, axis2)


@linear(np.matrix_transpose, infer=swapped(-1, -2), view=True)
@linear(np.linalg.matrix_transpose, infer=swapped(-1, -2), view=True)
def matrix_transpose(bar, x):
    return matrix_transposed(bar)


def matrix_transposed(x):
    """The transpose of a matrix, or of each matrix of a stack."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def moved(shape, attrs, inputs):
    return tuple(shape[k] for k in _moved_order(len(shape), attrs))


def _moved_order(rank, attrs):
    source, destination = normal_axes(attrs["source"], rank), normal_axes(attrs["destination"], rank)
    order = [k for k in range(rank) if k not in source]
    for place, axis in sorted(zip(destination, source, strict=True)):
        order.insert(place, axis)
    return order


@linear(np.moveaxis, infer=shaped(moved), view=True)
def moveaxis(bar, x, *, source, destination):
    return np.moveaxis(bar, destination, source)


def _rolled_order(rank, axis, start):
    (axis,) = normal_axes(axis, rank)
    start += rank if start < 0 else 0
    order = [k for k in range(rank) if k != axis]
    order.insert(start - 1 if axis < start else start, axis)
    return order


@linear(
    np.rollaxis,
    infer=shaped(lambda s, attrs, inputs: [s[k] for k in _rolled_order(len(s), attrs["axis"], attrs.get("start", 0))]),
    view=True,
)
def rollaxis(bar, x, *, axis, start=0):
    return np.transpose(bar, inverse(_rolled_order(bar.ndim, axis, start)))


# ---- the order along axes


same_shape = shaped(lambda shape, attrs, inputs: shape)


@linear(np.flip, infer=same_shape, view=True)
def flip(bar, x, *, axis=None):
    return np.flip(bar, axis)


@linear(np.fliplr, infer=same_shape, view=True)
def fliplr(bar, x):
    return np.fliplr(bar)


@linear(np.flipud, infer=same_shape, view=True)
def flipud(bar, x):
    return np.flipud(bar)


@linear(np.roll, infer=same_shape)
def roll(bar, x, *, shift, axis=None):
    back = tuple(-places for places in shift) if isinstance(shift, (tuple, list)) else -shift
    return np.roll(bar, back, axis)


def rotated(shape, attrs, inputs):
    k = attrs.get("k", 1)
    i, j = normal_axes(attrs.get("axes", (0, 1)), len(shape))
    dims = list(shape)
    if isinstance(k, Slot):
        if dims[i] != dims[j]:
            dims[i], dims[j] = named("({}|{})", shape[i], shape[j]), named("({}|{})", shape[j], shape[i])
    elif k % 2:
        dims[i], dims[j] = dims[j], dims[i]
    return dims


@linear(np.rot90, infer=shaped(rotated), view=True)
def rot90(bar, x, *, k=1, axes=(0, 1)):
    return np.rot90(bar, -k, axes)


# ---- repetition


def broadcast(shape, attrs, inputs):
    new = shape_of(attrs["shape"], inputs)
    return None if new is None else broadcast_shapes(new, shape) if len(shape) <= len(new) else new


@linear(np.broadcast_to, infer=shaped(broadcast), view=True)
def broadcast_to(bar, x, *, shape):
    return bar  # summed to the shape of `x` where it is accumulated


def infer_broadcast_arrays(inputs, attrs):
    types = [atom.type for atom in inputs]
    if not all(isinstance(type_, ArrayType) for type_ in types):
        return (UNKNOWN,) * len(types)
    shape = broadcast_shapes(*(type_.shape for type_ in types))
    return tuple(ArrayType(type_.dtype, shape, "any" if shape is None else "array") for type_ in types)


@linear(np.broadcast_arrays, infer=infer_broadcast_arrays, signature="*args", view=True)
def broadcast_arrays(bars, *arrays):
    return bars


def infer_meshgrid(inputs, attrs):
    if any(not isinstance(atom.type, ArrayType) or atom.type.shape is None for atom in inputs):
        return (UNKNOWN,) * len(inputs)
    shape = [product_of_lengths(atom.type.shape) for atom in inputs]
    if attrs.get("indexing", "xy") == "xy":
        shape[:2] = shape[1::-1]
    return tuple(ArrayType(atom.type.dtype, tuple(shape), "array") for atom in inputs)


@linear(np.meshgrid, infer=infer_meshgrid, signature="*xi, indexing='xy'")
def meshgrid(bars, *arrays, indexing="xy"):
    order = list(range(len(arrays)))
    if indexing == "xy":
        order[:2] = order[1::-1]
    others = [tuple(k for k in range(len(arrays)) if k != axis) for axis in order]
    return tuple(np.sum(bar, axis=axes) for bar, axes in zip(bars, others, strict=True))


def _repetitions(reps, rank):
    reps = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    return (1,) * (rank - len(reps)) + reps


def tiled(shape, attrs, inputs):
    reps = _repetitions(attrs["reps"], len(shape))
    shape = (1,) * (len(reps) - len(shape)) + shape
    return tuple(times(dim, length_of(count, inputs)) for dim, count in zip(shape, reps, strict=True))


def length_of(count, inputs):
    """A number given as an attribute, as a length."""
    return dim_of(inputs[count.index]) if isinstance(count, Slot) else int(count)


@linear(np.tile, infer=shaped(tiled))
def tile(bar, x, *, reps):
    reps = _repetitions(reps, x.ndim)
    shape = (None,) * (len(reps) - x.ndim) + x.shape
    split, axes = [], []
    for count, length in zip(reps, shape, strict=True):
        if length is None or not (isinstance(count, int) and count == 1):
            axes.append(len(split))
            split.append(count)
        if length is not None:
            split.append(length)
    if not axes:
        return bar
    return np.sum(np.reshape(bar, tuple(split)), axis=tuple(axes) if len(axes) > 1 else axes[0])


def repeated(shape, attrs, inputs):
    axis, repeats = attrs.get("axis"), attrs["repeats"]
    if axis is None:
        shape, axis = (product_of_lengths(shape),), 0
    (axis,) = normal_axes(axis, len(shape))
    if isinstance(repeats, Slot) and isinstance(inputs[repeats.index], Literal):
        repeats = inputs[repeats.index].value
    if isinstance(repeats, np.ndarray) and repeats.ndim:
        repeats = tuple(repeats.tolist())
    if isinstance(repeats, Slot) and inputs[repeats.index].type.shape != ():
        length = named("sum({})", dim_of(inputs[repeats.index]))
    elif isinstance(repeats, (tuple, list)):
        known = len(repeats) > 1 and all(isinstance(n, int) for n in repeats)
        length = sum(repeats) if known else Symbol(f"sum({repeats})")
    else:
        length = times(shape[axis], length_of(repeats, inputs))
    return (*shape[:axis], length, *shape[axis + 1 :])


@linear(np.repeat, infer=shaped(repeated))
def repeat(bar, x, *, repeats, axis=None):
    many = isinstance(repeats, (tuple, list)) or getattr(repeats, "ndim", 0)
    if axis is None:
        if many:
            return np.reshape(repeat(bar, np.ravel(x), repeats=repeats, axis=0), x.shape)
        return np.sum(np.reshape(bar, (*x.shape, repeats)), axis=-1)
    axis %= x.ndim
    if many:
        index = np.repeat(np.arange(x.shape[axis], like=x), repeats)
        return add_at(np.zeros_like(x), bar, index=(slice(None),) * axis + (index,))
    return np.sum(np.reshape(bar, (*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :])), axis=axis + 1)


# ---- borders


def _borders(pad_width, rank):
    """The argument `pad_width` of `np.pad` as (before, after) for each axis."""
    if not isinstance(pad_width, (tuple, list)):
        return ((pad_width, pad_width),) * rank
    if not isinstance(pad_width[0], (tuple, list)):
        both = tuple(pad_width) * 2 if len(pad_width) == 1 else tuple(pad_width)
        return (both,) * rank
    pairs = tuple(tuple(pair) * 2 if len(pair) == 1 else tuple(pair) for pair in pad_width)
    return pairs * rank if len(pairs) == 1 else pairs


def padded(shape, attrs, inputs):
    mode = attrs.get("mode", "constant")
    if mode not in PADDING_MODES:
        raise TypeError(f"the rule knows the modes {', '.join(PADDING_MODES)}, not {mode!r}")
    if attrs.get("reflect_type", "even") != "even":
        raise TypeError("the rule knows the reflect_type 'even' only")
    dims = []
    for dim, (before, after) in zip(shape, _borders(attrs["pad_width"], len(shape)), strict=True):
        if isinstance(before, Slot) or isinstance(after, Slot):
            dims.append(named("({}+{}+{})", length_of(before, inputs), dim, length_of(after, inputs)))
        else:
            dims.append(lengthened(dim, int(before) + int(after)))
    return dims


PADDING_MODES = ("constant", "empty", "edge", "reflect", "symmetric", "wrap")


@jvp_rule(np.pad, infer=shaped(padded))
def pad(x_dot, x, *, pad_width, mode="constant", constant_values=0, reflect_type="even"):
    return np.pad(x_dot, pad_width) if mode in ("constant", "empty") else np.pad(x_dot, pad_width, mode)


@vjp_rule(np.pad)
def pad_transpose(bar, x, *, pad_width, mode="constant", constant_values=0, reflect_type="even"):
    if mode not in ("constant", "empty"):
        places = np.arange(x.size, like=x)
        places = np.pad(places if x.ndim == 1 else np.reshape(places, x.shape), pad_width, mode)
        total = add_at(np.zeros_like(x if x.ndim == 1 else np.ravel(x)), bar, index=places)
        return total if x.ndim == 1 else np.reshape(total, x.shape)
    return bar[tuple(_inside(x, k, *pair) for k, pair in enumerate(_borders(pad_width, x.ndim)))]


def _inside(x, axis, before, after):
    if isinstance(after, int):
        return slice(before or None, -after or None) if isinstance(before, int) else slice(before, -after or None)
    return slice(before, before + x.shape[axis])

