"""Tangents and cotangents that come from Python are made to fit what they belong to: structure, shape, dtype.

A `Leaf` tells what there is to fit, and holds no data: a pullback must not keep the results alive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from adjoint.ir.tree import Tree, build_object, describe, flatten_object, leaves, map_leaves


class Leaf(NamedTuple):
    """One number or array: its class, its dtype and its shape. The class is None where nothing varies."""

    cls: Any
    dtype: Any
    shape: tuple[int, ...]


STATIC = Leaf(None, None, ())


def leaf_of(obj: Any) -> Leaf:
    """What a tangent or cotangent of an object has to fit."""
    cls = type(obj)
    if cls is float or cls is complex:
        return Leaf(cls, cls, ())
    if isinstance(obj, (np.ndarray, np.generic)):
        return Leaf(cls if obj.dtype.kind in "fc" else None, obj.dtype, obj.shape)
    return Leaf(None, cls, ()) if cls in (int, bool) else STATIC


def space_of(obj: Any) -> Any:
    """The tree of leaves that the tangents of an object fit."""
    tree = flatten_object(obj)
    return map_leaves(leaf_of, tree) if isinstance(tree, Tree) else leaf_of(obj)


def alike(primal: Any, dot: Any) -> bool:
    """Whether a tangent fits as it is, as far as that can be seen without building anything."""
    cls = type(primal)
    if type(dot) is not cls:
        return False
    if cls is np.ndarray:
        same = primal.dtype == dot.dtype and primal.shape == dot.shape and primal.dtype.kind in "fc"
        return same and (dot.ndim < 2 or dot.flags.c_contiguous)
    if cls is tuple or cls is list:
        return len(primal) == len(dot) and all(map(alike, primal, dot))
    if cls is dict:
        return list(primal) == list(dot) and all(map(alike, primal.values(), dot.values()))
    return cls is float


def fit(space: Any, given: Any, what: str, one: Callable[[Leaf, Any, str], Any]) -> Any:
    """The object of the structure of `space` with `one(leaf, given part, what)` for its leaves.

    None stands for a whole container of None. The keys of a dict may come in any order.
    """
    if not isinstance(space, Tree):
        return one(space, given, what)
    return build_object(_fit(space, flatten_object(given), what, one))


def _fit(space: Any, given: Any, what: str, one: Callable[[Leaf, Any, str], Any]) -> Any:
    if not isinstance(space, Tree):
        return one(space, build_object(given) if isinstance(given, Tree) else given, what)
    if given is None:
        return map_leaves(lambda leaf: one(leaf, None, what), space)
    same = isinstance(given, Tree) and (given.kind, given.cls) == (space.kind, space.cls)
    if not same or set(given.keys) != set(space.keys):
        raise TypeError(f"{what} has another structure: expected {describe(space)}, got {describe(given)}")
    children = dict(zip(given.keys, given.children, strict=True))
    parts = zip(space.keys, space.children, strict=True)
    return Tree(space.kind, space.cls, space.keys, tuple(_fit(part, children[key], what, one) for key, part in parts))


def number(leaf: Leaf, given: Any, what: str) -> Any:
    """A tangent or cotangent as a number or an array of exactly the class, dtype and shape of its leaf.

    It is in C order: a program that takes a reshaped array for a view writes its tangent through one too.
    """
    cls, dtype, shape = leaf
    try:
        array = np.asarray(given, order="C")
    except ValueError as problem:
        raise TypeError(f"{what} is no array: {problem}") from None
    if array.dtype.kind not in "fciub":
        raise TypeError(f"{what} is {given!r}, which is no number and no array")
    if array.shape != shape:
        raise ValueError(f"{what} has shape {array.shape} instead of {shape}")
    if array.dtype.kind == "c" and np.dtype(dtype).kind == "f":
        raise TypeError(f"{what} is complex, and what it belongs to is real")
    if cls is np.ndarray:
        return array.astype(dtype, copy=False)
    return cls(array[()])


def tangent(leaf: Leaf, given: Any, what: str) -> Any:
    """A tangent; None where nothing varies."""
    if given is None or (leaf.cls is None and _is_zero(given)):
        return None
    if leaf.cls is not None:
        return number(leaf, given, what)
    if leaf.dtype in (int, bool) or (isinstance(leaf.dtype, np.dtype) and leaf.dtype.kind in "iub"):
        name = getattr(leaf.dtype, "__name__", None) or str(leaf.dtype)
        raise TypeError(f"{what} belongs to data of type {name}, which does not vary: its tangent is None or 0")
    if isinstance(given, (int, float, complex, np.ndarray, np.generic)):
        raise TypeError(f"{what} belongs to an object that has no tangent; give None")
    return None


def tangent_of_argument(leaf: Leaf, given: Any, what: str) -> Any:
    """The same, where a Python int that is to vary counts as a float."""
    if leaf.dtype is int and given is not None and not _is_zero(given):
        return number(Leaf(float, float, ()), given, what)
    return tangent(leaf, given, what)


def cotangent(leaf: Leaf, given: Any, what: str) -> Any:
    """A cotangent; zeros for None, and anything where nothing varies."""
    if leaf.cls is None:
        return None
    if given is not None:
        return number(leaf, given, what)
    return np.zeros(leaf.shape, leaf.dtype) if leaf.cls is np.ndarray else leaf.cls(0.0)


def promoted(primal: Any, dot: Any) -> Any:
    """A primal whose ints are floats where they have a tangent."""
    if type(primal) is int:
        return primal if dot is None else float(primal)
    tree = primal if dot is None else flatten_object(primal)
    if not isinstance(tree, Tree) or int not in map(type, leaves(tree)):
        return primal
    return build_object(map_leaves(promoted, tree, flatten_object(dot)))


def _is_zero(given: Any) -> bool:
    if type(given) in (int, float, bool):
        return bool(given == 0)
    if isinstance(given, (list, tuple, np.ndarray, np.generic)):
        array = np.asarray(given)
        return array.dtype.kind in "fciub" and not bool(np.any(array))
    return False
