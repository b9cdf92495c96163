"""What a program says about the reversal of its loops: attribute `schedule` of a `for` or a `while`.

One of the names of `NAMES`, or one of the classes here. A hint changes time and memory, never a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adjoint.ir.core import FOR, WHILE, Block, Function, Op
from adjoint.ir.walk import map_functions, reading

NAMES = ("auto", "store", "recompute", "sqrt")


@dataclass(frozen=True, slots=True)
class Revolve:
    """Keep at most `snapshots` states of a loop, the initial one among them, and run its steps again from there.

    The binomial schedule of Griewank and Walther (2000): of all schedules with so many snapshots it runs the
    fewest steps. A loop that may end at any moment comes close to that.

    >>> import numpy as np
    >>> from adjoint import Revolve, grad
    >>> def simulate(u, n):
    ...     for _ in range(n):
    ...         u = u + 0.1 * np.sin(u)
    ...     return np.sum(u)
    >>> grad(simulate, schedule=Revolve(snapshots=5))(np.ones(3), 100) == grad(simulate)(np.ones(3), 100)
    array([ True,  True,  True])
    """

    snapshots: int

    def __post_init__(self) -> None:
        if type(self.snapshots) is not int:
            raise TypeError(f"snapshots is a number of states, not {self.snapshots!r}")
        if self.snapshots < 1:
            raise ValueError(f"a loop cannot be reversed from {self.snapshots} snapshots: the initial state is one")


@dataclass(frozen=True, slots=True)
class Recursive:
    """Halve what is left of a loop again and again: log2(n) snapshots, at most n log2(n) / 2 steps more.

    >>> from adjoint import Recursive, grad
    >>> def power(x, n):
    ...     y = 1.0
    ...     for _ in range(n):
    ...         y = y * x
    ...     return y
    >>> grad(power, schedule=Recursive())(2.0, 10)
    5120.0
    """


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
