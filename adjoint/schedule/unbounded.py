"""Loops that may end at any moment: snapshots that thin out while the loop runs (see `online`).

    while n > 0:
        if trips == due:
            snapshots.append((trips, u, n))
            due = thin(snapshots, 20)
        ...
        trips += 1
    for t in range(trips - 1, -1, -1):
        start, u, n = snapshots.pop()
        steps = revolve(start, t + 1, 20 - len(snapshots))
        for s in range(start, t):
            if s in steps:
                snapshots.append((s, u, n))
            ...                              # step s
        ...                                  # step t, recorded and reversed

Which step is the last is known too late to record it in the forward sweep, so it runs twice.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace

from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, WHILE, Atom, Block, Op, Value
from adjoint.ir.types import PY_INT
from adjoint.schedule.pairs import Pair
from adjoint.schedule.rerun import ONE, ZERO, Made, Rerun, binomial, branch, renewed
from adjoint.schedule.snapshots import named, plus, test

EQUAL = named(operator.eq)

Slots = Callable[[Builder, Atom], Atom]
"""(builder, trips so far) -> how many snapshots may be held."""


def unbounded(pair: Pair, slots: Slots | None) -> Made:
    """At most so many snapshots; without a number, only the initial state is kept."""
    return _Unbounded(pair, slots).made()


class _Unbounded(Rerun):
    def __init__(self, pair: Pair, slots: Slots | None) -> None:
        super().__init__(replace(pair, trip=pair.trip.deferring()))
        self.slots = slots

    def made(self) -> Made:
        builder = Builder(self.pair.forward.span, self.pair.forward.sweep)
        trips, held, lists, results = self.forward(builder)
        slots = self.slots(builder, trips) if self.slots else None
        params = renewed(held)

        def before(inner: Builder, trip: Value, held: Sequence[Value]) -> tuple[Sequence[Atom], Sequence[Atom]]:
            if slots is None:
                return (), self.from_start(inner, trip, lists)
            left, *residuals = self.again(inner, held[0], trip, binomial(slots), lists)
            return (left,), residuals

        reverse = self.reversal(trips, before, held, params)
        return Made(builder.ops, reverse, results)

    def forward(self, builder: Builder) -> tuple[Value, list[Value], list[Value], dict[Value, Atom]]:
        """The forward loop with a count, snapshots and what effects gave."""
        op, parts = self.pair.forward, self.trip.parts
        held = [self.snapshots.none(builder)] if self.slots else []
        lists = self.no_lists(builder)
        more: tuple[Atom, ...] = (*held, ZERO, *lists) if held else tuple(lists)
        count, variables, kept = Value("trips", PY_INT), renewed(held), self.fresh_lists()
        due = [Value("due", PY_INT)] if held else []
        first = Builder(builder.span, builder.sweep)
        state = self.trip.of_state(parts.carried)
        after = self.keep(first, count, variables[0], due[0], state) if held else ()
        last = Builder(builder.span, builder.sweep)
        ends = self.appended(last, kept, {value: value for value in self.trip.kept})
        following = (*after, *ends, plus(last, count, ONE))
        body = op.regions[-1]
        added = (*variables, *due, *kept, count)
        first_params = body.params if op.primitive is WHILE else (parts.index, *parts.carried)
        region = Block((*first_params, *added), (*first.ops, *body.ops, *last.ops), (*parts.following, *following))
        regions: tuple[Block, ...] = (region,)
        if op.primitive is WHILE:
            head = op.regions[0]
            regions = (replace(head, params=(*head.params, *renewed(added))), region)
        attrs = {name: item for name, item in op.attrs.items() if name != "schedule"}
        attrs.update(produced=(), advances=True)
        finals = renewed(added)
        outputs = (*parts.final, *finals)
        inputs: tuple[Atom, ...] = (*op.inputs, *more, ZERO)
        if op.primitive is FOR:
            attrs["carried"] = len(outputs)
        else:
            outputs = (*outputs, Value(None, PY_INT))
        builder.append(Op(op.primitive, inputs, outputs, attrs, regions, op.span, op.sweep))
        results: dict[Value, Atom] = {} if op.primitive is FOR else {parts.trips: finals[-1]}
        snapshots, rest = list(finals[: len(held)]), list(finals[2 * len(held) : -1])
        return finals[-1], snapshots, rest, results

    def keep(self, builder: Builder, count: Value, held: Value, due: Value, state: Sequence[Atom]) -> tuple[Value, ...]:
        """Keep the state if it is time to; the snapshots, and when it is time again."""
        assert self.slots is not None
        inner = builder.nested()
        kept = self.snapshots.keep(inner, held, count, state)
        left, next_due = self.snapshots.thin(inner, kept, self.slots(inner, count))
        then = Block((), tuple(inner.ops), (left, next_due))
        return branch(builder, test(builder, EQUAL, count, due), then, Block((), (), (held, due)), (held, due))
