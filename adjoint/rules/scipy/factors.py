"""`scipy.linalg`: factorisations, and the systems that they solve.

The tangents of those that NumPy has as well are those of `adjoint.rules.factor`.
"""

import numpy as np
from scipy import linalg

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules import factor
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import symbolic
from adjoint.rules.factor import infer_svd, infer_svdvals, shorter
from adjoint.rules.infer import array_type
from adjoint.rules.join import absent
from adjoint.rules.linalg import float_dtype, infer_square
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.scipy.forms import Refused, operands_first
from adjoint.rules.shape import matrix_transposed
from adjoint.rules.trace import ZERO

solve_triangular = symbolic(linalg.solve_triangular)


def outer(left, right, like):
    """left right^T, the cotangent of a matrix from those of both sides; `like` is a right-hand side."""
    return np.outer(left, right) if like.ndim == 1 else left @ matrix_transposed(right)


def refuse_complex(fun, x):
    if is_complex(x):
        Refused(fun, "complex matrices").refuse(x)


# ---- Cholesky


CHOLESKY = "a, lower=False, overwrite_a=False, check_finite=True"


@jvp_rule(linalg.cholesky, infer=infer_square("matrix"), signature=CHOLESKY)
def cholesky(a_dot, a, *, out, lower=False, check_finite=True):
    return factor.cholesky(a_dot, a, out=out, upper=not lower)


@operands_first(linalg.cho_factor, CHOLESKY, results=lambda c, lower=False, **_: (c, lower))
def cho_factor(a, **options):
    return (a,), options


def of_triangle(x, lower):
    return np.tril(x) if lower else np.triu(x)


@jvp_rule(cho_factor, linalg.cho_factor, infer=infer_square("matrix"), signature=cho_factor.parameters)
def cho_factor_tangent(a_dot, a, *, out, lower=False, check_finite=True):
    """Of the triangle that belongs to the factor; what SciPy leaves in the other one means nothing."""
    return factor.cholesky(a_dot, a, out=of_triangle(out, lower), upper=not lower)


def infer_second(inputs, attrs):
    """A factor and a right-hand side: the shape of the latter."""
    a, b = inputs[0].type, inputs[-1].type
    if not isinstance(a, ArrayType) or not isinstance(b, ArrayType):
        return UNKNOWN
    dtypes = [float_dtype(t.dtype) for t in (a, b)]
    return array_type(None if None in dtypes else np.result_type(*dtypes).name, b.shape)


@operands_first(
    linalg.cho_solve, "c_and_lower, b, overwrite_b=False, check_finite=True",
    split=lambda c, lower: {"c": c, "lower": lower},
)  # fmt: skip
def cho_solve_call(c, b, *, lower, **options):
    return ((c, lower), b), options


cho_solve = symbolic(linalg.cho_solve)


@jvp_rule(cho_solve_call, linalg.cho_solve, infer=infer_second, signature=cho_solve_call.parameters)
def cho_solve_tangent(c_dot, b_dot, c, b, *, out, lower, check_finite=True):
    refuse_complex(linalg.cho_solve, c)
    change = b_dot
    if not absent(c_dot):
        factor, turned = of_triangle(c, lower), of_triangle(c_dot, lower)
        if not lower:
            factor, turned = matrix_transposed(factor), matrix_transposed(turned)
        change = b_dot - turned @ (matrix_transposed(factor) @ out) - factor @ (matrix_transposed(turned) @ out)
    return cho_solve((c, lower), change)


@vjp_rule(linalg.cho_solve)
def cho_solve_cotangents(bar, c, b, *, out, lower, check_finite=True):
    refuse_complex(linalg.cho_solve, c)
    b_bar = cho_solve((c, lower), bar)
    a_bar = outer(b_bar, out, b)
    whole, factor = a_bar + matrix_transposed(a_bar), of_triangle(c, lower)
    return -of_triangle(whole @ factor if lower else factor @ whole, lower), b_bar


