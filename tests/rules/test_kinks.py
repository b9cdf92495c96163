"""Derivatives where functions have corners, poles and removable singularities, in both modes."""

from __future__ import annotations

import math
import operator
import warnings
from typing import Any

import numpy as np
import pytest

from adjoint.ir.types import is_inexact
from adjoint.rules.registry import primitive_of
from adjoint.transform.adjoint import adjoint
from adjoint.transform.tangent import tangent
from tests.interpreter import run
from tests.rules.data import Case, Static
from tests.rules.test_rules import program

INF = math.inf


def gradients(fun: Any, *args: Any, bar: Any = None, **kwargs: Any) -> tuple[Any, ...]:
    """The cotangents of all differentiated arguments for the cotangent `bar` (ones), checked against the tangents."""
    fn, xs = program(primitive_of(fun), Case(args, kwargs))
    (out,) = run(fn, *xs)
    bar = np.ones_like(out)[()] if bar is None else bar
    bars = run(adjoint(fn, range(len(xs)), [is_inexact(fn.results[0].type)]), *xs, bar)[1:]
    for k, x in enumerate(xs):
        forward = tangent(fn, [k == other for other in range(len(xs))])
        for index in np.ndindex(np.shape(x)):
            one = np.zeros(np.shape(x))
            one[index] = 1.0
            (dot,) = run(forward, *xs, one[()])[1:]
            seen = np.sum(np.where(bar == 0, 0, np.broadcast_to(dot, np.shape(out)) * bar))
            np.testing.assert_allclose(seen, np.asarray(bars[k])[index], rtol=1e-13, atol=1e-13)
    return bars


pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("zero", [0.0, np.float64(0.0), np.zeros(3)], ids=["float", "scalar", "array"])
def test_absolute_value_at_zero(zero):
    for fun in (abs, np.abs, np.fabs):
        assert np.all(gradients(fun, zero)[0] == 0)
    assert gradients(math.fabs, 0.0) == (0.0,)


def test_ties_share_equally():
    for fun in (np.max, np.min, np.nanmax, np.maximum.reduce):
        np.testing.assert_allclose(gradients(fun, np.array([1.0, 1.0, 1.0]))[0], np.ones(3) / 3)
    rows = np.array([[1.0, 1.0], [0.0, 2.0]])
    np.testing.assert_allclose(gradients(np.max, rows, axis=1)[0], [[0.5, 0.5], [0.0, 1.0]])
    for fun in (np.maximum, np.minimum, np.fmax, np.fmin):
        assert gradients(fun, 1.0, 1.0) == (0.5, 0.5)
        assert gradients(fun, np.float64(INF), np.float64(INF)) == (0.5, 0.5)


def test_clip_is_half_at_a_bound():
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    np.testing.assert_array_equal(gradients(np.clip, x, Static(0.0), Static(1.0))[0], [0.0, 0.5, 1.0, 0.5, 0.0])
    low, high = np.float64(0.0), np.float64(1.0)
    bars = gradients(np.clip, x, low, high)
    np.testing.assert_array_equal(bars[1:], [1.5, 1.5])
    assert np.all(gradients(np.clip, x, Static(1.0), Static(0.0))[0] == 0)
    assert gradients(np.clip, x, high, low)[1:] == (0.0, 5.0)


def test_maximum_of_nan_and_a_number():
    assert gradients(np.fmax, np.float64(np.nan), np.float64(1.0)) == (0.0, 1.0)
    assert gradients(np.fmin, np.float64(1.0), np.float64(np.nan)) == (1.0, 0.0)


POWERS = [
    (0.0, 2.0, 0.0, 0.0), (0.0, 1.0, 1.0, 0.0), (0.0, 3.5, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0),
    (2.0, 3.0, 12.0, 8.0 * math.log(2.0)), (1.0, 0.0, 0.0, 0.0), (5.0, 0.0, 0.0, math.log(5.0)),
]  # fmt: skip


@pytest.mark.parametrize(("x", "y", "by_x", "by_y"), POWERS)
def test_powers(x, y, by_x, by_y):
    for fun in (operator.pow, np.power, math.pow):
        np.testing.assert_allclose(gradients(fun, x, y), (by_x, by_y), atol=1e-300)
    np.testing.assert_allclose(gradients(operator.pow, np.array([x]), np.array([y])), ([by_x], [by_y]), atol=1e-300)


