"""Blocks to statements: assignments, in-place stores, loops, branches, calls, stacks as lists."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.analysis.distinct import names_no_place_twice
from adjoint.analysis.partial import partial_values
from adjoint.codegen import text
from adjoint.codegen.constants import Constants
from adjoint.codegen.decisions import FRESH
from adjoint.codegen.expression import Expressions, is_whole, written
from adjoint.codegen.fold import Folding, is_inplace
from adjoint.codegen.frees import deletions
from adjoint.codegen.into import INTO, function_into, operands_into
from adjoint.codegen.lines import Lines
from adjoint.codegen.lists import POP, ListStatements, is_number, item_type
from adjoint.codegen.loops import Loops
from adjoint.codegen.order import same_place
from adjoint.codegen.stacks import Stacks
from adjoint.codegen.storage import LIST_UPDATES, is_basic
from adjoint.ir.core import (
    CALL,
    FOR,
    IF,
    OPAQUE,
    PACK,
    RAISE,
    UNPACK,
    WHILE,
    Atom,
    Block,
    Function,
    Literal,
    Op,
    Slot,
    Undefined,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import all_ops
from adjoint.rules import internal
from adjoint.rules.internal import zeros_if
from adjoint.rules.lists import list_add_at, list_append, list_zeros_if
from adjoint.schedule.snapshots import KEEP, REPORTS, TAKE, THIN

READING = (CALL, OPAQUE, PACK, FRESH, KEEP)
READING_FUNCTIONS = (list_append, zeros_if, list_zeros_if)
"""Ops whose operands may be undefined where they are executed."""

AUGMENTED: dict[Any, Any] = {
    operator.add: ast.Add, np.add: ast.Add, operator.sub: ast.Sub, np.subtract: ast.Sub,
    operator.mul: ast.Mult, np.multiply: ast.Mult, operator.truediv: ast.Div, np.divide: ast.Div,
}  # fmt: skip


OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv)
COMMUTATIVE = (np.add, np.multiply, operator.add, operator.mul)


class Statements(Loops):
    """The lines of one function."""

    def __init__(self, fn: Function, names: Mapping[Value, str], folding: Folding, constants: Constants) -> None:
        self.names = names
        self.unused = folding.unused(names)
        self.folding = folding
        self.constants = constants
        self.expressions = Expressions(names, folding, constants)
        self.list_statements = ListStatements(self.expressions.atom, constants)
        self.stacks = Stacks(fn)
        self.exposed = _exposed(fn, names)
        self.deletions = deletions(fn, folding, names)
        self.lines = Lines()

    # ---- small things

    def expr(self, atom: Atom) -> Any:
        return self.expressions.atom(atom)

    def source(self, atom: Atom) -> str:
        return text.pretty_source(self.expr(atom))

    def name_of(self, atom: Atom) -> str | None:
        """The variable that an atom is, if it is one."""
        return None if isinstance(atom, Literal) or self.folding.inner(atom) else self.names[atom]

    def is_read(self, value: Value) -> bool:
        return self.folding.reads.get(value, 0) > 0

    def add(self, node: Any, op: Op) -> None:
        self.lines.add(text.pretty_source(node), op.span, op.sweep)

    def copies(self, targets: Sequence[Value], sources: Sequence[Atom], op: Op, *, undefined: bool = False) -> None:
        """Assign all at once; in sequence where the order allows it."""
        pending: list[tuple[str, Atom, set[str]]] = []
        for target, source in zip(targets, sources, strict=True):
            if isinstance(source, Literal) and isinstance(source.value, Undefined):
                if not (undefined or self.names[target] in self.exposed):
                    continue
            elif self.name_of(source) == self.names[target]:
                continue
            reads = {self.names[value] for value in self.folding.variables((source,))}
            pending.append((self.names[target], source, reads))
        while pending:
            ready = next(
                (k for k, (name, _, _) in enumerate(pending)
                 if not any(name in reads for other, (_, _, reads) in enumerate(pending) if other != k)),
                None,
            )  # fmt: skip
            if ready is None:
                left = text.sequence([text.name(name) for name, _, _ in pending])
                right = text.sequence([self.expr(source) for _, source, _ in pending])
                self.add(text.assign([left], right), op)
                return
            name, source, _ = pending.pop(ready)
            self.add(text.assign([text.name(name)], self.expr(source)), op)

    # ---- blocks and plain ops

    def block(self, block: Block) -> None:
        for op in block.ops:
            if op.primitive is IF:
                self.branch(op)
            elif op.primitive is FOR:
                self.loop(op)
            elif op.primitive is WHILE:
                self.while_loop(op)
            elif op.primitive is RAISE:
                self.raise_(op)
            elif is_inplace(op):
                self.inplace(op)
            else:
                self.plain(op)
            if op in self.deletions:
                self.add(ast.Delete([text.name(name) for name in self.deletions[op]]), op)

    def plain(self, op: Op) -> None:
        if len(op.outputs) == 1 and op.outputs[0] in self.folding.folded:
            return
        used = any(map(self.is_read, op.outputs))
        if not used and not (op.primitive.effect or op.primitive is CALL):
            return
        node = self.expressions.op(op)
        if used:
            targets = [text.name(self.names[out] if self.is_read(out) else self.unused) for out in op.outputs]
            node = text.assign([text.sequence(targets)] if op.primitive is UNPACK else targets, node)
        else:
            node = text.statement(node)
        self.add(node, op)

    def raise_(self, op: Op) -> None:
        exception = self.constants.reference(op.attrs["exception"])
        args = [self.expressions.item(arg, op) for arg in op.attrs.get("args", ())]
        node = text.call(exception, args) if isinstance(op.attrs["exception"], type) else exception
        self.add(ast.Raise(node, None), op)

    def inplace(self, op: Op) -> None:
        if op.primitive is INTO:
            self.into(op)
            return
        target, out = op.inputs[0], op.outputs[0]
        if op.primitive is POP:
            self.pop(op)
        elif op.primitive in (KEEP, TAKE, THIN):
            self.snapshot(op)
        elif op.primitive.fun is list_add_at and is_number(item_type(target)):
            self.augment(text.subscript(self.expr(target), self.expr(op.inputs[2])), ast.Add, op.inputs[1], op)
        elif op.primitive.fun in LIST_UPDATES:
            self.add(self.list_statements.statement(op), op)
        elif op.primitive.fun in (internal.update, internal.update_view):
            self.store(op)
        elif op.primitive.fun is internal.add_at:
            self.add_at(op)
        else:
            self.augment(self.expr(target), AUGMENTED[op.primitive.fun], op.inputs[1], op)
        if self.is_read(out) and self.names[out] != self.names[target]:  # type: ignore[index]  # what is overwritten is a variable
            self.add(text.assign([text.name(self.names[out])], self.expr(target)), op)

    def into(self, op: Op) -> None:
        """`np.multiply(a, b, out=t)`; `t *= b` where it is an operand too, and `t[:] = a` for a copy."""
        target, *operands = op.inputs
        fun = op.attrs["fun"]
        if fun in COMMUTATIVE and operands[1] is target:
            operands.reverse()
        if fun is np.copyto:
            self.add(text.assign([text.subscript(self.expr(target), ast.Slice())], self.expr(operands[0])), op)
        elif fun in AUGMENTED and operands[0] is target:
            self.augment(self.expr(target), AUGMENTED[fun], operands[1], op)
        else:
            self.add(text.statement(self.call_into(fun, operands, self.expr(target))), op)

    def call_into(self, fun: Any, operands: Sequence[Atom], target: Any) -> Any:
        return text.call(self.constants.reference(fun), [self.expr(atom) for atom in operands], [("out", target)])

    def pop(self, op: Op) -> None:
        """Take an item out: `x = items.pop()`."""
        node = self.list_statements.pop(op)
        item = op.outputs[1]
        self.add(text.assign([text.name(self.names[item])], node) if self.is_read(item) else text.statement(node), op)

    def snapshot(self, op: Op) -> None:
        """`snapshots.append((t, u))`, `t, u = snapshots.pop()` or `due = thin(snapshots, 20)`."""
        held, *values = op.inputs
        if op.primitive is KEEP:
            item = text.sequence([self.expr(value) for value in values]) if len(values) > 1 else self.expr(values[0])
            self.add(text.statement(text.call(text.attribute(self.expr(held), "append"), [item])), op)
            return
        node = text.call(text.attribute(self.expr(held), "pop"), [])
        if op.primitive is THIN:
            node = text.call(self.constants.reference(op.primitive.fun), [self.expr(atom) for atom in op.inputs])
        self.add(text.assign([self.element_target(op.outputs[1:])], node), op)

    def store(self, op: Op) -> None:
        """`x[i] = v`, or `x[i] += v` where the value is the old one plus something."""
        made, place = self.folding.inner(op.inputs[1]), self.place(op)
        change = self.change_of_old(made, op) if made else None
        if made and "into" in op.attrs:
            self.add(text.statement(self.call_into(function_into(made), operands_into(made), place)), op)
        elif made and change is not None:
            self.augment(place, AUGMENTED[made.primitive.fun], change, op)
        else:
            target = text.subscript(place, ast.Slice()) if is_whole(op) else place
            self.add(text.assign([target], self.expr(op.inputs[1])), op)

    def change_of_old(self, made: Op, op: Op) -> Atom | None:
        """What is added to the old value, subtracted, ..., where a store is about to write a sum or a product of it."""
        fun = made.primitive.fun
        if fun not in OPERATORS:
            return None
        for old, change in (made.inputs, made.inputs[::-1])[: 2 if fun in COMMUTATIVE else 1]:
            if self.is_old_value(old, made.outputs[0], op):
                return change
        return None

    def is_old_value(self, atom: Atom, new: Value, op: Op) -> bool:
        """Whether an expression is just `x[i]`, read where `x[i]` is about to be stored, with its dtype and rank."""
        array, result, old = op.inputs[0].type, new.type, atom.type
        if not (isinstance(array, ArrayType) and isinstance(result, ArrayType) and isinstance(old, ArrayType)):
            return False
        if not array.dtype or array.dtype != result.dtype or result.ndim is None or result.ndim != old.ndim:
            return False
        if is_whole(op):
            return atom is written(op)
        read = self.folding.definition(atom)
        if read is None or read.primitive.fun is not operator.getitem or read.inputs[0] is not written(op):
            return False
        plain = replace(op, inputs=op.inputs[:-1]) if "row" in op.attrs else op
        return same_place(read, 1, plain, 2) and is_basic(op.attrs["index"], op.inputs)

    def place(self, op: Op) -> Any:
        """`x[i]`, or `x.T[i]`, for a store; a view by its name where all of it is written."""
        if is_whole(op):
            return self.expressions.through(op)
        return text.subscript(self.expressions.through(op), self.expressions.index(op.attrs["index"], op))

    def augment(self, place: Any, sign: Any, value: Atom, op: Op) -> None:
        node = self.expr(value)
        opposite = without_minus(node) if self.folding.inner(value) is not None else None
        if opposite is not None and sign in (ast.Add, ast.Sub):
            sign, node = ast.Sub if sign is ast.Add else ast.Add, opposite
        self.add(ast.AugAssign(place, sign(), node), op)

    def add_at(self, op: Op) -> None:
        target, value, index = op.inputs[0], op.inputs[1], op.attrs["index"]
        basic = is_basic(index, op.inputs)
        distinct = basic or names_no_place_twice(index, op.inputs, self.folding.definition)
        if distinct or _is_mask(index, op):
            self.augment(self.place(op), ast.Add, value, op)
        else:
            where = self.expressions.index(index, op)
            if isinstance(index, tuple) and any(isinstance(item, slice) for item in index):
                where = text.subscript(text.dotted("np.s_"), where)
            args = [self.expr(target), where, self.expr(value)]
            self.add(text.statement(text.call(text.dotted("np.add.at"), args)), op)

    # ---- branches

    def branch(self, op: Op) -> None:
        bodies = [self.nested(lambda region=region: self.region(op, region)) for region in op.regions]
        then, otherwise = bodies
        if not then and not otherwise:
            return
        test = self.expr(op.inputs[0])
        if not then:
            test, then, otherwise = ast.UnaryOp(ast.Not(), test), otherwise, []
        self.lines.add(f"if {text.pretty_source(test)}:", op.span, op.sweep)
        self.lines.extend(then)
        self.lines.place = ""
        if not otherwise:
            return
        at = self.lines.depth + 1
        if otherwise[0].text.startswith("if ") and all(
            line.depth > at or line.text.startswith(("else:", "elif ")) for line in otherwise[1:]
        ):
            otherwise[0] = replace(otherwise[0], text="el" + otherwise[0].text)
            self.lines.extend(otherwise, -1)
        else:
            self.lines.add("else:")
            self.lines.extend(otherwise)

    def region(self, op: Op, region: Block, without: Atom | None = None) -> None:
        self.block(region)
        if region.ops and region.ops[-1].primitive is RAISE:
            return
        read = [k for k, out in enumerate(op.outputs) if self.is_read(out) and out is not without]
        self.copies([op.outputs[k] for k in read], [region.results[k] for k in read], op)

    def nested(self, write: Any) -> list[Any]:
        """The lines that `write` adds, one level deeper, taken away again."""
        saved = self.lines.indent()
        start = len(self.lines.items)
        write()
        found = self.lines.cut(start)
        self.lines.dedent(saved)
        return found


def without_minus(node: Any) -> Any:
    """`x` for `-x`, `2.0 * x` for `-2.0 * x`, and None where no minus stands in front."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
        left = without_minus(node.left)
        return None if left is None else ast.BinOp(left, node.op, node.right)
    return None


