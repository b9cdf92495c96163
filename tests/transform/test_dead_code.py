"""Before and after: what is computed, and what is left of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adjoint.ir.core import CALL, OPAQUE, Block, Function, Literal, Op, Value
from adjoint.ir.types import PY_FLOAT
from adjoint.transform.dead_code import remove_dead_code
from tests.tracing import F8, I8, PY_BOOL, VECTOR, assert_same, branch, loop, text, trace, while_loop


def unread_op(x):
    x * 3.0
    return x + 1.0


def unread_op_gone(x):
    return x + 1.0


def unread_branch_result(c, x):
    a, _ = branch(c, lambda: (x + 1.0, x * 2.0), lambda: (x, x * 3.0))
    return a


def unread_branch_result_gone(c, x):
    (a,) = branch(c, lambda: x + 1.0, lambda: x)
    return a


def unread_branch(c, x):
    branch(c, lambda: x + 1.0, lambda: x)
    return x


def unread_branch_gone(c, x):
    return x


def carried_for_itself(n, x):
    a, _ = loop(n, (x, x), lambda i, a, b: (a * x, b * a + b))
    return a


def carried_for_itself_gone(n, x):
    (a,) = loop(n, (x,), lambda i, a: (a * x,))
    return a


def carried_for_another(n, x):
    a, _ = loop(n, (x, x), lambda i, a, b: (a * b, b + 1.0))
    return a


def carried_through_two(n, x):
    """b is read by c alone, c by itself alone: both go."""
    a, _, _ = loop(n, (x, x, x), lambda i, a, b, c: (a * x, b + 1.0, c * b))
    return a


def unread_loop(n, x):
    loop(n, (x,), lambda i, a: (a * x,))
    return x


def unread_loop_gone(n, x):
    return x


def nested_loops(n, x):
    def outer(i, a, b):
        c, d = loop(n, (a, b), lambda j, c, d: (c + x, d * c))
        return c, d

    a, _ = loop(n, (x, x), outer)
    return a


def nested_loops_gone(n, x):
    def outer(i, a):
        (c,) = loop(n, (a,), lambda j, c: (c + x,))
        return (c,)

    (a,) = loop(n, (x,), outer)
    return a


def unread_element(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, a, a + 1.0), produced=(2,))
    (b,) = loop(n, (a,), lambda i, b, p, q: (b * p,), stacks=(stack,))
    return b


def unread_element_gone(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, a), produced=(1,))
    (b,) = loop(n, (a,), lambda i, b, p: (b * p,), stacks=(stack,))
    return b


def element_read_elsewhere(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, a, a + 1.0), produced=(2,))
    (b,) = loop(n, (a,), lambda i, b, p, q: (b * p,), stacks=(stack,))
    (c,) = loop(n, (b,), lambda i, c, p, q: (c * q,), stacks=(stack,))
    return c


def unread_stacks(n, x):
    a, _, popped = loop(n, (x,), lambda i, a: (a * x, a, a + 1.0), produced=(1, 1))
    (b,) = loop(n, (a,), lambda i, b, p: (b * x,), stacks=(popped,))
    return b


def unread_stacks_gone(n, x):
    (a,) = loop(n, (x,), lambda i, a: (a * x,))
    (b,) = loop(n, (a,), lambda i, b: (b * x,))
    return b


def stack_in_stack(n, x):
    def forward(i, a):
        b, inner = loop(n, (a,), lambda j, b: (b * x, b, b + 2.0), produced=(2,))
        return b, inner, b

    def backward(i, c, inner, d):
        (e,) = loop(n, (c,), lambda j, e, p, q: (e * q,), stacks=(inner,))
        return (e,)

    a, stack = loop(n, (x,), forward, produced=(2,))
    (c,) = loop(n, (a,), backward, stacks=(stack,))
    return c


def stack_in_stack_gone(n, x):
    def forward(i, a):
        b, inner = loop(n, (a,), lambda j, b: (b * x, b + 2.0), produced=(1,))
        return b, inner

    def backward(i, c, inner):
        (e,) = loop(n, (c,), lambda j, e, q: (e * q,), stacks=(inner,))
        return (e,)

    a, stack = loop(n, (x,), forward, produced=(1,))
    (c,) = loop(n, (a,), backward, stacks=(stack,))
    return c


def stack_through_branch(c, n, x):
    def then():
        return loop(n, (x,), lambda i, a: (a * x, a, a + 1.0), produced=(2,))

    def other():
        return loop(n, (x,), lambda i, a: (a + x, a, a + 2.0), produced=(2,))

    a, stack = branch(c, then, other)
    (b,) = loop(n, (a,), lambda i, b, p, q: (b * q,), stacks=(stack,))
    return b


def stack_through_branch_gone(c, n, x):
    def then():
        return loop(n, (x,), lambda i, a: (a * x, a + 1.0), produced=(1,))

    def other():
        return loop(n, (x,), lambda i, a: (a + x, a + 2.0), produced=(1,))

    a, stack = branch(c, then, other)
    (b,) = loop(n, (a,), lambda i, b, q: (b * q,), stacks=(stack,))
    return b


def while_keeps_its_test(x):
    a, _, _, _ = while_loop((x, x, x), lambda a, b, c: b < 9.0, lambda a, b, c: (a * 2.0, b + 1.0, c * b))
    return a


def while_keeps_its_test_gone(x):
    a, _, _ = while_loop((x, x), lambda a, b: b < 9.0, lambda a, b: (a * 2.0, b + 1.0))
    return a


PAIRS = [
    (unread_op, unread_op_gone, (F8,)),
    (unread_branch_result, unread_branch_result_gone, (PY_BOOL, F8)),
    (unread_branch, unread_branch_gone, (PY_BOOL, F8)),
    (carried_for_itself, carried_for_itself_gone, (I8, VECTOR)),
    (carried_for_another, carried_for_another, (I8, F8)),
    (carried_through_two, carried_for_itself_gone, (I8, F8)),
    (unread_loop, unread_loop_gone, (I8, F8)),
    (nested_loops, nested_loops_gone, (I8, F8)),
    (unread_element, unread_element_gone, (I8, VECTOR)),
    (element_read_elsewhere, element_read_elsewhere, (I8, F8)),
    (unread_stacks, unread_stacks_gone, (I8, F8)),
    (stack_in_stack, stack_in_stack_gone, (I8, F8)),
    (stack_through_branch, stack_through_branch_gone, (PY_BOOL, I8, F8)),
    (while_keeps_its_test, while_keeps_its_test_gone, (F8,)),
]


@pytest.mark.parametrize(("before", "after", "types"), PAIRS, ids=[before.__name__ for before, _, _ in PAIRS])
def test_before_and_after(before, after, types):
    found = remove_dead_code(trace(before, *types))
    assert text(found, types=True) == text(trace(after, *types), types=True)
    assert_same(remove_dead_code(found), found)


def test_an_unread_while_is_dropped():
    def before(x):
        while_loop((x,), lambda a: a < 9.0, lambda a: (a * 2.0,))
        return x

    assert remove_dead_code(trace(before, F8)).body.ops == ()


def test_what_is_clean_is_given_back_as_it_is():
    body = trace(stack_in_stack_gone, I8, F8).body
    assert remove_dead_code(Function("f", body)).body is body


def _effect(*inputs: Value) -> Op:
    return Op(OPAQUE, inputs, (Value(None, PY_FLOAT),), {"function": np.random.normal, "args": (), "kwargs": {}})


def test_an_effect_stays_and_keeps_what_it_reads():
    def fun(x):
        return x + 1.0, x * 2.0

    fn = trace(fun, F8)
    effect = _effect(fn.results[1])
    with_effect = replace(fn, body=Block(fn.params, (*fn.body.ops, effect), fn.results[:1]))
    assert remove_dead_code(with_effect).body.ops == (*fn.body.ops, effect)


def test_a_loop_with_an_effect_stays():
    def fun(n, x):
        loop(n, (x,), lambda i, a: (a * x,))
        return x

    fn = trace(fun, I8, F8)
    (op,) = fn.body.ops
    region = replace(op.regions[0], ops=(*op.regions[0].ops, _effect()))
    with_effect = replace(fn, body=replace(fn.body, ops=(replace(op, regions=(region,)),)))
    (kept,) = remove_dead_code(with_effect).body.ops
    assert [inner.primitive for inner in kept.regions[0].ops] == [OPAQUE]
    assert kept.outputs == ()


def _calling(callee: Function) -> Function:
    x, y = Value("x", F8), Value("y", F8)
    return Function("f", Block((x,), (Op(CALL, (x,), (y,), {"callee": callee.name}),), (x,)), {callee.name: callee})


def test_an_unread_call_goes_with_its_callee():
    def g(x):
        return x * 2.0

    found = remove_dead_code(_calling(trace(g, F8, name="g")))
    assert found.body.ops == ()
    assert found.functions == {}


def test_a_call_of_a_function_with_an_effect_stays():
    x = Value("x", F8)
    callee = Function("g", Block((x,), (_effect(),), (Literal(1.0),)))
    found = remove_dead_code(_calling(callee))
    assert len(found.body.ops) == 1
    assert list(found.functions) == ["g"]
