"""Loops under a budget: how many steps to record together, and how many snapshots to keep.

One family holds the schedules of counted loops: blocks of L recorded steps, restarted from c snapshots by the
binomial schedule. L = n is store-all, L = 1 is Revolve, and with a snapshot for every block each step runs
at most twice (Chen et al. 2016). Memory is c states and L recorded steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from adjoint.schedule.revolve import extra_steps


@dataclass(frozen=True, order=True, slots=True)
class Blocks:
    """Blocks of `length` steps from `snapshots` states: `forward` steps are run, `peak` bytes are held."""

    forward: int
    peak: int
    length: int
    snapshots: int


def smallest_peak(steps: int, state: int, tape: int) -> int:
    """The least bytes that the reversal of a loop holds: the initial state and one recorded step."""
    return min(steps * tape, state + tape)


def choose_blocks(steps: int, state: int, tape: int, budget: int) -> Blocks | None:
    """The fewest steps within the budget, and of these the least memory; None if nothing fits.

    `state` is the size of a snapshot, `tape` what is recorded of a step. A larger budget never takes more steps,
    and a smaller one never more memory: what it allows is a part of what the larger one allows.
    """
    lengths = {length for part in range(1, isqrt(steps) + 2) for length in (part, -(-steps // part)) if length}
    fitting = (_blocks(steps, length, state, tape, budget) for length in lengths if length <= max(steps, 1))
    return min((blocks for blocks in fitting if blocks), default=None)


def _blocks(steps: int, length: int, state: int, tape: int, budget: int) -> Blocks | None:
    blocks = -(-steps // length)
    free = budget - min(length, steps) * tape
    if free < 0:
        return None
    if blocks < 2:
        return Blocks(steps, steps * tape, length, 0)
    snapshots = min(blocks - 1, free // state if state else blocks - 1)
    if snapshots < 1:
        return None
    forward = steps + length * extra_steps(blocks, snapshots)
    return Blocks(forward, snapshots * state + length * tape, length, snapshots)
