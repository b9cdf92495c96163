"""Rewrites that are exact in floating point, for -0.0, inf and nan too: primal ops may take them.

`x + 0.0` is not among them (it turns -0.0 into 0.0), nor is `z * 1.0` for a complex z with an infinite
part. A rewrite that would change a dtype or the Python class of a number is refused by the engine, so
rows need not look at types for that.
"""
# ruff: noqa: D400, D415  # rows share one signature, and their docstrings are formulas

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

from adjoint.ir.core import Atom, Literal, Op, Slot
from adjoint.ir.types import ArrayType, same_shape
from adjoint.rules.names import (
    ADDS,
    CAST,
    CONJ,
    DIVS,
    GETITEM,
    MULS,
    NEGS,
    POS,
    POWS,
    REAL,
    SUBS,
    SWAPAXES,
    TRANSPOSE,
    UPDATE,
)  # fmt: skip
from adjoint.rules.registry import primitive_of
from adjoint.transform.cse import atom_key, attribute_key
from adjoint.transform.rewrite import LITERALS, Rewriter, Row

# ---- facts


def rank(atom: Atom) -> int | None:
    return len(atom.type.shape) if isinstance(atom.type, ArrayType) and atom.type.shape is not None else None


def has_shape(atom: Atom, other: Atom) -> bool:
    """Whether two atoms that met in an op certainly have one shape."""
    a, b = atom.type, other.type
    return isinstance(a, ArrayType) and isinstance(b, ArrayType) and same_shape(a.shape, b.shape)


def number(atom: Atom) -> Any:
    """The Python number (no bool) that a literal is, else None."""
    return atom.value if isinstance(atom, Literal) and type(atom.value) in (int, float, complex) else None


def is_number(atom: Atom, value: complex) -> bool:
    found = number(atom)
    return found is not None and found == value


def is_zero_literal(atom: Atom) -> bool:
    return is_number(atom, 0)


def is_negative_zero(atom: Atom) -> bool:
    return type(found := number(atom)) is float and found == 0 and math.copysign(1.0, found) < 0


def is_real(atom: Atom) -> bool:
    type_ = atom.type
    return isinstance(type_, ArrayType) and type_.dtype is not None and type_.dtype.startswith(("float", "int", "uint"))


def fold(op: Op, r: Rewriter) -> Atom | None:
    """2 * 3.0 -> 6.0: Python's own operation on Python numbers. What raises or overflows stays as it is."""
    values = []
    for atom in op.inputs:
        if not isinstance(atom, Literal) or type(atom.value) not in (bool, int, float, complex):
            return None
        values.append(atom.value)
    if op.attrs:
        return None
    if op.primitive in POWS and all(type(v) is int for v in values) and abs(values[1]) > 64:
        return None
    try:
        result = op.primitive.fun(*values)  # type: ignore[misc]
        finite = type(result) in (bool, int, float) and math.isfinite(result)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return Literal(result) if finite else None


FOLDED = frozenset(
    p
    for fun in (
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
        operator.neg, operator.pos, operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
        operator.not_, builtins.abs, builtins.float, builtins.int, builtins.bool,
        math.sqrt, math.exp, math.log, math.sin, math.cos, math.tan, math.pow,
    )
    if (p := primitive_of(fun))
)  # fmt: skip


# ---- arithmetic


def negated_twice(op: Op, r: Rewriter) -> Atom | None:
    """-(-x) -> x"""
    inner = r.definition(op.inputs[0], NEGS)
    return inner.inputs[0] if inner else None


def plus_sign(op: Op, r: Rewriter) -> Atom | None:
    """+x -> x"""
    return op.inputs[0]


def times_one(op: Op, r: Rewriter) -> Atom | None:
    """X * 1.0 -> x and 1.0 * x -> x, for real x"""
    a, b = op.inputs
    if is_number(b, 1) and (is_real(a) or op.sweep):
        return a
    if is_number(a, 1) and (is_real(b) or op.sweep):
        return b
    return None


def over_one(op: Op, r: Rewriter) -> Atom | None:
    """X / 1.0 -> x, for real x"""
    a, b = op.inputs
    return a if is_number(b, 1) and (is_real(a) or op.sweep) else None


def power_one(op: Op, r: Rewriter) -> Atom | None:
    """X ** 1 -> x, for real x"""
    a, b = op.inputs
    return a if is_number(b, 1) and is_real(a) else None


def power_zero(op: Op, r: Rewriter) -> Atom | None:
    """X ** 0 -> 1.0 for a Python number: Python has it so even for 0.0 and nan"""
    a, b = op.inputs
    if not is_zero_literal(b) or not is_real(a):
        return None
    return Literal(1.0 if _dtype(op.outputs[0]) == "float64" else 1)


def _dtype(atom: Atom) -> str | None:
    return atom.type.dtype if isinstance(atom.type, ArrayType) else None


def minus_zero(op: Op, r: Rewriter) -> Atom | None:
    """X - 0.0 -> x: -0.0 - 0.0 is -0.0; but x - -0.0 is not x there"""
    a, b = op.inputs
    return a if is_zero_literal(b) and not is_negative_zero(b) and is_real(a) else None


def plus_negative_zero(op: Op, r: Rewriter) -> Atom | None:
    """X + -0.0 -> x and -0.0 + x -> x"""
    a, b = op.inputs
    if is_negative_zero(b) and is_real(a):
        return a
    return b if is_negative_zero(a) and is_real(b) else None


# ---- axes and dtypes


