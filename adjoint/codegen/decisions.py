"""What `bufferize` decides, and how that is written into a program."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from adjoint.codegen.storage import Storage, is_list_update, is_update, levels
from adjoint.errors import Span
from adjoint.ir.core import EMPTY, Atom, Block, Op, Primitive, Value
from adjoint.ir.types import ArrayType, ListType
from adjoint.ir.walk import looked_up, lookup, reading
from adjoint.rules import lists
from adjoint.runtime import fresh
from adjoint.schedule.snapshots import KEEP

COPY = Primitive("copy", np.copy)
"""A copy of an array."""

FRESH = Primitive("fresh", fresh)
"""A copy of what may be an array or a number."""


NEW_LISTS = (lists.list_append, lists.list_drop, lists.list_concat)
"""Changes of a list that print as an expression where the old version is still needed."""


@dataclass(slots=True)
class Decisions:
    """What is copied, and which loop variables and sums own their memory."""

    views: set[Value] = field(default_factory=set)
    late: dict[tuple[Op, Value], None] = field(default_factory=dict)  # views that are copied before an update
    operands: set[tuple[Op, int]] = field(default_factory=set)
    results: set[tuple[Block, int]] = field(default_factory=set)
    owned: dict[Value, Storage] = field(default_factory=dict)  # loop variables
    refused: set[Value] = field(default_factory=set)  # those that do not pay
    kept: set[Storage] = field(default_factory=set)  # memory that foreign code may refer to
    accumulators: dict[Op, int] = field(default_factory=dict)

    def adopt(self, new: Decisions) -> bool:
        """Take over the new decisions of the first kind that has any: they may make the other kinds needless."""
        self.accumulators = new.accumulators
        if not new.kept <= self.kept or new.owned or new.refused:
            self.kept |= new.kept
            self.owned.update(new.owned)
            self.refused |= new.refused
            for param in new.refused:
                del self.owned[param]
            return True
        if not (new.views <= self.views and new.late.keys() <= self.late.keys()):
            self.views |= new.views
            self.late.update(new.late)
        elif not new.operands <= self.operands:
            self.operands |= new.operands
        elif not new.results <= self.results:
            self.results |= new.results
        else:
            return False
        return True


class Rewriter:
    """Write the decisions into the program. What exists on some paths only is copied if it exists."""

    def __init__(self, decisions: Decisions, partial: set[Value]) -> None:
        self.d = decisions
        self.partial = partial
        self.concerned: set[Op] = {op for op, _ in (*decisions.operands, *decisions.late)}
        self.concerned.update(decisions.accumulators)

    def block(self, block: Block, table: dict[Value, Atom]) -> Block:
        ops: list[Op] = []
        for op in block.ops:
            ops.extend(self.op(op, table))
        results = []
        for k, old in enumerate(block.results):
            atom = lookup(table, old)
            if (block, k) in self.d.results:
                last = ops[-1] if ops else None
                copy = self.copy(atom, last.span if last else None, last.sweep if last else "")
                ops.append(copy)
                atom = copy.outputs[0]
            results.append(atom)
        return replace(block, ops=tuple(ops), results=tuple(results))

    def op(self, op: Op, table: dict[Value, Atom]) -> list[Op]:
        if not self.is_concerned(op):
            regions = tuple([self.block(region, table) for region in op.regions]) if op.regions else ()
            return [reading(op, looked_up(table, op.inputs), regions)]
        made: list[Op] = []
        for before, view in self.d.late:
            if before is op:
                made.append(self.copy(lookup(table, view), op.span, op.sweep))
                table[view] = made[-1].outputs[0]
        inputs = [lookup(table, atom) for atom in op.inputs]
        is_expression = op.primitive.fun in NEW_LISTS and (op, 0) in self.d.operands  # `[*items, x]`
        for k in range(len(inputs)):
            if (op, k) in self.d.operands and not is_expression:
                copy = self.copy(inputs[k], op.span, op.sweep, deep=False, named=op.primitive is not KEEP)
                made.append(copy)
                inputs[k] = copy.outputs[0]
        attrs = op.attrs
        is_list = is_list_update(op.primitive) and not is_expression
        if is_update(op.primitive) or is_list or op in self.d.accumulators:
            attrs = {**attrs, "inplace": True}
            if self.d.accumulators.get(op) == 1:
                inputs.reverse()
        regions = tuple(self.block(region, table) for region in op.regions)
        made.append(Op(op.primitive, tuple(inputs), op.outputs, attrs, regions, op.span, op.sweep))
        for value in op.outputs:
            if value in self.d.views:
                copy = self.copy(value, op.span, op.sweep)
                made.append(copy)
                table[value] = copy.outputs[0]
        return made

    def is_concerned(self, op: Op) -> bool:
        """Whether there is anything to write about an op itself."""
        if op in self.concerned or is_update(op.primitive) or is_list_update(op.primitive):
            return True
        return not self.d.views.isdisjoint(op.outputs)

    def copy(self, atom: Atom, span: Span | None, sweep: str, *, deep: bool = True, named: bool = True) -> Op:
        """A copy of an array; of a list with its items, or of the list alone."""
        hint = atom.hint if isinstance(atom, Value) and named else None
        out = Value(hint, atom.type)
        if atom in self.partial:
            self.partial.add(out)
        certain = isinstance(atom.type, ArrayType) and atom.type.kind == "array"
        if isinstance(atom.type, ListType):
            certain = not deep or len(levels(atom.type)) == 1
        certain = certain and atom not in self.partial
        return Op(COPY if certain else FRESH, (atom,), (out,), EMPTY, (), span, sweep)
