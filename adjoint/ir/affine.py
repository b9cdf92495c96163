"""Lengths and integers as linear combinations of others: `3 * n`, `n - m + 1`.

A symbol whose name stands for a combination of more than one term is remembered with its terms, and equal combinations
have one name. So `x[:, n:2 * n]` is known to be as long as `x[:, :n]`.
"""

from __future__ import annotations

from collections.abc import Mapping

from adjoint.ir.types import Dim, Symbol

Form = Mapping[str, int]
"""The coefficient of each name; that of `""` is the constant term."""

_TERMS: dict[str, Form] = {}


def form_of(dim: Dim) -> Form:
    """The combination that a length is, where it is not cut off at 0: one with a negative offset may be."""
    if isinstance(dim, int):
        return {"": dim} if dim else {}
    return plus(_TERMS.get(dim.name, {dim.name: 1}), {"": dim.offset})


def plus(first: Form, second: Form, times: int = 1) -> dict[str, int]:
    """The sum of one and `times` another."""
    total = dict(first)
    for name, coefficient in second.items():
        total[name] = total.get(name, 0) + times * coefficient
    return {name: coefficient for name, coefficient in total.items() if coefficient}


def as_dim(form: Form) -> Dim:
    """The length or integer that a combination is, under the one name that equal ones have."""
    constant = form.get("", 0)
    terms = {name: form[name] for name in sorted(form) if name}
    if not terms:
        return constant
    name = _text(terms)
    if terms != {name: 1}:
        _TERMS[name] = terms
    return Symbol(name, constant)


def _text(terms: Form) -> str:
    texts = [name if coefficient == 1 else f"{coefficient}*{name}" for name, coefficient in terms.items()]
    return texts[0] if list(terms.values()) == [1] else f"({'+'.join(texts)})".replace("+-", "-")
