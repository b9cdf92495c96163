"""`numpy.fft`: every transform is linear, and its transpose is a transform again.

With the pairing Re(sum(bar * dot)) no conjugates come in: the matrix of `fft` is symmetric, so it is its own
transpose, and so is `ifft`. A real transform gives one half of a Hermitian spectrum; its transpose pads the
half with zeros (rfft), or counts twice what stands for two (irfft). An axis that was cut or padded to length n
is padded or cut back.
"""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import filled
from adjoint.rules.infer import dim_of, normal_axes
from adjoint.rules.internal import add_at
from adjoint.rules.lengths import named
from adjoint.rules.registry import jvp_rule, linear
from adjoint.rules.shape import length_of, same_shape

INVERSE = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The norm with which the inverse transform has the factor that a transform has with the given one."""


# ---- types


def spectrum(dtype):
    if dtype is None:
        return None
    return "complex64" if dtype in ("float32", "float16", "complex64") else "complex128"


def signal(dtype):
    return None if dtype is None else {"complex64": "float32", "complex128": "float64"}[spectrum(dtype)]


def unchanged(n):
    return n


def half(n):
    return n // 2 + 1 if isinstance(n, int) else named("({}//2+1)", n)


def doubled(n):
    return 2 * (n - 1) if isinstance(n, int) else named("2({}-1)", n)


def infer_transform(dtype_of, last, default):
    """One axis: `last` gives the length of the result from n, `default` n from the length of the operand."""

    def infer(inputs, attrs):
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return UNKNOWN
        if type_.shape is None:
            return ArrayType(dtype_of(type_.dtype), None, "any")
        shape = list(type_.shape)
        (axis,) = normal_axes(attrs.get("axis", -1), len(shape))
        n = attrs.get("n")
        shape[axis] = last(default(shape[axis]) if n is None else length_of(n, inputs))
        return ArrayType(dtype_of(type_.dtype), tuple(shape))

    return infer


def infer_transforms(dtype_of, last, default, axes):
    """Several axes; the last of them is special for real transforms."""

    def infer(inputs, attrs):
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return UNKNOWN
        if type_.shape is None:
            return ArrayType(dtype_of(type_.dtype), None, "any")
        shape, s = list(type_.shape), attrs.get("s")
        chosen = transformed_axes(len(shape), s, attrs.get("axes", axes))
        for k, axis in enumerate(chosen):
            is_last = k == len(chosen) - 1
            n = given(s)[k] if s else None
            n = length_of(n, inputs) if n is not None else default(shape[axis]) if is_last else shape[axis]
            shape[axis] = last(n) if is_last else n
        return ArrayType(dtype_of(type_.dtype), tuple(shape))

    return infer


def transformed_axes(rank, s, axes):
    if axes is None:
        axes = tuple(range(rank)) if s is None else tuple(range(rank - len(s), rank))
    return normal_axes(axes, rank)


# ---- what transposes share


def fitted(y, x, axes, lengths):
    """`y`, with these lengths along some axes (None: as `x`), cut or padded to the shape of `x`, real where `x` is."""
    changed = [(k, n) for k, n in zip(axes, lengths, strict=False) if n is not None and not same(n, x.shape[k])]
    if not changed:
        return y
    if not is_complex(x) and is_complex(y):
        y = np.real(y)
    inside, kept = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, n in changed:
        inside[axis], kept[axis] = slice(None, n), slice(None, x.shape[axis])
    if all(isinstance(n, int) and isinstance(x.shape[axis], int) and x.shape[axis] <= n for axis, n in changed):
        return y[tuple(kept)]
    return add_at(np.zeros_like(x), y[tuple(kept)], index=tuple(inside))


def same(n, m):
    return isinstance(n, int) and isinstance(m, int) and n == m


def counted_twice(half_spectrum, axis, n):
    """Twice what stands for a frequency and its negative: all but the frequencies 0 and n/2."""
    k = np.arange(half_spectrum.shape[axis], like=half_spectrum)
    weights = np.where((k == 0) | (2 * k == n), 1, 2)
    behind = half_spectrum.ndim - 1 - axis
    return half_spectrum * (np.reshape(weights, (-1, *(1,) * behind)) if behind else weights)


def options(**given):
    """Arguments of a transform without those that say nothing."""
    return {name: item for name, item in given.items() if item is not None}


# ---- one axis


@linear(np.fft.fft, infer=infer_transform(spectrum, unchanged, unchanged))
def fft(bar, a, *, n=None, axis=-1, norm=None):
    return fitted(np.fft.fft(bar, axis=axis, **options(norm=norm)), a, (axis % a.ndim,), (n,))


@linear(np.fft.ifft, infer=infer_transform(spectrum, unchanged, unchanged))
def ifft(bar, a, *, n=None, axis=-1, norm=None):
    return fitted(np.fft.ifft(bar, axis=axis, **options(norm=norm)), a, (axis % a.ndim,), (n,))


@linear(np.fft.rfft, infer=infer_transform(spectrum, half, unchanged))
def rfft(bar, a, *, n=None, axis=-1, norm=None):
    length = a.shape[axis] if n is None else n
    return fitted(np.real(np.fft.fft(bar, length, axis, **options(norm=norm))), a, (axis % a.ndim,), (n,))


@linear(np.fft.irfft, infer=infer_transform(signal, unchanged, doubled))
def irfft(bar, a, *, n=None, axis=-1, norm=None):
    axis %= a.ndim
    once = np.conj(np.fft.rfft(bar, axis=axis, norm=INVERSE[norm]))
    return fitted(counted_twice(once, axis, bar.shape[axis]), a, (axis,), (None if n is None else once.shape[axis],))


@linear(np.fft.hfft, infer=infer_transform(signal, unchanged, doubled))
def hfft(bar, a, *, n=None, axis=-1, norm=None):
    return np.conj(irfft(bar, a, n=n, axis=axis, norm=INVERSE[norm]))


@linear(np.fft.ihfft, infer=infer_transform(spectrum, half, unchanged))
def ihfft(bar, a, *, n=None, axis=-1, norm=None):
    return rfft(np.conj(bar), a, n=n, axis=axis, norm=INVERSE[norm])


# ---- several axes


def given(s):
    """The lengths that `s` gives to axes; None where an axis keeps its own."""
    return tuple(None if n is None or (isinstance(n, int) and n == -1) else n for n in s or ())


@linear(np.fft.fftn, infer=infer_transforms(spectrum, unchanged, unchanged, None))
def fftn(bar, a, *, s=None, axes=None, norm=None):
    axes = transformed_axes(a.ndim, s, axes)
    return fitted(np.fft.fftn(bar, axes=axes, **options(norm=norm)), a, axes, given(s))


@linear(np.fft.ifftn, infer=infer_transforms(spectrum, unchanged, unchanged, None))
def ifftn(bar, a, *, s=None, axes=None, norm=None):
    axes = transformed_axes(a.ndim, s, axes)
    return fitted(np.fft.ifftn(bar, axes=axes, **options(norm=norm)), a, axes, given(s))


@linear(np.fft.rfftn, infer=infer_transforms(spectrum, half, unchanged, None))
def rfftn(bar, a, *, s=None, axes=None, norm=None):
    axes = transformed_axes(a.ndim, s, axes)
    cut = given(s) or (None,) * len(axes)
    lengths = tuple(a.shape[axis] if n is None else n for n, axis in zip(cut, axes, strict=True))
    return fitted(np.real(np.fft.fftn(bar, lengths, axes, **options(norm=norm))), a, axes, cut)


@linear(np.fft.irfftn, infer=infer_transforms(signal, unchanged, doubled, None))
def irfftn(bar, a, *, s=None, axes=None, norm=None):
    axes = transformed_axes(a.ndim, s, axes)
    once = np.conj(np.fft.rfftn(bar, axes=axes, norm=INVERSE[norm]))
    cut = given(s)
    if cut and cut[-1] is not None:
        cut = (*cut[:-1], once.shape[axes[-1]])
    return fitted(counted_twice(once, axes[-1], bar.shape[axes[-1]]), a, axes, cut)


@linear(np.fft.fft2, infer=infer_transforms(spectrum, unchanged, unchanged, (-2, -1)))
def fft2(bar, a, *, s=None, axes=(-2, -1), norm=None):
    return fftn(bar, a, s=s, axes=axes, norm=norm)


@linear(np.fft.ifft2, infer=infer_transforms(spectrum, unchanged, unchanged, (-2, -1)))
def ifft2(bar, a, *, s=None, axes=(-2, -1), norm=None):
    return ifftn(bar, a, s=s, axes=axes, norm=norm)


@linear(np.fft.rfft2, infer=infer_transforms(spectrum, half, unchanged, (-2, -1)))
def rfft2(bar, a, *, s=None, axes=(-2, -1), norm=None):
    return rfftn(bar, a, s=s, axes=axes, norm=norm)


@linear(np.fft.irfft2, infer=infer_transforms(signal, unchanged, doubled, (-2, -1)))
def irfft2(bar, a, *, s=None, axes=(-2, -1), norm=None):
    return irfftn(bar, a, s=s, axes=axes, norm=norm)


# ---- the order of frequencies


@linear(np.fft.fftshift, infer=same_shape)
def fftshift(bar, x, *, axes=None):
    return np.fft.ifftshift(bar, axes)


@linear(np.fft.ifftshift, infer=same_shape)
def ifftshift(bar, x, *, axes=None):
    return np.fft.fftshift(bar, axes)


def infer_frequencies(last):
    return lambda inputs, attrs: ArrayType("float64", (last(dim_of(inputs[0])),))


@jvp_rule(np.fft.fftfreq, infer=infer_frequencies(unchanged), signature=filled("n, d=1.0, device=None"))
@jvp_rule(np.fft.rfftfreq, infer=infer_frequencies(half), signature=filled("n, d=1.0, device=None"))
def frequencies(n_dot, d_dot, n, d, *, out):
    """k / (n d)"""
    return -out / d * d_dot
