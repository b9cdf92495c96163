"""Cases of rewrites that insert, drop and sum away axes, and of factors that are smaller than their product."""
# ruff: noqa: E501  # one line for a case

from __future__ import annotations

import numpy as np

from adjoint.ir.types import ArrayType
from adjoint.rules.internal import add_at, broadcast_like, update
from tests.tracing import F8, MATRIX, VECTOR, M, N

V, W, S = VECTOR, MATRIX, F8
ROW = ArrayType("float64", (M,))
COLUMN = ArrayType("float64", (N, 1))
SQUARE = ArrayType("float64", (M, M))
CUBE = ArrayType("float64", (N, M, M))
NUMPY = ArrayType("float64", (), "np")
ALL = slice(None)

# (name, types, before, after), for derivative code only; None where nothing may change
AXES_CASES = [
    ("inserted axis", (V,), lambda x: np.expand_dims(x, 1), lambda x: x[:, None]),
    ("inserted axes", (V,), lambda x: np.expand_dims(x, (0, -1)), lambda x: x[None, :, None]),
    ("inserted axis of a Python number", (S,), lambda s: np.expand_dims(s, 0), None),
    ("dropped axis", (COLUMN,), lambda x: np.squeeze(x, 1), lambda x: x[:, 0]),
    ("inserted and dropped", (V,), lambda x: x[None, :][0], lambda x: x),
    ("inserted in two steps", (V,), lambda x: x[None][:, :, None], lambda x: x[None, :, None]),
    ("inserted behind an ellipsis", (W,), lambda x: x[..., None][:, :, 0], lambda x: x),
    ("item of a long axis", (W,), lambda x: x[:, 0], None),
    ("whole array", (W,), lambda x: x[:, :], lambda x: x),
    ("sum that keeps an axis", (W, V), lambda x, y: np.sum(x, axis=1, keepdims=True)[:, 0] * y, lambda x, y: np.sum(x, axis=1) * y),
    ("sum that keeps the axis it needs", (W,), lambda x: np.sum(x, axis=1, keepdims=True) * x, lambda x: np.sum(x, axis=1)[:, None] * x),
    ("negative with a new axis", (V,), lambda x: (-(x[:, None]))[:, 0], lambda x: -x),
    ("multiple with a new axis", (S, V), lambda s, x: s * x[:, None], lambda s, x: (s * x)[:, None]),
    ("product with new axes", (V, V), lambda x, y: x[:, None] * y[:, None], lambda x, y: (x * y)[:, None]),
    ("product with new axes elsewhere", (V, ROW), lambda x, y: x[:, None] * y[None, :], lambda x, y: x[:, None] * y),
    ("new axis in front", (ROW, W), lambda x, y: x[None] * y, lambda x, y: x * y),
    ("new axis in front of a comparison", (ROW, W), lambda x, y: y == x[None, :], lambda x, y: y == x),
    ("new axis in front that makes the rank", (ROW, ROW), lambda x, y: x[None] * y, None),
    ("sum with a factor", (W, V), lambda x, y: np.sum(x * y[:, None], axis=1), lambda x, y: np.sum(x, axis=1) * y),
    ("sum with a factor that varies", (W, V), lambda x, y: np.sum(x * y[:, None], axis=0), None),
    ("sum of the rows of a product", (W, SQUARE), lambda x, y: np.sum(x @ y, axis=0), lambda x, y: np.sum(x, axis=0) @ y),
    ("sum of the columns of a product", (W, SQUARE), lambda x, y: np.sum(x @ y, axis=1), lambda x, y: x @ np.sum(y, axis=1)),
    ("sum of the rows of products", (CUBE, CUBE), lambda x, y: np.sum(x @ y, axis=1), lambda x, y: (np.sum(x, axis=1)[:, None] @ y)[:, 0]),
    ("sum of the columns of products", (CUBE, CUBE), lambda x, y: np.sum(x @ y, axis=2), lambda x, y: (x @ np.sum(y, axis=2)[:, :, None])[:, :, 0]),
    ("sum of products", (CUBE, CUBE), lambda x, y: np.sum(x @ y, axis=0), None),
    ("transposed products", (CUBE, CUBE), lambda x, y: np.swapaxes(np.swapaxes(x, -1, -2) @ y, 1, 2), lambda x, y: np.swapaxes(y, -1, -2) @ x),
    ("row times ones", (ROW, W), lambda x, y: x * broadcast_like(1.0, y), broadcast_like),
    ("stored broadcast", (W, S, V), lambda x, s, y: update(x, broadcast_like(s, y), index=(ALL, 2)), lambda x, s, y: update(x, s, index=(ALL, 2))),
    ("added broadcast", (W, S, V), lambda x, s, y: add_at(x, broadcast_like(s, y), index=(ALL, 2)), lambda x, s, y: add_at(x, s, index=(ALL, 2))),
]

FACTOR_CASES = [
    ("factors of one row", (ROW, ROW, W), lambda s, t, x: s * (t * x), lambda s, t, x: (s * t) * x),
    ("factors of a row and a column", (V, ROW, W), lambda s, t, x: s[:, None] * (t * x), None),
    ("literal into a row", (ROW, W), lambda s, x: 3.0 * (s * x), lambda s, x: (3.0 * s) * x),
    ("literal into a row with a new axis", (V, W), lambda s, x: 2.0 * (x * (-0.5 * s)[:, None]), lambda s, x: (-s)[:, None] * x),
    ("literal out of a matrix into a row", (ROW, W), lambda s, x: s * (3.0 * x), lambda s, x: (3.0 * s) * x),
    ("sign into a row", (ROW, W), lambda s, x: -(s * x), lambda s, x: (-s) * x),
    ("sign into a dividend", (ROW, W), lambda s, x: -(s / x), lambda s, x: (-s) / x),
    ("sign of a scalar factor", (S, W), lambda s, x: (-s) * x, None),
    ("plus a negative row", (ROW, W, W), lambda s, x, y: y + (-s) * x, lambda s, x, y: y - s * x),
    ("plus a negative column", (V, W, W), lambda s, x, y: y + x * (-s)[:, None], lambda s, x, y: y - x * s[:, None]),
    ("sign twice", (ROW, W), lambda s, x: (-s) * (-x), lambda s, x: s * x),
    ("scalar divisor", (NUMPY, NUMPY, W), lambda s, t, x: (s * x) / t, lambda s, t, x: (s / t) * x),
    ("scalar divisor inside", (NUMPY, NUMPY, W), lambda s, t, x: s * (x / t), lambda s, t, x: (s / t) * x),
    ("length as a divisor", (V,), lambda x: 2.0 * x / np.size(x), lambda x: (2.0 / np.size(x)) * x),
    ("Python number as a divisor", (S, S, W), lambda s, t, x: (s * x) / t, None),
]

# exact, so for primal ops as well
EXACT_AXES_CASES = [
    ("swapped twice", (CUBE,), lambda x: np.swapaxes(np.swapaxes(x, 1, 2), -1, -2), lambda x: x),
    ("size of an argument", (W, W), lambda x, y: 2 * np.size(np.sin(x) + y), lambda x, y: 2 * np.size(x)),
]
