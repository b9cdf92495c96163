"""Append ops to a block, with result types inferred by the primitive's own type rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from adjoint.errors import Span, TypeInferenceError
from adjoint.ir.core import EMPTY, Atom, Block, Literal, Op, Primitive, Value
from adjoint.ir.types import UNKNOWN, Type


class Builder:
    """Collects the ops of one block. `span` and `sweep` are stamped on every op that is appended."""

    def __init__(self, span: Span | None = None, sweep: str = "") -> None:
        self.ops: list[Op] = []
        self.span = span
        self.sweep = sweep

    def emit(
        self,
        primitive: Primitive,
        inputs: Sequence[Atom],
        attrs: Mapping[str, Any] = EMPTY,
        *,
        regions: tuple[Block, ...] = (),
        types: Sequence[Type] | None = None,
        hints: Sequence[str | None] = (),
    ) -> tuple[Value, ...]:
        """Append an op and give its results. `types` is needed where the primitive has no type rule."""
        if types is None:
            types = self.infer(primitive, inputs, attrs)
        named = (*hints, *(None,) * (len(types) - len(hints)))
        outputs = tuple(Value(hint, type_) for hint, type_ in zip(named, types, strict=True))
        self.ops.append(Op(primitive, tuple(inputs), outputs, attrs, regions, self.span, self.sweep))
        return outputs

    def infer(self, primitive: Primitive, inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Sequence[Type]:
        if primitive.infer is None:
            return (UNKNOWN,)
        try:
            found = primitive.infer(tuple(inputs), attrs)
        except (ValueError, TypeError, IndexError) as problem:
            raise TypeInferenceError(f"{primitive.name}: {problem}", self.span) from None
        return found if isinstance(found, tuple) else (found,)

    def one(self, primitive: Primitive, *inputs: Atom, **attrs: Any) -> Value:
        """Append an op with a single result."""
        return self.emit(primitive, inputs, attrs or EMPTY)[0]

    def append(self, op: Op) -> None:
        self.ops.append(op)

    def block(self, params: Sequence[Value], results: Sequence[Atom]) -> Block:
        return Block(tuple(params), tuple(self.ops), tuple(results))

    def nested(self) -> Builder:
        """A builder for a region of an op that this one will append."""
        return Builder(self.span, self.sweep)

    @contextmanager
    def at(self, span: Span | None, sweep: str | None = None) -> Iterator[None]:
        """Stamp another place (and sweep) on the ops appended inside the `with`."""
        saved = self.span, self.sweep
        self.span = span if span is not None else self.span
        self.sweep = self.sweep if sweep is None else sweep
        try:
            yield
        finally:
            self.span, self.sweep = saved


def literal_value(atom: Atom) -> Any:
    """The constant behind an atom, or None."""
    return atom.value if isinstance(atom, Literal) else None