# ---- LU


def infer_lu(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    batch, (rows, columns) = type_.shape[:-2], type_.shape[-2:]
    rank, dtype = shorter(rows, columns), float_dtype(type_.dtype)
    shapes = (rows, rows), (rows, rank), (rank, columns)
    p, lower, upper = (array_type(dtype, (*batch, *shape)) for shape in shapes)
    return array_type(None, p.shape), lower, upper


def divided(x, upper):
    """x U^-1"""
    return matrix_transposed(solve_triangular(upper, matrix_transposed(x), trans=1))


@jvp_rule(
    linalg.lu, infer=infer_lu,
    signature="a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False",
)  # fmt: skip
def lu(a_dot, a, *, out, check_finite=True):
    """Of square matrices: the tangent of L U is split into the strict lower and the upper triangle."""
    p, lower, upper = out
    left = solve_triangular(lower, matrix_transposed(p) @ a_dot, lower=True, unit_diagonal=True)
    inner = divided(left, upper)
    return ZERO, lower @ np.tril(inner, -1), np.triu(inner) @ upper


def infer_lu_factor(inputs, attrs):
    type_ = inputs[0].type
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN, UNKNOWN
    rank = shorter(*type_.shape[-2:])
    return array_type(float_dtype(type_.dtype), type_.shape), array_type("int32", (*type_.shape[:-2], rank))


@jvp_rule(linalg.lu_factor, infer=infer_lu_factor, signature="a, overwrite_a=False, check_finite=True")
def lu_factor(a_dot, a, *, out, check_finite=True):
    packed, pivots = out
    upper = np.triu(packed)
    left = upper @ lu_solve((packed, pivots), a_dot)  # L^-1 P^T a_dot
    inner = divided(left, packed)
    below = np.tril(inner, -1)
    return below + np.tril(packed, -1) @ below + np.triu(inner) @ upper, ZERO


@operands_first(
    linalg.lu_solve, "lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True",
    split=lambda lu, piv: {"lu": lu, "piv": piv},
)  # fmt: skip
def lu_solve_call(lu, piv, b, **options):
    return ((lu, piv), b), options


lu_solve = symbolic(linalg.lu_solve)


def halfway(lu, b):
    """The steps of the transposed system U^T L^T z = b: L^T z, and z."""
    w = solve_triangular(lu, b, trans=1)
    return w, solve_triangular(lu, w, trans=1, lower=True, unit_diagonal=True)


@jvp_rule(lu_solve_call, linalg.lu_solve, infer=infer_second, signature=lu_solve_call.parameters)
def lu_solve_tangent(  # noqa: PLR0913  # tangents, operands, options
    lu_dot, piv_dot, b_dot, lu, piv, b, *, out, trans=0, check_finite=True
):
    """With y = U x: x_dot = (L U)^-1 P^T b_dot - U^-1 (L^-1 L_dot y + U_dot x); transposed likewise."""
    refuse_complex(linalg.lu_solve, lu)
    if absent(lu_dot):
        return lu_solve((lu, piv), b_dot, trans=trans)
    upper, upper_dot, lower_dot = np.triu(lu), np.triu(lu_dot), np.tril(lu_dot, -1)
    if trans:
        w, z = halfway(lu, b)
        change = upper_dot.T @ w + upper.T @ (lower_dot.T @ z)
        return lu_solve((lu, piv), b_dot - change, trans=1)
    inner = solve_triangular(lu, lower_dot @ (upper @ out), lower=True, unit_diagonal=True) + upper_dot @ out
    change = solve_triangular(lu, inner)
    return -change if absent(b_dot) else lu_solve((lu, piv), b_dot) - change


@vjp_rule(linalg.lu_solve)
def lu_solve_cotangents(bar, lu, piv, b, *, out, trans=0, check_finite=True):
    refuse_complex(linalg.lu_solve, lu)
    b_bar = lu_solve((lu, piv), bar, trans=int(not trans))
    if trans:
        w, z = halfway(lu, b)
        upper_bar, lower_bar = outer(w, b_bar, b), outer(z, np.triu(lu) @ b_bar, b)
    else:
        w, z = halfway(lu, bar)
        upper_bar, lower_bar = outer(w, out, b), outer(z, np.triu(lu) @ out, b)
    return -(np.triu(upper_bar) + np.tril(lower_bar, -1)), ZERO, b_bar


# ---- orthogonal factors


def infer_qr(inputs, attrs):
    type_ = inputs[0].type
    mode = attrs.get("mode", "full")
    if mode not in ("full", "economic"):
        raise TypeError("the rule of qr knows the modes 'full' and 'economic' only")
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN, UNKNOWN
    batch, (rows, columns) = type_.shape[:-2], type_.shape[-2:]
    rank, dtype = rows if mode == "full" else shorter(rows, columns), float_dtype(type_.dtype)
    return array_type(dtype, (*batch, rows, rank)), array_type(dtype, (*batch, rank, columns))


@jvp_rule(
    linalg.qr, infer=infer_qr,
    signature="a, overwrite_a=False, lwork=None, mode='full', pivoting=False, check_finite=True",
)  # fmt: skip
def qr(a_dot, a, *, out, mode="full", check_finite=True):
    """Real matrices, square ones where the mode is 'full'."""
    return factor.qr(a_dot, a, out=out)


@jvp_rule(
    linalg.svd, infer=infer_svd,
    signature="a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True, lapack_driver='gesdd'",
)  # fmt: skip
def svd(a_dot, a, *, out, full_matrices=True, compute_uv=True, check_finite=True, lapack_driver="gesdd"):
    return factor.svd(a_dot, a, out=out, full_matrices=full_matrices, compute_uv=compute_uv)


@vjp_rule(linalg.svd)
def svd_cotangent(bars, a, *, out, full_matrices=True, compute_uv=True, check_finite=True, lapack_driver="gesdd"):
    return factor.svd_cotangent(bars, a, out=out, full_matrices=full_matrices, compute_uv=compute_uv)


@jvp_rule(linalg.svdvals, infer=infer_svdvals, signature="a, overwrite_a=False, check_finite=True")
def svdvals(a_dot, a, *, check_finite=True):
    return factor.svdvals(a_dot, a)


# ---- eigenvalues of Hermitian matrices


def infer_eigh(inputs, attrs):
    results = ("real vector",) if attrs.get("eigvals_only") else ("real vector", "matrix")
    return infer_square(*results)(inputs, attrs)


EIGH = (
    "a, b=None, *, lower=True, eigvals_only=False, overwrite_a=False, overwrite_b=False, type=1, check_finite=True, "
    "subset_by_index=None, subset_by_value=None, driver=None"
)


def letter(lower):
    return "L" if lower else "U"


@jvp_rule(linalg.eigh, infer=infer_eigh, signature=EIGH)
def eigh(a_dot, a, *, out, lower=True, eigvals_only=False, check_finite=True, driver=None):
    if eigvals_only:
        return factor.eigvalsh(a_dot, a, UPLO=letter(lower))
    return factor.eigh(a_dot, a, out=out, UPLO=letter(lower))


@vjp_rule(linalg.eigh)
def eigh_cotangent(bars, a, *, out, lower=True, eigvals_only=False, check_finite=True, driver=None):
    if eigvals_only:
        _, vectors = np.linalg.eigh(a, letter(lower))
        return factor.eigh_cotangent((bars, ZERO), a, out=(out, vectors), UPLO=letter(lower))
    return factor.eigh_cotangent(bars, a, out=out, UPLO=letter(lower))


@jvp_rule(linalg.eigvalsh, infer=infer_square("real vector"), signature=EIGH.replace("eigvals_only=False, ", ""))
def eigvalsh(a_dot, a, *, lower=True, check_finite=True, driver=None):
    return factor.eigvalsh(a_dot, a, UPLO=letter(lower))
