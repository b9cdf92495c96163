"""Cases of `scipy.linalg`; none where SciPy is not installed. To cover a new rule, add one line."""

import importlib.util

import numpy as np

from adjoint.rules import library
from tests.rules.data import case, imaginary, normal

library.load_all()

SQUARE, OTHER = normal(3, 3) + 3 * np.eye(3), normal(2, 2, seed=1) + 3 * np.eye(2)
STACK = normal(2, 3, 3) + 3 * np.eye(3)
HERMITIAN = SQUARE @ SQUARE.T + np.eye(3)
COMPLEX = imaginary(3, 3) + 3 * np.eye(3)
TALL, WIDE = normal(4, 2), normal(2, 4)
LOWER, UPPER = np.tril(SQUARE), np.triu(SQUARE)
ONE, TWO = normal(3), normal(3, 2)
BAND = normal(3, 4) + np.array([[0.0], [4.0], [0.0]])
WIDE_BAND = normal(4, 4) + np.array([[0.0], [0.0], [5.0], [0.0]])
PIVOTS = np.array([1, 2, 2], np.int32)
VALUES, RIGHT = normal(4), normal(3, seed=2)
SPREAD = 0.4 * normal(3, 3)


def along(names, *args, **options):
    return [case(*args, assume_a=name, **options) for name in names]


CASES = {
    "scipy.linalg.inv": [case(SQUARE), case(STACK), case(COMPLEX), case(SQUARE, check_finite=False)],
    "scipy.linalg.pinv": [case(TALL), case(WIDE), case(TALL, atol=1e-9)],
    "scipy.linalg.det": [case(SQUARE), case(STACK), case(COMPLEX)],
    "scipy.linalg.norm": [case(SQUARE), case(ONE), case(SQUARE, axis=1), case(SQUARE, 2), case(SQUARE, 1, keepdims=True), case(SQUARE, 1, narrow=False)],
    "scipy.linalg.solve": [
        case(SQUARE, ONE), case(SQUARE, TWO), case(STACK, normal(2, 3, 2)), case(COMPLEX, ONE),
        case(SQUARE, TWO, transposed=True, assume_a="gen"), *along(("sym", "pos"), HERMITIAN, ONE), case(HERMITIAN, TWO, True, assume_a="pos"),
        *along(("tridiagonal", "diagonal", "upper triangular", "lower triangular"), SQUARE, TWO), case(UPPER, ONE, assume_a="upper triangular"),
    ],
    "scipy.linalg.solve_triangular": [
        case(UPPER, ONE), case(SQUARE, TWO), case(LOWER, TWO, lower=True, trans=1), case(LOWER, ONE, "T", True),
        case(SQUARE, TWO, lower=True, unit_diagonal=True), case(SQUARE, ONE, trans=2, unit_diagonal=True),
        case(np.triu(STACK), normal(2, 3, 2)), case(np.triu(COMPLEX), ONE), case(np.tril(COMPLEX), TWO, 1, True),
    ],
    "scipy.linalg.solve_banded": [
        case((1, 1), BAND, normal(4)), case((1, 1), BAND, normal(4, 2)), case((1, 2), WIDE_BAND, normal(4)),
        case((2, 1), WIDE_BAND[::-1].copy(), normal(4)), case((0, 0), BAND[1:2], normal(4)),
    ],
    "scipy.linalg.cholesky": [case(HERMITIAN), case(HERMITIAN, True), case(HERMITIAN, lower=False)],
    "scipy.linalg.cho_factor": [],
    "scipy.linalg.cho_solve": [case([UPPER, False], ONE), case([LOWER, True], TWO), case([SQUARE, True], ONE)],
    "scipy.linalg.lu": [case(SQUARE), case(normal(3, 3, seed=5))],
    "scipy.linalg.lu_factor": [case(SQUARE), case(normal(3, 3, seed=5))],
    "scipy.linalg.lu_solve": [case([SQUARE, PIVOTS], ONE), case([SQUARE, PIVOTS], TWO), case([SQUARE, PIVOTS], ONE, 1), case([SQUARE, PIVOTS], TWO, trans=1)],
    "scipy.linalg.qr": [case(SQUARE), case(TALL, mode="economic"), case(SQUARE, mode="full")],
    "scipy.linalg.svd": [case(TALL, False), case(WIDE, full_matrices=False), case(TALL, compute_uv=False)],
    "scipy.linalg.svdvals": [case(TALL), case(WIDE)],
    "scipy.linalg.eigh": [case(HERMITIAN, driver="ev"), case(HERMITIAN, lower=False, driver="ev"), case(HERMITIAN, eigvals_only=True), case(HERMITIAN, eigvals_only=True, lower=False, driver="ev")],
    "scipy.linalg.eigvalsh": [case(HERMITIAN), case(HERMITIAN, lower=False)],
    "scipy.linalg.expm": [case(SPREAD), case(0.3 * COMPLEX), case(np.zeros((3, 3)))],
    "scipy.linalg.logm": [case(HERMITIAN), case(COMPLEX)],
    "scipy.linalg.sqrtm": [case(HERMITIAN), case(COMPLEX)],
    **{f"scipy.linalg.{name}": [case(SPREAD)] for name in ("cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm")},
    "scipy.linalg.solve_sylvester": [case(SQUARE, OTHER, normal(3, 2)), case(COMPLEX, OTHER, TWO)],
    "scipy.linalg.solve_continuous_lyapunov": [case(SQUARE, normal(3, 3, seed=4))],
    "scipy.linalg.block_diag": [case(SQUARE, normal(2, 3), ONE), case(SQUARE), case(2.5, ONE, SQUARE), case(1, SQUARE)],
    "scipy.linalg.toeplitz": [case(VALUES), case(VALUES, RIGHT), case(RIGHT, VALUES), case(imaginary(3), RIGHT)],
    "scipy.linalg.hankel": [case(VALUES), case(VALUES, RIGHT), case(RIGHT, VALUES)],
    "scipy.linalg.circulant": [case(VALUES), case(imaginary(3))],
} if importlib.util.find_spec("scipy") else {}  # fmt: skip
