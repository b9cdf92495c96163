"""Factorisations of matrices.

NumPy reads one triangle of the matrix of `cholesky` and `eigh`, and so do these rules: the other triangle has
cotangent 0. Singular vectors and eigenvectors turn infinitely fast where values meet; differences of equal
values are left out, so that functions of the values alone, and of what does not depend on the choice of
the vectors, have the right and finite derivative. The phases of complex vectors are LAPACK's choice, and
constant in its sense: the first component of a vector is real (of `eigh` with the upper triangle the last; of `svd`
that of the longer side), and so is the diagonal of R. It follows from the Householder reductions that all
of them begin with. Formulas: Giles (2008); J. Townsend, Differentiating the singular value decomposition (2016);
S. F. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions (2010).
"""

import numpy as np

from adjoint.ir.types import UNKNOWN, ArrayType, known_not_one
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.infer import array_type, same
from adjoint.rules.internal import add_at, traceable
from adjoint.rules.join import absent
from adjoint.rules.lengths import named
from adjoint.rules.linalg import adjoint_of, float_dtype, infer_square, real_dtype
from adjoint.rules.products import conjugate
from adjoint.rules.registry import jvp_rule, linear, vjp_rule
from adjoint.rules.shape import matrix_transposed
from adjoint.rules.special import quotient
from adjoint.rules.trace import ZERO, Sym
from adjoint.runtime import arrays

full_basis = traceable(arrays.full_basis)

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
    gaps = for_columns(values) - for_rows(values)
    equal = gaps == 0
    return np.where(equal, 0.0, 1 / np.where(equal, 1.0, gaps))


@jvp_rule(np.linalg.eigh, infer=infer_square("real vector", "matrix"))
def eigh(a_dot, a, *, out, UPLO="L"):
    values, vectors = out
    inner = adjoint_of(vectors) @ symmetric(a_dot, a, UPLO in "Uu") @ vectors
    turned = vectors @ (inverse_gaps(values) * inner)
    return real_part(diagonal(inner)), with_real_row(turned, vectors, -1 if UPLO in "Uu" else 0)


def diagonal(x):
    return np.diagonal(x, 0, -2, -1)


def real_part(x):
    return np.real(x) if is_complex(x) else x


def with_real_row(turned, vectors, row):
    """The tangent of complex vectors that keep a real row: phases move against it."""
    if not is_complex(vectors):
        return turned
    return turned - 1j * vectors * for_columns(rate_of_phase(turned, vectors, row))


def rate_of_phase(turned, vectors, row):
    """How fast the numbers of a row, which are real, would turn."""
    return quotient(np.imag(turned[..., row, :]), np.real(vectors[..., row, :]))


@vjp_rule(np.linalg.eigh)
def eigh_cotangent(bars, a, *, out, UPLO="L"):
    (values_bar, vectors_bar), (values, vectors) = bars, out
    spread = conjugate(vectors)
    full = ZERO
    if not absent(values_bar):
        full = (spread * for_columns(values_bar)) @ matrix_transposed(vectors)
    if not absent(vectors_bar):
        if is_complex(a):
            weights = np.sum(np.imag(vectors_bar * vectors), axis=-2)
            vectors_bar = phase_returned(vectors_bar, weights, vectors, -1 if UPLO in "Uu" else 0)
        inner = inverse_gaps(values) * (matrix_transposed(vectors) @ vectors_bar)
        full = full + spread @ inner @ matrix_transposed(vectors)
    return half_triangle(a, UPLO in "Uu") * (full + adjoint_of(full))


def phase_returned(bar, weights, vectors, row):
    """The cotangent of vectors, with that of their phases added to the row which these keep real."""
    gift = -1j * quotient(weights, np.real(vectors[..., row, :]))
    return add_at(bar, gift, index=(..., row, slice(None)))


@jvp_rule(np.linalg.eigvalsh, infer=infer_square("real vector"))
def eigvalsh(a_dot, a, *, UPLO="L"):
    _, vectors = np.linalg.eigh(a, UPLO)
    return real_sum(conjugate(vectors) * (symmetric(a_dot, a, UPLO in "Uu") @ vectors))


def real_sum(x):
    """The sums along the columns, as real numbers."""
    return np.sum(np.real(x) if is_complex(x) else x, axis=-2)


# ---- singular values


@linear(full_basis, infer=same, wrt=(0,))
def full_basis_transposed(bar, u, vh):
    return bar


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
    u, s, vh = determined(a, out) if full_matrices else out
    v = adjoint_of(vh)
    inner = adjoint_of(u) @ a_dot @ v
    gaps, values = inverse_gaps(s * s), for_columns(s)
    left, right = inner * values, for_rows(s) * inner
    turn_u = gaps * (left + adjoint_of(left))
    turn_v = gaps * (right + adjoint_of(right))
    if is_complex(a):
        turn_u = turn_u + 1j * np.eye(s.shape[-1], like=s) * quotient(np.imag(inner), values)
    u_dot, v_dot = u @ turn_u, v @ turn_v
    if not full_matrices:
        u_dot = u_dot + outside(u, quotient(a_dot @ v, values))
        v_dot = v_dot + outside(v, quotient(adjoint_of(a_dot) @ u, values))
    if is_complex(a):
        phase = np.where(is_tall(a), rate_of_phase(v_dot, v, 0), rate_of_phase(u_dot, u, 0))
        turn = 1j * for_columns(phase)
        u_dot, v_dot = u_dot - u * turn, v_dot - v * turn
    if not full_matrices or is_square(a):
        return u_dot, real_part(diagonal(inner)), adjoint_of(v_dot)
    u, _, vh = np.linalg.svd(a, full_matrices=False)  # values have a tangent where not all vectors are determined
    return u_dot, values_tangent(a_dot, u, vh), adjoint_of(v_dot)


