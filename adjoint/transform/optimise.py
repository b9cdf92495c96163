"""The clean-up after a transform: simplify, share, move out of loops, drop, until nothing changes."""

from __future__ import annotations

from collections.abc import Callable

from adjoint.ir.core import Function
from adjoint.transform.cse import eliminate_common_subexpressions
from adjoint.transform.dead_code import remove_dead_code
from adjoint.transform.hoist import hoist
from adjoint.transform.simplify import simplify_once
from adjoint.transform.stacks import forward_elements

PASSES: tuple[Callable[[Function], Function], ...] = (
    eliminate_common_subexpressions,
    hoist,
    forward_elements,
    remove_dead_code,
)
ROUNDS = 6
"""A bound only: the second round changes little and the third hardly anything."""


def simplify_all(fn: Function, late: int = 0) -> Function:
    """The same function, and its callees, in the form that is scheduled.

    The last `late` parameters are known to a part of the program only: cotangents, where the forward sweep
    will be cut off. Nothing that does not read them yet comes to read them.
    Runs before the schedule, never after: sharing would undo what is recomputed on purpose.
    """
    for _ in range(ROUNDS):
        before = fn
        fn = simplify_once(fn, late)
        for run in PASSES:
            fn = run(fn)
        if same(fn, before):
            break
    return fn


def same(a: Function, b: Function) -> bool:
    """Whether passes have left everything as it was."""
    return a.body is b.body and all(callee.body is b.functions[name].body for name, callee in a.functions.items())
