"""Elements of stacks that are read where they come from."""

from __future__ import annotations

import pytest

from adjoint.transform.dead_code import remove_dead_code
from adjoint.transform.stacks import forward_elements
from tests.tracing import F8, I8, VECTOR, assert_same, loop, trace


def from_outside(n, x):
    y = x * 2.0
    a, stack = loop(n, (x,), lambda i, a: (a * y, y, a, 3.0), produced=(3,))
    (b,) = loop(n, (a,), lambda i, b, p, q, r: (b * p + q * r,), stacks=(stack,))
    return b


def from_outside_read_there(n, x):
    y = x * 2.0
    a, stack = loop(n, (x,), lambda i, a: (a * y, a), produced=(1,))
    (b,) = loop(n, (a,), lambda i, b, q: (b * y + q * 3.0,), stacks=(stack,))
    return b


def twice(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, a, a), produced=(2,))
    (b,) = loop(n, (a,), lambda i, b, p, q: (b * p + q,), stacks=(stack,))
    return b


def twice_once(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, a), produced=(1,))
    (b,) = loop(n, (a,), lambda i, b, p: (b * p + p,), stacks=(stack,))
    return b


def index(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, i), produced=(1,))
    (b,) = loop(n, (a,), lambda i, b, p: (b * p,), stacks=(stack,), reverse=True)
    return b


def index_of_its_own(n, x):
    (a,) = loop(n, (x,), lambda i, a: (a * x,))
    (b,) = loop(n, (a,), lambda i, b: (b * i,), reverse=True)
    return b


def index_of_another_range(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, i), produced=(1,))
    (b,) = loop(3, (a,), lambda i, b, p: (b * p,), stacks=(stack,), reverse=True)
    return b


def index_forwards(n, x):
    a, stack = loop(n, (x,), lambda i, a: (a * x, i), produced=(1,))
    (b,) = loop(n, (a,), lambda i, b, p: (b * p,), stacks=(stack,))
    return b


def nested(n, x):
    def forward(i, a):
        y = a * 2.0
        b, inner = loop(n, (a,), lambda j, b: (b * y, y, b), produced=(2,))
        return b, inner, y

    def backward(i, c, inner, y):
        return loop(n, (c,), lambda j, e, p, q: (e * p + q,), stacks=(inner,))

    a, stack = loop(n, (x,), forward, produced=(2,))
    (c,) = loop(n, (a,), backward, stacks=(stack,))
    return c


def inner_from_outside(n, x):
    y = x * 2.0

    def forward(i, a):
        return loop(n, (a,), lambda j, b: (b * y, y, b, 3.0), produced=(3,))

    def backward(i, c, inner):
        return loop(n, (c,), lambda j, e, p, q, r: (e * p + q * r,), stacks=(inner,))

    a, stack = loop(n, (x,), forward, produced=(1,))
    (c,) = loop(n, (a,), backward, stacks=(stack,))
    return c


def inner_from_outside_read_there(n, x):
    y = x * 2.0

    def forward(i, a):
        return loop(n, (a,), lambda j, b: (b * y, b), produced=(1,))

    def backward(i, c, inner):
        return loop(n, (c,), lambda j, e, q: (e * y + q * 3.0,), stacks=(inner,))

    a, stack = loop(n, (x,), forward, produced=(1,))
    (c,) = loop(n, (a,), backward, stacks=(stack,))
    return c


CASES = [
    (inner_from_outside, inner_from_outside_read_there, (I8, VECTOR)),
    (from_outside, from_outside_read_there, (I8, VECTOR)),
    (twice, twice_once, (I8, VECTOR)),
    (index, index_of_its_own, (I8, F8)),
    (index_of_another_range, index_of_another_range, (I8, F8)),
    (index_forwards, index_forwards, (I8, F8)),
]


@pytest.mark.parametrize(("before", "after", "types"), CASES, ids=[case[0].__name__ for case in CASES])
def test_before_and_after(before, after, types):
    found = remove_dead_code(forward_elements(trace(before, *types)))
    assert_same(found, trace(after, *types))
    assert forward_elements(found).body is found.body


def test_an_element_of_an_inner_stack_stays_in_its_loop():
    """The inner stack reaches its consumer through another stack: what it holds is out of sight there."""
    fn = remove_dead_code(trace(nested, I8, VECTOR))
    assert forward_elements(fn).body is fn.body
