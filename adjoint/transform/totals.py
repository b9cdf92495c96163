"""Rewrites of derivative code that know a sum without adding up: shares add up to one.

A softmax, written out with its largest number taken off, sends back to that number the sum of the cotangents
of all. It is zero, for the result does not depend on what is taken off; written by hand, the code for it is
not there at all. Here the sum of `x * (s / sum(x))` is s, what cancels is a zero by construction, and such a
zero (never the user's own) swallows its products.
"""
# ruff: noqa: D400, D415  # the docstrings of rows are formulas

from __future__ import annotations

from adjoint.ir.core import Atom, Literal, Op, Slot, Value
from adjoint.ir.types import ArrayType, same_shape
from adjoint.rules.infer import normal_axes
from adjoint.rules.names import ADD_AT, ADDS, BROADCAST_LIKE, DIVS, GETITEM, MULS, NEGS, SUBS, SUM, ZEROS, ZEROS_LIKE
from adjoint.transform.arrays import is_every_place
from adjoint.transform.axes import is_view_of_axes, shape_of
from adjoint.transform.cse import atom_key
from adjoint.transform.exact import has_shape, number, rank
from adjoint.transform.rewrite import Rewriter, Row

Axes = tuple[int, ...]


def reduced_axes(op: Op) -> Axes | None:
    """The axes that a sum adds up, if nothing else is asked of it."""
    count = rank(op.inputs[0])
    if len(op.inputs) != 1 or count is None or not set(op.attrs) <= {"axis"}:
        return None
    axis = op.attrs.get("axis")
    return tuple(range(count)) if axis is None else tuple(sorted(normal_axes(axis, count)))


# ---- totals

PARTS = DIVS | MULS | NEGS | SUBS | {ADD_AT}
SCATTERED = frozenset({ADD_AT})
SUMMED = frozenset({SUM})


def sum_of_shares(op: Op, r: Rewriter) -> Atom | None:
    """sum(x / sum(x)) -> 1.0 and sum(x * (s / sum(x))) -> s, along one axis or all"""
    axes = reduced_axes(op)
    return None if axes is None else total(op.inputs[0], axes, r)


def total(atom: Atom, axes: Axes, r: Rewriter) -> Atom | None:
    """The sum of an array along axes where it follows from what the array is made of."""
    op = r.definition(atom, PARTS)
    if op is None:
        return None
    if op.primitive in NEGS:
        inner = total(op.inputs[0], axes, r)
        return None if inner is None else r.emit(op.primitive, inner)
    if op.primitive in SUBS:
        for one, other in (op.inputs, op.inputs[::-1]):
            known = total(one, axes, r)
            if known is not None and rank(other) == rank(atom) and is_sum_of(known, other, axes, r):
                return r.emit(ZEROS_LIKE, known)
        return None
    if op.primitive is ADD_AT:
        return total_of_scattered(op, axes, r)
    if op.primitive in DIVS:
        x, divisor = op.inputs[0], same_along(op.inputs[1], axes, rank(atom), r)
        if divisor is not None and is_sum_of(divisor, x, axes, r):
            return r.emit(BROADCAST_LIKE, Literal(1.0), divisor)
        return None
    for k in (0, 1):
        x, share = op.inputs[k], same_along(op.inputs[1 - k], axes, rank(atom), r)
        minus = r.definition(share, NEGS) if share is not None else None
        quotient = r.definition(minus.inputs[0] if minus else share, DIVS) if share is not None else None
        if quotient and is_sum_of(unview(quotient.inputs[1], axes, rank(atom), r), x, axes, r):
            factor = unview(quotient.inputs[0], axes, rank(atom), r)
            return r.emit(minus.primitive, factor) if minus else factor
    return None


