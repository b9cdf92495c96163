"""Rewrites of derivative code as in school: terms may be re-associated, always in the same way.

Signs move outwards and vanish in sums; literal factors gather in front, then scalars, then arrays.
`x * 0.0` is never 0.0: x may be inf or nan.
"""
# ruff: noqa: D400, D415  # the docstrings of rows are formulas

from __future__ import annotations

from collections.abc import Callable

from adjoint.ir.core import Atom, Literal, Op, Primitive, Value
from adjoint.ir.types import ArrayType, known_not_one
from adjoint.rules.names import ADDS, DIM, DIV, DIVS, GETITEM, MULS, NEGS, SIZE, SUBS, TOTAL_DIVIDE, family_of
from adjoint.transform.axes import axes_of, shape_of
from adjoint.transform.exact import is_number, number, rank
from adjoint.transform.rewrite import LITERALS, Rewriter, Row

# ---- signs


def is_small(atom: Atom, out: Atom) -> bool:
    """Whether an operand of a product is certainly smaller than the product: a scalar or a row times a matrix."""
    a, b = shape_of(atom), shape_of(out)
    if a is None or b is None:
        return False
    return len(a) < len(b) or (1 in a and any(m == 1 and known_not_one(n) for m, n in zip(a, b, strict=True)))


FACTORED = MULS | DIVS | {GETITEM}
Change = Callable[[Atom, Rewriter], Atom | None]


def in_factor(atom: Atom, r: Rewriter, change: Change, depth: int = 4) -> Atom | None:
    """A product or quotient that nothing else reads with one factor changed: the literal, or what is small."""
    op = r.definition(atom, FACTORED)
    if op is None or not r.used_once(atom) or depth == 0:
        return None
    if op.primitive is GETITEM:
        if axes_of(op) is None:
            return None
        new = change(op.inputs[0], r) or in_factor(op.inputs[0], r, change, depth - 1)
        return None if new is None else r.emit(GETITEM, new, attrs=op.attrs)
    for k in (0, 1) if op.primitive in MULS else (0,):
        factor = op.inputs[k]
        if isinstance(factor, Literal) or is_small(factor, atom) or rank(atom) == 0:
            new = change(factor, r) or in_factor(factor, r, change, depth - 1)
            if new is not None:
                return r.emit(op.primitive, *((new, op.inputs[1]) if k == 0 else (op.inputs[0], new)))
    return None


def without_sign(atom: Atom, r: Rewriter) -> Atom | None:
    """The atom b for -b, 2.0 for -2.0"""
    inner = r.definition(atom, NEGS)
    if inner:
        return inner.inputs[0]
    factor = number(atom)
    return Literal(-factor) if isinstance(factor, (int, float)) and factor < 0 else None


def negated(atom: Atom, r: Rewriter) -> Atom | None:
    """b, if the atom is -b, or a product like -2.0 * b or (-s) * b with a sign that can be taken off."""
    if isinstance(atom, Literal):
        return None
    return without_sign(atom, r) or in_factor(atom, r, without_sign)


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


def negative_minus(op: Op, r: Rewriter) -> Atom | None:
    """(-a) - b -> -(a + b), where the sign meets another sum"""
    a, b = op.inputs
    inner = r.definition(a, NEGS)
    if inner is None or not vanishes_in_sums(op.outputs[0], r):
        return None
    family = family_of(op.primitive)
    return r.emit(family.neg, r.emit(family.add, inner.inputs[0], b))


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
        if inner is None or (is_small(op.inputs[k], op.outputs[0]) and number(other) is None):
            continue
        factor = number(other) if k == 1 else None
        if factor is not None:
            return r.emit(op.primitive, Literal(-factor), inner.inputs[0])
        if r.used_once(op.inputs[k]) or vanishes_in_sums(op.inputs[k], r):
            pair = (inner.inputs[0], other)
            return r.emit(family_of(op.primitive).neg, r.emit(op.primitive, *(pair if k == 0 else pair[::-1])))
    return None


