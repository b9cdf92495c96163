"""Many arrays to one, and back: the transpose of joining is to cut.

Each function of the family joins along one axis of a *lifted* shape, which may have axes of length 1 that an
item itself lacks. `present` tells which of the lifted axes an item has. The bounds of the cuts are
counted from both ends, so that they are constants where the lengths before or after are.
"""

from itertools import pairwise

import numpy as np

from adjoint.ir.core import Slot
from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.infer import fresh_length, normal_axes
from adjoint.rules.lengths import (
    named,
    product_of_lengths,
    same_or_first,
    slice_length,
    strong_dtype,
    sum_of_lengths,
)
from adjoint.rules.registry import linear
from adjoint.rules.trace import Zero

# ---- lifting: which axes of the joined array an item of some rank has, by function


def all_present(rank):
    return (True,) * rank


def as_rows(rank):
    return (False, rank == 1) if rank < 2 else all_present(rank)


def as_columns(rank):
    return (rank == 1, False) if rank < 2 else all_present(rank)


def as_line(rank):
    return (False,) if rank == 0 else all_present(rank)


def as_depth(rank):
    return ((False, rank == 1, False), (True, True, False))[rank == 2] if rank < 3 else all_present(rank)


def as_new_axis(axis):
    """Stacking: no item has the new axis."""

    def lift(rank):
        (place,) = normal_axes(axis, rank + 1)
        return (*(True,) * place, False, *(True,) * (rank - place))

    return lift


# ---- types


def joined_type(types, axis, lift, dtype=None):
    """The type of items joined along an axis of their lifted shapes."""
    if not all(isinstance(type_, ArrayType) for type_ in types):
        return UNKNOWN
    dtype = strong_dtype(types, dtype)
    shapes = [lifted(type_.shape, lift(len(type_.shape))) for type_ in types if type_.shape is not None]
    if not shapes:
        return ArrayType(dtype, (0,) if not types else None, "any" if types else "array")
    rank = len(shapes[0])
    if any(len(shape) != rank for shape in shapes):
        raise ValueError("all arrays that are joined must have the same number of axes")
    (axis,) = normal_axes(axis, rank)
    whole = len(shapes) == len(types)
    dims = [
        same_or_first([shape[k] for shape in shapes]) if k != axis
        else sum_of_lengths([shape[k] for shape in shapes]) if whole else fresh_length("joined")
        for k in range(rank)
    ]  # fmt: skip
    return ArrayType(dtype, tuple(dims), "array")


def lifted(shape, present):
    own = iter(shape)
    return tuple(next(own) if has else 1 for has in present)


def infer_joined(choose):
    """A type rule; `choose(rank, attrs)` is the axis and the lift, from the rank of the first item."""

    def infer(inputs, attrs):
        types = [atom.type for atom in inputs]
        ranks = [len(t.shape) for t in types if isinstance(t, ArrayType) and t.shape is not None]
        axis, lift = choose(ranks[0] if ranks else 1, attrs)
        return joined_type(types, axis, lift, attrs.get("dtype"))

    return infer


# ---- cuts


def cut(bar, items, axis, lift):
    """The parts of `bar` that belong to the items that were joined."""
    axis %= len(lift(rank(items[0])))
    lengths = [x.shape[own_axis(axis, lift(rank(x)))] if lift(rank(x))[axis] else 1 for x in items]
    return tuple(
        bar[whole(part_index(lift(rank(x)), axis, *bounds(lengths, k)))] for k, x in enumerate(items)
    )  # fmt: skip


def rank(x):
    """The number of axes; of a Python number, and of a tangent that vanishes, 0."""
    return x.ndim if hasattr(x, "ndim") and not isinstance(x, Zero) else 0


def own_axis(axis, present):
    """The axis of an item that is an axis of the lifted shape."""
    return sum(present[:axis])


def bounds(lengths, k):
    """Where item `k` starts and stops: from the end where only that is a constant."""
    before, after = total(lengths[:k]), total(lengths[k + 1 :])
    if isinstance(before, int):
        if k == len(lengths) - 1:
            return before, None
        if isinstance(lengths[k], int):
            return before, before + lengths[k]
        return before, -after if isinstance(after, int) else before + lengths[k] if before else lengths[k]
    if isinstance(after, int) and isinstance(lengths[k], int):
        return (-after - lengths[k], -after or None) if lengths[k] else (0, 0)
    if isinstance(after, int):
        return before, -after or None
    return before, before + lengths[k]


def total(lengths):
    """The sum of lengths, in the fewest operations."""
    known = sum(n for n in lengths if isinstance(n, int))
    for n in lengths:
        if not isinstance(n, int):
            known = known + n if not isinstance(known, int) or known else n
    return known


def part_index(present, axis, start, stop):
    """The index of a part in the joined array: a number along the axes that the item lacks."""
    along = slice(None if isinstance(start, int) and start == 0 else start, stop) if present[axis] else start
    return tuple(along if k == axis else slice(None) if has else 0 for k, has in enumerate(present))


def whole(index):
    """An index without the slices at its end that mean whole axes."""
    while len(index) > 1 and isinstance(index[-1], slice) and index[-1].start is None and index[-1].stop is None:
        index = index[:-1]
    return index[0] if len(index) == 1 else index


# ---- the functions


def choose_concatenate(first, attrs):
    axis = attrs.get("axis", 0)
    if axis is None:
        return 0, lambda count: (True,)
    return axis, all_present


