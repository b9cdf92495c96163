"""Lists whose length is known at run time only: values like any other, a changed list is a new value.

The tangent of a list is the list of the tangents of its items, and so is its cotangent. All of these functions
are linear in lists and items, so a rule is a transpose: what is appended is taken off, what is taken off is
appended, a read adds into the item that was read. None of them reads an item but for its shape.
`codegen` changes lists in place where the old version is not read any more. Arrays made of lists are in
`list_arrays`.
"""

import operator
from typing import Any

import numpy as np

from adjoint.ir.types import (
    PY_INT,
    UNKNOWN,
    ArrayType,
    ListType,
    ObjectType,
    Type,
    is_inexact,
    join,
    known_not_one,
)
from adjoint.rules.infer import elementwise_types
from adjoint.rules.internal import traceable
from adjoint.rules.registry import linear, nondifferentiable, of_list
from adjoint.runtime import lists

# ---- types


def element_type(atom):
    """The type of the items of a list; None if it is empty or not known to be a list."""
    return atom.type.element if isinstance(atom.type, ListType) else None


def list_type(*elements):
    """A list of items of any of these types (None: of no item)."""
    joined = None
    for element in elements:
        if element is None:
            continue
        if isinstance(element, ObjectType):
            raise TypeError(f"a list of run-time length holds numbers, arrays and lists, not {element}")
        joined = element if joined is None else join(joined, element)
        if isinstance(joined, ObjectType):
            raise TypeError("a list of run-time length holds either lists or arrays, not both")
    return ListType(joined)


def with_item(k):
    """The list that is operand 0 with operand `k` among its items."""
    return lambda inputs, attrs: list_type(element_type(inputs[0]), inputs[k].type)


def same_list(inputs, attrs):
    return list_type(element_type(inputs[0]))


def both_lists(inputs, attrs):
    return list_type(*map(element_type, inputs[:2]))


def infer_item(inputs, attrs):
    return element_type(inputs[0]) or UNKNOWN


# ---- zeros


def type_of_items(items):
    return element_type(items.atom)


def zero_of(type_):
    """The zero of numbers of a dtype, of their own precision."""
    if type_.dtype is None or not is_inexact(type_) or type_.dtype == "float64":
        return 0.0
    return 0j if type_.dtype == "complex128" else np.dtype(type_.dtype).type(0)


def is_number(type_):
    return isinstance(type_, ArrayType) and type_.shape == ()


def zeros_of(items: Any) -> Any:
    """The list of zeros that is the tangent or cotangent of a list that does not vary."""
    element = type_of_items(items)
    if element is None:
        return items.tracer.apply(list_of, (), {})
    return list_fill(zero_of(element), list_length(items)) if is_number(element) else list_zeros(items)


def zero_item(items, i):
    """A zero for one item."""
    element = type_of_items(items)
    if is_number(element):
        return zero_of(element)
    item = list_get(items, i)
    return zeros_of(item) if isinstance(element, ListType) else np.zeros_like(item)


def zeros_type(type_: Type) -> Type:
    """The type of a tangent or cotangent: of numbers it may be a Python float or a NumPy scalar."""
    if isinstance(type_, ListType):
        return ListType(None if type_.element is None else zeros_type(type_.element))
    if isinstance(type_, ArrayType) and type_.shape == ():
        return ArrayType(type_.dtype, (), "any")
    return type_


list_zeros, list_zeros_if = traceable(lists.list_zeros), traceable(lists.list_zeros_if)
nondifferentiable(list_zeros, list_zeros_if, infer=lambda inputs, attrs: zeros_type(inputs[0].type))


@traceable
def list_length(items):
    return len(items)


nondifferentiable(list_length, infer=lambda inputs, attrs: PY_INT)

list_place = traceable(lists.list_place)
nondifferentiable(list_place, infer=lambda inputs, attrs: PY_INT, operands=2)

# ---- making lists


@traceable
def list_of(*items):
    return list(items)


@linear(list_of, infer=lambda inputs, attrs: list_type(*(atom.type for atom in inputs)))
def _list_of(bar, *items):
    return tuple(list_get(bar, k) for k in range(len(items)))


@traceable
def list_fill(x, n):
    """`[x] * n`"""
    return [x] * n


@linear(list_fill, infer=lambda inputs, attrs: ListType(zeros_type(inputs[0].type)), wrt=(0,))
def _list_fill(bar, x, n):
    return list_total(bar)


list_zip = traceable(lists.list_zip)


def rows_type(inputs, attrs):
    return ListType(list_type(*map(element_type, inputs)))


@linear(list_zip, infer=rows_type, view=True)
def _list_zip(bar, *columns):
    return tuple(list_column(bar, k) for k in range(len(columns)))


@traceable
def list_concat(a, b):
    return a + b


@linear(list_concat, infer=both_lists)
def _list_concat(bar, a, b):
    n = list_length(a)
    return list_slice(bar, None, n, None), list_slice(bar, n, None, None)


# ---- reading


@traceable
def list_get(items, i):
    return items[i]


@linear(list_get, infer=infer_item, wrt=(0,), view=True)
def _list_get(bar, items, i):
    return list_add_at(zeros_of(items), bar, i)


