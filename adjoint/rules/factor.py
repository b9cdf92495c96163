"""Factorisations of matrices.

NumPy reads one triangle of the matrix of `cholesky` and `eigh`, and so do these rules: the other triangle has
cotangent 0. Singular vectors and eigenvectors turn infinitely fast where values meet; differences of equal
values are left out, so that functions of the values alone, and of what does not depend on the choice of
the vectors, have the right and finite derivative. The phases of complex vectors are LAPACK's choice: only
the values have derivatives then. Formulas: Giles (2008); J. Townsend, Differentiating the singular value
decomposition (2016); S. F. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions (2010).
"""

import numpy as np

from adjoint.errors import TypeInferenceError
from adjoint.ir.types import UNKNOWN, ArrayType, known_not_one
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.infer import array_type
from adjoint.rules.join import absent
from adjoint.rules.lengths import named
from adjoint.rules.linalg import adjoint_of, float_dtype, infer_square, real_dtype
from adjoint.rules.products import conjugate
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.shape import matrix_transposed
from adjoint.rules.special import quotient
from adjoint.rules.trace import ZERO

# ---- triangles


def half_triangle(x, upper):
    """1 in one triangle, 1/2 on the diagonal, 0 in the other triangle."""
    n = x.shape[-1]
    lower = np.tri(n, like=x) - 0.5 * np.eye(n, like=x)
    return lower.T if upper else lower


def symmetric(a_dot, a, upper):
    """The Hermitian matrix of which one triangle is read."""
    triangle = a_dot * half_triangle(a, upper)
    return triangle + adjoint_of(triangle)


@jvp_rule(np.linalg.cholesky, infer=infer_square("matrix"))
def cholesky(a_dot, a, *, out, upper=False):
    """With A = L L^H: L_dot = L Phi(L^-1 A_dot L^-H), where Phi halves the diagonal of the lower triangle."""
    factor = adjoint_of(out) if upper else out
    half = np.linalg.solve(factor, symmetric(a_dot, a, upper))
    inner = np.linalg.solve(factor, adjoint_of(half))
    factor_dot = factor @ (inner * half_triangle(a, upper=False))
    return adjoint_of(factor_dot) if upper else factor_dot


# ---- eigenvalues of Hermitian matrices


def inverse_gaps(values):
    """1 / (v_j - v_i), and 0 for equal values."""
    gaps = values[..., None, :] - values[..., :, None]
    equal = gaps == 0
    return np.where(equal, 0.0, 1 / np.where(equal, 1.0, gaps))


def refuse_vectors(name, reason):
    raise TypeInferenceError(f"{name}: {reason}; only functions of the values can be differentiated here")


PHASES = "the phases of complex vectors are not determined by the matrix"


@jvp_rule(np.linalg.eigh, infer=infer_square("real vector", "matrix"))
def eigh(a_dot, a, *, out, UPLO="L"):
    values, vectors = out
    if is_complex(a):
        refuse_vectors("linalg.eigh", PHASES)
    inner = matrix_transposed(vectors) @ symmetric(a_dot, a, UPLO in "Uu") @ vectors
    return np.diagonal(inner, 0, -2, -1), vectors @ (inverse_gaps(values) * inner)


@vjp_rule(np.linalg.eigh)
def eigh_cotangent(bars, a, *, out, UPLO="L"):
    (values_bar, vectors_bar), (values, vectors) = bars, out
    if not absent(vectors_bar) and is_complex(a):
        refuse_vectors("linalg.eigh", PHASES)
    spread = conjugate(vectors)
    full = ZERO
    if not absent(values_bar):
        full = (spread * for_columns(values_bar)) @ matrix_transposed(vectors)
    if not absent(vectors_bar):
        inner = inverse_gaps(values) * (matrix_transposed(vectors) @ vectors_bar)
        full = full + vectors @ inner @ matrix_transposed(vectors)
    return half_triangle(a, UPLO in "Uu") * (full + adjoint_of(full))


@jvp_rule(np.linalg.eigvalsh, infer=infer_square("real vector"))
def eigvalsh(a_dot, a, *, UPLO="L"):
    _, vectors = np.linalg.eigh(a, UPLO)
    return real_sum(conjugate(vectors) * (symmetric(a_dot, a, UPLO in "Uu") @ vectors))


def real_sum(x):
    """The sums along the columns, as real numbers."""
    return np.sum(np.real(x) if is_complex(x) else x, axis=-2)


# ---- singular values


def infer_svd(inputs, attrs):
    type_ = inputs[0].type
    vectors, full = attrs.get("compute_uv", True), attrs.get("full_matrices", True)
    if not isinstance(type_, ArrayType):
        return (UNKNOWN,) * 3 if vectors else UNKNOWN
    dtype, shape = float_dtype(type_.dtype), type_.shape
    if shape is None:
        values = array_type(real_dtype(type_.dtype), None)
        return (array_type(dtype, None), values, array_type(dtype, None)) if vectors else values
    batch, (rows, columns) = shape[:-2], shape[-2:]
    rank = shorter(rows, columns)
    values = array_type(real_dtype(type_.dtype), (*batch, rank))
    if not vectors:
        return values
    u = (*batch, rows, rows if full else rank)
    vh = (*batch, columns if full else rank, columns)
    return array_type(dtype, u), values, array_type(dtype, vh)


