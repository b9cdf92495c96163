"""What the forward half of a function packs for its reverse half: one pack, and in it one for each branch.

A value that exists on one path only belongs to the pack of its branch. So a leaf of a recursion keeps what
the leaf needs and nothing else, and the reverse half takes each pack apart where it has branched again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from adjoint.ir.core import IF, PACK, UNDEFINED, UNPACK, Atom, Block, Op, Value
from adjoint.ir.types import PACKED
from adjoint.ir.walk import block_reads, defined_in, op_reads, substitute


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
    reads = dict.fromkeys((*halves.reads, kept))
    ends: list[tuple[Block, Block]] = []
    for side, (region, reverse) in enumerate(zip(op.regions, back.regions, strict=True)):
        other = set(block_reads(back.regions[1 - side]))
        table: dict[Value, Atom] = {
            out: region.results[k]
            for k, out in enumerate(op.outputs)
            if out in reads and out not in elsewhere and out not in other
            and op.regions[1 - side].results[k] is UNDEFINED
        }  # fmt: skip
        for out in table:
            del reads[out]
        values = dict.fromkeys(atom for atom in table.values() if isinstance(atom, Value))
        end, around = _end(region, substitute(reverse, table), in_order(region.ops, values), kept, partial)
        reads |= dict.fromkeys(around)
        ends.append(end)
    if all(forward.results[-1] is UNDEFINED for forward, _ in ends):
        return halves
    grown = replace(op, outputs=(*op.outputs, kept), regions=tuple(forward for forward, _ in ends))
    smaller = replace(back, regions=tuple(reverse for _, reverse in ends))
    forward = tuple(grown if o is op else o for o in halves.forward)
    return Halves(forward, tuple(smaller if o is back else o for o in halves.reverse), in_order(forward, reads))


def _end(
    region: Block, reverse: Block, values: tuple[Value, ...], kept: Value, partial: Collection[Value]
) -> tuple[tuple[Block, Block], list[Value]]:
    """One branch and its reverse, with what the second reads of the first in the pack `kept`.

    Also what it reads that was there before the branch.
    """
    inner = by_branch(Halves(region.ops, reverse.ops, values), reverse.results, partial)
    region, reverse = replace(region, ops=inner.forward), replace(reverse, ops=inner.reverse)
    inside = defined_in(Block((), inner.forward, ()))
    own = [value for value in inner.reads if value in inside]
    around = [value for value in inner.reads if value not in inside]
    if not own:
        return (replace(region, results=(*region.results, UNDEFINED)), reverse), around
    if len(own) == 1 and own[0].type == PACKED:
        return (replace(region, results=(*region.results, own[0])), substitute(reverse, {own[0]: kept})), around
    here = Value(None, PACKED)
    forward = Block((), (*region.ops, pack(own, here)), (*region.results, here))
    return (forward, replace(reverse, ops=(unpack(kept, own, partial), *reverse.ops))), around
