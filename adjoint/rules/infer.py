"""Type rules: from the types of the operands and the static arguments to the type of the result.

A type rule is called as `infer(inputs, attrs)` with the atoms of the op and gives a `Type` (or a tuple
of them for several results). Dtypes are asked of NumPy itself, by a call on scalars.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, reduce
from itertools import count
from typing import Any

import numpy as np

from adjoint.ir.affine import SIGNED, Form, as_dim, form_of, plus, product, quotient
from adjoint.ir.bounds import is_cut_at_hand, is_uncut, note_range
from adjoint.ir.core import Atom, Literal, Slot, Value
from adjoint.ir.types import (
    PY_FLOAT,
    PY_INT,
    UNKNOWN,
    ArrayType,
    Dim,
    Shape,
    Symbol,
    Type,
    broadcast_shapes,
    known_not_one,
    sample,
    scalar_kind,
)
from adjoint.ir.walk import map_attribute

NO_VALUE = np._NoValue  # noqa: SLF001  # the default of `keepdims`, which has no public name
Infer = Callable[[Sequence[Atom], Mapping[str, Any]], Any]


def gives(type_: Any) -> Infer:
    """A type rule that gives the same type whatever the operands are."""
    return lambda inputs, attrs: type_


def same(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
    """The type of the first operand, as a NumPy array or scalar."""
    return as_numpy(inputs[0].type)


def as_numpy(type_: Type) -> Type:
    """What NumPy functions make of an operand: Python scalars become NumPy scalars."""
    if isinstance(type_, ArrayType) and type_.shape == ():
        return ArrayType(type_.dtype, (), "np")
    return type_


def array_type(dtype: str | None, shape: tuple[Any, ...] | None, *, scalar_kind: str = "np") -> ArrayType:
    """An array type; rank 0 becomes a NumPy scalar, as results of NumPy functions do."""
    if shape is None:
        return ArrayType(dtype, None, "any")
    return ArrayType(dtype, shape, scalar_kind if shape == () else "array")


def static_argument(
    inputs: Sequence[Atom], attrs: Mapping[str, Any], position: int, name: str, default: Any = None
) -> Any:
    """An argument that may be an input (of a function without operands) or an attribute; a run-time one is a Slot."""
    if name in attrs:
        return attrs[name]
    slots: set[int] = set()
    for item in attrs.values():
        map_attribute(item, lambda slot: slots.add(slot.index))
    if len(inputs) <= position or position in slots:
        return default
    atom = inputs[position]
    return atom.value if isinstance(atom, Literal) else Slot(position)


# ---- elementwise functions


def infer_elementwise(fun: Callable[..., Any]) -> Infer:
    """Broadcast shapes; the dtype (and whether scalars stay Python scalars) is what `fun` gives on scalars."""
    if getattr(fun, "__module__", None) == "math":
        return gives(PY_FLOAT)

    def infer(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Any:
        types = [atom.type for atom in inputs]
        for type_ in types:
            if not isinstance(type_, ArrayType):
                return UNKNOWN
        results = elementwise_types(fun, types)  # type: ignore[arg-type]  # all of them are
        return results if len(results) > 1 else results[0]

    return infer


def elementwise_types(fun: Callable[..., Any], arrays: Sequence[ArrayType]) -> tuple[ArrayType, ...]:
    """The types of the results of `fun` on operands of these types, broadcast against each other."""
    shape = broadcast_shapes(*[t.shape for t in arrays])
    operands = tuple([(t.dtype, "any" if t.shape is None else t.kind if t.shape == () else "array") for t in arrays])
    return tuple([array_type(dtype, shape, scalar_kind=kind) for dtype, kind in _probe(fun, operands)])


@cache
def _probe(
    fun: Callable[..., Any], operands: tuple[tuple[str | None, str], ...]
) -> tuple[tuple[str | None, str], ...]:
    """Dtype and scalar kind of the results of `fun` on operands of these dtypes and kinds, asked of `fun` itself."""
    types = tuple(ArrayType(dtype, (), kind) for dtype, kind in operands)
    kind = scalar_kind(types)
    module = str(getattr(fun, "__module__", None)).partition(".")[0]
    if not isinstance(fun, np.ufunc) and module not in ("_operator", "builtins", "numpy"):
        if any(t.dtype is None for t in types):
            return ((None, "any"),)
        # a user's function is not run at compile time: floats give floats
        return ((np.result_type(np.float32, *map(sample, types)).name if kind != "py" else "float64", "any"),)
    results = _run(fun, tuple(ArrayType(t.dtype or "float64", (), t.kind) for t in types))
    if any(t.dtype is None for t in types):
        return tuple((None if dtype != "bool" else dtype, kind) for dtype, kind in results)
    if kind == "any" or any(t.kind == "any" for t in types):
        # a Python scalar would be weak in promotion where a NumPy scalar is not: say so if that matters
        weak = _run(fun, tuple(replace(t, kind="py") if t.kind == "any" and _is_python(t) else t for t in types))
        return tuple(
            (a if a == b else None, kind_a if kind_a == kind_b else "any")
            for (a, kind_a), (b, kind_b) in zip(results, weak, strict=True)
        )
    return results


def _is_python(type_: ArrayType) -> bool:
    return type_.dtype in ("float64", "int64", "bool", "complex128")


def _run(fun: Callable[..., Any], types: Sequence[ArrayType]) -> tuple[tuple[str, str], ...]:
    with np.errstate(all="ignore"):
        result = fun(*map(sample, types))
    return tuple(map(_dtype_and_kind, result if isinstance(result, tuple) else (result,)))


def _dtype_and_kind(result: Any) -> tuple[str, str]:
    if isinstance(result, np.ndarray):
        return result.dtype.name, "array"
    if isinstance(result, np.generic):
        return result.dtype.name, "np"
    return np.asarray(result).dtype.name, "py"


# ---- reductions and scans


def infer_reduction(fun: Callable[..., Any], default_axis: Any = None) -> Infer:
    """One number for each position along the axes that stay."""

    def infer(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return UNKNOWN
        axis = static_argument(inputs, attrs, 1, "axis", default_axis)
        shape = reduced_shape(type_.shape, axis, keepdims=attrs.get("keepdims", False))
        return array_type(result_dtype(fun, type_, attrs), shape)

    return infer


def infer_scan(fun: Callable[..., Any], default_axis: Any = None) -> Infer:
    """The shape of the operand; without an axis, one axis with all of its numbers."""

    def infer(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
        type_ = inputs[0].type
        if not isinstance(type_, ArrayType):
            return UNKNOWN
        axis = static_argument(inputs, attrs, 1, "axis", default_axis)
        shape = (total_length(type_.shape),) if axis is None else type_.shape
        return array_type(result_dtype(fun, type_, attrs), shape)

    return infer


def result_dtype(fun: Callable[..., Any], type_: ArrayType, attrs: Mapping[str, Any]) -> str | None:
    """The dtype that a reduction or scan gives, or is told to give by `dtype=`."""
    dtype = attrs.get("dtype")
    if isinstance(dtype, Slot):
        return None
    return np.dtype(dtype).name if dtype is not None else _reduced_dtype(fun, type_.dtype)


@cache
def _reduced_dtype(fun: Callable[..., Any], dtype: str | None) -> str | None:
    return None if dtype is None else np.asarray(fun(np.ones(2, dtype))).dtype.name


def reduced_shape(shape: Shape | None, axis: Any, *, keepdims: Any = False) -> Shape | None:
    """The shape after reducing over `axis` (None: all axes; a Slot: an axis known only at run time)."""
    keepdims = False if keepdims is None or keepdims is NO_VALUE else keepdims
    if isinstance(keepdims, Slot):
        return None
    if axis is None and not keepdims:
        return ()
    if shape is None or isinstance(axis, Slot):
        return None
    axes = set(range(len(shape))) if axis is None else set(normal_axes(axis, len(shape)))
    if keepdims:
        return tuple(1 if k in axes else dim for k, dim in enumerate(shape))
    return tuple(dim for k, dim in enumerate(shape) if k not in axes)


def normal_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes as non-negative numbers; raises AxisError (a ValueError) for one that is out of range."""
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    for k in axes:
        if not -ndim <= k < ndim:
            raise np.exceptions.AxisError(int(k), ndim)
    return tuple(int(k) % ndim for k in axes)


