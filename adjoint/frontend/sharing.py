"""Which functions give views of their operands, and which part of an array a view of a view is."""

from __future__ import annotations

import operator
from functools import cache
from typing import Any

import numpy as np

from adjoint.frontend.windows import index_items
from adjoint.ir.core import Literal, Op, Primitive, Slot, Value
from adjoint.ir.types import ArrayType, ListType

RESHAPES = (np.reshape, np.ravel)
IDENTITIES = (np.asarray, np.asanyarray)
READ_ONLY = (np.broadcast_to, np.diagonal, np.linalg.diagonal)
VIEWS = (
    *RESHAPES, *IDENTITIES, *READ_ONLY, np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze,
    np.flip, np.fliplr, np.flipud, np.rot90, np.matrix_transpose, np.linalg.matrix_transpose,
    np.atleast_1d, np.atleast_2d, np.atleast_3d,
)  # fmt: skip
"""Functions whose result is a view of their first operand; of `reshape` and `ravel` that hangs on the layout."""

OURS = ("numpy", "_operator", "math", "adjoint", "builtins", "scipy")


def is_memory(atom: Any) -> bool:
    """Whether a value is an array, or a list that may hold arrays."""
    return is_array(atom) or (isinstance(atom, Value) and isinstance(atom.type, ListType))


def is_array(atom: Any) -> bool:
    """Whether a value is an array that can be written, or may be one."""
    return (
        isinstance(atom, Value)
        and isinstance(atom.type, ArrayType)
        and atom.type.kind in ("array", "any")
        and not (atom.type.kind == "any" and atom.type.shape == ())
    )


def is_certain_array(value: Any) -> bool:
    """Whether a value is an array, and can be nothing else."""
    return is_array(value) and value.type.kind == "array"


def sharing(op: Op) -> str | None:
    """How the result of an op shares memory with its operands: "view", "maybe", or not at all."""
    fun = op.primitive.fun
    if fun is operator.getitem:
        return "view" if is_basic(op) else None if is_advanced(op) else "maybe"
    if fun is np.real or fun is np.imag:
        dtype = getattr(op.inputs[0].type, "dtype", None) or ""
        return "view" if dtype.startswith("complex") else "maybe"
    if fun in IDENTITIES or (fun is np.array and not op.attrs.get("copy", True)):
        return _sharing_of_itself(op)
    if fun in RESHAPES and op.attrs.get("order", "C") != "C":
        return "maybe"
    return _sharing_of(op.primitive)


def _sharing_of_itself(op: Op) -> str | None:
    """The same of `np.asarray` and its kin, which give their operand where it is what is asked for."""
    dtype, given = op.attrs.get("dtype"), getattr(op.inputs[0].type, "dtype", None)
    if set(op.attrs) - {"dtype", "copy"} or op.attrs.get("copy"):
        return "maybe"
    if dtype is None or given is None:
        return "view" if dtype is None and op.primitive.fun is not np.array else "maybe"
    return "view" if np.dtype(dtype).name == given else None


@cache
def _sharing_of(primitive: Primitive) -> str | None:
    """How the results of a primitive share memory, whatever its operands and options are."""
    fun = primitive.fun
    if fun in VIEWS:
        return "view"
    module = getattr(fun, "__module__", None) or type(fun).__module__
    foreign = not isinstance(fun, np.ufunc) and str(module).partition(".")[0] not in OURS
    return "maybe" if primitive.view or foreign else None


def is_integer(item: Any) -> bool:
    """Whether an item of an index is a single integer."""
    if isinstance(item, Literal):
        item = item.value
    if isinstance(item, Value):
        return isinstance(item.type, ArrayType) and item.type.shape == () and (item.type.dtype or "").startswith("int")
    return isinstance(item, (int, np.integer)) and not isinstance(item, bool)


def is_whole(item: Any) -> bool:
    return isinstance(item, slice) and item.start is None and item.stop is None and item.step is None


def is_basic(op: Op) -> bool:
    """Whether a read has an index of integers, slices, `...` and None, so that it gives a view."""
    items = (op.inputs[i.index] if isinstance(i, Slot) else i for i in index_items(op.attrs["index"]))
    return all(item is None or item is ... or isinstance(item, slice) or is_integer(item) for item in items)


def is_advanced(op: Op) -> bool:
    """Whether a read certainly has an array in its index, so that it gives a copy."""
    items = [op.inputs[i.index] if isinstance(i, Slot) else i for i in index_items(op.attrs["index"])]
    return any(
        isinstance(item, (list, np.ndarray)) or (isinstance(item, Value) and getattr(item.type, "kind", "") == "array")
        for item in items
    )


def compose(outer: Any, inner: Any) -> Any:
    """The index that does in one step what two indices do one after the other; None where that is not plain."""
    if inner is ...:
        return outer
    rest = list(index_items(inner))
    if not all(is_integer(item) or isinstance(item, slice) for item in rest):
        return None
    found: list[Any] = []
    for item in index_items(outer):
        if is_integer(item):
            found.append(item)
        elif is_whole(item):
            found.append(rest.pop(0) if rest else item)
        elif isinstance(item, slice):
            if rest and not is_whole(rest.pop(0)):
                return None
            found.append(item)
        else:
            return None
    found += rest
    return tuple(found) if len(found) > 1 else found[0]
