"""Take views of arrays before the loops that read and write through them: `row = a[i]`, `inner = u[1:-1]`.

A view that each trip would make anew is made once, and a number for an index costs about half of what two cost. Runs
on bufferized code, where writes have their places: a view is a window on the array, so that its elements are read and
written there whatever version of the array is at hand. Taking it must not fail where the loop would not (it may have no
trip), so numbers have to be indices of the array for certain; slices never fail. A write stays a write to the array;
its input under `row` tells by which name, and its index is `:` where it is to all of the view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adjoint.analysis.partial import partial_values
from adjoint.analysis.places import Form, Places, plus
from adjoint.analysis.versions import Versions, is_loop, loop_parts
from adjoint.codegen.frees import deletes
from adjoint.codegen.storage import is_basic
from adjoint.ir.build import Builder
from adjoint.ir.core import IF, Atom, Block, Function, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType, Dim, Shape, Symbol, is_of_trip
from adjoint.ir.walk import all_ops, defined_in, map_attribute, substitute
from adjoint.rules.names import ADD_AT, DIM, GETITEM, UPDATE
from adjoint.transform.cse import atom_key

Items = tuple[Any, ...]

SIDES = (("left", "right"), ("above", "below"), ("before", "behind"))
"""The names of parts that lack some last, or some first, elements along an axis, from the last axis on."""


def with_rows(fn: Function) -> Function:
    """The same program with views taken before loops; rows alone in a function that deletes arrays: views hold them."""
    if not any(_is_access(op) for op in _in_loops(fn.body)):
        return fn
    rows = _Rows(fn.body, whole=not deletes(fn))
    return replace(fn, body=substitute(rows.block(fn.body, {}), rows.views))


def _in_loops(block: Block) -> list[Op]:
    """The ops inside of loops."""
    return [inner for op in all_ops(block) if is_loop(op) for inner in all_ops(op.regions[-1])]


@dataclass(frozen=True, slots=True)
class _View:
    """What of an array each trip reads or writes alike: an index, and the ops that go there."""

    array: Value
    index: Items
    inputs: tuple[Atom, ...]
    accesses: list[Op] = field(default_factory=list)

    def name(self, versions: Iterable[Atom]) -> str:
        """What the user calls it; else after a version of the array, and the side of it that it lies at."""
        if all(map(_is_number, self.index)):
            return "row"
        reads = (op.outputs[0] for op in self.accesses if op.primitive is GETITEM)
        if name := next((read.hint for read in reads if read.hint), None):
            return name
        hint = next((version.hint for version in versions if isinstance(version, Value) and version.hint), None)
        part = _side(self.index, len(self.array.type.shape))  # type: ignore[union-attr, arg-type]  # of an array
        return f"{hint}_{part}" if hint else part


def _side(index: Items, ndim: int) -> str:
    """`inner` for `1:-1`, `left` and `right` for `:-1` and `1:`, in the last but one axis `above` and `below`."""
    if len(index) != ndim or not all(isinstance(item, slice) and item.step is None for item in index):
        return "part"
    whole = [item.start is None and item.stop is None for item in index]
    aside = [k for k, item in enumerate(index) if (item.start is None) != (item.stop is None)]
    if not aside and not all(whole):
        return "inner"
    if len(aside) != 1 or ndim - aside[0] > len(SIDES):
        return "part"
    return SIDES[ndim - 1 - aside[0]][index[aside[0]].start is not None]


NOTHING = None, 0


class _Rows:
    def __init__(self, body: Block, *, whole: bool) -> None:
        self.whole = whole  # whether views are taken that no index is left to
        self.versions = Versions(body)
        self.places = Places(self.versions, body)
        self.partial = partial_values(body)
        self.rows: dict[Op, tuple[Value, int]] = {}  # of what reads or writes: the view, and how many items lead to it
        self.views: dict[Value, Atom] = {}  # for what was read of an array: the view
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
            if op.attrs.get("inplace") and value is op.outputs[0]:
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

    def before(self, array: Atom, block: Block, outermost: Op | None) -> Atom:
        """The version right before a loop, or the very first, whose memory an array in a block is."""
        while True:
            array = self.start(array, block)
            owner = self.places.owner.get(block)
            if owner is None:
                return array
            if is_loop(owner) and array in (parts := loop_parts(owner)).carried:
                k = parts.carried.index(array)
                array = parts.initial[k] if self.stays(owner, k) else array
            if owner is outermost:
                return array
            block = self.versions.home[owner]

    # ---- what a loop takes

    def wanted(self, loop: Op) -> list[_View]:
        """The parts of arrays that a loop reads or writes in each trip, as far as it is sure which they are."""
        found: dict[Any, _View] = {}
        inside = defined_in(loop.regions[-1])
        waiting = [loop.regions[-1]]
        while waiting:
            block = waiting.pop()
            for op in block.ops:
                if op.regions:
                    waiting += op.regions[-1:] if is_loop(op) else op.regions
                elif _is_access(op) and len(items := self.leading(op, inside)) > self.rows.get(op, NOTHING)[1]:
                    array = self.before(op.inputs[0], block, loop)
                    if isinstance(array, Value) and array not in inside and array not in self.partial:
                        view = _view(array, items, op)
                        key = array, repr(view.index), *map(atom_key, view.inputs)
                        found.setdefault(key, view).accesses.append(op)
        return list(found.values())

    def leading(self, op: Op, inside: set[Value]) -> tuple[Any, ...]:
        """The first items of an index that are the same in every trip, and certainly within the array.

        All of them lead to a view that is read and written as a whole, numbers alone to a row.
        """
        items, shape = _items(op), op.inputs[0].type.shape  # type: ignore[union-attr]  # of an array
        if not shape:
            return ()
        fixed = self.fixed(items, shape, op, inside)
        if self.whole and all(fixed) and _is_part(items, shape):
            return items
        count = 0
        while count < len(items) - 1 and fixed[count] and _is_number(items[count]):
            count += 1
        return items[:count]

    def fixed(self, items: Items, shape: Shape, op: Op, inside: set[Value]) -> list[bool]:
        """Which items of an index are the same in every trip, and if numbers, certainly within their axes."""
        found: list[bool] = []
        axis: int | None = 0
        for item in items:
            if _is_number(item):
                atom = op.inputs[item.index] if isinstance(item, Slot) else Literal(item)
                found.append(axis is not None and atom not in inside and self.is_within(atom, shape[axis]))
            elif isinstance(item, slice):
                bounds: list[Slot] = []
                map_attribute(item, bounds.append)
                may_fail = isinstance(item.step, Slot)  # a step of zero does
                found.append(not may_fail and all(op.inputs[slot.index] not in inside for slot in bounds))
            else:
                found.append(True)
            if item is ...:
                axis = None
            elif axis is not None and item is not None:
                axis += 1
        return found

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

    def block(self, block: Block, taken: Mapping[Any, Value]) -> Block:
        """The same with views; `taken` are those at hand, by the memory and the index."""
        ops: list[Op] = []
        taken = dict(taken)
        for op in block.ops:
            if op in self.rows:
                ops += self.through_view(op)
                continue
            if is_loop(op):
                ops += self.take(op, block, taken)
            ops.append(replace(op, regions=tuple(self.block(r, taken) for r in op.regions)) if op.regions else op)
        return replace(block, ops=tuple(ops))

    def take(self, loop: Op, block: Block, taken: dict[Any, Value]) -> Sequence[Op]:
        """The views that a loop is given, if they are not at hand."""
        builder, parts = Builder(loop.span, loop.sweep), loop_parts(loop)
        for wanted in self.wanted(loop):
            key = self.before(wanted.array, block, None), repr(wanted.index), *map(atom_key, wanted.inputs)
            if key not in taken:
                index = wanted.index if len(wanted.index) > 1 else wanted.index[0]
                carried = [param for param, at in zip(parts.carried, parts.initial, strict=True) if at is wanted.array]
                hints = (wanted.name([wanted.array, *carried, *(op.inputs[0] for op in wanted.accesses)]),)
                inputs = (wanted.array, *wanted.inputs)
                (taken[key],) = builder.emit(GETITEM, inputs, attrs={"index": index}, hints=hints)
            self.rows.update((op, (taken[key], len(wanted.index))) for op in wanted.accesses)
        return builder.ops

    def through_view(self, op: Op) -> Sequence[Op]:
        """A read from the view, or a write through it; nothing for a read of all of it."""
        view, count = self.rows[op]
        rest: Any = _items(op)[count:]
        if op.primitive is GETITEM and not rest:
            self.views[op.outputs[0]] = view
            return ()
        inputs: list[Atom] = [view] if op.primitive is GETITEM else [*op.inputs[:2]]
        rest = map_attribute(rest, _moving_to(inputs, op))
        attrs = {**op.attrs, "index": rest if len(rest) > 1 else rest[0] if rest else slice(None)}
        if op.primitive is not GETITEM:
            attrs["row"] = Slot(len(inputs))
            inputs.append(view)
        return [replace(op, inputs=tuple(inputs), attrs=attrs)]


def _view(array: Value, items: Items, op: Op) -> _View:
    """What the first items of the index of an op lead to."""
    inputs: list[Atom] = [array]
    index = map_attribute(items, _moving_to(inputs, op))
    return _View(array, index, tuple(inputs[1:]))


def _moving_to(inputs: list[Atom], op: Op) -> Callable[[Slot], Slot]:
    """Give the run-time numbers of an index to other inputs."""

    def moved(slot: Slot) -> Slot:
        inputs.append(op.inputs[slot.index])
        return Slot(len(inputs) - 1)

    return moved


def _items(op: Op) -> Items:
    index = op.attrs["index"]
    return index if type(index) is tuple else (index,)


def _is_number(item: Any) -> bool:
    return not (item is None or item is ... or isinstance(item, slice))


def _is_part(items: Items, shape: Shape) -> bool:
    """Whether an index selects an array that is not all of the other."""
    return sum(map(_is_number, items)) < len(shape) and any(item not in (..., slice(None)) for item in items)


def _is_access(op: Op) -> bool:
    """Whether an op reads or writes a part of an array."""
    if op.primitive is not GETITEM and (op.primitive not in (UPDATE, ADD_AT) or "path" in op.attrs):
        return False
    type_ = op.inputs[0].type
    return isinstance(type_, ArrayType) and type_.kind == "array" and is_basic(op.attrs["index"], op.inputs)


def _length(op: Op) -> Dim | None:
    """The length that an op asks for."""
    type_, axis = op.inputs[0].type, op.attrs.get("axis")
    if not isinstance(type_, ArrayType) or type_.shape is None or type(axis) is not int:
        return None
    return type_.shape[axis]
