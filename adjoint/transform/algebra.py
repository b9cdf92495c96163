"""Rewrites of derivative code as in school: terms may be re-associated, always in the same way.

Signs move outwards and vanish in sums; literal factors gather in front, then scalars, then arrays.
`x * 0.0` is never 0.0: x may be inf or nan.
"""
# ruff: noqa: D400, D415  # the docstrings of rows are formulas

from __future__ import annotations

from typing import Any

from adjoint.ir.core import Atom, Literal, Op
from adjoint.ir.types import ArrayType
from adjoint.rules.names import ADDS, DIVS, MULS, NEGS, SUBS, family_of
from adjoint.transform.exact import is_number, number, rank
from adjoint.transform.rewrite import Rewriter, Row

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
    """-(a - b) -> b - a, where nothing else reads the difference"""
    inner = r.definition(op.inputs[0], SUBS)
    return r.emit(inner.primitive, *reversed(inner.inputs)) if inner and r.used_once(op.inputs[0]) else None


def negative_of_scaled(op: Op, r: Rewriter) -> Atom | None:
    """-(2.0 * x) -> -2.0 * x, -(2.0 / x) -> -2.0 / x, -((2.0 * s) * x) -> (-2.0 * s) * x"""
    return flipped(op.inputs[0], r) if leading_literal(op.inputs[0], r) else None


def scaled_difference(op: Op, r: Rewriter) -> Atom | None:
    """-2.0 * (a - b) -> 2.0 * (b - a)"""
    factor, inner = number(op.inputs[0]), r.definition(op.inputs[1], SUBS)
    if inner is None or not isinstance(factor, (int, float)) or not factor < 0 or not r.used_once(op.inputs[1]):
        return None
    return r.emit(op.primitive, Literal(-factor), r.emit(inner.primitive, *reversed(inner.inputs)))


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


def twice(op: Op, r: Rewriter) -> Atom | None:
    """X + x -> 2.0 * x"""
    a, b = op.inputs
    return r.emit(family_of(op.primitive).mul, Literal(2.0), a) if a is b and _is_inexact(a) else None


ALGEBRA = (
    Row("-2 * (a - b)", MULS, scaled_difference),
    Row("x * -1", MULS | DIVS, times_minus_one),
    Row("2 * x", MULS, literal_first),
    Row("(-a) * b", MULS | DIVS, product_of_negative),
    Row("2 * (3 * x)", MULS, gather_literals),
    Row("x * (2 * y)", MULS, literal_outwards),
    Row("x * (1 / y)", MULS, times_reciprocal),
    Row("s * (t * x)", MULS, scalars_first),
    Row("-(a - b)", NEGS, negative_of_difference),
    Row("-(2 * x)", NEGS, negative_of_scaled),
    Row("x + x", ADDS, twice),
    Row("a + (-b)", ADDS, plus_negative),
    Row("a - (-b)", SUBS, minus_negative),
)
