"""Tangents and cotangents of packs: packs of the tangents or cotangents of their parts.

Who packs and who unpacks are different functions, so both go by the types of the parts alone: every part that
can carry a derivative has one, a zero where it does not vary, and the others have None. The same holds for the
elements of a stack that is such a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.errors import UnsupportedError
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, IF, PACK, UNPACK, WHILE, Atom, Block, Literal, Op, Value, for_parts, while_parts
from adjoint.ir.types import ArrayType, ObjectType, StackType, Type, is_inexact
from adjoint.ir.walk import all_ops
from adjoint.rules.internal import zeros_if
from adjoint.transform.cotangent import derivative_type, named, primitive, to_shape, zero_like

NOTHING = Literal(None)


def packed(builder: Builder, part: Atom, derivative: Atom | None, *, may_be_undefined: bool) -> Atom:
    """What a pack of derivatives holds for a part; `derivative` is None where that is a zero."""
    if not isinstance(part, Value) or not is_inexact(part.type):
        return NOTHING
    if derivative is not None:
        return to_shape(builder, derivative, part)
    if isinstance(part.type, StackType):
        message = "a recursive function with a loop, of which only a part is differentiated for the second time"
        raise UnsupportedError(message, builder.span)
    if may_be_undefined and isinstance(part.type, ArrayType) and part.type.shape != ():
        return builder.one(primitive(zeros_if), part)
    return zero_like(builder, part)


def unpacked(builder: Builder, pack: Atom, parts: Sequence[Value], partial: Sequence[bool]) -> list[Value | None]:
    """The derivatives of parts, out of the pack of them; None for what has no derivative."""
    outputs = builder.emit(
        UNPACK, (pack,), {"partial": partial}, types=[_type(part.type) for part in parts],
        hints=[named(part, "bar" if builder.sweep == "adjoint" else "dot") for part in parts],
    )  # fmt: skip
    return [out if is_inexact(part.type) else None for part, out in zip(parts, outputs, strict=True)]


def _type(type_: Type) -> Type:
    if not is_inexact(type_):
        return ObjectType("nothing")
    if isinstance(type_, StackType):
        return StackType(tuple(map(_type, type_.elements)))
    return derivative_type(type_)


def whole(type_: Type) -> tuple[tuple[int, Any], ...]:
    """The elements of a stack in a pack that have a place in the stack of their derivatives: all of them."""
    assert isinstance(type_, StackType)
    return tuple(
        (k, whole(t) if isinstance(t, StackType) and is_inexact(t) else None) for k, t in enumerate(type_.elements)
    )


def stacks_of_packs(block: Block) -> set[Value]:
    """The stacks that are put into a pack or come out of one, and those that are elements of such."""
    found: set[Value] = set()
    ops = list(all_ops(block))
    if not any(op.primitive in (PACK, UNPACK) for op in ops):
        return found
    while True:
        size = len(found)
        for op in ops:
            found.update(v for v in _related(op, found) if isinstance(v, Value) and isinstance(v.type, StackType))
        if len(found) == size:
            return found


def _related(op: Op, found: set[Value]) -> list[Atom]:
    if op.primitive in (PACK, UNPACK):
        return [*op.inputs, *op.outputs]
    related: list[Atom] = []
    if op.primitive is IF:
        for group in zip(op.outputs, *(region.results for region in op.regions), strict=True):
            related += group if any(atom in found for atom in group) else ()
    if op.primitive in (FOR, WHILE):
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        pushed = iter(parts.pushed)
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            atoms = [next(pushed) for _ in range(size)]
            related += atoms if stack in found else ()
    if op.primitive is FOR:
        elements = iter(for_parts(op).elements)
        for consumed in for_parts(op).stacks:
            values = [next(elements) for _ in consumed.type.elements]  # type: ignore[union-attr]  # a stack
            related += values if consumed in found else ()
    return related