def permutation(op: Op) -> tuple[int, ...] | None:
    """The axes of a transpose, or None if the rank or the axes are not known."""
    count, axes = rank(op.inputs[0]), op.attrs.get("axes")
    if count is None or len(op.inputs) > 1:
        return None
    if op.primitive is SWAPAXES:
        i, j = (int(op.attrs[name]) % count for name in ("axis1", "axis2"))
        swapped = list(range(count))
        swapped[i], swapped[j] = j, i
        return tuple(swapped)
    return tuple(reversed(range(count))) if axes is None else tuple(int(k) % count for k in axes)


TRANSPOSES = frozenset({TRANSPOSE, SWAPAXES})


def transposed_twice(op: Op, r: Rewriter) -> Atom | None:
    """transpose(transpose(x)) -> x, or one transpose with the axes composed"""
    inner = r.definition(op.inputs[0], TRANSPOSES)
    if inner is None:
        return None
    second, first = permutation(op), permutation(inner)
    if first is None or second is None:
        return None
    axes = tuple(first[k] for k in second)
    if axes == tuple(range(len(axes))):
        return inner.inputs[0]
    return r.emit(TRANSPOSE, inner.inputs[0], attrs={} if axes == tuple(reversed(range(len(axes)))) else {"axes": axes})


def axes_in_order(op: Op, r: Rewriter) -> Atom | None:
    """transpose(x) -> x where x has at most one axis, or the axes stay where they are"""
    axes = permutation(op)
    return op.inputs[0] if axes is not None and axes == tuple(range(len(axes))) else None


def same_dtype(op: Op, r: Rewriter) -> Atom | None:
    """cast(x) -> x where x has the dtype already"""
    return op.inputs[0]  # the engine accepts it only if the type is the same


def real_of_real(op: Op, r: Rewriter) -> Atom | None:
    """real(x) -> x and conj(x) -> x, for real x"""
    return op.inputs[0] if is_real(op.inputs[0]) else None


# ---- reads after writes

UPDATES = frozenset({UPDATE})
READS = frozenset({GETITEM})


def stored_value(op: Op, r: Rewriter) -> Atom | None:
    """update(x, v, index)[index] -> v for one basic index"""
    write = r.definition(op.inputs[0], UPDATES)
    if write is None or index_key(op, 1) is None or index_key(op, 1) != index_key(write, 2):
        return None
    return write.inputs[1]


def store_of_read(op: Op, r: Rewriter) -> Atom | None:
    """update(x, x[index], index) -> x"""
    read = r.definition(op.inputs[1], READS)
    if read is None or read.inputs[0] is not op.inputs[0] or index_key(op, 2) is None:
        return None
    return op.inputs[0] if index_key(read, 1) == index_key(op, 2) else None


def stored_over(op: Op, r: Rewriter) -> Atom | None:
    """update(update(x, v, index), w, index) -> update(x, w, index) for one basic index, where storing v cannot fail"""
    write = r.definition(op.inputs[0], UPDATES) if r.used_once(op.inputs[0]) else None
    if write is None or index_key(op, 2) is None or index_key(op, 2) != index_key(write, 2):
        return None
    if write.inputs[1].type != op.inputs[1].type and not is_real(write.inputs[1]):
        return None
    shape = getattr(write.inputs[1].type, "shape", None)
    if shape is None or (shape and shape != getattr(op.inputs[1].type, "shape", None)):
        return None
    return r.emit(UPDATE, write.inputs[0], *op.inputs[1:], attrs=op.attrs)


def index_key(op: Op, operands: int) -> Any:
    """An index, its run-time numbers as values, to compare; None if it is not basic (ints and slices)."""
    index = op.attrs["index"]
    parts = index if isinstance(index, tuple) else (index,)
    keys = []
    for part in parts:
        ends = (part.start, part.stop, part.step) if isinstance(part, slice) else (part,)
        if not all(_is_basic(end, op) for end in ends):
            return None
        keys.append((type(part) is slice, *(_end_key(end, op) for end in ends)))
    return tuple(keys)


def _is_basic(end: Any, op: Op) -> bool:
    if isinstance(end, Slot):
        type_ = op.inputs[end.index].type
        return isinstance(type_, ArrayType) and type_.shape == () and (type_.dtype or "").startswith(("int", "uint"))
    return end is None or end is Ellipsis or type(end) is int


def _end_key(end: Any, op: Op) -> Any:
    return atom_key(op.inputs[end.index]) if isinstance(end, Slot) else attribute_key(end)


EXACT = (
    Row("constant", FOLDED, fold, LITERALS, exact=True),
    Row("-(-x)", NEGS, negated_twice, NEGS, exact=True),
    Row("+x", frozenset({POS}), plus_sign, exact=True),
    Row("x * 1", MULS, times_one, LITERALS, exact=True),
    Row("x / 1", DIVS, over_one, LITERALS, exact=True),
    Row("x ** 1", POWS, power_one, LITERALS, exact=True),
    Row("x ** 0", POWS, power_zero, LITERALS, exact=True),
    Row("x - 0", SUBS, minus_zero, LITERALS, exact=True),
    Row("x + -0.0", ADDS, plus_negative_zero, LITERALS, exact=True),
    Row("transpose(x) in order", TRANSPOSES, axes_in_order, exact=True),
    Row("transpose(transpose(x))", TRANSPOSES, transposed_twice, TRANSPOSES, exact=True),
    Row("cast to the same dtype", frozenset({CAST}), same_dtype, exact=True),
    Row("real(x) of a real", frozenset({REAL, CONJ}), real_of_real, exact=True),
    Row("stored value", READS, stored_value, UPDATES, exact=True),
    Row("store over a store", UPDATES, stored_over, UPDATES, exact=True),
    Row("store of what is there", UPDATES, store_of_read, READS, exact=True),
)
