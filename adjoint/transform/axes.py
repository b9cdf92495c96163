"""Rewrites of derivative code on axes of length 1: inserted, dropped, summed away.

An index made of full slices, `None` and the 0 of an axis of length 1 only inserts and drops axes: a view
that costs next to nothing. Such views compose, cancel and move behind elementwise operations, so that
these run on arrays of a lower rank, and sums need not keep the axes that a view would drop.
"""
# ruff: noqa: D400, D415  # rows share one signature, and their docstrings are formulas

from __future__ import annotations

import operator
from typing import Any

from adjoint.ir.core import Atom, Literal, Op
from adjoint.ir.types import ArrayType, Shape
from adjoint.rules.infer import normal_axes
from adjoint.rules.names import (
    ADDS,
    CAST,
    CONJ,
    DIVS,
    EXPAND_DIMS,
    GETITEM,
    MATMULS,
    MULS,
    NEGS,
    REAL,
    SQUEEZE,
    SUBS,
    SUM,
)  # fmt: skip
from adjoint.rules.registry import primitive_of
from adjoint.transform.exact import rank
from adjoint.transform.rewrite import Rewriter, Row

Axes = tuple[int | None, ...]
"""For each axis of a view: the axis of its source, or None for a new one of length 1."""

UNARY = NEGS | {CAST, REAL, CONJ}
BINARY = ADDS | SUBS | MULS | DIVS
COMPARISONS = frozenset(
    p
    for fun in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
    if (p := primitive_of(fun))
)
INDEXED = frozenset({GETITEM})
WHOLE = slice(None)


# ---- views


def shape_of(atom: Atom) -> Shape | None:
    return atom.type.shape if isinstance(atom.type, ArrayType) else None


def can_be_indexed(atom: Atom) -> bool:
    """Whether `x[None]` works on whatever stands there: not on a Python number."""
    return isinstance(atom.type, ArrayType) and atom.type.kind in ("array", "np")


def axes_of(op: Op) -> Axes | None:
    """How an index inserts and drops axes, or None if it does more than that."""
    shape = shape_of(op.inputs[0])
    if shape is None or len(op.inputs) != 1 or not can_be_indexed(op.inputs[0]):
        return None
    index = op.attrs["index"]
    items = list(index) if isinstance(index, tuple) else [index]
    taken = 0
    for item in items:
        if not (item is None or item is ... or _is_zero(item) or (isinstance(item, slice) and item == WHOLE)):
            return None
        taken += item is not None and item is not ...
    rest = [WHOLE] * (len(shape) - taken)
    at = next((k for k, item in enumerate(items) if item is ...), len(items))
    items[at : at + 1] = rest
    axes: list[int | None] = []
    source = 0
    for item in items:
        if item is None:
            axes.append(None)
            continue
        if isinstance(item, slice):
            axes.append(source)
        elif shape[source] != 1:
            return None
        source += 1
    return tuple(axes)


def _is_zero(item: Any) -> bool:
    return type(item) is int and item in (0, -1)


def is_view_of_axes(atom: Atom, r: Rewriter) -> tuple[Atom, Axes] | None:
    """The source and the axes, if an atom only inserts and drops axes."""
    op = r.definition(atom, INDEXED)
    axes = axes_of(op) if op else None
    return None if op is None or axes is None else (op.inputs[0], axes)


def view(source: Atom, axes: Axes, r: Rewriter) -> Atom | None:
    """The view of an atom with these axes: `x[:, None, 0]`."""
    count = rank(source)
    if axes == tuple(range(count or 0)):
        return source
    if count is None or not can_be_indexed(source):
        return None
    items: list[Any] = []
    following = 0
    for axis in axes:
        if axis is None:
            items.append(None)
            continue
        items += [0] * (axis - following) + [WHOLE]
        following = axis + 1
    items += [0] * (count - following)
    while len(items) > 1 and items[-1] == WHOLE:
        items.pop()
    return r.emit(GETITEM, source, attrs={"index": items[0] if len(items) == 1 else tuple(items)})


def with_new_axes(places: tuple[int, ...], count: int) -> Axes:
    """The axes of a view that inserts axes at `places` of a result with `count` axes."""
    rest = iter(range(count))
    return tuple(None if k in places else next(rest) for k in range(count))


# ---- rows


def insert_axes(op: Op, r: Rewriter) -> Atom | None:
    """expand_dims(x, 0) -> x[None]: a view without a call of Python code"""
    axis, count = op.attrs.get("axis"), rank(op.inputs[0])
    if len(op.inputs) != 1 or count is None or not can_be_indexed(op.inputs[0]):
        return None
    count += len(axis) if isinstance(axis, (tuple, list)) else 1
    return view(op.inputs[0], with_new_axes(normal_axes(axis, count), count), r)


def drop_axes(op: Op, r: Rewriter) -> Atom | None:
    """squeeze(x, 0) -> x[0]"""
    axis, count = op.attrs.get("axis"), rank(op.inputs[0])
    if len(op.inputs) != 1 or count is None or axis is None:
        return None
    gone = normal_axes(axis, count)
    return view(op.inputs[0], tuple(k for k in range(count) if k not in gone), r)


def view_of_view(op: Op, r: Rewriter) -> Atom | None:
    """x[:, None][:, 0] -> x: views compose"""
    outer, inner = axes_of(op), is_view_of_axes(op.inputs[0], r)
    if outer is None or inner is None:
        return None
    source, axes = inner
    return view(source, tuple(None if k is None else axes[k] for k in outer), r)


