"""`scipy.linalg`: systems of equations, inverses, determinants, norms; real and complex, stacks where SciPy takes them.

Where a function reads a part of its matrix only (a triangle, a band), the rest has cotangent 0. The reverse of a system
is the transposed system, for which a factorisation that is given serves again: M. B. Giles, Collected matrix
derivative results for forward and reverse mode algorithmic differentiation (2008), 2.3.
"""

import numpy as np
from scipy import linalg

from adjoint.ir.types import PY_FLOAT, ArrayType
from adjoint.rules import linalg as numpy_linalg
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import symbolic
from adjoint.rules.factor import half_triangle, symmetric
from adjoint.rules.infer import array_type
from adjoint.rules.linalg import infer_norm, infer_pinv, infer_solve, infer_square
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.scipy import banded, matrices  # noqa: F401  # enter their rules
from adjoint.rules.scipy.factors import outer, refuse_complex
from adjoint.rules.scipy.forms import Refused
from adjoint.rules.shape import matrix_transposed
from adjoint.rules.trace import Zero

solve, solve_triangular = symbolic(linalg.solve), symbolic(linalg.solve_triangular)


def refuse_one_side_for_many(fun, a, b):
    if a.ndim > 2 and b.ndim != a.ndim:
        Refused(fun, "a stack of matrices with one right-hand side: give each its own, `b[..., None]`").refuse(b)


# ---- inverses and determinants


@jvp_rule(
    linalg.inv, infer=infer_square("matrix"),
    signature="a, overwrite_a=False, check_finite=True, *, assume_a=None, lower=False",
)  # fmt: skip
def inv(a_dot, a, *, out, check_finite=True):
    return -(out @ a_dot @ out)


@jvp_rule(linalg.pinv, infer=infer_pinv, signature="a, *, atol=None, rtol=None, return_rank=False, check_finite=True")
def pinv(a_dot, a, *, out, atol=None, rtol=None, check_finite=True):
    return numpy_linalg.pinv(a_dot, a, out=out)


def infer_det(inputs, attrs):
    """SciPy computes determinants in double precision."""
    type_ = infer_square("number")(inputs, attrs)
    if not isinstance(type_, ArrayType) or type_.dtype is None:
        return type_
    return array_type("complex128" if type_.dtype.startswith("complex") else "float64", type_.shape)


@jvp_rule(linalg.det, infer=infer_det, signature="a, overwrite_a=False, check_finite=True")
def det(a_dot, a, *, check_finite=True):
    return numpy_linalg.det(a_dot, a)


def infer_scipy_norm(inputs, attrs):
    """BLAS and LAPACK give Python floats: for vectors always, for matrices it depends on how they lie in memory."""
    type_ = infer_norm()(inputs, attrs)
    if not isinstance(type_, ArrayType) or attrs.get("axis") is not None or attrs.get("keepdims"):
        return type_
    rank, ord = inputs[0].type.ndim, attrs.get("ord")
    if rank == 1 and ord in (None, 2):
        return PY_FLOAT
    if rank == 2 and ord in (1, np.inf):
        return array_type(type_.dtype if type_.dtype == "float64" else None, (), scalar_kind="any")
    return type_


@jvp_rule(linalg.norm, infer=infer_scipy_norm, signature="a, ord=None, axis=None, keepdims=False, check_finite=True")
def norm(x_dot, x, *, out, ord=None, axis=None, keepdims=False, check_finite=True):
    return numpy_linalg.norm(x_dot, x, out=out, ord=ord, axis=axis, keepdims=keepdims)


# ---- systems

SYMMETRIC = ("sym", "symmetric", "her", "hermitian", "pos", "positive definite")
OTHER_TRIANGLE = {"upper triangular": "lower triangular", "lower triangular": "upper triangular"}


