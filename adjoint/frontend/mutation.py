"""What changes lists, dicts and objects: the heap holds something else afterwards."""

from __future__ import annotations

import inspect
import types
from typing import Any

from adjoint.errors import UnsupportedError
from adjoint.frontend import keys, protocols, rows
from adjoint.frontend.abstract import Ref, Rows, Static, constant_of, describe, is_constant, make_tuple
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree


def set_item(low: Any, ref: Ref, index: Any, value: Any, node: Any) -> None:
    """`items[index] = value`."""
    value = low.boxed(value)
    tree, index = placed(low, ref, index, node, "the place of a write into a container")
    if isinstance(tree, Rows):
        rows.set_item(low, ref, tree, index, value, node)
        return
    if tree.kind == "dict" and not is_constant(index):
        low.refuse(node, *keys.AT_RUN_TIME)
    key, children = constant_of(index), list(tree.children)
    if tree.kind == "dict":
        low.change(ref, keys.with_key(tree, key, value), node)
        return
    if tree.kind != "list":
        low.refuse(node, f"{describe(tree)} is written by subscript")
    if isinstance(key, slice):
        children[key] = low.unrolled(value, node)
    else:
        try:
            children[key] = value
        except (IndexError, TypeError) as problem:
            low.error(type(problem), node, str(problem))
    low.change(ref, make_tuple(children, "list"), node)


def placed(low: Any, ref: Ref, index: Any, node: Any, what: str) -> tuple[Any, Any]:
    """What a container holds, and a place in it: a list becomes one of run-time length if the place needs that."""
    tree = low.seen(ref)
    if isinstance(tree, Rows) or is_constant(index):
        return tree, index
    if tree.kind == "dict":
        return tree, index
    try:
        return tree, Literal(low.as_static(index, node, what))
    except UnsupportedError:
        found = rows.as_rows(low, tree, tree) if tree.kind == "list" else None
        if found is None:
            raise
        return found, index


def set_attribute(low: Any, ref: Ref, name: str, value: Any, node: Any) -> None:
    """`object.name = value`."""
    tree = low.seen(ref)
    if tree.kind not in ("dataclass", "object"):
        low.refuse(node, f"an attribute of {describe(tree)} is written")
    found = inspect.getattr_static(tree.cls, name, None)
    if isinstance(found, property):
        if not isinstance(found.fset, types.FunctionType):
            low.refuse(node, f"`{name}` is a property without a setter in Python")
        low.call(Static(found.fset), [ref, value], {}, node)
        return
    if "__setattr__" in {key for cls in tree.cls.__mro__[:-1] for key in vars(cls)}:
        low.refuse(node, f"{tree.cls.__name__} stores its attributes in a way of its own, or is frozen")
    low.change(ref, keys.with_key(tree, name, low.boxed(value)), node)


def delete_item(low: Any, ref: Ref, index: Any, node: Any) -> None:
    """`del items[index]`."""
    tree, index = placed(low, ref, index, node, "the place of an item to delete")
    if isinstance(tree, Rows):
        rows.delete(low, ref, tree, index, node)
        return
    key = constant_of(index)
    if tree.kind == "dict":
        _pop_key(low, ref, tree, key, node)
        return
    children = list(tree.children)
    del children[key]
    low.change(ref, make_tuple(children, "list"), node)


def _pop_key(low: Any, ref: Ref, tree: Tree, key: Any, node: Any) -> Any:
    if key not in tree.keys:
        low.error(KeyError, node, f"{describe(tree)} has no item {key!r}")
    found = keys.entry(low, tree, key, node, ref)
    low.change(ref, keys.without(tree, key), node)
    return found


def extend(low: Any, ref: Ref, more: Any, node: Any) -> None:
    """`items += more`."""
    more = protocols.iterable(low, more, node)
    if not low.has_known_length(low.seen(more)) and not isinstance(low.seen(more), Rows):
        more = low.call(Static(list), [more], {}, node)
    tree = low.seen(ref)
    if isinstance(tree, Rows) or isinstance(low.seen(more), Rows):
        rows.extend(low, ref, more, node)
        return
    low.change(ref, make_tuple((*tree.children, *low.unrolled(more, node)), "list"), node)


def method(low: Any, ref: Ref, name: str, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """A method that changes a list or a dict; LookupError where it is none."""
    tree = low.seen(ref)
    if isinstance(tree, Tree) and tree.kind == "list" and name in ("pop", "insert") and args:
        tree, index = placed(low, ref, args[0], node, f"the place of `{name}`")
        args = [index, *args[1:]]
    if name == "sort" and (isinstance(tree, Rows) or tree.kind == "list"):
        return _sort(low, ref, kwargs, node)
    if isinstance(tree, Rows):
        return rows.method(low, ref, tree, name, args, node)
    if tree.kind == "list" and name in LIST_METHODS:
        return _list_method(low, ref, tree, name, args, node)
    if tree.kind == "dict" and name in DICT_METHODS:
        return _dict_method(low, ref, tree, name, args, kwargs, node)
    raise LookupError


def _sort(low: Any, ref: Ref, kwargs: dict[str, Any], node: Any) -> Any:
    found = low.call(Static(sorted), [ref], kwargs, node)
    low.change(ref, low.seen(found), node)
    return Static(None)


LIST_METHODS = ("append", "extend", "insert", "pop", "clear", "reverse", "remove")
DICT_METHODS = ("update", "pop", "setdefault", "clear")


def _list_method(low: Any, ref: Ref, tree: Tree, name: str, args: list[Any], node: Any) -> Any:
    items, result = list(tree.children), Static(None)
    if name == "append":
        items.append(low.boxed(args[0]))
    elif name == "extend":
        extend(low, ref, args[0], node)
        return result
    elif name == "insert":
        items.insert(constant_of(args[0]), low.boxed(args[1]))
    elif name == "pop":
        at = constant_of(args[0]) if args else -1
        if not items:
            low.error(IndexError, node, "pop from empty list")
        result = items.pop(at)
    elif name == "clear":
        items = []
    elif name == "reverse":
        items.reverse()
    elif all(map(is_constant, (*items, *args))):
        del items[keys.place_of(low, items, args, node)]
    else:
        low.refuse(node, "`remove` looks for an item that is equal, which is known at run time only", "`del` by place")
    low.change(ref, make_tuple(items, "list"), node)
    return result


def _dict_method(
    low: Any, ref: Ref, tree: Tree, name: str, args: list[Any], kwargs: dict[str, Any], node: Any
) -> Any:
    if name in ("pop", "setdefault"):
        if not is_constant(args[0]):
            low.refuse(node, "a key of a dict must be known at compile time")
        key = constant_of(args[0])
        default = low.boxed(args[1]) if len(args) > 1 else Static(None)
        if name == "setdefault":
            found = keys.get(low, tree, key, default, node)
            low.change(ref, keys.with_key(tree, key, found), node)
            return found
        if len(args) < 2:
            return _pop_key(low, ref, tree, key, node)
        found = keys.get(low, tree, key, default, node)
        low.change(ref, keys.without(tree, key), node)
        return found
    if name == "clear":
        tree = Tree("dict", None, (), ())
    else:
        other = low.call(Static(dict), args, kwargs, node)
        for key, value in keys.entries(low, low.seen(other), node).items():
            tree = keys.with_key(tree, key, value)
    low.change(ref, tree, node)
    return Static(None)
