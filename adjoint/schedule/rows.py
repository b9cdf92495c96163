"""Stacks of rows become arrays: one allocation for all trips, and no copy of a row.

    for _ in range(steps):                   rows = np.empty((steps, n))
        row = u.copy()                       for k in range(steps):
        ...                                      rows[k] = u
        stack.append(row)                        row = rows[k]
    for _ in range(steps):                       ...
        row = stack.pop()                    for k in range(steps - 1, -1, -1):
                                                 row = rows[k]

In: loops that push rows, arrays of one axis whose length is known before the loop, and loops that pop them over the
same range from its end; out: arrays that the first writes and the second reads by the number of the trip. Arrays
that are allocated in every trip are written to pages that the process has not touched before, four times as slow
as the rows of a large one. Short rows stay on the stack: there an append costs less than an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adjoint.ir.bounds import length_at_hand, made_for_small, reaches
from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, Atom, Block, Function, Literal, Op, Slot, Value, for_parts
from adjoint.ir.types import PY_INT, ArrayType, Dim, StackType, Symbol
from adjoint.ir.walk import lookup, map_functions, reading, substitute_op
from adjoint.rules.names import ADD, DIM, EMPTY, GETITEM, SUB, UPDATE
from adjoint.schedule.checkpoint import has_stacks, stack_reads
from adjoint.schedule.segmented import MAX
from adjoint.transform.dead_code import split_elements
from adjoint.transform.stacks import is_opposite

LONG = 64
"""Numbers in a row that is worth it."""


def rows_of_stacks(fn: Function) -> Function:
    """The same program with arrays for stacks of long rows."""
    return map_functions(fn, lambda body: _block(body, _Frame(body)) if has_stacks(body) else body)


class _Frame:
    """What is known in a function: how often stacks are read, and which axis of which argument has a length."""

    def __init__(self, body: Block) -> None:
        self.reads = stack_reads(body)
        self.axes: dict[str, tuple[Value, int]] = {}
        for param in body.params:
            for axis, dim in enumerate(getattr(param.type, "shape", None) or ()):
                if isinstance(dim, Symbol) and dim.offset == 0:
                    self.axes.setdefault(dim.name, (param, axis))


def _block(block: Block, frame: _Frame) -> Block:
    ops: list[Op] = []
    table: dict[Value, Atom] = {}
    made: dict[Op, Op] = {}  # the loops that pop, as they are to be
    for at, old in enumerate(block.ops):
        op = made.get(old, old)
        pair = _pair(op, block.ops[at + 1 :], frame)
        if pair is not None:
            before, op, after = _Rows(op, *pair, frame).made()
            ops += before
            made[pair[0]] = after
        ops.append(reading(op, op.inputs, tuple(_block(region, frame) for region in op.regions)))
    results = tuple(lookup(table, atom) for atom in block.results)
    return block if tuple(ops) == block.ops else Block(block.params, tuple(ops), results)


# ---- which stacks


def _pair(op: Op, later: Sequence[Op], frame: _Frame) -> tuple[Op, Value, list[int]] | None:
    """The loop that pops a stack of an op alone, that stack, and which of its elements are to be rows."""
    if op.primitive is not FOR or "stop" in op.attrs or not _counts_from(op):
        return None
    loop = for_parts(op)
    at = 0
    for stack, size in zip(loop.produced, op.attrs["produced"], strict=True):
        pushed, at = loop.pushed[at : at + size], at + size
        reverse = next((o for o in later if o.primitive is FOR and stack in for_parts(o).stacks), None)
        if reverse is None or frame.reads[stack] != 1 or "drain" in reverse.attrs or not is_opposite(op, reverse):
            continue
        chosen = [k for k, atom in enumerate(pushed) if _is_row(atom, op.regions[0], frame)]
        if chosen:
            return reverse, stack, chosen
    return None


def _counts_from(op: Op) -> bool:
    """Whether a loop counts upwards, one by one, from a number that is not negative."""
    start, _, step = op.inputs[:3]
    plain = isinstance(start, Literal) and isinstance(step, Literal) and not op.attrs.get("reverse")
    return plain and type(start.value) is int and start.value >= 0 and step.value == 1  # type: ignore[union-attr]


def _is_row(atom: Atom, body: Block, frame: _Frame) -> bool:
    type_ = atom.type
    if not isinstance(atom, Value) or not isinstance(type_, ArrayType) or type_.kind != "array" or not type_.dtype:
        return False
    made = next((op for op in body.ops if atom in op.outputs), None)
    if type_.ndim != 1 or (made is not None and made.regions) or (made is None and atom not in body.params):
        return False
    if made is not None and made.primitive is GETITEM and not _is_contiguous(made):
        return False
    (dim,) = type_.shape or ()
    length = length_at_hand(dim)
    if length is None or length < LONG:
        made_for_small((dim,), LONG)
        return False
    return isinstance(dim, int) or (dim.name in frame.axes and reaches(Symbol(dim.name), -dim.offset))


def _is_contiguous(read: Op) -> bool:
    """Whether a read takes a piece out of a row: then a copy of it is summed up in the same order."""
    index = read.attrs["index"]
    source = read.inputs[0].type
    return getattr(source, "ndim", None) == 1 and isinstance(index, slice) and index.step in (None, 1)


# ---- the loops


def named_index(index: Value) -> Value:
    """The number of a trip, which is read now."""
    return Value("k" if index.hint in (None, "_") else index.hint, PY_INT)


@dataclass(slots=True)
class _Rows:
    """A loop that pushes rows, the one that pops them, and both with an array in the place of each row."""

    forward: Op
    reverse: Op
    stack: Value
    chosen: list[int]
    frame: _Frame

    def made(self) -> tuple[list[Op], Op, Op]:
        """The allocations, and both loops."""
        loop = for_parts(self.forward)
        place = loop.produced.index(self.stack)
        sizes = self.forward.attrs["produced"]
        first = sum(sizes[:place])
        pushed = loop.pushed[first : first + sizes[place]]
        rows = [row for k in self.chosen if isinstance(row := pushed[k], Value)]
        builder = Builder(self.forward.span, self.forward.sweep)
        count = self.count(builder)
        arrays = [self.allocated(builder, count, row) for row in rows]
        left = [k for k in range(len(pushed)) if k not in self.chosen]
        stack = [Value(None, StackType(tuple(pushed[k].type for k in left)))] if left else []

        params = [Value(array.hint, array.type) for array in arrays]
        finals = [Value(array.hint, array.type) for array in arrays]
        index = named_index(loop.index)
        ops, written, table = self.stored(rows, params, index)
        results = [lookup(table, atom) for atom in (*loop.following, *written)]
        results += [lookup(table, atom) for atom in loop.pushed[:first]]
        results += [lookup(table, pushed[k]) for k in left]
        results += [lookup(table, atom) for atom in loop.pushed[first + len(pushed) :]]
        produced = (*loop.produced[:place], *stack, *loop.produced[place + 1 :])
        forward = replace(
            self.forward,
            inputs=(*loop.space, *loop.initial, *arrays, *loop.stacks),
            outputs=(*loop.final, *finals, *produced),
            attrs={
                **self.forward.attrs,
                "carried": len(loop.carried) + len(arrays),
                "produced": (*sizes[:place], *([len(left)] if left else []), *sizes[place + 1 :]),
            },
            regions=(Block((index, *loop.carried, *params, *loop.elements), tuple(ops), tuple(results)),),
        )
        return builder.ops, forward, self.reading(finals, left, stack)

    def count(self, builder: Builder) -> Atom:
        """How many rows: as many as the index can reach."""
        stop = self.forward.inputs[1]
        if isinstance(stop, Literal):
            return Literal(max(stop.value, 0))
        (found,) = builder.emit(MAX, (stop, Literal(0)), types=(PY_INT,))
        return found

    def allocated(self, builder: Builder, count: Atom, row: Value) -> Value:
        type_ = row.type
        assert isinstance(type_, ArrayType)
        (dim,) = type_.shape or ()
        rows = Symbol(f"rows#{id(row)}") if not isinstance(count, Literal) else count.value
        shape_type = ArrayType(type_.dtype, (rows, dim), "array")
        attrs: dict[str, Any] = {"shape": (Slot(0), Slot(1))}
        if type_.dtype != "float64":
            attrs["dtype"] = np.dtype(type_.dtype).type
        hint = f"{row.hint}_rows" if row.hint else "rows"
        length = self.length(builder, dim)
        return builder.emit(EMPTY, (count, length), attrs, types=(shape_type,), hints=(hint,))[0]

    def length(self, builder: Builder, dim: Dim) -> Atom:
        if isinstance(dim, int):
            return Literal(dim)
        param, axis = self.frame.axes[dim.name]
        (found,) = builder.emit(DIM, (param,), {"axis": axis}, types=(PY_INT,))
        if dim.offset:
            step = ADD if dim.offset > 0 else SUB
            (found,) = builder.emit(step, (found, Literal(abs(dim.offset))), types=(PY_INT,))
        return found

    def stored(
        self, rows: Sequence[Value], params: Sequence[Value], index: Value
    ) -> tuple[list[Op], list[Value], dict[Value, Atom]]:
        """The ops of a trip with the rows stored: a piece of an array that is written where it is read, others last."""
        body = self.forward.regions[0]
        table: dict[Value, Atom] = {body.params[0]: index}
        written = {row: Value(param.hint, param.type) for row, param in zip(rows, params, strict=True)}
        arrays = dict(zip(rows, params, strict=True))
        overwritten = {op.inputs[0] for op in body.ops if op.primitive is UPDATE}
        ops: list[Op] = []

        def store(row: Value) -> None:
            inputs = (arrays[row], lookup(table, row), index)
            ops.append(Op(UPDATE, inputs, (written[row],), {"index": Slot(2)}, (), span, self.forward.sweep))

        done: set[Value] = set()
        span = self.forward.span
        for op in body.ops:
            new = substitute_op(op, table)
            ops.append(new)
            row = new.outputs[0] if len(new.outputs) == 1 else None
            if row in arrays and op.primitive is GETITEM and op.inputs[0] in overwritten:
                span = op.span
                store(row)
                there = Value(row.hint, row.type)
                inputs = (written[row], index)
                ops.append(Op(GETITEM, inputs, (there,), {"index": Slot(1)}, (), span, self.forward.sweep))
                table[row] = there
                done.add(row)
        span = self.forward.span
        for row in rows:
            if row not in done:
                store(row)
        return ops, [written[row] for row in rows], table

    def reading(self, arrays: Sequence[Value], left: Sequence[int], stack: Sequence[Value]) -> Op:
        """The loop that reads rows where it popped them."""
        loop = for_parts(self.reverse)
        popped = dict(zip(loop.stacks, split_elements(loop.stacks, loop.elements), strict=True))
        mine = popped[self.stack]
        index = named_index(loop.index)
        table: dict[Value, Atom] = {loop.index: index}
        ops: list[Op] = []
        for k, array in zip(self.chosen, arrays, strict=True):
            row = Value(mine[k].hint, mine[k].type)
            span = self.reverse.span
            ops.append(Op(GETITEM, (array, index), (row,), {"index": Slot(1)}, (), span, self.reverse.sweep))
            table[mine[k]] = row
        body = self.reverse.regions[0]
        ops += [substitute_op(op, table) for op in body.ops]
        results = tuple(lookup(table, atom) for atom in body.results)
        others = [(s, popped[s]) for s in loop.stacks if s is not self.stack]
        elements = (*(e for _, group in others for e in group), *(mine[k] for k in left))
        return replace(
            self.reverse,
            inputs=(*loop.space, *loop.initial, *(s for s, _ in others), *stack),
            regions=(Block((index, *loop.carried, *elements), tuple(ops), results),),
        )
