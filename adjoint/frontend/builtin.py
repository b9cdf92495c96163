"""Python's own functions and the methods of arrays and containers, on abstract values."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from adjoint.frontend import (
    array_methods,
    columns,
    indexers,
    iteration,
    keys,
    library,
    mutation,
    objects,
    rows,
)
from adjoint.frontend.abstract import (
    Items,
    Method,
    Partial,
    Ref,
    Rows,
    Span3,
    Static,
    Super,
    constant_of,
    describe,
    is_atom,
    is_constant,
    is_none,
    make_tuple,
)
from adjoint.ir.core import Literal, Value
from adjoint.ir.tree import Tree
from adjoint.ir.types import UNKNOWN, ArrayType, ObjectType, sample
from adjoint.rules.internal import both, either

HANDLERS: dict[Any, Callable[..., Any]] = {}
UNSEEN: set[Any] = {zip, enumerate, reversed}
"""Functions whose handlers are given containers themselves, and not what they hold."""



def handles(*functions: Any) -> Callable[..., Any]:
    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        for fun in functions:
            HANDLERS[fun] = handler
        return handler

    return register


def _foldable(fun: Any) -> Callable[..., Any]:
    """A handler that computes on constants and keeps everything else as an opaque call."""

    def handler(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        if all(map(is_constant, [*args, *kwargs.values()])):
            return low.fold_call(fun, args, kwargs, node)
        return low.call_opaque(fun, None, args, kwargs, node, ObjectType("str") if fun in (str, repr) else UNKNOWN)

    return handler

for _fun in (str, repr, bool, hash, ord, chr, divmod, type, callable, np.dtype, np.finfo, np.iinfo):
    HANDLERS[_fun] = _foldable(_fun)


@handles(len)
def _len(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    (owner,) = args
    if isinstance(owner, Tree):
        return Literal(len(keys.entries(low, owner, node)))
    if isinstance(owner, Rows):
        return rows.length(low, owner, node)
    if isinstance(owner, Items):
        return owner.length
    if isinstance(owner, Span3) and not is_constant_range(owner):
        return low.call(Static(max), [range_items(low, owner, node).length, Literal(0)], {}, node)
    if is_atom(owner) and isinstance(owner.type, ArrayType):
        if owner.type.shape == ():
            low.error(TypeError, node, "a number has no len()")
        return low.dim(owner, 0, node)
    return _foldable(len)(low, args, kwargs, node)


@handles(slice)
def _slice(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    start, stop, step = (Static(None), *args, Static(None)) if len(args) == 1 else (*args, Static(None))[:3]
    return Span3("slice", start, stop, step)


@handles(range)
def _range(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    start, stop, step = Literal(0), None, Literal(1)
    if len(args) == 1:
        stop = args[0]
    else:
        start, stop, step = args[0], args[1], args[2] if len(args) > 2 else step
    return Span3("range", start, stop, step)


def range_items(low: Any, span: Span3, node: Any) -> Items:
    """A range by index: `range(a, b, s)` has the items a + s * k."""
    start, step = span.start, span.step
    if not isinstance(step, Literal) or step.value == 0:
        low.refuse(node, "a range with a step known at run time only, inside zip and the like", "loop over it itself")
    if step.value == 1 and isinstance(start, Literal) and start.value == 0:
        return Items(span.stop, lambda index: index)
    length = low.operation(operator.sub, (span.stop, start), node)
    if step.value == 1:
        return Items(length, lambda index: low.operation(operator.add, (start, index), node))
    length = low.operation(operator.floordiv, (low.operation(operator.neg, (length,), node), step), node)

    def item(index: Any) -> Any:
        return low.operation(operator.add, (start, low.operation(operator.mul, (step, index), node)), node)

    return Items(low.operation(operator.neg, (length,), node), item)


def is_unrolled(value: Any) -> bool:
    """Whether an iterable is a container of the program, gone through at compile time."""
    return isinstance(value, Tree) or (isinstance(value, Static) and isinstance(value.value, (str, range)))


def is_endless(value: Any) -> bool:
    return isinstance(value, Items) and value.length is None


def is_constant_range(value: Any) -> bool:
    return isinstance(value, Span3) and is_constant(make_tuple((value.start, value.stop, value.step)))


@handles(zip)
def zip_of(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    seen = list(map(low.seen, args))
    for part in seen:
        iteration.partly(low, part, node)
    known = [a for a in seen if is_unrolled(a) or is_constant_range(a)]
    if any(map(is_unrolled, seen)) and len(known) + sum(map(is_endless, args)) == len(args):
        columns = [a if is_endless(a) else low.unrolled(a, node) for a in args]
        count = min(len(column) for column in columns if isinstance(column, list))
        columns = [c if isinstance(c, list) else [c.item(Literal(k)) for k in range(count)] for c in columns]
        return make_tuple(map(make_tuple, zip(*columns, strict=False)))
    parts = [low.indexed(a, node) for a in args]
    length = None
    for part in parts:
        if length is None or part.length is None:
            length = part.length if length is None else length
        elif not _same_length(length, part.length):
            length = _better(low, operator.lt, length, part.length, node)
    return Items(length, lambda index: make_tuple(part.item(index) for part in parts))


def _same_length(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, Literal) and isinstance(b, Literal) and a.value == b.value)


@handles(enumerate)
def _enumerate(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    start = args[1] if len(args) > 1 else kwargs.get("start", Literal(0))
    if is_unrolled(low.seen(args[0])):
        items = low.unrolled(args[0], node)
        return make_tuple(
            make_tuple((low.operation(operator.add, (start, Literal(k)), node), v)) for k, v in enumerate(items)
        )
    part = low.indexed(args[0], node)
    plain = isinstance(start, Literal) and start.value == 0

    def item(index: Any) -> Any:
        return make_tuple((index if plain else low.operation(operator.add, (start, index), node), part.item(index)))

    return Items(part.length, item)


@handles(reversed)
def _reversed(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if is_unrolled(low.seen(args[0])):
        return make_tuple(reversed(low.unrolled(args[0], node)))
    part = low.indexed(args[0], node)
    last = low.operation(operator.sub, (part.length, Literal(1)), node)
    return Items(part.length, lambda index: part.item(low.operation(operator.sub, (last, index), node)))


def is_known_length(value: Any) -> bool:
    """Whether the length of an iterable is known at compile time."""
    if is_atom(value):
        shape: tuple[Any, ...] = getattr(value.type, "shape", None) or ()
        return len(shape) > 0 and isinstance(shape[0], int)
    if isinstance(value, Span3):
        return is_constant_range(value)
    return not (isinstance(value, (Rows, Items)) or indexers.is_flat(value))


@handles(map)
def _map(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if not all(map(is_known_length, args[1:])):
        if len(args) > 3:
            low.refuse(node, "map over three iterables of unknown length", "write a loop")
        return low.seen(low.call(Static(library.mapped if len(args) == 2 else library.mapped_pairs), args, {}, node))
    columns = [low.unrolled(a, node) for a in args[1:]]
    return make_tuple(low.call(args[0], list(row), {}, node) for row in zip(*columns, strict=False))


@handles(functools.reduce)
def _reduce(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if not is_known_length(args[1]):
        return low.call(Static(library.reduced_from if len(args) > 2 else library.reduced), args, {}, node)
    items = [*args[2:], *low.unrolled(args[1], node)]
    total = items[0]
    for item in items[1:]:
        total = low.call(args[0], [total, item], {}, node)
    return total


@handles(functools.partial)
def _partial(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fun, given = args[0], args[1:]

    def call(more: list[Any], named: dict[str, Any], where: Any) -> Any:
        return low.call(fun, [*given, *more], {**kwargs, **named}, where)

    return Partial(call, "partial", pure=False)


def _fold_tests(is_all: bool) -> Callable[..., Any]:
    def handler(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        iteration.partly(low, args[0], node)
        if not is_known_length(args[0]):
            return low.call(Static(library.all_of if is_all else library.any_of), args, {}, node)
        result: Any = Literal(is_all)
        for item in low.unrolled(args[0], node):
            known = low.truth(item)
            if known is not None:
                if known is not is_all:
                    return Literal(not is_all)
            elif isinstance(result, Literal):
                result = low.negation(low.negation(item, node), node)
            else:
                result = low.apply(
                    both if is_all else either, [result, low.negation(low.negation(item, node), node)], {}, node
                )
        return result

    return handler


HANDLERS[any], HANDLERS[all] = _fold_tests(False), _fold_tests(True)


@handles(abs)
def _abs(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    return low.operation(abs, tuple(args), node)


@handles(pow)
def _pow(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    return low.operation(operator.pow, tuple(args), node)


@handles(round)
def _round(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if all(map(is_constant, args)):
        return low.fold_call(round, args, kwargs, node)
    return low.apply(round, args, kwargs, node)


def _extreme(compare: Any) -> Callable[..., Any]:
    def handler(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        key, smallest = kwargs.get("key", Static(None)), compare is operator.lt
        if len(args) == 1 and not is_known_length(args[0]):
            if "default" in kwargs:
                fun = _partial(low, [Static(min if smallest else max)], {"key": key}, node)
                return low.call(Static(library.extreme_or), [fun, args[0], kwargs["default"]], {}, node)
            if not is_none(key):
                by = library.smallest_by if smallest else library.largest_by
                return low.call(Static(by), [args[0], key], {}, node)
            return low.call(Static(library.smallest if smallest else library.largest), args, {}, node)
        items = low.unrolled(args[0], node) if len(args) == 1 else args
        if not items:
            return kwargs["default"] if "default" in kwargs else low.error(ValueError, node, "min or max of no items")
        if not is_none(key):
            return _best_by(low, compare, items, key, node)
        best = items[0]
        for item in items[1:]:
            best = _better(low, compare, best, item, node)
        return best

    return handler


def _best_by(low: Any, compare: Any, items: list[Any], key: Any, node: Any) -> Any:
    """The first item whose key is smallest, or largest."""
    best = make_tuple((items[0], low.call(key, [items[0]], {}, node)))
    for item in items[1:]:
        new = make_tuple((item, low.call(key, [item], {}, node)))
        best = _chosen(low, compare, best, new, best.children[1], new.children[1], node)
    return best.children[0]


def _better(low: Any, compare: Any, best: Any, item: Any, node: Any) -> Any:
    return _chosen(low, compare, best, item, best, item, node)


def _chosen(low: Any, compare: Any, best: Any, item: Any, old: Any, new: Any, node: Any) -> Any:
    """`item if compare(new, old) else best`."""
    test = low.comparison(gast.Lt() if compare is operator.lt else gast.Gt(), new, old, node)
    known = low.truth(test)
    if known is not None:
        return item if known else best
    refuse_texts(low, [item, best], "read the number alone: `max(d.values())`", node)
    return low.select(test, lambda: item, lambda: best, node)


def refuse_texts(low: Any, items: list[Any], hint: str, node: Any) -> None:
    """Refuse to choose by numbers known at run time only among items that hold texts: these are compile-time values."""
    parts = [part for item in items for part in low.parts_of(item)]
    found = [part.value for part in parts if isinstance(part, Static) and isinstance(part.value, str)]
    if len(set(found)) > 1:
        low.refuse(node, f"numbers known at run time only choose among {min(found)!r} and other texts", hint)


HANDLERS[min], HANDLERS[max] = _extreme(operator.lt), _extreme(operator.gt)


@handles(sum)
def _sum(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    total = args[1] if len(args) > 1 else kwargs.get("start", Literal(0))
    if isinstance(args[0], Rows) and columns.plain(args[0]) is not None and is_atom(total):
        iteration.used(low, args[0], node)
        return low.apply(sum, [columns.plain(args[0]), total], {}, node)
    if is_atom(args[0]) or isinstance(args[0], (Rows, Items)):
        return low.sum_of_array(args[0], total, node)
    for item in low.unrolled(args[0], node):
        total = low.operation(operator.add, (total, item), node)
    return total


def _conversion(fun: Any) -> Callable[..., Any]:
    def handler(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        if all(map(is_constant, args)):
            return low.fold_call(fun, args, kwargs, node)
        return low.apply(fun, args, kwargs, node)

    return handler


HANDLERS[float], HANDLERS[int] = _conversion(float), _conversion(int)
HANDLERS[complex] = _foldable(complex)


@handles(tuple)
def _tuple(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if args and not is_known_length(args[0]):
        low.refuse(node, "a tuple whose length is known at run time only", "make a list")
    return make_tuple(low.unrolled(args[0], node) if args else ())


@handles(list)
def _list(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if args and isinstance(args[0], Rows):
        iteration.used(low, args[0], node)
        return low.own(Rows(args[0].item, args[0].lists, members=args[0].members))
    if args and not is_known_length(args[0]):
        return low.call(Static(library.collected), [args[0]], {}, node)
    return low.boxed(make_tuple(low.unrolled(args[0], node) if args else (), "list"))


@handles(dict)
def _dict(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    entries: dict[Any, Any] = {}
    if args:
        if isinstance(args[0], Tree) and args[0].kind == "dict":
            entries.update(keys.entries(low, args[0], node))
        else:
            for pair in low.unrolled(args[0], node):
                key, value = low.unrolled(pair, node)
                if not is_constant(key):
                    low.refuse(node, "a key of a dict must be known at compile time")
                entries[constant_of(key)] = value
    entries.update(kwargs)
    return low.boxed(Tree("dict", None, tuple(entries), tuple(entries.values())))


@handles(dict.fromkeys)
def _fromkeys(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    value = args[1] if len(args) > 1 else Static(None)
    pairs = [make_tuple((key, value)) for key in low.unrolled(args[0], node)]
    return _dict(low, [make_tuple(pairs)], {}, node)


@handles(isinstance)
def _isinstance(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    owner, classes = args
    kinds = (
        constant_of(classes)
        if is_constant(classes)
        else low.refuse(node, "isinstance with a class computed at run time")
    )
    if isinstance(owner, Tree):
        cls = owner.cls or {"tuple": tuple, "list": list, "dict": dict}[owner.kind]
        return Literal(issubclass(cls, kinds))
    if isinstance(owner, Value) and isinstance(owner.type, ArrayType):
        return Literal(isinstance(_sample_object(low, owner.type, node), kinds))
    if isinstance(owner, Value) and owner.type == ObjectType("str"):
        return Literal(isinstance("", kinds))
    if is_constant(owner):
        return Literal(isinstance(constant_of(owner), kinds))
    low.refuse(node, f"isinstance of {describe(owner)}")


@handles(super)
def _super(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fun, syntax = low.frame.fun, low.frame.node
    if args or fun is None or "__class__" not in fun.__code__.co_freevars:
        low.refuse(node, "`super` with arguments, or outside of a method", "call `super()` in the method itself")
    cls = fun.__closure__[fun.__code__.co_freevars.index("__class__")].cell_contents
    return Super(low.frame.names[syntax.args.args[0].id], cls)


@handles(getattr)
def _getattr(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    owner, name = args[0], args[1]
    if not isinstance(name, Static) or not isinstance(name.value, str):
        low.refuse(node, "getattr with a name that is not known at compile time")
    if len(args) > 2 and isinstance(owner, Static) and not hasattr(owner.value, name.value):
        low.rely(owner)
        return args[2]
    return low.attribute(owner, name.value, node)


@handles(hasattr)
def _hasattr(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    owner, name = args
    if isinstance(owner, Value) and isinstance(owner.type, ArrayType):
        return Literal(hasattr(_sample_object(low, owner.type, node), constant_of(name)))
    if is_constant(owner):
        return Literal(hasattr(constant_of(owner), constant_of(name)))
    low.refuse(node, f"hasattr of {describe(owner)}")


def _sample_object(low: Any, type_: ArrayType, node: Any) -> Any:
    if type_.shape == () and type_.kind in ("py", "np") and type_.dtype is not None:
        return sample(type_)
    if type_.kind == "array" and type_.shape is not None and type_.dtype is not None:
        return np.empty((1,) * len(type_.shape), type_.dtype)
    low.refuse(node, "the class of this value is not known at compile time")


# ---------------------------------------------------------------------- methods


def call_method(low: Any, method: Method, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    owner, name = method.owner, method.name
    tree = low.seen(owner)
    if isinstance(owner, Ref):
        try:
            return mutation.method(low, owner, name, args, kwargs, node)
        except LookupError:
            pass
    if isinstance(tree, Tree):
        return objects.method(low, owner, tree, name, args, kwargs, node)
    if isinstance(owner, Static):
        return low.call(low.static_attribute(owner, name, node), args, kwargs, node)
    if not is_atom(owner):
        low.refuse(node, f"{describe(owner)} has no method `{name}`")
    if isinstance(owner.type, ArrayType):
        found = array_methods.call(low, owner, name, args, kwargs, node)
        if found is not None:
            return found
        if owner.type.dtype is not None:
            low.refuse(node, f"the method `{name}` of arrays is not supported")
    return low.call_opaque(None, name, [owner, *args], kwargs, node)
