"""Before and after: equal ops share one result, in scope and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adjoint.ir.core import Block, Function, Literal, Op, Value
from adjoint.ir.types import ArrayType
from adjoint.rules.internal import update
from adjoint.rules.names import ADD, MUL
from adjoint.transform.cse import attribute_key, eliminate_common_subexpressions
from tests.tracing import F8, I8, MATRIX, PY_BOOL, VECTOR, assert_same, branch, loop, text, trace


def twice(x):
    return x * 2.0 + x * 2.0


def twice_shared(x):
    y = x * 2.0
    return y + y


def chain(x):
    return np.sin(x * 2.0) + np.sin(x * 2.0)


def chain_shared(x):
    y = np.sin(x * 2.0)
    return y + y


def swapped(x, y):
    return (x * y) - (y * x)


def swapped_shared(x, y):
    z = x * y
    return z - z


def attributes(x):
    return np.sum(x, axis=0) * np.sum(x, axis=1) * np.sum(x, axis=0)


def attributes_shared(x):
    y = np.sum(x, axis=0)
    return y * np.sum(x, axis=1) * y


def other_literals(x):
    return x * 2.0, x * 2, x * True, x + 0.0, x + -0.0


def from_outside(n, x):
    y = x * x
    (z,) = loop(n, (y,), lambda i, a: (a + x * x,))
    return z


def from_outside_shared(n, x):
    y = x * x
    (z,) = loop(n, (y,), lambda i, a: (a + y,))
    return z


def siblings(c, x):
    (a,) = branch(c, lambda: x * x, lambda: (x * x) + x)
    return a + x * x


def buffers(x):
    a, b = np.zeros_like(x), np.zeros_like(x)
    return update(a, 1.0, index=0), update(b, 1.0, index=0)


PAIRS = [
    (twice, twice_shared, (VECTOR,)),
    (chain, chain_shared, (VECTOR,)),
    (swapped, swapped_shared, (VECTOR, VECTOR)),
    (attributes, attributes_shared, (ArrayType("float64", (3, 3)),)),
    (other_literals, other_literals, (VECTOR,)),
    (from_outside, from_outside_shared, (I8, VECTOR)),
    (siblings, siblings, (PY_BOOL, F8)),
    (buffers, buffers, (VECTOR,)),
]


@pytest.mark.parametrize(("before", "after", "types"), PAIRS, ids=[before.__name__ for before, _, _ in PAIRS])
def test_before_and_after(before, after, types):
    found = eliminate_common_subexpressions(trace(before, *types))
    assert_same(found, trace(after, *types))
    assert eliminate_common_subexpressions(found).body is found.body


def test_primal_products_keep_their_order():
    found = eliminate_common_subexpressions(trace(swapped, MATRIX, MATRIX, sweep=""))
    assert_same(found, trace(swapped, MATRIX, MATRIX))


def _two_products(first: str | None, second: str | None, sweeps: tuple[str, str]) -> Function:
    x, a, b, c = (Value(hint, F8) for hint in ("x", first, second, "c"))
    ops = (
        Op(MUL, (x, x), (a,), sweep=sweeps[0]),
        Op(MUL, (x, x), (b,), sweep=sweeps[1]),
        Op(ADD, (a, b), (c,), sweep=sweeps[1]),
    )
    return Function("f", Block((x,), ops, (c,)))


@pytest.mark.parametrize(
    ("hints", "sweeps", "hint", "sweep"),
    [
        (("y", None), ("", "adjoint"), "y", ""),
        ((None, "y"), ("", "adjoint"), "y", ""),
        (("y", "z"), ("adjoint", "adjoint"), "y", "adjoint"),
        ((None, "y"), ("tangent", ""), "y", ""),
        (("y_dot", None), ("tangent", "adjoint"), "y_dot", "tangent"),
    ],
)
def test_the_shared_value_has_the_users_name_and_is_primal_if_either_is(hints, sweeps, hint, sweep):
    found = eliminate_common_subexpressions(_two_products(*hints, sweeps))
    text(found)
    product, total = found.body.ops
    assert (product.outputs[0].hint, product.sweep) == (hint, sweep)
    assert total.inputs == (product.outputs[0],) * 2


def test_callees_are_cleaned_as_well():
    fn = replace(trace(lambda x: x, F8), functions={"g": trace(twice, F8, name="g")})
    assert len(eliminate_common_subexpressions(fn).functions["g"].body.ops) == 2


def test_constants_that_differ_have_other_keys():
    items = [1, 1.0, True, 0.0, -0.0, "1", (1,), [1], slice(1), slice(1.0), None, np.float64(1.0), {"a": 1}]
    keys = [attribute_key(item) for item in items]
    assert len(set(keys)) == len(keys)
    assert attribute_key(float("nan")) == attribute_key(float("nan"))
    assert attribute_key(Literal(2.0).value) == attribute_key(2.0)
