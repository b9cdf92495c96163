"""Rewrites of derivative code on arrays: what is spread, masked, or added at an index.

A scalar that was spread over an array stays a scalar as long as it can (a materialised seed costs 2-3
times the hand-written adjoint); masks sink past products, so that `inf` and `nan` of a factor stay behind
the mask; what is added to a cotangent at an index goes straight into it.
"""
# ruff: noqa: D400, D415  # rows share one signature, and their docstrings are formulas

from __future__ import annotations

import numpy as np

from adjoint.analysis.distinct import MAKERS, RANGES, names_no_place_twice
from adjoint.ir.bounds import equal
from adjoint.ir.core import Atom, Op, Slot
from adjoint.ir.types import ArrayType
from adjoint.ir.walk import map_attribute
from adjoint.rules.names import (
    ADD,
    ADD_AT,
    ADDS,
    BROADCAST_LIKE,
    CAST,
    CONJ,
    DIM,
    DIVS,
    EXPAND_DIMS,
    GETITEM,
    MATMUL,
    MATMULS,
    MULS,
    NEGS,
    POWS,
    RAVEL,
    REAL,
    RESHAPE,
    SIZE,
    SQUEEZE,
    SUBS,
    SUM,
    SUM_TO,
    SWAPAXES,
    TRANSPOSE,
    UPDATE,
    WHERE,
    WRITTEN_LAST,
    ZEROS,
    ZEROS_LIKE,
    family_of,
)  # fmt: skip
from adjoint.transform.exact import TRANSPOSES, has_shape, index_key, is_number, is_zero_literal, permutation, rank
from adjoint.transform.rewrite import LITERALS, Rewriter, Row

BROADCASTS = frozenset({BROADCAST_LIKE})
WHERES = frozenset({WHERE})


# ---- zeros


def is_zero(atom: Atom, r: Rewriter) -> bool:
    """Whether a value is 0 everywhere, whatever the inputs."""
    if is_zero_literal(atom):
        return True
    op = r.definition(atom, ZERO_KEEPING)
    if op is None:
        return False
    return op.primitive in (ZEROS, ZEROS_LIKE) or is_zero(op.inputs[0], r)


ZERO_KEEPING = NEGS | {ZEROS, ZEROS_LIKE, BROADCAST_LIKE, GETITEM, TRANSPOSE, SWAPAXES, CAST, REAL, CONJ, SUM_TO, SUM}
MAYBE_ZERO = ZERO_KEEPING | LITERALS


def plus_zero(op: Op, r: Rewriter) -> Atom | None:
    """X + 0 -> x and 0 + x -> x; also for an array of zeros, where it does not make x larger"""
    a, b = op.inputs
    if is_zero(b, r) and has_shape(a, op.outputs[0]):
        return a
    return b if is_zero(a, r) and has_shape(b, op.outputs[0]) else None


def minus_zero(op: Op, r: Rewriter) -> Atom | None:
    """X - 0 -> x and 0 - x -> -x"""
    a, b = op.inputs
    if is_zero(b, r) and has_shape(a, op.outputs[0]):
        return a
    return r.emit(family_of(op.primitive).neg, b) if is_zero(a, r) and has_shape(b, op.outputs[0]) else None


def zeros_of_zeros(op: Op, r: Rewriter) -> Atom | None:
    """-zeros -> zeros, cast(zeros) -> zeros, where the type stays"""
    return op.inputs[0] if is_zero(op.inputs[0], r) else None


# ---- broadcasts


def sink_broadcast(op: Op, r: Rewriter) -> Atom | None:
    """op(broadcast_like(s, x), t) -> op(s, t) where t has the shape of the result anyway"""
    for k in (0, 1):
        inner, other = r.definition(op.inputs[k], BROADCASTS), op.inputs[1 - k]
        if inner is None:
            continue
        s, x = inner.inputs
        pair = (s, other) if k == 0 else (other, s)
        if has_shape(other, op.outputs[0]):
            second = r.definition(other, BROADCASTS)
            if second is None:
                return r.emit(op.primitive, *pair)
            both = (s, second.inputs[0]) if k == 0 else (second.inputs[0], s)
            return r.emit(BROADCAST_LIKE, r.emit(op.primitive, *both), x)
        if rank(other) == 0:
            return r.emit(BROADCAST_LIKE, r.emit(op.primitive, *pair), x)
    return None


