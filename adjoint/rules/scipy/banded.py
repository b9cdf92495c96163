"""`scipy.linalg`: systems with a band of diagonals. The row of a diagonal d (d > 0: above) holds it moved by d."""

import numpy as np
from scipy import linalg

from adjoint.ir.types import UNKNOWN, ArrayType
from adjoint.rules.calls import symbolic
from adjoint.rules.infer import array_type
from adjoint.rules.internal import update
from adjoint.rules.join import absent
from adjoint.rules.linalg import float_dtype
from adjoint.rules.registry import jvp_rule, vjp_rule
from adjoint.rules.scipy.forms import operands_first

solve_banded = symbolic(linalg.solve_banded)


def infer_banded(inputs, attrs):
    ab, b = inputs[0].type, inputs[1].type
    if not isinstance(ab, ArrayType) or not isinstance(b, ArrayType):
        return UNKNOWN
    dtypes = [float_dtype(t.dtype) for t in (ab, b)]
    return array_type(None if None in dtypes else np.result_type(*dtypes).name, b.shape)


@operands_first(
    linalg.solve_banded, "l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True",
    split=lambda below, above: {"below": below, "above": above},
)  # fmt: skip
def solve_banded_call(ab, b, *, below, above, **options):
    return ((below, above), ab, b), options


def moved(x, by):
    """`x` moved along its first axis; zeros come in."""
    if by == 0:
        return x
    fresh = slice(0, by) if by > 0 else slice(by, None)
    return update(np.roll(x, by, 0), 0.0, index=fresh)


def scaled(row, x):
    return row * x if x.ndim == 1 else row[:, None] * x


def diagonals(below, above):
    """The rows of a band and the diagonals that they hold."""
    return [(above - d, d) for d in range(above, -below - 1, -1)]


def transposed_band(ab, below, above):
    return np.stack([moved(ab[above + d], d) for _, d in diagonals(above, below)])


@jvp_rule(solve_banded_call, linalg.solve_banded, infer=infer_banded, signature=solve_banded_call.parameters)
def solve_banded_tangent(ab_dot, b_dot, ab, b, *, out, below, above, check_finite=True):
    change = b_dot
    for row, d in () if absent(ab_dot) else diagonals(below, above):
        change = change - moved(scaled(ab_dot[row], out), -d)
    return solve_banded((below, above), ab, change)


@vjp_rule(linalg.solve_banded)
def solve_banded_cotangents(bar, ab, b, *, out, below, above, check_finite=True):
    b_bar = solve_banded((above, below), transposed_band(ab, below, above), bar)
    products = [moved(b_bar, d) * out for _, d in diagonals(below, above)]
    return -np.stack([p if b.ndim == 1 else np.sum(p, axis=1) for p in products]), b_bar
