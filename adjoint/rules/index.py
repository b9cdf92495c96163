"""Reading parts of arrays. The transpose of a read adds into an array of zeros at the same index.

The type rule follows NumPy's: integers drop an axis, slices keep it, integer arrays are broadcast
together, boolean arrays stand for the positions where they are true. The axes of the arrays stand where
the arrays stood if those are neighbours, and come first otherwise.
"""

import operator
from dataclasses import dataclass

import numpy as np

from adjoint.ir.core import Literal, Slot
from adjoint.ir.types import PY_INT, SHAPE, UNKNOWN, ArrayType, Shape, Symbol, broadcast_shapes
from adjoint.rules.calls import arranged, said
from adjoint.rules.infer import array_type, dim_of, normal_axes, static_argument
from adjoint.rules.internal import add_at
from adjoint.rules.lengths import named, product_of_lengths, shortened, slice_length
from adjoint.rules.registry import linear
from adjoint.rules.trace import METHODS

# ---- indexing


@dataclass(frozen=True)
class Advanced:
    """An array in an index: the shape that it broadcasts with, and how many axes it takes."""

    shape: Shape
    axes: int = 1


UNSURE = object()


def classify(item, inputs):
    """An item of an index as None, `...`, a slice, an int (for any integer), or `Advanced`."""
    if item is None or item is ... or isinstance(item, slice):
        return item
    if isinstance(item, (bool, np.bool_)):
        raise TypeError("True and False are no index here: use `if`, or an array of booleans")
    if isinstance(item, (int, np.integer)):
        return 0
    if isinstance(item, (list, np.ndarray)):
        item = np.asarray(item)
        return Advanced(item.shape) if item.dtype != bool else Advanced((int(np.count_nonzero(item)),), item.ndim)
    if isinstance(item, Slot):
        return _classify_atom(inputs[item.index])
    raise TypeError(f"{item!r} is no index of an array")


def _classify_atom(atom):
    if isinstance(atom, Literal):
        return classify(atom.value, ())
    type_ = atom.type
    if not isinstance(type_, ArrayType):
        raise TypeError(f"an array is indexed by {type_}")
    if type_.dtype is None or type_.shape is None:
        return UNSURE
    if type_.dtype == "bool":
        return Advanced((named("count({})", dim_of(atom)),), len(type_.shape)) if type_.shape else UNSURE
    if not type_.dtype.startswith(("int", "uint")):
        raise TypeError(f"an array is indexed by numbers of dtype {type_.dtype}")
    return Advanced(type_.shape) if type_.shape else 0


def indexed_shape(shape, index, inputs):
    """The shape of `x[index]`, or None if its rank is not known."""
    items = [classify(item, inputs) for item in (index if isinstance(index, tuple) else (index,))]
    if shape is None or UNSURE in items:
        return None
    if sum(item is ... for item in items) > 1:
        raise IndexError("an index has more than one `...`")
    taken = sum(item.axes if isinstance(item, Advanced) else item is not None and item is not ... for item in items)
    if taken > len(shape):
        raise IndexError(f"an array with {len(shape)} axes is indexed along {taken}")
    if not any(item is ... for item in items):
        items.append(...)
    dims, groups, axis = [], [], 0
    arrays = any(isinstance(item, Advanced) for item in items)
    for position, item in enumerate(items):
        if item is None:
            dims.append(1)
        elif item is ...:
            dims.extend(shape[axis : axis + len(shape) - taken])
            axis += len(shape) - taken
        elif isinstance(item, slice):
            dims.append(slice_length(shape[axis], item, inputs))
            axis += 1
        else:
            if arrays:
                groups.append((position, len(dims)))
            axis += item.axes if isinstance(item, Advanced) else 1
    if not arrays:
        return tuple(dims)
    places = [position for position, _ in groups]
    start = groups[0][1] if places == list(range(places[0], places[-1] + 1)) else 0
    common = broadcast_shapes(*(item.shape for item in items if isinstance(item, Advanced)))
    return (*dims[:start], *common, *dims[start:])


def infer_getitem(inputs, attrs):
    type_, index = inputs[0].type, attrs["index"]
    if type_ == SHAPE:
        return SHAPE if isinstance(index, slice) else PY_INT
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    if type_.shape == () and type_.kind == "py":
        raise TypeError("a number is indexed")
    shape = indexed_shape(type_.shape, index, inputs)
    items = index if isinstance(index, tuple) else (index,)
    return array_type(type_.dtype, shape, scalar_kind="array" if any(item is ... for item in items) else "np")


@linear(operator.getitem, infer=infer_getitem, signature="a, index", view=True)
def getitem(bar, x, *, index):
    items = index if isinstance(index, tuple) else (index,)
    if all(item is None or item is ... or isinstance(item, slice) for item in items):
        if any(item is None for item in items):  # the new axes have length 1: `bar[:, 0]` is `bar` without one
            bar = bar[tuple(0 if item is None else item if item is ... else slice(None) for item in items)]
        items = tuple(item for item in items if item is not None)
        if all(item is ... or is_whole(item) for item in items):
            return bar if all(item is ... or item.step is None for item in items) else bar[items]
        index = items if len(items) > 1 else items[0]
    return add_at(np.zeros_like(x), bar, index=index)


def is_whole(item):
    """Whether a slice takes a whole axis, forwards or backwards."""
    unit = item.step is None or (type(item.step) is int and item.step == -1)  # else known at run time
    return item.start is None and item.stop is None and unit


# ---- functions that read


