"""All passes together, on random programs: the same numbers, a fixed point, never more ops."""
# ruff: noqa: B002, B023  # steps are lambdas that run at once

from __future__ import annotations

import numpy as np
import pytest

from adjoint.ir.types import ArrayType
from adjoint.ir.walk import all_ops
from adjoint.rules.internal import add_at, broadcast_like, cast, sum_to, update
from adjoint.transform.cse import eliminate_common_subexpressions
from adjoint.transform.dead_code import remove_dead_code
from adjoint.transform.hoist import hoist
from adjoint.transform.optimise import same, simplify_all
from adjoint.transform.rewrite import Rewriter
from adjoint.transform.simplify import simplify
from adjoint.transform.stacks import forward_elements
from tests.interpreter import run
from tests.tracing import F8, I8, PY_BOOL, VECTOR, branch, loop, text, trace

SIZE = 5


class Program:
    """Random steps on a scalar and two arrays of one length; all results stay finite and smooth."""

    def __init__(self, seed, sweep):
        self.rng = np.random.default_rng(seed)
        self.fn = trace(self.run, I8, PY_BOOL, F8, VECTOR, VECTOR, sweep=sweep, hints=("n", "c", "s", "x", "y"))

    def run(self, n, c, s, x, y):
        self.n, self.c = n, c
        scalars, arrays = self.steps([s], [x, y], 12)
        return *scalars[-2:], *arrays[-2:]

    def steps(self, scalars, arrays, count, *, nested=True):
        scalars, arrays = list(scalars), list(arrays)
        for _ in range(count):
            kind = self.rng.integers(14 if nested else 11)
            a, b = (arrays[k] for k in self.rng.integers(len(arrays), size=2))
            s, t = (scalars[k] for k in self.rng.integers(len(scalars), size=2))
            number = float(self.rng.choice([0.0, 1.0, -1.0, 2.0, 0.5, -3.0]))
            if kind < 8:
                arrays.append(self.array(kind, a, b, s, number))
            elif kind < 11:
                scalars.append([lambda: s * number - t, lambda: -(-s) * (number * t), lambda: s - -t][kind - 8]())
            elif kind == 11:
                u, v = branch(self.c, lambda: self.inner(s, a), lambda: (t, b))
                scalars, arrays = [*scalars, u], [*arrays, v]
            else:
                self.loops(kind, scalars, arrays)
        return scalars, arrays

    def array(self, kind, a, b, s, number):
        made = (
            lambda: a + b * number,
            lambda: np.tanh(a) * s,
            lambda: broadcast_like(s, a) * (-b),
            lambda: np.where(a > 0, b, 0.0) * a,
            lambda: a + add_at(np.zeros_like(a), s * 0.5, index=2),
            lambda: update(a, s, index=1) - b,
            lambda: cast(sum_to(-(a - b), a), dtype="float64") / (1.0 + b * b),
            lambda: 2.0 * (number * a) - -(a * 1.0),
        )[kind]()
        return np.tanh(made)

    def inner(self, s, a):
        scalars, arrays = self.steps([s], [a], 4, nested=False)
        return scalars[-1], arrays[-1]

    def loops(self, kind, scalars, arrays):
        s, a = scalars[-1], arrays[-1]

        def forward(i, u, v, w):
            p, q = self.inner(u, v)
            return p * 0.5, q, w * p, v, q, u

        u, v, _, stack = loop(self.n, (s, a, s), forward, produced=(3,))
        scalars.append(u)
        arrays.append(v)
        if kind == 13:
            used = self.rng.integers(4)
            back = lambda i, w, p, q, r: (np.tanh(w * (p, q, r, s * 2.0)[used] + a),)  # noqa: E731
            arrays.append(loop(self.n, (v,), back, stacks=(stack,))[0])


def arguments(seed, c):
    rng = np.random.default_rng(seed)
    return 3, c, rng.normal(), rng.normal(size=SIZE), rng.normal(size=SIZE)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("sweep", ["", "adjoint"])
@pytest.mark.parametrize("seed", range(60))
def test_random_programs_give_the_same_numbers(seed, sweep):
    fn = Program(seed, sweep).fn
    text(fn)
    found = simplify_all(fn)
    text(found)
    assert len(list(all_ops(found.body))) <= len(list(all_ops(fn.body)))
    for condition in (True, False):
        args = arguments(seed, condition)
        for a, b in zip(run(fn, *args), run(found, *args), strict=True):
            if sweep:
                np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12)
            else:
                np.testing.assert_array_equal(b, a)
    assert same(simplify_all(found), found)


IDEMPOTENT = (simplify, eliminate_common_subexpressions, hoist, forward_elements, remove_dead_code)


@pytest.mark.parametrize("run_pass", IDEMPOTENT, ids=[p.__name__ for p in IDEMPOTENT])
@pytest.mark.parametrize("seed", range(15))
def test_each_pass_is_idempotent(seed, run_pass):
    once = run_pass(Program(seed, "adjoint").fn)
    text(once)
    assert same(run_pass(once), once)


def test_runs_are_equal_text():
    first, second = (text(simplify_all(Program(3, "adjoint").fn)) for _ in range(2))
    assert first == second


def test_the_number_of_rewrites_is_linear(monkeypatch):
    """Twice the program, twice the ops that rows are tried on."""
    tried = []
    rewritten = Rewriter.rewritten
    monkeypatch.setattr(Rewriter, "rewritten", lambda self, op, rows: tried.append(op) or rewritten(self, op, rows))

    def rewrites(terms):
        def fun(x, y, s):
            for k in range(terms):
                x = np.sin(x) * -(y * 2.0) + broadcast_like(s, x) * (k + 1.0)
            return x

        fn = trace(fun, VECTOR, VECTOR, F8)
        tried.clear()
        simplify_all(fn)
        return len(tried)

    few, many = rewrites(20), rewrites(40)
    assert 0 < few < many <= 2.1 * few


def test_a_gradient_reads_as_by_hand():
    """np.sum((x @ w) ** 2), as the rules write its reverse sweep."""
    matrix = ArrayType("float64", VECTOR.shape * 2)

    def fun(w, x, bar):
        h = x @ w
        h_bar = 2 * h * broadcast_like(bar, h)
        return sum_to(np.swapaxes(x, -1, -2) @ h_bar, w)

    found = simplify_all(trace(fun, matrix, matrix, F8))
    assert text(found).splitlines()[1:] == [
        "    %0 = matmul(x, w)",
        "    %1 = mul(2.0, bar)",
        "    %2 = mul(%1, %0)",
        "    %3 = transpose(x)",
        "    %4 = matmul(%3, %2)",
        "    return %4",
    ]