def times_ones(op: Op, r: Rewriter) -> Atom | None:
    """X * broadcast_like(1.0, y) -> broadcast_like(x, y), where that is the shape of the result: no product at all"""
    for k in (0, 1):
        inner, x = r.definition(op.inputs[k], BROADCASTS), op.inputs[1 - k]
        if inner and is_number(inner.inputs[0], 1) and has_shape(op.inputs[k], op.outputs[0]):
            return r.emit(BROADCAST_LIKE, x, inner.inputs[1])
    return None


def uniform(atom: Atom, r: Rewriter) -> Atom | None:
    """The scalar that every element of an array is, if it was spread and then only moved about."""
    for _ in range(4):
        op = r.definition(atom, MOVES)
        if op is None:
            return None
        atom = op.inputs[0]
        if op.primitive is BROADCAST_LIKE and rank(atom) == 0:
            return atom
    return None


MOVES = frozenset({BROADCAST_LIKE, EXPAND_DIMS, SQUEEZE, RESHAPE, RAVEL, TRANSPOSE, SWAPAXES, GETITEM})


def sink_uniform(op: Op, r: Rewriter) -> Atom | None:
    """op(expand_dims(broadcast_like(s, x), 0), t) -> op(s, t) where t has the shape of the result anyway"""
    for k in (0, 1):
        other = op.inputs[1 - k]
        if has_shape(other, op.outputs[0]) and (s := uniform(op.inputs[k], r)) is not None:
            return r.emit(op.primitive, *((s, other) if k == 0 else (other, s)))
    return None


def sum_of_multiple(op: Op, r: Rewriter) -> Atom | None:
    """sum(-x) -> -sum(x) and sum(s * x) -> s * sum(x) for a scalar s: one pass over x less"""
    inner = r.definition(op.inputs[0], NEGS | MULS)
    if inner is None or "dtype" in op.attrs or not r.used_once(op.inputs[0]):
        return None
    if inner.primitive in NEGS:
        return r.emit(inner.primitive, r.emit(SUM, inner.inputs[0], *op.inputs[1:], attrs=op.attrs))
    s, x = inner.inputs
    return r.emit(inner.primitive, s, r.emit(SUM, x, *op.inputs[1:], attrs=op.attrs)) if rank(s) == 0 else None


def broadcast_later(op: Op, r: Rewriter) -> Atom | None:
    """-broadcast_like(s, x) -> broadcast_like(-s, x), and the same for cast, real and conj"""
    inner = r.definition(op.inputs[0], BROADCASTS)
    if inner is None:
        return None
    return r.emit(
        BROADCAST_LIKE, r.emit(op.primitive, inner.inputs[0], *op.inputs[1:], attrs=op.attrs), inner.inputs[1]
    )


def mask_of_written(op: Op, r: Rewriter) -> Atom | None:
    """where(written_last(v, x, i), v, 0) -> v where i names no place twice"""
    test = r.definition(op.inputs[0], frozenset({WRITTEN_LAST}))
    if test is None or not is_zero_literal(op.inputs[2]):
        return None
    distinct = names_no_place_twice(test.attrs["index"], test.inputs, lambda atom: r.definition(atom, MAKERS))
    return op.inputs[1] if distinct else None


def broadcast_once(op: Op, r: Rewriter) -> Atom | None:
    """broadcast_like(broadcast_like(v, x), y) -> broadcast_like(v, y); broadcast_like(v, x) -> v of that shape"""
    v, x = op.inputs
    if has_shape(v, x):
        return v
    inner = r.definition(v, BROADCASTS)
    return r.emit(BROADCAST_LIKE, inner.inputs[0], x) if inner else None


