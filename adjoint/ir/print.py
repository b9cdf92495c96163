"""The textual form of SSA: deterministic, one op a line, regions indented.

Names are the hints, numbered in program order where they repeat; nameless values are `%0, %1, ...`.
"""

from __future__ import annotations

from typing import Any

from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, Function, Literal, Op, Slot, Value
from adjoint.ir.walk import slots_of


def print_function(fn: Function, *, types: bool = True) -> str:
    """The text of a function, its callees first."""
    callees = "".join(print_function(callee, types=types) + "\n" for callee in fn.functions.values())
    return callees + _Printer(types).function(fn)


class _Printer:
    def __init__(self, types: bool) -> None:
        self.types = types
        self.names: dict[Value, str] = {}
        self.taken: dict[str, int] = {}
        self.lines: list[str] = []

    def function(self, fn: Function) -> str:
        params = ", ".join(map(self.define, fn.params))
        self.lines.append(f"function {fn.name}({params}):")
        self.block(fn.body, 1, "return")
        return "\n".join(self.lines) + "\n"

    def define(self, value: Value) -> str:
        hint = value.hint or "%"
        count = self.taken.get(hint, 0)
        self.taken[hint] = count + 1
        name = f"%{count}" if hint == "%" else hint if count == 0 else f"{hint}.{count}"
        self.names[value] = name
        return f"{name}: {value.type}" if self.types else name

    def atom(self, atom: Atom) -> str:
        if isinstance(atom, Literal):
            return repr(atom.value)
        return self.names.get(atom, f"<{atom.hint or '%'}: not in scope>")

    def block(self, block: Block, depth: int, word: str) -> None:
        for op in block.ops:
            self.op(op, depth)
        self.line(depth, f"{word} {', '.join(map(self.atom, block.results))}".rstrip())

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def op(self, op: Op, depth: int) -> None:
        place = f"    # {op.span.place}" if op.span else ""
        if op.primitive is IF:
            head = f"if {self.atom(op.inputs[0])}:"
        elif op.primitive is FOR or op.primitive is WHILE:
            head = f"{op.primitive.name} ({', '.join(map(self.atom, op.inputs))}){self.attrs(op)}:"
        else:
            head = f"{op.primitive.name}({self.arguments(op)})"
        words = [("then", "else"), ("do",), ("test", "do")]
        regions = words[(IF, FOR, WHILE).index(op.primitive)] if op.regions else ()
        body_start = len(self.lines)
        for word, region in zip(regions, op.regions, strict=True):
            params = ", ".join(map(self.define, region.params))
            self.line(depth, f"{word}{f' ({params})' if params else ''}:")
            self.block(region, depth + 1, "give")
        outputs = ", ".join(map(self.define, op.outputs))
        text = f"{outputs} = {head}" if outputs else head
        self.lines.insert(body_start, "    " * depth + text + place)

    def arguments(self, op: Op) -> str:
        slots = slots_of(op)
        parts = [self.atom(atom) for k, atom in enumerate(op.inputs) if k not in slots]
        return ", ".join(parts) + self.attrs(op)

    def attrs(self, op: Op) -> str:
        return "".join(f", {name}={self.attribute(item, op)}" for name, item in op.attrs.items())

    def attribute(self, item: Any, op: Op) -> str:
        if isinstance(item, Slot):
            return self.atom(op.inputs[item.index])
        if isinstance(item, slice):
            parts = ["" if p is None else self.attribute(p, op) for p in (item.start, item.stop, item.step)]
            return ":".join(parts[: 2 if not parts[2] else 3])
        if isinstance(item, tuple):
            inside = ", ".join(self.attribute(part, op) for part in item)
            return f"({inside},)" if len(item) == 1 else f"({inside})"
        if isinstance(item, list):
            return "[" + ", ".join(self.attribute(part, op) for part in item) + "]"
        if isinstance(item, Function) or callable(item):
            return str(getattr(item, "__name__", getattr(item, "name", type(item).__name__)))
        return "..." if item is ... else repr(item)
