"""Functions of NumPy that call functions of the program: each is read as the Python that it stands for.

In: a call with a function among its arguments. Out: the lowered program of that call. May import: `frontend` and what
is below.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.frontend.abstract import Partial, Static, constant_of, is_atom, is_constant, make_tuple
from adjoint.frontend.calls import MACROS
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree
from adjoint.ir.types import ArrayType

# ---- what the functions stand for; these are differentiated like functions of the user


def piecewise(x: Any, conditions: Any, functions: Any) -> Any:
    y = np.zeros_like(x)
    for condition, function in zip(conditions, functions, strict=True):
        y[condition] = function(x[condition])
    return y


def along_axis(function: Any, axis: Any, placed: Any, x: Any) -> Any:
    rows = np.moveaxis(x, axis, -1)
    lines = np.reshape(rows, (-1, rows.shape[-1]))
    first = np.asarray(function(lines[0]))
    found = np.zeros((lines.shape[0], *first.shape), first.dtype)
    found[0] = first
    for k in range(1, lines.shape[0]):
        found[k] = function(lines[k])
    return placed(np.reshape(found, (*rows.shape[:-1], *first.shape)), first.ndim)


# ---- calls


def _piecewise(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if len(args) != 3 or kwargs:
        low.refuse(node, "np.piecewise with further arguments for the functions", "write them into lambdas")
    x, conditions, functions = args
    if not isinstance(conditions, Tree) or not isinstance(functions, Tree) or _rank(low, x, node) == 0:
        low.refuse(node, "np.piecewise of a number, or without lists of conditions and functions", "use np.where")
    chosen = list(conditions.children)
    if len(functions.children) == len(chosen) + 1:
        rest = chosen[0]
        for condition in chosen[1:]:
            rest = low.apply(np.logical_or, [rest, condition], {}, node)
        chosen.append(low.apply(np.logical_not, [rest], {}, node))
    called = [_constantly(f) if is_atom(f) else f for f in functions.children]
    return low.call(Static(piecewise), [x, make_tuple(chosen), make_tuple(called)], {}, node)


def _constantly(value: Any) -> Partial:
    return Partial(lambda args, kwargs, node: value, "constant")


def _apply_along_axis(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    if len(args) < 3:
        low.refuse(node, "np.apply_along_axis with arguments by name")
    fun, axis, x, *more = args
    rank = _rank(low, x, node)
    if not is_constant(axis):
        low.refuse(node, "np.apply_along_axis along an axis that is not known at compile time")
    place = constant_of(axis) % rank

    def placed(given: list[Any], _kwargs: dict[str, Any], where: Any) -> Any:
        result, count = given[0], constant_of(given[1])
        source, destination = tuple(range(rank - 1, rank - 1 + count)), tuple(range(place, place + count))
        if source == destination:
            return result
        return low.apply(np.moveaxis, [result, Static(source), Static(destination)], {}, where)

    function = Partial(lambda given, _kwargs, where: low.call(fun, [*given, *more], kwargs, where), "function")
    return low.call(Static(along_axis), [function, axis, Partial(placed, "placed"), x], {}, node)


def _apply_over_axes(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """The function is called for one axis after the other; an axis that it takes away comes back with length 1."""
    given = dict(zip(("func", "a", "axes"), args, strict=False)) | kwargs
    if not is_constant(given["axes"]):
        low.refuse(node, "np.apply_over_axes over axes that are not known at compile time")
    axes, x = constant_of(given["axes"]), given["a"]
    rank = _rank(low, x, node)
    for axis in axes if isinstance(axes, (tuple, list)) else (axes,):
        place = Literal(axis % rank)
        x = low.call(given["func"], [x, place], {}, node)
        if _rank(low, x, node) < rank:
            x = low.apply(np.expand_dims, [x, place], {}, node)
    return x


def _fromfunction(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """The function is called once, on the grids of the indices."""
    given = dict(zip(("function", "shape"), args, strict=False)) | kwargs
    function, shape = given.pop("function"), given.pop("shape")
    dtype = given.pop("dtype", Static(float))
    if not isinstance(tree := low.seen(shape), Tree):
        low.refuse(node, "np.fromfunction with a shape that is no tuple")
    grids = low.apply(np.indices, [shape], {"dtype": dtype}, node)
    places = [low.apply(operator.getitem, [grids, Literal(k)], {}, node) for k in range(len(tree.children))]
    return low.call(function, places, given, node)


def _unstack(low: Any, callee: Static, args: list[Any], kwargs: dict[str, Any], node: Any) -> Any:
    """A tuple where the number of parts is known; else the parts along the first axis, indexed and unpacked alike."""
    (x,), axis = args, kwargs.get("axis", Literal(0))
    if not is_constant(axis):
        low.refuse(node, "np.unstack along an axis that is not known at compile time")
    place = constant_of(axis) % _rank(low, x, node)
    count = x.type.shape[place]
    rows = low.apply(np.moveaxis, [x, Literal(place), Literal(0)], {}, node) if place else x
    if not isinstance(count, int):
        return rows
    return make_tuple(low.apply(operator.getitem, [rows, Literal(k)], {}, node) for k in range(count))


def _rank(low: Any, x: Any, node: Any) -> int:
    type_ = getattr(x, "type", None)
    if isinstance(type_, ArrayType) and type_.shape is not None:
        return len(type_.shape)
    return low.refuse(node, "an array is needed whose rank is known at compile time")  # type: ignore[no-any-return]  # raises


MACROS.update({
    np.piecewise: _piecewise, np.apply_along_axis: _apply_along_axis, np.apply_over_axes: _apply_over_axes,
    np.fromfunction: _fromfunction, np.unstack: _unstack,
})  # fmt: skip
