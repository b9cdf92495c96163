"""Each rewrite as two functions, before and after; and what must stay as it is."""
# ruff: noqa: B002, E501  # one line for a case

from __future__ import annotations

import operator
from dataclasses import replace
from inspect import isfunction

import numpy as np
import pytest

from adjoint.errors import Span
from adjoint.ir.core import Block, Function, Literal, Op, Value
from adjoint.ir.types import PY_COMPLEX, ArrayType, Symbol
from adjoint.rules import names
from adjoint.rules.internal import add_at, broadcast_like, cast, sum_to, update, written_last
from adjoint.rules.trace import DIM
from adjoint.transform.algebra import ALGEBRA
from adjoint.transform.arrays import ARRAYS
from adjoint.transform.axes import AXES
from adjoint.transform.dead_code import remove_dead_code
from adjoint.transform.exact import EXACT
from adjoint.transform.rewrite import Table, rewrite_function
from adjoint.transform.shapes import SHAPES
from adjoint.transform.simplify import simplify
from adjoint.transform.sums import SUMS
from adjoint.transform.totals import TOTALS
from tests.interpreter import run
from tests.tracing import F8, I8, MATRIX, PY_BOOL, VECTOR, M, N, assert_same, branch, text, trace
from tests.transform.axes_cases import AXES_CASES, EXACT_AXES_CASES, FACTOR_CASES
from tests.transform.totals_cases import TOTALS_CASES

V, W, S = VECTOR, MATRIX, F8
ROW = ArrayType("float64", (M,))
SQUARE = ArrayType("float64", (N, N))
SINGLE = ArrayType("float32", (N,))
INTEGERS = ArrayType("int64", (N,))
LOOSE = ArrayType("float64", (Symbol("k"),))
NUMPY = ArrayType("float64", (), "np")
NUMBER = ArrayType("float64", (), "any")
NO_AXES = ArrayType("float64", (), "array")
FIXED = ArrayType("float64", (3, 4))


def zeros(x):
    return np.zeros_like(x)


def mask(x, v):
    condition = x > 0
    return np.where(condition, v() if isfunction(v) else v, 0.0)


def mask_other(x, v):
    condition = x > 0
    return np.where(condition, 0, v() if isfunction(v) else v)


# (name, types, before, after): exact in floating point, so for primal ops as well
EXACT_CASES = [
    ("double negation", (V,), lambda x: -(-x), lambda x: x),
    ("double negation of a ufunc", (V,), lambda x: np.negative(-x), lambda x: x),
    ("plus sign", (V,), lambda x: x.tracer.apply(operator.pos, (x,), {}), lambda x: x),
    ("constant", (V,), lambda x: x + x.tracer.apply(operator.mul, (2, 1.5), {}), lambda x: x + 3.0),
    ("length", (FIXED,), lambda x: x.tracer.apply(DIM, (x,), {"axis": 1}), lambda x: 4),
    ("times one", (V,), lambda x: x * 1.0, lambda x: x),
    ("one times", (V,), lambda x: 1.0 * x, lambda x: x),
    ("times integer one", (SINGLE,), lambda x: x * 1, lambda x: x),
    ("over one", (S,), lambda x: x / 1.0, lambda x: x),
    ("first power", (V,), lambda x: x**1, lambda x: x),
    ("power zero", (S,), lambda x: x**0, lambda x: 1.0),
    ("minus zero", (V,), lambda x: x - 0.0, lambda x: x),
    ("plus negative zero", (V,), lambda x: x + -0.0, lambda x: x),
    ("transpose twice", (W,), lambda x: x.T.T, lambda x: x),
    ("transpose of a vector", (V,), lambda x: x.T, lambda x: x),
    ("cast to the same dtype", (V,), lambda x: cast(x, dtype="float64"), lambda x: x),
    ("real of a real", (V,), lambda x: np.real(np.conj(x)), lambda x: x),
    ("known length", (FIXED, S), lambda x, s: np.size(x) * s, lambda x, s: 12 * s),
    ("shape of an argument", (V,), lambda x: np.zeros_like(np.sin(x * 2.0)), np.zeros_like),
    ("length of an argument", (W,), lambda x: np.size(np.sum(x, axis=1)), lambda x: x.tracer.apply(DIM, (x,), {"axis": 0})),
    ("stored value", (V, S), lambda x, s: update(x, s, index=2)[2] * s, None),
    ("stored value of the same type", (V, NUMPY), lambda x, s: update(x, s, index=2)[2], lambda x, s: s),
    ("stored slice", (V, I8), lambda x, k: update(x, -x, index=slice(None))[:], lambda x, k: -x),
    ("other index", (V, NUMPY), lambda x, s: update(x, s, index=2)[3], None),
    ("store of what is there", (V, I8), lambda x, k: update(x, x[k], index=k), lambda x, k: x),
    ("store over a store", (V, S, I8), lambda x, s, k: update(update(x, s, index=k), -s, index=k),
     lambda x, s, k: update(x, -s, index=k)),
    ("store beside a store", (V, S, I8), lambda x, s, k: update(update(x, s, index=k), -s, index=0), None),
    ("store that may fail", (V, W), lambda x, y: update(update(x, y[0], index=slice(1, 3)), 1.0, index=slice(1, 3)), None),
    ("store that is read", (V, S, I8), lambda x, s, k: (x := update(x, s, index=k), update(x, -s, index=k) + x)[1], None),
    ("store of what is elsewhere", (V, I8), lambda x, k: update(x, x[0], index=k), None),
    ("index that repeats", (V,), lambda x: update(x, -x, index=[0, 0])[[0, 0]], None),
]



