"""Random programs with lists: the text and the interpreter agree, in the primal and in its derivatives."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from adjoint.codegen.bufferize import bufferize
from adjoint.codegen.generate import generate
from adjoint.codegen.load import load
from adjoint.ir.verify import verify
from adjoint.ir.walk import clone_block
from adjoint.rules import lists
from adjoint.rules.internal import update
from adjoint.transform.adjoint import adjoint
from adjoint.transform.optimise import simplify_all
from adjoint.transform.tangent import tangent
from tests.codegen.random_list_programs import ListPrograms
from tests.codegen.test_random_programs import plain_interface
from tests.interpreter import assert_equal, run
from tests.tracing import F8, I8, VECTOR, branch, loop, trace

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def arrays_in(x):
    if isinstance(x, (list, tuple)):
        return [array for part in x for array in arrays_in(part)]
    return [x] if isinstance(x, np.ndarray) else []


def arguments(seed):
    random = np.random.default_rng(seed)
    return random.normal(size=5), random.normal(size=5), np.float64(0.5), 3


def assert_text_agrees(fn, args):
    expected = copy.deepcopy(run(fn, *copy.deepcopy(args)))
    given = copy.deepcopy(args)
    names = {param: f"{param.hint}_{k}" for k, param in enumerate(fn.params)}
    ready = bufferize(replace(fn, body=clone_block(fn.body, {}, names)))
    verify(ready)
    results = load(generate(ready, plain_interface(ready)))(*given)
    assert_equal(results, expected)
    assert_equal(given, args)
    found = arrays_in(results)
    assert all(x.flags.writeable for x in found)
    for k, array in enumerate(found):
        assert not any(np.shares_memory(array, other) for other in (*found[:k], *arrays_in(given)))
    return expected


@pytest.mark.parametrize("block", range(10))
def test_text_computes_what_the_program_means(block):
    for seed in range(20 * block, 20 * block + 20):
        assert_text_agrees(ListPrograms(seed).function(), arguments(seed))


def ones(x):
    return [ones(item) for item in x] if isinstance(x, list) else np.ones(np.shape(x))[()]


def pairing(a, b):
    if isinstance(a, (list, tuple)):
        return sum(pairing(x, y) for x, y in zip(a, b, strict=True))
    return float(np.sum(a * b))


@pytest.mark.parametrize("block", range(10))
def test_derivatives(block):
    """<bar, J dot> = <J' bar, dot>, and the text of both sweeps computes what they mean."""
    for seed in range(6 * block, 6 * block + 6):
        fn = ListPrograms(seed).function()
        args = arguments(seed)
        value = run(fn, *args)
        dots = arguments(seed + 1000)[:3]
        forward = simplify_all(tangent(fn, [True, True, True, False]))
        out_dots = assert_text_agrees(forward, (*args, *dots))[len(value) :]
        reverse = simplify_all(adjoint(fn, [0, 1, 2], [True] * len(value)))
        bars = assert_text_agrees(reverse, (*args, *map(ones, value)))[len(value) :]
        expected = pairing(list(map(ones, value)), list(out_dots))
        found = pairing(list(bars), list(dots))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * (1 + abs(expected)))


def test_what_a_stack_still_holds_is_not_written():
    """The carried array starts as the one that every element of the stack is."""

    def program(x, n):
        y = np.tanh(x)
        _, stack = loop(n, (0.0,), lambda i, s: (s + 1.0, y), produced=(1,))

        def back(i, z, total, old):
            return update(z, 7.0, index=0), total + old

        return loop(n, (y, y * 0.0), back, stacks=(stack,), reverse=True)

    assert_text_agrees(trace(program, VECTOR, I8), (np.arange(3.0), 3))


def test_a_list_that_one_branch_hands_on_is_not_changed():
    def program(x, n):
        a = lists.list_reverse(lists.list_of(x, x * 2.0))

        def body(i, total):
            (b,) = branch(total < 9.0, lambda: a, lambda: lists.list_append(a, x))
            last = lists.list_get(b, -1)
            rest = lists.list_drop(b)
            return total + last * lists.list_length(rest)

        return (*loop(n, (x,), body), a)

    assert_text_agrees(trace(program, F8, I8), (1.5, 4))
