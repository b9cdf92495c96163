"""Run rules on the symbols of an op: the bridge from the table of derivatives to SSA.

Each rule is traced into a scratch builder of which only what is needed is taken over, so that the
half of a bilinear rule that nobody asked for leaves nothing behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.errors import MissingRuleError, UnsupportedError
from adjoint.ir.build import Builder
from adjoint.ir.core import OPAQUE, Atom, Block, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType, ListType, Type, is_inexact
from adjoint.ir.walk import clone_block, map_attribute, op_reads, operands_of, substitute_op
from adjoint.rules import library
from adjoint.rules.internal import TOTAL
from adjoint.rules.registry import Rule, rule_of
from adjoint.rules.skeleton import skeleton
from adjoint.rules.trace import Sym, Tracer

_MATH = {getattr(np, name): getattr(math, name) for name in vars(math) if isinstance(getattr(np, name, None), np.ufunc)}
_MATH.update({np.arcsin: math.asin, np.arccos: math.acos, np.arctan: math.atan, np.absolute: abs})


def find_rule(op: Op) -> Rule:
    """The rule of an op; MissingRuleError says how to add one."""
    rule = rule_of(op.primitive)
    if rule is None:
        opaque = op.primitive is OPAQUE
        name = op.attrs["name"] if opaque else op.primitive.name
        fun = op.attrs.get("function") if opaque else op.primitive.fun
        count = len(op.attrs.get("args", ())) if opaque else len(op.inputs)
        raise MissingRuleError(
            f"`{name}` has no rule and no source that could be differentiated",
            op.span,
            library.hint_for(fun) or skeleton(name, fun if callable(fun) else None, max(count, 1)),
        )
    return rule


def refuse_varying_options(op: Op, varies: Callable[[Value], bool]) -> None:
    """Rules know derivatives by operands: a number among the options that varies must not be taken for constant."""
    for name, item in op.attrs.items():
        for atom in (op.inputs[k] for k in _slots(item)):
            if isinstance(atom, Value) and is_inexact(atom.type) and varies(atom):
                raise UnsupportedError(
                    f"the rule of `{op.primitive.name}` knows no derivative by its argument `{name}`", op.span
                )


class Tracing:
    """The symbolic operands, attributes and result of one op, for tracing its rule."""

    def __init__(self, op: Op, rule: Rule) -> None:
        self.op = op
        self.rule = rule
        self.scratch = Builder(op.span)
        substitutes: dict[Any, Any] = {}
        if op.primitive.name.startswith("math."):
            substitutes |= _MATH
        if rule.guard:
            substitutes |= TOTAL
        self.tracer = Tracer(self.scratch, substitutes)
        self.operands = [self.symbol(atom) for atom in operands_of(op)]
        slots = {
            name: map_attribute(item, lambda slot: self.symbol(op.inputs[slot.index]))
            for name, item in op.attrs.items()
        }
        self.attrs = slots
        outs = tuple(self.symbol(value) for value in op.outputs)
        self.out = outs[0] if len(outs) == 1 else outs

    def symbol(self, atom: Atom) -> Any:
        return atom.value if isinstance(atom, Literal) else Sym(atom, self.tracer)

    def run(self, body: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
        """Call a rule body; its results as a tuple."""
        keywords = dict(self.attrs)
        code = getattr(body, "__code__", None)
        if code is None or "out" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            keywords["out"] = self.out
        found = body(*args, **keywords)
        return found if isinstance(found, tuple) else (found,)

    def call(self, *operands: Any) -> Any:
        """The primitive itself on other operands, with the attributes of the op."""
        inputs = [self.tracer.atom(x) for x in operands]
        taken = iter(inputs)
        slots = {k for item in self.op.attrs.values() for k in _slots(item)}
        full = [self.op.inputs[k] if k in slots else next(taken) for k in range(len(self.op.inputs))]
        offsets = [name for name in self.rule.offsets if name in self.op.attrs]
        if any(isinstance(self.op.attrs[name], Slot) for name in offsets):
            raise UnsupportedError(f"`{offsets[0]}` is known at run time only", self.op.span, "add it to the result")
        attrs = {**self.op.attrs, **dict.fromkeys(offsets, 0)}
        types = self.scratch.infer(self.op.primitive, full, attrs)
        if any(isinstance(atom.type, ListType) for atom in full):
            types = [alike(type_, out.type) for type_, out in zip(types, self.op.outputs, strict=True)]
        outputs = self.scratch.emit(self.op.primitive, full, attrs, types=types)
        results = tuple(Sym(value, self.tracer) for value in outputs)
        return results[0] if len(results) == 1 else results

    def atom(self, x: Any) -> Atom:
        return self.tracer.atom(x)


def alike(type_: Type, primal: Type) -> Type:
    """The type of what is made of a list of tangents: each stack of items has a length of its own."""
    if isinstance(type_, ArrayType) and isinstance(primal, ArrayType):
        return replace(type_, shape=primal.shape)
    return type_


def splice(scratch: Builder, into: Builder, wanted: Sequence[Atom]) -> None:
    """Append the ops of a scratch builder that the wanted atoms need."""
    needed = {atom for atom in wanted if isinstance(atom, Value)}
    kept: list[Op] = []
    for op in reversed(scratch.ops):
        if needed.isdisjoint(op.outputs):
            continue
        needed.update(op_reads(op))
        kept.append(op)
    for op in reversed(kept):
        into.append(Op(op.primitive, op.inputs, op.outputs, op.attrs, op.regions, into.span, into.sweep))


def with_shapes_of(ops: Sequence[Op], linear: Sequence[Op], primals: dict[Value, Atom]) -> list[Op]:
    """The transpose of a traced tangent without reads of the tangents, of which it needs the shapes only.

    A primal operand of the same shape stands in; where there is none, the tangent ops run on the primal values.
    """
    tangents = {*primals, *(value for op in linear for value in op.outputs)}
    read = [value for op in ops for value in op_reads(op) if value in tangents]
    shapes = {atom.type.shape: atom for atom in primals.values() if isinstance(atom.type, ArrayType)}
    shapes.pop(None, None)
    table: dict[Value, Atom] = {
        value: shapes[value.type.shape]
        for value in read
        if isinstance(value.type, ArrayType) and value.type.shape in shapes
    }
    if all(value in table for value in read):
        return [substitute_op(op, table) for op in ops]
    table = dict(primals)
    run = clone_block(Block((), tuple(linear), ()), table)
    return [*(replace(op, sweep="adjoint") for op in run.ops), *(substitute_op(op, table) for op in ops)]


def _slots(item: Any) -> set[int]:
    found: set[int] = set()
    map_attribute(item, lambda slot: found.add(slot.index))
    return found
