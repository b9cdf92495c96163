"""`linearize` as a step of lowering: what is computed once, and the linear rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adjoint.frontend.abstract import Partial, atoms_of, rebuild
from adjoint.frontend.lower import Lowering
from adjoint.ir.core import CALL, RAISE, Atom, Block, Function, Literal, Op, Value
from adjoint.ir.types import is_inexact
from adjoint.ir.walk import all_ops, block_reads, clone_block, lookup, op_reads
from adjoint.nesting import Outlined, chosen_atoms, matching, outline, place, varying
from adjoint.transform.adjoint import adjoint
from adjoint.transform.calls import sweeps
from adjoint.transform.finish import erase_hooks
from adjoint.transform.optimise import simplify_all
from adjoint.transform.tangent import tangent


def lower_linearize(
    low: Lowering, fun: Any, primals: list[Any], node: Any, positions: Sequence[int] | None = None
) -> tuple[Any, Partial]:
    """`(out, pushforward)`: what depends on no tangent is computed now, the rest where the map is called.

    A loop that carries tangents carries its primal values along and so is run again, which nothing may see.
    So where it has effects the pushforward is the transposed pullback, which has none of the program.
    """
    args = [varying(low, v) for v in primals]
    call = outline(low, fun, args, {}, node)
    fn = call.function
    chosen = chosen_atoms(call.args, positions)
    active = [is_inexact(p.type) and p in chosen for p in call.arguments]
    made = tangent(fn, [*active, *(False for _ in call.outside)])
    given = [*(a for v in args for a in atoms_of(v) if isinstance(a, Value)), *call.outside]
    forward, linear = split(made, sum(active))
    if any(has_effect(op, made.functions) for op in linear):
        return _transposed_pullback(low, call, given, [k for k, a in enumerate(active) if a], node)
    count = len(fn.results)
    table: dict[Value, Atom] = dict(zip(made.params, given, strict=False))
    block = clone_block(Block((), forward, ()), table)
    low.builder.ops.extend(block.ops)
    low.functions.update(made.functions)
    results = (
        place(low, fn, given)
        if any(r in op.outputs for op in linear for r in fn.results)
        else tuple(table[r] if isinstance(r, Value) else r for r in made.results[:count])
    )
    return _pushforward(
        low, call, chosen, results, Block(made.params[len(given) :], linear, made.results[count:]), table
    )


def _pushforward(
    low: Lowering, call: Outlined, chosen: set[Atom], results: Sequence[Atom], linear: Block, table: dict[Value, Atom]
) -> tuple[Any, Partial]:
    """The results, and a callable that puts a linear block in place; its parameters are the tangents of `chosen`."""

    def push(tangents: list[Any], kwargs: dict[str, Any], where: Any) -> Any:
        pairs = zip(call.args, tangents[0].children, strict=True)
        flat = [a for primal, dot in pairs for a in matching(low, primal, dot)]
        atoms = [a for v in call.args for a in atoms_of(v)]
        kept = [dot for dot, value in zip(flat, atoms, strict=True) if is_inexact(value.type) and value in chosen]
        placed = clone_block(replace(linear, params=()), table | dict(zip(linear.params, kept, strict=True)))
        low.builder.ops.extend(placed.ops)
        return rebuild(call.result, iter(placed.results))

    return rebuild(call.result, iter(results)), Partial(push, "pushforward")


def has_effect(op: Op, functions: Mapping[str, Function]) -> bool:
    """Whether running an op twice can be seen; an exception that it did not raise it will not raise then either."""
    seen: set[str] = set()
    waiting = [Block((), (op,), ())]
    while waiting:
        for inner in all_ops(waiting.pop()):
            if inner.primitive.effect and inner.primitive is not RAISE:
                return True
            if inner.primitive is CALL and (name := inner.attrs["callee"]) not in seen:
                seen.add(name)
                waiting.append(functions[name].body)
    return False


def _transposed_pullback(
    low: Lowering, call: Outlined, given: Sequence[Atom], wrt: list[int], node: Any
) -> tuple[Any, Partial]:
    """The reverse sweep is linear in the cotangents, and its transpose is the pushforward (Radul and others 2023)."""
    fn = erase_hooks(call.function)
    count = len(fn.results)
    seeds = [is_inexact(a.type) for a in fn.results]
    made = simplify_all(adjoint(fn, wrt, seeds))
    forward, reverse = sweeps(made, count, sum(seeds))
    bars = made.params[len(fn.params) :]
    tail = Block(bars, reverse, made.results[count:])
    reads = tuple(block_reads(tail))
    joint = Function(fn.name, clone_block(replace(tail, params=(*reads, *bars)), {}), made.functions)
    turned = adjoint(joint, range(len(reads), len(reads) + len(bars)), [True] * len(wrt))
    turned = simplify_all(replace(turned, body=replace(turned.body, results=turned.results[len(wrt) :])))
    table: dict[Value, Atom] = dict(zip(made.params, given, strict=False))
    block = clone_block(Block((), forward, made.results[:count]), table)
    low.builder.ops.extend(block.ops)
    low.functions.update(turned.functions)
    results = block.results
    seeded = [r for r, s in zip(results, seeds, strict=True) if s]
    # The cotangents themselves are read for their shapes at most, and those are the shapes of the results.
    inner = dict(zip(turned.params, (*(lookup(table, v) for v in reads), *seeded), strict=False))
    dots = turned.params[len(reads) + len(bars) :]
    found = iter(turned.results)
    tangents = tuple(next(found) if s else Literal(0.0) for s in seeds)
    chosen: set[Atom] = {call.arguments[k] for k in wrt}
    return _pushforward(low, call, chosen, results, Block(dots, turned.body.ops, tangents), inner)


def split(fn: Function, dots: int) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
    """The ops of a program that do not depend on its last `dots` parameters, and those that do."""
    tainted = set(fn.params[len(fn.params) - dots :]) if dots else set()
    forward: list[Op] = []
    reverse: list[Op] = []
    for op in fn.body.ops:
        if tainted.isdisjoint(op_reads(op)):
            forward.append(op)
        else:
            reverse.append(op)
            tainted.update(op.outputs)
    return tuple(forward), tuple(reverse)
