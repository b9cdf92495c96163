"""Ops that can write their result to memory that is there: `np.multiply(a, b, out=t)` for `t = a * b`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.codegen.decisions import COPY
from adjoint.ir.core import Atom, Literal, Op, Primitive
from adjoint.ir.types import ArrayType

INTO = Primitive("into")
"""Write what `fun`, a function of NumPy, makes of the other inputs to inputs[0], an array. It has no result."""

UFUNCS: dict[Any, Callable[..., Any]] = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.neg: np.negative, operator.pow: np.power, operator.abs: np.absolute, abs: np.absolute,
}  # fmt: skip
WHOLE: dict[Any, Callable[..., Any]] = {
    operator.matmul: np.matmul, np.matmul: np.matmul, np.outer: np.outer, np.copy: np.copyto,
}  # fmt: skip
"""What does not go by element: no operand may lie where the result goes."""


def goes_by_element(op: Op) -> bool:
    """Whether an op is a ufunc that makes a new array, so that an operand may lie where its result goes."""
    fun = op.primitive.fun
    is_ufunc = isinstance(fun, np.ufunc) and fun.nout == 1 and fun.signature is None and fun.nin == len(op.inputs)
    return (is_ufunc or fun in UFUNCS) and not set(op.attrs) - {"inplace"}


def function_into(op: Op) -> Callable[..., Any] | None:
    """The function that computes an op into an array, to the same bits; None if there is none."""
    type_ = op.outputs[0].type if len(op.outputs) == 1 else None
    if not isinstance(type_, ArrayType) or type_.kind != "array" or not type_.shape or not type_.dtype:
        return None
    if not type_.dtype.startswith(("float", "complex")) or not all(map(_is_known, op.inputs)):
        return None
    fun = op.primitive.fun
    if fun is operator.pow:
        return _power(op, type_)
    if goes_by_element(op):
        return UFUNCS.get(fun, fun)
    return WHOLE.get(fun) if op.primitive is COPY or not op.attrs else None


def operands_into(op: Op) -> tuple[Atom, ...]:
    """What that function is given: the exponent of `x ** 2` is in its name."""
    return op.inputs[:1] if function_into(op) is np.square else op.inputs


def _is_known(atom: Atom) -> bool:
    return isinstance(atom.type, ArrayType) and atom.type.dtype is not None and atom.type.kind != "any"


def _power(op: Op, type_: ArrayType) -> Callable[..., Any] | None:
    """What `x ** p` is in NumPy for a number p: `np.square(x)` where it is 2."""
    exponent = op.inputs[1].value if isinstance(op.inputs[1], Literal) else None
    if type(exponent) not in (int, float) or exponent in (-1, 0, 0.5, 1) or type_.dtype not in ("float64", "float32"):
        return None
    return np.square if exponent == 2 else np.power