def shorter(rows, columns):
    if isinstance(rows, int) and isinstance(columns, int):
        return min(rows, columns)
    if 1 in (rows, columns):
        return named("min({},{})", rows, columns)
    if rows == columns:
        return rows
    return named("min({},{})", rows, columns, not_one=known_not_one(rows) and known_not_one(columns))


@jvp_rule(np.linalg.svd, infer=infer_svd)
def svd(a_dot, a, *, out, full_matrices=True, compute_uv=True):
    if not compute_uv:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return values_tangent(a_dot, u, vh)
    refuse_singular_vectors(a, out, full_matrices)
    u, s, vh = out
    u_t, v = matrix_transposed(u), matrix_transposed(vh)
    inner = u_t @ a_dot @ v
    gaps = inverse_gaps(s * s)
    values = for_columns(s)
    left, right = inner * values, s[..., :, None] * inner
    turn_u = gaps * (left + matrix_transposed(left))
    turn_v = gaps * (right + matrix_transposed(right))
    u_dot = u @ turn_u + outside(u, quotient(a_dot @ v, values))
    v_dot = v @ turn_v + outside(v, quotient(matrix_transposed(a_dot) @ u, values))
    return u_dot, np.diagonal(inner, 0, -2, -1), matrix_transposed(v_dot)


def for_columns(x):
    """Numbers that each belong to a column of a matrix, so that they broadcast against it."""
    return x if x.ndim == 1 else x[..., None, :]


def values_tangent(a_dot, u, vh):
    return real_sum(conjugate(u) * (a_dot @ adjoint_of(vh)))


def outside(basis, x):
    """The part of the columns of `x` that is orthogonal to the columns of `basis`."""
    return x - basis @ (matrix_transposed(basis) @ x)


def refuse_singular_vectors(a, out, full_matrices):
    if is_complex(a):
        refuse_vectors("linalg.svd", PHASES)
    if full_matrices and not is_square(a):
        reason = "with full_matrices=True a matrix that is not square does not determine all vectors"
        refuse_vectors("linalg.svd", reason)


def is_square(x):
    """Whether a matrix is certainly square."""
    rank = x.ndim
    shape = x.type.shape if hasattr(x, "type") else x.shape
    return shape[rank - 1] == shape[rank - 2]


@vjp_rule(np.linalg.svd)
def svd_cotangent(bars, a, *, out, full_matrices=True, compute_uv=True):
    if not compute_uv:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return (conjugate(u) * for_columns(bars)) @ conjugate(vh)
    (u_bar, s_bar, vh_bar), (u, s, vh) = bars, out
    if absent(u_bar) and absent(vh_bar):
        if full_matrices and not is_square(a):
            count = slice(s.shape[-1])
            batch = (slice(None),) * (a.ndim - 2)
            u, vh = u[(*batch, slice(None), count)], vh[(*batch, count)]
        return (conjugate(u) * for_columns(s_bar)) @ conjugate(vh)
    refuse_singular_vectors(a, out, full_matrices)
    gaps, values = inverse_gaps(s * s), for_columns(s)
    core, rest = ZERO, ZERO
    if not absent(s_bar):
        core = for_columns(s_bar) * np.eye(s.shape[-1], like=s)
    if not absent(u_bar):
        inner = matrix_transposed(u) @ u_bar
        core = core + gaps * (inner - matrix_transposed(inner)) * values
        rest = outside(u, quotient(u_bar, values)) @ vh
    if not absent(vh_bar):
        v, v_bar = matrix_transposed(vh), matrix_transposed(vh_bar)
        inner = vh @ v_bar
        core = core + s[..., :, None] * (gaps * (inner - matrix_transposed(inner)))
        rest = rest + u @ matrix_transposed(outside(v, quotient(v_bar, values)))
    return u @ core @ vh + rest


def infer_svdvals(inputs, attrs):
    return infer_svd(inputs, {"compute_uv": False})


@jvp_rule(np.linalg.svdvals, infer=infer_svdvals)
def svdvals(a_dot, a):
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return values_tangent(a_dot, u, vh)


# ---- orthogonal and triangular factors


def infer_qr(inputs, attrs):
    type_ = inputs[0].type
    if attrs.get("mode", "reduced") != "reduced":
        raise TypeError("the rule of qr knows the mode 'reduced' only")
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN, UNKNOWN
    batch, (rows, columns) = type_.shape[:-2], type_.shape[-2:]
    rank, dtype = shorter(rows, columns), float_dtype(type_.dtype)
    return array_type(dtype, (*batch, rows, rank)), array_type(dtype, (*batch, rank, columns))


@jvp_rule(np.linalg.qr, infer=infer_qr)
def qr(a_dot, a, *, out, mode="reduced"):
    """Walter and Lehmann (2010), algorithm 1; for real matrices with at least as many rows as columns."""
    if is_complex(a):
        refuse_vectors("linalg.qr", PHASES)
    q, r = out
    q_t = matrix_transposed(q)
    scaled = matrix_transposed(np.linalg.solve(matrix_transposed(r), matrix_transposed(a_dot)))
    inner = q_t @ scaled
    below = np.tril(inner, -1)
    turn = below - matrix_transposed(below)
    return q @ turn + outside(q, scaled), (inner - turn) @ r
