"""`check_grads`, and the generated text on request."""

import functools

import numpy as np
import pytest

from adjoint import UnsupportedError, check_grads, dump, grad, source
from adjoint.rules import elementwise

X = np.array([0.5, -1.0, 2.0])


def wrong(x):
    return np.sin(x)


elementwise(wrong)(lambda x: 1.1 * np.cos(x))


@pytest.mark.parametrize(
    ("fun", "args", "name"),
    [
        (lambda x, w: np.sum(x * x) + np.sum(wrong(w)), (X, X), "`w`"),
        (lambda x, w: np.sum(x * x) + np.sum(wrong(w["a"])), (X, {"a": X}), "`w`"),
        (lambda x: {"a": x, "b": wrong(x)}, (X,), "`x`"),
    ],
)
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_the_argument_is_named(fun, args, name, mode):
    with pytest.raises(AssertionError, match=name):
        check_grads(fun, args, modes=(mode,))


class Cube:
    k = 2.0

    def __call__(self, x):
        return x**3

    def scaled(self, x):
        return self.k * x * x


RIGHT = [
    (lambda x: {"a": x**2, "b": (np.sum(x), 3, "text", None), "c": x > 0}, (X,)),
    (lambda p: p["a"] * p["n"], ({"a": 2.0, "n": 3, "s": "text"},)),
    (lambda x, n: x**n, (2.0, 3)),
    (lambda z: z * z, (1 + 2j,)),
    (lambda x: np.sum(x**2), (X.astype(np.float32),)),
    (np.sum, (np.zeros(0),)),
    (lambda x: 3.0, (2.0,)),
    (lambda n: n, (3,)),
    (lambda x: [x, [np.outer(x, x)]], (X,)),
    (np.sin, (1.0,)),
    (Cube(), (2.0,)),
    (Cube().scaled, (2.0,)),
    (functools.partial(lambda y, x: x * y * x, 3.0), (2.0,)),
]


@pytest.mark.parametrize(("fun", "args"), RIGHT)
def test_right_derivatives_pass(fun, args):
    check_grads(fun, args)


def test_arguments_are_left_alone():
    def f(x):
        x[0] = 2.0
        return np.sum(x**3)

    x = X.copy()
    check_grads(f, [x])
    np.testing.assert_array_equal(x, X)
    with pytest.raises(ValueError, match="modes"):
        check_grads(f, (x,), modes=("sideways",))


def f(x, y=2.0, *rest, k=3, **more):
    return x * y * k


def test_every_text_is_there():
    for mode in ("reverse", "forward", "primal"):
        assert source(f, mode).startswith("def f")
    for stage in ("ssa", "typed", "adjoint", "scheduled", "source", "all"):
        assert dump(f, stage=stage)
    assert grad(f).source == source(f)


def test_texts_that_are_not_there():
    for call in (lambda: source(f, "sideways"), lambda: dump(f, stage="last"), lambda: source(f, argnums=7)):
        with pytest.raises(ValueError, match=r"sideways|last|7"):
            call()
    with pytest.raises(TypeError):
        source(3)


def test_what_is_captured_and_written_is_refused_before_it_is_written():
    buffer = np.ones(3)

    def fill(x):
        buffer[0] = x
        return np.sum(buffer**2)

    with pytest.raises(UnsupportedError, match="an array from outside of the function and is written"):
        check_grads(fill, (1.5,))
    np.testing.assert_array_equal(buffer, np.ones(3))
