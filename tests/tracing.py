"""Make SSA for tests of passes by running a plain function on symbolic values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.ir.build import Builder
from adjoint.ir.core import FOR, IF, WHILE, Atom, Function, Literal, Value
from adjoint.ir.print import print_function
from adjoint.ir.types import PY_BOOL, PY_FLOAT, PY_INT, ArrayType, StackType, Symbol, Type, join
from adjoint.ir.verify import verify
from adjoint.rules import names  # noqa: F401  # enters the rules
from adjoint.rules.trace import Sym, Tracer

F8, I8 = PY_FLOAT, PY_INT
N, M = Symbol("n", not_one=True), Symbol("m", not_one=True)
VECTOR, MATRIX = ArrayType("float64", (N,)), ArrayType("float64", (N, M))


def trace(
    fun: Callable[..., Any], *types: Type, sweep: str = "adjoint", name: str = "f", hints: Sequence[str] = ()
) -> Function:
    """The function that `fun` computes on values of these types; `hints` default to the names of its parameters."""
    builder = Builder(sweep=sweep)
    tracer = Tracer(builder)
    hints = hints or _hints(fun)
    params = [Value(hint, type_) for hint, type_ in zip(hints, types, strict=True)]
    results = _tuple(fun(*(Sym(param, tracer) for param in params)))
    return Function(name, builder.block(params, [tracer.atom(x) for x in results]))


def text(fn: Function, *, types: bool = False) -> str:
    """The printed function, which must be well formed."""
    verify(fn)
    return print_function(fn, types=types)


def assert_same(found: Function, expected: Function) -> None:
    assert text(found) == text(expected)


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _region(tracer: Tracer, types: Sequence[Type], hints: Sequence[str | None], fun: Callable[..., Any]) -> Any:
    """Trace `fun` into a block of its own."""
    outer, inner = tracer.builder, tracer.builder.nested()
    params = [Value(hint, type_) for hint, type_ in zip(hints, types, strict=True)]
    tracer.builder = inner
    try:
        results = _tuple(fun(*(Sym(param, tracer) for param in params)))
        return inner.block(params, [tracer.atom(x) for x in results])
    finally:
        tracer.builder = outer


def _hints(fun: Callable[..., Any]) -> tuple[str, ...]:
    return fun.__code__.co_varnames[: fun.__code__.co_argcount]


def branch(condition: Any, then: Callable[[], Any], other: Callable[[], Any]) -> tuple[Sym, ...]:
    """An `if`: both branches close over the values that they read."""
    tracer = _tracer(condition, then, other)
    regions = (_region(tracer, (), (), then), _region(tracer, (), (), other))
    types = [join(a.type, b.type) for a, b in zip(regions[0].results, regions[1].results, strict=True)]
    outputs = tracer.builder.emit(IF, (tracer.atom(condition),), regions=regions, types=types)
    return tuple(Sym(value, tracer) for value in outputs)


def loop(
    count: Any,
    initial: Sequence[Any],
    body: Callable[..., Any],
    *,
    stacks: Sequence[Sym] = (),
    produced: Sequence[int] = (),
    reverse: bool = False,
    types: Sequence[Type] = (),
) -> tuple[Sym, ...]:
    """A `for` over range(count); `body(index, *carried, *elements)` gives what is carried, then what is pushed.

    `types` are those of what is carried where it starts as something more special.
    """
    tracer = _tracer(count, body, *initial, *stacks)
    start = [tracer.atom(x) for x in initial]
    elements = [t for s in stacks for t in s.atom.type.elements]  # type: ignore[union-attr]
    region = _region(tracer, [PY_INT, *(types or (a.type for a in start)), *elements], _hints(body), body)
    types = [a.type for a in region.params[1 : 1 + len(start)]]
    at = len(start)
    for size in produced:
        types.append(StackType(tuple(a.type for a in region.results[at : at + size])))
        at += size
    inputs: list[Atom] = [Literal(0), tracer.atom(count), Literal(1), *start, *(s.atom for s in stacks)]
    attrs = {"carried": len(start), "produced": tuple(produced), "reverse": reverse}
    return tuple(Sym(v, tracer) for v in tracer.builder.emit(FOR, inputs, attrs, regions=(region,), types=types))


def while_loop(
    initial: Sequence[Any], test: Callable[..., Any], body: Callable[..., Any], types: Sequence[Type] = ()
) -> tuple[Sym, ...]:
    """A `while`; the last result is the trip count."""
    tracer = _tracer(test, body, *initial)
    start = tuple(tracer.atom(x) for x in initial)
    types = types or [a.type for a in start]
    regions = (_region(tracer, types, _hints(test), test), _region(tracer, types, _hints(body), body))
    outputs = tracer.builder.emit(WHILE, start, {"produced": ()}, regions=regions, types=[*types, PY_INT])
    return tuple(Sym(v, tracer) for v in outputs)


def _tracer(*sources: Any) -> Tracer:
    """The tracer of the first symbolic value among values and the cells of functions."""
    for source in sources:
        if isinstance(source, Sym):
            return source.tracer
        for cell in getattr(source, "__closure__", None) or ():
            if isinstance(cell.cell_contents, Sym):
                return cell.cell_contents.tracer
    raise AssertionError("no symbolic value in sight")


__all__ = [
    "F8", "I8", "MATRIX", "PY_BOOL", "VECTOR", "M", "N", "assert_same", "branch", "loop", "text", "trace", "while_loop",
]  # fmt: skip
