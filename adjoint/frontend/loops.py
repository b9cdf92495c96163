"""Loops: what they go through, and what becomes of `break`, `continue`, `return` and `else` in them.

Loops that may end early carry a flag, and count their trips.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from typing import Any

import gast

from adjoint.frontend import builtin, indexers, iteration, rows
from adjoint.frontend.abstract import (
    UNBOUND,
    Items,
    Maybe,
    Ref,
    Rows,
    Span3,
    atoms_of,
    describe,
    is_atom,
    rebuild,
)
from adjoint.frontend.control import (
    BREAK,
    BROKE,
    CONTINUE,
    MAYBE,
    NEXT,
    RAISE,
    RETURN,
    STOP,
    TRIPS,
    VALUE,
    Exits,
    exits_of,
    hidden,
    walk_same_function,
)
from adjoint.frontend.fixpoint import FixedPoint
from adjoint.frontend.iteration import Iterated, iterated
from adjoint.frontend.learned import LoopPlan, Trip
from adjoint.frontend.liveness import assigned, parts_of
from adjoint.frontend.recursion import status_of
from adjoint.frontend.sharing import is_certain_array
from adjoint.ir.core import FOR, WHILE, Atom, Block, Literal, Op, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import PY_INT, ArrayType
from adjoint.ir.walk import defined_in, substitute
from adjoint.rules.infer import remember_range


class NoTrip(Exception):  # no error: it ends the lowering of the loop
    """The test of a `while` is false at its start, whatever the data."""


class Loops(FixedPoint):
    """Lowering of loops."""

    def stmt_For(self, node: Any) -> str:
        through = iterated(self, node.iter)
        given = through.look()
        iterable = self.seen(given)
        iteration.partly(self, iterable, node.iter)
        if isinstance(iterable, Rows) and iterable.item is None:
            return self.unroll(node, through, [], 0)
        if isinstance(iterable, Rows):
            iteration.used(self, iterable, node.iter)
            iterable = rows.items(self, iterable, node.iter, given)
        if isinstance(iterable, Span3) and iterable.kind == "range":
            space = (iterable.start, iterable.stop, iterable.step)
            return self.counted(node, space, None, iterable.schedule)
        if is_atom(iterable) or isinstance(iterable, Items):
            found = through.by_index(self.indexed(iterable, node.iter))
            if found.length is None:
                self.refuse(node.iter, "a loop over an iterator that never ends", "zip it with a range, or use `while`")
            outer, self.gone_through = self.gone_through, {*self.gone_through, *through.refs}
            status = self.counted(node, (Literal(0), found.length, Literal(1)), found.item)
            self.gone_through = outer
            return status
        items, outer = list(self.unrolled(iterable, node.iter)), self.gone_through
        self.gone_through = {*outer, *through.refs}
        status = self.unroll(node, through, items, 0)
        self.gone_through = outer
        return status

    def unroll(self, node: Any, through: Iterated, items: list[Any], trip: int) -> str:
        """A loop over a container: its trips one after the other."""
        items = through.items(items)
        if trip >= len(items):
            return self.stmts(node.orelse)
        self.assign(node.target, items[trip])
        status = self.stmts(node.body)
        if status in (NEXT, CONTINUE):
            return self.unroll(node, through, items, trip + 1)
        if status != MAYBE:
            return NEXT if status == BREAK else status
        return self.afterexits_of(self.frame.pending, lambda: self.unroll(node, through, items, trip + 1), node)

    def afterexits_of(self, exits: Any, rest: Callable[[], str], node: Any) -> str:
        """Go on with `rest` after a trip that may have broken the loop or returned."""
        flags = exits.flag(BREAK, RETURN)
        if not flags:
            return rest()
        frame = self.frame

        def gone() -> str:
            frame.pending = Exits({RETURN: exits.left.get(RETURN, Literal(False))}, exits.value)
            return MAYBE if exits.flag(RETURN) else NEXT

        return self.branch(self.either(flags, node), (gone, rest), node, None)

    def indexed(self, iterable: Any, node: Any) -> Items:
        """An iterable that is gone through by index: an array by its rows, a range, what is such already."""
        iteration.used(self, iterable, node)
        given, iterable = iterable, self.seen(iterable)
        if isinstance(iterable, Rows):
            return rows.items(self, iterable, node, given)
        if isinstance(iterable, Items):
            return iterable
        if indexers.is_flat(iterable):
            return indexers.flat_items(self, iterable.owner, node)
        if isinstance(iterable, Tree) and iterable.kind in ("tuple", "list"):
            found = rows.as_rows(self, iterable, iterable)
            if found is None:
                self.refuse(node, "items of several structures are gone through by index", "give them one structure")
            return Items(Literal(len(iterable.children)), lambda index: rows.item(self, found, index, node))
        if isinstance(iterable, Span3) and iterable.kind == "range":
            return builtin.range_items(self, iterable, node)
        if not is_atom(iterable) or not isinstance(iterable.type, ArrayType):
            self.refuse(node, f"iteration over {describe(iterable)}")
        if iterable.type.shape == ():
            self.refuse(node, "iteration over a number")
        return Items(self.dim(iterable, 0, node), lambda index: self.item(iterable, index, node))

    def assign(self, target: Any, value: Any) -> None:
        raise NotImplementedError

    def carried_names(self, node: Any) -> list[str]:
        """The names that a trip binds anew and that live on, and the flags of a loop that may end early."""
        names = self.rebound_names(node)
        breaks, returns = leaves_loop(node)
        live = self.frame.live.live_at_head(node)
        if breaks:  # what a trip leaves behind where it breaks the loop
            live = live | self.frame.live.live_after(node)
        found = [name for name in names if name in live]
        if breaks or returns:
            found += [hidden(STOP), hidden(TRIPS)] if isinstance(node, gast.For) else [hidden(STOP)]
            found += [hidden(BROKE)] if breaks and node.orelse else []
            found += [hidden(VALUE)] if returns else []
            self.frame.names[hidden(STOP)] = self.frame.names[hidden(BROKE)] = Literal(False)
            self.frame.names[hidden(TRIPS)] = Literal(0)
            self.frame.names[hidden(VALUE)] = UNBOUND
        return found

    def rebound_names(self, node: Any) -> tuple[str, ...]:
        """What is assigned in the body; `x += v` keeps the array or the list that x stands for."""
        body = [node] if isinstance(node, gast.For) else node.body
        names = assigned(body)
        fixed = {n for n in names if isinstance(held := self.frame.names.get(n), Ref) or is_certain_array(held)}
        if not fixed:
            return names
        own = list(walk_same_function(body))
        bound = [inner for inner in own if isinstance(inner, gast.Name) and not isinstance(inner.ctx, gast.Load)]
        augmented = [inner.target for inner in own if isinstance(inner, gast.AugAssign)]
        plain = {name.id for name in bound}
        counts = Counter(name.id for name in bound if isinstance(name.ctx, gast.Store))
        counts.subtract(target.id for target in augmented if isinstance(target, gast.Name))
        return tuple(n for n in names if n not in fixed or n not in plain or counts[n] > 0)

    def end_of_trip(self, status: str, params: dict[Any, Any], node: Any) -> Trip:
        """What the carried keys stand for after a trip, with the flags of a loop that may end early."""
        self.set_flags(status, params, node)
        learned = self.position.learned
        references = {key: rows.adapt(self, self.state_of(key, learned), value) for key, value in params.items()}
        values = {key: rebuild(v, iter([self.current(a) for a in atoms_of(v)])) for key, v in references.items()}
        return Trip(status, references, values)

    def set_flags(self, status: str, params: dict[Any, Any], node: Any) -> None:
        after = self.frame.names
        if hidden(STOP) not in params:
            return
        exits = exits_of(status, self.frame.pending, self.frame.result)
        flags = exits.flag(BREAK, RETURN)
        after[hidden(STOP)] = self.either(flags, node) if flags else Literal(False)
        after[hidden(BROKE)] = exits.left.get(BREAK, Literal(False))
        if hidden(TRIPS) in params:
            after[hidden(TRIPS)] = self.operation(operator.add, (params[hidden(TRIPS)], Literal(1)), node)
        returned = exits.flag(RETURN)
        if hidden(VALUE) in params:
            after[hidden(VALUE)] = params[hidden(VALUE)]
            if returned:
                always = isinstance(returned[0], Literal)
                after[hidden(VALUE)] = exits.value if always else Maybe(exits.value, returned[0])

    def after_loop(self, node: Any, *, endless: bool = False) -> str:
        """What is left of the flags of a loop: its `else`, and whether the function has returned."""
        frame = self.frame
        names = frame.names
        broke, value = names.pop(hidden(BROKE), None), names.pop(hidden(VALUE), UNBOUND)
        names.pop(hidden(STOP), None)
        names.pop(hidden(TRIPS), None)
        left: dict[str, Any] = {}
        if isinstance(value, Maybe):
            left = {RETURN: Literal(True) if endless and not leaves_loop(node)[0] else value.bound}
            value = value.value
        elif value is not UNBOUND:
            left = {RETURN: Literal(True)}
        exits = Exits({**left, BREAK: broke if broke is not None else Literal(False)}, value)
        if node.orelse:
            return self.afterexits_of(exits, lambda: self.stmts(node.orelse), node)
        if not exits.flag(RETURN):
            return NEXT
        if isinstance(exits.left[RETURN], Literal):
            frame.result = value
            return RETURN
        frame.pending = Exits({RETURN: exits.left[RETURN]}, value)
        return MAYBE

    def counted(
        self, node: Any, space: tuple[Any, Any, Any], item: Callable[[Value], Any] | None, schedule: Any = None
    ) -> str:
        """A loop over a range; the target is bound to `item(index)`, or to the index itself."""
        for part in space:
            if not is_atom(part):
                self.refuse(node.iter, f"a range needs integers, and got {describe(part)}")
        names = self.carried_names(node)
        hint = node.target.id if item is None and isinstance(node.target, gast.Name) else "i"

        def body(params: dict[Any, Any]) -> tuple[list[Block], Trip, list[Value]]:
            index = Value(hint, PY_INT)
            remember_range(index, *space)
            with self.region() as builder:
                self.assign(node.target, index if item is None else item(index))
                trip = self.end_of_trip(status_of(self, lambda: self.stmts(node.body), RAISE, loop=True), params, node)
            return [Block((), tuple(builder.ops), ())], trip, [index]

        self.loop(node, names, body, lambda plan: self.emit_for(plan, space, node, schedule))
        return self.after_loop(node)

    def emit_for(self, plan: LoopPlan, space: tuple[Atom, Atom, Atom], node: Any, schedule: Any = None) -> None:
        region = Block((plan.heads[0], *plan.params), plan.blocks[0].ops, plan.following)
        attrs = {"carried": len(plan.params), "produced": (), "reverse": False, **plan.numbers}
        attrs |= {"schedule": schedule} if schedule else {}
        self.append_loop(FOR, (*space, *plan.initial), attrs, (region,), plan.finals, node)

    def stmt_While(self, node: Any) -> str:
        names = self.carried_names(node)
        endless = False
        copies: dict[Any, Any] = {}
        names_before, heap_before = self.frame.names, self.heap

        def body(params: dict[Any, Any]) -> tuple[list[Block], Trip, list[Value]]:
            nonlocal endless
            before, heap = dict(self.frame.names), dict(self.heap)
            copies.update((key, self.renewed(key, value)) for key, value in params.items())
            with self.region() as builder:
                self.install(copies, self.position.learned)
                known_heap = dict(self.heap)
                test = self.current(self.condition(node.test))
                known = self.truth(test)
            made = defined_in(builder.block((), ()))
            written = [key for key in self.heap if isinstance(key, Value) and key not in known_heap and key not in made]
            if not written and known is False:
                raise NoTrip
            endless = known is True  # so far: a later round of the fixed point knows less
            test = Literal(True) if endless else test
            if written or any(self.heap[key] is not held for key, held in known_heap.items()):
                self.refuse(node.test, "the test of the loop changes an array or a container", "do that in the body")
            self.frame.names, self.heap = before, heap
            with self.region() as inner:
                trip = self.end_of_trip(status_of(self, lambda: self.stmts(node.body), RAISE, loop=True), params, node)
            return [Block((), tuple(builder.ops), (test,)), Block((), tuple(inner.ops), ())], trip, []

        def emit(plan: LoopPlan) -> None:
            if endless and hidden(STOP) not in plan.values:
                self.refuse(node.test, "the test of the loop is always True", "end the loop by `break` or `return`")
            twins = {
                old: new
                for key, copy in copies.items()
                if key in plan.values
                for old, new in zip(atoms_of(plan.values[key]), atoms_of(copy), strict=True)
            }
            head = substitute(plan.blocks[0], {twins[p]: start for p, start in plan.invariant.items()})
            head = Block(tuple(twins[p] for p in plan.params), head.ops, head.results)
            region = Block(plan.params, plan.blocks[1].ops, plan.following)
            outputs = [*plan.finals, Value(None, PY_INT)]
            numbers = {k: v for k, v in plan.numbers.items() if k == STOP}
            self.append_loop(WHILE, plan.initial, {"produced": (), **numbers}, (head, region), outputs, node)

        try:
            self.loop(node, names, body, emit)
        except NoTrip:
            self.frame.names, self.heap = names_before, heap_before
            self.condition(node.test)  # for what it binds
            endless = False
        return self.after_loop(node, endless=endless)

    def append_loop(
        self, primitive: Any, inputs: Any, attrs: Any, regions: Any, outputs: list[Value], node: Any
    ) -> None:
        op = Op(primitive, tuple(inputs), tuple(outputs), attrs, regions, self.span(node), self.builder.sweep)
        self.builder.append(op)

    def sum_of_array(self, array: Any, start: Any, node: Any) -> Any:
        """`sum(array)`: Python's own, item by item."""
        part = self.indexed(array, node)
        total = f"sum(){len(self.frame.names)}"
        self.frame.names[total] = start

        def body(params: dict[Any, Any]) -> tuple[list[Block], Trip, list[Value]]:
            index = Value("i", PY_INT)
            with self.region() as builder:
                item = part.item(index)
                self.frame.names[total] = self.operation(operator.add, (self.frame.names[total], item), node)
                trip = self.end_of_trip(NEXT, params, node)
            return [Block((), tuple(builder.ops), ())], trip, [index]

        space = (Literal(0), part.length, Literal(1))
        self.loop(node, [total], body, lambda plan: self.emit_for(plan, space, node))
        return self.frame.names.pop(total)


def leaves_loop(node: Any) -> tuple[bool, bool]:
    """Whether a loop has a `break` of its own, and whether it has a `return`."""
    breaks, todo = False, list(node.body)
    while todo:
        inner = todo.pop()
        breaks |= isinstance(inner, gast.Break)
        if isinstance(inner, (gast.For, gast.While)):
            todo += inner.orelse
        elif not isinstance(inner, (gast.FunctionDef, gast.Lambda, gast.AsyncFunctionDef)):
            todo += parts_of(inner)
    return breaks, any(isinstance(inner, gast.Return) for inner in walk_same_function(node.body))
