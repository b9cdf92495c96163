"""Append ops to a block, with result types inferred by the primitive's own type rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        if hints:
            named = (*hints, *(None,) * (len(types) - len(hints)))
            outputs = tuple([Value(hint, type_) for hint, type_ in zip(named, types, strict=True)])
        else:
            outputs = tuple([Value(None, type_) for type_ in types])
        self.ops.append(Op(primitive, tuple(inputs), outputs, attrs, regions, self.span, self.sweep))
        return outputs

    def infer(self, primitive: Primitive, inputs: Sequence[Atom], attrs: Mapping[str, Any]) -> Sequence[Type]:
        if primitive.infer is None:
            return (UNKNOWN,)
        try:
            found = primitive.infer(tuple(inputs), attrs)
        except (ValueError, TypeError, IndexError) as problem:
            error = TypeInferenceError(f"{primitive.name}: {problem}", self.span)
            error.when_run = str(problem) if isinstance(problem, ValueError) else None
            raise error from None
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

    def at(self, span: Span | None, sweep: str | None = None) -> Stamped:
        """Stamp another place (and sweep) on the ops appended inside the `with`."""
        return Stamped(self, self.span if span is None else span, self.sweep if sweep is None else sweep)


class Stamped:
    """Stamps a place and a sweep on the ops that a builder appends inside the `with`.

    A class, because this is done for every op: `contextlib.contextmanager` takes five times as long.
    """

    __slots__ = ("_builder", "_marks")

    def __init__(self, builder: Builder, span: Span | None, sweep: str) -> None:
        self._builder = builder
        self._marks = span, sweep

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    def _swap(self) -> None:
        builder = self._builder
        (builder.span, builder.sweep), self._marks = self._marks, (builder.span, builder.sweep)


def literal_value(atom: Atom) -> Any:
    """The constant behind an atom, or None."""
    return atom.value if isinstance(atom, Literal) else None
