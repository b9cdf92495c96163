"""Arrays made of lists of run-time length, as NumPy makes them: `np.stack(items)` and its kin, and sums.

A function of NumPy that is given one value which is a list is a primitive of its own. Its transpose cuts the
cotangent into a list.
"""

import numpy as np

from adjoint.ir.types import PY_FLOAT, UNKNOWN, ArrayType, ListType, innermost, list_depth
from adjoint.rules.infer import array_type, fresh_length, normal_axes, reduced_shape, result_dtype
from adjoint.rules.internal import traceable
from adjoint.rules.lengths import strong_dtype
from adjoint.rules.lists import element_type, is_number, list_length, spread, type_of_items
from adjoint.rules.registry import linear, of_list
from adjoint.runtime import lists

# ---- arrays and rows


def nested_shape(type_):
    """The lengths of lists inside one another and the shape of what they hold; None for an unknown rank."""
    lengths = []
    while isinstance(type_, ListType):
        lengths.append(fresh_length("items"))
        type_ = type_.element or PY_FLOAT
    if not isinstance(type_, ArrayType):
        raise TypeError(f"an array is made of numbers and arrays, not of {type_}")
    return None if type_.shape is None else (*lengths, *type_.shape)


def dtype_of(atom, attrs=None):
    element = innermost(atom.type)
    return strong_dtype([element if isinstance(element, ArrayType) else UNKNOWN], (attrs or {}).get("dtype"))


def infer_array(inputs, attrs):
    shape = nested_shape(inputs[0].type)
    return ArrayType(dtype_of(inputs[0], attrs), shape, "any" if shape is None else "array")


def infer_stack(inputs, attrs):
    type_ = infer_array(inputs, attrs)
    if type_.shape is None:
        return type_
    (axis,) = normal_axes(attrs.get("axis", 0), len(type_.shape))
    length, *rest = type_.shape
    return ArrayType(type_.dtype, (*rest[:axis], length, *rest[axis:]))


def infer_joined(choose):
    """The type of items joined along the axis that `choose(rank, attrs)` gives."""

    def infer(inputs, attrs):
        element = element_type(inputs[0])
        dtype = dtype_of(inputs[0])
        if not isinstance(element, ArrayType) or element.shape is None:
            return ArrayType(dtype, None, "any")
        rank = len(element.shape)
        if rank == 0:
            raise ValueError("numbers cannot be joined along an axis that they have not")
        axis, row = choose(rank, attrs)
        shape = (1, *element.shape) if row else element.shape
        (axis,) = normal_axes(axis, len(shape))
        return ArrayType(dtype, (*shape[:axis], fresh_length("items"), *shape[axis + 1 :]))

    return infer


def infer_rows(inputs, attrs):
    type_ = inputs[0].type
    depth = attrs.get("depth", 1)
    known = isinstance(type_, ArrayType) and type_.shape is not None
    element = UNKNOWN if not isinstance(type_, ArrayType) else ArrayType(type_.dtype, None, "any")
    if known:
        shape = type_.shape[depth:]
        element = ArrayType(type_.dtype, shape, "any" if shape == () else "array")
    for _ in range(depth):
        element = ListType(element)
    return element


list_rows = traceable(lists.list_rows)


@linear(list_rows, infer=infer_rows, view=True)
def _list_rows(bar, x, *, depth=1):
    return list_array(bar)


def function_of_list(fun, infer, *, signature):
    """Enter `fun` of one list as a linear primitive; gives what rules call it by."""

    def call(items, **attrs):
        return fun(items, **attrs)

    call.__name__ = call.__qualname__ = f"list_{fun.__name__}"
    named = traceable(call)

    def register(rule):
        linear(named, infer=infer, signature=signature)(rule)
        of_list(fun, named)
        return named

    return register


@function_of_list(np.array, infer_array, signature="object, dtype=None")
def list_array(bar, items, *, dtype=None):
    return list_rows(bar, depth=list_depth(items.atom.type))


of_list(np.asarray, list_array)


@function_of_list(np.stack, infer_stack, signature="arrays, axis=0")
def list_stack(bar, items, *, axis=0):
    return list_rows(np.moveaxis(bar, axis, 0) if axis else bar)


list_cut = traceable(lists.list_cut)


def infer_cut(inputs, attrs):
    element, bar = element_type(inputs[1]), inputs[0].type
    return ListType(ArrayType(bar.dtype, element.shape, element.kind))


@linear(list_cut, infer=infer_cut, wrt=(0,), view=True)
def _list_cut(bar, x, items, *, axis=0):
    return list_concatenate(bar, axis=axis)


@function_of_list(
    np.concatenate, infer_joined(lambda rank, attrs: (attrs.get("axis", 0), False)), signature="arrays, axis=0"
)
def list_concatenate(bar, items, *, axis=0):
    return list_cut(bar, items, axis=axis)


def rank_of_items(items):
    element = type_of_items(items)
    if not isinstance(element, ArrayType) or element.shape is None:
        raise TypeError("the rank of the items must be known")
    return len(element.shape)


def infer_stacked(new_axis, rank_of_row, joined_axis):
    """Items of few axes are stacked, others joined."""

    def infer(inputs, attrs):
        element = element_type(inputs[0])
        if isinstance(element, ArrayType) and element.shape is not None and len(element.shape) <= rank_of_row:
            return infer_stack(inputs, {"axis": new_axis})
        return infer_joined(lambda rank, attrs: (joined_axis(rank), False))(inputs, attrs)

    return infer


@function_of_list(np.vstack, infer_stacked(0, 1, lambda rank: 0), signature="tup")
def list_vstack(bar, items):
    rank = rank_of_items(items)
    if rank == 0:
        raise TypeError("numbers are stacked as rows: use np.array")
    return list_rows(bar) if rank == 1 else list_cut(bar, items, axis=0)


@function_of_list(np.hstack, infer_stacked(0, 0, lambda rank: int(rank > 1)), signature="tup")
def list_hstack(bar, items):
    rank = rank_of_items(items)
    return list_cut(bar, items, axis=int(rank > 1)) if rank else list_rows(bar)


@function_of_list(np.column_stack, infer_stacked(1, 1, lambda rank: 1), signature="tup")
def list_column_stack(bar, items):
    rank = rank_of_items(items)
    if rank == 0:
        raise TypeError("numbers are stacked as columns: use np.array")
    return list_rows(np.moveaxis(bar, 1, 0)) if rank == 1 else list_cut(bar, items, axis=1)


# ---- sums


def infer_sum(fun):
    """Of numbers, or of arrays along the list or altogether."""

    def infer(inputs, attrs):
        element, axis = element_type(inputs[0]), attrs.get("axis")
        if not isinstance(element, ArrayType) or axis not in (None, 0):
            raise TypeError("make an array of the list first")
        type_ = infer_array(inputs, {})
        return array_type(result_dtype(fun, type_, {}), reduced_shape(type_.shape, axis))

    return infer


@function_of_list(np.sum, infer_sum(np.sum), signature="a, axis=None")
def list_sum(bar, items, *, axis=None):
    return spread(bar, items)


@function_of_list(np.mean, infer_sum(np.mean), signature="a, axis=None")
def list_mean(bar, items, *, axis=None):
    if axis is None and not is_number(type_of_items(items)):
        raise TypeError("the mean of a list of arrays along all axes: make an array of it first")
    return spread(bar / list_length(items), items)
