"""The course of both sweeps, as values: what is held when, and which steps run when.

A loop follows its plan, the very one that its generated code follows; one step, run or reversed, takes one unit of
time. Loops follow one another forward, and backward in the other order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

from adjoint.ir.schedules import Recursive, Revolve
from adjoint.runtime.snapshots import halvings
from adjoint.schedule.actions import Advance, Free, Plan, Record, Restore, Reverse, Store
from adjoint.schedule.online import generated_plan
from adjoint.schedule.residuals import Loop, Residual
from adjoint.schedule.revolve import revolve_plan
from adjoint.schedule.segments import recursive_plan, segment_length, segments_plan, store_plan


@dataclass(frozen=True, slots=True)
class Moment:
    """`held` bytes at a time."""

    time: float
    held: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """From one time to another a loop goes from one step to another: it advances, records or reverses them.

    `snapshots` are the steps before which a state is held meanwhile.
    """

    kind: str
    start: int
    stop: int
    begin: int
    end: int
    snapshots: tuple[int, ...]


def plan_of(loop: Loop, trips: int) -> Plan:
    """The plan that a loop of so many trips follows."""
    hint: Any = loop.hint
    if hint is None:
        return store_plan(trips)
    if not loop.state:  # each step runs for itself: nothing leads from one to the next
        pairs = ((Record(step, step + 1), Reverse(step, step + 1)) for step in range(trips - 1, -1, -1))
        return Plan(trips, tuple(action for pair in pairs for action in pair))
    if not loop.counted:
        return generated_plan(trips, lambda so_far: _slots(hint, so_far))
    if hint == "sqrt":
        return segments_plan(trips, segment_length(trips))
    if isinstance(hint, Recursive):
        return recursive_plan(trips)
    return revolve_plan(trips, hint.slots if isinstance(hint, Revolve) else 1)


def _slots(hint: Any, trips: int) -> int:
    """How many snapshots a loop of unknown length may hold after some trips."""
    if isinstance(hint, Revolve):
        return hint.slots
    if hint == "recompute":
        return 1
    return 2 * (isqrt(trips) if hint == "sqrt" else halvings(trips)) + 1


def strokes(plan: Plan) -> tuple[Stroke, ...]:
    """What a loop does, in order of time."""
    found: list[Stroke] = []
    held: list[int] = []
    time = 0
    for action in plan.actions:
        if isinstance(action, Store):
            held.append(action.step)
        elif isinstance(action, Free):
            held.remove(action.step)
        elif not isinstance(action, Restore):
            start, stop = action.start, action.stop
            if isinstance(action, Reverse):
                start, stop = stop, start
            end = time + action.stop - action.start
            found.append(Stroke(type(action).__name__.lower(), start, stop, time, end, tuple(held)))
            time = end
    return tuple(found)


def extra_steps(plan: Plan) -> int:
    """How many steps run besides the first run of each."""
    steps = sum(a.stop - a.start for a in plan.actions if isinstance(a, (Advance, Record)))
    return steps - plan.steps


def course(loops: Sequence[Loop], residuals: Sequence[Residual]) -> tuple[Moment, ...]:
    """What residuals and snapshots take, over the course of both sweeps."""
    outer = [(k, loop) for k, loop in enumerate(loops) if loop.parent is None]
    halves = [_halves(loop, *_sizes(loop, k, loops, residuals)) for k, loop in outer]
    held = sum(r.total for r in residuals if r.loop is None and r.decision == "kept")
    moments = [Moment(0, held)]
    for change, time in _in_order(halves):
        held += change
        moments.append(Moment(moments[-1].time + time, held))
    return tuple(moments)


def _in_order(halves: Sequence[tuple[list[tuple[int, int]], list[tuple[int, int]]]]) -> Iterator[tuple[int, int]]:
    for forward, _ in halves:
        yield from forward
    for _, reverse in reversed(halves):
        yield from reverse


def _sizes(loop: Loop, number: int, loops: Sequence[Loop], residuals: Sequence[Residual]) -> tuple[int, int]:
    """The bytes of a snapshot, and of what is kept or recorded of a step."""
    state = sum(residuals[k].largest for k in loop.state)
    if loop.hint is not None:
        tape = sum(-(-residuals[k].total // max(loop.trips, 1)) for k in loop.tape)
        return state, tape
    within = {number}
    within.update(k for k, inner in enumerate(loops) if inner.parent in within)
    kept = sum(r.total for r in residuals if r.loop in within and r.decision == "kept")
    return 0, -(-kept // max(loop.trips, 1))


def _halves(loop: Loop, state: int, tape: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(change of bytes, time) of the forward sweep of a loop, and of its reverse sweep."""
    halves: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    at = held = 0
    disk = loop.hint.disk if isinstance(loop.hint, Revolve) else 0
    for action in plan_of(loop, loop.trips).actions:
        at = 1 if isinstance(action, Reverse) else at
        if isinstance(action, (Store, Free)):
            before, held = held, held + (1 if isinstance(action, Store) else -1)
            halves[at].append((state * (max(held - disk, 0) - max(before - disk, 0)), 0))
        elif isinstance(action, Advance):
            halves[at].append((0, action.stop - action.start))
        elif isinstance(action, (Record, Reverse)):
            each = tape if isinstance(action, Record) else -tape
            halves[at].extend((each, 1) for _ in range(action.start, action.stop))
    return halves
