"""Objects that act as numbers, containers or iterables: the methods behind operators, brackets, `len`, `for`, `with`.

Python looks these up in the class. Methods with source are followed like any other; objects without them keep what
the other modules know about lists, dicts and arrays.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import itertools
import math
import operator
import types
from collections.abc import Callable
from typing import Any

import gast

from adjoint.frontend import indexers, keys, standins
from adjoint.frontend.abstract import Conflict, Items, Ref, Span3, Static, is_atom, make_tuple, may_be_none
from adjoint.frontend.outside import SETTLED
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
from adjoint.rules.internal import both

BINARY = {
    operator.add: "add", operator.sub: "sub", operator.mul: "mul", operator.truediv: "truediv",
    operator.floordiv: "floordiv", operator.mod: "mod", operator.pow: "pow", operator.matmul: "matmul",
    operator.and_: "and", operator.or_: "or", operator.xor: "xor", operator.lshift: "lshift", operator.rshift: "rshift",
}  # fmt: skip
UNARY = {operator.neg: "__neg__", operator.pos: "__pos__", operator.invert: "__invert__", operator.abs: "__abs__"}
COMPARISONS = {
    operator.lt: ("__lt__", "__gt__"), operator.le: ("__le__", "__ge__"), operator.gt: ("__gt__", "__lt__"),
    operator.ge: ("__ge__", "__le__"), operator.eq: ("__eq__", "__eq__"), operator.ne: ("__ne__", "__ne__"),
}  # fmt: skip
FUNCTIONS = {
    len: "__len__", abs: "__abs__", next: "__next__", bool: "__bool__", float: "__float__", int: "__int__",
    str: "__str__", repr: "__repr__", round: "__round__", reversed: "__reversed__", math.floor: "__floor__",
    math.ceil: "__ceil__", math.trunc: "__trunc__", iter: "__iter__",
}  # fmt: skip
ITERATING: dict[Any, slice] = {
    **dict.fromkeys((list, tuple, sum, sorted, enumerate, reversed, any, all, dict), slice(0, 1)),
    **dict.fromkeys((zip, itertools.product, itertools.zip_longest, min, max), slice(None)),
    **dict.fromkeys((map, filter, itertools.takewhile, itertools.dropwhile, itertools.starmap), slice(1, None)),
    **dict.fromkeys((
        itertools.combinations, itertools.permutations, itertools.accumulate, itertools.islice, itertools.pairwise,
        itertools.cycle, itertools.chain.from_iterable,
    ), slice(0, 1)),
}  # fmt: skip
"""Functions that go through some of their arguments."""


def class_of(low: Any, value: Any) -> type | None:
    """The class of an object of the program, or of one from outside that is no library's."""
    tree = low.seen(value) if isinstance(value, Ref) else value
    if isinstance(tree, Tree):
        return tree.cls
    if isinstance(tree, Static) and type(tree.value).__module__.partition(".")[0] not in SETTLED:
        return type(tree.value)
    return None


def method_of(low: Any, value: Any, name: str) -> Static | None:
    """A method with source that the class of an object has under a name."""
    cls = None if is_atom(value) or may_be_none(value) else class_of(low, value)
    found = inspect.getattr_static(cls, name, None) if cls is not None else None
    if isinstance(found, types.FunctionType) and found.__code__.co_filename != "<string>":
        return Static(found)
    return None


def call_if_there(low: Any, value: Any, name: str, args: list[Any], node: Any) -> Any:
    """`value.name(*args)`; None where the class has no such method."""
    found = method_of(low, value, name)
    return None if found is None else low.call(found, [value, *args], {}, node)


def operation(low: Any, fun: Any, operands: tuple[Any, ...], node: Any) -> Any:
    """An operator on objects; None where these have no methods for it."""
    if len(operands) == 1:
        return call_if_there(low, operands[0], UNARY[fun], [], node) if fun in UNARY else None
    if fun in BINARY:
        return _tried(low, operands, f"__{BINARY[fun]}__", f"__r{BINARY[fun]}__", node)
    return None


