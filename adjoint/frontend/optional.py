"""Values that are None on some paths: `best = None` before a loop, and tests for it.

Such a value is a `Maybe`, handed on as it is. `is None` reads its flag; whatever else reads it raises a TypeError
where it is None, as Python does. Behind a test the flag is known: `low.facts`.
"""

from __future__ import annotations

import operator
from typing import Any

from adjoint.frontend import keys
from adjoint.frontend.abstract import Maybe, is_none, may_be_none
from adjoint.ir.core import Literal, Value
from adjoint.rules.internal import both, either


def not_none(low: Any, value: Maybe, node: Any) -> Any:
    """The value, where it is read."""
    keys.certain(low, value.bound, TypeError, "None is used as a value", node)
    return value.value


def returned(low: Any, value: Any, node: Any) -> Any:
    """The result of a function that is differentiated."""
    if may_be_none(value):
        keys.certain(low, value.bound, TypeError, "the function returns None here, which has no derivative", node)
    return value.value if isinstance(value, Maybe) else value


def identity(low: Any, left: Any, right: Any, positive: bool, node: Any) -> Any:
    """`left is right`, or `is not`."""
    for value, other in ((left, right), (right, left)):
        if may_be_none(value):
            if not is_none(other):
                low.refuse(node, "`is` with a value that is None on some paths", "test for None first")
            return low.negation(value.bound, node) if positive else value.bound
    return Literal(low.identical(left, right, node) is positive)


def tested(low: Any, value: Any, node: Any) -> Any:
    """A value as the operand of a test: None is false."""
    if not may_be_none(value):
        return value
    known = low.truth(value.value)
    if known is not None:
        return value.bound if known else Literal(False)
    inner = low.negation(low.negation(value.value, node), node)
    return low.select(value.bound, lambda: inner, lambda: Literal(False), node)


def combined(low: Any, fun: Any, operands: list[Any], node: Any) -> Any:
    """`not`, `and` or `or` of flags."""
    found = low.apply(fun, operands, {}, node)
    low.logic[found] = fun, tuple(operands)
    return found


def implied(low: Any, test: Any, truth: bool) -> frozenset[Value]:
    """The flags that are set where a test has come out as `truth`."""
    fun, operands = low.logic.get(test, (None, ()))
    if fun is operator.not_:
        return implied(low, operands[0], not truth)
    known = frozenset({test}) if truth and isinstance(test, Value) else frozenset()
    if (fun is both and truth) or (fun is either and not truth):
        return known.union(*(implied(low, operand, truth) for operand in operands))
    return known
