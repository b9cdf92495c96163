"""What recursive functions may not do, what they keep, and their text on its own."""

import numpy as np
import pytest

import adjoint
from adjoint import grad, jvp, vjp
from adjoint.errors import AdjointError, AliasError, UnsupportedError
from adjoint.ir.notation import parse_types


def halve(x):
    return x * x if x < 1.0 else halve(x / 2.0) + x


def powers(x):
    if x[0] < 1.0:
        return np.exp(x)
    return powers(x * 0.5) * x


def forever(x):
    return forever(x) * 2.0


def through_its_derivative(x):
    return x * x if x < 1.0 else grad(through_its_derivative)(x / 2.0)


def both(x, items, others):
    if x < 1.0:
        return items
    others.append(x)
    return both(x * 0.5, items, others)


def in_turns(x, items, others):
    if x < 1.0:
        return items
    items.append(x)
    return in_turns(x * 0.5, others, items)


def outer_list(x):
    items = [x]

    def inner(x):
        if x > 1.0:
            items.append(x)
            inner(x * 0.5)

    inner(x)
    return sum(items)


def growing(items):
    return items[0] if sum(items) > 5.0 else growing((*items, items[0]))


@pytest.mark.parametrize(
    ("fun", "x", "message"),
    [
        (forever, 1.0, "calls itself on every path"),
        (through_its_derivative, 3.0, "calls itself through a derivative of itself"),
        (outer_list, 3.0, "changes a container or an array that is no argument of it"),
        (lambda x: growing((x,)), 1.0, "each time with another structure"),
    ],
)
def test_refused(fun, x, message):
    with pytest.raises(UnsupportedError, match=message):
        grad(fun)(x)


def twice(x):
    items = [x]
    return sum(both(x, items, items))


@pytest.mark.parametrize(
    ("fun", "message"),
    [
        (twice, "`both` changes a container that is there twice among its arguments"),
        (lambda x: sum(in_turns(x, [x], [2 * x])), "or another's on a path"),
    ],
)
def test_containers_that_may_be_others(fun, message):
    with pytest.raises(AliasError, match=message):
        grad(fun)(3.0)


G = np.ones(2)


def outside(x):
    return G if x < 1.0 else outside(x * 0.5)


def of_outside(x):
    b = outside(x)
    b[0] = x
    return np.sum(b)


def with_view(x):
    if x < 1.0:
        b = x * np.ones(2)
        return b, b[1:]
    return with_view(x * 0.5)


def of_view(x):
    b, c = with_view(x)
    c[0] = x
    return np.sum(b)


@pytest.mark.parametrize(
    ("fun", "message"),
    [(of_outside, "is an array from outside"), (of_view, "`c` is written while `b` may share its memory")],
)
def test_arrays_that_are_given(fun, message):
    with pytest.raises(AdjointError, match=message):
        grad(fun)(3.0)


def too_deep(x):
    return x if x > 1e300 else too_deep(x + 1.0)


def test_depth_is_the_users():
    with pytest.raises(RecursionError):
        grad(too_deep)(1.0)


def test_what_is_handed_over_is_not_seen_from_outside():
    x = np.linspace(3.0, 4.0, 5)
    out, pullback = vjp(powers, x)
    (before,) = pullback(np.ones(5))
    out[:], x[:] = 0.0, 0.0
    np.testing.assert_array_equal(pullback(np.ones(5))[0], before)


def test_writes_after_the_call_leave_what_was_handed_over():
    def fun(x):
        y = x * 1.0
        a = powers(y)
        y[0] = 0.0
        a[1] = 0.0
        return np.sum(a) + np.sum(y * y)

    x, dot = np.linspace(3.0, 4.0, 5), np.linspace(-1.0, 1.0, 5)
    assert grad(fun)(x) @ dot == pytest.approx(jvp(fun, (x,), (dot,))[1], rel=1e-12)


def test_derivatives_of_one_function_by_different_arguments():
    def product(x, y):
        return x * y if x < 1.0 else product(x * 0.5, y) + y * x

    def fun(x, y):
        return grad(product, 0)(x, y) * y + grad(product, 1)(x, y) * x

    # product = x y (1/4 + 1 + 1/2) for 2 <= x < 4
    assert grad(fun, (0, 1))(3.0, 2.0) == pytest.approx((2 * 1.75 * 3.0, 2 * 1.75 * 2.0))


def test_the_text_stands_alone():
    text = adjoint.source(halve, types=parse_types("f8", ["x"]))
    names: dict[str, object] = {"np": np}
    exec(text, names)  # our own text
    assert names["halve_grad"](7.0) == grad(halve)(7.0) == 1.96875
