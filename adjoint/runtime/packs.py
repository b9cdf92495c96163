"""What a call leaves behind for its reverse, seen as a vector: nested tuples and lists, with None for no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np


def zeros_in(pack: Any) -> Any:
    """The zero of the space of a pack."""
    if isinstance(pack, (tuple, list)):
        return type(pack)(zeros_in(part) for part in pack)
    if isinstance(pack, np.ndarray):
        return np.zeros_like(pack)
    return 0.0 if isinstance(pack, (float, complex, int, np.number)) else None


def add_packs(a: Any, b: Any) -> Any:
    """The sum of two packs; None is a zero."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, (tuple, list)):
        return type(a)(add_packs(x, y) for x, y in zip(a, b, strict=True))
    return a + b
