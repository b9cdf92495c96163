"""Run a plan without a program, to see that every action is possible and what it all costs.

One interpreter for every planner alike. A plan that it refuses is a bug of the planner.
"""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.errors import VerifyError
from adjoint.schedule.actions import Action, Advance, Free, Plan, Record, Restore, Reverse, Store


@dataclass(frozen=True, slots=True)
class Cost:
    """`forward`: steps run, recorded or not; `snapshots`, `tape` and `peak`: the most held at a time."""

    forward: int
    written: int
    snapshots: int
    tape: int
    peak: int


def replay(plan: Plan, state: int = 1, tape: int = 1) -> Cost:
    """What a plan costs; `state` bytes a snapshot, `tape` bytes a recorded step. VerifyError if it is not legal."""
    loop = _Loop(plan.steps)
    snapshots = taped = peak = written = 0
    for action in plan.actions:
        loop.do(action)
        written += isinstance(action, Store)
        snapshots = max(snapshots, len(loop.snapshots))
        taped = max(taped, loop.taped)
        peak = max(peak, len(loop.snapshots) * state + loop.taped * tape)
    if loop.reversed_to or loop.snapshots or loop.tapes:
        raise VerifyError(f"a plan for {plan.steps} steps ends at {loop.reversed_to}, holding {sorted(loop.snapshots)}")
    return Cost(loop.forward, written, snapshots, taped, peak)


class _Loop:
    """The state of a loop: where it is, what it holds, how far it is reversed."""

    def __init__(self, steps: int) -> None:
        self.current: int | None = 0
        self.snapshots: set[int] = set()
        self.tapes: list[tuple[int, int]] = []
        self.taped = 0
        self.reversed_to = steps
        self.finished = steps == 0
        self.steps = steps
        self.forward = 0

    def do(self, action: Action) -> None:
        match action:
            case Store(step):
                self.require(self.current == step and step not in self.snapshots, action)
                self.snapshots.add(step)
            case Restore(step):
                self.require(step in self.snapshots, action)
                self.current = step
            case Free(step):
                self.require(step in self.snapshots, action)
                self.snapshots.remove(step)
            case Advance(start, stop) | Record(start, stop):
                self.require(self.current == start < stop <= self.reversed_to, action)
                self.current = stop
                self.forward += stop - start
                self.finished = self.finished or stop == self.steps
                if isinstance(action, Record):
                    self.tapes.append((start, stop))
                    self.taped += stop - start
            case Reverse(start, stop):
                known = self.finished and self.tapes and self.tapes[-1] == (start, stop)
                self.require(bool(known) and stop == self.reversed_to, action)
                self.tapes.pop()
                self.taped -= stop - start
                self.reversed_to = start
                self.current = None  # the reversal may write over it

    def require(self, possible: bool, action: Action) -> None:
        if not possible:
            raise VerifyError(
                f"{action} is not possible at step {self.current} of {self.steps}, reversed to {self.reversed_to}, "
                f"with snapshots {sorted(self.snapshots)} and tapes {self.tapes}"
            )
