"""Rewrites of derivative code, where terms may be re-associated, always in the same way.

Signs move outwards and vanish in sums; literal factors gather in front; a scalar that was spread over an
array stays a scalar as long as it can (a materialised seed costs 2-3 times the hand-written adjoint);
masks sink past products, so that `inf` and `nan` of a factor stay behind the mask; what is added to a
cotangent at an index goes straight into it. `x * 0.0` is never 0.0: x may be inf or nan.
"""
# ruff: noqa: ARG001, D400, D415  # rows share one signature, and their docstrings are formulas

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.ir.core import Atom, Literal, Op
from adjoint.ir.types import ArrayType, same_shape
from adjoint.rules.names import (
    ADD_AT,
    ADDS,
    BROADCAST_LIKE,
    CAST,
    CONJ,
    DIVS,
    GETITEM,
    MATMULS,
    MULS,
    NEGS,
    POWS,
    REAL,
    SIZE,
    SUBS,
    SUM,
    SUM_TO,
    SWAPAXES,
    TRANSPOSE,
    WHERE,
    ZEROS_LIKE,
    family_of,
)  # fmt: skip
from adjoint.transform.exact import is_number, is_zero_literal, number, permutation
from adjoint.transform.rewrite import Rewriter, Row

BROADCASTS = frozenset({BROADCAST_LIKE})
TRANSPOSES = frozenset({TRANSPOSE})
WHERES = frozenset({WHERE})


def rank(atom: Atom) -> int | None:
    return len(atom.type.shape) if isinstance(atom.type, ArrayType) and atom.type.shape is not None else None


def has_shape(atom: Atom, other: Atom) -> bool:
    """Whether two atoms that met in an op certainly have one shape."""
    a, b = atom.type, other.type
    return isinstance(a, ArrayType) and isinstance(b, ArrayType) and same_shape(a.shape, b.shape)


# ---- signs


def leading_literal(atom: Atom, r: Rewriter, depth: int = 3) -> Any:
    """The literal in front of a product that nothing else reads: -2.0 in -2.0 * x and in (-2.0 * s) * x."""
    op = r.definition(atom, MULS | DIVS)
    if op is None or not r.used_once(atom):
        return None
    first = op.inputs[0]
    if isinstance(first, Literal):
        return number(first)
    return leading_literal(first, r, depth - 1) if depth > 0 and rank(first) == 0 else None


def flipped(atom: Atom, r: Rewriter) -> Atom:
    """A product with the other sign on its leading literal."""
    op = r.definition(atom, MULS | DIVS)
    if op is None:
        return Literal(-number(atom))
    return r.emit(op.primitive, flipped(op.inputs[0], r), op.inputs[1])


def negated(atom: Atom, r: Rewriter) -> Atom | None:
    """b, if the atom is -b or -2.0 * b with a sign that can be taken off."""
    inner = r.definition(atom, NEGS)
    if inner:
        return inner.inputs[0]
    factor = leading_literal(atom, r)
    return flipped(atom, r) if isinstance(factor, (int, float)) and factor < 0 else None


def plus_negative(op: Op, r: Rewriter) -> Atom | None:
    """A + (-b) -> a - b and (-a) + b -> b - a"""
    a, b = op.inputs
    sub = family_of(op.primitive).sub
    if (positive := negated(b, r)) is not None:
        return r.emit(sub, a, positive)
    if (positive := negated(a, r)) is not None:
        return r.emit(sub, b, positive)
    return None


def minus_negative(op: Op, r: Rewriter) -> Atom | None:
    """A - (-b) -> a + b"""
    a, b = op.inputs
    positive = negated(b, r)
    return r.emit(family_of(op.primitive).add, a, positive) if positive is not None else None


def times_minus_one(op: Op, r: Rewriter) -> Atom | None:
    """X * -1 -> -x and x / -1 -> -x"""
    a, b = op.inputs
    neg = family_of(op.primitive).neg
    if is_number(b, -1):
        return r.emit(neg, a)
    return r.emit(neg, b) if is_number(a, -1) and op.primitive in MULS else None


def product_of_negative(op: Op, r: Rewriter) -> Atom | None:
    """(-a) * b -> -(a * b), a * (-b) -> -(a * b), and the same for a / b; 2.0 * (-a) -> -2.0 * a"""
    for k in (0, 1):
        inner, other = r.definition(op.inputs[k], NEGS), op.inputs[1 - k]
        if inner is None:
            continue
        factor = number(other) if k == 1 else None
        if factor is not None:
            return r.emit(op.primitive, Literal(-factor), inner.inputs[0])
        if r.used_once(op.inputs[k]):
            pair = (inner.inputs[0], other)
            return r.emit(family_of(op.primitive).neg, r.emit(op.primitive, *(pair if k == 0 else pair[::-1])))
    return None