def sign_of_two_products(x, y, z):
    minus = -x
    return (y - minus * z) * (z - minus * y)


def like_terms_of_a_shared_product(x):
    y = 0.25 * x
    return x - y - y - y


def a_term_and_a_shared_multiple(x, y):
    z = 0.25 * y
    return (y - z) * np.sin(z)


# for derivative code only
def places_of(v):
    length = v.tracer.apply(DIM, (v,), {"axis": 0})
    return v.tracer.apply(np.arange, (length,), {})


def written_at(x, v, index):
    """What the reverse of `x[index] = v` reads."""
    return np.where(written_last(v, x, index=index), v, 0.0)


def with_negative(x, then):
    """What `then` makes of one -x."""
    return then(-x)


ALGEBRA_CASES = [
    ("write of a number", (NUMBER, NUMBER), lambda x, v: add_at(x, v, index=...), lambda x, v: x + v),
    ("write over a number", (NUMBER, NUMBER), lambda x, v: 2.0 * update(x, v, index=...), lambda x, v: 2.0 * v),
    ("write of an array without axes", (NO_AXES, NUMBER), lambda x, v: update(x, v, index=...), None),
    ("plus zero", (V,), lambda x: x + 0.0, lambda x: x),
    ("written in a row", (V, V), lambda x, v: written_at(x, v, places_of(v)), lambda x, v: v),
    ("written somewhere", (V, V), lambda x, v: written_at(x, v, 0 * places_of(v)), None),
    ("zero plus", (V,), lambda x: 0 + x, lambda x: x),
    ("plus zeros", (V, V), lambda x, y: x + zeros(y), lambda x, y: x),
    ("plus zeros of a slice", (V, S), lambda x, s: s * x[0] + zeros(x)[1], lambda x, s: s * x[0]),
    ("zeros may be larger", (S, V), lambda s, y: s + zeros(y), None),
    ("zero minus", (V,), lambda x: 0.0 - x, lambda x: -x),
    ("negative zeros", (V,), lambda x: -zeros(x), zeros),
    ("times minus one", (V,), lambda x: x * -1, lambda x: -x),
    ("over minus one", (V,), lambda x: x / -1.0, lambda x: -x),
    ("plus negative", (V, V), lambda x, y: x + (-y), lambda x, y: x - y),
    ("negative plus", (V, V), lambda x, y: (-x) + y, lambda x, y: y - x),
    ("minus negative", (V, V), lambda x, y: x - (-y), lambda x, y: x + y),
    ("plus negative multiple", (V, V), lambda x, y: x + -2.0 * y, lambda x, y: x - 2.0 * y),
    ("ufuncs stay ufuncs", (V, V), lambda x, y: np.add(x, np.negative(y)), np.subtract),
    ("product of a negative", (V, V), lambda x, y: (-x) * y, lambda x, y: -(x * y)),
    ("product with a negative", (V, V), lambda x, y: x * (-y), lambda x, y: -(x * y)),
    ("product of negatives", (V, V), lambda x, y: (-x) * (-y), lambda x, y: x * y),
    ("negative minus", (V, V), lambda x, y: x + (-y - x * y), lambda x, y: x - (y + x * y)),
    ("negative minus, as a result", (V, V), lambda x, y: -x - y, None),
    (
        "a sign that several sums take",
        (V, V),
        lambda x, y: with_negative(x, lambda s: (y + s * y) * (x - 2.0 * x * s)),
        lambda x, y: (y - x * y) * (x + 2.0 * (x * x)),
    ),
    (
        "a sign that a result keeps",
        (V, V),
        lambda x, y: with_negative(x, lambda s: (y + s * y) * np.sin(s * x)),
        None,
    ),
    ("quotient of a negative", (V, V), lambda x, y: (-x) / y, lambda x, y: -(x / y)),
    ("negative difference", (V, V), lambda x, y: -(x - y), lambda x, y: y - x),
    ("negative multiple", (V,), lambda x: -(2.0 * x), lambda x: -2.0 * x),
    ("multiple of a negative", (V,), lambda x: 2.0 * -x, lambda x: -2.0 * x),
    ("negative of a scaled product", (S, V), lambda s, x: -(2.0 * s * x), lambda s, x: -2.0 * s * x),
    ("plus negative scaled product", (S, V, V), lambda s, x, y: y + -2.0 * s * x, lambda s, x, y: y - 2.0 * s * x),
    ("sign of two products", (V, V, V), sign_of_two_products, lambda x, y, z: (y + x * z) * (z + x * y)),
    ("like terms", (V, V), lambda x, y: x - 0.25 * x + y - 0.25 * x, lambda x, y: 0.5 * x + y),
    ("like terms of a shared product", (V,), like_terms_of_a_shared_product, lambda x: 0.25 * x),
    ("like terms with scalars", (S, V, V), lambda s, x, y: x - y - s * x, lambda s, x, y: (1.0 - s) * x - y),
    ("like terms of numbers", (S, S), lambda s, t: s - t - 0.5 * s, lambda s, t: 0.5 * s - t),
    ("a term and a shared multiple", (V, V), a_term_and_a_shared_multiple, None),
    ("no like terms of integers", (INTEGERS,), lambda x: x + 3 * x, None),
    ("no terms is not zero", (V, V), lambda x, y: 0.5 * x + y - 0.5 * x, None),
    ("negative quotient of a literal", (V,), lambda x: -(2.0 / x), lambda x: -2.0 / x),
    ("literal in front", (V,), lambda x: x * 2, lambda x: 2.0 * x),
    ("integers stay integers", (INTEGERS,), lambda x: x * 2, lambda x: 2 * x),
    ("literals gather", (V,), lambda x: 2.0 * (x * 3.0), lambda x: 6.0 * x),
    ("literals gather in a quotient", (V,), lambda x: 2.0 * (3.0 / x), lambda x: 6.0 / x),
    ("literals gather across", (V, V), lambda x, y: 3.0 * (x * (2.0 * y)), lambda x, y: 6.0 * (x * y)),
    ("literals that overflow", (V,), lambda x: 1e20 * (1e20 * x), None),
    ("scalars first", (S, S, V), lambda s, t, x: s * (t * x), lambda s, t, x: (s * t) * x),
    ("scalars first, from the right", (S, S, V), lambda s, t, x: (x * t) * s, lambda s, t, x: (s * t) * x),
    ("scalars with literals", (S, V), lambda s, x: s * (2.0 * x), lambda s, x: (2.0 * s) * x),
    ("times reciprocal", (V, V), lambda x, y: x * (1 / y), lambda x, y: x / y),
    ("zero times", (V,), lambda x: 0.0 * x, None),
    ("literal power", (S,), lambda x: 2 * x ** (2 - 1), lambda x: 2.0 * x),
    ("product with a broadcast", (S, V, V), lambda s, x, y: broadcast_like(s, x) * y, lambda s, x, y: s * y),
    ("broadcast that makes the shape", (S, W, ROW), lambda s, x, y: broadcast_like(s, x) * y, None),
    ("broadcast of unsure length", (S, V, LOOSE), lambda s, x, y: broadcast_like(s, x) * y, None),
    (
        "two broadcasts",
        (S, S, V),
        lambda s, t, x: np.sin(broadcast_like(s, x) + broadcast_like(t, x)),
        lambda s, t, x: np.sin(broadcast_like(s + t, x)),
    ),
    ("multiple of a broadcast", (S, V, V), lambda s, x, y: 2.0 * broadcast_like(s, x) * y, lambda s, x, y: 2.0 * s * y),
    ("negative broadcast", (S, V, V), lambda s, x, y: y - -broadcast_like(s, x), lambda s, x, y: y + s),
    (
        "broadcast twice",
        (S, ROW, W),
        lambda s, x, y: broadcast_like(broadcast_like(s, x), y),
        lambda s, x, y: broadcast_like(s, y),
    ),
    ("broadcast to its own shape", (V, V), broadcast_like, lambda x, y: x),
    ("sum to its own shape", (V, V), sum_to, lambda x, y: x),
    ("sum to one shape twice", (LOOSE, V), lambda x, y: sum_to(sum_to(y, x), x), lambda x, y: sum_to(y, x)),
    ("sum of a broadcast", (NUMPY, FIXED), lambda s, x: np.sum(broadcast_like(s, x)), lambda s, x: 12.0 * s),
    ("item of a broadcast", (NUMPY, V), lambda s, x: broadcast_like(s, x)[3], lambda s, x: s),
    ("mask past a product", (V, V, V), lambda x, v, p: mask(x, v) * p, lambda x, v, p: mask(x, lambda: v * p)),
    (
        "mask past a product on the left",
        (V, V, V),
        lambda x, v, p: p * mask(x, v),
        lambda x, v, p: mask(x, lambda: p * v),
    ),
    (
        "mask of the other branch",
        (V, V, V),
        lambda x, v, p: mask_other(x, v) / p,
        lambda x, v, p: mask_other(x, lambda: v / p),
    ),
    (
        "mask past two products",
        (V, V),
        lambda x, v: 2.0 * mask(x, v) * -x,
        lambda x, v: mask(x, lambda: -2.0 * (v * x)),
    ),
    ("mask past a sign", (V, V), lambda x, v: -mask(x, v), lambda x, v: mask(x, lambda: -v)),
    (
        "mask of a broadcast",
        (V, S),
        lambda x, s: mask(x, broadcast_like(s, x)) * x,
        lambda x, s: mask(x, lambda: s * x),
    ),
    ("divisor that is masked", (V, V), lambda x, v: x / mask(x, v), None),
    ("selection", (V, V), lambda x, v: np.where(x > 0, v, 1.0) * x, None),
    (
        "accumulate at an index",
        (V, NUMPY),
        lambda a, v: a + add_at(zeros(a), v, index=2),
        lambda a, v: add_at(a, v, index=2),
    ),
    (
        "accumulate from the left",
        (V, NUMPY),
        lambda a, v: add_at(zeros(a), v, index=2) + a,
        lambda a, v: add_at(a, v, index=2),
    ),
    (
        "accumulate twice",
        (V, NUMPY),
        lambda x, v: add_at(zeros(x), v, index=2) + add_at(zeros(x), v, index=3),
        lambda x, v: add_at(add_at(zeros(x), v, index=3), v, index=2),
    ),
    (
        "accumulate in a transpose",
        (W, V),
        lambda a, v: a + np.transpose(add_at(zeros(np.transpose(a)), v, index=1)),
        lambda a, v: np.transpose(add_at(np.transpose(a), v, index=1)),
    ),
    (
        "accumulate in a reshape",
        (FIXED, NUMPY),
        lambda a, v: a + np.reshape(add_at(zeros(np.reshape(a, (2, 6))), v, index=(1, 1)), (3, 4)),
        lambda a, v: np.reshape(add_at(np.reshape(a, (2, 6)), v, index=(1, 1)), (3, 4)),
    ),
    (
        "accumulate a difference",
        (V, NUMPY),
        lambda a, v: a - add_at(zeros(a), v, index=2),
        lambda a, v: add_at(a, -v, index=2),
    ),
    (
        "added to every place",
        (V, S),
        lambda x, s: x * add_at(zeros(x), s, index=np.arange(x.shape[0], like=x)),
        lambda x, s: x * s,
    ),
    ("accumulate into a scalar", (S, V), lambda s, x: s + add_at(zeros(x), 1.0, index=2), None),
    ("twice", (V,), lambda x: x + x, lambda x: 2.0 * x),
    ("negative multiple of a difference", (V, V), lambda x, y: -2.0 * (x - y), lambda x, y: 2.0 * (y - x)),
    (
        "added at one index",
        (V, NUMPY, NUMPY),
        lambda a, v, w: add_at(add_at(a, v, index=2), w, index=2),
        lambda a, v, w: add_at(a, v + w, index=2),
    ),
    (
        "added at one index with another between",
        (V, NUMPY, NUMPY),
        lambda a, v, w: add_at(add_at(add_at(a, v, index=2), w, index=1), w, index=2),
        lambda a, v, w: add_at(add_at(a, v + w, index=2), w, index=1),
    ),
    (
        "added where zero was stored",
        (V, NUMPY, NUMPY),
        lambda a, v, w: add_at(add_at(update(a, 0.0, index=2), w, index=3), v, index=2),
        lambda a, v, w: add_at(update(a, v, index=2), w, index=3),
    ),
    (
        "added at repeated indices",
        (V, V),
        lambda a, v: add_at(add_at(a, v[:2], index=[0, 0]), v[:2], index=[0, 0]),
        None,
    ),
    (
        "added where another value was stored",
        (V, NUMPY, NUMPY),
        lambda a, v, w: add_at(update(a, v, index=2), w, index=2),
        lambda a, v, w: update(a, v + w, index=2),
    ),
    (
        "broadcast that moved",
        (NUMPY, V, W),
        lambda s, x, y: np.expand_dims(broadcast_like(s, x), 1) * y,
        lambda s, x, y: s * y,
    ),
    (
        "broadcast that moved and makes the shape",
        (NUMPY, V),
        lambda s, x: np.expand_dims(broadcast_like(s, x), 1) * x,
        lambda s, x: broadcast_like(s, x)[:, None] * x,
    ),
    ("sum of a negative", (W,), lambda x: np.sum(-x, axis=1), lambda x: -np.sum(x, axis=1)),
    ("sum of a product", (V, V), lambda x, y: np.sum(x * y), lambda x, y: x @ y),
    ("sum of the rows of a product", (W, W), lambda x, y: np.sum(x * y), None),
    ("sum of a product of integers", (INTEGERS, V), lambda x, y: np.sum(x * y), None),
    ("sum of a multiple", (S, W), lambda s, x: np.sum(s * x, axis=0), lambda s, x: s * np.sum(x, axis=0)),
    ("transposed product", (W, W), lambda x, y: (x.T @ y).T, lambda x, y: y.T @ x),
    ("transposed product, right", (W, W), lambda x, y: (x @ y.T).T, lambda x, y: y @ x.T),
    ("transposed product of plain factors", (SQUARE, SQUARE), lambda x, y: (x @ y).T, None),
    ("swapped matrix", (W,), lambda x: np.swapaxes(x, -1, -2), lambda x: x.T),
    (
        "cast twice",
        (SINGLE,),
        lambda x: cast(cast(x, dtype="float64"), dtype="complex128"),
        lambda x: cast(x, dtype="complex128"),
    ),
    (
        "cast that loses",
        (V,),
        lambda x: cast(cast(x, dtype="float32"), dtype="complex128"),
        lambda x: cast(cast(x, dtype="float32"), dtype="complex128"),
    ),
]


