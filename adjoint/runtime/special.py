"""Numerics of rules that no single NumPy function gives."""

from __future__ import annotations

import math
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
    if type(x) is not np.ndarray and isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return 1.0 if x > y else 0.5 if x == y else 0.0
    dtype = x.dtype if type(y) is float and x.dtype.kind == "f" else np.result_type(x, y, 0.5)
    share = np.greater(x, y).astype(dtype)
    if type(y) is float and y == 0.0 and np.count_nonzero(x) == x.size:
        return share  # the usual case of max(x, 0)
    equal = np.equal(x, y)
    return np.where(equal, 0.5, share)[()] if np.count_nonzero(equal) else share


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


def bessel_i(x: Any, order: int) -> Any:
    """The modified Bessel function I of an integer order: the mean of exp(x cos t) cos(order t) over a period.

    The trapezoidal rule converges geometrically on a period (L. N. Trefethen and J. A. C. Weideman, The
    exponentially convergent trapezoidal rule, SIAM Review 56, 2014); 256 points reach rounding for every x at
    which float64 does not overflow.
    """
    x = np.asarray(x)
    total = np.zeros(x.shape, np.result_type(x, 0.5))
    for k in range(129):  # the two halves of the period are equal
        t = math.pi * k / 128
        total += (0.5 if k in (0, 128) else 1.0) * math.cos(order * t) * np.exp(x * math.cos(t))
    return (total / 128)[()]


def polygamma(x: float, order: int) -> float:
    """The derivative of this order of digamma: recurrence up to the asymptotic series (Abramowitz and Stegun 6.4)."""
    total, sign = 0.0, -1.0 if order % 2 else 1.0
    while x < 20 + order:
        total -= sign * math.factorial(order) / x ** (order + 1)
        x += 1.0
    series = math.factorial(order) / (2 * x ** (order + 1))
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
    for k, number in enumerate(bernoulli):
        power = 2 * k + 2
        series += number * math.factorial(power + order - 1) / (math.factorial(power) * x ** (power + order))
    if order == 0:
        return total + math.log(x) - series
    return total - sign * (series + math.factorial(order - 1) / x**order)


def adjugate(a: Any) -> Any:
    """det(a) inv(a), the transposed matrix of cofactors: finite where the inverse is not.

    A singular matrix is taken apart, a = U diag(s) V^H: then adj(a) = det(U V^H) V diag(products of the other s) U^H
    (G. W. Stewart, On the adjugate matrix, Linear Algebra Appl. 283, 1998).
    """
    try:
        return np.linalg.det(a)[..., None, None] * np.linalg.inv(a)
    except np.linalg.LinAlgError:
        u, s, vh = np.linalg.svd(a)
        n = s.shape[-1]
        others = np.prod(np.where(np.eye(n, dtype=bool), 1, s[..., None, :]), axis=-1)
        sign = np.linalg.det(u) * np.linalg.det(vh)
        columns = np.conj(np.swapaxes(vh, -1, -2)) * others[..., None, :]
        return sign[..., None, None] * (columns @ np.conj(np.swapaxes(u, -1, -2)))


def from_roots(roots: Any) -> Any:
    """The coefficients of the polynomials with these roots (along the last axis), the highest power first."""
    result = np.zeros((*roots.shape[:-1], roots.shape[-1] + 1), roots.dtype)
    result[..., 0] = 1.0
    for k in range(roots.shape[-1]):
        result[..., 1 : k + 2] -= roots[..., k : k + 1] * result[..., : k + 1]
    return result
