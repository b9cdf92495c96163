"""Corners of shapes and linear algebra: parts of several results, meeting values, what is refused."""

import numpy as np
import pytest

from adjoint import AdjointError, check_grads, grad, jvp


def normal(*shape):
    return np.random.default_rng(shape).standard_normal(shape)


def slope(fun, x, dot):
    """A central difference along a direction."""
    return (fun(x + 1e-6 * dot) - fun(x - 1e-6 * dot)) / 2e-6


def assert_gradient(fun, x):
    dot = normal(*np.shape(x), 1)[..., 0]
    np.testing.assert_allclose(np.sum(grad(fun)(x) * dot), slope(fun, x, dot), rtol=1e-6, atol=1e-8)


def first_part(x):
    first, _, _ = np.split(x, (1, 3))
    return np.sum(first**3)


def last_rows(x):
    _, last = np.vsplit(x, 2)
    return np.sum(np.sin(last))


def one_of_a_grid(x):
    _, second = np.meshgrid(x[:2], x[2:])
    return np.sum(second**2)


def all_singular_values(a):
    _, s, _ = np.linalg.svd(a)
    return np.sum(s**3)


def left_singular_vectors(a):
    u, _, _ = np.linalg.svd(a, full_matrices=False)
    return np.sum(u**4)


def right_singular_vectors(a):
    _, _, vh = np.linalg.svd(a, full_matrices=False)
    return np.sum(vh**4)


def eigenvectors(a):
    _, v = np.linalg.eigh(a)
    return np.sum(v**4)


def eigenvalues(a):
    w, _ = np.linalg.eigh(a)
    return np.sum(w**3)


def orthogonal_factor(a):
    q, _ = np.linalg.qr(a)
    return np.sum(q**3)


CASES = [
    (first_part, (5,)), (last_rows, (4, 3)), (one_of_a_grid, (4,)), (all_singular_values, (3, 4)),
    (all_singular_values, (4, 3)), (left_singular_vectors, (4, 3)), (right_singular_vectors, (4, 3)),
    (left_singular_vectors, (2, 3)), (right_singular_vectors, (2, 3)), (eigenvectors, (3, 3)),
    (eigenvalues, (3, 3)), (orthogonal_factor, (4, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("fun", "shape"), CASES)
def test_some_of_several_results(fun, shape):
    assert_gradient(fun, normal(*shape))


def nuclear(a):
    return np.linalg.norm(a, "nuc")


def only_values(a):
    return np.sum(np.linalg.eigvalsh(a) ** 2)


@pytest.mark.parametrize("fun", [all_singular_values, eigenvalues, nuclear, only_values])
def test_meeting_values_are_finite(fun):
    assert_gradient(fun, np.eye(3))


def test_a_projector_does_not_see_the_choice_of_vectors():
    def projected(a):
        _, v = np.linalg.eigh(a)
        return np.sum((v[:, :2] @ v[:, :2].T) * np.arange(9.0).reshape(3, 3))

    # the two smaller eigenvalues are equal; the projector on their space is smooth all the same
    a = np.diag([1.0, 1.0, 3.0])
    dot = np.array([[0.3, 0.0, 0.0], [0.1, -0.2, 0.0], [0.5, 0.7, 0.4]])
    np.testing.assert_allclose(np.sum(grad(projected)(a) * dot), slope(projected, a, dot), rtol=1e-5)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.linalg.norm(x, 2),
        lambda x: np.linalg.norm(x, 1),
        lambda x: np.linalg.norm(x, 3),
        lambda x: np.linalg.norm(x, np.inf),
        lambda x: np.sum(np.linalg.norm(x[:, None], axis=1)),
    ],
)
def test_norm_of_zero(fun):
    np.testing.assert_array_equal(grad(fun)(np.zeros(3)), np.zeros(3))


def test_equal_moduli_share():
    slopes = grad(lambda x: np.linalg.norm(x, np.inf))(np.array([2.0, -2.0, 1.0]))
    np.testing.assert_array_equal(slopes, [0.5, -0.5, 0.0])


def test_repeated_positions_add_up():
    i = np.array([1, 1, 0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(x[i]))(np.zeros(3)), [1.0, 2.0, 0.0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.take(x, i)))(np.zeros(3)), [1.0, 2.0, 0.0])


def test_moments_may_be_written_into_an_array():
    def fun(x):
        out = np.empty(4)
        np.std(x, axis=0, out=out)
        return out * out

    check_grads(fun, (normal(3, 4),))


def test_functions_of_complex_values_and_vectors():
    a = normal(3, 3) + 1j * normal(3, 3).T

    def values(a):
        w, _ = np.linalg.eigh(a)
        return np.sum(w**2)

    def vectors(a):
        _, v = np.linalg.eigh(a)
        return np.sum(np.abs(v[0]) ** 4)

    dot = normal(3, 3) + 1j * normal(3, 3)[::-1]
    np.testing.assert_allclose(np.real(np.sum(grad(values)(a) * dot)), slope(values, a, dot), rtol=1e-6)
    np.testing.assert_allclose(np.real(np.sum(grad(vectors)(a) * dot)), slope(vectors, a, dot), rtol=1e-6)


def test_vectors_beyond_the_rank_are_refused():
    gradient = grad(lambda a: np.sum(np.linalg.svd(a)[0] ** 3))
    assert gradient(normal(3, 3)).shape == (3, 3)
    with pytest.raises(np.linalg.LinAlgError, match="full_matrices=False"):
        gradient(normal(3, 2))
    check_grads(lambda a: np.linalg.svd(a)[1] ** 3, (normal(3, 2),))
    check_grads(lambda a: np.linalg.svd(a)[1] ** 3, (normal(3, 3),))


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.sum(np.pad(x, 1, mode="linear_ramp")), lambda x: np.sum(np.linalg.qr(np.diag(x), "complete")[1]),
        lambda x: np.sum(np.cross(x[:2], x[1:])), lambda x: np.quantile(x, 0.5, weights=x, method="inverted_cdf"),
    ],
)  # fmt: skip
def test_what_no_rule_covers_is_refused(fun):
    with pytest.raises(AdjointError):
        grad(fun)(np.arange(1.0, 4.0))


def test_the_constant_of_a_border_has_no_tangent():
    _, dot = jvp(lambda x: np.pad(x, 1, constant_values=5.0), (np.ones(2),), (np.ones(2),))
    np.testing.assert_array_equal(dot, [0.0, 1.0, 1.0, 0.0])
