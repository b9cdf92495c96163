"""A loop and the loop that reverses it, and what of a trip must be run again to have its residuals again.

A pair is found where a forward loop leaves stacks behind that one later loop of the same block consumes, trip by
trip from the last. A trip can be run again from the *state*: those of the carried values that the residuals depend on
and that change. What an effect gave (a random number, say) is part of no state: it is kept, by trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adjoint.analysis.versions import is_array
from adjoint.ir.core import (
    CALL,
    FOR,
    RAISE,
    Atom,
    Block,
    ForParts,
    Op,
    Value,
    WhileParts,
    for_parts,
    while_parts,
)
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import all_ops, clone_block, op_reads
from adjoint.schedule.cheap import is_cheap
from adjoint.schedule.snapshots import is_int
from adjoint.transform.dead_code import split_elements
from adjoint.transform.stacks import is_opposite


@dataclass(frozen=True, slots=True)
class Pair:
    """A forward loop and its reverse. `elements` are what the reverse reads, `others` its stacks from elsewhere."""

    forward: Op
    reverse: Op
    trip: Trip
    elements: tuple[tuple[Atom, Value], ...]
    others: tuple[tuple[Atom, tuple[Value, ...]], ...]
    meter: Any = None  # what learns the sizes of states and residuals, in a probe

    @property
    def loop(self) -> ForParts | WhileParts:
        return for_parts(self.forward) if self.forward.primitive is FOR else while_parts(self.forward)

    @property
    def is_counted(self) -> bool:
        """Whether the number of trips is known before the first."""
        return self.forward.primitive is FOR and "stop" not in self.forward.attrs


class Trip:
    """What of one trip of a loop is run again: `advance` gives the next state, `record` the residuals."""

    def __init__(self, loop: Op, pushed: Iterable[Atom], effectful: frozenset[str]) -> None:
        self.loop = loop
        self.body = loop.regions[-1]
        self.parts: Any = for_parts(loop) if loop.primitive is FOR else while_parts(loop)
        self.index: Value | None = loop.regions[0].params[0] if loop.primitive is FOR else None
        self.effectful = effectful
        inside = {*self.body.params, *(out for op in self.body.ops for out in op.outputs)}
        self.wanted = tuple(dict.fromkeys(a for a in pushed if isinstance(a, Value) and a in inside))
        self.definitions = {out: op for op in self.body.ops for out in op.outputs}
        self.numbers = {param: k for k, param in enumerate(self.parts.carried)}
        self.constant = {
            param: self.parts.initial[k] for param, k in self.numbers.items() if self.parts.following[k] is param
        }
        self.kept: dict[Value, None] = {}
        recorded, reads = self._slice(self.wanted)
        numbers: dict[int, None] = {}
        advanced: set[Op] = set()
        while more := [self.numbers[p] for p in reads if p in self.numbers and self.numbers[p] not in numbers]:
            numbers.update(dict.fromkeys(more))
            ops, reads = self._slice(self.parts.following[k] for k in more)
            advanced |= ops
        self.numbers_kept = sorted(numbers)
        self.recorded, self.advanced = recorded, advanced
        self.deferred: tuple[Value, ...] = ()

    def deferring(self) -> Trip:
        """The same trip, whose reverse computes from the state itself what is cheap, if that is not more to hold."""
        slices = {value: self._slice((value,)) for value in self.wanted}
        cheap = [value for value, (ops, _) in slices.items() if ops and all(map(is_cheap, ops))]
        read = {param for value in cheap for param in slices[value][1]}
        rest = [value for value in self.wanted if value not in cheap]
        state = [value for value in self.state if value in read and value not in rest]
        if not 0 < sum(map(is_array, cheap)) >= sum(map(is_array, state)):
            return self
        lighter = Trip(self.loop, (*rest, *state), self.effectful)
        lighter.deferred = tuple(cheap)
        return lighter

    @property
    def state(self) -> tuple[Value, ...]:
        return tuple(self.parts.carried[k] for k in self.numbers_kept)

    @property
    def initial(self) -> tuple[Atom, ...]:
        return tuple(self.parts.initial[k] for k in self.numbers_kept)

    def of_state(self, carried: Sequence[Any]) -> tuple[Any, ...]:
        """Those of the carried values that are state."""
        return tuple(carried[k] for k in self.numbers_kept)

    @property
    def is_repeatable(self) -> bool:
        """Whether what effects gave can be kept by trip: numbers and arrays."""
        return all(isinstance(value.type, ArrayType) for value in self.kept)

    def _slice(self, wanted: Iterable[Atom]) -> tuple[set[Op], set[Value]]:
        """The ops of a trip that these values need, and the parameters that they read."""
        ops: set[Op] = set()
        params: set[Value] = set()
        waiting = [atom for atom in wanted if isinstance(atom, Value)]
        while waiting:
            value = waiting.pop()
            op = self.definitions.get(value)
            if op is None:
                if value in self.numbers and value not in self.constant:
                    params.add(value)
            elif has_effect(op, self.effectful):
                self.kept.setdefault(value)
            elif op not in ops:
                ops.add(op)
                waiting += op_reads(op)
        return ops, params

    def run(self, ops: set[Op], results: Sequence[Atom], names: Mapping[Value, Atom]) -> Block:
        """A copy of some ops of a trip, in order, with its own definitions."""
        chosen = tuple(op for op in self.body.ops if op in ops)
        return clone_block(Block((), chosen, tuple(results)), {**self.constant, **names})

    def advance(self, names: Mapping[Value, Atom]) -> Block:
        """The next state."""
        return self.run(self.advanced, self.of_state(self.parts.following), names)

    def record(self, names: Mapping[Value, Atom]) -> Block:
        """The residuals."""
        return self.run(self.recorded, self.wanted, names)

    def compute_deferred(self, names: Mapping[Value, Atom]) -> Block:
        """What the reverse of a trip computes from the state before it."""
        ops, _ = self._slice(self.deferred)
        return self.run(ops, self.deferred, names)

    def step(self, names: Mapping[Value, Atom]) -> Block:
        """The next state, and then the residuals."""
        return self.run(self.advanced | self.recorded, (*self.of_state(self.parts.following), *self.wanted), names)


def has_effect(op: Op, effectful: frozenset[str]) -> bool:
    """Whether an op may not run again. An exception that was not raised the first time is not raised the second."""
    ops = [op, *(inner for region in op.regions for inner in all_ops(region))]
    return any(
        (o.primitive.effect and o.primitive is not RAISE) or (o.primitive is CALL and o.attrs["callee"] in effectful)
        for o in ops
    )


def find_pair(block: Block, at: int, reads: Mapping[Value, int], effectful: frozenset[str]) -> Pair | None:
    """The pair whose forward loop is op `at` of a block, if its trips can be run again."""
    forward = block.ops[at]
    loop = for_parts(forward) if forward.primitive is FOR else while_parts(forward)
    if not loop.produced or (isinstance(loop, ForParts) and (loop.stacks or forward.attrs["reverse"])):
        return None
    readers = [op for op in block.ops[at + 1 :] if not set(loop.produced).isdisjoint(op.inputs)]
    live = [stack for stack in loop.produced if stack in reads]
    if len(readers) != 1 or readers[0].primitive is not FOR or any(reads[stack] != 1 for stack in live):
        return None
    (reverse,) = readers
    theirs = for_parts(reverse)
    if "stop" in reverse.attrs or not _meets(forward, loop, reverse):
        return None
    if not all(stack in theirs.stacks for stack in live):
        return None
    pushed = dict(zip(loop.produced, _groups(forward, loop), strict=True))
    elements: list[tuple[Atom, Value]] = []
    others: list[tuple[Atom, tuple[Value, ...]]] = []
    for stack, popped in zip(theirs.stacks, split_elements(theirs.stacks, theirs.elements), strict=True):
        if stack in pushed:
            elements += zip(pushed[stack], popped, strict=True)
        else:
            others.append((stack, popped))
    trip = Trip(forward, (atom for atom, _ in elements), effectful)
    return Pair(forward, reverse, trip, tuple(elements), tuple(others)) if trip.is_repeatable else None


def _groups(forward: Op, loop: ForParts | WhileParts) -> list[tuple[Atom, ...]]:
    waiting = iter(loop.pushed)
    return [tuple(next(waiting) for _ in range(size)) for size in forward.attrs["produced"]]


def _meets(forward: Op, loop: ForParts | WhileParts, reverse: Op) -> bool:
    """Whether the reverse loop goes through the trips of the forward loop, from the last."""
    if isinstance(loop, ForParts):
        return is_opposite(forward, reverse)
    start, stop, step = reverse.inputs[:3]
    return bool(reverse.attrs["reverse"]) and is_int(start, 0) and is_int(step, 1) and stop is loop.trips
