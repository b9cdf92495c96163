"""`jvp`, `vjp` and `linearize`: what fits, what is refused, what is isolated."""

import numpy as np
import pytest

from adjoint import jvp, linearize, vjp

X, ONES = np.array([0.5, -1.0, 2.0]), np.ones(3)


def power(x, n):
    return x**n


# ------------------------------------------------------------------- tangents


@pytest.mark.parametrize("still", [None, 0, 0.0, False])
def test_an_int_is_data(still):
    assert jvp(power, (2.0, 3), (1.0, still)) == (8.0, 12.0)
    assert linearize(power, 2.0, 3)[1](1.0, still) == 12.0
    assert vjp(power, 2.0, 3)[1](1.0) == (12.0, None)


def test_an_int_with_a_tangent_counts_as_a_float():
    assert jvp(lambda x: x**3, (2,), (1.0,)) == jvp(lambda x: x**3, (2,), (1,)) == (8.0, 12.0)


SEQUENCES = [[1.0, 2.0, 3.0], (1, 2, 3), np.array([1, 2, 3]), np.array([1, 2, 3], np.float32)]


@pytest.mark.parametrize("dot", SEQUENCES, ids=repr)
def test_tangents_are_brought_to_the_dtype(dot):
    out_dot = jvp(lambda x: x * x, (X,), (dot,))[1]
    np.testing.assert_allclose(out_dot, 2 * X * [1, 2, 3])
    assert jvp(lambda x: x, (X,), (dot,))[1].dtype == np.float64
    np.testing.assert_allclose(linearize(lambda x: x * x, X)[1](dot), out_dot)


@pytest.mark.parametrize("kind", [float, np.float32, np.float64, complex])
@pytest.mark.parametrize("dot", [1, 1.0, np.float32(1), np.array(1.0), True], ids=repr)
def test_tangents_of_numbers(kind, dot):
    assert type(jvp(lambda x: x, (kind(2),), (dot,))[1]) is kind


def test_none_is_a_zero_tangent():
    f = lambda x, y: (x * 2, y)  # noqa: E731
    for out_dot in (jvp(f, (X, 2.0), (None, 1.0))[1], linearize(f, X, 2.0)[1](None, 1.0)):
        np.testing.assert_array_equal(out_dot[0], np.zeros(3))
        assert out_dot[1] == 1.0


REFUSED = [ONES[:2], ONES[:, None], 1.0, ONES * 1j, "text", {"a": ONES}, np.array([None, 1, 2])]


@pytest.mark.parametrize("dot", REFUSED, ids=repr)
def test_tangents_that_do_not_fit(dot):
    with pytest.raises((TypeError, ValueError), match="tangent 1"):
        jvp(lambda x, y: x * y, (X, X), (X, dot))
    with pytest.raises((TypeError, ValueError), match="tangent 1"):
        linearize(lambda x, y: x * y, X, X)[1](X, dot)


def test_another_number_of_tangents():
    f = lambda x, y: x * y  # noqa: E731
    for primals, tangents in [((X, X), (X,)), (X, X), ((X,), (X,)), ((X,) * 3, (X,) * 3)]:
        with pytest.raises(TypeError):
            jvp(f, primals, tangents)
    with pytest.raises(TypeError):
        linearize(f, X, X)[1](X)
    with pytest.raises(TypeError):
        jvp(3, (X,), (X,))


def test_integer_arrays_do_not_vary():
    index = np.array([1, 2])
    for dot in (None, np.zeros(2), np.zeros(2, int)):
        np.testing.assert_array_equal(jvp(lambda x, i: x[i], (X, index), (ONES, dot))[1], [1.0, 1.0])
    with pytest.raises(TypeError, match="int64"):
        jvp(lambda x, i: x[i], (X, index), (ONES, index))


# ------------------------------------------------------------------- cotangents


@pytest.mark.parametrize("bar", SEQUENCES, ids=repr)
def test_cotangents_are_brought_to_the_dtype(bar):
    (found,) = vjp(lambda x: x * x, X)[1](bar)
    np.testing.assert_allclose(found, 2 * X * [1, 2, 3])
    assert vjp(lambda x: x, X)[1](bar)[0].dtype == np.float64


@pytest.mark.parametrize("bar", [1, 1.0, np.float32(1), np.array(1.0), True], ids=repr)
def test_cotangents_of_numbers(bar):
    assert type(vjp(lambda x: x, 2.0)[1](bar)[0]) is float
    assert vjp(lambda x: np.sum(x * x), ONES.astype(np.float32))[1](bar)[0].dtype == np.float32


@pytest.mark.parametrize("bar", REFUSED, ids=repr)
def test_cotangents_that_do_not_fit(bar):
    for fun, seed in [(lambda x: x * x, bar), (lambda x: {"a": x, "b": (x, x)}, {"a": X, "b": (X, bar)})]:
        with pytest.raises((TypeError, ValueError), match="cotangent"):
            vjp(fun, X)[1](seed)