def vanishes_in_sums(atom: Atom, r: Rewriter, depth: int = 6) -> bool:
    """Whether a sign, moved outwards through the products that read an atom, meets a sum each time."""
    if not isinstance(atom, Value) or depth == 0:
        return False
    return all(
        op is not None
        and (
            op.primitive in SIGNED_SUMS
            or (op.primitive in MULS | DIVS and vanishes_in_sums(op.outputs[0], r, depth - 1))
        )
        for op in r.readers(atom)
    )


SIGNED_SUMS = ADDS | SUBS | NEGS


def negative_of_difference(op: Op, r: Rewriter) -> Atom | None:
    """-(a - b) -> b - a, where nothing else reads the difference"""
    inner = r.definition(op.inputs[0], SUBS)
    return r.emit(inner.primitive, *reversed(inner.inputs)) if inner and r.used_once(op.inputs[0]) else None


def negative_of_scaled(op: Op, r: Rewriter) -> Atom | None:
    """-(2.0 * x) -> -2.0 * x, -(2.0 / x) -> -2.0 / x, -((2.0 * s) * x) -> (-2.0 * s) * x, -(s * x) -> (-s) * x"""
    product = op.inputs[0]
    if (found := in_factor(product, r, other_sign)) is not None:
        return found
    inner = r.definition(product, MULS | DIVS)
    if inner is None or not r.used_once(product):
        return None
    for k in (0, 1) if inner.primitive in MULS else (0,):
        if is_small(inner.inputs[k], product) and number(inner.inputs[k]) is None:
            new = r.emit(op.primitive, inner.inputs[k])
            return r.emit(inner.primitive, *((new, inner.inputs[1]) if k == 0 else (inner.inputs[0], new)))
    return None


def other_sign(atom: Atom, r: Rewriter) -> Atom | None:
    """-2.0 for 2.0 and b for -b"""
    inner = r.definition(atom, NEGS)
    if inner:
        return inner.inputs[0]
    factor = number(atom)
    return None if factor is None else Literal(-factor)


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
    if type(factor) is int and abs(factor) < 2**53 and is_inexact(other):
        factor = float(factor)
    elif other is b:
        return None
    return r.emit(op.primitive, Literal(factor), other)


def float_literal(op: Op, r: Rewriter) -> Atom | None:
    """1 - x -> 1.0 - x where x is no integer: the same number, without a conversion"""
    for k in (0, 1):
        factor, other = number(op.inputs[k]), op.inputs[1 - k]
        if type(factor) is int and abs(factor) < 2**53 and number(other) is None and is_inexact(other):
            new = Literal(float(factor))
            return r.emit(op.primitive, *((new, other) if k == 0 else (other, new)))
    return None


def is_inexact(atom: Atom) -> bool:
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
        if not is_small(x, op.outputs[0]) and not is_small(y, op.outputs[0]):
            pair = (x, y) if k == 1 else (y, x)
            return r.emit(op.primitive, inner.inputs[0], r.emit(op.primitive, *pair))
    return None


def _product(a: complex, b: complex) -> complex | None:
    """The product of two factors where it is far from overflow in any dtype."""
    product = a * b
    return product if product == 0 or 1e-30 < abs(product) < 1e30 else None


def small_first(op: Op, r: Rewriter) -> Atom | None:
    """S * (t * x) -> (s * t) * x for scalars or rows s, t and a larger array x: one product of arrays less"""
    out = op.outputs[0]
    for k in (0, 1):
        s, inner = op.inputs[k], r.definition(op.inputs[1 - k], MULS)
        if inner is None or inner.primitive is not op.primitive or not is_small(s, out):
            continue
        if not r.used_once(op.inputs[1 - k]):
            continue
        for j in (0, 1):
            t, x = inner.inputs[j], inner.inputs[1 - j]
            literals = number(s) is not None and number(t) is not None
            if not is_small(t, out) or is_small(x, out) or literals:
                continue
            small = r.emit(op.primitive, *((t, s) if order_of(t) < order_of(s) else (s, t)))
            if is_small(small, out):
                return r.emit(op.primitive, small, x)
            return None
    return None