def sum_of_same_shape(op: Op, r: Rewriter) -> Atom | None:
    """sum_to(b, x) -> b where b has the shape of x, or was summed to it before"""
    b, x = op.inputs
    inner = r.definition(b, frozenset({SUM_TO}))
    return b if has_shape(b, x) or (inner is not None and inner.inputs[1] is x) else None


def sum_of_broadcast(op: Op, r: Rewriter) -> Atom | None:
    """sum(broadcast_like(s, x)) -> s * size(x) for a scalar s"""
    inner = r.definition(op.inputs[0], BROADCASTS)
    if inner is None or op.attrs or len(op.inputs) != 1 or rank(inner.inputs[0]) != 0:
        return None
    return r.emit(family_of(op.primitive).mul, inner.inputs[0], r.emit(SIZE, inner.inputs[1]))


def item_of_broadcast(op: Op, r: Rewriter) -> Atom | None:
    """broadcast_like(s, x)[i] -> s for scalars"""
    inner = r.definition(op.inputs[0], BROADCASTS)
    return inner.inputs[0] if inner and rank(inner.inputs[0]) == 0 else None


# ---- masks


def masked(atom: Atom, r: Rewriter) -> tuple[Op, int] | None:
    """The `where` that gives 0 on one side, and the place of the other side."""
    op = r.definition(atom, WHERES)
    if op is None or len(op.inputs) != 3 or op.attrs:
        return None
    for value, zero in ((1, 2), (2, 1)):
        if is_zero_literal(op.inputs[zero]):
            return op, value
    return None


def remask(mask: Op, place: int, value: Atom, r: Rewriter) -> Atom:
    inputs = list(mask.inputs)
    inputs[place] = value
    return r.emit(WHERE, *inputs)


def mask_past_product(op: Op, r: Rewriter) -> Atom | None:
    """where(c, v, 0) * p -> where(c, v * p, 0), and the same for a quotient: 0 * nan must not come out"""
    for k in (0, 1) if op.primitive in MULS else (0,):
        found = masked(op.inputs[k], r)
        if found:
            mask, place = found
            pair = (mask.inputs[place], op.inputs[1 - k])
            return remask(mask, place, r.emit(op.primitive, *(pair if k == 0 else pair[::-1])), r)
    return None


def mask_past_sign(op: Op, r: Rewriter) -> Atom | None:
    """-where(c, v, 0) -> where(c, -v, 0), and the same for cast, real and conj"""
    found = masked(op.inputs[0], r)
    if found is None:
        return None
    mask, place = found
    value = r.emit(op.primitive, mask.inputs[place], *op.inputs[1:], attrs=op.attrs)
    return remask(mask, place, value, r)


def mask_of_broadcast(op: Op, r: Rewriter) -> Atom | None:
    """where(c, broadcast_like(s, x), 0) -> where(c, s, 0) where c has the shape anyway"""
    if len(op.inputs) != 3 or not has_shape(op.inputs[0], op.outputs[0]):
        return None
    for k in (1, 2):
        inner = r.definition(op.inputs[k], BROADCASTS)
        if inner:
            inputs = list(op.inputs)
            inputs[k] = inner.inputs[0]
            return r.emit(WHERE, *inputs)
    return None


# ---- accumulation at an index


def add_in_place(op: Op, r: Rewriter) -> Atom | None:
    """A + add_at(zeros_like(x), v, index) -> add_at(a, v, index), where a has the whole shape"""
    for k in (0, 1):
        a, part = op.inputs[1 - k], r.definition(op.inputs[k], frozenset({ADD_AT}))
        if part and is_zero(part.inputs[0], r) and has_shape(a, op.outputs[0]):
            return r.emit(ADD_AT, a, *part.inputs[1:], attrs=part.attrs)
    return None


