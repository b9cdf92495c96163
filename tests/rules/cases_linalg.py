"""Cases of eigenvalues, least squares, tensors as matrices, and methods of ufuncs. To cover a new rule, add one line."""

import numpy as np

from tests.rules.data import Static, case, distinct, imaginary, normal, positive

SQUARE, COMPLEX = normal(3, 3) + 3 * np.eye(3), imaginary(3, 3)
REAL_ROOTS = np.diag([1.0, 2.5, -3.0, 4.0]) + 0.1 * normal(4, 4)
SQUARES = normal(2, 3, 3) + 3 * np.eye(3)
MATRIX, V, W = normal(3, 4), normal(5), normal(3)
SIX = (normal(6, 6) + 6 * np.eye(6)).reshape(2, 3, 6)
SINGULAR = np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 2.0])


def outer(first, second, **options):
    return [
        case(first(3), second(4), **options),
        case(first(2, 3), second(2), **options),
        case(first(), second(3), **options),
        case(first(3), 0.7, **options),
    ]


CASES = {
    "matvec": [case(MATRIX, normal(4)), case(SQUARES, normal(3)), case(SQUARES, normal(2, 3)), case(MATRIX, normal(5, 4)), case(COMPLEX, imaginary(3))],
    "vecmat": [case(W, MATRIX), case(W, SQUARES), case(normal(5, 3), MATRIX), case(imaginary(3), COMPLEX)],
    "correlate": [
        *(case(normal(n), normal(m), mode) for mode in ("valid", "same", "full") for n, m in ((5, 3), (3, 6), (4, 4), (6, 2), (3, 4))), case(imaginary(4), imaginary(2), "full"),
        case(imaginary(2), imaginary(5), "same"), case(V, W),
    ],
    "pad": [
        *(case(V, width, mode) for width in (2, (1, 2), (7, 3)) for mode in ("edge", "reflect", "symmetric", "wrap")), case(MATRIX, ((1, 0), (2, 1)), "edge"),
        case(MATRIX, 1, mode="reflect", reflect_type="even"), case(normal(2, 3, 2), ((1, 1), (0, 0), (2, 0)), mode="wrap"),
    ],
    "linalg.eig": [case(REAL_ROOTS, narrow=False), case(COMPLEX), case(SQUARES, narrow=False), case(normal(4, 4), narrow=False)],
    "linalg.eigvals": [case(REAL_ROOTS, narrow=False), case(COMPLEX), case(SQUARES, narrow=False)],
    "linalg.lstsq": [case(normal(5, 3), V), case(normal(5, 3), normal(5, 2)), case(MATRIX, W), case(imaginary(4, 2), imaginary(4), second=False)],
    "linalg.cond": [case(SQUARE), *(case(SQUARE, p) for p in (2, -2, 1, -1, Static(np.inf), Static(-np.inf), "fro", "nuc")), case(SQUARES), case(SQUARES, "fro"), case(MATRIX)],
    "linalg.tensorinv": [case(SIX.reshape(2, 3, 3, 2)), case(SIX.reshape(6, 2, 3), ind=1)],
    "linalg.tensorsolve": [case(SIX, normal(2, 3)), case(SIX.reshape(2, 3, 3, 2), normal(2, 3)), case(SIX.reshape(6, 2, 3), normal(2, 3), axes=(0,))],
    "linalg.det": [case(SINGULAR, second=False), case(np.diag([1.0, 0.0]), second=False), case(np.stack([SQUARE, SINGULAR]), second=False), case(SINGULAR[:2, :2] + 0.5j * SINGULAR[:2, :2], second=False)],
    "adjugate": [case(SQUARE), case(SQUARES), case(COMPLEX)],
    # methods of ufuncs
    "add.outer": outer(normal, normal),
    "subtract.outer": outer(normal, normal),
    "multiply.outer": [*outer(normal, normal), case(imaginary(2), normal(2, 3, 2))],
    "divide.outer": outer(normal, positive),
    "power.outer": outer(positive, normal),
    "float_power.outer": outer(positive, normal, narrow=False),
    "maximum.outer": outer(distinct, positive),
    "minimum.outer": outer(distinct, positive) + outer(positive, distinct),
    "fmax.outer": outer(distinct, positive),
    "fmin.outer": outer(distinct, positive) + outer(positive, distinct),
    "remainder.outer": outer(lambda *shape: 2.2 + 0.1 * positive(*shape), lambda *shape: 0.9 + 0.05 * positive(*shape))[:3],
    "fmod.outer": outer(lambda *shape: 2.2 + 0.1 * positive(*shape), lambda *shape: 0.9 + 0.05 * positive(*shape))[:3],
    "hypot.outer": outer(normal, positive),
    "arctan2.outer": outer(normal, positive),
    "logaddexp.outer": outer(normal, positive),
    "logaddexp2.outer": outer(normal, positive),
    "copysign.outer": outer(normal, normal),
    "heaviside.outer": outer(normal, positive),
    "add.reduceat": [case(V, np.array([0, 2])), case(V, np.array([3, 1, 1, 0])), case(MATRIX, np.array([0, 1, 3]), axis=1), case(normal(2, 3, 4), np.array([1, 2]), -2)],
}  # fmt: skip
