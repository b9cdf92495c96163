"""Dense derivatives: structure, shapes, dtypes; of and in other derivatives."""

import numpy as np
import pytest

from adjoint import grad, hessian, hvp, jacfwd, jacobian, jacrev, jvp

MODES = [jacfwd, jacrev, jacobian]
X, Y = np.array([0.5, 1.5]), np.array([1.0, -2.0, 0.5])


def outer(a, b):
    return {"u": np.outer(a, b) * a[0], "v": b[0] * 2.0}


@pytest.mark.parametrize("mode", MODES)
def test_structures(mode):
    found = mode(lambda p: {"s": np.outer(p["a"], p["b"]), "t": (p["c"],)})({"a": X, "b": Y, "c": 2.0})
    np.testing.assert_allclose(found["s"]["a"], np.einsum("ik,j->ijk", np.eye(2), Y))
    np.testing.assert_allclose(found["s"]["b"], np.einsum("i,jk->ijk", X, np.eye(3)))
    assert (found["s"]["c"].shape, found["t"][0]["a"].shape, found["t"][0]["c"]) == ((2, 3), (2,), 1.0)


@pytest.mark.parametrize("mode", MODES)
def test_calls(mode):
    def f(x, y=3.0):
        return x * y

    np.testing.assert_allclose(mode(f)(X), 3 * np.eye(2))
    np.testing.assert_allclose(mode(f)(x=X, y=2.0), 2 * np.eye(2))
    np.testing.assert_allclose(mode(f, "y")(X, y=2.0), X)
    np.testing.assert_allclose(mode(f, (1, 0))(X, 2.0)[1], 2 * np.eye(2))
    np.testing.assert_allclose(mode(lambda x, *, k: x * k)(X, k=2.0), 2 * np.eye(2))
    assert mode(lambda x: x**2)(3) == mode(lambda x: x**2)(3.0) == 6.0


@pytest.mark.parametrize("mode", MODES)
def test_dtypes_and_sizes(mode):
    single = np.ones(2, np.float32)
    assert mode(lambda x: x**2)(single).dtype == mode(lambda x: np.sum(x**2))(single).dtype == np.float32
    assert mode(lambda x: np.zeros(0))(X).shape == (0, 2)
    assert mode(lambda x: x * 2)(np.zeros((0, 3))).shape == (0, 3, 0, 3)
    assert mode(lambda x: [])(X) == []
    z = np.array([1 + 1j, 2.0])
    np.testing.assert_allclose(mode(lambda z: z * z)(z), np.diag(2 * z))


@pytest.mark.parametrize("mode", [*MODES, hessian])
def test_errors(mode):
    for argnums in (5, "nope"):
        with pytest.raises(ValueError, match=str(argnums)):
            mode(lambda x, y: np.sum(x * y), argnums)(X, X)
    for bad in (np.arange(3), "text", np.array([True])):
        with pytest.raises(TypeError):
            mode(lambda x: np.sum(x * 2.0))(bad)
    with pytest.raises(TypeError):
        mode(3)
    with pytest.raises(TypeError):
        mode(np.sum, argnums=1.5)
    with pytest.raises(TypeError):
        mode(lambda x: x)(X, X)


def test_hessians():
    h = hessian(lambda x, y: np.sum(x**2) * np.sum(y), (0, 1))(X, Y)
    np.testing.assert_allclose(h[0][0], 2 * np.sum(Y) * np.eye(2))
    np.testing.assert_allclose(h[0][1], np.outer(2 * X, np.ones(3)))
    np.testing.assert_allclose(h[1][0], h[0][1].T)
    tree = hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 2.0, "b": 3.0})
    assert (tree["a"]["a"], tree["a"]["b"], tree["b"]["b"]) == (6.0, 4.0, 0.0)
    np.testing.assert_array_equal(hessian(lambda x: 3.0)(X), np.zeros((2, 2)))
    np.testing.assert_array_equal(hessian(np.sum)(X), np.zeros((2, 2)))
    assert hessian(lambda x: np.sum(x**3))(np.ones(2, np.float32)).dtype == np.float32
    assert hessian(lambda x: x**2)(3) == 2.0


def test_hessian_vector_products():
    f = lambda x, y: np.sum(x**2) * np.sum(y**3)  # noqa: E731
    np.testing.assert_allclose(hvp(f, (X, Y), (None, Y)), 2 * X * np.sum(3 * Y**3))
    np.testing.assert_allclose(hvp(f, (X, Y), (X, None), argnums="x"), 2 * np.sum(Y**3) * X)
    both = hvp(f, (X, Y), (X, Y), argnums=(0, 1))
    np.testing.assert_allclose(both[1], 3 * Y**2 * np.sum(2 * X * X) + np.sum(X**2) * 6 * Y * Y)
    assert hvp(lambda x: x**3, (2,), (1.0,)) == 12.0
    assert hvp(lambda p: p["a"] ** 2 * p["b"], ({"a": 2.0, "b": 3.0},), ({"a": 1.0, "b": 0.0},)) == {"a": 6.0, "b": 4.0}


# ------------------------------------------------------------------- inside programs


def looped(x):
    s = x
    for _ in range(3):
        s = np.sin(s) * x + s
    return s


def grown(x):
    s = x
    while np.sum(s * s) < 50.0:
        s = s * 1.5 + np.cos(x)
    return s


def branched(x):
    return x * x[0] if np.sum(x) > 0 else np.exp(x)


def written(x):
    out = np.zeros(2)
    for i in range(2):
        out[i] = x[i] * x[0] + np.sum(out)
    return out


def differences(f, x, h=1e-5):
    return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))], axis=-1)


@pytest.mark.parametrize("f", [looped, grown, branched, written])
@pytest.mark.parametrize("inner", MODES)
def test_jacobians_are_differentiated(f, inner):
    expected = differences(inner(f), X)
    for mode in (jacfwd, jacrev):
        np.testing.assert_allclose(mode(inner(f))(X), expected, rtol=1e-6, atol=1e-7)

    def total(x):
        return np.sum(inner(f)(x) ** 2)

    np.testing.assert_allclose(grad(total)(X), differences(total, X), rtol=1e-5)


@pytest.mark.parametrize("mode", [grad, *MODES])
def test_third_order(mode):
    f = lambda x: np.sum(hessian(lambda y: np.sum(looped(y) ** 2))(x))  # noqa: E731
    np.testing.assert_allclose(mode(f)(X), differences(f, X), rtol=1e-5)


def flat(tree):
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in flat(part)]
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, tuple) else [tree]


@pytest.mark.parametrize("argnums", [(0, 1), (1, 0), 0, 1, (0, 0), "b", ("b", "a")])
@pytest.mark.parametrize("mode", MODES)
def test_inside_and_outside_agree(mode, argnums):
    expected = mode(outer, argnums)(X, Y)
    found = jvp(mode(outer, argnums), (X, Y), (X, Y))[0]
    assert len(flat(found)) == len(flat(expected))
    for one, other in zip(flat(found), flat(expected), strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other)
