"""Reductions and scans, over any axis, with ties shared equally and zeros in products allowed.

A cotangent is first given its reduced axes back (`restored`) and then repeated along them
(`broadcast_like`), which later passes cancel. No rule needs to know a length.
"""

import functools
import operator

import numpy as np

from adjoint.ir.core import Literal, Slot
from adjoint.ir.types import UNKNOWN, ArrayType, promote
from adjoint.rules.arithmetic import below
from adjoint.rules.calls import arranged, constant, said
from adjoint.rules.infer import (
    array_type,
    as_numpy,
    fresh_length,
    infer_reduction,
    infer_scan,
    normal_axes,
    reduced_shape,
)
from adjoint.rules.internal import broadcast_like, cast
from adjoint.rules.lengths import shortened, sum_of_lengths
from adjoint.rules.registry import jvp_rule, linear
from adjoint.rules.special import delayed, exceeds, quotient, recurrence
from adjoint.rules.trace import Zero

# ---- sums


def restored(bar, axis, keepdims):
    """`bar` with its reduced axes back as axes of length 1, so that it broadcasts against the operand."""
    return bar if axis is None or keepdims else np.expand_dims(bar, axis)


@linear(np.sum, infer=infer_reduction(np.sum), offsets=("initial",))
def sum(bar, a, *, axis=None, dtype=None, keepdims=False, initial=0, where=True):
    bar = broadcast_like(restored(bar, axis, keepdims), a)
    return bar if where is True else np.where(where, bar, 0)


REDUCE = "array, axis=0, dtype=None, out=None, keepdims=False"
ACCUMULATE = "array, axis=0, dtype=None, out=None"


@linear(
    np.add.reduce, infer=infer_reduction(np.add.reduce, 0), signature=f"{REDUCE}, initial=0, where=True",
    offsets=("initial",),
)  # fmt: skip
def add_reduce(bar, array, *, axis=0, dtype=None, keepdims=False, initial=0, where=True):
    bar = broadcast_like(restored(bar, axis, keepdims), array)
    return bar if where is True else np.where(where, bar, 0)


@linear(np.mean, infer=infer_reduction(np.mean))
def mean(bar, a, *, axis=None, dtype=None, keepdims=False, where=True):
    if where is True:
        return broadcast_like(restored(bar / count(a, axis), axis, keepdims), a)
    return np.where(where, restored(bar, axis, keepdims) / number_chosen(where, a, axis, keepdims=True), 0)


def number_chosen(where, x, axis, keepdims):
    """How many numbers of `x` are chosen, in its dtype."""
    number = total(np.logical_and(where, np.ones_like(x, dtype=bool)), axis, keepdims)
    return number if x.dtype.name in ("float64", "complex128") else cast(number, dtype=x.dtype.name)


def count(x, axis):
    """How many numbers of `x` a reduction over `axis` takes together."""
    if axis is None:
        return np.size(x)
    lengths = [x.shape[k] for k in (axis if isinstance(axis, tuple) else (axis,))]
    return functools.reduce(operator.mul, lengths) if lengths else 1


def total(x, axis, keepdims):
    """The sum, without arguments that say nothing."""
    return np.sum(x, axis=axis, keepdims=True) if keepdims else np.sum(x, axis=axis)


def degrees_of_freedom(x, axis, ddof):
    return count(x, axis) - ddof if ddof else count(x, axis)


def average_operands(a, axis=None, weights=None, *, keepdims=False):
    axis = tuple(axis) if isinstance(axis, list) else axis
    return [a, *(() if constant(weights) is None else (weights,))], {"axis": axis, "keepdims": keepdims}


@arranged(np.average, average_operands)
def average_arguments(a, *weights, axis=None, keepdims=False):
    return (a,), said({"axis": axis, "weights": weights[0] if weights else None, "keepdims": keepdims or None})


