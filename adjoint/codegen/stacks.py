"""Which stacks a loop may empty while it consumes them, and which it must leave as they are."""

from __future__ import annotations

from adjoint.codegen.liveness import count_reads
from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Function, Literal, Op, Value, for_parts, while_parts
from adjoint.ir.types import StackType


class Stacks:
    """A stack is popped by the loop that consumes it if that loop runs once for it and nobody else reads it."""

    def __init__(self, fn: Function) -> None:
        self.reads = count_reads(fn.body)
        self.made_by: dict[Value, list[Atom]] = {}  # the stacks that flow into a value
        self.around: dict[Value, tuple[Op, ...]] = {}  # the loops around the definition of a stack
        self.around_reader: dict[Value, tuple[Op, ...]] = {}
        self.fresh: set[Value] = set()
        self.pushed: dict[Value, list[list[Atom]]] = {}  # stack -> what was pushed for each element
        self.known: dict[Value, bool] = {}
        self.scan(fn.body, ())

    def scan(self, block: Block, loops: tuple[Op, ...]) -> None:
        for op in block.ops:
            for atom in op.inputs:
                if isinstance(atom, Value) and isinstance(atom.type, StackType):
                    self.around_reader[atom] = loops
            inside = (*loops, op) if op.primitive in (FOR, WHILE) else loops
            for region in op.regions:
                self.scan(region, inside)
                for atom in region.results:
                    if isinstance(atom, Value) and isinstance(atom.type, StackType):
                        self.around_reader[atom] = inside
            if op.primitive is IF:
                for k, out in enumerate(op.outputs):
                    self.around[out] = loops
                    self.made_by[out] = [region.results[k] for region in op.regions]
            elif op.primitive in (FOR, WHILE):
                self.loop(op, loops)

    def loop(self, op: Op, loops: tuple[Op, ...]) -> None:
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        items = iter(parts.pushed)
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            self.around[stack] = loops
            self.fresh.add(stack)
            self.pushed[stack] = [[next(items)] for _ in range(size)]
        if op.primitive is FOR:
            elements = iter(for_parts(op).elements)
            for consumed in for_parts(op).stacks:
                for k, _ in enumerate(consumed.type.elements):  # type: ignore[union-attr]  # a stack
                    element = next(elements)
                    self.around[element] = (*loops, op)
                    if isinstance(element.type, StackType):
                        self.made_by[element] = [consumed, *self.contents(consumed, k)]

    def contents(self, stack: Atom, k: int) -> list[Atom]:
        """What was pushed as element `k` of a stack."""
        if isinstance(stack, Literal):
            return []
        if stack in self.pushed:
            return self.pushed[stack][k]
        return [atom for source in self.made_by.get(stack, ()) for atom in self.contents(source, k)]

    def is_popped(self, stack: Atom) -> bool:
        if isinstance(stack, Literal):
            return True
        if stack not in self.known:
            self.known[stack] = False  # a cycle is not ours
            self.known[stack] = (
                self.reads.get(stack) == 1
                and self.around.get(stack) == self.around_reader.get(stack)
                and (stack in self.fresh or self.flows_only_from_popped(stack))
            )
        return self.known[stack]

    def flows_only_from_popped(self, stack: Value) -> bool:
        sources = self.made_by.get(stack)
        return sources is not None and all(map(self.is_popped, sources))
