"""What has the derivative zero wherever it has one.

Where a result would depend smoothly on an operand (`np.bincount` with weights, the values of `np.unique`) there
is no declaration here, or the type rule refuses: a zero must never be wrong.
"""

import math
import operator

import numpy as np

from adjoint.ir.types import PY_BOOL, PY_INT, SHAPE, UNKNOWN, ArrayType, is_complex
from adjoint.rules.infer import (
    array_type,
    dim_of,
    fresh_length,
    gives,
    infer_elementwise,
    infer_reduction,
    infer_scan,
    reduced_shape,
    same,
    static_argument,
)
from adjoint.rules.registry import nondifferentiable

# ---- rounding and signs


def infer_sign(inputs, attrs):
    type_ = same(inputs, attrs)
    if is_complex(type_):
        raise TypeError("the sign of a complex number has a derivative that no rule declares: divide by np.abs")
    return type_


def infer_round(inputs, attrs):
    """`round(x)` is an int, `round(x, n)` a number of the class of `x`."""
    digits = static_argument(inputs, attrs, 1, "ndigits")
    return PY_INT if digits is None else inputs[0].type


nondifferentiable(np.sign, infer=infer_sign)
nondifferentiable(np.round, np.around, np.fix, infer=same)
nondifferentiable(round, infer=infer_round)
nondifferentiable(math.floor, math.ceil, math.trunc, infer=gives(PY_INT))
for _fun in (np.floor, np.ceil, np.trunc, np.rint, np.signbit, np.floor_divide, operator.floordiv):
    nondifferentiable(_fun, infer=infer_elementwise(_fun))

# ---- comparisons, predicates, logic, bits


def infer_comparison(fun):
    """Numbers compare elementwise; other objects (strings, shapes) give a bool."""
    infer = infer_elementwise(fun)

    def infer_objects(inputs, attrs):
        return infer(inputs, attrs) if all(isinstance(a.type, ArrayType) for a in inputs) else PY_BOOL

    return infer_objects


for _fun in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
    nondifferentiable(_fun, infer=infer_comparison(_fun))
for _fun in (  # type: ignore[assignment]  # ufuncs of several arities
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.isnan, np.isfinite, np.isinf, np.isneginf, np.isposinf, np.isclose, np.iscomplex, np.isreal,
    operator.and_, operator.or_, operator.xor, operator.invert, operator.lshift, operator.rshift,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift,
):  # fmt: skip
    nondifferentiable(_fun, infer=infer_elementwise(_fun))
nondifferentiable(
    np.allclose, np.array_equal, np.array_equiv, np.iscomplexobj, np.isrealobj, np.isscalar,
    operator.is_, operator.is_not, operator.contains,
    math.isnan, math.isfinite, math.isinf, math.isclose,
    infer=gives(PY_BOOL),
)  # fmt: skip
nondifferentiable(
    math.comb, math.factorial, math.gcd, math.isqrt, math.lcm, math.perm, operator.index,
    infer=gives(PY_INT),
)  # fmt: skip

# ---- facts about arrays


nondifferentiable(np.shape, infer=gives(SHAPE))
nondifferentiable(np.ndim, np.size, infer=gives(PY_INT))

# ---- positions and counts


