"""The reverse of a call that is kept as a call.

The callee's joint program is cut in two: a forward function, which gives the results and whatever the
reverse sweep reads of the inside, and a reverse function, which takes that and the cotangents. Both are
made once for each pattern of activity (split mode of Griewank and Walther 2008, section 12.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adjoint.ir.build import Builder
from adjoint.ir.core import CALL, Atom, Block, Function, Op, Value
from adjoint.ir.walk import block_reads, clone_block, op_reads
from adjoint.transform.optimise import simplify_all

if TYPE_CHECKING:
    from adjoint.transform.adjoint import Cotangents, Reverse


@dataclass(frozen=True, slots=True)
class Split:
    """The two halves of a callee: `arguments` are the parameters of the callee that the reverse one reads."""

    forward: Function
    reverse: Function
    arguments: tuple[int, ...]
    residuals: tuple[Value, ...]


def reverse_call(mode: Reverse, op: Op, cot: Cotangents, builder: Builder) -> None:
    """Grow the forward call by residuals and append the call of the reverse function."""
    callee = mode.functions[op.attrs["callee"]]
    wrt = tuple(k for k, atom in enumerate(op.inputs) if isinstance(atom, Value) and atom in mode.varied)
    seeds = tuple(output in cot for output in op.outputs)
    halves = split_callee(mode, callee, wrt, seeds)
    residuals = tuple(Value(v.hint, v.type) for v in halves.residuals)
    mode.residuals.grown[op] = replace(
        op, outputs=(*op.outputs, *residuals), attrs={**op.attrs, "callee": halves.forward.name}
    )
    bars = [cot[output] for output, seeded in zip(op.outputs, seeds, strict=True) if seeded]
    inputs = (*(op.inputs[k] for k in halves.arguments), *residuals, *bars)
    types = [atom.type for atom in halves.reverse.results]
    gifts = builder.emit(CALL, inputs, {"callee": halves.reverse.name}, types=types)
    for k, gift in zip(wrt, gifts, strict=True):
        mode.accumulate(cot, builder, op.inputs[k], gift)


def split_callee(mode: Reverse, callee: Function, wrt: tuple[int, ...], seeds: tuple[bool, ...]) -> Split:
    key = (callee.name, wrt, seeds)
    if key in mode.split:
        return mode.split[key]
    joint = mode.differentiate(replace(callee, functions=mode.functions), wrt, seeds)
    joint = simplify_all(joint, late=len(joint.params) - len(callee.params))
    mode.functions.update(joint.functions)
    count, bars = len(callee.results), joint.params[len(callee.params) :]
    forward, reverse = sweeps(joint, count, len(bars))
    given = set(joint.params[: len(callee.params)])
    tail = Block((), reverse, joint.results[count:])
    reads = [v for v in block_reads(tail) if v not in bars]
    arguments = tuple(k for k, p in enumerate(joint.params[: len(callee.params)]) if p in reads)
    residuals = tuple(v for v in reads if v not in given)
    suffix = f"_{len(mode.split)}" if any(k[0] == callee.name for k in mode.split) else ""
    head = Block(joint.params[: len(callee.params)], forward, (*joint.results[:count], *residuals))
    params = (*(joint.params[k] for k in arguments), *residuals, *bars)
    halves = Split(
        _function(f"{callee.name}_forward{suffix}", head),
        _function(f"{callee.name}_reverse{suffix}", replace(tail, params=params)),
        arguments, residuals,
    )  # fmt: skip
    mode.functions[halves.forward.name] = halves.forward
    mode.functions[halves.reverse.name] = halves.reverse
    mode.split[key] = halves
    return halves


def _function(name: str, body: Block) -> Function:
    return Function(name, clone_block(body, {}))


def sweeps(fn: Function, results: int, bars: int) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
    """The forward and the reverse sweep of a joint program.

    To the first belongs what the first `results` results need, and whatever loops, branches or acts without
    knowing a cotangent.
    """
    tainted = set(fn.params[len(fn.params) - bars :]) if bars else set()
    free: list[Op] = []
    for op in fn.body.ops:
        if tainted.isdisjoint(op_reads(op)):
            free.append(op)
        else:
            tainted.update(op.outputs)
    needed: set[Atom] = {atom for atom in fn.results[:results] if isinstance(atom, Value)}
    forward: set[Op] = set()
    for op in reversed(free):
        if op.regions or op.primitive.effect or op.primitive is CALL or not needed.isdisjoint(op.outputs):
            forward.add(op)
            needed.update(op_reads(op))
    return _in_order(fn, forward, inside=True), _in_order(fn, forward, inside=False)


def _in_order(fn: Function, chosen: set[Op], *, inside: bool) -> tuple[Op, ...]:
    return tuple(op for op in fn.body.ops if (op in chosen) is inside)
