"""Containers that a function which calls itself is handed: what it changes in them, and which of them it gives back.

The body is lowered on containers of its own, which stand for those of each call. The *way* to a container tells it
from the others: a parameter, and the places of one thing in another. What a changed container holds afterwards is a
further result, and a call puts it into the container that is there on the same way.
"""

from __future__ import annotations

from typing import Any

from adjoint.errors import AliasError
from adjoint.frontend import columns, rows
from adjoint.frontend.abstract import Maybe, Ref, Rows, Static, is_atom, is_list
from adjoint.ir.tree import Tree

Way = tuple[Any, ...]


def containers(low: Any, names: dict[str, Any], covering: dict[str, Any]) -> dict[Way, Ref]:
    """The containers behind arguments, as far as they are known in what covers the arguments of all calls."""
    found: dict[Way, Ref] = {}

    def visit(way: Way, value: Any, cover: Any) -> None:
        if isinstance(value, Ref):
            found[way] = value
            value = low.held_by(value)
        if isinstance(value, Maybe) and isinstance(cover, Maybe):
            visit(way, value.value, cover.value)
        elif isinstance(value, Tree) and isinstance(cover, Tree):
            for key, child, part in zip(cover.keys, value.children, cover.children, strict=True):
                visit((*way, key), child, part)

    for name, value in names.items():
        visit((name,), value, covering[name])
    return found


def given_back(
    low: Any, made: Any, given: dict[Any, Any], ways: dict[Way, Ref], before: dict[Any, Any]
) -> dict[Any, Any]:
    """What leaves the body, with links for containers among the arguments; all others must be new, and there once."""
    named = {ref: way for way, ref in ways.items()}
    seen: set[Ref] = set()

    def part(value: Any) -> Any:
        if isinstance(value, Ref) and value in named:
            return made.links.setdefault(named[value], Static(named[value]))
        if isinstance(value, Ref):
            if value in before or value in seen or value.frozen or value.outside is not None:
                what = "gives a container that is there twice, or another's on a path"
                name = f"`{made.name}`, which calls itself,"
                low.error(AliasError, made.frame.node, f"{name} {what}", "give a copy: `list(items)`")
            seen.add(value)
            return part(low.seen(value))
        if isinstance(value, Tree):
            return Tree(value.kind, value.cls, value.keys, tuple(map(part, value.children)))
        if isinstance(value, Maybe):
            return Maybe(part(value.value), value.bound, value.is_none)
        return low.current(value) if is_atom(value) else value

    return {key: part(value) for key, value in given.items()}


def taken(low: Any, value: Any, ways: dict[Way, Ref], links: dict[Way, Static]) -> Any:
    """What a call gives, with its own containers for the links."""
    for way, link in links.items():
        if value is link:
            return ways[way]
    if isinstance(value, Tree):
        children = tuple(taken(low, child, ways, links) for child in value.children)
        return Tree(value.kind, value.cls, value.keys, children)
    if isinstance(value, Maybe):
        return Maybe(taken(low, value.value, ways, links), value.bound, value.is_none)
    return value


def put_back(low: Any, ref: Ref, content: Any, node: Any) -> None:
    """A container holds what a call has left in it."""
    old = low.held_by(ref)
    if is_list(content):
        rows.keeps_length(low, ref, node)
    if isinstance(content, Rows) and isinstance(old, Tree):
        for child in old.children:
            rows.freeze(low, child)
    if isinstance(content, Tree):
        content = Tree(content.kind, content.cls, content.keys, tuple(map(low.boxed, content.children)))
    low.change(ref, content, node)


def refuse_sharing(low: Any, made: Any, ways: dict[Way, Ref], node: Any) -> None:
    """A container that is changed must not be, or hold, or be an item of another argument of the call.

    Where it is a list of run-time length afterwards, nothing else may lead to its items: these may have changed.
    """
    handed = list(ways.values())
    for way, after in made.changed.items():
        ref = ways[way]
        lists = [(other, ref) for other in handed if other.place and other.place.items is ref]
        lists += [(ref, other) for other in handed if ref.place and ref.place.items is other]
        if handed.count(ref) > 1 or lists:
            what = f"`{made.name}` changes a container that is there twice among its arguments"
            low.error(AliasError, node, what, "copy one of them")
        if not columns.holds_containers(after):
            continue
        own, beside = columns.members(low.held_by(ref), low.held_by), low.live_containers(ref)
        owners = [owner for owner, other in beside if columns.overlap(own, other, low.held_by(other))]
        if owners:
            what = f"`{made.name}` changes a list of containers, and `{owners[0]}` may hold one of these"
            low.error(AliasError, node, what, "reach items through one list, by their index: `items[k].x = v`")
