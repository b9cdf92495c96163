"""A reference interpreter: run a Function with NumPy, one op after the other, stacks as lists.

Slow and obvious. Every pass must leave what it computes unchanged, and so must code generation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adjoint.ir.core import (
    CALL,
    FOR,
    FORMAT,
    IF,
    OPAQUE,
    PACK,
    RAISE,
    UNPACK,
    WHILE,
    Block,
    Function,
    Literal,
    Op,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.walk import map_attribute, slots_of


def run(fn: Function, *args: Any) -> tuple[Any, ...]:
    """The results of a function; arrays given are not changed, whatever the ops are marked with."""
    return _Interpreter(fn).call(fn, args)


class _Interpreter:
    def __init__(self, program: Function) -> None:
        self.program = program

    def call(self, fn: Function, args: Sequence[Any]) -> tuple[Any, ...]:
        env: dict[Value, Any] = {}
        return self.block(fn.body, args, env)

    def block(self, block: Block, args: Sequence[Any], env: dict[Value, Any]) -> tuple[Any, ...]:
        env.update(zip(block.params, args, strict=True))
        for op in block.ops:
            env.update(zip(op.outputs, self.op(op, env), strict=True))
        return tuple(self.read(atom, env) for atom in block.results)

    def read(self, atom: Any, env: Mapping[Value, Any]) -> Any:
        return atom.value if isinstance(atom, Literal) else env[atom]

    def op(self, op: Op, env: dict[Value, Any]) -> Sequence[Any]:
        inputs = [self.read(atom, env) for atom in op.inputs]
        if op.primitive is IF:
            return self.block(op.regions[0 if inputs[0] else 1], (), env)
        if op.primitive is FOR:
            return self.loop_for(op, inputs, env)
        if op.primitive is WHILE:
            return self.loop_while(op, inputs, env)
        if op.primitive is CALL:
            return self.call(self.program.functions[op.attrs["callee"]], inputs)
        if op.primitive is PACK:
            return (tuple(inputs),)
        if op.primitive is UNPACK:
            return inputs[0]
        slots = slots_of(op)
        operands = [x for k, x in enumerate(inputs) if k not in slots]
        attrs = {
            name: map_attribute(item, lambda slot: inputs[slot.index])
            for name, item in op.attrs.items()
            if name != "inplace"
        }
        result = self.plain(op, operands, attrs)
        return result if len(op.outputs) != 1 else (result,)

    def plain(self, op: Op, operands: list[Any], attrs: dict[str, Any]) -> Any:
        if op.primitive is OPAQUE:
            args, kwargs = attrs.get("args", ()), attrs.get("kwargs", {})
            if "method" in attrs:
                return getattr(args[0], attrs["method"])(*args[1:], **kwargs)
            return attrs["function"](*args, **kwargs)
        if op.primitive is RAISE:
            raise attrs["exception"](*attrs.get("args", ())) if attrs.get("args") else attrs["exception"]
        if op.primitive is FORMAT:
            return attrs["template"].format(*attrs["args"])
        assert op.primitive.fun is not None, f"{op.primitive} cannot be run"
        if op.primitive.name == "getitem":
            return operands[0][attrs["index"]]
        if op.primitive.sequence:
            return op.primitive.fun(operands, **attrs)
        return op.primitive.fun(*operands, **attrs)

    def loop_for(self, op: Op, inputs: list[Any], env: dict[Value, Any]) -> list[Any]:
        parts = for_parts(op)
        space = range(*inputs[:3])
        carried = list(inputs[3 : 3 + len(parts.initial)])
        stacks = [list(stack) for stack in inputs[3 + len(parts.initial) :]]
        produced: list[list[Any]] = [[] for _ in parts.produced]
        for index in reversed(space) if op.attrs.get("reverse") else space:
            elements = [item for stack in stacks for item in stack.pop()]
            results = self.block(op.regions[0], (index, *carried, *elements), env)
            carried = list(results[: len(carried)])
            self.push(produced, op.attrs["produced"], results[len(carried) :])
            if "stop" in op.attrs and carried[op.attrs["stop"]]:
                break
        assert not any(stacks), "a loop consumes its stacks"
        return [*carried, *produced]

    def loop_while(self, op: Op, inputs: list[Any], env: dict[Value, Any]) -> list[Any]:
        parts = while_parts(op)
        carried, trips = list(inputs), 0
        produced: list[list[Any]] = [[] for _ in parts.produced]
        while self.block(op.regions[0], carried, env)[0]:
            results = self.block(op.regions[1], carried, env)
            carried = list(results[: len(carried)])
            self.push(produced, op.attrs["produced"], results[len(carried) :])
            trips += 1
            if "stop" in op.attrs and carried[op.attrs["stop"]]:
                break
        return [*carried, *produced, trips]

    def push(self, produced: list[list[Any]], sizes: Sequence[int], items: Sequence[Any]) -> None:
        at = 0
        for stack, size in zip(produced, sizes, strict=True):
            stack.append(tuple(items[at : at + size]))
            at += size


def assert_equal(found: Any, expected: Any) -> None:
    """Bitwise equality of nested results."""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert_equal(a, b)
    else:
        np.testing.assert_array_equal(found, expected)