# ---- lengths


_fresh = count()


def fresh_length(hint: str = "length") -> Symbol:
    """A length that only the run will tell, equal to no other."""
    return Symbol(f"{hint}#{next(_fresh)}")


def total_length(shape: Shape | None) -> Dim:
    """The number of numbers in an array."""
    if shape is None:
        return fresh_length("size")
    if len(shape) == 1:
        return shape[0]
    sizes = [dim for dim in shape if isinstance(dim, int)]
    if len(sizes) == len(shape) or 0 in sizes:
        return int(np.prod(sizes, dtype=int))
    total = as_dim(reduce(product, map(_uncut, shape)))
    return total if isinstance(total, int) else replace(total, not_one=any(map(known_not_one, shape)))


def _uncut(dim: Dim) -> Form:
    """The polynomial that a length is; one that may have been cut off at 0 stands for itself."""
    return form_of(dim) if isinstance(dim, int) or is_uncut(dim) else {f"({dim.name}{dim.offset:+d})": 1}


def dim_of(atom: Atom) -> Dim:
    """The length that a run-time integer stands for, the same for every use of that value."""
    if isinstance(atom, Literal):
        return int(atom.value)
    return length_symbol(atom) if atom.length is None else atom.length


def length_symbol(value: Value) -> Symbol:
    """A name for a run-time integer of which nothing is known."""
    value.length = found = Symbol(f"{value.hint or 'n'}{SIGNED}{next(_fresh)}")
    return found


