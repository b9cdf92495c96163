"""`scipy.integrate`: integrals of samples. Those of functions (`quad`, `solve_ivp`) are not differentiated."""

import numpy as np
from scipy import integrate

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules import reduce
from adjoint.rules.infer import array_type, dim_of, infer_reduction, normal_axes, result_dtype
from adjoint.rules.internal import traceable
from adjoint.rules.join import absent
from adjoint.rules.lengths import shortened
from adjoint.rules.reduce import part, steps
from adjoint.rules.registry import jvp_rule, linear, nondifferentiable
from adjoint.rules.scipy.forms import operands_first
from adjoint.rules.trace import ZERO
from adjoint.runtime import integrals

simpson_weights = traceable(integrals.simpson_weights)


def halved(y):
    return y * 0.5


def infer_integral(inputs, attrs):
    return infer_reduction(halved)(inputs[:1], {"axis": attrs.get("axis", -1)})


@operands_first(integrate.trapezoid, "y, x=None, dx=1.0, axis=-1")
def trapezoid(y, x=None, **options):
    return (y,), {"x": x, **options}


@jvp_rule(trapezoid, integrate.trapezoid, infer=infer_integral, signature=trapezoid.parameters)
def trapezoid_tangent(y_dot, x_dot, y, x, *, dx=1.0, axis=-1):
    if x is None:
        return reduce.trapezoid(y_dot, y, dx=dx, axis=axis)
    return reduce.trapezoid(y_dot, x_dot, y, x, axis=axis)


def infer_running(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN
    (axis,) = normal_axes(attrs.get("axis", -1), len(type_.shape))
    dims = list(type_.shape)
    if attrs.get("initial") is None:
        dims[axis] = shortened(dims[axis], 1)
    return array_type(result_dtype(halved, type_, {}), tuple(dims))


@operands_first(integrate.cumulative_trapezoid, "y, x=None, dx=1.0, axis=-1, initial=None")
def cumulative_trapezoid(y, x=None, **options):
    return (y,), {"x": x, **options}


@jvp_rule(
    cumulative_trapezoid, integrate.cumulative_trapezoid, infer=infer_running,
    signature=cumulative_trapezoid.parameters,
)  # fmt: skip
def cumulative_trapezoid_tangent(y_dot, x_dot, y, x, *, dx=1.0, axis=-1, initial=None):
    areas = middles(y_dot, axis) * (dx if x is None else steps(x, y, axis))
    if not absent(x_dot):
        areas = areas + middles(y, axis) * steps(x_dot, y, axis)
    total = np.cumsum(areas, axis=axis)
    return total if initial is None else np.concatenate([np.zeros_like(part(y, axis, slice(0, 1))), total], axis=axis)


def middles(y, axis):
    return ZERO if absent(y) else 0.5 * (part(y, axis, slice(1, None)) + part(y, axis, slice(None, -1)))


# ---- Simpson's rule


def infer_weights(inputs, attrs):
    return array_type("float64", (dim_of(inputs[0]),))


nondifferentiable(simpson_weights, infer=infer_weights)


def infer_simpson(inputs, attrs):
    """Of an even number of samples SciPy gives float64."""
    type_ = infer_integral(inputs, attrs)
    return array_type(type_.dtype if type_.dtype == "float64" else None, type_.shape)


@linear(integrate.simpson, infer=infer_simpson, signature="y, x=None, *, dx=1.0, axis=-1")
def simpson(bar, y, *, dx=1.0, axis=-1):
    weights = dx * simpson_weights(y.shape[axis])
    if y.ndim == 1:
        return bar * weights
    shape = [1] * y.ndim
    shape[axis] = -1
    return np.expand_dims(bar, axis) * np.reshape(weights, tuple(shape))
