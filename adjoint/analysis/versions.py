"""The versions of an array that is written in place: which op makes one from the one before.

In SSA each write makes a new value. Backwards from the version that a block ends with, the *links* (updates,
loops that carry the array, branches that may write it) lead to the version that it begins with. A loop rolls
an array back if its links lead from what it carries on to what it was given; where loops swap two arrays, both
are rolled back together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from adjoint.ir.core import FOR, IF, WHILE, Atom, Block, ForParts, Op, Value, WhileParts, for_parts, while_parts
from adjoint.ir.types import ArrayType
from adjoint.rules import internal

UPDATES = frozenset({internal.update, internal.update_view, internal.add_at})


@dataclass(frozen=True, slots=True)
class Link:
    """`op` makes the version `after` from the version `before`."""

    after: Value
    op: Op
    before: Value


def is_update(op: Op) -> bool:
    return op.primitive.fun in UPDATES


def loop_parts(op: Op) -> ForParts | WhileParts:
    return for_parts(op) if op.primitive is FOR else while_parts(op)


def is_loop(op: Op) -> bool:
    return op.primitive is FOR or op.primitive is WHILE


def is_array(atom: Atom) -> bool:
    """Whether a value is certainly an array that can be written."""
    type_ = atom.type
    return isinstance(atom, Value) and isinstance(type_, ArrayType) and type_.kind == "array" and type_.shape != ()


class Versions:
    """Links of one program, found on demand."""

    def __init__(self, body: Block) -> None:
        self.definitions: dict[Value, Op] = {}
        self.home: dict[Op, Block] = {}
        self._enter(body)

    def _enter(self, block: Block) -> None:
        for op in block.ops:
            self.home[op] = block
            self.definitions.update((value, op) for value in op.outputs)
            for region in op.regions:
                self._enter(region)

    def link(self, block: Block, after: Value) -> Link | None:
        """The op of this block that made a version from one before; None if the version begins here."""
        op = self.definitions.get(after)
        if op is None or self.home[op] is not block or not is_array(after):
            return None
        before: Atom | None = None
        if is_update(op):
            before = op.inputs[0]
        elif is_loop(op):
            parts = loop_parts(op)
            if after in parts.final:
                k = parts.final.index(after)
                before = parts.initial[k] if self.group(op, k) == {k} else None
        elif op.primitive is IF:
            before = self._before_branches(op, op.outputs.index(after))
        return Link(after, op, before) if isinstance(before, Value) and is_array(before) else None

    def _before_branches(self, op: Op, k: int) -> Value | None:
        """The version that every branch begins with, if it is one."""
        found: set[Value] = set()
        for region in op.regions:
            result = region.results[k]
            if not is_array(result) or not isinstance(result, Value):
                return None
            links = self.chain(region, result)
            found.add(links[-1].before if links else result)
        before = found.pop()
        return before if not found and not any(self._is_in(before, region) for region in op.regions) else None

    def _is_in(self, value: Value, block: Block) -> bool:
        op = self.definitions.get(value)
        return op is not None and self.home[op] is block

    def chain(self, block: Block, last: Value) -> tuple[Link, ...]:
        """The links back from a version to the first one that is known in this block."""
        links: list[Link] = []
        while (link := self.link(block, links[-1].before if links else last)) is not None:
            links.append(link)
        return tuple(links)

    def group(self, loop: Op, k: int) -> frozenset[int]:
        """The carried arrays that must be rolled back together with number k; none if that cannot be."""
        parts, body = loop_parts(loop), loop.regions[-1]
        found: dict[int, int] = {}
        waiting = [k]
        while waiting:
            at = waiting.pop()
            last = parts.following[at]
            if at in found:
                continue
            if not isinstance(last, Value) or not is_array(last) or not is_array(parts.initial[at]):
                return frozenset()
            links = self.chain(body, last)
            first = links[-1].before if links else last
            if first not in parts.carried:
                return frozenset()
            found[at] = parts.carried.index(first)
            waiting.append(found[at])
        follow = {parts.following[at] for at in found}
        return frozenset(found) if len(set(found.values())) == len(found) == len(follow) else frozenset()

    def writes(self, loop: Op, group: Iterable[int]) -> bool:
        """Whether a loop changes one of these arrays at all."""
        parts = loop_parts(loop)
        return any(self.link(loop.regions[-1], parts.following[k]) for k in group)  # type: ignore[arg-type]


class Chain:
    """The versions of one array in a block, and how far back they are rolled."""

    def __init__(self, last: Value, links: Sequence[Link]) -> None:
        self.links = links
        self.position = {last: 0} | {link.before: k + 1 for k, link in enumerate(links)}
        self.at = 0
        self.halted = False

    def gives(self, value: Value) -> bool:
        """Whether a value is a version that can be rolled back to now."""
        place = self.position.get(value)
        return place is not None and (place <= self.at or not self.halted)

    @contextmanager
    def halt(self) -> Iterator[None]:
        """While a write is undone, which must not hang on what the array was before."""
        self.halted = True
        try:
            yield
        finally:
            self.halted = False
