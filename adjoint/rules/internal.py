"""Primitives that only the compiler makes. They need rules too: derivatives of derivatives meet them.

Each is an ordinary function of arrays, so rules run on numbers as well as on symbols; with a symbol
among the arguments it leaves an op behind.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

from adjoint.errors import TypeInferenceError
from adjoint.ir.core import Atom
from adjoint.ir.types import PACKED, PY_BOOL, PY_FLOAT, PY_INT, UNKNOWN, ArrayType, Type, promote
from adjoint.rules.infer import array_type
from adjoint.rules.registry import jvp_rule, linear, nondifferentiable
from adjoint.rules.trace import Sym
from adjoint.runtime import arrays, packs
from adjoint.runtime.scalars import divide, log, power


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


def written(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    """An array stays one where a part of it is replaced, whether its rank is known or not."""
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    return type_ if type_.kind == "array" else array_type(type_.dtype, type_.shape, scalar_kind="any")


broadcast_like = traceable(arrays.broadcast_like)


@linear(broadcast_like, infer=like_second, wrt=(0,), view=True)
def _broadcast_like(bar, value, x):
    return bar  # summed back to the shape of `value` where it is accumulated


sum_to = traceable(arrays.sum_to)


def _sum_to_type(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    first, second = inputs[0].type, inputs[1].type
    if not isinstance(first, ArrayType) or not isinstance(second, ArrayType):
        return UNKNOWN
    return array_type(first.dtype, second.shape, scalar_kind="any")


@linear(sum_to, infer=_sum_to_type, wrt=(0,), view=True)
def _sum_to(bar, value, x):
    return broadcast_like(bar, value)


product_left, product_right = traceable(arrays.product_left), traceable(arrays.product_right)


@jvp_rule(product_left, infer=lambda inputs, attrs: UNKNOWN)
@jvp_rule(product_right, infer=lambda inputs, attrs: UNKNOWN)
def _product_of_unknown_ranks(bar_dot, a_dot, b_dot, bar, a, b):
    raise TypeInferenceError(
        "the second derivative of `@` needs the ranks of its operands, which are not known here",
        next(x.tracer.builder.span for x in (bar, a, b) if isinstance(x, Sym)),
        "give argument types (`--types`, or call the function once), or start the variable with an array",
    )


def _cast_type(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    type_ = inputs[0].type
    dtype = np.dtype(attrs["dtype"]).name
    return array_type(dtype, type_.shape if isinstance(type_, ArrayType) else None)


cast = traceable(arrays.cast)


@linear(cast, infer=_cast_type, signature="x, dtype=None")
def _cast(bar, x, *, dtype):
    return bar  # projected back to the dtype of `x` where it is accumulated


add_at = traceable(arrays.add_at)


@linear(add_at, infer=written, signature="x, value, index")
def _add_at(bar, x, value, *, index):
    return bar, bar[index]


update = traceable(arrays.update)


def _like_first(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    type_ = inputs[0].type
    return array_type("bool", type_.shape if isinstance(type_, ArrayType) else None, scalar_kind="any")


written_last = traceable(arrays.written_last)
nondifferentiable(written_last, infer=_like_first, operands=2)


@linear(update, infer=written, signature="x, value, index")
def _update(bar, x, value, *, index):
    if _rank(bar) == 0:  # all of it is written
        return np.zeros_like(bar), bar
    return update(bar, 0.0, index=index), _read_back(bar, index)


def _read_back(bar, index):
    """The cotangent of what was written; where an index names a place twice, the last number stays there."""
    part = bar[index]
    return np.where(written_last(part, bar, index=index), part, 0.0) if may_repeat(index) else part


def may_repeat(index):
    """Whether an index may name a place twice: it has an array of integers that are not known to differ."""
    return any(
        not arrays.is_distinct(np.asarray(item)) if isinstance(item, (list, np.ndarray))
        else isinstance(item, Sym) and _rank(item) != 0 and item.type.dtype != "bool"
        for item in (index if isinstance(index, tuple) else (index,))
    )  # fmt: skip


def _rank(x):
    if isinstance(x, Sym):
        return None if x.type.shape is None else x.ndim
    return np.ndim(x)


update_view = traceable(arrays.update_view)


@linear(update_view, infer=written, signature="x, value, index, path")
def _update_view(bar, x, value, *, index, path):
    if any(fun in (np.reshape, np.ravel) for fun, _ in path) and _rank(bar) not in (0, 1):
        bar = _in_order(bar)  # as `x` is: of another layout they would be copies
    part = _read_back(arrays.through(bar, path), index)
    turned = any(fun is np.imag for fun, _ in path)  # Re(bar * 1j * dot) is -imag(bar) * dot
    return update_view(bar, 0.0, index=index, path=path), -part if turned else part


def _in_order(x):
    """`np.ascontiguousarray`, which asks no class for its own way of doing it."""
    return x.tracer.apply(np.ascontiguousarray, [x], {}) if isinstance(x, Sym) else np.ascontiguousarray(x)


is_contiguous = traceable(arrays.is_contiguous)
nondifferentiable(is_contiguous, infer=lambda inputs, attrs: PY_BOOL)


zeros_in, add_packs = traceable(packs.zeros_in), traceable(packs.add_packs)
nondifferentiable(zeros_in, infer=lambda inputs, attrs: PACKED)


@linear(add_packs, infer=lambda inputs, attrs: PACKED)
def _add_packs(bar, a, b):
    return bar, bar


zeros_if = traceable(arrays.zeros_if)
nondifferentiable(zeros_if, infer=zeros_of)


@traceable
def stop_gradient(x: Any) -> Any:
    """The identity, with zero derivative."""
    return x


nondifferentiable(stop_gradient, infer=lambda inputs, attrs: inputs[0].type)


TOTAL = {operator.truediv: divide, np.divide: divide, operator.pow: power, np.power: power, np.log: log}
"""What takes the place of a Python operation in rules with `guard`."""


def float_result(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    return PY_FLOAT


def both(a: Any, b: Any) -> Any:
    """Python's `a and b` on truth values that are both computed anyway."""
    return a and b


def either(a: Any, b: Any) -> Any:
    """Python's `a or b` on truth values that are both computed anyway."""
    return a or b


nondifferentiable(both, either, operator.not_, infer=lambda inputs, attrs: PY_BOOL)


# Python's own conversions


@linear(float, infer=float_result)
def _float(bar, x):
    return bar


nondifferentiable(int, infer=lambda inputs, attrs: PY_INT)
nondifferentiable(bool, infer=lambda inputs, attrs: PY_BOOL)
