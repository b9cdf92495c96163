"""The text of small programs, and that it runs: what an expert would have written."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pytest

from adjoint.codegen.bufferize import bufferize
from adjoint.codegen.generate import Hidden, Interface, Place, generate
from adjoint.codegen.load import annotate, load
from adjoint.codegen.standalone import standalone
from adjoint.errors import Span, UnsupportedError
from adjoint.ir.tree import Tree
from adjoint.ir.types import PY_INT, ArrayType
from adjoint.rules import internal
from tests.codegen.test_random_programs import plain_interface
from tests.interpreter import assert_equal, run
from tests.tracing import F8, PY_BOOL, VECTOR, branch, loop, trace, while_loop

INNER, LEFT, RIGHT = slice(1, -1), slice(None, -2), slice(2, None)


def check(fun, types, args, expected):
    """The text is as expected, and gives what the interpreter gives."""
    fn = trace(fun, *types)
    generated = generate(bufferize(fn), plain_interface(fn))
    assert generated.text == textwrap.dedent(expected).lstrip("\n")
    assert_equal(load(generated)(*args), run(fn, *args))


def test_values_read_once_fold():
    check(
        lambda x: (np.sum(np.tanh(x * 2.0) ** 2),), [VECTOR], [np.ones(3)],
        """
        def f(x):
            return ((np.tanh(x * 2.0) ** 2).sum(),)
        """,
    )  # fmt: skip


def test_results_are_fresh():
    check(
        lambda x: (x, x, x[1:], internal.broadcast_like(2.0, x)), [VECTOR], [np.ones(3)],
        """
        def f(x):
            return x.copy(), x.copy(), x[1:].copy(), np.full(x.shape, 2.0)
        """,
    )  # fmt: skip


def test_carried_values_swap():
    def fibonacci(a, b, n):
        return loop(n, (a, b), lambda i, a, b: (b, a + b))

    check(
        fibonacci, [F8, F8, PY_INT], [1.0, 1.0, 7],
        """
        def f(a, b, n):
            for i in range(n):
                a, b = b, a + b
            return a, b
        """,
    )  # fmt: skip


def test_buffers_swap_without_copies():
    def jacobi(x, n):
        def step(i, u, v):
            return internal.update(v, u[RIGHT] + u[LEFT], index=INNER), u

        return loop(n, (x, x), step)

    check(
        jacobi, [VECTOR, PY_INT], [np.arange(6.0), 3],
        """
        def f(x, n):
            u = x.copy()
            v = x.copy()
            for i in range(n):
                v[1:-1] = u[2:] + u[:-2]
                u, v = v, u
            return u, v
        """,
    )  # fmt: skip


def test_a_stencil_in_place_and_its_reverse():
    def smooth(u, steps, c):
        def forward(t, u):
            return internal.update(u, u[INNER] + c * u[INNER] * (u[RIGHT] - u[LEFT]), index=INNER), u[INNER]

        u, overwritten = loop(steps, (u,), forward, produced=(1,))

        def reverse(t, u, u_bar, old):
            u = internal.update(u, old, index=INNER)
            v_bar = u_bar[INNER]
            u_bar = internal.update(u_bar, 0.0, index=INNER)
            u_bar = internal.add_at(u_bar, v_bar * (1.0 + c * (u[RIGHT] - u[LEFT])), index=INNER)
            s_bar = v_bar * (c * u[INNER])
            u_bar = internal.add_at(u_bar, s_bar, index=RIGHT)
            return u, internal.add_at(u_bar, -s_bar, index=LEFT)

        return (loop(steps, (u, 2.0 * u), reverse, stacks=(overwritten,), reverse=True)[1],)

    check(
        smooth, [VECTOR, PY_INT, F8], [np.arange(6.0), 3, 0.1],
        """
        def f(u, steps, c):
            u = u.copy()
            u_inner = u[1:-1]
            u_right = u[2:]
            u_left = u[:-2]
            stack = []
            for t in range(steps):
                t0 = u_inner.copy()
                u_inner += c * u_inner * (u_right - u_left)
                stack.append(t0)
            u_bar = 2.0 * u
            u_bar_inner = u_bar[1:-1]
            u_bar_right = u_bar[2:]
            u_bar_left = u_bar[:-2]
            for t in range(steps - 1, -1, -1):
                old = stack.pop()
                u_inner[:] = old
                t0 = u_bar_inner * (c * u_inner)
                u_bar_inner *= 1.0 + c * (u_right - u_left)
                u_bar_right += t0
                u_bar_left -= t0
            return (u_bar,)
        """,
    )  # fmt: skip


def test_stacks_nest():
    def nested(x, n):
        def outer(i, s):
            s, inner = loop(n, (s,), lambda j, s: (s * x[j], s), produced=(1,))
            return s, inner

        s, stack = loop(n, (x[0],), outer, produced=(1,))

        def reverse(i, b, inner):
            return loop(n, (b,), lambda j, b, y: (b * y,), stacks=(inner,), reverse=True)

        return loop(n, (s,), reverse, stacks=(stack,), reverse=True)

    check(
        nested, [VECTOR, PY_INT], [np.arange(1.0, 4.0), 3],
        """
        def f(x, n):
            s = x[0]
            stack = []
            for i in range(n):
                stack_1 = []
                for j in range(n):
                    stack_1.append(s)
                    s = s * x[j]
                stack.append(stack_1)
            for i in range(n - 1, -1, -1):
                inner = stack.pop()
                for j in range(n - 1, -1, -1):
                    y = inner.pop()
                    s = s * y
            return (s,)
        """,
    )  # fmt: skip


def test_branches():
    def sign(x, c, d):
        return branch(c, lambda: (x * 2.0,), lambda: branch(d, lambda: (x + 1.0,), lambda: (x - 1.0,)))

    check(
        sign, [VECTOR, PY_BOOL, PY_BOOL], [np.ones(3), False, True],
        """
        def f(x, c, d):
            if c:
                t0 = x * 2.0
            elif d:
                t0 = x + 1.0
            else:
                t0 = x - 1.0
            return (t0,)
        """,
    )  # fmt: skip


def test_a_while_loop_counts_its_trips_where_they_are_read():
    def countdown(x, k):
        return while_loop((x, k), lambda x, k: k > 0, lambda x, k: (x * 2.0, k - 1))

    check(
        countdown, [F8, PY_INT], [1.0, 3],
        """
        def f(x, k):
            t0 = 0
            while 0 < k:
                x = x * 2.0
                k = k - 1
                t0 += 1
            return x, k, t0
        """,
    )  # fmt: skip


def test_sums_accumulate_in_place_where_the_array_is_ours():
    def sums(x, n):
        return loop(n, (np.zeros_like(x), x), lambda i, s, y: (s + y * 2.0, y - 1.0))

    check(
        sums, [VECTOR, PY_INT], [np.ones(3), 3],
        """
        def f(x, n):
            s = np.zeros(x.shape)
            y = x.copy()
            for i in range(n):
                s += y * 2.0
                y -= 1.0
            return s, y
        """,
    )  # fmt: skip


class Point(NamedTuple):
    a: object
    b: object


@dataclass
class State:
    x: object

    def __post_init__(self):
        raise AssertionError("results are rebuilt without __init__")


def test_containers_are_unpacked_and_rebuilt():
    fn = trace(lambda x, y, z: (x * 2.0, y * x, z + 1.0), VECTOR, F8, VECTOR)
    params = Tree("dict", None, ("w", "b"), (Place(0), Tree("list", None, (0,), (Place(1),))))
    results = Tree(
        "dict", None, ("w", "p", "s"),
        (
            Place(0),
            Tree("namedtuple", Point, ("a", "b"), (Place(1), None)),
            Tree("dataclass", State, ("x",), (Place(2),)),
        ),
    )  # fmt: skip
    generated = generate(bufferize(fn), Interface("f", (("params", params),), results, (Hidden("z", Place(2)),)))
    assert "def f(params, *, z):\n    x = params['w']\n" in generated.text
    found = load(generated)({"w": np.ones(2), "b": [3.0]}, z=np.zeros(2))
    assert_equal([found["w"], found["p"].a, found["s"].x], [2 * np.ones(2), 3 * np.ones(2), np.ones(2)])
    assert type(found["p"]) is Point
    assert type(found["s"]) is State


UNKNOWN = ArrayType("float64", None, "any")


def test_a_standalone_module_needs_numpy_only():
    fn = trace(lambda x: internal.sum_to(x, x) * np.array([1.0, np.inf]), UNKNOWN)
    text = standalone(generate(bufferize(fn), plain_interface(fn)))
    assert "adjoint" not in text
    space: dict[str, object] = {}
    exec(text, space)
    assert_equal(space["f"](np.ones(2)), (np.array([1.0, np.inf]),))


def test_what_cannot_be_written_into_a_module_is_named():
    fn = trace(lambda x: x * np.ones(5000), VECTOR)
    with pytest.raises(UnsupportedError, match="an array of 5000 elements"):
        standalone(generate(bufferize(fn), plain_interface(fn)))


def test_an_exception_gets_one_note_with_the_place_in_the_source():
    fn = trace(lambda x, y: (1.0 / (x - y),), F8, F8)
    span = Span("model.py", 12, 4, 9, "    z = 1.0 / (x - y)", "loss")
    ops = tuple(replace(op, span=span) for op in fn.body.ops)
    fn = replace(fn, body=replace(fn.body, ops=ops))
    function = load(generate(bufferize(fn), plain_interface(fn)))
    with pytest.raises(ZeroDivisionError) as caught:
        function(1.0, 1.0)
    annotate(caught.value)
    annotate(caught.value)
    assert caught.value.__notes__ == ["in loss, model.py:12: z = 1.0 / (x - y)"]
