"""Every rule, the same checks. To cover a new rule, add one line to the CASES of one of `tests/rules/cases*.py`."""

from __future__ import annotations

import importlib
import operator
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adjoint.ir.build import Builder
from adjoint.ir.core import Function, Literal, Primitive, Value
from adjoint.ir.types import ArrayType, Symbol, is_inexact, type_of_constant
from adjoint.ir.verify import verify
from adjoint.ir.walk import all_ops
from adjoint.rules import arithmetic, constant, construct, internal, reduce, unary  # noqa: F401
from adjoint.rules.registry import RULES
from adjoint.rules.trace import Sym, Tracer
from adjoint.transform.adjoint import adjoint
from adjoint.transform.tangent import tangent
from tests.interpreter import run
from tests.rules.data import Case, Runtime, Static

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*`axes` should not be `None`:DeprecationWarning"),
]

CASES: dict[str, list[Case]] = {}
for _path in sorted(pathlib.Path(__file__).parent.glob("cases*.py")):
    for _name, _cases in importlib.import_module(f"tests.rules.{_path.stem}").CASES.items():
        CASES[_name] = [*CASES.get(_name, []), *_cases]


def home(primitive: Primitive) -> str | None:
    """The module of a function; ufuncs of SciPy do not know theirs."""
    return getattr(primitive.fun, "__module__", None)


ELSEWHERE = (  # tests/transform/test_lists.py and tests/rules/test_solvers.py
    "adjoint.rules.list", "adjoint.runtime.lists", "adjoint.transform.implicit",
)  # fmt: skip
DIFFERENTIABLE = [  # without the rules that other tests declare
    primitive
    for primitive, rule in RULES.items()
    if rule.kind != "nondifferentiable" and not str(home(primitive)).startswith(("tests.", *ELSEWHERE))
]
ON_FLOATS = ("_operator", "builtins", "math", "adjoint.runtime.scalars")
WITHOUT_CASES = {
    internal.broadcast_like, internal.sum_to, internal.cast, internal.add_at, internal.update, internal.add_packs,
    internal.product_left, internal.product_right,
}  # fmt: skip


def parameters() -> list[Any]:
    found = []
    for primitive in DIFFERENTIABLE:
        for number, case in enumerate(CASES.get(primitive.name, [])):
            scalars = all(type(x) in (int, float) for x in case.args)
            if home(primitive) != "adjoint.runtime.scalars" or scalars:
                found.append(pytest.param(primitive, case, id=f"{primitive.name}-{number}"))
    return found


# ---- one call as a program


def is_differentiated(x: Any) -> bool:
    if isinstance(x, list):
        return any(map(is_differentiated, x))
    return isinstance(x, (float, complex)) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc")


def type_of(x: Any, name: str) -> ArrayType:
    """As the type of an argument: lengths other than 1 are not known."""
    if isinstance(x, np.ndarray):
        shape = tuple(1 if n == 1 else Symbol(f"{name}{k}_{n}", not_one=True) for k, n in enumerate(x.shape))
        return ArrayType(x.dtype.name, shape)
    return type_of_constant(x)  # type: ignore[return-value]  # cases hold numbers


def program(primitive: Primitive, case: Case) -> tuple[Function, list[Any]]:
    """The call as a function of its differentiated arguments, and these; lists are sequences of operands."""
    builder = Builder()
    tracer = Tracer(builder)
    params: list[Value] = []
    numbers: list[Any] = []

    def symbolic(x: Any) -> Any:
        if isinstance(x, list) and is_differentiated(x):
            return [symbolic(item) for item in x]
        if isinstance(x, Runtime):
            return tracer.apply(operator.pos, (Literal(x.value),), {})
        if isinstance(x, tuple) and any(isinstance(item, (Runtime, tuple)) for item in x):
            return tuple(map(symbolic, x))
        if not is_differentiated(x):
            return x.value if isinstance(x, Static) else x
        params.append(Value(f"x{len(params)}", type_of(x, f"x{len(params)}")))
        numbers.append(x)
        return Sym(params[-1], tracer)

    args = [symbolic(x) for x in case.args]
    options = {
        name: symbolic(x) if isinstance(x, Runtime) else symbolic_array(x, tracer) for name, x in case.kwargs.items()
    }
    results = tracer.apply(primitive.fun, args, options)
    atoms = [tracer.atom(x) for x in (results if isinstance(results, tuple) else (results,))]
    return Function("call", builder.block(params, atoms)), numbers


def symbolic_array(x: Any, tracer: Tracer) -> Any:
    return x if not isinstance(x, np.ndarray) else Sym(Literal(x), tracer)


# ---- references


