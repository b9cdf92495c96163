"""NumPy's functions and methods that write into an array, in terms of assignments.

The frontend reads these as it reads a user's functions; they are never called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.frontend.abstract import Static
from adjoint.ir.tree import Tree


def fill(x: Any, value: Any) -> None:
    x[...] = value


def sort(x: Any, axis: Any = -1) -> None:
    x[...] = np.sort(x, axis)


def partition(x: Any, kth: Any, axis: Any = -1) -> None:
    x[...] = np.partition(x, kth, axis)


def put(x: Any, indices: Any, values: Any) -> None:
    x.flat[indices] = values


def copyto(dst: Any, src: Any, *, where: Any = True) -> None:
    if where is True:
        dst[...] = src
    else:
        dst[...] = np.where(where, src, dst)


def place(arr: Any, mask: Any, vals: Any) -> None:
    if np.ndim(vals) == 0:
        arr[mask] = vals
    else:
        arr[mask] = np.resize(vals, np.count_nonzero(mask))


def putmask(a: Any, mask: Any, values: Any) -> None:
    if np.ndim(values) == 0:
        a[...] = np.where(mask, values, a)
    else:
        a[...] = np.where(mask, np.resize(values, a.shape), a)


def fill_diagonal(a: Any, val: Any) -> None:
    places = np.arange(min(a.shape))
    a[(places,) * a.ndim] = val


def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    rank, last = arr.ndim, arr.ndim - 1
    axis = axis % rank
    where = [np.arange(arr.shape[k]).reshape((-1,) + (1,) * (last - k)) for k in range(rank)]
    where[axis] = indices
    arr[tuple(where)] = values


def add_at(x: Any, indices: Any, values: Any) -> None:
    from adjoint.rules.internal import add_at as added  # noqa: PLC0415  # read, never executed

    x[...] = added(x, values, indices)


def subtract_at(x: Any, indices: Any, values: Any) -> None:
    from adjoint.rules.internal import add_at as added  # noqa: PLC0415

    x[...] = added(x, -values, indices)


def ufunc_at(ufunc: Any, x: Any, indices: Any, values: Any) -> None:
    places = np.asarray(indices)
    numbers = np.broadcast_to(values, places.shape)
    for k in range(len(places)):
        x[places[k]] = ufunc(x[places[k]], numbers[k])


def unary_at(ufunc: Any, x: Any, indices: Any) -> None:
    places = np.asarray(indices)
    for k in range(len(places)):
        x[places[k]] = ufunc(x[places[k]])


METHODS: dict[str, Callable[..., Any]] = {"fill": fill, "sort": sort, "partition": partition, "put": put}
"""Methods of arrays."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.copyto: copyto, np.put: put, np.place: place, np.putmask: putmask, np.fill_diagonal: fill_diagonal,
    np.put_along_axis: put_along_axis,
}  # fmt: skip


def call_at(low: Any, ufunc: np.ufunc, args: list[Any], node: Any) -> Any:
    """`np.add.at(x, indices, values)`."""
    if ufunc in (np.add, np.subtract):
        return low.call(Static(add_at if ufunc is np.add else subtract_at), args, {}, node)
    return low.call(Static(unary_at if ufunc.nin == 1 else ufunc_at), [Static(ufunc), *args], {}, node)


def call_with_out(low: Any, fun: Any, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """`fun(..., out=x)`: the result is written into x, where `where` says so."""
    out, where = kwargs.pop("out"), kwargs.pop("where", None)
    tree = low.seen(out)
    if isinstance(tree, Tree):
        if len(tree.children) != 1:
            low.refuse(node, "several arrays in `out`", "one statement for each of them")
        (out,) = tree.children
    if not low.is_writable(out):
        low.refuse(node, "`out` is no array")
    value = low.call(Static(fun), args, kwargs, node)
    if where is not None:
        value = low.apply(np.where, [where, value, out], {}, node)
    low.write(out, None, low.fitted(out, value, node), node)
    return out


def has_out(fun: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a call has an `out`; of a ufunc it may follow the operands."""
    out = kwargs.get("out")
    if isinstance(fun, np.ufunc) and len(args) == fun.nin + 1 and out is None:
        kwargs["out"] = args.pop()
        return True
    if out is None or (isinstance(out, Static) and out.value is None):
        kwargs.pop("out", None)
        return False
    return True