def add_through_view(op: Op, r: Rewriter) -> Atom | None:
    """A + x.T where x = add_at(zeros, v, index) -> add_at(a.T, v, index).T, and the same for a reshape"""
    for k in (0, 1):
        a, view = op.inputs[1 - k], r.definition(op.inputs[k], TURNS)
        part = r.definition(view.inputs[0], frozenset({ADD_AT})) if view else None
        zeros = r.definition(part.inputs[0], frozenset({ZEROS, ZEROS_LIKE})) if part else None
        if view is None or part is None or zeros is None or not has_shape(a, op.outputs[0]):
            continue
        seen = turned_back(a, view, zeros, r)
        if seen is not None:
            added = r.emit(ADD_AT, seen, *part.inputs[1:], attrs=part.attrs)
            return r.emit(view.primitive, added, *view.inputs[1:], attrs=view.attrs)
    return None


TURNS = TRANSPOSES | {RESHAPE}


def turned_back(a: Atom, view: Op, zeros: Op, r: Rewriter) -> Atom | None:
    """What a view is taken of, where `a` is the view; `zeros` has the shape."""
    if view.primitive is not RESHAPE:
        return r.emit(view.primitive, a, attrs=view.attrs) if rank(a) == 2 else None
    if zeros.primitive is ZEROS:
        shape = map_attribute(zeros.attrs["shape"], lambda slot: Slot(slot.index + 1))
        return r.emit(RESHAPE, a, *zeros.inputs, attrs={"shape": shape})
    like, count = zeros.inputs[0], rank(zeros.inputs[0])
    if count is None:
        return None
    lengths = [r.emit(DIM, like, attrs={"axis": axis}) for axis in range(count)]
    return r.emit(RESHAPE, a, *lengths, attrs={"shape": tuple(Slot(axis + 1) for axis in range(count))})


def subtract_in_place(op: Op, r: Rewriter) -> Atom | None:
    """A - add_at(zeros_like(x), v, index) -> add_at(a, -v, index), where a has the whole shape"""
    a, b = op.inputs
    part = r.definition(b, frozenset({ADD_AT}))
    if part is None or not is_zero(part.inputs[0], r) or not has_shape(a, op.outputs[0]):
        return None
    minus = r.emit(family_of(op.primitive).neg, part.inputs[1])
    return r.emit(ADD_AT, a, minus, *part.inputs[2:], attrs=part.attrs)


def write_of_broadcast(op: Op, r: Rewriter) -> Atom | None:
    """add_at(x, broadcast_like(s, y), index) -> add_at(x, s, index), and the same for update: NumPy spreads s itself"""
    inner = r.definition(op.inputs[1], BROADCASTS)
    return r.emit(op.primitive, op.inputs[0], inner.inputs[0], *op.inputs[2:], attrs=op.attrs) if inner else None


def add_everywhere(op: Op, r: Rewriter) -> Atom | None:
    """add_at(zeros_like(x), s, arange(len(x))) -> broadcast_like(s, x)"""
    x, s = op.inputs[:2]
    if not isinstance(op.attrs["index"], Slot) or rank(x) != 1 or rank(s) != 0 or not is_zero(x, r):
        return None
    return r.emit(BROADCAST_LIKE, s, x) if is_every_place(op.inputs[op.attrs["index"].index], x, 0, r) else None


def is_every_place(index: Atom, x: Atom, axis: int, r: Rewriter) -> bool:
    """Whether an index is `arange(x.shape[axis])`, or a range that can be relied on to be as long."""
    places, shape = r.definition(index, RANGES), getattr(x.type, "shape", None)
    if places is None or len(places.inputs) != 1 or shape is None or not isinstance(index.type, ArrayType):
        return False
    return index.type.shape is not None and equal(shape[axis], index.type.shape[0])


