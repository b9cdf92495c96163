"""Read a large temporary from where a loop has stored it, so that its memory is free for the next one.

    t = 0.25 * (a[:-2] + a[2:])              np.multiply(0.25, ..., out=b[1:-1])
    b[1:-1] = t
    a[1:-1] = t + b[:-2]                     np.add(b[1:-1], b[:-2], out=a[1:-1])

A simplification has put the value in the place of such reads: of numbers and small arrays it is the faster way. Runs
on bufferized code: nothing may write to the array between the store and the last of the reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adjoint.codegen.fold import Memory, is_inplace
from adjoint.codegen.lengths import equal_lengths, fills
from adjoint.codegen.storage import is_view
from adjoint.codegen.temporaries import Lives
from adjoint.ir.core import EMPTY, FOR, WHILE, Atom, Block, Function, Op, Slot, Value
from adjoint.ir.walk import lookup, map_attribute, substitute_op
from adjoint.rules.names import GETITEM, UPDATE


def read_where_stored(fn: Function, is_worth_it: Callable[[Op], bool]) -> Function:
    """The same program; `is_worth_it` tells of the op that makes a temporary."""
    rereading = _Rereading(fn, is_worth_it)
    return replace(fn, body=rereading.block(fn.body, inside=False))


class _Rereading:
    def __init__(self, fn: Function, is_worth_it: Callable[[Op], bool]) -> None:
        self.lives = Lives(fn)
        self.memory = Memory(fn)
        self.equal = equal_lengths(fn)
        self.is_worth_it = is_worth_it

    def block(self, block: Block, *, inside: bool) -> Block:
        """A block; `inside` of a loop values are read from where they are stored."""
        ops: list[Op] = []
        table: dict[Value, Value] = {}
        new = {op for op in map(self.last_step, block.ops) if op} if inside else set()  # what overwrites no longer
        for op in block.ops:
            loop = op.primitive is FOR or op.primitive is WHILE
            regions = tuple(self.block(region, inside=inside or loop) for region in op.regions)
            made = substitute_op(replace(op, regions=regions) if regions else op, table)
            if op in new:
                made = replace(
                    made, attrs={name: item for name, item in op.attrs.items() if name != "inplace"} or EMPTY
                )
            ops.append(made)
            readers = self.later_readers(op, block) if inside and op.primitive is UPDATE else []
            if readers:
                stored = op.inputs[1]
                assert isinstance(stored, Value)
                table[stored] = there = Value(None, stored.type)
                ops.append(_reread(made, made.outputs[0], there))
                new.update(reader for reader in readers if is_inplace(reader) and reader.inputs[0] is stored)
        return replace(block, ops=tuple(ops), results=tuple(lookup(table, atom) for atom in block.results))

    def last_step(self, store: Op) -> Op | None:
        """What overwrites a temporary for nothing but a store: its result can be computed in its place."""
        value = store.inputs[1] if store.primitive is UPDATE else None
        if not isinstance(value, Value) or self.lives.readers[value] != [store]:
            return None
        step, made = self.lives.definitions.get(value), self.origin(value)
        if step is None or made is None or step is made or not self.is_worth_it(made):
            return None
        return step if self.lives.life(made.outputs[0]) is not None else None

    def later_readers(self, store: Op, block: Block) -> list[Op]:
        """The ops of a block that read, after a store, what is stored; none if they cannot read the place instead."""
        value, array = store.inputs[1], store.inputs[0]
        made = self.origin(value)
        life = self.lives.life(made.outputs[0]) if made and self.is_worth_it(made) else None
        if life is None or not fills(store, self.equal[block]) or not isinstance(array, Value):
            return []
        place_in, at = self.lives.place_in, self.lives.place[store]
        seen = {window for window in life.windows if place_in(self.lives.definitions[window], block) < at}
        if any(place_in(op, block) > at for window in seen for op in self.lives.readers.get(window, ())):
            return []
        readers = [op for op in self.lives.readers[value] if place_in(op, block) > at]  # type: ignore[index]  # as above
        if any(self.lives.home[op] is not block or is_view(op) for op in readers):
            return []
        last = max(map(self.lives.place.__getitem__, readers), default=at)
        written = self.memory.find(array)
        between = block.ops[at + 1 : last + 1]
        barriers = filter(None, map(self.memory.barrier, between))
        return [] if any(written in barrier.written for barrier in barriers) else readers

    def origin(self, atom: Atom) -> Op | None:
        """The op that allocated an array, if it is one of an array that may have been overwritten since."""
        made = self.lives.definitions.get(atom) if isinstance(atom, Value) else None
        while made is not None and is_inplace(made) and made.outputs:
            made = self.lives.definitions.get(made.inputs[0])  # type: ignore[arg-type]  # a literal is not overwritten
        return made


def _reread(store: Op, array: Value, there: Value) -> Op:
    """What was stored, from where it is."""
    index = map_attribute(store.attrs["index"], lambda slot: Slot(slot.index - 1))
    return Op(GETITEM, (array, *store.inputs[2:]), (there,), {"index": index}, (), store.span, store.sweep)
