"""Calls whose inside is computed once more when they are reversed, instead of being kept: `checkpoint(fun)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adjoint.frontend.abstract import atoms_of, rebuild
from adjoint.ir.build import Builder
from adjoint.ir.core import CALL, RAISE, Block, Function, Op, Value
from adjoint.ir.walk import all_ops, block_reads, clone_block


def checkpointed_call(low: Any, fun: Any, args: list[Any], kwargs: dict[str, Any], name: str, node: Any) -> Any:
    """A call of a function of its own, which the reverse sweep will call again.

    Where the call has an effect, or changes or gives back what it is given, it takes place as any other: it may not
    run twice, or is not apart from its surroundings.
    """
    saved, heap = low.builder, dict(low.heap)
    low.builder = Builder(saved.span)
    try:
        returned = low.call(fun, args, kwargs, node)
        result = low.contents(returned)
        ops = tuple(low.builder.ops)
    finally:
        low.builder = saved
    defined = {out for op in ops for out in op.outputs}
    results = tuple(dict.fromkeys(a for a in atoms_of(result) if isinstance(a, Value) and a in defined))
    outside = tuple(block_reads(Block((), ops, results)))
    changed = any(low.heap.get(key) is not held for key, held in heap.items())
    changed = changed or any(isinstance(key, Value) and key not in defined for key in low.heap.keys() - heap.keys())
    if changed or not results or not low.is_apart(returned, heap) or has_effect(ops, low.functions):
        low.builder.ops.extend(ops)
        return returned
    callee, count = name, 1
    while callee in low.functions:
        count += 1
        callee = f"{name}_{count}"
    low.functions[callee] = Function(callee, clone_block(Block(outside, ops, results), {}, low.renames))
    attrs = {"callee": callee, "checkpoint": True}
    types, hints = [v.type for v in results], [v.hint for v in results]
    with low.at(node):
        outputs = low.builder.emit(CALL, outside, attrs, types=types, hints=hints)
    for value, output in zip(results, outputs, strict=True):
        if not low.sources(value).isdisjoint(outside):
            low.relate(output, outside)
    table = dict(zip(results, outputs, strict=True))
    return low.boxed(rebuild(result, iter([table.get(a, a) for a in atoms_of(result)])))


def has_effect(ops: Sequence[Op], functions: Mapping[str, Function]) -> bool:
    """Whether something may not run a second time. An exception that was not raised at first is not raised then."""
    for op in all_ops(Block((), tuple(ops), ())):
        if op.primitive.effect and op.primitive is not RAISE:
            return True
        if op.primitive is CALL and has_effect(functions[op.attrs["callee"]].body.ops, functions):
            return True
    return False