EXACT_CASES += EXACT_AXES_CASES
ALGEBRA_CASES += AXES_CASES + FACTOR_CASES + TOTALS_CASES
HINTS = ("a", "b", "c", "d")


def tidy(fun, types, sweep="adjoint"):
    return remove_dead_code(simplify(trace(fun, *types, sweep=sweep, hints=HINTS[: len(types)])))


def check(before, after, types, sweep):
    found = tidy(before, types, sweep)
    assert_same(found, trace(after or before, *types, sweep=sweep, hints=HINTS[: len(types)]))
    assert_same(tidy_again(found), found)
    return found


def tidy_again(fn):
    return remove_dead_code(simplify(fn))


def ids(cases):
    return [case[0] for case in cases]


@pytest.mark.parametrize("sweep", ["", "tangent", "adjoint"])
@pytest.mark.parametrize(("name", "types", "before", "after"), EXACT_CASES, ids=ids(EXACT_CASES))
def test_exact(name, types, before, after, sweep):
    if name in ("stored value", "power zero", "known length", "other index") and sweep:
        return  # derivative code orders its literals
    found = check(before, after, types, sweep)
    assert all(op.sweep == sweep for op in found.body.ops)


@pytest.mark.parametrize(("name", "types", "before", "after"), ALGEBRA_CASES, ids=ids(ALGEBRA_CASES))
def test_algebra(name, types, before, after):
    check(before, after, types, "adjoint")