def write_of_number(op: Op, r: Rewriter) -> Atom | None:
    """update(s, v, ...) -> v and add_at(s, v, ...) -> s + v, for a number: the cotangent of an array without axes"""
    x, v = op.inputs[0].type, op.inputs[1]
    if not isinstance(x, ArrayType) or x.shape != () or x.kind == "array" or getattr(v.type, "shape", None) != ():
        return None
    return v if op.primitive is UPDATE else r.emit(ADD, op.inputs[0], v)


def add_at_once(op: Op, r: Rewriter) -> Atom | None:
    """add_at(add_at(x, v, i), w, i) -> add_at(x, v + w, i); add_at(update(x, v, i), w, i) -> update(x, v + w, i)

    Additions at other indices in between are moved past: they commute.
    """
    key = index_key(op, 2)
    chain: list[Op] = []
    target = op.inputs[0]
    while key is not None and r.used_once(target) and len(chain) < 8:
        write = r.definition(target, frozenset({ADD_AT, UPDATE}))
        if write is None or not write.sweep:
            return None
        if index_key(write, 2) == key:
            merged = _merged(write, op, r)
            for other in reversed(chain):
                merged = r.emit(ADD_AT, merged, *other.inputs[1:], attrs=other.attrs)
            return merged
        if write.primitive is UPDATE:
            return None
        chain.append(write)
        target = write.inputs[0]
    return None


def _merged(write: Op, op: Op, r: Rewriter) -> Atom:
    """One write for two at the same index."""
    x, v, w = write.inputs[0], write.inputs[1], op.inputs[1]
    total = w if is_zero_literal(v) else r.emit(ADD, v, w)
    return r.emit(write.primitive, x, total, *write.inputs[2:], attrs=write.attrs)


# ---- matrices


def transposed_product(op: Op, r: Rewriter) -> Atom | None:
    """(x.T @ y).T -> y.T @ x and (x @ y.T).T -> y @ x.T, for matrices and for stacks of them"""
    product = r.definition(op.inputs[0], MATMULS)
    if product is None or not swaps_matrices(op) or any(rank(x) != rank(op.inputs[0]) for x in product.inputs):
        return None
    if product.sweep == "" or not r.used_once(op.inputs[0]):  # the product is there anyway
        return None
    x, y = product.inputs
    if not any((found := r.definition(atom, TRANSPOSES)) and swaps_matrices(found) for atom in (x, y)):
        return None
    return r.emit(product.primitive, transposed(y, r), transposed(x, r))


def sum_of_product(op: Op, r: Rewriter) -> Atom | None:
    """sum(x * y) -> x @ y, for vectors of floats of one length: no array of products"""
    product = r.definition(op.inputs[0], MULS)
    if product is None or op.attrs or len(op.inputs) != 1 or product.sweep == "" or not r.used_once(op.inputs[0]):
        return None
    x, y = product.inputs
    dtypes = {getattr(atom.type, "dtype", None) for atom in product.inputs}
    if rank(x) != 1 or not has_shape(x, y) or len(dtypes) > 1 or not dtypes <= MULTIPLIED_BY_BLAS:
        return None
    return r.emit(MATMUL, x, y)


MULTIPLIED_BY_BLAS = {"float64", "float32", "complex128", "complex64"}


def swaps_matrices(op: Op) -> bool:
    """Whether a transpose swaps the last two axes and leaves the others."""
    axes = permutation(op)
    count = len(axes or ())
    return count >= 2 and axes == (*range(count - 2), count - 1, count - 2)


def transposed(atom: Atom, r: Rewriter) -> Atom:
    """A matrix, or each of a stack of matrices, transposed."""
    return r.emit(TRANSPOSE, atom) if rank(atom) == 2 else r.emit(SWAPAXES, atom, attrs={"axis1": -1, "axis2": -2})


def swapped_matrix(op: Op, r: Rewriter) -> Atom | None:
    """swapaxes(x, -1, -2) -> transpose(x) for a matrix"""
    axes = [k for k in (op.attrs.get("axis1"), op.attrs.get("axis2")) if type(k) is int]
    if rank(op.inputs[0]) != 2 or len(op.inputs) != 1 or len(axes) != 2:
        return None
    return r.emit(TRANSPOSE, op.inputs[0]) if {k % 2 for k in axes} == {0, 1} else None


