"""Lists whose length is known only at run time. Every function gives a new list."""

from __future__ import annotations

from typing import Any

import numpy as np


def list_zeros(items: Any) -> Any:
    """A zero for each item, lists inside lists included."""
    if isinstance(items, list):
        return [list_zeros(item) for item in items]
    return np.zeros_like(items) if isinstance(items, np.ndarray) else items * 0.0


def list_zeros_if(items: Any) -> Any:
    """A zero for each item on the paths that have a list."""

    def zeros(item: Any) -> Any:
        if isinstance(item, list):
            return [zeros(inner) for inner in item]
        return np.zeros_like(item) if isinstance(item, np.ndarray) else item * 0.0

    return None if items is None else zeros(items)


def list_add(a: Any, b: Any) -> Any:
    """The sums of items that stand in the same place."""
    if isinstance(a, list):
        return [list_add(x, y) for x, y in zip(a, b, strict=True)]
    return a + b


def list_cast(items: Any, *, dtype: str) -> Any:
    """The items in another dtype; a complex number that becomes real keeps its real part."""
    if isinstance(items, list):
        return [list_cast(item, dtype=dtype) for item in items]
    return np.asarray(np.real(items) if np.dtype(dtype).kind != "c" else items).astype(dtype)[()]


def list_spread(x: Any, items: Any) -> Any:
    """`x` for each item, in its shape: summed where it has more axes or longer ones, repeated where fewer."""

    def one(shape: tuple[int, ...]) -> Any:
        have = np.shape(x)
        if have == shape:
            return x
        extra = max(len(have) - len(shape), 0)
        part = np.sum(x, axis=tuple(range(extra))) if extra else x
        longer = len(shape) - np.ndim(part)
        ones = tuple(k for k, n in enumerate(np.shape(part)) if n != 1 and shape[longer + k] == 1)
        return np.broadcast_to(np.sum(part, axis=ones, keepdims=True) if ones else part, shape)

    return [one(np.shape(item)) for item in items]


def list_total_like(items: Any, x: Any) -> Any:
    """The sum of items in the shape of `x`: undoes `list_spread`."""
    total: Any = np.zeros(np.shape(x))
    for item in items:
        part = np.asarray(item)
        extra = max(part.ndim - total.ndim, 0)
        part = np.sum(part, axis=tuple(range(extra))) if extra else part
        longer = total.ndim - part.ndim
        ones = tuple(k for k, n in enumerate(part.shape) if n != 1 and total.shape[longer + k] == 1)
        total = total + (np.sum(part, axis=ones, keepdims=True) if ones else part)
    return total[()]


def list_cut(x: Any, items: Any, *, axis: int = 0) -> Any:
    """The parts of `x` that have the lengths of the items along an axis: undoes `np.concatenate`."""
    parts, start = [], 0
    whole = (slice(None),) * (axis % np.ndim(x))
    for item in items:
        stop = start + np.shape(item)[axis]
        parts.append(x[(*whole, slice(start, stop))])
        start = stop
    return parts


def list_rows(x: Any, *, depth: int = 1) -> Any:
    """The rows of an array as a list; with `depth` 2 a list of lists, and so on."""
    return [list_rows(row, depth=depth - 1) for row in x] if depth > 1 else list(x)


def list_place(i: int, length: int) -> int:
    """Where `items.insert(i, x)` puts x in a list of this length."""
    return max(i + length, 0) if i < 0 else min(i, length)


def list_set(items: Any, i: int, x: Any) -> Any:
    """A copy with `items[i] = x`."""
    result = items.copy()
    result[i] = x
    return result


def list_add_at(items: Any, x: Any, i: int) -> Any:
    """A copy with `x` added to one item."""

    def total(a: Any, b: Any) -> Any:
        return [total(x, y) for x, y in zip(a, b, strict=True)] if isinstance(a, list) else a + b

    result = items.copy()
    result[i] = total(items[i], x)
    return result


def list_add_slice(items: Any, values: Any, start: Any, stop: Any, step: Any) -> Any:
    """A copy with `values` added to the items of a slice."""

    def total(a: Any, b: Any) -> Any:
        return [total(x, y) for x, y in zip(a, b, strict=True)] if isinstance(a, list) else a + b

    result = items.copy()
    result[start:stop:step] = total(items[start:stop:step], values)
    return result


def list_zip(*columns: Any) -> Any:
    """`[[a[0], b[0]], [a[1], b[1]], ...]`: lists of what stands in the same place."""
    return [list(row) for row in zip(*columns, strict=True)]


def list_column(rows: Any, k: int) -> Any:
    """What stands in one place of each list in a list."""
    return [row[k] for row in rows]


def list_add_column(rows: Any, x: Any, k: int) -> Any:
    """A copy with the items of `x` added to what stands in one place of each list in a list."""
    return [list_add_at(row, item, k) for row, item in zip(rows, x, strict=True)]


def list_insert(items: Any, i: int, x: Any) -> Any:
    """A copy with `x` inserted as `items.insert(i, x)` does."""
    result = items.copy()
    result.insert(i, x)
    return result


def list_delete(items: Any, i: int) -> Any:
    """A copy without an item."""
    result = items.copy()
    del result[i]
    return result
