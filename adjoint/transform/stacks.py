"""Elements of a stack that need no stack: what is pushed alike in each trip, and what is pushed twice.

A loop that consumes a stack sees every value of the blocks around the loop that produced it. So an
element that is a literal or comes from outside the producing loop is read directly; of equal elements,
and of the indices of two loops over one range in opposite directions, one is enough. Dead code then drops
what nobody pops. A stack that is an element of another one was produced inside of the loop that produced
that one, so only what comes from outside the outermost of them is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Literal, Op, Value, for_parts, while_parts
from adjoint.ir.walk import defined_in, looked_up, map_functions, reading
from adjoint.transform.cse import atom_key
from adjoint.transform.dead_code import split_elements


def forward_elements(fn: Function) -> Function:
    return map_functions(fn, lambda body: _Forward().block(body))


class _Forward:
    def __init__(self) -> None:
        self.sources: dict[Atom, tuple[Op, Op, tuple[Atom, ...]]] = {}
        # of a stack: the outermost loop that it was produced in, the loop that produced it, and what that pushes
        self.inside: dict[Op, set[Value]] = {}
        self.table: dict[Value, Atom] = {}

    def block(self, block: Block) -> Block:
        ops = tuple(map(self.op, block.ops))
        results = looked_up(self.table, block.results)
        if ops == block.ops and results == block.results:
            return block
        return Block(block.params, ops, results)

    def op(self, op: Op) -> Op:
        if op.primitive is FOR:
            self.consume(op)
        inputs = looked_up(self.table, op.inputs)
        regions = tuple(map(self.block, op.regions)) if op.regions else ()
        new = reading(op, inputs, regions)
        if op.primitive is FOR or op.primitive is WHILE:
            self.produce(new)
        return new

    def produce(self, op: Op) -> None:
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        at = 0
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            self.sources[stack] = op, op, parts.pushed[at : at + size]
            at += size

    def consume(self, op: Op) -> None:
        loop = for_parts(op)
        for stack, popped in zip(loop.stacks, split_elements(loop.stacks, loop.elements), strict=True):
            if stack not in self.sources:
                continue
            outermost, producer, pushed = self.sources[stack]
            for k, (atom, param) in enumerate(zip(pushed, popped, strict=True)):
                if isinstance(atom, Literal) or atom not in self.within(outermost):
                    self.table[param] = atom
                elif is_opposite(producer, op) and atom is producer.regions[0].params[0]:
                    self.table[param] = loop.index
                elif (first := pushed.index(atom)) < k:
                    self.table[param] = popped[first]
                elif atom in self.sources:
                    self.sources[param] = (outermost, *self.sources[atom][1:])

    def within(self, op: Op) -> set[Value]:
        if op not in self.inside:
            self.inside[op] = set().union(*map(defined_in, op.regions))
        return self.inside[op]


def is_opposite(producer: Op, consumer: Op) -> bool:
    """Whether a loop runs over the range of another one from its end, so that its index is the one of the stack."""
    if producer.primitive is not FOR or bool(producer.attrs.get("reverse")) == bool(consumer.attrs.get("reverse")):
        return False
    ours, theirs = producer.inputs[:3], consumer.inputs[:3]
    plain = _keys(ours[:1] + ours[2:]) == _keys((Literal(0), Literal(1)))
    if "stop" in producer.attrs and "trips" in producer.attrs and plain:
        ours = (ours[0], producer.outputs[producer.attrs["trips"]], ours[2])  # the trips that were made
    return _keys(ours) == _keys(theirs)


def _keys(atoms: Sequence[Atom]) -> list[object]:
    return [atom_key(atom) for atom in atoms]
