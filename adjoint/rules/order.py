"""Order statistics: they follow the permutation that sorts, so at a tie the place decides.

A quantile is a weighted mean of two neighbours in the sorted order; where that lies is the method's formula for the
*virtual index* (R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, Am. Stat. 50, 1996).
"""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.calls import said
from adjoint.rules.index import infer_sort
from adjoint.rules.infer import array_type, fresh_length, infer_reduction, normal_axes, reduced_shape
from adjoint.rules.internal import cast
from adjoint.rules.join import rank
from adjoint.rules.registry import jvp_rule
from adjoint.rules.trace import ZERO, Zero

# ---- sorting


@jvp_rule(np.sort, infer=infer_sort)
def sort(x_dot, x, *, axis=-1, kind=None, stable=None):
    options = said({"kind": kind, "stable": stable})
    if axis is None:
        return np.ravel(x_dot)[np.argsort(np.ravel(x), **options)]
    if x.ndim == 1:
        return x_dot[np.argsort(x, **options)]
    return np.take_along_axis(x_dot, np.argsort(x, axis, **options), axis)


def infer_sort_complex(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.dtype is None:
        return UNKNOWN
    return ArrayType(np.result_type(type_.dtype, np.complex64).name, type_.shape)


@jvp_rule(np.sort_complex, infer=infer_sort_complex)
def sort_complex(x_dot, x):
    return sort(x_dot, x)


@jvp_rule(np.partition, infer=infer_sort)
def partition(x_dot, x, *, kth, axis=-1, kind="introselect"):
    if axis is None:
        return np.ravel(x_dot)[np.argpartition(np.ravel(x), kth)]
    if x.ndim == 1:
        return x_dot[np.argpartition(x, kth)]
    return np.take_along_axis(x_dot, np.argpartition(x, kth, axis), axis)


def infer_unique(inputs, attrs):
    type_ = inputs[0].type
    count, wanted = fresh_length("unique"), [name for name in UNIQUE_PARTS if attrs.get(name)]
    values = ArrayType(getattr(type_, "dtype", None), (count,))
    shape = getattr(type_, "shape", None)
    inverse = ArrayType("int64", shape, "any" if shape is None else "array")
    parts = [inverse if name == "return_inverse" else ArrayType("int64", (count,)) for name in wanted]
    return (values, *parts) if parts else values


UNIQUE_PARTS = ("return_index", "return_inverse", "return_counts")


@jvp_rule(np.unique_values, infer=infer_unique, signature="ar")
@jvp_rule(np.unique, infer=infer_unique)
def unique(x_dot, x, *, return_index=False, return_inverse=False, return_counts=False):
    """Of equal numbers the first one counts."""
    places = np.unique(x, return_index=True)[1]
    moved = (x_dot if x.ndim == 1 else np.ravel(x_dot))[places]
    others = int(return_index) + int(return_inverse) + int(return_counts)
    return (moved, *(ZERO,) * others) if others else moved


# ---- medians and quantiles

ALPHA_BETA = {
    "linear": (1, 1), "hazen": (0.5, 0.5), "weibull": (0, 0), "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8), "interpolated_inverted_cdf": (0, 1),
}  # fmt: skip
ROUNDED = ("lower", "higher", "nearest", "midpoint")


def check_method(method):
    if method not in ALPHA_BETA and method not in ROUNDED:
        known = ", ".join([*ALPHA_BETA, *ROUNDED])
        raise TypeError(f"the rules of quantiles do not know the method {method!r}, but {known}")


def neighbours(q, n, method):
    """The two places in the sorted order, the weight of the second, and how fast the virtual index moves with q."""
    alpha, beta = ALPHA_BETA.get(method, (1, 1))
    extra = 1 - alpha - beta
    speed = n + extra if extra > 0 else n - -extra if extra else n
    place = q * speed if alpha == 1 else q * speed + (alpha - 1)
    place = np.minimum(np.maximum(place, 0), n - 1)
    below = np.floor(place)
    if method in ROUNDED:
        above = np.ceil(place)
        middle = np.rint(place)
        below, above = {"lower": (below, below), "higher": (above, above), "nearest": (middle, middle)}.get(
            method, (below, above)
        )
        return whole(below), whole(above), 0.5, 0
    moves = q * speed + (alpha - 1) >= 0  # at the other end both neighbours are the last number
    return whole(below), whole(np.minimum(below + 1, n - 1)), place - below, speed * moves


def whole(x):
    return cast(x, dtype="int64")


def rows(x, axes):
    """The reduced axes as one axis at the end."""
    if len(axes) == x.ndim:
        return x if x.ndim == 1 else np.ravel(x)
    if len(axes) == 1:
        return x if axes[0] == x.ndim - 1 else np.moveaxis(x, axes[0], -1)
    kept = tuple(k for k in range(x.ndim) if k not in axes)
    return np.reshape(np.transpose(x, (*kept, *axes)), (*(x.shape[k] for k in kept), -1))


def by_order(x, axes):
    """A function that puts the numbers of `rows(x, axes)` into their order, and those of its tangent likewise."""
    order = np.argsort(rows(x, axes), -1)
    if len(axes) == x.ndim:
        return lambda values: rows(values, axes)[order]
    if len(axes) == 1:
        return lambda values: np.take_along_axis(rows(values, axes), order, -1)
    places = np.take_along_axis(rows(np.reshape(np.arange(x.size, like=x), x.shape), axes), order, -1)
    return lambda values: np.ravel(values)[places]


def quantile_tangent(x_dot, q_dot, x, q, axis, keepdims, method, *, skip_nan=False):
    """All axes of `q` come first in the result, as they do in np.quantile."""
    axes = normal_axes(tuple(range(x.ndim)) if axis is None else axis, x.ndim)
    lines = rows(x, axes)
    in_order = by_order(x, axes)
    first = tuple(range(rank(q)))
    last = tuple(range(lines.ndim - 1, lines.ndim - 1 + rank(q)))

    if skip_nan:
        n = np.sum(~np.isnan(lines), axis=-1)
        n = np.reshape(n, (*n.shape, *(1,) * rank(q))) if rank(q) else n
    else:
        n = lines.shape[-1]
    below, above, weight, speed = neighbours(q, n, method)

    def at(values, places):
        if not skip_nan or lines.ndim == 1:
            return np.take(values, places, axis=-1)
        found = np.take_along_axis(values, np.reshape(places, (*lines.shape[:-1], -1)), -1)
        return np.reshape(found, (*lines.shape[:-1], *q.shape)) if rank(q) else found[..., 0]

    moved = ZERO
    if not isinstance(x_dot, Zero):
        sorted_dot = in_order(x_dot)
        low, high = at(sorted_dot, below), at(sorted_dot, above)
        moved = low + weight * (high - low)
    if not isinstance(q_dot, Zero) and not (isinstance(speed, int) and speed == 0):
        sorted_x = in_order(x)
        moved = moved + (at(sorted_x, above) - at(sorted_x, below)) * speed * q_dot
    if isinstance(moved, Zero):
        return moved
    if first and last != first:
        moved = np.moveaxis(moved, last, first)
    return np.expand_dims(moved, tuple(rank(q) + k for k in axes)) if keepdims else moved


def infer_quantile(fun):
    def infer(inputs, attrs):
        type_, q = inputs[0].type, inputs[1].type
        check_method(attrs.get("method", "linear"))
        if not isinstance(type_, ArrayType) or not isinstance(q, ArrayType):
            return UNKNOWN
        shape = reduced_shape(type_.shape, attrs.get("axis"), keepdims=attrs.get("keepdims", False))
        shape = None if shape is None or q.shape is None else (*q.shape, *shape)
        if type_.dtype is None or q.dtype is None:
            return array_type(None, shape)
        dtype = type_.dtype if q.kind == "py" else np.result_type(type_.dtype, q.dtype).name
        return array_type(dtype if dtype.startswith(("float", "complex")) else "float64", shape)

    return infer


@jvp_rule(np.quantile, infer=infer_quantile(np.quantile))
def quantile(a_dot, q_dot, a, q, *, axis=None, method="linear", keepdims=False):
    return quantile_tangent(a_dot, q_dot, a, q, axis, keepdims, method)


@jvp_rule(np.percentile, infer=infer_quantile(np.percentile))
def percentile(a_dot, q_dot, a, q, *, axis=None, method="linear", keepdims=False):
    return quantile_tangent(a_dot, q_dot * 0.01, a, q / 100, axis, keepdims, method)


@jvp_rule(np.median, infer=infer_reduction(np.median))
def median(a_dot, a, *, axis=None, keepdims=False):
    return quantile_tangent(a_dot, ZERO, a, 0.5, axis, keepdims, "linear")


@jvp_rule(np.nanquantile, infer=infer_quantile(np.nanquantile))
def nanquantile(a_dot, q_dot, a, q, *, axis=None, method="linear", keepdims=False):
    return quantile_tangent(a_dot, q_dot, a, q, axis, keepdims, method, skip_nan=True)


@jvp_rule(np.nanpercentile, infer=infer_quantile(np.nanpercentile))
def nanpercentile(a_dot, q_dot, a, q, *, axis=None, method="linear", keepdims=False):
    return quantile_tangent(a_dot, q_dot * 0.01, a, q / 100, axis, keepdims, method, skip_nan=True)


@jvp_rule(np.nanmedian, infer=infer_reduction(np.nanmedian))
def nanmedian(a_dot, a, *, axis=None, keepdims=False):
    return quantile_tangent(a_dot, ZERO, a, 0.5, axis, keepdims, "linear", skip_nan=True)
