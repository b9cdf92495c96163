"""Bring a cotangent to the space of its primal value: shape, dtype, real or complex.

Broadcasting, promotion and the embedding of real into complex numbers are linear maps that NumPy
applies silently; their transposes (sum, cast, real part) are applied here, in one place, so that rules
stay textbook formulas.
"""

from __future__ import annotations

import operator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.ir.bounds import equal
from adjoint.ir.build import Builder
from adjoint.ir.core import Atom, Literal, Primitive, Value
from adjoint.ir.types import (
    PACKED,
    ArrayType,
    ListType,
    Type,
    innermost,
    is_complex,
    is_inexact,
    known_not_one,
    same_length,
    same_shape,
)
from adjoint.rules import lists
from adjoint.rules.internal import add_packs, broadcast_like, cast, sum_to, zeros_if, zeros_in
from adjoint.rules.registry import primitive_of
from adjoint.rules.trace import Sym, Tracer


def primitive(fun: Any) -> Primitive:
    found = primitive_of(fun)
    assert found is not None, fun
    return found


def project(builder: Builder, bar: Atom, value: Atom) -> Atom:
    """`bar` as a cotangent of `value`; appends only what the types do not rule out."""
    if isinstance(value.type, ListType):
        return project_list(builder, bar, value)
    if not isinstance(value.type, ArrayType) or not isinstance(bar.type, ArrayType):
        return bar
    if is_complex(bar.type) and value.type.dtype is not None and not is_complex(value.type):
        bar = builder.one(primitive(np.real), bar)
    bar = to_shape(builder, bar, value)
    found, wanted = bar.type, value.type
    assert isinstance(found, ArrayType)
    if isinstance(bar, Literal) or wanted.dtype is None or found.dtype == wanted.dtype:
        return bar
    if found.kind == "py" and found.dtype is not None:
        return bar  # a Python number goes with every dtype
    return builder.one(primitive(cast), bar, dtype=wanted.dtype)


def project_list(builder: Builder, bar: Atom, items: Atom) -> Atom:
    """The items of a list in the dtype that they belong to; each had its shape when it came into the list."""
    found, wanted = innermost(bar.type), innermost(items.type)
    if not isinstance(found, ArrayType) or not isinstance(wanted, ArrayType):
        return bar
    if found.dtype in (wanted.dtype, None) or wanted.dtype is None or not is_inexact(wanted):
        return known_as(builder, bar, derivative_type(items.type))
    if not is_inexact(found):
        return bar  # literal zeros
    return builder.one(primitive(lists.list_cast), bar, dtype=wanted.dtype)


def known_as(builder: Builder, bar: Atom, type_: Type) -> Atom:
    """A list that was just made, under a type that tells more: before it took in an item of another rank it had one."""
    if not isinstance(bar, Value) or bar.type == type_ or not builder.ops or builder.ops[-1].outputs != (bar,):
        return bar
    known = Value(bar.hint, type_)
    builder.ops[-1] = replace(builder.ops[-1], outputs=(known,))
    return known


def to_shape(builder: Builder, bar: Atom, value: Atom) -> Atom:
    """Undo broadcasting: sum over the axes along which `value` was repeated; repeat a smaller `bar`."""
    if not isinstance(bar.type, ArrayType) or not isinstance(value.type, ArrayType):
        return bar  # a pack or a list
    have, want = bar.type.shape, value.type.shape
    if want == () and have == ():
        return bar
    if have is None or want is None:
        return builder.one(primitive(sum_to), bar, value)
    if same_shape(have, want):
        return bar
    if len(have) < len(want):
        return builder.one(primitive(broadcast_like), bar, value)
    extra = len(have) - len(want)
    ones = [k for k, (h, w) in enumerate(zip(have[extra:], want, strict=True)) if w == 1 and h != 1]
    unsure = [
        k for k, (h, w) in enumerate(zip(have[extra:], want, strict=True))
        if not same_length(h, w) and w != 1 and not (h == 1 and known_not_one(w)) and not equal(h, w)
    ]  # fmt: skip
    if unsure:
        return builder.one(primitive(sum_to), bar, value)
    if extra:
        axes = tuple(range(extra))
        bar = (
            builder.one(primitive(np.sum), bar, axis=axes if extra > 1 else 0)
            if want
            else builder.one(primitive(np.sum), bar)
        )
    if ones:
        bar = builder.one(primitive(np.sum), bar, axis=tuple(ones) if len(ones) > 1 else ones[0], keepdims=True)
    if any(h == 1 and w != 1 for h, w in zip(have[extra:], want, strict=True)):
        bar = builder.one(primitive(broadcast_like), bar, value)
    return bar


def add(builder: Builder, total: Atom | None, bar: Atom) -> Atom:
    """The sum of two cotangents; the first contribution is taken as it is."""
    if total is None:
        return bar
    if isinstance(total.type, ListType):
        return builder.one(primitive(lists.list_add), total, bar)
    return builder.one(primitive(add_packs if total.type == PACKED else operator.add), total, bar)


def zero_like(builder: Builder, value: Atom) -> Atom:
    """A zero that can be carried, pushed or returned: materialised only where it has to be."""
    if isinstance(value.type, ArrayType) and value.type.shape == ():
        return Literal(0.0)
    if isinstance(value.type, ListType):
        return Tracer(builder).atom(lists.zeros_of(Sym(value, Tracer(builder))))
    return builder.one(primitive(zeros_in if value.type == PACKED else np.zeros_like), value)


def zero_if_there(builder: Builder, value: Atom, partial: AbstractSet[Value]) -> Atom | None:
    """The zero of a value that is there on some paths only, and None on the others; no atom for any other value."""
    if value not in partial or (isinstance(value.type, ArrayType) and value.type.shape == ()):
        return None
    return builder.one(primitive(lists.list_zeros_if if isinstance(value.type, ListType) else zeros_if), value)


def derivative_type(type_: Type) -> Type:
    """The type of a tangent or cotangent that is carried, merged or given from outside.

    Of a scalar, and so of what may be one, it may be a Python float or a NumPy scalar, whatever the primal value is.
    """
    if isinstance(type_, ArrayType) and not type_.shape:
        return ArrayType(type_.dtype, type_.shape, "any")
    return lists.zeros_type(type_) if isinstance(type_, ListType) else type_


def given_back_type(initial: Atom, carried: Value) -> Type:
    """The type of the cotangent that a loop gives back: a list may take in items of another shape in its trips."""
    return derivative_type((initial if isinstance(initial.type, ListType) else carried).type)


def named(value: Value, suffix: str) -> str | None:
    return f"{value.hint}_{suffix}" if value.hint else None
