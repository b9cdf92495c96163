"""The engine of `simplify`: apply a table of rewrites in one forward walk.

A row looks at one op and at the definitions of its inputs, and gives the atom that takes the place of the
op's result, or None. New ops that it emits are rewritten themselves before they are appended, so what a
row meets is always in normal form. Whatever a row answers, it is accepted only if its type is that of the
value replaced: same dtype, same Python class, a shape that is certainly the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from adjoint.errors import TypeInferenceError
from adjoint.ir.build import Builder
from adjoint.ir.core import (
    EMPTY,
    FOR,
    IF,
    WHILE,
    Atom,
    Block,
    Function,
    Literal,
    Op,
    Primitive,
    Value,
    for_parts,
    while_parts,
)
from adjoint.ir.types import ArrayType, ListType, StackType, Type, same_shape
from adjoint.ir.walk import all_ops, looked_up, lookup, reading
from adjoint.rules.names import BROADCAST_LIKE, DIM, GETITEM, SIZE, SUM_TO, ZEROS_LIKE

DEEPEST = 12
"""How many rewrites may follow from one another; a bound for tables that do not settle."""


PATTERNS = {DIM: 0, SIZE: 0, ZEROS_LIKE: 0, BROADCAST_LIKE: 1, SUM_TO: 1}
"""The operand that is read for its shape alone."""

LITERAL = Primitive("literal")
"""Stands for a constant among the `operands` of a row."""
LITERALS = frozenset({LITERAL})


@dataclass(frozen=True, slots=True)
class Row:
    """One rewrite of ops of some primitives. `exact`: equal bit for bit, so primal ops may take it too.

    `operands`: the row matches only where one of these defines at least one operand; None for a row that may match
    whatever they are.
    """

    name: str
    primitives: frozenset[Primitive]
    rewrite: Callable[[Op, Rewriter], Atom | None]
    operands: frozenset[Primitive] | None = None
    exact: bool = False


class Table:
    """Rows, in the order of preference. Which of them may match an op is looked up by what defines its operands."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows: dict[Primitive, tuple[Row, ...]] = {}
        self._fitting: dict[tuple[Primitive, bool, tuple[Primitive | None, ...]], tuple[Row, ...]] = {}
        for row in rows:
            for primitive in row.primitives:
                self.rows[primitive] = (*self.rows.get(primitive, ()), row)

    def fitting(self, primitive: Primitive, makers: tuple[Primitive | None, ...], *, exact: bool) -> tuple[Row, ...]:
        """The rows for an op with such operands: what defines them, LITERAL for constants, None for parameters."""
        key = (primitive, exact, makers)
        found = self._fitting.get(key)
        if found is None:
            found = tuple(
                row for row in self.rows.get(primitive, ())
                if (row.exact or not exact) and (row.operands is None or not row.operands.isdisjoint(makers))
            )  # fmt: skip
            self._fitting[key] = found
        return found


def rewrite_function(fn: Function, table: Table, late: int = 0) -> Function:
    """Apply a table to a function and its callees, each on its own; the last `late` parameters are no `params`."""
    body = Rewriter(table, fn.body, late).run()
    callees = {name: replace(callee, body=Rewriter(table, callee.body).run()) for name, callee in fn.functions.items()}
    return replace(fn, body=body, functions=callees)


def fits(new: Type, old: Type) -> bool:
    """Whether a value of type `new` may stand wherever one of type `old` stood."""
    if new == old:
        return True
    if isinstance(new, ListType) and isinstance(old, ListType):
        return new.element is not None and old.element is not None and fits(new.element, old.element)
    if not isinstance(new, ArrayType) or not isinstance(old, ArrayType):
        return False
    return new.dtype == old.dtype and old.kind in (new.kind, "any") and same_shape(new.shape, old.shape)


