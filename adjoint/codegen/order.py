"""Put the ops of a block in an order in which memory can be reused. Runs before `bufferize`; pure to pure.

Two changes, both within one block:

* A chain of updates and additions to one array, none of whose links is read elsewhere, is gathered at its
  end. In derivative code a store of zero whose place is added to again becomes a store of the sum:
  `a[i] = 0; a[i] += v` is `a[i] = v`.
* What reads the old version of an array, or a view of it, moves in front of the op that overwrites it, if it
  can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from heapq import heapify, heappop

from adjoint.codegen.liveness import count_reads
from adjoint.codegen.storage import is_basic, is_list_update, is_update, is_view
from adjoint.ir.build import Builder
from adjoint.ir.core import Atom, Block, Function, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import map_attribute, op_reads
from adjoint.rules import internal
from adjoint.rules.names import ADD

Chain = list[Op]


def order_for_reuse(fn: Function) -> Function:
    return replace(fn, body=_block(fn.body, count_reads(fn.body)))


def _block(block: Block, reads: dict[Atom, int]) -> Block:
    ops = [replace(op, regions=tuple(_block(r, reads) for r in op.regions)) if op.regions else op for op in block.ops]
    if any(is_update(op.primitive) or is_list_update(op.primitive) for op in ops):
        ops = _readers_first(_gather(ops, reads))
    return replace(block, ops=tuple(ops))


# ---- chains


def _gather(ops: list[Op], reads: dict[Atom, int]) -> list[Op]:
    """Every chain of updates at the place of its last link."""
    link_of: dict[Value, Chain] = {}
    chains: list[Chain] = []
    for op in ops:
        if not is_update(op.primitive):
            continue
        target = op.inputs[0]
        chain = link_of.pop(target, None) if isinstance(target, Value) and reads.get(target) == 1 else None
        if chain is None:
            chains.append(chain := [])
        chain.append(op)
        link_of[op.outputs[0]] = chain
    long = [chain for chain in chains if len(chain) > 1]
    if not long:
        return ops
    moved = {op for chain in long for op in chain}
    last = {chain[-1]: chain for chain in long}
    result: list[Op] = []
    for op in ops:
        if op in last:
            result += _merged(last[op])
        elif op not in moved:
            result.append(op)
    return result


def _merged(chain: Chain) -> list[Op]:
    """A chain in which what is added to a place that was just set to zero is stored there at once."""
    first = chain[0]
    if not (_stores_zero(first) and all(op.sweep == "adjoint" for op in chain)):
        return chain
    same = [op for op in chain[1:] if op.primitive.fun is internal.add_at and same_place(op, 2, first, 2)]
    if not same or not all(_dtype(op) == _dtype(first) for op in same):
        return chain
    if any(op.primitive.fun is internal.update for op in chain[1:]):
        return chain
    builder = Builder(first.span, first.sweep)
    total: Atom = same[0].inputs[1]
    for op in same[1:]:
        total = builder.one(ADD, total, op.inputs[1])
    made = builder.ops
    rest = [op for op in chain[1:] if op not in same]
    out = Value(first.outputs[0].hint, first.outputs[0].type) if rest else chain[-1].outputs[0]
    slots = same[0].inputs[2:]
    made.append(replace(first, inputs=(first.inputs[0], total, *slots), outputs=(out,), attrs=same[0].attrs))
    target = out
    for op in rest:
        out = chain[-1].outputs[0] if op is rest[-1] else op.outputs[0]
        made.append(replace(op, inputs=(target, *op.inputs[1:]), outputs=(out,)))
        target = out
    return made


def _stores_zero(op: Op) -> bool:
    value = op.inputs[1]
    return (
        op.primitive.fun is internal.update and isinstance(value, Literal) and type(value.value) in (int, float)
        and value.value == 0 and is_basic(op.attrs["index"], op.inputs)
    )  # fmt: skip


def same_place(a: Op, first_a: int, b: Op, first_b: int) -> bool:
    """Whether two ops index the same elements; the run-time numbers of an index begin at input `first`."""
    shift = first_b - first_a
    moved = map_attribute(a.attrs["index"], lambda slot: Slot(slot.index + shift))
    theirs, ours = a.inputs[first_a:], b.inputs[first_b:]
    return repr(moved) == repr(b.attrs["index"]) and len(theirs) == len(ours) and all(
        x is y or (isinstance(x, Literal) and isinstance(y, Literal) and repr(x.value) == repr(y.value))
        for x, y in zip(theirs, ours, strict=True)
    )


def _dtype(op: Op) -> str | None:
    """The dtype of what is added, or of the array that is overwritten."""
    atom = op.inputs[1] if op.primitive.fun is internal.add_at else op.inputs[0]
    return atom.type.dtype if isinstance(atom.type, ArrayType) else None


# ---- readers of old versions


def _readers_first(ops: list[Op]) -> list[Op]:
    """Move pure ops that read an array in front of the op that overwrites it."""
    place = {out: k for k, op in enumerate(ops) for out in op.outputs}
    readers: dict[Atom, list[int]] = {}
    for k, op in enumerate(ops):
        for atom in op.inputs:
            readers.setdefault(atom, []).append(k)
    ahead: dict[Op, list[Op]] = {}
    moved: set[Op] = set()
    for k, op in enumerate(ops):
        target = op.inputs[0] if is_update(op.primitive) or is_list_update(op.primitive) else None
        if not isinstance(target, Value):
            continue
        first: list[Op] = []  # what moves in front of this op
        made: set[Value] = set()
        waiting = [at for atom in _views_of(target, ops, readers, k) for at in readers.get(atom, ()) if at > k]
        heapify(waiting)
        while waiting:
            later = ops[heappop(waiting)]
            if later not in moved and _may_move(later) and all(
                value in made or place.get(value, -1) < k for value in op_reads(later)
            ):
                first.append(later)
                moved.add(later)
                made.update(later.outputs)
                if is_view(later):
                    waiting += [at for out in later.outputs for at in readers.get(out, ())]
                    heapify(waiting)
        if first:
            ahead[op] = first
    if not moved:
        return ops
    result: list[Op] = []
    for op in ops:
        if op not in moved:
            result += [*ahead.get(op, ()), op]
    return result


def _may_move(op: Op) -> bool:
    return not (op.regions or op.primitive.effect or is_update(op.primitive) or is_list_update(op.primitive))


def _views_of(target: Value, ops: list[Op], readers: Mapping[Atom, list[int]], end: int) -> set[Atom]:
    """An array and the views of it that the ops before `end` make."""
    seen: set[Atom] = {target}
    waiting: list[Atom] = [target]
    while waiting:
        for at in readers.get(waiting.pop(), ()):
            if at < end and is_view(ops[at]):
                waiting += (out for out in ops[at].outputs if out not in seen)
                seen.update(ops[at].outputs)
    return seen
