"""Rewrites of what is read of a value for its shape alone: exact, and no reason to keep or compute the value.

A length, and the pattern of `zeros_like`, `broadcast_like` and `sum_to`, come from an argument of the
function where one has the shape for certain; else from an operand of one shape that is computed anyway.
What a loop hands to its reverse for its shape alone so need not be on the stack.
"""
# ruff: noqa: D400, D415  # the docstrings of rows are formulas

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.ir.core import Atom, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType, Dim, is_of_trip, same_length
from adjoint.rules.infer import remember_length, static_argument
from adjoint.rules.names import (
    ADD_AT,
    BROADCAST_LIKE,
    CAST,
    CONJ,
    DIM,
    GETITEM,
    IMAG,
    REAL,
    SIZE,
    UPDATE,
    ZEROS,
    ZEROS_LIKE,
)  # fmt: skip
from adjoint.rules.registry import RULES
from adjoint.transform.exact import has_shape
from adjoint.transform.rewrite import PATTERNS, Rewriter, Row

SHAPE_KEEPING = frozenset(p for p, rule in RULES.items() if rule.kind == "elementwise") | {
    UPDATE, ADD_AT, CAST, ZEROS_LIKE, BROADCAST_LIKE, REAL, IMAG, CONJ,
}  # fmt: skip


# ---- lengths


def known_length(op: Op, r: Rewriter) -> Atom | None:
    """x.shape[axis] -> 3 where the type tells"""
    type_, axis = op.inputs[0].type, static_argument(op.inputs, op.attrs, 1, "axis")
    if not isinstance(type_, ArrayType) or type_.shape is None or type(axis) is not int:
        return None
    length = type_.shape[axis]
    return Literal(length) if isinstance(length, int) else length_of_argument(length, op.inputs[0], r)


def length_of_argument(length: Dim, atom: Atom, r: Rewriter) -> Atom | None:
    """The same length read from an argument of the function: a name of a length means one number."""
    if atom in r.params or is_of_trip(length):
        return None
    for param in r.params:
        shape = param.type.shape if isinstance(param.type, ArrayType) else None
        for axis, dim in enumerate(shape or ()):
            if dim == length and same_length(dim, length):
                found = r.emit(DIM, param, attrs={"axis": axis})
                if isinstance(found, Value):
                    remember_length(found, length)
                return found
    return None


def known_size(op: Op, r: Rewriter) -> Atom | None:
    """np.size(x) -> 12 where the type tells"""
    type_ = op.inputs[0].type
    if op.attrs or len(op.inputs) != 1 or not isinstance(type_, ArrayType) or type_.shape is None:
        return None
    lengths = [n for n in type_.shape if isinstance(n, int)]
    if len(lengths) < len(type_.shape):
        return length_of_argument(type_.shape[0], op.inputs[0], r) if len(type_.shape) == 1 else None
    return Literal(math.prod(lengths))


# ---- patterns


def other_pattern(op: Op, r: Rewriter) -> Atom | None:
    """broadcast_like(v, sin(x)) -> broadcast_like(v, x) for an argument x, or where only the shape of sin(x) is read"""
    place = PATTERNS[op.primitive]
    atom = op.inputs[place]
    source = shape_source(atom, r)
    if source is None and not r.is_computed_anyway(atom):
        source = sliced_argument(atom, r) or computed_operand(atom, r) or sliced_operand(atom, r)
    if source is None and op.primitive is ZEROS_LIKE and r.pushed_as(atom) is not None:
        return zeros_of_lengths(op, r)
    if source is None or source is atom:
        return None
    return r.emit(op.primitive, *op.inputs[:place], source, *op.inputs[place + 1 :], attrs=op.attrs)


