"""Python's own functions on what has a length known at run time only, in Python.

The frontend reads these as it reads a user's functions; they are never called. They are what the functions
that a linter would have them call come to.
"""

# ruff: noqa: PERF401, PERF402, PLR1730, SIM110

from __future__ import annotations

import heapq
from typing import Any


def collected(items: Any) -> Any:
    found = []
    for item in items:
        found.append(item)
    return found


def numbers(x: Any) -> Any:
    found = []
    for k in range(len(x)):
        found.append(float(x[k]))
    return found


def smallest(items: Any) -> Any:
    items = list(items)
    best = items[0]
    for k in range(1, len(items)):
        item = items[k]
        if item < best:
            best = item
    return best


def largest(items: Any) -> Any:
    items = list(items)
    best = items[0]
    for k in range(1, len(items)):
        item = items[k]
        if item > best:
            best = item
    return best


def extended(found: Any, items: Any) -> None:
    for item in items:
        found.append(item)


def flattened(parts: Any) -> Any:
    found = []
    for part in parts:
        for item in part:
            found.append(item)
    return found


def longest(first: Any, second: Any, fill: Any) -> Any:
    first, second = list(first), list(second)
    found = []
    for k in range(max(len(first), len(second))):
        found.append((first[k] if k < len(first) else fill, second[k] if k < len(second) else fill))
    return found


def columns(rows: Any) -> Any:
    width = len(rows[0])
    for row in rows:
        width = min(width, len(row))
    return [[row[k] for row in rows] for k in range(width)]


def pairs(items: Any) -> Any:
    items = list(items)
    found = []
    for i in range(len(items)):
        for j in range(i + 1, len(items)):
            found.append((items[i], items[j]))
    return found


def triples(items: Any) -> Any:
    items = list(items)
    found = []
    for i in range(len(items)):
        for j in range(i + 1, len(items)):
            for k in range(j + 1, len(items)):
                found.append((items[i], items[j], items[k]))
    return found


def ordered_pairs(items: Any) -> Any:
    items = list(items)
    found = []
    for i in range(len(items)):
        for j in range(len(items)):
            if i != j:
                found.append((items[i], items[j]))
    return found


def accumulated(function: Any, items: Any) -> Any:
    items = list(items)
    found = items[:1]
    for k in range(1, len(items)):
        found.append(function(found[-1], items[k]))
    return found


def accumulated_from(function: Any, items: Any, start: Any) -> Any:
    found = [start]
    for item in items:
        found.append(function(found[-1], item))
    return found


def starmapped(function: Any, rows: Any) -> Any:
    found = []
    for row in rows:
        found.append(function(*row))
    return found


def taken(test: Any, items: Any) -> Any:
    found = []
    for item in items:
        if not test(item):
            break
        found.append(item)
    return found


def dropped(test: Any, items: Any) -> Any:
    found = []
    started = False
    for item in items:
        if started or not test(item):
            started = True
            found.append(item)
    return found


def filtered(test: Any, items: Any) -> Any:
    found = []
    for item in items:
        if item if test is None else test(item):
            found.append(item)
    return found


def rejected(test: Any, items: Any) -> Any:
    found = []
    for item in items:
        if not (item if test is None else test(item)):
            found.append(item)
    return found


def first_of(items: Any, *default: Any) -> Any:
    if len(items) == 0:
        if default:
            return default[0]
        raise StopIteration
    return items[0]


def smallest_by(items: Any, key: Any) -> Any:
    items = list(items)
    best = items[0]
    rank = key(best)
    for k in range(1, len(items)):
        item = items[k]
        new = key(item)
        if new < rank:
            best, rank = item, new
    return best


def largest_by(items: Any, key: Any) -> Any:
    items = list(items)
    best = items[0]
    rank = key(best)
    for k in range(1, len(items)):
        item = items[k]
        new = key(item)
        if new > rank:
            best, rank = item, new
    return best


def extreme_or(function: Any, items: Any, default: Any) -> Any:
    items = list(items)
    if len(items) == 0:
        return default
    return function(items)


def in_order(items: Any, key: Any, reverse: Any) -> Any:
    """Sorted by insertion, which keeps the order of what is equal."""
    items = list(items)
    if len(items) < 2:
        return items
    found = items[:1]
    ranks = [items[0] if key is None else key(items[0])]
    for k in range(1, len(items)):
        item = items[k]
        rank = item if key is None else key(item)
        at = len(found)
        while at > 0 and (ranks[at - 1] < rank if reverse else rank < ranks[at - 1]):
            at -= 1
        found.insert(at, item)
        ranks.insert(at, rank)
    return found


def heappush(heap: Any, item: Any) -> None:
    heap.append(item)
    risen(heap, len(heap) - 1, item)


def heappop(heap: Any) -> Any:
    last = heap.pop()
    if len(heap) == 0:
        return last
    first = heap[0]
    risen(heap, sunk(heap, 0), last)
    return first


def heapreplace(heap: Any, item: Any) -> Any:
    first = heap[0]
    risen(heap, sunk(heap, 0), item)
    return first


def risen(heap: Any, at: Any, item: Any) -> None:
    """Put an item where it belongs between a place of a heap and its root, as `heapq` does it."""
    while at > 0 and item < heap[(at - 1) // 2]:
        heap[at] = heap[(at - 1) // 2]
        at = (at - 1) // 2
    heap[at] = item


def sunk(heap: Any, at: Any) -> Any:
    """Let the smaller of two items move up, from a place down to a leaf: the place that is free then."""
    child = 2 * at + 1
    while child < len(heap):
        if child + 1 < len(heap) and not heap[child] < heap[child + 1]:
            child += 1
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    return at


def edge_from_start(at: Any, first: Any, last: Any) -> Any:
    """Where a slice of the places from `first` to `last` begins or ends."""
    return min(first + at, last)


def edge_from_end(at: Any, first: Any, last: Any) -> Any:
    return max(last + at, first)


def edge(at: Any, first: Any, last: Any) -> Any:
    if at < 0:
        return max(last + at, first)
    return min(first + at, last)


def any_of(items: Any) -> Any:
    for item in items:
        if item:
            return True
    return False


def all_of(items: Any) -> Any:
    for item in items:
        if not item:
            return False
    return True


def reduced(function: Any, items: Any) -> Any:
    items = list(items)
    total = items[0]
    for k in range(1, len(items)):
        total = function(total, items[k])
    return total


def reduced_from(function: Any, items: Any, total: Any) -> Any:
    for item in items:
        total = function(total, item)
    return total


def mapped(function: Any, items: Any) -> Any:
    found = []
    for item in items:
        found.append(function(item))
    return found


def mapped_pairs(function: Any, first: Any, second: Any) -> Any:
    found = []
    for a, b in zip(first, second):  # noqa: B905  # as Python's own `map` does
        found.append(function(a, b))
    return found


STANDS_FOR: dict[Any, Any] = {
    heapq.heappush: heappush, heapq.heappop: heappop, heapq.heapreplace: heapreplace,
}  # fmt: skip
"""Functions of Python's library, in Python."""
