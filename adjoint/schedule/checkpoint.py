"""Loops with a hint keep few states instead of the residuals of all trips, and run steps again to have them.

Each pair of a loop and its reverse (see `pairs`) is replaced by one that does what the hint says. Where a loop cannot
be run again (it consumes a stack, its residuals go elsewhere, an effect gave an object) all is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adjoint import runtime
from adjoint.ir.build import Builder
from adjoint.ir.core import Atom, Block, Function, Literal, Op, Primitive, Value
from adjoint.ir.hints import Probe
from adjoint.ir.schedules import Recursive, Revolve
from adjoint.ir.types import PY_INT, StackType
from adjoint.ir.walk import all_ops, map_functions, reading, substitute
from adjoint.rules.names import ADD
from adjoint.schedule.counted import counted
from adjoint.schedule.pairs import Pair, find_pair
from adjoint.schedule.rerun import ONE, Made, binomial, bisected
from adjoint.schedule.segmented import ISQRT, can_be_segmented, segmented
from adjoint.schedule.unbounded import Slots, unbounded
from adjoint.transform.dead_code import effectful_functions

HALVINGS = Primitive("halvings", runtime.halvings)


def checkpoint_loops(fn: Function) -> Function:
    """The same program with its loops as their hints say; no hint is left."""
    effectful = effectful_functions(fn)
    return map_functions(fn, lambda body: _Loops(effectful, stack_reads(body)).block(body))


class _Loops:
    def __init__(self, effectful: frozenset[str], reads: Mapping[Value, int]) -> None:
        self.effectful = effectful
        self.reads = reads

    def block(self, block: Block) -> Block:
        """Replace the pairs of a block, the first one first; then look into what is left."""
        at, untouched = 0, True
        while at < len(block.ops):
            op = block.ops[at]
            hint = op.attrs.get("schedule", "store")
            pair = find_pair(block, at, self.reads, self.effectful) if hint != "store" else None
            made = scheduled(pair, hint) if pair else None
            if pair and made:
                rest = tuple(made.reverse if o is pair.reverse else o for o in block.ops[at + 1 :])
                changed = substitute(Block((), rest, block.results), made.results)
                block = Block(block.params, (*block.ops[:at], *made.forward, *changed.ops), changed.results)
                at += len(made.forward)
                untouched = False
            else:
                at += 1
        ops = tuple(self.inside(op) for op in block.ops)
        return block if untouched and ops == block.ops else Block(block.params, ops, block.results)

    def inside(self, op: Op) -> Op:
        op = reading(op, op.inputs, tuple(self.block(region) for region in op.regions))
        if "schedule" not in op.attrs:
            return op
        return replace(op, attrs={name: item for name, item in op.attrs.items() if name != "schedule"})


def scheduled(pair: Pair, hint: Any) -> Made | None:
    """A pair as its hint says; None to keep it as it is."""
    if not pair.trip.wanted:
        return None
    if isinstance(hint, Probe):
        return probed(pair, hint.meter.new_loop())
    if not pair.is_counted:
        return unbounded(pair, slots_of(hint))
    if hint == "sqrt":
        return segmented(pair) if can_be_segmented(pair) else None
    if hint == "recompute" or hint == Revolve(1):
        return counted(pair, None)
    return counted(pair, bisected if isinstance(hint, Recursive) else binomial(Literal(hint.slots)))


def probed(pair: Pair, meter: Any) -> Made:
    """Revolve with as many snapshots as the meter says once it has seen the initial state."""
    pair = replace(pair, meter=meter)
    builder = Builder(pair.forward.span, pair.forward.sweep)
    ask = Primitive("slots", meter.slots, effect=True)
    (slots,) = builder.emit(ask, pair.trip.initial, types=(PY_INT,), hints=("slots",))
    made = counted(pair, binomial(slots)) if pair.is_counted else unbounded(pair, lambda inner, trips: slots)
    return replace(made, forward=[*builder.ops, *made.forward])


def slots_of(hint: Any) -> Slots | None:
    """How many snapshots a loop of unknown length may hold after some trips."""
    if hint == "recompute" or hint == Revolve(1):
        return None
    if isinstance(hint, Revolve):
        return lambda builder, trips: Literal(hint.slots)
    root = ISQRT if hint == "sqrt" else HALVINGS

    def slots(builder: Builder, trips: Atom) -> Atom:
        (half,) = builder.emit(root, (trips,), types=(PY_INT,))
        twice = builder.one(ADD, half, half)
        return builder.emit(ADD, (twice, ONE), types=(PY_INT,), hints=("slots",))[0]

    return slots




def has_stacks(body: Block) -> bool:
    """Whether a loop keeps anything for another one."""
    return any(op.attrs.get("produced") for op in all_ops(body))


def stack_reads(body: Block) -> Counter[Value]:
    """How often each stack is read, as an input or as a result of a block."""
    found: Counter[Value] = Counter()
    blocks = [body, *(region for op in all_ops(body) for region in op.regions)]
    for block in blocks:
        atoms = (*block.results, *(atom for op in block.ops for atom in op.inputs))
        found.update(atom for atom in atoms if isinstance(atom, Value) and isinstance(atom.type, StackType))
    return found
