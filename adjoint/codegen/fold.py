"""Which values are printed inside the one expression that reads them, and which become variables.

A value folds if it is read once, in its own block, if nothing between its op and its reader writes memory
that it reads or has an effect that it could be seen to pass, and if the line stays short. A name that the
user gave keeps its own statement.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adjoint.codegen.liveness import count_reads
from adjoint.codegen.storage import has_storage, is_foreign, is_update, is_view
from adjoint.ir.core import (
    CALL,
    FOR,
    FUNCTION,
    IF,
    OPAQUE,
    PACK,
    RAISE,
    UNPACK,
    WHILE,
    Atom,
    Block,
    Function,
    Literal,
    Op,
    Primitive,
    Slot,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import PACKED
from adjoint.ir.walk import all_ops, op_reads
from adjoint.rules import internal
from adjoint.rules.trace import DIM
from adjoint.schedule.snapshots import KEEP, TAKE, family

WIDTH = 92
"""Columns that a statement may take before its operands get names of their own."""

SHORT = 64
"""The same where what folds has a name that is worth reading (`h_bar`)."""

BINARY_WIDTH = {
    operator.add: 3, operator.sub: 3, operator.mul: 3, operator.truediv: 3, operator.pow: 4, operator.matmul: 3,
    operator.neg: 1, operator.lt: 3, operator.gt: 3, operator.getitem: 2, DIM: 9,
    internal.update: 6, internal.update_view: 6, internal.add_at: 6,
}  # fmt: skip
"""Columns that an operator takes besides its operands."""

ACCESS = Primitive("access")
"""Take a leaf out of a container that is a parameter: attrs `path`, pairs of (kind of container, key)."""


@dataclass(frozen=True, slots=True)
class Folding:
    """`folded` are printed in place; `late` may be, where they would otherwise need a copy at the end of a block."""

    folded: frozenset[Value]
    late: frozenset[Value]
    definitions: dict[Value, Op]
    reads: dict[Atom, int]

    def with_late(self, values: Iterable[Value]) -> Folding:
        return Folding(self.folded | frozenset(values), self.late, self.definitions, self.reads)

    def inner(self, atom: Atom) -> Op | None:
        """The op whose expression stands where `atom` is read, or None if a name or a constant does."""
        return self.definitions[atom] if isinstance(atom, Value) and atom in self.folded else None

    def definition(self, atom: Atom) -> Op | None:
        return self.definitions.get(atom) if isinstance(atom, Value) else None

    def unused(self, names: Mapping[Value, str]) -> str:
        """The variable for what is not used: `_`, unless a parameter of that name is read."""
        read = {name for value, name in names.items() if not name.strip("_") and self.reads.get(value)}
        return next(name for count in range(1, len(read) + 2) if (name := "_" * count) not in read)

    def variables(self, atoms: Iterable[Atom]) -> list[Value]:
        """The variables that the text of `atoms` reads."""
        found: list[Value] = []
        for atom in atoms:
            if isinstance(atom, Value):
                if atom in self.folded:
                    found += self.variables(self.definitions[atom].inputs)
                else:
                    found.append(atom)
        return found


def fold(fn: Function) -> Folding:
    return _Folder(fn).result()


def is_effect(op: Op) -> bool:
    return op.primitive.effect or op.primitive is RAISE


def is_inplace(op: Op) -> bool:
    return bool(op.attrs.get("inplace"))


class _Folder:
    def __init__(self, fn: Function) -> None:
        self.fn = fn
        self.memory = Memory(fn)
        self.definitions: dict[Value, Op] = {}
        self.reads = count_reads(fn.body)
        self.widths: dict[Value, int] = {}
        self.folded: set[Value] = set()
        self.late: set[Value] = set()
        for op in all_ops(fn.body):
            self.definitions.update((value, op) for value in op.outputs)

    def result(self) -> Folding:
        self.block(self.fn.body, 1, len(self.fn.results))
        return Folding(frozenset(self.folded), frozenset(self.late), self.definitions, self.reads)

    def block(self, block: Block, depth: int, expressions: int) -> None:
        """Fold within a block; its last `expressions` results are printed as expressions, the others assigned."""
        here = _Scope(block, self.memory)
        room = WIDTH - 4 * depth
        for k, op in enumerate(block.ops):
            self.operands(op, k, here, room)
            for region in op.regions:
                self.region(op, region, depth + 1)
        first = len(block.results) - expressions
        width = 8
        for k, atom in enumerate(block.results):
            if not self.may_fold(atom, here, len(block.ops)):
                width += self.width(atom) + 2
            elif k < first:
                self.late.add(atom)  # type: ignore[arg-type]  # a value
            elif width + self.inner_width(atom) <= self.limit(atom, room):
                self.folded.add(atom)  # type: ignore[arg-type]  # a value
                width += self.width(atom) + 2

    def region(self, op: Op, region: Block, depth: int) -> None:
        if op.primitive is FOR:
            self.block(region, depth, len(for_parts(op).pushed))
        elif op.primitive is WHILE:
            is_test = region is op.regions[0]
            self.block(region, depth, 1 if is_test else len(while_parts(op).pushed))
        else:
            self.block(region, depth, 0)

    def operands(self, op: Op, at: int, here: _Scope, room: int) -> None:
        header = {IF: 1, FOR: 3, WHILE: 0}.get(op.primitive, len(op.inputs))
        width = _frame_width(op) + sum(map(self.width, op.inputs)) - self.old_width(op)
        for k, atom in enumerate(op.inputs):
            if not self.may_fold(atom, here, at) or (k == 0 and is_inplace(op)):
                continue
            if k >= header:
                self.late.add(atom)  # type: ignore[arg-type]  # a value
                continue
            grown = width - self.width(atom) + self.inner_width(atom)
            if grown <= self.limit(atom, room):
                self.folded.add(atom)  # type: ignore[arg-type]  # a value
                width = grown
        for out in op.outputs:
            self.widths[out] = width

    def limit(self, atom: Atom, room: int) -> int:
        named = isinstance(atom, Value) and atom.hint is not None
        return min(room, SHORT) if named else room

    def width(self, atom: Atom) -> int:
        """Columns that an atom takes where it is read."""
        if isinstance(atom, Literal):
            return len(repr(atom.value)) if not isinstance(atom.value, np.ndarray) else 8
        return self.widths.get(atom, 2) if atom in self.folded else len(atom.hint or "t0")

    def old_width(self, op: Op) -> int:
        """Columns that `view += x` does not take, and `view[:] = view + x` would."""
        made = self.definitions.get(op.inputs[1]) if "row" in op.attrs else None  # type: ignore[arg-type]  # in no table
        if made is None or made.primitive.fun not in (operator.add, operator.sub, operator.mul):
            return 0
        view = op.inputs[op.attrs["row"].index]
        return self.width(view) + 3 if view in made.inputs else 0

    def inner_width(self, atom: Atom) -> int:
        return self.widths.get(atom, 2) + 2 if isinstance(atom, Value) else 2

    def may_fold(self, atom: Atom, here: _Scope, at: int) -> bool:
        """Whether the op of `atom` can be evaluated at position `at` of its block instead of where it stands."""
        op = self.definitions.get(atom) if isinstance(atom, Value) else None
        if op is None or op not in here.place or len(op.outputs) != 1 or op.regions or op.primitive in (CALL, UNPACK):
            return False
        if is_effect(op) or is_inplace(op):
            return False
        if op.primitive.fun is DIM:
            return self.reads[op.outputs[0]] <= 4 and self.all_here(op.outputs[0], here)
        if self.reads[op.outputs[0]] != 1:
            return False
        if op.primitive is ACCESS:
            return True
        if op.outputs[0].hint is not None and op.sweep == "":
            return False
        if self.fn.frees and not self.is_next(here.place[op], at, here.block.ops):
            return False
        classes = self.memory.classes_read(op, self.folded, self.definitions)
        return not any(
            b.loop or (b.effect and op.sweep == "") or not classes.isdisjoint(b.written)
            for b in here.between(here.place[op], at)
        )

    def is_next(self, start: int, at: int, ops: Sequence[Op]) -> bool:
        """Whether all between an op and its reader goes into the reader too, so that no operand is held for longer."""
        read = op_reads(ops[at]) if at < len(ops) else {}
        return all(
            out in self.folded or (out in read and self.reads[out] == 1)
            for op in ops[start + 1 : at]
            for out in op.outputs
        )

    def all_here(self, value: Value, here: _Scope) -> bool:
        """Whether a length is read by ops of this block only, so that it need not have a name."""
        return value.hint is None and self.reads[value] == here.reads.get(value)


def _frame_width(op: Op) -> int:
    """Columns that an op takes besides its operands, roughly."""
    if op.primitive.fun in BINARY_WIDTH:
        return BINARY_WIDTH[op.primitive.fun]
    if op.primitive is FUNCTION:
        return len("lambda x: (x)") + len(op.attrs["callee"])
    if op.primitive is OPAQUE and op.attrs.get("args"):
        named = sum(len(name) + 3 + _item_width(item) for name, item in (op.attrs.get("kwargs") or {}).items())
        return len(op.attrs["name"]) + _item_width(op.attrs["args"]) + named
    attrs = sum(_item_width(item) + (len(name) + 3 if name != "index" else 0) for name, item in op.attrs.items()
                if name not in ("inplace", "advances"))  # fmt: skip
    return len(op.primitive.name) + 5 + attrs


def _item_width(item: object) -> int:
    if isinstance(item, Slot):
        return 0
    if isinstance(item, slice):
        return 1 + sum(_item_width(part) for part in (item.start, item.stop, item.step) if part is not None)
    if isinstance(item, (tuple, list)):
        return sum(_item_width(part) + 2 for part in item)
    return min(len(repr(item)), 20) if isinstance(item, (str, int, float)) else 5


@dataclass(frozen=True, slots=True)
class _Barrier:
    """What may not be passed: an effect, a loop, writes to classes of memory."""

    effect: bool
    loop: bool
    written: frozenset[object]


class _Scope:
    """A block: where its ops stand, and what may not be passed between them."""

    def __init__(self, block: Block, memory: Memory) -> None:
        self.block = block
        self.place = {op: k for k, op in enumerate(block.ops)}
        found = [(k, memory.barrier(op)) for k, op in enumerate(block.ops)]
        self._barriers = [barrier for _, barrier in found if barrier]
        self._at = [k for k, barrier in found if barrier]

    @cached_property
    def reads(self) -> Counter[Atom]:
        """How often the ops of the block itself read each value."""
        return Counter(atom for op in self.block.ops for atom in op.inputs)

    def between(self, start: int, end: int) -> list[_Barrier]:
        """What stands between two ops."""
        return self._barriers[bisect_right(self._at, start) : bisect_left(self._at, end)]


class Memory:
    """Values that may share memory fall into one class (a union-find over the whole function)."""

    def __init__(self, fn: Function) -> None:
        self.parent: dict[Value, Value] = {}
        self.scan(fn.body)

    def find(self, value: Value) -> Value:
        root = value
        while (above := self.parent.get(root, root)) is not root:
            root = above
        while value is not root:
            above = self.parent.get(value, value)
            self.parent[value] = root
            value = above
        return root

    def join(self, a: Atom, b: Atom) -> None:
        if isinstance(a, Value) and isinstance(b, Value) and has_storage(a.type) and has_storage(b.type):
            self.parent[self.find(a)] = self.find(b)

    def scan(self, block: Block) -> None:
        for op in block.ops:
            for region in op.regions:
                self.scan(region)
            self.op(op)

    def op(self, op: Op) -> None:
        self.packs(op)
        if op.primitive is IF:
            for region in op.regions:
                for out, atom in zip(op.outputs, region.results, strict=True):
                    self.join(out, atom)
        elif op.primitive is FOR or op.primitive is WHILE:
            parts = for_parts(op) if op.primitive is FOR else while_parts(op)
            for group in zip(parts.initial, parts.carried, parts.following, parts.final, strict=True):
                for atom in group[1:]:
                    self.join(group[0], atom) if isinstance(group[0], Value) else self.join(group[1], atom)
            self.stacks(op, parts.pushed, parts.produced)
            if op.primitive is FOR:
                elements = iter(for_parts(op).elements)
                for stack in for_parts(op).stacks:
                    for _ in stack.type.elements:  # type: ignore[union-attr]  # a stack
                        self.join(next(elements), stack)
        elif is_inplace(op) and op.outputs:
            self.join(op.outputs[0], op.inputs[0])
        elif is_view(op) or is_foreign(op.primitive) or is_update(op.primitive):
            for out in op.outputs:
                for atom in op.inputs:
                    self.join(out, atom)

    def packs(self, op: Op) -> None:
        """A pack holds its parts, snapshots their states; a call may put arguments and results into its pack."""
        if op.primitive in (KEEP, TAKE):
            for atom in (*op.inputs[1:], *op.outputs[1:]):
                self.join(family(op), atom)
        if op.primitive not in (PACK, UNPACK, CALL):
            return
        atoms = (*op.inputs, *op.outputs)
        for pack in [atom for atom in atoms if atom.type == PACKED][:1]:
            for atom in atoms:
                self.join(pack, atom)

    def stacks(self, op: Op, pushed: tuple[Atom, ...], produced: tuple[Value, ...]) -> None:
        items = iter(pushed)
        for stack, size in zip(produced, op.attrs["produced"], strict=True):
            for _ in range(size):
                self.join(next(items), stack)

    def barrier(self, op: Op) -> _Barrier | None:
        """What may not pass an op; None for most ops, which anything may."""
        if not (op.regions or is_effect(op) or is_inplace(op)):
            return None
        inside = [inner for region in op.regions for inner in all_ops(region)]
        ops = [op, *inside]
        written = frozenset(
            self.find(inner.inputs[0]) for inner in ops if is_inplace(inner) and isinstance(inner.inputs[0], Value)
        )
        return _Barrier(any(map(is_effect, ops)), op.primitive in (FOR, WHILE), written)

    def classes_read(self, op: Op, folded: set[Value], definitions: dict[Value, Op]) -> set[object]:
        found: set[object] = set()
        for atom in op.inputs:
            if isinstance(atom, Value):
                if atom in folded:
                    found |= self.classes_read(definitions[atom], folded, definitions)
                elif has_storage(atom.type):
                    found.add(self.find(atom))
        return found
