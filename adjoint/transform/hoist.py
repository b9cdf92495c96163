"""Loop-invariant code motion: what a derivative computes alike in each trip moves before the loop.

Only derivative ops move, and only those that cannot raise and cost little where the loop runs no trip:
sums, products and signs of scalars or of arrays of one known shape, transposes, lengths. Of primal ops,
lengths and sums and products of Python numbers move: the same numbers, and nobody can tell when they are
computed. Inner loops come first, so that what leaves one may leave the next as well. What is inside an `if`
stays there. A value that a loop of a derivative gives on as it got it is read where it comes from.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from adjoint.analysis.partial import partial_values
from adjoint.ir.core import FOR, WHILE, Atom, Block, Function, Literal, Op, Value, for_parts
from adjoint.ir.types import PY_FLOAT, PY_INT, ArrayType
from adjoint.ir.walk import looked_up, map_functions, substitute, substitute_op
from adjoint.rules.names import (
    ADD,
    ADDS,
    BROADCAST_LIKE,
    CAST,
    CONJ,
    DIM,
    DIV,
    GETITEM,
    IMAG,
    MUL,
    MULS,
    NEG,
    NEGS,
    REAL,
    SIZE,
    SUB,
    SUBS,
    SWAPAXES,
    TRANSPOSE,
)  # fmt: skip
from adjoint.transform.shapes import is_slices

_ARITHMETIC = ADDS | SUBS | MULS
_OPERATORS = {ADD, SUB, MUL, DIV, NEG}
_PYTHON = (PY_INT, PY_FLOAT)
_SAFE = NEGS | {TRANSPOSE, SWAPAXES, DIM, SIZE, CAST, REAL, IMAG, CONJ}


def hoist(fn: Function) -> Function:
    return map_functions(fn, lambda body: _block(body, partial_values(body, given_stacks=True)))


def _block(block: Block, partial: AbstractSet[Value]) -> Block:
    ops: list[Op] = []
    table: dict[Value, Atom] = {}
    for outer in block.ops:
        op = substitute_op(outer, table) if table else outer
        if not op.regions:
            ops.append(op)
            continue
        regions = tuple(_block(region, partial) for region in op.regions)
        if op.primitive is FOR and op.sweep:
            regions = (substitute(regions[0], _unchanged(op, regions[0], table)),)
        if op.primitive is FOR or op.primitive is WHILE:
            moved, body = _invariant(regions[-1], partial)
            ops += moved
            regions = (*regions[:-1], body)
        ops.append(op if regions == op.regions else replace(op, regions=regions))
    if tuple(ops) == block.ops:
        return block
    return replace(block, ops=tuple(ops), results=looked_up(table, block.results))


def _unchanged(op: Op, body: Block, table: dict[Value, Atom]) -> dict[Value, Atom]:
    """What the values that a loop gives on as they are stand for; those after the loop go to `table`."""
    loop = for_parts(replace(op, regions=(body,)))
    named = {op.attrs[name] for name in ("stop", "trips") if name in op.attrs}
    inside: dict[Value, Atom] = {}
    for k, (now, later) in enumerate(zip(loop.carried, loop.following, strict=True)):
        if now is later and k not in named:
            inside[now] = table[loop.final[k]] = loop.initial[k]
    return inside


def _invariant(body: Block, partial: AbstractSet[Value]) -> tuple[list[Op], Block]:
    """The ops of a loop body that can move out of it, and the body without them; not those of what may be undefined."""
    inside: set[Value] = {*body.params, *partial}
    moved, kept = [], []
    for op in body.ops:
        if (op.sweep or _is_python(op)) and is_safe(op) and not any(atom in inside for atom in op.inputs):
            moved.append(op)
        else:
            kept.append(op)
            inside.update(op.outputs)
    return moved, replace(body, ops=tuple(kept)) if moved else body


def _is_python(op: Op) -> bool:
    """Whether an op computes a Python number that no error state and no subclass can change."""
    return op.primitive is DIM or (op.primitive in _OPERATORS and all(atom.type in _PYTHON for atom in op.inputs))


def is_safe(op: Op) -> bool:
    """Whether an op runs without an error on whatever its inputs are, even if the loop would not run."""
    types = [atom.type for atom in op.inputs]
    arrays = [type_ for type_ in types if isinstance(type_, ArrayType) and type_.dtype and type_.shape is not None]
    if len(arrays) < len(types):
        return False
    if op.primitive is DIV:
        divisor = op.inputs[1]
        return isinstance(divisor, Literal) and divisor.value != 0 and op.inputs[0].type == PY_FLOAT
    if op.primitive is GETITEM:
        return len(types) == 1 and is_slices(op.attrs["index"])
    if op.primitive in _ARITHMETIC:
        return len({type_.shape for type_ in arrays if type_.shape}) <= 1
    return op.primitive in _SAFE or (op.primitive is BROADCAST_LIKE and arrays[0].shape == ())