def part_read(x, assume_a, lower):
    """What `solve` makes of a matrix of which it reads a part; `x` is a tangent."""
    if isinstance(x, Zero):
        return x
    if assume_a in SYMMETRIC:
        return symmetric(x, x, not lower)
    if assume_a in ("upper triangular", "lower triangular"):
        return np.triu(x) if assume_a == "upper triangular" else np.tril(x)
    if assume_a == "diagonal":
        return x * np.eye(x.shape[-1], like=x)
    return np.tril(np.triu(x, -1), 1) if assume_a == "tridiagonal" else x


def part_read_transposed(bar, assume_a, lower):
    if assume_a in SYMMETRIC:
        return half_triangle(bar, not lower) * (bar + matrix_transposed(bar))
    return part_read(bar, assume_a, lower)


SOLVE = "a, b, lower=False, overwrite_a=False, overwrite_b=False, check_finite=True, assume_a=None, transposed=False"


@jvp_rule(linalg.solve, infer=infer_solve, signature=SOLVE)
def solve_tangent(  # noqa: PLR0913  # tangents, operands, options
    a_dot, b_dot, a, b, *, out, lower=False, check_finite=True, assume_a=None, transposed=False
):
    refuse_one_side_for_many(linalg.solve, a, b)
    if assume_a in SYMMETRIC:
        refuse_complex(linalg.solve, a)
    a_dot = part_read(a_dot, assume_a, lower)
    change = b_dot - (matrix_transposed(a_dot) if transposed else a_dot) @ out
    return solve(a, change, lower=lower, assume_a=assume_a, transposed=transposed)


@vjp_rule(linalg.solve)
def solve_cotangents(bar, a, b, *, out, lower=False, check_finite=True, assume_a=None, transposed=False):
    refuse_one_side_for_many(linalg.solve, a, b)
    if assume_a in SYMMETRIC:
        refuse_complex(linalg.solve, a)
        b_bar = solve(a, bar, lower=lower, assume_a=assume_a)
    elif transposed:
        b_bar = solve(a, bar, assume_a=assume_a)
    else:
        b_bar = solve(matrix_transposed(a), bar, assume_a=OTHER_TRIANGLE.get(assume_a, assume_a))
    a_bar = outer(out, b_bar, b) if transposed else outer(b_bar, out, b)
    return -part_read_transposed(a_bar, assume_a, lower), b_bar


# ---- triangular systems


def triangle(x, lower, unit_diagonal):
    """What is read of a triangular matrix."""
    start = 1 if unit_diagonal else 0
    return np.tril(x, -start) if lower else np.triu(x, start)


def is_transposed(trans, a):
    if trans in (2, "C") and is_complex(a):
        Refused(linalg.solve_triangular, "a complex matrix with trans=2: give its conjugate with trans=1").refuse(a)
    return trans in (1, 2, "T", "C")


@jvp_rule(
    linalg.solve_triangular, infer=infer_solve,
    signature="a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True",
)  # fmt: skip
def solve_triangular_tangent(  # noqa: PLR0913  # tangents, operands, options
    a_dot, b_dot, a, b, *, out, trans=0, lower=False, unit_diagonal=False, check_finite=True
):
    refuse_one_side_for_many(linalg.solve_triangular, a, b)
    a_dot = triangle(a_dot, lower, unit_diagonal)
    change = b_dot - (matrix_transposed(a_dot) if is_transposed(trans, a) else a_dot) @ out
    return solve_triangular(a, change, trans=trans, lower=lower, unit_diagonal=unit_diagonal)


@vjp_rule(linalg.solve_triangular)
def solve_triangular_cotangents(bar, a, b, *, out, trans=0, lower=False, unit_diagonal=False, check_finite=True):
    refuse_one_side_for_many(linalg.solve_triangular, a, b)
    transposed = is_transposed(trans, a)
    b_bar = solve_triangular(a, bar, trans=int(not transposed), lower=lower, unit_diagonal=unit_diagonal)
    a_bar = outer(out, b_bar, b) if transposed else outer(b_bar, out, b)
    return -triangle(a_bar, lower, unit_diagonal), b_bar