def remember_length(value: Value, dim: Dim) -> None:
    """Record that a run-time integer is the length of a known axis (`n = x.shape[0]`)."""
    value.length = Symbol(f"max({dim},0)".replace("?", "")) if is_cut_at_hand(dim) else dim


def remember_arithmetic(value: Value, fun: Any, operands: Sequence[Atom]) -> None:
    """Name what is computed of integers, so that `x[i + 1:]` and `y[i + 1:]` are known to match."""
    if value.type != PY_INT or any(atom.type != PY_INT for atom in operands):
        return
    form = ARITHMETIC[fun](*map(_polynomial, operands))
    if form is not None and len(form) <= MOST_TERMS:
        value.length = as_dim(form)


ARITHMETIC: Mapping[Any, Callable[..., Form | None]] = {
    operator.add: plus,
    operator.sub: lambda first, second: plus(first, second, -1),
    operator.neg: lambda form: plus({}, form, -1),
    operator.mul: product,
    operator.floordiv: lambda form, by: quotient(form, by[""]) if set(by) == {""} and by[""] > 0 else None,
}
MOST_TERMS = 6


def remember_range(index: Value, start: Atom, stop: Atom, step: Atom) -> None:
    """Record between which numbers the index of a loop lies: slices with it may be known to lie in an array."""
    if not isinstance(step, Literal) or step.value == 0 or start.type != PY_INT or stop.type != PY_INT:
        return
    first, last = _polynomial(start), _polynomial(stop)
    if step.value > 0:
        note_range(dim_of(index), first, plus(last, {"": -1}))
    else:
        note_range(dim_of(index), plus(last, {"": 1}), first)


def _polynomial(atom: Atom) -> Form:
    return _uncut(dim_of(atom))


def shape_of(sizes: Any, inputs: Sequence[Atom]) -> Shape | None:
    """The shape that the argument `shape` of `np.zeros` means: an int, a tuple, or the shape of something."""
    if isinstance(sizes, (tuple, list)):
        return tuple(_length(size, inputs) for size in sizes)
    if isinstance(sizes, Slot):
        type_ = inputs[sizes.index].type
        if not isinstance(type_, ArrayType) or type_.shape != ():
            return None
    return (_length(sizes, inputs),)


def _length(size: Any, inputs: Sequence[Atom]) -> Dim:
    return dim_of(inputs[size.index]) if isinstance(size, Slot) else int(size)
