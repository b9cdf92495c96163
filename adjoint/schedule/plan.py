"""The schedule: what the reverse sweep reads is kept, computed again, or read from an array that is rolled back.

The adjoint transform keeps every residual. Loops with a schedule of their own come first; then arrays that are
written in place are rolled back; of what is left, that is computed again which costs less than to be kept.
Segments are cut from loops whose residuals are the least already: a segment keeps those of all its steps. Where a
single step is recorded at a time, rolling back gains nothing.
"""

from __future__ import annotations

from typing import Any

from adjoint.ir.core import Function
from adjoint.ir.walk import all_ops
from adjoint.schedule.checkpoint import checkpoint_loops
from adjoint.schedule.cut import cut_stacks
from adjoint.schedule.restore import restore
from adjoint.schedule.rows import rows_of_stacks
from adjoint.schedule.straight import recompute_straight
from adjoint.transform.dead_code import remove_dead_code
from adjoint.transform.optimise import same


def schedule(fn: Function) -> Function:
    """Keep the least of what the reverse sweep reads, in a program without dead code. Gradients are the same bits."""
    before, fn = fn, recompute_straight(fn)
    hints = hints_of(fn)
    if hints:
        fn = checkpoint_loops(restore(fn) if hints == {"sqrt"} else fn)
    fn = rows_of_stacks(cut_stacks(restore(fn)))
    return fn if same(fn, before) else remove_dead_code(fn)


def rolls_back_first(fn: Function) -> bool:
    """Whether all its schedules of loops are segments."""
    return hints_of(fn) == {"sqrt"}


def hints_of(fn: Function) -> set[Any]:
    """The schedules that its loops are given."""
    bodies = (fn.body, *(callee.body for callee in fn.functions.values()))
    return {op.attrs["schedule"] for body in bodies for op in all_ops(body) if "schedule" in op.attrs}
