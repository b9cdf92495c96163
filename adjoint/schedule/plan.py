"""The schedule: what the reverse sweep reads is kept, computed again, or read from an array that is rolled back.

The adjoint transform keeps every residual. Loops with a schedule of their own come first; then those residuals
go that the reverse sweep can have for less.
"""

from __future__ import annotations

from adjoint.ir.core import Function
from adjoint.schedule.checkpoint import checkpoint_loops
from adjoint.schedule.restore import restore
from adjoint.schedule.straight import recompute_straight
from adjoint.transform.dead_code import remove_dead_code


def schedule(fn: Function) -> Function:
    """Keep the least of what the reverse sweep reads. Gradients are the same bits."""
    return remove_dead_code(restore(checkpoint_loops(recompute_straight(fn))))
