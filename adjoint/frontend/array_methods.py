"""Methods of arrays: those that write, those that are functions of NumPy, and those with a form of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.frontend import indexers, inplace
from adjoint.frontend.abstract import Static, constant_of, is_atom, is_constant, make_tuple
from adjoint.frontend.sharing import is_array
from adjoint.rules import registry
from adjoint.rules.internal import cast
from adjoint.rules.trace import METHODS

CONVERSIONS = {"flatten": np.ravel, "conj": np.conj, "conjugate": np.conj}
SHAPE_METHODS = {"reshape", "transpose"}


def call(low: Any, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """`owner.name(*args, **kwargs)`; None for a method that is not known."""
    if name == "astype":
        return _converted(low, owner, args, kwargs, node)
    if name == "view" and not args and not kwargs:
        return owner
    if name in ("conj", "conjugate") and not (owner.type.dtype or "complex").startswith("complex"):
        return owner
    if name == "copy" and not args and not kwargs and is_array(owner):  # unlike `np.copy` it keeps no other order
        copied = low.apply(np.copy, [owner], {}, node)
        low.in_order.add(copied)
        return copied
    if name in inplace.METHODS and low.is_writable(owner):
        return low.call(Static(inplace.METHODS[name]), [owner, *args], kwargs, node)
    if name in SHAPE_METHODS and (len(args) > 1 or (args and is_atom(args[0]))):
        args = [make_tuple(args)]
    if name == "nonzero":
        return low.call(Static(np.nonzero), [owner], {}, node)
    if name == "item":
        return indexers.number(low, owner, args, node)
    if name == "tolist":
        return indexers.listed(low, owner, node)
    fun = CONVERSIONS.get(name) or METHODS.get(name)
    if fun is None or registry.primitive_of(fun) is None:
        return None
    operands = [owner, *args]
    if inplace.has_out(fun, operands, kwargs):
        return inplace.call_with_out(low, fun, operands, kwargs, node)
    result = low.apply(fun, operands, kwargs, node)
    return low.apply(np.copy, [result], {}, node) if name == "flatten" else result


def _converted(low: Any, owner: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """`x.astype(dtype)`; with `copy=False` it is the array itself where it has the dtype."""
    dtype = constant_of(args[0]) if args and is_constant(args[0]) else low.refuse(node, "`astype` needs a dtype")
    name = np.dtype(dtype).name
    if name == owner.type.dtype and set(kwargs) == {"copy"} and is_constant(kwargs["copy"]):
        if not constant_of(kwargs["copy"]):
            return owner
        kwargs = {}
    converted = low.apply(cast, [owner], {"dtype": Static(name)}, node)
    if (len(args) > 1 or kwargs) and owner.type.dtype in (None, name):  # it may be the array itself
        low.relate(converted, [owner])
    return converted
