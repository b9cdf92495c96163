"""Loops as statements: what is carried, what is pushed and popped, and where a loop is left."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adjoint.codegen import text
from adjoint.codegen.expression import Expressions
from adjoint.codegen.fold import Folding
from adjoint.codegen.lines import Lines
from adjoint.codegen.stacks import Stacks
from adjoint.ir.core import IF, Atom, Block, ForParts, Literal, Op, Value, WhileParts, for_parts, while_parts

LONGEST_END = 2
"""Lines at the end of a trip that are written twice, so that a `break` can stand where the user has it."""


class Loops:
    """The lines of loops; what else there is to write, `Statements` knows."""

    names: Mapping[Value, str]
    unused: str  # the variable for what is not used
    folding: Folding
    expressions: Expressions
    stacks: Stacks
    lines: Lines

    def expr(self, atom: Atom) -> Any:
        raise NotImplementedError

    def source(self, atom: Atom) -> str:
        raise NotImplementedError

    def is_read(self, value: Value) -> bool:
        raise NotImplementedError

    def add(self, node: Any, op: Op) -> None:
        raise NotImplementedError

    def copies(self, targets: Sequence[Value], sources: Sequence[Atom], op: Op, *, undefined: bool = False) -> None:
        raise NotImplementedError

    def block(self, block: Block) -> None:
        raise NotImplementedError

    def region(self, op: Op, region: Block, without: Atom | None = None) -> None:
        raise NotImplementedError

    def nested(self, write: Any) -> list[Any]:
        raise NotImplementedError

    def loop(self, op: Op) -> None:
        parts = for_parts(op)
        self.start(op, parts)
        self.new_stacks(parts.produced, op)
        popped = [stack for stack in parts.stacks if self.stacks.is_popped(stack)]
        iterated = [stack for stack in parts.stacks if not self.stacks.is_popped(stack)]
        elements = _split(parts.stacks, parts.elements)
        targets: list[Any] = []
        sources: list[Any] = []
        if parts.index.hint is not None or self.is_read(parts.index) or not iterated:
            named = parts.index.hint is not None or self.is_read(parts.index)
            targets.append(text.name(self.names[parts.index] if named else self.unused))
            sources.append(self.space(op))
        for stack in iterated:
            targets.append(self.element_target(elements[stack]))
            sources.append(text.call(text.name("reversed"), [self.expr(stack)]))
        target = targets[0] if len(targets) == 1 else text.sequence(targets)
        source = sources[0] if len(sources) == 1 else text.call(text.name("zip"), sources)
        header = f"for {text.pretty_source(target)} in {text.pretty_source(source)}:"
        if "drain" in op.attrs:
            header = f"while {self.source(op.attrs['drain'])}:"

        def body() -> None:
            for stack in popped:
                pop = text.call(text.attribute(self.expr(stack), "pop"), [])
                self.add(text.assign([self.element_target(elements[stack])], pop), op)
            self.trip(op.regions[0], op, parts)

        self.lines.add(header, op.span, op.sweep)
        self.lines.extend(self.nested(body) or self.nested(lambda: self.lines.add("pass")))
        self.copies(*_read_only(self, parts.final, parts.carried), op)

    def space(self, op: Op) -> Any:
        start, stop, step = op.inputs[:3]
        plain = _is_int(start, 0) and _is_int(step, 1)
        if op.attrs.get("reverse"):
            if plain:
                last = text.number(stop.value - 1) if isinstance(stop, Literal) else None
                last = last or text.binary(self.expr(stop), ast.Sub(), text.number(1))
                return text.call(text.name("range"), [last, text.number(-1), text.number(-1)])
            return text.call(text.name("reversed"), [self.range_(start, stop, step)])
        return self.range_(start, stop, step)

    def range_(self, start: Atom, stop: Atom, step: Atom) -> Any:
        args = [start, stop, step]
        if _is_int(step, 1):
            args = [stop] if _is_int(start, 0) else [start, stop]
        return text.call(text.name("range"), [self.expr(arg) for arg in args])

    def element_target(self, elements: Sequence[Value]) -> Any:
        nodes = [text.name(self.names[e] if self.is_read(e) else self.unused) for e in elements]
        return nodes[0] if len(nodes) == 1 else text.sequence(nodes)

    def new_stacks(self, stacks: Iterable[Value], op: Op) -> None:
        for stack in stacks:
            if self.is_read(stack):
                self.add(text.assign([text.name(self.names[stack])], text.sequence([], list)), op)

    def finish(self, op: Op, parts: ForParts | WhileParts) -> None:
        """The end of an iteration: push, then the next values of what is carried."""
        groups = iter(parts.pushed)
        for stack, size in zip(parts.produced, op.attrs["produced"], strict=True):
            items = [next(groups) for _ in range(size)]
            if self.is_read(stack):
                nodes = [self.expr(item) for item in items]
                item = nodes[0] if len(nodes) == 1 else text.sequence(nodes)
                append = text.attribute(text.name(self.names[stack]), "append")
                self.add(text.statement(text.call(append, [item])), op)
        live = [k for k, param in enumerate(parts.carried) if self.is_read(param) or self.is_read(parts.final[k])]
        live = [k for k in live if k != op.attrs.get("stop") or not self.tells_end_only(op, parts)]
        self.copies([parts.carried[k] for k in live], [parts.following[k] for k in live], op)
        if isinstance(parts, WhileParts) and self.is_read(parts.trips):
            self.add(ast.AugAssign(text.name(self.names[parts.trips]), ast.Add(), text.number(1)), op)

    def start(self, op: Op, parts: ForParts | WhileParts) -> None:
        """What is carried before the first trip; what a trip only tells its own end is set in each of them."""
        without = op.attrs.get("stop") if self.tells_end_only(op, parts) else None
        needed = [k for k in range(len(parts.carried)) if k != without]
        self.copies([parts.carried[k] for k in needed], [parts.initial[k] for k in needed], op, undefined=True)

    def tells_end_only(self, op: Op, parts: ForParts | WhileParts) -> bool:
        """Whether a flag is read nowhere but where it ends the loop, which counts as a read of its final value."""
        stop = op.attrs.get("stop")
        if stop is None or self.is_read(parts.carried[stop]):
            return False
        return self.folding.reads.get(parts.final[stop], 0) < 2 and isinstance(parts.following[stop], Value)

    def trip(self, body: Block, op: Op, parts: ForParts | WhileParts) -> None:
        """The body of a loop; where its last branch ends the loop, `break` stands there."""
        stop = parts.following[op.attrs["stop"]] if "stop" in op.attrs and self.tells_end_only(op, parts) else None
        found = ending_branch(body, stop) if stop is not None else None
        ending = self.nested(lambda: self.finish(op, parts)) if found is not None else []
        if found is None or len(ending) + len(body.ops) - 1 - found[0] > LONGEST_END:
            self.block(body)
            self.finish(op, parts)
            self.stop(op, parts)
            return
        at, leaving = found
        branch = body.ops[at]
        own = stop if self.folding.reads.get(stop, 0) == 1 else None  # type: ignore[arg-type]  # a value

        def way(k: int) -> None:
            self.region(branch, branch.regions[k], own)
            self.block(Block((), body.ops[at + 1 :], ()))
            self.finish(op, parts)

        def leave() -> None:
            way(leaving)
            self.lines.add("break")

        self.block(Block((), body.ops[:at], ()))
        test = self.expr(branch.inputs[0])
        test = ast.UnaryOp(ast.Not(), test) if leaving else test
        self.lines.add(f"if {text.pretty_source(test)}:", branch.span, branch.sweep)
        self.lines.extend(self.nested(leave))
        self.lines.place = ""
        way(1 - leaving)

    def stop(self, op: Op, parts: ForParts | WhileParts) -> None:
        """Leave the loop after a trip that says so."""
        if "stop" in op.attrs:
            k = op.attrs["stop"]
            own = self.tells_end_only(op, parts)
            test = text.pretty_source(self.expr(parts.following[k])) if own else self.names[parts.carried[k]]
            self.lines.add(f"if {test}:", op.span, op.sweep)
            saved = self.lines.indent()
            self.lines.add("break")
            self.lines.dedent(saved)

    def while_loop(self, op: Op) -> None:
        parts = while_parts(op)
        test, body = op.regions
        self.start(op, parts)
        self.new_stacks(parts.produced, op)
        counts = self.is_read(parts.trips)
        if counts:
            self.add(text.assign([text.name(self.names[parts.trips])], text.number(0)), op)
        tested = self.nested(lambda: self.block(test))

        def rest() -> None:
            self.trip(body, op, parts)

        condition = self.expr(test.results[0])
        lines = self.nested(rest)
        if tested:
            stop = text.pretty_source(ast.UnaryOp(ast.Not(), condition))
            self.lines.add("while True:", op.span, op.sweep)
            self.lines.extend(tested)
            saved = self.lines.indent()
            self.lines.add(f"if {stop}:", op.span, op.sweep)
            inner = self.lines.indent()
            self.lines.add("break")
            self.lines.dedent(inner)
            self.lines.dedent(saved)
        else:
            self.lines.add(f"while {text.pretty_source(condition)}:", op.span, op.sweep)
        self.lines.extend(lines or self.nested(lambda: self.lines.add("pass")))
        self.copies(*_read_only(self, parts.final, parts.carried), op)


def _read_only(writer: Loops, finals: Sequence[Value], params: Sequence[Value]) -> tuple[list[Value], list[Atom]]:
    pairs = [(final, param) for final, param in zip(finals, params, strict=True) if writer.is_read(final)]
    return [final for final, _ in pairs], [param for _, param in pairs]


def _is_int(atom: Atom, value: int) -> bool:
    return isinstance(atom, Literal) and type(atom.value) is int and atom.value == value


def _split(stacks: Sequence[Atom], elements: Sequence[Value]) -> dict[Atom, list[Value]]:
    """The elements of each consumed stack."""
    rest = iter(elements)
    return {stack: [next(rest) for _ in stack.type.elements] for stack in stacks}  # type: ignore[union-attr]


def ending_branch(body: Block, stop: Atom) -> tuple[int, int] | None:
    """Where the branch is whose one side ends the loop, and which side; at most two plain ops follow it."""
    for at in range(len(body.ops) - 1, max(len(body.ops) - 4, -1), -1):
        op = body.ops[at]
        if op.primitive is IF:
            if op.inputs[0] is stop:
                return at, 0
            sides = next((pair for out, *pair in zip(op.outputs, *(r.results for r in op.regions), strict=True)
                          if out is stop), None)  # fmt: skip
            values = [side.value if isinstance(side, Literal) else None for side in sides or ()]
            return (at, values.index(True)) if values in ([True, False], [False, True]) else None
        if op.regions or op.primitive.effect:
            return None
    return None
