"""Operations on arrays that have a form in place: `a += b` for `a + b`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.ir.core import Op, Value
from adjoint.ir.types import ArrayType, same_shape

PRODUCTS: dict[Any, tuple[int, ...]] = {
    operator.mul: (0, 1), np.multiply: (0, 1), operator.truediv: (0,), np.divide: (0,),
}  # fmt: skip
OVERWRITING: dict[Any, tuple[int, ...]] = {
    operator.add: (0, 1), np.add: (0, 1), operator.sub: (0,), np.subtract: (0,), **PRODUCTS,
}  # fmt: skip
"""Which operand may be the one that is overwritten."""


def may_overwrite(op: Op, operand: Value) -> bool:
    """Whether the result may stand where an operand stood: same dtype and shape, and a name that still fits.

    A sum goes by the name of what is summed up; a row that has a name keeps it for itself where it is multiplied.
    """
    a, b = operand.type, op.outputs[0].type
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType) or not a.kind == b.kind == "array":
        return False
    if a.dtype is None or a.dtype != b.dtype or a.shape is None or not same_shape(a.shape, b.shape):
        return False
    return op.primitive.fun not in PRODUCTS or operand.hint in (None, op.outputs[0].hint) or len(a.shape) > 1
