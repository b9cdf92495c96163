"""`scipy.linalg`: functions of matrices, matrix equations, matrices built from vectors.

A primary function of a matrix has the derivative f([[a, e], [0, a]])[:n, n:] at a in direction e, and its transpose is
the derivative at the transposed matrix: R. Mathias, A chain rule for matrix functions and applications, SIAM J.
Matrix Anal. Appl. 17 (1996); N. J. Higham, Functions of Matrices (2008), 3.2.
"""

import numpy as np
from scipy import linalg

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.arithmetic import is_complex
from adjoint.rules.calls import gapless, symbolic
from adjoint.rules.infer import array_type
from adjoint.rules.internal import add_at
from adjoint.rules.lengths import same_or_first, strong_dtype, sum_of_lengths
from adjoint.rules.linalg import float_dtype, infer_square
from adjoint.rules.registry import jvp_rule, linear, vjp_rule
from adjoint.rules.scipy.forms import Refused
from adjoint.rules.shape import matrix_transposed

# ---- functions of matrices


def infer_matrix_function(inputs, attrs):
    type_ = inputs[0].type
    if isinstance(type_, ArrayType) and type_.shape is not None and len(type_.shape) != 2:
        raise TypeError("the rules of functions of matrices are for one matrix, not for a stack")
    return infer_square("matrix")(inputs, attrs)


def infer_maybe_complex(inputs, attrs):
    """Real matrices may have complex roots and logarithms: it depends on their values."""
    type_ = infer_matrix_function(inputs, attrs)
    if not isinstance(type_, ArrayType):
        return UNKNOWN
    return array_type(type_.dtype if type_.dtype == "complex128" else None, type_.shape)


def matrix_function(fun, infer=infer_matrix_function):
    """Enter the rules of a primary function of a matrix."""
    traced = symbolic(fun)

    def derivative(a, direction):
        n = a.shape[0]
        above = np.concatenate([a, direction], axis=1)
        pair = np.concatenate([above, np.concatenate([np.zeros_like(a), a], axis=1)])
        return traced(pair)[:n, n:]

    jvp_rule(fun, infer=infer, signature="A")(lambda a_dot, a: derivative(a, a_dot))
    vjp_rule(fun)(lambda bar, a: derivative(matrix_transposed(a), bar))


for _fun in (linalg.expm, linalg.cosm, linalg.sinm, linalg.tanm, linalg.coshm, linalg.sinhm, linalg.tanhm):
    matrix_function(_fun)
matrix_function(linalg.logm, infer_maybe_complex)

solve_sylvester, solve_lyapunov = symbolic(linalg.solve_sylvester), symbolic(linalg.solve_continuous_lyapunov)


@jvp_rule(linalg.sqrtm, infer=infer_maybe_complex, signature="A")
def sqrtm(a_dot, a, *, out):
    return solve_sylvester(out, out, a_dot)


@vjp_rule(linalg.sqrtm)
def sqrtm_cotangent(bar, a, *, out):
    root = matrix_transposed(out)
    return solve_sylvester(root, root, bar)


# ---- matrix equations


def infer_last(inputs, attrs):
    """The shape of the right-hand side."""
    types = [atom.type for atom in inputs]
    if not all(isinstance(type_, ArrayType) for type_ in types):
        return UNKNOWN
    dtypes = [float_dtype(type_.dtype) for type_ in types]
    return array_type(None if None in dtypes else np.result_type(*dtypes).name, types[-1].shape)


@jvp_rule(linalg.solve_sylvester, infer=infer_last, signature="a, b, q")
def sylvester(a_dot, b_dot, q_dot, a, b, q, *, out):
    return solve_sylvester(a, b, q_dot - a_dot @ out - out @ b_dot)


@vjp_rule(linalg.solve_sylvester)
def sylvester_cotangents(bar, a, b, q, *, out):
    q_bar = solve_sylvester(matrix_transposed(a), matrix_transposed(b), bar)
    out_t = matrix_transposed(out)
    return -(q_bar @ out_t), -(out_t @ q_bar), q_bar


def refuse_complex(x):
    if is_complex(x):
        Refused(linalg.solve_continuous_lyapunov, "complex matrices: use solve_sylvester").refuse(x)


