"""Binomial checkpointing (Griewank and Walther 2000): the fewest steps for a number of snapshots.

With c snapshots, the initial state among them, and each step advanced at most r times, comb(c + r, c) steps can
be reversed, and no schedule reverses more.
"""

from __future__ import annotations

from math import comb

from adjoint.runtime.snapshots import revolve
from adjoint.schedule.actions import Plan, plan


def repetitions(steps: int, snapshots: int) -> int:
    """The least r such that each step need not be advanced more than r times."""
    r = 0
    while comb(snapshots + r, snapshots) < steps:
        r += 1
    return r


def extra_steps(steps: int, snapshots: int) -> int:
    """e(n, c): the fewest steps that are advanced besides the one recorded run of each.

    e = r n - comb(c + r, c + 1); the loop runs n + e(n, c) steps in all.
    """
    if steps < 2:
        return 0
    r = repetitions(steps, snapshots)
    return r * steps - comb(snapshots + r, snapshots + 1)


def revolve_plan(steps: int, snapshots: int, length: int = 1) -> Plan:
    """The optimal reversal; of blocks of `length` steps if a block is recorded as a whole."""
    return plan(steps, lambda start, stop, held: revolve(start, stop, snapshots - held), length)
