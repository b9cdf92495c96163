"""NumPy's functions and methods that write into an array, in terms of assignments.

The frontend reads these as it reads a user's functions; they are never called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.frontend.abstract import Static, constant_of, is_constant, is_none, make_tuple
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
from adjoint.rules import registry


def fill(x: Any, value: Any) -> None:
    x[...] = value


def sort(x: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> None:
    x[...] = np.sort(x, axis)


def partition(x: Any, kth: Any, axis: Any = -1, kind: Any = None) -> None:
    x[...] = np.partition(x, kth, axis)


def put(x: Any, indices: Any, values: Any, mode: Any = "raise") -> None:
    if mode == "wrap":
        x.flat[np.mod(indices, x.size)] = values
    elif mode == "clip":
        x.flat[np.clip(indices, 0, x.size - 1)] = values
    else:
        x.flat[indices] = values


def copyto(dst: Any, src: Any, casting: Any = None, where: Any = True) -> None:
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


def fill_diagonal(a: Any, val: Any, wrap: Any = False) -> None:
    if wrap and a.ndim == 2:
        a.flat[:: a.shape[1] + 1] = val
    else:
        places = np.arange(min(a.shape))
        a[(places,) * a.ndim] = val if np.ndim(val) == 0 else np.resize(val, len(places))


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
    where = np.arange(x.size).reshape(x.shape)[indices]
    places = np.ravel(where)
    numbers = np.ravel(np.broadcast_to(values, where.shape))
    for k in range(len(places)):
        x.flat[places[k]] = ufunc(x.flat[places[k]], numbers[k])


def unary_at(ufunc: Any, x: Any, indices: Any) -> None:
    places = np.ravel(np.arange(x.size).reshape(x.shape)[indices])
    for k in range(len(places)):
        x.flat[places[k]] = ufunc(x.flat[places[k]])


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
    """`fun(..., out=x)`: the result is written into x, where the `where` of a ufunc says so."""
    out = kwargs.pop("out")
    tree = low.seen(out)
    outs = list(tree.children) if isinstance(tree, Tree) else [out]
    where = kwargs.pop("where", None) if isinstance(fun, np.ufunc) or fun is np.clip else None
    if not all(low.is_writable(array) or is_none(array) for array in outs):
        low.refuse(node, "`out` is no array")
    if fun in OF_OUT and "dtype" not in kwargs and outs[0].type.dtype != getattr(args[0], "type", outs[0].type).dtype:
        kwargs["dtype"] = low.attribute(outs[0], "dtype", node)
    if where is not None and not is_constant(where):
        args = [apart(low, where, x, node) if k in PARTIAL.get(fun, ()) else x for k, x in enumerate(args)]
    found = low.call(Static(fun), args, kwargs, node)
    values = list(found.children) if isinstance(found, Tree) else [found]
    given = []
    for array, value in zip(outs, values, strict=True):
        if not is_none(array):
            new = value if where is None else low.apply(np.where, [where, value, array], {}, node)
            low.write(array, None, low.fitted(array, new, node), node)
        given.append(value if is_none(array) else array)
    return given[0] if len(given) == 1 else make_tuple(given)


def apart(low: Any, where: Any, operand: Any, node: Any) -> Any:
    """An operand with 1 where the result is not wanted: it is not computed there, and does not warn."""
    return low.apply(np.where, [where, operand, Literal(1)], {}, node)


PARTIAL: dict[Any, tuple[int, ...]] = {
    np.divide: (1,), np.floor_divide: (1,), np.remainder: (1,), np.fmod: (1,), np.power: (0, 1), np.float_power: (0, 1),
    **dict.fromkeys((
        np.reciprocal, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.exp, np.exp2, np.expm1, np.sinh, np.cosh,
        np.arcsin, np.arccos, np.arccosh, np.arctanh,
    ), (0,)),
}  # fmt: skip
"""Functions that are not defined everywhere, or too large for floats, and the operands that decide on that."""

OF_OUT = (np.sum, np.prod, np.cumsum, np.cumprod, np.mean, np.std, np.var, np.add.reduce, np.add.accumulate)
"""They compute in the dtype of `out`."""


def has_out(fun: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a call of NumPy has an `out`, by name or by position; `np.nan_to_num` may have its operand for it."""
    if not is_of_numpy(fun):
        return False
    if (
        fun is np.nan_to_num
        and is_constant(copied := kwargs.get("copy", Static(None)))
        and constant_of(copied) is False
    ):
        kwargs["out"] = args[0]
        del kwargs["copy"]
    place = _place_of_out(fun, args)
    if len(args) > place and kwargs.get("out") is None:
        more = args[place : place + (fun.nout if isinstance(fun, np.ufunc) else 1)]
        kwargs["out"] = more[0] if len(more) == 1 else make_tuple(more)
        del args[place : place + len(more)]
    if is_none(kwargs.get("out", Static(None))):
        kwargs.pop("out", None)
        return False
    return True


def is_of_numpy(fun: Any) -> bool:
    """Whether a callable is a function of NumPy, a ufunc, or a method of a ufunc."""
    if isinstance(fun, np.ufunc) or isinstance(getattr(fun, "__self__", None), np.ufunc):
        return True
    return str(getattr(fun, "__module__", None)).partition(".")[0] == "numpy" and not isinstance(fun, type)


def _place_of_out(fun: Any, args: list[Any]) -> int:
    """How many arguments come before `out` in the signature of a function; as many as there are where it has none."""
    if isinstance(fun, np.ufunc):
        return fun.nin
    if len(args) < 2 or registry.primitive_of(fun, args) is None:
        return len(args)
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except ValueError:  # not every function in C tells
        return len(args)
    places = [k for k, p in enumerate(parameters) if p.name == "out" and p.kind is p.POSITIONAL_OR_KEYWORD]
    return places[0] if places else len(args)
