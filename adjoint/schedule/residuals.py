"""What the reverse sweep reads of the forward sweep, one by one: for `explain`.

`observe` gives the residuals of a program, with what its schedule makes of each, and the same program with ops that
report, while it runs, how large each one is and how often each loop goes round. The program that reports keeps
everything: so each residual is there to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from adjoint.analysis.versions import loop_parts
from adjoint.errors import Span
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Literal, Op, Primitive, Value, for_parts
from adjoint.ir.types import ArrayType, StackType
from adjoint.ir.walk import all_ops, op_reads
from adjoint.schedule.fates import Fates
from adjoint.schedule.pairs import Pair
from adjoint.transform.dead_code import split_elements

WIDTH = 32
"""Columns of an expression that stands for a value without a name."""


@dataclass(slots=True)
class Residual:
    """A value of the forward sweep that the reverse sweep reads, or a part of an array that rolls it back.

    `decision` is "kept", "recomputed", "restored" or "checkpointed". `shape`, and the bytes `largest` (of one) and
    `total` (of all trips) are known after a run; `loop` is the number of the loop that computes it.
    """

    name: str
    span: Span | None
    type: str
    decision: str
    why: str
    readers: list[Span] = field(default_factory=list)
    loop: int | None = None
    shape: tuple[int, ...] | None = None
    largest: int = 0
    total: int = 0


@dataclass(slots=True)
class Loop:
    """A loop of the forward sweep; `hint` is its schedule, None if the residuals of all its steps are kept.

    `parent` is the number of the loop around it. `state` and `tape` are the numbers of the residuals that a snapshot
    holds, and of those that are recorded of a step that runs again.
    """

    span: Span | None
    parent: int | None = None
    hint: Any = None
    counted: bool = True
    trips: int = 0
    state: tuple[int, ...] = ()
    tape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """A program that reports, and what it reports of."""

    function: Function
    residuals: list[Residual]
    loops: list[Loop]


def observe(fn: Function, size: Callable[..., None], trip: Callable[..., None]) -> Observed:
    """`size(k, value)` is called for each residual, `trip(k)` for each trip of a loop."""
    observer = _Observer(fn, Primitive("size", size, effect=True), Primitive("trip", trip, effect=True))
    body = observer.top(fn.body)
    return Observed(replace(fn, body=body), observer.residuals, observer.loops)


def count_steps(fn: Function, step: Callable[..., None]) -> Function:
    """A scheduled program in which `step()` is called for each step that is run without being recorded."""
    report = Op(Primitive("step", step, effect=True), (), (), {})

    def block(b: Block) -> Block:
        return replace(b, ops=tuple(map(op, b.ops)))

    def op(o: Op) -> Op:
        if not o.regions:
            return o
        regions = tuple(map(block, o.regions))
        if "advances" in o.attrs:
            regions = (*regions[:-1], replace(regions[-1], ops=(report, *regions[-1].ops)))
        return replace(o, regions=regions)

    return replace(fn, body=block(fn.body))


class _Observer:
    def __init__(self, fn: Function, size: Primitive, trip: Primitive) -> None:
        self.size, self.trip = size, trip
        self.fates = Fates(fn)
        self.residuals: list[Residual] = []
        self.loops: list[Loop] = []
        self.number: dict[Op, int] = {}
        self.around: list[int] = []  # the numbers of the loops around
        self.rows: dict[Value, int] = {}
        self.produced: dict[Atom, tuple[Op, tuple[Atom, ...]]] = {}
        self.definitions = {out: op for op in all_ops(fn.body) for out in op.outputs}
        self.readers: dict[Value, list[Span]] = {}
        for op in all_ops(fn.body):
            if op.sweep == "adjoint" and op.span is not None and not op.regions:
                for value in op.inputs:
                    if isinstance(value, Value) and op.span not in self.readers.setdefault(value, []):
                        self.readers[value].append(op.span)

    def top(self, block: Block) -> Block:
        """The body of a function: what its reverse sweep reads of its forward sweep directly is there as it is."""
        made = self.block(block)
        first = next((k for k, op in enumerate(made.ops) if op.sweep == "adjoint"), len(made.ops))
        before = {out: op for op in made.ops[:first] for out in op.outputs}
        late = [value for op in made.ops[first:] for value in op_reads(op)]
        builder = Builder()
        for value in dict.fromkeys(late):
            if value in before and isinstance(value.type, ArrayType):
                self.report(builder, value, self.residual(value, value, *self.fates.of_line(value)))
        for number, loop in enumerate(self.loops):
            one_step = loop.hint != "sqrt"  # its state is at hand as it is
            loop.tape = tuple(k for k in loop.tape or self.inside(number) if not (one_step and k in loop.state))
        return replace(made, ops=(*made.ops[:first], *builder.ops, *made.ops[first:]))

    def inside(self, number: int) -> tuple[int, ...]:
        """The residuals of a loop and of those in it."""
        within = {number}
        within.update(k for k, loop in enumerate(self.loops) if loop.parent in within)
        return tuple(k for k, r in enumerate(self.residuals) if r.loop in within)

    def block(self, block: Block) -> Block:
        for op in block.ops:
            if op.primitive in (FOR, WHILE):
                self.enter(op)
        ops: list[Op] = []
        for op in block.ops:
            for read in self.fates.before.get(op.outputs[0], ()) if op.outputs else ():
                ops += (read, *self.kept_instead(read.outputs, read, op.span))
            ops += (self.op(op), *(self.kept_instead(op.outputs, op, op.span) if op.sweep != "adjoint" else ()))
        return replace(block, ops=tuple(ops))

    def enter(self, op: Op) -> None:
        """Note what a loop produces, and under which schedule."""
        if op.sweep == "":
            self.number[op] = len(self.loops)
            loop = Loop(op.span, self.around[-1] if self.around else None)
            self.loops.append(loop)
            pair = self.fates.pair(op)
            if pair is not None:
                loop.hint, loop.counted = op.attrs["schedule"], pair.is_counted
        parts = loop_parts(op)
        waiting = iter(parts.pushed)
        for stack, count in zip(parts.produced, op.attrs["produced"], strict=True):
            self.produced[stack] = op, tuple(next(waiting) for _ in range(count))

    def op(self, op: Op) -> Op:
        if op.primitive not in (FOR, WHILE):
            return replace(op, regions=tuple(map(self.block, op.regions))) if op.regions else op
        builder = Builder(op.span, "")
        number = self.number.get(op)
        if number is not None:
            builder.emit(self.trip, (Literal(number),), types=())
            self.carried(op, number, builder)
            self.around.append(number)
            builder.ops += self.kept_instead(op.regions[-1].params, None, op.span)
        if op.primitive is FOR:
            parts = for_parts(op)
            for stack, popped in zip(parts.stacks, split_elements(parts.stacks, parts.elements), strict=True):
                self.consumed(stack, popped, builder)
        body = self.block(op.regions[-1])
        body = replace(body, ops=(*builder.ops, *body.ops))
        if number is not None:
            self.around.pop()
        return replace(op, regions=(*map(self.block, op.regions[:-1]), body))

    def carried(self, op: Op, number: int, builder: Builder) -> None:
        """The state of a loop whose steps run again, and the arrays that are rolled back in step with its reversal."""
        pair = self.fates.pair(op)
        if pair is not None:
            for value in pair.trip.state:
                self.rows[value] = self.row(value, value, number, "checkpointed", "state that steps run again from")
                self.report(builder, value, self.rows[value])
            self.loops[number].state = tuple(self.rows[value] for value in pair.trip.state)
            return
        for array, updates, kept in self.fates.rolled_back(op):
            why = "rolled back from what is overwritten, which is kept" if kept else "rolled back, with nothing kept"
            row = self.row(array, array, number, "restored", why)
            self.residuals[row].span = updates[0].span if updates else op.span
            self.report(builder, array, row)

    def kept_instead(self, values: Iterable[Value], made: Op | None, place: Span | None) -> Iterable[Op]:
        """The reports of what is kept although the reverse sweep does not read it itself."""
        builder = Builder(place, "")
        number = self.around[-1] if self.around else None
        rerun = self.fates.pair(self.loop_of(number)) is not None
        for value in values if not rerun or self.fates.rolls_back_first else ():
            why = self.fates.why_kept(made, value)
            if why and isinstance(value.type, ArrayType) and value not in self.rows:
                row = self.row(value, value, number, "recomputed" if rerun else "kept", why)
                self.residuals[row].name = value.hint or _target(place) or self.residuals[row].name
                self.note_tape(number, value, row)
                self.report(builder, value, row)
        return builder.ops

    def loop_of(self, number: int | None) -> Op | None:
        return next((op for op, k in self.number.items() if k == number), None)

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
                number = self.number.get(producer)
                if isinstance(atom, Value) and atom in self.rows:
                    self.residuals[self.rows[atom]].readers += self.readers.get(param, [])
                    self.note_tape(number, atom, self.rows[atom])
                    continue
                above = self.outer_pair(number)
                decision = ("recomputed", "its step runs again") if above else self.fates.of_trip(producer, atom)
                row = self.row(atom, param, number, *decision)
                self.note_tape(number, atom, row)
                self.report(builder, param, row)

    def outer_pair(self, number: int | None) -> Pair | None:
        """The pair of a loop around a loop, whose steps run again as a whole."""
        number = self.loops[number].parent if number is not None else None
        while number is not None:
            pair = self.fates.pair(self.loop_of(number))
            if pair is not None:
                return pair
            number = self.loops[number].parent
        return None

    def note_tape(self, number: int | None, atom: Atom, row: int) -> None:
        """Note that a residual is recorded of a step that runs again."""
        pair = self.fates.pair(self.loop_of(number))
        if number is not None and pair is not None and atom in self.fates.recorded(pair):
            self.loops[number].tape += (row,)

    def report(self, builder: Builder, value: Value, row: int) -> None:
        builder.emit(self.size, (Literal(row), value), types=())

    def row(self, atom: Atom, read_as: Value, loop: int | None, decision: str, why: str) -> int:
        row = self.residual(atom, read_as, decision, why)
        self.residuals[row].loop = loop
        return row

    def residual(self, atom: Atom, read_as: Value, decision: str, why: str) -> int:
        made = self.definitions.get(atom) if isinstance(atom, Value) else None
        span = made.span if made else None
        if made is None or made.regions:
            span = next((op.span for op in self.number if atom in op.regions[-1].params), span)
        text = span.text[span.col : span.end_col] if span else ""
        name = (atom.hint if isinstance(atom, Value) else None) or (text if 0 < len(text) < WIDTH else "(part)")
        readers = list(self.readers.get(read_as, ()))
        self.residuals.append(Residual(name, span, str(read_as.type), decision, why, readers))
        return len(self.residuals) - 1


def _target(span: Span | None) -> str:
    """What an assignment writes to, as it stands in the program."""
    if span is None:
        return ""
    text = span.text.strip().partition("=")[0].rstrip("+-*/@% ")
    return text if 0 < len(text) < WIDTH else ""
