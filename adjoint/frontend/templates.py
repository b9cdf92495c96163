"""Abstract values of one structure, number by number: a template covers several states of a loop."""

from __future__ import annotations

from typing import Any

from adjoint.frontend.abstract import UNBOUND, Box, Conflict, Maybe, Rows, atoms_of, is_none
from adjoint.ir.core import UNDEFINED, Literal
from adjoint.ir.tree import Tree


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
