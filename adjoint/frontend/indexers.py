"""Brackets that are no index of an array: `np.r_[x, 0.0]`, `np.c_[x, y]`, `x.flat[3]`, and `x.item(3)`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.frontend import library
from adjoint.frontend.abstract import Static, is_atom, make_tuple
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


def flat_item(low: Any, owner: Any, index: Any, node: Any) -> Any:
    """The item of `x.flat`."""
    line = owner if owner.type.ndim == 1 else low.apply(np.ravel, [owner], {}, node)
    return low.apply(operator.getitem, [line, index], {}, node)


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
