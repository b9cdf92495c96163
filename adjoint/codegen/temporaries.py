"""How long an array that an op makes is of use, if the program never sees it again after that.

A *temporary* is read in its own block, and in blocks within, and nowhere else: no loop carries it, no stack, list or
result holds it, and no code that might keep it is given it. Windows on it are part of it; so is what overwrites it.
"""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.codegen.fold import is_inplace
from adjoint.codegen.overwriting import OVERWRITING
from adjoint.codegen.storage import NONE, Storage, has_storage, is_foreign, is_list_update, result_storages
from adjoint.ir.core import CALL, FUNCTION, PACK, UNPACK, Block, Function, Op, Value
from adjoint.ir.types import ListType
from adjoint.schedule.snapshots import KEEP, TAKE, THIN

KEEPING = frozenset({CALL, FUNCTION, PACK, UNPACK, KEEP, TAKE, THIN})
"""Ops that may hand on what they are given."""


@dataclass(frozen=True, slots=True)
class Life:
    """`last` is where in its block a temporary is read for the last time; `members` are what it is called on the way.

    `windows` are views of it.
    """

    last: int
    members: frozenset[Value]
    windows: frozenset[Value]


class Lives:
    """The lives of the temporaries of a function, found on demand."""

    def __init__(self, fn: Function) -> None:
        self.definitions: dict[Value, Op] = {}
        self.readers: dict[Value, list[Op]] = {}
        self.home: dict[Op, Block] = {}
        self.place: dict[Op, int] = {}
        self.owner: dict[Block, Op] = {}
        self.handed_on: set[Value] = set()
        self.enter(fn.body)

    def enter(self, block: Block) -> None:
        for k, op in enumerate(block.ops):
            self.home[op], self.place[op] = block, k
            self.definitions.update((out, op) for out in op.outputs)
            for atom in op.inputs:
                if isinstance(atom, Value):
                    self.readers.setdefault(atom, []).append(op)
            for region in op.regions:
                self.owner[region] = op
                self.enter(region)
        self.handed_on.update(atom for atom in block.results if isinstance(atom, Value))

    def place_in(self, op: Op, block: Block) -> int:
        """Where in a block an op stands, or the op that it is a part of."""
        while self.home[op] is not block:
            op = self.owner[self.home[op]]
        return self.place[op]

    def life(self, value: Value) -> Life | None:
        """None if something else may hold the array."""
        made = self.definitions[value]
        block, last = self.home[made], self.place[made]
        members, windows, waiting = {value}, set[Value](), [value]
        while waiting:
            seen = waiting.pop()
            if seen in self.handed_on:
                return None
            for reader in self.readers.get(seen, ()):
                last = max(last, self.place_in(reader, block))
                if is_inplace(reader) and reader.inputs[0] is seen:
                    if reader.primitive.fun not in OVERWRITING or seen in windows or self.home[reader] is not block:
                        return None
                    members.update(reader.outputs)
                    waiting += reader.outputs
                elif _may_hand_on(reader):
                    return None
                elif not is_inplace(reader) and _is_window(reader, seen):
                    windows.update(reader.outputs)
                    waiting += reader.outputs
        return Life(last, frozenset(members), frozenset(windows))


def _may_hand_on(op: Op) -> bool:
    if op.regions or op.primitive.effect or op.primitive in KEEPING or is_list_update(op.primitive):
        return True
    return is_foreign(op.primitive) or any(isinstance(out.type, ListType) for out in op.outputs)


def _is_window(op: Op, value: Value) -> bool:
    """Whether a result of a plain op may be memory of an operand."""
    memory = Storage(owned=True)
    return any(has_storage(out.type) for out in op.outputs) and memory in result_storages(
        op, {value: frozenset({memory})}, NONE
    )