def order_of(atom: Atom) -> tuple[bool, int]:
    """Literals in front of scalars, scalars in front of arrays."""
    return number(atom) is None, rank(atom) or 0


def small_quotient(op: Op, r: Rewriter) -> Atom | None:
    """(s * x) / t -> (s / t) * x and s * (x / t) -> (s / t) * x for scalars s, t and a larger array x

    A Python number t divides arrays without an error even where it is 0, so it stays there unless it is a length.
    """
    out = op.outputs[0]
    if op.primitive in DIVS:
        inner, t = r.definition(op.inputs[0], MULS), op.inputs[1]
        pairs = [(inner.inputs[k], inner.inputs[1 - k]) for k in (0, 1)] if inner else []
        divided, division = op.inputs[0], op.primitive
    else:
        k = next((k for k in (0, 1) if r.definition(op.inputs[k], DIVS)), None)
        if k is None:
            return None
        inner = r.definition(op.inputs[k], DIVS)
        assert inner is not None
        t, divided, division = inner.inputs[1], op.inputs[k], inner.primitive
        pairs = [(op.inputs[1 - k], inner.inputs[0])]
    if not pairs or not r.used_once(divided) or number(t) is not None or not may_divide_number(t, r):
        return None
    for s, x in pairs:
        if is_small(s, out) and is_small(t, out) and not is_small(x, out):
            factor = r.emit(division_of(division, s), s, t)
            if is_small(factor, out):
                return r.emit(family_of(op.primitive).mul, factor, x)
    return None


def may_divide_number(atom: Atom, r: Rewriter) -> bool:
    """Whether dividing a number by it raises no error where dividing an array would not."""
    if isinstance(atom.type, ArrayType) and atom.type.kind in ("np", "array"):
        return True
    return r.definition(atom, frozenset({SIZE, DIM})) is not None


def times_reciprocal(op: Op, r: Rewriter) -> Atom | None:
    """X * (1 / y) -> x / y, where nothing else reads the quotient"""
    for k in (0, 1):
        inner = r.definition(op.inputs[k], DIVS)
        if inner and is_number(inner.inputs[0], 1) and r.used_once(op.inputs[k]):
            return r.emit(division_of(inner.primitive, op.inputs[1 - k]), op.inputs[1 - k], inner.inputs[1])
    return None


def division_of(primitive: Primitive, dividend: Atom) -> Primitive:
    """The division of Python numbers that never raises is NumPy's own where an array is divided."""
    of_numpy = isinstance(dividend.type, ArrayType) and dividend.type.kind in ("np", "array")
    return DIV if primitive is TOTAL_DIVIDE and of_numpy else primitive


def twice(op: Op, r: Rewriter) -> Atom | None:
    """X + x -> 2.0 * x"""
    a, b = op.inputs
    return r.emit(family_of(op.primitive).mul, Literal(2.0), a) if a is b and is_inexact(a) else None


ALGEBRA = (
    Row("-2 * (a - b)", MULS, scaled_difference, SUBS),
    Row("x * -1", MULS | DIVS, times_minus_one, LITERALS),
    Row("2 * x", MULS, literal_first, LITERALS),
    Row("(-a) * b", MULS | DIVS, product_of_negative, NEGS),
    Row("2 * (3 * x)", MULS, gather_literals, LITERALS),
    Row("x * (2 * y)", MULS, literal_outwards, MULS),
    Row("x * (1 / y)", MULS, times_reciprocal, DIVS),
    Row("s * (t * x)", MULS, small_first, MULS),
    Row("(s * x) / t", MULS | DIVS, small_quotient, MULS | DIVS),
    Row("-(a - b)", NEGS, negative_of_difference, SUBS),
    Row("-(2 * x)", NEGS, negative_of_scaled, FACTORED),
    Row("x + x", ADDS, twice),
    Row("1 - x", ADDS | SUBS, float_literal, LITERALS),
    Row("a + (-b)", ADDS, plus_negative, NEGS | FACTORED),
    Row("a - (-b)", SUBS, minus_negative, NEGS | FACTORED),
    Row("(-a) - b", SUBS, negative_minus, NEGS),
)
