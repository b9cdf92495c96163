"""Functions that give a tuple of as many arrays as there are axes: one array is a tuple of one, and no array."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.frontend.abstract import is_atom, make_tuple
from adjoint.ir.tree import Tree

FUNCTIONS = frozenset((np.nonzero, np.where, np.ix_, np.broadcast_arrays, np.meshgrid))


def of_one(low: Any, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """What a call gives that has one result; None for others, and for those of other functions."""
    if fun not in FUNCTIONS or kwargs or not args:
        return None
    first = low.operand_array(args[0], node) if isinstance(low.seen(args[0]), Tree) else args[0]
    if len(args) > 1 or not is_atom(first) or first.type.ndim != 1:
        return low.apply(np.nonzero, args, {}, node) if fun is np.where and len(args) == 1 else None
    if fun in (np.nonzero, np.where) or (fun is np.ix_ and first.type.dtype == "bool"):
        first = low.apply(np.flatnonzero, [first], {}, node)
    elif fun is np.meshgrid:
        first = low.apply(np.copy, [first], {}, node)
    return make_tuple([first])
