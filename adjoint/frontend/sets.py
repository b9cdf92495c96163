"""Sets: they have constants only, and are themselves constants.

In which order Python goes through a set hangs on its history, so that a program has to sort it.
"""

from __future__ import annotations

from typing import Any

from adjoint.frontend.abstract import Static, constant_of, is_constant

SETS = (set, frozenset)


def is_set(value: Any) -> bool:
    return isinstance(value, Static) and isinstance(value.value, SETS)


def set_of(low: Any, items: list[Any] | None, node: Any) -> Any:
    """The set of some items; None are those of what has no length known at compile time."""
    if items is not None and all(map(is_constant, items)):
        return Static(frozenset(map(constant_of, items)))
    what = "the size of a set of what is known at run time only depends on which of its values are equal"
    low.refuse(node, what, "use a tuple, a list or a dict, or `np.unique` on data")
