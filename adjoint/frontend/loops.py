"""Loops: names that a body changes become values that the loop carries.

A body is lowered until the types of what it carries no longer change: a fixed point on a lattice of finite
height. Loops that may end early carry a flag, and count their trips.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gast

from adjoint.frontend import builtin
from adjoint.frontend.abstract import (
    UNBOUND,
    Conflict,
    Items,
    Maybe,
    Missing,
    Span3,
    atoms_of,
    describe,
    is_atom,
    merge,
    rebuild,
    widen,
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
    Control,
    Exits,
    exits_of,
    hidden,
    label,
    walk_same_function,
)
from adjoint.frontend.liveness import assigned
from adjoint.frontend.recursion import status_of
from adjoint.ir.core import FOR, UNDEFINED, WHILE, Atom, Block, Literal, Op, Value
from adjoint.ir.types import PY_INT, ArrayType, Type
from adjoint.ir.walk import lookup, substitute


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """A lowered loop: its blocks, and for each carried number how it starts, enters, leaves and ends.

    `values` are the abstract values of the names inside; `invariant` maps those of their numbers that
    the body never changes to what they are outside.
    """

    numbers: dict[str, int]  # attributes `stop` and `trips` of a loop that may end early
    blocks: list[Block]
    heads: list[Value]
    values: dict[str, Any]
    invariant: dict[Value, Atom]
    initial: tuple[Atom, ...]
    params: tuple[Value, ...]
    following: tuple[Atom, ...]
    finals: list[Value]


class Loops(Control):
    """Lowering of loops."""

    def stmt_For(self, node: Any) -> str:
        iterable = self.expr(node.iter)
        if isinstance(iterable, Span3) and iterable.kind == "range":
            return self.counted(node, (iterable.start, iterable.stop, iterable.step), None)
        if is_atom(iterable) or isinstance(iterable, Items):
            found = self.indexed(iterable, node.iter)
            return self.counted(node, (Literal(0), found.length, Literal(1)), found.item)
        return self.unroll(node, self.unrolled(iterable, node.iter))

    def unroll(self, node: Any, items: list[Any]) -> str:
        """A loop over a container: its trips one after the other."""
        if not items:
            return self.stmts(node.orelse)
        self.assign(node.target, items[0])
        status = self.stmts(node.body)
        if status in (NEXT, CONTINUE):
            return self.unroll(node, items[1:])
        if status != MAYBE:
            return NEXT if status == BREAK else status
        return self.afterexits_of(self.frame.pending, lambda: self.unroll(node, items[1:]), node)

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
        if isinstance(iterable, Items):
            return iterable
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
        body = [node.target, *node.body] if isinstance(node, gast.For) else node.body
        names = dict.fromkeys(assigned([node]) if isinstance(node, gast.For) else assigned(node.body))
        for inner in (x for part in body for x in gast.walk(part)):
            if isinstance(inner, gast.Subscript) and isinstance(inner.ctx, gast.Store):
                base = inner.value
                while isinstance(base, (gast.Subscript, gast.Attribute)):
                    base = base.value
                if isinstance(base, gast.Name):
                    names.setdefault(base.id)
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

    def end_of_trip(self, status: str, params: dict[str, Any], node: Any) -> dict[str, Any]:
        """The names after a trip, with the flags of a loop that may end early."""
        after = dict(self.frame.names)
        if hidden(STOP) not in params:
            return after
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
        return after

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

    def counted(self, node: Any, space: tuple[Any, Any, Any], item: Callable[[Value], Any] | None) -> str:
        """A loop over a range; the target is bound to `item(index)`, or to the index itself."""
        for part in space:
            if not is_atom(part):
                self.refuse(node.iter, f"a range needs integers, and got {describe(part)}")
        names = self.carried_names(node)
        hint = node.target.id if item is None and isinstance(node.target, gast.Name) else "i"

        def body(params: dict[str, Any]) -> tuple[list[Block], dict[str, Any], list[Value]]:
            index = Value(hint, PY_INT)
            with self.region() as builder:
                self.frame.names.update(params)
                self.assign(node.target, index if item is None else item(index))
                status = status_of(lambda: self.stmts(node.body), RAISE)
                after = params if status == RAISE else self.end_of_trip(status, params, node)
            return [Block((), tuple(builder.ops), ())], after, [index]

        self.loop(node, names, body, lambda plan: self.emit_for(plan, space, node))
        return self.after_loop(node)

    def emit_for(self, plan: LoopPlan, space: tuple[Atom, Atom, Atom], node: Any) -> None:
        region = Block((plan.heads[0], *plan.params), plan.blocks[0].ops, plan.following)
        attrs = {"carried": len(plan.params), "produced": (), "reverse": False, **plan.numbers}
        self.append_loop(FOR, (*space, *plan.initial), attrs, (region,), plan.finals, node)

    def stmt_While(self, node: Any) -> str:
        names = self.carried_names(node)
        endless: list[bool] = []
        copies: dict[str, Any] = {}

        def body(params: dict[str, Any]) -> tuple[list[Block], dict[str, Any], list[Value]]:
            before = dict(self.frame.names)
            copies.update((name, _fresh(name, value)) for name, value in params.items())
            with self.region() as builder:
                self.frame.names.update(copies)
                test = self.expr(node.test)
                known = self.truth(test)
                if known is True and hidden(STOP) in params:
                    test = Literal(True)
                    endless.append(True)
                elif known is not None or not is_atom(test):
                    self.refuse(node.test, f"the test of the loop is always {known}")
            self.frame.names = before
            with self.region() as inner:
                self.frame.names.update(params)
                status = status_of(lambda: self.stmts(node.body), RAISE)
                after = params if status == RAISE else self.end_of_trip(status, params, node)
            return [Block((), tuple(builder.ops), (test,)), Block((), tuple(inner.ops), ())], after, []

        def emit(plan: LoopPlan) -> None:
            twins = {
                old: new
                for name, copy in copies.items()
                for old, new in zip(atoms_of(plan.values[name]), atoms_of(copy), strict=True)
            }
            head = substitute(plan.blocks[0], {twins[p]: start for p, start in plan.invariant.items()})
            head = Block(tuple(twins[p] for p in plan.params), head.ops, head.results)
            region = Block(plan.params, plan.blocks[1].ops, plan.following)
            outputs = [*plan.finals, Value(None, PY_INT)]
            numbers = {k: v for k, v in plan.numbers.items() if k == STOP}
            self.append_loop(WHILE, plan.initial, {"produced": (), **numbers}, (head, region), outputs, node)

        self.loop(node, names, body, emit)
        return self.after_loop(node, endless=bool(endless))

    def append_loop(
        self, primitive: Any, inputs: Any, attrs: Any, regions: Any, outputs: list[Value], node: Any
    ) -> None:
        op = Op(primitive, tuple(inputs), tuple(outputs), attrs, regions, self.span(node), self.builder.sweep)
        self.builder.append(op)

    def loop(self, node: Any, names: list[str], body: Callable[..., Any], emit: Callable[..., None]) -> str:
        """Lower a loop body until its carried types are stable, then append the loop."""
        frame = self.frame
        before = frame.names
        initial = {name: before.get(name, UNBOUND) for name in names}
        key = (node, frame)
        known = self.loop_types.get(key, {})
        template = {n: self.settle(n, v, known.get(n, v)) for n, v in initial.items()}
        while True:
            params = {name: _fresh(name, value) for name, value in template.items()}
            self.set_roots(params, initial, known)
            frame.names = dict(before)
            blocks, after, heads = body(params)
            frame.names = before
            joined = {n: self.settle(n, params[n], after.get(n, UNBOUND)) for n in names}
            roots_grew = self.grow_roots(params, joined, after)
            if all(_same_types(params[n], joined[n]) for n in names) and not roots_grew:
                break
            template = joined
        self.loop_types[key] = params
        plan, results = self.plan(initial, params, after, blocks, heads)
        emit(plan)
        frame.names = dict(before)
        frame.names.update(results)
        return NEXT

    def plan(
        self,
        initial: dict[str, Any],
        params: dict[str, Any],
        after: dict[str, Any],
        blocks: list[Block],
        heads: list[Value],
    ) -> tuple[LoopPlan, dict[str, Any]]:
        """Tell what is carried from what stays the same, and what each name is after the loop."""
        carried: list[tuple[Atom, Value, Atom, Value]] = []
        invariant: dict[Value, Atom] = {}
        results: dict[str, Any] = {}
        for name, value in params.items():
            if isinstance(value, (Conflict, Missing)):
                results[name] = value
                continue
            outs: list[Atom] = []
            columns = (list(atoms_of(value)), conform(initial[name], value), conform(after.get(name, UNBOUND), value))
            for param, start, end in zip(*columns, strict=True):
                if end is param:
                    invariant[param] = start
                    outs.append(start)
                    continue
                final = Value(label(name), param.type)
                self.roots[final] = self.roots_of(param) | (
                    self.roots_of(end) if isinstance(end, Value) else frozenset()
                )
                carried.append((start, param, end, final))
                outs.append(final)
            results[name] = rebuild(value, iter(outs))
        params_of = [c[1] for c in carried]
        numbers = {
            name: params_of.index(params[hidden(name)])
            for name in (STOP, TRIPS) if hidden(name) in params and params[hidden(name)] in params_of
        }  # fmt: skip
        plan = LoopPlan(
            numbers=numbers, blocks=[substitute(block, invariant) for block in blocks], heads=heads,
            values=params, invariant=invariant,
            initial=tuple(c[0] for c in carried), params=tuple(c[1] for c in carried),
            following=tuple(lookup(invariant, c[2]) for c in carried), finals=[c[3] for c in carried],
        )  # fmt: skip
        return plan, results

    def settle(self, name: str, old: Any, new: Any) -> Any:
        """The abstract value that covers both; numbers take widened types."""
        return merge(name, old, new, lambda a, b, t: Value(label(name), _widened(name, a, b, t)))

    # ------------------------------------------------------------------ which arrays share memory

    def set_roots(self, params: dict[str, Any], initial: dict[str, Any], known: dict[str, Any]) -> None:
        for name, value in params.items():
            if isinstance(value, (Conflict, Missing)):
                continue
            for param, start in zip(atoms_of(value), conform(initial[name], value), strict=True):
                extra = self.loop_roots.get((name, self.frame), frozenset())
                if isinstance(start, Value):
                    self.roots[param] = self.roots_of(start) | extra | {param}
                elif extra:
                    self.roots[param] = extra | {param}

    def grow_roots(self, params: dict[str, Any], joined: dict[str, Any], after: dict[str, Any]) -> bool:
        """Note arrays that may enter the next iteration under a carried name; True if there are new ones."""
        grew = False
        for name, value in params.items():
            if isinstance(value, (Conflict, Missing)) or isinstance(joined[name], (Conflict, Missing)):
                continue
            ends = {e for e in atoms_of(after.get(name, UNBOUND)) if isinstance(e, Value)}
            found = frozenset(r for e in ends for r in self.roots_of(e) if r in self.outer_values(params))
            known = self.loop_roots.get((name, self.frame), frozenset())
            if not found <= known:
                self.loop_roots[(name, self.frame)] = known | found
                grew = True
        return grew

    def outer_values(self, params: dict[str, Any]) -> set[Value]:
        reachable = {
            a for frame in self.callers() for v in frame.names.values() for a in atoms_of(v) if isinstance(a, Value)
        }
        roots = {r for a in reachable for r in self.roots_of(a)}
        return reachable | roots

    @property
    def loop_roots(self) -> dict[Any, frozenset[Value]]:
        return self.__dict__.setdefault("_loop_roots", {})  # type: ignore[no-any-return]

    def sum_of_array(self, array: Any, start: Any, node: Any) -> Any:
        """`sum(array)`: Python's own, item by item."""
        length = self.dim(array, 0, node)
        self.frame.names["sum()"] = start

        def body(params: dict[str, Any]) -> tuple[list[Block], dict[str, Any], list[Value]]:
            index = Value("i", PY_INT)
            with self.region() as builder:
                total = self.operation(operator.add, (params["sum()"], self.item(array, index, node)), node)
            return [Block((), tuple(builder.ops), ())], {"sum()": total}, [index]

        space = (Literal(0), length, Literal(1))
        self.loop(node, ["sum()"], body, lambda plan: self.emit_for(plan, space, node))
        return self.frame.names.pop("sum()")


