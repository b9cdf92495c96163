"""The forward sweep as it is, and what it must hand over besides."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adjoint.analysis.places import Places
from adjoint.analysis.versions import Versions, is_loop, is_update, loop_parts
from adjoint.ir.core import FOR, UNDEFINED, Atom, Block, Op, Slot, Value
from adjoint.ir.types import ArrayType, Type, same_shape
from adjoint.ir.walk import map_attribute
from adjoint.rules.names import GETITEM, UPDATE
from adjoint.rules.registry import primitive_of
from adjoint.schedule.cheap import is_basic
from adjoint.transform.cse import atom_key, attribute_key, attributes_key

Groups = Mapping[Value, frozenset[int]]
"""The arrays to roll back: for a forward loop, by its first result, the numbers of what it carries."""


class Program:
    """What is known of the program as it was, and what its forward sweep must hand over besides."""

    def __init__(self, body: Block, groups: Groups) -> None:
        self.groups = groups
        self.versions = Versions(body)
        self.definitions = self.versions.definitions
        self.places = Places(self.versions, body)
        self.order = {value: k for k, value in enumerate(self.definitions)}
        self.produced: dict[Value, tuple[Op, tuple[Atom, ...]]] = {}
        self.pushes: dict[Value, list[tuple[Value, list[Value]]]] = {}  # by the first result of a loop: its new stacks
        self.gifts: dict[Value, dict[Value, list[Atom]]] = {}  # of an `if`: new results, their values by branch
        self.before: dict[Value, list[Op]] = {}  # new ops, by the first result of the op behind them
        self.reads: dict[Any, Value] = {}  # what is read at a place of a version
        self.inserted: dict[Value, Block] = {}  # values that this pass adds to forward blocks
        self.stored: dict[Value, Op] = {}  # reads that give what an update has stored
        self.successor: dict[Value, Op] = {}  # updates in the body of the function
        for op in list(self.versions.home):
            if is_loop(op):
                parts = loop_parts(op)
                waiting = iter(parts.pushed)
                for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
                    self.produced[stack] = op, tuple(next(waiting) for _ in range(size))
            elif op.primitive is GETITEM:
                self.reads.setdefault((op.inputs[0], *place(op, 1), self.versions.home[op]), op.outputs[0])
            elif is_update(op):
                self.note_update(op, body)

    def note_update(self, op: Op, body: Block) -> None:
        array, value = op.inputs[:2]
        if isinstance(array, Value) and self.versions.home[op] is body:
            self.successor[array] = op
        if op.primitive is UPDATE and isinstance(value, Value):
            (read,) = reads_at(op, op.outputs[0])
            if is_basic(read) and is_same(read.outputs[0].type, value.type):
                self.stored[value] = read
                self.versions.home[read] = self.versions.home[op]
                self.places.order[read] = self.places.order[op]

    def operand(self, op: Op) -> Atom:
        """The first operand of an op; if it is a slice, the array that it is a window on."""
        atom = op.inputs[0]
        read = self.definitions.get(atom) if isinstance(atom, Value) else None
        return read.inputs[0] if read is not None and read.primitive is GETITEM and is_basic(read) else atom

    def overwritten(self, update: Op) -> Value:
        """The part of an array that an update overwrites."""
        home = self.versions.home[update]
        key = update if "path" in update.attrs else (update.inputs[0], *place(update, 2), home)
        if key not in self.reads:
            reads = reads_at(update, update.inputs[0])
            self.before.setdefault(update.outputs[0], []).extend(reads)
            self.reads[key] = reads[-1].outputs[0]
            self.inserted[reads[-1].outputs[0]] = home
        return self.reads[key]

    def gift(self, branch: Op, region: int, value: Value) -> Value:
        """A new result of an `if` that is this value of one branch; what the branches give may share one."""
        gifts = self.gifts.setdefault(branch.outputs[0], {})
        for output, given in gifts.items():
            if given[region] is UNDEFINED and output.type == value.type:
                given[region] = value
                return output
        output = Value(None, value.type)
        gifts[output] = [value if k == region else UNDEFINED for k in range(len(branch.regions))]
        return output

    def grown(self, block: Block) -> Block:
        """The program with what its forward sweep hands over."""
        ops: list[Op] = []
        for op in block.ops:
            if op.outputs:
                ops += self.before.get(op.outputs[0], ())
            ops.append(self.grown_op(op))
        return block if tuple(ops) == block.ops else replace(block, ops=tuple(ops))

    def grown_op(self, op: Op) -> Op:
        regions = tuple(map(self.grown, op.regions))
        op = op if regions == op.regions else replace(op, regions=regions)
        key = op.outputs[0] if op.outputs else None
        for stack, values in self.pushes.get(key, ()):  # type: ignore[arg-type]  # None has no entry
            body = op.regions[-1]
            regions = (*op.regions[:-1], replace(body, results=(*body.results, *values)))
            outputs = (*op.outputs, stack) if op.primitive is FOR else (*op.outputs[:-1], stack, op.outputs[-1])
            attrs = {**op.attrs, "produced": (*op.attrs["produced"], len(values))}
            op = replace(op, outputs=outputs, regions=regions, attrs=attrs)
        for output, given in self.gifts.get(key, {}).items():  # type: ignore[arg-type]
            regions = tuple(
                replace(region, results=(*region.results, atom))
                for region, atom in zip(op.regions, given, strict=True)
            )
            op = replace(op, outputs=(*op.outputs, output), regions=regions)
        return op


def reads_at(update: Op, array: Atom) -> list[Op]:
    """The read of the place that an update writes: the views that lead to it first."""
    ops: list[Op] = []
    for fun, arguments in (*update.attrs.get("path", ()), (operator.getitem, {"index": update.attrs["index"]})):
        inputs = [array]

        def renumbered(slot: Slot, inputs: list[Atom] = inputs) -> Slot:
            inputs.append(update.inputs[slot.index])
            return Slot(len(inputs) - 1)

        attrs = map_attribute(arguments, renumbered)
        primitive = primitive_of(fun)
        assert primitive is not None
        assert primitive.infer is not None  # views have a rule
        found = primitive.infer(tuple(inputs), attrs)
        array = Value(None, found[0] if isinstance(found, tuple) else found)
        ops.append(Op(primitive, tuple(inputs), (array,), attrs, (), update.span, update.sweep))
    return ops


def is_same(a: Type, b: Type) -> bool:
    """Whether values of these types, of which one is stored into the other, have the same bits."""
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        return False
    return (a.dtype, a.kind) == (b.dtype, b.kind) and a.dtype is not None and same_shape(a.shape, b.shape)


def place(op: Op, first: int) -> tuple[Any, ...]:
    """An index, to compare; its run-time numbers begin at input `first`."""
    index = map_attribute(op.attrs["index"], lambda slot: ("slot", slot.index - first))
    return attribute_key(index), *map(atom_key, op.inputs[first:])


def op_key(op: Op) -> Any:
    """An op, to compare."""
    return op.primitive, attributes_key(op.attrs), tuple(map(atom_key, op.inputs))
