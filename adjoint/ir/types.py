"""Types of SSA values: what is known about a value before the program runs.

An axis is an `int` (its length is known) or a `Symbol` (a name for a length known at run time).
Two axes that are both known not to be 1 cannot broadcast against each other; that is what makes
broadcasting a compile-time matter. An axis that may be 1 and may be not (a slice) is the only case
that needs a test at run time.

No type is ever changed. (Those that are made for every value are not declared `frozen`, which would make them three
times as slow to build.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(slots=True, unsafe_hash=True)
class Symbol:
    """A length known at run time: `name + offset`. `not_one` records that it is certainly not 1."""

    name: str
    offset: int = 0
    not_one: bool = False

    def __str__(self) -> str:
        shift = f"{self.offset:+d}" if self.offset else ""
        return f"{self.name}{shift}" + ("" if self.not_one else "?")


Dim = int | Symbol
Shape = tuple[Dim, ...]


@dataclass(slots=True, unsafe_hash=True)
class ArrayType:
    """A number or an array of numbers.

    `dtype` is a NumPy dtype name, or None when unknown; `shape` is None when the rank is unknown.
    `kind` tells the Python class of a value: "py" a Python scalar (weak in promotion), "np" a NumPy
    scalar, "array" an ndarray of any rank, "any" when that is not known.
    """

    dtype: str | None
    shape: Shape | None
    kind: str = "array"

    def __str__(self) -> str:
        dtype = SHORT.get(self.dtype, self.dtype) if self.dtype else "?"
        if self.shape is None:
            return f"{dtype}[...]"
        if self.kind != "array":
            return f"{self.kind}:{dtype}"
        return f"{dtype}[{', '.join(map(str, self.shape))}]"

    @property
    def ndim(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    @property
    def is_scalar(self) -> bool:
        return self.shape == ()


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A Python object that carries no derivative: a string, a generator of random numbers, a shape."""

    name: str = "object"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class StackType:
    """What a loop leaves behind for a later loop: one tuple of elements for each trip."""

    elements: tuple[Type, ...]

    def __str__(self) -> str:
        return f"stack({', '.join(map(str, self.elements))})"


@dataclass(frozen=True, slots=True)
class PackType:
    """What a call leaves behind for its reverse: values that only the callee knows, so that it may call itself.

    A tangent or a cotangent of a pack is a pack of as many parts, None for those that have no derivative.
    """

    def __str__(self) -> str:
        return "pack"


@dataclass(frozen=True, slots=True)
class ListType:
    """A Python list whose length is known at run time only; `element` is None for the empty list of anything."""

    element: Type | None

    def __str__(self) -> str:
        return f"list({'' if self.element is None else self.element})"


Type = ArrayType | ObjectType | StackType | PackType | ListType

SHORT: dict[str | None, str] = {
    "float64": "f8", "float32": "f4", "complex128": "c16", "complex64": "c8",
    "int64": "i8", "int32": "i4", "bool": "b1",
}  # fmt: skip

SHAPE = ObjectType("shape")
UNKNOWN = ArrayType(None, None, "any")
PY_FLOAT = ArrayType("float64", (), "py")
PY_INT = ArrayType("int64", (), "py")
PY_BOOL = ArrayType("bool", (), "py")
PY_COMPLEX = ArrayType("complex128", (), "py")
PACKED = PackType()

_PY_TYPES: dict[type, ArrayType] = {bool: PY_BOOL, int: PY_INT, float: PY_FLOAT, complex: PY_COMPLEX}


def type_of_constant(value: Any) -> Type:
    """The type of a Python object met at compile time."""
    if type(value) in _PY_TYPES:
        return _PY_TYPES[type(value)]
    if isinstance(value, np.generic):
        return ArrayType(value.dtype.name, (), "np")
    if isinstance(value, np.ndarray):
        return ArrayType(value.dtype.name, value.shape, "array")
    return ObjectType(type(value).__name__)


def is_inexact(type_: Type) -> bool:
    """Whether values of this type can carry a derivative (an unknown dtype can)."""
    if isinstance(type_, StackType):
        return any(map(is_inexact, type_.elements))
    if isinstance(type_, ListType):
        return type_.element is not None and is_inexact(type_.element)
    if not isinstance(type_, ArrayType):
        return isinstance(type_, PackType)
    return type_.dtype is None or type_.dtype.startswith(("float", "complex"))


def list_depth(type_: Type) -> int:
    """How many lists are inside one another."""
    depth = 0
    while isinstance(type_, ListType):
        depth += 1
        type_ = type_.element or UNKNOWN
    return depth


def innermost(type_: Type) -> Type:
    """The type of the elements of lists inside one another."""
    while isinstance(type_, ListType):
        type_ = type_.element or UNKNOWN
    return type_


def is_complex(type_: Type) -> bool:
    return isinstance(type_, ArrayType) and type_.dtype is not None and type_.dtype.startswith("complex")


def known_not_one(dim: Dim) -> bool:
    return dim != 1 if isinstance(dim, int) else dim.not_one


