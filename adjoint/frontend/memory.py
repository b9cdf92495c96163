"""Memory: arrays written in place, views of them, lists, dicts and objects that change.

An array is referred to by the SSA value that it was when it was made, its *root*, or by a view that was
taken of it: `derived` tells of which array, by which op. What the root holds now is in the `heap`, a new SSA
value after each write; a view is taken anew where it is read after a write. So all names that refer to an
array see every write, and the program stays free of side effects: functionalisation, as for mutable arrays
in tracing compilers. Lists, dicts and objects are `Ref`s, and the heap tells what they hold.

Where two references may or may not share memory, `may` has the roots in doubt: a write is refused then.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from typing import Any, NoReturn, cast

from adjoint.errors import AliasError
from adjoint.frontend import columns, rows, windows
from adjoint.frontend.abstract import (
    MUTABLE,
    Closure,
    Conflict,
    Maybe,
    Missing,
    Ref,
    Rows,
    Span3,
    Static,
    atoms_of,
    describe,
    is_atom,
    may_be_none,
)
from adjoint.frontend.context import Frame, NeedStatic
from adjoint.frontend.layout import is_contiguous, is_reshaped_view
from adjoint.frontend.outside import Outside
from adjoint.frontend.sharing import IDENTITIES, READ_ONLY, RESHAPES, compose, is_array, is_memory, sharing
from adjoint.ir.core import EMPTY, IF, RAISE, Block, Op, Primitive, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import PY_BOOL, ArrayType, ListType, same_shape
from adjoint.ir.walk import map_attribute
from adjoint.rules import registry
from adjoint.rules.internal import is_contiguous as is_contiguous_array


class Memory(Outside):
    """What references stand for, and which of them share memory."""

    # ------------------------------------------------------------------ containers

    def seen(self, value: Any) -> Any:
        """What a container holds now; anything else as it is, and certainly not None."""
        if is_atom(value):
            return value
        if may_be_none(value):
            value = self.not_none(value)
        found = self.held_by(value) if isinstance(value, Ref) else value
        if isinstance(found, Conflict) and isinstance(value, Ref):
            what = f"`{value.hint}`" if value.hint else "a container that is read here"
            self.refuse(self.frame and self.frame.at, f"{what} {found.reason}", found.hint)
        return found

    def not_none(self, value: Any) -> Any:
        """A value that is read: what may be None is a TypeError where it is."""
        raise NotImplementedError

    def held_by(self, ref: Ref) -> Any:
        """What a container holds now, or why that has no one structure."""
        return ref.outside if ref.outside is not None else self.heap[ref]

    def boxed(self, value: Any) -> Any:
        """A value that a name may be bound to: its lists, dicts and objects have identities."""
        if isinstance(value, Value) and isinstance(value.type, ListType):
            value = columns.of_numbers(value)
        if isinstance(value, Rows):
            return self.own(value)
        if isinstance(value, Maybe):
            inner = self.boxed(value.value)
            return value if inner is value.value else Maybe(inner, value.bound, value.is_none)
        if not isinstance(value, Tree):
            return value
        children = tuple(map(self.boxed, value.children))
        if any(new is not old for new, old in zip(children, value.children, strict=True)):
            value = Tree(value.kind, value.cls, value.keys, children)
        if value.kind not in MUTABLE:
            return value
        ref = Ref()
        ref.looping = self.looping
        self.heap[ref] = value
        return ref

    def own(self, value: Any, frozen: str | None = None) -> Any:
        """A value that was just made, with identities for its containers."""
        if isinstance(value, Rows):
            ref = Ref(frozen)
            ref.looping = self.looping
            self.heap[ref] = value
            return ref
        boxed = self.boxed(value)
        if frozen and isinstance(boxed, Ref):
            boxed.frozen = frozen
        return boxed

    def resolved(self, value: Any) -> Any:
        """The value itself, as it is now: no containers that may change, no references to arrays."""
        return self.current(value) if is_atom(value) else self.plain(self.contents(value))

    def contents(self, value: Any) -> Any:
        """What a value holds now, with lists of unknown length as `Rows`."""
        if is_atom(value):
            return self.current(value)
        if isinstance(value, Ref):
            return self.contents(self.seen(value))
        if isinstance(value, Tree):
            return Tree(value.kind, value.cls, value.keys, tuple(map(self.contents, value.children)))
        return Maybe(self.contents(value.value), value.bound, value.is_none) if isinstance(value, Maybe) else value

    def plain(self, value: Any) -> Any:
        """Contents in which a list of unknown length is one number of the program, where its items are."""
        if isinstance(value, Rows):
            return columns.plain(value) or value
        if isinstance(value, Tree):
            return Tree(value.kind, value.cls, value.keys, tuple(map(self.plain, value.children)))
        return Maybe(self.plain(value.value), value.bound, value.is_none) if isinstance(value, Maybe) else value

    def change(self, ref: Ref, content: Any, node: Any, kept: Any = None, *, same: bool = False) -> None:
        """A container holds something else from now on.

        `kept` is the place in it that alone is changed. `same`: its arrays are the same, but for what they hold.
        """
        if ref.outside is not None:
            self.refuse(
                node, f"{describe(ref.outside)} from outside of the function is changed", "copy it first, or return it"
            )
        if ref.frozen and ref.place is None:
            self.error(AliasError, node, ref.frozen, "copy it before: `items = list(items)`")
        columns.refuse_second_name(self, ref, node)
        self.heap[ref] = content
        for place in self.taken.get(ref, ()):
            place.valid = place.valid and place is kept
        if ref.place is not None:
            rows.write_through(self, ref.place, node, same=same)

    def live_containers(self, beside: Ref) -> Iterator[tuple[str, Ref]]:
        """The containers that names lead to which are read after what is at hand, not through a given one."""
        seen: set[Any] = set()
        for frame in self.callers():
            live = frame.live_later()
            scope: Frame | None = frame
            while scope is not None and scope not in seen:
                seen.add(scope)
                for name, held in scope.names.items():
                    if live is None or name in live or scope is not frame:
                        found: set[Any] = {beside}
                        list(self.reachable(held, found))
                        yield from ((name, ref) for ref in found - {beside})
                scope = scope.parent

    # ------------------------------------------------------------------ arrays

    def reference(self, atom: Any) -> Any:
        """The reference that an SSA value belongs to: a version of an array stands for the array."""
        return self.references.get(atom, atom)

    def root(self, atom: Value) -> Value:
        """The array that a reference is a view of."""
        atom = self.reference(atom)
        while atom in self.derived:
            atom = self.reference(self.derived[atom][0])
        return atom

    def current(self, atom: Any) -> Any:
        """The SSA value of a reference, after all writes so far."""
        if not isinstance(atom, Value):
            return atom
        ref = self.reference(atom)
        if ref in self.heap:
            return self.heap[ref]
        if ref not in self.derived or (ref not in self.untaken and self.root(ref) not in self.heap):
            return ref
        parent, op = self.derived[ref]
        now = self.current(parent)
        if now is op.inputs[0]:
            return ref
        hint = self.renames.get(ref, ref.hint)
        saved, self.builder.span = self.builder.span, op.span
        (again, *_) = self.builder.emit(op.primitive, (now, *op.inputs[1:]), op.attrs, hints=[hint])
        self.builder.span = saved
        self.references[again] = ref
        return again

    def aliases(self, atom: Value) -> frozenset[Value]:
        """The arrays that a reference may be, or be a view of."""
        root = self.root(atom)
        return self.may.get(root, frozenset()) | {root}

    def sources(self, atom: Value) -> frozenset[Value]:
        """The arrays of the caller, and those made on the way, that a reference may come from."""
        root = self.root(atom)
        return self.comes_from.get(root, frozenset()) | {root}

    def is_apart(self, value: Any, before: dict[Any, Any]) -> bool:
        """Whether what a function gives is its own: nothing in it was there `before`, and nothing is there twice."""
        found = [*self.parts_of(value)]
        refs = [part for part in found if isinstance(part, Ref)]
        if len(set(refs)) < len(refs) or any(ref in before or ref.frozen or ref.outside is not None for ref in refs):
            return False
        arrays = [self.aliases(array) for array in {self.reference(part) for part in found if is_memory(part)}]
        alone = len(frozenset().union(*arrays)) == sum(map(len, arrays))
        known = (Ref, Tree, Rows, Maybe, Static, Span3)
        return alone and all(is_atom(part) or isinstance(part, known) for part in found)

    def parts_of(self, value: Any) -> Iterator[Any]:
        """A value, and what is in it and in its containers, as often as it is there."""
        yield value
        held = self.held_by(value) if isinstance(value, Ref) else value
        inner = (held.value,) if isinstance(held, Maybe) else held.lists if isinstance(held, Rows) else ()
        for part in held.children if isinstance(held, Tree) else inner:
            yield from self.parts_of(part)

    def note_sharing(self, op: Op) -> None:
        """Remember of which array the result of an op is a view, or may be one."""
        for result in op.outputs:
            if not is_array(result):
                continue
            kind = sharing(op) if any(map(is_memory, op.inputs)) else None
            if kind == "view" and len(op.outputs) == 1:
                known = is_reshaped_view(self, op) if op.primitive.fun in RESHAPES else True
                if known is False:
                    self.made_by[result] = op
                    continue
                self.derived[result] = (self.reference(op.inputs[0]), op)
                if known is None:
                    self.doubtful[result] = (self.builder, op)
            elif kind is not None:
                shared = [atom for atom in op.inputs if is_array(atom)]
                self.relate(result, shared)
            else:
                self.made_by[result] = op

    def relate(self, result: Value, others: list[Any]) -> None:
        """A value that may share memory with others."""
        arrays = [atom for atom in others if is_memory(atom)]
        if arrays:
            self.may[result] = frozenset({result}).union(*map(self.aliases, arrays))
            self.comes_from[result] = frozenset({result}).union(*map(self.sources, arrays))

    # ------------------------------------------------------------------ writes

    def write(self, ref: Value, index: Any, value: Any, node: Any) -> None:
        """`ref[index] = value`, or all of it where the index is None; `value` has the dtype and shape that fit."""
        ref = self.reference(ref)
        self.check_write(ref, node)
        root, path = self.path(ref, node)
        if index is None and path and path[-1][0] is operator.getitem:
            index = path.pop()[1]["index"]
        elif index is not None and path and path[-1][0] is operator.getitem:
            together = compose(path[-1][1]["index"], index)
            if together is not None:
                index = together
                path.pop()
        if index is None and not path and fits(root.type, value.type):
            new = value
        else:
            new = self.updated(self.current(root), path, ... if index is None else index, value, node)
        place = rows.place_of(self, root)
        self.heap[root] = new
        self.references[new] = root
        name = self.renames.get(root, root.hint)
        if name is not None and new.hint is None:
            self.renames.setdefault(new, name)
        if place is not None:
            rows.write_through(self, place, node, same=True)

    def is_writable(self, value: Any) -> bool:
        """Whether a value is an array that can be written."""
        return is_array(value)

    def updated(self, base: Any, path: list[Any], index: Any, value: Any, node: Any) -> Any:
        """The array with a part replaced."""
        raise NotImplementedError

    def path(self, ref: Value, node: Any) -> tuple[Value, list[tuple[Any, dict[str, Any]]]]:
        """The root of a view, and the functions that lead to it with their arguments."""
        steps: list[tuple[Any, dict[str, Any]]] = []
        while ref in self.derived:
            parent, op = self.derived[ref]
            fun = op.primitive.fun
            if fun in READ_ONLY:
                self.refuse(node, f"`{op.primitive.name}` gives a view that is read only", "copy it first")
            if fun not in IDENTITIES:
                inputs = op.inputs
                attrs = {k: map_attribute(a, lambda slot: inputs[slot.index]) for k, a in op.attrs.items()}  # noqa: B023  # called at once
                steps.append((fun, attrs))
            ref = self.reference(parent)
        return ref, steps[::-1]

    def check_write(self, ref: Value, node: Any) -> None:
        """Refuse a write of which it is not known who sees it."""
        root, where = self.root(ref), self.span(node)
        sources = self.sources(ref)
        arguments = set()
        for path, leaf in self.leaves:
            if leaf in sources and path[0][0] != "arg":
                name = self.renames.get(leaf, leaf.hint)
                self.refuse(node, f"`{name}` is an array from outside of the function and is written", "copy it first")
            arguments.add(leaf)
        mine, place = self.aliases(ref), rows.place_of(self, ref)
        for name, atom in self.live_arrays(place.owners() if place else set()):
            other = self.root(atom)
            if other is not root and not mine.isdisjoint(self.aliases(other)):
                windows.demand(self, ref, other)
                self.sharing_unknown(name, ref, node, is_list=is_memory(atom) and not is_array(atom))
            if other is root:
                self.settle_doubts(atom, node)
        self.settle_doubts(ref, node)
        for source in sources:
            outer = source
            while outer in self.stands_for:
                outer = self.root(self.stands_for[outer])
            if outer in arguments and where is not None:
                self.written.append((outer, where))

    def sharing_unknown(self, name: str, ref: Value, node: Any, *, is_list: bool) -> NoReturn:
        own = self.renames.get(ref, ref.hint)
        what = f"`{own}`" if own else "an array"
        new = f"put a new array into the list instead: `{name}[k] = {name}[k] + v`"
        hint = new if is_list else f"copy one of them: `{name} = {name}.copy()`"
        other = f"`{name}`"
        if own == name and any(name in frame.names for frame in self.callers() if frame is not self.frame):
            other = f"what the caller calls {other}"
            hint = f"give the call a copy: `{name}.copy()`"
        elif own == name:
            other = f"something else that {other} leads to"
        self.error(AliasError, node, f"{what} is written while {other} may share its memory", hint)

    def live_arrays(
        self, beside: set[Ref] | frozenset[Ref] = frozenset(), names: Collection[str] = ()
    ) -> Iterator[tuple[str, Value]]:
        """The references that the program may still read, with names that lead there.

        Not through the lists `beside`, nor through these `names` of the function at hand.
        """
        seen: set[Any] = set(beside)
        for frame in self.callers():
            scope: Frame | None = frame
            while scope is not None and scope not in seen:
                seen.add(scope)
                waits = scope is frame and scope is not self.frame  # for a call to return
                live = scope.live_later() if waits else scope.live_now()
                for name, held in scope.names.items():
                    if (live is None or name in live) and not (scope is self.frame and name in names):
                        yield from ((name, atom) for atom in self.reachable(held, seen) if is_memory(atom))
                scope = scope.parent

    def reachable(self, value: Any, seen: set[Any]) -> Iterator[Any]:
        """The atoms that a value leads to, through containers."""
        if isinstance(value, Ref):
            if value not in seen and (value in self.heap or value.outside is not None):
                seen.add(value)
                yield from self.reachable(self.held_by(value), seen)
        elif isinstance(value, Tree):
            for child in value.children:
                yield from self.reachable(child, seen)
        elif isinstance(value, Closure):
            for default in (*value.defaults, *value.kw_defaults):
                yield from self.reachable(default, seen)
        elif isinstance(value, Maybe):
            yield from self.reachable(value.value, seen)
        elif not isinstance(value, (Missing, Conflict, Static, Span3)):
            yield from atoms_of(value)

    def settle_doubts(self, ref: Value, node: Any) -> None:
        """A reshape that is a copy for some layouts of memory must be a view in this program: tested when it runs."""
        ref = self.reference(ref)
        while ref in self.derived:
            if ref in self.doubtful:
                unknown: list[Any] = []
                is_contiguous(self, self.derived[ref][0], unknown)
                if unknown:
                    raise NeedStatic(unknown[0])
                builder, op = self.doubtful.pop(ref)
                if not self.is_from_caller(op.inputs[0]):
                    self.error(
                        AliasError, node, f"this writes an array that `{op.primitive.name}` may have copied, or not",
                        "make it one of them: `y = x.reshape(...).copy()`, or write into the array itself",
                    )  # fmt: skip
                self.assert_view(builder, op, node)
            ref = self.reference(self.derived[ref][0])

    def is_from_caller(self, atom: Any) -> bool:
        """Whether an array is in the memory of the caller, whose layout a test at run time can tell."""
        while atom in self.derived:
            atom = self.derived[atom][1].inputs[0]
        return any(atom is leaf for _, leaf in self.leaves)

    def assert_view(self, builder: Any, op: Op, node: Any) -> None:
        """Put a test of the layout behind a reshape."""
        test = Value(None, PY_BOOL)
        text = f"`{op.primitive.name}` may copy the array, and the array or the result is written"
        where = self.span(node)
        message = f"{text} at {where.file}:{where.line}" if where else text
        stop = Op(RAISE, (), (), {"exception": AliasError, "args": (message,)}, (), op.span)
        regions = (Block((), (), ()), Block((), (stop,), ()))
        check = [
            Op(IS_CONTIGUOUS, op.inputs[:1], (test,), EMPTY, (), op.span),
            Op(IF, (test,), (), EMPTY, regions, op.span),
        ]
        at = builder.ops.index(op) + 1 if op in builder.ops else len(builder.ops)
        builder.ops[at:at] = check


def fits(into: Any, given: Any) -> bool:
    """Whether what an array holds may simply be replaced by a value: an array of its dtype and shape."""
    return (
        isinstance(given, ArrayType) and given.kind == "array" and into.kind == "array"
        and given.dtype == into.dtype and same_shape(into.shape, given.shape)
    )  # fmt: skip


IS_CONTIGUOUS = cast(Primitive, registry.primitive_of(is_contiguous_array))