def for_columns(x):
    """Numbers that each belong to a column of a matrix, so that they broadcast against it."""
    return x if x.ndim == 1 else x[..., None, :]


def for_rows(x):
    """The same for the rows."""
    return x[:, None] if x.ndim == 1 else x[..., :, None]


def values_tangent(a_dot, u, vh):
    return real_sum(conjugate(u) * (a_dot @ adjoint_of(vh)))


def outside(basis, x):
    """The part of the columns of `x` that is orthogonal to the columns of `basis`."""
    return x - basis @ (adjoint_of(basis) @ x)


def is_tall(a):
    return a.shape[-2] >= a.shape[-1]


def determined(a, out):
    """The factors, if a matrix determines all vectors: those of a full factorisation do so for a square matrix only."""
    u, s, vh = out
    return (u if is_square(a) else full_basis(u, vh)), s, vh


def is_square(a):
    rows, columns = (a.type if isinstance(a, Sym) else a).shape[-2:]
    return rows == columns


@vjp_rule(np.linalg.svd)
def svd_cotangent(bars, a, *, out, full_matrices=True, compute_uv=True):
    if not compute_uv:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return (conjugate(u) * for_columns(bars)) @ conjugate(vh)
    (u_bar, s_bar, vh_bar), (u, s, vh) = bars, out
    if absent(u_bar) and absent(vh_bar):
        if full_matrices and not is_square(a):  # nothing of the vectors beyond, which have no derivatives
            u, _, vh = np.linalg.svd(a, full_matrices=False)
        return (conjugate(u) * for_columns(s_bar)) @ conjugate(vh)
    if full_matrices:
        u, s, vh = determined(a, out)
    v_bar = vh_bar if absent(vh_bar) else adjoint_of(vh_bar)
    v = adjoint_of(vh)
    if is_complex(a):
        u_bar, v_bar = phases_returned(u_bar, v_bar, u, v, is_tall(a))
    gaps, values = inverse_gaps(s * s), for_columns(s)
    core, rest = ZERO, ZERO
    if not absent(s_bar):
        core = for_columns(s_bar) * np.eye(s.shape[-1], like=s)
    if not absent(u_bar):
        inner = matrix_transposed(u) @ u_bar
        core = core + gaps * (inner - adjoint_of(inner)) * values
        if is_complex(a):
            core = core + 1j * np.eye(s.shape[-1], like=s) * quotient(np.imag(inner), values)
        if not full_matrices:
            rest = outside(conjugate(u), quotient(u_bar, values)) @ conjugate(vh)
    if not absent(v_bar):
        inner = matrix_transposed(v) @ v_bar
        core = core + for_rows(s) * (gaps * (inner - adjoint_of(inner)))
        if not full_matrices:
            rest = rest + conjugate(u) @ adjoint_of(outside(conjugate(v), quotient(v_bar, values)))
    return conjugate(u) @ core @ conjugate(vh) + rest


def phases_returned(u_bar, v_bar, u, v, tall):
    """The same for singular vectors, which share their phases."""
    weights = ZERO
    for bar, vectors in ((u_bar, u), (v_bar, v)):
        if not absent(bar):
            weights = weights + np.sum(np.imag(bar * vectors), axis=-2)
    u_bar, v_bar = (np.zeros_like(x) if absent(bar) else bar for bar, x in ((u_bar, u), (v_bar, v)))
    u_bar = phase_returned(u_bar, np.where(tall, 0, weights), u, 0)
    return u_bar, phase_returned(v_bar, np.where(tall, weights, 0), v, 0)


def infer_svdvals(inputs, attrs):
    return infer_svd(inputs, {"compute_uv": False})


@jvp_rule(np.linalg.svdvals, infer=infer_svdvals)
def svdvals(a_dot, a):
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return values_tangent(a_dot, u, vh)


# ---- orthogonal and triangular factors


def infer_qr(inputs, attrs):
    type_ = inputs[0].type
    mode = attrs.get("mode", "reduced")
    if mode not in ("reduced", "r"):
        raise TypeError("the rule of qr knows the modes 'reduced' and 'r' only")
    if not isinstance(type_, ArrayType) or type_.shape is None:
        return UNKNOWN if mode == "r" else (UNKNOWN, UNKNOWN)
    batch, (rows, columns) = type_.shape[:-2], type_.shape[-2:]
    rank, dtype = shorter(rows, columns), float_dtype(type_.dtype)
    r = array_type(dtype, (*batch, rank, columns))
    return r if mode == "r" else (array_type(dtype, (*batch, rows, rank)), r)


@jvp_rule(np.linalg.qr, infer=infer_qr)
def qr(a_dot, a, *, out, mode="reduced"):
    """Walter and Lehmann (2010), algorithm 1. A wide matrix has the Q of its first columns, and R = Q^H A."""
    q, r = out if mode == "reduced" else np.linalg.qr(a)
    leading = (slice(None),) * (a.ndim - 1) + (slice(r.shape[-2]),)
    square_r, first_dot = r[leading], a_dot[leading]
    scaled = adjoint_of(np.linalg.solve(adjoint_of(square_r), adjoint_of(first_dot)))
    inner = adjoint_of(q) @ scaled
    below = np.tril(inner, -1)
    turn = below - adjoint_of(below)
    if is_complex(a):
        turn = turn + 1j * np.eye(r.shape[-2], like=r) * np.imag(inner)
    r_dot = adjoint_of(q) @ a_dot - turn @ r
    return r_dot if mode == "r" else (q @ turn + outside(q, scaled), r_dot)
