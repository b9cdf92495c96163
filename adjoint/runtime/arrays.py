"""Arrays of a shape or a class that is known only at run time."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def broadcast_like(value: Any, x: Any) -> Any:
    """`value` repeated to the shape of `x`."""
    shape = np.shape(x)
    return value if np.shape(value) == shape else np.broadcast_to(value, shape)


def sum_to(bar: Any, x: Any) -> Any:
    """The transpose of broadcasting: sum `bar` over the axes along which `x` was repeated."""
    shape = np.shape(x)
    if np.shape(bar) == shape:
        return bar
    extra = np.ndim(bar) - len(shape)
    if extra > 0:
        bar = np.sum(bar, axis=tuple(range(extra)))
    ones = tuple(k for k, n in enumerate(shape) if n == 1 and np.shape(bar)[k] != 1)
    return np.sum(bar, axis=ones, keepdims=True) if ones else bar


def product_left(bar: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `a @ b`, whatever the ranks; axes that were repeated are not summed yet."""
    if np.ndim(b) == 1:
        return bar * b if np.ndim(a) == 1 else np.multiply(np.expand_dims(bar, -1), b)
    if np.ndim(a) == 1:
        return np.matmul(b, np.expand_dims(bar, -1))[..., 0]
    return np.matmul(bar, np.swapaxes(b, -1, -2))


def product_right(bar: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `a @ b`, whatever the ranks; axes that were repeated are not summed yet."""
    if np.ndim(a) == 1:
        return bar * a if np.ndim(b) == 1 else a[:, None] * np.expand_dims(bar, -2)
    if np.ndim(b) == 1:
        return np.matmul(np.swapaxes(a, -1, -2), np.expand_dims(bar, -1))[..., 0]
    return np.matmul(np.swapaxes(a, -1, -2), bar)


def cast(x: Any, *, dtype: str) -> Any:
    """`x` in another dtype; a complex number that becomes real keeps its real part."""
    return np.asarray(np.real(x) if np.dtype(dtype).kind != "c" else x).astype(dtype)[()]


def add_at(x: Any, value: Any, index: Any) -> Any:
    """A copy of `x` with `value` added at an index; repeated positions add up."""
    result = np.array(x)
    np.add.at(result, index, value)
    return result


def update(x: Any, value: Any, index: Any) -> Any:
    """A copy of `x` with the part at an index replaced by `value`."""
    result = np.array(x)
    result[index] = value
    return result


def written_last(part: Any, x: Any, index: Any) -> Any:
    """Which of the numbers of `part` stay after `x[index] = part`: a later one may replace another."""
    items = index if isinstance(index, tuple) else (index,)
    if all(is_distinct(np.asarray(item)) for item in items if isinstance(item, (list, np.ndarray))):
        return np.ones(np.shape(part), bool)
    numbers = np.arange(np.size(part)).reshape(np.shape(part))
    last = np.empty(np.shape(x), int)
    last[index] = numbers
    return last[index] == numbers


def is_distinct(places: Any) -> bool:
    """Whether an array in an index names no place twice; one by one, and so together."""
    if places.dtype == bool or places.size < 2:
        return True
    return bool((places.min() >= 0 or places.max() < 0) and len(np.unique(places)) == places.size)


def through(x: Any, path: Any) -> Any:
    """The view of `x` that functions, each with its arguments, lead to one after the other."""
    for fun, arguments in path:
        x = x[arguments["index"]] if fun is operator.getitem else fun(x, **arguments)
    return x


def update_view(x: Any, value: Any, index: Any, path: Any) -> Any:
    """A copy of `x` in which the part at an index of a view is replaced by `value`."""
    result = np.array(x)
    through(result, path)[index] = value
    return result


def full_basis(u: Any, vh: Any) -> Any:
    """The left singular vectors `u` of a square matrix."""
    if u.shape[-1] != vh.shape[-1]:
        raise np.linalg.LinAlgError(
            "a matrix that is not square does not determine all of its singular vectors: for derivatives "
            "by them call np.linalg.svd with full_matrices=False"
        )
    return u


def is_contiguous(x: Any) -> bool:
    """Whether `x` lies in memory in C order without gaps, so that every reshape of it is a view."""
    return not isinstance(x, np.ndarray) or x.flags.c_contiguous


def fresh(x: Any) -> Any:
    """A copy if `x` is an array or holds arrays; numbers are immutable."""
    if type(x) in (tuple, list):
        return type(x)(fresh(part) for part in x)
    return x.copy() if isinstance(x, np.ndarray) else x


def hooked(bar: Any, fn: Any) -> Any:
    """What a user's hook makes of a cotangent, of the shape that it had."""
    given = fn(bar)
    if not isinstance(given, (float, complex, int, np.ndarray, np.generic)):
        raise TypeError(f"a backward hook returns a number or an array, not {given!r}")
    if np.shape(given) != np.shape(bar):
        raise ValueError(f"a backward hook made shape {np.shape(given)} of a cotangent of shape {np.shape(bar)}")
    return given


def zeros_if(x: Any) -> Any:
    """Zeros like `x` on the paths that have an `x`."""
    return None if x is None else np.zeros_like(x)


def rebuild(cls: type, fields: dict[str, Any]) -> Any:
    """An instance of a dataclass with these fields; its `__init__` may check or compute, so it does not run."""
    obj: Any = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(obj, name, value)
    return obj
