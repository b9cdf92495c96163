"""Where variables are deleted, in functions whose memory matters more than their length (`Function.frees`).

A Python variable keeps its array until the function returns. It is deleted in the block that assigns it, where
that is sure to have happened, and only if no other block knows it. A loop that takes snapshots deletes at the end of
a trip what the trip has computed, before the next one runs steps again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from adjoint.codegen.fold import ACCESS, Folding
from adjoint.ir.core import FOR, Block, Function, Op, Value
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import all_ops
from adjoint.schedule.cheap import is_free
from adjoint.schedule.snapshots import TAKE


def deletions(fn: Function, folding: Folding, names: Mapping[Value, str]) -> dict[Op, tuple[str, ...]]:
    """The arrays to delete after each op: those that it is the last to touch."""
    finder = _Finder(folding, names)
    loops = _loops_with_snapshots(fn)
    if fn.frees or loops:
        everywhere = Counter(finder.in_block(fn.body))
        if fn.frees:
            finder.block(fn.body, everywhere)
        else:
            for op in loops:
                finder.trip(op.regions[0], everywhere)
    return finder.found


def deletes(fn: Function) -> bool:
    """Whether variables of a function are deleted at all."""
    return fn.frees or bool(_loops_with_snapshots(fn))


def _loops_with_snapshots(fn: Function) -> list[Op]:
    return [op for op in all_ops(fn.body) if op.primitive is FOR and _takes_snapshots(op)]


def _takes_snapshots(loop: Op) -> bool:
    return any(op.primitive is TAKE for op in all_ops(loop.regions[0]))


class _Finder:
    def __init__(self, folding: Folding, names: Mapping[Value, str]) -> None:
        self.folding, self.names = folding, names
        self.found: dict[Op, tuple[str, ...]] = {}

    def trip(self, body: Block, everywhere: Counter[str]) -> None:
        """Delete at the end of a trip what it has assigned itself, but for views of what stays."""
        here = Counter(self.in_block(body))
        kept = {self.names[value] for value in self.folding.variables(body.results)}
        made = (op for op in body.ops if not (op.regions or is_free(op) or op.primitive is ACCESS))
        arrays = (out for op in made for out in op.outputs if _is_array(out) and self.folding.reads.get(out))
        names = dict.fromkeys(self.names[out] for out in arrays if out not in self.folding.folded)
        found = tuple(name for name in names if name not in kept and here[name] == everywhere[name])
        if found:
            self.found[body.ops[-1]] = found

    def block(self, block: Block, everywhere: Counter[str]) -> None:
        last: dict[str, Op] = {}
        ours: set[str] = set()
        for op in block.ops:
            last.update((name, op) for name in self.touched(op))
            for region in op.regions:
                self.block(region, everywhere)
            if op.primitive is ACCESS or op.regions or not self.folding.folded.isdisjoint(op.outputs):
                continue
            read = {out for out in op.outputs if self.folding.reads.get(out)}
            ours.update(self.names[out] for out in read if _is_array(out))
            if read and any(_is_array(out) for out in op.outputs if out not in read):
                self.found[op] = (self.folding.unused(self.names),)
        here = Counter(self.in_block(block))
        kept = {self.names[value] for value in self.folding.variables(block.results)}
        for name, op in last.items():
            if name in ours and name not in kept and here[name] == everywhere[name]:
                self.found[op] = (*self.found.get(op, ()), name)

    def touched(self, op: Op) -> Iterator[str]:
        """The variables that the text of an op reads or assigns."""
        if len(op.outputs) == 1 and op.outputs[0] in self.folding.folded:
            return
        values = (*self.folding.variables(op.inputs), *op.outputs)
        yield from (self.names[value] for value in values if value in self.names)
        for region in op.regions:
            yield from self.in_block(region)

    def in_block(self, block: Block) -> Iterator[str]:
        values = (*block.params, *self.folding.variables(block.results))
        yield from (self.names[value] for value in values if value in self.names)
        for op in block.ops:
            yield from self.touched(op)


def _is_array(value: Value) -> bool:
    return isinstance(value.type, ArrayType) and value.type.kind in ("array", "any") and value.type.shape != ()
