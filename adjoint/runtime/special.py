"""Numerics of rules that no single NumPy function gives."""

from __future__ import annotations

from typing import Any

import numpy as np


def quotient(a: Any, b: Any) -> Any:
    """`a / b`, and 0 wherever `a` is 0; never raises."""
    if isinstance(a, (int, float)) and isinstance(b, float):
        if a == 0:
            return 0.0
        if b != 0:
            return a / b
    elif not np.iscomplexobj(b) and np.size(b) and np.min(b) > 0:
        return a / b
    zero = np.equal(a, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(zero, 0, np.divide(a, np.where(zero, 1, b)))[()]


def exceeds(x: Any, y: Any) -> Any:
    """1 where `x > y`, one half where they are equal, 0 elsewhere."""
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return 1.0 if x > y else 0.5 if x == y else 0.0
    above, equal = np.greater(x, y), np.equal(x, y)
    if not equal.any():
        return above
    return np.where(equal, np.asarray(0.5, np.result_type(x, y, 0.5)), above)[()]


def recurrence(a: Any, b: Any, axis: int) -> Any:
    """y[i] = a[i] * y[i-1] + b[i] along an axis, with y[-1] = 0, by doubling: O(n log n) and vectorised.

    W. D. Hillis and G. L. Steele, Data parallel algorithms, Comm. ACM 29 (1986).
    """
    dtype = np.result_type(a, b)
    a, b = (np.moveaxis(np.array(x, dtype), axis, 0) for x in np.broadcast_arrays(a, b))
    step = 1
    while step < len(a):
        b[step:] += a[step:] * b[:-step]
        a[step:] *= a[:-step]
        step *= 2
    return np.moveaxis(b, 0, axis)
