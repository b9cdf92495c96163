"""Nested containers of numbers, as programs under test take and return them.

Written apart from `adjoint.ir.tree`, so that the tests do not lean on what they test.
"""

import dataclasses

import numpy as np


def parts_of(tree):
    """The parts of a container in order, or None for a leaf."""
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [getattr(tree, field.name) for field in dataclasses.fields(tree)]
    if isinstance(tree, dict):
        return list(tree.values())
    return list(tree) if isinstance(tree, (tuple, list)) else None


def rebuilt(tree, parts):
    if dataclasses.is_dataclass(tree):
        return dataclasses.replace(tree, **dict(zip((f.name for f in dataclasses.fields(tree)), parts, strict=True)))
    if isinstance(tree, dict):
        return dict(zip(tree, parts, strict=True))
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


def leaves(tree):
    parts = parts_of(tree)
    return [tree] if parts is None else [leaf for part in parts for leaf in leaves(part)]


def mapped(change, tree, *others):
    parts = parts_of(tree)
    if parts is None:
        return change(tree, *others)
    rows = zip(parts, *map(parts_of, others), strict=True)
    return rebuilt(tree, [mapped(change, *row) for row in rows])


def varies(leaf):
    """Whether a leaf has a derivative."""
    return isinstance(leaf, (float, complex)) or np.issubdtype(getattr(leaf, "dtype", bool), np.inexact)


def has_derivative(tree):
    return any(map(varies, leaves(tree)))


def vector(tree):
    """All numbers with a derivative, one after the other."""
    numbers = [np.ravel(leaf) for leaf in leaves(tree) if varies(leaf)]
    return np.concatenate(numbers) if numbers else np.zeros(0)


def pairing(bar, dot):
    """Re sum(bar * dot), without conjugation."""
    return float(np.real(np.sum(vector(bar).astype(complex) * vector(dot))))


def drawn_like(tree, seed, other=None):
    """Random numbers in the structure, shapes and dtypes of a tree; `other` stands where nothing varies."""
    rng = np.random.default_rng(seed)

    def draw(leaf):
        if not varies(leaf):
            return other
        numbers = rng.standard_normal(np.shape(leaf))
        if np.iscomplexobj(leaf):
            numbers = numbers + 1j * rng.standard_normal(np.shape(leaf))
        return _like(leaf, numbers)

    return mapped(draw, tree)


def _like(leaf, numbers):
    if isinstance(leaf, np.ndarray):
        return np.asarray(numbers, leaf.dtype)
    return leaf.dtype.type(numbers) if isinstance(leaf, np.generic) else type(leaf)(numbers)


def moved(tree, step, dots):
    """`tree + step * dots` where there is a tangent."""
    return mapped(lambda leaf, dot: leaf if dot is None else _like(leaf, leaf + step * dot), tree, dots)
