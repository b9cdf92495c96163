"""Straight-line code as a chain: what each op of its forward sweep reads and gives, and what the reverse sweep needs.

The forward sweep of a block ends where its first op of a reverse sweep stands. Loops, branches and calls are
single steps. A window on an array (a transpose, a slice) takes no memory and holds the array.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import prod

import numpy as np

from adjoint.ir.bounds import length_at_hand
from adjoint.ir.core import UNPACK, Atom, Block, Op, Value
from adjoint.ir.types import ArrayType, Type
from adjoint.ir.walk import clone_block, op_reads, substitute_op
from adjoint.schedule.chain import Chain, Reruns, Step
from adjoint.schedule.cheap import is_free
from adjoint.schedule.pairs import has_effect

LENGTH = 64
"""What an axis counts whose length is not known before the program runs."""


class Line:
    """The two sweeps of a block."""

    def __init__(self, block: Block, effectful: frozenset[str]) -> None:
        self.block = block
        end = next((k for k, op in enumerate(block.ops) if op.sweep == "adjoint"), len(block.ops))
        self.forward, self.reverse = block.ops[:end], block.ops[end:]
        self.values = [out for op in self.forward for out in op.outputs]
        self.number = {value: k for k, value in enumerate(self.values)}
        given = set(block.results)  # what the block hands on must be what the forward sweep computed
        self.repeatable = [is_repeatable(op, effectful) and given.isdisjoint(op.outputs) for op in self.forward]
        self.holds = {out: op.inputs[0] for op in block.ops if is_window(op) for out in op.outputs}

    @cached_property
    def estimate(self) -> Chain:
        """The chain as far as types and the arguments at hand tell."""
        sizes = {out: estimated(out) for op in self.block.ops for out in op.outputs}
        return self.chain(sizes, [1.0 + sum(sizes[out] for out in op.outputs) for op in self.forward])

    def chain(self, sizes: Mapping[Value, int], times: Sequence[float], besides: Sequence[int] = ()) -> Chain:
        """The chain with these sizes, these times of the ops of the forward sweep, and what each op takes besides."""
        own = {value: 0 if value in self.holds else size for value, size in sizes.items()}
        extra = besides or (0,) * len(self.block.ops)
        steps = tuple(
            Step(self.numbers(op_reads(op)), tuple(self.number[out] for out in op.outputs), time, repeatable, working)
            for op, time, repeatable, working in zip(self.forward, times, self.repeatable, extra, strict=False)
        )
        needs = (*(self.numbers(op_reads(op)) for op in self.reverse), self.numbers(self.block.results))
        working = (held + more for held, more in zip(self.working(own), (*extra[len(steps) :], 0), strict=True))
        return Chain(tuple(own.get(value, 0) for value in self.values), steps, needs, tuple(working))

    def numbers(self, atoms: Iterable[Atom]) -> tuple[int, ...]:
        """The values of the forward sweep among these, and what they are windows on."""
        return tuple(self.number[value] for value in self.held(atoms) if value in self.number)

    def held(self, atoms: Iterable[Atom]) -> dict[Value, None]:
        """These values, and what they are windows on."""
        found: dict[Value, None] = {}
        for atom in atoms:
            value: Atom | None = atom
            while isinstance(value, Value):
                found[value] = None
                value = self.holds.get(value)
        return found

    def working(self, sizes: Mapping[Value, int]) -> tuple[int, ...]:
        """The bytes of what the reverse sweep makes, at each of its ops and at the end."""
        made = {out: k for k, op in enumerate(self.reverse) for out in op.outputs}
        last = dict(made)
        for k, atoms in enumerate((*map(op_reads, self.reverse), self.block.results)):
            last.update((value, k) for value in self.held(atoms) if value in made)
        changes = [0] * (len(self.reverse) + 2)
        for value, start in made.items():
            changes[start] += sizes.get(value, 0)
            changes[last[value] + 1] -= sizes.get(value, 0)
        total, found = 0, []
        for change in changes[:-1]:
            total += change
            found.append(total)
        return tuple(found)

    def accepts(self, reruns: Reruns) -> bool:
        """Whether a plan is one of these sweeps: other arguments may have given other ops."""
        known = all(k < len(self.forward) and self.repeatable[k] for group in reruns for k in group)
        return known and len(reruns) == len(self.reverse) + 1

    def rerun(self, reruns: Reruns) -> Block:
        """The block in which steps run again in the reverse sweep; whoever reads their values then reads the latest."""
        table: dict[Value, Atom] = {}
        ops = list(self.forward)
        for op, group in zip((*self.reverse, None), reruns, strict=True):
            for k in group:
                (copy,) = clone_block(Block((), (self.forward[k],), ()), table).ops
                ops.append(copy if copy.regions else _of_reverse_sweep(copy))
            if op is not None:
                ops.append(substitute_op(op, table))
        return Block(self.block.params, tuple(ops), self.block.results)


def _of_reverse_sweep(op: Op) -> Op:
    return Op(op.primitive, op.inputs, op.outputs, op.attrs, op.regions, op.span, "adjoint")


def is_window(op: Op) -> bool:
    """Whether the result of an op shares the memory of its first input."""
    if not op.inputs or not (op.primitive.view or is_free(op)):
        return False
    return is_numeric(op.outputs[0]) and not is_number(op.outputs[0].type)


def is_repeatable(op: Op, effectful: frozenset[str]) -> bool:
    """Whether an op may run a second time, and need not be kept: it has no effect, and gives arrays."""
    if op.primitive is UNPACK or has_effect(op, effectful):
        return False
    return all(map(is_numeric, op.outputs)) and not all(is_number(out.type) for out in op.outputs)


def is_numeric(value: Value) -> bool:
    """Whether a value is an array or a number."""
    return isinstance(value.type, ArrayType)


def is_number(type_: Type) -> bool:
    return isinstance(type_, ArrayType) and type_.shape == ()


def estimated(value: Value) -> int:
    """Bytes, by the lengths of the arguments at hand."""
    if not isinstance(value.type, ArrayType) or is_number(value.type):
        return 0
    lengths = (length_at_hand(dim) or LENGTH for dim in value.type.shape) if value.type.shape else (LENGTH,)
    return np.dtype(value.type.dtype or "float64").itemsize * prod(lengths)
