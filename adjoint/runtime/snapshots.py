"""Which states of a loop are kept, so that its steps can be run again from there when they are reversed.

Each function answers one question of a loop that runs the steps `start..stop` once more: before which of
them is the state kept? The snapshots are a list that grows and shrinks at its end; the loops are written out
in the generated code, which reads

    for t in range(n - 1, -1, -1):
        start, u = snapshots.pop()
        steps = revolve(start, t + 1, 20 - len(snapshots))
        for s in range(start, t):
            if s in steps:
                snapshots.append((s, u))
            u = ...                        # step s
        u_bar = ...                        # step t, reversed
"""

from __future__ import annotations

import math
from typing import Any


def revolve(start: int, stop: int, slots: int) -> set[int]:
    """The steps before which to keep the state, to reverse start..stop with the fewest repetitions.

    With s slots and each step advanced at most r times, at most comb(s + r, s) steps can be reversed
    (Griewank and Walther 2000). Of the first advances that are optimal this takes the one of their algorithm,
    which also writes the fewest snapshots. The last step needs no snapshot: it is reversed at once.
    """
    steps = set()
    while stop - start > 1:
        steps.add(start)
        if slots == 1:
            break
        length, r = stop - start, 1
        while math.comb(slots + r, slots) < length:
            r += 1
        least, most = math.comb(slots + r - 2, slots), math.comb(slots + r - 1, slots)
        rest = math.comb(slots + r - 2, slots - 1) + math.comb(slots + r - 3, slots - 2)
        start += min(max(length - rest, least, 1), most)
        slots -= 1
    return steps


def bisection(start: int, stop: int) -> set[int]:
    """The steps before which to keep the state, to reverse start..stop with log2(stop - start) snapshots.

    Each snapshot halves what is left, so a step is advanced at most once for each halving.
    """
    steps = set()
    while stop - start > 1:
        steps.add(start)
        start += (stop - start) // 2
    return steps


def halvings(steps: int) -> int:
    """How often a number of steps can be halved: the snapshots that a loop of this length keeps under bisection."""
    return int(steps).bit_length()


def thin(snapshots: list[Any], slots: int) -> int:
    """The next step before which to keep the state, in a loop that may end at any moment.

    The snapshots, (step, ...) each, lie evenly; when half of the slots are taken, every second one goes. The other
    half is for `revolve`, when the loop is reversed: without it, the last stretch would have a single slot.
    """
    if slots == 1:
        return -1  # never: the initial state takes the only slot
    spacing = snapshots[1][0] if len(snapshots) > 1 else 1
    if len(snapshots) > slots // 2:
        del snapshots[1::2]
        spacing *= 2
    return int(snapshots[-1][0] + spacing)