def direction(x: Any, seed: int) -> Any:
    """Random numbers like `x`, in its class."""
    rng = np.random.default_rng([seed, 7, *np.shape(x)])  # other numbers than those of the cases
    numbers = rng.standard_normal(np.shape(x))
    if np.iscomplexobj(x):
        numbers = numbers + 1j * rng.standard_normal(np.shape(x))
    if isinstance(x, (np.ndarray, np.generic)):
        return np.asarray(numbers).astype(x.dtype)[() if isinstance(x, np.generic) else ...]
    return type(x)(numbers)


def differences(fun: Callable[..., tuple[Any, ...]], xs: list[Any], dots: list[Any]) -> list[Any]:
    """Central differences of every result along a direction, extrapolated to h -> 0 (Ridders)."""
    table: list[list[Any]] = []
    for h in (1e-2, 5e-3, 2.5e-3, 1.25e-3):
        ends = [fun(*(x + sign * h * dot for x, dot in zip(xs, dots, strict=True))) for sign in (1, -1)]
        row = [[(np.asarray(a) - np.asarray(b)) / (2 * h) for a, b in zip(*ends, strict=True)]]
        for power, older in enumerate(table[-1] if table else [], start=1):
            row.append([a + (a - b) / (4**power - 1) for a, b in zip(row[-1], older, strict=True)])
        table.append(row)
    return table[-1][-1]


def inner(bars: Any, dots: Any) -> float:
    return float(sum(np.real(np.sum(np.asarray(b) * np.asarray(d))) for b, d in zip(bars, dots, strict=True)))


def assert_close(found: Any, expected: Any, rtol: float) -> None:
    for a, b in zip(found, expected, strict=True):
        scale = 1.0 + (np.max(np.abs(b), initial=0.0, where=np.isfinite(b)) if np.size(b) else 0.0)
        np.testing.assert_allclose(np.broadcast_to(a, np.shape(b)), b, rtol=0, atol=rtol * scale)


# ---- the checks


def smooth(fn: Function) -> list[bool]:
    return [is_inexact(atom.type) for atom in fn.results]


@pytest.mark.parametrize(("primitive", "case"), parameters())
def test_rule(primitive, case):
    fn, xs = program(primitive, case)
    verify(fn)
    if not xs:
        pytest.skip("nothing to differentiate: the case is about types")
    outs = run(fn, *xs)
    check_types(fn, outs)
    seeded = smooth(fn)
    dots = [direction(x, k) for k, x in enumerate(xs)]
    bars = [direction(out, 10 + k) for k, (out, kept) in enumerate(zip(outs, seeded, strict=True)) if kept]

    forward = tangent(fn, [True] * len(xs))
    reverse = adjoint(fn, range(len(xs)), seeded)
    verify(forward)
    verify(reverse)
    out_dots = run(forward, *xs, *dots)[len(outs) :]
    x_bars = run(reverse, *xs, *bars)[len(outs) :]

    assert_close(out_dots, differences(lambda *v: run(fn, *v), xs, dots), 1e-7)
    assert [np.shape(b) for b in x_bars] == [np.shape(x) for x in xs]
    assert all(np.iscomplexobj(b) <= np.iscomplexobj(x) for b, x in zip(x_bars, xs, strict=True))
    kept_dots = [dot for dot, kept in zip(out_dots, seeded, strict=True) if kept]
    kept_dots = [np.broadcast_to(dot, np.shape(bar)) for dot, bar in zip(kept_dots, bars, strict=True)]
    one, two = inner(bars, kept_dots), inner(x_bars, dots)
    assert np.isclose(one, two, rtol=1e-9, atol=1e-9), (one, two)

    if sum(seeded) > 1:
        check_one_result_at_a_time(fn, xs, bars, x_bars)
    if case.second:
        twice = tangent(reverse, [True] * len(reverse.params))
        verify(twice)
        bar_dots = [direction(bar, 20 + k) for k, bar in enumerate(bars)]
        found = run(twice, *xs, *bars, *dots, *bar_dots)[len(reverse.results) + len(outs) :]
        expected = differences(lambda *v: run(reverse, *v)[len(outs) :], [*xs, *bars], [*dots, *bar_dots])
        assert_close(found, expected, 1e-6)


def check_one_result_at_a_time(fn: Function, xs: list[Any], bars: list[Any], together: Any) -> None:
    """What a result contributes does not depend on which others have a cotangent."""
    totals = [0.0] * len(xs)
    places = [k for k, kept in enumerate(smooth(fn)) if kept]
    for place, bar in zip(places, bars, strict=True):
        alone = run(adjoint(fn, range(len(xs)), [place == k for k in range(len(fn.results))]), *xs, bar)
        totals = [total + part for total, part in zip(totals, alone[len(fn.results) :], strict=True)]
    assert_close(totals, together, 1e-11)