def in_place(low: Any, fun: Any, old: Any, operand: Any, node: Any) -> Any:
    """`old op= operand` by a method; None where there is none."""
    return call_if_there(low, old, f"__i{BINARY[fun]}__", [operand], node) if fun in BINARY else None


def _tried(low: Any, operands: tuple[Any, ...], name: str, mirrored: str, node: Any) -> Any:
    """Python's order: the method of the left operand, then that of the right one; a subclass goes first."""
    left, right = operands
    order = [(left, name, right), (right, mirrored, left)]
    classes = [class_of(low, value) for value in operands]
    if None not in classes and classes[0] is not classes[1] and issubclass(classes[1], classes[0]):  # type: ignore[arg-type]  # no None
        order.reverse()
    for owner, method, other in order:
        found = call_if_there(low, owner, method, [other], node)
        if found is not None and not (isinstance(found, Static) and found.value is NotImplemented):
            return found
    return None


def comparison(low: Any, fun: Any, left: Any, right: Any, node: Any) -> Any:
    """A comparison of objects, or of containers item by item; None for anything else."""
    name, mirrored = COMPARISONS[fun]
    found = _tried(low, (left, right), name, mirrored, node)
    if found is not None:
        return found
    if fun is operator.ne:
        equal = comparison(low, operator.eq, left, right, node)
        return None if equal is None else low.negation(equal, node)
    one, two = low.seen(left), low.seen(right)
    if not isinstance(one, Tree) or not isinstance(two, Tree):
        return None
    if fun is operator.eq:
        return _equal(low, left, right, one, two, node)
    if one.kind == "dataclass" and one.cls is two.cls and one.cls.__dataclass_params__.order:  # type: ignore[union-attr]  # of dataclasses
        one, two = (make_tuple(_compared(low, tree, node)) for tree in (one, two))
    if one.kind == two.kind and one.kind in ("tuple", "list"):
        return _ordered(low, fun, one, two, node)
    return None


def _equal(low: Any, left: Any, right: Any, one: Tree, two: Tree, node: Any) -> Any:
    sequences = {"tuple", "namedtuple"}
    alike = one.kind == two.kind or {one.kind, two.kind} <= sequences
    if one.kind == "object" or (one.kind == "dataclass" and not _compares_fields(one)):
        return Literal(left is right)
    if not alike or (one.kind == "dataclass" and one.cls is not two.cls) or len(one.children) != len(two.children):
        return Literal(False)
    if one.kind == "dataclass":
        one, two = (make_tuple(_compared(low, tree, node)) for tree in (one, two))
    parts = (keys.entries(low, x, node) if x.kind == "dict" else dict(enumerate(x.children)) for x in (one, two))
    first, second = parts
    if set(first) != set(second):
        return Literal(False)
    result: Any = Literal(True)
    for key, item in first.items():
        equal = low.comparison(gast.Eq(), item, second[key], node)
        known = low.truth(equal)
        if known is False:
            return Literal(False)
        if known is None:
            result = equal if isinstance(result, Literal) else low.apply(both, [result, equal], {}, node)
    return result


def _compared(low: Any, tree: Tree, node: Any) -> list[Any]:
    """The fields of a dataclass that its comparisons look at."""
    fields = [field.name for field in dataclasses.fields(tree.cls) if field.compare]  # type: ignore[arg-type]  # it is one
    return [keys.entry(low, tree, name, node) for name in fields]


def _compares_fields(tree: Tree) -> bool:
    return dataclasses.is_dataclass(tree.cls) and tree.cls.__dataclass_params__.eq  # type: ignore[attr-defined]  # of dataclasses