def total_of_scattered(op: Op, axes: Axes, r: Rewriter) -> Atom | None:
    """The sum of add_at(x, v, i) where the sum of x is minus that of add_at(zeros, v, i): zero"""
    rest, line = total(op.inputs[0], axes, r), line_of(op, axes)
    if rest is None or line is None:
        return None
    if is_opposite(rest, op.inputs[1], r) and is_every_place(line, op.inputs[0], 1 - axes[0], r):
        return r.emit(ZEROS_LIKE, first_line(op.inputs[0], axes, r))
    minus = r.definition(rest, NEGS)
    if minus is None:
        return None
    other = r.definition(minus.inputs[0], SCATTERED)
    if other is None or not is_zero_by_construction(other.inputs[0], r) or other.attrs["index"] != Slot(2):
        return None
    if atom_key(other.inputs[1]) != atom_key(op.inputs[1]) or other.inputs[2] is not line:
        return None
    return r.emit(ZEROS_LIKE, other.outputs[0])


def same_along(atom: Atom, axes: Axes, count: int | None, r: Rewriter) -> Atom | None:
    """What an operand is without axes along which it does not vary, or None if it may vary."""
    if count is None or rank(atom) is None:
        return None
    if rank(atom) == 0:
        return atom
    found = unview(atom, axes, count, r)
    if found is not atom:
        return found
    if rank(atom) == count - len(axes) and axes == tuple(range(len(axes))):
        return atom
    shape = shape_of(atom)
    return atom if shape is not None and len(shape) == count and all(shape[axis] == 1 for axis in axes) else None


def unview(atom: Atom, axes: Axes, count: int | None, r: Rewriter) -> Atom:
    """The x of a view of x that only inserts these axes, and for a sum that keeps them."""
    found = is_view_of_axes(atom, r)
    if found and count is not None:
        source, new = found
        rest = iter(range(count))
        if new == tuple(None if k in axes else next(rest) for k in range(count)):
            return source
    return atom


def is_sum_of(atom: Atom, x: Atom, axes: Axes, r: Rewriter) -> bool:
    """Whether an atom is the sum of x along these axes, kept or not."""
    op = r.definition(atom, SUMMED)
    if op is None or op.inputs[0] is not x or len(op.inputs) != 1 or not set(op.attrs) <= {"axis", "keepdims"}:
        return False
    count, axis = rank(x), op.attrs.get("axis")
    if count is None:
        return False
    return axes == (tuple(range(count)) if axis is None else tuple(sorted(normal_axes(axis, count))))


# ---- zeros by construction


def is_zero_by_construction(atom: Atom, r: Rewriter, depth: int = 4) -> bool:
    """Whether a zero was made by a transform, not by the user: a cotangent that is not there."""
    op = r.definition(atom, KEEPING) if depth else None
    if op is None or op.sweep == "":
        return False
    if op.primitive in SUBS:
        s, t = op.inputs
        return rank(atom) == 0 and (s is t or is_total(t, s, r))
    return op.primitive in (ZEROS, ZEROS_LIKE) or is_zero_by_construction(op.inputs[0], r, depth - 1)


KEEPING = NEGS | DIVS | SUBS | {ZEROS, ZEROS_LIKE, BROADCAST_LIKE, GETITEM}


def is_total(atom: Atom, expected: Atom, r: Rewriter) -> bool:
    """Whether an atom is the sum of all numbers of an array, known to be `expected`: s for sum(x * (s / sum(x)))"""
    added = r.definition(atom, SUMMED)
    axes = reduced_axes(added) if added and rank(atom) == 0 else None
    return added is not None and axes is not None and is_same(total(added.inputs[0], axes, r), expected)


SPREAD = frozenset({BROADCAST_LIKE})


def difference_of_equals(op: Op, r: Rewriter) -> Atom | None:
    """X - x -> zeros and s - broadcast_like(s, x) -> zeros"""
    a, b = op.inputs
    if a is b and isinstance(a, Value):
        return r.emit(ZEROS_LIKE, a)
    for one, other in ((a, b), (b, a)):
        spread = r.definition(other, SPREAD)
        if spread and is_same(spread.inputs[0], one):
            return r.emit(ZEROS_LIKE, other)
    return None


def is_same(a: Atom | None, b: Atom) -> bool:
    """Whether two atoms are one value or one number."""
    return a is b or (a is not None and number(a) is not None and number(a) == number(b))


def sum_of_opposites(op: Op, r: Rewriter) -> Atom | None:
    """1.0 + broadcast_like(-1.0, x) -> zeros"""
    values = [number(spread.inputs[0] if (spread := r.definition(x, SPREAD)) else x) for x in op.inputs]
    if None in values or values[0] != -values[1]:
        return None
    array = next((x for x in op.inputs if isinstance(x, Value)), None)
    return None if array is None else r.emit(ZEROS_LIKE, array)


