"""What `bufferize` asks of a program in each of its walks and what does not depend on decisions."""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.codegen.liveness import Live, count_reads, initial_of, live_after, values
from adjoint.codegen.overwriting import OVERWRITING, PRODUCTS, may_overwrite
from adjoint.codegen.storage import (
    Storage,
    Storages,
    gives_memory_of_its_own,
    has_storage,
    is_elementwise,
    is_list_update,
    is_update,
    is_view,
    keeps_arguments,
    levels,
)
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Op, Value
from adjoint.ir.types import ListType, Type
from adjoint.ir.walk import op_reads
from adjoint.schedule.snapshots import KEEP, family


@dataclass(slots=True, eq=False)
class Step:
    """An op that concerns memory.

    `fresh`: its results, where each is certainly memory that the op allocates; else None. `sums`: the operands that it
    may overwrite, by number, as far as types and the look of the text tell.
    """

    op: Op
    keeps: bool = False
    changes: bool = False
    fresh: tuple[tuple[Value, Storages], ...] | None = None
    sums: tuple[int, ...] = ()


class Facts:
    """The steps of each block, what is live where it matters, and the storages, which are the same in every walk."""

    def __init__(self, fn: Function) -> None:
        self.keeps: dict[Value, list[Op]] = {}  # what adds to the snapshots of a loop
        self.definitions: dict[Value, Op] = {}
        self.homes: dict[Op, Block] = {}
        self.rank: dict[Value, int] = {}  # of definitions, in program order
        self.following: Live = set()  # what loops carry to their next iteration
        self.reads = count_reads(fn.body)
        self.steps: dict[Block, list[Step]] = {}
        self._storages: dict[tuple[Value | tuple[Block | Op, int], int], Storage] = {}
        self._updated: set[Atom] = set()  # what an update changes
        self._overwriting: set[Op] = set()  # sums and products that may overwrite an operand
        self._collect(fn.body)
        self._look(fn.body)
        steps = [step for block in self.steps.values() for step in block]
        self.live = live_after(fn, {step.op for step in steps if step.op.regions or step.changes or step.sums})

    def memory(self, key: Value | tuple[Block | Op, int], type_: Type, *, owned: bool) -> Storages:
        """What stands for the memory behind a value, or behind a copy of an operand or of a result."""
        found = []
        for depth in levels(type_):
            storage = self._storages.get((key, depth))
            if storage is None:
                storage = self._storages[key, depth] = Storage(owned, depth)
            found.append(storage)
        return frozenset(found)

    def is_read_as_it_lies(self, view: Value, update: Op) -> bool:
        """Whether a primal op before an update sums over a view: then the strides show in the last bit of the sum.

        Such a view is copied right before the update, any other where it is made.
        """
        home = self.homes[update]
        if isinstance(view.type, ListType) or self.homes[self.definitions[view]] is not home:
            return False
        views = {view}
        for op in home.ops[home.ops.index(self.definitions[view]) + 1 : home.ops.index(update)]:
            if views.isdisjoint(op_reads(op)):
                continue
            if is_view(op):
                views.update(op.outputs)
            elif not op.sweep and not is_elementwise(op):
                return True
        return False

    def _collect(self, block: Block) -> None:
        for op in block.ops:
            self.homes[op] = block
            for value in op.outputs:
                self.rank[value] = len(self.rank)
                self.definitions[value] = op
            if is_update(op.primitive):
                self._updated.add(op.inputs[0])
            if op.primitive is KEEP:
                self.keeps.setdefault(family(op), []).append(op)
            for region in op.regions:
                self._collect(region)
            if op.primitive is FOR or op.primitive is WHILE:
                self.following |= values(op.regions[-1].results[: len(initial_of(op))])

    def _look(self, block: Block) -> None:
        """List the ops that concern memory; one that computes numbers from numbers does not."""
        steps = self.steps[block] = []
        for op in block.ops:
            for region in op.regions:
                self._look(region)
            if op.regions:
                steps.append(Step(op))
                continue
            keeps, changes = keeps_arguments(op), is_update(op.primitive) or is_list_update(op.primitive)
            made = [out for out in op.outputs if has_storage(out.type)]
            if not (made or keeps or changes):
                continue
            fresh = None
            if not changes and gives_memory_of_its_own(op):
                fresh = tuple((out, self.memory(out, out.type, owned=True)) for out in made)
            steps.append(Step(op, keeps, changes, fresh, self._sums(op)))

    def _sums(self, op: Op) -> tuple[int, ...]:
        places = OVERWRITING.get(op.primitive.fun, ())
        out = op.outputs[0] if places else None
        if op.primitive.fun in PRODUCTS and self.reads.get(op.outputs[0], 0) < 2 and out not in self._updated:
            return ()  # it reads better inside of an expression
        found = tuple(
            k for k in places
            if isinstance(atom := op.inputs[k], Value) and self._may_be_variable(atom) and may_overwrite(op, atom)
        )  # fmt: skip
        if found:
            self._overwriting.add(op)
        return found

    def _may_be_variable(self, value: Value) -> bool:
        """Whether a value may have a name of its own, and is no part of an expression."""
        op = self.definitions.get(value)
        if op is None or op.regions or op in self._overwriting:
            return True
        return self.reads[value] > 1 or is_update(op.primitive)
