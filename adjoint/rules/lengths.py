"""Arithmetic of axis lengths at compile time: slices, sums and products of lengths that may be symbols.

Equal operations on equal lengths give equal symbols, so that `x[1:]` and `x[:-1]` are known to match. A
symbol `name + offset` stands for `max(name + offset, 0)`.
"""

import math

import numpy as np

from adjoint.ir.affine import as_dim, form_of, plus
from adjoint.ir.bounds import from_the_front, not_one, ordered, reaches
from adjoint.ir.core import Literal, Slot
from adjoint.ir.types import Symbol, known_not_one
from adjoint.rules.infer import dim_of, total_length

_SUMS: dict[str, tuple[Symbol, ...]] = {}  # the terms of symbols that are sums


def named(text, *parts, not_one=False):
    """A symbol whose name says how it came about: `text` with the parts in its braces."""
    return Symbol(text.format(*(str(part).replace("?", "") for part in parts)), 0, not_one)


def shortened(dim, by):
    """max(dim - by, 0)"""
    if isinstance(dim, int):
        return max(dim - by, 0)
    return dim if by == 0 else not_one(Symbol(dim.name, dim.offset - by))


def lengthened(dim, by):
    """dim + by"""
    if isinstance(dim, int):
        return dim + by
    if by == 0:
        return dim
    if dim.offset < 0:  # it may have been cut at 0, so that adding does not give back what was taken
        return Symbol(f"({dim.name}{dim.offset:+d})", by, by >= 2)
    return not_one(Symbol(dim.name, dim.offset + by))


def at_most(dim, limit):
    """min(dim, limit)"""
    if isinstance(dim, int):
        return min(dim, limit)
    if reaches(dim, limit):
        return limit
    return named("min({},{})", dim, limit, not_one=limit != 1 and dim.not_one)


def sum_of_lengths(dims):
    known = sum(dim for dim in dims if isinstance(dim, int))
    symbols = tuple(dim for dim in dims if not isinstance(dim, int))
    if len(symbols) < 2:
        return lengthened(symbols[0], known) if symbols else known
    total = named("({})", "+".join(map(str, symbols)), not_one=known == 0 and all(s.not_one for s in symbols))
    _SUMS[total.name] = symbols
    return lengthened(total, known)


def product_of_lengths(dims):
    return total_length(tuple(dim for dim in dims if dim != 1))


def times(dim, count):
    return product_of_lengths((dim, count))


def quotient_of_lengths(dims, others):
    """The length that is left of an array of shape `dims` by axes of the lengths `others`."""
    dims, rest = list(dims), []
    for other in others:
        if other in dims:
            dims.remove(other)
        elif other != 1:
            rest.append(other)
    sizes = math.prod(dim for dim in dims if isinstance(dim, int))
    if all(isinstance(other, int) for other in rest):
        divisor = math.prod(rest)
        if divisor and sizes % divisor == 0:
            return product_of_lengths((*(dim for dim in dims if not isinstance(dim, int)), sizes // divisor))
    return named("({}/{})", product_of_lengths(dims), product_of_lengths(rest))


# ---- slices


def bound(part, inputs):
    """A bound of a slice: None, an int, or a Slot of what is known at run time only."""
    if isinstance(part, Slot) and isinstance(inputs[part.index], Literal):
        part = inputs[part.index].value
    return part if part is None or isinstance(part, Slot) else int(part)


def slice_length(dim, part, inputs):
    """The length of `x[part]` along an axis of length `dim`."""
    start, stop, step = (bound(item, inputs) for item in (part.start, part.stop, part.step))
    step = 1 if step is None else step
    if any(isinstance(item, Slot) for item in (start, stop, step)):
        bounds = (dim_of(inputs[p.index]) if isinstance(p, Slot) else p for p in (start, stop, step))
        return _dynamic_slice(dim, *bounds)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if isinstance(dim, int):
        return len(range(*slice(start, stop, step).indices(dim)))
    if step == -1 and start in (None, -1) and stop is None:
        return dim
    if step < 0:
        return named("({})[{}:{}:{}]", dim, start, stop, step)
    length = _contiguous(dim, start or 0, stop)
    if step == 1:
        return length
    return -(-length // step) if isinstance(length, int) else named("({}/{})", length, step)


def _dynamic_slice(dim, start, stop, step):
    """Bounds that are lengths themselves may cut a sum of lengths into its terms."""
    if step == 1:
        length = _within(dim, start, stop)
        if length is not None:
            return length
    terms = _SUMS.get(dim.name, ()) if isinstance(dim, Symbol) and dim.offset == 0 else ()
    if step == 1 and start in (None, 0) and (stop in (dim, *terms[:1]) or is_minimum_with(stop, dim)):
        return stop
    if step == 1 and stop is None and len(terms) == 2 and start == terms[0]:
        return terms[1]
    return named("({})[{}:{}:{}]", dim, start, stop, step)


def _within(dim, start, stop):
    """The length of `x[start:stop]` where the bounds are known, or can be relied on, to lie in x in this order."""
    whole = form_of(dim)
    first, last = (whole if part is None else from_the_front(form_of(part), whole) for part in (start or 0, stop))
    if not ordered(first, last, whole):
        return None
    length = as_dim(plus(last, first, -1))
    return length if isinstance(length, int) else not_one(length)


def is_minimum_with(dim, other):
    """Whether a length is the smaller one of two, of which the other is one: the rank of a matrix is."""
    name = getattr(dim, "name", "")
    parts = name.removeprefix("min(").removesuffix(")").split(",") if name.startswith("min(") and not dim.offset else ()
    return len(parts) == 2 and str(other).replace("?", "") in parts


def _contiguous(dim, start, stop):
    if start >= 0 and (stop is None or stop < 0):
        return shortened(dim, start - (stop or 0))
    if start < 0 and stop is None:
        return at_most(dim, -start)
    if (start < 0) == (stop < 0):
        if stop <= start:
            return 0
        return at_most(shortened(dim, start if start >= 0 else -stop), stop - start)
    return named("({})[{}:{}]", dim, start, stop)


def same_or_first(dims):
    """The length that axes have that must agree: the one of which most is known."""
    return max(dims, key=lambda dim: (isinstance(dim, int), known_not_one(dim)))


def strong_dtype(types, dtype=None):
    """The dtype of operands that NumPy first makes arrays: Python numbers count as float64 and int64."""
    if dtype is not None:
        return np.dtype(dtype).name
    if any(type_.dtype is None for type_ in types):
        return None
    return np.result_type(*(np.dtype(type_.dtype) for type_ in types)).name if types else "float64"