def _is_mask(index: Any, op: Op) -> bool:
    """Whether an index selects no position twice: boolean arrays, alone or with slices and integers."""
    items = index if isinstance(index, tuple) else (index,)
    rest = []
    for item in items:
        if isinstance(item, Slot):
            type_ = op.inputs[item.index].type
            if isinstance(type_, ArrayType) and type_.dtype == "bool":
                continue
        if isinstance(item, np.ndarray) and item.dtype == bool:
            continue
        rest.append(item)
    return is_basic(tuple(rest), op.inputs)


def _exposed(fn: Function, names: Mapping[Value, str]) -> set[str]:
    """The variables that are read where they may be undefined: pushed, returned, copied, passed on."""
    partial = partial_values(fn.body)
    found: set[str] = set()

    def read(atoms: Iterable[Atom]) -> None:
        found.update(names.get(atom, "") for atom in atoms if isinstance(atom, Value) and atom in partial)

    def copied(sources: Iterable[Atom], targets: Iterable[Value]) -> None:
        """What goes on under its own name is not read."""
        pairs = zip(sources, targets, strict=False)
        read(s for s, t in pairs if isinstance(s, Value) and names.get(s) != names.get(t))

    read(fn.results)
    for op in all_ops(fn.body):
        if op.primitive in READING or op.primitive.fun in READING_FUNCTIONS or op.primitive.name in REPORTS:
            read(op.inputs)
        elif op.primitive is IF:
            for region in op.regions:
                copied(region.results, op.outputs)
        elif op.primitive in (FOR, WHILE):
            parts = for_parts(op) if op.primitive is FOR else while_parts(op)
            copied(parts.initial, parts.carried)
            copied(parts.following, parts.carried)
            copied(parts.carried, parts.final)
            read(parts.pushed)
    return found
