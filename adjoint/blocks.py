"""Jacobians inside a program that is lowered: loops over the basis, written in the language that they are part of.

The last functions are never called: the frontend reads them as it reads a user's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adjoint.frontend.abstract import Partial, Static, atoms_of, make_tuple, rebuild
from adjoint.frontend.lower import Lowering
from adjoint.ir.core import Atom, Literal
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType, is_complex, is_inexact
from adjoint.linearize import has_effect, lower_linearize
from adjoint.nesting import Argnums, as_active, as_tuple, find_argument, lower_vjp


def lower_dense(
    low: Lowering, fun: Any, mode: str, argnums: Argnums, args: list[Any], kwargs: dict[str, Any], node: Any
) -> Any:
    """The Jacobian of a call, in the structure of its result and, inside, in that of its arguments."""
    if kwargs:
        low.refuse(node, "a Jacobian inside a program is called with keyword arguments", "give them by position")
    places = [find_argument(low, fun, which, args, {}, node) for which in as_tuple(argnums)]
    positions = [k for k in places if isinstance(k, int)]
    args = [as_active(low, value, k, node) if k in positions else value for k, value in enumerate(args)]
    inputs = [atom for k in positions for atom in atoms_of(args[k])]
    blocks = Blocks(low, node)
    if mode == "jacfwd":
        out, push = lower_linearize(low, fun, args, node, positions)
        rows = blocks.forward(push, args, inputs, out)
    else:
        start = len(low.builder.ops)
        out, pull, _ = lower_vjp(low, fun, args, False, node, positions)

        def again(bar: Any, where: Any) -> Any:
            """The pullback with a forward sweep of its own, so that the loop around it can be differentiated."""
            return lower_vjp(low, fun, args, False, where, positions)[1].call([bar], {}, where)

        once = any(has_effect(op, low.functions) for op in low.builder.ops[start:])
        pulled = (lambda bar, where: pull.call([bar], {}, where)) if once else again
        rows = blocks.reverse(pulled, positions, inputs, out)

    def row(atom_blocks: list[Any]) -> Any:
        found = iter(atom_blocks)
        parts = [rebuild(args[k], found) for k in positions]
        return make_tuple(parts) if isinstance(argnums, tuple) else parts[0]

    return _grafted(out, iter([row(found) for found in rows]))


def _grafted(tree: Any, parts: Iterator[Any]) -> Any:
    """A tree with other trees in the places of its atoms."""
    if isinstance(tree, Tree):
        return Tree(tree.kind, tree.cls, tree.keys, tuple(_grafted(child, parts) for child in tree.children))
    return tree if isinstance(tree, Static) else next(parts)


class Blocks:
    """Tables of derivatives, a row for each number of one side, and their parts in the right shapes."""

    def __init__(self, low: Lowering, node: Any) -> None:
        self.low = low
        self.node = node

    def forward(self, push: Partial, args: list[Any], inputs: list[Atom], out: Any) -> list[list[Any]]:
        outs = list(atoms_of(out))

        def along(which: int) -> Partial:
            def call(given: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
                unit = self.shaped(given[0], inputs[which])
                atoms = (unit if a is inputs[which] else self.zero(a) for v in args for a in atoms_of(v))
                tangents = [rebuild(v, atoms) for v in args]
                return self.flat(push.call([make_tuple(tangents)], {}, node))

            return Partial(call, push.name)

        tables = [self.table(along(k), x, outs) for k, x in enumerate(inputs)]
        return [
            [self.block(_turned_block, table, outs, k, y, x) for table, x in zip(tables, inputs, strict=True)]
            for k, y in enumerate(outs)
        ]

    def reverse(
        self, pull: Callable[[Any, Any], Any], positions: list[int], inputs: list[Atom], out: Any
    ) -> list[list[Any]]:
        outs = list(atoms_of(out))

        def along(which: int) -> Partial:
            def call(given: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
                unit = self.shaped(given[0], outs[which])
                bars = iter([unit if k == which else self.zero(y) for k, y in enumerate(outs)])
                found = pull(rebuild(out, bars), node)
                return self.flat(make_tuple(found.children[k] for k in positions))

            return Partial(call, "pullback")

        tables = [self.table(along(k), y, inputs) for k, y in enumerate(outs)]
        return [
            [self.block(_block, table, inputs, k, y, x) for k, x in enumerate(inputs)]
            for table, y in zip(tables, outs, strict=True)
        ]

    def table(self, along: Partial, basis: Atom, others: list[Atom]) -> Any:
        width = self.place(others, len(others))
        numbers = [x.type for x in (basis, *others) if isinstance(x.type, ArrayType) and is_inexact(x.type)]
        dtype = Static(np.result_type(*(n.dtype or "float64" for n in numbers)) if numbers else np.dtype(float))
        own = Static(np.dtype(complex if is_complex(basis.type) else float))
        return self.call(_number_table if is_number(basis) else _table, along, basis, width, dtype, own)

    def block(self, fun: Any, table: Any, atoms: list[Atom], k: int, first: Atom, second: Atom) -> Any:
        return self.shaped(self.call(fun, table, self.place(atoms, k), self.place(atoms, k + 1)), first, second)

    def shaped(self, value: Any, *atoms: Atom) -> Any:
        """A value in the shapes of atoms, one after the other."""
        if all(map(is_number, (value, *atoms))):
            return value
        parts = [self.shape(atom) for atom in atoms]
        shape = parts[0]
        for part in parts[1:]:
            shape = self.low.operation(operator.add, (shape, part), self.node)
        return self.low.apply(np.reshape, [value, shape], {}, self.node)

    def shape(self, atom: Atom) -> Any:
        known = getattr(atom.type, "shape", None)
        if known is None:
            return self.low.apply(np.shape, [atom], {}, self.node)
        return make_tuple(self.low.dim(atom, axis, self.node) for axis in range(len(known)))

    def place(self, atoms: list[Atom], count: int) -> Any:
        """How many numbers the first atoms have."""
        total: Any = Literal(0)
        for atom in atoms[:count]:
            size = self.low.apply(np.size, [atom], {}, self.node)
            total = self.low.operation(operator.add, (total, size), self.node)
        return total

    def flat(self, tree: Any) -> Any:
        parts = [self.low.apply(np.ravel, [atom], {}, self.node) for atom in atoms_of(tree)]
        return parts[0] if len(parts) == 1 else self.low.apply(np.concatenate, [make_tuple(parts)], {}, self.node)

    def zero(self, atom: Atom) -> Any:
        if is_number(atom):
            return Literal(0.0)
        return self.low.apply(np.zeros_like, [atom], {}, self.node)

    def call(self, fun: Any, *args: Any) -> Any:
        return self.low.call(Static(fun), list(args), {}, self.node)


def is_number(value: Any) -> bool:
    return isinstance(value.type, ArrayType) and value.type.shape == ()


def _table(along: Any, basis: Any, width: Any, dtype: Any, own: Any) -> Any:
    count = np.size(basis)
    table = np.zeros((count, width), dtype)
    for k in range(count):
        unit = np.zeros(count, own)
        unit[k] = 1.0
        table[k] = along(unit)
    return table


def _number_table(along: Any, basis: Any, width: Any, dtype: Any, own: Any) -> Any:
    return np.reshape(along(1.0), (1, width))


def _block(table: Any, start: Any, stop: Any) -> Any:
    return table[:, start:stop]


def _turned_block(table: Any, start: Any, stop: Any) -> Any:
    return np.transpose(table[:, start:stop])