def conform(value: Any, template: Any) -> list[Any]:
    """The atoms of `value`, one for each atom of a template that covers it."""
    if isinstance(template, Maybe):
        if value is UNBOUND:
            return [*(UNDEFINED for _ in atoms_of(template.value)), Literal(False)]
        if isinstance(value, Maybe):
            return [*conform(value.value, template.value), value.bound]
        return [*conform(value, template.value), Literal(True)]
    return list(atoms_of(value))


def leaves_loop(node: Any) -> tuple[bool, bool]:
    """Whether a loop has a `break` of its own, and whether it has a `return`."""
    breaks, todo = False, list(node.body)
    while todo:
        inner = todo.pop()
        breaks |= isinstance(inner, gast.Break)
        if isinstance(inner, (gast.For, gast.While)):
            todo += inner.orelse
        elif not isinstance(inner, (gast.FunctionDef, gast.Lambda, gast.AsyncFunctionDef)):
            todo += list(gast.iter_child_nodes(inner))
    return breaks, any(isinstance(inner, gast.Return) for inner in walk_same_function(node.body))


def _fresh(name: str, value: Any) -> Any:
    return rebuild(value, (Value(label(name), atom.type) for atom in list(atoms_of(value))))


def _widened(name: str, a: Any, b: Any, joined: Type) -> Type:
    if isinstance(a, Missing) or isinstance(b, Missing):
        return joined
    return widen(name, a.type, b.type)


def _same_types(a: Any, b: Any) -> bool:
    if isinstance(a, (Conflict, Missing)) or isinstance(b, (Conflict, Missing)):
        return type(a) is type(b)
    if isinstance(a, Maybe) is not isinstance(b, Maybe):
        return False
    left, right = list(atoms_of(a)), list(atoms_of(b))
    return len(left) == len(right) and all(x.type == y.type for x, y in zip(left, right, strict=True))
