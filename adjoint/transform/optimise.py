"""The clean-up after a transform: simplify, share, move out of loops, drop, until nothing changes."""

from __future__ import annotations

from adjoint.ir.core import Function
from adjoint.transform.cse import eliminate_common_subexpressions
from adjoint.transform.dead_code import remove_dead_code
from adjoint.transform.hoist import hoist
from adjoint.transform.simplify import simplify_once
from adjoint.transform.stacks import forward_elements

ROUNDS = 6
"""A bound only: the second round changes little and the third hardly anything."""


def simplify_all(fn: Function, late: int = 0) -> Function:
    """The same function, and its callees, in the form that is scheduled.

    The last `late` parameters are known to a part of the program only: cotangents, where the forward sweep
    will be cut off. Nothing that does not read them yet comes to read them.
    Runs before the schedule, never after: sharing would undo what is recomputed on purpose.
    """
    settled = False  # whether all but `simplify_once` would find nothing to do
    for _ in range(ROUNDS):
        before, fn = fn, simplify_once(fn, late)
        if settled and same(fn, before):
            break
        shared = eliminate_common_subexpressions(fn)
        moved = forward_elements(hoist(shared))
        settled = same(moved, shared)
        fn = remove_dead_code(moved)
    return fn


def same(a: Function, b: Function) -> bool:
    """Whether passes have left everything as it was."""
    return a.body is b.body and all(callee.body is b.functions[name].body for name, callee in a.functions.items())
