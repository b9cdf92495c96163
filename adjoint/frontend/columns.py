"""What a list of run-time length holds: the structure of its items, and a list of numbers for each number in it.

An item has the structure that covers all items. A list without items is a list of run-time length wherever it is
itself an item, and its own items have no structure yet (None): one list of numbers, which is empty, has its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from adjoint.errors import AliasError
from adjoint.frontend.abstract import (
    MUTABLE,
    Box,
    Conflict,
    Joiner,
    Maybe,
    Ref,
    Rows,
    atoms_of,
    is_atom,
    make_tuple,
    merge,
    together,
)
from adjoint.ir.core import Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ListType, Type, join


class _Covering(Joiner):
    """One value that stands for the structure of several."""

    in_doubt = False

    def atom(self, name: str | None, a: Any, b: Any, type_: Type) -> Any:
        return Value(None, type_)

    def refs(self, name: str | None, a: Any, b: Any) -> Any:
        return Conflict("holds lists or dicts that change")

    def rows(self, name: str | None, a: Any, b: Any) -> Any:
        return covering(name, a, b, self)


def item_of(value: Any) -> Any:
    """The structure of the items of a list; None if it has none, a Conflict if they differ."""
    if isinstance(value, Rows):
        return value.item
    found = None
    for child in value.children:
        found = both(found, structure(child))
    return found


def both(a: Any, b: Any) -> Any:
    """The structure that covers two; None is that of the items of a list that has none."""
    return b if a is None else a if b is None else merge(None, a, b, _Covering())


def structure(value: Any) -> Any:
    """The structure of an item: a list without items is of run-time length, as it will have some, or others have."""
    value = bare(value)
    if isinstance(value, Tree) and value.kind == "list" and not value.children:
        return Rows(None, (Value(None, ListType(None)),))
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(map(structure, value.children)))
    return value


def bare(value: Any) -> Any:
    """A value without the identities of its containers."""
    if isinstance(value, Box):
        return bare(value.content)
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(map(bare, value.children)))
    return value


def column_types(value: Any, item: Any) -> list[Type]:
    """The types of the lists of numbers of a list, for items of a structure."""
    if isinstance(value, Rows):
        return [column.type for column in spread(value, item, _zipped_type)]
    rows = [types_in(structure(child), item) for child in value.children]
    if not rows:
        return [ListType(None)] * width(item)
    return [ListType(joined_types(column)) for column in zip(*rows, strict=True)]


def _zipped_type(columns: list[Any]) -> Value:
    found = [column.type.element for column in columns if column.type.element is not None]
    return Value(None, ListType(ListType(joined_types(found) if found else None)))


def joined_types(types: Sequence[Type]) -> Type:
    found = types[0]
    for type_ in types[1:]:
        found = join(found, type_)
    return found


def types_in(value: Any, template: Any) -> list[Type]:
    """The types of the numbers of an item, for a structure that covers it."""
    if isinstance(template, Rows):
        return column_types(value, template.item)
    if isinstance(template, Tree) and isinstance(value, Tree) and len(template.children) == len(value.children):
        pairs = zip(value.children, template.children, strict=True)
        return [type_ for child, model in pairs for type_ in types_in(child, model)]
    return [atom.type for atom in atoms_of(value)]


def width(item: Any) -> int:
    """How many lists of numbers hold the items of a list. One has the length of a list that has no items."""
    return 1 if item is None else len(list(atoms_of(item)))


def spread(rows: Rows, item: Any, zipped: Callable[[list[Any]], Any]) -> list[Any]:
    """The lists of numbers of a list, for a structure that covers that of its items.

    Where that has items and the list has none, one list of no items stands for several; where the items are lists of
    one length, and are to be of any, the lists of what stands in each place are `zipped`.
    """
    given = iter(rows.lists)

    def walk(own: Any, template: Any) -> Iterator[Any]:
        if own is None:
            yield from [next(given)] * width(template)
        elif isinstance(own, Rows) and isinstance(template, Rows):
            yield from walk(own.item, template.item)
        elif isinstance(own, Tree) and isinstance(template, Rows):
            places = [list(walk(child, template.item)) for child in own.children]
            yield from (zipped(list(columns)) for columns in zip(*places, strict=True))
        elif isinstance(own, Tree) and isinstance(template, Tree) and len(own.children) == len(template.children):
            for child, model in zip(own.children, template.children, strict=True):
                yield from walk(child, model)
        else:
            yield from (next(given) for _ in atoms_of(own))

    return list(walk(rows.item, item))


def covering(name: str | None, a: Any, b: Any, joiner: Any) -> Any:
    """A list that stands for two, at the head of a loop; None if their items have no common structure."""
    if any(isinstance(child, Ref) for value in (a, b) if isinstance(value, Tree) for child in value.children):
        joiner.refs(name, a, b)  # what these containers hold has to be looked at
        return None
    item = both(item_of(a), item_of(b))
    if isinstance(item, Conflict) or (item is None and not (isinstance(a, Rows) or isinstance(b, Rows))):
        return None
    pairs = zip(column_types(a, item), column_types(b, item), strict=True)
    lists = tuple(joiner.atom(name, Value(None, s), Value(None, t), join(s, t)) for s, t in pairs)
    alone = are_distinct(a) and are_distinct(b), joiner.apart(a) and joiner.apart(b)
    return Rows(item, lists, alone[0], together(members(a), members(b)), alone[1])


def are_distinct(value: Any) -> bool:
    """Whether no container is there twice among the items of a list."""
    if isinstance(value, Rows):
        return value.distinct
    held = [child.identity if isinstance(child, Box) else child for child in value.children]
    known = [child.known_as for child in held if isinstance(child, Ref)]
    found = [one for one in known if one is not None]
    return len(known) < 2 or (len(found) == len(known) and len(frozenset().union(*found)) == sum(map(len, found)))


def members(value: Any, held_by: Callable[[Ref], Any] | None = None) -> frozenset[Ref] | None:
    """The containers that a value holds, those in lists of run-time length included; None where they are not known."""
    if isinstance(value, Rows):
        return value.members if holds_containers(value) else frozenset()
    if isinstance(value, Ref):
        return together(value.known_as, members(held_by(value), held_by)) if held_by else None
    if isinstance(value, Box):
        return together(value.identity.known_as, members(value.content, held_by))
    if isinstance(value, Maybe):
        return members(value.value, held_by)
    found: frozenset[Ref] | None = frozenset()
    for child in value.children if isinstance(value, Tree) else ():
        found = together(found, members(child, held_by))
    return found


def merged(name: str | None, a: Rows | None, b: Rows | None, joiner: Any) -> Rows | None:
    """The list that is one of two."""
    if a is None or b is None:
        return None
    item = both(a.item, b.item)
    pairs = zip(a.lists, b.lists, strict=True)  # of one structure: each was made with a view to the other
    lists = tuple(joiner.atom(name, s, t, join(s.type, t.type)) for s, t in pairs)
    return Rows(item, lists, a.distinct and b.distinct, together(members(a), members(b)), a.apart and b.apart)


def plain(rows: Rows) -> Any:
    """The one list of numbers, arrays or lists that a list is; None if its items have more parts."""
    inner = rows.item
    while isinstance(inner, Rows) and len(inner.lists) == 1:
        inner = inner.item
    return rows.lists[0] if (inner is None or is_atom(inner)) and len(rows.lists) == 1 else None


def of_numbers(atom: Value) -> Any:
    """The list that one number of the program is: the inverse of `plain`."""
    element = atom.type.element  # type: ignore[union-attr]  # of a list
    return make_tuple((), "list") if element is None else Rows(_item_of_type(element), (atom,))


def _item_of_type(element: Type | None) -> Any:
    if isinstance(element, ListType):
        return Rows(_item_of_type(element.element), (Value(None, element),))
    return None if element is None else Value(None, element)


def holds_containers(value: Any) -> bool:
    """Whether this is a list of run-time length whose items are containers."""
    return isinstance(value, Rows) and _has_container(value.item)


def _has_container(item: Any) -> bool:
    if isinstance(item, Tree):
        return item.kind in MUTABLE or any(map(_has_container, item.children))
    return isinstance(item, Rows)


def may_share(rows: Rows, other: Ref, content: Any) -> bool:
    """Whether another container, with this content, may be in a list, or hold what is in it."""
    return overlap(members(rows), other, content)


def overlap(own: frozenset[Ref] | None, other: Ref, content: Any) -> bool:
    """Whether one of some containers may be another one, with this content, or be in it."""
    known = [other.known_as] if other.frozen or other.known_as is not None else []
    known += [content.members] if holds_containers(content) else []
    return any(there is None or own is None or not there.isdisjoint(own) for there in known)


def refuse_second_name(low: Any, ref: Ref, node: Any) -> None:
    """Refuse to change a container of which another name that is read later is a second name on some paths."""
    doubted = low.second_names & ({ref} if ref.known_as is None else ref.known_as)
    for name, other in low.live_containers(ref) if doubted else ():
        if other.known_as is None or not other.known_as.isdisjoint(doubted):
            what = f"a container is changed, and on one path `{name}` is another name of it"
            low.error(AliasError, node, what, "copy it before: `items = list(items)`")