def zeros_of_lengths(op: Op, r: Rewriter) -> Atom | None:
    """zeros_like(y) -> zeros((x.shape[0], 3)), where nothing else is read of an array that a loop would have to keep"""
    type_ = op.outputs[0].type
    if set(op.attrs) - {"dtype"} or not isinstance(type_, ArrayType) or type_.dtype is None or not type_.shape:
        return None
    places: list[int | Slot] = []
    lengths: list[Atom] = []
    for dim in type_.shape:
        length = None if isinstance(dim, int) else length_of_argument(dim, op.inputs[0], r)
        if length is not None:
            lengths.append(length)
        elif not isinstance(dim, int):
            return None
        places.append(dim if length is None else Slot(len(lengths) - 1))  # type: ignore[arg-type]  # an int
    dtype = {} if type_.dtype == "float64" else {"dtype": np.dtype(type_.dtype)}
    return r.emit(ZEROS, *lengths, attrs={"shape": tuple(places), **dtype})


def operands_of_shape(atom: Atom, r: Rewriter) -> list[Value]:
    """The operands that certainly have the shape of the result."""
    op = r.definition(atom, SHAPE_KEEPING)
    return [x for x in op.inputs if isinstance(x, Value) and has_shape(x, atom)] if op else []


def shape_source(atom: Atom, r: Rewriter) -> Atom | None:
    """An argument of the function that certainly has the shape of `atom`."""
    seen: list[Atom] = []
    waiting = [atom]
    found: Atom | None = None
    while waiting and found is None:
        source = waiting.pop()
        if source in r.params:
            found = source
        elif source in r.shape_sources:
            found = r.shape_sources[source]
        elif source not in seen:
            seen.append(source)
            operands = operands_of_shape(source, r)
            waiting += reversed(operands)
            if not operands:
                found = argument_like(source, r)
    for known in seen:
        r.shape_sources[known] = found
    return found


def argument_like(atom: Atom, r: Rewriter) -> Value | None:
    if isinstance(atom.type, ArrayType) and any(map(is_of_trip, atom.type.shape or ())):
        return None
    return next((x for x in r.params if x.type == atom.type and has_shape(x, atom)), None)


def sliced_argument(atom: Atom, r: Rewriter) -> Atom | None:
    """A slice of an argument that has the shape of what a loop pushes: `x[1:-1]` for `sin(u[1:-1])`, u shaped as x."""
    pushed = r.pushed_as(atom)
    seen: set[Atom] = set()
    waiting: list[tuple[Atom, tuple[Any, ...]]] = [(pushed, ())] if pushed is not None else []
    while waiting:
        source, indices = waiting.pop()
        if source in seen or not isinstance(source, Value):
            continue
        seen.add(source)
        argument: Atom | None = source if source in r.params else argument_like(source, r)
        if argument is not None:
            for index in reversed(indices):
                argument = r.emit(GETITEM, argument, attrs={"index": index})
            return argument
        read = r.definition(source, frozenset({GETITEM}))
        if read and len(read.inputs) == 1 and is_slices(read.attrs["index"]):
            waiting.append((read.inputs[0], (*indices, read.attrs["index"])))
        waiting += [(x, indices) for x in reversed(operands_of_shape(source, r))]
    return None


def is_slices(index: Any) -> bool:
    """Whether an index has slices only, so that it can be applied to every array of one rank."""
    items = index if isinstance(index, tuple) else (index,)
    return all(item is None or item is ... or isinstance(item, slice) for item in items)


def computed_operand(atom: Atom, r: Rewriter) -> Atom | None:
    """The nearest operand of one shape, of operands and so on, whose numbers are read."""
    source: Atom = atom
    while (operands := operands_of_shape(source, r)) and not r.is_computed_anyway(source):
        source = operands[0]
    return source if source is not atom and r.is_computed_anyway(source) else None


def sliced_operand(atom: Atom, r: Rewriter) -> Atom | None:
    """The same part of an operand of one shape that is computed anyway: x[:, 0] for sin(x)[:, 0]"""
    read = r.definition(atom, frozenset({GETITEM}))
    source = computed_operand(read.inputs[0], r) if read and not r.is_computed_anyway(read.inputs[0]) else None
    return r.emit(GETITEM, source, *read.inputs[1:], attrs=read.attrs) if read and source is not None else None


SHAPES = (
    Row("length", frozenset({DIM}), known_length, exact=True),
    Row("size", frozenset({SIZE}), known_size, exact=True),
    Row("shape of", frozenset(PATTERNS), other_pattern, exact=True),
)
