"""Brackets and methods that read numbers in ways of their own; results that have names."""

import numpy as np
import pytest

from adjoint import AdjointError, check_grads, grad, jvp
from tests.rules.data import normal

V, MATRIX, SQUARE = normal(5), normal(3, 4), normal(3, 3) + 3 * np.eye(3)


def placed(x):
    y = x.copy()
    np.place(y, MATRIX > 0, x[0, :3] * 2)
    return y


def masked(x):
    y = x.copy()
    np.putmask(y, MATRIX > 0, x[:, :1])
    return y


@pytest.mark.parametrize(
    ("fun", "x"),
    [
        (lambda x: np.r_[x, 0.0, x[:2]], V), (lambda x: np.c_[x, x * 2.0], V),
        (lambda x: np.r_[x, x], MATRIX), (lambda x: np.c_[x, x[:, :1]], MATRIX),
        (lambda x: x.flat[3] * x[0], MATRIX), (lambda x: x.flat[1:5], MATRIX),
        (lambda x: x.item(2) * x.item(1, 2) * x, MATRIX),
        (lambda x: x[:1].item() * x, V), (lambda x: sum(x.tolist()) * x[0], V), (lambda x: x.mT @ x, normal(2, 3, 4)),
        (lambda x: np.linalg.slogdet(x).logabsdet, SQUARE), (lambda x: np.linalg.eigh(x + x.T).eigenvalues, SQUARE),
        (lambda x: np.linalg.qr(x).R, SQUARE),
        (lambda x: np.linalg.svd(x, full_matrices=False).S, SQUARE), (placed, MATRIX), (masked, MATRIX),
    ],
)  # fmt: skip
def test_value_and_derivatives(fun, x):
    check_grads(fun, (x,))
    np.testing.assert_array_equal(jvp(fun, (x,), (x,))[0], fun(x))


def test_results_keep_their_class():
    out, _ = jvp(lambda x: np.linalg.eigh(x + x.T), (SQUARE,), (SQUARE,))
    assert type(out) is type(np.linalg.eigh(SQUARE))


@pytest.mark.parametrize("fun", [lambda x: np.sum(np.r_["0,2", x, x]), lambda x: np.sum(np.r_[x, 0:3])])
def test_what_is_refused(fun):
    with pytest.raises(AdjointError):
        grad(fun)(V)