@pytest.mark.parametrize(("name", "types", "before", "after"), ALGEBRA_CASES, ids=ids(ALGEBRA_CASES))
def test_primal_ops_are_not_reassociated(name, types, before, after):
    if name in ("literal power", "broadcast to its own shape", "sum to its own shape"):
        return
    fn = trace(before, *types, sweep="", hints=HINTS[: len(types)])
    assert {op.primitive for op in simplify(fn).body.ops} == {op.primitive for op in fn.body.ops}


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.5, 5e-324])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "types", "before", "after"), EXACT_CASES, ids=ids(EXACT_CASES))
def test_exact_rewrites_give_the_same_bits(name, types, before, after):
    if types[0] not in (V, S, SINGLE) or name == "index that repeats":
        return
    fn = trace(before, *types, sweep="", hints=HINTS[: len(types)])
    for number in SPECIAL:
        args = [number if t is NUMPY else float(number) if t is S else 1 if t is I8 else SPECIAL for t in types]
        for a, b in zip(run(fn, *args), run(simplify(fn), *args), strict=True):
            assert type(a) is type(b)
            assert np.array_equal(np.signbit(a), np.signbit(b))
            assert np.array_equal(a, b, equal_nan=True)


def _sample(type_, rng):
    if type_ is I8:
        return 1
    if type_.shape == ():
        return float(rng.normal()) if type_.kind == "py" else rng.normal()
    sizes = {"n": 4, "m": 5, "k": 4}
    shape = [d if isinstance(d, int) else sizes[d.name] for d in type_.shape]
    return (10 * rng.normal(size=shape)).astype(type_.dtype)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "types", "before", "after"), ALGEBRA_CASES, ids=ids(ALGEBRA_CASES))
