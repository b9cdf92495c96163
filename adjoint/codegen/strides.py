"""Which arrays certainly lie row by row in memory, as those that NumPy allocates for `out=` do.

An elementwise result of NumPy lies as its operands do (order "K"). How an array lies shows in the last bit of its sums,
so one that may lie otherwise (an argument in Fortran order, a transpose, what is computed from them) is not computed
into memory of ours. An array with one axis always lies so. A window that basic indices cut out counts: what
is computed from it lies row by row.
"""

from __future__ import annotations

import operator

import numpy as np

from adjoint.codegen.into import goes_by_element
from adjoint.codegen.storage import is_basic, is_update
from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Literal, Op, Value, for_parts, while_parts
from adjoint.ir.types import ArrayType, StackType
from adjoint.rules import internal

NEW = frozenset({np.copy, np.zeros, np.ones, np.empty, np.outer, operator.matmul, np.matmul})
"""What makes new arrays that lie row by row, if it is not told otherwise."""
LIKE = frozenset({np.zeros_like, np.ones_like, internal.broadcast_like})
"""What lies as its first operand does."""


def lying_otherwise(body: Block) -> set[Value]:
    """The arrays of a program that may not lie row by row."""
    walk = _Walk()
    walk.add(*body.params)
    found = -1
    while found != len(walk.values):  # what loops carry may come to lie otherwise in their bodies
        found = len(walk.values)
        walk.block(body)
    return walk.values


class _Walk:
    def __init__(self) -> None:
        self.values: set[Value] = set()
        self.pushed: dict[Value, tuple[Atom, ...]] = {}  # what a stack holds

    def add(self, *values: Value) -> None:
        self.values.update(value for value in values if _has_axes(value))

    def is_other(self, atom: Atom) -> bool:
        return atom in self.values or (isinstance(atom, Literal) and isinstance(atom.value, np.ndarray))

    def block(self, block: Block) -> None:
        for op in block.ops:
            if op.primitive is FOR or op.primitive is WHILE:
                self.loop(op)
            elif op.primitive is IF:
                for region in op.regions:
                    self.block(region)
                for out, *given in zip(op.outputs, *(region.results for region in op.regions), strict=True):
                    self.enter(out, *given)
            elif not self.lies_right(op):
                self.add(*op.outputs)

    def enter(self, value: Value, *given: Atom) -> None:
        if any(map(self.is_other, given)):
            self.add(value)

    def loop(self, op: Op) -> None:
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        for group in zip(parts.carried, parts.final, parts.initial, parts.following, strict=True):
            self.enter(group[0], *group[2:])
            self.enter(group[1], *group[2:])
        if op.primitive is FOR:
            loop = for_parts(op)
            given = [atom for stack in loop.stacks for atom in self.held(stack)]
            for element, atom in zip(loop.elements, given, strict=True):
                if atom is None or self.is_other(atom):
                    self.add(element)
                elif isinstance(atom, Value) and atom in self.pushed:
                    self.pushed[element] = self.pushed[atom]
        else:
            for param, mine in zip(op.regions[0].params, parts.carried, strict=True):
                self.enter(param, mine)
        at = 0
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            self.pushed[stack] = parts.pushed[at : at + size]
            at += size
        for region in op.regions:
            self.block(region)

    def held(self, stack: Atom) -> tuple[Atom | None, ...]:
        """What was pushed, for each element of a stack; None for what came another way."""
        assert isinstance(stack, Value)
        assert isinstance(stack.type, StackType)
        return self.pushed.get(stack, (None,) * len(stack.type.elements))

    def lies_right(self, op: Op) -> bool:
        """Whether the result of a plain op lies row by row."""
        fun = op.primitive.fun
        if is_update(op.primitive) or fun in LIKE:
            return not self.is_other(op.inputs[0])
        if fun in NEW:
            return "order" not in op.attrs
        if fun is operator.getitem:
            return is_basic(op.attrs["index"], op.inputs) and not self.is_other(op.inputs[0])
        return goes_by_element(op) and not any(map(self.is_other, op.inputs))


def _has_axes(value: Value) -> bool:
    """Whether a value may be an array of several axes."""
    return isinstance(value.type, ArrayType) and (value.type.ndim is None or value.type.ndim > 1)