class Rewriter:
    """One walk over one function. Rows read `definition`, `uses` and `params`, and write with `emit`."""

    def __init__(self, table: Table, body: Block, late: int = 0) -> None:
        self.table = table
        self.body = body
        self.params = dict.fromkeys(body.params[: len(body.params) - late])  # ordered
        self.replaced: dict[Value, Atom] = {}
        self.ops: list[Op] = []
        self.builder = Builder()
        self.depth = 0
        self.shape_sources: dict[Atom, Atom | None] = {}
        self._definitions: dict[Atom, Op] = {}
        self._homes: dict[Value, list[Op]] = {}  # the block that a value is defined in
        self._uses = _Uses(body)
        self._pushed: dict[Value, Atom] | None = None
        self._readers: dict[Value, list[Op | None]] | None = None

    def run(self) -> Block:
        return self.block(self.body)

    # ---- what rows ask

    def definition(self, atom: Atom, primitives: frozenset[Primitive]) -> Op | None:
        """The op that defines an atom, if its primitive is one of these."""
        op = self._definitions.get(atom)
        return op if op is not None and op.primitive in primitives else None

    def used_once(self, atom: Atom) -> bool:
        """Whether nothing but the op at hand reads a value of its block (new values have one reader)."""
        return isinstance(atom, Value) and self._uses.counts.get(atom, 1) <= 1 and self._homes.get(atom) is self.ops

    def readers(self, value: Value) -> list[Op | None]:
        """The ops that read a value of the program as it was before this walk; None for the result of a block."""
        if self._readers is None:
            self._readers = _readers(self.body)
        return self._readers.get(value, [None])

    def is_computed_anyway(self, atom: Atom) -> bool:
        """Whether something reads the numbers of a value, not only its shape."""
        return not isinstance(atom, Value) or self._uses.counts.get(atom, 1) > self._uses.patterns.get(atom, 0)

    def pushed_as(self, atom: Atom) -> Atom | None:
        """What an element of a stack was when it was pushed."""
        if self._pushed is None:
            self._pushed = _pushed(self.body)
        found = self._pushed.get(atom) if isinstance(atom, Value) else None
        return None if found is None else lookup(self.replaced, found)

    def emit(self, primitive: Primitive, *inputs: Atom, attrs: Mapping[str, Any] = EMPTY) -> Atom:
        """The result of a new op, in normal form."""
        types = self.builder.infer(primitive, inputs, attrs)
        outputs = tuple(Value(None, type_) for type_ in types)
        op = Op(primitive, inputs, outputs, attrs, (), self.builder.span, self.builder.sweep)
        new = self.rewritten(op, self.rows(op))
        if new is not None:
            return new
        self.append(op)
        return outputs[0]

    # ---- the walk

    def block(self, block: Block) -> Block:
        saved, self.ops = self.ops, []
        for op in block.ops:
            self.visit(self.substituted(op))
        ops, self.ops = tuple(self.ops), saved
        results = looked_up(self.replaced, block.results)
        if ops == block.ops and results == block.results:
            return block
        return Block(block.params, ops, results)

    def substituted(self, op: Op) -> Op:
        return reading(op, looked_up(self.replaced, op.inputs), op.regions)

    def visit(self, op: Op) -> None:
        if op.primitive is IF:
            self.branch(op)
        elif op.regions:
            self.append(self.with_regions(op, tuple(map(self.block, op.regions))))
        elif op.primitive in self.table.rows and len(op.outputs) == 1:
            rows = self.rows(op)
            if not rows:
                self.append(op)
                return
            self.builder.span, self.builder.sweep = op.span, op.sweep
            mark = len(self.ops)
            new = self.rewritten(op, rows)
            if new is None:
                self.append(op)
            else:
                self.bind(op.outputs[0], new, mark)
        else:
            self.append(op)

    def branch(self, op: Op) -> None:
        """An `if` of a literal is its branch; what both branches take from outside, and a test, are these values."""
        condition = op.inputs[0]
        if isinstance(condition, Literal) and isinstance(condition.value, (bool, int, float)):
            taken = op.regions[0] if condition.value else op.regions[1]
            for inner in taken.ops:
                self.visit(self.substituted(inner))
            for output, result in zip(op.outputs, taken.results, strict=True):
                self.replaced[output] = lookup(self.replaced, result)
            return
        regions = tuple(map(self.block, op.regions))
        outside = regions[0].results, regions[1].results
        for output, a, b in zip(op.outputs, *outside, strict=True):
            if a is b and isinstance(a, Value) and a.type == output.type:
                self.replaced[output] = a
            elif _is(a, True) and _is(b, False) and condition.type == output.type and is_truth(condition):
                self.replaced[output] = condition
        self.append(self.with_regions(op, regions))

    def with_regions(self, op: Op, regions: tuple[Block, ...]) -> Op:
        return op if regions == op.regions else replace(op, regions=regions)

    def rewritten(self, op: Op, rows: tuple[Row, ...]) -> Atom | None:
        """What the first row that matches makes of an op; its new ops are appended already."""
        if not rows or self.depth >= DEEPEST:
            return None
        old, mark = op.outputs[0].type, len(self.ops)
        self.depth += 1
        try:
            for row in rows:
                try:
                    new = row.rewrite(op, self)
                except TypeInferenceError:
                    new = None
                if new is not None and fits(new.type, old):
                    return new
                if len(self.ops) > mark:
                    del self.ops[mark:]
            return None
        finally:
            self.depth -= 1

    def rows(self, op: Op) -> tuple[Row, ...]:
        """The rows that an op may take."""
        get = self._definitions.get
        makers = [
            made.primitive if (made := get(atom)) is not None else LITERAL if isinstance(atom, Literal) else None
            for atom in op.inputs
        ]
        return self.table.fitting(op.primitive, tuple(makers), exact=not op.sweep)

    def append(self, op: Op) -> None:
        self.ops.append(op)
        for output in op.outputs:
            self._definitions[output] = op
            self._homes[output] = self.ops

    def bind(self, old: Value, new: Atom, mark: int) -> None:
        """Let `new` stand for `old`; an op that was made for it defines `old` itself, with its name."""
        if len(self.ops) > mark and self.ops[-1].outputs == (new,):
            op = self.ops.pop()
            self.append(Op(op.primitive, op.inputs, (old,), op.attrs, op.regions, op.span, op.sweep))
        else:
            self.replaced[old] = new


