"""Replace markers by what they stand for, once no derivative will be taken any more."""

from __future__ import annotations

from adjoint.ir.core import HOOK, MARKERS, Atom, Block, Function, Primitive, Value
from adjoint.ir.walk import looked_up, map_functions, reading
from adjoint.rules.internal import stop_gradient
from adjoint.rules.registry import primitive_of
from adjoint.transform.implicit import solves


def erase_markers(fn: Function) -> Function:
    """`stop_gradient`, solutions, hooks and run-time constants become their operand."""
    markers = (*MARKERS, primitive_of(stop_gradient), primitive_of(solves))
    return map_functions(fn, lambda block: _erase(block, {}, markers))


def erase_hooks(fn: Function) -> Function:
    """The program without what acts on cotangents alone."""
    return map_functions(fn, lambda block: _erase(block, {}, (HOOK,)))


def _erase(block: Block, table: dict[Value, Atom], markers: tuple[Primitive | None, ...]) -> Block:
    ops = []
    for op in block.ops:
        inputs = looked_up(table, op.inputs)
        if op.primitive in markers:
            table[op.outputs[0]] = inputs[0]
            continue
        regions = tuple([_erase(region, table, markers) for region in op.regions]) if op.regions else ()
        ops.append(reading(op, inputs, regions))
    results = looked_up(table, block.results)
    if tuple(ops) == block.ops and results == block.results:
        return block
    return Block(block.params, tuple(ops), results)