def negative_of_difference(op: Op, r: Rewriter) -> Atom | None:
    """-(a - b) -> b - a"""
    inner = r.definition(op.inputs[0], SUBS)
    return r.emit(inner.primitive, *reversed(inner.inputs)) if inner else None


def negative_of_scaled(op: Op, r: Rewriter) -> Atom | None:
    """-(2.0 * x) -> -2.0 * x, -(2.0 / x) -> -2.0 / x, -((2.0 * s) * x) -> (-2.0 * s) * x"""
    return flipped(op.inputs[0], r) if leading_literal(op.inputs[0], r) else None


# ---- literals and scalars


def literal_first(op: Op, r: Rewriter) -> Atom | None:
    """X * 2 -> 2.0 * x: literals in front, and floats where the other factor is one"""
    a, b = op.inputs
    factor, other = (number(b), a) if number(a) is None else (number(a), b)
    if factor is None or number(other) is not None:
        return None
    if type(factor) is int and abs(factor) < 2**53 and _is_inexact(other):
        factor = float(factor)
    elif other is b:
        return None
    return r.emit(op.primitive, Literal(factor), other)


def _is_inexact(atom: Atom) -> bool:
    dtype = atom.type.dtype if isinstance(atom.type, ArrayType) else None
    return dtype is not None and dtype.startswith(("float", "complex"))


def gather_literals(op: Op, r: Rewriter) -> Atom | None:
    """2.0 * (3.0 * x) -> 6.0 * x and 2.0 * (3.0 / x) -> 6.0 / x"""
    first, inner = number(op.inputs[0]), r.definition(op.inputs[1], MULS | DIVS)
    if first is None or inner is None:
        return None
    for k in (0, 1) if inner.primitive in MULS else (0,):
        second = number(inner.inputs[k])
        if second is not None and (product := _product(first, second)) is not None:
            return r.emit(inner.primitive, Literal(product), inner.inputs[1 - k])
    return None


def literal_outwards(op: Op, r: Rewriter) -> Atom | None:
    """X * (2.0 * y) -> 2.0 * (x * y), between scalars or between arrays"""
    for k in (0, 1):
        inner, x = r.definition(op.inputs[k], MULS), op.inputs[1 - k]
        if inner is None or number(inner.inputs[0]) is None or number(x) is not None or not r.used_once(op.inputs[k]):
            continue
        y = inner.inputs[1]
        if (rank(x) == 0) == (rank(y) == 0):
            pair = (x, y) if k == 1 else (y, x)
            return r.emit(op.primitive, inner.inputs[0], r.emit(op.primitive, *pair))
    return None


def _product(a: complex, b: complex) -> complex | None:
    """The product of two factors where it is far from overflow in any dtype."""
    product = a * b
    return product if product == 0 or 1e-30 < abs(product) < 1e30 else None


def scalars_first(op: Op, r: Rewriter) -> Atom | None:
    """S * (t * x) -> (s * t) * x for scalars s, t and an array x: one product of arrays less"""
    for k in (0, 1):
        s, inner = op.inputs[k], r.definition(op.inputs[1 - k], MULS)
        if inner is None or rank(s) != 0 or not r.used_once(op.inputs[1 - k]):
            continue
        for j in (0, 1):
            t, x = inner.inputs[j], inner.inputs[1 - j]
            literals = number(s) is not None and number(t) is not None
            if rank(t) == 0 and (rank(x) or 0) > 0 and inner.primitive is op.primitive and not literals:
                first = (t, s) if number(t) is not None else (s, t)
                return r.emit(op.primitive, r.emit(op.primitive, *first), x)
    return None


def times_reciprocal(op: Op, r: Rewriter) -> Atom | None:
    """X * (1 / y) -> x / y, where nothing else reads the quotient"""
    for k in (0, 1):
        inner = r.definition(op.inputs[k], DIVS)
        if inner and is_number(inner.inputs[0], 1) and r.used_once(op.inputs[k]):
            return r.emit(inner.primitive, op.inputs[1 - k], inner.inputs[1])
    return None


# ---- zeros


def is_zero(atom: Atom, r: Rewriter) -> bool:
    """Whether a value is 0 everywhere, whatever the inputs."""
    if is_zero_literal(atom):
        return True
    op = r.definition(atom, ZERO_KEEPING)
    if op is None:
        return False
    return op.primitive is ZEROS_LIKE or is_zero(op.inputs[0], r)


ZERO_KEEPING = NEGS | {ZEROS_LIKE, BROADCAST_LIKE, GETITEM, TRANSPOSE, SWAPAXES, CAST, REAL, CONJ, SUM_TO, SUM}


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


