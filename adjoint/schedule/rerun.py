"""What all schedules of a loop have in common: numbers of trips, kept effects, the loop that runs steps again.

Trips are counted from 0. Where the range of a loop is another one, its index is computed from the count.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adjoint.ir.build import Builder
from adjoint.ir.core import EMPTY, FOR, IF, Atom, Block, Literal, Op, Primitive, Value, for_parts
from adjoint.ir.schedules import Revolve
from adjoint.ir.types import PY_INT, ListType
from adjoint.ir.walk import clone_block, substitute
from adjoint.rules.lists import list_append, list_get, list_of
from adjoint.schedule.pairs import Pair
from adjoint.schedule.snapshots import (
    BISECTION,
    REVOLVE,
    STEPS,
    Snapshots,
    held,
    is_int,
    minus,
    named,
    plus,
    test,
    times,
)

ZERO, ONE = Literal(0), Literal(1)
APPEND, GET, LIST, CONTAINS = map(named, (list_append, list_get, list_of, operator.contains))
TRIPS = Primitive("trips", len)
RANGE = Primitive("range", range)

Place = Callable[[Builder, Atom, Atom, Atom | None], Value]
"""(builder, start, stop, other snapshots) -> the steps before which the state is kept, to reverse start..stop."""


def binomial(slots: Atom) -> Place:
    def place(builder: Builder, start: Atom, stop: Atom, others: Atom | None) -> Value:
        left = minus(builder, slots, held(builder, others)) if others else slots
        return builder.emit(REVOLVE, (start, stop, left), types=(STEPS,), hints=("steps",))[0]

    return place


def bisected(builder: Builder, start: Atom, stop: Atom, others: Atom | None) -> Value:
    return builder.emit(BISECTION, (start, stop), types=(STEPS,), hints=("steps",))[0]


@dataclass(slots=True)
class Made:
    """A new pair of loops: the ops of both, and what the results of the old forward loop are now."""

    forward: list[Op]
    reverse: Op
    results: dict[Value, Atom]


class Rerun:
    """The parts of a scheduled pair."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.trip = pair.trip
        hint = pair.forward.attrs.get("schedule")
        self.snapshots = Snapshots(self.trip.state, hint.disk if isinstance(hint, Revolve) else 0)
        self.lists = [Value(v.hint or "kept", ListType(v.type)) for v in self.trip.kept]
        self.reverse = for_parts(pair.reverse)
        self.plain = True
        self.space: Any = (ZERO, ZERO, ONE)
        if pair.forward.primitive is FOR:
            self.space = for_parts(pair.forward).space
            self.plain = is_int(self.space[0], 0) and is_int(self.space[2], 1)

    # ---- counts and indices

    def counter(self) -> Value:
        """A variable for the number of a trip, called as the index of the loop."""
        hint = self.trip.index.hint if self.trip.index else None
        return Value(hint if hint not in (None, "_") else "t", PY_INT)

    def count(self, builder: Builder) -> Atom:
        """How many trips a counted loop makes."""
        start, stop, step = self.space
        if self.plain:
            return stop  # type: ignore[no-any-return]
        if all(isinstance(atom, Literal) for atom in self.space):
            return Literal(len(range(start.value, stop.value, step.value)))
        (whole,) = builder.emit(RANGE, self.space, types=(STEPS,))
        return builder.emit(TRIPS, (whole,), types=(PY_INT,), hints=("trips",))[0]

    def index(self, builder: Builder, trip: Atom) -> dict[Value, Atom]:
        """What the index of the loop is in a trip."""
        if self.trip.index is None:
            return {}
        start, _, step = self.space
        return {self.trip.index: plus(builder, start, times(builder, trip, step))}

    def names(self, builder: Builder, trip: Atom, state: Sequence[Atom], lists: Sequence[Atom]) -> dict[Value, Atom]:
        """What a copy of a trip reads: its index, the state before it, what effects gave in it."""
        names = self.index(builder, trip)
        names.update(zip(self.trip.state, state, strict=True))
        for value, kept in zip(self.trip.kept, lists, strict=True):
            names[value] = builder.emit(GET, (kept, trip), types=(value.type,), hints=(value.hint,))[0]
        return names

    def no_lists(self, builder: Builder) -> list[Value]:
        return [builder.emit(LIST, (), types=(v.type,), hints=(v.hint,))[0] for v in self.lists]

    def appended(self, builder: Builder, lists: Sequence[Value], table: Mapping[Value, Atom]) -> list[Value]:
        """The lists after a trip of the forward sweep; `table` says what the effects in a copy of the trip gave."""
        return [
            builder.emit(APPEND, (kept, table[value]), types=(kept.type,), hints=(kept.hint,))[0]
            for kept, value in zip(lists, self.trip.kept, strict=True)
        ]

    def fresh_lists(self) -> list[Value]:
        return [Value(v.hint, v.type) for v in self.lists]

    # ---- steps

    def keep_if(self, builder: Builder, condition: Atom, held: Atom, step: Atom, state: Sequence[Atom]) -> Value:
        """Write `if condition: snapshots.append((step, *state))`."""
        inner = builder.nested()
        kept = self.snapshots.keep(inner, held, step, state)
        return branch(builder, condition, Block((), tuple(inner.ops), (kept,)), Block((), (), (held,)), (held,))[0]

    def keep_if_in(self, builder: Builder, steps: Atom, held: Atom, step: Atom, state: Sequence[Atom]) -> Value:
        return self.keep_if(builder, test(builder, CONTAINS, steps, step), held, step, state)

    def again(self, builder: Builder, held: Atom, trip: Atom, place: Place, lists: Sequence[Atom]) -> tuple[Atom, ...]:
        """Run the steps from the latest snapshot to a trip, and record it: (snapshots, *residuals)."""
        rest, start, taken = self.snapshots.take(builder, held)
        steps = place(builder, start, plus(builder, trip, ONE), rest)
        step, inner = Value("s", PY_INT), builder.nested()
        params = (self.snapshots.variable(), *renewed(self.trip.state))
        kept = self.keep_if_in(inner, steps, params[0], step, params[1:])
        following = append(inner, self.trip.advance(self.names(inner, step, params[1:], lists)))
        left, *state = loop(builder, (start, trip, ONE), (rest, *taken), step, params, inner, (kept, *following))
        return left, *self.record(builder, trip, state, lists)

    def from_start(self, builder: Builder, trip: Atom, lists: Sequence[Atom]) -> tuple[Atom, ...]:
        """Run all the steps before a trip, and record it."""
        step, inner = Value("s", PY_INT), builder.nested()
        params = renewed(self.trip.state)
        following = append(inner, self.trip.advance(self.names(inner, step, params, lists)))
        state = loop(builder, (ZERO, trip, ONE), self.trip.initial, step, params, inner, following)
        return self.record(builder, trip, state, lists)

    def record(self, builder: Builder, trip: Atom, state: Sequence[Atom], lists: Sequence[Atom]) -> tuple[Atom, ...]:
        return append(builder, self.trip.record(self.names(builder, trip, state, lists)))

    # ---- the reverse loop

    def reversal(
        self,
        trips: Atom,
        before: Callable[[Builder, Value, Sequence[Value]], tuple[Sequence[Atom], Sequence[Atom]]],
        initial: Sequence[Atom],
        params: Sequence[Value],
    ) -> Op:
        """The reverse loop, which has its residuals from `before`, and carries more values for that."""
        old, theirs = self.pair.reverse, self.reverse
        trip = self.counter()
        builder = Builder(old.span)
        following, residuals = before(builder, trip, params)
        if self.pair.meter:
            tape = Primitive("tape", self.pair.meter.tape, effect=True)
            builder.emit(tape, (trip, *residuals), types=())
        table = self.elements(builder, trip, residuals)
        table[theirs.index] = self.index(builder, trip)[self.trip.index] if self.trip.index else trip
        body = substitute(old.regions[0], table)
        others = tuple(value for _, popped in self.pair.others for value in popped)
        results = (*body.results[: len(theirs.carried)], *following, *body.results[len(theirs.carried) :])
        region = Block((trip, *theirs.carried, *params, *others), (*builder.ops, *body.ops), results)
        finals = tuple(renewed(params))
        attrs = {**old.attrs, "carried": len(theirs.carried) + len(params)}
        inputs = (ZERO, trips, ONE, *theirs.initial, *initial, *(stack for stack, _ in self.pair.others))
        return Op(FOR, inputs, (*theirs.final, *finals, *theirs.produced), attrs, (region,), old.span, old.sweep)

    def elements(self, builder: Builder, trip: Atom, residuals: Sequence[Atom]) -> dict[Value, Atom]:
        """What the reverse body reads instead of the elements of the stacks."""
        known: dict[Atom, Atom] = dict(zip(self.trip.wanted, residuals, strict=True))
        if self.trip.deferred:
            names = {value: atom for value, atom in known.items() if isinstance(value, Value)}
            computed = append(builder, self.trip.compute_deferred({**self.index(builder, trip), **names}))
            known.update(zip(self.trip.deferred, computed, strict=True))
        return {popped: known.get(atom, atom) for atom, popped in self.pair.elements}


