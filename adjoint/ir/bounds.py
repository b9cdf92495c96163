"""Lower bounds of the lengths of arguments: what a program that is compiled for some arguments may rely on.

`x[1:-1]` may have length 1 if all that is known of x is that it has not; a program for an x of length 100 is better
told that x has at least 4. So while a program is compiled for given arguments their lengths are at hand, by the
names of their symbols. What is asked is only whether a length reaches a number, and what was relied on
becomes a guard of the program. Nothing is asked of lengths that do not matter, so a program fits other sizes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise

from adjoint.ir.affine import SIGNED, Form, factors_of, form_of, is_never_negative, names_in, plus, product, quotient_of
from adjoint.ir.types import Dim, Shape, Symbol


@dataclass(eq=False, slots=True)
class Bounds:
    """`lengths` of arguments, and integers, by the names of their symbols; `relied` are least lengths relied on.

    `compared` are polynomials of lengths that were relied on to be no less than 0. `ranges` are the
    least and the largest number that an index of a loop may be. `limits` are lengths from which on other estimates
    would have been made. Once it is `settled`, when the guards are written, nothing more can be
    relied on.
    """

    lengths: dict[str, int] = field(default_factory=dict)
    relied: dict[str, int] = field(default_factory=dict)
    compared: list[Form] = field(default_factory=list)
    ranges: dict[str, tuple[Form, Form]] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    settled: bool = False

    def reaches(self, name: str, least: int) -> bool:
        if self.relied.get(name, 0) >= least:
            return True
        if self.settled or self.lengths.get(name, -1) < least:
            return False
        self.relied[name] = least
        return True

    def least(self, form: Form) -> Form:
        """The least that a polynomial may be in any trip of the loops whose indices are in it.

        The bound that makes it least is put in for each index, that of an inner loop first (U. Banerjee, Dependence
        Analysis for Supercomputing, 1988). What an index is multiplied with has to have a certain sign.
        """
        for name in reversed(self.ranges):
            with_it = [term for term in form if name in factors_of(term)]
            if not with_it:
                continue
            times: Form = {}
            for term in with_it:
                rest = list(factors_of(term))
                rest.remove(name)
                times = plus(times, reduce(product, ({other: 1} for other in rest), {"": form[term]}))
            signs = {coefficient > 0 for coefficient in times.values()}
            if len(signs) > 1 or any(SIGNED in term for term in times):
                continue
            low, high = self.ranges[name]
            bound = product(times, low if True in signs else high)
            form = plus({term: form[term] for term in form if term not in with_it}, bound)
        return form

    def value(self, form: Form) -> int | None:
        """What a polynomial is for the arguments at hand, None where other numbers are in it."""
        if not all(name in self.lengths for name in names_in(form)):
            return None
        return sum(times * math.prod(map(self._number, factors_of(name))) for name, times in form.items())

    def _number(self, name: str) -> int:
        found = quotient_of(name)
        if found is None:
            return self.lengths[name]
        value = self.value(found[0])
        assert value is not None
        return value // found[1]

    def not_negative(self, form: Form) -> bool:
        """Whether a polynomial of lengths of arguments is at least 0, for all that the guards let pass."""
        form = self.least(form)
        value = self.value(form)
        if value is None or value < 0:
            return False
        if is_never_negative(form):
            return True
        terms = [name for name in form if name]
        if len(terms) == 1 and form[terms[0]] == 1 and terms[0] in self.lengths and SIGNED not in terms[0]:
            return self.reaches(terms[0], -form.get("", 0))
        if form in self.compared:
            return True
        if not self.settled:
            self.compared.append(form)
        return not self.settled


_BOUNDS: ContextVar[Bounds | None] = ContextVar("bounds", default=None)


@contextmanager
def for_given_arguments() -> Iterator[None]:
    """Programs compiled inside may rely on the lengths of the arguments that they are compiled for."""
    token = _BOUNDS.set(Bounds())
    try:
        yield
    finally:
        _BOUNDS.reset(token)


def note_length(name: str, length: int) -> None:
    """The length that a symbol stands for in the arguments at hand; what was relied on of another one is void."""
    bounds = _BOUNDS.get()
    if bounds is not None and bounds.lengths.get(name) != length:
        bounds.lengths[name] = length
        bounds.relied.pop(name, None)
        bounds.limits.pop(name, None)
        bounds.compared[:] = [form for form in bounds.compared if name not in names_in(form)]


def reaches(dim: Dim, least: int) -> bool:
    """Whether a length is at least `least`, for all arguments that the guards let pass."""
    if isinstance(dim, int):
        return dim >= least
    form, bounds = plus(form_of(dim), {"": -least}), _BOUNDS.get()
    return least <= 0 or is_never_negative(form) or (bounds is not None and bounds.not_negative(form))


def ordered(*forms: Form) -> bool:
    """Whether polynomials of lengths ascend from 0, for all arguments that the guards let pass."""
    bounds = _BOUNDS.get()
    if bounds is None:
        return False
    steps = [bounds.least(plus(form, before, -1)) for before, form in pairwise(({}, *forms))]
    if any((value := bounds.value(step)) is None or value < 0 for step in steps):
        return False
    return all(map(bounds.not_negative, steps))


def from_the_front(bound: Form, whole: Form) -> Form:
    """A bound of a slice of something so long, counted from the front where it can be relied on to be negative."""
    return plus(whole, bound) if ordered(plus({"": -1}, bound, -1)) else bound


def note_range(index: Dim, first: Form, last: Form) -> None:
    """The numbers that the index of a loop goes through lie between two others."""
    bounds = _BOUNDS.get()
    if bounds is not None and isinstance(index, Symbol):
        bounds.ranges[index.name] = (first, last)


def equal(a: Dim, b: Dim) -> bool:
    """Whether two lengths are one number, for all arguments that the guards let pass."""
    difference, bounds = plus(form_of(a), form_of(b), -1), _BOUNDS.get()
    if not difference:
        return True
    if bounds is None or bounds.value(difference) != 0:
        return False
    return bounds.not_negative(difference) and bounds.not_negative(plus({}, difference, -1))


def is_uncut(dim: Dim) -> bool:
    """Whether a length is the polynomial that it is named after, and not 0 because that is negative."""
    form, bounds = form_of(dim), _BOUNDS.get()
    return is_never_negative(form) or (bounds is not None and bounds.not_negative(form))


def is_cut_at_hand(dim: Dim) -> bool:
    """Whether a length is 0 for the arguments at hand because the polynomial that it is named after is negative."""
    bounds = _BOUNDS.get()
    value = bounds.value(form_of(dim)) if bounds is not None else None
    return value is not None and value < 0


def length_at_hand(dim: Dim) -> int | None:
    """What a length is for the arguments that a program is compiled for: for estimates, nothing relies on it."""
    if isinstance(dim, int):
        return dim
    bounds = _BOUNDS.get()
    length = bounds.value(form_of(dim)) if bounds is not None else None
    return None if length is None else max(length, 0)


def numbers_at_hand(shape: Shape) -> int | None:
    """How many numbers an array has for the arguments at hand: for estimates, nothing relies on it."""
    total = 1
    for dim in shape:
        length = length_at_hand(dim)
        if length is None:
            return None
        total *= length
    return total


def made_for_small(shape: Shape, numbers: int) -> None:
    """Note a choice that is right for arrays about as large as those at hand.

    For arrays of so many numbers, or with a much longer axis, it is made anew.
    """
    bounds = _BOUNDS.get()
    if bounds is None or bounds.settled:
        return
    here = numbers_at_hand(shape)
    for dim in shape:
        length = bounds.lengths.get(dim.name) if isinstance(dim, Symbol) else None
        if isinstance(dim, Symbol) and length and here:
            limit = max(MUCH_LONGER * length, numbers * length // here)
            bounds.limits[dim.name] = min(limit, bounds.limits.get(dim.name, limit))


MUCH_LONGER = 8


def relied_on() -> Bounds:
    """What guards must test; from now on nothing else is relied on."""
    bounds = _BOUNDS.get() or Bounds()
    bounds.settled = True
    return bounds


def not_one(dim: Symbol) -> Symbol:
    """The same length, known not to be 1 where that can be relied on."""
    if dim.not_one or not reaches(dim, 2):
        return dim
    return Symbol(dim.name, dim.offset, True)
