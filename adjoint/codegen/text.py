"""Syntax trees to text. The only place that knows how: `ast` nodes in, Python source out, through astor."""

from __future__ import annotations

import ast
import itertools
import math
import threading
from typing import Any

import astor


class _Generator(astor.code_gen.SourceGenerator):  # type: ignore[misc]  # astor has no types
    """astor with names for the floats that have no literal, and strings that stay on one line.

    One prints many nodes, one after the other: to make it takes as long as to print a statement.
    """

    def text(self, node: Any) -> str:
        self.result.clear()
        self.new_lines = 0
        self.visit(node)
        return "".join(self.result).strip()

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, float) and not math.isfinite(value):
            self.write("np.nan" if math.isnan(value) else "np.inf")
        elif isinstance(value, str):
            self.write(repr(value))
        else:
            super().visit_Constant(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if len(node.elts) == 1:  # a comma alone is easily missed
            self.write("(", node.elts[0], ",)")
        else:
            super().visit_Tuple(node)


class _Printer(threading.local):
    """Each thread prints with a generator of its own."""

    def __init__(self) -> None:
        self.generator = _Generator("")


_printer = _Printer()


def pretty_source(node: Any) -> str:
    """The source text of one expression or simple statement, on one line."""
    if isinstance(node, ast.expr):
        node = ast.Expr(node)  # so that nothing is put in parentheses at the top
    return _printer.generator.text(node)


# ---- the few constructors that the rest of codegen builds its trees with


LOAD = ast.Load()


def name(identifier: str) -> Any:
    return ast.Name(identifier, LOAD)


def dotted(path: str) -> Any:
    """`np.linalg.inv` as attributes of a name."""
    first, *rest = path.split(".")
    node = name(first)
    for part in rest:
        node = attribute(node, part)
    return node


def attribute(node: Any, field: str) -> Any:
    return ast.Attribute(node, field, LOAD)


def subscript(node: Any, index: Any) -> Any:
    return ast.Subscript(node, index, LOAD)


def call(function: Any, args: list[Any], keywords: list[tuple[str, Any]] | None = None) -> Any:
    return ast.Call(function, args, [ast.keyword(key, node) for key, node in keywords or ()])


def function(callee: Any, captured: list[Any]) -> Any:
    """`lambda x: callee(x, captured)`; `callee` where nothing is captured."""
    if not captured:
        return callee
    taken = {node.id for item in captured for node in ast.walk(item) if isinstance(node, ast.Name)}
    param = next(
        letter for letter in itertools.chain("xyzuvw", map("x{}".format, itertools.count())) if letter not in taken
    )
    signature = ast.arguments([], [ast.arg(param)], None, [], [], None, [])
    return ast.Lambda(signature, call(callee, [name(param), *captured]))


def binary(left: Any, operator: Any, right: Any) -> Any:
    return ast.BinOp(left, operator, right)


def sequence(nodes: list[Any], kind: type = tuple) -> Any:
    return (ast.Tuple if kind is tuple else ast.List)(nodes, LOAD)


def number(value: Any) -> Any:
    """A Python number; negative ones are a sign and a literal, as they parse."""
    if isinstance(value, complex):
        if value.real == 0 and math.copysign(1.0, value.real) > 0:
            return _signed(value.imag, lambda x: ast.Constant(complex(0.0, x), None))
        imaginary = _signed(value.imag, lambda x: ast.Constant(complex(0.0, abs(x)), None), sign=False)
        operator = ast.Sub() if math.copysign(1.0, value.imag) < 0 else ast.Add()
        return binary(number(value.real), operator, imaginary)
    if isinstance(value, bool):
        return ast.Constant(value, None)
    return _signed(value, lambda x: ast.Constant(x, None))


def _signed(value: Any, build: Any, *, sign: bool = True) -> Any:
    negative = value < 0 or (isinstance(value, float) and math.copysign(1.0, value) < 0 and not math.isnan(value))
    if negative and sign:
        return ast.UnaryOp(ast.USub(), build(-value))
    return build(value)


def constant(value: Any) -> Any:
    """A number, string, None, Ellipsis, or a tuple or list of these."""
    if isinstance(value, (bool, int, float, complex)):
        return number(value)
    if isinstance(value, (tuple, list)):
        return sequence([constant(item) for item in value], type(value))
    return ast.Constant(value, None)


def dictionary(items: list[tuple[Any, Any]]) -> Any:
    return ast.Dict([key for key, _ in items], [value for _, value in items])


def assign(targets: list[Any], value: Any) -> Any:
    """`a = value`, or `a, b = value`."""
    target = targets[0] if len(targets) == 1 else sequence(targets)
    return ast.Assign([target], value, None)


def statement(value: Any) -> Any:
    return ast.Expr(value)


def return_(value: Any) -> Any:
    return ast.Return(value)
