"""Lists whose length is known at run time only, and what a program does with them.

A list becomes one where control flow meets with lists of two lengths, and where a comprehension goes through
something of unknown length. Its items have one structure; for each number in it there is a list of its own.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import Any

from adjoint.errors import AliasError
from adjoint.frontend.abstract import (
    KEYED,
    MUTABLE,
    Box,
    Conflict,
    Items,
    Maybe,
    Ref,
    Rows,
    Span3,
    Static,
    atoms_of,
    by_keys,
    is_list,
    rebuild,
    together,
)
from adjoint.frontend.columns import (
    are_distinct,
    bare,
    both,
    item_of,
    may_share,
    members,
    spread,
    structure,
    width,
)
from adjoint.frontend.sharing import is_memory
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
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
    list_zip,
)

TAKEN_OUT = "this is an item of a list whose length is known at run time only: put a new one in its place"

PUT_IN = "this container is an item of a list whose length is known at run time only, which holds a copy of it"

# ---- making


def as_rows(low: Any, value: Any, like: Any) -> Rows | None:
    """A list as one of unknown length whose items may also be those of another."""
    if isinstance(value, Rows) and value is like:
        return value
    item = both(item_of(bare_list(low, value)), item_of(bare_list(low, like)))
    if isinstance(item, Conflict) or (item is None and not isinstance(like, Rows)):
        return None
    if isinstance(value, Rows):
        return spread_out(low, value, item)
    held = members(value, low.held_by)
    children = [adapt(low, child, item) for child in bare_list(low, value).children]
    table = [list(atoms_of(child)) for child in children]
    lists = tuple(apply(low, list_of, [row[k] for row in table]) for k in range(width(item)))
    return Rows(item, lists, are_distinct(value), held, are_apart(low, value))


def nothing(low: Any) -> Any:
    """A list of numbers where there is none: its length may be asked for."""
    return apply(low, list_of, [])


def are_apart(low: Any, *values: Any) -> bool:
    """Whether no two of the arrays in some values, and in the lists in these, may share memory."""
    found = [low.aliases(atom) for atom in low.all_atoms(values) if is_memory(atom)]
    return all(map(_has_apart_lists, values)) and len(frozenset().union(*found)) == sum(map(len, found))


def _has_apart_lists(value: Any) -> bool:
    if isinstance(value, Tree):
        return all(map(_has_apart_lists, value.children))
    return not isinstance(value, Rows) or value.apart


def spread_out(low: Any, rows: Rows, item: Any, node: Any = None) -> Rows:
    """A list whose items have a structure that covers theirs."""
    lists = spread(rows, item, lambda columns: apply(low, list_zip, columns, node))
    return replace(rows, item=item, lists=tuple(lists))


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


def adapt(low: Any, value: Any, template: Any) -> Any:
    """A value in which lists are of unknown length where those of a template are."""
    if isinstance(template, Rows) and is_list(value):
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

    def owners(self) -> set[Ref]:
        """The list, and those that it is itself an item of."""
        outer = self.items.place
        return {self.items} | (outer.owners() if outer else set())


def taken(low: Any, value: Any, place: Place, held: frozenset[Ref] | None) -> Any:
    """An item of a list, which holds some containers, with identities for its own."""
    if isinstance(value, Tree):
        children = tuple(taken(low, child, place, held) for child in value.children)
        value = Tree(value.kind, value.cls, value.keys, children)
    if not isinstance(value, Rows) and not (isinstance(value, Tree) and value.kind in MUTABLE):
        return value
    ref = Ref(TAKEN_OUT)
    ref.place, ref.known_as = place, together(ref.known_as, held)
    low.heap[ref] = value
    return ref


def write_through(low: Any, place: Place, node: Any, *, same: bool = False) -> None:
    """Put an item that was changed where it was taken from. `same`: its arrays are, but for what they hold."""
    rows = low.seen(place.items)
    if isinstance(rows, Tree):
        rows = as_rows(low, rows, rows)
    if not place.valid or not isinstance(rows, Rows) or not rows.distinct:
        low.error(AliasError, node, TAKEN_OUT, "take it out of the list anew before it is changed")
    for name, other in low.live_containers(place.items):
        if other.place is not place and may_share(rows, other, low.held_by(other)):
            what = f"an item of a list is changed, and `{name}` may be or hold the same item"
            low.error(AliasError, node, what, "reach items through one list, by their index: `items[k].x = v`")
    apart = rows.apart and (same or _stays_apart(low, rows, place))
    rows, atoms = fitted(low, rows, place.top, node)
    pairs = zip(rows.lists, atoms, strict=True)
    new = tuple(apply(low, list_set, [column, place.index, atom], node) for column, atom in pairs)
    low.change(place.items, replace(rows, lists=new, apart=apart), node, place, same=same)


def place_of(low: Any, array: Any) -> Place | None:
    """Where an array is in a list, if what is written into the array can be put there."""
    found = place = low.places.get(low.root(array))
    outermost = None
    while place is not None:
        outermost = low.contents(place.items)
        if not (place.valid and are_distinct(outermost)):
            return None
        place = place.items.place
    return found if found and are_apart(low, outermost) else None


def _stays_apart(low: Any, rows: Rows, place: Place) -> bool:
    """Whether the arrays of a list are apart with what an item holds now: its own, each once, and others."""
    atoms = [atom for atom in low.all_atoms([low.contents(place.top)]) if is_memory(atom)]
    own = [root for root in map(low.root, atoms) if low.places.get(root) is place]
    others = [atom for atom in atoms if low.places.get(low.root(atom)) is not place]
    return len(own) == len(set(own)) and are_apart(low, rows, *others)


def item(low: Any, rows: Rows, index: Any, node: Any, owner: Any = None) -> Any:
    """`items[index]`; `owner` is the list itself, where there is one."""
    if isinstance(index, Span3):
        ends = [low.seen(part) for part in (index.start, index.stop, index.step)]
        parts = [Literal(None) if isinstance(end, Static) else end for end in ends]
        part = tuple(apply(low, list_slice, [column, *parts], node) for column in rows.lists)
        return low.own(replace(rows, lists=part))
    found = [apply(low, list_get, [column, index], node) for column in rows.lists]
    if rows.item is None:  # an IndexError when the program runs
        return found[0]
    value = rebuild(rows.item, iter(found))
    if not isinstance(owner, Ref):
        return frozen_whole(low, low.own(value, TAKEN_OUT), rows.members)
    place = Place(owner, index)
    place.top = taken(low, value, place, members(rows))
    arrays = [atom for atom in found if is_memory(atom)]
    if arrays or isinstance(value, (Tree, Rows)):
        low.taken.setdefault(owner, []).append(place)
        low.places.update(dict.fromkeys(arrays, place))
    return place.top


def frozen_whole(low: Any, value: Any, held: frozenset[Ref] | None) -> Any:
    """An item of a list, which holds some containers: its own may not be changed, those inside of them as well."""
    if isinstance(value, Ref):
        value.frozen, value.known_as = TAKEN_OUT, together(value.known_as, held)
        frozen_whole(low, low.held_by(value), held)
    elif isinstance(value, Tree):
        for child in value.children:
            frozen_whole(low, child, held)
    return value


def items(low: Any, rows: Rows, node: Any, owner: Any = None) -> Items:
    """A list to be gone through."""
    return Items(length(low, rows, node), lambda index: item(low, rows, index, node, owner))


def columns_of(rows: Rows) -> list[Rows]:
    """The parts of a list of tuples: a list for each place in these."""
    lists, found = iter(rows.lists), []
    for child in rows.item.children:
        parts = tuple(next(lists) for _ in atoms_of(child))
        found.append(Rows(child, parts, members=rows.members, apart=rows.apart))
    return found


def concatenated(low: Any, a: Any, b: Any, node: Any) -> Any:
    """`a + b`."""
    first, second = as_rows(low, a, b), as_rows(low, b, a)
    if first is not None and second is not None:
        pairs = zip(first.lists, second.lists, strict=True)
        lists = tuple(apply(low, list_concat, list(pair), node) for pair in pairs)
        held = together(members(first), members(second))
        apart = are_apart(low, first, second)
        return low.own(Rows(first.item, lists, distinct=held == frozenset(), members=held, apart=apart))
    low.refuse(node, "lists whose items have different structures are joined")


def repeated(low: Any, tree: Tree, count: Any, node: Any) -> Any:
    """`[x] * n` with n known at run time only."""
    if len(tree.children) != 1:
        low.refuse(node, "a list of several items is repeated a number of times known at run time only")
    freeze(low, tree)
    value = low.contents(tree.children[0])
    item = structure(value)
    atoms = atoms_of(adapt(low, value, item))
    lists = tuple(apply(low, list_fill, [atom, count], node) for atom in atoms)
    return low.own(Rows(item, lists, members=members(tree, low.held_by)))


# ---- changing


def fitted(low: Any, rows: Rows, value: Any, node: Any) -> tuple[Rows, list[Any]]:
    """The list, and the numbers of a new item, one for each list of numbers. Items have one structure."""
    held = together(members(rows), members(value, low.held_by))
    freeze(low, value)
    content = low.contents(value)
    item = both(rows.item, structure(content))
    if isinstance(item, Conflict):
        low.refuse(node, "an item of another structure is put into a list", "give all items of a list one structure")
    apart = are_apart(low, rows, content)
    rows, atoms = spread_out(low, rows, item, node), list(atoms_of(adapt(low, content, item)))
    if len(atoms) != len(rows.lists):
        low.refuse(node, "an item of another structure is put into a list", "give all items of a list one structure")
    return replace(rows, members=held, apart=apart), atoms


def is_new(low: Any, value: Any) -> bool:
    """Whether a container is another one each time that it is put into a list here."""
    if isinstance(value, Ref):
        return value.frozen is None and value.looping == low.looping and value.outside is None
    return not isinstance(value, Tree) or all(is_new(low, child) for child in value.children)


def changed(low: Any, ref: Ref, rows: Rows, lists: list[Any], node: Any, new: bool = True) -> None:
    low.change(ref, replace(rows, lists=tuple(lists), distinct=rows.distinct and new), node)


def keeps_length(low: Any, ref: Ref, node: Any) -> None:
    """Refuse another length of a list that a loop goes through."""
    if ref in low.gone_through:
        low.refuse(node, "a list gets another length while a loop goes through it", "go through a copy: `list(items)`")


def append(low: Any, ref: Ref, rows: Rows, value: Any, node: Any) -> None:
    keeps_length(low, ref, node)
    is_other = is_new(low, value)
    rows, atoms = fitted(low, rows, value, node)
    pairs = zip(rows.lists, atoms, strict=True)
    changed(low, ref, rows, [apply(low, list_append, list(pair), node) for pair in pairs], node, is_other)


def set_item(low: Any, ref: Ref, rows: Rows, index: Any, value: Any, node: Any) -> None:
    if isinstance(index, Span3):
        low.refuse(node, "a slice of a list whose length is known at run time only is replaced", "replace item by item")
    is_other = is_new(low, value)
    rows, atoms = fitted(low, rows, value, node)
    pairs = zip(rows.lists, atoms, strict=True)
    changed(low, ref, rows, [apply(low, list_set, [column, index, a], node) for column, a in pairs], node, is_other)


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
        is_other, (rows, atoms) = is_new(low, args[1]), fitted(low, rows, args[1], node)
        pairs = zip(rows.lists, atoms, strict=True)
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
