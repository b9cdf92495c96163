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
import tempfile
from typing import Any, NamedTuple

import numpy as np


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


class SnapshotsOnDisk(list[Any]):
    """A list of snapshots, (step, *state) each, of which `slots` lie in a file.

    These are the first ones of the list: they are taken least often (Stumm and Walther 2009). The file is without a
    name, so it is gone with the list, and however the program ends. A snapshot that is taken and at once kept
    again is still in the file.
    """

    file: Any = None

    class Place(NamedTuple):
        """Where an array lies in the file, and what it looks like."""

        offset: int
        dtype: Any
        shape: tuple[int, ...]
        order: Any

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # open as long as the list lives
        self.slots = slots
        self.end = 0
        self.free: dict[int, list[int]] = {}  # places by their size
        self.taken: tuple[Any, ...] = ()

    def __del__(self) -> None:
        if self.file is not None:
            self.file.close()

    def append(self, snapshot: tuple[Any, ...]) -> None:
        taken, self.taken = self.taken, ()
        if taken and taken[0] == snapshot[0]:
            super().append(taken)
            return
        self.release(taken)
        if sum(map(self.is_written, self)) < self.slots:
            snapshot = tuple(map(self.write, snapshot))
        super().append(snapshot)

    def pop(self, index: Any = -1) -> Any:
        snapshot = super().pop(index)
        if not self.is_written(snapshot):
            return snapshot
        self.release(self.taken)
        self.taken = snapshot
        return tuple(map(self.read, snapshot))

    def __delitem__(self, index: Any) -> None:
        for snapshot in self[index] if isinstance(index, slice) else [self[index]]:
            self.release(snapshot)
        super().__delitem__(index)

    def is_written(self, snapshot: tuple[Any, ...]) -> bool:
        return any(isinstance(value, self.Place) for value in snapshot)

    def write(self, value: Any) -> Any:
        """Put an array into the file as it lies in memory; what lies in pieces stays where it is."""
        if type(value) is not np.ndarray or not value.flags.forc or not value.size or value.dtype.hasobject:
            return value
        order = "C" if value.flags.c_contiguous else "F"
        places = self.free.get(value.nbytes)
        offset = places.pop() if places else self.end
        self.end = max(self.end, offset + value.nbytes)
        self.file.seek(offset)
        (value if order == "C" else value.T).tofile(self.file)
        return self.Place(offset, value.dtype, value.shape, order)

    def read(self, value: Any) -> Any:
        if not isinstance(value, self.Place):
            return value
        self.file.seek(value.offset)
        numbers = np.fromfile(self.file, value.dtype, math.prod(value.shape))
        return numbers.reshape(value.shape, order=value.order)

    def release(self, snapshot: tuple[Any, ...]) -> None:
        """Let other arrays have the places of a snapshot."""
        for value in snapshot:
            if isinstance(value, self.Place):
                size = math.prod(value.shape) * value.dtype.itemsize
                self.free.setdefault(size, []).append(value.offset)
