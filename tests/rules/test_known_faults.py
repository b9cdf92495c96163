"""Calls that other tools get wrong, or cannot differentiate: both modes against differences."""

import numpy as np
import pytest

from adjoint import check_grads, grad, jvp
from tests.rules.data import distinct, imaginary, normal

MATRIX, SQUARE, VECTOR = normal(3, 4), normal(3, 3) + 3 * np.eye(3), normal(5)
POSITIVE = SQUARE @ SQUARE.T
KNOWN = {
    # values that are wrong elsewhere without an error
    "tile with fewer repetitions than axes": (lambda x: np.tile(x, 2), MATRIX),
    "norm that keeps its axis": (lambda x: np.linalg.norm(x, axis=1, keepdims=True), MATRIX),
    "fill value that varies": (lambda x: np.full_like(MATRIX, x) * MATRIX, 0.7),
    "sort along the first axis": (lambda x: np.sort(x, axis=0), distinct(3, 4)),
    "norm of infinite order": (lambda x: np.linalg.norm(x, np.inf), distinct(4) + 0.05),
    "product with a zero factor": (np.prod, np.array([2.0, 0.0, 3.0])),
    # legal arguments that are refused elsewhere
    "diagonal of a matrix that is not square": (np.diag, MATRIX),
    "diagonal beside the main one": (lambda x: np.diag(x, 1), MATRIX),
    "gradient of three samples": (np.gradient, normal(3)),
    "gradient by its spacing alone": (lambda h: np.gradient(MATRIX, h)[1] + np.gradient(MATRIX, 2.0, h)[0], 0.5),
    "outer product with a constant": (lambda x: np.multiply.outer(MATRIX, x) - np.add.outer(MATRIX, x), VECTOR),
    "repetitions of each number": (lambda x: np.repeat(x, [1, 0, 2, 1, 3]), VECTOR),
    "linspace without its end": (lambda x: np.linspace(x, 2.0 * x, 4, endpoint=False), 0.7),
    "roll by a tuple": (lambda x: np.roll(x, (1, 2), axis=(0, 1)), MATRIX),
    "trace by einsum": (lambda x: np.einsum("ii", x), SQUARE),
    "diagonal by einsum": (lambda x: np.einsum("ii->i", x), SQUARE),
    "where with branches that broadcast": (lambda x: np.where(MATRIX > 0, x[:, :1], x[:1]), MATRIX),
    "broadcast to new axes": (lambda x: np.broadcast_to(x, (2, 3, 5)), VECTOR),
    "outer product of matrices": (lambda x: np.outer(x, x), MATRIX),
    "diff with an edge": (lambda x: np.diff(x, prepend=x[:1] * 2), VECTOR),
    "diagonal of a stack": (lambda x: np.diagonal(x, 1, 1, 2), normal(2, 3, 4)),
    "rfft of odd length": (np.fft.rfft, VECTOR),
    "norm of order one": (lambda x: np.linalg.norm(x, 1), distinct(4)),
    "variance over two axes": (lambda x: np.var(x, axis=(0, 1)), MATRIX),
    # one mode only elsewhere
    "hypot": (lambda x: np.hypot(x, x[::-1] + 2.0), VECTOR),
    "astype": (lambda x: x.astype(float) * x, VECTOR),
    "fft": (lambda x: np.abs(np.fft.fft(x)), VECTOR),
    "determinant": (np.linalg.det, SQUARE),
    "inverse": (np.linalg.inv, SQUARE),
    "solution": (lambda x: np.linalg.solve(x, x[0]), SQUARE),
    "pseudo-inverse": (np.linalg.pinv, MATRIX),
    "cholesky": (lambda x: np.linalg.cholesky(x + x.T), POSITIVE),
    "eigh": (lambda x: np.linalg.eigh(x + x.T)[0], POSITIVE),
    "eig": (lambda x: np.sort(np.real(np.linalg.eig(x)[0])), np.diag([1.0, 2.5, -3.0]) + 0.1 * normal(3, 3)),
    "singular values": (lambda x: np.linalg.svd(x, compute_uv=False), MATRIX),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], SQUARE),
    "convolve": (lambda x: np.convolve(x, x[:3], "same"), VECTOR),
    # no rule elsewhere
    "cumulative product": (np.cumprod, np.array([2.0, 0.0, 3.0, -1.0])),
    "interpolation": (lambda x: np.interp(0.4, np.array([0.0, 1.0]), x[:2]) * x, VECTOR),
    "border by reflection": (lambda x: np.pad(x, 2, mode="reflect"), VECTOR),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_wrong_elsewhere(name):
    fun, x = KNOWN[name]
    check_grads(fun, (x,))


def values(fun, x):
    """The derivative at a number in both modes, which agree."""
    reverse = grad(fun)(x)
    forward = jvp(fun, (x,), (1.0,))[1]
    np.testing.assert_allclose(forward, reverse, rtol=1e-14)
    return reverse


@pytest.mark.parametrize(
    ("fun", "x", "expected"),
    [
        (abs, 0.0, 0.0), (lambda x: x**0, 0.0, 0.0), (lambda x: x**1, 0.0, 1.0),
        (lambda x: 0.0**x, 2.0, 0.0),
        (lambda x: (-2.0) ** 2 * x, 1.0, 4.0), (np.sinc, 0.0, 0.0), (np.tanh, 1000.0, 0.0),
        (lambda x: np.logaddexp(-np.inf, x), 0.3, 1.0), (lambda x: np.where(x > 0, np.log(x), 0.0), -1.0, 0.0),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0), (lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_points(fun, x, expected):
    assert values(fun, x) == expected


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fun", [np.sqrt, lambda x: x**0.5, np.log])
def test_poles_do_not_raise(fun):
    assert np.isinf(values(fun, 0.0))


def test_second_order_at_special_points():
    assert grad(grad(np.tanh))(1000.0) == 0.0
    assert grad(grad(lambda x: x**2))(0.0) == 2.0
    np.testing.assert_allclose(grad(grad(np.sinc))(0.0), -(np.pi**2) / 3, rtol=1e-12)


def test_parts_of_complex_numbers():
    z = imaginary(3)
    np.testing.assert_allclose(grad(lambda z: np.sum(np.real(z * z)))(z), 2 * z)
