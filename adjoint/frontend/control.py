"""Branches: names that a region changes become results of `if`.

A branch that leaves the block takes the rest of it into the other branch; where both may go on, flags tell
at run time whether the block was left, and how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gast

from adjoint.frontend.abstract import (
    BOTTOM,
    UNBOUND,
    Conflict,
    Missing,
    merge,
    same_value,
)
from adjoint.frontend.calls import Calls
from adjoint.frontend.recursion import status_of
from adjoint.ir.build import Builder
from adjoint.ir.core import EMPTY, IF, UNDEFINED, Atom, Block, Literal, Op, Value
from adjoint.ir.types import Type
from adjoint.rules.internal import either

NEXT, RETURN, RAISE, MAYBE = "next", "return", "raise", "maybe"
BREAK, CONTINUE = "break", "continue"

STOP, TRIPS, BROKE, VALUE = "stop", "trips", "broke", "returned"
"""What a loop that may end early carries beside the user's names; no identifiers, so no clash: see `hidden`."""


def hidden(name: str) -> str:
    return f"<{name}>"


def label(name: str) -> str:
    """What a carried value is called in dumps and in generated code."""
    return name.strip("<>")


@dataclass(frozen=True, slots=True)
class Exits:
    """Run-time flags of what a block has done: which statement left it, if any; `value` is what was returned."""

    left: dict[str, Any]
    value: Any = BOTTOM

    def flag(self, *kinds: str) -> list[Any]:
        """The flags of some kinds that may be set."""
        found = [self.left.get(kind, Literal(False)) for kind in kinds]
        return [flag for flag in found if not (isinstance(flag, Literal) and flag.value is False)]


class Merge:
    """Collects what two branches give for each merged value."""

    def __init__(self, low: Control) -> None:
        self.low = low
        self.outputs: list[Value] = []
        self.then: list[Atom] = []
        self.otherwise: list[Atom] = []

    def names(self, hint: str | None) -> Callable[[Any, Any, Type], Value]:
        def out(a: Any, b: Any, type_: Type) -> Value:
            value = Value(hint, type_)
            self.outputs.append(value)
            self.then.append(UNDEFINED if isinstance(a, Missing) else a)
            self.otherwise.append(UNDEFINED if isinstance(b, Missing) else b)
            roots = {r for atom in (a, b) if isinstance(atom, Value) for r in self.low.roots_of(atom)}
            if roots:
                self.low.roots[value] = frozenset(roots)
            return value

        return out


