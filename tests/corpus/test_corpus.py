"""Every program of the corpus through every mode.

The value must agree with Python's to the last bit; forward mode with differences; reverse mode with
forward mode by the inner product; second derivatives with differences of first ones, in reverse over
reverse as well as in forward over reverse. To cover a construct, add a program to one of the files here.
"""

import ast
import copy
import importlib
import pathlib

import numpy as np
import pytest

import adjoint
from adjoint.errors import VerifyError
from tests.corpus.registry import PROGRAMS
from tests.oracles import (
    assert_differences,
    assert_like_arguments,
    assert_near,
    assert_own_memory,
    assert_same_bits,
    assert_transposed,
    narrowed,
)
from tests.trees import drawn_like, has_derivative, leaves, mapped, varies, vector

for path in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
    if not path.name.startswith("test_") and path.stem != "registry":
        importlib.import_module(f"tests.corpus.{path.stem}")


NUMBERS = (float, complex, np.ndarray, np.generic)
"""The leaves of what `grad` differentiates, in these programs."""


def programs(wanted=lambda _: True):
    def param(program):
        marks = [pytest.mark.xfail(reason=program.bug)] if program.bug else []
        return pytest.param(program, id=program.name, marks=marks)

    return [param(program) for program in PROGRAMS if wanted(program)]


def assert_value(program, out, expected):
    if program.exact:
        assert_same_bits(out, expected, "value")
    else:
        assert_near(out, expected, 1e-14, "value")


def along(out_dot, out):
    """The derivatives of those leaves that have one; Python may leave an integer where numbers are whole."""
    return [dot + 0.0 for dot, leaf in zip(leaves(out_dot), leaves(out), strict=True) if varies(leaf)]


def turned(leaf):
    """A matrix with the same numbers in another order of memory."""
    return np.asfortranarray(leaf) if isinstance(leaf, np.ndarray) and leaf.ndim > 1 else leaf


def is_real_scalar(value):
    return varies(value) and np.shape(value) == () and not np.iscomplexobj(value)


def has_gradient(value, args):
    wrt = positions(args)
    numbers = all(isinstance(leaf, NUMBERS) for k in wrt for leaf in leaves(args[k]))
    return is_real_scalar(value) and bool(wrt) and numbers


def positions(args):
    return tuple(k for k, arg in enumerate(args) if has_derivative(arg))


def tangents(args, seed):
    """One for each argument; None for those that do not vary."""
    return tuple(drawn_like(arg, [seed, k]) if has_derivative(arg) else None for k, arg in enumerate(args))


def tangent_trees(args, seed):
    return tuple(drawn_like(arg, [seed, k]) for k, arg in enumerate(args))


@pytest.mark.parametrize("program", programs())
def test_forward(program):
    for seed, args in enumerate(program.calls):
        fun, before = program.fun, copy.deepcopy(args)
        expected = fun(*copy.deepcopy(args))
        dots = tangents(args, seed)
        out, out_dot = adjoint.jvp(fun, args, dots)
        assert_value(program, out, expected)
        assert_same_bits(args, before, "arguments")
        assert_own_memory((out, out_dot), args, dots, what="value and tangent")
        trees = tangent_trees(args, seed)
        assert_differences(along(out_dot, expected), fun, args, trees, 1e-7, "jvp")

        _, again = adjoint.jvp(fun, args, mapped(turned, dots))
        assert_near(along(again, expected), along(out_dot, expected), 1e-12, "jvp along tangents in Fortran's order")

        out, pushforward = adjoint.linearize(fun, *args)
        assert_value(program, out, expected)
        assert_near(along(pushforward(*dots), expected), along(out_dot, expected), 1e-12, "linearize")


@pytest.mark.parametrize("program", programs())
def test_reverse(program):
    for seed, args in enumerate(program.calls):
        fun, before = program.fun, copy.deepcopy(args)
        expected = fun(*copy.deepcopy(args))
        _, out_dot = adjoint.jvp(fun, args, tangents(args, seed))
        bar = drawn_like(expected, [seed, 99])
        bar_before = copy.deepcopy(bar)

        mine = copy.deepcopy(args)
        out, pullback = adjoint.vjp(fun, *mine)
        assert_value(program, out, expected)
        assert_own_memory(out, mine, what="value")
        bars = pullback(bar)
        assert_same_bits(mine, before, "arguments")
        assert_same_bits(bar, bar_before, "cotangent")
        assert_like_arguments(bars, args, "cotangents")
        assert_own_memory(bars, mine, out, bar, what="cotangents")
        assert_transposed(along(bar, expected), along(out_dot, expected), bars, tangent_trees(args, seed), "vjp")
        assert_near(pullback(mapped(turned, bar)), bars, 1e-12, "vjp of a cotangent in Fortran's order")

        first = copy.deepcopy(bars)
        for array in leaves([mine, out, bars]):
            if isinstance(array, np.ndarray):
                array[...] = -77
        assert_same_bits(pullback(bar), first, "the pullback called again, after changes of all arrays")


