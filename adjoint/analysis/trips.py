"""Which values of the body of a loop may differ from trip to trip."""

from __future__ import annotations

from collections.abc import Collection

from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Op, Value, for_parts, while_parts


def varying(loop: Op, steady: Collection[Value], effectful: Collection[str]) -> set[Value]:
    """The values that may, if the parameters in `steady` do not; what an effect gives differs each time."""
    body = loop.regions[-1]
    found = _Varying(effectful)
    found.values.update(param for param in body.params if param not in steady)
    found.block(body)
    return found.values


class _Varying:
    def __init__(self, effectful: Collection[str]) -> None:
        self.values: set[Value] = set()
        self.effectful = effectful

    def any(self, atoms: Collection[Atom]) -> bool:
        return not self.values.isdisjoint(atoms)

    def block(self, block: Block) -> None:
        for op in block.ops:
            self.op(op)

    def op(self, op: Op) -> None:
        if op.primitive is IF:
            self.branch(op)
        elif op.primitive is FOR or op.primitive is WHILE:
            before = -1
            while before < len(self.values):
                before = len(self.values)
                self.loop(op)
        elif op.primitive.effect or self.any(op.inputs) or op.attrs.get("callee") in self.effectful:
            self.values.update(op.outputs)

    def branch(self, op: Op) -> None:
        for region in op.regions:
            self.block(region)
        for k, out in enumerate(op.outputs):
            if self.any(op.inputs) or self.any([region.results[k] for region in op.regions]):
                self.values.add(out)

    def loop(self, op: Op) -> None:
        is_for = op.primitive is FOR
        parts = for_parts(op) if is_for else while_parts(op)
        for k, atom in enumerate(parts.initial):
            if self.any((atom, parts.following[k])):
                self.values.update((parts.carried[k], parts.final[k]))
                if not is_for:
                    self.values.add(op.regions[0].params[k])
        if is_for:
            loop = for_parts(op)
            if self.any(loop.space):
                self.values.add(loop.index)
            if self.any(loop.stacks):
                self.values.update(loop.elements)
        for region in op.regions:
            self.block(region)
        ends = [op.inputs[:3]] if is_for else [op.regions[0].results]
        if "stop" in op.attrs:
            ends.append((parts.following[op.attrs["stop"]],))
        if any(map(self.any, ends)):
            self.values.update(op.outputs)
        at = 0
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            if self.any(parts.pushed[at : at + size]):
                self.values.add(stack)
            at += size