# ---- dtypes


def cast_once(op: Op, r: Rewriter) -> Atom | None:
    """cast(cast(x)) -> cast(x) where the first loses nothing"""
    inner = r.definition(op.inputs[0], frozenset({CAST}))
    if inner is None:
        return None
    source, middle = inner.inputs[0].type, inner.outputs[0].type
    if not isinstance(source, ArrayType) or not isinstance(middle, ArrayType) or not source.dtype or not middle.dtype:
        return None
    if not np.can_cast(source.dtype, middle.dtype, "safe"):
        return None
    return r.emit(CAST, inner.inputs[0], attrs=op.attrs)


LINEAR = NEGS | {CAST, REAL, CONJ}

ARRAYS = (
    Row("x + zeros", ADDS, plus_zero, MAYBE_ZERO),
    Row("x - zeros", SUBS, minus_zero, MAYBE_ZERO),
    Row("-zeros", LINEAR, zeros_of_zeros, MAYBE_ZERO),
    Row("where(c, v, 0) * p", MULS | DIVS, mask_past_product, WHERES),
    Row("-where(c, v, 0)", LINEAR, mask_past_sign, WHERES),
    Row("op(broadcast_like(s, x), t)", ADDS | SUBS | MULS | DIVS | POWS, sink_broadcast, BROADCASTS),
    Row("x * broadcast_like(1.0, y)", MULS, times_ones, BROADCASTS),
    Row("op(expand_dims(broadcast_like(s, x)), t)", ADDS | SUBS | MULS | DIVS | POWS, sink_uniform, MOVES),
    Row("sum(-x)", frozenset({SUM}), sum_of_multiple, NEGS | MULS),
    Row("sum(x * y)", frozenset({SUM}), sum_of_product, MULS),
    Row("-broadcast_like(s, x)", LINEAR, broadcast_later, BROADCASTS),
    Row("where(c, broadcast_like(s, x), 0)", WHERES, mask_of_broadcast, BROADCASTS),
    Row("where(written_last(v, x, i), v, 0)", WHERES, mask_of_written, frozenset({WRITTEN_LAST})),
    Row("broadcast_like(broadcast_like(v, x), y)", BROADCASTS, broadcast_once),
    Row("sum_to(b, x) of one shape", frozenset({SUM_TO}), sum_of_same_shape),
    Row("sum(broadcast_like(s, x))", frozenset({SUM}), sum_of_broadcast, BROADCASTS),
    Row("broadcast_like(s, x)[i]", frozenset({GETITEM}), item_of_broadcast, BROADCASTS),
    Row("add_at(x, broadcast_like(s, y), i)", frozenset({ADD_AT, UPDATE}), write_of_broadcast, BROADCASTS),
    Row("add_at(zeros_like(x), s, arange(len(x)))", frozenset({ADD_AT}), add_everywhere, RANGES),
    Row("write of a number", frozenset({ADD_AT, UPDATE}), write_of_number),
    Row("add_at(add_at(x, v, i), w, i)", frozenset({ADD_AT}), add_at_once, frozenset({ADD_AT, UPDATE})),
    Row("a + add_at(zeros, v)", ADDS, add_in_place, frozenset({ADD_AT})),
    Row("a + add_at(zeros, v).T", ADDS, add_through_view, TURNS),
    Row("a - add_at(zeros, v)", SUBS, subtract_in_place, frozenset({ADD_AT})),
    Row("(x.T @ y).T", TRANSPOSES, transposed_product, MATMULS),
    Row("swapaxes of a matrix", frozenset({SWAPAXES}), swapped_matrix),
    Row("cast(cast(x))", frozenset({CAST}), cast_once, frozenset({CAST})),
)
