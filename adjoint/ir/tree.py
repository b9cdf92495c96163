"""Pytrees: nested tuples, lists, dicts, named tuples and dataclasses with leaves of any kind.

A `Tree` describes one level of a container; whatever is not a `Tree` is a leaf. The same class holds
real objects at run time, SSA values while compiling, and abstract types in cache keys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Tree:
    """One container: `kind` is "tuple", "list", "dict", "namedtuple" or "dataclass".

    `cls` is the class to rebuild where it is not the plain built-in one. `keys` are indices, the keys
    of a dict in its own order, or names of fields.
    """

    kind: str
    cls: type | None
    keys: tuple[Any, ...]
    children: tuple[Any, ...]

    @property
    def structure(self) -> tuple[Any, ...]:
        """What must agree between two trees for their leaves to correspond."""
        return self.kind, self.cls, self.keys


def leaves(tree: Any) -> list[Any]:
    """The leaves, left to right."""
    if not isinstance(tree, Tree):
        return [tree]
    return [leaf for child in tree.children for leaf in leaves(child)]


def map_leaves(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A tree of the same structure with `f(leaf, *corresponding leaves of others)` at each leaf.

    What corresponds to a leaf in `others` may be a subtree; a tree of another structure is a ValueError.
    """
    if not isinstance(tree, Tree):
        return f(tree, *others)
    for other in others:
        if not isinstance(other, Tree) or other.structure != tree.structure:
            raise ValueError(f"a tree of another structure: expected {describe(tree)}, got {describe(other)}")
    parts = zip(tree.children, *(other.children for other in others), strict=True)
    return dataclasses.replace(tree, children=tuple(map_leaves(f, *part) for part in parts))


PLAIN = frozenset((np.ndarray, float, int, complex, bool, str, type(None), np.float64, np.float32))
"""Classes whose objects are leaves, as can be seen at once."""


def flatten_object(obj: Any) -> Any:
    """The tree of a Python object: containers recursively, anything else a leaf."""
    cls = type(obj)
    if cls in PLAIN:
        return obj
    if cls is tuple or cls is list:
        return Tree(cls.__name__, None, tuple(range(len(obj))), tuple(map(flatten_object, obj)))
    if isinstance(obj, tuple) and hasattr(cls, "_fields"):
        return Tree("namedtuple", cls, tuple(cls._fields), tuple(map(flatten_object, obj)))
    if cls is dict:
        return Tree("dict", None, tuple(obj), tuple(map(flatten_object, obj.values())))
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        names = tuple(field.name for field in dataclasses.fields(obj) if hasattr(obj, field.name))
        return Tree("dataclass", cls, names, tuple(flatten_object(getattr(obj, name)) for name in names))
    return obj


def build_object(tree: Any) -> Any:
    """The Python object that a tree describes; the inverse of `flatten_object`."""
    if not isinstance(tree, Tree):
        return tree
    parts = [build_object(child) for child in tree.children]
    match tree.kind:
        case "tuple":
            return tuple(parts)
        case "list":
            return parts
        case "dict":
            return dict(zip(tree.keys, parts, strict=True))
        case "namedtuple":
            return tuple.__new__(_class(tree), parts)
        case _:
            obj: Any = object.__new__(_class(tree))  # its __init__ may check or compute, and so does not run
            for name, part in zip(tree.keys, parts, strict=True):
                object.__setattr__(obj, name, part)
            return obj


def _class(tree: Tree) -> type[Any]:
    if tree.cls is None:
        raise TypeError(f"a {tree.kind} needs its class")
    return tree.cls


def access(kind: str, key: Any) -> str:
    """The source text that takes one child out of its container: `[0]`, `['w']`, `.x`."""
    return f".{key}" if kind in ("namedtuple", "dataclass") else f"[{key!r}]"


def path_text(root: str, tree: Any) -> list[str]:
    """How each leaf is reached from `root`, as source text: `params['w'][0]`, `state.x`."""
    if not isinstance(tree, Tree):
        return [root]
    return [
        path
        for key, child in zip(tree.keys, tree.children, strict=True)
        for path in path_text(root + access(tree.kind, key), child)
    ]


def describe(tree: Any) -> str:
    """The structure in short, with `*` for leaves: `{'w': *, 'b': (*, *)}`."""
    if not isinstance(tree, Tree):
        return "*"
    inside = [describe(child) for child in tree.children]
    if tree.kind in ("dict", "namedtuple", "dataclass"):
        separator = ": " if tree.kind == "dict" else "="
        keys = [repr(key) if tree.kind == "dict" else str(key) for key in tree.keys]
        inside = [f"{key}{separator}{text}" for key, text in zip(keys, inside, strict=True)]
    text = ", ".join(inside)
    match tree.kind:
        case "tuple":
            return f"({text},)" if len(inside) == 1 else f"({text})"
        case "list":
            return f"[{text}]"
        case "dict":
            return f"{{{text}}}"
        case _:
            return f"{tree.cls.__name__}({text})"  # type: ignore[union-attr]  # these kinds have a class
