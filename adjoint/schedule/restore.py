"""Choose between keeping what is read from an array that is written in place, and rolling the array back.

For each array that a loop carries and writes, the program is written both ways, and the smaller one stays: what
is compared are the elements of all stacks, the number of loops and of axes of unknown length first, then their
count. So a linear update keeps nothing, a stencil keeps the overwritten slice, and a loop in which less is
read than written keeps what is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from adjoint.analysis.versions import Versions, is_array, is_loop, loop_parts
from adjoint.ir.core import Block, Function, Value
from adjoint.ir.types import ArrayType, StackType, Type
from adjoint.ir.walk import all_ops
from adjoint.schedule.checkpoint import has_stacks
from adjoint.schedule.rollback import CannotRestoreError, roll_back
from adjoint.transform.dead_code import remove_dead_code

ROUNDS = 2
"""Derivatives of derivatives: a loop that rolls back an array is itself reversed by a later one."""

Cost = tuple[tuple[int, int], ...]
"""(number of loops and of axes of unknown length, how many such numbers are kept), the largest number first."""


def restore(fn: Function) -> Function:
    """The same function with the least kept, callees included."""
    fn = _body(fn)
    callees = {name: replace(_body(replace(f, functions=fn.functions)), functions=f.functions)
               for name, f in fn.functions.items()}  # fmt: skip
    return replace(fn, functions=callees) if callees else fn


def _body(fn: Function) -> Function:
    for _ in range(ROUNDS):
        if not has_stacks(fn.body):
            break
        fn, again = _round(fn)
        if not again:
            break
    return fn


def _round(fn: Function) -> tuple[Function, bool]:
    """The function with the least kept, and whether an array is rolled back for it."""
    chosen: dict[Value, frozenset[int]] = {}
    best = _rolled_back(fn, chosen) or fn
    kept = cost(best.body)
    for loop, group in _candidates(fn.body) if kept else ():
        if not _keeps(best.body, loop):
            continue
        more = {**chosen, loop: chosen.get(loop, frozenset()) | group}
        trial = _rolled_back(fn, more)
        if trial is not None and cost(trial.body) < kept:
            chosen, best, kept = more, trial, cost(trial.body)
    return best, bool(chosen)


def _keeps(body: Block, loop: Value) -> bool:
    """Whether the loop with this first result pushes anything."""
    return any(is_loop(op) and loop in op.outputs and op.attrs["produced"] for op in all_ops(body))


def _rolled_back(fn: Function, groups: dict[Value, frozenset[int]]) -> Function | None:
    """The program with arrays rolled back; None where they cannot be."""
    try:
        return remove_dead_code(replace(fn, body=roll_back(fn.body, groups)))
    except CannotRestoreError:
        return None


def _candidates(body: Block) -> Iterator[tuple[Value, frozenset[int]]]:
    """The arrays that loops write, the outer loops first; those that an outer loop carries go with it."""
    versions = Versions(body)
    for op in versions.home:
        if not is_loop(op) or not op.attrs["produced"]:
            continue
        parts = loop_parts(op)
        seen: set[int] = set()
        for k, param in enumerate(parts.carried):
            if k in seen or not is_array(param):
                continue
            group = versions.group(op, k)
            seen |= group
            if group and versions.writes(op, group):
                yield op.outputs[0], group


def cost(body: Block, depth: int = 0) -> Cost:
    """What is kept on stacks."""
    total = _kept(body, depth)
    return tuple(sorted(total.items(), reverse=True))


def _kept(block: Block, depth: int) -> Counter[int]:
    total: Counter[int] = Counter()
    for op in block.ops:
        inside = depth + is_loop(op)
        for region in op.regions:
            total += _kept(region, inside)
        if is_loop(op):
            for atom in loop_parts(op).pushed:
                total += _size(atom.type, inside)
    return total


def _size(type_: Type, depth: int) -> Counter[int]:
    if isinstance(type_, StackType):
        return Counter()  # counted where it is pushed
    count = 1
    for length in (type_.shape or ()) if isinstance(type_, ArrayType) else ():
        if isinstance(length, int):
            count *= length
        else:
            depth += 1
    return Counter({depth: count})
