"""The verifier rejects what is ill formed: one hand-made function for each message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adjoint.errors import Span, VerifyError
from adjoint.ir.core import CALL, FOR, IF, UNDEFINED, WHILE, Block, Function, Literal, Op, Primitive, Value
from adjoint.ir.types import PY_BOOL, PY_FLOAT, PY_INT, ArrayType, ObjectType, StackType, Symbol
from adjoint.ir.verify import verify

DOUBLE = Primitive("double")
VECTOR = ArrayType("float64", (Symbol("n", not_one=True),))
SPACE = (Literal(0), Literal(3), Literal(1))


def x(hint="x", type_=PY_FLOAT):
    return Value(hint, type_)


def function(params, ops, results, **callees):
    return Function("f", Block(tuple(params), tuple(ops), tuple(results)), callees)


def loop(initial, region, outputs, *, stacks=(), produced=()):
    attrs = {"carried": len(initial), "produced": produced}
    return Op(FOR, (*SPACE, *initial, *stacks), tuple(outputs), attrs, (region,))


def undefined_read():
    a, b = x("a"), x("b")
    return function([a], [Op(DOUBLE, (b,), (x(),))], [a])


def read_before_definition():
    a, b, c = x("a"), x("b"), x("c")
    return function([a], [Op(DOUBLE, (b,), (c,)), Op(DOUBLE, (a,), (b,))], [c])


def read_of_a_region():
    c, a, inner, out = x("c", PY_BOOL), x("a"), x("inner"), x("out")
    then = Block((), (Op(DOUBLE, (a,), (inner,)),), (inner,))
    return function([c, a], [Op(IF, (c,), (out,), regions=(then, Block((), (), (a,))))], [inner])


def read_of_a_sibling():
    c, a, inner, out = x("c", PY_BOOL), x("a"), x("inner"), x("out")
    then = Block((), (Op(DOUBLE, (a,), (inner,)),), (inner,))
    return function([c, a], [Op(IF, (c,), (out,), regions=(then, Block((), (), (inner,))))], [out])


def defined_twice():
    a, b = x("a"), x("b")
    return function([a], [Op(DOUBLE, (a,), (b,)), Op(DOUBLE, (a,), (b,))], [b])


def branches_of_other_arity():
    c, a, out = x("c", PY_BOOL), x("a"), x("out")
    return function([c, a], [Op(IF, (c,), (out,), regions=(Block((), (), (a,)), Block((), (), ())))], [out])


def carried_of_other_arity():
    a, i, p, out = x("a"), x("i", PY_INT), x("p"), x("out")
    op = loop((a,), Block((i, p), (), ()), (out,))
    return function([a], [op], [out])


def carried_of_another_type():
    a, i, p, out = x("a", VECTOR), x("i", PY_INT), x("p"), x("out")
    return function([a], [loop((a,), Block((i, p), (), (p,)), (out,))], [out])


def carried_of_another_dtype():
    a, i, p, out = x("a", PY_FLOAT), x("i", PY_INT), x("p", PY_INT), x("out", PY_INT)
    return function([a], [loop((a,), Block((i, p), (), (p,)), (out,))], [out])


def missing_element():
    a, i, p, out, s = x("a"), x("i", PY_INT), x("p"), x("out"), x("s", StackType((PY_FLOAT,)))
    return function([a, s], [loop((a,), Block((i, p), (), (p,)), (out,), stacks=(s,))], [out])


def element_of_another_type():
    a, i, p, e, out, s = x("a"), x("i", PY_INT), x("p"), x("e", VECTOR), x("out"), x("s", StackType((PY_FLOAT,)))
    return function([a, s], [loop((a,), Block((i, p, e), (), (p,)), (out,), stacks=(s,))], [out])


def no_stack():
    a, i, p, e, out = x("a"), x("i", PY_INT), x("p"), x("e"), x("out")
    return function([a], [loop((a,), Block((i, p, e), (), (p,)), (out,), stacks=(a,))], [out])


def nothing_pushed():
    a, i, p, out, s = x("a"), x("i", PY_INT), x("p"), x("out"), x("s", StackType((PY_FLOAT,)))
    return function([a], [loop((a,), Block((i, p), (), (p,)), (out, s), produced=(1,))], [out])


def pushed_of_another_type():
    a, i, p, out, s = x("a"), x("i", PY_INT), x("p"), x("out"), x("s", StackType((VECTOR,)))
    return function([a], [loop((a,), Block((i, p), (), (p, p)), (out, s), produced=(1,))], [out])


def while_with_two_tests():
    a, p, q, out, n = x("a"), x("p"), x("q"), x("out"), x("n", PY_INT)
    regions = Block((p,), (), (p, p)), Block((q,), (), (q,))
    return function([a], [Op(WHILE, (a,), (out, n), {"produced": ()}, regions)], [out])


def while_whose_test_takes_nothing():
    a, q, out, n = x("a"), x("q"), x("out"), x("n", PY_INT)
    regions = Block((), (), (Literal(1.0),)), Block((q,), (), (q,))
    return function([a], [Op(WHILE, (a,), (out, n), {"produced": ()}, regions)], [out])


def call_of_nothing():
    a, out = x("a"), x("out")
    return function([a], [Op(CALL, (a,), (out,), {"callee": "g"})], [out])


def call_with_too_much():
    a, b, out = x("a"), x("b"), x("out")
    return function([a], [Op(CALL, (a, a), (out,), {"callee": "g"})], [out], g=function([b], [], [b]))


def call_for_too_much():
    a, b, out, more = x("a"), x("b"), x("out"), x("more")
    return function([a], [Op(CALL, (a,), (out, more), {"callee": "g"})], [out], g=function([b], [], [b]))


BAD = [
    (undefined_read, "b: py:f8 is read where it is not defined"),
    (read_before_definition, "b: py:f8 is read where it is not defined"),
    (read_of_a_region, "inner: py:f8 is read where it is not defined"),
    (read_of_a_sibling, "inner: py:f8 is read where it is not defined"),
    (defined_twice, "b is defined twice"),
    (branches_of_other_arity, "a branch gives another number of results"),
    (carried_of_other_arity, "carried values differ in number"),
    (carried_of_another_type, "a carried py:f8 receives a f8[n]"),
    (carried_of_another_dtype, "a carried py:i8 receives a py:f8"),
    (missing_element, "consumed elements differ from the stacks"),
    (element_of_another_type, "an element f8[n] receives a py:f8"),
    (no_stack, "py:f8 is no stack"),
    (nothing_pushed, "stacks differ from what is pushed"),
    (pushed_of_another_type, "a stack of f8[n] receives a py:f8"),
    (while_with_two_tests, "the test of a loop gives one result"),
    (while_whose_test_takes_nothing, "carried values differ in number"),
    (call_of_nothing, "no function g"),
    (call_with_too_much, "another number of arguments than parameters"),
    (call_for_too_much, "another number of results than the callee's"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[make.__name__ for make, _ in BAD])
def test_rejects(make, message):
    with pytest.raises(VerifyError) as caught:
        verify(make(), "a test")
    assert message in str(caught.value)
    assert str(caught.value).startswith("this is a bug in adjoint: after a test, in f")
    assert "function f(" in caught.value.dump


def test_callees_are_verified():
    fn = function([], [], [], g=undefined_read())
    with pytest.raises(VerifyError, match="is read where it is not defined"):
        verify(fn)


def test_the_place_of_the_op_is_told():
    fn = undefined_read()
    (op,) = fn.body.ops
    span = Span("model.py", 7, 4, 9, "    y = 2 * x")
    with pytest.raises(VerifyError, match=r"at `double` \(model.py:7\)"):
        verify(replace(fn, body=replace(fn.body, ops=(replace(op, span=span),))))


def test_open_reads_allow_the_inside_of_earlier_regions():
    fn = read_of_a_region()
    verify(fn, open_reads=True)


def test_accepts_what_is_well_formed():
    a, i, p, q, out, s = x("a"), x("i", PY_INT), x("p"), x("q"), x("out"), x("s", StackType((PY_FLOAT,)))
    forward = loop((a,), Block((i, p), (Op(DOUBLE, (p,), (q,)),), (q, p)), (out, s), produced=(1,))
    j, r, e, back = x("j", PY_INT), x("r"), x("e"), x("back")
    backward = loop((out,), Block((j, r, e), (), (e,)), (back,), stacks=(s,))
    verify(function([a], [forward, backward], [back]))


def test_a_carried_value_may_have_a_wider_type():
    anything = ArrayType(None, None, "any")
    a, i, p, out = x("a", VECTOR), x("i", PY_INT), x("p", anything), x("out", anything)
    verify(function([a], [loop((a,), Block((i, p), (), (p,)), (out,))], [out]))


def test_lengths_that_are_not_one_are_one_length():
    other = ArrayType("float64", (Symbol("m", not_one=True),))
    a, i, p, out = x("a", VECTOR), x("i", PY_INT), x("p", other), x("out", other)
    verify(function([a], [loop((a,), Block((i, p), (), (p,)), (out,))], [out]))


def test_branches_may_leave_a_result_undefined():
    c, a, out = x("c", PY_BOOL), x("a"), x("out", ObjectType("object"))
    verify(function([c, a], [Op(IF, (c,), (out,), regions=(Block((), (), (a,)), Block((), (), (UNDEFINED,))))], [out]))
