"""What the reverse sweep may compute again rather than keep.

Views, lengths and integer arithmetic cost nothing (Hascoet, Naumann and Pascual 2005 call these trivially
recomputable). An element of an array that is there anyway costs less to read again than to keep, and so does a sum
or a product of arrays, which would be kept as a whole. An elementary function takes longer than that, but of an array
that is rolled back it would be all that has to be kept for each step besides what is overwritten.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.ir.core import Op, Slot
from adjoint.ir.types import ArrayType, Type
from adjoint.ir.walk import map_attribute
from adjoint.rules.names import ADDS, DIM, GETITEM, IMAG, MULS, NEGS, RAVEL, REAL, RESHAPE, SUBS, SWAPAXES, TRANSPOSE
from adjoint.rules.registry import primitive_of

VIEWS = frozenset({TRANSPOSE, SWAPAXES, RESHAPE, RAVEL, primitive_of(np.moveaxis), REAL, IMAG})
INTEGERS = frozenset(
    primitive_of(fun)
    for fun in (
        operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg,
        operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
    )
)  # fmt: skip
ELEMENTWISE = ADDS | SUBS | MULS | NEGS
ELEMENTARY = frozenset(
    primitive_of(fun) for fun in (np.sin, np.cos, np.exp, np.log, np.sqrt, np.tanh, np.square, np.abs)
)


def is_cheap(op: Op) -> bool:
    """Whether the reverse sweep does an op again rather than keep its result, if it has what the op reads."""
    return is_free(op) or is_read(op) or is_elementwise(op)


def is_free(op: Op) -> bool:
    """Whether repeating an op costs next to nothing: views, lengths, integer arithmetic."""
    if op.regions or op.primitive.effect:
        return False
    if op.primitive in VIEWS or op.primitive is DIM:
        return True
    if op.primitive in INTEGERS:
        return all(_is_int(atom.type) for atom in op.inputs)
    return op.primitive is GETITEM and is_basic(op) and _is_array(op.outputs[0].type)


def is_read(op: Op) -> bool:
    """Whether an op takes elements or a part out of an array."""
    return op.primitive is GETITEM and _is_array(op.inputs[0].type)


def is_elementwise(op: Op) -> bool:
    """Whether an op is a sum, a product or a sign of arrays, as large as what it is made of."""
    return op.primitive in ELEMENTWISE and _is_array(op.outputs[0].type)


def is_elementary(op: Op) -> bool:
    """Whether an op is an elementary function of an array."""
    return op.primitive in ELEMENTARY and _is_array(op.outputs[0].type)


def is_basic(op: Op) -> bool:
    """Whether the index of a read is basic: numbers and slices."""
    arrays: list[bool] = []

    def note(slot: Slot) -> Slot:
        type_ = op.inputs[slot.index].type
        arrays.append(not (isinstance(type_, ArrayType) and type_.shape == () and type_.dtype != "bool"))
        return slot

    index: Any = map_attribute(op.attrs["index"], note)
    items = index if isinstance(index, tuple) else (index,)
    return not any(arrays) and not any(isinstance(item, (list, np.ndarray, bool)) for item in items)


def _is_int(type_: Type) -> bool:
    return isinstance(type_, ArrayType) and type_.kind == "py" and type_.dtype == "int64"


def _is_array(type_: Type) -> bool:
    return isinstance(type_, ArrayType) and type_.shape not in (None, ())