def renewed(values: Sequence[Value]) -> tuple[Value, ...]:
    return tuple(Value(value.hint, value.type) for value in values)


def append(builder: Builder, block: Block) -> tuple[Atom, ...]:
    """Append the ops of a block without parameters; its results."""
    builder.ops.extend(block.ops)
    return block.results


def loop(
    builder: Builder, space: tuple[Atom, Atom, Atom], initial: Sequence[Atom], index: Value, params: Sequence[Value],
    inner: Builder, following: Sequence[Atom],
) -> tuple[Value, ...]:  # fmt: skip
    """Append a loop that leaves no stacks behind; what it carries out."""
    region = Block((index, *params), tuple(inner.ops), tuple(following))
    attrs = {"carried": len(params), "produced": (), "reverse": False, "advances": True}
    finals = renewed(params)
    builder.append(Op(FOR, (*space, *initial), finals, attrs, (region,), builder.span, builder.sweep))
    return finals


def branch(builder: Builder, condition: Atom, then: Block, otherwise: Block, like: Sequence[Atom]) -> tuple[Value, ...]:
    """Append an `if`; its results have the types and names of `like`."""
    outputs = tuple(Value(a.hint if isinstance(a, Value) else None, a.type) for a in like)
    builder.append(Op(IF, (condition,), outputs, EMPTY, (then, otherwise), builder.span, builder.sweep))
    return outputs


def copy_of(body: Block, names: dict[Value, Atom]) -> Block:
    """A copy of a body whose parameters are values that are there already."""
    return clone_block(replace(body, params=()), names)
