"""Brackets that are no index of an array: `np.r_[x, 0.0]`, `np.c_[x, y]`, `x.flat[3]`, and `x.item(3)`.

A place in `x.flat` is one along each axis of x, so that a read or a write there costs what it reads or writes.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.frontend import library
from adjoint.frontend.abstract import Items, Method, Static, constant_of, is_atom, is_constant, make_tuple
from adjoint.frontend.context import NeedStatic
from adjoint.frontend.layout import is_contiguous
from adjoint.frontend.sharing import is_array
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType

JOINERS = (np.r_, np.c_)


def is_joiner(owner: Static) -> bool:
    return any(owner.value is joiner for joiner in JOINERS)


def joined(low: Any, owner: Static, index: Any, node: Any) -> Any:
    """Rows one after the other, or columns side by side."""
    parts = list(index.children) if isinstance(index, Tree) else [index]
    types = [part.type for part in parts if is_atom(part) and isinstance(part.type, ArrayType)]
    if len(types) < len(parts) or any(t.shape is None for t in types):
        low.refuse(node, "np.r_ and np.c_ with other things than arrays and numbers", "use np.concatenate")
    if any(t.kind == "py" for t in types) and any(t.dtype not in ("float64", "complex128") for t in types):
        low.refuse(node, "np.r_ and np.c_ with numbers beside arrays that are not float64", "use np.concatenate")
    rank = max(len(t.shape or ()) for t in types)
    if owner.value is np.c_:
        fun = np.column_stack if rank < 3 else None
    else:
        fun = np.hstack if rank < 2 else np.vstack if rank == 2 and all(t.ndim == 2 for t in types) else None
    if fun is None:
        low.refuse(node, "np.r_ and np.c_ of arrays with more axes", "use np.concatenate")
    return low.apply(fun, [make_tuple(parts)], {}, node)


def is_flat(value: Any) -> bool:
    """Whether a value is the `flat` of an array."""
    return isinstance(value, Method) and value.name == "flat" and is_array(value.owner)


def flat_item(low: Any, owner: Any, index: Any, node: Any) -> Any:
    """The item of `x.flat`; of several places a new array."""
    if owner.type.ndim == 1 or not is_places(index):
        line = low.apply(np.ravel, [owner], {}, node)
        found = low.apply(operator.getitem, [line, index], {}, node)
        return found if is_places(index) else low.apply(np.copy, [found], {}, node)
    return low.apply(operator.getitem, [owner, along_axes(low, owner, index, node)], {}, node)


def flat_items(low: Any, owner: Any, node: Any) -> Items:
    """The numbers of an array, for a loop: `for v in x.flat`."""
    return Items(low.apply(np.size, [owner], {}, node), lambda index: flat_item(low, owner, index, node))


def set_flat(low: Any, owner: Any, index: Any, value: Any, node: Any) -> None:
    """`x.flat[index] = value`: the numbers of `value` in turn, again from the first one where they are too few."""
    value = value if is_atom(value) else low.operand_array(value, node)
    single = getattr(value.type, "shape", None) == ()
    if is_places(index) and index.type.shape == ():
        value = value if single else flat_item(low, value, Literal(0), node)
        low.store(owner, along_axes(low, owner, index, node), value, node)
        return
    if is_constant(index) and constant_of(index) in (..., slice(None)):
        part, index = owner, Static(...)
    else:
        owner, index, part = _part_of_flat(low, owner, index, node)
    if not single:
        value = low.apply(np.resize, [value, low.attribute(part, "shape", node)], {}, node)
    low.store(owner, index, value, node)


def _part_of_flat(low: Any, owner: Any, index: Any, node: Any) -> tuple[Any, Any, Any]:
    """Where `x.flat[index]` is: in which array, at which index, and a value of its shape."""
    unknown: list[Any] = []
    if not is_places(index):
        line = low.apply(np.ravel, [owner], {}, node)
        if is_contiguous(low, owner, unknown):
            return line, index, low.apply(operator.getitem, [line, index], {}, node)
        if unknown:
            raise NeedStatic(unknown[0])
        places = low.apply(np.arange, [low.apply(np.size, [owner], {}, node)], {}, node)
        index = low.apply(operator.getitem, [places, index], {}, node)
    return owner, along_axes(low, owner, index, node), index


def is_places(index: Any) -> bool:
    """Whether an index is an integer, or an array of integers."""
    return is_atom(index) and isinstance(index.type, ArrayType) and (index.type.dtype or "").startswith(("int", "uint"))


def along_axes(low: Any, owner: Any, index: Any, node: Any) -> Any:
    """The index of an array that a place in its `flat` has; one before the first counts from the end there too."""
    if owner.type.ndim == 1:
        return index
    rank, found = constant_of(low.attribute(owner, "ndim", node)), []
    for axis in range(rank - 1, 0, -1):
        length = low.dim(owner, axis, node)
        found.append(low.operation(operator.mod, (index, length), node))
        index = low.operation(operator.floordiv, (index, length), node)
    return make_tuple((index, *reversed(found)))


def number(low: Any, owner: Any, args: list[Any], node: Any) -> Any:
    """`x.item(index)` as a Python float; None for numbers that are no floats."""
    type_ = owner.type
    if not args and type_.is_scalar:
        return low.apply(float, [owner], {}, node)
    if type_.dtype not in ("float64", "float32") or type_.shape is None:
        return None
    if not args:
        found = low.apply(np.reshape, [owner, make_tuple(())], {}, node)
    elif len(args) == 1 and not isinstance(args[0], Tree):
        found = flat_item(low, owner, args[0], node)
    else:
        index = args[0] if isinstance(args[0], Tree) else make_tuple(args)
        found = low.apply(operator.getitem, [owner, index], {}, node)
    return low.apply(float, [found], {}, node)


def listed(low: Any, owner: Any, node: Any) -> Any:
    """`x.tolist()` of a line of floats; None for anything else."""
    if owner.type.dtype != "float64" or owner.type.ndim != 1:
        return None
    return low.call(Static(library.numbers), [owner], {}, node)
