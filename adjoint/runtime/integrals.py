"""Weights of sums that stand for integrals."""

from __future__ import annotations

from typing import Any

import numpy as np


def simpson_weights(n: int) -> Any:
    """The weights of Simpson's rule for `n` samples at distance 1.

    With an even number of samples the last interval has the correction of K. V. Cartwright, Simpson's rule
    cumulative integration with MS Excel and irregularly-spaced data, J. Math. Sci. Math. Educ. 12 (2017).
    """
    weights = np.zeros(n)
    if n == 2:
        return weights + 0.5
    last = n - 1 if n % 2 else n - 2
    if last > 0:
        weights[0 : last + 1 : 2], weights[1:last:2] = 2 / 3, 4 / 3
        weights[0] = weights[last] = 1 / 3
    if n % 2 == 0:
        weights[-3:] += (-1 / 12, 8 / 12, 5 / 12)
    return weights
