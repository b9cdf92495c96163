"""Like terms of the sums of derivative code: multiples of one value become one multiple of it.

A stencil that takes second differences along three axes gives each point `x - 0.25 * x - 0.25 * x - 0.25 * x` back;
collected, that is one product.
"""
# ruff: noqa: D400, D415  # the docstrings of rows are formulas

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import reduce

from adjoint.ir.core import Atom, Literal, Op
from adjoint.rules.names import ADDS, MULS, NEGS, SUBS, Family, family_of
from adjoint.transform.algebra import is_inexact
from adjoint.transform.exact import has_shape, number, rank
from adjoint.transform.rewrite import Rewriter, Row

ADDED = ADDS | SUBS
SCALED = MULS | NEGS
TERMS = ADDED | SCALED
MOST = 12
"""Terms that are looked at: a long sum is not looked through again at each of its ends."""


@dataclass(slots=True)
class Group:
    """The multiples of one value in a sum: what the literals come to, and (number, scalars) for the others."""

    literal: float = 0.0
    scaled: list[tuple[float, list[Atom]]] = field(default_factory=list)
    terms: list[tuple[int, Atom]] = field(default_factory=list)
    products: int = 0  # that nothing else reads

    def is_worth_it(self) -> bool:
        """Whether one product and one sum are less than there is."""
        if len(self.terms) + self.products <= 2:
            return False
        return bool(self.scaled) or (self.literal != 0 and 1e-30 < abs(self.literal) < 1e30)


def collected(op: Op, r: Rewriter) -> Atom | None:
    """X - 0.25 * x - s * x -> (0.75 - s) * x, wherever several terms are multiples of one value"""
    if not is_inexact(op.outputs[0]):
        return None
    terms = terms_of(op, r)
    if len({base_of(atom, r) for _, atom in terms}) == len(terms):
        return None
    groups: dict[Atom, Group] = {}
    for sign, atom in terms:
        enter(groups, sign, atom, r)
    if not any(map(Group.is_worth_it, groups.values())):
        return None
    family = family_of(op.primitive)
    found: list[tuple[int, Atom]] = []
    for base, group in groups.items():
        found += [multiple(base, group, family, r)] if group.is_worth_it() else group.terms
    return summed(found, family, r)


def terms_of(op: Op, r: Rewriter) -> list[tuple[int, Atom]]:
    """The signed terms of a sum, through the sums that nothing else reads."""
    found: list[tuple[int, Atom]] = []
    waiting = [(-1 if op.primitive in SUBS else 1, op.inputs[1]), (1, op.inputs[0])]
    while waiting and len(found) + len(waiting) <= MOST:
        sign, atom = waiting.pop()
        inner = r.definition(atom, ADDED)
        if inner is not None and r.used_once(atom) and has_shape(atom, op.outputs[0]):
            a, b = inner.inputs
            waiting += [(-sign if inner.primitive in SUBS else sign, b), (sign, a)]
        else:
            found.append((sign, atom))
    return [] if waiting else found


def base_of(atom: Atom, r: Rewriter) -> Atom:
    """What a term is a multiple of, its own sign and scale taken off."""
    while (inner := r.definition(atom, SCALED)) is not None:
        if inner.primitive in NEGS:
            atom = inner.inputs[0]
            continue
        k = place_of_scale(inner)
        if k is None:
            break
        atom = inner.inputs[1 - k]
    return atom


def place_of_scale(product: Op) -> int | None:
    """Which operand of a product is a literal, or a scalar that an array is multiplied with."""
    return next((k for k in (0, 1) if is_scale(product.inputs[k], product.inputs[1 - k])), None)


def enter(groups: dict[Atom, Group], sign: int, atom: Atom, r: Rewriter) -> None:
    """Note a term at the value that it is a multiple of."""
    factor, scalars, base = float(sign), [], atom
    while (inner := r.definition(base, SCALED)) is not None:
        if inner.primitive in NEGS:
            factor, base = -factor, inner.inputs[0]
            continue
        k = place_of_scale(inner)
        if k is None:
            break
        scale, base = inner.inputs[k], inner.inputs[1 - k]
        literal = number(scale)
        if literal is None:
            scalars.append(scale)
        elif isinstance(literal, complex):
            return enter_as_it_is(groups, sign, atom)
        else:
            factor *= literal
    if number(base) is not None or not is_inexact(base) or not math.isfinite(factor):
        return enter_as_it_is(groups, sign, atom)
    group = groups.setdefault(base, Group())
    group.terms.append((sign, atom))
    group.products += base is not atom and r.used_once(atom)
    if scalars:
        group.scaled.append((factor, scalars))
    else:
        group.literal += factor
    return None


def enter_as_it_is(groups: dict[Atom, Group], sign: int, atom: Atom) -> None:
    groups.setdefault(atom, Group()).terms.append((sign, atom))


def is_scale(atom: Atom, other: Atom) -> bool:
    """Whether a factor is a literal, or a scalar that an array is multiplied with."""
    return number(atom) is not None or (rank(atom) == 0 and bool(rank(other)))


def multiple(base: Atom, group: Group, family: Family, r: Rewriter) -> tuple[int, Atom]:
    """A group as one signed term."""
    if not group.scaled:
        sign = 1 if group.literal > 0 else -1
        size = abs(group.literal)
        return sign, base if size == 1 else r.emit(family.mul, Literal(size), base)
    terms: list[tuple[int, Atom]] = [(1, Literal(group.literal))] if group.literal else []
    for factor, scalars in group.scaled:
        product = reduce(lambda a, b: r.emit(family.mul, a, b), scalars)
        terms.append((1 if factor > 0 else -1, scaled_by(abs(factor), product, family, r)))
    return 1, r.emit(family.mul, summed(terms, family, r), base)


def scaled_by(factor: float, atom: Atom, family: Family, r: Rewriter) -> Atom:
    return atom if factor == 1 else r.emit(family.mul, Literal(factor), atom)


def summed(terms: list[tuple[int, Atom]], family: Family, r: Rewriter) -> Atom:
    """The sum of signed terms, the first positive one in front."""
    at = next((k for k, (sign, _) in enumerate(terms) if sign > 0), 0)
    first, total = terms[at]
    if first < 0:
        total = r.emit(family.neg, total)
    for sign, atom in (*terms[:at], *terms[at + 1 :]):
        total = r.emit(family.add if sign > 0 else family.sub, total, atom)
    return total


SUMS = (Row("x - 0.25 * x - s * x", ADDED, collected, TERMS),)
