"""`scipy.ndimage`: filters, which are linear in the image and in the weights.

A correlation is one of the image continued beyond its borders, of which no part is left out; so the transpose is a full
convolution, folded back at the borders. With symmetric weights, and borders that are reflected, wrapped or zero, a
filter is its own transpose: as a matrix it is diagonal in cosines (or sines and cosines).
"""

import numpy as np
from scipy import ndimage, signal

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.calls import symbolic
from adjoint.rules.infer import array_type
from adjoint.rules.internal import add_at
from adjoint.rules.join import absent
from adjoint.rules.registry import bilinear, jvp_rule, linear, vjp_rule
from adjoint.rules.scipy.forms import Refused

convolve = symbolic(signal.convolve)
REFLECT, WRAP, ZERO_BORDER = ("reflect", "grid-mirror"), ("wrap", "grid-wrap"), ("constant", "grid-constant")


def infer_image(inputs, attrs):
    type_ = inputs[0].type
    if attrs.get("cval", 0) != 0:
        raise TypeError("the rules of filters know the argument `cval` at 0 only: add a constant to the image")
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    if type_.dtype is None or not type_.dtype.startswith(("float", "complex")):
        return array_type(None, type_.shape)  # integers stay integers: results are rounded
    return array_type(type_.dtype, type_.shape)


# ---- correlations


def along(axis, ndim, part):
    return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1))


def border(size, origin, flipped):
    """How far the weights reach beyond the first and the last number."""
    before = (size - 1) // 2 - origin if flipped else size // 2 + origin
    return before, size - 1 - before


def continued(x, mode, widths):
    """The image with its borders."""
    for axis, (before, after) in enumerate(widths):
        n, rank = x.shape[axis], x.ndim

        def part(start, stop, axis=axis, rank=rank, x=x):
            return x[along(axis, rank, slice(start, stop))]

        if mode in REFLECT:
            ends = np.flip(part(0, before), axis), np.flip(part(n - after, n), axis)
        elif mode == "mirror":
            ends = np.flip(part(1, before + 1), axis), np.flip(part(n - after - 1, n - 1), axis)
        elif mode in WRAP:
            ends = part(n - before, n), part(0, after)
        else:
            ends = np.repeat(part(0, 1), before, axis), np.repeat(part(n - 1, n), after, axis)
            if mode != "nearest":
                ends = tuple(np.zeros_like(end) for end in ends)
        x = np.concatenate([ends[0], x, ends[1]], axis=axis)
    return x


def folded(bar, shape, mode, widths):
    """The transpose of `continued`."""
    for axis, (before, after) in reversed(list(enumerate(widths))):
        n, rank = shape[axis], len(shape)

        def part(start, stop, axis=axis, rank=rank):
            return along(axis, rank, slice(start, stop))

        first, last = bar[part(0, before)], bar[part(before + n, before + n + after)]
        bar = bar[part(before, before + n)]
        if mode in REFLECT:
            bar = add_at(bar, np.flip(first, axis), index=part(0, before))
            bar = add_at(bar, np.flip(last, axis), index=part(n - after, n))
        elif mode == "mirror":
            bar = add_at(bar, np.flip(first, axis), index=part(1, before + 1))
            bar = add_at(bar, np.flip(last, axis), index=part(n - after - 1, n - 1))
        elif mode in WRAP:
            bar = add_at(bar, first, index=part(n - before, n))
            bar = add_at(bar, last, index=part(0, after))
        elif mode == "nearest":
            bar = add_at(bar, np.sum(first, axis=axis, keepdims=True), index=part(0, 1))
            bar = add_at(bar, np.sum(last, axis=axis, keepdims=True), index=part(n - 1, n))
    return bar


def filter_transposes(bar, x, weights, mode, origins, flipped):
    """Of a correlation with weights of the rank of the image; `flipped`: of a convolution."""
    sizes = weights.shape
    widths = [border(size, origin, flipped) for size, origin in zip(sizes, origins, strict=True)]
    kernel = weights if not flipped else np.flip(weights)
    x_bar = folded(convolve(bar, kernel, method="direct"), x.shape, mode, widths)
    kernel_bar = convolve(continued(x, mode, widths), np.flip(bar), mode="valid", method="direct")
    return x_bar, np.flip(kernel_bar) if flipped else kernel_bar


def correlation(fun, flipped):
    """Enter the rule of a filter with weights of the rank of the image."""

    @bilinear(
        fun, infer=infer_image,
        signature="input, weights, output=None, mode='reflect', cval=0.0, origin=0, *, axes=None",
    )  # fmt: skip
    def transposes(bar, x, weights, *, mode="reflect", cval=0.0, origin=0):
        origins = (origin,) * x.ndim if isinstance(origin, int) else origin
        return filter_transposes(bar, x, weights, mode, origins, flipped)


def correlation1d(fun, flipped):
    """Enter the rule of a filter along one axis."""

    @bilinear(
        fun, infer=infer_image,
        signature="input, weights, axis=-1, output=None, mode='reflect', cval=0.0, origin=0",
    )  # fmt: skip
    def transposes(bar, x, weights, *, axis=-1, mode="reflect", cval=0.0, origin=0):
        shape, origins = [1] * x.ndim, [0] * x.ndim
        shape[axis], origins[axis] = -1, origin
        x_bar, spread = filter_transposes(bar, x, np.reshape(weights, tuple(shape)), mode, origins, flipped)
        return x_bar, np.reshape(spread, weights.shape)


