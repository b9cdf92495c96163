"""Indices that name no place of an array twice, told from how their arrays were made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.ir.core import Atom, Op, Slot
from adjoint.ir.types import ArrayType, same_shape
from adjoint.rules.registry import primitive_of

RANGES = frozenset(p for fun in (np.arange,) if (p := primitive_of(fun)))
ALONE = RANGES | frozenset(p for fun in (np.argsort, np.flatnonzero) if (p := primitive_of(fun)))
"""Give one row of numbers from 0 on, none of them twice (`np.arange(n)`: not every range is from 0 on)."""
TOGETHER = frozenset(p for fun in (np.tril_indices, np.triu_indices) if (p := primitive_of(fun)))
"""Give the coordinates of places, no place twice."""
MAKERS = ALONE | TOGETHER


def names_no_place_twice(index: Any, inputs: Sequence[Atom], definition: Callable[[Atom], Op | None]) -> bool:
    """Whether the arrays of an index go along with some that are known to differ: `x[np.arange(n), labels]`.

    `inputs` are those of the op that has the index; `definition` gives the op that makes an atom.
    """
    items = index if isinstance(index, tuple) else (index,)
    arrays = [inputs[item.index] for item in items if isinstance(item, Slot)]
    arrays = [atom for atom in arrays if getattr(atom.type, "shape", None) != ()]
    if any(isinstance(item, (list, np.ndarray)) for item in items):
        return False
    for first in arrays:
        made = definition(first)
        if made is not None and _differ(made, arrays):
            return all(_go_along(atom, first) for atom in arrays)
    return False


def _differ(made: Op, arrays: Sequence[Atom]) -> bool:
    if made.primitive in TOGETHER:
        return all(out in arrays for out in made.outputs)
    one_row = getattr(made.outputs[0].type, "ndim", None) == 1
    return made.primitive in ALONE and one_row and (made.primitive.fun is not np.arange or len(made.inputs) == 1)


def _go_along(a: Atom, b: Atom) -> bool:
    """Whether two rows certainly have the same length, named alike."""
    if not isinstance(a.type, ArrayType) or not isinstance(b.type, ArrayType) or a.type.shape != b.type.shape:
        return False
    return same_shape(a.type.shape, b.type.shape)
