"""Bring what uses arrays up to where its operands are there, so that they are dead before others are made.

    dz_bar = p * r_bar                            dz_bar = p * r_bar
    dy_bar = q * r_bar                            z_bar = dz_bar.sum(0) - dz_bar.sum(1)
    z_bar = dz_bar.sum(0) - dz_bar.sum(1)         dy_bar = q * r_bar
    y_bar = dy_bar.sum(0) - dy_bar.sum(1)         y_bar = dy_bar.sum(0) - dy_bar.sum(1)

A transform emits ops in the order in which it meets the primal's; sums over what was broadcast come last, and all that
they sum over is alive until then. Of the ops that are ready, one goes first that leaves fewer arrays alive (J. R.
Goodman, W.-C. Hsu, Code scheduling and register allocation in large basic blocks, 1988; their registers are arrays
here). All else keeps its order, which is that of the user's lines. Runs before `bufferize`; pure to pure.

Only ops of derivatives move, upwards, and past no op with an effect or with blocks: a call, a branch, a loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from adjoint.codegen.storage import gives_memory_of_its_own
from adjoint.ir.core import CALL, Block, Function, Op, Value
from adjoint.ir.types import ArrayType, Dim
from adjoint.ir.walk import op_reads

FEW = 3
"""How many ops that still read an array may come early together: one that many read is not used up soon."""


Size = tuple[int, tuple[Dim, ...]]
"""What the memory of an array hangs on: the bytes of a number, and the axes."""


def lower_pressure(fn: Function) -> Function:
    return replace(fn, body=_block(fn.body))


def _block(block: Block) -> Block:
    ops = [replace(op, regions=tuple(map(_block, op.regions))) if op.regions else op for op in block.ops]
    if any(op.sweep for op in ops):
        ops = _Order(ops, block.results).ops()
    return replace(block, ops=tuple(ops))


class _Order:
    """One walk over a block: places its ops one by one."""

    def __init__(self, ops: list[Op], results: Iterable[object]) -> None:
        self.given = ops
        self.part: dict[Op, int] = {}  # the stretch of plain ops in which an op stands
        self.readers: dict[Value, dict[Op, None]] = {}  # those that have no place yet
        self.unread: dict[Op, int] = {}  # how many of its operands have none
        self.placed: dict[Op, None] = {}
        made: set[Value] = set()
        lent: set[object] = set(results)  # memory that may be seen otherwise, or later
        part = 0
        for op in ops:
            if _is_barrier(op):
                part += 1
            self.part[op] = part
            read = op_reads(op)
            self.unread[op] = sum(value in made for value in read)
            for value in read:
                self.readers.setdefault(value, {})[op] = None
            own = not op.regions and gives_memory_of_its_own(op)
            lent.update(() if own else (*read, *op.outputs))
            made.update(op.outputs)
        self.arrays = {value for value in made if _is_array(value) and value not in lent}

    def ops(self) -> list[Op]:
        for op in self.given:
            if op not in self.placed:
                waiting = self.place(op)
                for value in waiting:
                    for reader in self.closing(value, self.part[op]):
                        waiting += self.place(reader)
        return list(self.placed)

    def place(self, op: Op) -> list[Value]:
        """Put an op next; gives the arrays that may be used up by what reads them now."""
        self.placed[op] = None
        read = op_reads(op)
        for value in read:
            del self.readers[value][op]
        concerned = dict(read)
        for out in op.outputs:
            for reader in self.readers.get(out, ()):
                self.unread[reader] -= 1
                concerned.update(op_reads(reader))
        return [value for value in concerned if value in self.arrays]

    def closing(self, value: Value, part: int) -> list[Op]:
        """All that still reads an array, if it can stand here and leaves less alive; several only for what is smaller.

        (Of three products of one array each takes the place of another; all three at once leave the sums behind.)
        """
        last = self.readers[value]
        if not 0 < len(last) <= FEW:
            return []
        if any(self.unread[op] or self.part[op] != part or not _may_move(op) for op in last):
            return []
        made = [size_of(out) for op in last for out in op.outputs if _is_array(out)]
        if len(last) > 1 and any(len(axes) >= len(size_of(value)[1]) for _, axes in made):
            return []
        read = {atom: None for op in last for atom in op_reads(op) if atom in self.arrays}
        gone = [size_of(atom) for atom in read if self.readers[atom].keys() <= last.keys()]
        return list(last) if _is_less(made, gone) else []


def _may_move(op: Op) -> bool:
    return bool(op.sweep) and not _is_barrier(op) and gives_memory_of_its_own(op) and all(map(_is_known, op.outputs))


def _is_barrier(op: Op) -> bool:
    return bool(op.regions) or op.primitive.effect or op.primitive is CALL


def _is_array(value: Value) -> bool:
    type_ = value.type
    return isinstance(type_, ArrayType) and type_.kind == "array" and bool(type_.shape) and type_.dtype is not None


def _is_known(value: Value) -> bool:
    """Whether it is known how much memory a value takes: it is an array of known rank, or a number."""
    return _is_array(value) or (isinstance(value.type, ArrayType) and value.type.shape == ())


def _is_less(made: list[Size], gone: list[Size]) -> bool:
    """Whether arrays take less than others: each is one of those over again, or has some of the axes of one."""
    left = list(gone)
    for size in sorted(made, key=lambda size: -len(size[1])):
        if size in left:
            left.remove(size)
        elif not any(_is_part(size, other) for other in left):
            return False
    return bool(left)


def _is_part(size: Size, other: Size) -> bool:
    (item, axes), (bytes_there, there) = size, other
    return item <= bytes_there and all(axes.count(dim) <= there.count(dim) for dim in axes)


def size_of(array: Value) -> Size:
    type_ = array.type
    assert isinstance(type_, ArrayType)
    assert type_.shape
    return np.dtype(type_.dtype).itemsize, tuple([dim for dim in type_.shape if dim != 1])