def infer_concatenate(inputs, attrs):
    if attrs.get("axis", 0) is not None:
        return infer_joined(choose_concatenate)(inputs, attrs)
    types = [atom.type for atom in inputs]
    if not all(isinstance(t, ArrayType) and t.shape is not None for t in types):
        return ArrayType(None, (fresh_length("joined"),))
    dims = [product_of_lengths(type_.shape) for type_ in types]
    return ArrayType(strong_dtype(types, attrs.get("dtype")), (sum_of_lengths(dims),), "array")


def cut_flat(bar, items):
    """The parts of a one-dimensional `bar` for items that were flattened."""
    lengths = [1 if rank(x) == 0 else x.shape[0] if x.ndim == 1 else x.size for x in items]
    parts = []
    for k, x in enumerate(items):
        present = (rank(x) > 0,)
        part = bar[whole(part_index(present, 0, *bounds(lengths, k)))]
        parts.append(part if rank(x) < 2 else np.reshape(part, x.shape))
    return tuple(parts)


@linear(np.concatenate, infer=infer_concatenate, sequence=True)
def concatenate(bar, *items, axis=0, dtype=None):
    return cut_flat(bar, items) if axis is None else cut(bar, items, axis, all_present)


@linear(np.append, infer=lambda inputs, attrs: infer_concatenate(inputs, {"axis": None, **attrs}))
def append(bar, x, values, *, axis=None):
    return cut_flat(bar, (x, values)) if axis is None else cut(bar, (x, values), axis, all_present)


@linear(
    np.stack, infer=infer_joined(lambda first, attrs: (attrs.get("axis", 0), as_new_axis(attrs.get("axis", 0)))),
    sequence=True,
)  # fmt: skip
def stack(bar, *items, axis=0, dtype=None):
    return cut(bar, items, axis, as_new_axis(axis))


@linear(
    np.array, np.asarray, np.asanyarray, np.ascontiguousarray,
    infer=infer_joined(lambda first, attrs: (0, as_new_axis(0))), signature="object, dtype=None", sequence=True,
)  # fmt: skip
def array(bar, *items, dtype=None):
    return cut(bar, items, 0, as_new_axis(0))


ROW_STACK = getattr(np, "row_stack", np.vstack)  # the old name, a function of its own that warns


@linear(np.vstack, ROW_STACK, infer=infer_joined(lambda first, attrs: (0, as_rows)), sequence=True)
def vstack(bar, *items, dtype=None):
    return cut(bar, items, 0, as_rows)


@linear(np.hstack, infer=infer_joined(lambda first, attrs: (int(first > 1), as_line)), sequence=True)
def hstack(bar, *items, dtype=None):
    return cut(bar, items, int(rank(items[0]) > 1), as_line)


@linear(np.dstack, infer=infer_joined(lambda first, attrs: (2, as_depth)), sequence=True)
def dstack(bar, *items):
    return cut(bar, items, 2, as_depth)


@linear(np.column_stack, infer=infer_joined(lambda first, attrs: (1, as_columns)), sequence=True)
def column_stack(bar, *items):
    return cut(bar, items, 1, as_columns)


# ---- one array to several


def part_lengths(dim, sections, inputs, *, even):
    """The lengths of the parts of an axis that is split into equal sections or at given places."""
    if isinstance(sections, Slot):
        raise TypeError("into how many parts an array is split must be known at compile time")
    if isinstance(sections, (tuple, list)):
        return [slice_length(dim, slice(*pair), inputs) for pair in pairwise((None, *sections, None))]
    if not isinstance(dim, int):
        return [named("({}/{}{})", dim, sections, "" if even else f"#{k}") for k in range(sections)]
    if even and dim % sections:
        raise ValueError("array split does not result in an equal division")
    return [(dim + sections - 1 - k) // sections for k in range(sections)]


def infer_split(default_axis, *, even=True):
    def infer(inputs, attrs):
        type_, sections = inputs[0].type, attrs["indices_or_sections"]
        if not isinstance(type_, ArrayType) or type_.shape is None:
            raise TypeError("the rank of an array that is split must be known")
        axis = attrs.get("axis", 0) if default_axis is None else default_axis
        axis = 0 if default_axis == 1 and len(type_.shape) == 1 else axis
        (axis,) = normal_axes(axis, len(type_.shape))
        lengths = part_lengths(type_.shape[axis], sections, inputs, even=even)
        if len(lengths) == 1:
            raise TypeError("an array is split into a single part")
        return tuple(
            ArrayType(type_.dtype, (*type_.shape[:axis], n, *type_.shape[axis + 1 :]), "array") for n in lengths
        )

    return infer


@linear(np.split, infer=infer_split(None), view=True)
@linear(np.array_split, infer=infer_split(None, even=False), view=True)
def split(bars, x, *, out, indices_or_sections, axis=0):
    return np.concatenate([np.zeros_like(o) if absent(bar) else bar for bar, o in zip(bars, out, strict=True)], axis)


def absent(bar):
    """Whether a cotangent is a symbolic zero."""
    return isinstance(bar, Zero)


@linear(np.hsplit, infer=infer_split(1), view=True)
def hsplit(bars, x, *, out, indices_or_sections):
    return split(bars, x, out=out, indices_or_sections=indices_or_sections, axis=int(x.ndim > 1))


@linear(np.vsplit, infer=infer_split(0), view=True)
def vsplit(bars, x, *, out, indices_or_sections):
    return split(bars, x, out=out, indices_or_sections=indices_or_sections, axis=0)


@linear(np.dsplit, infer=infer_split(2), view=True)
def dsplit(bars, x, *, out, indices_or_sections):
    return split(bars, x, out=out, indices_or_sections=indices_or_sections, axis=2)