def along(axis, index):
    """The index that applies `index` to one axis."""
    return (*(slice(None),) * axis, index) if axis else index


def flat_add(x, bar, indices):
    """Zeros like `x`, with `bar` added where `indices` point in the flattened array."""
    if x.ndim == 1:
        return add_at(np.zeros_like(x), bar, index=indices)
    return np.reshape(add_at(np.zeros_like(np.ravel(x)), bar, index=indices), x.shape)


def infer_take(inputs, attrs):
    type_, indices = inputs[0].type, inputs[1].type
    if not isinstance(type_, ArrayType) or not isinstance(indices, ArrayType):
        return UNKNOWN
    axis = attrs.get("axis")
    if indices.shape is None or (type_.shape is None and axis is not None):
        return array_type(type_.dtype, None)
    if axis is None:
        return array_type(type_.dtype, indices.shape)
    (axis,) = normal_axes(axis, len(type_.shape))
    return array_type(type_.dtype, (*type_.shape[:axis], *indices.shape, *type_.shape[axis + 1 :]))


@linear(np.take, infer=infer_take, wrt=(0,))
def take(bar, x, indices, *, axis=None, mode="raise"):
    if mode != "raise":
        count = x.size if axis is None else x.shape[axis]
        indices = indices % count if mode == "wrap" else np.minimum(np.maximum(indices, 0), count - 1)
    if axis is None:
        return flat_add(x, bar, indices)
    return add_at(np.zeros_like(x), bar, index=along(axis % x.ndim, indices))


def infer_take_along_axis(inputs, attrs):
    type_, indices = inputs[0].type, inputs[1].type
    if not isinstance(type_, ArrayType) or not isinstance(indices, ArrayType):
        return UNKNOWN
    axis = static_argument(inputs[:2], attrs, 2, "axis", -1)
    if type_.shape is None or indices.shape is None or axis is None:
        return array_type(type_.dtype, indices.shape)
    (axis,) = normal_axes(axis, len(type_.shape))
    common = broadcast_shapes(*((*s[:axis], 1, *s[axis + 1 :]) for s in (type_.shape, indices.shape)))
    return array_type(type_.dtype, (*common[:axis], indices.shape[axis], *common[axis + 1 :]))


@linear(np.take_along_axis, infer=infer_take_along_axis, wrt=(0,))
def take_along_axis(bar, x, indices, *, axis=-1):
    if axis is None:
        return flat_add(x, bar, indices)
    if x.ndim == 1:
        return add_at(np.zeros_like(x), bar, index=indices)
    axis %= x.ndim
    grid = tuple(
        indices if k == axis else np.reshape(np.arange(x.shape[k], like=x), (-1,) + (1,) * (x.ndim - 1 - k))
        for k in range(x.ndim)
    )
    return add_at(np.zeros_like(x), bar, index=grid)


def infer_selected(inputs, attrs):
    """The axis of `np.compress` and `np.extract` has as many numbers as the condition has true values."""
    condition, type_ = inputs[0], inputs[1].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    count = named("count({})", dim_of(condition)) if not isinstance(condition, Literal) else Symbol("count")
    axis = attrs.get("axis")
    if axis is None or type_.shape is None:
        return ArrayType(type_.dtype, (count,) if axis is None else None, "array" if axis is None else "any")
    (axis,) = normal_axes(axis, len(type_.shape))
    return ArrayType(type_.dtype, (*type_.shape[:axis], count, *type_.shape[axis + 1 :]))


@linear(np.compress, infer=infer_selected, wrt=(1,))
def compress(bar, condition, x, *, axis=None):
    if axis is None:
        return flat_add(x, bar, np.flatnonzero(condition))
    return add_at(np.zeros_like(x), bar, index=along(axis % x.ndim, np.flatnonzero(condition)))


@arranged(np.compress, lambda a, condition, axis=None: ([condition, a], {"axis": axis}))
def compressed(condition, a, *, axis=None):
    return (condition, a), said({"axis": axis})


compressed.__name__ = "ndarray.compress"
METHODS["compress"] = compressed
linear(compressed, infer=infer_selected, wrt=(1,), signature=compressed.parameters)(compress)


@linear(np.extract, infer=infer_selected, wrt=(1,))
def extract(bar, condition, x):
    return flat_add(x, bar, np.flatnonzero(condition))


def infer_delete(inputs, attrs):
    type_, what = inputs[0].type, attrs["obj"]
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    axis = attrs.get("axis")
    if type_.shape is None and axis is not None:
        return array_type(type_.dtype, None)
    shape = type_.shape if axis is not None else (product_of_lengths(type_.shape or ()),) if type_.shape else None
    if shape is None:
        return array_type(type_.dtype, None)
    (axis,) = normal_axes(axis or 0, len(shape))
    length = shortened(shape[axis], 1) if isinstance(what, (int, np.integer)) else named("{}-{}", shape[axis], what)
    return ArrayType(type_.dtype, (*shape[:axis], length, *shape[axis + 1 :]))


@linear(np.delete, infer=infer_delete)
def delete(bar, x, *, obj, axis=None):
    if axis is None:
        return flat_add(x, bar, np.delete(np.arange(x.size, like=x), obj))
    axis %= x.ndim
    return add_at(np.zeros_like(x), bar, index=along(axis, np.delete(np.arange(x.shape[axis], like=x), obj)))


# ---- types of what is sorted


def infer_sort(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    if attrs.get("axis", -1) is None:
        return ArrayType(type_.dtype, None if type_.shape is None else (product_of_lengths(type_.shape),), "array")
    return array_type(type_.dtype, type_.shape)
