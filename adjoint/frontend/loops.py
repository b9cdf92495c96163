"""Loops: names that a body changes become values that the loop carries.

A body is lowered until the types of what it carries no longer change: a fixed point on a lattice of finite
height. Loops that may end early carry a flag, and count their trips.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gast

from adjoint.frontend import builtin, rows
from adjoint.frontend.abstract import (
    UNBOUND,
    Box,
    Conflict,
    Items,
    Joiner,
    Maybe,
    Missing,
    Ref,
    Rows,
    Span3,
    atoms_of,
    describe,
    is_atom,
    merge,
    rebuild,
    same_value,
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
from adjoint.frontend.memory import is_array, is_memory
from adjoint.frontend.recursion import status_of
from adjoint.ir.core import FOR, UNDEFINED, WHILE, Atom, Block, Literal, Op, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import PY_INT, ArrayType, Type
from adjoint.ir.walk import defined_in, lookup, substitute


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """A lowered loop: its blocks, and for each carried number how it starts, enters, leaves and ends.

    `values` are the abstract values of the carried keys inside; `invariant` maps those of their numbers that
    the body never changes to what they are outside.
    """

    numbers: dict[str, int]  # attributes `stop` and `trips` of a loop that may end early
    blocks: list[Block]
    heads: list[Value]
    values: dict[Any, Any]
    invariant: dict[Value, Atom]
    initial: tuple[Atom, ...]
    params: tuple[Value, ...]
    following: tuple[Atom, ...]
    finals: list[Value]


@dataclass(eq=False)
class Learned:
    """What the lowerings of a loop so far have told about it; it only grows.

    `opened` are the containers in which a trip puts other containers, `frozen` tells that names may share a
    container in some trips only. `cells` are the arrays and containers from outside that a trip changes, `rebound` the places in them where
    it puts other values, `tainted` for an array that is carried the arrays that it may share memory with:
    those from outside, or the place of another carried one.
    """

    types: dict[Any, Any] = field(default_factory=dict)
    cells: list[Any] = field(default_factory=list)
    rebound: set[tuple[Any, int]] = field(default_factory=set)
    opened: set[Ref] = field(default_factory=set)
    frozen: bool = False
    tainted: dict[tuple[Any, int], frozenset[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trip:
    """What a trip leaves behind: the references, and their values at the end of the body."""

    status: str
    references: dict[Any, Any]
    values: dict[Any, Any]


SHARED = "this container is changed, and in some trips of a loop it is that of another name"


class Settling(Joiner):
    """The abstract value at the head of a loop that covers two: numbers take widened types."""

    def __init__(self, key: Any, learned: Learned) -> None:
        self.cell = key
        self.name = label(key) if isinstance(key, str) else getattr(key, "hint", None)
        self.learned = learned

    def refs(self, name: str | None, a: Any, b: Any) -> Any:
        self.learned.opened.add(self.cell)
        return Conflict("holds other lists or dicts after each trip")

    def atom(self, name: str | None, a: Any, b: Any, type_: Type) -> Any:
        hint = self.name or getattr(a, "hint", None) or getattr(b, "hint", None)
        widened = type_ if isinstance(a, Missing) or isinstance(b, Missing) else widen(hint or "x", a.type, b.type)
        return Value(hint, widened)

    def rows(self, name: str | None, a: Any, b: Any) -> Any:
        return rows.covering(name, a, b, self)


class Loops(Control):
    """Lowering of loops."""

    def stmt_For(self, node: Any) -> str:
        iterable = self.seen(self.expr(node.iter))
        if isinstance(iterable, Rows):
            iterable = rows.items(self, iterable, node.iter)
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
        iterable = self.seen(iterable)
        if isinstance(iterable, Rows):
            return rows.items(self, iterable, node)
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
        plain = {
            inner.id for inner in walk_same_function(body)
            if isinstance(inner, gast.Name) and not isinstance(inner.ctx, gast.Load)
        }  # fmt: skip
        augmented = [inner.target for inner in walk_same_function(body) if isinstance(inner, gast.AugAssign)]
        counts = Counter(inner.id for inner in walk_same_function(body) if _is_stored_name(inner))
        counts.subtract(target.id for target in augmented if isinstance(target, gast.Name))
        return tuple(n for n in names if n not in fixed or n not in plain or counts[n] > 0)

    def end_of_trip(self, status: str, params: dict[Any, Any], node: Any) -> Trip:
        """What the carried keys stand for after a trip, with the flags of a loop that may end early."""
        self.set_flags(status, params, node)
        learned = self.loops[node, self.frame]
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

    def counted(self, node: Any, space: tuple[Any, Any, Any], item: Callable[[Value], Any] | None) -> str:
        """A loop over a range; the target is bound to `item(index)`, or to the index itself."""
        for part in space:
            if not is_atom(part):
                self.refuse(node.iter, f"a range needs integers, and got {describe(part)}")
        names = self.carried_names(node)
        hint = node.target.id if item is None and isinstance(node.target, gast.Name) else "i"

        def body(params: dict[Any, Any]) -> tuple[list[Block], Trip, list[Value]]:
            index = Value(hint, PY_INT)
            with self.region() as builder:
                self.assign(node.target, index if item is None else item(index))
                trip = self.end_of_trip(status_of(lambda: self.stmts(node.body), RAISE), params, node)
            return [Block((), tuple(builder.ops), ())], trip, [index]

        self.loop(node, names, body, lambda plan: self.emit_for(plan, space, node))
        return self.after_loop(node)

    def emit_for(self, plan: LoopPlan, space: tuple[Atom, Atom, Atom], node: Any) -> None:
        region = Block((plan.heads[0], *plan.params), plan.blocks[0].ops, plan.following)
        attrs = {"carried": len(plan.params), "produced": (), "reverse": False, **plan.numbers}
        self.append_loop(FOR, (*space, *plan.initial), attrs, (region,), plan.finals, node)

    def stmt_While(self, node: Any) -> str:
        names = self.carried_names(node)
        endless: list[bool] = []
        copies: dict[Any, Any] = {}

        def body(params: dict[Any, Any]) -> tuple[list[Block], Trip, list[Value]]:
            before, heap = dict(self.frame.names), dict(self.heap)
            copies.update((key, self.renewed(key, value)) for key, value in params.items())
            with self.region() as builder:
                self.install(copies)
                known_heap = dict(self.heap)
                test = self.current(self.condition(node.test))
                known = self.truth(test)
                if known is True and hidden(STOP) in params:
                    test = Literal(True)
                    endless.append(True)
                elif known is not None or not is_atom(test):
                    self.refuse(node.test, f"the test of the loop is always {known}")
            if any(self.heap[key] is not held for key, held in known_heap.items()):
                self.refuse(node.test, "the test of the loop changes an array or a container", "do that in the body")
            self.frame.names, self.heap = before, heap
            with self.region() as inner:
                trip = self.end_of_trip(status_of(lambda: self.stmts(node.body), RAISE), params, node)
            return [Block((), tuple(builder.ops), (test,)), Block((), tuple(inner.ops), ())], trip, []

        def emit(plan: LoopPlan) -> None:
            twins = {
                old: new
                for key, copy in copies.items() if key in plan.values
                for old, new in zip(atoms_of(plan.values[key]), atoms_of(copy), strict=True)
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

    # ------------------------------------------------------------------ the fixed point

    def loop(self, node: Any, names: list[str], body: Callable[..., Any], emit: Callable[..., None]) -> str:
        """Lower a loop body until what it carries, and of which types, is stable; then append the loop."""
        frame = self.frame
        before, heap = frame.names, self.heap
        learned = self.loops.setdefault((node, frame), Learned())
        while True:
            frame.names, self.heap = dict(before), dict(heap)
            keys = [*names, *learned.cells]
            initial = {key: self.state_of(key, learned) for key in keys}
            template = {key: self.settle(key, v, learned.types.get(key, v), learned) for key, v in initial.items()}
            with self.region():  # only to know what they share memory with
                initial = {key: rows.adapt(self, value, template[key]) for key, value in initial.items()}
            params = {key: self.entering(key, template[key], initial[key], learned) for key in keys}
            self.install(params, learned.frozen)
            self.mark_tainted(params, initial, learned)
            at_head = dict(self.heap)
            blocks, trip, heads = body(params)
            after = params if trip.status == RAISE else trip.values
            inside = {*heads, *(atom for value in params.values() for atom in atoms_of(value))}
            inside = inside.union(*map(defined_in, blocks))
            left, self.heap = self.heap, heap
            frame.names = before
            opened = len(learned.opened)
            joined = {key: self.settle(key, params[key], after[key], learned) for key in keys}
            grew = len(learned.opened) > opened
            grew |= self.new_sharing(initial, trip, node, learned)
            grew |= self.new_cells(at_head, left, inside, learned)
            grew |= self.new_rebound(params, initial, trip, learned)
            grew |= self.new_taints(params, initial, trip, inside, node, learned)
            stable = all(_same_types(params[key], joined[key]) for key in keys)
            learned.types = params if stable else joined
            if len(learned.opened) > opened:
                learned.types = {key: v for key, v in joined.items() if key not in learned.opened}
            if stable and not grew:
                break
        initial = {key: rows.adapt(self, self.state_of(key, learned), params[key]) for key in params}
        starts = {key: rebuild(v, iter([self.current(a) for a in atoms_of(v)])) for key, v in initial.items()}
        plan, results = self.plan(initial, starts, params, after, blocks, heads)
        emit(plan)
        frame.names, self.heap = dict(before), dict(heap)
        self.install(results, learned.frozen)
        for key, value in results.items():
            self.relate_finals(key, value, params, trip)
        return NEXT

    def state_of(self, key: Any, learned: Learned) -> Any:
        """What a carried key stands for now: a name, an array that is written, or what a container holds."""
        if key in learned.opened:
            return self.opened(self.seen(key))
        if isinstance(key, str):
            return self.opened(self.frame.names.get(key, UNBOUND))
        if isinstance(key, Value):
            return self.current(key)
        return self.seen(key)

    def opened(self, value: Any) -> Any:
        """A value with its containers and what they hold."""
        if isinstance(value, Ref):
            return Box(value, self.opened(self.seen(value)))
        if isinstance(value, Tree):
            return Tree(value.kind, value.cls, value.keys, tuple(map(self.opened, value.children)))
        if isinstance(value, Maybe):
            return Maybe(self.opened(value.value), value.bound)
        return value

    def install(self, state: dict[Any, Any], frozen: bool = False) -> None:
        """Let keys stand for these values; containers that names lead to become new ones."""
        made: dict[Any, Ref] = {}
        for key, value in state.items():
            if isinstance(key, str):
                self.frame.names[key] = self.closed(value, made, frozen)
            else:
                self.heap[key] = self.closed(value, made, frozen)
                if isinstance(key, Value) and isinstance(value, Value) and value is not key:
                    self.references[value] = key

    def closed(self, value: Any, made: dict[Any, Ref], frozen: bool) -> Any:
        """The inverse of `opened`, with new identities."""
        if isinstance(value, Box):
            if value.identity not in made:
                made[value.identity] = ref = Ref(SHARED if frozen else value.identity.frozen)
                ref.hint = value.identity.hint
                self.heap[ref] = self.closed(value.content, made, frozen)
            return made[value.identity]
        if isinstance(value, Tree):
            children = tuple(self.closed(child, made, frozen) for child in value.children)
            return Tree(value.kind, value.cls, value.keys, children)
        if isinstance(value, Maybe):
            return Maybe(self.closed(value.value, made, frozen), value.bound)
        return value

    def entering(self, key: Any, template: Any, initial: Any, learned: Learned) -> Any:
        """The value at the head of the body: new numbers wherever a trip may change them."""
        if isinstance(key, (str, Value)) or len(list(atoms_of(template))) != len(list(atoms_of(initial))):
            return self.renewed(key, template)
        return rebuild(template, iter([
            Value(self.hint_of(atom), atom.type) if (key, k) in learned.rebound else first
            for k, (atom, first) in enumerate(zip(atoms_of(template), atoms_of(initial), strict=True))
        ]))  # fmt: skip

    def renewed(self, key: Any, value: Any) -> Any:
        """A value with new numbers, named after what they belong to."""
        own = label(key) if isinstance(key, str) else self.hint_of(key)
        return rebuild(value, iter([Value(own or self.hint_of(atom), atom.type) for atom in atoms_of(value)]))

    def hint_of(self, atom: Any) -> str | None:
        return self.renames.get(atom, getattr(atom, "hint", None))

    def new_cells(self, head: dict[Any, Any], left: dict[Any, Any], inside: set[Value], learned: Learned) -> bool:
        """Note the arrays and containers from outside that a trip has changed; True if there are new ones."""
        changed = [
            key for key, held in left.items()
            if (key in head and head[key] is not held) or (isinstance(key, Value) and key not in head)
        ]  # fmt: skip
        found = [
            key for key in changed
            if key not in learned.cells and key not in inside and (isinstance(key, Value) or key in self.heap)
        ]  # fmt: skip
        learned.cells += found
        return bool(found)

    def new_sharing(self, initial: dict[Any, Any], trip: Trip, node: Any, learned: Learned) -> bool:
        """Note that names may share a container in some trips only; True if that was not known."""
        if learned.frozen or trip.status == RAISE:
            return False
        first, last = ([i for v in table.values() for i in identities(v)] for table in (initial, trip.references))
        if not first and not last:
            return False
        names = {key for key in initial if isinstance(key, str)}
        same = [first.index(i) for i in first] == [last.index(i) for i in last]
        learned.frozen = not same or any(i in self.heap for i in last) or not self.alone(first, names, node)
        return learned.frozen

    def alone(self, refs: list[Ref], names: set[str], node: Any) -> bool:
        """Whether nothing but these names leads to given containers."""
        self.frame.at = node
        seen: set[Any] = set()
        for frame in self.callers():
            for name, held in frame.names.items():
                if not (frame is self.frame and name in names):
                    list(self.reachable(held, seen))
        return seen.isdisjoint(refs)

    def new_rebound(self, params: Any, initial: Any, trip: Trip, learned: Learned) -> bool:
        """Note the places in containers where a trip has put another value."""
        before = len(learned.rebound)
        for key in learned.cells:
            if key not in params or isinstance(key, Value) or trip.status == RAISE:
                continue
            columns = list(atoms_of(params[key])), list(atoms_of(trip.references[key]))
            if is_covered(trip.references[key], params[key]):
                pairs = enumerate(zip(*columns, strict=True))
                changed = {(key, k) for k, (a, b) in pairs if self.reference(a) is not self.reference(b)}
                learned.rebound |= {place for place in changed if not isinstance(columns[0][place[1]], Literal)}
                learned.rebound |= {place for place in changed if not _same_literal(*(c[place[1]] for c in columns))}
        return len(learned.rebound) > before

    def plan(
        self, initial: dict[Any, Any], starts: dict[Any, Any], params: dict[Any, Any], after: dict[Any, Any],
        blocks: list[Block], heads: list[Value],
    ) -> tuple[LoopPlan, dict[Any, Any]]:  # fmt: skip
        """Tell what is carried from what stays the same, and what each key is after the loop."""
        carried: list[tuple[Atom, Value, Atom, Value]] = []
        invariant: dict[Value, Atom] = {}
        results: dict[Any, Any] = {}
        for key, value in params.items():
            if isinstance(value, (Conflict, Missing)):
                results[key] = value
                continue
            outs: list[Atom] = []
            found = [conform(x[key], value) for x in (initial, starts, after)]
            for param, first, start, end in zip(atoms_of(value), *found, strict=True):
                if param is first:  # a place in a container that no trip changes
                    outs.append(first)
                elif end is param:
                    invariant[param] = start
                    outs.append(first)
                else:
                    final = Value(param.hint, param.type)
                    carried.append((start, param, end, final))
                    outs.append(final)
            results[key] = rebuild(value, iter(outs))
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

    def settle(self, key: Any, old: Any, new: Any, learned: Learned) -> Any:
        """The abstract value that covers both; numbers take widened types."""
        return merge(key if isinstance(key, str) else None, old, new, Settling(key, learned))

    # ------------------------------------------------------------------ which arrays share memory

    def mark_tainted(self, params: dict[Any, Any], initial: dict[Any, Any], learned: Learned) -> None:
        """Tell which of the carried arrays may share memory, as far as the lowerings so far have shown."""
        table = {(key, k): atom for key, value in params.items() for k, atom in enumerate(atoms_of(value))}
        for place, atom in table.items():
            if not is_memory(atom) or isinstance(place[0], Value):
                continue
            doubts = learned.tainted.get(place, frozenset())
            arrays = {table[d] for d in doubts if isinstance(d, tuple)} | {d for d in doubts if isinstance(d, Value)}
            first = _at(initial[place[0]], place[1])
            if atom is first:
                continue
            if arrays:
                self.may[atom] = frozenset({atom, *arrays}).union(*map(self.aliases, arrays))
            if is_memory(first):
                self.comes_from[atom] = self.sources(first) | {atom} | arrays

    def new_taints(
        self, params: Any, initial: Any, trip: Trip, inside: set[Value], node: Any, learned: Learned
    ) -> bool:
        """Note which carried arrays may share memory; True if something was not known before."""
        places = {
            (key, k): (atom, first, end)
            for key, value in params.items() if not isinstance(key, Value) and not isinstance(value, (Conflict, Missing))
            for k, (atom, first, end) in enumerate(self.columns(key, value, initial, trip))
            if is_memory(atom) and atom is not first
        }  # fmt: skip
        if not places:
            return False
        own = {atom: place for place, (atom, _, _) in places.items()}
        names = {key for key in params if isinstance(key, str)}
        self.frame.at = node
        others = {self.root(atom) for name, atom in self.live_arrays() if name not in names}
        found = dict(learned.tainted)

        def doubt(place: Any, *more: Any) -> None:
            found[place] = found.get(place, frozenset()).union(more) - {place}

        for which in (1, 2):
            held = {place: self.root(atoms[which]) for place, atoms in places.items() if is_memory(atoms[which])}
            for place, root in held.items():
                twins = [other for other, there in held.items() if there is root and other != place]
                doubt(place, *twins)
                for array in self.aliases(root):
                    if array in own:
                        if array is not root or twins:
                            doubt(place, own[array])
                    elif array not in inside and (which == 2 or array is not root or root in others or twins):
                        doubt(place, array)
        grew = found != learned.tainted
        learned.tainted = found
        return grew

    def columns(self, key: Any, value: Any, initial: Any, trip: Trip) -> list[tuple[Any, Any, Any]]:
        """The numbers of a carried value, with those that it starts with and ends as; none while its structure changes."""
        if not (is_covered(initial[key], value) and is_covered(trip.references[key], value)):
            return []
        first = conform(initial[key], value)
        end = list(atoms_of(value)) if trip.status == RAISE else conform(trip.references[key], value)
        return list(zip(atoms_of(value), first, end, strict=True))

    def relate_finals(self, key: Any, value: Any, params: dict[Any, Any], trip: Trip) -> None:
        """What is known about carried arrays holds for what they are after the loop."""
        if isinstance(key, Value) or isinstance(value, (Conflict, Missing)):
            return
        for final, param in zip(atoms_of(value), atoms_of(params[key]), strict=True):
            if is_memory(final) and is_memory(param) and final is not param:
                for table in (self.may, self.comes_from):
                    if param in table:
                        table[final] = table.get(final, frozenset()) | table[param] | {final}

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


def conform(value: Any, template: Any) -> list[Any]:
    """The atoms of `value`, one for each atom of a template that covers it."""
    if isinstance(template, Maybe):
        if value is UNBOUND:
            return [*(UNDEFINED for _ in atoms_of(template.value)), Literal(False)]
        if isinstance(value, Maybe):
            return [*conform(value.value, template.value), value.bound]
        return [*conform(value, template.value), Literal(True)]
    if isinstance(template, Box):
        return conform(value.content, template.content)
    if isinstance(template, Tree):
        pairs = zip(value.children, template.children, strict=True)
        return [atom for child, model in pairs for atom in conform(child, model)]
    return list(atoms_of(value))


def identities(value: Any) -> Iterator[Ref]:
    """The containers in a value that was opened, in order."""
    if isinstance(value, Box):
        yield value.identity
        yield from identities(value.content)
    elif isinstance(value, Tree):
        for child in value.children:
            yield from identities(child)
    elif isinstance(value, Maybe):
        yield from identities(value.value)


def is_covered(value: Any, template: Any) -> bool:
    """Whether a value has the structure of a template, so that their numbers correspond."""
    if isinstance(template, Maybe):
        return value is UNBOUND or is_covered(value.value if isinstance(value, Maybe) else value, template.value)
    if isinstance(template, Box):
        return isinstance(value, Box) and is_covered(value.content, template.content)
    if isinstance(template, Rows):
        return isinstance(value, Rows) and len(value.lists) == len(template.lists)
    if isinstance(template, Tree):
        same = isinstance(value, Tree) and value.structure == template.structure
        return same and all(map(is_covered, value.children, template.children))
    return len(list(atoms_of(value))) == len(list(atoms_of(template)))


def is_certain_array(value: Any) -> bool:
    return is_array(value) and value.type.kind == "array"


def _is_stored_name(node: Any) -> bool:
    return isinstance(node, gast.Name) and isinstance(node.ctx, gast.Store)


def _same_literal(a: Any, b: Any) -> bool:
    return isinstance(a, Literal) and isinstance(b, Literal) and same_value(a, b)


def _at(value: Any, place: int) -> Any:
    atoms = list(atoms_of(value))
    return atoms[place] if place < len(atoms) else None


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


def _same_types(a: Any, b: Any) -> bool:
    if isinstance(a, (Conflict, Missing)) or isinstance(b, (Conflict, Missing)):
        return type(a) is type(b)
    if isinstance(a, Maybe) is not isinstance(b, Maybe):
        return False
    left, right = list(atoms_of(a)), list(atoms_of(b))
    return len(left) == len(right) and all(x.type == y.type for x, y in zip(left, right, strict=True))
