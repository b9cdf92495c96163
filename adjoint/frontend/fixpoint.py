"""The fixed point of a loop: what it carries, of which types, and which of that may share memory.

A body is lowered until nothing changes: a fixed point on a lattice of finite height. What a loop carries are
names that a trip binds anew, arrays from outside that it writes, and containers that it changes. Inside, each
of these stands for new numbers; an array of a name is a new root, so what it may share memory with also grows to
a fixed point: see `taints`.

What a lowering has told of a loop is kept for the next one, where the loop is inside of another or in a function
that another calls (`position`): it starts where the last one has ended, and is gone through once if that still holds.
So nests are lowered a number of times that grows as their depth squared, and not exponentially.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adjoint.frontend import columns, rows, windows
from adjoint.frontend.abstract import (
    UNBOUND,
    Box,
    Conflict,
    Joiner,
    Maybe,
    Missing,
    Ref,
    Rows,
    atoms_of,
    merge,
    rebuild,
    same_value,
    together,
)
from adjoint.frontend.control import NEXT, RAISE, STOP, TRIPS, hidden, label
from adjoint.frontend.learned import Learned, LoopPlan, Trip
from adjoint.frontend.position import Position
from adjoint.frontend.sharing import is_memory
from adjoint.frontend.taints import Taints
from adjoint.frontend.templates import conform, is_covered, widen
from adjoint.ir.core import UNDEFINED, Atom, Block, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ListType, Type
from adjoint.ir.walk import defined_in, lookup, substitute

SHARED = "this container is changed, and in some trips of a loop it is that of another name"


class Settling(Joiner):
    """The abstract value at the head of a loop that covers two: numbers take widened types."""

    def __init__(self, low: Any, key: Any, learned: Learned) -> None:
        self.low, self.cell = low, key
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
        return columns.covering(name, a, b, self)

    def apart(self, value: Any) -> bool:
        return rows.are_apart(self.low, value)


class FixedPoint(Taints):
    """Lowering of a loop body until what it carries is stable."""

    # ------------------------------------------------------------------ the fixed point

    def loop(self, node: Any, names: list[str], body: Callable[..., Any], emit: Callable[..., None]) -> str:
        """Lower a loop body until what it carries, and of which types, is stable; then append the loop."""
        with self.inside(node) as position:
            return self.fixed_point(position, node, names, body, emit)

    def fixed_point(
        self, position: Position, node: Any, names: list[str], body: Callable[..., Any], emit: Callable[..., None]
    ) -> str:
        frame = self.frame
        before, heap = frame.names, self.heap
        learned = self.learned_at(position, names)
        while True:
            position.begin_round()
            frame.names, self.heap = dict(before), dict(heap)
            keys = [*names, *learned.cells]
            initial = {key: self.state_of(key, learned) for key in keys}
            template = {key: self.settle(key, v, learned.types.get(key, v), learned) for key, v in initial.items()}
            with self.region() as ready:  # only to know what they share memory with
                initial = {key: rows.adapt(self, value, template[key]) for key, value in initial.items()}
            params = {key: self.entering(key, template[key], initial[key], learned) for key in keys}
            self.install(params, learned)
            self.mark_tainted(params, initial, learned)
            at_head = dict(self.heap)
            with self.one_loop_deeper(names):
                blocks, trip, heads = body(params)
            after = params if trip.status == RAISE else trip.values
            inside = own_atoms(params, initial).union(heads, *map(defined_in, (ready.block((), ()), *blocks)))
            left, self.heap = self.heap, heap
            frame.names = before
            grew = self.new_types(params, after, learned)
            grew |= self.new_sharing(initial, trip, node, learned)
            grew |= self.new_cells(at_head, left, inside, learned)
            grew |= self.new_rebound(params, trip, learned)
            grew |= self.new_taints(params, initial, trip, inside, node, learned)
            if not grew:
                break
        learned.cells = [key for key in learned.cells if left[key] is not at_head[key]]
        if learned.cells:
            learned.places = {cell: place for place, cell in self.places_of(before) if cell in learned.cells}
        initial = {key: rows.adapt(self, self.state_of(key, learned), params[key]) for key in params}
        starts = {key: rebuild(v, iter([self.current(a) for a in atoms_of(v)])) for key, v in initial.items()}
        plan, results = self.plan(initial, starts, params, after, blocks, heads)
        emit(plan)
        frame.names, self.heap = dict(before), dict(heap)
        results = {key: value for key, value in results.items() if isinstance(key, str) or key in learned.cells}
        self.install(results, learned)
        for key, value in results.items():
            self.relate_finals(key, value, params, trip)
        return NEXT

    def learned_at(self, position: Position, names: list[str]) -> Learned:
        """What earlier lowerings of a loop have told."""
        learned = position.learned
        learned.windows = frozenset(name for name in names if windows.is_wanted(self, learned.node, name))
        learned.rename(self.cells_now(learned), self.heap)
        return learned

    def cells_now(self, learned: Learned) -> dict[Any, Any]:
        """The arrays and containers that stand where those were that a loop has changed when it was lowered before."""
        if not learned.places:
            return {}
        now = dict(self.places_of(self.frame.names))
        pairs = ((cell, now.get(place)) for cell, place in learned.places.items())
        return {cell: new for cell, new in pairs if type(new) is type(cell)}

    def places_of(self, names: dict[str, Any]) -> Iterator[tuple[tuple[str, int], Any]]:
        """The arrays and containers that names lead to, by name and number."""
        for name, held in names.items():
            yield from (((name, k), cell) for k, cell in enumerate(self.cells_of(held, set())))

    def cells_of(self, value: Any, seen: set[Ref]) -> Iterator[Any]:
        """The arrays and containers that a value leads to, in order."""
        if isinstance(value, Ref):
            if value not in seen and value in self.heap:
                seen.add(value)
                yield value
                yield from self.cells_of(self.heap[value], seen)
        elif isinstance(value, Tree):
            for child in value.children:
                yield from self.cells_of(child, seen)
        elif isinstance(value, Maybe):
            yield from self.cells_of(value.value, seen)
        elif is_memory(value):
            yield self.root(value)

    def new_types(self, params: dict[Any, Any], after: dict[Any, Any], learned: Learned) -> bool:
        """Note what covers the head of the loop and the end of a trip; True if that is not what is assumed."""
        opened = len(learned.opened)
        joined = {key: self.settle(key, value, after[key], learned) for key, value in params.items()}
        if len(learned.opened) > opened:
            learned.types = {key: value for key, value in joined.items() if key not in learned.opened}
            return True
        stable = all(_same_types(value, joined[key]) for key, value in params.items())
        learned.types = params if stable else joined
        return not stable

    def state_of(self, key: Any, learned: Learned) -> Any:
        """What a carried key stands for now: a name, an array that is written, or what a container holds."""
        if key in learned.opened:
            return self.opened(self.held_by(key))
        if isinstance(key, str):
            held = self.frame.names.get(key, UNBOUND)
            windowed = key in learned.windows
            return windows.described(self, learned.node, key, held) if windowed else self.opened(held)
        if isinstance(key, Value):
            return self.current(key)
        return self.held_by(key)

    def opened(self, value: Any) -> Any:
        """A value with its containers and what they hold."""
        if isinstance(value, Ref):
            return Box(value, self.opened(self.held_by(value)))
        if isinstance(value, Tree):
            return Tree(value.kind, value.cls, value.keys, tuple(map(self.opened, value.children)))
        if isinstance(value, Maybe):
            return Maybe(self.opened(value.value), value.bound, value.is_none)
        return value

    def install(self, state: dict[Any, Any], learned: Learned) -> None:
        """Let keys stand for these values; containers that names lead to become new ones."""
        frozen = learned.frozen
        made: dict[Any, Ref] = {}
        for key, value in state.items():
            if isinstance(key, str) and windows.is_window(value):
                self.frame.names[key] = windows.view(self, value, key)
            elif isinstance(key, str):
                self.frame.names[key] = self.closed(value, made, frozen)
                if is_memory(value):
                    self.joined_at[value] = learned.node, key
            else:
                self.heap[key] = self.closed(value, made, frozen)
                if isinstance(key, Value) and isinstance(value, Value) and value is not key:
                    self.references[value] = key

    def closed(self, value: Any, made: dict[Any, Ref], frozen: bool) -> Any:
        """The inverse of `opened`, with new identities."""
        if isinstance(value, Box):
            if value.identity not in made:
                made[value.identity] = ref = Ref(SHARED if frozen else value.identity.frozen)
                ref.hint, ref.known_as = value.identity.hint, together(ref.known_as, value.identity.known_as)
                self.heap[ref] = self.closed(value.content, made, frozen)
            return made[value.identity]
        if isinstance(value, Tree):
            children = tuple(self.closed(child, made, frozen) for child in value.children)
            return Tree(value.kind, value.cls, value.keys, children)
        if isinstance(value, Maybe):
            return Maybe(self.closed(value.value, made, frozen), value.bound, value.is_none)
        return value

    def entering(self, key: Any, template: Any, initial: Any, learned: Learned) -> Any:
        """The value at the head of the body: new numbers wherever a trip may change them."""
        if isinstance(key, (str, Value)) or len(list(atoms_of(template))) != len(list(atoms_of(initial))):
            return self.renewed(key, template)
        return rebuild(template, iter([
            first if (key, k) not in learned.rebound and first.type == atom.type
            else Value(self.hint_of(atom), atom.type)
            for k, (atom, first) in enumerate(zip(atoms_of(template), atoms_of(initial), strict=True))
        ]))  # fmt: skip

    def renewed(self, key: Any, value: Any) -> Any:
        """A value with new numbers, named after what they belong to."""
        own = label(key) if isinstance(key, str) else self.hint_of(key)
        new = [Value(own or self.hint_of(atom), atom.type) for atom in atoms_of(value)]
        if isinstance(value, Maybe) and own:
            new[-1] = Value(f"{own}_is_set" if value.is_none else f"{own}_is_bound", new[-1].type)
        return rebuild(value, iter(new))

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
        same = same or (len(set(first)) == len(first) and len(set(last)) == len(last))  # each is alone
        learned.frozen = not same or any(i in self.heap for i in last) or not self.alone(first, names, node)
        return learned.frozen

    def alone(self, refs: list[Ref], names: set[str], node: Any) -> bool:
        """Whether nothing but these names leads to given containers."""
        self.stand_at(node)
        seen: set[Any] = set()
        for frame in self.callers():
            for name, held in frame.names.items():
                if not (frame is self.frame and name in names):
                    list(self.reachable(held, seen))
        return seen.isdisjoint(refs)

    def new_rebound(self, params: Any, trip: Trip, learned: Learned) -> bool:
        """Note the places in containers where a trip has put another value."""
        before = len(learned.rebound)
        for key in learned.cells:
            if key not in params or isinstance(key, Value) or trip.status == RAISE:
                continue
            if is_covered(trip.references[key], params[key]):
                columns = list(atoms_of(params[key])), conform(trip.references[key], params[key])
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
            for param, first, given, end in zip(atoms_of(value), *found, strict=True):
                start = rows.nothing(self) if given is UNDEFINED and isinstance(param.type, ListType) else given
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
        found = merge(key if isinstance(key, str) else None, old, new, Settling(self, key, learned))
        return windows.joined(found, learned.node, key) if key in learned.windows else found


def own_atoms(params: dict[Any, Any], initial: dict[Any, Any]) -> set[Any]:
    """What stands for something inside a loop alone: not the places of containers that no trip changes."""
    outside = {atom for value in initial.values() for atom in atoms_of(value)}
    return {atom for value in params.values() for atom in atoms_of(value)} - outside


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


def _same_literal(a: Any, b: Any) -> bool:
    return isinstance(a, Literal) and isinstance(b, Literal) and same_value(a, b)


def _same_types(a: Any, b: Any) -> bool:
    if isinstance(a, (Conflict, Missing)) or isinstance(b, (Conflict, Missing)):
        return type(a) is type(b)
    if any(isinstance(a, kind) is not isinstance(b, kind) for kind in (Maybe, Rows)):
        return False
    if isinstance(a, Tree) and isinstance(b, Tree):
        return a.structure == b.structure and all(map(_same_types, a.children, b.children))
    if isinstance(a, Box) and isinstance(b, Box):
        return _same_types(a.content, b.content)
    if isinstance(a, Rows) and isinstance(b, Rows) and (a.distinct, a.apart) != (b.distinct, b.apart):
        return False
    left, right = list(atoms_of(a)), list(atoms_of(b))
    return len(left) == len(right) and all(x.type == y.type for x, y in zip(left, right, strict=True))