def same_length(a: Dim, b: Dim) -> bool:
    """Whether two axes that met in a program that runs certainly have one length.

    A length that was joined from two (`(n|m)`) is no single number: where it may be 1, equal names prove nothing.
    """
    return (known_not_one(a) and known_not_one(b)) or (_is_named_alike(a, b) and not is_joined(a))


def _is_named_alike(a: Dim, b: Dim) -> bool:
    """Whether two lengths are one number, whatever else is known: `x[1:-1]` of a padded x is as long as x."""
    if isinstance(a, Symbol) and isinstance(b, Symbol):
        return (a.name, a.offset) == (b.name, b.offset)
    return a == b


def is_joined(dim: Dim) -> bool:
    return isinstance(dim, Symbol) and ("|" in dim.name or "(joined)" in dim.name)


OF_TRIP = "~"
"""In the name of a length that may differ from trip to trip of a loop: equal names mean one number in one trip only."""


def is_of_trip(dim: Dim) -> bool:
    return isinstance(dim, Symbol) and OF_TRIP in dim.name


def same_shape(a: Shape | None, b: Shape | None) -> bool:
    """Whether broadcasting `a` against `b` certainly leaves both as they are."""
    return a is not None and b is not None and len(a) == len(b) and all(map(same_length, a, b))


def broadcast_dims(a: Dim, b: Dim) -> Dim:
    if b in (a, 1):
        return a
    if a == 1:
        return b
    if isinstance(a, int) and isinstance(b, int):
        raise ValueError(f"operands could not be broadcast together with sizes {a} and {b}")
    if known_not_one(a) and known_not_one(b):
        return a if isinstance(a, int) or not isinstance(b, int) else b
    if known_not_one(a):
        return a
    if known_not_one(b):
        return b
    return Symbol(f"max({a},{b})".replace("?", ""))


def broadcast_shapes(*shapes: Shape | None) -> Shape | None:
    """The shape of an elementwise result; None where an operand has unknown rank."""
    result: Shape = ()
    for shape in shapes:
        if shape is None:
            return None
        if not shape or shape == result:
            continue
        if not result:
            result = shape
            continue
        rank = max(len(result), len(shape))
        left = (1,) * (rank - len(result)) + result
        right = (1,) * (rank - len(shape)) + shape
        result = tuple(map(broadcast_dims, left, right))
    return result


def join_dims(a: Dim, b: Dim) -> Dim:
    if a == b:
        return a
    names = "|".join(dict.fromkeys(str(d).replace("?", "") for d in (a, b)))
    return Symbol(f"({names})" if len(names) < 40 else "(joined)", 0, known_not_one(a) and known_not_one(b))


def join(a: Type, b: Type) -> Type:
    """The least type of a value that may be an `a` or a `b`; equal types join to themselves."""
    if a == b:
        return a
    if isinstance(a, ArrayType) and isinstance(b, ArrayType):
        if a.dtype == b.dtype:
            dtype = a.dtype
        elif a.dtype is None or b.dtype is None:
            dtype = None
        elif a.kind == "py" or b.kind == "py":
            dtype = promote((a, b))
        else:
            dtype = None
        if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
            return ArrayType(dtype, None, "any")
        kind = a.kind if a.kind == b.kind else "any"
        return ArrayType(dtype, tuple(map(join_dims, a.shape, b.shape)), kind)
    if isinstance(a, StackType) and isinstance(b, StackType) and len(a.elements) == len(b.elements):
        return StackType(tuple(map(join, a.elements, b.elements)))
    if isinstance(a, ListType) and isinstance(b, ListType):
        if a.element is None or b.element is None:
            return b if a.element is None else a
        return ListType(join(a.element, b.element))
    return ObjectType("object")


_PY_SAMPLES: dict[str, Any] = {"float64": 1.0, "int64": 1, "bool": True, "complex128": 1j}


def sample(type_: ArrayType) -> Any:
    """A value with the promotion behaviour of the type, for asking NumPy about result dtypes."""
    if type_.kind == "py":
        return _PY_SAMPLES[type_.dtype or "float64"]
    return np.ones((), type_.dtype)[()]


def promote(types: tuple[ArrayType, ...]) -> str | None:
    """The dtype name that NumPy promotes the operands to; Python scalars are weak (NEP 50)."""
    if any(t.dtype is None for t in types):
        return None
    return _promote(tuple((t.dtype, t.kind == "py") for t in types))


@cache
def _promote(operands: tuple[tuple[str, bool], ...]) -> str:
    return np.result_type(*(_PY_SAMPLES[d] if weak else np.dtype(d) for d, weak in operands)).name


def scalar_kind(types: tuple[Type, ...]) -> str:
    """The Python class of the result of an operator on scalars."""
    kinds = {t.kind for t in types if isinstance(t, ArrayType)}
    if kinds <= {"py"}:
        return "py"
    return "any" if kinds <= {"py", "any"} else "np"
