"""The text of lists: literals, comprehensions, and changes in place as statements."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from adjoint.codegen import text
from adjoint.codegen.constants import Constants, dtype_node
from adjoint.ir.core import Atom, Block, Literal, Op, Primitive
from adjoint.ir.types import ArrayType, ListType
from adjoint.ir.walk import op_reads
from adjoint.rules import list_arrays, lists

POP = Primitive("pop")
"""Take an item out of a list: gives the rest, which is the same list, and the item. Inputs: the list and the place."""

TAKES_OUT = (lists.list_drop, lists.list_delete)

PYTHON = ("float64", "complex128")
"""The numbers that `tolist` makes Python numbers of and loses nothing."""

FUNCTIONS = {
    list_arrays.list_array: "np.array", list_arrays.list_stack: "np.stack",
    list_arrays.list_concatenate: "np.concatenate", list_arrays.list_vstack: "np.vstack",
    list_arrays.list_hstack: "np.hstack", list_arrays.list_column_stack: "np.column_stack",
    list_arrays.list_sum: "np.sum", list_arrays.list_mean: "np.mean", lists.list_total: "sum", lists.list_length: "len",
}  # fmt: skip


# ---- taking an item and reading it at once


def pop_items(block: Block) -> Block:
    """A read of an item that is then taken out in place becomes one op: `x = items.pop()`."""
    ops = [replace(op, regions=tuple(map(pop_items, op.regions))) if op.regions else op for op in block.ops]
    for op in [op for op in ops if op.primitive.fun in TAKES_OUT and op.attrs.get("inplace")]:
        read = _read_before(op, ops)
        if read is not None:
            made = replace(op, primitive=POP, outputs=(*op.outputs, *read.outputs))
            late = _can_wait(read, ops[ops.index(read) + 1 : ops.index(op)])
            ops[ops.index(op if late else read)] = made
            ops.remove(read if late else op)
    return block if tuple(ops) == block.ops else replace(block, ops=tuple(ops))


def _read_before(op: Op, ops: list[Op]) -> Op | None:
    """The read of the item that `op` takes out, if both can happen at once, at the place of either."""
    at = ops.index(op)
    place = Literal(-1) if op.primitive.fun is lists.list_drop else op.inputs[1]
    for k in range(at - 1, -1, -1):
        read, between = ops[k], ops[k + 1 : at]
        is_it = read.primitive.fun is lists.list_get and read.inputs[0] is op.inputs[0]
        if is_it and _is_same(read.inputs[1], place):
            return read if _can_wait(read, between) or _sees_no_list(between) else None
    return None


def _is_same(a: Atom, b: Atom) -> bool:
    if isinstance(a, Literal) and isinstance(b, Literal):
        return type(a.value) is type(b.value) is int and a.value == b.value
    return a is b


def _can_wait(read: Op, between: list[Op]) -> bool:
    return all(read.outputs[0] not in op_reads(op) for op in between)


def _sees_no_list(between: list[Op]) -> bool:
    return not any(isinstance(value.type, ListType) for op in between for value in op_reads(op))


# ---- expressions


class ListExpressions:
    """The expressions of lists, a part of those of a function."""

    constants: Constants

    def atom(self, atom: Atom) -> Any:
        raise NotImplementedError

    def atoms(self, op: Op) -> list[Any]:
        return [self.atom(atom) for atom in op.inputs]

    def list_helper(self, op: Op, keywords: list[tuple[str, Any]] | None = None) -> Any:
        return text.call(self.constants.reference(op.primitive.fun), self.atoms(op), keywords)

    def list_of(self, op: Op) -> Any:
        return text.sequence(self.atoms(op), list)

    def list_item(self, op: Op) -> Any:
        return text.subscript(*self.atoms(op))

    def list_slice(self, op: Op) -> Any:
        return text.subscript(self.atom(op.inputs[0]), slice_node(op.inputs[1:], self.atom))

    def list_reverse(self, op: Op) -> Any:
        return text.subscript(self.atom(op.inputs[0]), ast.Slice(None, None, text.number(-1)))

    def list_concat(self, op: Op) -> Any:
        return text.binary(self.atom(op.inputs[0]), ast.Add(), self.atom(op.inputs[1]))

    def list_fill(self, op: Op) -> Any:
        return text.binary(text.sequence([self.atom(op.inputs[0])], list), ast.Mult(), self.atom(op.inputs[1]))

    def list_append(self, op: Op) -> Any:
        items, x = self.atoms(op)
        return text.sequence([ast.Starred(items, ast.Load()), x], list)

    def list_drop(self, op: Op) -> Any:
        return text.subscript(self.atom(op.inputs[0]), ast.Slice(None, text.number(-1), None))

    def list_zeros(self, op: Op) -> Any:
        element = item_type(op.inputs[0])
        if not isinstance(element, ArrayType) or element.kind != "array" or element.dtype is None:
            return self.list_helper(op)
        kind = [] if element.dtype == "float64" else [dtype_node(np.dtype(element.dtype))]
        zeros = text.call(text.dotted("np.zeros"), [text.attribute(text.name("item"), "shape"), *kind])
        return comprehension(zeros, ["item"], [self.atom(op.inputs[0])])

    def list_sums(self, op: Op) -> Any:
        if isinstance(item_type(op.outputs[0]), ListType):
            return self.list_helper(op)
        return sums(*self.atoms(op))

    def list_cast(self, op: Op) -> Any:
        old, new = item_type(op.inputs[0]), item_type(op.outputs[0])
        dtype = np.dtype(op.attrs["dtype"])
        plain = isinstance(old, ArrayType) and isinstance(new, ArrayType) and old.kind == new.kind == "array"
        if not plain or old.dtype is None or (old.dtype.startswith("complex") and dtype.kind != "c"):
            return self.list_helper(op, [("dtype", text.constant(dtype.name))])
        made = text.call(text.attribute(text.name("item"), "astype"), [dtype_node(dtype)])
        return comprehension(made, ["item"], [self.atom(op.inputs[0])])

    def list_rows(self, op: Op) -> Any:
        source, depth = op.inputs[0], op.attrs.get("depth", 1)
        type_ = source.type
        if isinstance(type_, ArrayType) and type_.kind == "array" and type_.ndim == depth and type_.dtype in PYTHON:
            return text.call(text.attribute(self.atom(source), "tolist"), [])
        if depth == 1:
            return text.call(text.name("list"), [self.atom(source)])
        return self.list_helper(op, [("depth", text.number(depth))])

    LISTS: ClassVar[dict[Any, Callable[[Any, Op], Any]]] = {
        lists.list_of: list_of, lists.list_fill: list_fill, lists.list_get: list_item, lists.list_slice: list_slice,
        lists.list_reverse: list_reverse, lists.list_append: list_append, lists.list_drop: list_drop,
        lists.list_concat: list_concat, lists.list_zeros: list_zeros, lists.list_add: list_sums,
        lists.list_cast: list_cast, list_arrays.list_rows: list_rows,
    }  # fmt: skip
    """By the function that a primitive stands for."""


def item_type(items: Atom) -> Any:
    return items.type.element if isinstance(items.type, ListType) else None


def is_number(type_: Any) -> bool:
    return isinstance(type_, ArrayType) and type_.shape == ()


def slice_node(atoms: tuple[Atom, ...], expr: Callable[[Atom], Any]) -> Any:
    parts = [None if isinstance(a, Literal) and a.value is None else expr(a) for a in atoms]
    return ast.Slice(*parts, *(None,) * (3 - len(parts)))


def comprehension(element: Any, names: list[str], sources: list[Any]) -> Any:
    target = text.name(names[0]) if len(names) == 1 else text.sequence([text.name(name) for name in names])
    source = sources[0] if len(sources) == 1 else text.call(text.name("zip"), sources)
    return ast.ListComp(element, [ast.comprehension(target, source, [], 0)])


def sums(a: Any, b: Any) -> Any:
    """The text `[p + q for p, q in zip(a, b)]`."""
    return comprehension(text.binary(text.name("p"), ast.Add(), text.name("q")), ["p", "q"], [a, b])


# ---- statements


class ListStatements:
    """Changes of a list in place."""

    def __init__(self, expr: Callable[[Atom], Any], constants: Constants) -> None:
        self.expr = expr
        self.constants = constants

    def pop(self, op: Op) -> Any:
        return self.method(op, "pop", op.inputs[1:])

    def method(self, op: Op, name: str, args: tuple[Atom, ...] = ()) -> Any:
        return text.call(text.attribute(self.expr(op.inputs[0]), name), [self.expr(arg) for arg in args])

    def statement(self, op: Op) -> Any:
        fun, (items, *rest) = op.primitive.fun, op.inputs
        if fun is lists.list_append:
            return text.statement(self.method(op, "append", (rest[0],)))
        if fun is lists.list_drop:
            return text.statement(self.method(op, "pop"))
        if fun is lists.list_concat:
            return text.statement(self.method(op, "extend", (rest[0],)))
        if fun is lists.list_insert:
            return text.statement(self.method(op, "insert", tuple(rest)))
        if fun is lists.list_delete:
            return ast.Delete([self.place(items, rest[0])])
        if fun is lists.list_set:
            return text.assign([self.place(items, rest[0])], self.expr(rest[1]))
        if fun is lists.list_add_at:
            return text.assign([self.place(items, rest[1])], self.total(op, self.place(items, rest[1]), rest[0]))
        index = slice_node(tuple(rest[1:]), self.expr)
        part = text.subscript(self.expr(items), index)
        nested = isinstance(item_type(items), ListType)
        added = self.nested_sum(part, rest[0]) if nested else sums(part, self.expr(rest[0]))
        return text.assign([part], added)

    def place(self, items: Atom, i: Atom) -> Any:
        return text.subscript(self.expr(items), self.expr(i))

    def total(self, op: Op, place: Any, value: Atom) -> Any:
        if isinstance(value.type, ListType):
            return self.nested_sum(place, value)
        return text.binary(place, ast.Add(), self.expr(value))

    def nested_sum(self, place: Any, value: Atom) -> Any:
        return text.call(self.constants.reference(lists.list_add), [place, self.expr(value)])
