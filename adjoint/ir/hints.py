"""What a program says about the reversal of its loops: attribute `schedule` of a `for` or a `while`.

A value of `schedule=` (see `schedules`), or a `Probe`. A hint changes time and memory, never a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adjoint.ir.core import FOR, WHILE, Block, Function, Op
from adjoint.ir.walk import map_functions, reading


@dataclass(frozen=True, slots=True)
class Probe:
    """Revolve with as many snapshots as `meter` says while the loop runs, which learns the sizes."""

    meter: Any


def with_schedule(fn: Function, schedule: Any) -> Function:
    """Let the loops that have no hint yet have this one."""
    return fn if schedule == "auto" else map_functions(fn, lambda block: _marked(block, schedule))


def _marked(block: Block, schedule: Any) -> Block:
    return Block(block.params, tuple(_mark(op, schedule) for op in block.ops), block.results)


def _mark(op: Op, schedule: Any) -> Op:
    new = reading(op, op.inputs, tuple(_marked(region, schedule) for region in op.regions))
    if op.primitive not in (FOR, WHILE) or "schedule" in op.attrs:
        return new
    return Op(op.primitive, new.inputs, op.outputs, {**op.attrs, "schedule": schedule}, new.regions, op.span, op.sweep)
