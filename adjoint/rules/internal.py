"""Primitives that only the compiler makes. They need rules too: derivatives of derivatives meet them.

Each is an ordinary function of arrays, so rules run on numbers as well as on symbols; with a symbol
among the arguments it leaves an op behind.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

from adjoint.ir.core import Atom
from adjoint.ir.types import PY_FLOAT, UNKNOWN, ArrayType, Type, promote
from adjoint.rules.infer import array_type
from adjoint.rules.registry import linear, nondifferentiable
from adjoint.rules.trace import Sym


def traceable(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function that leaves an op where an argument is symbolic."""

    @wraps(fun)
    def call(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if isinstance(arg, Sym):
                return arg.tracer.apply(call, args, kwargs)
        return fun(*args, **kwargs)

    return call


def like_second(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    """The promoted dtype of both operands, the shape of the second."""
    first, second = inputs[0].type, inputs[1].type
    if not isinstance(first, ArrayType) or not isinstance(second, ArrayType):
        return UNKNOWN
    return array_type(promote((first, second)), second.shape, scalar_kind="any")


def zeros_of(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    type_ = inputs[0].type
    return array_type(type_.dtype, type_.shape) if isinstance(type_, ArrayType) else UNKNOWN


@traceable
def broadcast_like(value: Any, x: Any) -> Any:
    """`value` repeated to the shape of `x`."""
    return np.broadcast_to(value, np.shape(x))


@linear(broadcast_like, infer=like_second, wrt=(0,), view=True)
def _broadcast_like(bar, value, x):
    return bar  # summed back to the shape of `value` where it is accumulated


@traceable
def sum_to(bar: Any, x: Any) -> Any:
    """The transpose of broadcasting: sum `bar` over the axes along which `x` was repeated."""
    shape = np.shape(x)
    extra = np.ndim(bar) - len(shape)
    if extra > 0:
        bar = np.sum(bar, axis=tuple(range(extra)))
    ones = tuple(k for k, n in enumerate(shape) if n == 1 and np.shape(bar)[k] != 1)
    return np.sum(bar, axis=ones, keepdims=True) if ones else bar


def _sum_to_type(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    first, second = inputs[0].type, inputs[1].type
    if not isinstance(first, ArrayType) or not isinstance(second, ArrayType):
        return UNKNOWN
    return array_type(first.dtype, second.shape, scalar_kind="any")


@linear(sum_to, infer=_sum_to_type, wrt=(0,), view=True)
def _sum_to(bar, value, x):
    return broadcast_like(bar, value)


def _cast_type(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    type_ = inputs[0].type
    dtype = np.dtype(attrs["dtype"]).name
    return array_type(dtype, type_.shape if isinstance(type_, ArrayType) else None)


@traceable
def cast(x: Any, *, dtype: str) -> Any:
    """`x` in another dtype; a complex number that becomes real keeps its real part."""
    return np.asarray(np.real(x) if np.dtype(dtype).kind != "c" else x).astype(dtype)[()]


@linear(cast, infer=_cast_type, signature="x, dtype=None")
def _cast(bar, x, *, dtype):
    return bar  # projected back to the dtype of `x` where it is accumulated


@traceable
def add_at(x: Any, value: Any, index: Any) -> Any:
    """`x` with `value` added at an index; repeated positions add up."""
    result = np.array(x)
    np.add.at(result, index, value)
    return result


@linear(add_at, infer=zeros_of, signature="x, value, index=None")
def _add_at(bar, x, value, *, index):
    return bar, bar[index]


@traceable
def update(x: Any, value: Any, index: Any) -> Any:
    """`x` with the part at an index replaced by `value`."""
    result = np.array(x)
    result[index] = value
    return result


@linear(update, infer=zeros_of, signature="x, value, index=None")
def _update(bar, x, value, *, index):
    return update(bar, 0.0, index=index), bar[index]


@traceable
def stop_gradient(x: Any) -> Any:
    """The identity, with zero derivative."""
    return x


nondifferentiable(stop_gradient, infer=lambda inputs, attrs: inputs[0].type)


# Derivative code never raises where the primal does not: on Python floats these give what NumPy gives.


def divide(x: float, y: float) -> float:
    """`x / y` on Python floats, with inf and nan where Python raises."""
    try:
        return x / y
    except ZeroDivisionError:
        return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    """`x ** y` on Python floats, with inf and nan where Python raises."""
    with np.errstate(all="ignore"):
        return float(np.power(float(x), float(y)))


def log(x: float) -> float:
    """`math.log(x)`, with -inf and nan where Python raises."""
    return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)


TOTAL = {operator.truediv: divide, np.divide: divide, operator.pow: power, np.power: power, np.log: log}
"""What takes the place of a Python operation in rules with `guard`."""


def float_result(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    return PY_FLOAT
