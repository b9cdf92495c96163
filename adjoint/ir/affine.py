"""Lengths and integers as polynomials of others: `3 * n`, `n * m - k + 1`.

A symbol whose name stands for more than one number is remembered with its terms, and equal polynomials
have one name. So `x[:, n:2 * n]` is known to be as long as `x[:, :n]`, and `theta[:n * m]` to fill a matrix of m rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adjoint.ir.types import Dim, Symbol

Form = Mapping[str, int]
"""The coefficient of each name; that of `""` is the constant term."""

SIGNED = "%"
"""In the name of an integer that is no length: it may be negative."""

_TERMS: dict[str, Form] = {}
_FACTORS: dict[str, tuple[str, ...]] = {}
_QUOTIENTS: dict[str, tuple[Form, int]] = {}


def form_of(dim: Dim) -> Form:
    """The polynomial that a length is, where it is not cut off at 0: one with a negative offset may be."""
    if isinstance(dim, int):
        return {"": dim} if dim else {}
    return plus(_TERMS.get(dim.name, {dim.name: 1}), {"": dim.offset})


def plus(first: Form, second: Form, times: int = 1) -> dict[str, int]:
    """The sum of one and `times` another."""
    total = dict(first)
    for name, coefficient in second.items():
        total[name] = total.get(name, 0) + times * coefficient
    return {name: coefficient for name, coefficient in total.items() if coefficient}


def product(first: Form, second: Form) -> dict[str, int]:
    """One times the other."""
    total: dict[str, int] = {}
    for name, coefficient in first.items():
        for other, times in second.items():
            factors = tuple(sorted((*factors_of(name), *factors_of(other))))
            both = factors[0] if len(factors) == 1 else f"({'*'.join(factors)})" if factors else ""
            if len(factors) > 1:
                _FACTORS[both] = factors
            total = plus(total, {both: coefficient * times})
    return total


def quotient(form: Form, divisor: int) -> dict[str, int]:
    """`form // divisor`, for a positive divisor."""
    if all(coefficient % divisor == 0 for coefficient in form.values()):
        return {name: coefficient // divisor for name, coefficient in form.items()}
    name = f"(({as_text(form)})//{divisor})"
    _QUOTIENTS[name] = (form, divisor)
    return {name: 1}


def is_never_negative(form: Form) -> bool:
    """Whether a polynomial is at least 0 whatever the lengths are."""
    return all(times >= 0 and SIGNED not in name for name, times in form.items())


def factors_of(name: str) -> tuple[str, ...]:
    """The names whose product a name stands for."""
    return _FACTORS.get(name, (name,) if name else ())


def quotient_of(name: str) -> tuple[Form, int] | None:
    """What a name stands for that is a quotient, and by which number it is divided."""
    return _QUOTIENTS.get(name)


def names_in(form: Form) -> Iterator[str]:
    """The names that a polynomial hangs on, those in products and quotients instead of these themselves."""
    for name in form:
        for factor in factors_of(name):
            found = quotient_of(factor)
            if found is None:
                yield factor
            else:
                yield from names_in(found[0])


def as_dim(form: Form) -> Dim:
    """The length or integer that a polynomial is, under the one name that equal ones have."""
    constant = form.get("", 0)
    terms = {name: form[name] for name in sorted(form) if name}
    if not terms:
        return constant
    if list(terms.values()) == [1]:
        return Symbol(next(iter(terms)), constant)
    name = f"({as_text(terms)})"
    _TERMS[name] = terms
    return Symbol(name, constant)


def as_text(form: Form) -> str:
    """As one would write it."""
    terms = [
        str(coefficient) if not name else name if coefficient == 1 else f"{coefficient}*{name}"
        for name, coefficient in form.items()
    ]
    return "+".join(terms).replace("+-", "-")
