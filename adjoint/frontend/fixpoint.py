"""The fixed point of a loop: what it carries, of which types, and which of that may share memory.

A body is lowered until nothing changes: a fixed point on a lattice of finite height. What a loop carries are
names that a trip binds anew, arrays from outside that it writes, and containers that it changes. Inside, each
of these stands for new numbers; an array of a name is a new root, so what it may share memory with is told
by `Learned.tainted`, which also grows to a fixed point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gast

from adjoint.frontend import rows, windows
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
    is_none,
    merge,
    rebuild,
    same_value,
    widen,
)
from adjoint.frontend.control import (
    NEXT,
    RAISE,
    STOP,
    TRIPS,
    Control,
    hidden,
    label,
)
from adjoint.frontend.learned import Learned, LoopPlan, Trip
from adjoint.frontend.memory import is_memory
from adjoint.ir.core import UNDEFINED, Atom, Block, Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import Type
from adjoint.ir.walk import defined_in, lookup, substitute

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


class FixedPoint(Control):
    """Lowering of a loop body until what it carries is stable."""

    # ------------------------------------------------------------------ the fixed point

    def loop(self, node: Any, names: list[str], body: Callable[..., Any], emit: Callable[..., None]) -> str:
        """Lower a loop body until what it carries, and of which types, is stable; then append the loop."""
        frame = self.frame
        before, heap = frame.names, self.heap
        learned = self.learned_of(node, names)
        learned.rename(self.cells_now(learned))
        while True:
            frame.names, self.heap = dict(before), dict(heap)
            keys = [*names, *learned.cells]
            initial = {key: self.state_of(key, learned) for key in keys}
            template = {key: self.settle(key, v, learned.types.get(key, v), learned) for key, v in initial.items()}
            with self.region():  # only to know what they share memory with
                initial = {key: rows.adapt(self, value, template[key]) for key, value in initial.items()}
            params = {key: self.entering(key, template[key], initial[key], learned) for key in keys}
            self.install(params, learned)
            self.mark_tainted(params, initial, learned)
            at_head = dict(self.heap)
            with self.one_loop_deeper():
                blocks, trip, heads = body(params)
            after = params if trip.status == RAISE else trip.values
            inside = own_atoms(params, initial).union(heads, *map(defined_in, blocks))
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

    def learned_of(self, node: Any, names: list[str]) -> Learned:
        learned: Learned = self.loops.setdefault((node, self.frame), Learned(node))
        learned.windows = frozenset(name for name in names if windows.is_wanted(self, node, name))
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
                ref.hint = value.identity.hint
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
        found = merge(key if isinstance(key, str) else None, old, new, Settling(key, learned))
        return windows.joined(found, learned.node, key) if key in learned.windows else found

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
            for key, value in params.items()
            if not isinstance(key, Value) and not isinstance(value, (Conflict, Missing))
            for k, (atom, first, end) in enumerate(self.columns(key, value, initial, trip))
            if is_memory(atom) and atom is not first
        }  # fmt: skip
        if not places:
            return False
        own = {atom: place for place, (atom, _, _) in places.items()}
        names = {key for key in params if isinstance(key, str)}
        self.stand_at(node)
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

    def stand_at(self, node: Any) -> None:
        """Let a loop be the statement at hand: live is what is read in it or later. Some loops are expressions."""
        if isinstance(node, gast.stmt):
            self.frame.at = node

    def columns(self, key: Any, value: Any, initial: Any, trip: Trip) -> list[tuple[Any, Any, Any]]:
        """The numbers of a carried value, with what they start and end as; none while its structure changes."""
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


def own_atoms(params: dict[Any, Any], initial: dict[Any, Any]) -> set[Any]:
    """What stands for something inside a loop alone: not the places of containers that no trip changes."""
    outside = {atom for value in initial.values() for atom in atoms_of(value)}
    return {atom for value in params.values() for atom in atoms_of(value)} - outside


def conform(value: Any, template: Any) -> list[Any]:
    """The atoms of `value`, one for each atom of a template that covers it."""
    if isinstance(template, Maybe):
        if value is UNBOUND or is_none(value):
            return [*(UNDEFINED for _ in atoms_of(template.value)), Literal(False)]
        if isinstance(value, Maybe):
            return [*conform(value.value, template.value), value.bound]
        return [*conform(value, template.value), Literal(True)]
    if isinstance(template, Conflict):
        return []
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
        absent = value is UNBOUND or is_none(value)
        return absent or is_covered(value.value if isinstance(value, Maybe) else value, template.value)
    if isinstance(template, Conflict):
        return True
    if isinstance(template, Box):
        return isinstance(value, Box) and is_covered(value.content, template.content)
    if isinstance(template, Rows):
        return isinstance(value, Rows) and len(value.lists) == len(template.lists)
    if isinstance(template, Tree):
        same = isinstance(value, Tree) and value.structure == template.structure
        return same and all(map(is_covered, value.children, template.children))
    return len(list(atoms_of(value))) == len(list(atoms_of(template)))


def _same_literal(a: Any, b: Any) -> bool:
    return isinstance(a, Literal) and isinstance(b, Literal) and same_value(a, b)


def _at(value: Any, place: int) -> Any:
    atoms = list(atoms_of(value))
    return atoms[place] if place < len(atoms) else None


def _same_types(a: Any, b: Any) -> bool:
    if isinstance(a, (Conflict, Missing)) or isinstance(b, (Conflict, Missing)):
        return type(a) is type(b)
    if isinstance(a, Maybe) is not isinstance(b, Maybe):
        return False
    if isinstance(a, Tree) and isinstance(b, Tree):
        return a.structure == b.structure and all(map(_same_types, a.children, b.children))
    if isinstance(a, Box) and isinstance(b, Box):
        return _same_types(a.content, b.content)
    if isinstance(a, Rows) and isinstance(b, Rows) and a.distinct is not b.distinct:
        return False
    left, right = list(atoms_of(a)), list(atoms_of(b))
    return len(left) == len(right) and all(x.type == y.type for x, y in zip(left, right, strict=True))
