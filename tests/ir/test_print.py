"""The text of SSA: names, attributes, regions, places; the same on every run."""

from __future__ import annotations

import operator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from adjoint.errors import Span
from adjoint.ir.core import FOR, IF, WHILE, Block, Function, Literal, Op, Primitive, Slot, Value
from adjoint.ir.print import print_function
from adjoint.ir.types import PY_BOOL, PY_FLOAT, PY_INT, ArrayType, Symbol

VECTOR = ArrayType("float64", (Symbol("n", not_one=True),))
DOUBLE = Primitive("double")


def lines(fn, **options):
    return print_function(fn, **options).splitlines()


def test_values_have_their_hints_and_types():
    x, y = Value("x", VECTOR), Value("y", PY_FLOAT)
    fn = Function("f", Block((x,), (Op(DOUBLE, (x,), (y,)),), (y,)))
    assert lines(fn) == ["function f(x: f8[n]):", "    y: py:f8 = double(x)", "    return y"]
    assert lines(fn, types=False) == ["function f(x):", "    y = double(x)", "    return y"]


def test_names_that_repeat_are_numbered_and_nameless_values_too():
    values = [Value("x", PY_FLOAT), Value("x", PY_FLOAT), Value(None, PY_FLOAT), Value(None, PY_FLOAT)]
    ops = tuple(Op(DOUBLE, (a,), (b,)) for a, b in pairwise(values))
    fn = Function("f", Block((values[0],), ops, (values[-1],)))
    assert lines(fn, types=False)[1:-1] == ["    x.1 = double(x)", "    %0 = double(x.1)", "    %1 = double(%0)"]


def test_attributes_show_their_run_time_numbers():
    x, k, y = Value("x", VECTOR), Value("k", PY_INT), Value("y", VECTOR)
    item = Primitive("getitem", operator.getitem)
    attrs = {"index": (slice(Slot(1), None), slice(None, None, -1), ..., 2), "axes": [0, 1], "how": np.sum, "one": (1,)}
    fn = Function("f", Block((x, k), (Op(item, (x, k), (y,), attrs),), (y,)))
    assert lines(fn, types=False)[1] == "    y = getitem(x, index=(k:, ::-1, ..., 2), axes=[0, 1], how=sum, one=(1,))"


def test_literals_are_written_as_in_python():
    y = Value("y", PY_FLOAT)
    op = Op(DOUBLE, tuple(map(Literal, (1.0, 2, True, "a"))), (y,))
    fn = Function("f", Block((), (op,), (Literal(-0.0),)))
    assert lines(fn, types=False)[1:] == ["    y = double(1.0, 2, True, 'a')", "    return -0.0"]


def test_places_are_comments():
    x, y = Value("x", PY_FLOAT), Value("y", PY_FLOAT)
    span = Span("/home/user/model.py", 3, 4, 9, "    y = 2 * x")
    fn = Function("f", Block((x,), (Op(DOUBLE, (x,), (y,), span=span),), (y,)))
    assert lines(fn, types=False)[1] == "    y = double(x)    # model.py:3"


def test_regions_are_indented():
    c, x, i, a, b, out, last = (Value(h, PY_FLOAT) for h in ("c", "x", "i", "a", "b", "out", "last"))
    body = Block((i, a), (Op(DOUBLE, (a,), (b,)),), (b,))
    loop = Op(FOR, (Literal(0), Literal(3), Literal(1), x), (out,), {"carried": 1, "produced": ()}, (body,))
    branch = Op(IF, (c,), (last,), regions=(Block((), (), (out,)), Block((), (), (x,))))
    fn = Function("f", Block((c, x), (loop, branch), (last,)))
    assert lines(fn, types=False) == [
        "function f(c, x):",
        "    out = for (0, 3, 1, x), carried=1, produced=():",
        "    do (i, a):",
        "        b = double(a)",
        "        give b",
        "    last = if c:",
        "    then:",
        "        give out",
        "    else:",
        "        give x",
        "    return last",
    ]


def test_a_while_shows_its_test():
    types = (PY_FLOAT, PY_BOOL, PY_FLOAT, PY_FLOAT, PY_INT)
    x, p, q, out, n = map(Value, "xpqyn", types)
    op = Op(WHILE, (x,), (out, n), {"produced": ()}, (Block((p,), (), (p,)), Block((q,), (), (q,))))
    fn = Function("f", Block((x,), (op,), (out,)))
    assert lines(fn, types=False)[1:-1] == [
        "    y, n = while (x), produced=():",
        "    test (p):",
        "        give p",
        "    do (q):",
        "        give q",
    ]


def test_an_op_without_results_and_a_function_without_results():
    x = Value("x", PY_FLOAT)
    fn = Function("f", Block((x,), (Op(DOUBLE, (x,), ()),), ()))
    assert lines(fn, types=False)[1:] == ["    double(x)", "    return"]


def test_callees_come_first():
    fn = Function("f", Block((), (), ()))
    assert print_function(replace(fn, functions={"g": replace(fn, name="g")})) == (
        "function g():\n    return\n\nfunction f():\n    return\n"
    )


def test_what_is_not_in_scope_is_told():
    fn = Function("f", Block((), (), (Value("x", PY_FLOAT),)))
    assert lines(fn)[1] == "    return <x: not in scope>"
