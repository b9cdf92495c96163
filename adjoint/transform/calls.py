"""The reverse of a call that is kept as a call.

The callee's joint program is cut in two: a forward function, which gives the results and whatever the
reverse sweep reads of the inside, and a reverse function, which takes that and the cotangents. Both are
made once for each pattern of activity (split mode of Griewank and Walther 2008, section 12.2).

What a function that calls itself hands over contains what its inner calls hand over, so it is one value, a
pack, whose parts only the two halves know. Their interface is thus settled before they are made, and the
inner calls can refer to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adjoint.analysis.partial import partial_values
from adjoint.ir.build import Builder
from adjoint.ir.core import CALL, UNDEFINED, Atom, Block, Function, Op, Value
from adjoint.ir.types import PACKED, ArrayType, Type
from adjoint.ir.walk import all_ops, block_reads, clone_block, op_reads
from adjoint.transform.cotangent import derivative_type
from adjoint.transform.handover import Halves, by_branch, in_order, pack, unpack
from adjoint.transform.inline import callee_of
from adjoint.transform.optimise import simplify_all

if TYPE_CHECKING:
    from adjoint.transform.adjoint import Cotangents, Reverse


@dataclass(frozen=True, slots=True)
class Split:
    """The two halves of a callee, by name: `arguments` are the parameters of the callee that the reverse one reads."""

    forward: str
    reverse: str
    arguments: tuple[int, ...]
    residuals: tuple[Value, ...]
    gifts: tuple[Type, ...]


Splits = dict[tuple[str, tuple[int, ...], tuple[bool, ...]], Split]
"""The halves of callees, for each set of parameters that vary and of results that have a cotangent."""


def reverse_call(mode: Reverse, op: Op, cot: Cotangents, builder: Builder) -> None:
    """Grow the forward call by residuals and append the call of the reverse function."""
    callee = callee_of(op, mode.functions)
    wrt = tuple(k for k, atom in enumerate(op.inputs) if isinstance(atom, Value) and atom in mode.varied)
    seeds = tuple(output in cot for output in op.outputs)
    if op.attrs.get("checkpoint"):
        call_again(mode, op, callee, wrt, seeds, cot, builder)
        return
    halves = split_callee(mode, callee, wrt, seeds)
    residuals = tuple(Value(v.hint, v.type, v.length) for v in halves.residuals)
    mode.residuals.grown[op] = replace(
        op, outputs=(*op.outputs, *residuals), attrs={**op.attrs, "callee": halves.forward}
    )
    bars = [cot[output] for output, seeded in zip(op.outputs, seeds, strict=True) if seeded]
    inputs = (*(op.inputs[k] for k in halves.arguments), *residuals, *bars)
    types = [_at_call(gift, op.inputs[k].type) for k, gift in zip(wrt, halves.gifts, strict=True)]
    gifts = builder.emit(CALL, inputs, {"callee": halves.reverse}, types=types)
    for k, gift in zip(wrt, gifts, strict=True):
        mode.accumulate(cot, builder, op.inputs[k], gift)


def call_again(
    mode: Reverse, op: Op, callee: Function, wrt: tuple[int, ...], seeds: tuple[bool, ...], cot: Cotangents,
    builder: Builder,
) -> None:  # fmt: skip
    """Append the call of a function that runs the callee once more and reverses it: nothing is handed over."""
    key = callee.name, wrt, seeds
    if key not in mode.again:
        joint = mode.differentiate(replace(callee, functions=mode.functions), wrt, seeds)
        mode.functions.update(joint.functions)
        name = base = f"{callee.name}_vjp"
        count = 1
        while name in mode.functions:
            count += 1
            name = f"{base}_{count}"
        body = joint.body
        _define(mode, name, replace(body, results=body.results[len(callee.results) :]))
        mode.again[key] = name
    reverse = mode.functions[mode.again[key]]
    bars = [cot[output] for output, seeded in zip(op.outputs, seeds, strict=True) if seeded]
    types = [_at_call(atom.type, op.inputs[k].type) for k, atom in zip(wrt, reverse.results, strict=True)]
    gifts = builder.emit(CALL, (*op.inputs, *bars), {"callee": reverse.name, "checkpoint": True}, types=types)
    for k, gift in zip(wrt, gifts, strict=True):
        mode.accumulate(cot, builder, op.inputs[k], gift)


def _at_call(gift: Type, argument: Type) -> Type:
    """The type of a cotangent that a call gives: its shape is that of the argument."""
    if isinstance(gift, ArrayType) and isinstance(argument, ArrayType):
        return replace(gift, shape=argument.shape)
    return gift


def split_callee(mode: Reverse, callee: Function, wrt: tuple[int, ...], seeds: tuple[bool, ...]) -> Split:
    key = (callee.name, wrt, seeds)
    if key not in mode.split:
        split = _split_recursive if calls_itself(callee.name, mode.functions) else _split_plain
        split(mode, callee, wrt, seeds)
    return mode.split[key]


def calls_itself(name: str, functions: Mapping[str, Function]) -> bool:
    """Whether a function may be reached from its own calls."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for op in all_ops(functions[waiting.pop()].body):
            callee: str = op.attrs.get("callee") or ""  # of a call or of a hook
            if callee == name:
                return True
            if callee in functions and callee not in seen:
                seen.add(callee)
                waiting.append(callee)
    return False