def whole_view(op: Op, r: Rewriter) -> Atom | None:
    """x[:] -> x"""
    axes = axes_of(op)
    return op.inputs[0] if axes is not None and axes == tuple(range(rank(op.inputs[0]) or 0)) else None


def sum_without_axes(op: Op, r: Rewriter) -> Atom | None:
    """sum(x, 1, keepdims=True) -> sum(x, 1)[:, None]: what drops the axis again cancels the view"""
    axis, count = op.attrs.get("axis"), rank(op.inputs[0])
    if op.attrs.get("keepdims") is not True or axis is None or count is None or len(op.inputs) != 1:
        return None
    places = normal_axes(axis, count)
    if len(places) == count:
        return None
    attrs = {name: item for name, item in op.attrs.items() if name != "keepdims"}
    return view(r.emit(SUM, op.inputs[0], attrs=attrs), with_new_axes(places, count), r)


def view_later(op: Op, r: Rewriter) -> Atom | None:
    """-(x[None]) -> (-x)[None], s * x[None] -> (s * x)[None] for a scalar s, x[None] * y[None] -> (x * y)[None]"""
    found = [is_view_of_axes(atom, r) for atom in op.inputs]
    first = next((f for f in found if f), None)
    if first is None:
        return None
    source, axes = first
    inputs = []
    for atom, f in zip(op.inputs, found, strict=True):
        if f and f[1] == axes and rank(f[0]) == rank(source):
            inputs.append(f[0])
        elif rank(atom) == 0:
            inputs.append(atom)
        else:
            return None
    return view(r.emit(op.primitive, *inputs, attrs=op.attrs), axes, r)


def leading_axes(op: Op, r: Rewriter) -> Atom | None:
    """x[None] * y -> x * y where y has as many axes: NumPy puts new axes in front itself"""
    for k in (0, 1):
        found, other = is_view_of_axes(op.inputs[k], r), rank(op.inputs[1 - k])
        if found is None or other is None:
            continue
        source, axes = found
        new = len(axes) - (rank(source) or 0)
        if new > 0 and len(axes) <= other and axes == (*(None,) * new, *range(len(axes) - new)):
            pair = (source, op.inputs[1 - k])
            return r.emit(op.primitive, *(pair if k == 0 else pair[::-1]), attrs=op.attrs)
    return None


def sum_of_product(op: Op, r: Rewriter) -> Atom | None:
    """sum(x * y[:, None], 1) -> sum(x, 1) * y: what does not vary along the axis comes out of the sum"""
    product, axis, count = r.definition(op.inputs[0], MULS), op.attrs.get("axis"), rank(op.inputs[0])
    if product is None or axis is None or count is None or len(op.attrs) != 1 or len(op.inputs) != 1:
        return None
    if not r.used_once(op.inputs[0]):
        return None
    gone = normal_axes(axis, count)
    kept = tuple(k for k in range(count) if k not in gone)
    for k in (0, 1):
        x, factor = product.inputs[k], product.inputs[1 - k]
        shape = shape_of(factor)
        if rank(x) != count or shape is None or len(shape) != count or isinstance(factor, Literal):
            continue
        if all(shape[axis] == 1 for axis in gone) and kept:
            small = view(factor, kept, r)
            total = r.emit(SUM, x, attrs=op.attrs)
            return r.emit(product.primitive, *((total, small) if k == 0 else (small, total))) if small else None
    return None


def sum_of_matrix_product(op: Op, r: Rewriter) -> Atom | None:
    """sum(a @ b, 0) -> sum(a, 0) @ b and sum(a @ b, 1) -> a @ sum(b, 1): a product with a vector"""
    product, axis = r.definition(op.inputs[0], MATMULS), op.attrs.get("axis")
    if product is None or type(axis) is not int or len(op.attrs) != 1 or len(op.inputs) != 1:
        return None
    a, b = product.inputs
    count = rank(a)
    if not product.sweep or not r.used_once(op.inputs[0]) or count is None or count < 2 or rank(b) != count:
        return None
    axis %= count
    if axis == count - 1:
        vector = r.emit(SUM, b, attrs={"axis": axis})
        if count == 2:
            return r.emit(product.primitive, a, vector)
        column = view(vector, (*range(count - 1), None), r)
        return None if column is None else view(r.emit(product.primitive, a, column), tuple(range(count - 1)), r)
    if axis == count - 2:
        vector = r.emit(SUM, a, attrs={"axis": axis})
        if count == 2:
            return r.emit(product.primitive, vector, b)
        row = view(vector, (*range(count - 2), None, count - 2), r)
        kept = (*range(count - 2), count - 1)
        return None if row is None else view(r.emit(product.primitive, row, b), kept, r)
    return None


AXES = (
    Row("expand_dims(x)", frozenset({EXPAND_DIMS}), insert_axes),
    Row("squeeze(x)", frozenset({SQUEEZE}), drop_axes),
    Row("x[:]", INDEXED, whole_view),
    Row("x[:, None][:, 0]", INDEXED, view_of_view, INDEXED),
    Row("sum(x, keepdims=True)", frozenset({SUM}), sum_without_axes),
    Row("sum(x * y[:, None], 1)", frozenset({SUM}), sum_of_product, MULS),
    Row("sum(a @ b, 0)", frozenset({SUM}), sum_of_matrix_product, MATMULS),
    Row("-(x[None])", UNARY | BINARY, view_later, INDEXED),
    Row("x[None] * y", BINARY | COMPARISONS, leading_axes, INDEXED),
)
