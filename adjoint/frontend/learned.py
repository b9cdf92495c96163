"""What is known about a loop: what the lowerings of its body have told so far, and what becomes of them in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adjoint.frontend.abstract import Ref
from adjoint.ir.core import Atom, Block, Value


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

    `cells` are the arrays and containers from outside that a trip changes, `opened` the containers in which it
    puts other containers, `rebound` the places in them where it puts other values. `frozen` tells that names may
    share a container in some trips only; `tainted` has for an array that is carried the arrays that it may share
    memory with: those from outside, or the places of other carried ones. `places` tells by which name, and as
    which of the things that it leads to, the program reaches each of the cells. `windows` are the names that
    stand for another part of one array after each trip.
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

    def rename(self, table: dict[Any, Any]) -> None:
        """Where a loop in a loop is lowered once more, arrays and containers from outside may be others.

        `table` has what stands for them now; the rest is forgotten, and learned again where it still holds.
        """
        self.cells = list(dict.fromkeys(table[cell] for cell in self.cells if cell in table))
        self.types = {table.get(key, key): value for key, value in self.types.items()}
        self.rebound = {(table.get(key, key), k) for key, k in self.rebound}
        self.opened = {table.get(ref, ref) for ref in self.opened}
        self.tainted = {
            (table.get(key, key), k): frozenset(
                (table.get(doubt[0], doubt[0]), doubt[1]) for doubt in doubts if isinstance(doubt, tuple)
            )
            for (key, k), doubts in self.tainted.items()
        }


@dataclass(frozen=True, slots=True)
class Trip:
    """What a trip leaves behind: the references, and their values at the end of the body."""

    status: str
    references: dict[Any, Any]
    values: dict[Any, Any]
