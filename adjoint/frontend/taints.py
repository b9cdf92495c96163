"""Which of the arrays that a loop carries may share memory, with each other or with arrays from outside.

Inside of the loop the array of a name is a new root. What it may share memory with is assumed, for a lowering of the
body, from what the lowerings before have shown, and compared with what the lowering shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gast

from adjoint.frontend.abstract import Conflict, Maybe, Missing, Ref, atoms_of
from adjoint.frontend.control import RAISE, Control
from adjoint.frontend.learned import Learned, Start, Trip
from adjoint.frontend.sharing import is_memory
from adjoint.frontend.templates import atom_at, conform, is_covered
from adjoint.ir.core import Value
from adjoint.ir.tree import Tree


class Taints(Control):
    """What is assumed of the memory of carried arrays, and what a trip shows."""

    def mark_tainted(self, params: dict[Any, Any], initial: dict[Any, Any], learned: Learned) -> None:
        """Tell which of the carried arrays may share memory, as far as the lowerings so far have shown."""
        table = {(key, k): atom for key, value in params.items() for k, atom in enumerate(atoms_of(value))}
        for place, atom in table.items():
            if not is_memory(atom) or isinstance(place[0], Value):
                continue
            first = atom_at(initial[place[0]], place[1])
            doubts = learned.tainted.get(place, frozenset())
            meant = (self.doubted(doubt, table, initial) for doubt in doubts)
            arrays = {array for array in meant if array is not None}
            if atom is first:
                continue
            if arrays:
                self.may[atom] = frozenset({atom, *arrays}).union(*map(self.aliases, arrays))
            if is_memory(first):
                self.comes_from[atom] = self.sources(first) | {atom} | arrays

    def doubted(self, doubt: Any, table: dict[Any, Any], initial: dict[Any, Any]) -> Value | None:
        """The array that is meant by a doubt; None if this lowering has none there."""
        if isinstance(doubt, Value):
            return doubt
        found: Any = table.get(doubt)
        if isinstance(doubt, Start):
            key, k = doubt.place
            found = atom_at(initial[key], k) if key in initial else None
        return self.root(found) if is_memory(found) else None

    def new_taints(
        self, params: Any, initial: Any, trip: Trip, inside: set[Value], node: Any, learned: Learned
    ) -> bool:
        """Note which carried arrays may share memory; True if something was not known before.

        At the start and at the end of a trip, places share memory where the arrays there do, whichever places held
        those at the head.
        """
        places = {
            (key, k): (atom, first, end)
            for key, value in params.items()
            if not isinstance(key, Value) and not isinstance(value, (Conflict, Missing))
            for k, (atom, first, end) in enumerate(self.columns(key, value, initial, trip))
            if is_memory(atom) and atom is not first
        }  # fmt: skip
        if not places:
            return False
        own = {atom for atom, _, _ in places.values()}
        starts = {self.root(first): Start(place) for place, (_, first, _) in places.items() if is_memory(first)}
        self.stand_at(node)
        others = self.led_to_otherwise(params, initial)
        found = dict(learned.tainted)

        def doubt(place: Any, *more: Any) -> None:
            if doubts := found.get(place, frozenset()).union(more) - {place}:
                found[place] = doubts

        for which in (1, 2):
            held = {place: self.root(atoms[which]) for place, atoms in places.items() if is_memory(atoms[which])}
            aliases = {place: self.aliases(root) for place, root in held.items()}
            for place, root in held.items():
                sharing = [other for other in held if other != place and not aliases[other].isdisjoint(aliases[place])]
                doubt(place, *sharing)
                twins = any(held[other] is root for other in sharing)
                assumed = self.aliases(places[place][0]) & self.sources(places[place][0])
                for array in aliases[place] - assumed - own:
                    if array not in inside and (which == 2 or array is not root or root in others or twins):
                        doubt(place, starts.get(array, array))
        grew = found != learned.tainted
        learned.tainted = found
        return grew

    def led_to_otherwise(self, params: dict[Any, Any], initial: dict[Any, Any]) -> set[Value]:
        """The arrays from before a loop that are known in it as well, not as what a name or a container holds anew."""
        cells = {key for key, value in params.items() if isinstance(key, Ref) and is_covered(initial[key], value)}
        names = {key for key in params if isinstance(key, str)}
        found = [atom for _, atom in self.live_arrays(cells, names)]
        for key in cells:
            pairs = zip(atoms_of(params[key]), conform(initial[key], params[key]), strict=True)
            kept = [atom for atom, first in pairs if atom is first]
            inner = [atom for ref in containers_in(params[key]) for atom in self.reachable(ref, set(cells))]
            found += (atom for atom in (*kept, *inner) if is_memory(atom))
        return {array for atom in found for array in self.aliases(atom)}

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


def containers_in(value: Any) -> Iterator[Ref]:
    """The containers that a value has for its parts."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Tree):
        for child in value.children:
            yield from containers_in(child)
    elif isinstance(value, Maybe):
        yield from containers_in(value.value)
