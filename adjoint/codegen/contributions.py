"""First contributions to a new cotangent are stored instead of added.

    x_bar = np.zeros(x.shape)        x_bar = np.zeros(x.shape)
    x_bar[:n] += a                   x_bar[:n] = a
    x_bar[n:] += b                   x_bar[n:] = b

Algorithm: along each chain of writes that begins with zeros, an addition at places that no write before it named
becomes an update. Pure to pure; runs before `bufferize`, as it says nothing about derivatives: zero plus b is b.
"""

from __future__ import annotations

from dataclasses import replace

from adjoint.analysis.distinct import names_no_place_twice
from adjoint.analysis.overlap import never_meet
from adjoint.codegen.storage import is_basic
from adjoint.ir.core import Atom, Block, Function, Op
from adjoint.rules.names import ADD_AT, UPDATE, ZEROS, ZEROS_LIKE

LONGEST = 8
"""Writes of a chain that are compared with each other: more of them would take quadratic time."""


def store_first_contributions(fn: Function) -> Function:
    """The same function with stores for additions to zeros."""
    return replace(fn, body=_block(fn.body))


def _block(block: Block) -> Block:
    written: dict[Atom, tuple[Op, ...]] = {}  # to what was all zeros
    makers: dict[Atom, Op] = {}
    ops: list[Op] = []
    for op in block.ops:
        made = replace(op, regions=tuple(map(_block, op.regions))) if op.regions else op
        if op.primitive in (ZEROS, ZEROS_LIKE):
            written[op.outputs[0]] = ()
        elif op.primitive in (ADD_AT, UPDATE) and len(before := written.get(op.inputs[0], (op,) * LONGEST)) < LONGEST:
            if op.primitive is ADD_AT and _is_first(op, before, makers):
                made = replace(op, primitive=UPDATE)
            written[op.outputs[0]] = (*before, op)
        makers.update((out, made) for out in op.outputs)
        ops.append(made)
    return replace(block, ops=tuple(ops))


def _is_first(op: Op, before: tuple[Op, ...], makers: dict[Atom, Op]) -> bool:
    """Whether an addition names each of its places once, and none that was written before."""
    index, shape = op.attrs["index"], getattr(op.outputs[0].type, "shape", None)
    if not is_basic(index, op.inputs):
        return not before and names_no_place_twice(index, op.inputs, makers.get)
    here = (index, op.inputs)
    return not before or (shape is not None and all(
        never_meet((other.attrs["index"], other.inputs), here, shape) for other in before
    ))