def infer_diagonal_of(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        raise TypeError("the rank of the array is not known")
    return (ArrayType("int64", (type_.shape[0],)),) * len(type_.shape)


def infer_count_nonzero(inputs, attrs):
    type_ = inputs[0].type
    axis = static_argument(inputs, attrs, 1, "axis")
    if axis is None and not attrs.get("keepdims", False):
        return PY_INT
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    return array_type("int64", reduced_shape(type_.shape, axis, keepdims=attrs.get("keepdims", False)))


def infer_argsort(inputs, attrs):
    if static_argument(inputs, attrs, 1, "axis", -1) is None:
        return infer_scan(np.argsort)(inputs, attrs)
    return infer_scan(np.argsort, -1)(inputs, attrs)


def infer_argpartition(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or static_argument(inputs, attrs, 2, "axis", -1) is None:
        return array_type("int64", (fresh_length(),))
    return array_type("int64", type_.shape)


def infer_triangle(inputs, attrs):
    """Rows and columns of the entries of a triangle, or of the diagonal, of a matrix."""
    length = fresh_length("entries")
    return ArrayType("int64", (length,)), ArrayType("int64", (length,))


def infer_nonzero(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        raise TypeError("the rank of the array is not known")
    length = fresh_length("found")
    return (ArrayType("int64", (length,)),) * len(type_.shape)


def infer_argwhere(inputs, attrs):
    type_ = inputs[0].type
    rank = len(type_.shape) if isinstance(type_, ArrayType) and type_.shape is not None else fresh_length()
    return ArrayType("int64", (fresh_length("found"), rank))


def infer_searchsorted(inputs, attrs):
    wanted = inputs[1].type
    return array_type("int64", wanted.shape) if isinstance(wanted, ArrayType) else UNKNOWN


def infer_digitize(inputs, attrs):
    type_ = inputs[0].type
    return array_type("int64", type_.shape) if isinstance(type_, ArrayType) else UNKNOWN


for _fun in (np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.any, np.all, np.logical_and.reduce):
    nondifferentiable(_fun, infer=infer_reduction(_fun))
nondifferentiable(np.argsort, infer=infer_argsort)
nondifferentiable(np.argpartition, infer=infer_argpartition)
nondifferentiable(np.count_nonzero, infer=infer_count_nonzero)
nondifferentiable(np.nonzero, infer=infer_nonzero)
nondifferentiable(np.tril_indices, np.triu_indices, infer=infer_triangle, signature="n, k=0, m=None", operands=0)
nondifferentiable(np.diag_indices, infer=infer_triangle, signature="n", operands=0)
nondifferentiable(np.tril_indices_from, np.triu_indices_from, infer=infer_triangle, signature="arr, k=0", operands=1)
nondifferentiable(np.diag_indices_from, infer=infer_diagonal_of)
nondifferentiable(np.flatnonzero, infer=lambda inputs, attrs: ArrayType("int64", (fresh_length("found"),)))
nondifferentiable(np.argwhere, infer=infer_argwhere)
nondifferentiable(np.searchsorted, infer=infer_searchsorted)
nondifferentiable(np.digitize, infer=infer_digitize)


# ---- orders, counts, grids


def infer_lexsort(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN
    return array_type("int64", type_.shape[1:])


def infer_grids(inputs, attrs):
    """`np.ix_`: the places that each index means, along an axis of its own."""
    if not all(isinstance(atom.type, ArrayType) for atom in inputs):
        return (UNKNOWN,) * len(inputs)
    if any(atom.type.dtype not in ("int64", "bool") for atom in inputs):
        raise TypeError("indices are integers or truth values")
    count = len(inputs)
    return tuple(
        ArrayType("int64", (1,) * k + (atom.type.shape[0] if atom.type.dtype == "int64" else fresh_length("found"),)
                  + (1,) * (count - k - 1))
        for k, atom in enumerate(inputs)
    )  # fmt: skip


def infer_window(inputs, attrs):
    return ArrayType("float64", (dim_of(inputs[0]),))


nondifferentiable(np.lexsort, infer=infer_lexsort, signature="keys, axis=-1")
nondifferentiable(np.ix_, infer=infer_grids)
nondifferentiable(np.spacing, infer=infer_elementwise(np.spacing))
nondifferentiable(np.bartlett, np.blackman, np.hamming, np.hanning, infer=infer_window)
nondifferentiable(np.isin, infer=lambda inputs, attrs: array_type("bool", getattr(inputs[0].type, "shape", None)))
for _fun in (np.gcd, np.lcm, np.bitwise_count):
    nondifferentiable(_fun, infer=infer_elementwise(_fun))
