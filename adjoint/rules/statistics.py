"""Covariances and correlations."""

import functools

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType, known_not_one
from adjoint.rules.infer import array_type
from adjoint.rules.lengths import sum_of_lengths
from adjoint.rules.products import conjugate
from adjoint.rules.registry import jvp_rule
from adjoint.rules.trace import ZERO, Zero


def infer_cov(inputs, attrs, *, scalar="array"):
    types = [atom.type for atom in inputs]
    if not all(isinstance(t, ArrayType) and t.shape is not None for t in types):
        return UNKNOWN
    dtypes = [t.dtype for t in types]
    dtype = attrs.get("dtype")
    if dtype is None:
        dtype = None if None in dtypes else np.result_type(np.float64, *dtypes)
    dtype = None if dtype is None else np.dtype(dtype).name
    along = 0 if attrs.get("rowvar", True) else 1
    count = sum_of_lengths([1 if len(t.shape) < 2 else t.shape[along] for t in types])
    if count == 1:  # the matrix is squeezed
        return array_type(dtype, (), scalar_kind=scalar)
    return array_type(dtype, (count, count) if known_not_one(count) else None)


def observations(m, rowvar):
    """One variable a row."""
    if isinstance(m, Zero):
        return m
    if m.ndim == 1:
        return m[None, :]
    return m if rowvar else m.T


def stacked(dots, operands, rowvar):
    rows = [observations(x, rowvar) for x in operands]
    moved = [
        np.zeros_like(x) if isinstance(dot, Zero) else observations(dot, rowvar)
        for dot, x in zip(dots, rows, strict=True)
    ]
    if len(rows) == 1:
        return moved[0], rows[0]
    return np.concatenate(moved), np.concatenate(rows)


def centred(x):
    return x - np.mean(x, axis=1, keepdims=True)


def adjoint_of(x):
    return conjugate(x).T


def covariance_tangent(x_dot, x, divisor):
    half = centred(x_dot) @ adjoint_of(centred(x)) / divisor
    return half + adjoint_of(half)


@jvp_rule(np.cov, infer=infer_cov, signature="m, y=None, rowvar=True, bias=False, ddof=None, *, dtype=None")
def cov(*args, out, rowvar=True, bias=False, ddof=None, dtype=None):
    x_dot, x = stacked(args[: len(args) // 2], args[len(args) // 2 :], rowvar)
    if ddof is None:
        ddof = 0 if bias else 1
    moved = covariance_tangent(x_dot, x, x.shape[1] - ddof)
    return moved if out.type.ndim == 2 else np.squeeze(moved)


infer_corrcoef = functools.partial(infer_cov, scalar="np")


@jvp_rule(np.corrcoef, infer=infer_corrcoef, signature="x, y=None, rowvar=True, *, dtype=None")
def corrcoef(*args, out, rowvar=True, dtype=None):
    """A correlation moves with its covariance, less its share of the variances on both sides."""
    if out.type.ndim != 2:
        return ZERO
    x_dot, x = stacked(args[: len(args) // 2], args[len(args) // 2 :], rowvar)
    away = centred(x)
    variances = np.sum(np.real(away * conjugate(away)), axis=1)
    moved = covariance_tangent(x_dot, x, 1)
    shares = np.real(np.diagonal(moved)) / variances
    scale = np.sqrt(variances)
    return moved / (scale[:, None] * scale) - 0.5 * out * (shares[:, None] + shares)