def broadcast_later(op: Op, r: Rewriter) -> Atom | None:
    """-broadcast_like(s, x) -> broadcast_like(-s, x), and the same for cast, real and conj"""
    inner = r.definition(op.inputs[0], BROADCASTS)
    if inner is None:
        return None
    return r.emit(
        BROADCAST_LIKE, r.emit(op.primitive, inner.inputs[0], *op.inputs[1:], attrs=op.attrs), inner.inputs[1]
    )


def broadcast_once(op: Op, r: Rewriter) -> Atom | None:
    """broadcast_like(broadcast_like(v, x), y) -> broadcast_like(v, y); broadcast_like(v, x) -> v of that shape"""
    v, x = op.inputs
    if has_shape(v, x):
        return v
    inner = r.definition(v, BROADCASTS)
    return r.emit(BROADCAST_LIKE, inner.inputs[0], x) if inner else None


def sum_of_same_shape(op: Op, r: Rewriter) -> Atom | None:
    """sum_to(b, x) -> b where b has the shape of x"""
    b, x = op.inputs
    return b if has_shape(b, x) else None


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


def subtract_in_place(op: Op, r: Rewriter) -> Atom | None:
    """A - add_at(zeros_like(x), v, index) -> add_at(a, -v, index), where a has the whole shape"""
    a, b = op.inputs
    part = r.definition(b, frozenset({ADD_AT}))
    if part is None or not is_zero(part.inputs[0], r) or not has_shape(a, op.outputs[0]):
        return None
    minus = r.emit(family_of(op.primitive).neg, part.inputs[1])
    return r.emit(ADD_AT, a, minus, *part.inputs[2:], attrs=part.attrs)


# ---- matrices


def transposed_product(op: Op, r: Rewriter) -> Atom | None:
    """(x.T @ y).T -> y.T @ x and (x @ y.T).T -> y @ x.T, for matrices"""
    product = r.definition(op.inputs[0], MATMULS)
    if product is None or permutation(op) != (1, 0) or any(rank(x) != 2 for x in product.inputs):
        return None
    if product.sweep == "" or not r.used_once(op.inputs[0]):  # the product is there anyway
        return None
    x, y = product.inputs
    if not any(r.definition(atom, TRANSPOSES) for atom in (x, y)):
        return None
    return r.emit(product.primitive, r.emit(TRANSPOSE, y), r.emit(TRANSPOSE, x))


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

ALGEBRA = (
    Row("x + zeros", ADDS, plus_zero),
    Row("x - zeros", SUBS, minus_zero),
    Row("-zeros", LINEAR, zeros_of_zeros),
    Row("where(c, v, 0) * p", MULS | DIVS, mask_past_product),
    Row("-where(c, v, 0)", LINEAR, mask_past_sign),
    Row("op(broadcast_like(s, x), t)", ADDS | SUBS | MULS | DIVS | POWS, sink_broadcast),
    Row("-broadcast_like(s, x)", LINEAR, broadcast_later),
    Row("where(c, broadcast_like(s, x), 0)", WHERES, mask_of_broadcast),
    Row("broadcast_like(broadcast_like(v, x), y)", BROADCASTS, broadcast_once),
    Row("sum_to(b, x) of one shape", frozenset({SUM_TO}), sum_of_same_shape),
    Row("sum(broadcast_like(s, x))", frozenset({SUM}), sum_of_broadcast),
    Row("broadcast_like(s, x)[i]", frozenset({GETITEM}), item_of_broadcast),
    Row("x * -1", MULS | DIVS, times_minus_one),
    Row("2 * x", MULS, literal_first),
    Row("(-a) * b", MULS | DIVS, product_of_negative),
    Row("2 * (3 * x)", MULS, gather_literals),
    Row("x * (2 * y)", MULS, literal_outwards),
    Row("x * (1 / y)", MULS, times_reciprocal),
    Row("s * (t * x)", MULS, scalars_first),
    Row("-(a - b)", NEGS, negative_of_difference),
    Row("-(2 * x)", NEGS, negative_of_scaled),
    Row("a + add_at(zeros, v)", ADDS, add_in_place),
    Row("a - add_at(zeros, v)", SUBS, subtract_in_place),
    Row("a + (-b)", ADDS, plus_negative),
    Row("a - (-b)", SUBS, minus_negative),
    Row("(x.T @ y).T", TRANSPOSES, transposed_product),
    Row("swapaxes of a matrix", frozenset({SWAPAXES}), swapped_matrix),
    Row("cast(cast(x))", frozenset({CAST}), cast_once),
)
