"""Python's own functions on what has a length known at run time only, in Python.

The frontend reads these as it reads a user's functions; they are never called. They are what the functions
that a linter would have them call come to.
"""

# ruff: noqa: PERF401, PERF402, PLR1730, SIM110

from __future__ import annotations

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
