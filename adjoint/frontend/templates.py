"""Abstract values of one structure, number by number: a template covers several states of a loop."""

from __future__ import annotations

from typing import Any

from adjoint.frontend.abstract import UNBOUND, Box, Conflict, Maybe, Rows, atoms_of, is_none
from adjoint.ir.core import UNDEFINED, Literal
from adjoint.ir.tree import Tree
from adjoint.ir.types import OF_TRIP, ArrayType, ListType, Symbol, Type, join, known_not_one


def conform(value: Any, template: Any) -> list[Any]:
    """The atoms of `value`, one for each atom of a template that covers it."""
    if isinstance(template, Maybe):
        if value is UNBOUND or is_none(value):
            return [*(UNDEFINED for _ in atoms_of(template.value)), Literal(False)]
        if isinstance(value, Maybe):
            return [*conform(value.value, template.value), value.bound]
        return [*conform(value, template.value), Literal(True)]
    if isinstance(template, Conflict):
        return []
    if isinstance(template, Box):
        return conform(value.content, template.content)
    if isinstance(template, Tree):
        pairs = zip(value.children, template.children, strict=True)
        return [atom for child, model in pairs for atom in conform(child, model)]
    return list(atoms_of(value))


def is_covered(value: Any, template: Any) -> bool:
    """Whether a value has the structure of a template, so that their numbers correspond."""
    if isinstance(template, Maybe):
        absent = value is UNBOUND or is_none(value)
        return absent or is_covered(value.value if isinstance(value, Maybe) else value, template.value)
    if isinstance(template, Conflict):
        return True
    if isinstance(template, Box):
        return isinstance(value, Box) and is_covered(value.content, template.content)
    if isinstance(template, Rows):
        return isinstance(value, Rows) and len(value.lists) == len(template.lists)
    if isinstance(template, Tree):
        same = isinstance(value, Tree) and value.structure == template.structure
        return same and all(map(is_covered, value.children, template.children))
    return len(list(atoms_of(value))) == len(list(atoms_of(template)))


def atom_at(value: Any, place: int) -> Any:
    """The number at a place of a value; None where it has fewer."""
    atoms = list(atoms_of(value))
    return atoms[place] if place < len(atoms) else None


def widen(name: str, old: Type, new: Type) -> Type:
    """The type of a loop-carried value that enters as `old` and leaves an iteration as `new`.

    Axes that differ get a symbol of the variable's own; so the ascent is finite: an axis can change to
    that symbol once and lose `not_one` once.
    """
    if isinstance(old, ListType) and isinstance(new, ListType) and old.element and new.element:
        return ListType(widen(f"{name}[]", old.element, new.element))
    if not (isinstance(old, ArrayType) and isinstance(new, ArrayType)) or old == new:
        return join(old, new)
    joined = join(old, new)
    if not isinstance(joined, ArrayType) or joined.shape is None or old.shape is None or new.shape is None:
        return joined
    dims = []
    for axis, (a, b) in enumerate(zip(old.shape, new.shape, strict=True)):
        own = f"{name}.{axis}{OF_TRIP}"
        certain = known_not_one(a) and known_not_one(b)
        dims.append(a if a == b else Symbol(own, 0, certain))
    return ArrayType(joined.dtype, tuple(dims), joined.kind)