def several_vary(case: Case) -> bool:
    return sum(map(is_differentiated, case.args)) > 1


@pytest.mark.parametrize(("primitive", "case"), [p for p in parameters() if several_vary(p.values[1])])
def test_one_operand_at_a_time(primitive, case):
    """What an operand contributes does not depend on which others vary."""
    fn, xs = program(primitive, case)
    count = len(run(fn, *xs))
    seeded = smooth(fn)
    dots = [direction(x, k) for k, x in enumerate(xs)]
    bars = [direction(out, 10 + k) for k, (out, kept) in enumerate(zip(run(fn, *xs), seeded, strict=True)) if kept]
    together = run(adjoint(fn, range(len(xs)), seeded), *xs, *bars)[count:]
    totals = [0.0] * count
    for k, dot in enumerate(dots):
        forward = tangent(fn, [k == other for other in range(len(xs))])
        totals = [total + part for total, part in zip(totals, run(forward, *xs, dot)[count:], strict=True)]
        (alone,) = run(adjoint(fn, [k], seeded), *xs, *bars)[count:]
        assert_close([alone], [together[k]], 1e-12)
    assert_close(totals, run(tangent(fn, [True] * len(xs)), *xs, *dots)[count:], 1e-11)


def check_types(fn: Function, outs: Any) -> None:
    """What the type rule says is what NumPy gives."""
    for atom, out in zip(fn.results, outs, strict=True):
        type_ = atom.type
        if not isinstance(type_, ArrayType):
            continue
        assert type_.dtype in (None, np.asarray(out).dtype.name), (str(type_), np.asarray(out).dtype)
        if type_.shape is not None:
            assert len(type_.shape) == np.ndim(out), str(type_)
            known = [(n, m) for n, m in zip(type_.shape, np.shape(out), strict=True) if isinstance(n, int)]
            assert all(n == m for n, m in known), str(type_)
        if type_.kind == "array":
            assert isinstance(out, np.ndarray), str(type_)
        elif type_.kind == "np":
            assert isinstance(out, np.generic), str(type_)
        elif type_.kind == "py":
            assert isinstance(out, (bool, int, float, complex)), str(type_)
            assert not isinstance(out, np.generic), str(type_)


def in_single(x: Any) -> Any:
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc":
        return x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)
    return x


@pytest.mark.parametrize(("primitive", "case"), parameters())
def test_single_precision_is_kept(primitive, case):
    narrow = Case(tuple(map(in_single, case.args)), case.kwargs)
    fn, xs = program(primitive, narrow)
    if not case.narrow or not any(isinstance(x, (np.ndarray, np.generic)) for x in xs):
        pytest.skip("no float32 among the arguments")
    outs = run(fn, *xs)
    check_types(fn, outs)
    seeded = smooth(fn)
    dots = [direction(x, k) for k, x in enumerate(xs)]
    bars = [direction(out, 10 + k) for k, (out, kept) in enumerate(zip(outs, seeded, strict=True)) if kept]
    out_dots = run(tangent(fn, [True] * len(xs)), *xs, *dots)[len(outs) :]
    x_bars = run(adjoint(fn, range(len(xs)), seeded), *xs, *bars)[len(outs) :]
    for kept, dot, out in zip(seeded, out_dots, outs, strict=True):
        assert not kept or type(dot) is float or np.asarray(dot).dtype == np.asarray(out).dtype
    for bar, x in zip(x_bars, xs, strict=True):
        if isinstance(x, (np.ndarray, np.generic)) and type(bar) is not float:
            assert np.asarray(bar).dtype == x.dtype


# ---- the table as a whole


def test_every_rule_has_a_case():
    needed = {primitive.name for primitive in DIFFERENTIABLE if primitive.fun not in WITHOUT_CASES}
    products = {name for name in needed if name.startswith("sparse.")}  # tests/rules/test_scipy.py has these
    assert needed - products == set(CASES)


@pytest.mark.parametrize("primitive", DIFFERENTIABLE, ids=lambda primitive: primitive.name)
def test_rules_use_only_what_has_rules(primitive):
    """Closure is what higher orders need: tracing raises MissingRuleError for anything else."""
    for case in CASES.get(primitive.name, [])[:1]:
        if home(primitive) == "adjoint.runtime.scalars":
            continue
        fn, xs = program(primitive, case)
        for derived in (tangent(fn, [True] * len(xs)), adjoint(fn, range(len(xs)), smooth(fn))):
            assert all(op.primitive in RULES for op in all_ops(derived.body))