@traceable
def list_slice(items, start=None, stop=None, step=None):
    return items[start:stop:step]


@linear(list_slice, infer=same_list, wrt=(0,), view=True)
def _list_slice(bar, items, start=None, stop=None, step=None):
    return list_add_slice(zeros_of(items), bar, start, stop, step)


@traceable
def list_reverse(items):
    return items[::-1]


@linear(list_reverse, infer=same_list, view=True)
def _list_reverse(bar, items):
    return list_reverse(bar)


list_column = traceable(lists.list_column)


def infer_column(inputs, attrs):
    element = element_type(inputs[0])
    return list_type(element.element if isinstance(element, ListType) else UNKNOWN)


@linear(list_column, infer=infer_column, wrt=(0,), view=True)
def _list_column(bar, rows, k):
    return list_add_column(zeros_of(rows), bar, k)


# ---- changing


@traceable
def list_append(items, x):
    return [*items, x]


@linear(list_append, infer=with_item(1), view=True)
def _list_append(bar, items, x):
    last = list_get(bar, -1)
    return list_drop(bar), last


@traceable
def list_drop(items):
    return items[:-1]


@linear(list_drop, infer=same_list, view=True)
def _list_drop(bar, items):
    return list_append(bar, zero_item(items, -1))


list_set = traceable(lists.list_set)


@linear(list_set, infer=with_item(2), wrt=(0, 2), view=True)
def _list_set(bar, items, i, x):
    item = list_get(bar, i)
    return list_set(bar, i, zero_item(items, i)), item


list_insert = traceable(lists.list_insert)


@linear(list_insert, infer=with_item(2), wrt=(0, 2), view=True)
def _list_insert(bar, items, i, x):
    place = i if type(i) is int and i == 0 else list_place(i, list_length(bar) - 1)
    item = list_get(bar, place)
    return list_delete(bar, place), item


list_delete = traceable(lists.list_delete)


@linear(list_delete, infer=same_list, wrt=(0,), view=True)
def _list_delete(bar, items, i):
    from_start = type(i) is int and i >= 0
    return list_insert(bar, i if from_start else i % (list_length(bar) + 1), zero_item(items, i))


# ---- adding, which only derivatives do

list_add = traceable(lists.list_add)


@linear(list_add, infer=both_lists)
def _list_add(bar, a, b):
    return bar, bar


list_add_at = traceable(lists.list_add_at)


@linear(list_add_at, infer=same_list, wrt=(0, 1), view=True)
def _list_add_at(bar, items, x, i):
    return bar, list_get(bar, i)


list_add_column = traceable(lists.list_add_column)


@linear(list_add_column, infer=same_list, wrt=(0, 1), view=True)
def _list_add_column(bar, rows, x, k):
    return bar, list_column(bar, k)


list_add_slice = traceable(lists.list_add_slice)


@linear(list_add_slice, infer=same_list, wrt=(0, 1), view=True)
def _list_add_slice(bar, items, values, start, stop, step):
    return bar, list_slice(bar, start, stop, step)


def cast_type(type_, dtype):
    if isinstance(type_, ListType):
        return ListType(None if type_.element is None else cast_type(type_.element, dtype))
    return ArrayType(dtype, type_.shape, "any" if type_.shape in ((), None) else "array")


list_cast = traceable(lists.list_cast)


@linear(list_cast, infer=lambda inputs, attrs: cast_type(inputs[0].type, attrs["dtype"]), signature="items, dtype=None")
def _list_cast(bar, items, *, dtype):
    return bar  # brought back to the dtype of the items where it is accumulated


# ---- sums

list_spread = traceable(lists.list_spread)


@linear(list_spread, infer=lambda inputs, attrs: ListType(zeros_type(element_type(inputs[1]))), wrt=(0,))
def _list_spread(bar, x, items):
    return list_total_like(bar, x)


list_total_like = traceable(lists.list_total_like)


@linear(list_total_like, infer=lambda inputs, attrs: zeros_type(inputs[1].type), wrt=(0,))
def _list_total_like(bar, items, x):
    return list_spread(bar, items)


def spread(bar, items):
    """The cotangent of a sum for each item of a list."""
    element = type_of_items(items)
    shape = bar.type.shape if hasattr(bar, "type") else ()
    alike = is_number(element) and shape == ()
    if isinstance(element, ArrayType) and element.shape is not None and shape is not None:
        alike = alike or (len(shape) == len(element.shape) and all(map(known_not_one, (*shape, *element.shape))))
    return list_fill(bar, list_length(items)) if alike else list_spread(bar, items)


@traceable
def list_total(items, start=0):
    return sum(items, start)


def infer_total(inputs, attrs):
    element = element_type(inputs[0])
    types = [inputs[1].type if len(inputs) > 1 else PY_INT, PY_INT if element is None else element]
    if not all(isinstance(type_, ArrayType) for type_ in types):
        raise TypeError("lists are joined by `sum`: use `extend`")
    return elementwise_types(operator.add, types)[0]


@linear(list_total, infer=infer_total)
def _list_total(bar, items, start=None):
    return spread(bar, items) if start is None else (spread(bar, items), bar)


of_list(sum, list_total)
