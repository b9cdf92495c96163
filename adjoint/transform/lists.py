"""What transforms know of lists: values that the forward sweep can hand over cheaply, and rewrites.

The reverse of a change to a list asks for the length of an old version or for the shape of an item that was
taken out. A version as a residual would be a copy of the whole list in each trip, so these few facts are
computed in the forward sweep, where the version is at hand; what nobody asks for is dead code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, WHILE, Atom, Block, Literal, Op, Primitive, Value
from adjoint.ir.types import ArrayType, ListType
from adjoint.ir.walk import all_ops, lookup
from adjoint.rules import lists
from adjoint.rules.registry import primitive_of
from adjoint.transform.cotangent import zero_like
from adjoint.transform.cse import atom_key
from adjoint.transform.rewrite import Rewriter, Row


def named(fun: Any) -> Primitive:
    found = primitive_of(fun)
    assert found is not None, fun
    return found


APPEND, DROP, GET, SET = map(named, (lists.list_append, lists.list_drop, lists.list_get, lists.list_set))
INSERT, DELETE = map(named, (lists.list_insert, lists.list_delete))
LIST_OF, FILL, ZEROS, LENGTH = map(named, (lists.list_of, lists.list_fill, lists.list_zeros, lists.list_length))
SUM_OF_LISTS, ADD_AT, ADD_SLICE = map(named, (lists.list_add, lists.list_add_at, lists.list_add_slice))

# ---- facts for the reverse sweep

Known = Mapping[tuple[Any, ...], Value]
"""(primitive, inputs, result of the op that asks) -> the value that the forward sweep computes.

A length is known wherever the list is, and the last is None; an item only where the list is about to be changed.
"""


def with_facts(block: Block, partial: AbstractSet[Value]) -> tuple[Block, Known]:
    """The same block with the lengths of its lists and the items that it takes out, and where these are.

    A list that is there on some paths only, which `partial` tells, has no length on the others.
    """
    known: dict[tuple[Any, ...], Value] = {}
    if any(isinstance(out.type, ListType) for op in all_ops(block) for out in op.outputs):
        block = _with_facts(block, partial, known)
    return block, known


def _with_facts(block: Block, partial: AbstractSet[Value], known: dict[tuple[Any, ...], Value]) -> Block:
    builder = Builder()

    def note(primitive: Primitive, *inputs: Atom, asks: Value | None = None) -> None:
        known[(primitive, *map(atom_key, inputs), asks)] = builder.one(primitive, *inputs)

    for param in block.params:
        if isinstance(param.type, ListType) and param not in partial:
            note(LENGTH, param)
    for op in block.ops:
        with builder.at(op.span, op.sweep):
            regions = op.regions
            if regions:
                first = len(regions) - 1 if op.primitive in (FOR, WHILE) else 0  # the test of a loop has no reverse
                regions = (*regions[:first], *(_with_facts(region, partial, known) for region in regions[first:]))
            elif op.primitive in (DROP, DELETE, SET) and _is_array(op.inputs[0]):
                note(GET, op.inputs[0], Literal(-1) if op.primitive is DROP else op.inputs[1], asks=op.outputs[0])
            builder.append(replace(op, regions=regions) if regions else op)
            for output in op.outputs:
                if isinstance(output.type, ListType) and output not in partial:
                    note(LENGTH, output)
    return replace(block, ops=tuple(builder.ops))


def _is_array(items: Atom) -> bool:
    """Whether the zero of an item depends on its shape."""
    element = items.type.element if isinstance(items.type, ListType) else None
    return not (isinstance(element, ArrayType) and element.shape == ())


def use_facts(known: Known, ops: Sequence[Op], table: dict[Value, Atom], asks: Value | None = None) -> list[Op]:
    """The ops without those whose results are known; `table` gets what to read instead.

    They are the reverse of the op with the result `asks`.
    """
    kept = []
    for op in ops:
        which = asks if op.primitive is GET else None
        found = known.get((op.primitive, *map(atom_key, op.inputs), which))
        if found is not None:
            table[op.outputs[0]] = found
            continue
        inputs = tuple(lookup(table, atom) for atom in op.inputs)
        kept.append(op if inputs == op.inputs else replace(op, inputs=inputs))
    return kept


def zeros_of(known: Known, builder: Builder, items: Value) -> Atom:
    """The cotangent of a list that nothing depends on."""
    scratch, table = builder.nested(), dict[Value, Atom]()
    found = zero_like(scratch, items)
    for op in use_facts(known, scratch.ops, table):
        builder.append(op)
    return found


# ---- rewrites

WITH_ZEROS = frozenset({ZEROS, FILL, ADD_AT, ADD_SLICE})


def is_zeros(atom: Atom, r: Rewriter) -> bool:
    """Whether a list has only zeros."""
    made = r.definition(atom, frozenset({ZEROS, FILL}))
    if made is None or made.primitive is ZEROS:
        return made is not None
    return isinstance(made.inputs[0], Literal) and made.inputs[0].value == 0


def add_in_place_of_zeros(op: Op, r: Rewriter) -> Atom | None:
    """Add at a place instead of adding zeros that were added to there."""
    for a, b in (op.inputs, op.inputs[::-1]):
        if is_zeros(b, r):
            return a
        part = r.definition(b, frozenset({ADD_AT, ADD_SLICE}))
        if part is not None and r.used_once(b) and is_zeros(part.inputs[0], r):
            return r.emit(part.primitive, a, *part.inputs[1:])
    return None


def last_of_append(op: Op, r: Rewriter) -> Atom | None:
    """What was appended last, or stands in a list that is written out."""
    items, i = op.inputs
    value = i.value if isinstance(i, Literal) else None
    made = r.definition(items, frozenset({APPEND}))
    if made is not None and value == -1:
        return made.inputs[1]
    made = r.definition(items, frozenset({LIST_OF}))
    if made is not None and type(value) is int and -len(made.inputs) <= value < len(made.inputs):
        return made.inputs[value]
    return None


def drop_of_append(op: Op, r: Rewriter) -> Atom | None:
    """What was there before an item was appended."""
    made = r.definition(op.inputs[0], frozenset({APPEND}))
    return None if made is None else made.inputs[0]


def length_of_made(op: Op, r: Rewriter) -> Atom | None:
    """The length that a list was made with."""
    made = r.definition(op.inputs[0], frozenset({LIST_OF, FILL}))
    if made is None:
        return None
    return Literal(len(made.inputs)) if made.primitive is LIST_OF else made.inputs[1]


LISTS = (
    Row("a + add_at(zeros, v, i)", frozenset({SUM_OF_LISTS}), add_in_place_of_zeros, WITH_ZEROS),
    Row("[*items, x][-1]", frozenset({GET}), last_of_append, frozenset({APPEND, LIST_OF}), exact=True),
    Row("[*items, x][:-1]", frozenset({DROP}), drop_of_append, frozenset({APPEND}), exact=True),
    Row("len([a, b])", frozenset({LENGTH}), length_of_made, frozenset({LIST_OF, FILL}), exact=True),
)
