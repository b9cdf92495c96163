"""Which values vary with given ones: forward activity analysis (Hascoet and Pascual, 2013, section 2.1).

A value varies if it depends on a varying value through operations that have a derivative. The analysis
is a forward walk; loops are walked until nothing changes. It over-approximates.
"""

from __future__ import annotations

from collections.abc import Iterable

from adjoint.ir.core import (
    CALL,
    FOR,
    HOOK,
    IF,
    OPAQUE,
    PACK,
    UNPACK,
    WHILE,
    Atom,
    Block,
    Op,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import is_inexact
from adjoint.rules.registry import rule_of


def varied(block: Block, sources: Iterable[Value]) -> set[Value]:
    """The values of a block and its regions that vary with the sources."""
    found = set(sources)
    _block(block, found)
    return found


def carries_derivative(op: Op) -> bool:
    """Whether the results of an op can vary with its operands."""
    rule = rule_of(op.primitive)
    if rule is None:  # a function without a rule may vary; it is refused where its derivative is needed
        return op.primitive in (OPAQUE, CALL, HOOK, PACK, UNPACK) or op.primitive.fun is not None
    return rule.kind != "nondifferentiable"


def _block(block: Block, found: set[Value]) -> None:
    for op in block.ops:
        _op(op, found)


def _op(op: Op, found: set[Value]) -> None:
    if op.primitive is IF:
        for region in op.regions:
            _block(region, found)
        for k, output in enumerate(op.outputs):
            _mark(output, [region.results[k] for region in op.regions], found)
    elif op.primitive is FOR:
        _loop(op, found)
    elif op.primitive is WHILE:
        _while(op, found)
    elif carries_derivative(op):
        for output in op.outputs:
            _mark(output, op.inputs, found)


def _loop(op: Op, found: set[Value]) -> None:
    parts = for_parts(op)
    elements = iter(parts.elements)
    for stack in parts.stacks:
        for _ in stack.type.elements:  # type: ignore[union-attr]  # verified
            _mark(next(elements), (stack,), found)
    for param, start in zip(parts.carried, parts.initial, strict=True):
        _mark(param, (start,), found)
    _until_stable(op.regions[0], parts.carried, parts.following, found)
    for final, start, end in zip(parts.final, parts.initial, parts.following, strict=True):
        _mark(final, (start, end), found)
    _produced(op, parts.pushed, parts.produced, found)


def _while(op: Op, found: set[Value]) -> None:
    parts = while_parts(op)
    for param, start in zip(parts.carried, parts.initial, strict=True):
        _mark(param, (start,), found)
    _until_stable(op.regions[1], parts.carried, parts.following, found)
    for final, start, end in zip(parts.final, parts.initial, parts.following, strict=True):
        _mark(final, (start, end), found)
    _produced(op, parts.pushed, parts.produced, found)


def _until_stable(body: Block, carried: tuple[Value, ...], following: tuple[Atom, ...], found: set[Value]) -> None:
    while True:
        _block(body, found)
        size = len(found)
        for param, end in zip(carried, following, strict=True):
            _mark(param, (end,), found)
        if len(found) == size:
            return


def _produced(op: Op, pushed: tuple[Atom, ...], produced: tuple[Value, ...], found: set[Value]) -> None:
    position = 0
    for stack, size in zip(produced, op.attrs["produced"], strict=True):
        _mark(stack, pushed[position : position + size], found)
        position += size


def _mark(value: Value, causes: Iterable[Atom], found: set[Value]) -> None:
    if value not in found and is_inexact(value.type) and any(cause in found for cause in causes):
        found.add(value)
