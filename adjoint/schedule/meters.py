"""What the first call under a memory budget learns: how often loops go round, how large values are, what ops take."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from adjoint.ir.core import Value
from adjoint.schedule.chain import Chain, Reruns
from adjoint.schedule.line import Line, is_numeric

MOST, LEAST = 8, 3
"""How many snapshots a probe may hold, and how many it holds where even these are too many."""


def size_of(value: Any) -> int:
    """Bytes of what a snapshot or a residual holds."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, (list, tuple)):
        return sys.getsizeof(value) + sum(map(size_of, value))
    return 0 if value is None else sys.getsizeof(value)


@dataclass(slots=True)
class LoopMeter:
    """What a probe learns of one loop."""

    budget: int
    state: int = 0
    held: int = 0
    steps: int = 0
    residuals: int = 0

    def slots(self, *state: Any) -> int:
        """How many snapshots the probe keeps: a quarter of the budget at most."""
        self.state = sum(map(size_of, state)) or 1
        fitting = self.budget // (4 * self.state)
        self.steps = self.residuals = 0
        self.held = min(MOST, fitting) if fitting else LEAST
        return self.held

    def tape(self, trip: int, *residuals: Any) -> None:
        """A step is about to be reversed."""
        self.steps = max(self.steps, trip + 1)
        self.residuals = max(self.residuals, sum(map(size_of, residuals)))


class LineMeter:
    """What a probe learns of the straight-line code of a function, op by op.

    It ran with these steps run again; `repeatable` if the function may be called a second time.
    """

    def __init__(self, meter: Meter, line: Line, reruns: Reruns, repeatable: bool) -> None:
        self.meter, self.line, self.reruns, self.repeatable = meter, line, reruns, repeatable
        self.outputs = [tuple(filter(is_numeric, op.outputs)) for op in line.block.ops]
        self.sizes: dict[Value, int] = {}
        self.times = [0.0] * len(line.forward)
        self.besides = [0] * len(self.outputs)
        self.ran = False

    def start(self) -> None:
        """What is counted begins here."""
        self.ran = True
        self.meter.memory()
        self.last = perf_counter()

    def done(self, number: int, *values: Any) -> None:
        """An op has run, and given these values of those that are arrays or numbers."""
        elapsed = perf_counter() - self.last
        grown = self.meter.memory()
        made = dict(zip(self.outputs[number], map(size_of, values), strict=True))
        self.sizes |= made
        self.besides[number] = max(0, grown - sum(size for value, size in made.items() if value not in self.line.holds))
        if number < len(self.times):
            self.times[number] = elapsed
        self.last = perf_counter()

    def chain(self) -> Chain:
        """The chain as it was measured."""
        return self.line.chain(self.sizes, self.times, self.besides)


@dataclass(eq=False, slots=True)
class Meter:
    """What a probe learns of a program; the loops in the order in which they were compiled."""

    budget: int
    loops: list[LoopMeter] = field(default_factory=list)
    lines: list[LineMeter] = field(default_factory=list)
    before: int = 0
    most: int = 0
    latest: int = 0
    tracing: bool = False  # Python traces memory because this asks it to

    def pause(self) -> None:
        """A program is compiled: that is slow under tracing, and not what is measured."""
        if self.tracing:
            tracemalloc.stop()

    def begin(self) -> None:
        """What is held now is not the program's: called once it is compiled."""
        if self.tracing and not tracemalloc.is_tracing():
            tracemalloc.start()
        gc.collect()
        self.before = self.latest = tracemalloc.get_traced_memory()[0]
        self.most = 0
        tracemalloc.reset_peak()

    def memory(self) -> int:
        """How much more was held for a time since this was asked last than was held then."""
        now, peak = tracemalloc.get_traced_memory()
        grown = peak - self.latest
        self.most, self.latest = max(self.most, peak), now
        tracemalloc.reset_peak()
        return grown

    def measure(self, run: Callable[[], Any]) -> tuple[Any, int]:
        """The result of a call, and the most bytes that Python and NumPy held at a time for it."""
        self.tracing = not tracemalloc.is_tracing()
        try:
            for loop in self.loops:
                loop.steps = 0
            for line in self.lines:
                line.ran = False
            self.begin()
            result = run()
            self.memory()
            return result, self.most - self.before
        finally:
            self.pause()
            self.tracing = False

    def new_loop(self) -> LoopMeter:
        self.loops.append(LoopMeter(self.budget))
        return self.loops[-1]

    def new_line(self, line: Line, reruns: Reruns, repeatable: bool) -> LineMeter:
        self.lines.append(LineMeter(self, line, reruns, repeatable))
        return self.lines[-1]
