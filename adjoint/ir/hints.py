"""What a program says about its reversal: attribute `schedule` of a `for` or a `while`, and of a function.

A value of `schedule=` (see `schedules`), a `Probe` or a `Chosen`. A hint changes time and memory, never a result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adjoint.ir.core import FOR, WHILE, Block, Function, Op
from adjoint.ir.walk import map_functions, reading


@dataclass(frozen=True, slots=True)
class Probe:
    """Revolve with as many snapshots as `meter` says while the loop runs, which learns the sizes."""

    meter: Any


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen after a probe: a schedule for the loops, and for straight-line code the steps to run again.

    `reruns` has them for each op of the reverse sweep. They took `time` seconds in the probe; running each step once
    more at most would take `bound` at least. `meter` is told when the program is compiled.
    """

    loops: Any
    reruns: tuple[tuple[int, ...], ...]
    time: float = field(compare=False, default=0.0)
    bound: float = field(compare=False, default=0.0)
    meter: Any = field(compare=False, repr=False, default=None)


def with_schedule(fn: Function, schedule: Any) -> Function:
    """Let the loops that have no hint yet have this one."""
    schedule = schedule.loops if isinstance(schedule, Chosen) else schedule
    return fn if schedule == "auto" else map_functions(fn, lambda block: _marked(block, schedule))


def _marked(block: Block, schedule: Any) -> Block:
    return Block(block.params, tuple(_mark(op, schedule) for op in block.ops), block.results)


def _mark(op: Op, schedule: Any) -> Op:
    new = reading(op, op.inputs, tuple(_marked(region, schedule) for region in op.regions))
    if op.primitive not in (FOR, WHILE) or "schedule" in op.attrs:
        return new
    return Op(op.primitive, new.inputs, op.outputs, {**op.attrs, "schedule": schedule}, new.regions, op.span, op.sweep)