@pytest.mark.parametrize("program", programs())
def test_gradient(program):
    """`grad` of functions with a scalar result, by all arguments together and one by one."""
    for args in program.calls:
        fun, wrt = program.fun, positions(args)
        expected = fun(*copy.deepcopy(args))
        if not has_gradient(expected, args):
            continue
        one = np.asarray(expected).dtype.type(1)
        bars = adjoint.vjp(fun, *args)[1](one if isinstance(expected, np.generic) else 1.0)
        value, together = adjoint.value_and_grad(fun, argnums=wrt)(*args)
        assert_value(program, value, expected)
        together = tuple(along(bar, args[k]) for k, bar in zip(wrt, together, strict=True))
        assert_near(together, tuple(bars[k] for k in wrt), 1e-12, "grad by all")
        for k, bar in zip(wrt, together, strict=True):
            gradient = adjoint.grad(fun, argnums=k)
            assert_near(along(gradient(*args), args[k]), bar, 1e-12, f"grad by argument {k}")
            assert_same_bits(gradient(*args), gradient(*args), "the second call")
            only = tuple(drawn_like(a, j) if j == k else None for j, a in enumerate(args))
            _, out_dot = adjoint.jvp(fun, args, only)
            assert_transposed(1.0, out_dot, bar, along(only[k], args[k]), f"jvp by argument {k}")


def float_of(leaf):
    return float(leaf) if type(leaf) is int else leaf


def floats_of(fun):
    return lambda *args: mapped(float_of, fun(*args))


def cotangents(fun, bar, count):
    """(x, ...) -> J(x)' bar, as a program that calls `vjp`."""

    def one(a):
        return adjoint.vjp(fun, a)[1](bar)

    def two(a, b):
        return adjoint.vjp(fun, a, b)[1](bar)

    def three(a, b, c):
        return adjoint.vjp(fun, a, b, c)[1](bar)

    def four(a, b, c, d):
        return adjoint.vjp(fun, a, b, c, d)[1](bar)

    return (one, two, three, four)[count - 1]


@pytest.mark.parametrize("program", programs(lambda p: p.second))
def test_second_order(program):
    for seed, args in enumerate(program.calls[:2]):
        fun, wrt = program.fun, positions(args)
        expected = fun(*copy.deepcopy(args))
        if has_gradient(expected, args):
            gradient = adjoint.grad(fun, argnums=wrt)
        else:
            gradient = cotangents(fun, drawn_like(expected, [seed, 5], other=0), len(args))
        dots = tangents(args, seed)
        out, out_dot = adjoint.jvp(gradient, args, dots)
        out, out_dot = mapped(float_of, out), mapped(float_of, out_dot)
        trees = tangent_trees(args, seed)
        assert_differences(out_dot, floats_of(gradient), args, trees, 1e-6, "forward over reverse")
        bar = drawn_like(out, [seed, 98])
        bars = adjoint.vjp(gradient, *args)[1](bar)
        assert_transposed(bar, out_dot, bars, tangent_trees(args, seed), "reverse over reverse")


@pytest.mark.parametrize("program", programs(lambda p: p.float32))
def test_float32(program):
    for seed, args in enumerate(program.calls):
        fun, small = program.fun, narrowed(args)
        expected = fun(*copy.deepcopy(small))
        dots = tangents(small, seed)
        out, out_dot = adjoint.jvp(fun, small, dots)
        assert_same_bits(out, expected, "value")
        for leaf, dot in zip(leaves(expected), leaves(out_dot), strict=True):
            if varies(leaf):
                assert np.asarray(dot).dtype == np.asarray(leaf).dtype, "a tangent of another dtype"
        bar = drawn_like(expected, seed)
        out, pullback = adjoint.vjp(fun, *small)
        assert_same_bits(out, expected, "value of vjp")
        bars = pullback(bar)
        assert_like_arguments(bars, small, "cotangents")
        wide = adjoint.vjp(fun, *args)[1](drawn_like(fun(*copy.deepcopy(args)), seed))
        assert_near(vector(bars).astype(complex), vector(wide).astype(complex), 2e-3, "float32 against float64")


@pytest.mark.parametrize("program", programs())
def test_source(program):
    """Text without argument types, where the program leaves no doubt about them; the same text each time."""
    for mode in ("primal", "forward", "reverse"):
        if mode == "reverse" and not is_real_scalar(program.fun(*copy.deepcopy(program.calls[0]))):
            continue
        try:
            text = adjoint.source(program.fun, mode)
        except adjoint.AdjointError as refusal:
            assert not isinstance(refusal, VerifyError), "the program after a pass is no program"  # noqa: PT017
            continue
        ast.parse(text)
        assert text == adjoint.source(program.fun, mode), "the text differs from run to run"


def test_a_wide_number_keeps_its_width_beside_a_narrow_array():
    def total(x, a):
        s = 0.0
        for i in range(3):
            s = s + x * a[i]
        return s * x

    numbers = np.array([1, 2, 3], np.float32)
    by_number, by_array = adjoint.grad(total, argnums=(0, 1))(2.0, numbers)
    assert_near(by_number, 24.0, 1e-6, "by the number")
    assert_near(by_array, np.full(3, 4.0, np.float32), 1e-6, "by the array")
    assert (np.asarray(by_number).dtype, by_array.dtype) == (np.float64, np.float32)
