"""Take what a loop reads and writes in one row of an array from the row: `row = a[i]`, then `row[j]` for `a[i, j]`.

A number for an index costs about half of what two cost. Runs on bufferized code, where writes have their places: a row
is a window on the array, so that its elements are read and written there whatever version of the array is at hand.
Taking a row must not fail where the loop would not (it may have no trip), so the index has to be one of the array for
certain. A write stays a write to the array; its input under `row` tells by which name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adjoint.analysis.partial import partial_values
from adjoint.analysis.places import Form, Places, plus
from adjoint.analysis.versions import Versions, is_loop, loop_parts
from adjoint.codegen.storage import is_basic
from adjoint.ir.build import Builder
from adjoint.ir.core import IF, Atom, Block, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType, Dim, Symbol, is_of_trip
from adjoint.ir.walk import defined_in, map_attribute
from adjoint.rules.names import ADD_AT, DIM, GETITEM, UPDATE
from adjoint.transform.cse import atom_key


def with_rows(body: Block) -> Block:
    """The same program with rows taken before loops."""
    return _Rows(body).block(body) if _reads_rows(body, in_loop=False) else body


def _reads_rows(block: Block, *, in_loop: bool) -> bool:
    """Whether a loop inside of a block reads or writes an array at an index that begins with a number."""
    return any(
        (in_loop and _is_access(op)) or any(_reads_rows(r, in_loop=in_loop or is_loop(op)) for r in op.regions)
        for op in block.ops
    )


class _Rows:
    def __init__(self, body: Block) -> None:
        self.versions = Versions(body)
        self.places = Places(self.versions, body)
        self.partial = partial_values(body)
        self.rows: dict[Op, tuple[Value, int]] = {}  # of what reads or writes: the row, and how many numbers lead to it
        self.lengths: dict[str, Value] = {}  # the value of a length that has a name
        for op in self.versions.home:
            if op.primitive is DIM:
                dim = _length(op)
                if isinstance(dim, Symbol) and dim.offset == 0:
                    self.lengths.setdefault(dim.name, op.outputs[0])

    # ---- which memory a version is

    def start(self, value: Atom, block: Block) -> Atom:
        """The version at the beginning of a block, or where it was made there, whose memory a version is."""
        while isinstance(value, Value):
            op = self.versions.definitions.get(value)
            if op is None or self.versions.home[op] is not block:
                break
            if op.attrs.get("inplace"):
                value = op.inputs[0]
            elif is_loop(op) and value in (parts := loop_parts(op)).final and self.stays(op, parts.final.index(value)):
                value = parts.initial[parts.final.index(value)]
            elif op.primitive is IF:
                k = op.outputs.index(value)
                before = {self.start(region.results[k], region) for region in op.regions}
                if len(before) > 1:
                    break
                value = before.pop()
            else:
                break
        return value

    def stays(self, loop: Op, k: int) -> bool:
        """Whether what a loop carries as number k is the same memory in every trip."""
        parts = loop_parts(loop)
        return self.start(parts.following[k], loop.regions[-1]) is parts.carried[k]

    def before(self, array: Atom, block: Block, loop: Op) -> Value | None:
        """The version right before a loop whose memory an array in its body is; None if it is other memory."""
        body = loop.regions[-1]
        while block is not body:
            array = self.start(array, block)
            block = self.versions.home[self.places.owner[block]]
        array, parts = self.start(array, body), loop_parts(loop)
        if array in parts.carried:
            k = parts.carried.index(array)
            array = parts.initial[k] if self.stays(loop, k) else array
        return array if isinstance(array, Value) and array not in defined_in(body) else None

    # ---- what a loop takes from rows

    def wanted(self, loop: Op) -> list[tuple[Value, tuple[Atom, ...], list[Op]]]:
        """Arrays, the numbers that lead to a row of them, and the ops of a loop that read or write there."""
        found: dict[Any, tuple[Value, tuple[Atom, ...], list[Op]]] = {}
        inside = defined_in(loop.regions[-1])
        waiting = [loop.regions[-1]]
        while waiting:
            block = waiting.pop()
            for op in block.ops:
                if op.primitive is IF:
                    waiting += op.regions
                elif _is_access(op) and (numbers := self.leading(op, inside)):
                    array = self.before(op.inputs[0], block, loop)
                    if array is not None and array not in self.partial:
                        key = array, *map(atom_key, numbers)
                        found.setdefault(key, (array, numbers, []))[2].append(op)
        return list(found.values())

    def leading(self, op: Op, inside: set[Value]) -> tuple[Atom, ...]:
        """The first numbers of an index that are the same in every trip, and certainly within the array."""
        shape = op.inputs[0].type.shape or ()  # type: ignore[union-attr]  # of an array
        numbers: list[Atom] = []
        for item, dim in zip(op.attrs["index"][:-1], shape, strict=False):
            atom = op.inputs[item.index] if isinstance(item, Slot) else Literal(item) if type(item) is int else None
            if atom is None or atom in inside or not self.is_within(atom, dim):
                break
            numbers.append(atom)
        return tuple(numbers)

    def is_within(self, atom: Atom, dim: Dim) -> bool:
        index, length = self.places.form(atom), self.length(dim)
        if index is None or length is None:
            return False
        return self.places.is_positive(index) and self.places.is_positive(plus(plus(length, index, -1), {None: 1}, -1))

    def length(self, dim: Dim) -> Form | None:
        if isinstance(dim, int):
            return {None: dim}
        known = self.lengths.get(dim.name)
        return None if known is None or is_of_trip(dim) else plus(self.places.form(known) or {}, {None: dim.offset})

    # ---- rewriting

    def block(self, block: Block) -> Block:
        ops: list[Op] = []
        for op in block.ops:
            if op in self.rows:
                ops.append(self.in_row(op))
                continue
            if is_loop(op):
                ops += self.take(op)
            ops.append(replace(op, regions=tuple(map(self.block, op.regions))) if op.regions else op)
        return replace(block, ops=tuple(ops))

    def take(self, loop: Op) -> Sequence[Op]:
        """The rows that a loop is given."""
        builder = Builder(loop.span, loop.sweep)
        for array, numbers, accesses in self.wanted(loop):
            slots = [atom for atom in numbers if isinstance(atom, Value)]
            index = tuple(Slot(slots.index(x) + 1) if isinstance(x, Value) else x.value for x in numbers)
            attrs = {"index": index if len(index) > 1 else index[0]}
            (row,) = builder.emit(GETITEM, (array, *slots), attrs=attrs, hints=("row",))
            self.rows.update((op, (row, len(numbers))) for op in accesses)
        return builder.ops

    def in_row(self, op: Op) -> Op:
        """A read from the row, or a write through it."""
        row, count = self.rows[op]
        inputs: list[Atom] = [row] if op.primitive is GETITEM else [*op.inputs[:2]]

        def renumbered(slot: Slot) -> Slot:
            inputs.append(op.inputs[slot.index])
            return Slot(len(inputs) - 1)

        rest = map_attribute(op.attrs["index"][count:], renumbered)
        attrs = {**op.attrs, "index": rest if len(rest) > 1 else rest[0]}
        if op.primitive is not GETITEM:
            attrs["row"] = Slot(len(inputs))
            inputs.append(row)
        return replace(op, inputs=tuple(inputs), attrs=attrs)


def _is_access(op: Op) -> bool:
    """Whether an op reads or writes an array at an index that begins with a number."""
    if op.primitive is not GETITEM and (op.primitive not in (UPDATE, ADD_AT) or "path" in op.attrs):
        return False
    type_, index = op.inputs[0].type, op.attrs["index"]
    if not isinstance(type_, ArrayType) or type_.kind != "array" or type(index) is not tuple or len(index) < 2:
        return False
    return is_basic(index, op.inputs)


def _length(op: Op) -> Dim | None:
    """The length that an op asks for."""
    type_, axis = op.inputs[0].type, op.attrs.get("axis")
    if not isinstance(type_, ArrayType) or type_.shape is None or type(axis) is not int:
        return None
    return type_.shape[axis]