def product_with_zeros(op: Op, r: Rewriter) -> Atom | None:
    """Zeros * x -> zeros and zeros / x -> zeros, for zeros by construction"""
    for k in (0, 1) if op.primitive in MULS else (0,):
        zeros, other = op.inputs[k], op.inputs[1 - k]
        if not is_zero_by_construction(zeros, r):
            continue
        if rank(op.outputs[0]) == 0:
            return zeros
        if has_shape(zeros, op.outputs[0]) and not is_spread_number(zeros, r):
            return zeros
        if has_shape(other, op.outputs[0]):
            is_number = rank(zeros) == 0 or is_spread_number(zeros, r)
            return r.emit(BROADCAST_LIKE, Literal(0.0) if is_number else zeros, other)
    return None


def is_spread_number(atom: Atom, r: Rewriter) -> bool:
    """Whether an array is one number, repeated."""
    spread = r.definition(atom, SPREAD)
    return spread is not None and rank(spread.inputs[0]) == 0


# ---- sums of what is scattered


def sum_of_scattered(op: Op, r: Rewriter) -> Atom | None:
    """sum(add_at(zeros, v, (i, j)), 1) -> add_at(zeros, v, i): the column does not matter for the sum of a row"""
    axes, scattered = reduced_axes(op), r.definition(op.inputs[0], SCATTERED)
    if scattered is None or axes is None or (line := line_of(scattered, axes)) is None:
        return None
    zeros = r.definition(scattered.inputs[0], frozenset({ZEROS_LIKE}))
    if zeros is None:
        return None
    first = first_line(zeros.inputs[0], axes, r)
    return r.emit(ADD_AT, r.emit(ZEROS_LIKE, first), scattered.inputs[1], line, attrs={"index": Slot(2)})


def first_line(matrix: Atom, axes: Axes, r: Rewriter) -> Atom:
    """A vector as long as the sums of a matrix along an axis, to be read for its shape alone."""
    return r.emit(GETITEM, matrix, attrs={"index": (slice(None), 0) if axes == (1,) else 0})


def is_opposite(a: Atom, b: Atom, r: Rewriter) -> bool:
    """Whether two scalars are `s` and `-s`, or `1.0 / n` and `-1.0 / n`."""
    if rank(a) != 0 or rank(b) != 0:
        return False
    one, other = r.definition(a, DIVS), r.definition(b, DIVS)
    if one and other and one.inputs[1] is other.inputs[1]:
        return is_opposite(one.inputs[0], other.inputs[0], r)
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return bool(x == -y)
    return any((minus := r.definition(s, NEGS)) and minus.inputs[0] is t for s, t in ((a, b), (b, a)))


def line_of(op: Op, axes: Axes) -> Atom | None:
    """For a matrix that is added to at pairs of indices: the indices along the axis that a sum leaves."""
    index = op.attrs["index"]
    if rank(op.inputs[0]) != 2 or len(axes) != 1 or type(index) is not tuple or len(index) != 2:
        return None
    if not all(isinstance(item, Slot) for item in index):
        return None
    arrays = [op.inputs[item.index] for item in index]
    types = [atom.type for atom in arrays]
    if not all(isinstance(t, ArrayType) and t.dtype == "int64" and t.ndim == 1 for t in types):
        return None
    shapes = [shape_of(atom) for atom in arrays]
    return arrays[1 - axes[0]] if shapes[0] == shapes[1] and same_shape(shapes[0], shapes[1]) else None


TOTALS = (
    Row("sum(x / sum(x))", SUMMED, sum_of_shares, PARTS),
    Row("sum(add_at(zeros, v, (i, j)), 1)", SUMMED, sum_of_scattered, SCATTERED),
    Row("x - x", SUBS, difference_of_equals),
    Row("1.0 + broadcast_like(-1.0, x)", ADDS, sum_of_opposites, SPREAD),
    Row("zeros * x", MULS | DIVS, product_with_zeros, KEEPING),
)
