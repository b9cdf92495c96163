"""Schedules that need no number of snapshots: store all, segments of one length, recursive bisection."""

from __future__ import annotations

from math import isqrt

from adjoint.runtime.snapshots import bisection
from adjoint.schedule.actions import Action, Advance, Free, Plan, Record, Restore, Reverse, Store, plan


def store_plan(steps: int) -> Plan:
    """Record every step in the forward sweep."""
    return Plan(steps, (Record(0, steps), Reverse(0, steps)) if steps else ())


def segment_length(steps: int) -> int:
    """The length of a segment under "sqrt": as many states as recorded steps, both about sqrt(n)."""
    return isqrt(steps) + 1


def segments_plan(steps: int, length: int) -> Plan:
    """Keep the state before each segment, then record and reverse one segment after the other (Chen et al. 2016).

    Each step runs exactly twice. The forward sweep records nothing, so that both sweeps are plain nested loops.
    """
    actions: list[Action] = []
    segments = [(start, min(start + length, steps)) for start in range(0, steps, length)]
    for start, stop in segments:
        actions += [Store(start), Advance(start, stop)]
    for start, stop in reversed(segments):
        actions += [Restore(start), Free(start), Record(start, stop), Reverse(start, stop)]
    return Plan(steps, tuple(actions))


def recursive_plan(steps: int) -> Plan:
    """Halve what is left again and again: log2(n) snapshots, at most n log2(n) / 2 steps more."""
    return plan(steps, lambda start, stop, held: bisection(start, stop))
