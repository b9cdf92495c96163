"""Methods of ufuncs: `outer` is the ufunc on operands with axes of their own, `reduceat` sums slices."""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.infer import array_type, as_numpy, elementwise_types, normal_axes
from adjoint.rules.internal import add_at
from adjoint.rules.join import rank
from adjoint.rules.registry import RULES, jvp_rule, linear, nondifferentiable, primitive_of
from adjoint.rules.trace import ZERO, Zero

# ---- outer


def infer_outer(fun):
    def infer(inputs, attrs):
        a, b = inputs[0].type, inputs[1].type
        if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
            return UNKNOWN
        (type_,) = elementwise_types(fun, (as_numpy(a), as_numpy(b)))  # np.add.outer makes arrays of numbers
        return array_type(type_.dtype, None if a.shape is None or b.shape is None else (*a.shape, *b.shape))

    return infer


def declare_outer(fun):
    partials = RULES[primitive_of(fun)].body
    reads_out = "out" in partials.__code__.co_varnames

    @jvp_rule(fun.outer, infer=infer_outer(fun), signature="a, b")
    def outer(a_dot, b_dot, a, b, *, out):
        a, a_dot = with_axes(a, rank(b)), with_axes(a_dot, rank(b))
        by_a, by_b = partials(a, b, out=out) if reads_out else partials(a, b)
        return moved(by_a, a_dot, by_b, b_dot)


def with_axes(x, behind):
    """`x` with more axes at the end, where it has any."""
    return np.expand_dims(x, tuple(range(rank(x), rank(x) + behind))) if behind and rank(x) else x


def moved(by_a, a_dot, by_b, b_dot):
    return times(by_a, a_dot) + times(by_b, b_dot)


def times(partial, dot):
    """A product, without one by a literal 1, 0 or -1."""
    if isinstance(dot, Zero) or (isinstance(partial, int) and partial == 0):
        return ZERO
    return dot if isinstance(partial, int) and partial == 1 else -dot if isinstance(partial, int) else partial * dot


for _fun in (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.maximum, np.minimum, np.fmax, np.fmin,
    np.remainder, np.fmod, np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign, np.heaviside,
):  # fmt: skip
    declare_outer(_fun)
for _fun in (  # type: ignore[assignment]  # ufuncs of other types
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.logical_and, np.logical_or,
    np.logical_xor, np.floor_divide,
):  # fmt: skip
    nondifferentiable(_fun.outer, infer=infer_outer(_fun), signature="a, b")


# ---- sums of slices


def infer_reduceat(inputs, attrs):
    type_, indices = inputs[0].type, inputs[1].type
    if not isinstance(type_, ArrayType) or not isinstance(indices, ArrayType) or type_.shape is None:
        return UNKNOWN
    (axis,) = normal_axes(attrs.get("axis", 0), len(type_.shape))
    return ArrayType(type_.dtype, (*type_.shape[:axis], indices.shape[0], *type_.shape[axis + 1 :]))


@linear(
    np.add.reduceat, infer=infer_reduceat, wrt=(0,), signature="array, indices, axis=0, dtype=None, out=None"
)
def add_reduceat(bar, array, indices, *, axis=0):
    """Slice k is that from index k to the next, or a single number where the next is not larger."""
    axis %= array.ndim
    following = np.concatenate([indices[1:], np.reshape(array.shape[axis], (1,))])
    lengths = np.maximum(following - indices, 1)
    which = np.repeat(np.arange(indices.shape[0], like=bar), lengths)
    places = np.arange(np.sum(lengths), like=bar) + np.repeat(indices - np.cumsum(lengths) + lengths, lengths)
    whole = (slice(None),) * axis
    return add_at(np.zeros_like(array), bar[(*whole, which)], index=(*whole, places))