def test_constant_exponents_are_polynomials():
    for n, slope in ((0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (Static(2.0), 0.0), (Static(0.5), INF)):
        assert gradients(operator.pow, 0.0, n)[0] == slope
        assert gradients(operator.pow, np.zeros(1), n)[0] == slope
    assert gradients(operator.pow, -2.0, 3)[0] == 12.0


def test_square_root_of_zero():
    for fun, zero in ((math.sqrt, 0.0), (np.sqrt, 0.0), (np.sqrt, np.float64(0.0))):
        assert gradients(fun, zero) == (INF,)
        assert gradients(fun, zero, bar=np.float64(0.0)) == (0.0,)
    (x_bar,) = gradients(np.sqrt, np.array([0.0, 4.0, 0.0]), bar=np.array([0.0, 1.0, 1.0]))
    np.testing.assert_allclose(x_bar, [0.0, 0.25, INF])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fn, xs = program(primitive_of(np.sqrt), Case((np.array([0.0, 4.0]),)))
        run(adjoint(fn, [0], [True]), *xs, np.array([0.0, 1.0]))


def test_lengths_and_spreads_at_zero():
    for fun in (np.hypot, math.hypot):
        assert gradients(fun, 0.0, 0.0) == (0.0, 0.0)
    np.testing.assert_array_equal(gradients(np.std, np.full(3, 2.0))[0], np.zeros(3))
    np.testing.assert_array_equal(gradients(np.std, np.full((2, 3), 2.0), axis=1)[0], np.zeros((2, 3)))
    np.testing.assert_array_equal(gradients(np.nanstd, np.full(3, 2.0))[0], np.zeros(3))
    assert gradients(np.var, np.array([2.0]))[0] == 0
    assert gradients(np.abs, np.complex128(0))[0] == 0


def test_infinities_in_logaddexp():
    for fun in (np.logaddexp, np.logaddexp2):
        assert gradients(fun, -INF, 0.3) == (0.0, 1.0)
        assert gradients(fun, np.float64(INF), np.float64(0.3)) == (1.0, 0.0)
        assert np.all(np.isfinite(gradients(fun, -INF, -INF)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradients(np.logaddexp, np.array([-INF, INF]), np.array([-INF, INF])) is not None


def test_products_with_zeros():
    one, two = np.array([2.0, 0.0, 3.0]), np.array([0.0, 0.0, 3.0])
    np.testing.assert_array_equal(gradients(np.prod, one)[0], [0.0, 6.0, 0.0])
    np.testing.assert_array_equal(gradients(np.prod, two)[0], np.zeros(3))
    np.testing.assert_array_equal(gradients(np.cumprod, one)[0], [1.0, 8.0, 0.0])


def test_poles_of_derivatives_do_not_raise_on_python_floats():
    for fun, x in (
        (math.asin, 1.0), (math.acos, -1.0), (math.acosh, 1.0), (math.cbrt, 0.0), (np.log, 0.0),
        (np.log2, 0.0), (np.log1p, -1.0), (np.arctanh, 1.0), (np.arcsin, 1.0), (np.arccosh, 1.0),
    ):  # fmt: skip
        assert math.isinf(gradients(fun, x)[0])
    assert gradients(np.divide, 1.0, 0.0) == (INF, -INF)
    assert all(map(math.isnan, gradients(math.atan2, 0.0, 0.0)))


def test_sinc_at_zero():
    fn, xs = program(primitive_of(np.sinc), Case((np.array([0.0, 1e-8]),)))
    reverse = adjoint(fn, [0], [True])
    ones = np.ones(2)
    np.testing.assert_allclose(run(reverse, *xs, ones)[1], [0.0, -(math.pi**2) / 3 * 1e-8], rtol=1e-12)
    (second,) = run(tangent(reverse, [True, False]), *xs, ones, ones)[3:]
    np.testing.assert_allclose(second, np.full(2, -(math.pi**2) / 3), rtol=1e-12)


def test_a_limit_shares_with_the_numbers_that_reach_it():
    x = np.array([1.0, 1.0, 0.5])
    np.testing.assert_allclose(gradients(np.max, x, initial=1.0)[0], [1 / 3, 1 / 3, 0.0])
    np.testing.assert_allclose(gradients(np.min, x, initial=9.0)[0], [0.0, 0.0, 1.0])


def test_norms_share_among_equal_moduli():
    x = np.array([3.0, -3.0, 1.0])
    np.testing.assert_array_equal(gradients(np.linalg.norm, x, Static(INF))[0], [0.5, -0.5, 0.0])
    np.testing.assert_allclose(gradients(np.linalg.norm, 2.0 * np.eye(2), 2)[0], np.eye(2) / 2, atol=1e-15)
    np.testing.assert_array_equal(gradients(np.linalg.norm, np.zeros((2, 2)), 2)[0], np.zeros((2, 2)))
    (x_bar,) = gradients(np.linalg.norm, np.diag([2.0, 0.0]), "nuc")
    np.testing.assert_allclose(x_bar, np.diag([1.0, 0.0]), atol=1e-15)


def test_interpolation_at_knots():
    knots, values = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0])
    fn, xs = program(primitive_of(np.interp), Case((np.array([0.0, 1.0, 2.0, 3.0]), knots, values)))
    x_bar, _, values_bar = run(adjoint(fn, range(3), [True]), *xs, np.ones(4))[1:]
    np.testing.assert_array_equal(x_bar, [1.0, 4.0, 4.0, 0.0])
    np.testing.assert_array_equal(values_bar, [1.0, 1.0, 2.0])
