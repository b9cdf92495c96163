"""Zeros for a cotangent in the array of a loop that nobody reads any more, instead of new ones.

    for _ in range(steps):                   for _ in range(steps):
        b[1:-1] = 0.5 * (a[:-2] + a[2:])         b[1:-1] = 0.5 * (a[:-2] + a[2:])
        a[1:-1] = 0.5 * (b[:-2] + b[2:])         a[1:-1] = 0.5 * (b[:-2] + b[2:])
    b_bar = np.zeros(b.shape)                b[:] = 0.0

Runs before `bufferize`; pure to pure. What a loop writes in place is memory of the program, and a variable keeps it
until the function returns.
"""

from __future__ import annotations

from dataclasses import replace

from adjoint.analysis.partial import partial_values
from adjoint.analysis.versions import Versions, is_array, is_loop, loop_parts
from adjoint.codegen.liveness import count_reads
from adjoint.ir.core import Function, Literal, Op, Value
from adjoint.ir.types import ArrayType, Symbol, Type, is_joined, is_of_trip
from adjoint.rules.names import UPDATE, ZEROS_LIKE


def zeros_in_dead_arrays(fn: Function) -> Function:
    """The same function with zeros stored into arrays that are dead."""
    if not any(op.primitive is ZEROS_LIKE and op.sweep for op in fn.body.ops):
        return fn
    reads = count_reads(fn.body)
    loops = [op for op in fn.body.ops if is_loop(op)]
    if not any(is_array(final) and not reads.get(final) for op in loops for final in loop_parts(op).final):
        return fn
    versions, partial = Versions(fn.body), partial_values(fn.body)
    dead: dict[Type, list[Value]] = {}
    ops: list[Op] = []
    for op in fn.body.ops:
        if is_loop(op):
            for k, final in enumerate(loop_parts(op).final):
                is_free = not reads.get(final) and is_array(final) and final not in partial and is_certain(final.type)
                if is_free and versions.writes(op, versions.group(op, k)):
                    dead.setdefault(final.type, []).append(final)
        elif op.primitive is ZEROS_LIKE and op.sweep and dead.get(op.outputs[0].type):
            inputs = (dead[op.outputs[0].type].pop(), Literal(0.0))
            ops.append(replace(op, primitive=UPDATE, inputs=inputs, attrs={"index": slice(None)}))
            continue
        ops.append(op)
    return replace(fn, body=replace(fn.body, ops=tuple(ops)))


def is_certain(type_: Type) -> bool:
    """Whether arrays of this type have one shape."""
    shape = type_.shape if isinstance(type_, ArrayType) else None
    return shape is not None and not any(isinstance(d, Symbol) and (is_of_trip(d) or is_joined(d)) for d in shape)
