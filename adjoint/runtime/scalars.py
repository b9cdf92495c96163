"""Arithmetic of derivative code on Python floats: it never raises where the primal does not."""

from __future__ import annotations

import math

import numpy as np


def divide(x: float, y: float) -> float:
    """`x / y`, with inf and nan where Python raises."""
    try:
        return x / y
    except ZeroDivisionError:
        return math.nan if x == 0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    """`x ** y`, with inf and nan where Python raises."""
    with np.errstate(all="ignore"):
        return float(np.power(float(x), float(y)))


def log(x: float) -> float:
    """`math.log(x)`, with -inf and nan where Python raises."""
    return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)