def _ordered(low: Any, fun: Any, one: Tree, two: Tree, node: Any) -> Any:
    """The order of two sequences is that of the first items that differ."""
    ops = {operator.lt: gast.Lt(), operator.le: gast.LtE(), operator.gt: gast.Gt(), operator.ge: gast.GtE()}
    result: Any = Literal(fun(len(one.children), len(two.children)))
    for a, b in reversed(list(zip(one.children, two.children, strict=False))):
        equal = low.comparison(gast.Eq(), a, b, node)
        known = low.truth(equal)
        if known is False:
            result = low.comparison(ops[fun], a, b, node)
        elif known is None:
            result = low.select(equal, _given(result), _given(low.comparison(ops[fun], a, b, node)), node)
    return result


def _given(value: Any) -> Callable[[], Any]:
    return lambda: value


def function(low: Any, fun: Any, args: list[Any], node: Any) -> Any:
    """`len(x)` and its kin, for objects with a method for it; None for anything else."""
    name = FUNCTIONS.get(fun) if isinstance(fun, (types.BuiltinFunctionType, type)) else None
    if name == "__next__" and len(args) > 1:
        name = "next_or"
    return call_if_there(low, args[0], name, args[1:], node) if name is not None and args else None


def iterables(low: Any, fun: Any, args: list[Any], node: Any) -> list[Any]:
    """Arguments in which objects are what a loop over them goes through, where a function does so."""
    if fun not in ITERATING or (fun in (min, max) and len(args) > 1):
        return args
    through = args[ITERATING[fun]]
    return [iterable(low, arg, node) if any(arg is other for other in through) else arg for arg in args]


def iterable(low: Any, value: Any, node: Any) -> Any:
    """What a loop over an object goes through: what its `__iter__` gives, or its items by index."""
    if isinstance(value, Static) and isinstance(value.value, enum.EnumType):
        members: list[Any] = list(value.value)
        return make_tuple(Static(member, (*low.path_of(value), ("attr", member.name))) for member in members)
    if indexers.is_flat(value):
        return indexers.flat_items(low, value.owner, node)
    if not is_object(low, value):
        return value
    found = call_if_there(low, value, "__iter__", [], node)
    if found is value and class_of(low, value) is standins.iterator:
        return _remaining(low, value, node)
    if found is value:
        low.refuse(node, f"a loop over {keys.named(low, value)}, which is its own iterator", "loop over what it holds")
    if found is not None:
        return iterable(low, found, node)
    if method_of(low, value, "__getitem__") and method_of(low, value, "__len__"):
        length = low.call(Static(len), [value], {}, node)
        if isinstance(length, Literal):
            return make_tuple(low.item(value, Literal(k), node) for k in range(length.value))
        return Items(length, lambda index: low.item(value, index, node))
    low.refuse(node, f"a loop over {keys.named(low, value)}, which has no `__iter__` in Python")


def _remaining(low: Any, value: Any, node: Any) -> Any:
    """What a loop over an iterator goes through; it is not known how far the loop comes."""
    items, place = (keys.entry(low, low.seen(value), name, node) for name in ("items", "place"))
    low.heap[value] = Conflict("is an iterator that was gone through, and may be at its end", "make a list of it first")
    if isinstance(place, Literal) and place.value == 0:
        return items
    return low.item(items, Span3("slice", place, Static(None), Static(None)), node)


def is_object(low: Any, value: Any) -> bool:
    """Whether a value is an object with attributes: its items are not its attributes."""
    tree = low.seen(value) if isinstance(value, Ref) else value
    if isinstance(tree, Tree):
        return tree.kind in ("object", "dataclass")
    return isinstance(tree, Static) and method_of(low, tree, "__iter__") is not None


def truth(low: Any, value: Any, node: Any) -> Any:
    """The operand of a test: what `__bool__` or `__len__` say about an object."""
    for name in ("__bool__", "__len__"):
        found = call_if_there(low, value, name, [], node)
        if found is not None:
            return found
    return value
