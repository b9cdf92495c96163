"""Whether an array is contiguous in C order, as far as that is known at compile time.

`reshape` and `ravel` give a view of such an array. Of one that is certainly not, they give a copy.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.frontend.context import NeedStatic
from adjoint.ir.core import Op, Value
from adjoint.ir.types import ArrayType, known_not_one
from adjoint.rules import registry

CREATED = (
    np.zeros, np.empty, np.ones, np.full, np.arange, np.eye, np.identity, np.tri, np.dot, np.outer, np.vander,
    np.meshgrid,
)  # fmt: skip
"""Their results are in C order, whatever their operands are."""

LIKE_OPERANDS = (
    np.copy, np.array, np.zeros_like, np.empty_like, np.ones_like, np.full_like, np.sum, np.cumsum, np.sort, np.where,
    np.stack, np.concatenate, np.vstack, np.hstack, np.tril, np.triu, np.matmul, operator.matmul,
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    operator.gt, operator.ge, operator.lt, operator.le, operator.eq, operator.ne,
)  # fmt: skip
"""Their results are in C order where their operands are."""


def is_contiguous(low: Any, ref: Any, unknown: list[Any] | None = None) -> bool | None:
    """True or False where that is certain; arguments of which it would have to be known are added to `unknown`."""
    ref = low.reference(ref)
    if ref in low.derived:
        parent, op = low.derived[ref]
        return _of_view(op, is_contiguous(low, parent, unknown))
    if ref in low.stands_for:
        return is_contiguous(low, low.stands_for[ref], unknown)
    if ref in low.objects:
        path, array = low.objects[ref]
        return _of_argument(low, path, array, unknown)
    op = low.made_by.get(ref)
    if op is None:
        return None
    if rank_of(ref) == 1:
        return True
    if op.attrs.get("order", "C") not in ("C", "K"):
        return None
    if op.primitive.fun in CREATED or ref in low.in_order:
        return True
    if op.primitive.fun in (np.matmul, operator.matmul) and rank_of(ref) in (2, 3):
        return True
    if is_elementwise(op) or op.primitive.fun in LIKE_OPERANDS:
        arrays = [a for a in op.inputs if isinstance(a, Value) and isinstance(a.type, ArrayType) and a.type.shape != ()]
        return True if all([is_contiguous(low, a, unknown) for a in arrays]) else None  # noqa: C419  # each adds its own
    return None


def is_in_order(low: Any, args: list[Any]) -> bool:
    """Whether a call is given one array, with axes, that is contiguous."""
    if len(args) != 1 or not isinstance(args[0], Value) or not rank_of(args[0]):
        return False
    unknown: list[Any] = []
    known = is_contiguous(low, args[0], unknown)
    if unknown:
        raise NeedStatic(unknown[0])
    return bool(known)


def _of_argument(low: Any, path: Any, array: Any, unknown: list[Any] | None) -> bool | None:
    key = ("layout", path)
    if key in low.statics:
        low.guard(path, "contiguous", array.flags.c_contiguous)
        return True if array.flags.c_contiguous else None
    if unknown is not None:
        unknown.append(key)
    return None


def rank_of(atom: Any) -> int | None:
    shape = getattr(atom.type, "shape", None)
    return None if shape is None else len(shape)


def is_reshaped_view(low: Any, op: Op) -> bool | None:
    """Whether `reshape` or `ravel` gives a view: True or False where that is certain."""
    known = is_contiguous(low, op.inputs[0])
    if known is None and rank_of(op.outputs[0]) == 1:
        parent, by = low.derived.get(low.reference(op.inputs[0]), (None, None))
        turned = by is not None and by.primitive.fun is np.transpose and by.attrs.get("axes") is None
        if turned and is_contiguous(low, parent) and all(map(known_not_one, by.outputs[0].type.shape or (1,))):
            return rank_of(by.outputs[0]) == 1  # else its numbers are not in the order of memory
    return known


def is_elementwise(op: Op) -> bool:
    rule = registry.RULES.get(op.primitive)
    return rule is not None and rule.kind == "elementwise"


def _of_view(op: Op, parent: bool | None) -> bool | None:
    fun = op.primitive.fun
    if fun in (np.reshape, np.ravel):
        return True
    if fun in (np.expand_dims, np.squeeze, np.asarray, np.asanyarray, np.atleast_1d, np.atleast_2d, np.atleast_3d):
        return parent
    if fun is operator.getitem and parent and _is_leading(op.attrs["index"]):
        return True
    return None


def _is_leading(index: Any) -> bool:
    """Whether a basic index takes neighbours in memory: numbers, then one slice without a step."""
    items = index if isinstance(index, tuple) else (index,)
    sliced = False
    for item in items:
        if isinstance(item, slice):
            if sliced or item.step not in (None, 1):
                return False
            sliced = True
        elif sliced or item is None or item is ...:
            return False
    return True
