"""Loops whose number of trips is known: snapshots by `revolve` or `bisection`, or none but the initial state.

    steps = revolve(0, n, 20)
    for t in range(n - 1):
        if t in steps:
            snapshots.append((t, u))
        u = ...                              # step t
    if n > 0:
        ...                                  # step n - 1, recorded
    for t in range(n - 1, -1, -1):
        if t < n - 1:
            start, u = snapshots.pop()
            steps = revolve(start, t + 1, 20 - len(snapshots))
            for s in range(start, t):
                if s in steps:
                    snapshots.append((s, u))
                u = ...                      # step s
            ...                              # step t, recorded
        u_bar = ...                          # step t, reversed

The forward sweep runs all trips but the last without residuals, and the last with them: it is reversed first. Then
each trip is run again from the latest snapshot before it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, UNDEFINED, Atom, Block, Literal, Op, Value
from adjoint.schedule.pairs import Pair
from adjoint.schedule.rerun import ONE, ZERO, Made, Place, Rerun, append, branch, copy_of, renewed
from adjoint.schedule.snapshots import minus, named, test

LESS, GREATER = map(named, (operator.lt, operator.gt))


def counted(pair: Pair, place: Place | None) -> Made:
    """Snapshots where `place` says; without it, only the initial state is kept."""
    return _Counted(pair, place).made()


class _Counted(Rerun):
    def __init__(self, pair: Pair, place: Place | None) -> None:
        super().__init__(replace(pair, trip=pair.trip.deferring()))
        self.place = place

    def made(self) -> Made:
        forward = self.pair.forward
        builder = Builder(forward.span, forward.sweep)
        trips = self.count(builder)
        last = minus(builder, trips, ONE)
        finals, snapshots, lists = self.advance(builder, trips, last)
        results, residuals = self.last_trip(builder, trips, last, finals)
        params = (*renewed(snapshots), *(Value(a.hint, a.type) for a in self.trip.wanted))

        def before(inner: Builder, trip: Value, held: Sequence[Value]) -> tuple[Sequence[Atom], Sequence[Atom]]:
            then = inner.nested()
            if self.place is None:
                made: Sequence[Atom] = self.from_start(then, trip, lists)
            else:
                made = self.again(then, held[0], trip, self.place, lists)
            end = last if isinstance(last, Literal) else minus(inner, trips, ONE)
            condition = test(inner, LESS, trip, end)
            found = branch(inner, condition, Block((), tuple(then.ops), tuple(made)), Block((), (), tuple(held)), held)
            return found, found[len(snapshots) :]

        reverse = self.reversal(trips, before, (*snapshots, *residuals), params)
        return Made(builder.ops, reverse, dict(zip(self.trip.parts.final, results, strict=True)))

    def advance(self, builder: Builder, trips: Atom, last: Atom) -> tuple[list[Value], list[Value], list[Value]]:
        """All trips but the last: what is carried then, the snapshots, what effects gave."""
        parts, count = self.trip.parts, len(self.trip.parts.carried)
        held = [self.snapshots.none(builder)] if self.place else []
        steps = self.place(builder, ZERO, trips, None) if self.place else None
        lists = self.no_lists(builder)
        trip = self.counter()
        carried, variables, kept = renewed(parts.carried), renewed(held), self.fresh_lists()
        inner = Builder(builder.span, builder.sweep)
        state = self.trip.of_state(carried)
        after: list[Atom] = [self.keep_if_in(inner, steps, variables[0], trip, state)] if steps else []
        names = {**self.index(inner, trip), **dict(zip(parts.carried, carried, strict=True))}
        table: dict[Value, Atom] = dict(names)
        body = copy_of_trip(self.trip.body, table, count)
        following = append(inner, body)
        ends = self.appended(inner, kept, table)
        region = Block((trip, *carried, *variables, *kept), tuple(inner.ops), (*following, *after, *ends))
        initial = (*parts.initial, *held, *lists)
        finals = renewed((*parts.final, *held, *lists))
        attrs = {"carried": len(initial), "produced": (), "reverse": False, "advances": True}
        forward = self.pair.forward
        builder.append(Op(FOR, (ZERO, last, ONE, *initial), finals, attrs, (region,), forward.span, forward.sweep))
        rest = list(finals[count:])
        return list(finals[:count]), rest[: len(held)], rest[len(held) :]

    def last_trip(
        self, builder: Builder, trips: Atom, last: Atom, carried: Sequence[Value]
    ) -> tuple[Sequence[Atom], Sequence[Atom]]:
        """The last trip, recorded: what the loop carries out, and the residuals."""
        parts, count = self.trip.parts, len(self.trip.parts.carried)
        inner = builder.nested()
        end = last if isinstance(last, Literal) else minus(inner, trips, ONE)
        table: dict[Value, Atom] = {**self.index(inner, end), **dict(zip(parts.carried, carried, strict=True))}
        block = copy_of(Block((), self.trip.body.ops, (*self.trip.body.results[:count], *self.trip.wanted)), table)
        if isinstance(trips, Literal):
            if trips.value < 1:
                return carried, (UNDEFINED,) * len(self.trip.wanted)
            builder.ops += [*inner.ops, *block.ops]
            return block.results[:count], block.results[count:]
        inner.ops += block.ops
        then = Block((), tuple(inner.ops), block.results)
        otherwise = Block((), (), (*carried, *(UNDEFINED,) * len(self.trip.wanted)))
        made = branch(builder, test(builder, GREATER, trips, ZERO), then, otherwise, (*parts.final, *self.trip.wanted))
        return made[:count], made[count:]


def copy_of_trip(body: Block, table: dict[Value, Atom], count: int) -> Block:
    """A copy of a trip that gives what is carried, and pushes nothing."""
    return copy_of(Block((), body.ops, body.results[:count]), table)
