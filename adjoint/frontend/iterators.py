"""`iter`, `next` and the functions of `itertools`.

What has a length known at compile time and is a container is gone through at once. Ranges and arrays are gone
through by index, as far as that is plain; the rest are functions in Python (`library`) that collect a list.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from adjoint.frontend import iteration, library, objects, protocols, rows, standins
from adjoint.frontend.abstract import Items, Rows, Span3, Static, constant_of, is_atom, is_constant, is_none, make_tuple
from adjoint.frontend.builtin import (
    UNSEEN,
    handles,
    is_constant_range,
    is_known_length,
    is_unrolled,
    range_items,
    zip_of,
)
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree


def _is_static(values: list[Any]) -> bool:
    """Whether there is a container among values that are gone through at compile time."""
    return any(map(is_unrolled, values)) and all(is_unrolled(v) or is_constant_range(v) for v in values)


def transposed(low: Any, callee: Any, node: Any) -> Any:
    """`zip(*rows)` of a list of run-time length, or of an array: a list for each column; None for other calls."""
    if not (isinstance(callee, Static) and callee.value is zip and not node.keywords and len(node.args) == 1):
        return None
    if not isinstance(node.args[0], gast.Starred):
        return None
    given = low.expr(node.args[0].value)
    found = low.seen(protocols.iterable(low, given, node))
    if is_known_length(found):
        return zip_of(low, low.unrolled(given, node), {}, node)
    count = low.call(Static(len), [found], {}, node) if isinstance(found, Rows) or is_atom(found) else None
    if count is None:
        return None
    low.raise_if(low.operation(operator.eq, (count, Literal(0)), node), "zip(*rows) without any row", node)
    if isinstance(found, Rows) and getattr(found.item, "kind", None) in ("tuple", "list", "namedtuple"):
        return make_tuple([low.own(column) for column in rows.columns_of(found)])
    return _library(low, library.columns, [given], node)


def _library(low: Any, fun: Callable[..., Any], args: list[Any], node: Any) -> Any:
    return low.seen(low.call(Static(fun), args, {}, node))


@handles(itertools.product)
def _product(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    args = args * constant_of(kwargs.get("repeat", Literal(1)))
    if any(map(is_unrolled, args)):
        columns = [low.unrolled(arg, node) for arg in args]
        return make_tuple(map(make_tuple, itertools.product(*columns)))
    parts = [low.indexed(arg, node) for arg in args]
    length: Any = Literal(1)
    for part in parts:
        length = low.operation(operator.mul, (length, part.length), node)

    def item(index: Any) -> Any:
        found = []
        for part in reversed(parts[1:]):
            found.append(part.item(low.operation(operator.mod, (index, part.length), node)))
            index = low.operation(operator.floordiv, (index, part.length), node)
        return make_tuple([parts[0].item(index), *reversed(found)])

    return Items(length, item)


@handles(np.ndindex)
def _ndindex(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    shape = low.unrolled(args[0], node) if len(args) == 1 and isinstance(args[0], Tree) else args
    return _product(low, [low.call(Static(range), [length], {}, node) for length in shape], {}, node)


@handles(np.ndenumerate)
def _ndenumerate(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    places = low.indexed(_ndindex(low, [low.attribute(args[0], "shape", node)], {}, node), node)

    def item(index: Any) -> Any:
        place = places.item(index)
        return make_tuple((place, low.item(args[0], place, node)))

    return Items(places.length, item)


def _choices(choose: Any, written: dict[Any, Callable[..., Any]]) -> Callable[..., Any]:
    def handler(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
        size = args[1] if len(args) > 1 else kwargs.get("r")
        if is_unrolled(args[0]) or (size is None and is_known_length(args[0])):
            items = low.unrolled(args[0], node)
            return make_tuple(map(make_tuple, choose(items, len(items) if size is None else constant_of(size))))
        count = constant_of(size) if size is not None and is_constant(size) else None
        if count not in written:
            low.refuse(node, f"`{choose.__name__}` of this size, of what is gone through by index", "write loops")
        return _library(low, written[count], [args[0]], node)

    return handler


handles(itertools.combinations)(_choices(itertools.combinations, {2: library.pairs, 3: library.triples}))
handles(itertools.permutations)(_choices(itertools.permutations, {2: library.ordered_pairs}))


@handles(itertools.chain)
def _chain(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    parts = [protocols.iterable(low, arg, node) for arg in args]
    if _is_static(parts):
        return make_tuple([item for part in parts for item in low.unrolled(part, node)])
    found = low.boxed(make_tuple((), "list"))
    for part in parts:
        low.call(Static(library.extended), [found, part], {}, node)
    return low.seen(found)


@handles(itertools.chain.from_iterable)
def _from_iterable(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if not is_known_length(args[0]):
        return _library(low, library.flattened, args, node)
    return _chain(low, [low.seen(part) for part in low.unrolled(args[0], node)], {}, node)


@handles(itertools.accumulate)
def _accumulate(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    fun = args[1] if len(args) > 1 else kwargs.get("func", Static(operator.add))
    fun = Static(operator.add) if is_none(fun) else fun
    start = kwargs.get("initial", Static(None))
    if not is_unrolled(args[0]):
        given = [] if is_none(start) else [start]
        return _library(low, library.accumulated_from if given else library.accumulated, [fun, args[0], *given], node)
    items = [*([] if is_none(start) else [start]), *low.unrolled(args[0], node)]
    found = items[:1]
    for item in items[1:]:
        found.append(low.call(fun, [found[-1], item], {}, node))
    return make_tuple(found)


@handles(itertools.islice)
def _islice(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    bounds = [Literal(None) if is_none(arg) else arg for arg in args[1:]]
    start, stop, step = (Literal(0), bounds[0], Literal(1)) if len(bounds) == 1 else (*bounds, Literal(1))[:3]
    ends = tuple(part.value if isinstance(part, Literal) else part for part in (start, stop, step))
    if is_unrolled(args[0]) and all(end is None or isinstance(end, int) for end in ends):
        return make_tuple(low.unrolled(args[0], node)[slice(*ends)])
    if ends[2] is not None and not (isinstance(ends[2], int) and ends[2] > 0):
        low.refuse(node, "islice with a step known at run time only", "slice a list: `list(items)[a:b:c]`")
    every = Literal(ends[2] or 1)
    part, first = low.indexed(args[0], node), Literal(0) if ends[0] is None else start
    last = part.length if ends[1] is None else stop
    if part.length is not None and last is not part.length:
        last = low.call(Static(min), [last, part.length], {}, node)
    length = None
    if last is not None:
        length = range_items(low, Span3("range", first, last, every), node).length

    def item(k: Any) -> Any:
        by = k if every.value == 1 else low.operation(operator.mul, (every, k), node)
        return part.item(low.operation(operator.add, (first, by), node))

    return Items(length, item)


@handles(itertools.pairwise)
def _pairwise(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if is_unrolled(args[0]):
        return make_tuple(map(make_tuple, itertools.pairwise(low.unrolled(args[0], node))))
    part = low.indexed(args[0], node)
    length = low.operation(operator.sub, (part.length, Literal(1)), node)


    def item(k: Any) -> Any:
        return make_tuple((part.item(k), part.item(low.operation(operator.add, (k, Literal(1)), node))))

    return Items(length, item)


@handles(itertools.repeat)
def _repeat(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    times = args[1] if len(args) > 1 else kwargs.get("times")
    return Items(times, lambda k: args[0])


@handles(itertools.count)
def _count_up(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    start = args[0] if args else kwargs.get("start", Literal(0))
    step = args[1] if len(args) > 1 else kwargs.get("step", Literal(1))

    def item(k: Any) -> Any:
        by = k if is_constant(step) and constant_of(step) == 1 else low.operation(operator.mul, (step, k), node)
        return low.operation(operator.add, (start, by), node)

    return Items(None, item)


@handles(itertools.cycle)
def _cycle(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if is_unrolled(args[0]):
        items = make_tuple(low.unrolled(args[0], node))
        length: Any = Literal(len(items.children))
        return Items(None, lambda k: low.item(items, low.operation(operator.mod, (k, length), node), node))
    part = low.indexed(args[0], node)
    return Items(None, lambda k: part.item(low.operation(operator.mod, (k, part.length), node)))


@handles(itertools.zip_longest)
def _zip_longest(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if not _is_static(args):
        if len(args) != 2 or "fillvalue" not in kwargs:
            low.refuse(node, "zip_longest of what has a length known at run time only", "give two, and a `fillvalue`")
        return _library(low, library.longest, [*args, kwargs["fillvalue"]], node)
    columns = [low.unrolled(arg, node) for arg in args]
    fill = kwargs.get("fillvalue", Static(None))
    return make_tuple(map(make_tuple, itertools.zip_longest(*columns, fillvalue=fill)))


@handles(itertools.starmap)
def _starmap(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if not is_known_length(args[1]):
        return _library(low, library.starmapped, args, node)
    return make_tuple(low.call(args[0], low.unrolled(row, node), {}, node) for row in low.unrolled(args[1], node))


for _fun, _written in (
    (itertools.takewhile, library.taken), (itertools.dropwhile, library.dropped), (filter, library.filtered),
    (itertools.filterfalse, library.rejected),
):  # fmt: skip
    handles(_fun)(lambda low, args, kwargs, node, written=_written: _library(low, written, args, node))


UNSEEN.add(iter)


@handles(iter)
def _iter(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if len(args) > 1:
        low.refuse(node, "`iter` with a sentinel", "write a `while` loop")
    value = args[0]
    if (isinstance(low.seen(value), Tree) and low.seen(value).kind == "dict") or isinstance(value, Items):
        value = low.call(Static(list), [value], {}, node)
    return objects.construct(low, standins.iterator, [low.boxed(value)], {}, node)


@handles(next)
def _next(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """The first item of a generator expression or of what `zip` and its kin give: they are made for one use."""
    iteration.partly(low, args[0], node)
    if isinstance(args[0], Tree) and args[0].cls is standins.iterator:
        low.refuse(node, "`next` of an iterator that has no name", "bind it to a name")
    if isinstance(args[0], Items):
        return low.call(Static(library.first_of), [low.call(Static(list), args[:1], {}, node), *args[1:]], {}, node)
    return low.call(Static(library.first_of), [low.boxed(args[0]), *args[1:]], {}, node)
