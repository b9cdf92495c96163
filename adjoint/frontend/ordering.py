"""`sorted`, at compile time where what decides is known there, and sets that are made of something."""

from __future__ import annotations

import functools
from typing import Any

from adjoint.frontend import library
from adjoint.frontend.abstract import Static, constant_of, from_constant, is_constant, is_none, make_tuple
from adjoint.frontend.builtin import handles, is_known_length, refuse_texts
from adjoint.frontend.sets import SETS, is_set, set_of
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree


class RunTime(Exception):  # no error: the order is found when the program runs
    """What decides about an order is known at run time only."""


def order(a: Any, b: Any) -> int:
    """-1, 0 or 1 as the first value is less than, equal to, or greater than the second."""
    if is_constant(a) and is_constant(b):
        first, second = constant_of(a), constant_of(b)
        return -1 if first < second else int(second < first)
    if isinstance(a, Tree) and isinstance(b, Tree) and a.kind == b.kind and a.kind in ("tuple", "list"):
        for pair in zip(a.children, b.children, strict=False):
            if found := order(*pair):
                return found
        return order(Literal(len(a.children)), Literal(len(b.children)))
    raise RunTime


@handles(sorted)
def _sorted(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    key, reverse = kwargs.get("key", Static(None)), kwargs.get("reverse", Literal(False))
    items = args[0]
    if is_set(items):
        items = from_constant(sorted(items.value))
    if not is_known_length(items):
        return low.call(Static(library.in_order), [items, key, reverse], {}, node)
    items = low.unrolled(items, node)
    ranks = items if is_none(key) else [low.call(key, [item], {}, node) for item in items]
    try:
        return low.boxed(make_tuple(_in_order(low, items, ranks, reverse), "list"))
    except RunTime:
        refuse_texts(low, items, "sort the numbers alone: `sorted(d.values())`", node)
        values = low.boxed(make_tuple(items, "list"))
        return low.call(Static(library.in_order), [values, key, reverse], {}, node)


def _in_order(low: Any, items: list[Any], ranks: list[Any], reverse: Any) -> list[Any]:
    if not is_constant(reverse):
        raise RunTime
    seen = [low.seen(rank) for rank in ranks]
    by = functools.cmp_to_key(order)
    places = sorted(range(len(items)), key=lambda k: by(seen[k]), reverse=constant_of(reverse))
    return [items[k] for k in places]


@handles(*SETS)
def _set(low: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    given: Any = args[0] if args else make_tuple(())
    if is_set(given):
        return Static(frozenset(given.value))
    return set_of(low, low.unrolled(given, node) if is_known_length(given) else None, node)
