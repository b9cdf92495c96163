"""Copies of containers and objects: `copy.copy`, `copy.deepcopy`, `dataclasses.replace`, `asdict`, `astuple`."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np

from adjoint.frontend import keys, objects, protocols
from adjoint.frontend.abstract import Ref, Rows, make_tuple
from adjoint.frontend.builtin import UNSEEN, handles
from adjoint.frontend.sharing import is_array
from adjoint.ir.tree import Tree

UNSEEN |= {copy.copy, copy.deepcopy, dataclasses.replace, dataclasses.asdict, dataclasses.astuple}


@handles(copy.copy)
def _copy(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    (value,) = args
    found = protocols.call_if_there(low, value, "__copy__", [], node)
    if found is not None:
        return found
    if is_array(value):
        return low.apply(np.copy, [value], {}, node)
    return low.own(low.seen(value)) if isinstance(value, Ref) else value


@handles(copy.deepcopy)
def _deepcopy(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    return _deep(low, args[0], {}, node)


def _deep(low: Any, value: Any, done: dict[Any, Any], node: Any) -> Any:
    """A copy down to the arrays; what is there twice is copied once."""
    if is_array(value):
        ref = low.reference(value)
        if ref not in done:
            done[ref] = low.apply(np.copy, [value], {}, node)
        return done[ref]
    if isinstance(value, Tree):
        return Tree(value.kind, value.cls, value.keys, tuple(_deep(low, child, done, node) for child in value.children))
    if not isinstance(value, Ref):
        return value
    if protocols.method_of(low, value, "__deepcopy__"):
        low.refuse(node, f"{keys.named(low, value)} is copied by code of its own", "copy what it holds")
    if value not in done:
        content = low.seen(value)
        done[value] = low.own(content if isinstance(content, Rows) else _deep(low, content, done, node))
    return done[value]


def _fields(low: Any, value: Any, node: Any) -> dict[Any, Any]:
    tree = low.seen(value)
    if not isinstance(tree, Tree) or not dataclasses.is_dataclass(tree.cls):
        low.error(TypeError, node, "this is called on dataclass instances")
    held = keys.entries(low, tree, node)
    return {field.name: held[field.name] for field in dataclasses.fields(tree.cls)}


@handles(dataclasses.replace)
def _replace(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    cls: Any = low.seen(args[0]).cls
    held = _fields(low, args[0], node)
    given = {field.name: held[field.name] for field in dataclasses.fields(cls) if field.init}
    return objects.construct(low, cls, [], given | kwargs, node)


@handles(dataclasses.asdict)
def _asdict(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    return _plain(low, args[0], "dict", node)


@handles(dataclasses.astuple)
def _astuple(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    return _plain(low, args[0], "tuple", node)


def _plain(low: Any, value: Any, kind: str, node: Any) -> Any:
    """Dataclasses as dicts or tuples, all the way down."""
    tree = low.seen(value)
    if not isinstance(tree, Tree):
        return _deep(low, value, {}, node)
    if tree.kind == "dataclass":
        held = {name: _plain(low, child, kind, node) for name, child in _fields(low, value, node).items()}
        if kind == "tuple":
            return make_tuple(held.values())
        return low.boxed(Tree("dict", None, tuple(held), tuple(held.values())))
    children = tuple(_plain(low, child, kind, node) for child in tree.children)
    return low.boxed(Tree(tree.kind, tree.cls, tree.keys, children))
