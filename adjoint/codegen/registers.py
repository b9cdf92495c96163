"""Which values can live in one Python variable.

Two values *interfere* if one is defined where the other is still read later; then they need two variables
(G. J. Chaitin et al., Register allocation via coloring, 1981). Values that a copy would connect (what a
loop carries, what branches merge, what is overwritten in place) are brought into one variable wherever
they do not interfere, which makes the copy vanish.
"""

from __future__ import annotations

from collections.abc import Iterable

from adjoint.codegen.fold import Folding, is_inplace
from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Function, Op, Value, for_parts, while_parts
from adjoint.ir.types import StackType

Live = set[Value]


class Registers:
    """The classes of values that share a variable."""

    def __init__(self, fn: Function, folding: Folding) -> None:
        self.folding = folding
        self.adjacent: dict[Value, Live] = {}
        self.affinities: list[tuple[Value, Value]] = []
        self.order: list[Value] = []  # variables in program order
        self.members: dict[Value, list[Value]] = {}
        self.leader: dict[Value, Value] = {}
        self.free: dict[Block, Live] = {}
        live = self.block(fn.body, self.vars(fn.results))
        for param in fn.params:
            self.define(param, live | set(fn.params))
        self.list_block(fn.body)
        for value in self.order:
            self.leader[value] = value
            self.members[value] = [value]
        for a, b in self.affinities:
            self.coalesce(a, b)

    # ---- interference: a walk backwards

    def vars(self, atoms: Iterable[Atom]) -> Live:
        return set(self.folding.variables(atoms))

    def define(self, value: Value, live: Live) -> None:
        others = live - {value}
        known = self.adjacent.get(value)
        self.adjacent[value] = others if known is None else known | others

    def prefer(self, a: Atom, b: Atom) -> None:
        if isinstance(a, Value) and isinstance(b, Value):
            folded = self.folding.folded
            if a not in folded and b not in folded:
                self.affinities.append((a, b))

    def block(self, block: Block, live: Live) -> Live:
        """What is live before a block, given what is live after it; records interferences."""
        live = set(live)
        for op in reversed(block.ops):
            if op.primitive is IF:
                live = self.branch(op, live)
            elif op.primitive is FOR or op.primitive is WHILE:
                live = self.loop(op, live)
            elif not (len(op.outputs) == 1 and op.outputs[0] in self.folding.folded):
                live.difference_update(op.outputs)
                for out in op.outputs:
                    self.define(out, live | set(op.outputs))
                if is_inplace(op):
                    self.prefer(op.outputs[0], op.inputs[0])
                live |= self.vars(op.inputs)
        return live

    def branch(self, op: Op, live: Live) -> Live:
        after = live - set(op.outputs)
        for out in op.outputs:
            self.define(out, after | set(op.outputs))
        before: Live = self.vars(op.inputs)
        for region in op.regions:
            before |= self.block(region, after | self.vars(region.results))
            for out, atom in zip(op.outputs, region.results, strict=True):
                self.prefer(out, atom)
        return before

    def free_in(self, block: Block) -> Live:
        """The variables of enclosing blocks that a block reads."""
        found = self.free.get(block)
        if found is None:
            found, inside = set(), set(block.params)
            for op in block.ops:
                inside.update(op.outputs)
                if not (len(op.outputs) == 1 and op.outputs[0] in self.folding.folded):
                    found |= self.vars(op.inputs)
                for region in op.regions:
                    found |= self.free_in(region)
            found |= self.vars(block.results)
            found -= inside
            self.free[block] = found
        return found

    def loop(self, op: Op, live: Live) -> Live:
        counted = op.primitive is FOR
        parts = for_parts(op) if counted else while_parts(op)
        header = self.vars(op.inputs[:3] + for_parts(op).stacks) if counted else set()
        if "stop" in op.attrs:  # tested at the end of each trip
            live = live | {op.outputs[op.attrs["stop"]]}
        after = live - set(op.outputs)
        kept = [p for p, final in zip(parts.carried, parts.final, strict=True) if final in live]
        extra = set(op.outputs[len(parts.final) :])  # stacks and the trip count grow all along
        around = after | extra | header
        for region in op.regions:
            around |= self.free_in(region) - set(parts.carried)

        body = op.regions[-1]
        inside = self.block(body, around | self.vars(body.results))
        if not counted:
            test = op.regions[0]
            inside = self.block(test, inside | around | set(kept) | self.vars(test.results))
        head = around | (inside & set(parts.carried)) | set(kept)
        for value in (*parts.carried, *extra):
            self.define(value, head)
        if counted:
            starts = {for_parts(op).index, *for_parts(op).elements}
            for value in starts:
                self.define(value, head | inside | starts)
        for final in parts.final:
            self.define(final, after | set(parts.final))
        for group in zip(parts.carried, parts.following, parts.initial, parts.final, strict=True):
            for other in (group[3], group[1], group[2]):
                self.prefer(group[0], other)
        return (around - extra) | self.vars(parts.initial) | header

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
        ours, theirs = self.members[a], self.members[b]
        empty: Live = set()
        return any(not self.adjacent.get(x, empty).isdisjoint(theirs) for x in ours) or any(
            not self.adjacent.get(y, empty).isdisjoint(ours) for y in theirs
        )

    def coalesce(self, a: Value, b: Value) -> None:
        x, y = self.leader.get(a), self.leader.get(b)
        if x is None or y is None or x is y or self.interfere(x, y):
            return
        for value in self.members[y]:
            self.leader[value] = x
        self.members[x] += self.members.pop(y)
