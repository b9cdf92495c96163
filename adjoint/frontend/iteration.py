"""What a loop goes through: Python looks into a container at each trip, and sees what the trips before have changed.

`zip`, `enumerate`, `reversed` and the views of a dict are looked through, down to the containers themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gast

from adjoint.frontend.abstract import Items, Ref, Rows, Static, may_be_none
from adjoint.ir.tree import Tree

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
        return any(self.low.heap.get(ref) is not held for ref, held in self.refs.items())

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
            found = self.low.seen(self.look()) if self.is_changed() else items
            return self.low.indexed(found, self.node).item(index)

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
    value = low.not_none(value) if may_be_none(value) else value
    if isinstance(value, Ref) and isinstance(low.seen(value), (Tree, Rows)):
        found.refs[value] = low.seen(value)
    return lambda: value


@dataclass(eq=False)
class Bound:
    """An iterator, or a view of a dict, that a name was bound to: what it was made of, and how often it is read."""

    value: Any
    node: Any
    heap: dict[Any, Any]
    names: dict[str, Any]
    looping: int
    reads: int = 0


ONCE = ("zip", "enumerate", "reversed", "map", "filter", "iter")


def remember(low: Any, name: str, node: Any) -> None:
    """Note that a name was bound to what goes through something later: Python looks there then, and only once."""
    called = node.func if isinstance(node, gast.Call) else None
    once = isinstance(node, gast.GeneratorExp) or (isinstance(called, gast.Name) and called.id in ONCE)
    if once or (isinstance(called, gast.Attribute) and called.attr in VIEWS and not node.args):
        value = low.frame.names[name]
        if isinstance(value, (Tree, Items)):
            low.iterators[id(value)] = Bound(value, node, dict(low.heap), dict(low.frame.names), low.looping)


def read(low: Any, name: str, value: Any, node: Any) -> None:
    """Refuse to read an iterator where Python finds something else than it was made of."""
    bound = low.iterators.get(id(value))
    if bound is None or low.probing:
        return
    is_view = isinstance(bound.node, gast.Call) and isinstance(bound.node.func, gast.Attribute)
    bound.reads += 1
    if not is_view and (bound.reads > 1 or low.looping != bound.looping):
        low.refuse(node, f"the iterator `{name}` may be at its end here", f"make a list of it: `{name} = list(...)`")
    changed = any(low.heap.get(ref) is not held for ref, held in bound.heap.items() if isinstance(ref, Ref))
    if isinstance(value, Tree) and not is_view and _computes(bound.node):
        loaded = {inner.id for inner in gast.walk(bound.node) if isinstance(inner, gast.Name)}
        changed |= any(low.heap.get(key) is not bound.heap.get(key) for key in low.heap)
        changed |= any(bound.names.get(key) is not low.frame.names.get(key) for key in loaded & set(bound.names))
    if changed:
        low.refuse(node, f"what `{name}` goes through has changed", f"make a list of it: `{name} = list(...)`")


def _computes(node: Any) -> bool:
    return isinstance(node, gast.GeneratorExp) or (isinstance(node.func, gast.Name) and node.func.id == "map")
