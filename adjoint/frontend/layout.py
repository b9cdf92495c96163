"""Whether an array is contiguous in C order, as far as that is known at compile time.

`reshape` and `ravel` give a view of such an array. Of one that is certainly not, they give a copy.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.ir.core import Op, Value
from adjoint.ir.types import ArrayType, known_not_one
from adjoint.rules import registry

CREATED = (
    np.zeros, np.empty, np.ones, np.full, np.arange, np.linspace, np.eye, np.identity, np.tri, np.matmul,
    operator.matmul, np.dot, np.outer, np.diag, np.tril, np.triu, np.array, np.stack, np.vander, np.meshgrid,
)  # fmt: skip
LIKE_OPERANDS = (
    np.copy, np.zeros_like, np.empty_like, np.ones_like, np.full_like, np.sum, np.cumsum, np.sort, np.where,
)  # fmt: skip
TURNED = (np.transpose, np.swapaxes, np.matrix_transpose, np.moveaxis)


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
    if op.primitive.fun in CREATED:
        return True
    if is_elementwise(op) or op.primitive.fun in LIKE_OPERANDS:
        arrays = [a for a in op.inputs if isinstance(a, Value) and isinstance(a.type, ArrayType) and a.type.shape != ()]
        return True if all([is_contiguous(low, a, unknown) for a in arrays]) else None  # noqa: C419  # each adds its own
    return None


def _of_argument(low: Any, path: Any, array: Any, unknown: list[Any] | None) -> bool | None:
    key = ("layout", path)
    if key in low.statics:
        low.guard(path, "contiguous", array.flags.c_contiguous)
        return True if array.flags.c_contiguous else None
    if unknown is not None:
        unknown.append(key)
    return None


def is_elementwise(op: Op) -> bool:
    rule = registry.RULES.get(op.primitive)
    return rule is not None and rule.kind == "elementwise"


def _of_view(op: Op, parent: bool | None) -> bool | None:
    fun = op.primitive.fun
    if fun in (np.reshape, np.ravel):
        return True
    if fun in (np.expand_dims, np.squeeze, np.asarray, np.asanyarray):
        return parent
    if fun in TURNED and parent:
        shape = getattr(op.inputs[0].type, "shape", None) or ()
        return False if len(shape) > 1 and all(map(known_not_one, shape)) and fun is np.transpose else None
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
