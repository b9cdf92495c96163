"""Which values exist on some paths only: what a branch hands over to the reverse sweep, and where it goes on to.

On the other paths generated code holds None in their place, so their shape must not be asked for there.
The walk over-approximates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.ir.core import FOR, IF, UNDEFINED, UNPACK, WHILE, Atom, Block, Op, Value, for_parts, while_parts
from adjoint.ir.types import StackType
from adjoint.rules.internal import zeros_if
from adjoint.rules.lists import list_zeros_if

ZEROS = frozenset({zeros_if, list_zeros_if})
"""What gives None for None."""


def partial_values(block: Block, *, given_stacks: bool = False) -> set[Value]:
    """The values of a block and its regions that may be undefined where others can still read them.

    `given_stacks`: what comes out of stacks that are parameters may be, as another program filled them.
    """
    found = _Partial()
    found.pushed = given_stacks and any(isinstance(param.type, StackType) for param in block.params)
    found.block(block)
    return found.values


class _Partial:
    def __init__(self) -> None:
        self.values: set[Value] = set()
        self.pushed = False  # some stack has an undefined element

    def may_be(self, atom: Atom) -> bool:
        return atom is UNDEFINED or atom in self.values

    def block(self, block: Block) -> None:
        for op in block.ops:
            if op.primitive is IF:
                for region in op.regions:
                    self.block(region)
                for out, *given in zip(op.outputs, *(region.results for region in op.regions), strict=True):
                    if any(map(self.may_be, given)):
                        self.values.add(out)
            elif op.primitive in (FOR, WHILE):
                self.loop(op)
            elif op.primitive is UNPACK:
                pairs = zip(op.outputs, op.attrs["partial"], strict=True)
                self.values.update(out for out, is_partial in pairs if is_partial)
            elif op.primitive.fun in ZEROS and self.may_be(op.inputs[0]):
                self.values.update(op.outputs)

    def loop(self, op: Op) -> None:
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        if op.primitive is FOR and self.pushed:
            self.values.update(for_parts(op).elements)
        self.carry(parts, parts.initial)
        while True:
            for region in op.regions:
                self.block(region)
            if not self.carry(parts, parts.following):
                break
        self.pushed = self.pushed or any(map(self.may_be, parts.pushed))

    def carry(self, parts: Any, given: Sequence[Atom]) -> bool:
        """Note which carried values are given something that may be undefined; True if that was not known."""
        triples = zip(parts.carried, parts.final, given, strict=True)
        found = {value for *both, atom in triples if self.may_be(atom) for value in both} - self.values
        self.values |= found
        return bool(found)
