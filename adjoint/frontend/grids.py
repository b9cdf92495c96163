"""Brackets that make an index or a grid: `np.s_[1:-1]`, `np.index_exp[0, :]`, `np.mgrid[:n, :m]`, `np.ogrid[:n]`."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.frontend.abstract import Span3, Static, is_atom, is_none, make_tuple
from adjoint.ir.core import Literal
from adjoint.ir.tree import Tree

MAKERS = (np.s_, np.index_exp, np.mgrid, np.ogrid)


def is_maker(owner: Static) -> bool:
    return any(owner.value is maker for maker in MAKERS)


def made(low: Any, owner: Static, index: Any, node: Any) -> Any:
    """What such an object gives for what stands in the brackets."""
    if owner.value is np.s_:
        return index
    several = isinstance(index, Tree) and index.kind == "tuple"
    if owner.value is np.index_exp:
        return index if several else make_tuple((index,))
    lines = [_line(low, part, node) for part in (index.children if several else (index,))]
    if len(lines) > 1 and len({line.type.dtype for line in lines}) > 1:  # then the numbers of all are floats
        lines = [low.operation(np.multiply, (line, Literal(1.0)), node) for line in lines]
    if not several:
        return lines[0]
    if owner.value is np.mgrid:
        grids = low.apply(np.meshgrid, lines, {"indexing": Static("ij")}, node)
        return low.apply(np.stack, [grids], {}, node)
    shapes = [[Literal(-1 if axis == k else 1) for axis in range(len(lines))] for k in range(len(lines))]
    return make_tuple(
        low.apply(np.reshape, [line, make_tuple(shape)], {}, node) for line, shape in zip(lines, shapes, strict=True)
    )


def _line(low: Any, span: Any, node: Any) -> Any:
    """The numbers of one slice. An imaginary step tells how many there are, the last one included."""
    if not isinstance(span, Span3) or is_none(span.stop):
        low.refuse(node, "a grid along an axis without an end", "write `0:n`")
    start = Literal(0) if is_none(span.start) else span.start
    step = Literal(1) if is_none(span.step) else span.step
    if isinstance(step, Literal) and isinstance(step.value, complex):
        return low.call(Static(_between), [start, span.stop, Literal(int(abs(step.value)))], {}, node)
    parts: tuple[Any, ...] = (start, span.stop, step)
    if not all(is_atom(part) for part in parts):
        low.refuse(node, "a grid whose ends are no numbers")
    if all((part.type.dtype or "").startswith(("int", "uint")) for part in parts):
        return low.apply(np.arange, list(parts), {}, node)
    return low.call(Static(_by_steps), list(parts), {}, node)


def _between(start: Any, stop: Any, count: Any) -> Any:
    return np.arange(count) * ((stop - start) / float(count - 1)) + start


def _by_steps(start: Any, stop: Any, step: Any) -> Any:
    return np.arange(int(np.ceil((stop - start) / (step * 1.0)))) * step + start
