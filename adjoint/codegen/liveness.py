"""Which values are still read after an op."""

from __future__ import annotations

from collections.abc import Container, Iterable

from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Function, Op, Value, for_parts, while_parts
from adjoint.ir.walk import block_reads, op_reads

Live = set[Value]


def values(atoms: Iterable[Atom]) -> Live:
    return {atom for atom in atoms if isinstance(atom, Value)}


def live_after(fn: Function, wanted: Container[Op]) -> dict[Op, Live]:
    """The values that are read after each of the ops `wanted`, its own results excluded.

    In a loop, what the next iteration reads counts as read after; what the op itself carries or merges
    (`following`, results of a branch) is read at the end of its region.
    """
    table: dict[Op, Live] = {}
    _walk(fn.body, values(fn.results), wanted, table)
    return table


def _walk(block: Block, live: Live, wanted: Container[Op], table: dict[Op, Live]) -> None:
    """Walk a block backwards; `live` is what is read after its last op, and is updated in place."""
    for op in reversed(block.ops):
        live.difference_update(op.outputs)
        if op in wanted:
            table[op] = set(live)
        if op.primitive is IF:
            for region in op.regions:
                _walk(region, live | values(region.results), wanted, table)
        elif op.primitive is FOR:
            body = op.regions[0]
            _walk(body, live | values(body.results) | set(block_reads(body)), wanted, table)
        elif op.primitive is WHILE:
            test, body = op.regions
            around = live | set(block_reads(test)) | set(block_reads(body))
            _walk(body, around | values(body.results), wanted, table)
            # the body starts from the values that the test was given
            _walk(test, around | values(test.results) | set(test.params), wanted, table)
        live.update(op_reads(op))


def initial_of(op: Op) -> tuple[Atom, ...]:
    return for_parts(op).initial if op.primitive is FOR else while_parts(op).initial


def count_reads(block: Block) -> dict[Atom, int]:
    """How often each value is read in a block and in its regions."""
    counts: dict[Atom, int] = {}
    _count(block, counts)
    return counts


def _count(block: Block, counts: dict[Atom, int]) -> None:
    for op in block.ops:
        for atom in op.inputs:
            counts[atom] = counts.get(atom, 0) + 1
        if "stop" in op.attrs:
            flag = op.outputs[op.attrs["stop"]]
            counts[flag] = counts.get(flag, 0) + 1
        for region in op.regions:
            _count(region, counts)
    for atom in block.results:
        counts[atom] = counts.get(atom, 0) + 1
