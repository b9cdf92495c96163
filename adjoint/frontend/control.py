"""Branches: names that a region changes become results of `if`.

A branch that leaves the block takes the rest of it into the other branch; where both may go on, flags tell
at run time whether the block was left, and how.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import gast

from adjoint.frontend import columns, optional, rows, windows
from adjoint.frontend.abstract import (
    BOTTOM,
    UNBOUND,
    Conflict,
    Joiner,
    Missing,
    Ref,
    merge,
    same_value,
    together,
)
from adjoint.frontend.calls import Calls
from adjoint.frontend.liveness import parts_of
from adjoint.frontend.normal import binds
from adjoint.frontend.recursion import status_of
from adjoint.frontend.sharing import is_memory
from adjoint.ir.build import Builder
from adjoint.ir.core import EMPTY, IF, UNDEFINED, Atom, Block, Literal, Op, Value
from adjoint.ir.types import ListType, Type, join
from adjoint.ir.walk import defined_in
from adjoint.rules.internal import either

NEXT, RETURN, RAISE, MAYBE = "next", "return", "raise", "maybe"
BREAK, CONTINUE = "break", "continue"

CHOSEN = "chosen"
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


@dataclass(frozen=True, slots=True)
class End:
    """The state at the end of a branch."""

    builder: Builder
    names: dict[str, Any]
    heap: dict[Any, Any]
    status: str
    pending: Any
    result: Any


class Merge(Joiner):
    """Collects what two branches give for each merged value."""

    def __init__(self, low: Control, ends: list[End], before: dict[Any, Any]) -> None:
        self.low = low
        self.ends = ends
        self.before = before
        self.outputs: list[Value] = []
        self.results: tuple[list[Atom], list[Atom]] = ([], [])
        self.pairs: dict[tuple[Any, Any], Ref] = {}
        self.arrays: list[tuple[Value, Any, Any]] = []  # merged references to arrays
        self.doubtful: list[tuple[Ref, set[Any]]] = []  # merged containers, with those that may have other names

    def load(self, side: int, atom: Any, type_: Type) -> Atom:
        """The value of a reference at the end of a branch."""
        if isinstance(atom, Missing) and not isinstance(type_, ListType):
            return UNDEFINED
        with self.low.back_in(self.ends[side].builder, self.ends[side].heap):
            return rows.nothing(self.low) if isinstance(atom, Missing) else self.low.current(atom)  # type: ignore[no-any-return]

    def value(self, hint: str | None, a: Any, b: Any, type_: Type) -> Value:
        value = Value(hint, type_)
        self.outputs.append(value)
        for side, atom in enumerate((a, b)):
            self.results[side].append(self.load(side, atom, type_))
        return value

    def atom(self, name: str | None, a: Any, b: Any, type_: Type) -> Value:
        value = self.value(name, a, b, type_)
        if is_memory(value):
            self.arrays.append((value, a, b))
        return value

    def refs(self, name: str | None, a: Any, b: Any) -> Ref:
        for ref, other in ((a, b), (b, a)):
            if other is BOTTOM and ref in self.before:  # the only path that goes on; `heap` tells what it holds
                return ref  # type: ignore[no-any-return]  # no other has contents
        if (a, b) not in self.pairs:
            frozen = [x.frozen for x in (a, b) if isinstance(x, Ref) and x.frozen]
            self.pairs[a, b] = ref = Ref(frozen[0] if frozen else None)
            for one in (a, b):
                ref.known_as = together(ref.known_as, one.known_as if isinstance(one, Ref) else frozenset())
            shared = any(a in pair or b in pair for pair in self.pairs if pair != (a, b))
            if shared or a in self.before or b in self.before:
                ref.frozen = f"`{name or 'a container'}` is changed, and on one path it is another name of a container"
                self.doubtful += [] if shared or frozen else [(ref, {a, b})]
                for one in (a, b):
                    known = one.known_as if isinstance(one, Ref) else None
                    self.low.second_names |= known or ({one} if isinstance(one, Ref) else set())
            contents = [
                BOTTOM if isinstance(x, Missing) else x.outside if x.outside is not None else end.heap[x]
                for x, end in zip((a, b), self.ends, strict=True)
            ]
            self.low.heap[ref] = merge(name, contents[0], contents[1], self)
        return self.pairs[a, b]

    def rows(self, name: str | None, a: Any, b: Any) -> Any:
        contents, found = [], []
        for end, value in zip(self.ends, (a, b), strict=True):
            with self.low.back_in(end.builder, end.heap):
                contents.append(rows.bare_list(self.low, value))
        for end, value, bare, other in zip(self.ends, (a, b), contents, contents[::-1], strict=True):
            with self.low.back_in(end.builder, end.heap):
                one = rows.as_rows(self.low, bare, other)
                held = columns.members(value, self.low.held_by)
                found.append(one and replace(one, distinct=columns.are_distinct(value), members=held))
        return columns.merged(name, found[0], found[1], self)

    def heap(self) -> None:
        """What arrays and containers hold that were there before the branch."""
        heaps = [end.heap for end in self.ends]
        keys = dict.fromkeys((*heaps[0], *heaps[1]))
        inside: set[Value] = set()
        if any(isinstance(key, Value) and key not in self.before for key in keys):
            inside = inside.union(*(defined_in(end.builder.block((), ())) for end in self.ends))
        for key in keys:
            if key in self.before or (isinstance(key, Value) and key not in inside):
                old = self.before.get(key, key)
                sides = [heap.get(key, old) for heap in heaps]
                if all(side is old for side in sides):
                    continue
                sides = [BOTTOM if end.status == RAISE else x for end, x in zip(self.ends, sides, strict=True)]
                if isinstance(key, Value):
                    self.array(key, sides[0], sides[1], old)
                else:
                    self.low.heap[key] = merge(None, sides[0], sides[1], self)

    def array(self, root: Value, a: Any, b: Any, old: Any) -> None:
        if a is b:
            self.low.heap[root] = a
            return
        given = [x for x in (a, b) if x is not BOTTOM]
        hint = self.low.renames.get(root, root.hint)
        new = Value(hint, given[0].type if len(given) == 1 else join(given[0].type, given[1].type))
        self.outputs.append(new)
        for side, atom in enumerate((a, b)):
            self.results[side].append(UNDEFINED if atom is BOTTOM else atom)
        self.low.heap[root] = new
        self.low.references[new] = root

    def thaw(self, node: Any) -> None:
        """Let merged containers change that have taken the place of the old ones: nothing leads to these any more."""
        known = led_to(self.low) if self.doubtful and isinstance(node, gast.stmt) else None
        if known is not None:
            for ref, old in self.doubtful:
                if old.isdisjoint(known) and sum(not old.isdisjoint(pair) for pair in self.pairs) == 1:
                    ref.frozen = None

    def relate(self) -> None:
        """Tell which of the merged arrays may share memory: those that do on one of the paths, or with a live name."""
        if not self.arrays:
            return
        low = self.low
        merged = {value for value, _, _ in self.arrays}
        live = {root for _, atom in low.live_arrays() if (root := low.root(atom)) not in merged}
        elsewhere = frozenset().union(*map(low.aliases, live))
        counts = [Counter(array for _, *sides in self.arrays for array in aliases_of(low, sides[k])) for k in (0, 1)]
        for value, *sides in self.arrays:
            known = [x for x in sides if is_memory(x)]
            low.comes_from[value] = frozenset({value}).union(*map(low.sources, known))
            alone = all(
                counts[k][array] == 1 and array not in elsewhere for k in (0, 1) for array in aliases_of(low, sides[k])
            )
            if not alone or any(len(low.aliases(x)) > 1 for x in known):
                low.may[value] = frozenset({value}).union(*map(low.aliases, known))


def aliases_of(low: Any, side: Any) -> frozenset[Value]:
    """The arrays that one side of a merge may be; none where it is not bound."""
    return frozenset() if isinstance(side, Missing) else low.aliases(side)


def led_to(low: Any) -> set[Any] | None:
    """The containers that may still be read through names; None where an expression at hand may hold others."""
    seen: set[Any] = set(low.gone_through)
    for frame in low.callers():
        if frame is not low.frame and not frame.calls_last():
            return None
        scope = frame
        while scope is not None and scope not in seen:
            seen.add(scope)
            live = scope.live_now()
            for name, held in scope.names.items():
                if live is None or name in live:
                    list(low.reachable(held, seen))
            scope = scope.parent
    for value in (low.frame.result, low.frame.pending and low.frame.pending.value):
        list(low.reachable(value, seen))
    return seen


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
        frame, test = self.frame, self.current(test)
        before, heap, at = frame.names, self.heap, frame.at
        ends: list[End] = []
        for thunk, start in zip(thunks, starts, strict=True):
            frame.names, frame.pending, frame.result = dict(before), None, None
            self.heap = dict(heap)
            with self.region() as builder:
                self.facts |= optional.implied(self, test, not ends)
                if start is not None:
                    builder.ops.extend(start.ops)
                status = status_of(self, thunk, RAISE)
            ends.append(End(builder, frame.names, self.heap, status, frame.pending, frame.result))
        frame.names, self.heap = dict(before), dict(heap)
        merged = Merge(self, ends, heap)
        statuses = {end.status for end in ends}
        if statuses - {RETURN, RAISE}:
            for name in dict.fromkeys((*ends[0].names, *ends[1].names)):
                if live is not None and name not in live:
                    frame.names.pop(name, None)
                    continue
                then, other = (_leaving(end.status, end.names.get(name, UNBOUND)) for end in ends)
                plain = ends[0].names.get(name), ends[1].names.get(name)
                frame.names[name] = found = self.merge_name(name, then, other, plain, merged, node)
                if is_memory(found) and found is not plain[0]:
                    self.joined_at[found] = node, name
        status = self.merge_returns(ends, merged, node)
        merged.heap()
        frame.at = node if isinstance(node, gast.stmt) else at  # the branches may have ended at a `return`
        merged.relate()
        merged.thaw(node)
        for end, truth in zip(ends, (False, True), strict=True):
            self.facts |= optional.implied(self, test, truth) if end.status == RAISE else frozenset()
        regions = ends[0].builder.block((), merged.results[0]), ends[1].builder.block((), merged.results[1])
        with self.at(node):
            self.emit_if(test, regions, merged.outputs)
        return status

    @contextmanager
    def back_in(self, builder: Builder, heap: dict[Any, Any]) -> Iterator[None]:
        """Go on in a block that was left, with what the heap was there."""
        saved = self.builder, self.heap
        self.builder, self.heap = builder, heap
        try:
            yield
        finally:
            self.builder, self.heap = saved

    def emit_if(self, test: Atom, regions: tuple[Block, Block], outputs: list[Value]) -> None:
        if outputs or any(region.ops for region in regions):
            op = Op(IF, (test,), tuple(outputs), EMPTY, regions, self.builder.span, self.builder.sweep)
            self.builder.append(op)

    def merge_name(self, name: str, a: Any, b: Any, plain: tuple[Any, Any], merged: Merge, node: Any) -> Any:
        if a is BOTTOM and b is BOTTOM:
            return UNBOUND
        if plain[0] is not None and plain[1] is not None and same_value(*plain):
            return plain[0]
        if BOTTOM not in (a, b) and windows.is_wanted(self, node, name):
            parts = []
            for end, value in zip(merged.ends, (a, b), strict=True):
                with self.back_in(end.builder, end.heap):
                    parts.append(windows.described(self, node, name, value))
            return windows.view(self, windows.joined(merge(name, parts[0], parts[1], merged), node, name), name)
        return merge(name, a, b, merged)

    def merge_returns(self, ends: list[End], merged: Merge, node: Any) -> str:
        """What the two branches together have done; flags where that is known at run time only."""
        frame = self.frame
        frame.pending = frame.result = None
        statuses = {end.status for end in ends} - {RAISE}
        if not statuses:
            return RAISE
        exits = [exits_of(end.status, end.pending, end.result) for end in ends]
        value = merge(None, exits[0].value, exits[1].value, merged)
        if isinstance(value, Conflict):
            what = "the result of the function" if isinstance(node, gast.stmt) else "this expression"
            self.refuse(node, f"{what} {value.reason}", "give one structure on all paths")
        if len(statuses) == 1 and MAYBE not in statuses:
            frame.result = value
            return str(statuses.pop())
        left = {}
        for kind in (RETURN, BREAK, CONTINUE):
            flags = [
                BOTTOM if end.status == RAISE else found.left.get(kind, Literal(False))
                for end, found in zip(ends, exits, strict=True)
            ]
            left[kind] = merge(None, flags[0], flags[1], merged)
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
        if binds(node):
            return self.select_binding(test, (then, otherwise), node, (ready, ready_else))
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

    def select_binding(
        self, test: Any, thunks: tuple[Callable[[], Any], Callable[[], Any]], node: Any,
        starts: tuple[Builder | None, Builder | None],
    ) -> Any:  # fmt: skip
        """The value of a conditional expression in which `:=` binds names: it is merged with these."""
        name = hidden(CHOSEN)

        def give(thunk: Callable[[], Any]) -> Callable[[], str]:
            def run() -> str:
                value = thunk()
                self.frame.names[name] = value
                return NEXT

            return run

        self.branch(test, (give(thunks[0]), give(thunks[1])), node, None, starts)
        return self.usable(self.frame.names.pop(name), "the conditional expression", node)

    def stmt_If(self, node: Any) -> str:
        return self.if_else(node, ())

    def if_else(self, node: Any, rest: Sequence[Any]) -> str:
        """An `if`, with the statements after it lowered in the branch that goes on."""
        test = self.condition(node.test)
        known = self.truth(test)
        if known is not None:
            return self.stmts((*(node.body if known else node.orelse), *rest))
        then, otherwise = list(node.body), list(node.orelse)
        if rest:
            (otherwise if leaves(then) else then).extend(rest)
        live = None if rest or has_exit([*then, *otherwise]) else self.frame.live.live_after(node)
        return self.branch(test, (lambda: self.stmts(then), lambda: self.stmts(otherwise)), node, live)

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
            todo.extend(parts_of(node))


def _leaving(status: str, value: Any) -> Any:
    return BOTTOM if status in (RETURN, RAISE) else value


def exits_of(status: str, pending: Any, result: Any) -> Exits:
    if status == MAYBE:
        return pending  # type: ignore[no-any-return]
    return Exits({} if status in (NEXT, RAISE) else {status: Literal(True)}, result if status == RETURN else BOTTOM)