class _Uses:
    """How often each value is read, and how often of that for its shape alone, or for that of a part of it."""

    def __init__(self, body: Block) -> None:
        self.counts: dict[Atom, int] = {}
        self.patterns: dict[Atom, int] = {}
        self._parts: list[Op] = []
        self._count(body)
        for op in reversed(self._parts):
            if self.counts.get(op.outputs[0], 0) == self.patterns.get(op.outputs[0], 0):
                self._note_pattern(op.inputs[0])

    def _count(self, block: Block) -> None:
        counts = self.counts
        for op in block.ops:
            for atom in op.inputs:
                counts[atom] = counts.get(atom, 0) + 1
            if op.primitive in PATTERNS:
                self._note_pattern(op.inputs[PATTERNS[op.primitive]])
            elif op.primitive is GETITEM:
                self._parts.append(op)
            for region in op.regions:
                self._count(region)
        for atom in block.results:
            counts[atom] = counts.get(atom, 0) + 1

    def _note_pattern(self, atom: Atom) -> None:
        self.patterns[atom] = self.patterns.get(atom, 0) + 1


def _readers(body: Block) -> dict[Value, list[Op | None]]:
    """The ops that read each value, and None for each block that gives it as a result."""
    readers: dict[Value, list[Op | None]] = {}
    blocks = [body]
    for op in all_ops(body):
        blocks += op.regions
        for atom in op.inputs:
            if isinstance(atom, Value):
                readers.setdefault(atom, []).append(op)
    for atom in (atom for block in blocks for atom in block.results):
        if isinstance(atom, Value):
            readers.setdefault(atom, []).append(None)
    return readers


def _pushed(body: Block) -> dict[Value, Atom]:
    """The elements of stacks, and what the loops that produced the stacks pushed."""
    sources: dict[Atom, tuple[Atom, ...]] = {}
    found: dict[Value, Atom] = {}
    for op in all_ops(body):
        if op.primitive is not FOR and op.primitive is not WHILE:
            continue
        parts = for_parts(op) if op.primitive is FOR else while_parts(op)
        at = 0
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            sources[stack] = parts.pushed[at : at + size]
            at += size
        if op.primitive is FOR:
            elements = iter(for_parts(op).elements)
            for atom in for_parts(op).stacks:
                count = len(atom.type.elements) if isinstance(atom.type, StackType) else 0
                popped = [next(elements) for _ in range(count)]
                source = found.get(atom, atom) if isinstance(atom, Value) else atom
                found.update(zip(popped, sources.get(source, ()), strict=False))
    return found


def _is(atom: Atom, value: bool) -> bool:
    return isinstance(atom, Literal) and atom.value is value


def is_truth(atom: Atom) -> bool:
    """Whether a value is a single truth value."""
    return isinstance(atom.type, ArrayType) and atom.type.dtype == "bool" and atom.type.shape == ()