def infer_average(inputs, attrs):
    """As the mean of the products of numbers and weights."""
    slots = {k for item in attrs.values() if isinstance(item, Slot) for k in (item.index,)}
    operands = [atom.type for k, atom in enumerate(inputs) if k not in slots]
    type_ = operands[0]
    if not all(isinstance(t, ArrayType) for t in operands):
        return UNKNOWN
    dtype = promote((*(as_numpy(t) for t in operands), ArrayType("float16", (), "np")))
    return array_type(dtype, reduced_shape(type_.shape, attrs.get("axis"), keepdims=attrs.get("keepdims", False)))


@jvp_rule(average_arguments, np.average, infer=infer_average, signature=average_arguments.parameters)
def average(*args, out, axis=None, keepdims=False):
    dots, (a, *weights) = args[: len(args) // 2], args[len(args) // 2 :]
    if not weights:
        return np.mean(dots[0], axis=axis, keepdims=keepdims)
    weights, weights_dot = (aligned(w, a, axis) for w in (weights[0], dots[1]))
    moved = weights * dots[0] + weights_dot * (a - restored(out, axis, keepdims))
    return total(moved, axis, keepdims) / total(broadcast_like(weights, a), axis, keepdims)


def aligned(weights, a, axis):
    """Weights of one axis as an array that broadcasts against `a`."""
    if isinstance(weights, Zero) or weights.ndim == a.ndim:
        return weights
    shape = [1] * a.ndim
    shape[axis] = -1
    return np.reshape(weights, tuple(shape))


# ---- extrema: ties share equally


def at_extremum(x_dot, x, out, axis, keepdims, *, initial=None, where=True):
    """The mean of the tangents of all numbers equal to the extremum; `initial` is one more number, and constant."""
    mask = x == restored(out, axis, keepdims)
    mask = mask if where is True else mask & where
    number = total(mask, axis, keepdims)
    number = number if initial is None else number + (out == initial)
    if x.dtype.name not in ("float64", "complex128"):  # an integer count would widen them
        number = cast(number, dtype=x.dtype.name)
    return total(mask * x_dot, axis, keepdims) / number


@jvp_rule(np.max, np.amax, infer=infer_reduction(np.max))
@jvp_rule(np.min, np.amin, infer=infer_reduction(np.min))
@jvp_rule(np.nanmax, infer=infer_reduction(np.nanmax))
@jvp_rule(np.nanmin, infer=infer_reduction(np.nanmin))
def extremum(x_dot, x, *, out, axis=None, keepdims=False, initial=None, where=True):
    return at_extremum(x_dot, x, out, axis, keepdims, initial=initial, where=where)


@jvp_rule(np.maximum.reduce, infer=infer_reduction(np.maximum.reduce, 0), signature=REDUCE)
@jvp_rule(np.minimum.reduce, infer=infer_reduction(np.minimum.reduce, 0), signature=REDUCE)
@jvp_rule(np.fmax.reduce, infer=infer_reduction(np.fmax.reduce, 0), signature=REDUCE)
@jvp_rule(np.fmin.reduce, infer=infer_reduction(np.fmin.reduce, 0), signature=REDUCE)
def extremum_reduce(x_dot, x, *, out, axis=0, keepdims=False):
    return at_extremum(x_dot, x, out, axis, keepdims)


@jvp_rule(np.maximum.accumulate, infer=infer_scan(np.maximum.accumulate, 0), signature=ACCUMULATE)
def running_maximum(x_dot, x, *, out, axis=0):
    return running_extremum(x_dot, x, out, axis, -np.inf, exceeds)


@jvp_rule(np.minimum.accumulate, infer=infer_scan(np.minimum.accumulate, 0), signature=ACCUMULATE)
def running_minimum(x_dot, x, *, out, axis=0):
    return running_extremum(x_dot, x, out, axis, np.inf, lambda a, b: exceeds(b, a))


def running_extremum(x_dot, x, out, axis, start, wins):
    """Each number against the extremum before it: the tangent of whichever wins."""
    before = delayed(out, axis, start)
    return recurrence(wins(before, x), wins(x, before) * x_dot, axis=axis)


@jvp_rule(np.logaddexp.reduce, infer=infer_reduction(np.logaddexp.reduce, 0), signature=REDUCE)
def logaddexp_reduce(x_dot, x, *, out, axis=0, keepdims=False):
    return total(np.exp(below(x, restored(out, axis, keepdims))) * x_dot, axis, keepdims)


@jvp_rule(np.ptp, infer=infer_reduction(np.ptp))
def ptp(x_dot, x, *, axis=None, keepdims=False):
    high, low = np.max(x, axis=axis, keepdims=keepdims), np.min(x, axis=axis, keepdims=keepdims)
    return at_extremum(x_dot, x, high, axis, keepdims) - at_extremum(x_dot, x, low, axis, keepdims)


# ---- products: the product of the others, never a quotient


def product_tangent(x_dot, x, axis, keepdims):
    """Axis by axis: a product over two axes is the product along the second of the products along the first."""
    if axis is None and not keepdims:
        x_dot, x = (x_dot, x) if x.ndim == 1 else (np.ravel(x_dot), np.ravel(x))
        return np.sum(products_of_others(x, 0) * x_dot)
    if axis == ():
        return x_dot
    *first, last = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for k in first:
        x_dot, x = product_along(x_dot, x, k, keepdims=True), np.prod(x, axis=k, keepdims=True)
    if not first:
        return product_along(x_dot, x, last, keepdims)
    x_dot = product_along(x_dot, x, last, keepdims=True)
    return x_dot if keepdims else np.squeeze(x_dot, axis)


def product_along(x_dot, x, axis, keepdims):
    """The tangent of the product along one axis."""
    return total(products_of_others(x, axis) * x_dot, axis, keepdims)


def products_of_others(x, axis):
    """For each number the product of all others along an axis."""
    before = delayed(np.cumprod(x, axis=axis), axis, 1)
    return before * np.flip(delayed(np.cumprod(np.flip(x, axis), axis=axis), axis, 1), axis)


@jvp_rule(np.prod, infer=infer_reduction(np.prod))
def prod(x_dot, x, *, axis=None, dtype=None, keepdims=False, initial=None, where=True):
    if where is not True:
        x_dot, x = np.where(where, x_dot, 0), np.where(where, x, 1)
    moved = product_tangent(x_dot, x, axis, keepdims)
    return moved if initial is None else initial * moved


@jvp_rule(np.multiply.reduce, infer=infer_reduction(np.multiply.reduce, 0), signature=REDUCE)
def multiply_reduce(x_dot, x, *, axis=0, keepdims=False):
    return product_tangent(x_dot, x, axis, keepdims)


# ---- moments


def moments(x_dot, x, axis, keepdims, ddof, where, spread=None):
    """The tangent of half the variance; with the standard deviation as `spread`, of that."""
    if where is True:
        away = x - np.mean(x, axis=axis, keepdims=True)
        number = degrees_of_freedom(x, axis, ddof)
    else:
        away = np.where(where, x - np.mean(x, axis=axis, keepdims=True, where=where), 0)
        number = number_chosen(where, x, axis, keepdims) - ddof
    away = away if spread is None else quotient(away, restored(spread, axis, keepdims))
    moved = np.real(np.conjugate(away) * x_dot) if x.dtype.kind == "c" else away * x_dot
    return total(moved, axis, keepdims), number


@jvp_rule(np.var, infer=infer_reduction(np.var), guard=True)
def var(x_dot, x, *, axis=None, dtype=None, ddof=0, keepdims=False, where=True, correction=None):
    moved, number = moments(x_dot, x, axis, keepdims, ddof if correction is None else correction, where)
    return moved * (2 / number)


@jvp_rule(np.std, infer=infer_reduction(np.std), guard=True)
def std(  # noqa: PLR0913  # the parameters of the function
    x_dot, x, *, out, axis=None, dtype=None, ddof=0, keepdims=False, where=True, correction=None
):
    moved, number = moments(x_dot, x, axis, keepdims, ddof if correction is None else correction, where, out)
    return moved * (1 / number)


# ---- reductions that skip nan


def present(x, filler, where=True):
    """`x` with its nans, and what is not chosen, replaced."""
    return np.where(missing(x, where), filler, x)


def missing(x, where):
    return np.isnan(x) if where is True else np.isnan(x) | ~where


def number_present(x, axis, keepdims, where):
    number = total(~missing(x, where), axis, keepdims)
    return number if x.dtype.name in ("float64", "complex128") else cast(number, dtype=x.dtype.name)


@jvp_rule(np.nansum, infer=infer_reduction(np.nansum))
def nansum(x_dot, x, *, axis=None, dtype=None, keepdims=False, initial=0, where=True):
    return total(np.where(missing(x, where), 0, x_dot), axis, keepdims)


@jvp_rule(np.nanmean, infer=infer_reduction(np.nanmean))
def nanmean(x_dot, x, *, axis=None, dtype=None, keepdims=False, where=True):
    return nansum(x_dot, x, axis=axis, keepdims=keepdims, where=where) / number_present(x, axis, keepdims, where)


@jvp_rule(np.nanprod, infer=infer_reduction(np.nanprod))
def nanprod(x_dot, x, *, axis=None, dtype=None, keepdims=False, initial=None, where=True):
    moved = product_tangent(np.where(missing(x, where), 0, x_dot), present(x, 1, where), axis, keepdims)
    return moved if initial is None else initial * moved


def deviation(x, axis, where):
    chosen = {} if where is True else {"where": where}
    return present(x - np.nanmean(x, axis=axis, keepdims=True, **chosen), 0, where)


@jvp_rule(np.nanvar, infer=infer_reduction(np.nanvar))
def nanvar(x_dot, x, *, axis=None, dtype=None, ddof=0, keepdims=False, where=True):
    moved = total(deviation(x, axis, where) * x_dot, axis, keepdims)
    return moved * 2 / (number_present(x, axis, keepdims, where) - ddof)


@jvp_rule(np.nanstd, infer=infer_reduction(np.nanstd))
def nanstd(x_dot, x, *, out, axis=None, dtype=None, ddof=0, keepdims=False, where=True):
    away = quotient(deviation(x, axis, where), restored(out, axis, keepdims))
    return total(away * x_dot, axis, keepdims) / (number_present(x, axis, keepdims, where) - ddof)


# ---- differences of neighbours


def part(x, axis, piece):
    """A slice of one axis."""
    if isinstance(x, Zero):
        return x
    return x[(slice(None),) * (axis % x.ndim) + (piece,)]


def diff_operands(a, n=1, axis=-1, prepend=None, append=None):
    ends = () if constant(prepend) is None and constant(append) is None else (prepend, append)
    return [a, *ends], {"n": n, "axis": axis}


@arranged(np.diff, diff_operands)
def diff_arguments(a, prepend=None, append=None, *, n=1, axis=-1):
    options = {"n": None if n == 1 else n, "axis": None if axis == -1 else axis, "prepend": prepend, "append": append}
    return (a,), said(options)


def infer_diff(inputs, attrs):
    n = attrs.get("n", 1)
    slots = {n.index} if isinstance(n, Slot) else set()
    absent = {k for k, atom in enumerate(inputs) if isinstance(atom, Literal) and atom.value is None}
    operands = [atom.type for k, atom in enumerate(inputs) if k not in slots | absent]
    type_ = operands[0]
    if not all(isinstance(t, ArrayType) and t.shape is not None for t in operands):
        return UNKNOWN
    shape = list(type_.shape)
    (axis,) = normal_axes(attrs.get("axis", -1), len(shape))
    shape[axis] = sum_of_lengths([t.shape[axis] if t.shape else 1 for t in operands])
    shape[axis] = fresh_length() if isinstance(n, Slot) else shortened(shape[axis], n)
    return ArrayType(promote(tuple(map(as_numpy, operands))), tuple(shape))


@jvp_rule(diff_arguments, np.diff, infer=infer_diff, signature=diff_arguments.parameters)
def diff(*args, n=1, axis=-1):
    dots, operands = args[: len(args) // 2], args[len(args) // 2 :]
    x_dot = dots[0]
    if len(operands) > 1:
        x_dot = joined(dots, operands, axis)
    for _ in range(n):
        x_dot = part(x_dot, axis, slice(1, None)) - part(x_dot, axis, slice(None, -1))
    return x_dot


def joined(dots, operands, axis):
    """The tangents of what `np.diff` takes the differences of: the ends and the array between them."""
    (a_dot, *ends_dot), (a, *ends) = dots, operands
    edge = part(a, axis, slice(0, 1))
    parts = [np.zeros_like(a) + a_dot]
    for position, dot, end in ((0, ends_dot[0], ends[0]), (2, ends_dot[1], ends[1])):
        if end is not None:
            like = end if getattr(end, "ndim", 0) else edge
            parts.insert(position, np.zeros_like(like) + dot)
    return np.concatenate(parts, axis=axis)


def infer_trapezoid(inputs, attrs):
    return infer_reduction(_halved)(inputs[:1], {"axis": -1, **attrs})


def _halved(y):
    return y * 0.5


@jvp_rule(np.trapezoid, infer=infer_trapezoid, signature="y, x=None, *, dx=1.0, axis=-1")
def trapezoid(*args, dx=1.0, axis=-1):
    dots, (y, *x) = args[: len(args) // 2], args[len(args) // 2 :]
    if not x:
        return dx * total_of_middles(1, dots[0], axis)
    return total_of_middles(steps(x[0], y, axis), dots[0], axis) + total_of_middles(steps(dots[1], y, axis), y, axis)


def total_of_middles(widths, y, axis):
    return 0.5 * np.sum(widths * (part(y, axis, slice(1, None)) + part(y, axis, slice(None, -1))), axis=axis)


def steps(x, y, axis):
    """The widths of the intervals, along the axis of `y`."""
    if x.ndim == y.ndim:
        return part(x, axis, slice(1, None)) - part(x, axis, slice(None, -1))
    shape = [1] * y.ndim
    shape[axis] = -1
    return np.reshape(x[1:] - x[:-1], tuple(shape))


# ---- scans


@linear(np.cumsum, infer=infer_scan(np.cumsum))
def cumsum(bar, a, *, axis=None, dtype=None):
    if axis is None:
        return np.reshape(sum_from_end(bar, 0), a.shape)
    return sum_from_end(bar, axis)


@linear(np.add.accumulate, infer=infer_scan(np.add.accumulate, 0), signature=ACCUMULATE)
def add_accumulate(bar, a, *, axis=0, dtype=None):
    return sum_from_end(bar, axis)


def sum_from_end(bar, axis):
    return np.flip(np.cumsum(np.flip(bar, axis), axis=axis), axis)


@jvp_rule(np.cumprod, infer=infer_scan(np.cumprod))
def cumprod(x_dot, x, *, out, axis=None, dtype=None):
    if axis is None:
        return products_tangent(np.ravel(x_dot), np.ravel(x), out, 0)
    return products_tangent(x_dot, x, out, axis)


@jvp_rule(np.multiply.accumulate, infer=infer_scan(np.multiply.accumulate, 0), signature=ACCUMULATE)
def multiply_accumulate(x_dot, x, *, out, axis=0):
    return products_tangent(x_dot, x, out, axis)


def products_tangent(x_dot, x, out, axis):
    """out[i] = x[i] * out[i-1], so out_dot[i] = x[i] * out_dot[i-1] + x_dot[i] * out[i-1]."""
    return recurrence(x, x_dot * delayed(out, axis, 1), axis=axis)


def infer_cumulative(fun):
    """The array API scans need an axis unless the operand has one axis."""

    def infer(inputs, attrs):
        shape = inputs[0].type.shape
        return infer_scan(fun, 0 if shape is not None and len(shape) == 1 else None)(inputs, attrs)

    return infer


@linear(np.cumulative_sum, infer=infer_cumulative(np.cumsum))
def cumulative_sum(bar, x, *, axis=None, dtype=None):
    return sum_from_end(bar, 0 if axis is None else axis)


@jvp_rule(np.cumulative_prod, infer=infer_cumulative(np.cumprod))
def cumulative_prod(x_dot, x, *, out, axis=None, dtype=None):
    return products_tangent(x_dot, x, out, 0 if axis is None else axis)
