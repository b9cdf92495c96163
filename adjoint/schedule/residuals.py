"""What the reverse sweep reads of the forward sweep, one by one: for `explain`, before anything is scheduled.

`observe` gives the residuals of a program and the same program with ops that report, while it runs, how large each one
is and how often each loop goes round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adjoint.errors import Span
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Literal, Op, Primitive, Value, for_parts, while_parts
from adjoint.ir.types import ArrayType, StackType
from adjoint.ir.walk import all_ops, op_reads
from adjoint.schedule.cheap import is_free
from adjoint.schedule.checkpoint import scheduled, stack_reads
from adjoint.schedule.pairs import Pair, find_pair
from adjoint.transform.dead_code import effectful_functions, split_elements

WIDTH = 32
"""Columns of an expression that stands for a value without a name."""


@dataclass(slots=True)
class Residual:
    """A value of the forward sweep that the reverse sweep reads. `sizes` and `count` are known after a run."""

    name: str
    span: Span | None
    type: str
    decision: str
    why: str
    readers: list[Span] = field(default_factory=list)
    loop: int | None = None
    largest: int = 0
    total: int = 0


@dataclass(slots=True)
class Loop:
    """A loop of the forward sweep; `hint` is its schedule, None if all its residuals are kept."""

    span: Span | None
    hint: Any = None
    trips: int = 0
    state: tuple[int, ...] = ()


def observe(
    fn: Function, size: Callable[..., None], trip: Callable[..., None]
) -> tuple[Function, list[Residual], list[Loop]]:
    """`size(k, value)` is called for each residual, `trip(k)` for each trip of a loop."""
    observer = _Observer(fn, Primitive("size", size, effect=True), Primitive("trip", trip, effect=True))
    body = observer.top(fn.body)
    return replace(fn, body=body), observer.residuals, observer.loops


class _Observer:
    def __init__(self, fn: Function, size: Primitive, trip: Primitive) -> None:
        self.size, self.trip = size, trip
        self.effectful = effectful_functions(fn)
        self.reads = stack_reads(fn.body)
        self.residuals: list[Residual] = []
        self.loops: list[Loop] = []
        self.number: dict[Op, int] = {}
        self.pairs: dict[Op, Pair | None] = {}
        self.produced: dict[Atom, tuple[Op, tuple[Atom, ...]]] = {}
        self.definitions = {out: op for op in all_ops(fn.body) for out in op.outputs}
        self.readers: dict[Value, list[Span]] = {}
        for op in all_ops(fn.body):
            if op.sweep == "adjoint" and op.span is not None and not op.regions:
                for value in op.inputs:
                    if isinstance(value, Value) and op.span not in self.readers.setdefault(value, []):
                        self.readers[value].append(op.span)

    def top(self, block: Block) -> Block:
        """The body of a function: what its reverse sweep reads of its forward sweep directly is kept as it is."""
        made = self.block(block)
        first = next((k for k, op in enumerate(made.ops) if op.sweep == "adjoint"), len(made.ops))
        before = {out: op for op in made.ops[:first] for out in op.outputs}
        late = [value for op in made.ops[first:] for value in op_reads(op)]
        builder = Builder()
        for value in dict.fromkeys(late):
            if value in before and isinstance(value.type, ArrayType):
                residual = self.residual(value, value, "kept", "the reverse sweep reads it")
                builder.emit(self.size, (Literal(residual), value), types=())
        return replace(made, ops=(*made.ops[:first], *builder.ops, *made.ops[first:]))

    def block(self, block: Block) -> Block:
        for at, op in enumerate(block.ops):
            if op.primitive in (FOR, WHILE):
                self.enter(block, at, op)
        return replace(block, ops=tuple(map(self.op, block.ops)))

    def enter(self, block: Block, at: int, op: Op) -> None:
        """Note what a loop produces, and under which schedule."""
        if op.sweep == "":
            self.number[op] = len(self.loops)
            self.loops.append(Loop(op.span))
            hint = op.attrs.get("schedule")
            pair = find_pair(block, at, self.reads, self.effectful) if hint not in (None, "store", "auto") else None
            self.pairs[op] = pair if pair is not None and scheduled(pair, hint) else None
            if self.pairs[op]:
                self.loops[-1].hint = hint
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        waiting = iter(parts.pushed)
        for stack, count in zip(parts.produced, op.attrs["produced"], strict=True):
            self.produced[stack] = op, tuple(next(waiting) for _ in range(count))

    def op(self, op: Op) -> Op:
        if op.primitive not in (FOR, WHILE):
            return replace(op, regions=tuple(map(self.block, op.regions))) if op.regions else op
        builder = Builder(op.span, "")
        if op in self.number:
            builder.emit(self.trip, (Literal(self.number[op]),), types=())
        if op.primitive is FOR:
            parts = for_parts(op)
            for stack, popped in zip(parts.stacks, split_elements(parts.stacks, parts.elements), strict=True):
                self.consumed(stack, popped, builder)
        body = self.block(op.regions[-1])
        body = replace(body, ops=(*builder.ops, *body.ops))
        return replace(op, regions=(*map(self.block, op.regions[:-1]), body))

    def consumed(self, stack: Atom, popped: tuple[Value, ...], builder: Builder) -> None:
        """The elements of a stack are residuals; those that are stacks have elements of their own."""
        if stack not in self.produced:
            return
        producer, pushed = self.produced[stack]
        for atom, param in zip(pushed, popped, strict=True):
            if isinstance(param.type, StackType):
                if atom in self.produced:
                    self.produced[param] = self.produced[atom]
            elif isinstance(param.type, ArrayType):
                decision, why = self.decision(producer, atom)
                number = self.residual(atom, param, decision, why)
                self.residuals[number].loop = self.number.get(producer)
                builder.emit(self.size, (Literal(number), param), types=())

    def decision(self, producer: Op, atom: Atom) -> tuple[str, str]:
        pair = self.pairs.get(producer)
        if pair is not None and atom in pair.trip.state:
            return "checkpointed", "state that steps run again from"
        if pair is not None:
            return "recomputed", "its step runs again"
        made = self.definitions.get(atom) if isinstance(atom, Value) else None
        if made is not None and is_free(made):
            return "recomputed", "costs nothing"
        return "kept", "the reverse sweep reads it"

    def residual(self, atom: Atom, read_as: Value, decision: str, why: str) -> int:
        made = self.definitions.get(atom) if isinstance(atom, Value) else None
        span = made.span if made else None
        if made is None or made.regions:
            span = next((op.span for op in self.number if atom in op.regions[-1].params), span)
        text = span.text[span.col : span.end_col] if span else ""
        name = (atom.hint if isinstance(atom, Value) else None) or (text if 0 < len(text) < WIDTH else "(part)")
        readers = self.readers.get(read_as, [])
        self.residuals.append(Residual(name, span, str(read_as.type), decision, why, readers))
        return len(self.residuals) - 1
