"""Arrays made from numbers: constants, fills, ranges.

Shapes and counts are static attributes that may hold run-time numbers.
"""

import math

import numpy as np

from adjoint.ir.core import Literal, Slot
from adjoint.ir.types import UNKNOWN, ArrayType, broadcast_shapes, sample
from adjoint.rules.calls import arranged, said
from adjoint.rules.infer import dim_of, fresh_length, shape_of
from adjoint.rules.internal import broadcast_like
from adjoint.rules.registry import jvp_rule, linear, nondifferentiable
from adjoint.rules.special import bessel_i
from adjoint.rules.trace import ZERO


def given_dtype(attrs, default="float64"):
    dtype = attrs.get("dtype")
    return default if dtype is None else None if isinstance(dtype, Slot) else np.dtype(dtype).name


def filled(dtype, shape):
    return ArrayType(dtype, shape, "any" if shape is None else "array")


# ---- constants


def infer_filled(inputs, attrs):
    return filled(given_dtype(attrs), shape_of(attrs["shape"], inputs))


def infer_like(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    shape = type_.shape if attrs.get("shape") is None else shape_of(attrs["shape"], inputs)
    return filled(given_dtype(attrs, type_.dtype), shape)


def infer_eye(inputs, attrs):
    rows = attrs["N"]
    columns = rows if attrs.get("M") is None else attrs["M"]
    return filled(given_dtype(attrs), shape_of((rows, columns), inputs))


def infer_identity(inputs, attrs):
    return filled(given_dtype(attrs), shape_of((attrs["n"], attrs["n"]), inputs))


def infer_indices(inputs, attrs):
    shape = shape_of(attrs["dimensions"], inputs)
    return filled(given_dtype(attrs, "int64"), None if shape is None else (len(shape), *shape))


nondifferentiable(np.zeros, np.ones, np.empty, infer=infer_filled, signature="shape, dtype=None, order='C'", operands=0)
nondifferentiable(np.zeros_like, np.ones_like, np.empty_like, infer=infer_like, operands=1)
nondifferentiable(np.eye, infer=infer_eye, signature="N, M=None, k=0, dtype=None, order='C'", operands=0)
nondifferentiable(np.tri, infer=infer_eye, signature="N, M=None, k=0, dtype=None", operands=0)
nondifferentiable(np.identity, infer=infer_identity, signature="n, dtype=None", operands=0)
nondifferentiable(np.indices, infer=infer_indices, signature="dimensions, dtype=None", operands=0)

# ---- fills: linear in the value


def full_operands(shape, fill_value, dtype=None, order="C"):
    return [fill_value], {"shape": shape, "dtype": dtype, "order": order}


@arranged(np.full, full_operands)
def full_arguments(fill_value, *, shape=None, dtype=None, order="C"):
    return (shape, fill_value), said({"dtype": dtype, "order": None if order == "C" else order})


def infer_full(inputs, attrs):
    type_ = inputs[0].type
    default = type_.dtype if isinstance(type_, ArrayType) else None
    return filled(given_dtype(attrs, default), shape_of(attrs["shape"], inputs))


@linear(full_arguments, np.full, infer=infer_full, signature=full_arguments.parameters)
def full(bar, fill_value, *, shape, dtype=None, order="C"):
    return bar  # summed to the shape of the value where it is accumulated


@linear(np.full_like, infer=infer_like, wrt=(1,))
def full_like(bar, a, fill_value, *, dtype=None):
    return bar


# ---- ranges


def infer_arange(inputs, attrs):
    """The length is known for literals, and for `np.arange(n)`."""
    types = [atom.type for atom in inputs]
    known = all(isinstance(t, ArrayType) and t.dtype is not None for t in types)
    dtype = given_dtype(attrs, np.result_type(np.int64, *(t.dtype for t in types)).name if known else None)
    values = [atom.value for atom in inputs if isinstance(atom, Literal)]
    if len(values) == len(inputs):
        return ArrayType(dtype, (len(np.arange(*values)),))
    if len(inputs) == 1 and dtype == "int64":
        return ArrayType(dtype, shape_of(Slot(0), inputs))
    return ArrayType(dtype, (fresh_length("range"),))


@jvp_rule(np.arange, infer=infer_arange, signature="*args, dtype=None")
def arange(*args, out, dtype=None):
    """start + k * step: its numbers move with the start and the step; their count is a constant."""
    dots = args[: len(args) // 2]
    if len(dots) == 1:
        return ZERO
    if len(dots) == 2:
        return broadcast_like(dots[0], out)
    return dots[0] + dots[2] * (np.cumsum(np.ones_like(out)) - 1)


def infer_range(fun):
    """`num` numbers, along a new first axis, between ends that broadcast against each other."""

    def infer(inputs, attrs):
        ends = [atom.type for atom in inputs[:2]]
        if attrs.get("retstep") or attrs.get("axis"):
            raise TypeError("the rules of ranges know neither `retstep` nor an axis other than 0")
        if not all(isinstance(t, ArrayType) for t in ends):
            return UNKNOWN
        shape = broadcast_shapes(*(t.shape for t in ends))
        known = all(t.dtype is not None for t in ends)
        dtype = given_dtype(attrs, fun(*map(sample, ends), num=2).dtype.name if known else None)
        return filled(dtype, None if shape is None else (*shape_of(attrs.get("num", 50), inputs), *shape))

    return infer


@linear(np.linspace, infer=infer_range(np.linspace))
def linspace(bar, start, stop, *, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    weights = fractions(start, stop, num, endpoint)
    return np.sum(bar * (1 - weights), axis=0), np.sum(bar * weights, axis=0)


def fractions(start, stop, num, endpoint):
    """How far each number of a range lies from `start` to `stop`."""
    return np.linspace(0.0 * start * stop, 1.0, num, endpoint)


@jvp_rule(np.logspace, infer=infer_range(np.logspace))
def logspace(  # noqa: PLR0913  # the parameters of the function
    start_dot, stop_dot, start, stop, *, out, num=50, endpoint=True, base=10.0, dtype=None, axis=0
):
    weights = fractions(start, stop, num, endpoint)
    return math.log(base) * out * ((1 - weights) * start_dot + weights * stop_dot)


@jvp_rule(np.geomspace, infer=infer_range(np.geomspace))
def geomspace(  # noqa: PLR0913  # the parameters of the function
    start_dot, stop_dot, start, stop, *, out, num=50, endpoint=True, dtype=None, axis=0
):
    weights = fractions(start, stop, num, endpoint)
    return out * ((1 - weights) * (start_dot / start) + weights * (stop_dot / stop))


# ---- windows


def infer_kaiser(inputs, attrs):
    return ArrayType("float64", (dim_of(inputs[0]),))


@jvp_rule(np.kaiser, infer=infer_kaiser)
def kaiser(count_dot, beta_dot, M, beta, *, out):
    """i0(beta w) / i0(beta), with w a half circle over the window."""
    middle = (M - 1) / 2
    place = (np.arange(M, like=out) - middle) / middle
    arc = np.sqrt(1 - place * place)
    return (arc * bessel_i(beta * arc, order=1) - out * bessel_i(beta, order=1)) / bessel_i(beta, order=0) * beta_dot
