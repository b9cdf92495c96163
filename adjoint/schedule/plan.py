"""The schedule: what the reverse sweep reads is kept, and what costs nothing is computed again.

The adjoint transform keeps every residual. Here those elements of a stack go that the consuming loop can
have for nothing from what it has anyway: views, lengths and arithmetic on integers (Hascoet, Naumann and
Pascual 2005 call these trivially recomputable). Only pure ops are ever repeated.
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Op, Slot, Value, for_parts, while_parts
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import all_ops, clone_block, map_attribute, map_functions, op_reads, reading, substitute
from adjoint.rules.registry import primitive_of
from adjoint.rules.trace import DIM
from adjoint.schedule.checkpoint import checkpoint_loops
from adjoint.transform.dead_code import remove_dead_code, split_elements
from adjoint.transform.stacks import is_opposite

VIEWS = frozenset(map(primitive_of, (np.transpose, np.swapaxes, np.moveaxis, np.real, np.imag)))
INTEGERS = frozenset(
    map(primitive_of, (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg))
)


def schedule(fn: Function) -> Function:
    """Keep what the reverse sweep reads; compute again what is free. Gradients are the same bits."""
    fn = checkpoint_loops(fn)
    return remove_dead_code(map_functions(fn, lambda body: _Recompute(body).block(body, set(), {})))


Names = dict[Value, Atom]
"""What a value of a forward loop is called in the loop that consumes its stack."""


class _Recompute:
    """Gives the consuming loops ops that repeat what is free; dead code then drops what nobody pops."""

    def __init__(self, body: Block) -> None:
        self.produced: dict[Value, tuple[Op, tuple[Atom, ...]]] = {}
        self.definitions: dict[Value, Op] = {}
        for op in all_ops(body):
            self.definitions.update((value, op) for value in op.outputs)
            if op.primitive in (FOR, WHILE):
                parts = for_parts(op) if op.primitive is FOR else while_parts(op)
                waiting = iter(parts.pushed)
                for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
                    self.produced[stack] = op, tuple(next(waiting) for _ in range(size))
        self.order = {value: k for k, value in enumerate(self.definitions)}

    def block(self, block: Block, scope: set[Value], names: Names) -> Block:
        """`scope` is what can be read here; `names` what of the forward loops is known by another name."""
        scope = scope | set(block.params)
        ops = []
        for op in block.ops:
            ops.append(self.op(op, scope, names))
            scope.update(op.outputs)
        return block if tuple(ops) == block.ops else replace(block, ops=tuple(ops))

    def op(self, op: Op, scope: set[Value], names: Names) -> Op:
        if op.primitive is not FOR or not for_parts(op).stacks:
            return reading(op, op.inputs, tuple(self.block(region, scope, names) for region in op.regions))
        loop, body = for_parts(op), op.regions[0]
        inner = dict(names)
        groups: list[tuple[tuple[Atom, ...], tuple[Value, ...]]] = []
        for stack, popped in zip(loop.stacks, split_elements(loop.stacks, loop.elements), strict=True):
            source = self.source(stack, names)
            if source is None:
                continue
            producer, pushed = self.produced[source]
            inner.update((a, p) for a, p in zip(pushed, popped, strict=True) if isinstance(a, Value))
            if is_opposite(producer, op):
                inner[producer.regions[0].params[0]] = loop.index
            groups.append((pushed, popped))
        prelude: list[Op] = []
        table: dict[Value, Atom] = {}
        pairs = [(a, p) for pushed, popped in groups for a, p in zip(pushed, popped, strict=True)]
        elements = [(a, p) for a, p in pairs if isinstance(a, Value) and a in self.order and inner.get(a) is p]
        for atom, param in sorted(elements, key=lambda pair: -self.order[pair[0]]):
            rest = {value: name for value, name in inner.items() if value is not atom}
            ops = self.needed(atom, scope, rest)
            if ops:
                copies = clone_block(Block((), tuple(ops), (atom,)), rest)
                prelude[:0] = copies.ops
                table[param] = inner[atom] = copies.results[0]
        body = replace(body, ops=(*prelude, *body.ops))
        return replace(op, regions=(self.block(substitute(body, table), scope, inner),))

    def source(self, stack: Atom, names: Names) -> Value | None:
        """The stack, by the name that the loop which produced it gave it."""
        if isinstance(stack, Value) and stack in self.produced:
            return stack
        return next((s for s in self.produced if names.get(s) is stack), None)

    def needed(self, value: Value, scope: set[Value], names: Names) -> list[Op] | None:
        """The free ops that give a value again from what is at hand, in order; None if there is a gap."""
        op = self.definitions.get(value)
        if op is None or not is_free(op):
            return None
        ops: list[Op] = []
        for read in op_reads(op):
            if read in names or read in scope:
                continue
            more = self.needed(read, scope, names)
            if more is None:
                return None
            ops += [o for o in more if o not in ops]
        return [*ops, op]


def is_free(op: Op) -> bool:
    """Whether repeating an op costs next to nothing: views, lengths, integer arithmetic."""
    if op.regions or op.primitive.effect:
        return False
    if op.primitive in VIEWS or op.primitive.fun is DIM:
        return True
    if op.primitive in INTEGERS:
        return all(isinstance(a.type, ArrayType) and a.type.kind == "py" and a.type.dtype == "int64" for a in op.inputs)
    return op.primitive is primitive_of(operator.getitem) and _is_view(op)


def _is_view(op: Op) -> bool:
    """Whether an index is basic and gives an array, not a number."""
    out = op.outputs[0].type
    if not isinstance(out, ArrayType) or out.shape in (None, ()):
        return False
    arrays: list[bool] = []

    def note(slot: Slot) -> Slot:
        type_ = op.inputs[slot.index].type
        arrays.append(not (isinstance(type_, ArrayType) and type_.shape == ()))
        return slot

    index = op.attrs["index"]
    map_attribute(index, note)
    items = index if isinstance(index, tuple) else (index,)
    return not any(arrays) and not any(isinstance(item, (list, np.ndarray, bool)) for item in items)
