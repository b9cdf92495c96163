"""What is known about a loop: what the lowerings of its body have told so far, and what becomes of them in the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from adjoint.frontend.abstract import Box, Conflict, Maybe, Missing, Ref, Rows, Span3, Static
from adjoint.ir.core import Atom, Block, Literal, Value
from adjoint.ir.tree import Tree


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


@dataclass(frozen=True, slots=True)
class Start:
    """The array from outside that a carried place holds before the first trip."""

    place: tuple[Any, int]


@dataclass(eq=False)
class Learned:
    """What the lowerings of a loop so far have told about it; it only grows.

    `cells` are the arrays and containers from outside that a trip changes, `opened` the containers in which it
    puts other containers, `rebound` the places in them where it puts other values. `frozen` tells that names may
    share a container in some trips only; `tainted` has for an array that is carried the arrays that it may share
    memory with: those from outside, the places of other carried ones, or what is there at the `Start`. `places`
    tells by which name, and as which of the things that it leads to, the program reaches each of the cells.
    `windows` are the names that stand for another part of one array after each trip.
    """

    node: Any
    windows: frozenset[str] = frozenset()
    types: dict[Any, Any] = field(default_factory=dict)
    cells: list[Any] = field(default_factory=list)
    rebound: set[tuple[Any, int]] = field(default_factory=set)
    opened: set[Ref] = field(default_factory=set)
    frozen: bool = False
    tainted: dict[tuple[Any, int], frozenset[Any]] = field(default_factory=dict)
    places: dict[Any, tuple[str, int]] = field(default_factory=dict)

    def rename(self, table: Mapping[Any, Any], heap: Collection[Any]) -> None:
        """Where a loop is lowered once more, arrays and containers from outside may be others, and so may functions.

        `table` has what stands for them now; what is neither there nor in the heap is forgotten, and learned again
        where it still holds. So are conflicts: what leads into the loop may have no conflict any more.
        """
        self.cells = list(dict.fromkeys(table[cell] for cell in self.cells if cell in table))
        types = {table.get(key, key): renewed(value, table, heap) for key, value in self.types.items()}
        self.types = {key: value for key, value in types.items() if not isinstance(value, Conflict)}
        self.rebound = {(table.get(key, key), k) for key, k in self.rebound}
        self.opened = {table.get(ref, ref) for ref in self.opened}

        def place(found: tuple[Any, int]) -> tuple[Any, int]:
            return table.get(found[0], found[0]), found[1]

        self.tainted = {
            place(tainted): frozenset(
                Start(place(doubt.place)) if isinstance(doubt, Start) else place(doubt)
                for doubt in doubts if not isinstance(doubt, Value)
            )
            for tainted, doubts in self.tainted.items()
        }  # fmt: skip


LASTING = (Value, Literal, Static, Span3, Rows, Missing)
"""What merges with what stands for it in another lowering; functions, methods and shapes hang on frames and arrays."""


def renewed(value: Any, table: Mapping[Any, Any], heap: Collection[Any]) -> Any:
    """A value of an earlier lowering with the containers of this one; a conflict where there is no telling."""
    if isinstance(value, Tree):
        children = tuple(renewed(child, table, heap) for child in value.children)
        conflict = next((child for child in children if isinstance(child, Conflict)), None)
        return conflict or Tree(value.kind, value.cls, value.keys, children)
    if isinstance(value, Maybe):
        inner = renewed(value.value, table, heap)
        return inner if isinstance(inner, Conflict) else Maybe(inner, value.bound, value.is_none)
    if isinstance(value, Box):
        content = renewed(value.content, table, heap)
        return content if isinstance(content, Conflict) else Box(value.identity, content)
    if isinstance(value, Ref) and (value in table or value in heap):
        return table.get(value, value)
    return value if isinstance(value, LASTING) else Conflict("is of an earlier lowering")


@dataclass(frozen=True, slots=True)
class Trip:
    """What a trip leaves behind: the references, and their values at the end of the body."""

    status: str
    references: dict[Any, Any]
    values: dict[Any, Any]
