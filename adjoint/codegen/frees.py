"""Where variables are deleted, in functions whose memory matters more than their length (`Function.frees`).

A Python variable keeps its array until the function returns. It is deleted in the block that assigns it, where
that is sure to have happened, and only if no other block knows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from adjoint.codegen.fold import ACCESS, Folding
from adjoint.ir.core import Block, Function, Op, Value
from adjoint.ir.types import ArrayType


def deletions(fn: Function, folding: Folding, names: Mapping[Value, str]) -> dict[Op, tuple[str, ...]]:
    """The arrays to delete after each op: those that it is the last to touch."""
    if not fn.frees:
        return {}
    finder = _Finder(folding, names)
    finder.block(fn.body, Counter(finder.in_block(fn.body)))
    return finder.found


class _Finder:
    def __init__(self, folding: Folding, names: Mapping[Value, str]) -> None:
        self.folding, self.names = folding, names
        self.found: dict[Op, tuple[str, ...]] = {}

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
                self.found[op] = ("_",)
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
