"""Close the reads that a reverse sweep makes into regions of the forward sweep.

The adjoint transform writes its reverse regions as if every primal value were still there. Here each
such read becomes a value that the forward op hands over: an element of a stack that a loop produces and
its reverse consumes, or a further result of an `if`. What crosses is exactly what is read. Stacks are
values, so the result is ordinary SSA that may be differentiated again (compare the tape of Hascoet and
Pascual 2013, section 2.3, which has side effects).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adjoint.ir.core import FOR, UNDEFINED, Atom, Block, Op, Value
from adjoint.ir.types import StackType
from adjoint.ir.walk import block_reads, defined_in


class Residuals:
    """The forward ops that must hand over more, and the program rebuilt with them."""

    def __init__(self) -> None:
        self.grown: dict[Op, Op] = {}

    def defined(self, op: Op) -> set[Value]:
        """Every value defined inside a forward op, what grown inner ops hand over included."""
        inside: set[Value] = set()
        for region in op.regions:
            inside |= defined_in(region)
            for inner in region.ops:
                inside |= self._handed_over(inner)
        return inside

    def _handed_over(self, op: Op) -> set[Value]:
        found = set(self.grown[op].outputs) if op in self.grown else set()
        for region in op.regions:
            for inner in region.ops:
                found |= self._handed_over(inner)
        return found

    def reads(self, op: Op, blocks: Sequence[Block]) -> list[Value]:
        """What reverse blocks read from the inside of a forward op, in order of first use."""
        inside = self.defined(op)
        found: dict[Value, None] = {}
        for block in blocks:
            found.update(block_reads(block))
        return [value for value in found if value in inside]

    def push(self, op: Op, values: Sequence[Value]) -> Value:
        """Let a forward loop push values in each trip; its new stack."""
        stack = Value(None, StackType(tuple(v.type for v in values)))
        position = len(op.regions) - 1
        body = op.regions[position]
        body = replace(body, results=(*body.results, *values))
        regions = (*op.regions[:position], body)
        attrs = {**op.attrs, "produced": (*op.attrs["produced"], len(values))}
        outputs = (*op.outputs, stack) if op.primitive is FOR else (*op.outputs[:-1], stack, op.outputs[-1])
        self.grown[op] = replace(op, outputs=outputs, regions=regions, attrs=attrs)
        return stack

    def give(self, op: Op, values: Sequence[Value]) -> dict[Value, Atom]:
        """Let a forward `if` give values of its branches as results; what to read instead."""
        table: dict[Value, Atom] = {}
        regions = list(op.regions)
        outputs = list(op.outputs)
        homes = [
            defined_in(region) | {v for inner in region.ops for v in self._handed_over(inner)} for region in op.regions
        ]
        for value in values:
            known = _already_given(op, value)
            if known is not None:
                table[value] = known
                continue
            output = Value(value.hint, value.type)
            outputs.append(output)
            for k, home in enumerate(homes):
                given = value if value in home else UNDEFINED
                regions[k] = replace(regions[k], results=(*regions[k].results, given))
            table[value] = output
        self.grown[op] = replace(op, outputs=tuple(outputs), regions=tuple(regions))
        return table

    def rebuild(self, block: Block) -> Block:
        """The forward sweep with its ops grown."""
        return replace(block, ops=tuple(self._rebuild(op) for op in block.ops))

    def _rebuild(self, op: Op) -> Op:
        grown = self.grown.get(op, op)
        if not grown.regions:
            return grown
        return replace(grown, regions=tuple(self.rebuild(region) for region in grown.regions))


def _already_given(op: Op, value: Value) -> Value | None:
    """The result of an `if` that is this value in its branch anyway (the other branch does not matter)."""
    for k, output in enumerate(op.outputs):
        if any(region.results[k] is value for region in op.regions) and output.type == value.type:
            return output
    return None
