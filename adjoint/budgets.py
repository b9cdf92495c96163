"""Derivatives under a memory budget: the first call measures, the later ones run what fits.

The first call for arguments of some sizes runs a probe: loops with few snapshots, as many as the budget leaves room
for, and straight-line code in segments. It tells how many steps the loops make, how large their states and residuals
are, how large the values of straight-line code are and how long they take, and how much memory the call took at its
peak. What other schedules would take follows from that. Of those that fit, the one that takes the least time is
compiled; where code runs again outside of loops, it is measured at once, and what takes more than was foreseen is
replaced by what takes less. An effect still happens once in each call: a program with effects is measured by the
calls that follow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.derivative import Derivative
from adjoint.errors import BudgetError, user_errors
from adjoint.ir.hints import Chosen, Probe
from adjoint.ir.schedules import Revolve, Schedule, parse_budget
from adjoint.schedule.chain import replay
from adjoint.schedule.fitting import Plans
from adjoint.schedule.meters import LEAST, LineMeter, LoopMeter, Meter
from adjoint.schedule.revolve import extra_steps
from adjoint.specification import Specification, check_schedule

ATTEMPTS = 4
"""How many programs a first call may try."""

Search = Generator[tuple[Any, int], int, Any]
"""Gives a schedule and the bytes that it is foreseen to take, and is sent those that it took; ends with the choice."""

SLACK = 4096
"""Bytes by which one call may differ from the next: small objects."""


def choose_loops(peak: int, loops: list[LoopMeter], budget: int) -> tuple[Schedule, int]:
    """The schedule that runs the fewest steps within the budget; of these, the one that takes the least memory.

    Also the bytes that it takes; the probe, which held few snapshots, took `peak`.
    """
    ran = [loop for loop in loops if loop.steps]
    if not ran:
        return "store", peak
    probed = sum(min(loop.held, loop.steps) * loop.state for loop in ran)
    slots = {min(2**k, 10_000) + j for k in range(14) for j in (0, 2**k // 2)} | {loop.held for loop in ran}
    least = min(loop.held for loop in ran)
    offers: list[tuple[int, int, Any]] = [
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
    if not fitting:
        return Revolve(min(least, LEAST)), peak
    _, taken, schedule = min(fitting, key=lambda offer: offer[:2])
    return schedule, taken


class Budgeted:
    """A gradient under a memory budget; see `grad`. `choices` says what is run for which sizes of arguments."""

    def __init__(self, fun: Callable[..., Any], specification: Specification) -> None:
        check_schedule(specification)
        self.primal = fun
        self.specification = specification
        self.budget = parse_budget(specification.memory_budget)
        self.choices: dict[Any, Any] = {}
        self._meter = Meter(self.budget)
        self._probe = self._derivative(Probe(self._meter))
        self._made: dict[Any, Derivative] = {}
        self._searches: dict[Any, Search] = {}
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
        if key not in self.choices:
            return self._first(key, args, kwargs)
        if key in self._searches:
            return self._measured(key, args, kwargs)
        self._latest = self._under(self.choices[key])
        return self._latest(*args, **kwargs)

    def _under(self, schedule: Any) -> Derivative:
        if schedule not in self._made:
            self._made[schedule] = self._derivative(schedule)
        return self._made[schedule]

    def _first(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result, peak = self._meter.measure(lambda: self._probe(*args, **kwargs))
        loops, taken = choose_loops(peak, self._meter.loops, self.budget)
        line = next((line for line in self._meter.lines if line.ran), None)
        if line is None:
            if peak > self.budget:
                raise self._impossible(peak + SLACK)
            self.choices[key] = loops
            return result
        search = self._search(line, loops, self.budget - taken)
        choice, foreseen = next(search)
        if not line.repeatable and foreseen > self.budget:
            raise self._impossible(foreseen + SLACK)
        self._searches[key] = search
        self.choices[key] = choice
        while line.repeatable and key in self._searches:
            self._measured(key, args, kwargs)
        return result

    def _measured(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call what was chosen last, and keep it or choose anew by what it takes."""
        try:
            self._latest = self._under(self.choices[key])
            result, taken = self._meter.measure(lambda: self._latest(*args, **kwargs))
            self._advance(key, taken)
        except BaseException:
            self._searches.pop(key, None)
            self.choices.pop(key, None)
            raise
        return result

    def _advance(self, key: Any, taken: int) -> None:
        try:
            self.choices[key], _ = self._searches[key].send(taken)
        except StopIteration as end:
            del self._searches[key]
            self.choices[key] = end.value

    def _search(self, line: LineMeter, loops: Schedule, spare: int) -> Search:
        """Look for what takes the least time within the budget; the probe left `spare` bytes of it."""
        chain = line.chain()
        room = replay(chain, line.reruns).peak + spare
        everything = sum(line.sizes.values())
        if everything <= room and (yield loops, everything + self.budget - room) <= self.budget:
            return loops
        plans, best = Plans(chain), None
        for _ in range(ATTEMPTS):
            plan = plans.fastest(room)
            if plan is None or (best and plan.time >= best.time):
                break
            choice = Chosen(loops, plan.reruns, plan.time, plan.bound, self._meter)
            taken = yield choice, self.budget - room + plan.peak
            if taken <= self.budget:
                best = choice
            room = self.budget - taken + plan.peak  # what was foreseen wrongly for this plan is so for others
        if best:
            return best
        plan = plans.leanest()
        choice = Chosen(loops, plan.reruns, plan.time, plan.bound, self._meter)
        taken = yield choice, self.budget - room + plan.peak
        if taken > self.budget:
            raise self._impossible(taken + SLACK)
        return choice

    def _impossible(self, smallest: int) -> BudgetError:
        given = self.specification.memory_budget
        return BudgetError(
            f"no schedule fits memory_budget={given!r}: the least takes {smallest} bytes",
            smallest, None, f"give at least memory_budget={smallest}",
        )  # fmt: skip


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