@pytest.mark.parametrize("bar", [X, {"a": X}, {"a": X, "b": X}, {"a": X, "b": [X, X]}, {"a": X, "b": (X,)}], ids=repr)
def test_cotangents_of_another_structure(bar):
    with pytest.raises(TypeError, match="structure"):
        vjp(lambda x: {"a": x, "b": (x, x)}, X)[1](bar)


def test_none_is_a_zero_cotangent():
    pullback = vjp(lambda x: {"a": x, "b": (x, x * 2)}, X)[1]
    for bar, expected in [({"a": ONES, "b": (None, ONES)}, 3), ({"b": None, "a": ONES}, 1), (None, 0)]:
        np.testing.assert_array_equal(pullback(bar)[0], expected * ONES)
    assert vjp(lambda x: (x * x, x), 2.0)[1]((None, 1.0)) == (1.0,)


@pytest.mark.parametrize("constant", [3.0, 3, None, "text", True, (), np.ones(2)], ids=repr)
def test_results_that_do_not_vary(constant):
    out, pullback = vjp(lambda x: constant, X)
    np.testing.assert_array_equal(out, constant)
    np.testing.assert_array_equal(pullback(None)[0], np.zeros(3))
    out, pullback = vjp(lambda x: (x, constant), X)
    np.testing.assert_array_equal(pullback((ONES, None))[0], ONES)
    np.testing.assert_array_equal(pullback(out)[0], X)


# ------------------------------------------------------------------- isolation


def loop(x):
    s = x
    for _ in range(3):
        s = np.sin(s) * x
    return s


def grow(x):
    s = x
    while np.sum(s * s) < 50.0:
        s = s * 1.5 + np.cos(x)
    return s


PROGRAMS = [
    np.exp, np.tanh, loop, grow, lambda x: x * x, lambda x: x, lambda x: x[1:] * x[:-1], lambda x: x[::2],
    lambda x: x.reshape(3, 1) * x, lambda x: np.broadcast_to(x, (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("fun", PROGRAMS)
def test_linear_maps_do_not_see_later_changes(fun):
    x = X.copy()
    out, pullback = vjp(fun, x)
    same, push = linearize(fun, x)
    bar = np.ones(np.shape(out))
    pulled, pushed = pullback(bar)[0].copy(), push(ONES).copy()
    np.testing.assert_allclose(np.sum(pulled), np.sum(pushed))
    x[:] = out[...] = same[...] = 100.0
    for _ in range(2):
        for found, expected in [(pullback(bar)[0], pulled), (push(ONES), pushed)]:
            np.testing.assert_array_equal(found, expected)
            assert not np.shares_memory(found, bar)
            assert not np.shares_memory(found, ONES)
            found[...] = 7.0
    assert (bar == 1.0).all()
    assert (ONES == 1.0).all()


@pytest.mark.parametrize("fun", PROGRAMS)
def test_results_share_no_memory(fun):
    for out, other in (jvp(lambda x: (fun(x), fun(x)), (X,), (ONES,))[0], jvp(fun, (X,), (ONES,)), (vjp(fun, X)[0], X)):
        assert not np.shares_memory(out, other)
        assert not np.shares_memory(out, X)
        assert out.flags.writeable


def test_a_write_in_the_function_is_not_seen_outside():
    def f(x):
        x[0] = 5.0
        return np.sum(x**2)

    x = X.copy()
    for call in (lambda: jvp(f, (x,), (x,)), lambda: vjp(f, x)[1](1.0), lambda: linearize(f, x)[1](x)):
        call()
        np.testing.assert_array_equal(x, X)


# ------------------------------------------------------------------- effects


def chatty(x):
    s = 0.0
    for i in range(3):
        print("trip", i)  # noqa: T201  # the effect
        s = s + np.sin(x) * i
    if x > 0:
        print("positive")  # noqa: T201
        s = s * x
    return s


def test_linear_maps_repeat_no_effect(capsys):
    once = "trip 0\ntrip 1\ntrip 2\npositive\n"
    for make, seed in [(linearize, 1.0), (vjp, 1.0)]:
        _, apply = make(chatty, 1.5)
        apply(seed)
        apply(seed)
        assert capsys.readouterr().out == once
    expected = 3 * (np.cos(1.5) * 1.5 + np.sin(1.5))
    np.testing.assert_allclose(linearize(chatty, 1.5)[1](1.0), expected)
    np.testing.assert_allclose(vjp(chatty, 1.5)[1](1.0)[0], expected)


def test_random_numbers_are_drawn_once():
    def f(x):
        s = 0.0
        for _ in range(3):
            s = s + x * np.random.rand()
        return s

    out, push = linearize(f, 1.0)
    assert push(1.0) == push(1.0) == out
    out, pullback = vjp(f, 1.0)
    assert pullback(1.0) == pullback(1.0) == (out,)