@dataclass(frozen=True, slots=True)
class Sweeps:
    """The joint program of a callee, cut; `reads` is what the reverse sweep reads of parameters and forward sweep."""

    params: tuple[Value, ...]
    forward: Block  # without parameters
    reverse: Block
    reads: tuple[Value, ...]
    bars: tuple[Value, ...]
    partial: set[Value]


def _joint(mode: Reverse, callee: Function, wrt: tuple[int, ...], seeds: tuple[bool, ...]) -> Sweeps:
    joint = mode.differentiate(replace(callee, functions=mode.functions), wrt, seeds)
    mode.functions.update(joint.functions)  # those that turn out not to be called are known as halves all the same
    joint = simplify_all(joint, late=len(joint.params) - len(callee.params))
    mode.functions.update(joint.functions)
    count = len(callee.results)
    params, bars = joint.params[: len(callee.params)], joint.params[len(callee.params) :]
    forward, reverse = sweeps(joint, count, len(bars))
    tail = Block((), reverse, joint.results[count:])
    reads = tuple(value for value in block_reads(tail) if value not in bars)
    return Sweeps(params, Block((), forward, joint.results[:count]), tail, reads, bars, partial_values(joint.body))


def _split_plain(mode: Reverse, callee: Function, wrt: tuple[int, ...], seeds: tuple[bool, ...]) -> None:
    """Halves that hand over one value for each that is read."""
    made = _joint(mode, callee, wrt, seeds)
    arguments = tuple(k for k, param in enumerate(made.params) if param in made.reads)
    residuals = tuple(value for value in made.reads if value not in made.params)
    names = _names(mode, callee)
    _define(mode, names[0], Block(made.params, made.forward.ops, (*made.forward.results, *residuals)))
    params = (*(made.params[k] for k in arguments), *residuals, *made.bars)
    _define(mode, names[1], replace(made.reverse, params=params))
    gifts = tuple(atom.type for atom in made.reverse.results)
    mode.split[(callee.name, wrt, seeds)] = Split(*names, arguments, residuals, gifts)


def _split_recursive(mode: Reverse, callee: Function, wrt: tuple[int, ...], seeds: tuple[bool, ...]) -> None:
    """Halves that hand over a pack. Until they are made, functions of their interface stand in for them."""
    names = _names(mode, callee)
    inner = Value("inner", PACKED)
    gifts = tuple(derivative_type(callee.params[k].type) for k in wrt)
    key = callee.name, wrt, seeds
    mode.split[key] = Split(*names, (), (inner,), gifts)
    bars = tuple(Value(None, derivative_type(a.type)) for a, s in zip(callee.results, seeds, strict=True) if s)
    _define(mode, names[0], replace(callee.body, results=(*callee.results, UNDEFINED)))
    _define(mode, names[1], Block((inner, *bars), (), (UNDEFINED,) * len(wrt)))
    made = _joint(mode, callee, wrt, seeds)
    whole = Value("residuals", PACKED)
    reads = in_order(made.forward.ops, made.reads)
    halves = by_branch(Halves(made.forward.ops, made.reverse.ops, reads), made.reverse.results, made.partial)
    head = Block(made.params, (*halves.forward, pack(halves.reads, whole)), (*made.forward.results, whole))
    _define(mode, names[0], head)
    taken = unpack(whole, halves.reads, made.partial)
    _define(mode, names[1], Block((whole, *made.bars), (taken, *halves.reverse), made.reverse.results))
    mode.split[key] = replace(mode.split[key], residuals=(Value("residuals", PACKED),))


def _names(mode: Reverse, callee: Function) -> tuple[str, str]:
    """Names for the halves that no function has yet: another derivative may have split the same callee."""
    suffix, count = "", 0
    while f"{callee.name}_forward{suffix}" in mode.functions:
        count += 1
        suffix = f"_{count}"
    return f"{callee.name}_forward{suffix}", f"{callee.name}_reverse{suffix}"


def _define(mode: Reverse, name: str, body: Block) -> None:
    mode.functions[name] = Function(name, clone_block(body, {}))


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