def test_rewrites_give_the_same_numbers(name, types, before, after):
    rng = np.random.default_rng(0)
    fn = trace(before, *types, hints=HINTS[: len(types)])
    args = [_sample(t, rng) for t in types]
    for a, b in zip(run(fn, *args), run(simplify(fn), *args), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(b, a, rtol=1e-6)


def test_every_row_has_a_case():
    """A case of a row is one in which the row alone rewrites something."""
    tried = [trace(before, *types, hints=HINTS[: len(types)]) for _, types, before, _ in EXACT_CASES + ALGEBRA_CASES]
    after = [simplify(fn) for fn in tried]
    unused = [
        row.name
        for row in (*EXACT, *SHAPES, *TOTALS, *AXES, *ARRAYS, *ALGEBRA)
        if all(rewrite_function(fn, Table([row])).body is fn.body for fn in tried + after)
    ]
    assert unused == []


def test_rows_match_only_where_they_say():
    """A row is tried only where one of its `operands` is there: with all of them allowed it does the same."""
    tried = [trace(before, *types, hints=HINTS[: len(types)]) for _, types, before, _ in EXACT_CASES + ALGEBRA_CASES]
    tried += [simplify(fn) for fn in tried]
    for row in (*EXACT, *SHAPES, *TOTALS, *AXES, *ARRAYS, *SUMS, *ALGEBRA):
        everywhere = Table([replace(row, operands=None)])
        for fn in tried:
            found = rewrite_function(fn, everywhere)
            if found.body is not fn.body:
                assert text(rewrite_function(fn, Table([row]))) == text(found), row.name


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x + 0.0,  # -0.0
        lambda x: x * 0.0,  # inf, nan
        lambda x: x - x,
        lambda x: x / x,
        lambda x: x - -0.0,
        lambda x: (x * 2.0) * 3.0,
    ],
)
def test_primal_code_keeps_what_is_not_exact(fun):
    fn = trace(fun, V, sweep="")
    assert simplify(fn).body is fn.body


