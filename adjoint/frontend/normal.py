"""Python written in less of it, before anything is lowered: a loop whose test binds names is one that breaks."""

from __future__ import annotations

from typing import Any

import gast


def normalise(function: Any) -> None:
    """`while (x := f()) > 0: ...` as `while True: if not (x := f()) > 0: break; ...`, in place."""
    for node in list(gast.walk(function)):
        if not isinstance(node, gast.While) or _leaves(node.orelse):
            continue
        if binds(node.test) or any(map(_changes, gast.walk(node.test))):
            stop = gast.copy_location(gast.Break(), node.test)
            negated = gast.copy_location(gast.UnaryOp(gast.Not(), node.test), node.test)
            first = gast.copy_location(gast.If(negated, [*node.orelse, stop], []), node.test)
            node.test = gast.copy_location(gast.Constant(True, None), node.test)
            node.body, node.orelse = [first, *node.body], []


def binds(expression: Any) -> bool:
    """Whether `:=` binds a name in an expression."""
    return isinstance(expression, gast.expr) and any(isinstance(p, gast.NamedExpr) for p in gast.walk(expression))


def bound_in(expression: Any) -> list[str]:
    """The names that `:=` binds in an expression."""
    return [part.target.id for part in gast.walk(expression) if isinstance(part, gast.NamedExpr)]


CHANGING = ("pop", "popleft", "append", "remove")


def _changes(part: Any) -> bool:
    """Whether this takes something out of a container, or puts it in."""
    if not isinstance(part, gast.Call):
        return False
    if isinstance(part.func, gast.Name):
        return bool(part.func.id == "next")
    return isinstance(part.func, gast.Attribute) and part.func.attr in CHANGING


def _leaves(body: list[Any]) -> bool:
    return any(isinstance(part, (gast.Break, gast.Continue)) for node in body for part in gast.walk(node))
