"""What a loop goes through: Python looks into a container at each trip, and sees what the trips before have changed.

`zip`, `enumerate`, `reversed` and the views of a dict are looked through, down to the containers themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gast

from adjoint.frontend import protocols
from adjoint.frontend.abstract import Items, Ref, Rows, Static, may_be_none
from adjoint.ir.core import Block, Value
from adjoint.ir.tree import Tree
from adjoint.ir.walk import defined_in

LAZY = (zip, enumerate, reversed)
VIEWS = ("keys", "values", "items")


@dataclass(eq=False)
class Iterated:
    """The containers that an iterable looks into, and how to look again."""

    low: Any
    node: Any
    look: Callable[[], Any]
    refs: dict[Ref, Any] = field(default_factory=dict)  # containers, and what they held at the start
    backwards: bool = False

    def is_changed(self) -> bool:
        return any(self.low.held_by(ref) is not held for ref, held in self.refs.items())

    def items(self, before: list[Any]) -> list[Any]:
        """The items, of which `before` are those known so far."""
        if not self.is_changed():
            return before
        found = self.low.seen(self.look())
        if not isinstance(found, Tree):
            self.low.refuse(self.node, "a list that the loop goes through gets a length known at run time only")
        items = self.low.unrolled(found, self.node)
        fixed = self.backwards or any(self.low.seen(ref).kind != "list" for ref in self.refs)
        if fixed and len(items) != len(before):
            self.low.refuse(self.node, "what the loop goes through gets another length", "copy it first: `list(...)`")
        return list(items)

    def by_index(self, items: Items) -> Items:
        """Items that are looked up in what the containers hold when a trip begins."""

        def item(index: Any) -> Any:
            return self.low.indexed(self.look() if self.is_changed() else items, self.node).item(index)

        return Items(items.length, item) if self.refs else items

    def unchanged(self) -> None:
        """Refuse where one of the containers has changed while it was gone through."""
        if self.is_changed():
            self.low.refuse(self.node, "what is gone through is changed on the way", "write a loop")


def iterated(low: Any, node: Any) -> Iterated:
    """Evaluate what a loop goes through."""
    found = Iterated(low, node, lambda: None)
    found.look = _look(low, node, found)
    return found


def _look(low: Any, node: Any, found: Iterated) -> Callable[[], Any]:
    if isinstance(node, gast.Call) and not any(isinstance(a, gast.Starred) for a in node.args):
        if isinstance(node.func, gast.Name) and node.args and all(word.arg for word in node.keywords):
            fun = low.expr(node.func)
            if isinstance(fun, Static) and any(fun.value is lazy for lazy in LAZY):
                parts = [_look(low, arg, found) for arg in node.args]
                found.backwards |= fun.value is reversed
                words = {word.arg: low.expr(word.value) for word in node.keywords}
                return lambda: low.call(fun, [part() for part in parts], words, node)
        elif isinstance(node.func, gast.Attribute) and node.func.attr in VIEWS and not node.args:
            owner = low.expr(node.func.value)
            tree = low.seen(owner)
            if isinstance(owner, Ref) and isinstance(tree, Tree) and tree.kind == "dict":
                found.refs[owner] = tree
                return lambda: low.call(low.attribute(owner, node.func.attr, node), [], {}, node)
    value = low.expr(node)
    value = protocols.iterable(low, low.not_none(value) if may_be_none(value) else value, node)
    if isinstance(value, Ref) and isinstance(low.seen(value), (Tree, Rows)):
        found.refs[value] = low.seen(value)
    return lambda: value


@dataclass(eq=False)
class Bound:
    """An iterator, or a view of a dict, that a name was bound to: what it was made of, and how often it is read."""

    value: Any
    node: Any
    heap: dict[Any, Any]
    frame: Any
    names: dict[str, Any]
    looping: int
    once: bool
    uses: int = 0
    effects: bool = False


ONCE = frozenset((zip, enumerate, reversed, map, filter, *(f for f in vars(itertools).values() if isinstance(f, type))))


def made(low: Any, value: Any, node: Any, once: bool = True, *, effects: bool = False) -> Any:
    """Note what goes through something later: Python looks there then, and, but for views of a dict, only once."""
    if not isinstance(value, (Tree, Items, Rows)):
        return value
    value = low.boxed(value) if isinstance(value, Tree) else value
    state = dict(low.heap), low.frame, dict(low.frame.names), low.looping
    low.iterators[id(value)] = Bound(value, node, *state, once, effects=effects)
    return value


def remember(low: Any, name: str, node: Any) -> None:
    """Note that a name was bound to a view of a dict."""
    called = node.func if isinstance(node, gast.Call) else None
    if isinstance(called, gast.Attribute) and called.attr in VIEWS and not node.args:
        made(low, low.frame.names[name], node, once=False)


def used(low: Any, value: Any, node: Any) -> None:
    """Refuse to go through an iterator where Python finds something else than it was made of."""
    bound = low.iterators.get(id(value))
    if bound is None:
        return
    bound.uses += 1
    name = node.id if isinstance(node, gast.Name) else None
    text = f"`{name}`" if name else "what this goes through"
    if bound.once and (bound.uses > 1 or low.looping != bound.looping):
        hint = f"make a list of it: `{name or 'items'} = list(...)`"
        low.refuse(node, f"the iterator {text} may be at its end here" if name else f"{text} may be at its end", hint)
    changed = any(low.heap.get(ref) is not held for ref, held in bound.heap.items() if isinstance(ref, Ref))
    if bound.once and (isinstance(value, Rows) or (isinstance(value, Tree) and _computes(bound.node))):
        loaded = {inner.id for inner in gast.walk(bound.node) if isinstance(inner, gast.Name)}
        changed |= is_changed(low, bound.heap)
        changed |= any(bound.names.get(key) is not bound.frame.names.get(key) for key in loaded & set(bound.names))
    if changed:
        hint = f"make a list of it: `{name or 'items'} = list(...)`"
        low.refuse(node, f"what `{name}` goes through has changed" if name else f"{text} has changed", hint)


def is_changed(low: Any, heap: dict[Any, Any], start: int | None = None) -> bool:
    """Whether arrays or containers hold something else than they did when the block at hand had `start` ops."""
    if any(low.heap.get(key) is not held for key, held in heap.items()):
        return True
    written = {key for key in low.heap if isinstance(key, Value) and key not in heap}
    return bool(written) and (start is None or not written <= defined_in(Block((), tuple(low.builder.ops[start:]), ())))


def partly(low: Any, value: Any, node: Any) -> None:
    """Refuse what changes something as it is gone through where Python need not come to its end, or does so later."""
    bound = low.iterators.get(id(value))
    if bound is not None and bound.effects:
        what = "what this goes through changes an array or a container on the way, and need not come to its end"
        low.refuse(node, what, "write a loop, or make a list of it")


def _computes(node: Any) -> bool:
    return isinstance(node, gast.GeneratorExp) or (isinstance(node.func, gast.Name) and node.func.id == "map")
