"""Type rules: from the types of the operands and the static arguments to the type of the result.

A type rule is called as `infer(inputs, attrs)` with the atoms of the op and gives a `Type` (or a tuple
of them for several results). Dtypes are asked of NumPy itself, by a call on scalars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.ir.core import Atom
from adjoint.ir.types import UNKNOWN, ArrayType, Type, broadcast_shapes, sample, scalar_kind

Infer = Callable[[Sequence[Atom], Mapping[str, Any]], Any]


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


def infer_elementwise(fun: Callable[..., Any]) -> Infer:
    """Broadcast shapes; the dtype (and whether scalars stay Python scalars) is what `fun` gives on scalars."""

    def infer(inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Type:
        types = [atom.type for atom in inputs]
        if not all(isinstance(t, ArrayType) for t in types):
            return UNKNOWN
        arrays = tuple(t for t in types if isinstance(t, ArrayType))
        shape = broadcast_shapes(*(t.shape for t in arrays))
        dtype, kind = _probe(fun, tuple((t.dtype, t.kind if t.shape == () else "array") for t in arrays))
        if shape is None:
            return ArrayType(dtype, None, "any")
        return ArrayType(dtype, shape, kind if shape == () else "array")

    return infer


@lru_cache(maxsize=None)
def _probe(fun: Callable[..., Any], operands: tuple[tuple[str | None, str], ...]) -> tuple[str | None, str]:
    """Dtype and scalar kind of `fun` on operands of these dtypes and kinds, asked of `fun` itself."""
    types = tuple(ArrayType(dtype, (), kind) for dtype, kind in operands)
    kind = scalar_kind(types)
    if any(t.dtype is None for t in types):
        return None, kind
    if not isinstance(fun, np.ufunc) and getattr(fun, "__module__", None) not in ("_operator", "math"):
        # a user's function is not run at compile time: floats give floats
        return np.result_type(np.float32, *map(sample, types)).name if kind != "py" else "float64", "any"
    with np.errstate(all="ignore"):
        result = fun(*map(sample, types))
    found = np.asarray(result).dtype.name
    if isinstance(result, (bool, int, float, complex)) and not isinstance(result, np.generic):
        return found, "py"
    return found, "any" if kind == "any" and not isinstance(fun, np.ufunc) else "np"
