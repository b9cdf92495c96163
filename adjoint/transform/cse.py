"""Common subexpressions: an op equal to one already in sight takes its result.

Equal means the same primitive and attributes, and inputs that are the same values, or literals of the
same type and the same bits. Structured scoping is dominance: an op in a region may take a value from the
same or from an enclosing block, never from a sibling region. The value is the very same, so primal and
derivative ops share; the op that stays is then primal and has the user's name if either had one.

Effects, structured ops, and whatever makes a buffer that is written later (`zeros_like`, `copy`, an
update, a list) are left alone: two names for one buffer would cost a copy. Runs before the schedule, never after:
it would turn what is recomputed on purpose into something kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.ir.core import CALL, MARKERS, Atom, Block, Function, Op, Value
from adjoint.ir.types import SHAPE, ListType, ObjectType
from adjoint.ir.walk import looked_up, map_functions, reading
from adjoint.rules.names import ADD, ADD_AT, MUL, NP_ADD, NP_MULTIPLY, UPDATE
from adjoint.rules.registry import primitive_of

_UNSHARED = frozenset(
    p
    for fun in (
        np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like, np.full_like,
        np.copy, np.array, np.ascontiguousarray, np.eye, np.identity,
    )
    if (p := primitive_of(fun))
) | {UPDATE, ADD_AT, CALL, *MARKERS}  # fmt: skip
_COMMUTATIVE = frozenset({ADD, MUL, NP_ADD, NP_MULTIPLY})

_PLAIN = (int, str, bool, type(None))

Key = tuple[Any, ...]


def eliminate_common_subexpressions(fn: Function) -> Function:
    return map_functions(fn, lambda body: _Cse().run(body))


class _Cse:
    def __init__(self) -> None:
        self.seen: dict[Key, Op] = {}
        self.table: dict[Value, Atom] = {}
        self.better: dict[Value, tuple[str | None, str]] = {}  # the hint and the sweep of values that are shared

    def run(self, body: Block) -> Block:
        body = self.block(body)
        return _renamed(body, self.better, {}) if self.better else body

    def block(self, block: Block) -> Block:
        here: list[Key] = []
        ops = []
        for op in block.ops:
            new = self.op(op, here)
            if new is not None:
                ops.append(new)
        for key in here:
            del self.seen[key]
        results = looked_up(self.table, block.results)
        if len(ops) == len(block.ops) and tuple(ops) == block.ops and results == block.results:
            return block
        return Block(block.params, tuple(ops), results)

    def op(self, op: Op, here: list[Key]) -> Op | None:
        """The op to keep, or None if an equal one is in sight."""
        inputs = looked_up(self.table, op.inputs)
        if op.regions:
            return reading(op, inputs, tuple(map(self.block, op.regions)))
        if not _shareable(op):
            return reading(op, inputs, ())
        key = (op.primitive, attributes_key(op.attrs), *map(atom_key, inputs))
        found = self.seen.get(key)
        if found is None and op.sweep and op.primitive in _COMMUTATIVE:
            found = self.seen.get((*key[:2], key[3], key[2]))
        if found is None:
            new = reading(op, inputs, ())
            self.seen[key] = new
            here.append(key)
            return new
        self.share(found, op)
        return None

    def share(self, kept: Op, op: Op) -> None:
        for first, second in zip(kept.outputs, op.outputs, strict=True):
            self.table[second] = first
            hint, sweep = self.better.get(first, (first.hint, kept.sweep))
            if (hint is None and second.hint) or (sweep and not op.sweep):
                self.better[first] = hint or second.hint, sweep if op.sweep else ""


def _shareable(op: Op) -> bool:
    if op.primitive.effect or op.primitive in _UNSHARED or not op.outputs:
        return False
    if isinstance(op.outputs[0].type, ListType):
        return False
    for atom in op.inputs:  # no `any`: every op of a program comes here
        if isinstance(atom, Value) and isinstance(atom.type, ObjectType) and atom.type != SHAPE:
            return False
    return True


def atom_key(atom: Atom) -> Any:
    return atom if isinstance(atom, Value) else attribute_key(atom.value)


def attributes_key(attrs: Mapping[str, Any]) -> Key:
    return tuple((name, attribute_key(item)) for name, item in sorted(attrs.items())) if attrs else ()


def attribute_key(item: Any) -> Any:
    """A hashable stand-in that is equal only for what is the same constant: 1, 1.0, True and -0.0, 0.0 differ."""
    if type(item) in _PLAIN:
        return type(item), item
    if type(item) in (tuple, list):
        return type(item), tuple(map(attribute_key, item))
    if type(item) is dict:
        return dict, attributes_key(item)
    if type(item) is slice:
        return slice, attribute_key(item.start), attribute_key(item.stop), attribute_key(item.step)
    if isinstance(item, (float, complex, np.generic)):
        return type(item), repr(item)
    try:
        hash(item)
    except TypeError:
        return type(item), id(item)
    return type(item), item


def _renamed(block: Block, better: Mapping[Value, tuple[str | None, str]], table: dict[Value, Atom]) -> Block:
    """The same block with better hints and sweeps for some of the values that it defines."""
    ops = []
    for op in block.ops:
        inputs = looked_up(table, op.inputs)
        regions = tuple(_renamed(region, better, table) for region in op.regions)
        outputs, sweep = op.outputs, op.sweep
        for old in op.outputs:
            if old in better:
                hint, sweep = better[old]
                if hint != old.hint:
                    table[old] = new = Value(hint, old.type)
                    outputs = tuple(new if output is old else output for output in outputs)
        if inputs != op.inputs or outputs != op.outputs or regions != op.regions or sweep != op.sweep:
            ops.append(replace(op, inputs=inputs, outputs=outputs, regions=regions, sweep=sweep))
        else:
            ops.append(op)
    results = looked_up(table, block.results)
    if tuple(ops) == block.ops and results == block.results:
        return block
    return Block(block.params, tuple(ops), results)
