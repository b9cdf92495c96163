"""Which values can live in one Python variable.

Two values *interfere* if one is defined where the other is still read later; then they need two variables
(G. J. Chaitin et al., Register allocation via coloring, 1981). Values that a copy would connect (what a
loop carries, what branches merge, what is overwritten in place) are brought into one variable wherever
they do not interfere, which makes the copy vanish.
"""

from __future__ import annotations

from collections.abc import Iterable

from adjoint.codegen.fold import Folding, is_inplace
from adjoint.codegen.overwriting import PRODUCTS
from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Function, Op, Value, for_parts, while_parts
from adjoint.ir.types import StackType

Live = int
"""A set of values: the bits of their numbers. Sets of live values are large, and most of what is done is union."""


class Registers:
    """The classes of values that share a variable."""

    def __init__(self, fn: Function, folding: Folding) -> None:
        self.folding = folding
        self.bits: dict[Value, Live] = {}
        self.adjacent: dict[Value, Live] = {}
        self.affinities: list[tuple[Value, Value]] = []
        self.order: list[Value] = []  # variables in program order
        self.members: dict[Value, list[Value]] = {}
        self.leader: dict[Value, Value] = {}
        self.class_bits: dict[Value, Live] = {}  # of a leader: its members
        self.class_adjacent: dict[Value, Live] = {}  # and what interferes with them
        self.free: dict[Block, Live] = {}
        live = self.block(fn.body, self.vars(fn.results))
        for param in fn.params:
            self.define(param, live | self.mask(fn.params))
        self.list_block(fn.body)
        for value in self.order:
            self.leader[value] = value
            self.members[value] = [value]
            self.class_bits[value] = self.bit(value)
            self.class_adjacent[value] = self.adjacent.get(value, 0)
        for a, b in self.affinities:
            self.coalesce(a, b)

    # ---- interference: a walk backwards

    def bit(self, value: Value) -> Live:
        found = self.bits.get(value)
        if found is None:
            found = self.bits[value] = 1 << len(self.bits)
        return found

    def mask(self, values: Iterable[Value]) -> Live:
        found = 0
        for value in values:
            found |= self.bit(value)
        return found

    def vars(self, atoms: Iterable[Atom]) -> Live:
        return self.mask(self.folding.variables(atoms))

    def define(self, value: Value, live: Live) -> None:
        self.adjacent[value] = self.adjacent.get(value, 0) | (live & ~self.bit(value))

    def prefer(self, a: Atom, b: Atom) -> None:
        if isinstance(a, Value) and isinstance(b, Value):
            folded = self.folding.folded
            if a not in folded and b not in folded:
                self.affinities.append((a, b))

    def block(self, block: Block, live: Live) -> Live:
        """What is live before a block, given what is live after it; records interferences."""
        for op in reversed(block.ops):
            if op.primitive is IF:
                live = self.branch(op, live)
            elif op.primitive is FOR or op.primitive is WHILE:
                live = self.loop(op, live)
            elif not (len(op.outputs) == 1 and op.outputs[0] in self.folding.folded):
                outputs = self.mask(op.outputs)
                for out in op.outputs:
                    self.define(out, live | outputs)
                if is_inplace(op) and op.primitive.fun in PRODUCTS:
                    self.prefer(op.inputs[0], op.outputs[0])  # the first of a pair gives the name
                elif is_inplace(op) and op.outputs:
                    self.prefer(op.outputs[0], op.inputs[0])
                live = live & ~outputs | self.vars(op.inputs)
        return live

    def branch(self, op: Op, live: Live) -> Live:
        outputs = self.mask(op.outputs)
        after = live & ~outputs
        for out in op.outputs:
            self.define(out, after | outputs)
        before = self.vars(op.inputs)
        for region in op.regions:
            before |= self.block(region, after | self.vars(region.results))
            for out, atom in zip(op.outputs, region.results, strict=True):
                self.prefer(out, atom)
        return before

    def free_in(self, block: Block) -> Live:
        """The variables of enclosing blocks that a block reads."""
        found = self.free.get(block)
        if found is None:
            found, inside = self.vars(block.results), self.mask(block.params)
            for op in block.ops:
                inside |= self.mask(op.outputs)
                if not (len(op.outputs) == 1 and op.outputs[0] in self.folding.folded):
                    found |= self.vars(op.inputs)
                for region in op.regions:
                    found |= self.free_in(region)
            found &= ~inside
            self.free[block] = found
        return found

    def loop(self, op: Op, live: Live) -> Live:
        counted = op.primitive is FOR
        parts = for_parts(op) if counted else while_parts(op)
        header = self.vars(op.inputs[:3] + for_parts(op).stacks) if counted else 0
        if "stop" in op.attrs:  # tested at the end of each trip
            live |= self.bit(op.outputs[op.attrs["stop"]])
        after = live & ~self.mask(op.outputs)
        carried = self.mask(parts.carried)
        kept = self.mask(p for p, final in zip(parts.carried, parts.final, strict=True) if self.bit(final) & live)
        extra = self.mask(op.outputs[len(parts.final) :])  # stacks and the trip count grow all along
        around = after | extra | header
        for region in op.regions:
            around |= self.free_in(region) & ~carried

        body = op.regions[-1]
        inside = self.block(body, around | self.vars(body.results))
        if not counted:
            test = op.regions[0]
            inside = self.block(test, inside | around | kept | self.vars(test.results))
        head = around | (inside & carried) | kept
        for value in (*parts.carried, *op.outputs[len(parts.final) :]):
            self.define(value, head)
        if counted:
            starts = (for_parts(op).index, *for_parts(op).elements)
            for value in starts:
                self.define(value, head | inside | self.mask(starts))
        for final in parts.final:
            self.define(final, after | self.mask(parts.final))
        for group in zip(parts.carried, parts.following, parts.initial, parts.final, strict=True):
            for other in (group[3], group[1], group[2]):
                self.prefer(group[0], other)
        return (around & ~extra) | self.vars(parts.initial) | header

    # ---- coalescing

    def list_block(self, block: Block) -> None:
        self.order += block.params
        for op in block.ops:
            self.order += [out for out in op.outputs if op.regions and isinstance(out.type, StackType)]
            for region in op.regions:
                self.list_block(region)
            if not (len(op.outputs) == 1 and op.outputs[0] in self.folding.folded):
                self.order += [out for out in op.outputs if not (op.regions and isinstance(out.type, StackType))]

    def interfere(self, a: Value, b: Value) -> bool:
        """Whether two classes, given by their leaders, need two variables."""
        return bool(self.class_adjacent[a] & self.class_bits[b] or self.class_adjacent[b] & self.class_bits[a])

    def coalesce(self, a: Value, b: Value) -> None:
        x, y = self.leader.get(a), self.leader.get(b)
        if x is None or y is None or x is y or self.interfere(x, y):
            return
        for value in self.members[y]:
            self.leader[value] = x
        self.members[x] += self.members.pop(y)
        self.class_bits[x] |= self.class_bits.pop(y)
        self.class_adjacent[x] |= self.class_adjacent.pop(y)
