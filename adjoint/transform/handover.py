"""What the forward half of a function packs for its reverse half: one pack, and in it one for each branch.

A value that exists on one path only belongs to the pack of its branch. So a leaf of a recursion keeps what
the leaf needs and nothing else, and the reverse half takes each pack apart where it has branched again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from adjoint.ir.core import IF, PACK, UNDEFINED, UNPACK, Atom, Block, Op, Value
from adjoint.ir.types import PACKED
from adjoint.ir.walk import block_reads, op_reads, substitute


@dataclass(frozen=True, slots=True)
class Halves:
    """The ops of a forward block and of its reverse, and the values that the second reads of the first."""

    forward: tuple[Op, ...]
    reverse: tuple[Op, ...]
    reads: tuple[Value, ...]


def pack(values: Sequence[Atom], whole: Value) -> Op:
    return Op(PACK, tuple(values), (whole,), sweep="adjoint")


def unpack(whole: Value, values: Sequence[Value], partial: Collection[Value]) -> Op:
    return Op(UNPACK, (whole,), tuple(values), {"partial": tuple(v in partial for v in values)}, sweep="adjoint")


def in_order(ops: Sequence[Op], values: Collection[Value]) -> tuple[Value, ...]:
    """Values in the order in which ops define them, after those that come from elsewhere."""
    made = [out for op in ops for out in op.outputs]
    return (*(value for value in dict.fromkeys(values) if value not in made), *(out for out in made if out in values))


def by_branch(halves: Halves, results: Sequence[Atom], partial: Collection[Value]) -> Halves:
    """The same with a pack for each branch that both halves take; `results` are those of the reverse block."""
    for op in halves.forward:
        if op.primitive is IF:
            halves = _branch(halves, op, results, partial)
    return halves


def _branch(halves: Halves, op: Op, results: Sequence[Atom], partial: Collection[Value]) -> Halves:
    again = [o for o in halves.reverse if o.primitive is IF and o.inputs == op.inputs]
    if len(again) != 1:
        return halves
    (back,) = again
    elsewhere = {v for o in halves.reverse if o is not back for v in op_reads(o)} | set(results)
    kept = Value("kept", PACKED)
    ends: list[tuple[Block, Block]] = []
    taken: set[Value] = set()
    for side, (region, reverse) in enumerate(zip(op.regions, back.regions, strict=True)):
        other = set(block_reads(back.regions[1 - side]))
        table: dict[Value, Atom] = {
            out: region.results[k]
            for k, out in enumerate(op.outputs)
            if out in halves.reads and out not in elsewhere and out not in other
            and op.regions[1 - side].results[k] is UNDEFINED
        }  # fmt: skip
        taken |= set(table)
        ends.append(_end(region, substitute(reverse, table), table, kept, partial))
    if not taken:
        return halves
    grown = replace(op, outputs=(*op.outputs, kept), regions=tuple(region for region, _ in ends))
    smaller = replace(back, regions=tuple(reverse for _, reverse in ends))
    forward = tuple(grown if o is op else o for o in halves.forward)
    return Halves(
        forward,
        tuple(smaller if o is back else o for o in halves.reverse),
        in_order(forward, [*(value for value in halves.reads if value not in taken), kept]),
    )


def _end(
    region: Block, reverse: Block, table: dict[Value, Atom], kept: Value, partial: Collection[Value]
) -> tuple[Block, Block]:
    """One branch and its reverse, with what the second reads of the first in the pack `kept`."""
    values = in_order(region.ops, [atom for atom in table.values() if isinstance(atom, Value)])
    if not values:
        return replace(region, results=(*region.results, UNDEFINED)), reverse
    inner = by_branch(Halves(region.ops, reverse.ops, values), reverse.results, partial)
    if len(inner.reads) == 1 and inner.reads[0].type == PACKED:
        forward = Block((), inner.forward, (*region.results, inner.reads[0]))
        return forward, substitute(replace(reverse, ops=inner.reverse), {inner.reads[0]: kept})
    here = Value(None, PACKED)
    forward = Block((), (*inner.forward, pack(inner.reads, here)), (*region.results, here))
    return forward, replace(reverse, ops=(unpack(kept, inner.reads, partial), *inner.reverse))
