"""A plan for a counted loop, as a value: what is kept, run, recorded and reversed, in order.

A loop takes a state through steps 0..n. `Advance` runs steps and keeps nothing but the state; `Record` runs
them and keeps what their reversal reads (the tape); `Reverse` reverses recorded steps. A snapshot is the state
before a step.

The loops that generated code runs all have one form: advance from the latest snapshot, record the last steps,
reverse them, again and again. `Placement` is what they differ in, and `plan` writes them out as actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Store:
    """Keep the current state, which is that before `step`."""

    step: int


@dataclass(frozen=True, slots=True)
class Restore:
    """Make the snapshot before `step` the current state; it stays kept."""

    step: int


@dataclass(frozen=True, slots=True)
class Free:
    """Keep the snapshot before `step` no longer."""

    step: int


@dataclass(frozen=True, slots=True)
class Advance:
    """Run the steps start..stop."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Record:
    """Run the steps start..stop and keep what their reversal reads."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Reverse:
    """Reverse the recorded steps start..stop, the last one first, and drop their tape."""

    start: int
    stop: int


Action: TypeAlias = Store | Restore | Free | Advance | Record | Reverse


@dataclass(frozen=True, slots=True)
class Plan:
    """The reversal of a loop of `steps` steps."""

    steps: int
    actions: tuple[Action, ...]


Placement: TypeAlias = Callable[[int, int, int], Iterable[int]]
"""(start, stop, number of other snapshots) -> steps before which to keep the state, to reverse start..stop."""


def plan(steps: int, place: Placement, length: int = 1) -> Plan:
    """Reverse a loop whose number of steps is known. Blocks of `length` steps are recorded together.

    A placement counts in blocks. The last block is recorded in the forward sweep: it is reversed first.
    """
    blocks = -(-steps // length)
    actions: list[Action] = []
    held: list[int] = []
    if blocks:
        _advance(actions, held, 0, blocks - 1, place(0, blocks, 0))
    reverse(actions, held, blocks, place)
    return Plan(steps, tuple(actions if length == 1 else (_in_steps(action, length, steps) for action in actions)))


def reverse(actions: list[Action], held: list[int], steps: int, place: Placement, *, ended: bool = False) -> None:
    """Append the reverse sweep after a forward sweep that has come to the last step, or has `ended` with it."""
    for step in range(steps - 1, -1, -1):
        if step < steps - 1 or ended:
            start = held.pop()
            actions.append(Restore(start))
            kept = set(place(start, step + 1, len(held)))
            if start in kept:
                held.append(start)
            else:
                actions.append(Free(start))
            _advance(actions, held, start, step, kept - {start})
        actions += [Record(step, step + 1), Reverse(step, step + 1)]


def _advance(actions: list[Action], held: list[int], start: int, stop: int, kept: Iterable[int]) -> None:
    for step in sorted(kept):
        if step > start:
            actions.append(Advance(start, step))
        actions.append(Store(step))
        held.append(step)
        start = step
    if stop > start:
        actions.append(Advance(start, stop))


def _in_steps(action: Action, length: int, steps: int) -> Action:
    """An action on blocks as an action on steps; the last block may be shorter."""
    if isinstance(action, (Store, Restore, Free)):
        return type(action)(action.step * length)
    return type(action)(action.start * length, min(action.stop * length, steps))
