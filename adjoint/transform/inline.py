"""Put the bodies of callees in the place of their calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from adjoint.errors import UnsupportedError
from adjoint.ir.core import CALL, Atom, Block, Function, Op, Value
from adjoint.ir.types import StackType
from adjoint.ir.walk import clone_block, looked_up, reading


def callee_of(op: Op, functions: Mapping[str, Function]) -> Function:
    """The function that a call calls."""
    name = op.attrs["callee"]
    if name not in functions:
        raise UnsupportedError(f"`{name}` calls itself through a derivative of itself", op.span)
    return functions[name]


def inline_split_calls(fn: Function) -> Function:
    """Inline the calls that hand stacks over, so that a derivative meets each stack where it is made.

    The halves of a split callee (see `calls`) are such functions: differentiated again, they are one
    program with their caller.
    """
    if not any(map(_hands_over_stacks, fn.functions.values())):
        return fn
    return replace(fn, body=_inline(fn.body, fn, {}, _hands_over_stacks))


def inline_calls(fn: Function) -> Function:
    """Inline every call; there must be none of a function that calls itself."""
    return replace(fn, body=_inline(fn.body, fn, {}, lambda callee: True), functions={})


def _inline(block: Block, program: Function, table: dict[Value, Atom], chosen: Callable[[Function], bool]) -> Block:
    ops: list[Op] = []
    for op in block.ops:
        inputs = looked_up(table, op.inputs)
        if op.primitive is CALL and chosen(callee_of(op, program.functions)):
            callee = _inline(program.functions[op.attrs["callee"]].body, program, {}, chosen)
            local: dict[Value, Atom] = dict(zip(callee.params, inputs, strict=True))
            body = clone_block(Block((), callee.ops, callee.results), local)
            ops.extend(body.ops)
            table.update(zip(op.outputs, body.results, strict=True))
            continue
        regions = tuple([_inline(region, program, table, chosen) for region in op.regions]) if op.regions else ()
        ops.append(reading(op, inputs, regions))
    return Block(block.params, tuple(ops), looked_up(table, block.results))


def _hands_over_stacks(fn: Function) -> bool:
    return any(isinstance(atom.type, StackType) for atom in (*fn.params, *fn.results))
