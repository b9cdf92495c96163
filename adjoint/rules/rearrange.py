"""Functions that take numbers from places which their arguments tell: borders, insertions, repetitions, blocks.

The transposes apply the function to the places 0, 1, 2, ... and add every cotangent at the place it came from.
"""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.calls import arranged
from adjoint.rules.index import flat_add
from adjoint.rules.infer import fresh_length, normal_axes, shape_of
from adjoint.rules.join import all_present, joined_type, rank
from adjoint.rules.lengths import lengthened, product_of_lengths
from adjoint.rules.registry import jvp_rule, linear
from adjoint.rules.shape import converted, shaped
from adjoint.rules.trace import Zero


def places(x):
    """The numbers 0, 1, 2, ... in the shape of `x`."""
    count = np.arange(x.size, like=x)
    return count if x.ndim == 1 else np.reshape(count, x.shape)


# ---- resize


@linear(np.resize, infer=shaped(lambda shape, attrs, inputs: shape_of(attrs["new_shape"], inputs)))
def resize(bar, a, *, new_shape):
    return flat_add(a, bar, np.resize(np.arange(a.size, like=a), new_shape))


# ---- insert


def infer_insert(inputs, attrs):
    a, values = inputs[0].type, inputs[1].type
    if not isinstance(a, ArrayType) or not isinstance(values, ArrayType) or a.shape is None:
        return UNKNOWN
    axis, obj = attrs.get("axis"), attrs["obj"]
    shape = (product_of_lengths(a.shape),) if axis is None else a.shape
    (axis,) = normal_axes(0 if axis is None else axis, len(shape))
    one = isinstance(obj, (int, np.integer)) and values.shape == ()
    many = isinstance(obj, (list, tuple)) and len(obj) != 1
    length = lengthened(shape[axis], 1) if one else lengthened(shape[axis], len(obj)) if many else fresh_length()
    return ArrayType(a.dtype, (*shape[:axis], length, *shape[axis + 1 :]))


def insert_operands(arr, obj, values, axis=None):
    return [arr, values], {"obj": obj, "axis": axis}


@arranged(np.insert, insert_operands)
def insert_arguments(arr, values, *, obj=None, axis=None):
    return (arr, obj, values), {} if axis is None else {"axis": axis}


@linear(insert_arguments, np.insert, infer=infer_insert, signature=insert_arguments.parameters)
def insert(bar, arr, values, *, obj, axis=None):
    n = arr.size if axis is None else arr.shape[axis]
    axis = 0 if axis is None else axis % arr.ndim
    labels = np.insert(np.zeros_like(np.arange(n, like=bar)), obj, 1 + np.arange(bar.shape[axis] - n, like=bar))
    order = np.argsort(labels, kind="stable")  # the places of what was there, then those of what came in
    arr_bar, values_bar = np.take(bar, order[:n], axis=axis), np.take(bar, order[n:], axis=axis)
    if isinstance(obj, (int, np.integer)) and axis:  # one place: np.insert lets the first axis of values stand there
        values_bar = np.moveaxis(values_bar, axis, 0)
    return arr_bar if rank(arr) == bar.ndim else np.reshape(arr_bar, arr.shape), values_bar


# ---- block


def block_operands(arrays):
    found = []

    def numbered(item):
        if isinstance(item, list):
            return [numbered(part) for part in item]
        found.append(item)
        return len(found) - 1

    return found, {"nested": numbered(arrays)}


@arranged(np.block, block_operands)
def block_arguments(*arrays, nested=None):
    def filled_in(item):
        return [filled_in(part) for part in item] if isinstance(item, list) else arrays[item]

    return (filled_in(nested),), {}


def depth_of(nested):
    return 1 + depth_of(nested[0]) if isinstance(nested, list) else 0


def infer_block(inputs, attrs):
    types = [atom.type for atom in inputs]
    if not all(isinstance(t, ArrayType) and t.shape is not None for t in types):
        return UNKNOWN
    depth = depth_of(attrs["nested"])
    ndim = max(depth, *(len(t.shape) for t in types))

    def joined(item, axis):
        if not isinstance(item, list):
            shape = types[item].shape
            return ArrayType(types[item].dtype, (1,) * (ndim - len(shape)) + shape)
        return joined_type([joined(part, axis + 1) for part in item], axis, all_present)

    return joined(attrs["nested"], -depth)


@jvp_rule(block_arguments, np.block, infer=infer_block, signature=block_arguments.parameters)
def block(*args, nested):
    dots, arrays = args[: len(args) // 2], args[len(args) // 2 :]
    depth = depth_of(nested)
    ndim = max(depth, *map(rank, arrays))

    def joined(item, axis):
        if isinstance(item, list):
            return np.concatenate([joined(part, axis + 1) for part in item], axis)
        dot, x = dots[item], arrays[item]
        dot = np.zeros_like(x) if isinstance(dot, Zero) else dot
        missing = ndim - rank(x)
        return np.expand_dims(dot, tuple(range(missing))) if missing else dot

    return joined(nested, -depth)


# ---- conversion


def astype_operands(x, dtype, /, *, copy=True, device=None):
    return [x], {"dtype": dtype, "copy": copy, "device": device}


@arranged(np.astype, astype_operands)
def astype_arguments(x, *, dtype=None, copy=True, device=None):
    return (x, dtype), {} if copy else {"copy": False}


@linear(astype_arguments, np.astype, infer=converted, signature=astype_arguments.parameters, view=True)
def astype(bar, x, *, dtype, copy=True):
    return bar


# ---- trimming


def infer_trimmed(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None or len(type_.shape) != 1:
        raise TypeError("the rule of trim_zeros knows arrays with one axis only")
    return ArrayType(type_.dtype, (fresh_length("trimmed"),))


@jvp_rule(np.trim_zeros, infer=infer_trimmed, view=True)
def trim_zeros(filt_dot, filt, *, trim="fb"):
    kept = np.ones_like(filt, dtype=bool)
    if "f" in trim.lower():
        kept = kept & (np.cumsum(filt != 0) > 0)
    if "b" in trim.lower():
        kept = kept & (np.flip(np.cumsum(np.flip(filt != 0, 0)), 0) > 0)
    return filt_dot[kept]