class Control(Calls):
    """Lowering of branches and loops. Statements report whether they go on, return, raise, or may return."""

    def stmts(self, body: Sequence[Any]) -> str:
        raise NotImplementedError

    # ------------------------------------------------------------------ branches

    def branch(
        self, test: Atom, thunks: tuple[Callable[[], str], Callable[[], str]], node: Any, live: frozenset[str] | None,
        starts: tuple[Builder | None, Builder | None] = (None, None),
    ) -> str:  # fmt: skip
        """`if test: thunks[0]() else: thunks[1]()`, with the names that stay live merged."""
        frame = self.frame
        before = frame.names
        ends = []
        for thunk, start in zip(thunks, starts, strict=True):
            frame.names, frame.pending, frame.result = dict(before), None, None
            with self.region() as builder:
                if start is not None:
                    builder.ops.extend(start.ops)
                status = status_of(thunk, RAISE)
            ends.append((builder, frame.names, status, frame.pending, frame.result))
        (builder_a, names_a, status_a, *_), (builder_b, names_b, status_b, *_) = ends
        frame.names = dict(before)
        merged = Merge(self)
        statuses = {status_a, status_b}
        if statuses - {RETURN, RAISE}:
            for name in dict.fromkeys((*names_a, *names_b)):
                if live is not None and name not in live:
                    frame.names.pop(name, None)
                    continue
                then = _leaving(status_a, names_a.get(name, UNBOUND))
                other = _leaving(status_b, names_b.get(name, UNBOUND))
                plain = names_a.get(name), names_b.get(name)
                frame.names[name] = self.merge_name(name, then, other, plain, merged)
        status = self.merge_returns(ends, merged, node)
        regions = (builder_a.block((), merged.then), builder_b.block((), merged.otherwise))
        with self.at(node):
            self.emit_if(test, regions, merged.outputs)
        return status

    def emit_if(self, test: Atom, regions: tuple[Block, Block], outputs: list[Value]) -> None:
        if outputs or any(region.ops for region in regions):
            op = Op(IF, (test,), tuple(outputs), EMPTY, regions, self.builder.span, self.builder.sweep)
            self.builder.append(op)

    def merge_name(self, name: str, a: Any, b: Any, plain: tuple[Any, Any], merged: Merge) -> Any:
        if a is BOTTOM and b is BOTTOM:
            return UNBOUND
        if plain[0] is not None and plain[1] is not None and same_value(*plain):
            return plain[0]
        return merge(name, a, b, merged.names(name))

    def merge_returns(self, ends: list[Any], merged: Merge, node: Any) -> str:
        """What the two branches together have done; flags where that is known at run time only."""
        frame = self.frame
        frame.pending = frame.result = None
        statuses = {end[2] for end in ends} - {RAISE}
        if not statuses:
            return RAISE
        exits = [exits_of(*end[2:]) for end in ends]
        value = merge(None, exits[0].value, exits[1].value, merged.names(None))
        if isinstance(value, Conflict):
            self.refuse(node, f"the result of the function {value.reason}", "return one structure on all paths")
        if len(statuses) == 1 and MAYBE not in statuses:
            frame.result = value
            return str(statuses.pop())
        left = {}
        for kind in (RETURN, BREAK, CONTINUE):
            flags = [
                BOTTOM if end[2] == RAISE else found.left.get(kind, Literal(False))
                for end, found in zip(ends, exits, strict=True)
            ]
            left[kind] = merge(None, flags[0], flags[1], merged.names(None))
        frame.pending = Exits(left, value)
        return MAYBE

    def select(
        self, test: Any, then: Callable[[], Any], otherwise: Callable[[], Any], node: Any,
        ready: Builder | None = None, ready_else: Builder | None = None,
    ) -> Any:  # fmt: skip
        """The value of a conditional expression."""
        if self.frame is None:
            what = "a function of Python's own that chooses between its arguments"
            self.refuse(node, what, "call it inside a function")
        frame, saved = self.frame, (self.frame.result, self.frame.pending)

        def give(thunk: Callable[[], Any]) -> Callable[[], str]:
            def run() -> str:
                frame.result = thunk()
                return RETURN

            return run

        names = frame.names
        self.branch(test, (give(then), give(otherwise)), node, None, (ready, ready_else))
        value = frame.result
        frame.names = names
        frame.result, frame.pending = saved
        return value

    def stmt_If(self, node: Any) -> str:
        return self.if_else(node, ())

    def if_else(self, node: Any, rest: Sequence[Any]) -> str:
        """An `if`, with the statements after it lowered in the branch that goes on."""
        test = self.expr(node.test)
        known = self.truth(test)
        if known is not None:
            return self.stmts((*(node.body if known else node.orelse), *rest))
        then, otherwise = list(node.body), list(node.orelse)
        if rest:
            (otherwise if leaves(then) else then).extend(rest)
        live = None if rest or has_exit([*then, *otherwise]) else self.frame.live.live_after(node)
        return self.branch(test, (lambda: self.stmts(then), lambda: self.stmts(otherwise)), node, live)

    # ------------------------------------------------------------------ which arrays share memory

    @property
    def roots(self) -> dict[Value, frozenset[Value]]:
        return self.__dict__.setdefault("_roots", {})  # type: ignore[no-any-return]

    def roots_of(self, value: Value) -> frozenset[Value]:
        return self.roots.get(value, frozenset((value,)))

    def either(self, flags: list[Any], node: Any) -> Any:
        """Whether any of some flags is set."""
        found = flags[0]
        for flag in flags[1:]:
            if isinstance(found, Literal) or isinstance(flag, Literal):
                return Literal(True)  # a flag that may be set and is constant is set
            found = self.apply(either, [found, flag], {}, node)
        return found

    def stmt_Break(self, node: Any) -> str:
        return BREAK

    def stmt_Continue(self, node: Any) -> str:
        return CONTINUE


def leaves(body: Sequence[Any]) -> bool:
    """Whether statements certainly leave the function."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, (gast.Return, gast.Raise, gast.Break, gast.Continue)):
        return True
    return isinstance(last, gast.If) and leaves(last.body) and leaves(last.orelse)


def has_exit(body: Sequence[Any]) -> bool:
    """Whether statements may leave their block other than by an exception."""
    return any(isinstance(inner, (gast.Return, gast.Break, gast.Continue)) for inner in walk_same_function(body))


def walk_same_function(body: Sequence[Any]) -> Any:
    """Nodes of statements, without those of nested functions."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (gast.FunctionDef, gast.Lambda, gast.AsyncFunctionDef)):
            todo.extend(gast.iter_child_nodes(node))


def _leaving(status: str, value: Any) -> Any:
    return BOTTOM if status in (RETURN, RAISE) else value


def exits_of(status: str, pending: Any, result: Any) -> Exits:
    if status == MAYBE:
        return pending  # type: ignore[no-any-return]
    return Exits({} if status in (NEXT, RAISE) else {status: Literal(True)}, result if status == RETURN else BOTTOM)
