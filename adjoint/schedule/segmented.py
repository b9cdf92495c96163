"""Segments of about sqrt(n) steps: both sweeps are two nested loops (Chen et al. 2016).

The forward sweep keeps the state before each segment. The reverse sweep runs each segment once more, with the
residuals of all its steps, and reverses it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, Atom, Block, Literal, Op, Primitive, Value, for_parts
from adjoint.ir.types import PY_INT, StackType
from adjoint.ir.walk import substitute
from adjoint.rules.names import ADD
from adjoint.schedule.counted import copy_of_trip
from adjoint.schedule.pairs import Pair
from adjoint.schedule.rerun import ONE, ZERO, Made, Rerun, append, renewed
from adjoint.schedule.segments import segment_length
from adjoint.schedule.snapshots import plus

ISQRT = Primitive("isqrt", math.isqrt)
MIN, MAX = Primitive("min", min), Primitive("max", max)


def segmented(pair: Pair) -> Made:
    return _Segmented(pair).made()


def can_be_segmented(pair: Pair) -> bool:
    """Whether the reverse loop can be cut into segments: it consumes and produces no other stacks."""
    return pair.is_counted and not pair.others and not for_parts(pair.reverse).produced


class _Segmented(Rerun):
    def made(self) -> Made:
        forward = self.pair.forward
        builder = Builder(forward.span, forward.sweep)
        trips = self.count(builder)
        length = self.length(builder, trips)
        finals, states, lists = self.forward(builder, trips, length)
        reverse = self.backward(trips, length, states, lists)
        return Made(builder.ops, reverse, dict(zip(self.trip.parts.final, finals, strict=True)))

    def length(self, builder: Builder, trips: Atom) -> Atom:
        if isinstance(trips, Literal):
            return Literal(segment_length(max(trips.value, 0)))
        (positive,) = builder.emit(MAX, (trips, ZERO), types=(PY_INT,))
        (root,) = builder.emit(ISQRT, (positive,), types=(PY_INT,))
        return builder.emit(ADD, (root, ONE), types=(PY_INT,), hints=("length",))[0]

    def end(self, builder: Builder, start: Atom, length: Atom, trips: Atom) -> Value:
        """Where a segment ends."""
        return builder.emit(MIN, (plus(builder, start, length), trips), types=(PY_INT,))[0]

    def forward(self, builder: Builder, trips: Atom, length: Atom) -> tuple[list[Value], Value, list[Value]]:
        """The forward sweep: what it carries out, the states before the segments, what effects gave."""
        parts, count = self.trip.parts, len(self.trip.parts.carried)
        lists = self.no_lists(builder)
        start, carried, kept = Value("start", PY_INT), renewed(parts.carried), self.fresh_lists()
        outer = builder.nested()
        end = self.end(outer, start, length, trips)
        trip, variables, inner_kept = Value(parts.index.hint, PY_INT), renewed(parts.carried), self.fresh_lists()
        inner = builder.nested()
        table: dict[Value, Atom] = {**self.index(inner, trip), **dict(zip(parts.carried, variables, strict=True))}
        following = append(inner, copy_of_trip(self.trip.body, table, count))
        following = (*following, *self.appended(inner, inner_kept, table))
        region = Block((trip, *variables, *inner_kept), tuple(inner.ops), following)
        attrs = {"carried": len(following), "produced": (), "reverse": False, "advances": True}
        ends = renewed((*carried, *kept))
        outer.append(Op(FOR, (start, end, ONE, *carried, *kept), ends, attrs, (region,), builder.span, builder.sweep))
        state = self.trip.of_state(carried)
        states = Value("snapshots", StackType(tuple(value.type for value in state)))
        region = Block((start, *carried, *kept), tuple(outer.ops), (*ends, *state))
        attrs = {"carried": len(ends), "produced": (len(state),), "reverse": False}
        finals = renewed((*parts.final, *lists))
        inputs = (ZERO, trips, length, *parts.initial, *lists)
        builder.append(Op(FOR, inputs, (*finals, states), attrs, (region,), builder.span, builder.sweep))
        return list(finals[:count]), states, list(finals[count:])

    def backward(self, trips: Atom, length: Atom, states: Value, lists: Sequence[Atom]) -> Op:
        old, theirs = self.pair.reverse, self.reverse
        start, carried, state = Value("start", PY_INT), renewed(theirs.carried), renewed(self.trip.state)
        outer = Builder(old.span)
        end = self.end(outer, start, length, trips)
        residuals = self.recorded(outer, start, end, state, lists)
        inner = outer.nested()
        trip = Value(theirs.index.hint or self.trip.parts.index.hint, PY_INT)
        popped = renewed(self.trip.wanted)
        table = self.elements(inner, trip, popped)
        table[theirs.index] = self.index(inner, trip)[self.trip.index]  # type: ignore[index]  # a counted loop
        body = substitute(old.regions[0], table)
        region = Block((trip, *theirs.carried, *popped), (*inner.ops, *body.ops), body.results)
        finals = renewed(carried)
        inputs: tuple[Atom, ...] = (start, end, ONE, *carried, residuals)
        outer.append(Op(FOR, inputs, finals, old.attrs, (region,), old.span, old.sweep))
        region = Block((start, *carried, *state), tuple(outer.ops), finals)
        inputs = (ZERO, trips, length, *theirs.initial, states)
        return Op(FOR, inputs, theirs.final, old.attrs, (region,), old.span, old.sweep)

    def recorded(
        self, builder: Builder, start: Atom, end: Atom, state: Sequence[Value], lists: Sequence[Atom]
    ) -> Value:
        """Run a segment again: the residuals of its steps."""
        trip, params = Value(self.trip.parts.index.hint, PY_INT), renewed(self.trip.state)
        inner: Any = builder.nested()
        made = append(inner, self.trip.step(self.names(inner, trip, params, lists)))
        region = Block((trip, *params), tuple(inner.ops), made)
        stack = Value(None, StackType(tuple(value.type for value in self.trip.wanted)))
        attrs = {"carried": len(params), "produced": (len(self.trip.wanted),), "reverse": False}
        outputs = (*renewed(params), stack)
        builder.append(
            Op(FOR, (start, end, ONE, *state), outputs, attrs, (region,), builder.span, builder.sweep)
        )
        return stack
