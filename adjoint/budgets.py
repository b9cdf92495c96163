"""Derivatives under a memory budget: the first call measures, the later ones run what fits.

The first call for arguments of some sizes runs a probe: few snapshots, as many as the budget leaves room for. It gives
the result like any other call (so an effect happens once), and tells how many steps the loops make, how large their
states and residuals are, and how much memory the call took at its peak. What other schedules would take follows from
that: each has more snapshots, or all residuals. Of those that fit, the one that runs the fewest steps is compiled.
"""

from __future__ import annotations

import gc
import math
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from adjoint.derivative import Derivative
from adjoint.errors import BudgetError, user_errors
from adjoint.ir.hints import Probe
from adjoint.ir.schedules import Revolve, Schedule, parse_budget
from adjoint.schedule.revolve import extra_steps
from adjoint.specification import Specification, check_schedule

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


@dataclass(eq=False, slots=True)
class Meter:
    """What a probe learns of a program; the loops in the order in which they were compiled."""

    budget: int
    loops: list[LoopMeter] = field(default_factory=list)
    before: int = 0

    def begin(self) -> None:
        """What is held now is not the program's: called once it is compiled."""
        gc.collect()
        self.before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()

    def measure(self, run: Callable[[], Any]) -> tuple[Any, int]:
        """The result of a call, and the most bytes that Python and NumPy held at a time for it."""
        tracing = tracemalloc.is_tracing()
        if not tracing:
            tracemalloc.start()
        try:
            for loop in self.loops:
                loop.steps = 0
            self.begin()
            result = run()
            return result, tracemalloc.get_traced_memory()[1] - self.before
        finally:
            if not tracing:
                tracemalloc.stop()

    def new_loop(self) -> LoopMeter:
        self.loops.append(LoopMeter(self.budget))
        return self.loops[-1]


def choose(peak: int, loops: list[LoopMeter], budget: int) -> Schedule:
    """The schedule that runs the fewest steps within the budget; of these, the one that takes the least memory."""
    ran = [loop for loop in loops if loop.steps]
    if not ran:
        return "store"
    probed = sum(min(loop.held, loop.steps) * loop.state for loop in ran)
    slots = {min(2**k, 10_000) + j for k in range(14) for j in (0, 2**k // 2)} | {loop.held for loop in ran}
    least = min(loop.held for loop in ran)
    offers: list[tuple[int, float, Any]] = [
        (sum(loop.steps for loop in ran), peak + sum(loop.steps * loop.residuals for loop in ran), "store")
    ]
    roots = [(math.isqrt(loop.steps) + 1) * (loop.state + loop.residuals) for loop in ran]
    offers.append((sum(2 * loop.steps for loop in ran), peak + sum(roots), "sqrt"))
    for count in sorted(slots):
        more = sum(min(count, loop.steps) * loop.state for loop in ran) - probed
        steps = sum(loop.steps + extra_steps(loop.steps, count) for loop in ran)
        # the peak may have come before all snapshots were there: then they were no part of it
        counted = peak + more + (probed - sum(loop.state for loop in ran) if count > least else 0)
        offers.append((steps, counted, Revolve(count)))
    fitting = [offer for offer in offers if offer[1] <= budget]
    return min(fitting, key=lambda offer: offer[:2])[2] if fitting else Revolve(least)


class Budgeted:
    """A gradient under a memory budget; see `grad`. `choices` says what is run for which sizes of arguments."""

    def __init__(self, fun: Callable[..., Any], specification: Specification) -> None:
        check_schedule(specification)
        self.primal = fun
        self.specification = specification
        self.budget = parse_budget(specification.memory_budget)
        self.choices: dict[Any, Schedule] = {}
        self._meter = Meter(self.budget)
        self._probe = self._derivative(Probe(self._meter))
        self._made: dict[Schedule, Derivative] = {}
        self._latest = self._probe

    def _derivative(self, schedule: Any) -> Derivative:
        return Derivative(self.primal, replace(self.specification, schedule=schedule, memory_budget=None))

    @property
    def source(self) -> str:
        """The generated Python source, of the latest call."""
        return self._latest.source

    @user_errors
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = (signature(args), signature(sorted(kwargs.items())))
        schedule = self.choices.get(key)
        if schedule is None:
            return self._first(key, args, kwargs)
        if schedule not in self._made:
            self._made[schedule] = self._derivative(schedule)
        self._latest = self._made[schedule]
        return self._latest(*args, **kwargs)

    def _first(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result, peak = self._meter.measure(lambda: self._probe(*args, **kwargs))
        if peak > self.budget:
            given = self.specification.memory_budget
            raise BudgetError(
                f"no schedule fits memory_budget={given!r}: with few snapshots it takes {peak} bytes",
                peak, None, f"give at least memory_budget={peak}",
            )  # fmt: skip
        self.choices[key] = choose(peak, self._meter.loops, self.budget)
        return result


def signature(value: Any) -> Any:
    """What the sizes of a program depend on: shapes and integers."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str
    if isinstance(value, dict):
        return tuple((key, signature(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(signature, value))
    if isinstance(value, (int, str)):
        return value
    return signature(vars(value)) if hasattr(value, "__dict__") else type(value)
