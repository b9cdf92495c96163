"""Random programs: the value, forward against differences, reverse against forward, first and second order."""

import ast
import copy

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adjoint
from tests.oracles import assert_near, assert_same_bits, assert_transposed, differences
from tests.property.programs import arguments, made, texts
from tests.trees import drawn_like

QUICK = settings(
    max_examples=120, derandomize=True, deadline=None, database=None, print_blob=False,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LONG = settings(QUICK, max_examples=5000, derandomize=False)
WRT = tuple(range(6))


def check(text, seed, n, second=False):
    fun, args = made(text), arguments(seed, n)
    with np.errstate(all="ignore"):
        try:
            expected = fun(*copy.deepcopy(args))
        except (OverflowError, ZeroDivisionError, ValueError):
            hypothesis.reject()
    hypothesis.assume(np.isfinite(expected) and abs(expected) < 1e3)
    dots = tuple(drawn_like(arg, [seed, k]) for k, arg in enumerate(args))
    before = copy.deepcopy(args)
    try:
        value, dot = adjoint.jvp(fun, args, dots)
    except adjoint.AliasError:
        hypothesis.reject()
    assert_same_bits(value, expected, "value of jvp")

    gradient = adjoint.value_and_grad(fun, argnums=WRT)
    value, bars = gradient(*args)
    assert_same_bits(args, before, "arguments")
    assert_same_bits(value, expected, "value of grad")
    assert_transposed(1.0, dot, bars, dots[:-1], "reverse")
    ast.parse(gradient.source)
    again = adjoint.value_and_grad(made(text), argnums=WRT)
    again(*args)
    assert plain(again.source) == plain(gradient.source), "another text for the same program"

    slope, error = differences(fun, args, dots, step=2.0**-10, rows=5)
    if np.max(error) < 1e-7:  # else a kink is near
        assert_near(dot + 0.0, slope[0:1], 1e-5, "forward")
    if second:
        check_second(fun, args, dots)


def check_second(fun, args, dots):
    gradient = adjoint.grad(fun, argnums=WRT)
    bars, bars_dot = adjoint.jvp(gradient, args, dots)
    weights = drawn_like(bars, 11)
    _, pullback = adjoint.vjp(gradient, *args)
    assert_transposed(weights, bars_dot, pullback(weights), dots[:-1], "reverse over reverse", rtol=1e-8)
    slope, error = differences(gradient, args, dots, step=2.0**-10, rows=5)
    if np.max(error) < 1e-6:
        assert_near(bars_dot, slope, 1e-4, "forward over reverse")


def plain(text):
    """A text without the numbers of the files."""
    return "\n".join(line.partition("#")[0].rstrip() for line in text.splitlines())


seeds, counts = st.integers(0, 10**6), st.integers(0, 4)


@QUICK
@given(texts(), seeds, counts)
def test_first_order(text, seed, n):
    check(text, seed, n)


@settings(QUICK, max_examples=60)
@given(texts(3), seeds, counts)
def test_second_order(text, seed, n):
    check(text, seed, n, second=True)


@pytest.mark.slow
@LONG
@given(texts(8), seeds, counts)
def test_many(text, seed, n):
    check(text, seed, n, second=True)