def test_types_are_kept():
    for fun in (lambda x: x * 1.0, lambda x: x / 1, lambda x: x - 0.0):
        fn = trace(fun, INTEGERS, sweep="")
        assert simplify(fn).body is fn.body
    fn = trace(lambda x: np.multiply(x, 1.0), F8, sweep="")  # a Python float becomes a NumPy one
    assert simplify(fn).body is fn.body


def test_a_complex_infinity_times_one_is_not_itself():
    fn = trace(lambda z: z * 1.0, PY_COMPLEX, sweep="")
    assert simplify(fn).body is fn.body


def test_constants_fold_as_python_does():
    def folded(primitive, *values):
        out = Value("y", names.ADD.infer([Literal(v) for v in values] * (2 // len(values)), {}))
        if primitive is names.DIV:
            out = Value("y", F8)
        op = Op(primitive, tuple(map(Literal, values)), (out,))
        (result,) = simplify(Function("f", Block((), (op,), (out,)))).results
        return result.value if isinstance(result, Literal) else None

    assert folded(names.ADD, 1, 2) == 3
    assert type(folded(names.ADD, 1, 2)) is int
    assert type(folded(names.ADD, 1, 2.0)) is float
    assert folded(names.DIV, 1, 2) == 0.5
    assert folded(names.DIV, 1.0, 0.0) is None
    assert folded(names.POW, 10, 400) is None
    assert folded(names.MUL, 1e200, 1e200) is None


def test_a_branch_on_a_literal_is_spliced_in():
    def fun(x):
        (y,) = branch(True, lambda: x * 2.0, lambda: x * 3.0)
        return y + 1.0

    assert_same(simplify(trace(fun, V)), trace(lambda x: 2.0 * x + 1.0, V))


def test_a_result_that_both_branches_hand_through():
    def before(c, x, y):
        a, b = branch(c, lambda: (x, x + y), lambda: (x, y))
        return a * b

    def after(c, x, y):
        (b,) = branch(c, lambda: x + y, lambda: y)
        return x * b

    assert_same(remove_dead_code(simplify(trace(before, PY_BOOL, V, V))), trace(after, PY_BOOL, V, V))


def test_names_and_places_survive():
    span = Span("model.py", 3, 0, 1, "y = x + -z")
    fn = trace(lambda x, y: x + -y, V, V)
    minus, plus = fn.body.ops
    named = Value("total", plus.outputs[0].type)
    body = replace(fn.body, ops=(minus, replace(plus, outputs=(named,), span=span)), results=(named,))
    *_, op = simplify(replace(fn, body=body)).body.ops
    assert (op.primitive.name, op.outputs[0].hint, op.span, op.sweep) == ("sub", "total", span, "adjoint")


def test_a_mask_protects_from_nan():
    fn = trace(lambda x, bar: np.where(x > 0, bar, 0.0) * (1 / x) * np.log(x), V, V)
    x = np.array([-1.0, 0.0, 2.0])
    with np.errstate(all="ignore"):
        assert np.isnan(run(fn, x, np.ones(3))[0]).any()
        np.testing.assert_allclose(run(simplify(fn), x, np.ones(3))[0], [0.0, 0.0, np.log(2.0) / 2.0])


def test_the_printed_form():
    found = tidy(lambda s, x: broadcast_like(s, x) * (2 * x) * -1.0, (S, V))
    assert text(found) == "function f(a, b):\n    %0 = mul(-2.0, a)\n    %1 = mul(%0, b)\n    return %1\n"
