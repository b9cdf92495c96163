"""Histograms: counts are constant between jumps, edges that are made from the numbers move with them."""

import numpy as np

from adjoint.ir.core import Literal, Slot
from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.calls import filled
from adjoint.rules.infer import fresh_length, static_argument
from adjoint.rules.join import rank
from adjoint.rules.linalg import float_dtype
from adjoint.rules.reduce import at_extremum
from adjoint.rules.registry import jvp_rule, linear, nondifferentiable
from adjoint.rules.trace import ZERO, Zero


def infer_bincount(inputs, attrs):
    weights = inputs[1]
    counted = isinstance(weights, Literal) and weights.value is None
    return ArrayType("int64" if counted else "float64", (fresh_length("bins"),))


@linear(np.bincount, infer=infer_bincount, wrt=(1,), signature=filled("x, weights=None, minlength=0"))
def bincount(bar, x, weights, *, minlength=0):
    return bar[x]


def infer_histogram(inputs, attrs):
    return ArrayType("int64", (fresh_length("bins"),)), edges_of(inputs[0], attrs.get("bins", 10))


def edges_of(atom, bins):
    """Edges that are made have the dtype of the numbers, those that are given may have any."""
    dtype = getattr(atom.type, "dtype", None) if isinstance(bins, (int, str)) else None
    return ArrayType(float_dtype(dtype), (fresh_length("edges"),))


@jvp_rule(np.histogram, infer=infer_histogram)
def histogram(a_dot, a, *, out, bins=10, range=None):
    return ZERO, edges_tangent(a_dot, a, out[1], bins, range)


def edges_tangent(x_dot, x, edges, bins, limits):
    """Edges at equal distances from the least to the largest number; those that are given are constants."""
    if rank(bins) or limits is not None or isinstance(x_dot, Zero):
        return ZERO
    low, high = (at_extremum(x_dot, x, end, None, keepdims=False) for end in (np.min(x), np.max(x)))
    n = edges.shape[0]
    return low + (high - low) * (np.arange(n, like=edges) / (n - 1))


def infer_edges(inputs, attrs):
    return edges_of(inputs[0], attrs.get("bins", 10))


@jvp_rule(np.histogram_bin_edges, infer=infer_edges)
def histogram_bin_edges(a_dot, a, *, out, bins=10, range=None):
    return edges_tangent(a_dot, a, out, bins, range)


def infer_histogram2d(inputs, attrs):
    counts = ArrayType("float64", (fresh_length("bins"), fresh_length("bins")))
    return counts, *(edges_of(atom, bins) for atom, bins in zip(inputs, by_axis(attrs.get("bins", 10)), strict=False))


@jvp_rule(np.histogram2d, infer=infer_histogram2d)
def histogram2d(x_dot, y_dot, x, y, *, out, bins=10, range=None):
    x_bins, y_bins = by_axis(bins)
    (x_range, y_range) = (None, None) if range is None else range
    return ZERO, edges_tangent(x_dot, x, out[1], x_bins, x_range), edges_tangent(y_dot, y, out[2], y_bins, y_range)


def by_axis(bins):
    return bins if isinstance(bins, (tuple, list)) and len(bins) == 2 else (bins, bins)


def infer_histogramdd(inputs, attrs):
    bins, limits = static_argument(inputs, attrs, 1, "bins"), static_argument(inputs, attrs, 2, "range")
    given = isinstance(bins, (tuple, list)) and all(map(is_array, bins, [inputs] * len(bins)))
    if not given and (limits is None or any(pair is None for pair in limits)):
        raise TypeError("the edges depend on the sample: give `range`, or the edges themselves as `bins`")
    for position, name in ((3, "density"), (4, "weights")):
        if static_argument(inputs, attrs, position, name) is not None:
            raise TypeError(f"the rule of histogramdd does not know the argument `{name}`")
    return ArrayType("float64", None, "any"), UNKNOWN


def is_array(item, inputs):
    type_ = inputs[item.index].type if isinstance(item, Slot) else item
    return bool(getattr(type_, "shape", None))


nondifferentiable(
    np.histogramdd,
    infer=infer_histogramdd,
    operands=1,
    signature="sample, bins=10, range=None, density=None, weights=None",
)