correlation(ndimage.correlate, flipped=False)
correlation(ndimage.convolve, flipped=True)
correlation1d(ndimage.correlate1d, flipped=False)
correlation1d(ndimage.convolve1d, flipped=True)

# ---- filters that are their own transpose

gaussian_filter, gaussian_filter1d = symbolic(ndimage.gaussian_filter), symbolic(ndimage.gaussian_filter1d)
laplace = symbolic(ndimage.laplace)
uniform_filter, uniform_filter1d = symbolic(ndimage.uniform_filter), symbolic(ndimage.uniform_filter1d)


def every(test, items):
    return all(map(test, items if isinstance(items, (tuple, list)) else (items,)))


def refuse_unless_symmetric(fun, bar, mode, weights_are=True):
    if not every((*REFLECT, *WRAP, *ZERO_BORDER).__contains__, mode):
        Refused(fun, "its image with the modes 'mirror' and 'nearest'").refuse(bar)
    if not weights_are:
        Refused(fun, "its image with weights that are not symmetric").refuse(bar)


def changed(**options):
    """Options that differ from SciPy's defaults."""
    defaults = {"mode": "reflect", "order": 0, "truncate": 4.0, "axis": -1, "size": 3}
    return {name: item for name, item in options.items() if item is not None and item != defaults.get(name)}


def by_width(fun):
    return Refused(fun, "its width")


GAUSSIAN = "order=0, output=None, mode='reflect', cval=0.0, truncate=4.0, *, radius=None"


@jvp_rule(ndimage.gaussian_filter, infer=infer_image, signature=f"input, sigma, {GAUSSIAN}, axes=None")
def gaussian_tangent(  # noqa: PLR0913  # tangents, operands, options
    x_dot, sigma_dot, x, sigma, *, order=0, mode="reflect", cval=0.0, truncate=4.0, radius=None, axes=None
):
    if not absent(sigma_dot):
        by_width(ndimage.gaussian_filter).refuse(sigma)
    return gaussian_filter(x_dot, sigma, **changed(order=order, mode=mode, truncate=truncate, radius=radius, axes=axes))


@vjp_rule(ndimage.gaussian_filter)
def gaussian_cotangents(  # noqa: PLR0913  # operands, options
    bar, x, sigma, *, order=0, mode="reflect", cval=0.0, truncate=4.0, radius=None, axes=None
):
    refuse_unless_symmetric(ndimage.gaussian_filter, bar, mode, every(is_even, order))
    options = changed(order=order, mode=mode, truncate=truncate, radius=radius, axes=axes)
    return gaussian_filter(bar, sigma, **options), by_width(ndimage.gaussian_filter)


@jvp_rule(ndimage.gaussian_filter1d, infer=infer_image, signature=f"input, sigma, axis=-1, {GAUSSIAN}")
def gaussian1d_tangent(  # noqa: PLR0913  # tangents, operands, options
    x_dot, sigma_dot, x, sigma, *, axis=-1, order=0, mode="reflect", cval=0.0, truncate=4.0, radius=None
):
    if not absent(sigma_dot):
        by_width(ndimage.gaussian_filter1d).refuse(sigma)
    options = changed(axis=axis, order=order, mode=mode, truncate=truncate, radius=radius)
    return gaussian_filter1d(x_dot, sigma, **options)


@vjp_rule(ndimage.gaussian_filter1d)
def gaussian1d_cotangents(  # noqa: PLR0913  # operands, options
    bar, x, sigma, *, axis=-1, order=0, mode="reflect", cval=0.0, truncate=4.0, radius=None
):
    refuse_unless_symmetric(ndimage.gaussian_filter1d, bar, mode, is_even(order))
    options = changed(axis=axis, order=order, mode=mode, truncate=truncate, radius=radius)
    return gaussian_filter1d(bar, sigma, **options), by_width(ndimage.gaussian_filter1d)


@linear(
    ndimage.uniform_filter, infer=infer_image,
    signature="input, size=3, output=None, mode='reflect', cval=0.0, origin=0, *, axes=None",
)  # fmt: skip
def uniform_transposed(bar, x, *, size=3, mode="reflect", cval=0.0, axes=None):
    refuse_unless_symmetric(ndimage.uniform_filter, bar, mode, every(is_odd, size))
    return uniform_filter(bar, **changed(size=size, mode=mode, axes=axes))


@linear(
    ndimage.uniform_filter1d, infer=infer_image,
    signature="input, size, axis=-1, output=None, mode='reflect', cval=0.0, origin=0",
)  # fmt: skip
def uniform1d_transposed(bar, x, *, size, axis=-1, mode="reflect", cval=0.0):
    refuse_unless_symmetric(ndimage.uniform_filter1d, bar, mode, not is_even(size))
    return uniform_filter1d(bar, size, **changed(axis=axis, mode=mode))


@linear(ndimage.laplace, infer=infer_image, signature="input, output=None, mode='reflect', cval=0.0, *, axes=None")
def laplace_transposed(bar, x, *, mode="reflect", cval=0.0, axes=None):
    refuse_unless_symmetric(ndimage.laplace, bar, mode)
    return laplace(bar, **changed(mode=mode, axes=axes))


def is_even(n):
    return n % 2 == 0


def is_odd(n):
    return n % 2 == 1
