"""What moves out of a loop, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from adjoint.ir.types import ArrayType
from adjoint.transform.hoist import hoist
from tests.tracing import F8, I8, MATRIX, PY_BOOL, VECTOR, M, assert_same, branch, loop, trace, while_loop


def product(n, s, x):
    (y,) = loop(n, (x,), lambda i, y: (y * (2.0 * s),))
    return y


def product_moved(n, s, x):
    t = 2.0 * s
    (y,) = loop(n, (x,), lambda i, y: (y * t,))
    return y


def chain(n, x, a):
    (y,) = loop(n, (x,), lambda i, y: (y + -(x * 3.0),))
    return y


def chain_moved(n, x, a):
    t = -(x * 3.0)
    (y,) = loop(n, (x,), lambda i, y: (y + t,))
    return y


def transpose(n, x, a):
    (y,) = loop(n, (x,), lambda i, y: (a @ (a.T @ y),))
    return y


def transpose_moved(n, x, a):
    t = a.T
    (y,) = loop(n, (x,), lambda i, y: (a @ (t @ y),))
    return y


def out_of_two_loops(n, s, x):
    def outer(i, y):
        return loop(n, (y,), lambda j, z: (z * (2.0 * s),))

    (y,) = loop(n, (x,), outer)
    return y


def out_of_two_loops_moved(n, s, x):
    t = 2.0 * s

    def outer(i, y):
        return loop(n, (y,), lambda j, z: (z * t,))

    (y,) = loop(n, (x,), outer)
    return y


def out_of_a_while(n, s, x):
    y, _ = while_loop((s,), lambda y: y < 9.0, lambda y: (y * (2.0 * s),))
    return y


def out_of_a_while_moved(n, s, x):
    t = 2.0 * s
    y, _ = while_loop((s,), lambda y: y < 9.0, lambda y: (y * t,))
    return y


def may_raise(n, s, x):
    (y,) = loop(n, (x,), lambda i, y: (y * (1.0 / s),))
    return y


def shapes_may_differ(n, x, y):
    (z,) = loop(n, (x,), lambda i, z: (z + np.sum(x * y),))
    return z


def costly(n, s, x):
    (y,) = loop(n, (x,), lambda i, y: (y * np.exp(x),))
    return y


def depends(n, s, x):
    (y,) = loop(n, (x,), lambda i, y: (y * (s * i),))
    return y


def under_a_condition(c, s, x):
    def body(i, y):
        return branch(c, lambda: y * (2.0 * s), lambda: y)

    (y,) = loop(3, (x,), body)
    return y


def given_on(n, s, x):
    y, t, _ = loop(n, (x, s, 1.0), lambda i, y, t, u: (y * t * u, t, u))
    return y * t


def read_where_it_comes_from(n, s, x):
    y, _, _ = loop(n, (x, s, 1.0), lambda i, y, t, u: (y * s * 1.0, s, 1.0))
    return y * s


LONG = ArrayType("float64", (M,))
CASES = [
    (product, product_moved, (I8, F8, VECTOR)),
    (chain, chain_moved, (I8, VECTOR, VECTOR)),
    (transpose, transpose_moved, (I8, LONG, ArrayType("float64", (M, M)))),
    (out_of_two_loops, out_of_two_loops_moved, (I8, F8, VECTOR)),
    (out_of_a_while, out_of_a_while_moved, (I8, F8, VECTOR)),
    (given_on, read_where_it_comes_from, (I8, F8, VECTOR)),
    (may_raise, may_raise, (I8, F8, VECTOR)),
    (shapes_may_differ, shapes_may_differ, (I8, MATRIX, LONG)),
    (costly, costly, (I8, F8, VECTOR)),
    (depends, depends, (I8, F8, VECTOR)),
    (under_a_condition, under_a_condition, (PY_BOOL, F8, VECTOR)),
]


@pytest.mark.parametrize(("before", "after", "types"), CASES, ids=[case[0].__name__ for case in CASES])
def test_before_and_after(before, after, types):
    found = hoist(trace(before, *types))
    assert_same(found, trace(after, *types))
    assert hoist(found).body is found.body


def integers(n, k, x):
    (y,) = loop(n, (x,), lambda i, y: (y * (3 * k + 1),))
    return y


def numbers(n, s, x):
    (y,) = loop(n, (x,), lambda i, y: (y * (0.5 * s / 3.0),))
    return y


def numbers_moved(n, s, x):
    t = 0.5 * s / 3.0
    (y,) = loop(n, (x,), lambda i, y: (y * t,))
    return y


def integers_moved(n, k, x):
    t = 3 * k + 1
    (y,) = loop(n, (x,), lambda i, y: (y * t,))
    return y


def test_arithmetic_on_python_numbers_moves_in_primal_code_too():
    for before, after, type_ in ((integers, integers_moved, I8), (numbers, numbers_moved, F8)):
        types = (I8, type_, VECTOR)
        assert_same(hoist(trace(before, *types, sweep="")), trace(after, *types, sweep=""))


def test_views_move():
    types = (I8, VECTOR, VECTOR)
    found = hoist(trace(lambda n, x, a: loop(n, (x,), lambda i, y: (y + x[::-1],))[0], *types))
    assert [op.primitive.name for op in found.body.ops] == ["getitem", "for"]


def test_primal_code_stays_where_the_user_wrote_it():
    fn = trace(chain, I8, VECTOR, VECTOR, sweep="")
    assert hoist(fn).body is fn.body
