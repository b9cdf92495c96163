"""Tangents and cotangents of packs: packs of the tangents or cotangents of their parts.

Who packs and who unpacks are different functions, so both go by the types of the parts alone: every part that
can carry a derivative has one, a zero where it does not vary, and the others have None.
"""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.errors import UnsupportedError
from adjoint.ir.build import Builder
from adjoint.ir.core import UNPACK, Atom, Literal, Value
from adjoint.ir.types import ArrayType, StackType, is_inexact
from adjoint.rules.internal import zeros_if
from adjoint.transform.cotangent import derivative_type, named, primitive, to_shape, zero_like

NOTHING = Literal(None)


def packed(builder: Builder, part: Atom, derivative: Atom | None, *, may_be_undefined: bool) -> Atom:
    """What a pack of derivatives holds for a part; `derivative` is None where that is a zero."""
    if not isinstance(part, Value) or not is_inexact(part.type):
        return NOTHING
    if isinstance(part.type, StackType):
        raise UnsupportedError("a function that calls itself in a loop cannot be differentiated twice", builder.span)
    if derivative is not None:
        return to_shape(builder, derivative, part)
    if may_be_undefined and isinstance(part.type, ArrayType) and part.type.shape != ():
        return builder.one(primitive(zeros_if), part)
    return zero_like(builder, part)


def unpacked(builder: Builder, pack: Atom, parts: Sequence[Value], partial: Sequence[bool]) -> list[Value | None]:
    """The derivatives of parts, out of the pack of them; None for what has no derivative."""
    outputs = builder.emit(
        UNPACK, (pack,), {"partial": partial}, types=[derivative_type(part.type) for part in parts],
        hints=[named(part, "bar" if builder.sweep == "adjoint" else "dot") for part in parts],
    )  # fmt: skip
    return [out if is_inexact(part.type) else None for part, out in zip(parts, outputs, strict=True)]
