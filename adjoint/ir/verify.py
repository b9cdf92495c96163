"""Check that a function is well formed. Runs after every pass in tests and under ADJOINT_VERIFY=1.

Checked: every value is defined once and before its use, in a scope that sees the use; the arity of
regions equals the arity of what they carry; carried types agree; a stack holds what its loop pushes;
callees exist and take what they are given. With `open_reads`, the reverse sweep may read values of
regions of the forward sweep (the form that the adjoint transform makes before residuals are closed).
"""

from __future__ import annotations

from dataclasses import replace

from adjoint.errors import VerifyError
from adjoint.ir.core import CALL, FOR, IF, WHILE, Atom, Block, Function, Op, Value, for_parts, while_parts
from adjoint.ir.print import print_function
from adjoint.ir.types import ArrayType, ListType, ObjectType, Shape, StackType, Symbol, Type, join, same_length


def verify(fn: Function, stage: str = "", *, open_reads: bool = False) -> None:
    """Raise VerifyError, with the dump attached, if `fn` is not well formed."""
    for callee in fn.functions.values():
        _Verifier(callee, stage, open_reads, fn).function()
    _Verifier(fn, stage, open_reads, fn).function()


class _Verifier:
    def __init__(self, fn: Function, stage: str, open_reads: bool, program: Function) -> None:
        self.fn, self.stage, self.open_reads, self.program = fn, stage, open_reads, program
        self.defined: set[Value] = set()

    def fail(self, message: str, op: Op | None = None) -> None:
        where = f" at `{op.primitive.name}` ({op.span.place if op.span else 'no place'})" if op else ""
        raise VerifyError(
            f"after {self.stage or 'a pass'}, in {self.fn.name}{where}: {message}", dump=print_function(self.fn)
        )

    def function(self) -> None:
        self.block(self.fn.body, set(), None)

    def define(self, values: tuple[Value, ...], scope: set[Value], op: Op | None) -> None:
        for value in values:
            if value in self.defined:
                self.fail(f"{value.hint or '%'} is defined twice", op)
            self.defined.add(value)
            scope.add(value)

    def block(self, block: Block, scope: set[Value], op: Op | None) -> None:
        scope = set(scope)
        self.define(block.params, scope, op)
        for inner in block.ops:
            self.op(inner, scope)
        for atom in block.results:
            self.read(atom, scope, op)

    def read(self, atom: object, scope: set[Value], op: Op | None) -> None:
        if isinstance(atom, Value) and atom not in (self.defined if self.open_reads else scope):
            self.fail(f"{atom.hint or '%'}: {atom.type} is read where it is not defined", op)

    def op(self, op: Op, scope: set[Value]) -> None:
        for atom in op.inputs:
            self.read(atom, scope, op)
        for region in op.regions:
            self.block(region, scope, op)
        self.structure(op)
        self.define(op.outputs, scope, op)

    def structure(self, op: Op) -> None:
        if op.primitive is IF:
            for region in op.regions:
                self.expect(len(region.results) == len(op.outputs), "a branch gives another number of results", op)
        elif op.primitive is FOR:
            parts = for_parts(op)
            elements = [t for s in parts.stacks for t in self.elements(s.type, op)]
            self.expect(len(parts.elements) == len(elements), "consumed elements differ from the stacks", op)
            for param, type_ in zip(parts.elements, elements, strict=True):
                self.expect(_fits(type_, param.type), f"an element {param.type} receives a {type_}", op)
            self.carried(op, parts.initial, parts.carried, parts.following, parts.final)
            self.stop(op, parts.carried)
            self.stacks(op, parts.pushed, parts.produced)
        elif op.primitive is WHILE:
            loop = while_parts(op)
            for params in (op.regions[0].params, loop.carried):
                self.carried(op, loop.initial, params, loop.following, loop.final)
            self.stacks(op, loop.pushed, loop.produced)
            self.expect(len(op.regions[0].results) == 1, "the test of a loop gives one result", op)
        elif op.primitive is CALL:
            callee = self.program.functions.get(op.attrs["callee"])
            if callee is None:
                self.fail(f"no function {op.attrs['callee']}", op)
                return
            self.expect(len(callee.params) == len(op.inputs), "another number of arguments than parameters", op)
            self.expect(len(callee.results) == len(op.outputs), "another number of results than the callee's", op)

    def stop(self, op: Op, carried: tuple[Value, ...]) -> None:
        for name, dtype in (("stop", "bool"), ("trips", "int64")):
            if name in op.attrs:
                number = op.attrs[name]
                self.expect(0 <= number < len(carried), f"`{name}` is the number of no carried value", op)
                self.expect(
                    getattr(carried[number].type, "dtype", dtype) in (dtype, None), f"`{name}` has no {dtype}", op
                )

    def elements(self, type_: Type, op: Op) -> tuple[Type, ...]:
        if not isinstance(type_, StackType):
            self.fail(f"{type_} is no stack", op)
            return ()
        return type_.elements

    def carried(self, op: Op, *groups: tuple[Atom, ...]) -> None:
        self.expect(len({len(group) for group in groups}) == 1, "carried values differ in number", op)
        for initial, param, following, final in zip(*groups, strict=True):
            for atom in (initial, following, final):
                if not _fits(atom.type, param.type):
                    self.fail(f"a carried {param.type} receives a {atom.type}", op)

    def stacks(self, op: Op, pushed: tuple[Atom, ...], produced: tuple[Value, ...]) -> None:
        sizes = op.attrs["produced"]
        self.expect(len(produced) == len(sizes) and len(pushed) == sum(sizes), "stacks differ from what is pushed", op)
        elements = [type_ for stack in produced for type_ in self.elements(stack.type, op)]
        self.expect(len(elements) == len(pushed), "stacks differ from what is pushed", op)
        for atom, type_ in zip(pushed, elements, strict=True):
            self.expect(_fits(atom.type, type_), f"a stack of {type_} receives a {atom.type}", op)

    def expect(self, condition: bool, message: str, op: Op) -> None:
        if not condition:
            self.fail(message, op)


def _fits(found: Type, expected: Type) -> bool:
    if isinstance(found, ArrayType) and isinstance(expected, ArrayType) and _shape_fits(found.shape, expected.shape):
        found = replace(found, shape=expected.shape)
    if isinstance(found, StackType) and isinstance(expected, StackType):
        return len(found.elements) == len(expected.elements) and all(map(_fits, found.elements, expected.elements))
    if isinstance(found, ListType) and isinstance(expected, ListType):
        return found.element is None or (expected.element is not None and _fits(found.element, expected.element))
    return join(found, expected) == expected or isinstance(found, ObjectType) or "undefined" in str(found).lower()


def _shape_fits(found: Shape | None, expected: Shape | None) -> bool:
    """Whether each axis is as long as expected, or nothing is expected of it."""
    if found is None or expected is None or len(found) != len(expected):
        return found == expected
    return all(
        same_length(f, e) or (isinstance(e, Symbol) and not e.not_one) for f, e in zip(found, expected, strict=True)
    )
