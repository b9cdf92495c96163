"""Whether two indices of one array name no common place: `x[:n]` and `x[n:2 * n]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.ir.affine import Form, form_of, plus
from adjoint.ir.bounds import from_the_front, ordered
from adjoint.ir.core import Atom, Literal, Slot
from adjoint.ir.types import Dim, Shape
from adjoint.rules.infer import dim_of

Index = tuple[Any, Sequence[Atom]]
"""What stands in the brackets, and the operands that its slots refer to."""


def never_meet(a: Index, b: Index, shape: Shape) -> bool:
    """Whether one ends where the other one begins, or before, along some axis of an array of this shape."""
    for dim, one, other in zip(shape, _items(a), _items(b), strict=False):
        if one is Ellipsis or other is Ellipsis or one is None or other is None:
            return False  # what follows belongs to other axes
        first, second = _interval(one, a[1], dim), _interval(other, b[1], dim)
        if first and second and (ordered(first[1], second[0]) or ordered(second[1], first[0])):
            return True
    return False


def _items(index: Index) -> tuple[Any, ...]:
    return index[0] if isinstance(index[0], tuple) else (index[0],)


def _interval(item: Any, inputs: Sequence[Atom], dim: Dim) -> tuple[Form, Form] | None:
    """The places along an axis that an item names lie in [first, last), if both are not negative."""
    if isinstance(item, slice):
        if item.step not in (None, 1):
            return None
        first, last = _place(item.start, inputs, dim), _place(item.stop, inputs, dim)
        first, last = {} if item.start is None else first, form_of(dim) if item.stop is None else last
        return None if first is None or last is None else (first, last)
    place = _place(item, inputs, dim)
    return None if place is None else (place, plus(place, {"": 1}))


def _place(item: Any, inputs: Sequence[Atom], dim: Dim) -> Form | None:
    if isinstance(item, Slot):
        atom = inputs[item.index]
        if getattr(atom.type, "shape", None) != () or getattr(atom.type, "dtype", None) != "int64":
            return None
        if not isinstance(atom, Literal):
            return from_the_front(form_of(dim_of(atom)), form_of(dim))
        item = atom.value
    if not isinstance(item, int) or isinstance(item, bool):
        return None
    return {"": item} if item >= 0 else plus(form_of(dim), {"": item})
