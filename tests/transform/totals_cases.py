"""Cases of sums that are known without adding up, and of zeros that a transform has made."""
# ruff: noqa: E501  # one line for a case

from __future__ import annotations

import numpy as np

from adjoint.ir.types import ArrayType
from adjoint.rules.internal import add_at, broadcast_like
from tests.tracing import F8, MATRIX, VECTOR, M, N

V, W, S = VECTOR, MATRIX, F8
NUMPY = ArrayType("float64", (), "np")
ROW = ArrayType("float64", (M,))
SQUARE = ArrayType("float64", (N, N))


def zeros(x):
    return np.zeros_like(x)


def pairs(x, v, axis):
    i = np.argsort(v)
    return np.sum(add_at(zeros(x), v, index=(i, i)), axis=axis)


def line(x, v):
    i = np.argsort(v)
    return add_at(zeros(x), v, index=i)


def label_of_each_row(x, y, minus):
    """What a cross-entropy of labels sends back to the largest number of each row; `minus` the label's own share."""
    places = np.arange(x.shape[0], like=x)
    shares = x * (2.0 / np.sum(x, axis=1, keepdims=True))
    return y * np.sum(add_at(shares, minus, index=(places, places)), axis=1) + y


# (name, types, before, after), for derivative code only; None where nothing may change
TOTALS_CASES = [
    ("sum of shares", (W, ROW), lambda x, y: np.sum(x / np.sum(x, axis=0), axis=0) * y, lambda x, y: y),
    ("sum of shares, kept", (W, V), lambda x, y: np.sum(x / np.sum(x, axis=1, keepdims=True), axis=1) * y, lambda x, y: y),
    ("sum of multiples of shares", (W, V), lambda x, s: np.sum(x * (s / np.sum(x, axis=1))[:, None], axis=1), lambda x, s: s),
    ("sum of negative shares", (W, ROW), lambda x, s: np.sum(-(x * (s / np.sum(x, axis=0))), axis=0), lambda x, s: -s),
    ("sum of shares along another axis", (W,), lambda x: np.sum(x / np.sum(x, axis=0), axis=1), None),
    ("sum of shares of another sum", (W, W), lambda x, y: np.sum(x / np.sum(y, axis=0), axis=0), None),
    ("difference of equals", (V, V), lambda x, y: (x - x) + y, lambda x, y: y),
    ("shares that leave nothing", (W, W), lambda x, y: y + x * (1.0 - np.sum(x / np.sum(x, axis=0), axis=0)), lambda x, y: y),
    ("number that shares leave nothing of", (NUMPY, V, V), lambda s, x, y: y + x * (s - np.sum(x * (s / np.sum(x)))), lambda s, x, y: y),
    ("shares less what they are of", (W, W), lambda x, y: np.sum(x * (np.sum(y, axis=1) / np.sum(x, axis=1))[:, None] - y, axis=1)[:, None] * x + y, lambda x, y: y),
    ("opposites", (V, V), lambda x, y: (1.0 + broadcast_like(-1.0, x)) * y + y, lambda x, y: y),
    ("zeros of a transform times an array", (V, V, V), lambda x, y, z: zeros(x) * y + z, lambda x, y, z: z),
    ("zeros of a transform over an array", (V, V, V), lambda x, y, z: z - zeros(x) / y, lambda x, y, z: z),
    ("sum of rows that are added to", (SQUARE, V), lambda x, v: pairs(x, v, 1), lambda x, v: line(v, v)),
    ("sum of columns that are added to", (SQUARE, V), lambda x, v: pairs(x, v, 0), lambda x, v: line(v, v)),
    ("rows that labels leave nothing of", (SQUARE, V), lambda x, y: label_of_each_row(x, y, -2.0), lambda x, y: y),
    ("array over zeros", (V, V), lambda x, y: y / zeros(x), None),
    ("literal zero times an array", (V, V), lambda x, y: 0.0 * x + y, None),
]
