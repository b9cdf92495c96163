"""Lists whose length is known at run time only, and what a program does with them.

A list becomes one where control flow meets with lists of two lengths, and where a comprehension goes through
something of unknown length. Its items have one structure; for each number in it there is a list of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adjoint.errors import AliasError
from adjoint.frontend.abstract import (
    KEYED,
    MUTABLE,
    Box,
    Conflict,
    Items,
    Joiner,
    Maybe,
    Ref,
    Rows,
    Span3,
    Static,
    atoms_of,
    by_keys,
    is_atom,
    make_tuple,
    merge,
    rebuild,
)
from adjoint.ir.core import Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import UNKNOWN, ListType, Type, join
from adjoint.rules.lists import (
    list_append,
    list_concat,
    list_delete,
    list_drop,
    list_fill,
    list_get,
    list_insert,
    list_length,
    list_of,
    list_reverse,
    list_set,
    list_slice,
)

TAKEN_OUT = "this is an item of a list whose length is known at run time only: put a new one in its place"

PUT_IN = "this container is an item of a list whose length is known at run time only, which holds a copy of it"

# ---- structure


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
        content = bare(child)
        found = content if found is None else merge(None, found, content, _Covering())
    return found


def bare(value: Any) -> Any:
    """A value without the identities of its containers."""
    if isinstance(value, Box):
        return bare(value.content)
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(map(bare, value.children)))
    return value


def both_items(a: Any, b: Any) -> Any:
    first, second = item_of(a), item_of(b)
    if first is None or second is None:
        return second if first is None else first
    return merge(None, first, second, _Covering())


def column_types(value: Any, item: Any) -> list[Type]:
    """The types of the lists of numbers of a list, for items of a structure."""
    if isinstance(value, Rows):
        return [column.type for column in value.lists]
    count = len(list(atoms_of(item)))
    rows = [[atom.type for atom in atoms_of(bare(child))] for child in value.children]
    if not rows:
        return [ListType(None)] * count
    columns: list[Type] = []
    for column in zip(*rows, strict=True):
        joined = column[0]
        for type_ in column[1:]:
            joined = join(joined, type_)
        columns.append(ListType(joined))
    return columns


def covering(name: str | None, a: Any, b: Any, joiner: Any) -> Any:
    """A list that stands for two, at the head of a loop; None if their items have no common structure."""
    if any(isinstance(child, Ref) for value in (a, b) if isinstance(value, Tree) for child in value.children):
        joiner.refs(name, a, b)  # what these containers hold has to be looked at
        return None
    item = both_items(a, b)
    if item is None or isinstance(item, Conflict):
        return None
    pairs = zip(column_types(a, item), column_types(b, item), strict=True)
    lists = tuple(joiner.atom(name, Value(None, s), Value(None, t), join(s, t)) for s, t in pairs)
    return Rows(item, lists, are_distinct(a) and are_distinct(b))


def are_distinct(value: Any) -> bool:
    """Whether no container is there twice among the items of a list."""
    if isinstance(value, Rows):
        return value.distinct
    held = [child.identity if isinstance(child, Box) else child for child in value.children]
    refs = [ref for ref in held if isinstance(ref, Ref)]
    return len(set(refs)) == len(refs)


def as_rows(low: Any, value: Any, like: Any) -> Rows | None:
    """A list as one of unknown length whose items may also be those of another."""
    if isinstance(value, Rows):
        return value
    item = both_items(bare_list(low, value), bare_list(low, like))
    if item is None or isinstance(item, Conflict):
        return None
    children = [adapt(low, child, item) for child in bare_list(low, value).children]
    table = [list(atoms_of(child)) for child in children]
    lists = tuple(apply(low, list_of, [row[k] for row in table]) for k in range(len(list(atoms_of(item)))))
    return Rows(item, lists, are_distinct(value))


def bare_list(low: Any, value: Any) -> Any:
    """A list with what its items hold in place of the containers themselves."""
    freeze(low, value)
    return value if isinstance(value, Rows) else low.contents(bare(value))


def freeze(low: Any, value: Any) -> None:
    """Let containers change no more that such a list holds: a change would be seen through it."""
    if isinstance(value, (Ref, Box)):
        ref = value if isinstance(value, Ref) else value.identity
        ref.frozen = ref.frozen or PUT_IN
        value = low.held_by(value) if isinstance(value, Ref) else value.content
    if isinstance(value, Tree):
        for child in value.children:
            freeze(low, child)


def merged(name: str | None, a: Rows | None, b: Rows | None, joiner: Any) -> Rows | None:
    """The list that is one of two."""
    if a is None or b is None:
        return None
    item = merge(None, a.item, b.item, _Covering())
    pairs = zip(a.lists, b.lists, strict=True)
    lists = tuple(joiner.atom(name, s, t, join(s.type, t.type)) for s, t in pairs)
    return Rows(item, lists, a.distinct and b.distinct)


def adapt(low: Any, value: Any, template: Any) -> Any:
    """A value in which lists are of unknown length where those of a template are."""
    if isinstance(template, Rows) and isinstance(value, Tree):
        return as_rows(low, value, template)
    if isinstance(template, Box) and isinstance(value, Box):
        return Box(value.identity, adapt(low, value.content, template.content))
    if isinstance(template, Maybe):
        if isinstance(value, Maybe):
            return Maybe(adapt(low, value.value, template.value), value.bound, value.is_none)
        return adapt(low, value, template.value)
    if not isinstance(template, Tree) or not isinstance(value, Tree):
        return value
    if value.kind in KEYED and value.kind == template.kind and set(value.keys) < set(template.keys):
        value = Tree(value.kind, value.cls, template.keys, by_keys(value, template))
    if len(value.children) != len(template.children):
        return value
    pairs = zip(value.children, template.children, strict=True)
    return Tree(value.kind, value.cls, value.keys, tuple(adapt(low, child, model) for child, model in pairs))


# ---- reading


def apply(low: Any, fun: Any, args: list[Any], node: Any = None) -> Any:
    """Append an op on lists; what is in a list shares memory with it."""
    result = low.apply(fun, args, {}, node)
    low.relate(result, args)
    return result


def length(low: Any, rows: Rows, node: Any) -> Any:
    if not rows.lists:
        low.refuse(node, "the length of a list of constants, which is known at run time only", "count them")
    return low.apply(list_length, [rows.lists[0]], {}, node)


@dataclass(eq=False)
class Place:
    """Where an item that was taken out of a list is in it; what is changed in the item is changed there.

    `top` is the item, in which other containers may be. Once the list is changed in another way, or another item
    may be this one, a change would not be seen everywhere: that is refused.
    """

    items: Ref
    index: Any
    top: Any = None
    valid: bool = True


def taken(low: Any, value: Any, place: Place) -> Any:
    """An item of a list with identities for its containers."""
    if isinstance(value, Tree):
        children = tuple(taken(low, child, place) for child in value.children)
        value = Tree(value.kind, value.cls, value.keys, children)
    if not isinstance(value, Rows) and not (isinstance(value, Tree) and value.kind in MUTABLE):
        return value
    ref = Ref(TAKEN_OUT)
    ref.place = place
    low.heap[ref] = value
    return ref


def write_through(low: Any, place: Place, node: Any) -> None:
    """Put an item that was changed where it was taken from."""
    rows = low.seen(place.items)
    if not place.valid or not isinstance(rows, Rows) or not rows.distinct:
        low.error(AliasError, node, TAKEN_OUT, "take it out of the list anew before it is changed")
    for name, other in low.live_containers(place.items):
        if (other.frozen and other.place is not place) or holds_containers(low.held_by(other)):
            what = f"an item of a list is changed, and `{name}` may be or hold the same item"
            low.error(AliasError, node, what, "reach items through one list, by their index: `items[k].x = v`")
    new = [apply(low, list_set, [column, place.index, a], node) for column, a in fitted(low, rows, place.top, node)]
    low.change(place.items, Rows(rows.item, tuple(new), True), node, place)


def holds_containers(value: Any) -> bool:
    """Whether this is a list of run-time length whose items are containers."""
    return isinstance(value, Rows) and _has_container(value.item)


def _has_container(item: Any) -> bool:
    if isinstance(item, Tree):
        return item.kind in MUTABLE or any(map(_has_container, item.children))
    return isinstance(item, Rows)


def item(low: Any, rows: Rows, index: Any, node: Any, owner: Any = None) -> Any:
    """`items[index]`; `owner` is the list itself, where there is one."""
    if isinstance(index, Span3):
        ends = [low.seen(part) for part in (index.start, index.stop, index.step)]
        parts = [Literal(None) if isinstance(end, Static) else end for end in ends]
        part = tuple(apply(low, list_slice, [column, *parts], node) for column in rows.lists)
        return low.own(Rows(rows.item, part, rows.distinct))
    found = iter([apply(low, list_get, [column, index], node) for column in rows.lists])
    value = rebuild(rows.item, found)
    if not isinstance(owner, Ref):
        return frozen_whole(low, low.own(value, TAKEN_OUT))
    place = Place(owner, index)
    place.top = taken(low, value, place)
    if isinstance(value, (Tree, Rows)):
        low.taken.setdefault(owner, []).append(place)
    return place.top


def frozen_whole(low: Any, value: Any) -> Any:
    """A value whose containers may not be changed, those inside of them as well."""
    if isinstance(value, Ref):
        value.frozen = TAKEN_OUT
        frozen_whole(low, low.held_by(value))
    elif isinstance(value, Tree):
        for child in value.children:
            frozen_whole(low, child)
    return value


def items(low: Any, rows: Rows, node: Any, owner: Any = None) -> Items:
    """A list to be gone through."""
    return Items(length(low, rows, node), lambda index: item(low, rows, index, node, owner))


def concatenated(low: Any, a: Any, b: Any, node: Any) -> Any:
    """`a + b`."""
    first, second = as_rows(low, a, b), as_rows(low, b, a)
    if first is not None and second is not None:
        structure = merge(None, first.item, second.item, _Covering())
        pairs = zip(first.lists, second.lists, strict=True)
        return low.own(Rows(structure, tuple(apply(low, list_concat, list(pair), node) for pair in pairs)))
    low.refuse(node, "lists whose items have different structures are joined")


def repeated(low: Any, tree: Tree, count: Any, node: Any) -> Any:
    """`[x] * n` with n known at run time only."""
    if len(tree.children) != 1:
        low.refuse(node, "a list of several items is repeated a number of times known at run time only")
    freeze(low, tree)
    value = low.resolved(tree.children[0])
    lists = tuple(apply(low, list_fill, [atom, count], node) for atom in atoms_of(value))
    return low.own(Rows(bare(value), lists))


def plain(rows: Rows) -> Any:
    """The one list of numbers, arrays or lists that a list is; None if its items have more parts."""
    inner = rows.item
    while isinstance(inner, Rows) and len(inner.lists) == 1:
        inner = inner.item
    return rows.lists[0] if is_atom(inner) and len(rows.lists) == 1 else None


def of_numbers(atom: Value) -> Any:
    """The list that one number of the program is: the inverse of `plain`."""
    element = atom.type.element  # type: ignore[union-attr]  # of a list
    return make_tuple((), "list") if element is None else Rows(_item_of_type(element), (atom,))


def _item_of_type(element: Type | None) -> Any:
    if isinstance(element, ListType):
        return Rows(_item_of_type(element.element), (Value(None, element),))
    return Value(None, element or UNKNOWN)


# ---- changing


def fitted(low: Any, rows: Rows, value: Any, node: Any) -> Iterator[tuple[Any, Any]]:
    """The numbers of a new item, each with its list; its structure must be that of the items."""
    freeze(low, value)
    content = adapt(low, low.contents(value), rows.item)
    together = merge(None, rows.item, content, _Covering())
    if isinstance(together, Conflict) or len(list(atoms_of(content))) != len(rows.lists):
        low.refuse(node, "an item of another structure is put into a list", "give all items of a list one structure")
    yield from zip(rows.lists, atoms_of(content), strict=True)


def is_new(low: Any, value: Any) -> bool:
    """Whether a container is another one each time that it is put into a list here."""
    if isinstance(value, Ref):
        return value.frozen is None and value.looping == low.looping and value.outside is None
    return not isinstance(value, Tree) or all(is_new(low, child) for child in value.children)


def changed(low: Any, ref: Ref, rows: Rows, lists: list[Any], node: Any, new: bool = True) -> None:
    low.change(ref, Rows(rows.item, tuple(lists), rows.distinct and new), node)


def keeps_length(low: Any, ref: Ref, node: Any) -> None:
    """Refuse another length of a list that a loop goes through."""
    if ref in low.gone_through:
        low.refuse(node, "a list gets another length while a loop goes through it", "go through a copy: `list(items)`")


def append(low: Any, ref: Ref, rows: Rows, value: Any, node: Any) -> None:
    keeps_length(low, ref, node)
    is_other = is_new(low, value)
    new = [apply(low, list_append, [column, atom], node) for column, atom in fitted(low, rows, value, node)]
    changed(low, ref, rows, new, node, is_other)


def set_item(low: Any, ref: Ref, rows: Rows, index: Any, value: Any, node: Any) -> None:
    if isinstance(index, Span3):
        low.refuse(node, "a slice of a list whose length is known at run time only is replaced", "replace item by item")
    is_other = is_new(low, value)
    new = [apply(low, list_set, [column, index, atom], node) for column, atom in fitted(low, rows, value, node)]
    changed(low, ref, rows, new, node, is_other)


def delete(low: Any, ref: Ref, rows: Rows, index: Any, node: Any) -> None:
    keeps_length(low, ref, node)
    changed(low, ref, rows, [apply(low, list_delete, [column, index], node) for column in rows.lists], node)


def extend(low: Any, ref: Ref, more: Any, node: Any) -> None:
    keeps_length(low, ref, node)
    tree, other = low.seen(ref), low.seen(more)
    if not isinstance(other, (Rows, Tree)):
        low.refuse(node, "a list whose length is known at run time only is extended by no list", "append item by item")
    low.change(ref, low.seen(concatenated(low, tree, other, node)), node)


def method(low: Any, ref: Ref, rows: Rows, name: str, args: list[Any], node: Any) -> Any:
    """A method that changes a list."""
    nothing = Static(None)
    if name == "append":
        append(low, ref, rows, args[0], node)
    elif name == "extend":
        extend(low, ref, args[0], node)
    elif name == "insert":
        keeps_length(low, ref, node)
        is_other, pairs = is_new(low, args[1]), fitted(low, rows, args[1], node)
        new = [apply(low, list_insert, [column, args[0], atom], node) for column, atom in pairs]
        changed(low, ref, rows, new, node, is_other)
    elif name == "pop":
        place = args[0] if args else Literal(-1)
        found = item(low, rows, place, node)
        keeps_length(low, ref, node)
        if isinstance(place, Literal) and place.value == -1:
            changed(low, ref, rows, [apply(low, list_drop, [column], node) for column in rows.lists], node)
        else:
            delete(low, ref, rows, place, node)
        return found
    elif name == "reverse":
        changed(low, ref, rows, [apply(low, list_reverse, [column], node) for column in rows.lists], node)
    elif name == "clear":
        keeps_length(low, ref, node)
        low.change(ref, Tree("list", None, (), ()), node)
    elif name == "copy":
        return low.own(rows)
    else:
        low.refuse(node, f"the method `{name}` of a list whose length is known at run time only")
    return nothing


def is_positive(low: Any, rows: Rows, node: Any) -> Any:
    """The truth of a list."""
    return low.apply(operator.gt, [length(low, rows, node), Literal(0)], {}, node)
