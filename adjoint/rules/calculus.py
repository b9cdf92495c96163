"""Differences, slopes and interpolation on grids."""

import functools
import operator

import numpy as np

from adjoint.errors import MissingRuleError
from adjoint.ir.core import Literal
from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.calls import filled, said
from adjoint.rules.infer import array_type, infer_scan, normal_axes
from adjoint.rules.internal import add_at
from adjoint.rules.join import rank
from adjoint.rules.lengths import product_of_lengths, shortened, sum_of_lengths
from adjoint.rules.reduce import part, present, products_tangent
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.special import quotient
from adjoint.rules.trace import ZERO, Unknown, Zero

# ---- gradient


def infer_gradient(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        raise TypeError("the rank of the array is not known")
    axes = gradient_axes(len(type_.shape), attrs.get("axis"))
    dtype = None if type_.dtype is None else type_.dtype if type_.dtype[0] in "fc" else "float64"
    result = ArrayType(dtype, type_.shape)
    return result if len(axes) == 1 else (result,) * len(axes)


def gradient_axes(ndim, axis):
    return tuple(range(ndim)) if axis is None else normal_axes(axis, ndim)


def spacings(varargs, count):
    """For each axis a number, or an array of coordinates."""
    return varargs * count if len(varargs) == 1 else varargs or (1,) * count


@jvp_rule(np.gradient, infer=infer_gradient, signature="f, *varargs, axis=None, edge_order=1")
def gradient(*args, out, axis=None, edge_order=1):
    (f_dot, *dots), (_, *varargs) = args[: len(args) // 2], args[len(args) // 2 :]
    outs = out if isinstance(out, tuple) else (out,)
    moved = tuple(ZERO for _ in outs)
    if not isinstance(f_dot, Zero):
        found = np.gradient(f_dot, *varargs, **said({"axis": axis}), **({"edge_order": 2} if edge_order == 2 else {}))
        moved = found if isinstance(found, tuple) else (found,)
    if any(not isinstance(dot, Zero) for dot in dots):
        moved = tuple(
            dot - o / h * h_dot
            for dot, o, h, h_dot in zip(
                moved, outs, spacings(varargs, len(outs)), varying(spacings(dots, len(outs))), strict=True
            )
        )
    return moved if len(moved) > 1 else moved[0]


BY_COORDINATES = "no rule gives the derivative of `gradient` by coordinates"


def varying(dots):
    for dot in dots:
        if rank(dot):
            raise MissingRuleError(BY_COORDINATES, dot.tracer.builder.span, "keep that argument constant")
    return dots


@vjp_rule(np.gradient)
def gradient_cotangents(bars, f, *varargs, out, axis=None, edge_order=1):
    bars, outs = (bars, out) if isinstance(out, tuple) else ((bars,), (out,))
    axes = gradient_axes(f.ndim, axis)
    total, h_bars = ZERO, [ZERO] * len(axes)
    for k, (bar, h) in enumerate(zip(bars, spacings(varargs, len(axes)), strict=True)):
        if not isinstance(bar, Zero):
            total = total + transposed_slopes(bar, f, h, axes[k], edge_order)
            h_bars[k] = np.sum(bar * (-outs[k] / h)) if rank(h) == 0 else Unknown(BY_COORDINATES)
    if len(varargs) == 1 and rank(varargs[0]) == 0:
        h_bars = [functools.reduce(operator.add, h_bars)]
    return (total, *h_bars[: len(varargs)])


def transposed_slopes(bar, f, h, axis, edge_order):
    """Each slope was a weighted sum of its neighbours: its cotangent goes back to them with the same weights."""
    axis %= f.ndim
    inner, first, last = (part(bar, axis, piece) for piece in (slice(1, -1), slice(0, 1), slice(-1, None)))

    def along(widths):
        behind = f.ndim - 1 - axis
        return np.reshape(widths, (-1, *(1,) * behind)) if behind else widths

    def give(total, cotangents, piece):
        return add_at(total, cotangents, index=(*(slice(None),) * axis, piece))

    total = np.zeros_like(f)
    if rank(h) == 0:
        total = give(total, inner / (2 * h), slice(2, None))
        total = give(total, -inner / (2 * h), slice(None, -2))
        ends = [(h, h), (h, h)]
    else:
        widths = h[1:] - h[:-1]
        before, after = along(widths[:-1]), along(widths[1:])
        total = give(total, inner * (before / (after * (before + after))), slice(2, None))
        total = give(total, inner * ((after - before) / (before * after)), slice(1, -1))
        total = give(total, -inner * (after / (before * (before + after))), slice(None, -2))
        ends = [(widths[0], widths[1:2]), (widths[-1], widths[-2:-1])]  # the second is read for edge_order 2
    sides = [(first, ends[0], 1, (slice(0, 1), slice(1, 2), slice(2, 3))),
             (last, ends[1], -1, (slice(-1, None), slice(-2, -1), slice(-3, -2)))]  # fmt: skip
    for edge, (near, far), sign, pieces in sides:
        if edge_order == 1:
            weights = (-sign / near, sign / near)
        else:
            both = near + far
            weights = (-sign * (near + both) / (near * both), sign * both / (near * far), -sign * near / (far * both))
        for weight, piece in zip(weights, pieces, strict=False):
            total = give(total, edge * weight, piece)
    return total


# ---- differences with ends


def infer_ediff1d(inputs, attrs):
    types = [atom.type for atom in inputs if not (isinstance(atom, Literal) and atom.value is None)]
    if not all(isinstance(t, ArrayType) and t.shape is not None for t in types):
        return UNKNOWN
    lengths = [product_of_lengths(t.shape) for t in types]
    return ArrayType(types[0].dtype, (sum_of_lengths([shortened(lengths[0], 1), *lengths[1:]]),))


@jvp_rule(np.ediff1d, infer=infer_ediff1d, signature=filled("ary, to_end=None, to_begin=None"))
def ediff1d(ary_dot, end_dot, begin_dot, ary, to_end, to_begin):
    flat = np.zeros_like(ary) if isinstance(ary_dot, Zero) else ary_dot
    flat = flat if ary.ndim == 1 else np.ravel(flat)
    parts = [flat[1:] - flat[:-1]]
    for place, dot, end in ((0, begin_dot, to_begin), (len(parts), end_dot, to_end)):
        if end is not None:
            moved = np.zeros_like(end) if isinstance(dot, Zero) else dot
            parts.insert(place if place == 0 else len(parts), moved if rank(end) == 1 else np.reshape(moved, (-1,)))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


# ---- interpolation


def infer_interp(inputs, attrs):
    x, fp = inputs[0].type, inputs[2].type
    if not isinstance(x, ArrayType) or not isinstance(fp, ArrayType):
        return UNKNOWN
    dtype = None if fp.dtype is None else "complex128" if fp.dtype.startswith("complex") else "float64"
    return array_type(dtype, x.shape)


@jvp_rule(np.interp, infer=infer_interp, signature=filled("x, xp, fp, left=None, right=None, period=None"))
def interp(  # noqa: PLR0913, PLR0917  # two halves of five operands
    x_dot, xp_dot, fp_dot, left_dot, right_dot, x, xp, fp, left, right, *, period=None
):
    """At a knot the slope of the interval to the right; outside, the ends are constant."""
    if period is not None:
        order = np.argsort(xp % period)
        x, xp = x % period, xp % period
        xp = np.concatenate([xp[order[-1:]] - period, xp[order], xp[order[:1]] + period])
        order = np.concatenate([order[-1:], order, order[:1]])
        fp, xp_dot, fp_dot = fp[order], xp_dot[order], fp_dot[order]
    last = xp.shape[0] - 1
    below = np.maximum(np.minimum(np.searchsorted(xp, x, "right") - 1, last - 1), 0)
    above = np.minimum(below + 1, last)
    width = xp[above] - xp[below]
    slope = quotient(fp[above] - fp[below], width)
    weight = quotient(np.minimum(np.maximum(x, xp[0]), xp[-1]) - xp[below], width)
    moved = weighted(fp_dot, below, above, weight) + slope * (x_dot - weighted(xp_dot, below, above, weight))
    if period is not None:
        return moved
    moved = np.where(x < xp[0], end(left_dot, left, fp_dot, 0), 0 if isinstance(moved, Zero) else moved)
    return np.where(x > xp[-1], end(right_dot, right, fp_dot, -1), moved)


def weighted(dots, below, above, weight):
    return (1 - weight) * dots[below] + weight * dots[above]


def end(dot, given, fp_dot, place):
    """The tangent outside the knots."""
    moved = fp_dot[place] if given is None else dot
    return 0 if isinstance(moved, Zero) else moved


# ---- scans that skip nan


@jvp_rule(np.nancumsum, infer=infer_scan(np.nancumsum))
def nancumsum(a_dot, a, *, axis=None, dtype=None):
    return np.cumsum(np.where(np.isnan(a), 0, a_dot), axis=axis)


@jvp_rule(np.nancumprod, infer=infer_scan(np.nancumprod))
def nancumprod(a_dot, a, *, out, axis=None, dtype=None):
    a_dot, a = np.where(np.isnan(a), 0, a_dot), present(a, 1)
    if axis is None:
        return products_tangent(np.ravel(a_dot), np.ravel(a), out, 0)
    return products_tangent(a_dot, a, out, axis)