@jvp_rule(linalg.solve_continuous_lyapunov, infer=infer_last, signature="a, q")
def lyapunov(a_dot, q_dot, a, q, *, out):
    refuse_complex(a)
    return solve_lyapunov(a, q_dot - a_dot @ out - out @ matrix_transposed(a_dot))


@vjp_rule(linalg.solve_continuous_lyapunov)
def lyapunov_cotangents(bar, a, q, *, out):
    refuse_complex(a)
    q_bar = solve_lyapunov(matrix_transposed(a), bar)
    return -(q_bar @ matrix_transposed(out) + matrix_transposed(q_bar) @ out), q_bar


# ---- matrices from vectors and blocks


def infer_block_diag(inputs, attrs):
    types = [atom.type for atom in inputs]
    if not all(isinstance(type_, ArrayType) and type_.shape is not None and len(type_.shape) <= 2 for type_ in types):
        raise TypeError("the rule of block_diag is for matrices, vectors and numbers")
    shapes = [(1, 1)[len(type_.shape) :] + type_.shape for type_ in types]
    return array_type(strong_dtype(types), tuple(sum_of_lengths(dims) for dims in zip(*shapes, strict=True)))


@linear(linalg.block_diag, infer=infer_block_diag, signature="*arrs")
def block_diag(bar, *arrays):
    parts, row, column = [], 0, 0
    for x in arrays:
        rank = np.ndim(x) if isinstance(x, (int, float, complex)) else x.ndim
        rows = x.shape[0] if rank == 2 else 1
        columns = x.shape[-1] if rank else 1
        across = slice(column, column + columns) if rank else column
        parts.append(bar[slice(row, row + rows) if rank == 2 else row, across])
        row, column = row + rows, column + columns
    return tuple(parts)


def infer_from_vectors(inputs, attrs):
    types = [atom.type for atom in inputs]
    if not all(isinstance(type_, ArrayType) and type_.shape is not None and len(type_.shape) == 1 for type_ in types):
        raise TypeError("the rule is for vectors")
    return array_type(strong_dtype(types), (types[0].shape[0], types[-1].shape[0]))


def sums_of_antidiagonals(bar, rows, columns):
    """The sums over i + j = k."""
    places = np.arange(rows, like=bar)[:, None] + np.arange(columns, like=bar)
    return add_at(np.zeros_like(np.concatenate([bar[:, 0], bar[0, 1:]])), bar, index=places)


@linear(linalg.toeplitz, infer=infer_from_vectors, signature=gapless("c, r=None"))
def toeplitz(bar, c, *r):
    """The first column, and the first row but for its first number; without a row, the conjugate column."""
    if not r and is_complex(c):
        Refused(linalg.toeplitz, "a complex column without a row").refuse(bar)
    rows, columns = c.shape[0], (r[0] if r else c).shape[0]
    sums = sums_of_antidiagonals(bar[::-1], rows, columns)  # row 0 last: the corner is at rows - 1
    column, row = sums[:rows][::-1], add_at(sums[rows - 1 :], -sums[rows - 1], index=0)
    return (column, row) if r else column + row


@linear(linalg.hankel, infer=infer_from_vectors, signature=gapless("c, r=None"))
def hankel(bar, c, *r):
    """The first column, and the last row but for its first number; without a row, zeros."""
    rows, columns = c.shape[0], (r[0] if r else c).shape[0]
    sums = sums_of_antidiagonals(bar, rows, columns)
    if not r:
        return sums[:rows]
    return sums[:rows], add_at(sums[rows - 1 :], -sums[rows - 1], index=0)


def infer_circulant(inputs, attrs):
    type_ = infer_from_vectors(inputs, attrs)
    return array_type(type_.dtype, (same_or_first(type_.shape),) * 2)


@linear(linalg.circulant, infer=infer_circulant, signature="c")
def circulant(bar, c):
    """c[(i - j) mod n]"""
    n = c.shape[0]
    steps = np.arange(n, like=bar)
    return add_at(np.zeros_like(bar[0]), bar, index=(steps[:, None] - steps) % n)
