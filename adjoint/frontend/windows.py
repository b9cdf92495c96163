"""Views that are other parts of one array after each trip of a loop, or on each path: `b = b[1:]`, `u, v = v, u`.

Such a name is not carried as an array of its own, which could not tell of what it is a part when it is written.
It is carried as places: for each axis of the array where the part begins and ends, or its one index. A view is
taken anew from these wherever the name is read. Names are treated so where a write needs it: lowering starts anew
then, with the name in `statics`, as for numbers that must be known at compile time.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint.frontend import library
from adjoint.frontend.abstract import Span3, Static, make_tuple
from adjoint.frontend.context import NeedStatic
from adjoint.ir.core import Literal, Slot, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import map_attribute

WINDOW = "window"
"""The kind of a tree that stands for a part of the array in `cls`; `keys` tell of each axis what is known."""


def demand(low: Any, ref: Value, other: Value) -> None:
    """Start anew with one of two references described by its place, where that may tell whether they overlap."""
    for atom in (ref, other):
        _demand(low, low.root(atom))


def _demand(low: Any, root: Value) -> None:
    place = low.joined_at.get(root)
    if place is not None and not {(WINDOW, *place), ("no window", *place)} & low.statics:
        raise NeedStatic((WINDOW, *place))


def is_wanted(low: Any, node: Any, name: Any) -> bool:
    return (WINDOW, node, name) in low.statics and ("no window", node, name) not in low.statics


def is_window(value: Any) -> bool:
    return isinstance(value, Tree) and value.kind == WINDOW


def described(low: Any, node: Any, name: str, value: Any) -> Tree:
    """The part of an array that a reference is, by its places."""
    place = (node, name)
    steps = _steps(low, value)
    if steps is None:
        raise NeedStatic(("no window", *place))
    root: Any = steps[0]
    axes: list[Any] = [None] * root.type.ndim
    for index in steps[1]:
        _take(low, root, axes, index, place)
    for axis, held in enumerate(axes):
        explicit = ("axis", *place, axis) in low.statics
        if held is None and explicit:
            axes[axis] = [Literal(0), low.dim(root, axis, node)]
        elif isinstance(held, list) and not explicit:
            raise NeedStatic(("axis", *place, axis))
    kinds = tuple("all" if held is None else "part" if isinstance(held, list) else "one" for held in axes)
    parts = (make_tuple(held if isinstance(held, list) else () if held is None else (held,)) for held in axes)
    return Tree(WINDOW, root, kinds, tuple(parts))


def _steps(low: Any, value: Any) -> tuple[Value, list[Any]] | None:
    """The array or view that a reference is a part of, and the indices that lead to it; None if it is none."""
    if not isinstance(value, Value) or not isinstance(value.type, ArrayType):
        return None
    ref, found = low.reference(value), []
    while ref in low.derived:
        parent, op = low.derived[ref]
        if op.primitive.fun is not operator.getitem or not all(map(_is_plain, index_items(op.attrs["index"]))):
            break
        inputs = op.inputs
        index = map_attribute(op.attrs["index"], lambda slot: inputs[slot.index])  # noqa: B023  # called at once
        found.append(index_items(index))
        ref = low.reference(parent)
    _demand(low, ref)
    known = isinstance(ref.type, ArrayType) and ref.type.shape is not None
    return (ref, found[::-1]) if known and ref not in low.may else None


def index_items(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _is_plain(item: Any) -> bool:
    """Whether an item of an index is one place, or a slice of neighbours."""
    if isinstance(item, slice):
        return item.step in (None, 1)
    return item is ... or isinstance(item, (int, np.integer, Slot))


def _take(low: Any, root: Value, axes: list[Any], index: tuple[Any, ...], place: Any) -> None:
    """Narrow the places of a part by an index."""
    left = [axis for axis, held in enumerate(axes) if held is None or isinstance(held, list)]
    if ... in index:
        at = index.index(...)
        index = (*index[:at], *(slice(None),) * (len(left) - len(index) + 1), *index[at + 1 :])
    for axis, item in zip(left, index, strict=False):
        first, last = axes[axis] or (Literal(0), None)
        if isinstance(item, slice):
            if item.start is None and item.stop is None:
                continue
            last = last or low.dim(root, axis, None)
            start = first if item.start is None else _edge(low, item.start, first, last)
            stop = last if item.stop is None else _edge(low, item.stop, first, last)
            both = item.start is not None and item.stop is not None
            axes[axis] = [start, low.call(Static(max), [start, stop], {}, None) if both else stop]
        elif axes[axis] is None:
            axes[axis] = _atom(item)
        else:
            raise NeedStatic(("no window", *place))


def _edge(low: Any, at: Any, first: Any, last: Any) -> Any:
    """Where a slice of the places from `first` to `last` begins or ends."""
    known = isinstance(at, (int, np.integer))
    fun = library.edge if not known else library.edge_from_start if at >= 0 else library.edge_from_end
    return low.call(Static(fun), [_atom(at), first, last], {}, None)


def _atom(item: Any) -> Any:
    return item if isinstance(item, Value) else Literal(int(item))


def joined(window: Any, node: Any, name: str) -> Tree:
    """What two parts of one array come to; parts of different arrays have nothing in common."""
    if isinstance(window, Tree) and window.kind == WINDOW:
        return window
    raise NeedStatic(("no window", node, name))


def _index_of(part: Tree) -> Any:
    """The index of one axis: a slice of all, one place, or a slice of neighbours."""
    if len(part.children) == 1:
        return part.children[0]
    first, last = part.children or (Static(None), Static(None))
    return Span3("slice", first, last, Static(None))


def view(low: Any, window: Tree, name: str) -> Value:
    """A reference to the part: an op that takes it is appended where it is read, and not here."""
    root: Any = window.cls
    index = list(map(_index_of, window.children))
    while len(index) > 1 and window.keys[len(index) - 1] == "all":
        index.pop()
    with low.region():
        part = low.apply(operator.getitem, [root, make_tuple(index)], {}, None)
    ref: Value = low.reference(part)
    parent, op = low.derived[ref]
    low.derived[ref] = parent, replace(op, inputs=(Value(None, root.type), *op.inputs[1:]))
    low.untaken.add(ref)
    low.renames.setdefault(ref, name)
    return ref
