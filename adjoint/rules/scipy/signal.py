"""`scipy.signal`: convolutions in any number of dimensions, and linear filters."""

import numpy as np
from scipy import linalg, signal

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import symbolic
from adjoint.rules.infer import array_type
from adjoint.rules.join import absent
from adjoint.rules.lengths import named, shortened, strong_dtype, sum_of_lengths
from adjoint.rules.registry import bilinear, jvp_rule, linear, vjp_rule
from adjoint.rules.scipy.forms import Refused
from adjoint.rules.trace import ZERO

# ---- convolutions


def infer_convolved(inputs, attrs):
    a, b = inputs[0].type, inputs[1].type
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        return UNKNOWN
    dtype, mode = strong_dtype((a, b)), attrs.get("mode", "full")
    if mode == "same" and a.shape is not None:
        return array_type(dtype, a.shape)
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return array_type(dtype, None)
    return array_type(dtype, tuple(convolved_length(n, m, mode) for n, m in zip(a.shape, b.shape, strict=True)))


def convolved_length(n, m, mode):
    if mode == "full":
        return shortened(sum_of_lengths((n, m)), 1)
    if isinstance(n, int) and isinstance(m, int):
        return abs(n - m) + 1
    return named("convolved({},{},{})", n, m, mode)


def uncut(bar, a, b, mode, late=False):
    """The cotangent of the full convolution, of which `same` and `valid` keep the middle.

    Where what is left out cannot be halved, one more is left out at the end, or with `late` at the start.
    """
    if mode == "full":
        return bar
    widths = []
    for n, m in zip(a.shape, b.shape, strict=True):
        if mode == "same":
            start = m // 2 if late else (m - 1) // 2
            widths.append((start, m - 1 - start))
        else:
            start = np.minimum(n, m) - 1
            widths.append((start, start))
    return np.pad(bar, tuple(widths))


def convolution(fun, parameters):
    """Enter the rule of a convolution: each operand's cotangent is the correlation of the result's with the other."""
    traced = symbolic(fun)

    def transposes(bar, a, b, mode, options):
        whole = uncut(bar, a, b, mode)
        return (
            traced(whole, np.flip(b), mode="valid", **options),
            traced(whole, np.flip(a), mode="valid", **options),
        )

    declare = bilinear(fun, infer=infer_convolved, signature=parameters)
    if "method" in parameters:

        @declare
        def with_method(bar, a, b, *, mode="full", method="auto"):
            return transposes(bar, a, b, mode, {"method": method})

    else:

        @declare
        def without_method(bar, a, b, *, mode="full"):
            return transposes(bar, a, b, mode, {})

    return traced


def correlation(fun, convolved, parameters):
    """Enter the rule of a correlation, the convolution with the second operand backwards; for real numbers."""

    def transposes(bar, a, b, mode, options):
        if is_complex(a) or is_complex(b):
            return Refused(fun, "complex numbers"), Refused(fun, "complex numbers")
        whole = uncut(bar, a, b, mode, late=fun is signal.correlate2d)
        return (
            convolved(whole, b, mode="valid", **options),
            np.flip(convolved(whole, np.flip(a), mode="valid", **options)),
        )

    declare = bilinear(fun, infer=infer_convolved, signature=parameters)
    if "method" in parameters:

        @declare
        def with_method(bar, a, b, *, mode="full", method="auto"):
            return transposes(bar, a, b, mode, {"method": method})

    else:

        @declare
        def without_method(bar, a, b, *, mode="full"):
            return transposes(bar, a, b, mode, {})


convolve = convolution(signal.convolve, "in1, in2, mode='full', method='auto'")
convolution(signal.fftconvolve, "in1, in2, mode='full', axes=None")
convolution(signal.oaconvolve, "in1, in2, mode='full', axes=None")
convolve2d = convolution(signal.convolve2d, "in1, in2, mode='full', boundary='fill', fillvalue=0")
correlation(signal.correlate, convolve, "in1, in2, mode='full', method='auto'")
correlation(signal.correlate2d, convolve2d, "in1, in2, mode='full', boundary='fill', fillvalue=0")

# ---- filters

lfilter, sosfilt = symbolic(signal.lfilter), symbolic(signal.sosfilt)
toeplitz = symbolic(linalg.toeplitz)


def infer_filtered(inputs, attrs):
    types = [atom.type for atom in inputs]
    if not all(isinstance(type_, ArrayType) for type_ in types):
        return UNKNOWN
    return array_type(strong_dtype(types), types[-1].shape)


def delays(x, taps):
    """The matrix whose columns are `x`, delayed by 0, 1, ...: one column for each tap."""
    return toeplitz(x, np.zeros_like(taps))


def refuse_taps_of_many(x):
    if x.ndim != 1:
        Refused(signal.lfilter, "its coefficients where it filters more than one signal").refuse(x)


@jvp_rule(signal.lfilter, infer=infer_filtered, signature="b, a, x, axis=-1, zi=None")
def lfilter_tangent(b_dot, a_dot, x_dot, b, a, x, *, out, axis=-1):  # tangents, operands, options
    """Of sum_k a[k] y[n - k] = sum_k b[k] x[n - k]."""
    total = ZERO if absent(x_dot) else lfilter(b, a, x_dot, axis=axis)
    one = np.ones_like(a[:1])
    if not absent(b_dot):
        total = total + lfilter(one, a, lfilter(b_dot, one, x, axis=axis), axis=axis)
    if not absent(a_dot):
        total = total - lfilter(one, a, lfilter(a_dot, one, out, axis=axis), axis=axis)
    return total


@vjp_rule(signal.lfilter)
def lfilter_cotangents(bar, b, a, x, *, out, axis=-1):
    def backwards(numerator):
        return np.flip(lfilter(numerator, a, np.flip(bar, axis), axis=axis), axis)

    if x.ndim != 1:
        taps = Refused(signal.lfilter, "its coefficients where it filters more than one signal")
        return taps, taps, backwards(b)
    u = backwards(np.ones_like(a[:1]))
    return u @ delays(x, b), -(u @ delays(out, a)), backwards(b)


@jvp_rule(signal.sosfilt, infer=infer_filtered, signature="sos, x, axis=-1, zi=None")
def sosfilt_tangent(sos_dot, x_dot, sos, x, *, axis=-1):
    if not absent(sos_dot):
        Refused(signal.sosfilt, "its sections").refuse(sos)
    return sosfilt(sos, x_dot, axis=axis)


@vjp_rule(signal.sosfilt)
def sosfilt_cotangents(bar, sos, x, *, axis=-1):
    return Refused(signal.sosfilt, "its sections"), np.flip(sosfilt(sos, np.flip(bar, axis), axis=axis), axis)


detrend = symbolic(signal.detrend)


@linear(signal.detrend, infer=infer_filtered, signature="data, axis=-1, type='linear', bp=0, overwrite_data=False")
def detrend_transposed(bar, data, *, axis=-1, type="linear", bp=0):
    return detrend(bar, axis=axis, type=type, bp=bp)  # an orthogonal projection
