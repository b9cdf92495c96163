"""Which memory a value may refer to.

A *storage* stands for the memory of one allocating op, of one loop-carried variable, or for memory that
is not ours (an argument, a constant, an element of a stack, a read-only broadcast). The table of a value
is the set of storages that it may refer to; numbers have none. Two values may share memory only if their
sets meet.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from adjoint.ir.core import CALL, OPAQUE, PACK, UNPACK, Atom, Literal, Op, Primitive, Slot, Value
from adjoint.ir.types import ArrayType, ListType, ObjectType, PackType, StackType, Type, innermost, list_depth
from adjoint.rules import internal, lists
from adjoint.rules.registry import RULES


class Storage:
    """Memory. `owned`: allocated by the generated function, so that it may be written.

    `depth` is 0 for numbers, 1 for the references that a list of arrays holds, 2 for those of a list of lists.
    """

    __slots__ = ("depth", "owned")

    def __init__(self, owned: bool, depth: int = 0) -> None:
        self.owned = owned
        self.depth = depth


Storages = frozenset[Storage]
NONE: Storages = frozenset()
FOREIGN = Storage(owned=False)
"""Memory of the caller, of constants, of anything that code which is not ours made."""

_FOREIGN: Storages = frozenset({FOREIGN})
_FOREIGN_LISTS = [FOREIGN, *(Storage(owned=False, depth=depth) for depth in range(1, 5))]

UPDATES = frozenset({internal.update, internal.update_view, internal.add_at})
"""Functions whose result is their first operand changed at an index."""

LIST_UPDATES = frozenset({
    lists.list_append, lists.list_drop, lists.list_set, lists.list_insert, lists.list_delete, lists.list_concat,
    lists.list_add_at, lists.list_add_slice,
})  # fmt: skip
"""Functions whose result is their first operand, a list, with other items: the items themselves are never written."""

_NEW_ITEMS = (lists.list_zeros, lists.list_zeros_if, lists.list_add, lists.list_add_at, lists.list_add_slice,
              lists.list_cast)  # fmt: skip
"""Functions that make a list of items of their own."""

_ALIASING = frozenset(
    ("reshape", "ravel", "transpose", "swapaxes", "moveaxis", "rollaxis", "squeeze", "expand_dims", "broadcast_to",
     "broadcast_arrays", "diagonal", "split", "array_split", "hsplit", "vsplit", "dsplit", "flip", "fliplr", "flipud",
     "rot90", "real", "imag", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "atleast_1d",
     "atleast_2d", "atleast_3d", "array", "permute_dims", "matrix_transpose", "nan_to_num", "real_if_close", "require",
     "trim_zeros", "stop_gradient", "backward_hook", "meshgrid", "astype", "unstack")
)  # fmt: skip
_READ_ONLY = frozenset(
    {"broadcast_to", "broadcast_arrays", "broadcast_like", "diagonal", "diag", "linalg.diagonal", "imag"}
)
"""Views that NumPy does not let us write through (of a real array, `imag` is one)."""
_OURS = ("numpy", "_operator", "math", "adjoint", "builtins", "scipy")
_HARMLESS = (print, len, repr, str, format, type, id, isinstance)


def has_storage(type_: Type) -> bool:
    """Whether a value of this type may refer to memory that can be written."""
    if isinstance(type_, ArrayType):
        return type_.kind in ("array", "any")
    return isinstance(type_, (StackType, ObjectType, PackType, ListType))


NUMBERS = range(1)


def levels(type_: Type) -> range:
    """The depths of the memory behind a value; numbers that a list holds have none."""
    if isinstance(type_, ArrayType):
        return NUMBERS
    deepest = list_depth(type_)
    item = innermost(type_)
    plain = deepest > 0 and isinstance(item, ArrayType) and item.shape == ()
    return range(1 if plain else 0, deepest + 1)


def foreign(type_: Type) -> Storages:
    """Memory of the caller."""
    return frozenset(_FOREIGN_LISTS[depth] for depth in levels(type_))


def own_part(storages: Storages, type_: Type) -> Storages:
    """What a value itself is, without what it refers to: of a list the references."""
    depth = list_depth(type_)
    return frozenset(s for s in storages if s.depth == depth) if depth else storages


def items_part(storages: Storages, type_: Type) -> Storages:
    """What the items of a list may refer to."""
    depth = list_depth(type_)
    return frozenset(s for s in storages if s.depth < depth) if 0 in levels(type_) or depth > 1 else NONE


def is_update(primitive: Primitive) -> bool:
    return primitive.fun in UPDATES


def is_list_update(primitive: Primitive) -> bool:
    return primitive.fun in LIST_UPDATES


def is_view(op: Op) -> bool:
    """Whether the result of an op is a window on its operand that a copy would detach."""
    if op.primitive.fun is np.einsum and len(op.inputs) > 2:  # only of one operand may it be a view
        return False
    return op.primitive.view or op.primitive.name in _ALIASING


def is_elementwise(op: Op) -> bool:
    """Whether an op certainly treats each element alone, so that its result does not hang on strides."""
    rule = RULES.get(op.primitive)
    return is_update(op.primitive) or (rule is not None and rule.kind == "elementwise")


@cache
def is_foreign(primitive: Primitive) -> bool:
    """Whether this is code of the user or of a library that may return or keep its arguments."""
    if primitive is OPAQUE:
        return True
    module = getattr(primitive.fun, "__module__", None)
    if isinstance(primitive.fun, np.ufunc):
        return False
    return primitive.fun is not None and (module or "").partition(".")[0] not in _OURS


def keeps_arguments(op: Op) -> bool:
    """Whether code that is not ours may keep a reference to what the op is given."""
    if op.primitive is OPAQUE:
        function = op.attrs.get("function")
        if function in _HARMLESS or isinstance(function, np.ufunc):
            return False
        return (getattr(function, "__module__", None) or "").partition(".")[0] != "numpy"
    return is_foreign(op.primitive)


def is_advanced(index: Any, inputs: tuple[Atom, ...]) -> bool:
    """Whether an index certainly selects by arrays, so that indexing copies."""
    items = index if isinstance(index, tuple) else (index,)
    for item in items:
        if isinstance(item, (list, np.ndarray)):
            return True
        if isinstance(item, Slot):
            type_ = inputs[item.index].type
            if isinstance(type_, ArrayType) and type_.kind == "array" and type_.shape:
                return True
    return False


def is_basic(index: Any, inputs: tuple[Atom, ...]) -> bool:
    """Whether an index certainly has only integers, slices, `...` and None."""
    items = index if isinstance(index, tuple) else (index,)
    for item in items:
        if isinstance(item, Slot):
            type_ = inputs[item.index].type
            integer = isinstance(type_, ArrayType) and (type_.dtype or "").startswith(("int", "uint"))
            if not integer or getattr(type_, "shape", None) != ():
                return False
        elif not (item is None or item is ... or isinstance(item, (slice, np.integer)) or type(item) is int):
            return False
    return True


def storages_of(table: Mapping[Value, Storages], atom: Atom) -> Storages:
    if isinstance(atom, Literal):
        return _FOREIGN if isinstance(atom.value, np.ndarray) else NONE
    return table.get(atom, NONE)


def gives_memory_of_its_own(op: Op) -> bool:
    """Whether every result of a plain op is certainly memory that the op allocates, whatever its operands are."""
    for out in op.outputs:
        if isinstance(out.type, ListType):
            return False
    if op.primitive.fun is operator.getitem:
        return is_advanced(op.attrs["index"], op.inputs)
    return _allocates(op.primitive) and not is_view(op)


@cache
def _allocates(primitive: Primitive) -> bool:
    """The same of all ops of a primitive, views and lists apart."""
    if primitive in (CALL, PACK, UNPACK) or primitive.fun in UPDATES:
        return False
    return primitive.fun not in (lists.list_get, internal.sum_to) and not is_foreign(primitive)


def result_storages(op: Op, table: Mapping[Value, Storages], own: Storages) -> Storages:
    """What a result of a plain op may refer to; `own` is the memory that it would allocate."""
    primitive = op.primitive
    if primitive in (PACK, UNPACK):
        return NONE.union(*(storages_of(table, atom) for atom in op.inputs))
    if isinstance(op.outputs[0].type, ListType):
        return list_storages(op, table, own)
    if primitive.fun is lists.list_get:
        shared = storages_of(table, op.inputs[0])
        return frozenset(s for s in shared if s.depth == 0) or own
    if primitive.fun in UPDATES:
        return storages_of(table, op.inputs[0])
    if gives_memory_of_its_own(op):
        return own
    if primitive.fun is operator.getitem:
        return storages_of(table, op.inputs[0])
    if primitive.fun is internal.sum_to:  # the other operand is read for its shape alone
        return storages_of(table, op.inputs[0]) or own
    shared = NONE.union(*(storages_of(table, atom) for atom in op.inputs))
    if is_foreign(primitive) or primitive.name in _READ_ONLY:
        return shared | _FOREIGN
    return shared or own


def list_storages(op: Op, table: Mapping[Value, Storages], own: Storages) -> Storages:
    """What a new list may refer to: `own` are its references, and items of its own if it makes them."""
    type_ = op.outputs[0].type
    given = NONE.union(*(storages_of(table, atom) for atom in op.inputs))
    if op.primitive.fun is lists.list_get:
        return frozenset(s for s in given if s.depth <= list_depth(type_))
    if op.primitive.fun in _NEW_ITEMS:
        return own | items_part(given, type_)
    if op.primitive.fun is lists.list_spread:
        given |= _FOREIGN  # broadcast
    return own_part(own, type_) | items_part(given, type_)
